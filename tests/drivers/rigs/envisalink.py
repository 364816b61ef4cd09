"""An EnvisaLink module on a DSC panel in the words of its TPI: a login, a partition, 64 zones, three of them used."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

PASSWORD, CODE = "user", "4711"
MODES = {"away": "0", "home": "1", "night": "3"}
ARMS = {"030": "0", "031": "1", "032": "3"}


def line(code: str, data: str = "") -> bytes:
    """A line with its checksum."""
    total = 0
    for one in code + data:
        total += ord(one)
    return f"{code}{data}{total & 0xFF:02X}\r\n".encode()


class Module:
    """A module. way: "lies" or "refuses" breaks its obedience; asks: the panel wants the code to arm, too; leaving: its
    exit delay is on."""

    def __init__(self) -> None:
        self.way, self.asks, self.leaving = "", False, False
        self.armed = ""  # "" or the mode
        self.delayed = False
        self.open: set[int] = set()
        self.used = {1, 2, 5}
        self.writers: set[asyncio.StreamWriter] = set()
        self.pending = ""
        self.codes: list[str] = []

    def push(self, code: str, data: str = "") -> None:
        """To everybody."""
        for writer in self.writers:
            writer.write(line(code, data))

    def zone(self, number: int, *, is_open: bool) -> None:
        """A door opens or closes."""
        self.open = self.open | {number} if is_open else self.open - {number}
        self.push("609" if is_open else "610", f"{number:03}")

    def state(self) -> tuple[str, str]:
        """The line that tells of the partition."""
        if self.armed:
            return "652", f"1{self.armed}"
        return ("656", "1") if self.delayed else ("650", "1")

    def _answer(self, code: str, data: str) -> list[bytes]:
        ack = line("500", code)
        match code:
            case "000" | "010" | "071":
                return [ack]
            case "001":
                zones = [line("609" if number in self.open else "610", f"{number:03}") for number in range(1, 65)]
                return [ack, *zones, line(*self.state())]
            case "008":
                return [ack, line("615", "".join("FFFF" if n in self.used else "0000" for n in range(1, 65)))]
            case "030" | "031" | "032":
                self.pending = code
                if self.asks:
                    return [ack, line("900", "14")]
                return [ack, *self._arm(CODE)]
            case "200":
                return [ack, *self._arm(data)]
            case "040":
                self.pending = ""
                return [ack, *self._disarm(data[1:])]
        return [line("502", "021")]

    def _arm(self, code: str) -> list[bytes]:
        self.codes.append(code)
        if code != CODE or self.way == "refuses":
            return [line("670", "1") if code != CODE else line("672", "1")]
        if self.way:
            return []
        if self.leaving:
            self.delayed = True
            return [line("656", "1")]
        self.armed = ARMS[self.pending]
        return [line("652", f"1{self.armed}")]

    def _disarm(self, code: str) -> list[bytes]:
        self.codes.append(code)
        if code != CODE or self.way == "refuses":
            return [line("670", "1")]
        if self.way:
            return []
        self.armed = ""
        return [line("655", "1"), line("750", "10040"), line("650", "1")]

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: the password first."""
        writer.write(line("505", "3"))
        try:
            asked = (await reader.readline()).decode().strip()
            if asked[:3] != "005" or line("005", asked[3:-2]).decode().strip() != asked:
                writer.write(line("501"))
                return
            allowed = asked[3:-2] == PASSWORD
            writer.write(line("500", "005") + line("505", "1" if allowed else "0"))
            if not allowed:
                return
            self.writers.add(writer)
            while raw := (await reader.readline()).decode().strip():
                assert line(raw[:3], raw[3:-2]).decode().strip() == raw
                for told in self._answer(raw[:3], raw[3:-2]):
                    writer.write(told)
        except (OSError, asyncio.CancelledError):  # asyncio logs a visitor that ends otherwise
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


def sighting() -> Sighting:
    """What mDNS finds."""
    return Sighting("mdns", HOST, 0, "envisalink.local.", "envisalink", {})


@asynccontextmanager
async def served(module: Module) -> AsyncIterator[int]:
    """The module on a free port."""
    server = await asyncio.start_server(module.visit, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(module.writers):
            with contextlib.suppress(OSError):
                writer.transport.abort()


@asynccontextmanager
async def _rig(module: Module) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        assert trait == "armed"
        return next((name for name, mode in MODES.items() if mode == module.armed), "disarmed")

    async def hand(trait: str, value: Value) -> None:
        module.armed = MODES[str(value)]
        module.push(*module.state())

    def trouble(way: str) -> None:
        module.way = way

    settings: list[tuple[str, Value]] = [("armed", "home"), ("armed", "night"), ("armed", "disarmed"),
                                         ("armed", "away")]
    secret = {"password": PASSWORD, "alarm_code": CODE}
    async with served(module) as port, piped((HOST, port)) as pipe:
        yield rigged(sighting(), pipe, "/partition-1", settings, ("armed", "tomorrow"), truth, secret=secret,
                     hand=hand, trouble=trouble, again=lambda: piped((HOST, port)), nameless=True)


def partition() -> Any:
    """A partition of a panel."""
    return _rig(Module())
