"""What is wrong with a simulated camera, as its viewers meet it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from dobby.sim.house import CAMERA_PASSWORD, CAMERA_USER

from .conftest import Sim, until
from .test_camera import AT_ONCE, daylight, first, frames, http, play, url

__all__ = ["daylight"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed", "daylight")]

KEY = "garden"


class Viewer:
    """Watches a stream in a thread and keeps the last pictures."""

    def __init__(self, address: str) -> None:
        self.seen: list[tuple[float, float, Any]] = []
        self.done = asyncio.get_running_loop().run_in_executor(None, self._watch, address)
        self._enough = False

    def _watch(self, address: str) -> None:
        for at, frame in frames(address, 20):
            self.seen.append((time.time(), at, frame))
            if self._enough:
                return

    async def sees(self, wanted: Callable[[Any], bool], patience: float = 8.0) -> None:
        """Wait for a picture."""
        await until(lambda: bool(self.seen) and wanted(self.seen[-1][2]), patience)

    async def close(self) -> None:
        """Stop watching."""
        self._enough = True
        await asyncio.gather(self.done, return_exceptions=True)


async def test_black_and_resize_happen_in_the_middle_of_a_stream(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.shape == (360, 640) and frame.mean() > 50)
    await sim.fault(KEY, "black")
    await viewer.sees(lambda frame: frame.mean() < 30)
    await sim.fault(KEY, "resize")
    await viewer.sees(lambda frame: frame.shape == (270, 480) and frame.mean() > 50)
    await sim.fault(KEY, None)
    await viewer.sees(lambda frame: frame.shape == (360, 640))
    await viewer.close()


async def test_frozen_shows_old_pictures_with_new_times(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.mean() > 50)
    await sim.fault(KEY, "lies")
    await play(sim, KEY, "black", seconds=2)
    await until(lambda: len(viewer.seen) > 8)
    (_, one, before), (_, other, after) = viewer.seen[-2:]
    assert other > one
    assert after.mean() > 50
    assert np.abs(before.astype(int) - after).mean() < 0.3
    assert (await sim.state_of(KEY))["event"] == "black"
    await viewer.close()


async def test_garbage_is_no_picture(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.mean() > 50)
    await sim.fault(KEY, "garbage")
    number = len(viewer.seen)
    await asyncio.to_thread(_packets, sim)
    assert len(viewer.seen) <= number + 4
    await sim.fault(KEY, None)
    await until(lambda: len(viewer.seen) > number + 5)
    await viewer.close()


def _packets(sim: Sim) -> None:
    """Garbage is announced like a picture, and none comes of it."""
    with pytest.raises((av.error.FFmpegError, AssertionError)):
        first(url(sim, KEY), lambda frame: frame.mean() > 50)


async def test_refuses_ends_what_runs_and_lets_nobody_in(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.mean() > 50)
    await sim.fault(KEY, "refuses")
    await until(viewer.done.done)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        await asyncio.to_thread(first, url(sim, KEY))
    basic = aiohttp.BasicAuth(CAMERA_USER, CAMERA_PASSWORD)
    async with aiohttp.ClientSession() as session, session.get(http(sim, KEY, "snapshot"), auth=basic) as answer:
        assert answer.status == 401
    await viewer.close()


async def test_dead_hangs_and_comes_back(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.mean() > 50)
    await sim.fault(KEY, "dead")
    await until(viewer.done.done)

    def knock() -> None:
        with av.open(url(sim, KEY), options=AT_ONCE, timeout=0.3):
            pass

    with pytest.raises(av.error.FFmpegError):
        await asyncio.to_thread(knock)
    await sim.fault(KEY, None)
    await asyncio.to_thread(first, url(sim, KEY), lambda frame: frame.mean() > 50)
    await viewer.close()


async def test_slow_pictures_are_late(sim: Sim) -> None:
    viewer = Viewer(url(sim, KEY))
    await viewer.sees(lambda frame: frame.mean() > 50)
    usual = viewer.seen[-1][0] - viewer.seen[-1][1]
    await sim.fault(KEY, "slow", seconds=5)
    await until(lambda: viewer.seen[-1][0] - viewer.seen[-1][1] > usual + 0.6)
    limit = aiohttp.ClientTimeout(total=0.2)
    basic = aiohttp.BasicAuth(CAMERA_USER, CAMERA_PASSWORD)
    async with aiohttp.ClientSession(timeout=limit) as session:
        with pytest.raises(TimeoutError):
            await session.get(http(sim, KEY, "snapshot"), auth=basic)
    await viewer.close()
