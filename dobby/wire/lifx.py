"""The LIFX LAN protocol: datagrams of 36 bytes of header and a payload, and a thin line that repeats what gets lost.

Source: https://lan.developer.lifx.com/docs (header, packet contents, message types). All numbers are little-endian;
hue, saturation, brightness and power are 0..65535. A device answers a Get with its State and an order with an
Acknowledgement, each with the sequence number of the question.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from dobby.errors import DeviceError, Garbage, Refused, Unreachable

PORT = 56700
HEADER = struct.Struct("<HHI8s6sBBQHH")
PROTOCOL, ADDRESSABLE, TAGGED = 1024, 1 << 12, 1 << 13
WANTS_ANSWER, WANTS_ACK = 1, 2
FULL = 0xFFFF
GET_SERVICE, STATE_SERVICE = 2, 3
GET_VERSION, STATE_VERSION = 32, 33
ACKNOWLEDGEMENT = 45
GET_GROUP, STATE_GROUP = 51, 53
GET, SET_COLOR, STATE, SET_POWER = 101, 102, 107, 117
UNHANDLED = 223
NOBODY = "000000000000"
REPEAT = (0.2, 0.4, 0.8)  # seconds after which a question is asked again; the last is used from then on

# Kelvin that products without colors can show, from the public products.json; others: color, or told by hand below
WHITES: Mapping[tuple[int, int], tuple[int, ...]] = {
    (2700, 6500): (10, 11, 18, 19),
    (2500, 9000): (39, 50, 60),
    (2200, 6500): (67, 81, 96),
    (1500, 9000): (113, 114, 125, 126, 131, 132),
    (0, 0): (12, 13, 51, 54, 61, 66, 82, 85, 86, 87, 88, 100, 101, 102, 127, 128, 133, 134),  # one white only
}
COLORS: Mapping[tuple[int, int], tuple[int, ...]] = {
    (2500, 9000): (1, 2, 3, 14, *range(20, 34), 36, 37, 38, 40, 43, 44, 45, 46, 55, 56),
    (2700, 6500): (15, 191, 192, 207, 208, 211, 300),
}
NEWER = (1500, 9000)
SWITCHES = (70, 71, 84, 89, 115, 116, 226)


@dataclass(frozen=True, slots=True)
class Message:
    """One datagram; target is the device's serial number, twelve hex digits."""

    kind: int
    payload: bytes = b""
    target: str = NOBODY
    source: int = 0
    sequence: int = 0
    flags: int = 0

    def pack(self) -> bytes:
        """As it goes over the wire; to nobody means to everybody."""
        frame = PROTOCOL | ADDRESSABLE | (TAGGED if self.target == NOBODY else 0)
        return HEADER.pack(HEADER.size + len(self.payload), frame, self.source, bytes.fromhex(self.target) + b"\0\0",
                           b"\0" * 6, self.flags, self.sequence, 0, self.kind, 0) + self.payload


def unpack(data: bytes) -> Message:
    """A datagram as a message; Garbage when it is none."""
    if len(data) >= HEADER.size:
        size, frame, source, target, _, flags, sequence, _, kind, _ = HEADER.unpack_from(data)
        if size == len(data) and frame & 0xFFF == PROTOCOL:
            return Message(kind, data[HEADER.size:], target[:6].hex(), source, sequence, flags)
    raise Garbage("Its answer made no sense.")


@dataclass(frozen=True, slots=True)
class Light:
    """What a lamp shows: hue, saturation, brightness and power 0..65535, white in kelvin, its owner's label."""

    hue: int
    saturation: int
    brightness: int
    kelvin: int
    power: int = 0
    label: str = ""

    def colored(self) -> bytes:
        """The payload of a SetColor without a transition."""
        return struct.pack("<BHHHHI", 0, self.hue, self.saturation, self.brightness, self.kelvin, 0)


def power(on: bool) -> bytes:
    """The payload of a SetPower without a transition."""
    return struct.pack("<HI", FULL if on else 0, 0)


def light(payload: bytes) -> Light:
    """A State's payload."""
    if len(payload) < 52:
        raise Garbage("Its answer made no sense.")
    hue, saturation, brightness, kelvin, _, level, label = struct.unpack_from("<HHHHhH32s", payload)
    return Light(hue, saturation, brightness, kelvin, level, _text(label))


def group(payload: bytes) -> str:
    """The label in a StateGroup's payload."""
    return _text(payload[16:48])


def product(payload: bytes) -> int:
    """The product number in a StateVersion's payload."""
    if len(payload) < 8:
        raise Garbage("Its answer made no sense.")
    return int(struct.unpack_from("<II", payload)[1])


def able(number: int) -> tuple[bool, tuple[int, int]]:
    """(whether it shows colors, the kelvin it can show; 0 to 0 for a single white) of a product."""
    for colored, table in ((False, WHITES), (True, COLORS)):
        for span, numbers in table.items():
            if number in numbers:
                return colored, span
    return True, NEWER


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace").strip()


def search() -> bytes:
    """The datagram to which every lamp answers with its StateService."""
    return Message(GET_SERVICE, source=1, flags=WANTS_ANSWER).pack()


def found(data: bytes) -> str:
    """The serial number in an answer to a search; "" for anything else."""
    try:
        message = unpack(data)
    except Garbage:
        return ""
    return message.target if message.kind == STATE_SERVICE and message.target != NOBODY else ""


class LifxLine(asyncio.DatagramProtocol):
    """Questions and orders to one lamp."""

    def __init__(self, serial: str, timeout: float) -> None:
        self._serial, self._timeout = serial, timeout
        self._source = secrets.randbelow(2**31) + 2
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        """An answer, to the question with its number."""
        try:
            message = unpack(data)
        except Garbage as error:
            self._fail(error)
            return
        waiting = self._waiting.get(message.sequence)
        if message.source == self._source and waiting is not None and not waiting.done():
            waiting.set_result(message)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        self._fail(Unreachable("It does not answer."))

    def _fail(self, error: DeviceError) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)

    async def identify(self) -> None:
        """Make sure that it is the lamp that it should be, and knows this protocol."""
        answer = await self._exchange(Message(GET_SERVICE, flags=WANTS_ANSWER))
        if answer.target != self._serial:
            raise Refused("Another lamp answers at this address.")

    async def ask(self, kind: int, wanted: int) -> bytes:
        """The payload of the State that answers a Get."""
        answer = await self._exchange(Message(kind, target=self._serial, flags=WANTS_ANSWER))
        return self._checked(answer, wanted).payload

    async def order(self, kind: int, payload: bytes) -> None:
        """A Set, until it is acknowledged."""
        answer = await self._exchange(Message(kind, payload, self._serial, flags=WANTS_ACK))
        self._checked(answer, ACKNOWLEDGEMENT)

    def _checked(self, answer: Message, wanted: int) -> Message:
        if answer.target != self._serial:
            raise Refused("Another lamp answers at this address.")
        if answer.kind == UNHANDLED:
            raise Refused("It cannot do that.")
        if answer.kind != wanted:
            raise Garbage("Its answer made no sense.")
        return answer

    async def _exchange(self, message: Message) -> Message:
        while (sequence := self._sequence) in self._waiting:
            self._sequence = (self._sequence + 1) % 256
        self._sequence = (self._sequence + 1) % 256
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = waiting
        data = replace(message, source=self._source, sequence=sequence).pack()
        try:
            async with asyncio.timeout(self._timeout):
                for attempt in range(1000):
                    if self._transport is None or self._transport.is_closing():
                        raise Unreachable("The line was closed.")
                    self._transport.sendto(data)
                    if (await asyncio.wait([waiting], timeout=REPEAT[min(attempt, len(REPEAT) - 1)]))[0]:
                        break
                return await waiting
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        finally:
            waiting.cancel()
            del self._waiting[sequence]


@asynccontextmanager
async def open_line(host: str, port: int, serial: str, timeout: float) -> AsyncIterator[LifxLine]:
    """A line to one lamp while open; nothing is sent yet."""
    loop = asyncio.get_running_loop()
    try:
        transport, line = await loop.create_datagram_endpoint(lambda: LifxLine(serial, timeout),
                                                              remote_addr=(host, port))
    except OSError:
        raise Unreachable("It does not answer.") from None
    try:
        yield line
    finally:
        transport.close()
