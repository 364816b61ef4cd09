"""CastV2, the line to a Chromecast: JSON in small protobuf frames over TLS, without a client certificate.

A frame is a length of four bytes and a CastMessage of six fields, which are few enough to be read by hand. Sources:
cast_channel.proto and Open Screen's castv2 (Chromium), pychromecast (MIT) as judge. A device's certificate is its own
and changes every few days, so it proves nothing; who it is it tells in DEVICE_INFO.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.tasks import ended

SPACE = "urn:x-cast:com.google.cast."
CONNECTION, HEARTBEAT = SPACE + "tp.connection", SPACE + "tp.heartbeat"
RECEIVER, MEDIA, DISCOVERY = SPACE + "receiver", SPACE + "media", SPACE + "receiver.discovery"
PLATFORM = "receiver-0"
ME = "sender-dobby"
FRAME_LIMIT = 512 * 1024  # bytes; the platform's own limit is 64 KiB
NO = {"INVALID_REQUEST", "INVALID_PLAYER_STATE", "LOAD_FAILED", "LOAD_CANCELLED", "LAUNCH_ERROR"}

Json = Mapping[str, Any]


# --- pure -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One message: from, to, its namespace, and its JSON."""

    source: str
    destination: str
    namespace: str
    body: Json


def encode(message: Message) -> bytes:
    """A frame."""
    payload = json.dumps(message.body).encode()
    fields = [_number(1, 0), _bytes(2, message.source.encode()), _bytes(3, message.destination.encode()),
              _bytes(4, message.namespace.encode()), _number(5, 0), _bytes(6, payload)]
    body = b"".join(fields)
    return len(body).to_bytes(4) + body


def decode(body: bytes) -> Message | None:
    """A frame's body; None for one of bytes (device authentication), Garbage for nonsense."""
    texts: dict[int, bytes] = {}
    numbers: dict[int, int] = {}
    at = 0
    try:
        while at < len(body):
            tag, at = _varint(body, at)
            value, at = _varint(body, at)
            if tag & 7 == 0:
                numbers[tag >> 3] = value
            elif tag & 7 == 2 and at + value <= len(body):
                texts[tag >> 3] = body[at:at + value]
                at += value
            else:
                raise Garbage("Its answer made no sense.")
        if numbers.get(5, 0) != 0:
            return None
        told = json.loads(texts.get(6, b"{}"))
        if not isinstance(told, dict):
            raise Garbage("Its answer made no sense.")
        return Message(texts[2].decode(), texts[3].decode(), texts[4].decode(), told)
    except (IndexError, KeyError, ValueError):
        raise Garbage("Its answer made no sense.") from None


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise Garbage("Its answer made no sense.")


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _encoded(field << 3) + _encoded(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _encoded(field << 3 | 2) + _encoded(len(value)) + value


# --- the line ---------------------------------------------------------------------------------------------------------


class CastLine:
    """Questions and orders to one device, and what it says by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout: float,
                 heard: Callable[[Message], None]) -> None:
        self._reader, self._writer, self._timeout, self._heard = reader, writer, timeout, heard
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._ids = itertools.count(1)
        self._joined: set[str] = set()
        self._ended: DeviceError | None = None

    def tell(self, destination: str, namespace: str, body: Json) -> None:
        """Send what is not answered; a conversation with an app begins with the first word to it."""
        if self._ended is not None:
            raise self._ended
        if destination not in self._joined:
            self._joined.add(destination)
            self._write(destination, CONNECTION, {"type": "CONNECT", "origin": {}, "userAgent": "Dobby",
                                                  "senderInfo": {"sdkType": 2, "version": "15.605.1.3"}})
        self._write(destination, namespace, body)

    def _write(self, destination: str, namespace: str, body: Json) -> None:
        self._writer.write(encode(Message(ME, destination, namespace, body)))

    async def ask(self, destination: str, namespace: str, body: Json, patience: float = 0.0) -> Json:
        """The answer to a question; Refused when it is a no."""
        id_ = next(self._ids)
        waiting = self._waiting[id_] = asyncio.get_running_loop().create_future()
        try:
            self.tell(destination, namespace, {**body, "requestId": id_})
            async with asyncio.timeout(patience or self._timeout):
                answer: Json = await waiting
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        except (OSError, RuntimeError):
            raise Unreachable("It hung up.") from None
        finally:
            del self._waiting[id_]
        if answer.get("type") in NO:
            raise Refused("It refused.")
        return answer

    async def listen(self) -> DeviceError:
        """Take in frames until the end; why it ended."""
        why: DeviceError = Unreachable("It hung up.")
        try:
            while True:
                length = int.from_bytes(await self._reader.readexactly(4))
                if length > FRAME_LIMIT:
                    raise Garbage("Its answer made no sense.")
                message = decode(await self._reader.readexactly(length))
                if message is not None:
                    self._take(message)
        except DeviceError as error:
            why = error
        except (OSError, asyncio.IncompleteReadError):
            pass
        self._ended = why
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(why)
        return why

    def _take(self, message: Message) -> None:
        body = message.body
        if message.namespace == HEARTBEAT and body.get("type") == "PING":
            self._write(message.source, HEARTBEAT, {"type": "PONG"})
        if message.namespace == CONNECTION and body.get("type") == "CLOSE":
            self._joined.discard(message.source)
        id_ = body.get("requestId")
        waiting = self._waiting.get(id_) if isinstance(id_, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(body)
        self._heard(message)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def open_line(host: str, port: int, timeout: float, heard: Callable[[Message], None],
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[CastLine]:
    """A line while open; `lost` is told when the device ends it."""
    context = await asyncio.to_thread(_context)
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError):
        raise Unreachable("It does not answer.") from None
    line = CastLine(reader, writer, timeout, heard)
    listening = asyncio.create_task(line.listen())
    listening.add_done_callback(lambda done: None if done.cancelled() else lost(done.result()))
    try:
        yield line
    finally:
        await ended(listening)
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()
