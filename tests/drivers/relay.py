"""What stands between a driver and a device in these tests: every byte of a connection handed on, both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol


class Carry(Protocol):
    """Hands on what comes from one end to the other, until it ends; answers: what the device says."""

    def __call__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> Awaitable[None]:
        """Until the source ends."""
        ...


async def relayed(inside: set[asyncio.Task[None]], target: tuple[str, int], reader: asyncio.StreamReader,
                  writer: asyncio.StreamWriter, carry: Carry) -> None:
    """One visitor's connection, to its end; the visitor's task is in `inside` so that it can be cut off."""
    me = asyncio.current_task()
    assert me is not None
    inside.add(me)
    me.add_done_callback(inside.discard)
    ends = [writer]
    try:
        there, away = await asyncio.open_connection(*target)
        ends.append(away)
        ways = [asyncio.ensure_future(carry(there, writer, answers=True)),
                asyncio.ensure_future(carry(reader, away, answers=False))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    except (OSError, asyncio.CancelledError):  # only who cuts it off cancels, and asyncio logs a task that ends so
        pass
    finally:
        for end in ends:
            end.close()
