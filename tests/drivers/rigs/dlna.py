"""A small media renderer after UPnP AVTransport:1 and RenderingControl:1; gmediarender, which is not ours, is driven by
the same tests where it is installed (tests/peers/test_dlna.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

UDN = "4d696e69-444c-164e-9d41-b827eb96c6c2"
KIND = "urn:schemas-upnp-org:device:MediaRenderer:1"
TYPES = {name: f"urn:schemas-upnp-org:service:{name}:1" for name in ("AVTransport", "RenderingControl")}
SERVICES = "".join(
    f"<service><serviceType>{kind}</serviceType><serviceId>urn:upnp-org:serviceId:{name}</serviceId>"
    f"<SCPDURL>scpd/{name}.xml</SCPDURL><controlURL>/control/{name}</controlURL>"
    f"<eventSubURL>http://127.0.0.1:9/event/{name}</eventSubURL></service>" for name, kind in TYPES.items())
DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><UDN>uuid:outer-box</UDN>
<deviceList><device><deviceType>{KIND}</deviceType><friendlyName>Parlour</friendlyName>
<manufacturer>Nobody</manufacturer><modelName>Box</modelName><UDN>uuid:{UDN}</UDN>
<serviceList>{SERVICES}</serviceList></device></deviceList></device></root>"""
ACTIONS = {"AVTransport": ("SetAVTransportURI", "Play", "Pause", "Stop", "GetTransportInfo", "GetMediaInfo"),
           "RenderingControl": ("GetVolume", "SetVolume", "GetMute", "SetMute")}
ENVELOPE = ('<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body>'
            "</s:Envelope>")
REFUSAL = ENVELOPE.format('<s:Fault><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>701'
                          "</errorCode></UPnPError></detail></s:Fault>")


class Renderer:
    """One renderer; loud: its volume goes to this. way: "lies" or "refuses" breaks its obedience."""

    def __init__(self, loud: int = 40, pauses: bool = True) -> None:
        self.loud, self.pauses, self.way = loud, pauses, ""
        self.state, self.uri, self.metadata, self.volume, self.muted = "NO_MEDIA_PRESENT", "", "", 10, 0
        self.callbacks: set[str] = set()
        self.telling: set[asyncio.Task[None]] = set()

    def routes(self) -> web.Application:
        """What it answers."""
        app = web.Application()
        app.router.add_get("/some/where.xml", self._description)
        app.router.add_get("/some/scpd/{service}.xml", self._scpd)
        app.router.add_post("/control/{service}", self._control)
        app.router.add_route("SUBSCRIBE", "/event/{service}", self._subscribe)
        app.router.add_route("UNSUBSCRIBE", "/event/{service}", self._unsubscribe)
        return app

    async def _description(self, _request: web.Request) -> web.Response:
        return web.Response(text=DESCRIPTION, content_type="text/xml")

    async def _scpd(self, request: web.Request) -> web.Response:
        actions = "".join(f"<action><name>{name}</name></action>" for name in ACTIONS[request.match_info["service"]])
        return web.Response(content_type="text/xml", text=(
            f'<scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList>{actions}</actionList><serviceStateTable>'
            f'<stateVariable><name>Volume</name><allowedValueRange><minimum>0</minimum><maximum>{self.loud}</maximum>'
            "</allowedValueRange></stateVariable></serviceStateTable></scpd>"))

    async def _subscribe(self, request: web.Request) -> web.Response:
        self.callbacks.add(request.headers["CALLBACK"].strip("<>"))
        return web.Response(headers={"SID": f"uuid:{len(self.callbacks)}"})

    async def _unsubscribe(self, _request: web.Request) -> web.Response:
        self.callbacks.clear()
        return web.Response()

    async def _control(self, request: web.Request) -> web.Response:
        body = ElementTree.fromstring(await request.read())[0][0]
        action, asked = body.tag.rpartition("}")[2], {one.tag: one.text or "" for one in body}
        wanted = f'"{TYPES[request.match_info["service"]]}#{action}"'
        told = self._obey(action, asked) if request.headers["SOAPAction"] == wanted else None
        if told is None:
            return web.Response(status=500, text=REFUSAL, content_type="text/xml")
        inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
        kind = TYPES[request.match_info["service"]]
        text = ENVELOPE.format(f'<u:{action}Response xmlns:u="{kind}">{inside}</u:{action}Response>')
        return web.Response(text=text, content_type="text/xml")

    def _obey(self, action: str, asked: dict[str, str]) -> dict[str, str] | None:
        known = {"GetTransportInfo": {"CurrentTransportState": self.state, "CurrentSpeed": "1"},
                 "GetMediaInfo": {"NrTracks": "1", "CurrentURI": self.uri, "CurrentURIMetaData": self.metadata},
                 "GetPositionInfo": {"Track": "1", "TrackMetaData": self.metadata, "TrackURI": self.uri},
                 "GetVolume": {"CurrentVolume": str(self.volume)}, "GetMute": {"CurrentMute": str(self.muted)}}
        if action in known:
            return known[action]
        if self.way:
            return None if self.way == "refuses" else {}
        if (action == "Play" and not self.uri) or (action == "Pause" and not self.pauses):
            return None
        match action:
            case "SetAVTransportURI":
                self.uri, self.metadata = asked["CurrentURI"], asked["CurrentURIMetaData"]
            case "SetVolume":
                self.volume = int(asked["DesiredVolume"])
            case "SetMute":
                self.muted = int(asked["DesiredMute"])
            case _:
                self.state = {"Play": "PLAYING", "Pause": "PAUSED_PLAYBACK", "Stop": "STOPPED"}[action]
        return {}

    def tell(self) -> None:
        """An event to everybody who subscribed."""
        task = asyncio.create_task(self._tell())
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)

    async def _tell(self) -> None:
        async with aiohttp.ClientSession() as session:
            for callback in self.callbacks:
                async with session.request("NOTIFY", callback, data="<e/>"):
                    pass


def sighting(port: int, **facts: str) -> Sighting:
    """What SSDP tells of it."""
    told = {"st": KIND, "usn": f"uuid:{UDN}::{KIND}", "location": f"http://{HOST}:{port}/some/where.xml",
            "udn": f"uuid:{UDN}", "manufacturer": "Nobody", "modelname": "Box"}
    return Sighting("ssdp", HOST, port, KIND, "Parlour", told | facts)


@asynccontextmanager
async def served(renderer: Renderer) -> AsyncIterator[int]:
    """A renderer on a free port."""
    runner = web.AppRunner(renderer.routes(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


SETTINGS: list[tuple[str, Value]] = [
    ("volume", 35), ("volume", 0), ("muted", True), ("muted", False), ("play", "http://music.invalid/a%20b.mp3"),
    ("playing", False), ("playing", True), ("play", "http://music.invalid/b.mp3?x=1&y=2")]


@asynccontextmanager
async def _rig(renderer: Renderer) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        held: dict[str, Value] = {"volume": renderer.volume / renderer.loud * 100, "muted": renderer.muted == 1,
                                  "playing": renderer.state == "PLAYING", "play": renderer.uri}
        return held[trait]

    async def hand(trait: str, value: Value) -> None:
        assert trait == "volume"
        assert isinstance(value, int)
        renderer.volume = round(value / 100 * renderer.loud)

    def trouble(way: str) -> None:
        renderer.way = way

    async with served(renderer) as port, piped((HOST, port)) as pipe:
        yield rigged(sighting(port), pipe, "", SETTINGS, ("volume", 101), truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)))


def renderer() -> Any:
    """A renderer whose volume goes to forty."""
    return _rig(Renderer())
