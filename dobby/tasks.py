"""Ending tasks so that they have ended."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN = 3.0  # seconds until a task that still runs is asked once more; longer than any clean-up here takes


async def ended(*tasks: asyncio.Task[Any] | None, again: float = AGAIN) -> None:
    """Cancel tasks and wait until they are over; what they failed with is not raised.

    A task may miss one cancel: asyncio.wait_for of Python 3.11, which libraries lean on, drops it when what it
    waits for is done in the same moment (https://github.com/python/cpython/issues/86296). So it is asked again until it
    hears.
    """
    while waiting := [task for task in tasks if task is not None and not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=again)
    for over in tasks:
        if over is not None and not over.cancelled():
            over.exception()  # read, so that nothing complains that nobody did
