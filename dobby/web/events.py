"""Server-sent events with memory: ids grow, and a page that lost its line takes up where it was."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator

KEEP = 2000  # events that can be resumed from
WARM = 15.0  # seconds of silence before a comment keeps the line warm
BEHIND = 500  # events a slow page may fall behind before its line is cut (it resumes by itself)


class Events:
    """What the page is told, by kind: reading, device, turn, question, seen, health, and reset (read all anew)."""

    def __init__(self) -> None:
        self._last = time.time_ns() // 1000  # ids grow over restarts: none of an earlier run is taken for one of ours
        self._kept: deque[tuple[int, str]] = deque(maxlen=KEEP)
        self._pages: set[asyncio.Queue[tuple[int, str] | None]] = set()

    def tell(self, kind: str, data: object) -> None:
        """Tell every page, now and later."""
        self._last += 1
        event = (self._last, f"id: {self._last}\nevent: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n")
        self._kept.append(event)
        for page in list(self._pages):
            if page.qsize() >= BEHIND:
                self._pages.discard(page)
                page.put_nowait(None)
            else:
                page.put_nowait(event)

    async def follow(self, after: int | None) -> AsyncIterator[str]:
        """Events as lines of the stream: those after `after` (a Last-Event-ID), then new ones until the line is cut."""
        queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()
        missed = [] if after is None else [event for event in self._kept if event[0] > after]
        lost = after is not None and (after > self._last or (self._last > after and (
            not missed or missed[0][0] > after + 1)))
        self._pages.add(queue)
        try:
            at = self._last if lost or after is None else after
            yield f"retry: 1000\nid: {at}\nevent: {'reset' if lost else 'hello'}\ndata: {{}}\n\n"
            for _, line in [] if lost else missed:
                yield line
            while (event := await self._next(queue)) is not None:
                yield event
        finally:
            self._pages.discard(queue)

    async def _next(self, queue: asyncio.Queue[tuple[int, str] | None]) -> str | None:
        """The next event, or a comment that keeps the line warm; None when this page fell too far behind."""
        try:
            async with asyncio.timeout(WARM):
                event = await queue.get()
        except TimeoutError:
            return ": still here\n\n"
        return None if event is None else event[1]

    def close(self) -> None:
        """Cut every line (the daemon is closing)."""
        for page in list(self._pages):
            page.put_nowait(None)
