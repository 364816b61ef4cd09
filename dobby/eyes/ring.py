"""A ring of undecoded packets: the last seconds of a stream for the price of copying it, decoded only when a picture of
a certain moment is wanted. A packet is known by the moment it came in, on this machine's own clock.

Also the clip of an event, for labelling: the packets put into a file as they are, nothing encoded anew.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

SECONDS = 12.0  # what is kept: the picture of the moment and 10 s before it
BYTES = 24 * 1024 * 1024  # at most, whatever the bit rate
LATER = 0.5  # seconds past the wanted moment that are still decoded to find the nearest frame


@dataclass(frozen=True, slots=True)
class Kept:
    """A packet's bytes and when they came in (seconds, monotonic)."""

    data: bytes
    at: float
    key: bool
    pts: int | None
    dts: int | None


class Ring:
    """The packets of one stream. Filled by its reader's thread, read by any."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._kept: deque[Kept] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._codec: tuple[str, bytes, Any, Any] | None = None
        self._stream: Any = None

    def of(self, stream: Any) -> None:
        """Packets of this stream follow; those of an earlier one are forgotten."""
        with self._lock:
            context = stream.codec_context
            self._codec = (context.name, bytes(context.extradata or b""), stream.time_base, (context.width,
                                                                                            context.height))
            self._kept.clear()
            self._bytes = 0

    def add(self, packet: Any, at: float) -> None:
        """Keep a packet; what is older than the ring is long is dropped, whole groups of pictures at a time."""
        kept = Kept(bytes(packet), at, bool(packet.is_keyframe), packet.pts, packet.dts)
        with self._lock:
            self._kept.append(kept)
            self._bytes += len(kept.data)
            while self._old(at):
                self._drop_group()

    def _old(self, at: float) -> bool:
        """Whether the first group of pictures can go: a later one is old enough, or there are too many bytes."""
        if self._bytes > BYTES:
            return len(self._kept) > 1
        for index, one in enumerate(self._kept):
            if index and one.key:
                return one.at < at - self._seconds
        return False

    def _drop_group(self) -> None:
        self._bytes -= len(self._kept.popleft().data)
        while self._kept and not self._kept[0].key:
            self._bytes -= len(self._kept.popleft().data)

    def since(self, at: float) -> list[Kept]:
        """The packets from the last key frame before `at` on."""
        with self._lock:
            kept = list(self._kept)
        first = max((i for i, one in enumerate(kept) if one.key and one.at <= at), default=None)
        if first is None:
            first = next((i for i, one in enumerate(kept) if one.key), len(kept))
        return kept[first:]

    def frames(self, since: float, until: float) -> Iterator[tuple[float, Any]]:
        """(moment, av.VideoFrame) of the frames of a time, decoded now, from the key frame before it on."""
        codec = self._codec
        if codec is None:
            return
        decoder = _decoder(codec[0], codec[1])
        times: deque[float] = deque()
        try:
            for kept in self.since(since):
                if kept.at > until:
                    break
                times.append(kept.at)
                for frame in decoder.decode(av.Packet(kept.data)):
                    yield (times.popleft() if times else kept.at), frame
            for frame in decoder.decode(None):
                yield (times.popleft() if times else until), frame
        except (av.FFmpegError, ValueError):
            return  # a broken packet ends it; what came before it is good

    def frame(self, at: float) -> Any | None:
        """The frame (av.VideoFrame) nearest to a moment, decoded now; None when nothing near it is kept."""
        best = min(self.frames(at, at + LATER), key=lambda one: abs(one[0] - at), default=None)
        return None if best is None else best[1]

    def save(self, path: Path, since: float, until: float) -> bool:
        """Write the packets of a time into a Matroska file; whether there were any."""
        codec = self._codec
        packets = [one for one in self.since(since) if one.at <= until]
        if codec is None or not packets:
            return False
        name, extradata, time_base, (width, height) = codec
        with av.open(str(path), "w", format="matroska") as file:
            stream: Any = file.add_stream(name, rate=10)
            stream.width, stream.height = width, height
            stream.codec_context.extradata = extradata or None
            first, last = packets[0], -1
            for one in packets:
                packet = av.Packet(one.data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, time_base, one.key
                came = round((one.at - first.at) / float(time_base))
                dts = one.dts - first.dts if one.dts is not None and first.dts is not None else came
                pts = one.pts - first.pts if one.pts is not None and first.pts is not None else came
                last = packet.dts = max(last + 1, dts)
                packet.pts = max(pts, packet.dts)
                file.mux(packet)
        return True


def _decoder(name: str, extradata: bytes) -> Any:
    decoder: Any = av.CodecContext.create(name, "r")
    if extradata:
        decoder.extradata = extradata
    decoder.thread_count = 1
    return decoder
