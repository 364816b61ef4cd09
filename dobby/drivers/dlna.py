"""Any UPnP media renderer (DLNA): what plays, volume, and a web address to play, by what its own description offers.

Sources: UPnP AVTransport:1, RenderingControl:1. The description says where its services are, and the range of its
volume. Sonos players are renderers too and have a driver of their own. Not covered: queues, groups, pictures, servers.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused
from dobby.home.device import (
    About,
    Command,
    Device,
    Driver,
    Found,
    Link,
    LooksFor,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.home.vocabulary import MUTED, PLAY, PLAYING, TITLE, URI, VOLUME
from dobby.wire.upnp import Described, Offer, Service, call, describe, didl, offer, title_of
from dobby.wire.web import read_xml

TARGETS = tuple(f"urn:schemas-upnp-org:device:MediaRenderer:{version}" for version in (1, 2, 3))
UDN = re.compile(r"[A-Za-z0-9_-]{8,64}")
STATES = {"PLAYING": True, "PAUSED_PLAYBACK": False, "STOPPED": False, "NO_MEDIA_PRESENT": False}  # others: nothing
UNSAID = ("NOT_IMPLEMENTED", "")


def claim(sighting: Sighting) -> Found | None:
    """A renderer answers SSDP as MediaRenderer, and its description could be read; Sonos players are not ours."""
    facts = sighting.facts
    udn = facts.get("udn", "").removeprefix("uuid:")
    maker = facts.get("manufacturer", "")
    if sighting.kind not in TARGETS or not UDN.fullmatch(udn) or not maker or "sonos" in maker.lower():
        return None
    path = urlsplit(facts.get("location", "")).path
    return Found(f"dlna:{udn}", "dlna", sighting.name, sighting.host, sighting.port, model=facts.get("modelname", ""),
                 path=path or "/", why="it answers as a media renderer by UPnP")


class DlnaLink:
    """One renderer."""

    def __init__(self, found: Found, web: aiohttp.ClientSession, settings: Settings) -> None:
        self._found, self._id, self._web, self._settings = found, found.key, web, settings
        self._device: Device | None = None
        self._transport = self._sound = Service("", "", "", "")
        self._volume = (0.0, 100.0)
        self._mutes = False
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn what it offers; DeviceError when it is another or plays nothing."""
        location = f"http://{self._found.host}:{self._found.port}{self._found.path}"
        described = await describe(self._web, location, "MediaRenderer")
        if f"dlna:{described.udn}" != self._id:
            raise Refused("Another device answers at this address.")
        if not {"AVTransport", "RenderingControl"} <= set(described.services):
            raise Refused("It offers nothing that could be driven.")
        self._transport, self._sound = described.services["AVTransport"], described.services["RenderingControl"]
        self._learn(described, await offer(self._web, self._sound))

    def _learn(self, described: Described, sound: Offer) -> None:
        self._volume = sound.ranges.get("Volume", (0.0, 100.0))
        self._mutes = "SetMute" in sound.actions
        volume = VOLUME.but(tolerance=max(50 / (self._volume[1] - self._volume[0]), 0.5) + 0.1)
        loud = (volume,) if {"SetVolume", "GetVolume"} <= sound.actions else ()
        words = f"{described.name} {described.model}"
        self._device = Device(self._id, described.name[:80] or "Media renderer",
                              "tv" if re.search(r"\btv\b", words, re.IGNORECASE) else "speaker", "", "dlna",
                              (PLAYING, PLAY, *loud, *((MUTED,) if self._mutes else ()), TITLE, URI),
                              marks=(f"udn:{described.udn.lower()}",))

    async def _act(self, action: str, **arguments: object) -> dict[str, str]:
        return await call(self._web, self._transport, action, InstanceID=0, **arguments)

    async def _hear(self, action: str, **arguments: object) -> dict[str, str]:
        return await call(self._web, self._sound, action, InstanceID=0, Channel="Master", **arguments)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        if self._device is None:
            raise Garbage("It was never opened.")
        told = [self._act("GetTransportInfo"), self._act("GetMediaInfo"), self._act("GetPositionInfo"),
                *([self._hear("GetVolume")] if self._device.trait("volume") else []),
                *([self._hear("GetMute")] if self._mutes else [])]
        answers: dict[str, str] = {}
        for answer in await asyncio.gather(*told):
            answers |= answer
        shown = {"reachable": True} | self._shown(answers)
        return [Reading(self._id, name, value) for name, value in shown.items()]

    def _shown(self, told: dict[str, str]) -> dict[str, Value]:
        """Every trait as its answers show it."""
        try:
            playing = STATES.get(told["CurrentTransportState"])
            uri = told["CurrentURI"] if told["CurrentURI"] not in UNSAID else ""
            values: dict[str, Value] = {"uri": uri, "title": _title(told["TrackMetaData"])}
            if "CurrentVolume" in told:
                low, high = self._volume
                values["volume"] = round((int(told["CurrentVolume"]) - low) / (high - low) * 100, 1)
            if "CurrentMute" in told:
                values["muted"] = {"0": False, "1": True, "false": False, "true": True}[told["CurrentMute"].lower()]
        except (KeyError, ValueError):
            raise Garbage("Its answer made no sense.") from None
        return values if playing is None else values | {"playing": playing, "play": uri if playing else ""}

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The renderer, then its readings: at once after an event, and every few seconds as the heartbeat."""
        from dobby.wire.gena import listening

        if self._device is None:
            raise Garbage("It was never opened.")
        async with AsyncExitStack() as stack:
            if self._settings.callbacks:
                await stack.enter_async_context(listening(
                    self._settings.callbacks, [self._transport.events, self._sound.events], self._stream.hurry))
            try:
                async for item in self._stream.readings([self._device]):
                    yield item
            except DeviceError:  # told before the subscriptions are taken back, which takes a dead one seconds
                yield Reading(self._id, "reachable", False)
                raise

    async def send(self, command: Command) -> None:
        """One order."""
        match command:
            case Command(trait="volume", value=int() | float() as percent):
                low, high = self._volume
                await self._hear("SetVolume", DesiredVolume=round(low + percent / 100 * (high - low)))
            case Command(trait="muted", value=bool() as muted):
                await self._hear("SetMute", DesiredMute=int(muted))
            case Command(trait="playing", value=True) | Command(trait="play", value=None | True | ""):
                await self._play()
            case Command(trait="playing", value=False):
                await self._pause()
            case Command(trait="play", value=str() as address):
                await self._open_address(address)
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)

    async def _play(self) -> None:
        try:
            await self._act("Play", Speed=1)
        except Refused:
            raise Refused("There is nothing to play on it; give it a web address.") from None

    async def _pause(self) -> None:
        """Pause; what cannot pause is stopped."""
        try:
            await self._act("Pause")
        except Refused:
            await self._act("Stop")

    async def _open_address(self, address: str) -> None:
        if not address.startswith(("http://", "https://")):
            raise Refused(f"It plays web addresses, and {address[:60]!r} is none.")
        path = urlsplit(address).path
        mime = mimetypes.guess_type(path)[0] or "audio/mpeg"
        title = path.rpartition("/")[2] or address
        await self._act("SetAVTransportURI", CurrentURI=address, CurrentURIMetaData=didl(address, title, mime))
        await self._act("Play", Speed=1)


def _title(metadata: str) -> str:
    """What is on; "" when that is not said, or in no words of ours."""
    try:
        return "" if metadata in UNSAID else title_of(read_xml(metadata))
    except Garbage:
        return ""


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one renderer."""
    # libupnp closes each connection without a word; an order on one that was kept would run into that
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(settings.timeout)) as web:
        link = DlnaLink(found, web, settings)
        await link.open()
        yield link


ABOUT = About(
    covers="any UPnP/DLNA renderer (receivers, televisions, speakers): play, pause, volume, mute, a web address",
    credentials="none", updates="push: UPnP events where `network.callbacks` is set, else polled", library="own",
    judged=("a: gmediarender (Debian)",), lacks="queues, groups, sources, media servers")
DRIVER = Driver("dlna", "DLNA", LooksFor(ssdp=TARGETS), claim, connect, about=ABOUT)
