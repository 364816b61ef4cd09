"""A stream: one picture size of one camera for everybody who watches it.

While something plays, each picture is drawn and encoded as it is due. When nothing does, the first LOOP_SECONDS are
drawn and kept, and from then on the same packets go out again under new timestamps: sensor noise included, at almost no
cost. Nobody watching costs nothing at all.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from .camera import Camera, View
from .rtp import Unit

if TYPE_CHECKING:
    from .encode import Film

LOOP_SECONDS = 4
LOOPS_KEPT = 3
BEHIND = 1.0  # seconds after which lost time is given up

Listener = Callable[[Unit, float], None]
Result = TypeVar("Result")


class Studio:
    """The one thread in which all cameras of a home draw and encode."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="cameras")

    def __call__(self, work: Callable[..., Result], *arguments: Any) -> Awaitable[Result]:
        """Do it in the thread."""
        return asyncio.get_running_loop().run_in_executor(self._worker, work, *arguments)

    def close(self) -> None:
        """Let the thread go."""
        self._worker.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class Stream:
    """`name` is main or sub, `size` (width, height), `rate` pictures per second."""

    camera: Camera
    name: str
    size: tuple[int, int]
    rate: int
    studio: Studio
    listeners: set[Listener] = field(default_factory=set)
    _fresh: bool = False
    _loops: OrderedDict[object, list[Unit]] = field(default_factory=OrderedDict)
    _headers: dict[float, tuple[bytes, bytes]] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    async def headers(self) -> tuple[bytes, bytes]:
        """Sequence and picture parameter set."""
        scale = self.camera.view(time.time()).scale
        if scale not in self._headers:
            self._headers[scale] = await self.studio(_headers, self.name, self._scaled(scale), self.rate)
        return self._headers[scale]

    def join(self, listener: Listener) -> None:
        """From the next picture on, which will be a key picture."""
        self.listeners.add(listener)
        self._fresh = True
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    def leave(self, listener: Listener) -> None:
        """No more."""
        self.listeners.discard(listener)

    async def close(self) -> None:
        """End the stream."""
        self.listeners.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _scaled(self, scale: float) -> tuple[int, int]:
        width, height = self.size
        return int(width * scale), int(height * scale)

    async def _run(self) -> None:
        loop, reel = asyncio.get_running_loop(), _Reel(self)
        due = loop.time()
        while self.listeners:
            now = time.time()
            fresh, self._fresh = self._fresh, False
            unit = await reel.next(self.camera.view(now), fresh)
            for listener in list(self.listeners):
                listener(unit, now)
            due = max(due + 1 / self.rate, loop.time() - BEHIND)
            await asyncio.sleep(max(0.0, due - loop.time()))


@dataclass(slots=True)
class _Reel:
    """What is being filmed or shown again."""

    stream: Stream
    token: object = None
    film: "Film | None" = None
    taken: list[Unit] = field(default_factory=list)
    shown: int = 0

    async def next(self, view: View, fresh: bool) -> Unit:
        """The next picture of a view."""
        stream = self.stream
        if view.token != self.token or fresh:
            self.shown = 0
        if view.token != self.token:
            self.token, self.film, self.taken = view.token, None, []
        kept = None if view.live else stream._loops.get(view.token)
        if kept is not None:
            self.film = None
            self.shown += 1
            return kept[(self.shown - 1) % len(kept)]
        if self.film is None:
            size, frozen = stream._scaled(view.scale), view.noise is not None
            self.film = await stream.studio(_film, stream.name, size, stream.rate, frozen)
        unit = await stream.studio(self.film.shoot, view, fresh)
        if not view.live:
            self._keep(unit)
        return unit

    def _keep(self, unit: Unit) -> None:
        self.taken.append(unit)
        if len(self.taken) == LOOP_SECONDS * self.stream.rate:
            loops = self.stream._loops
            loops[self.token] = self.taken
            if len(loops) > LOOPS_KEPT:
                loops.popitem(last=False)


def _film(name: str, size: tuple[int, int], rate: int, frozen: bool) -> "Film":
    # late: PyAV, OpenCV and numpy load when the first viewer comes, and in this thread
    from .encode import Film

    return Film(name, size, rate, frozen)


def _headers(name: str, size: tuple[int, int], rate: int) -> tuple[bytes, bytes]:
    from .encode import headers

    return headers(name, size, rate)
