"""ONVIF messages, encode and decode, pure: SOAP 1.2 with WS-Security (ONVIF Core specification 5.9, WS-UsernameToken
profile 1.0), WS-Discovery probes (WS-Discovery 1.0, April 2005).

Answers come from a stranger's device: no DTD is parsed, sizes are the caller's to cap, names of elements are matched by
their local part because cameras differ in the namespaces they use.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

GROUP, PORT = "239.255.255.250", 3702
DEVICE, MEDIA, EVENTS = ("http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl",
                         "http://www.onvif.org/ver10/events/wsdl")
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"  # noqa: S105  # a name
MOTION = ("IsMotion", "State")  # items of the motion topics (CellMotionDetector/Motion, VideoSource/MotionAlarm)


class NotOnvif(ValueError):
    """What a camera answered is no ONVIF message, or a fault; the text says which."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One media profile: its token, and the size of its video."""

    token: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Match:
    """A camera that answered a probe: where its device service is, what it calls itself, its endpoint (stable)."""

    address: str
    host: str
    port: int
    name: str
    hardware: str
    location: str
    endpoint: str


def probe() -> bytes:
    """A WS-Discovery probe for cameras."""
    return (f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
            f'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            f'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
            f'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:{uuid.uuid4()}'
            f'</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>'
            f'http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe>'
            f'<d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>').encode()


def matches(data: bytes) -> list[Match]:
    """The cameras in a ProbeMatches or Hello message; [] for anything else."""
    try:
        root = tree(data)
    except NotOnvif:
        return []
    found = []
    for one in every(root, "ProbeMatch", "Hello"):
        scopes = [unquote(scope) for scope in text(one, "Scopes").split()]
        for address in text(one, "XAddrs").split()[:4]:
            try:
                parts = urlsplit(address)
                host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
            except ValueError:
                continue
            if parts.scheme in ("http", "https") and re.fullmatch(r"[\d.]+", host):
                found.append(Match(address, host, port, _scope(scopes, "name"), _scope(scopes, "hardware"),
                                   _scope(scopes, "location"), text(one, "Address").removeprefix("urn:uuid:")))
                break
    return found


def _scope(scopes: list[str], kind: str) -> str:
    mark = f"onvif.org/{kind}/"
    return next((one.partition(mark)[2] for one in scopes if mark in one), "")


def envelope(body: str, user: str = "", password: str = "", clock: datetime | None = None, to: str = "",
             action: str = "") -> bytes:
    """A SOAP request. clock: the camera's own time, which its check of the password digest goes by."""
    header = _security(user, password, clock or datetime.now(UTC)) if user else ""
    if action:
        header += (f'<a:Action xmlns:a="http://www.w3.org/2005/08/addressing">{escape(action)}</a:Action>'
                   f'<a:To xmlns:a="http://www.w3.org/2005/08/addressing">{escape(to)}</a:To>')
    return (f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            f'xmlns:tt="http://www.onvif.org/ver10/schema"><s:Header>{header}</s:Header><s:Body>{body}</s:Body>'
            f"</s:Envelope>").encode()


def _security(user: str, password: str, clock: datetime) -> str:
    nonce, created = secrets.token_bytes(16), clock.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324  # the profile's own
    return (f'<o:Security xmlns:o="{_WSSE}-secext-1.0.xsd" s:mustUnderstand="1"><o:UsernameToken><o:Username>'
            f'{escape(user)}</o:Username><o:Password Type="{_TOKEN}#PasswordDigest">'
            f'{base64.b64encode(digest).decode()}</o:Password><o:Nonce EncodingType="{_WSSE.replace("wssecurity", "")}'
            f'soap-message-security-1.0#Base64Binary">{base64.b64encode(nonce).decode()}</o:Nonce>'
            f'<u:Created xmlns:u="{_WSSE}-utility-1.0.xsd">{created}</u:Created></o:UsernameToken></o:Security>')


def tree(data: bytes) -> ElementTree.Element:
    """An answer as a tree; NotOnvif for what is none, and for a fault (its reason in the text)."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\x00" in data:  # none of them, in no encoding
        raise NotOnvif("its answer declares things that no camera needs")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  # no DTD, checked above
    except (ElementTree.ParseError, ValueError):
        raise NotOnvif("its answer is not XML") from None
    fault = next(every(root, "Fault"), None)
    if fault is not None:
        code = " ".join(one.text or "" for one in every(fault, "Value"))
        raise NotOnvif("it refuses the name or password" if "NotAuthorized" in code else "it refused")
    return root


def every(root: ElementTree.Element, *names: str) -> Iterator[ElementTree.Element]:
    """Every element of these names, whatever their namespace."""
    return (one for one in root.iter() if isinstance(one.tag, str) and one.tag.rpartition("}")[2] in names)


def text(root: ElementTree.Element, name: str) -> str:
    """The text of the first element of a name, "" when there is none."""
    one = next(every(root, name), None)
    return (one.text or "").strip()[:2000] if one is not None else ""


def clock(data: bytes) -> datetime | None:
    """The camera's UTC time out of GetSystemDateAndTimeResponse, None when it does not tell."""
    utc = next(every(tree(data), "UTCDateTime"), None)
    if utc is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(text(utc, name)) for name in (
            "Year", "Month", "Day", "Hour", "Minute", "Second"))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def services(data: bytes) -> dict[str, str]:
    """Service addresses by namespace, out of GetServicesResponse or GetCapabilitiesResponse."""
    root = tree(data)
    found = {text(one, "Namespace"): text(one, "XAddr") for one in every(root, "Service")}
    for name, namespace in (("Media", MEDIA), ("Events", EVENTS)):
        one = next(every(root, name), None)
        if one is not None and text(one, "XAddr"):
            found.setdefault(namespace, text(one, "XAddr"))
    return found


def profiles(data: bytes) -> list[Profile]:
    """Media profiles with video, the largest picture first."""
    found = []
    for one in every(tree(data), "Profiles"):
        size = next(every(one, "Resolution"), None)
        width, height = (text(size, "Width"), text(size, "Height")) if size is not None else ("", "")
        if width.isdecimal() and height.isdecimal():
            found.append(Profile(one.get("token", ""), int(width), int(height)))
    return sorted(found, key=lambda one: -one.width * one.height)


def uri(data: bytes) -> str:
    """The address in a GetStreamUri or GetSnapshotUri answer."""
    return text(tree(data), "Uri")


def motion(data: bytes) -> bool | None:
    """What PullMessages says of motion last, None when it says nothing."""
    last: bool | None = None
    for one in every(tree(data), "SimpleItem"):
        if one.get("Name") in MOTION:
            last = one.get("Value", "").strip().lower() in ("true", "1")
    return last


def stream_body(token: str) -> str:
    """The body of GetStreamUri for RTSP over TCP."""
    return (f'<GetStreamUri xmlns="{MEDIA}"><StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport>'
            f"<tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup><ProfileToken>{escape(token)}</ProfileToken>"
            f"</GetStreamUri>")


def plain_body(name: str, namespace: str, inside: str = "") -> str:
    """The body of a request without arguments (or with these)."""
    return f'<{name} xmlns="{namespace}">{inside}</{name}>'
