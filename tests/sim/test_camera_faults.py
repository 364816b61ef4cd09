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
    """Watches the camera's sub-stream in a thread and keeps the pictures: (when it came, its own time, the picture)."""

    def __init__(self, sim: Sim) -> None:
        self.seen: list[tuple[float, float, Any]] = []
        self._address = url(sim, KEY)
        self._enough = False

    async def __aenter__(self) -> Viewer:
        """Begin, and wait for a good picture."""
        self.done = asyncio.get_running_loop().run_in_executor(None, self._watch)
        await self.sees(lambda frame: frame.shape == (360, 640) and frame.mean() > 50)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop watching."""
        self._enough = True
        await asyncio.gather(self.done, return_exceptions=True)

    def _watch(self) -> None:
        for at, frame in frames(self._address, 20):
            self.seen.append((time.time(), at, frame))
            if self._enough:
                return

    async def sees(self, wanted: Callable[[Any], Any]) -> None:
        """Wait for a picture."""
        await until(lambda: bool(self.seen) and bool(wanted(self.seen[-1][2])))


async def test_black_and_resize_happen_in_the_middle_of_a_stream(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        await sim.fault(KEY, "black")
        await viewer.sees(lambda frame: frame.mean() < 30)
        await sim.fault(KEY, "resize")
        await viewer.sees(lambda frame: frame.shape == (270, 480) and frame.mean() > 50)
        await sim.fault(KEY, None)
        await viewer.sees(lambda frame: frame.shape == (360, 640))


async def test_frozen_shows_old_pictures_with_new_times(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        await sim.fault(KEY, "lies")
        await play(sim, KEY, "black", seconds=2)


        def still() -> bool:
            (_, one, before), (_, other, after) = viewer.seen[-2:]
            return other > one and np.array_equal(before, after)

        await until(lambda: len(viewer.seen) > 2 and still())
        assert viewer.seen[-1][2].mean() > 50
        assert (await sim.state_of(KEY))["event"] == "black"


async def test_garbage_is_no_picture(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        await sim.fault(KEY, "garbage")
        await until(lambda: time.time() - viewer.seen[-1][0] > 1.2)
        number = len(viewer.seen)
        await sim.fault(KEY, None)
        await until(lambda: len(viewer.seen) > number + 5)


async def test_refuses_ends_what_runs_and_lets_nobody_in(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        await sim.fault(KEY, "refuses")
        await until(viewer.done.done)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            await asyncio.to_thread(first, url(sim, KEY))
        basic = {"Authorization": aiohttp.encode_basic_auth(CAMERA_USER, CAMERA_PASSWORD)}
        async with aiohttp.ClientSession() as session:
            answer = await session.get(http(sim, KEY, "snapshot"), headers=basic)
            assert answer.status == 401
            answer.close()


async def test_dead_hangs_and_comes_back(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        await sim.fault(KEY, "dead")
        await until(viewer.done.done)

        def knock() -> None:
            with av.open(url(sim, KEY), options=AT_ONCE, timeout=0.3):
                pass

        with pytest.raises(av.error.FFmpegError):
            await asyncio.to_thread(knock)
        await sim.fault(KEY, None)
        await asyncio.to_thread(first, url(sim, KEY), lambda frame: frame.mean() > 50)


async def test_slow_pictures_are_late(sim: Sim) -> None:
    async with Viewer(sim) as viewer:
        usual = viewer.seen[-1][0] - viewer.seen[-1][1]
        await sim.fault(KEY, "slow", seconds=5)
        await until(lambda: viewer.seen[-1][0] - viewer.seen[-1][1] > usual + 0.6)
        limit = aiohttp.ClientTimeout(total=0.2)
        basic = {"Authorization": aiohttp.encode_basic_auth(CAMERA_USER, CAMERA_PASSWORD)}
        async with aiohttp.ClientSession(timeout=limit) as session:
            with pytest.raises(TimeoutError):
                await session.get(http(sim, KEY, "snapshot"), headers=basic)
        await sim.fault(KEY, None)
