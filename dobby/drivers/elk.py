"""Elk M1 alarm panels through their network module (M1XEP): areas, zones, outputs, temperatures.

Found by a search on UDP 2362, which answers with the MAC; spoken to on TCP 2101 in the panel's own language. It pushes
where its owner switched that on (global options G36 to G40); it is asked every few seconds as well. Arming and
disarming want a code of a user: `alarm_code`, shared with every alarm. On that line a panel says nothing of who it is.
Not covered: the encrypted port 2601, thermostats, lighting, tasks, bypassing, speaking.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from dobby.errors import DeviceError, Garbage, PairingError, Refused
from dobby.home.device import (
    About,
    Command,
    Device,
    Driver,
    Found,
    Link,
    LooksFor,
    Probe,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.home.traits import Risk, Trait
from dobby.home.vocabulary import ARMED, ARMING, ON, TRIGGERED
from dobby.wire import elk
from dobby.wire.elk import Slow

KIND = "elk"
OUTPUT_ON = ON.but(base_risk=Risk.ASK)  # a relay: a siren, a gate, a sprinkler; nobody said
JUDGED_WITHIN = 1.0  # seconds in which the panel says that a code is wrong
PLAIN_PORT = "It listens on its encrypted port only; switch its other port (2101) on in ElkRP."


def answered(data: bytes) -> tuple[str, dict[str, str]]:
    """The facts in an answer to the search."""
    return "Elk M1", elk.found(data)


def claim(sighting: Sighting) -> Found | None:
    """A network module answers with its MAC and the port it listens on."""
    mac, port = sighting.facts.get("mac", ""), sighting.facts.get("port", "")
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{12}", mac) or not port.isdigit():
        return None
    told = elk.PLAIN if int(port) == elk.ENCRYPTED else int(port)
    open_port = told if sighting.port in (0, elk.SEARCH_PORT) else sighting.port  # one that is forwarded from elsewhere
    return Found(f"elk:{mac}", "elk", sighting.name or "Elk M1", sighting.host, open_port,
                 why="it answers as an Elk M1 by UDP")


async def pair(found: Found, _pin: str) -> Secret:
    """Nothing is asked: whoever reaches the port may look. That there is a panel is tried."""
    try:
        async with elk.open_line(found.host, found.port, Settings().timeout, lambda *_: None, lambda _: None) as line:
            await line.read("vn", "VN")
    except DeviceError:
        raise PairingError(PLAIN_PORT, "elk_port") from None
    return {}


class ElkLink:
    """One panel."""

    def __init__(self, found: Found, secret: Secret, settings: Settings) -> None:
        self._key, self._code = found.key, secret.get("alarm_code", "")
        self._line: elk.ElkLine | None = None
        self._devices: dict[str, Device] = {}
        self._areas: dict[int, str] = {}  # numbers to device ids
        self._zones: dict[int, tuple[str, Trait]] = {}
        self._outputs: dict[int, str] = {}
        self._fahrenheit = True
        self.stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self, line: elk.ElkLine) -> None:
        """Learn its areas, zones and outputs."""
        self._line = line
        await line.read("vn", "VN")
        kinds, places = await line.read("zd", "ZD"), await line.read("zp", "ZP")
        self._fahrenheit = (await line.read("ua", "UA", "000000"))[18:19] != "C"
        rooms = await line.names(elk.AREA, elk.AREAS)
        zones = {number: ord(kind) - 0x30 for number, kind in enumerate(kinds[:elk.ZONES], 1) if kind != "0"}
        names = await line.names(elk.ZONE, max(zones, default=0))
        for number in sorted({ord(places[zone - 1]) - 0x30 for zone in zones if zone <= len(places)} | {1}):
            if 1 <= number <= elk.AREAS:
                self._areas[number] = self._add(f"area-{number}", Device(
                    "", rooms.get(number) or f"Area {number}", "alarm", "", "elk", (ARMED, ARMING, TRIGGERED)))
        for number, kind in zones.items():
            trait = elk.NOTICES.get(kind)
            if trait is not None:
                id_ = self._add(f"zone-{number}", Device("", names.get(number) or f"Zone {number}", "sensor", "", "elk",
                                                         (trait,)))
                self._zones[number] = (id_, trait)
        for number, text in (await line.names(elk.OUTPUT, 64)).items():
            if text and not re.fullmatch(r"(?i)output\s*\d*", text):  # one without a name of its own is not used
                self._outputs[number] = self._add(f"output-{number}", Device("", text, "plug", "", "elk", (OUTPUT_ON,)))

    def _add(self, tail: str, device: Device) -> str:
        id_ = f"{self._key}/{tail}"
        self._devices[id_] = Device(id_, device.name, device.kind, device.room, device.make, device.traits)
        return id_

    def _read(self, letters: str, data: str) -> list[Reading]:
        """What a line of the panel tells; Garbage for nonsense."""
        match letters:
            case "AS":
                told = elk.areas(data)
                return [Reading(id_, name, value) for number, id_ in self._areas.items()
                        for name, value in told[number - 1].values().items()]
            case "ZS":
                return [reading for number in self._zones if number <= len(data)
                        for reading in self._zone(number, data[number - 1])]
            case "ZC":
                return self._zone(int(data[:3]), data[3:4]) if data[:3].isdigit() else []
            case "CS":
                return [Reading(id_, "on", data[number - 1:number] == "1") for number, id_ in self._outputs.items()]
            case "CC" if data[:3].isdigit() and int(data[:3]) in self._outputs:
                return [Reading(self._outputs[int(data[:3])], "on", data[3:4] == "1")]
            case "LW":
                degrees = elk.temperatures(data, fahrenheit=self._fahrenheit)
                return [Reading(id_, trait.name, degrees[number]) for number, (id_, trait) in self._zones.items()
                        if trait.name == "temperature" and number in degrees]
            case _:
                return []

    def _zone(self, number: int, status: str) -> list[Reading]:
        if number not in self._zones:
            return []
        id_, trait = self._zones[number]
        return [Reading(id_, name, value) for name, value in elk.noticed(trait, status).items()]

    def heard(self, letters: str, data: str) -> None:
        """What the panel tells by itself, and its answers too."""
        with suppress(Garbage):
            for reading in self._read(letters, data):
                self.stream.push(reading)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        if self._line is None:
            raise Garbage("It was never opened.")
        readings = []
        asks = [("as", "AS"), ("zs", "ZS"), ("cs", "CS")]
        if any(trait.name == "temperature" for _, trait in self._zones.values()):
            asks.append(("lw", "LW"))
        for question, answer in asks:
            readings += self._read(answer, await self._line.read(question, answer))
        return readings if device is None else [reading for reading in readings if reading.device == device]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then what they show."""
        async for item in self.stream.readings(self._devices.values()):
            yield item

    async def send(self, command: Command) -> None:
        """One order to an area or an output."""
        device = self._devices.get(command.device)
        if device is None or self._line is None:
            raise Refused("It is not there any more.")
        number = int(command.device.rpartition("-")[2])
        match command:
            case Command(trait="armed"):
                await self._arm(self._line, elk.order(number, command, self._code))
            case Command(trait="on", value=True):
                await self._line.tell(elk.encode("cn", f"{number:03}00000"))  # 0 seconds: until it is switched off
            case Command(trait="on", value=False):
                await self._line.tell(elk.encode("cf", f"{number:03}"))
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self.stream.sent(command, device.trait(command.trait))

    async def _arm(self, line: elk.ElkLine, order: bytes) -> None:
        """A panel tells of a wrong code, and of what changed; of what it does not want it says nothing."""
        try:
            letters, data = await line.ask(order, "IC", "AS", patience=JUDGED_WITHIN)
        except Slow:  # its status will tell
            return
        if letters == "IC" and data[12:15] == "000":
            raise Refused(elk.WRONG_CODE, "alarm_code_wrong")


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one panel."""
    link = ElkLink(found, secret, settings)

    def lost(error: DeviceError) -> None:
        link.stream.broken(error)

    async with elk.open_line(found.host, found.port, settings.timeout, link.heard, lost) as line:
        await link.open(line)
        yield link


ABOUT = About(
    covers="areas as alarms, zones (contacts, motion, smoke, CO, gas, water, tamper, temperature), named outputs",
    credentials="none; a user's code as `alarm_code` to arm and disarm", updates="push where switched on, and polled",
    library="own", judged=("b: a panel of ours is accepted by elkm1-lib",),
    lacks="the encrypted port 2601, thermostats, lighting, tasks, bypassing")
DRIVER = Driver("elk", "Elk M1", LooksFor(probes=(Probe(KIND, elk.SEARCH_PORT, elk.SEARCH, answered),)), claim, connect,
                pair, ABOUT)
