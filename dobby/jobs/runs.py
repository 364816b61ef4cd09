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
    _running: dict[asyncio.Task[None], Due] = field(default_factory=dict)
    _acting: set[int] = field(default_factory=set)  # the runs that have begun to act
    _off: set[int] = field(default_factory=set)  # the runs that never will
    _halted: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, due: Due) -> None:
        """Carry it out, beside whatever else runs."""
        task = asyncio.create_task(self.carry_out(due), name=f"job {due.job.id}")
        self._running[task] = due
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        run = self._running.pop(task).run
        self._acting.discard(run)
        self._off.discard(run)

    def acts(self, due: Due) -> bool:
        """To be asked right before its first deed: False where it was called off, which is too late from then on."""
        if due.run not in self._off:
            self._acting.add(due.run)
        return due.run not in self._off

    def call_off(self, job: int) -> list[int]:
        """What has begun of a plan and has done nothing yet does nothing; the numbers of these runs. Of what makes the
        house look lived in the run itself sees to that."""
        runs = [due.run for due in self._running.values()
                if due.job.id == job and due.job.lived is None and due.run not in self._acting]
        self._off.update(runs)
        return runs

    def acting(self) -> list[Due]:
        """What is being done now."""
        return [due for due in self._running.values() if due.run in self._acting]

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
