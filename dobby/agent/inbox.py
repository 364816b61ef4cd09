"""Messages in: committed before they are acknowledged, in order within a conversation, side by side across them.

"stop" does not queue: it cancels what runs for that person's conversation, drops what waits, and closes questions.
After a crash every accepted message that has no answer is taken up again, in the order it came.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dobby.messages import Message
from dobby.store import Row, Store
from dobby.tasks import ended
from dobby.tools.hands import STOPPED

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    """One conversation: what waits, and what runs."""

    waiting: deque[int] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None
    turn: asyncio.Task[None] | None = None
    now: int = 0


Take = Callable[[int], Awaitable[None]]


class Inbox:
    """Accepts messages and hands them to `take`, one at a time in each conversation."""

    def __init__(self, store: Store, take: Take) -> None:
        self._store, self._take = store, take
        self._lanes: dict[str, _Lane] = {}
        self._done: dict[int, asyncio.Event] = {}

    async def accept(self, message: Message, pin_right: bool | None = None, *, queue: bool = True) -> int:
        """Commit a message and queue it; its id, or 0 when this one was taken before. Its text must hold no PIN."""
        id_ = await self._store.do(
            "message_add", channel=message.channel, external=message.external, conversation=message.conversation,
            sender=message.sender, text=message.text, here=message.here, pin=pin_right,
            pictures=json.dumps([[p.name, p.content_type] for p in message.pictures]),
            received=message.received.isoformat(), forwarded=message.forwarded,
            media=json.dumps([[one.url, one.content_type] for one in message.media]))
        if id_ and queue:
            self._queue(id_, message.conversation)
        return id_

    async def take_up(self) -> int:
        """Queue what an earlier run left open; how many there were."""
        rows = await self._store.all("messages_open")
        for row in rows:
            self._queue(row["id"], row["conversation"])
        return len(rows)

    def _queue(self, id_: int, conversation: str) -> None:
        lane = self._lanes.setdefault(conversation, _Lane())
        lane.waiting.append(id_)
        if lane.worker is None:
            lane.worker = asyncio.create_task(self._work(conversation, lane))

    async def _work(self, conversation: str, lane: _Lane) -> None:
        while lane.waiting:
            id_ = lane.waiting.popleft()
            lane.now = id_
            lane.turn = asyncio.create_task(self._one(id_))
            await asyncio.wait([lane.turn])
            stopped = lane.turn.cancelled()  # then whoever stopped it closes the message, and wakes who waits for it
            if not stopped and (error := lane.turn.exception()) is not None:
                log.error("message %s", id_, exc_info=error)
            lane.turn, lane.now = None, 0
            if not stopped:
                self.finished(id_)
        lane.worker = None
        if self._lanes.get(conversation) is lane and not lane.waiting:
            del self._lanes[conversation]

    async def _one(self, id_: int) -> None:
        await self._take(id_)

    async def wait(self, id_: int) -> None:
        """Until a message was dealt with."""
        done = self._done.setdefault(id_, asyncio.Event())  # before looking, so that the end cannot slip between
        row = await self._store.one("message", id=id_)
        if row is None or row["state"] == "done":
            self._done.pop(id_, None)
            return
        await done.wait()

    def running(self) -> bool:
        """Whether any conversation has work."""
        return bool(self._lanes)

    def works_on(self, conversation: str) -> bool:
        """Whether anything runs or waits in one conversation."""
        return conversation in self._lanes

    async def stop(self, conversation: str = "") -> list[Row]:
        """Cancel and drop everything of one conversation, or of all; the messages that will not be finished (the
        caller closes them)."""
        lanes = [self._lanes[conversation]] if conversation in self._lanes else [] if conversation else [
            *self._lanes.values()]
        dropped: list[int] = []
        for lane in lanes:
            dropped += [lane.now, *lane.waiting] if lane.now else lane.waiting
            lane.waiting.clear()
            if lane.turn is not None:
                lane.turn.cancel(STOPPED)
        running = [lane.turn for lane in lanes if lane.turn is not None]
        if running:
            await asyncio.wait(running, timeout=1.0)
        rows = [row for id_ in dropped if (row := await self._store.one("message", id=id_)) is not None]
        return [row for row in rows if row["state"] != "done"]

    def finished(self, id_: int) -> None:
        """Wake whoever waits for this message."""
        if (done := self._done.pop(id_, None)) is not None:
            done.set()

    async def close(self) -> None:
        """Cancel what runs; it is taken up at the next start."""
        tasks = [task for lane in self._lanes.values() for task in (lane.worker, lane.turn) if task is not None]
        await ended(*tasks)
