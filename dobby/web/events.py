"""Server-sent events with memory: ids grow, and a page that lost its line takes up where it was."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

KEEP = 2000  # events that can be resumed from
WARM = 15.0  # seconds of silence before a word keeps the line warm; a page that hears none knows that it is cut
PAGES = 40  # open pages of one person
BEHIND = 500  # events a slow page may fall behind before its line is cut (it resumes by itself)
Told = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, and the line that tells it to who is told everything."""

    id: int
    kind: str
    data: Any
    line: str


def _line(id_: int, kind: str, data: object) -> str:
    return f"id: {id_}\nevent: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _as_it_is(kind: str, data: Any) -> Any:
    return data


def _told(event: Event, told: Told) -> str:
    """The event's line for one page; what it is not told still moves its id on."""
    data = told(event.kind, event.data)
    if data is event.data:
        return event.line
    return f"id: {event.id}\n\n" if data is None else _line(event.id, event.kind, data)


class Events:
    """What the page is told, by kind: reading, device, turn, letter, question, seen, health, and of the line itself:
    hello, reset (read all anew), still (nothing new)."""

    def __init__(self) -> None:
        self._last = time.time_ns() // 1000  # ids grow over restarts: none of an earlier run is taken for one of ours
        self._kept: deque[Event] = deque(maxlen=KEEP)
        self._pages: set[asyncio.Queue[Event | None]] = set()
        self._open: Counter[str] = Counter()

    def room(self, who: str) -> bool:
        """Whether a person may open one more page."""
        return self._open[who] < PAGES

    def tell(self, kind: str, data: object) -> None:
        """Tell every page, now and later."""
        self._last += 1
        event = Event(self._last, kind, data, _line(self._last, kind, data))
        self._kept.append(event)
        for page in list(self._pages):
            if page.qsize() >= BEHIND:
                self._pages.discard(page)
                page.put_nowait(None)
            else:
                page.put_nowait(event)

    async def follow(self, after: int | None, told: Told = _as_it_is, who: str = "") -> AsyncIterator[str]:
        """Events as lines of the stream: those after `after` (a Last-Event-ID), then new ones until the line is cut.
        told(kind, data): what this page is told of an event, None for nothing; who: whose page it is."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        missed = [] if after is None else [event for event in self._kept if event.id > after]
        lost = after is not None and (after > self._last or (self._last > after and (
            not missed or missed[0].id > after + 1)))
        self._pages.add(queue)
        self._open[who] += 1
        try:
            at = self._last if lost or after is None else after
            yield f"retry: 1000\nid: {at}\nevent: {'reset' if lost else 'hello'}\ndata: {{}}\n\n"
            for event in [] if lost else missed:
                yield _told(event, told)
            while (line := await self._next(queue, told)) is not None:
                yield line
        finally:
            self._pages.discard(queue)
            self._open[who] -= 1

    async def _next(self, queue: asyncio.Queue[Event | None], told: Told) -> str | None:
        """The next event, or a word that keeps the line warm; None when this page fell too far behind."""
        try:
            async with asyncio.timeout(WARM):
                event = await queue.get()
        except TimeoutError:
            return "event: still\ndata: {}\n\n"
        return None if event is None else _told(event, told)

    def close(self) -> None:
        """Cut every line (the daemon is closing)."""
        for page in list(self._pages):
            page.put_nowait(None)
