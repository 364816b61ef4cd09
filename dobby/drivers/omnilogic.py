"""Hayward OmniLogic and OmniHub pools over the controller's local protocol: no account, no cloud, nothing to pair.

A controller announces nothing, and whether it answers a broadcast nobody has written down: so hosts that nothing else
claims are asked one by one when the network is swept, or one when a person asks what its address is. Asked for its
components it tells the address of its own board (its HUA), which is its key; where it does not (firmware before
R0502000, perhaps) its MAC is. It is polled. It acknowledges every order, also those it then ignores. In service or
set-up mode its readings are placeholders: then it counts as out of reach. Not covered: schedules, themes, spillover,
the set point of solar heating, output of chlorinators and superchlorination, speeds of shows.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from dobby.errors import DeviceError, Refused
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
    Visit,
)
from dobby.home.stream import Stream
from dobby.wire import omnilogic as omni
from dobby.wire import omnilogic_table as table
from dobby.wire.neighbours import neighbours
from dobby.wire.omnilogic_table import Part, Rows

KIND = "omnilogic"
# seconds that a host gets to acknowledge a question (the library that others use waits 0.5), and then to answer it
KNOCK, ANSWER = 0.7, 2.0
TELLS = "R0502000"  # the first firmware that is known to tell who it is
FRESH = 0.5  # seconds that a look at everything is good enough to say what an order may be
ANOTHER = "Another controller answers at this address."
NAMELESS = ("It tells no serial number, and its hardware address is not to be seen from here (a router between us?): I "
            "could not tell it from another.")
SERVICE = "It is off, or in service or set-up mode at its own panel, where it takes no orders."


async def look(host: str, port: int, mac: str) -> tuple[str, Mapping[str, str]]:
    """What a host that answers as a controller tells of itself; nothing for any other."""
    try:
        async with omni.open_line(host, port, ANSWER, KNOCK) as line:
            own = await _told(line)
    except DeviceError:
        return "", {}
    return "Pool controller", {"hua": own, "mac": mac}


async def _told(line: omni.OmniLine) -> str:
    """Its own board's address; "" where its firmware acknowledges the question and answers nothing."""
    try:
        return omni.address(await line.ask(omni.SYSTEM))
    except omni.Mute:
        if table.version(table.rows(await line.ask(omni.TELEMETRY))) >= TELLS:
            raise  # it is busy now: it must not become another under its second name
        return ""


def claim(sighting: Sighting) -> Found | None:
    """A controller tells the address of its board, or has a MAC."""
    own = sighting.facts.get("hua") or sighting.facts.get("mac", "")
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{10}|[0-9a-f]{12}", own):
        return None
    return Found(f"omnilogic:{own}", "omnilogic", sighting.name or "Pool controller", sighting.host,
                 sighting.port or omni.PORT, why="it answers as an OmniLogic controller by UDP")


class OmniLink:
    """One controller and the pool behind it."""

    def __init__(self, found: Found, line: omni.OmniLine, settings: Settings, mac: str) -> None:
        self._key, self._line, self._mac = found.key, line, mac
        self._parts: dict[str, Part] = {}
        self._devices: dict[str, Device] = {}
        self._rows: Rows = {}
        self._one, self._began = asyncio.Lock(), 0.0  # when the look that `_rows` came from began
        self._checksum = ""
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn what there is; Refused while its own panel has it."""
        await self._look()
        await self._learn()

    async def _look(self) -> Rows:
        """Telemetry asked for after this call: who had to wait for one line shares what the first of them gets."""
        asked = time.monotonic()
        async with self._one:
            if self._began <= asked:
                began = time.monotonic()
                self._rows = table.rows(await self._line.ask(omni.TELEMETRY))
                self._began = began
        if not table.normal(self._rows):
            raise Refused(SERVICE, "omnilogic_service")
        return self._rows

    async def _learn(self) -> None:
        """Its configuration; devices that are new or look different now are told."""
        checksum = table.checksum(self._rows)
        parts = table.parts(await self._line.ask(omni.CONFIGURATION))
        self._parts = {f"{self._key}/{part.tail}": part for part in parts}
        known, self._devices = self._devices, {id_: self._device(id_, part) for id_, part in self._parts.items()}
        for id_, device in self._devices.items():
            if known and known.get(id_) != device:
                self._stream.push(device)
        self._checksum = checksum

    def _device(self, id_: str, part: Part) -> Device:
        """Marked by its MAC too: under a newer firmware the same controller may be let in once more by its own name."""
        marks = (f"mac:{self._mac}/{part.tail}",) if self._mac else ()
        return Device(id_, part.name, part.kind, "", "omnilogic", part.traits, marks=marks)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        rows = await self._look()
        if device is None and table.checksum(rows) != self._checksum:
            await self._learn()
        readings = []
        for id_, part in self._parts.items():
            values = table.shown(part, rows)
            readings.append(Reading(id_, "reachable", bool(values)))
            readings += [Reading(id_, trait, value) for trait, value in values.items()]
        return readings

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """What there is, then its readings: it never tells by itself."""
        async for item in self._stream.readings(list(self._devices.values())):
            yield item

    async def send(self, command: Command) -> None:
        """One order. What it would acknowledge and ignore is refused here."""
        part, device = self._parts.get(command.device), self._devices.get(command.device)
        if part is None or device is None:
            raise Refused("It is not there any more.")
        rows = self._rows if time.monotonic() - self._began < FRESH else await self._look()
        for kind, name, parameters in table.orders(part, command, rows):
            await self._line.order(kind, name, parameters)
        self._stream.sent(command, device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, _secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one controller; there is no connection that stays."""
    async with omni.open_line(found.host, found.port, settings.timeout) as line:
        link = OmniLink(found, line, settings, await _same(found, line))
        await link.open()
        yield link


async def _same(found: Found, line: omni.OmniLine) -> str:
    """Its MAC, "" where nobody knows it. Refused when another controller answers than the one that was paired, or
    nothing tells them apart."""
    own = found.key.partition(":")[2]
    by_mac = len(own) == 12
    told = "" if by_mac else omni.address(await line.ask(omni.SYSTEM))
    if by_mac:
        await line.ask(omni.TELEMETRY)  # so that the kernel has just heard of it
    mac = (await asyncio.to_thread(neighbours)).get(found.host, "").replace(":", "")
    if by_mac and not mac:
        raise Refused(NAMELESS)
    if own != (mac if by_mac else told):
        raise Refused(ANOTHER)
    return mac


ABOUT = About(
    covers="Hayward OmniLogic and OmniHub controllers: pool and spa with heating, filter pumps and their speed, other "
           "pumps, relays and valves, lamps with their shows, chlorinators, pH, ORP and salt, air",
    credentials="none", updates="polled", library="own",
    judged=("b: a controller of ours is accepted by python-omnilogic-local 0.19",),
    lacks="schedules, themes, spillover, set points of solar heating, output of chlorinators, superchlorination, "
          "speeds of shows; before firmware R0502000 its MAC stands for its name")
DRIVER = Driver("omnilogic", "Hayward OmniLogic", LooksFor(visits=(Visit(KIND, omni.PORT, look),)), claim, connect,
                about=ABOUT)
