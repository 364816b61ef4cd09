"""Hayward OmniLogic and OmniHub controllers: XML in datagrams, UDP port 10444.

A message is a head of 24 bytes, big-endian (its number, seconds since 1970, "1.19", its kind, who speaks, 0, whether it
is packed, 0), then text that ends in a zero. Every message is acknowledged by its number; what is not is sent again: by
the controller after two seconds, five times, by us under a new number, as it takes each for a new one. An answer too
long for one message comes as a lead message, which says how many blocks follow, and the blocks, each with eight bytes
in front. What is packed is zlib's; telemetry always is. An acknowledgement says that an order was read, not that it is
obeyed.

No document of the maker is public. Sources: python-omnilogic-local 0.19 and 3.1 (Apache-2.0), which is the judge, and
the documentation of omnilogic-local-sdk 0.0.6 (MIT), tried on a controller with firmware R0502000: GetSysInfo and the
limit of messages are told there only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import struct
import time
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from dobby.errors import DeviceError, Garbage, Unreachable
from dobby.wire.web import read_xml

PORT = 10444
VERSION = b"1.19"
HEAD = struct.Struct("!LQ4sLBBBB")
XML = "http://nextgen.hayward.com/api"
ACK, ACKED, LEAD, BLOCK = 0, 1002, 1998, 1999  # ours, the controller's, and the two parts of a long answer
CONFIGURATION, TELEMETRY, SYSTEM = (1, 1003), (300, 1004), (411, 1411)  # kinds of questions and of their answers
NAMES = {1: "RequestConfiguration", 300: "RequestTelemetryData", 411: "GetSysInfo"}
BLOCK_HEAD = 8  # bytes of a block in front of what it carries; what they say is not known
BLOCKS = 128  # of one answer; a configuration takes about four
UNPACKED = 512 * 1024  # bytes; a configuration says about 36 kB
WAITING = 256  # messages that nobody has read yet
TRIES = 3  # a question or an order is sent so often while nobody acknowledges it
BURST, PACE = 6, 7.0  # exchanges that may follow at once, and then in a second; 25 in two silence it for a minute
NONSENSE = "Its answer made no sense."

Parameters = Sequence[tuple[Mapping[str, str], int]]  # the attributes of each, and its value


class Mute(Unreachable):
    """It acknowledged a question and answered nothing: what is asked, it does not know, or it is busy."""


# --- pure -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One datagram. speaker: 0 = a client that sends XML."""

    number: int
    kind: int
    payload: bytes = b""
    packed: bool = False
    speaker: int = 0

    def pack(self, now: int) -> bytes:
        """As it is sent. now: seconds since 1970."""
        return HEAD.pack(self.number, now, VERSION, self.kind, self.speaker, 0, self.packed, 0) + self.payload


def unpack(data: bytes) -> Message:
    """A datagram's message; Garbage for anything else."""
    if len(data) < HEAD.size:
        raise Garbage(NONSENSE)
    number, _, version, kind, speaker, _, packed, _ = HEAD.unpack_from(data)
    if not re.fullmatch(rb"[0-9.\0]{4}", version):
        raise Garbage(NONSENSE)
    return Message(number, kind, data[HEAD.size:], packed == 1, speaker)


def request(name: str, parameters: Parameters = ()) -> bytes:
    """The text of a question or an order."""
    rows = "".join(f"<Parameter {' '.join(f'{key}={quoteattr(said)}' for key, said in told.items())}>{value}"
                   "</Parameter>" for told, value in parameters)
    inside = f"<Name>{escape(name)}</Name>" + (f"<Parameters>{rows}</Parameters>" if rows else "")
    return f'<?xml version="1.0" encoding="UTF-8"?><Request xmlns="{XML}">{inside}</Request>\0'.encode()


def unfolded(payload: bytes, *, packed: bool) -> bytes:
    """What an answer says, without the zeros at its end; Garbage where it is broken, or unpacks to more than any is."""
    if not packed and payload[:1] != b"\x78":  # a lead message forgets to say so of telemetry
        if len(payload) > UNPACKED:
            raise Garbage(NONSENSE)
        return payload.rstrip(b"\0")
    opened = zlib.decompressobj()
    try:
        told = opened.decompress(payload, UNPACKED)
    except zlib.error:
        raise Garbage(NONSENSE) from None
    if not opened.eof:  # cut off, or longer than that
        raise Garbage(NONSENSE)
    return told.rstrip(b"\0")


@dataclass(slots=True)
class Parts:
    """An answer as it arrives. kinds: of the question and of its answer."""

    kinds: tuple[int, int]
    count: int = 0  # of the blocks; 0 until the lead message has come
    packed: bool = False
    blocks: dict[int, bytes] = field(default_factory=dict)

    def add(self, message: Message) -> bytes | None:
        """The whole answer, once this message completes it. What belongs to another answer is passed over."""
        if message.kind == self.kinds[1]:
            return unfolded(message.payload, packed=message.packed or message.kind == TELEMETRY[1])
        if message.kind == LEAD:
            self._led(message)
        elif message.kind == BLOCK and (len(self.blocks) < BLOCKS or message.number in self.blocks):
            self.blocks[message.number] = message.payload[BLOCK_HEAD:]
        if not 0 < self.count <= len(self.blocks):
            return None
        return unfolded(b"".join(told for _, told in sorted(self.blocks.items())), packed=self.packed)

    def _led(self, message: Message) -> None:
        rows = [row for row in read_xml(message.payload.rstrip(b"\0")).iter() if row.get("name")]
        told = {row.get("name"): (row.text or "").strip() for row in rows}
        if not re.fullmatch("[0-9]{1,6}", told.get("MsgBlockCount", "")):
            raise Garbage(NONSENSE)
        if told.get("SourceOpId", "") not in ("", *map(str, self.kinds)):
            return  # of a question that was given up
        count = int(told["MsgBlockCount"])
        if not 0 < count <= BLOCKS:
            raise Garbage(NONSENSE)
        self.count, self.packed = count, message.packed


def address(root: Element) -> str:
    """The Hayward Unique Address of the controller's own board, ten hex digits, out of what GetSysInfo answers; "" for
    none that could be one."""
    for component in root.iter():
        told = {row.get("name"): (row.text or "").strip() for row in component if row.get("name")}
        if told.get("Type") == "MSP":
            digits = re.sub("[-: ]", "", told.get("HUA", "")).lower()
            return digits if re.fullmatch("(?!0{10}|f{10})[0-9a-f]{10}", digits) else ""
    return ""


def turn(due: float, now: float) -> tuple[float, float]:
    """(seconds until one more exchange may begin, when the next is due after it). due: when this one would be, were
    they evenly spread; a few may run ahead of that."""
    wait = max(0.0, due - (BURST - 1) / PACE - now)
    return wait, max(due, now + wait) + 1 / PACE


# --- the line ---------------------------------------------------------------------------------------------------------


class _Ear(asyncio.DatagramProtocol):
    """A socket. Everything but an acknowledgement is acknowledged, also what comes twice or nobody waits for."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[Message | DeviceError] = asyncio.Queue(WAITING)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            message = unpack(data)
        except Garbage as error:
            self._tell(error)
            return
        if message.kind not in (ACK, ACKED):
            self.send(Message(message.number, ACK, request("Ack")))
        self._tell(message)

    def error_received(self, exc: Exception) -> None:
        self._tell(Unreachable("It does not answer."))

    def _tell(self, news: Message | DeviceError) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self.news.put_nowait(news)

    def send(self, message: Message) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(message.pack(int(time.time())))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def heard(self) -> Message:
        news = await self.news.get()
        if isinstance(news, DeviceError):
            raise news
        return news


class OmniLine:
    """Questions and orders to one controller, one after the other. An answer does not say to which question it belongs:
    a socket that may still get one to an earlier question is given up for another."""

    def __init__(self, host: str, port: int, timeout: float, knock: float) -> None:
        self._place, self._timeout, self._knock = (host, port), timeout, knock
        self._number = secrets.randbelow(2**31)
        self._one, self._due = asyncio.Lock(), 0.0
        self._ear: _Ear | None = None

    async def ask(self, kinds: tuple[int, int]) -> Element:
        """The answer to a question; Mute when there is none, Garbage when it makes no sense."""
        return read_xml(await self._exchange(kinds[0], request(NAMES[kinds[0]]), Parts(kinds)))

    async def order(self, kind: int, name: str, parameters: Parameters) -> None:
        """An order, until it is acknowledged, which proves nothing."""
        await self._exchange(kind, request(name, parameters), None)

    def close(self) -> None:
        """Give the socket back."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    async def _exchange(self, kind: int, text: bytes, parts: Parts | None) -> bytes:
        async with self._one:
            wait, self._due = turn(self._due, time.monotonic())
            await asyncio.sleep(wait)
            ear, clean = await self._open(), False
            try:
                first, once = await self._knocked(ear, kind, text, answered=parts is not None)
                told = b"" if parts is None else await self._gathered(ear, first, parts)
                clean = once
                return told
            finally:
                if not clean:
                    self.close()

    async def _open(self) -> _Ear:
        if self._ear is None:
            try:
                _, self._ear = await asyncio.get_running_loop().create_datagram_endpoint(_Ear, remote_addr=self._place)
            except OSError:
                raise Unreachable("It does not answer.") from None
        while not self._ear.news.empty():  # what came by itself meanwhile
            self._ear.news.get_nowait()
        return self._ear

    async def _knocked(self, ear: _Ear, kind: int, text: bytes, *, answered: bool) -> tuple[Message, bool]:
        """Send it until it is acknowledged, or the answer itself comes, where the acknowledgement was lost; whether it
        was sent once only."""
        sent: set[int] = set()
        for _ in range(TRIES):
            self._number = (self._number + 1) % 2**32
            sent.add(self._number)
            ear.send(Message(self._number, kind, text))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._knock / TRIES):
                    while True:
                        message = await ear.heard()
                        ours = message.number in sent if message.kind in (ACK, ACKED) else answered
                        if ours:
                            return message, len(sent) == 1
        raise Unreachable("It did not answer in time.")

    async def _gathered(self, ear: _Ear, message: Message, parts: Parts) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                while (whole := parts.add(message)) is None:
                    message = await ear.heard()
                return whole
        except TimeoutError:
            raise Mute("It did not answer in time.") from None


@asynccontextmanager
async def open_line(host: str, port: int, timeout: float, knock: float = 0.0) -> AsyncIterator[OmniLine]:
    """A line to one controller while open; nothing is sent yet. timeout: seconds for an answer; knock: seconds until an
    acknowledgement, as long where none are given."""
    line = OmniLine(host, port, timeout, knock or timeout)
    try:
        yield line
    finally:
        line.close()
