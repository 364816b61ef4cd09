"""Parts of the daemon that run for ever: one task group, and a part that breaks is started again with back-off."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dobby.tasks import ended

log = logging.getLogger(__name__)
WAITS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)  # seconds before the next start, by how often it broke in a row
CALM = 120.0  # seconds of running after which a part counts as well again


@dataclass(slots=True)
class Part:
    """One of them. state is "up" or why it broke last; broke counts since it was last calm."""

    name: str
    state: str = "up"
    broke: int = 0


class Parts:
    """The running parts, by name, for doctor to show."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: list[asyncio.Task[None]] = []
        self.all: dict[str, Part] = {}

    def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Keep a part running until the daemon closes."""
        self.all[name] = Part(name)
        self._tasks.append(self._group.create_task(self._keep(self.all[name], work), name=name))

    async def _keep(self, part: Part, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            began = time.monotonic()
            try:
                await work()
                part.state = "ended by itself"
            except Exception as error:  # any part may break; it is told in doctor and started again, alone
                log.exception("%s broke", part.name)
                part.state = f"{type(error).__name__}: {error}"[:200]
            part.broke = 1 if time.monotonic() - began > CALM else part.broke + 1
            await asyncio.sleep(WAITS[min(part.broke, len(WAITS)) - 1])
            part.state = f"started again after: {part.state}" if part.broke > 1 else "up"

    async def stop(self) -> None:
        """End all of them."""
        await ended(*self._tasks)


@asynccontextmanager
async def running() -> AsyncIterator[Parts]:
    """Parts that run while the block does."""
    try:
        async with asyncio.TaskGroup() as group:
            parts = Parts(group)
            try:
                yield parts
            finally:
                await parts.stop()
    except BaseExceptionGroup as group_error:
        if len(group_error.exceptions) == 1:
            raise group_error.exceptions[0] from None
        raise
