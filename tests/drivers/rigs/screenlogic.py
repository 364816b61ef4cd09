"""A ScreenLogic protocol adapter with an EasyTouch pool and spa behind it, in the words of its binary protocol (as
node-screenlogic, MIT, and screenlogicpy tell it). screenlogicpy, which is not ours, is the driver's client and so its
judge: it logs in, decodes the configuration and the status, sets, and is told by push."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dobby.drivers.screenlogic import answered
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

MAC = "00-C0-33-01-02-0A"
REFUSED = 31  # a bad parameter
HELLO = b"CONNECTSERVERHOST\r\n\r\n"
LAMP, AUX, CLEANER, SECRET = 502, 503, 504, 507
# id: (name, function, interface)
CIRCUITS = {500: ("Spa", 1, 1), 505: ("Pool", 2, 0), LAMP: ("Pool Light", 16, 4), AUX: ("Aux 2", 0, 2),
            CLEANER: ("Cleaner", 5, 0), SECRET: ("AuxEx", 0, 5)}


def text(words: str) -> bytes:
    """A string with its length, filled up to four bytes."""
    data = words.encode()
    return struct.pack("<I", len(data)) + data + bytes(-len(data) % 4)


@dataclass(slots=True)
class Body:
    """A body of water, in the pool's own unit."""

    target: int
    water: int
    mode: int = 0
    heats: int = 0


class Adapter:
    """One adapter. way: "lies" or "refuses" breaks its obedience; celsius: the unit it counts in."""

    def __init__(self, *, celsius: bool = False) -> None:
        self.way, self.celsius = "", celsius
        self.bodies = [Body(28, 26), Body(38, 37)] if celsius else [Body(82, 79), Body(100, 98)]
        self.on = dict.fromkeys(CIRCUITS, 0)
        self.shows: list[int] = []
        self.listening: set[asyncio.StreamWriter] = set()
        self.all: set[asyncio.Task[None]] = set()

    def config(self) -> bytes:
        """What there is."""
        ends = (4, 40) if self.celsius else (40, 104)
        head = struct.pack("<I4B4BI", 100, *ends, *ends, int(self.celsius), 13, 0, 0, 0x19)  # solar, lamps, one pump
        rows = b"".join(struct.pack("<i", id_) + text(name)
                        + struct.pack("<8BH2B", 0, kind, face, 0, 0, 0, 0, id_ % 256, 720, 0, 0)
                        for id_, (name, kind, face) in CIRCUITS.items())
        colour = struct.pack("<I", 1) + text("White") + struct.pack("<3I", 255, 255, 255)
        return (head + text("Water Features") + struct.pack("<I", len(CIRCUITS)) + rows + colour + bytes((6, *bytes(7)))
                + struct.pack("<2I", 127, 0))

    def status(self) -> bytes:
        """How it is."""
        air = 22 if self.celsius else 72
        told = struct.pack("<I8BiI", 1, 0, 32, 0, 0, 0, 0, 0, 0, air, len(self.bodies))
        for number, body in enumerate(self.bodies):
            told += struct.pack("<I5i", number, body.water, body.heats, body.target, body.target + 5, body.mode)
        told += struct.pack("<I", len(CIRCUITS))
        for id_, on in self.on.items():
            told += struct.pack("<2I4B", id_, on, 0, 0, 0, 0)
        return told + struct.pack("<7i", 742, 650, -12, 60, 3, 4, 0)  # pH, ORP, saturation, salt / 50, tanks, alert

    def pump(self) -> bytes:
        """Its one pump, which runs for the pool or the spa."""
        runs = any(self.on[id_] for id_ in (500, 505))
        return struct.pack("<7I", 2, int(runs), 420 * runs, 2400 * runs, 0, 255, 255) + struct.pack("<24I", *(0,) * 24)

    def answer(self, code: int, data: bytes) -> bytes | None:
        """What it answers to a request; None to refuse."""
        known = {14: text(MAC), 27: bytes(16), 8120: text("POOL: 5.2 Build 736.0 Rel"), 12532: self.config(),
                 12526: self.status(), 12584: self.pump(), 12522: b"", 12524: b"", 16: b""}
        if code in known:
            return known[code]
        orders: dict[int, Callable[..., None]] = {12530: self._press, 12528: self._target, 12538: self._mode,
                                                  12556: self._show}
        if code not in orders or self.way == "refuses":
            return None
        if not self.way:
            orders[code](*struct.unpack(f"<{len(data) // 4}I", data)[1:])
        return b""

    def _press(self, circuit: int, on: int) -> None:
        self.on[circuit] = on

    def _target(self, body: int, degrees: int) -> None:
        self.bodies[body].target = degrees
        self._heat()

    def _mode(self, body: int, mode: int) -> None:
        self.bodies[body].mode = mode
        self._heat()

    def _show(self, show: int) -> None:
        self.shows.append(show)

    def _heat(self) -> None:
        for body in self.bodies:
            body.heats = 2 if body.mode and body.target > body.water else 0

    def tell(self) -> None:
        """To those who asked to be told."""
        for writer in self.listening:
            writer.write(frame(32767, 12500, self.status()))

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        task = asyncio.current_task()
        assert task is not None
        self.all.add(task)
        try:
            assert await reader.readexactly(len(HELLO)) == HELLO
            while True:
                number, code, size = struct.unpack("<HHI", await reader.readexactly(8))
                told = self.answer(code, await reader.readexactly(size))
                if code == 12522:
                    self.listening.add(writer)
                writer.write(frame(number, REFUSED, b"") if told is None else frame(number, code + 1, told))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.listening.discard(writer)
            self.all.discard(task)
            writer.close()

    def told(self) -> bytes:
        """What it answers to the search."""
        return struct.pack("<I4BHBB", 2, 127, 0, 0, 1, 80, 2, 12) + b"Pentair: 01-02-0A\0\0\0"

    def sighting(self) -> Sighting:
        """The same as Dobby hears it."""
        name, facts = answered(self.told())
        return Sighting("probe", HOST, 1444, "screenlogic", name, facts)

    def held(self, tail: str, trait: str) -> Value:
        """What is true of a device of it, in core units."""
        what, _, number = tail.partition("-")
        if what == "circuit":
            return bool(self.on[int(number)])
        body = self.bodies[int(number)]
        match trait:
            case "on":
                return bool(self.on[(505, 500)[int(number)]])
            case "mode":
                return {0: "off", 1: "solar", 2: "solar preferred", 3: "heat"}[body.mode]
        return body.target if self.celsius else (body.target - 32) / 1.8


def frame(number: int, code: int, data: bytes) -> bytes:
    """A message."""
    return struct.pack("<HHI", number, code, len(data)) + data


@asynccontextmanager
async def served(adapter: Adapter) -> AsyncIterator[int]:
    """The adapter on a free port."""
    server = await asyncio.start_server(adapter.visit, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(adapter.all):
            task.cancel()
        await asyncio.gather(*adapter.all, return_exceptions=True)


@asynccontextmanager
async def _rig(adapter: Adapter, tail: str, settings: list[tuple[str, Value]], wrong: tuple[str, Value]
               ) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        return adapter.held(tail, trait)

    async def hand(trait: str, value: Value) -> None:
        adapter.on[int(tail.partition("-")[2]) if tail.startswith("circuit") else 500] = int(bool(value))
        adapter.tell()

    def trouble(way: str) -> None:
        adapter.way = way

    async with served(adapter) as port, piped((HOST, port)) as pipe:
        at = adapter.sighting()
        yield rigged(at, pipe, f"/{tail}", settings, wrong, truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)))


def spa() -> Any:
    """A spa that counts in Fahrenheit."""
    settings: list[tuple[str, Value]] = [("on", True), ("target", 38.0), ("mode", "heat"), ("mode", "solar preferred"),
                                         ("mode", "off"), ("on", False)]
    return _rig(Adapter(), "body-1", settings, ("target", 55))


def lamp() -> Any:
    """A lamp of a pool that counts in Celsius."""
    return _rig(Adapter(celsius=True), f"circuit-{LAMP}", [("on", True), ("on", False)], ("effect", "strobe"))
