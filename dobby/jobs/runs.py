"""The plans that are being carried out now: one task for each, which ends by itself, at "stop", or with the house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from dobby.jobs.job import Due
from dobby.tasks import ended


@dataclass(slots=True)
class Runs:
    """carry_out: does what is due, and writes down what came of it."""

    carry_out: Callable[[Due], Coroutine[Any, Any, None]]
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _halted: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, due: Due) -> None:
        """Carry it out, beside whatever else runs."""
        task = asyncio.create_task(self.carry_out(due), name=f"job {due.job.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def idle(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    def halted(self) -> bool:
        """Whether the task that asks was ended by "stop"."""
        return asyncio.current_task() in self._halted

    async def settled(self) -> None:
        """Wait until what was started is done."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def halt(self) -> None:
        """End what runs, for good."""
        running = set(self._running)
        self._halted |= running
        await ended(*running)
        self._halted -= running

    async def close(self) -> None:
        """End what runs; it is taken up at the next start."""
        await ended(*self._running)
