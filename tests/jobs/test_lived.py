"""Evenings as if lived in: made once, never alike, two lamps at most; learned where enough evenings are known."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dobby.home import vocabulary as rows
from dobby.home.device import Device, Room
from dobby.home.home import Home
from dobby.home.verdict import gatekeeper
from dobby.jobs import lived
from dobby.jobs.lived import Lived, Switch
from dobby.jobs.when import Place
from dobby.store import Store

BERLIN = Place(ZoneInfo("Europe/Berlin"), 52.52, 13.40)
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


def lamp(id_: str, room: str) -> Device:
    return Device(id_, f"{room} Lamp", "light", room, "test", (rows.ON,))


LAMPS = [lamp("sofa", "Living Room"), lamp("stove", "Kitchen"), lamp("desk", "Study"), lamp("night", "Bedroom")]


def local(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(BERLIN.zone)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_evening_of_a_year_ends_dark_with_two_lamps_at_most(count: int) -> None:
    seen = set()
    for ahead in range(366):
        day, lit = date(2026, 1, 1) + timedelta(days=ahead), Counter[str]()
        made = lived.evening(day, BERLIN, LAMPS[:count], seed="x", habits={})
        assert made == lived.evening(day, BERLIN, list(reversed(LAMPS[:count])), seed="x", habits={})
        for one in made:
            lit[one.device] += 1 if one.on else -1
            assert sum(lit.values()) <= 2
            assert lit[one.device] in (0, 1)
        assert not any(lit.values())
        assert local(made[0].at).hour >= 15
        assert local(made[-1].at) < datetime(day.year, day.month, day.day, tzinfo=BERLIN.zone) + timedelta(hours=26)
        seen.add(tuple(f"{local(one.at):%H:%M}" for one in made))
    assert len(seen) > 360


def test_only_lamps_indoors_that_nobody_excluded() -> None:
    home = Home(gatekeeper()[1])
    home.restore([*LAMPS, lamp("porch", "Porch"), lamp("shed", "Garden")], {}, [Room("Study")])
    assert {one.id for one in lived.lamps(home)} == {"sofa", "stove", "desk", "night"}
    assert {one.id for one in lived.lamps(home, ("study", "Kitchen Lamp"))} == {"sofa", "night"}


def test_what_it_remembers_goes_through_the_database_and_the_moments_follow() -> None:
    kept = Lived("2026-11-29", ("porch",), "2026-11-23", (Switch("2026-11-23T17:00:00+00:00", "sofa", True),
                 Switch("2026-11-23T18:00:00+00:00", "sofa", False)), ("sofa",), habits={"sofa": (0.5, 0.1)},
                 bedtime=1380)
    assert lived.load(kept.dump()) == kept
    assert lived.load(Lived().dump()) == Lived()
    assert lived.load("") is None
    assert [f"{one.astimezone(BERLIN.zone):%d %H:%M}" for one in lived.moments(kept, NOON, BERLIN)] == [
        "23 18:00", "23 19:00", "24 12:00"]
    after = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert lived.moments(kept, after, BERLIN)[0] == after + lived.RETRY
    assert lived.wanted(kept, after - timedelta(minutes=1)) == {"sofa"}
    assert lived.wanted(kept, after) == frozenset()
    assert not lived.over(kept, datetime(2026, 11, 29, 10, 59, tzinfo=UTC), BERLIN)
    assert lived.over(kept, datetime(2026, 11, 29, 11, tzinfo=UTC), BERLIN)


def test_an_evening_is_kept_until_the_next_noon_and_left_out_where_that_was_said() -> None:
    kept = lived.renewed(Lived(), NOON, BERLIN, LAMPS, seed="x")
    assert kept.day == "2026-11-23"
    assert lived.renewed(kept, NOON + timedelta(hours=23), BERLIN, LAMPS[:1], seed="x") == kept
    tomorrow = NOON + timedelta(hours=24)
    assert lived.renewed(kept, tomorrow, BERLIN, LAMPS, seed="x").switches != kept.switches
    assert lived.renewed(kept, tomorrow, BERLIN, LAMPS, seed="x", skips=("2026-11-24",)).switches == ()


@pytest.mark.anyio
async def test_habits_are_learned_from_enough_evenings(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    try:
        for ago in range(1, 12):
            if ago == lived.ENOUGH:
                assert await lived.learned(store, NOON, BERLIN) == ({}, 0)
            for device, hour, on in (("sofa", 19, 1.0), ("sofa", 20, 0.0), ("desk", 20, 1.0), ("desk", 22, 0.0)):
                at = (NOON - timedelta(days=ago)).replace(hour=hour - 1)
                await store.do("series_add", device=device, trait="on")
                series = next(row["id"] for row in await store.all("series") if row["device"] == device)
                await store.do("reading_keep", series=series, at=int(at.timestamp()), value=on)
        habits, bedtime = await lived.learned(store, NOON, BERLIN)
    finally:
        await store.close()
    assert bedtime == 22 * 60
    assert [habits["sofa"][at] for at in (5, 6, 7, 8)] == [0, 1, 1, 0]
    made = lived.evening(date(2026, 11, 23), BERLIN, LAMPS, seed="x", habits=habits, bedtime=bedtime)
    late = [one.device for one in made if one.on and local(one.at).hour in (20, 21)]
    assert late.count("desk") >= 1
