"""The Elk M1's own language: lines of ASCII with a length and a checksum, over the network module's TCP port 2101.

A line is LLCC<data>00SS: LL the length after itself in hex, CC two letters, SS makes the sum of all characters 0 modulo
256. Small letters ask, capitals tell. Source: the ELK-M1 RS-232 ASCII protocol, Rev 1.84; elkm1-lib (MIT) as judge.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.home.device import Command
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import (
    CARBON_MONOXIDE,
    GAS,
    LEAK,
    MOTION,
    OPENED,
    PROBLEM,
    SMOKE,
    TAMPERED,
    TEMPERATURE,
)
from dobby.tasks import ended

SEARCH, SEARCH_PORT = b"XEPID", 2362
AREAS, ZONES = 8, 208
PLAIN, ENCRYPTED = 2101, 2601  # ports of the network module
ZONE, AREA, OUTPUT = 0, 1, 4  # kinds of names
TEMPERATURES = 16  # zones that can be thermometers
# What a zone notices, by its definition; what is not here is no sensor (keys, phones) or says nothing to a home.
NOTICES: dict[int, Trait] = {
    1: OPENED, 2: OPENED, 3: OPENED, 4: MOTION, 5: MOTION, 6: MOTION, 7: MOTION, 8: OPENED, 9: TAMPERED, 10: SMOKE,
    11: SMOKE, 12: PROBLEM, 13: PROBLEM, 14: PROBLEM, 16: OPENED, 17: CARBON_MONOXIDE, 18: PROBLEM, 19: PROBLEM,
    20: GAS, 21: SMOKE, 22: PROBLEM, 23: PROBLEM, 25: LEAK, 32: PROBLEM, 33: TEMPERATURE}
ARMED = {"0": "disarmed", "1": "away", "2": "home", "3": "home", "4": "night", "5": "night", "6": "away"}
LEVELS = {"disarmed": "0", "away": "1", "home": "2", "night": "4"}
LEAVING = "3"  # armed, and the exit delay runs
SILENT = "012AU"  # no alarm, its delays, and troubles of a zone
NO_CODE = "It wants the code of the alarm: put it into secrets.toml as alarm_code."
WRONG_CODE = "It does not take the alarm's code."
Heard = Callable[[str, str], None]


class Slow(Unreachable):
    """The line is there, the answer is not."""


# --- pure -------------------------------------------------------------------------------------------------------------


def encode(command: str, data: str = "") -> bytes:
    """A line as it is sent."""
    body = f"{len(command) + len(data) + 4:02X}{command}{data}00"
    return f"{body}{-sum(body.encode()) % 256:02X}\r\n".encode()


def decode(line: bytes) -> tuple[str, str] | None:
    """(letters, data) of a line; None for what is none, or arrived in pieces."""
    try:
        text = line.decode("latin-1").strip("\r\n")
        if int(text[:2], 16) != len(text) - 2 or (int(text[-2:], 16) + sum(map(ord, text[:-2]))) % 256:
            return None
    except ValueError:
        return None
    return text[2:4], text[4:-4]


def found(data: bytes) -> dict[str, str]:
    """The MAC and port that a network module answers to a search; {} for anything else."""
    if not data.startswith(b"M1XEP") or len(data) < 17:
        return {}
    mac, _, port = struct.unpack("!6s4sH", data[5:17])
    return {"mac": mac.hex(), "port": str(port)}


@dataclass(frozen=True, slots=True)
class Status:
    """What the panel tells of an area."""

    armed: str
    ready: str
    alarm: str

    def values(self) -> dict[str, Value]:
        """As traits; while the exit delay runs it is arming, not armed."""
        triggered: dict[str, Value] = {"triggered": self.alarm not in SILENT, "arming": self.ready == LEAVING}
        return triggered if self.ready == LEAVING else triggered | {"armed": ARMED[self.armed]}


def areas(data: str) -> list[Status]:
    """All eight areas of an AS; Garbage for nonsense."""
    if len(data) < 3 * AREAS or any(one not in ARMED for one in data[:AREAS]):
        raise Garbage("Its answer made no sense.")
    return [Status(*row) for row in zip(data[:8], data[8:16], data[16:24], strict=True)]


def noticed(trait: Trait, status: str) -> dict[str, Value]:
    """What a zone's status digit says: one in trouble (cut, shorted) is out of reach, a bypassed one silent."""
    try:
        logical = int(status, 16) >> 2
    except ValueError:
        raise Garbage("Its answer made no sense.") from None
    if logical == 1:
        return {"reachable": False}
    known: dict[str, Value] = {"reachable": True}
    return known if logical == 3 or trait is TEMPERATURE else known | {trait.name: logical == 2}


def temperatures(data: str, *, fahrenheit: bool) -> dict[int, float]:
    """Degrees Celsius by zone out of an LW, which tells 60 more than there are; 000 is none."""
    told: dict[int, float] = {}
    for zone in range(1, TEMPERATURES + 1):
        raw = data[45 + 3 * zone:48 + 3 * zone]
        if not raw.isdigit():
            raise Garbage("Its answer made no sense.")
        if raw != "000":
            degrees = int(raw) - 60
            told[zone] = round((degrees - 32) / 1.8, 1) if fahrenheit else float(degrees)
    return told


def name(data: str) -> tuple[int, str]:
    """(number, name) of an SD; 0 behind the last one. The first letter's high bit is the panel's own mark."""
    if not data[2:5].isdigit():
        raise Garbage("Its answer made no sense.")
    text = data[5:21]
    return int(data[2:5]), (chr(ord(text[0]) & 0x7F) + text[1:]).strip() if text else ""


def order(area: int, command: Command, code: str) -> bytes:
    """The line that arms or disarms an area; Refused without a code that can be one."""
    if not code.isdigit() or not 4 <= len(code) <= 6:
        raise Refused(NO_CODE, "alarm_code_missing")
    return encode(f"a{LEVELS[str(command.value)]}", f"{area}{code:0>6}")


# --- the line ---------------------------------------------------------------------------------------------------------


class ElkLine:
    """Questions to one panel, one after the other, and what it tells by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout: float,
                 heard: Heard) -> None:
        self._reader, self._writer, self._timeout, self._heard = reader, writer, timeout, heard
        self._waiting: list[tuple[tuple[str, ...], asyncio.Future[tuple[str, str]]]] = []
        self._one = asyncio.Lock()
        self._ended: DeviceError | None = None

    async def tell(self, line: bytes) -> None:
        """Send what is not answered."""
        if self._ended is not None:
            raise self._ended
        try:
            self._writer.write(line)
            async with asyncio.timeout(self._timeout):
                await self._writer.drain()
        except (OSError, TimeoutError):
            raise Unreachable("It hung up.") from None

    async def ask(self, line: bytes, *answers: str, patience: float = 0.0) -> tuple[str, str]:
        """The first line with one of these letters after the question."""
        async with self._one:
            waiting: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
            entry = (answers, waiting)
            self._waiting.append(entry)
            try:
                await self.tell(line)
                async with asyncio.timeout(patience or self._timeout):
                    return await waiting
            except TimeoutError:
                raise Slow("It did not answer in time.") from None
            finally:
                self._waiting.remove(entry)

    async def read(self, question: str, answer: str, data: str = "") -> str:
        """The data of the answer to a question."""
        return (await self.ask(encode(question, data), answer))[1]

    async def names(self, kind: int, wanted: int) -> dict[int, str]:
        """Names of a kind by number: the panel answers each question with the next one that has a name."""
        known: dict[int, str] = {}
        number = 1
        while number <= wanted:
            number, text = name(await self.read("sd", "SD", f"{kind:02}{number:03}"))
            if number == 0 or number in known:
                break
            known[number] = text
            number += 1
        return known

    async def listen(self) -> DeviceError:
        """Take in lines until the end; why it ended."""
        why: DeviceError = Unreachable("It hung up.")
        try:
            while line := await self._reader.readline():
                told = decode(line)
                if told is None:  # half a line after connecting, or a login prompt
                    continue
                for answers, waiting in self._waiting:
                    if told[0] in answers and not waiting.done():
                        waiting.set_result(told)
                self._heard(*told)
        except ValueError:  # no end of line in 64 KiB
            why = Garbage("Its answer made no sense.")
        except OSError:
            pass
        self._ended = why
        for _, waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(why)
        return why


@asynccontextmanager
async def open_line(host: str, port: int, timeout: float, heard: Heard,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[ElkLine]:
    """A line while open; `lost` is told when the panel ends it."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        raise Unreachable("It does not answer.") from None
    line = ElkLine(reader, writer, timeout, heard)
    listening = asyncio.create_task(line.listen())
    listening.add_done_callback(lambda done: None if done.cancelled() else lost(done.result()))
    try:
        yield line
    finally:
        await ended(listening)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
