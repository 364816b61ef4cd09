"""Roku players and televisions over ECP, the External Control Protocol: plain HTTP, nothing to pair.

Source: https://developer.roku.com/docs/developer-program/dev-tools/external-control-api.md. `source` is the app or
input that is in front, "Home" for none. A key is sent and cannot be read back. Play and pause are one key, so it is
pressed only when the player shows the other. Newer ones can be told to let nobody drive them (403).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import quote
from xml.etree.ElementTree import Element

import aiohttp

from dobby.errors import Garbage, Refused
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
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import KEY, ON, PLAYING, SOURCE
from dobby.wire.hass import mac_mark
from dobby.wire.web import ask, ask_xml

TARGET = "roku:ecp"
HOME = "Home"
KEYS = ("Home", "Back", "Up", "Down", "Left", "Right", "Select", "Play", "Rev", "Fwd", "InstantReplay", "Info",
        "Search")
TV_KEYS = ("VolumeUp", "VolumeDown", "VolumeMute", "ChannelUp", "ChannelDown")
PLAYS = {"play": True, "pause": False, "stop": False, "close": False, "none": False}  # buffering proves nothing
APPS_LIMIT = 200
LIMITED = ("It lets nobody drive it over the network. On it: Settings > System > Advanced system settings > Control by "
           "mobile apps > Network access.")


def claim(sighting: Sighting) -> Found | None:
    """A Roku answers SSDP for roku:ecp with its serial number."""
    named = re.fullmatch(r"uuid:roku:ecp:([A-Za-z0-9]{4,40})", sighting.facts.get("usn", ""))
    if sighting.kind != TARGET or named is None:
        return None
    return Found(f"roku:{named[1]}", "roku", sighting.name or "Roku", sighting.host, sighting.port,
                 model=sighting.facts.get("modelname", ""), why="it answers as a Roku by SSDP")


class RokuLink:
    """One player or television."""

    def __init__(self, found: Found, web: aiohttp.ClientSession, settings: Settings) -> None:
        self._id, self._web = found.key, web
        self._base = f"http://{found.host}:{found.port}"
        self._apps: dict[str, str] = {}  # name -> id
        self._tells = False  # whether it says what its player does
        self._device: Device | None = None
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def _query(self, what: str) -> Element:
        return await ask_xml(self._web, "GET", f"{self._base}/query/{what}")

    async def open(self) -> None:
        """Learn what it is and which apps it has; Refused when it is another."""
        info = await self._info()
        self._apps = _apps(await self._query("apps"))
        try:
            await self._player()
            self._tells = True
        except Refused:  # an old one
            self._tells = False
        self._device = self._described(info)

    async def _info(self) -> Element:
        info = await self._query("device-info")
        if info.tag != "device-info" or info.findtext("power-mode") is None:
            raise Garbage("Its answer made no sense.")
        if f"roku:{info.findtext('serial-number')}" != self._id:
            raise Refused("Another device answers at this address.")
        return info

    def _described(self, info: Element) -> Device:
        def told(tag: str) -> str:
            return (info.findtext(tag) or "").strip()

        television = told("is-tv") == "true"
        switched = television or told("supports-suspend") == "true"
        traits: tuple[Trait, ...] = (*((ON,) if switched else ()), SOURCE.but(choices=(HOME, *self._apps)),
                                     *((PLAYING,) if self._tells else ()),
                                     KEY.but(choices=(*KEYS, *(TV_KEYS if television else ()))))
        name = told("user-device-name") or told("friendly-device-name") or "Roku"
        marks = tuple(mark for tag in ("wifi-mac", "ethernet-mac")
                      if (mark := mac_mark(told(tag))) and mark.strip("mac:0"))
        return Device(self._id, name[:80], "tv", told("user-device-location")[:80], "roku", traits, marks=marks)

    async def _player(self) -> str:
        """What its player does: play, pause, close, buffer..."""
        player = await self._query("media-player")
        if player.tag != "player":
            raise Garbage("Its answer made no sense.")
        return player.get("state", "")

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        info, active = await asyncio.gather(self._info(), self._query("active-app"))
        described = self._described(info)
        if self._device not in (None, described):
            self._stream.push(described)
        self._device = described
        app = active.find("app")
        if app is None:
            raise Garbage("Its answer made no sense.")
        values: dict[str, Value] = {"on": info.findtext("power-mode") in ("PowerOn", "Headless"),
                                    "source": HOME if app.get("id") is None else (app.text or "").strip()}
        if self._tells:
            values |= {"playing": PLAYS.get(await self._player())}
        return [Reading(self._id, name, value) for name, value in values.items()
                if value is not None and described.trait(name) is not None]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The player, then its readings: it never tells by itself, so it is asked every few seconds."""
        if self._device is None:
            raise Garbage("It was never opened.")
        async for item in self._stream.readings([self._device]):
            yield item

    async def send(self, command: Command) -> None:
        """One order: a key, an app, or the keys that stand for it."""
        match command:
            case Command(trait="on", value=bool() as on):
                await self._press("PowerOn" if on else "PowerOff")
            case Command(trait="key", value=str() as key):
                await self._press(key)
            case Command(trait="source", value=str() as name) if name == HOME:
                await self._press(HOME)
            case Command(trait="source", value=str() as name) if name in self._apps:
                await self._post(f"launch/{quote(self._apps[name], safe='')}")
            case Command(trait="playing", value=bool() as wanted):
                await self._play(wanted)
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)

    async def _play(self, wanted: bool) -> None:
        state = await self._player()
        if PLAYS.get(state) is wanted:
            return
        if wanted and state != "pause":
            raise Refused("There is nothing on it that could go on.")
        await self._press("Play")

    async def _press(self, key: str) -> None:
        await self._post(f"keypress/{quote(key, safe='')}")

    async def _post(self, path: str) -> None:
        try:
            await ask(self._web, "POST", f"{self._base}/{path}")
        except Refused:
            raise Refused(LIMITED, "roku_limited") from None


def _apps(answer: Element) -> dict[str, str]:
    """Names and ids of apps and inputs, the first of each name."""
    if answer.tag != "apps":
        raise Garbage("Its answer made no sense.")
    found: dict[str, str] = {}
    for app in list(answer.iter("app"))[:APPS_LIMIT]:
        name, id_ = (app.text or "").strip()[:80], app.get("id", "")
        if name and id_ and name != HOME:
            found.setdefault(name, id_)
    return found


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one player."""
    connector = aiohttp.TCPConnector(force_close=True)  # a key on a connection that it closed meanwhile would be lost
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(settings.timeout)) as web:
        link = RokuLink(found, web, settings)
        await link.open()
        yield link


ABOUT = About(
    covers="players and televisions: on, app or input, play and pause, every key of the remote",
    credentials="none", updates="polled", library="own",
    judged=("a: emulated_roku", "c: captures of real ones"),
    lacks="volume as a number, channels of the tuner, typing text")
DRIVER = Driver("roku", "Roku", LooksFor(ssdp=(TARGET,)), claim, connect, about=ABOUT)
