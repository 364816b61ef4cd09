"""Readings over time: kept as they change, thinned after thirty days, gone after a year, and gone with their device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dobby.clock import Clock
from dobby.history import FULL_DAYS, HOURS_DAYS, POINTS, SPANS, History
from dobby.home.device import DeviceKind, Reading
from dobby.home.home import Home
from dobby.home.vocabulary import known
from dobby.store import Store
from dobby.tasks import ended
from tests.home.fakes import Bulb, at_home

pytestmark = pytest.mark.anyio
ROOM, POWER = "test:room", ("test:room", "power")


class Room(Bulb):
    """Something that measures."""

    def __init__(self, id_: str = ROOM, kind: DeviceKind = "light") -> None:
        super().__init__(id_, tuple(trait for name in ("power", "on", "temperature", "title")
                                    if (trait := known(name, "sensor")) is not None))
        self.device = replace(self.device, kind=kind)
        self.state = {"power": 5, "on": True, "temperature": 20.5, "title": "Tune"}


@asynccontextmanager
async def kept(folder: Path, home: Home, clock: Clock) -> AsyncIterator[tuple[History, Store]]:
    """A history with its database; not running."""
    store = await Store.open(folder / "dobby.db")
    try:
        yield History(home, store, clock.now), store
    finally:
        await store.close()


async def fill(store: Store, clock: Clock, rows: list[tuple[float, float]], series: tuple[str, str] = POWER) -> int:
    """Put readings that are so many days old; the number of their series."""
    await store.do("series_add", device=series[0], trait=series[1])
    [number] = [row["id"] for row in await store.all("series") if (row["device"], row["trait"]) == series]
    now = int(clock.now().timestamp())
    await store.together([("reading_keep", {"series": number, "at": int(now - days * 86400), "value": value})
                          for days, value in rows])
    return int(number)


async def counted(store: Store) -> int:
    row = await store.one("readings_count")
    return int(row["kept"]) if row is not None else 0


@pytest.mark.parametrize("kind", ["light", "plug"])
async def test_numbers_that_people_look_at_are_written_as_they_change(tmp_path: Path, kind: DeviceKind) -> None:
    room, clock = Room(kind=kind), Clock(manual=True)
    async with at_home(room) as (home, _), kept(tmp_path, home, clock) as (past, store):
        past.write_every = 0.01
        running = asyncio.create_task(past.run())
        value = 6.0

        async def seen() -> bool:
            return any(point.high > 6.0 for point in await past.points(*POWER, "day"))
        while not await seen():
            value += 0.5
            room.out.put_nowait(Reading(ROOM, "power", value))
            await asyncio.wait([running], timeout=0.02)
            assert value < 1000
        await ended(running)
        names = {(row["device"], row["trait"]) for row in await store.all("series")}
        assert POWER in names
        assert "title" not in {trait for _, trait in names}
        assert ((ROOM, "on") in names) is (kind == "light")  # and never for a chart
        assert not any(trait == "on" for series in past.kinds().values() for _, trait in series)


async def test_a_restart_goes_on_with_the_same_series(tmp_path: Path) -> None:
    clock, lines = Clock(manual=True), []
    for value in (1.0, 2.0):
        async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
            running = asyncio.create_task(past.run())
            await ended(running)
            await fill(store, clock, [(0.5, value)])
            lines.append(await store.all("series"))
            clock.advance(120)
    first, second = ({tuple(row) for row in rows if row["trait"] == "power"} for rows in lines)
    assert first == second


async def test_after_thirty_days_hours_are_left_and_after_a_year_nothing(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        minute = 1 / 1440
        old = [(FULL_DAYS + 2 + n * minute, float(n)) for n in range(60)]
        ancient = [(HOURS_DAYS + 2 + n * minute, 9.0) for n in range(60)]
        await fill(store, clock, [*ancient, *old, (1, 50.0), (0.1, 60.0)])
        await past.tidy()
        assert await counted(store) == 2
        year = await past.points(*POWER, "year")
        assert min(point.low for point in year) == 0.0
        assert max(point.high for point in year) == 60.0
        assert all(point.high != 9.0 for point in year)
        clock.advance(timedelta(days=HOURS_DAYS).total_seconds())
        await past.tidy()
        assert await counted(store) == 0
        assert await past.points(*POWER, "month") == []


async def test_thinning_keeps_low_mean_and_high_and_can_be_done_again(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        now = int(clock.now().timestamp())
        start = (now - (FULL_DAYS + 3) * 86400) // 3600 * 3600
        await fill(store, clock, [((now - start - second) / 86400, value) for second, value in
                                  ((0, 1.0), (600, 2.0), (1200, 6.0))])
        for _ in range(3):
            await past.tidy()
        rows = [tuple(row) for row in await store.all("hours_kept", series=1, since=0, width=3600)]
        assert rows == [(start, 1.0, 3.0, 6.0)]


async def test_a_home_that_says_too_much_is_thinned_earlier(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        await fill(store, clock, [(n / 100, 1.0) for n in range(1, 2000)])
        past.full = 1000  # the limit as it would be met after 5,000,000 rows
        await past.tidy()
        left = await counted(store)
        assert 900 <= left <= 1005
        oldest = await store.one("readings_count")
        assert oldest is not None
        assert clock.now().timestamp() - oldest["oldest"] < 11 * 86400


@pytest.mark.parametrize("span", SPANS)
async def test_a_span_is_never_more_points_than_a_chart_holds(tmp_path: Path, span: str) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        days = SPANS[span].days
        await fill(store, clock, [(days * n / 2000, float(n % 10)) for n in range(1, 2000)])
        await past.tidy()
        points = await past.points(*POWER, span)
        assert 20 < len(points) <= max(POINTS, 367) + 2
        assert [point.at for point in points] == sorted({point.at for point in points})
        assert all(point.low <= point.mean <= point.high for point in points)
        assert points[0].at >= clock.now().timestamp() - days * 86400 - 86400


async def test_a_line_begins_with_what_was_before_the_span(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        await fill(store, clock, [(3, 21.5)])
        await past.tidy()
        [point] = await past.points(*POWER, "day")
        assert (point.low, point.high) == (21.5, 21.5)
        assert await past.points("nobody", "power", "day") == []


async def test_what_is_forgotten_takes_its_past_along(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    async with at_home(Room()) as (home, _), kept(tmp_path, home, clock) as (past, store):
        await fill(store, clock, [(1, 1.0)], ("hue:a_1/lamp", "power"))
        await fill(store, clock, [(1, 2.0)], ("hue:ab1/lamp", "power"))
        await fill(store, clock, [(1, 3.0)])
        await past.tidy()
        for name in ("readings_forget", "hours_forget", "series_forget"):
            await store.do(name, key=ROOM)
        for name in ("readings_forget", "hours_forget", "series_forget"):
            await store.do(name, key="hue:a_1")
        assert [row["device"] for row in await store.all("series")] == ["hue:ab1/lamp"]
        assert await counted(store) == 1
        await fill(store, clock, [(0.1, 5.0)])  # the same thing again is a new one, with no past of another's
        await past.tidy()
        assert [point.high for point in await past.points(*POWER, "year")] == [5.0]
