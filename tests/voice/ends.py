"""The other end of Wyoming's wire, written from its README alone: servers for speech, a satellite. And a speaker."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

Row = dict[str, Any]
needs_speaker = pytest.mark.skipif(not (shutil.which("espeak-ng") and shutil.which("sox")),
                                   reason="no espeak-ng and sox here")


def spoken(text: str, voice: str = "en-us", speed: int = 150, pad: float = 0.3) -> bytes:
    """What espeak-ng says, as 16 kHz mono PCM with quiet around it."""
    made = subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text], capture_output=True,
                          check=True)
    raw = ("-r", "16000", "-c", "1", "-b", "16", "-e", "signed", "-t", "raw")
    return subprocess.run(["sox", "-R", "-t", "wav", "-", *raw, "-", "pad", str(pad), str(pad)], input=made.stdout,
                          capture_output=True, check=True).stdout


async def write(writer: asyncio.StreamWriter, kind: str, data: Row | None = None, payload: bytes = b"",
                inline: bool = False) -> None:
    """One event; inline: the data stands in the line itself, as old programs write it."""
    head: Row = {"type": kind}
    more = b""
    if data and inline:
        head["data"] = data
    elif data:
        more = json.dumps(data).encode()
        head["data_length"] = len(more)
    if payload:
        head["payload_length"] = len(payload)
    writer.write(json.dumps(head).encode() + b"\n" + more + payload)
    await writer.drain()


async def read(reader: asyncio.StreamReader) -> tuple[str, Row, bytes]:
    """The next event: type, data, payload."""
    head = json.loads(await reader.readuntil(b"\n"))
    data = head.get("data") or {}
    if size := head.get("data_length"):
        data |= json.loads(await reader.readexactly(size))
    return head["type"], data, await reader.readexactly(head.get("payload_length") or 0)


@asynccontextmanager
async def serving(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    """A server on a port of its own; its address."""
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
    server = await asyncio.start_server(one, "127.0.0.1", 0, limit=2**20)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@dataclass(slots=True)
class Transcriber:
    """A speech-to-text server that hears what it is told; what came is kept."""

    hears: str = ""
    got: list[tuple[Row, bytes]] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        about: Row = {}
        sound = b""
        while True:
            kind, data, payload = await read(reader)
            if kind == "audio-start":
                about, sound = data, b""
            elif kind == "audio-chunk":
                sound += payload
            elif kind == "audio-stop":
                self.got.append((about, sound))
                await write(writer, "transcript", {"text": self.hears}, inline=True)


@dataclass(slots=True)
class Reader:
    """A text-to-speech server: so many samples of quiet for every text, which is kept."""

    samples: int = 2205
    said: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while True:
            kind, data, _ = await read(reader)
            if kind == "synthesize":
                self.said.append(data["text"])
                about = {"rate": 22050, "width": 2, "channels": 1}
                await write(writer, "audio-start", about)
                await write(writer, "audio-chunk", about, b"\x01\x00" * self.samples)
                await write(writer, "audio-stop")


@dataclass(slots=True)
class Satellite:
    """A satellite that wakes when it is told: what Dobby sent it is kept."""

    events: list[tuple[str, Row]] = field(default_factory=list)
    sound: bytes = b""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0
    _writer: asyncio.StreamWriter | None = None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call of Dobby's."""
        self._writer, self.calls = writer, self.calls + 1
        while True:
            kind, data, payload = await read(reader)
            if kind == "describe":
                await write(writer, "info", {"satellite": {"name": "study", "attribution": {"name": "", "url": ""}}})
            if kind == "audio-start":
                self.sound = b""
            self.sound += payload
            if kind != "audio-chunk":
                self.events.append((kind, data))
                self.news.set()

    async def until(self, kind: str, count: int = 1) -> Row:
        """Wait for the count-th event of a kind; its data."""
        async with asyncio.timeout(30):
            while len(found := [data for one, data in self.events if one == kind]) < count:
                self.news.clear()
                await self.news.wait()
        return found[count - 1]

    def count(self, kind: str) -> int:
        """How many events of a kind came."""
        return sum(one == kind for one, _ in self.events)

    async def wakes(self, pcm: bytes, stage: str = "asr", stop: bool = False) -> None:
        """Somebody said the wake word, and then this."""
        assert self._writer is not None
        await write(self._writer, "run-pipeline", {"start_stage": stage, "end_stage": "tts"})
        about = {"rate": 16000, "width": 2, "channels": 1}
        for at in range(0, len(pcm), 2048):
            await write(self._writer, "audio-chunk", about | {"timestamp": at // 32}, pcm[at: at + 2048])
        if stop:
            await write(self._writer, "audio-stop")

    async def tells(self, kind: str) -> None:
        """Send a bare event."""
        assert self._writer is not None
        await write(self._writer, kind)

    def hangs_up(self) -> None:
        """Drop the line."""
        assert self._writer is not None
        self._writer.close()
