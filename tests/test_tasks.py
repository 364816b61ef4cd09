"""Ending tasks: also one that misses a cancel, and one that fails while it ends."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from dobby import tasks

pytestmark = pytest.mark.anyio


async def test_a_task_that_missed_a_cancel_is_asked_again() -> None:
    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await tasks.ended(task, None, again=0.01)
    assert task.cancelled()


async def test_what_a_task_failed_with_while_it_ended_is_read_and_not_raised() -> None:
    async def breaks() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("while cleaning up")

    task = asyncio.create_task(breaks())
    await asyncio.sleep(0)
    await tasks.ended(task)
    assert isinstance(task.exception(), ValueError)
