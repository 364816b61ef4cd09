"""TPI of an EnvisaLink module on a DSC panel: lines of a code of three digits, data, a checksum of two, on TCP 4025.

The sum of all characters before it, modulo 256, is the checksum. After the login (505, 005) the module acknowledges
each command (500) and tells what changes; zones have numbers and nothing else. Source: EnvisaLink TPI programmer's
document 1.08 (EyezOn); pyenvisalink (MIT) as judge.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.traits import Value
from dobby.tasks import ended

POLL, STATUS, TIMERS, LOGIN, CODE = "000", "001", "008", "005", "200"
ACK, BAD_CHECKSUM, ERROR, PROMPT, TIMERS_TOLD, WANTS_CODE = "500", "501", "502", "505", "615", "900"
ARM = {"away": "030", "home": "031", "night": "032", "disarmed": "040"}
MODES = {"0": "away", "1": "home", "2": "away", "3": "night"}
DONE = ("652", "655", "656")  # armed, disarmed, its exit delay runs
WRONG_CODE, NOT_NOW = "670", ("659", "671", "672")
PASSWORD = "It does not take that password; it is the one of its own page (unless changed: user)."  # noqa: S105
Heard = Callable[[str, str], None]


def encode(code: str, data: str = "") -> bytes:
    """A line as it is sent."""
    return f"{code}{data}{sum(f'{code}{data}'.encode()) % 256:02X}\r\n".encode()


def decode(line: bytes) -> tuple[str, str] | None:
    """(code, data) of a line, which may begin with a time; None for what is none."""
    text = line.decode("latin-1").strip("\r\n")
    if len(text) > 9 and text[2] == text[5] == ":" and text[8] == " ":
        text = text[9:]
    body, sum_ = text[:-2], text[-2:]
    if len(body) < 3 or not body[:3].isdigit() or f"{sum(map(ord, body)) % 256:02X}" != sum_.upper():
        return None
    return body[:3], body[3:]


def used(timers: str) -> list[int]:
    """Zones that were open since the module started, out of a dump of timers: four hex digits each, 0 for never."""
    return [number for number, at in enumerate(range(0, len(timers) - 3, 4), 1) if timers[at:at + 4] != "0000"]


def partition(code: str, data: str, before: Value) -> dict[str, Value]:
    """What a line says of its partition. before: what was shown last; "not ready" alone does not mean disarmed."""
    still: dict[str, Value] = {"triggered": False, "arming": False}
    match code:
        case "650" | "653" | "655":
            return still | {"armed": "disarmed"}
        case "651" if before in (None, "disarmed"):
            return still | {"armed": "disarmed"}
        case "652" if data[1:2] in MODES:
            return {"arming": False, "armed": MODES[data[1]]}
        case "654":
            return {"triggered": True, "arming": False}
        case "656":
            return {"arming": True, "triggered": False}
        case _:
            return {}


class TpiLine:
    """Commands to one module, one after the other, and what it tells by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout: float,
                 heard: Heard) -> None:
        self._reader, self._writer, self._timeout, self._heard = reader, writer, timeout, heard
        self._waiting: list[tuple[Callable[[str, str], bool], asyncio.Future[tuple[str, str]]]] = []
        self._one = asyncio.Lock()
        self._ended: DeviceError | None = None
        self.code = ""  # told when the panel asks for it

    async def login(self, password: str) -> None:
        """Answer the prompt; PairingError for a wrong password."""
        await self._wait(lambda code, data: code == PROMPT and data == "3", None)
        _, verdict = await self._wait(lambda code, data: code == PROMPT and data in "012", encode(LOGIN, password))
        if verdict != "1":
            raise PairingError(PASSWORD, "login")

    async def command(self, code: str, data: str = "") -> None:
        """Send one and wait until the module took it."""
        async with self._one:
            told, _ = await self._wait(lambda back, what: (back, what) == (ACK, code) or back in (BAD_CHECKSUM, ERROR),
                                       encode(code, data))
        if told != ACK:
            raise Refused("It refused.")

    async def order(self, code: str, data: str, *verdicts: str, patience: float) -> str:
        """A command, and which of these codes came of it; "" when none came in time."""
        waiting: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        entry = (lambda told, _: told in verdicts, waiting)
        self._waiting.append(entry)
        try:
            await self.command(code, data)
            async with asyncio.timeout(patience):
                return (await waiting)[0]
        except TimeoutError:
            return ""
        finally:
            self._waiting.remove(entry)

    async def read(self, code: str, answer: str) -> str:
        """The data of what a command makes the module tell."""
        async with self._one:
            return (await self._wait(lambda back, _: back == answer, encode(code)))[1]

    async def _wait(self, fits: Callable[[str, str], bool], send: bytes | None) -> tuple[str, str]:
        if self._ended is not None:
            raise self._ended
        waiting: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        entry = (fits, waiting)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(self._timeout):
                if send is not None:
                    self._writer.write(send)
                return await waiting
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        except OSError:
            raise Unreachable("It hung up.") from None
        finally:
            self._waiting.remove(entry)

    async def listen(self) -> DeviceError:
        """Take in lines until the end; why it ended."""
        why: DeviceError = Unreachable("It hung up.")
        try:
            while line := await self._reader.readline():
                told = decode(line)
                if told is None:
                    continue
                if told[0] == WANTS_CODE and self.code:
                    self._writer.write(encode(CODE, self.code))
                for fits, waiting in self._waiting:
                    if not waiting.done() and fits(*told):
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
async def open_line(host: str, port: int, password: str, timeout: float, heard: Heard,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[TpiLine]:
    """A line, logged in, while open; `lost` is told when the module ends it. It takes one visitor at a time."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        raise Unreachable("It does not answer.") from None
    line = TpiLine(reader, writer, timeout, heard)
    listening = asyncio.create_task(line.listen())
    listening.add_done_callback(lambda done: None if done.cancelled() else lost(done.result()))
    try:
        await line.login(password)
        yield line
    finally:
        await ended(listening)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
