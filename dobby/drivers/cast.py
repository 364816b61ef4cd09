"""Google Cast: Chromecasts, Google TVs, Nest speakers and displays, groups of them, over CastV2. Nothing to pair.

Found by mDNS `_googlecast._tcp`, which tells an id that stays. Volume and mute are the device's own; what plays is the
business of the app in front, as far as it speaks the common media protocol. An address plays in Google's default app.
Not covered: catalogues (YouTube, Spotify), which only their apps reach; seeking, standby, joining groups.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import MUTED, NEXT, PLAY, PLAYING, PREVIOUS, TITLE, TRACK, URI, VOLUME
from dobby.wire import cast
from dobby.wire.cast import MEDIA, PLATFORM, RECEIVER, CastLine, Json, Message
from dobby.wire.hass import cleaned

SERVICE = "_googlecast._tcp.local."
DEFAULT_APP = "CC1AD845"  # Google's default media receiver
TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "flac": "audio/flac",
         "wav": "audio/wav", "mp4": "video/mp4", "webm": "video/webm", "m3u8": "application/x-mpegurl",
         "mpd": "application/dash+xml", "jpg": "image/jpeg", "png": "image/png"}
STATES = {"PLAYING": True, "PAUSED": False, "IDLE": False}  # BUFFERING and LOADING prove nothing
VIDEO = 1  # the first bit of its capabilities
TELLS_WHO = 1.0  # seconds that an old one may take to answer who it is; some never do
LAUNCHES = 0.2  # seconds between looks at an app that starts


def claim(sighting: Sighting) -> Found | None:
    """A device announces its id, name and model in the TXT record."""
    id_ = sighting.facts.get("id", "").replace("-", "").lower()
    if sighting.kind != SERVICE or not re.fullmatch("[0-9a-f]{32}", id_):
        return None
    name = cleaned(sighting.facts.get("fn")) or sighting.name
    return Found(f"cast:{id_}", "cast", name, sighting.host, sighting.port, model=sighting.facts.get("md", ""),
                 why="it announces Google Cast by mDNS")


class CastLink:
    """One device."""

    def __init__(self, found: Found, settings: Settings) -> None:
        self._id, self._name, self._patience = found.key, found.name, settings.timeout
        self._line: CastLine | None = None
        self._device: Device | None = None
        self._app: Json = {}
        self._media: Json = {}
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    def lost(self, error: DeviceError) -> None:
        """The line broke."""
        self._stream.broken(error)

    async def open(self, line: CastLine) -> None:
        """Learn who it is and what it can; Refused when it is another."""
        self._line = line
        told: Json = {}
        with suppress(Unreachable, Refused):
            told = await line.ask(PLATFORM, cast.DISCOVERY, {"type": "GET_DEVICE_INFO"}, min(TELLS_WHO, self._patience))
        who = str(told.get("deviceId", "")).replace("-", "").lower()
        if who and self._id != f"cast:{who}":
            raise Refused("Another device answers at this address.")
        volume = self._status(await line.ask(PLATFORM, RECEIVER, {"type": "GET_STATUS"})).get("volume")
        fixed = isinstance(volume, Mapping) and volume.get("controlType") == "fixed"
        traits: tuple[Trait, ...] = (PLAYING, PLAY, NEXT, PREVIOUS,
                                     *(() if fixed else (VOLUME.but(tolerance=1.0), MUTED)), TITLE, TRACK, URI)
        able = told.get("deviceCapabilities")
        kind: Any = "tv" if isinstance(able, int) and able & VIDEO else "speaker"
        name = cleaned(told.get("friendlyName")) or self._name
        self._device = Device(self._id, name, kind, "", "cast", traits)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _status(self, body: Json) -> Json:
        status = body.get("status")
        if not isinstance(status, Mapping):
            raise Garbage("Its answer made no sense.")
        apps = status.get("applications") or []
        app = apps[0] if isinstance(apps, list) and apps and isinstance(apps[0], Mapping) else {}
        if app.get("transportId") != self._app.get("transportId"):
            self._media = {}
        self._app = app
        return status

    def _plays_media(self) -> bool:
        names = self._app.get("namespaces")
        return isinstance(self._app.get("transportId"), str) and isinstance(names, list) and any(
            isinstance(one, Mapping) and one.get("name") == MEDIA for one in names)

    def _take_media(self, body: Json) -> None:
        told = body.get("status")
        if not isinstance(told, list):
            raise Garbage("Its answer made no sense.")
        row = told[0] if told and isinstance(told[0], Mapping) else {}
        if row and row.get("mediaSessionId") == self._media.get("mediaSessionId") and "media" not in row:
            row = {**row, "media": self._media.get("media")}  # a later status leaves out what did not change
        self._media = row

    def _readings(self, status: Json) -> list[Reading]:
        """What the platform and the app show now."""
        volume = status.get("volume")
        values: dict[str, Value] = {"reachable": True} | self._shown()
        if isinstance(volume, Mapping):
            level, muted = volume.get("level"), volume.get("muted")
            if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1:
                raise Garbage("Its answer made no sense.")
            values["volume"] = round(level * 100, 1)
            if isinstance(muted, bool):
                values["muted"] = muted
        return self._own(values)

    def _shown(self) -> dict[str, Value]:
        playing = STATES.get(str(self._media.get("playerState", "IDLE")))
        media = self._media.get("media")
        media = media if isinstance(media, Mapping) else {}
        about = media.get("metadata")
        title = cleaned(about.get("title")) if isinstance(about, Mapping) else ""
        uri = str(media.get("contentId", ""))[:2048]
        shown: dict[str, Value] = {"title": title, "uri": uri,
                                   "track": f"{self._media.get('currentItemId', 0)} {uri}" if uri else ""}
        return shown if playing is None else shown | {"playing": playing, "play": uri if playing else ""}

    def _own(self, values: Mapping[str, Value]) -> list[Reading]:
        device = self._device
        return [Reading(self._id, name, value) for name, value in values.items()
                if name == "reachable" or (device is not None and device.trait(name) is not None)]

    def heard(self, message: Message) -> None:
        """What the device tells by itself; an answer proves nothing, not even one that holds its status."""
        if message.body.get("requestId"):
            return
        kind = message.body.get("type")
        with suppress(Garbage):  # rubbish proves nothing; the heartbeat tells whether it is well
            if message.namespace == RECEIVER and kind == "RECEIVER_STATUS":
                before = self._app.get("transportId")
                readings = self._readings(self._status(message.body))
                if self._app.get("transportId") != before:
                    self._stream.hurry()  # another app: what it plays must be asked
                for reading in readings:
                    self._stream.push(reading)
            elif (message.namespace == MEDIA and kind == "MEDIA_STATUS"
                  and message.source == self._app.get("transportId")):
                self._take_media(message.body)
                for reading in self._own(self._shown()):
                    self._stream.push(reading)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        line = self._open()
        status = self._status(await line.ask(PLATFORM, RECEIVER, {"type": "GET_STATUS"}))
        if self._plays_media():
            self._take_media(await line.ask(self._app["transportId"], MEDIA, {"type": "GET_STATUS"}))
        return self._readings(status)

    def _open(self) -> CastLine:
        if self._line is None:
            raise Garbage("It was never opened.")
        return self._line

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The device, then its readings: as they change, and fetched every few seconds as the heartbeat."""
        if self._device is None:
            raise Garbage("It was never opened.")
        async for item in self._stream.readings([self._device]):
            yield item

    # --- sending ------------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """One order, to the platform or to the app in front."""
        line = self._open()
        match command:
            case Command(trait="volume", value=int() | float() as percent):
                await line.ask(PLATFORM, RECEIVER, {"type": "SET_VOLUME", "volume": {"level": round(percent / 100, 3)}})
            case Command(trait="muted", value=bool() as muted):
                await line.ask(PLATFORM, RECEIVER, {"type": "SET_VOLUME", "volume": {"muted": muted}})
            case Command(trait="playing", value=bool() as on):
                await self._to_media({"type": "PLAY" if on else "PAUSE"}, idle_is_fine=not on)
            case Command(trait="play", value=str() as address) if address:
                await self._play(line, address)
            case Command(trait="play"):
                await self._to_media({"type": "PLAY"})
            case Command(trait="next" | "previous" as step):
                await self._to_media({"type": "QUEUE_UPDATE", "jump": 1 if step == "next" else -1})
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)

    async def _to_media(self, order: Json, *, idle_is_fine: bool = False) -> None:
        session = self._media.get("mediaSessionId")
        if not self._plays_media() or session is None:
            if idle_is_fine:
                return  # what plays nothing need not pause
            raise Refused("There is nothing on it that could go on; give it a web address.")
        await self._open().ask(self._app["transportId"], MEDIA, {**order, "mediaSessionId": session})

    async def _play(self, line: CastLine, address: str) -> None:
        if not address.startswith(("http://", "https://")):
            raise Refused("It plays web addresses only.")
        transport = await self._default_app(line)
        kind = TYPES.get(address.partition("?")[0].rpartition(".")[2].lower())
        media = {"contentId": address, "contentType": kind or "audio/mpeg",
                 "streamType": "BUFFERED" if kind else "LIVE"}
        await line.ask(transport, MEDIA, {"type": "LOAD", "media": media, "autoplay": True,
                                          "sessionId": self._app.get("sessionId")})

    async def _default_app(self, line: CastLine) -> str:
        """The line to the default app, started when another is in front."""
        if self._app.get("appId") != DEFAULT_APP:
            self._status(await line.ask(PLATFORM, RECEIVER, {"type": "LAUNCH", "appId": DEFAULT_APP}))
        try:
            async with asyncio.timeout(self._patience):
                while self._app.get("appId") != DEFAULT_APP or not self._plays_media():
                    await asyncio.sleep(LAUNCHES)
                    self._status(await line.ask(PLATFORM, RECEIVER, {"type": "GET_STATUS"}))
        except TimeoutError:
            raise Unreachable("Its player did not start in time.") from None
        return str(self._app["transportId"])


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one device."""
    link = CastLink(found, settings)
    async with cast.open_line(found.host, found.port, settings.timeout, link.heard, link.lost) as line:
        await link.open(line)
        yield link


ABOUT = About(
    covers="Chromecasts, Google TVs, Nest speakers and displays, their groups: play, pause, next, volume, mute, title, "
           "a web address",
    credentials="none", updates="push: its own line", library="own",
    judged=("b: a server of ours is accepted by pychromecast",),
    lacks="catalogues (YouTube, Spotify), seeking, standby, joining groups")
DRIVER = Driver("cast", "Google Cast", LooksFor(mdns=(SERVICE,)), claim, connect, about=ABOUT)
