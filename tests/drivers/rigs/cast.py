"""A Chromecast after Google's cast_channel.proto and Open Screen's tests: its frames are pychromecast's own protobuf,
its platform starts one app, and that app speaks the common media protocol."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pychromecast.generated.cast_channel_pb2 import CastMessage

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged
from tests.drivers.rigs.lutron import Authority

ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SPACE = "urn:x-cast:com.google.cast."
SONG = "http://music.invalid/one.mp3"
QUEUE = ("http://music.invalid/a.mp3", "http://music.invalid/b.mp3", "http://music.invalid/c.mp3")


@functools.cache
def context() -> ssl.SSLContext:
    """Its end, with a certificate of its own making."""
    trust = Authority("cast").trust("device")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(trust.cert + trust.key)
        file.flush()
        made.load_cert_chain(file.name)
    return made


class Chromecast:
    """One device. way: "lies" or "refuses" breaks its obedience; old: it does not tell who it is; fixed: its volume is
    the television's."""

    def __init__(self) -> None:
        self.way, self.old, self.fixed, self.id = "", False, False, ID
        self.level, self.muted = 0.5, False
        self.app: dict[str, Any] = {"appId": "E8C28D3C", "displayName": "Backdrop", "isIdleScreen": True,
                                    "namespaces": [], "sessionId": "s0", "transportId": "s0"}
        self.state, self.items, self.item, self.session = "IDLE", [SONG], 0, 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.pongs = 0

    def playing(self) -> None:
        """Somebody cast a queue to it already."""
        self.launch("CC1AD845")
        self.session, self.items, self.item, self.state = 1, list(QUEUE), 0, "PAUSED"

    def launch(self, app: str) -> None:
        """An app comes to the front."""
        self.app = {"appId": app, "displayName": "Default Media Receiver", "sessionId": "s1", "transportId": "s1",
                    "namespaces": [{"name": SPACE + "media"}], "statusText": ""}
        self.session, self.state = 0, "IDLE"

    # --- what it says -------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Of the platform."""
        volume = {"controlType": "fixed" if self.fixed else "attenuation", "level": self.level, "muted": self.muted,
                  "stepInterval": 0.05}
        return {"type": "RECEIVER_STATUS", "status": {"applications": [self.app], "userEq": {}, "volume": volume,
                                                      "isActiveInput": True, "isStandBy": False}}

    def media(self) -> dict[str, Any]:
        """Of the app."""
        if not self.session:
            return {"type": "MEDIA_STATUS", "status": []}
        uri = self.items[self.item]
        return {"type": "MEDIA_STATUS", "status": [{
            "mediaSessionId": self.session, "playbackRate": 1, "playerState": self.state, "currentTime": 3.2,
            "supportedMediaCommands": 12303, "volume": {"level": 1, "muted": False}, "currentItemId": self.item + 1,
            "media": {"contentId": uri, "contentType": "audio/mpeg", "streamType": "BUFFERED", "duration": 120,
                      "metadata": {"metadataType": 3, "title": uri.rpartition("/")[2]}}}]}

    def say(self, writer: asyncio.StreamWriter, source: str, to: str, namespace: str, body: dict[str, Any]) -> None:
        """One frame."""
        message = CastMessage()
        message.protocol_version = message.CASTV2_1_0
        message.source_id, message.destination_id, message.namespace = source, to, SPACE + namespace
        message.payload_type, message.payload_utf8 = message.STRING, json.dumps(body)
        raw = message.SerializeToString()
        writer.write(len(raw).to_bytes(4, "big") + raw)

    def everybody(self) -> None:
        """Tell all who listen how things are."""
        for writer in self.writers:
            self.say(writer, "receiver-0", "*", "receiver", {**self.status(), "requestId": 0})
            self.say(writer, self.app["transportId"], "*", "media", {**self.media(), "requestId": 0})

    # --- what it is told ----------------------------------------------------------------------------------------------

    def _answer(self, namespace: str, body: dict[str, Any]) -> dict[str, Any] | None:
        kind = body.get("type")
        match namespace, kind:
            case "tp.heartbeat", "PING":
                return {"type": "PONG"}
            case "tp.heartbeat", "PONG":
                self.pongs += 1
            case "receiver.discovery", "GET_DEVICE_INFO" if not self.old:
                return {"type": "DEVICE_INFO", "deviceId": self.id, "friendlyName": "Kitchen speaker",
                        "deviceModel": "Google Home", "deviceCapabilities": 2052, "controlNotifications": 2}
            case "receiver", "GET_STATUS":
                return self.status()
            case "receiver", "SET_VOLUME" | "LAUNCH":
                return self._platform(body)
            case "media", "GET_STATUS":
                return self.media()
            case "media", _:
                return self._app(body)
        return None

    def _platform(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.way == "refuses":
            return {"type": "INVALID_REQUEST", "reason": "INVALID_COMMAND"}
        if not self.way and body["type"] == "LAUNCH":
            self.launch(body["appId"])
        elif not self.way:
            self.level = body["volume"].get("level", self.level)
            self.muted = body["volume"].get("muted", self.muted)
        return self.status()

    def _app(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.way == "refuses" or (body["type"] != "LOAD" and body.get("mediaSessionId") != self.session):
            return {"type": "INVALID_REQUEST", "reason": "INVALID_MEDIA_SESSION_ID"}
        match body:
            case _ if self.way:
                pass
            case {"type": "LOAD", "media": {"contentId": str(uri)}}:
                self.session, self.items, self.item, self.state = self.session + 1, [uri], 0, "PLAYING"
            case {"type": "PLAY" | "PAUSE" as verb}:
                self.state = "PLAYING" if verb == "PLAY" else "PAUSED"
            case {"type": "QUEUE_UPDATE", "jump": int(jump)}:
                self.item = (self.item + jump) % len(self.items)
        return self.media()

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One sender."""
        self.writers.add(writer)
        try:
            while True:
                message = CastMessage()
                message.ParseFromString(await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")))
                body = json.loads(message.payload_utf8)
                namespace = message.namespace.removeprefix(SPACE)
                before = (self.status(), self.media())
                told = self._answer(namespace, body)
                if told is not None:
                    self.say(writer, message.destination_id, message.source_id, namespace,
                             {**told, **({"requestId": body["requestId"]} if "requestId" in body else {})})
                if (self.status(), self.media()) != before:
                    self.everybody()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # asyncio logs what ends otherwise
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    def sighting(self) -> Sighting:
        """What it announces."""
        facts = {"id": self.id, "fn": "Kitchen speaker", "md": "Google Home", "ca": "2052", "ve": "05", "st": "0"}
        return Sighting("mdns", HOST, 8009, "_googlecast._tcp.local.", f"Google-Home-{self.id}", facts)


@asynccontextmanager
async def served(device: Chromecast) -> AsyncIterator[int]:
    """The device on a free port."""
    server = await asyncio.start_server(device.visit, HOST, 0, ssl=context())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(device.writers):
            with contextlib.suppress(OSError):
                writer.transport.abort()


@asynccontextmanager
async def _rig(device: Chromecast) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        held: dict[str, Value] = {"volume": round(device.level * 100), "muted": device.muted,
                                  "playing": device.state == "PLAYING",
                                  "play": device.items[device.item] if device.state == "PLAYING" else ""}
        return held[trait]

    async def hand(trait: str, value: Value) -> None:
        assert trait == "volume"
        assert isinstance(value, int | float)
        device.level = value / 100
        device.everybody()

    def trouble(way: str) -> None:
        device.way = way

    settings: list[tuple[str, Value]] = [("volume", 30), ("muted", True), ("muted", False), ("playing", True),
                                         ("playing", False), ("play", SONG)]
    device.playing()
    async with served(device) as port, piped((HOST, port)) as pipe:
        yield rigged(device.sighting(), pipe, "", settings, ("volume", 101), truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)))


def speaker() -> Any:
    """A speaker that somebody cast a queue to."""
    return _rig(Chromecast())
