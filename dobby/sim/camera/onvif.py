"""ONVIF over HTTP: device, media and event services of one camera (ONVIF Core, Media and Profile S specifications)."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web

from ..house import CAMERA_PASSWORD, CAMERA_USER
from ..net import Address
from ..things import Thing, rubbish, wait_while_slow
from .auth import Gate
from .camera import Camera
from .soap import NAMESPACES, NOT_AUTHORIZED, Call, Refused, authorized, envelope, fault, parse
from .stream import Stream

MODEL, HARDWARE, FIRMWARE = "SimCam 2", "sim-cam-2", "1.4.0"
TOPICS = {  # topic -> (what names the source, the item)
    "tns1:RuleEngine/CellMotionDetector/Motion": ("VideoSourceConfigurationToken", "IsMotion"),
    "tns1:VideoSource/MotionAlarm": ("Source", "State"),
}
OPEN = {"GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetServiceCapabilities"}  # pre-authentication class
LOOK_EVERY = 0.1
LONGEST_PULL, USUAL_LIFE = 60.0, 60.0
_DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"


@dataclass(slots=True)
class Subscription:
    """A pull point: until when, and the motion that its owner was told last (None: nothing yet)."""

    ends: float
    told: bool | None = None


@dataclass(slots=True)
class Device:
    """One camera as ONVIF shows it."""

    camera: Camera
    thing: Thing
    gate: Gate
    page: Address
    rtsp: Address
    streams: dict[str, Stream]
    uuid: str
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def at(self, service: str) -> str:
        """The address of a service."""
        return f"http://{self.page}/onvif/{service}"

    def scopes(self) -> list[str]:
        """What discovery and GetScopes say about this camera."""
        said = {"type/video_encoder": "", "Profile/Streaming": "", "name/": self.camera.spec.name,
                "hardware/": HARDWARE, "location/": self.camera.spec.room}  # fmt: skip
        return [f"onvif://www.onvif.org/{path}{quote(value)}" for path, value in said.items()]


def add_onvif(app: web.Application, device: Device) -> None:
    """Put the services into the camera's web application."""

    async def serve(request: web.Request) -> web.Response:
        body = await request.read()
        await wait_while_slow(device.thing)
        if device.thing.has("garbage"):
            return web.Response(body=rubbish(), content_type="application/soap+xml")
        try:
            call = parse(body)
            _check(device, request, call)
            answer = await _operation(call)(device, request, call)
        except Refused as refused:
            return web.Response(text=fault(refused), status=refused.status, content_type="application/soap+xml")
        action = f"{NAMESPACES['tev']}/{call.name}Response"
        return web.Response(text=envelope(answer, action, call.message_id), content_type="application/soap+xml")

    app.router.add_post("/onvif/{service:.+}", serve)


def _check(device: Device, request: web.Request, call: Call) -> None:
    known = authorized(call.token, CAMERA_USER, CAMERA_PASSWORD, datetime.now(UTC))
    known = known or device.gate.lets_in(request.headers.get("Authorization"), request.method)
    # who offers a wrong password is refused even where none is needed
    if device.thing.has("refuses") or not (known or (call.name in OPEN and call.token is None)):
        raise Refused(*NOT_AUTHORIZED)


Answer = Callable[[Device, web.Request, Call], Awaitable[str]]


def _operation(call: Call) -> Answer:
    try:
        return OPERATIONS[call.name]
    except KeyError:
        raise Refused("ter:ActionNotSupported", f"no operation {call.name}", "Receiver", 500) from None


async def _date_and_time(_device: Device, _request: web.Request, _call: Call) -> str:
    now = datetime.now(UTC)
    clock = f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
    date = f"<tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime><tt:Time>{clock}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


async def _information(device: Device, _request: web.Request, _call: Call) -> str:
    said = {"Manufacturer": "Dobby Simulations", "Model": MODEL, "FirmwareVersion": FIRMWARE,
            "SerialNumber": device.camera.serial, "HardwareId": HARDWARE}  # fmt: skip
    words = "".join(f"<tds:{name}>{escape(value)}</tds:{name}>" for name, value in said.items())
    return f"<tds:GetDeviceInformationResponse>{words}</tds:GetDeviceInformationResponse>"


async def _capabilities(device: Device, _request: web.Request, _call: Call) -> str:
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{device.at('device_service')}</tt:XAddr></tt:Device>"
        f"<tt:Events><tt:XAddr>{device.at('event_service')}</tt:XAddr>"
        "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>"
        "<tt:WSPullPointSupport>true</tt:WSPullPointSupport><tt:WSPausableSubscriptionManagerInterfaceSupport>false"
        "</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
        f"<tt:Media><tt:XAddr>{device.at('media_service')}</tt:XAddr><tt:StreamingCapabilities>"
        "<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        "</tt:StreamingCapabilities></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


async def _services(device: Device, _request: web.Request, _call: Call) -> str:
    places = {"tds": "device_service", "trt": "media_service", "tev": "event_service"}
    listed = "".join(
        f"<tds:Service><tds:Namespace>{NAMESPACES[prefix]}</tds:Namespace><tds:XAddr>{device.at(place)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for prefix, place in places.items()
    )
    return f"<tds:GetServicesResponse>{listed}</tds:GetServicesResponse>"


async def _service_capabilities(_device: Device, request: web.Request, _call: Call) -> str:
    prefix, said = {
        "media_service": ("trt", '<trt:Capabilities SnapshotUri="true"><trt:ProfileCapabilities/>'
                          '<trt:StreamingCapabilities RTP_RTSP_TCP="true"/></trt:Capabilities>'),
        "event_service": ("tev", '<tev:Capabilities WSPullPointSupport="true" MaxPullPoints="10"/>'),
    }.get(request.match_info["service"], ("tds", "<tds:Capabilities><tds:Network/><tds:Security "
                                          'UsernameToken="true" HttpDigest="true"/><tds:System/></tds:Capabilities>'))
    return f"<{prefix}:GetServiceCapabilitiesResponse>{said}</{prefix}:GetServiceCapabilitiesResponse>"


async def _scopes(device: Device, _request: web.Request, _call: Call) -> str:
    listed = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{scope}</tt:ScopeItem></tds:Scopes>"
        for scope in device.scopes()
    )
    return f"<tds:GetScopesResponse>{listed}</tds:GetScopesResponse>"


def _profile(stream: Stream, tag: str) -> str:
    name, (width, height) = stream.name, stream.size
    return (
        f'<trt:{tag} token="{name}" fixed="true"><tt:Name>{name}</tt:Name>'
        '<tt:VideoSourceConfiguration token="source"><tt:Name>source</tt:Name><tt:UseCount>2</tt:UseCount>'
        '<tt:SourceToken>source</tt:SourceToken><tt:Bounds x="0" y="0" width="1280" height="720"/>'
        "</tt:VideoSourceConfiguration>"
        f'<tt:VideoEncoderConfiguration token="{name}"><tt:Name>{name}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
        f"</tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>{stream.rate}"
        "</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit>"
        f"</tt:RateControl><tt:H264><tt:GovLength>{2 * stream.rate}</tt:GovLength>"
        "<tt:H264Profile>Baseline</tt:H264Profile></tt:H264><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
        "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>0</tt:TTL>"
        "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
        f"</tt:VideoEncoderConfiguration></trt:{tag}>"
    )


async def _profiles(device: Device, _request: web.Request, _call: Call) -> str:
    listed = "".join(_profile(stream, "Profiles") for stream in device.streams.values())
    return f"<trt:GetProfilesResponse>{listed}</trt:GetProfilesResponse>"


def _named(device: Device, call: Call) -> Stream:
    stream = device.streams.get("/" + call.words.get("ProfileToken", ""))
    if stream is None:
        raise Refused("ter:InvalidArgVal", "no such profile")
    return stream


async def _one_profile(device: Device, _request: web.Request, call: Call) -> str:
    return f"<trt:GetProfileResponse>{_profile(_named(device, call), 'Profile')}</trt:GetProfileResponse>"


def _uri(operation: str, uri: str) -> str:
    return (
        f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
        "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:{operation}Response>"
    )


async def _stream_uri(device: Device, _request: web.Request, call: Call) -> str:
    return _uri("GetStreamUri", f"rtsp://{device.rtsp}/{_named(device, call).name}")


async def _snapshot_uri(device: Device, _request: web.Request, call: Call) -> str:
    _named(device, call)
    return _uri("GetSnapshotUri", f"http://{device.page}/snapshot.jpg")


async def _video_sources(_device: Device, _request: web.Request, _call: Call) -> str:
    return (
        '<trt:GetVideoSourcesResponse><trt:VideoSources token="source"><tt:Framerate>10</tt:Framerate><tt:Resolution>'
        "<tt:Width>1280</tt:Width><tt:Height>720</tt:Height></tt:Resolution></trt:VideoSources>"
        "</trt:GetVideoSourcesResponse>"
    )


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str, usual: float) -> float:
    """How long a duration (PT1M30S) or until how far away a moment is; what it usually is when nothing is said."""
    said = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", text)
    if said:
        days, hours, minutes, seconds = (float(part or 0) for part in said.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    try:
        return datetime.fromisoformat(text).timestamp() - time.time()
    except ValueError:
        return usual


async def _create_pull_point(device: Device, _request: web.Request, call: Call) -> str:
    now, name = time.time(), secrets.token_hex(6)
    device.subscriptions = {key: one for key, one in device.subscriptions.items() if one.ends > now}
    made = Subscription(now + _seconds(call.words.get("InitialTerminationTime", ""), USUAL_LIFE))
    device.subscriptions[name] = made
    return (
        "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
        f"<a:Address>{device.at(f'subscription/{name}')}</a:Address></tev:SubscriptionReference>"
        f"<wsnt:CurrentTime>{_time(now)}</wsnt:CurrentTime><wsnt:TerminationTime>{_time(made.ends)}"
        "</wsnt:TerminationTime></tev:CreatePullPointSubscriptionResponse>"
    )


def _subscription(device: Device, request: web.Request) -> tuple[str, Subscription]:
    name = request.match_info["service"].rpartition("/")[2]
    found = device.subscriptions.get(name)
    if found is None or found.ends < time.time():
        raise Refused("ter:InvalidArgVal", "no such subscription")
    return name, found


async def _pull(device: Device, request: web.Request, call: Call) -> str:
    _name, subscription = _subscription(device, request)
    patience = min(LONGEST_PULL, _seconds(call.words.get("Timeout", ""), LONGEST_PULL))
    until, messages = time.time() + patience, ""
    while True:
        now = time.time()
        moving = device.camera.moving(now)
        if moving != subscription.told:
            changed, subscription.told = subscription.told is not None, moving
            messages = "".join(_message(topic, moving, changed, now) for topic in TOPICS)
        if messages or now >= until:
            break
        await asyncio.sleep(min(LOOK_EVERY, until - now))
    return (
        f"<tev:PullMessagesResponse><tev:CurrentTime>{_time(now)}</tev:CurrentTime><tev:TerminationTime>"
        f"{_time(subscription.ends)}</tev:TerminationTime>{messages}</tev:PullMessagesResponse>"
    )


def _message(topic: str, moving: bool, changed: bool, now: float) -> str:
    source, item = TOPICS[topic]
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="{_DIALECT}">{topic}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="{_time(now)}" PropertyOperation="{"Changed" if changed else "Initialized"}"><tt:Source>'
        f'<tt:SimpleItem Name="{source}" Value="source"/></tt:Source><tt:Data>'
        f'<tt:SimpleItem Name="{item}" Value="{str(moving).lower()}"/></tt:Data></tt:Message></wsnt:Message>'
        "</wsnt:NotificationMessage>"
    )


async def _renew(device: Device, request: web.Request, call: Call) -> str:
    _name, subscription = _subscription(device, request)
    now = time.time()
    subscription.ends = now + _seconds(call.words.get("TerminationTime", ""), USUAL_LIFE)
    return (
        f"<wsnt:RenewResponse><wsnt:TerminationTime>{_time(subscription.ends)}</wsnt:TerminationTime>"
        f"<wsnt:CurrentTime>{_time(now)}</wsnt:CurrentTime></wsnt:RenewResponse>"
    )


async def _unsubscribe(device: Device, request: web.Request, _call: Call) -> str:
    del device.subscriptions[_subscription(device, request)[0]]
    return "<wsnt:UnsubscribeResponse/>"


async def _synchronize(device: Device, request: web.Request, _call: Call) -> str:
    _subscription(device, request)[1].told = None
    return "<tev:SetSynchronizationPointResponse/>"


OPERATIONS: dict[str, Answer] = {
    "GetSystemDateAndTime": _date_and_time,
    "GetDeviceInformation": _information,
    "GetCapabilities": _capabilities,
    "GetServices": _services,
    "GetServiceCapabilities": _service_capabilities,
    "GetScopes": _scopes,
    "GetProfiles": _profiles,
    "GetProfile": _one_profile,
    "GetStreamUri": _stream_uri,
    "GetSnapshotUri": _snapshot_uri,
    "GetVideoSources": _video_sources,
    "CreatePullPointSubscription": _create_pull_point,
    "PullMessages": _pull,
    "Renew": _renew,
    "Unsubscribe": _unsubscribe,
    "SetSynchronizationPoint": _synchronize,
}
