"""The line between the daemon and the eyes' process: messages of one JSON head and some pictures, length-prefixed.

A message on the wire: 4 bytes length of the head, the head (JSON, UTF-8, with the sizes of the pictures under "blobs"),
then the pictures. Big-endian. Limits keep a broken end from filling the memory.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

HEAD_LIMIT = 256 * 1024
BLOB_LIMIT = 16 * 1024 * 1024
LENGTH = struct.Struct(">I")


class LineBroken(ValueError):
    """What arrived is no message."""


@dataclass(frozen=True, slots=True)
class Note:
    """One message: what it is about (`type` and more) and the pictures (JPEG bytes) that go with it."""

    head: Mapping[str, Any]
    blobs: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def type(self) -> str:
        """What sort of message it is."""
        return str(self.head.get("type", ""))


def encode(head: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """The bytes of a message."""
    text = json.dumps({**head, "blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    return b"".join([LENGTH.pack(len(text)), text, *blobs])


def head_size(prefix: bytes) -> int:
    """How long the head is, from the 4 bytes before it; LineBroken when that cannot be."""
    size = int(LENGTH.unpack(prefix)[0])
    if not 2 <= size <= HEAD_LIMIT:
        raise LineBroken(f"a head of {size} bytes")
    return size


def decode_head(text: bytes) -> tuple[dict[str, Any], list[int]]:
    """The head and the sizes of the pictures behind it; LineBroken when it is none."""
    try:
        head = json.loads(text)
    except ValueError as error:
        raise LineBroken("the head is not JSON") from error
    sizes = head.pop("blobs", None) if isinstance(head, dict) else None
    if not isinstance(sizes, list) or not all(isinstance(s, int) and 0 <= s <= BLOB_LIMIT for s in sizes):
        raise LineBroken("the head lacks the sizes of its pictures")
    return head, sizes


def read(stream: BinaryIO) -> Note | None:
    """The next message of a blocking stream; None when the other end is gone, LineBroken when it is none."""
    prefix = stream.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    head, sizes = decode_head(stream.read(head_size(prefix)))
    return Note(head, tuple(stream.read(size) for size in sizes))


async def receive(reader: asyncio.StreamReader) -> Note:
    """The next message; IncompleteReadError when the other end is gone, LineBroken when it is none."""
    head, sizes = decode_head(await reader.readexactly(head_size(await reader.readexactly(LENGTH.size))))
    return Note(head, tuple([await reader.readexactly(size) for size in sizes]))
