"""The seam to the vision ends: who is looked at first, who is asked next, and what failure does to an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from dobby.eyes.caption import NoCaption, NotReady
from dobby.eyes.seen import Glance, Seen, Word
from dobby.eyes.vision import BREAKER_AFTER, End, Vision
from tests.sim.conftest import until

pytestmark = pytest.mark.anyio
CAT = Seen("animal", "A cat came by.")
GLANCE = Glance("Driveway", datetime(2026, 11, 20, 12), b"picture")


class Scripted:
    """An end that does what `act` does, and remembers what it was shown."""

    def __init__(self, name: str, act: Callable[[Glance], Awaitable[Seen]] | None = None, *, leaves: bool = False,
                 seconds: float = 5.0) -> None:
        self.name, self.leaves, self.seconds = name, leaves, seconds
        self._act = act
        self.shown: list[Glance] = []
        self.now = self.most = 0
        self.closed = False

    async def see(self, glance: Glance) -> Seen:
        self.shown.append(glance)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._act(glance) if self._act else CAT
        finally:
            await asyncio.sleep(0)  # letting go takes a moment
            self.now -= 1

    async def warm(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


class Gate:
    """An act that waits until it is let go."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, glance: Glance) -> Seen:
        await self.open.wait()
        return CAT


async def fails(glance: Glance) -> Seen:
    raise NoCaption("It makes no sense.", "Ask another.")


async def hangs(glance: Glance) -> Seen:
    await asyncio.Event().wait()
    return CAT


async def free() -> bool:
    return True


@asynccontextmanager
async def looking(*ends: End, spend: Callable[[], Awaitable[bool]] = free,
                  rests: Sequence[float] = (60.0,)) -> AsyncIterator[Vision]:
    vision = Vision(ends, spend, rests)
    running = asyncio.create_task(vision.run())
    try:
        yield vision
    finally:
        running.cancel()
        await asyncio.wait({running})
        await vision.close()


async def queued(vision: Vision, *glances: Glance) -> list[asyncio.Task[Word]]:
    """Asked one after the other, in this order."""
    tasks = []
    for glance in glances:
        tasks.append(asyncio.create_task(vision.see(glance)))
        await asyncio.sleep(0.001)
    return tasks


async def test_without_an_end_nobody_says_anything() -> None:
    assert await Vision((), free).see(GLANCE) == Word(None, why="none")


async def test_the_first_end_answers_and_is_named() -> None:
    first, second = Scripted("local"), Scripted("claude")
    async with looking(first, second) as vision:
        assert await vision.see(GLANCE) == Word(CAT, "local")
    assert (len(first.shown), len(second.shown)) == (1, 0)
    assert first.closed
    assert second.closed


async def test_one_at_a_time_and_a_newer_picture_takes_the_place_of_the_waiting_one() -> None:
    gate = Gate()
    end = Scripted("local", gate)
    async with looking(end) as vision:
        pictures = [replace(GLANCE, full=b"%d" % number) for number in range(4)]
        first = asyncio.create_task(vision.see(pictures[0]))
        await until(lambda: end.now == 1)
        others = await queued(vision, *pictures[1:], replace(GLANCE, camera="Garden"))
        assert [(await task).why for task in others[:2]] == ["newer", "newer"]
        gate.open.set()
        assert [(await task).seen for task in (first, *others[2:])] == [CAT] * 3
    assert [(one.camera, one.full) for one in end.shown] == [
        ("Driveway", b"0"), ("Driveway", b"3"), ("Garden", b"picture")]
    assert end.most == 1


async def test_who_asks_comes_first_then_people_then_cars_then_cats() -> None:
    gate = Gate()
    end = Scripted("local", gate)
    async with looking(end) as vision:
        tasks = [asyncio.create_task(vision.see(GLANCE))]
        await until(lambda: end.now == 1)
        tasks += await queued(
            vision, replace(GLANCE, camera="cat", weight=0), replace(GLANCE, camera="car", weight=1),
            replace(GLANCE, camera="other car", weight=1), replace(GLANCE, camera="person", weight=2),
            replace(GLANCE, camera="cat", weight=0, kind="look", question="Is it a cat?"),
            replace(GLANCE, camera="cat", weight=0, kind="look", question="Whose cat?"))
        gate.open.set()
        assert [word.mind for word in await asyncio.gather(*tasks)] == ["local"] * 7
    assert [one.question or one.camera for one in end.shown] == [
        "Driveway", "Is it a cat?", "Whose cat?", "person", "car", "other car", "cat"]


async def test_an_end_over_its_seconds_is_cut_off_and_the_next_is_asked() -> None:
    slow, other = Scripted("local", hangs, seconds=0.05), Scripted("claude")
    async with looking(slow, other) as vision:
        assert await vision.see(GLANCE) == Word(CAT, "claude")
        assert slow.now == 0
        assert "longer than" in str(vision.state()[0]["trouble"])
        assert vision.state()[1]["trouble"] == ""


async def test_alone_and_late_or_broken_says_so() -> None:
    async with looking(Scripted("local", hangs, seconds=0.05)) as vision:
        assert await vision.see(GLANCE) == Word(None, why="late")
    async with looking(Scripted("local", fails)) as vision:
        assert await vision.see(GLANCE) == Word(None, why="broken")
        assert vision.state()[0]["trouble"] == "It makes no sense. Ask another."


async def test_an_end_that_fails_again_and_again_rests_and_comes_back() -> None:
    broken = True

    async def act(glance: Glance) -> Seen:
        return await fails(glance) if broken else CAT

    end, other = Scripted("local", act), Scripted("server")
    async with looking(end, other, rests=(0.15, 60.0)) as vision:
        for _ in range(BREAKER_AFTER + 2):
            assert await vision.see(GLANCE) == Word(CAT, "server")
        assert len(end.shown) == BREAKER_AFTER
        assert vision.state()[0]["resting"]
        await until(lambda: not vision.state()[0]["resting"])
        assert (await vision.see(GLANCE)).mind == "server"
        assert len(end.shown) == BREAKER_AFTER + 1
        assert vision.state()[0]["resting"]  # one more failure was enough, and now it rests for long


async def test_an_end_that_is_well_again_starts_anew() -> None:
    broken = True

    async def act(glance: Glance) -> Seen:
        return await fails(glance) if broken else CAT

    end = Scripted("local", act)
    async with looking(end, rests=(0.1, 60.0)) as vision:
        for _ in range(BREAKER_AFTER):
            assert (await vision.see(GLANCE)).why == "broken"
        broken = False
        await until(lambda: not vision.state()[0]["resting"])
        assert await vision.see(GLANCE) == Word(CAT, "local")
        assert vision.state()[0] == {"end": "local", "leaves_home": False, "resting": False, "trouble": ""}
        broken = True
        for _ in range(BREAKER_AFTER - 1):
            await vision.see(GLANCE)
        assert not vision.state()[0]["resting"]


async def test_an_end_that_is_not_ready_yet_does_not_rest_for_it() -> None:
    async def loads(glance: Glance) -> Seen:
        raise NotReady("It is still loading.")

    end = Scripted("local", loads)
    async with looking(end) as vision:
        for _ in range(BREAKER_AFTER + 2):
            assert await vision.see(GLANCE) == Word(None, why="busy")
        assert len(end.shown) == BREAKER_AFTER + 2
        assert vision.state()[0]["trouble"] == "It is still loading."


async def test_what_leaves_the_house_is_counted_and_ends_with_the_budget() -> None:
    asked = 0

    async def spend() -> bool:
        nonlocal asked
        asked += 1
        return asked <= 2

    home, cloud = Scripted("local", fails), Scripted("claude", leaves=True)
    async with looking(home, cloud, spend=spend) as vision:
        assert [(await vision.see(GLANCE)).why for _ in range(3)] == ["", "", "spent"]
    assert (asked, len(cloud.shown)) == (3, 2)


async def test_whatever_breaks_inside_the_next_picture_is_looked_at() -> None:
    async def breaks(glance: Glance) -> Seen:
        raise ZeroDivisionError

    async def spend() -> bool:
        raise OSError("disk")

    async with looking(Scripted("local", breaks), Scripted("server")) as vision:
        assert (await vision.see(GLANCE)).mind == "server"
    async with looking(Scripted("claude", leaves=True), spend=spend) as vision:
        assert [(await vision.see(GLANCE)).why for _ in range(2)] == ["broken"] * 2


async def test_who_gives_up_frees_the_end_for_the_next() -> None:
    gate = Gate()
    end = Scripted("local", gate)
    async with looking(end) as vision:
        first = asyncio.create_task(vision.see(GLANCE))
        await until(lambda: end.now == 1)
        waiting = asyncio.create_task(vision.see(replace(GLANCE, full=b"never")))
        await asyncio.sleep(0.001)
        for task in (first, waiting):
            task.cancel()
        await asyncio.wait({first, waiting})
        await until(lambda: end.now == 0)
        gate.open.set()
        assert (await vision.see(replace(GLANCE, full=b"next"))).seen == CAT
    assert [one.full for one in end.shown] == [b"picture", b"next"]
    assert end.most == 1


async def test_a_slow_start_of_one_end_holds_up_nobody() -> None:
    class Slow(Scripted):
        async def warm(self) -> None:
            await asyncio.Event().wait()

    class Absent(Scripted):
        async def warm(self) -> None:
            raise NoCaption("It is not installed.", "Install it.")

    async with looking(Slow("local"), Absent("claude")) as vision:
        assert (await vision.see(GLANCE)).mind == "local"
        await until(lambda: vision.state()[1]["trouble"] == "It is not installed. Install it.")
