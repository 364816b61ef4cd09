"""The Wyoming protocol: events of voice programs (satellites, speech-to-text, text-to-speech) over one TCP connection.

https://github.com/OHF-Voice/wyoming (README): an event is one line of JSON with its type, then, where the line says so,
more of its data (`data_length` bytes of JSON) and a payload (`payload_length` bytes, for sound raw PCM). Encode and
decode are pure; two readers, one for asyncio, one for a pipe that blocks. Every length is capped, and a torn event is
an error, never the end of a conversation.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from dobby.errors import ChannelError

LINE_LIMIT = 64 * 1024  # bytes of the JSON line
DATA_LIMIT = 1024 * 1024  # bytes of the data behind it
PAYLOAD_LIMIT = 4 * 1024 * 1024  # bytes of a payload
CONNECT_LIMIT = 5.0  # seconds
PORT = 10700


class WyomingBroken(ValueError):
    """What arrived is no Wyoming event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. data: its JSON; payload: raw bytes, for sound 16-bit little-endian PCM as data says."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class _Head:
    type: str
    data: dict[str, Any]
    more: int
    payload: int


def encode(event: Event) -> bytes:
    """The bytes of an event. Its data stands behind the line, as programs since version 1.5 write it."""
    data = json.dumps(dict(event.data), ensure_ascii=False).encode() if event.data else b""
    head: dict[str, Any] = {"type": event.type, "version": "1.5.2"}
    if data:
        head["data_length"] = len(data)
    if event.payload:
        head["payload_length"] = len(event.payload)
    return json.dumps(head).encode() + b"\n" + data + event.payload


def _head(line: bytes) -> _Head:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        raise WyomingBroken("the line is not JSON") from None
    if not isinstance(head, dict) or not isinstance(head.get("type"), str):
        raise WyomingBroken("the line names no type")
    data, more, payload = head.get("data") or {}, head.get("data_length") or 0, head.get("payload_length") or 0
    sizes = type(more) is int and type(payload) is int and 0 <= more <= DATA_LIMIT and 0 <= payload <= PAYLOAD_LIMIT
    if not isinstance(data, dict) or not sizes:
        raise WyomingBroken("its lengths or data make no sense")
    return _Head(head["type"], data, more, payload)


def _event(head: _Head, more: bytes, payload: bytes) -> Event:
    if not more:
        return Event(head.type, head.data, payload)
    try:
        data = json.loads(more)
    except (ValueError, RecursionError):
        raise WyomingBroken("its data is not JSON") from None
    if not isinstance(data, dict):
        raise WyomingBroken("its data is no object")
    return Event(head.type, head.data | data, payload)


def read(stream: BinaryIO) -> Event | None:
    """The next event of a stream that blocks; None when the other end is gone, WyomingBroken when it is none."""
    line = stream.readline(LINE_LIMIT)
    if not line:
        return None
    head = _head(line)
    more, payload = stream.read(head.more), stream.read(head.payload)
    return _event(head, more, payload) if len(more) == head.more and len(payload) == head.payload else None


async def receive(reader: asyncio.StreamReader) -> Event:
    """The next event; IncompleteReadError when the other end is gone, WyomingBroken when it is none."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise WyomingBroken("the line has no end") from None
    head = _head(line)
    return _event(head, await reader.readexactly(head.more), await reader.readexactly(head.payload))


def where(address: str) -> tuple[str, int]:
    """Host and port of "tcp://host:port"; ValueError when it is none."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme != "tcp" or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(address)
    return parts.hostname, parts.port or PORT


class Line:
    """An open connection to a Wyoming program."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *events: Event) -> None:
        """Send events; OSError when the other end is gone."""
        self._writer.write(b"".join(encode(event) for event in events))
        await self._writer.drain()

    async def receive(self) -> Event:
        """The next event; IncompleteReadError, OSError or WyomingBroken when there is none."""
        return await receive(self._reader)


GONE = (OSError, asyncio.IncompleteReadError, WyomingBroken)  # what a line breaks with


@asynccontextmanager
async def connected(address: str, what: str) -> AsyncIterator[Line]:
    """A line to a program while the block lasts. ChannelError, naming `what`, when it cannot be reached."""
    host, port = where(address)
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            reader, writer = await asyncio.open_connection(host, port, limit=LINE_LIMIT)
    except (OSError, TimeoutError) as error:
        raise ChannelError(f"{what} at {address} cannot be reached ({type(error).__name__}).",
                           "Does it run, and is the address in [voice] right?") from None
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
