"""A link that is closed leaves nothing behind. Apart from the house of the other tests, whose links come and go."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from dobby.home.device import Found, Reading
from tests.drivers.house import KINDS, QUICK, Street, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("make", sorted(set(KINDS.values())))
async def test_closing_leaves_no_task_no_thread_no_socket(street: Street, make: str) -> None:
    found = street.of(make)[0]
    await _visit(street, found)  # what is started once for all (imports, the loop's own threads) is not the link's
    await until(lambda: True)
    before = _left()
    await _visit(street, found)
    more: set[str] = set()

    def clean() -> bool:
        gc.collect()
        more.clear()
        more.update((_left() - before).elements())
        return not more

    try:
        await until(clean)
    except AssertionError:
        raise AssertionError(f"left behind: {more}") from None


async def _visit(street: Street, found: Found) -> None:
    settings = replace(QUICK, callbacks=street.sim.host(1))
    async with street.connect(found, settings) as link:
        watching, seen = link.watch(), 0
        async with asyncio.timeout(10):
            async for item in watching:
                seen += isinstance(item, Reading)
                if seen > 3:
                    break
        await watching.aclose()


def _left() -> Counter[str]:
    """Every task, thread and open file there is, in words."""
    left = Counter(str(task.get_coro()) for task in asyncio.all_tasks())
    left.update(one.name for one in threading.enumerate() if not one.name.startswith("asyncio_"))
    for number in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []:
        with suppress(OSError):  # the listing's own
            left[re.sub(r"\d+", "", os.readlink(f"/proc/self/fd/{number}"))] += 1
    return left
