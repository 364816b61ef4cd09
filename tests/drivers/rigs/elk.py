"""An Elk M1 panel in the words of its RS-232 ASCII protocol: areas, zones of most kinds, outputs, a thermometer."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

MAC = "0040 9d01 0203".replace(" ", "")
CODE = "4711"
ARMED = {"disarmed": "0", "away": "1", "home": "2", "night": "4"}
# number: (definition, area, name)
ZONES = {1: (1, 1, "Front door"), 2: (4, 1, "Hall motion"), 3: (10, 1, "Smoke"), 4: (25, 1, "Cellar water"),
         5: (33, 1, "Freezer"), 6: (17, 2, "CO"), 9: (31, 1, "Mute key")}
NAMES = {0: {number: row[2] for number, row in ZONES.items()}, 1: {1: "House", 2: "Barn"},
         4: {1: "Output 1", 3: "Sprinkler"}}


def line(letters: str, data: str) -> bytes:
    """A line with its length and checksum."""
    body = f"{len(letters + data) + 4:02X}{letters}{data}00"
    total = sum(ord(one) for one in body)
    return f"{body}{(256 - total % 256) % 256:02X}\r\n".encode("latin-1")


class Panel:
    """A panel. way: "lies" or "refuses" breaks its obedience; leaving: its exit delay is on."""

    def __init__(self) -> None:
        self.way, self.leaving = "", False
        self.armed = ["0"] * 8
        self.ready = ["1"] * 8
        self.alarm = ["0"] * 8
        self.zones = dict.fromkeys(ZONES, "2")  # normal, with its end-of-line resistor
        self.outputs: set[int] = set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.orders: list[str] = []

    def arming(self) -> bytes:
        """The report of all areas."""
        return line("AS", "".join((*self.armed, *self.ready, *self.alarm)) + "00")

    def push(self, told: bytes) -> None:
        """To everybody."""
        for writer in self.writers:
            writer.write(told)

    def set_zone(self, number: int, status: str) -> None:
        """A zone changed: 2 normal, 9 open, 5 in trouble, D bypassed."""
        self.zones[number] = status
        self.push(line("ZC", f"{number:03}{status}"))

    def set_area(self, number: int, armed: str, ready: str = "4", alarm: str = "0") -> None:
        """An area changed, by a keypad say."""
        self.armed[number - 1], self.ready[number - 1], self.alarm[number - 1] = armed, ready, alarm
        self.push(self.arming())

    def _all(self, there: dict[int, str], empty: str, count: int = 208) -> str:
        return "".join(there.get(number, empty) for number in range(1, count + 1))

    def _answers(self, letters: str, data: str) -> list[bytes]:
        match letters:
            case "vn":
                return [line("VN", "050302010328" + "0" * 36)]
            case "as":
                return [self.arming()]
            case "az":
                return [line("AZ", "0" * 208)]
            case "zd":
                return [line("ZD", self._all({number: chr(0x30 + row[0]) for number, row in ZONES.items()}, "0"))]
            case "zp":
                return [line("ZP", self._all({number: chr(0x30 + row[1]) for number, row in ZONES.items()}, "1"))]
            case "zs":
                return [line("ZS", self._all(self.zones, "0"))]
            case "cs":
                return [line("CS", self._all(dict.fromkeys(self.outputs, "1"), "0"))]
            case "lw":
                zones = {5: "078"}  # 18 over the 60 that are added
                return [line("LW", "000" * 16 + "".join(zones.get(n, "000") for n in range(1, 17)))]
            case "ss":
                return [line("SS", "0" * 34)]
            case "ua":
                return [line("UA", f"{data}FF0000000041C")]
            case "sd":
                kind, number = int(data[:2]), int(data[2:5])
                next_ = next((one for one in sorted(NAMES.get(kind, {})) if one >= number), 0)
                return [line("SD", f"{kind:02}{next_:03}{NAMES[kind][next_] if next_ else '':<16}")]
            case "cn" | "cf":
                return self._switch(int(data[:3]), on=letters == "cn")
            case _ if letters[0] == "a":
                return self._arm(letters[1], int(data[0]), data[1:7])
        return []

    def _switch(self, number: int, *, on: bool) -> list[bytes]:
        if self.way:
            return []
        self.outputs = self.outputs | {number} if on else self.outputs - {number}
        return [line("CC", f"{number:03}{int(on)}")]

    def _arm(self, level: str, area: int, code: str) -> list[bytes]:
        self.orders.append(level)
        if self.way == "refuses" or code != f"{CODE:0>6}":
            return [line("IC", f"{code:0>12}00001")]
        if self.way != "lies":
            leaving = self.leaving and level != "0"
            self.armed[area - 1] = level
            self.ready[area - 1] = "3" if leaving else "1" if level == "0" else "4"
        return [self.arming()]

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writers.add(writer)
        try:
            while raw := (await reader.readline()).decode():
                text = raw.strip()
                assert int(text[:2], 16) == len(text) - 2
                assert (int(text[-2:], 16) + sum(ord(one) for one in text[:-2])) % 256 == 0
                for told in self._answers(text[2:4], text[4:-4]):
                    writer.write(told)
        except (OSError, asyncio.CancelledError):  # asyncio logs a visitor that ends otherwise
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


def sighting() -> Sighting:
    """What the search finds."""
    return Sighting("probe", HOST, 2362, "elk", "Elk M1", {"mac": MAC, "port": "2101"})


def answer(port: int) -> bytes:
    """What a network module answers to the search."""
    return b"M1XEP" + struct.pack("!6s4sH", bytes.fromhex(MAC), b"\x7f\0\0\1", port) + b"Elk-M1XEP"


@asynccontextmanager
async def served(panel: Panel) -> AsyncIterator[int]:
    """The panel on a free port."""
    server = await asyncio.start_server(panel.visit, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(panel.writers):
            with contextlib.suppress(OSError):
                writer.transport.abort()


@asynccontextmanager
async def _rig(panel: Panel) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        assert trait == "armed"
        return next(name for name, level in ARMED.items() if level == panel.armed[0])

    async def hand(trait: str, value: Value) -> None:
        panel.set_area(1, ARMED[str(value)])

    def trouble(way: str) -> None:
        panel.way = way

    settings: list[tuple[str, Value]] = [("armed", "home"), ("armed", "night"), ("armed", "disarmed"),
                                         ("armed", "away")]
    async with served(panel) as port, piped((HOST, port)) as pipe:
        yield rigged(sighting(), pipe, "/area-1", settings, ("armed", "tomorrow"), truth, secret={"alarm_code": CODE},
                     hand=hand, trouble=trouble, again=lambda: piped((HOST, port)), nameless=True)


def area() -> Any:
    """An area of a panel."""
    return _rig(Panel())
