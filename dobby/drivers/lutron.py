"""Lutron: Caseta bridges, RA2 Select, RadioRA 3 and HomeWorks QSX processors over LEAP: lamps, fans, shades, presence.

Found by mDNS `_lutron._tcp`, which names the MAC and the port of its ssh; LEAP listens on TCP 8081, pairing on 8083.
Everything is pushed; the bridge is pinged as the heartbeat, and the zone of an order is read after it. A bridge tells a
shade's level as it was asked for, not on its way. Not covered: colors of Ketra and Lumaris, Pico remotes and keypads,
scenes, contact closures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, Garbage, Refused
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.wire.hass import mac_mark

if TYPE_CHECKING:
    from dobby.wire.lutron import LeapLine
    from dobby.wire.lutron_table import Zone

SERVICE = "_lutron._tcp.local."
LEAP_PORT, LAP_PORT = 8081, 8083
SSH_PORT = 22  # what a bridge announces
WIRE = ("dobby.wire.lutron", "dobby.wire.lutron_table")


def claim(sighting: Sighting) -> Found | None:
    """A bridge announces `_lutron._tcp` with its MAC in the TXT record."""
    mark = mac_mark(sighting.facts.get("macaddr", ""))
    if sighting.kind != SERVICE or len(mark) != len("mac:") + 12:
        return None
    port = LEAP_PORT if sighting.port in (0, SSH_PORT) else sighting.port
    return Found(f"lutron:{mark.removeprefix('mac:')}", "lutron", "Lutron bridge", sighting.host, port, "button",
                 model=sighting.facts.get("systype", ""), why="it announces a Lutron bridge by mDNS")


async def pair(found: Found, _pin: str) -> Secret:
    """A certificate signed by the bridge; PairingError while its button was not pressed."""
    for module in WIRE:
        await asyncio.to_thread(import_module, module)
    from dobby.wire.lutron import certificate

    trust = await certificate(found.host, LAP_PORT)
    return {"key": trust.key, "cert": trust.cert, "ca": trust.ca}


class LutronLink:
    """One bridge and the zones behind it."""

    def __init__(self, found: Found, settings: Settings) -> None:
        self._key = found.key
        self._zones: dict[str, Zone] = {}  # by device id
        self._last: dict[str, float] = {}  # the level before it was switched off
        self._readings: list[Reading] = []  # of the first look
        self._line: LeapLine | None = None
        self.stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self, line: LeapLine) -> None:
        """Learn what the bridge has, and be told what changes."""
        from dobby.wire.lutron_table import PROCESSORS, areas, caseta, occupancy_groups, processor, sensor

        self._line = line
        rooms = areas(await line.read("/area"))
        project = (await line.read("/project")).get("Project")
        if not isinstance(project, Mapping):
            raise Garbage("Its answer made no sense.")
        zones: list[Zone] = []
        if project.get("ProductType") in PROCESSORS:
            for id_, room in rooms.items():
                zones += processor(self._key, await line.read(f"/area/{id_}/associatedzone"), room)
            sensed = await self._sensed(line)
            zones += [sensor(self._key, id_, rooms.get(id_, "")) for id_ in sensed]
            status = "/area/status"
        else:
            zones += caseta(self._key, await line.read("/device"), rooms)
            groups = occupancy_groups(await line.read("/occupancygroup"))
            zones += [sensor(self._key, id_, rooms.get(area, "")) for id_, area in groups.items()]
            status = "/occupancygroup/status"
        self._zones = {zone.device.id: zone for zone in zones}
        with suppress(Refused):  # a processor tells of zones only whom it was asked by; a bridge tells everybody
            self._readings += self._read(await line.subscribe("/zone/status", self.heard))
        known = {reading.device for reading in self._readings}
        for zone in zones:
            if zone.url and zone.device.id not in known:
                self._readings += await self._look(zone)
        with suppress(Refused):  # one without a sensor
            self._readings += self._read(await line.subscribe(status, self.heard))

    async def _sensed(self, line: LeapLine) -> list[str]:
        """The areas of a processor that have an occupancy sensor."""
        from dobby.wire.lutron_table import OCCUPANCY_SENSORS, number, rows

        body = await line.read("/device?where=IsThisDevice:false")
        return list(dict.fromkeys(number(row, "AssociatedArea") for row in rows(body, "Devices")
                                  if row.get("DeviceType") in OCCUPANCY_SENSORS and "AssociatedArea" in row))

    async def _look(self, zone: Zone) -> list[Reading]:
        """One zone, asked."""
        if self._line is None:
            raise Garbage("It was never opened.")
        try:
            return self._read(await self._line.read(f"{zone.url}/status")) or [
                Reading(zone.device.id, "reachable", False)]
        except (Garbage, Refused):
            return [Reading(zone.device.id, "reachable", False)]

    def _read(self, body: Mapping[str, Any]) -> list[Reading]:
        """What a body tells of zones and areas; a zone that is told in rubbish is out of reach."""
        from dobby.wire.lutron_table import number, occupied, shown, statuses

        found = [Reading(f"{self._key}/occupancy-{id_}", "occupied", value) for id_, value in occupied(body).items()
                 if f"{self._key}/occupancy-{id_}" in self._zones]
        for status in statuses(body):
            id_ = f"{self._key}/zone-{number(status, 'Zone')}"
            zone = self._zones.get(id_)
            if zone is None or zone.way is None:
                continue
            try:
                values = shown(zone.way, status)
            except Garbage:
                values = {"reachable": False}
            level = values.get("brightness", values.get("speed"))
            if isinstance(level, int | float) and level > 0:
                self._last[id_] = level
            found += [Reading(id_, name, value) for name, value in values.items()]
        return found

    def heard(self, body: Mapping[str, Any]) -> None:
        """What the bridge tells by itself."""
        try:
            readings = self._read(body)
        except Garbage:  # rubbish proves nothing; the heartbeat tells whether the bridge is well
            return
        for reading in readings:
            self.stream.push(reading)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """One zone after an order; otherwise a ping, and that the line lives."""
        if self._line is None:
            raise Garbage("It was never opened.")
        zone = self._zones.get(device or "")
        if zone is not None and zone.url:
            return await self._look(zone)
        pong = await self._line.read("/server/1/status/ping")
        if "PingResponse" not in pong:
            raise Garbage("Its answer made no sense.")
        return []

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices and what they showed at first, then what changes."""
        for reading in self._readings:
            self.stream.push(reading)
        self._readings = []
        async for item in self.stream.readings([zone.device for zone in self._zones.values()]):
            yield item

    async def send(self, command: Command) -> None:
        """One order to one zone."""
        from dobby.wire.lutron_table import order

        zone = self._zones.get(command.device)
        if zone is None or zone.way is None or self._line is None:
            raise Refused("It is not there any more.")
        fallback = 50.0 if zone.way == "fan" else 100.0
        await self._line.order(zone.url, order(zone.way, command, self._last.get(command.device, fallback)))
        self.stream.sent(command, zone.device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one bridge; only the one that signed our certificate takes it."""
    for module in WIRE:
        await asyncio.to_thread(import_module, module)
    from dobby.wire.lutron import Trust, open_line

    try:
        trust = Trust(secret["key"], secret["cert"], secret["ca"])
    except KeyError:
        raise Refused("It is not paired.", "lutron_button") from None
    link = LutronLink(found, settings)

    def lost(error: DeviceError) -> None:
        link.stream.broken(error)

    async with open_line(found.host, found.port, trust, settings.timeout, link.heard, lost) as line:
        await link.open(line)
        yield link


ABOUT = About(
    covers="Caseta, RA2 Select, RadioRA 3 and HomeWorks QSX: dimmers, switches, fans, shades, blinds, occupancy",
    credentials="press the button on the bridge", updates="push: LEAP",
    library="pylutron-caseta (Apache-2.0)",
    judged=("b: a server of ours is accepted by pylutron-caseta", "c: public captures of Caseta and RadioRA 3"),
    lacks="colors of Ketra and Lumaris, Pico remotes, keypads, scenes, contact closures; a shade on its way")
DRIVER = Driver("lutron", "Lutron", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
