"""The keeper of plans on a clock of the test's: what is due runs once, whatever dies, sleeps or jumps meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, Reading
from dobby.home.home import Changed, Home
from dobby.home.verdict import gatekeeper
from dobby.jobs.cardio import Cardio, period, sessions
from dobby.jobs.conditions import Condition
from dobby.jobs.job import Due, Job
from dobby.jobs.plans import Plans
from dobby.jobs.presence import Habit, Presence
from dobby.jobs.when import WEEKDAYS, Place, When
from dobby.store import Store
from dobby.tools.plans import parse

pytestmark = pytest.mark.anyio
BERLIN = Place(ZoneInfo("Europe/Berlin"), 52.52, 13.40)
START = datetime(2026, 3, 27, 11, tzinfo=UTC)  # noon in Berlin, two days before the clocks change


@dataclass
class Life:
    """One run of the house: plans over a store, on a clock that the test moves."""

    plans: Plans
    ran: list[Due]
    time: list[datetime]
    acted: asyncio.Event
    place: Place = BERLIN

    async def at(self, moment: datetime) -> None:
        """It is this moment now; what is due is done."""
        self.time[0] = moment
        await self.plans.tick()
        await self.plans.settled()

    async def hours(self, count: float) -> None:
        """Hours pass, a minute at a time."""
        for _ in range(round(count * 60)):
            await self.at(self.time[0] + timedelta(minutes=1))

    def fates(self) -> list[tuple[str, str]]:
        """What ran: when it was due (local), and what became of it."""
        return [(f"{one.at.astimezone(self.place.zone):%d %H:%M}", one.fate) for one in self.ran]


@dataclass
class Made:
    """Makes runs of one house, one after the other."""

    store: Store
    time: list[datetime] = field(default_factory=lambda: [START])
    ran: list[Due] = field(default_factory=list)

    async def life(self, place: Place = BERLIN, home: Home | None = None) -> Life:
        plans = Plans(self.store, home or Home(gatekeeper()[1]), lambda: self.time[0], place)

        acted = asyncio.Event()

        async def act(due: Due) -> str:
            self.ran.append(due)
            acted.set()
            return "done"
        plans.act = act
        await plans.open()
        return Life(plans, self.ran, self.time, acted, place)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Made]:
    store = await Store.open(folder / "dobby.db")
    try:
        yield Made(store)
    finally:
        await store.close()


def job(kind: str = "tell", when: When | None = None, **more: object) -> Job:
    return Job("Robin", "owner", "sms:+1", kind, when, made=START, **more)  # type: ignore[arg-type]


DAILY = When(days=WEEKDAYS, clock="07:00")
LAMP = (Command("lamp", "on", True),)


async def test_every_day_once_over_the_change_and_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job("order", DAILY, commands=LAMP))
        await life.plans.add(job("tell", When(days=WEEKDAYS, clock="02:30")))
        await life.hours(24)
        life = await made.life()
        await life.hours(48)
        assert life.fates() == [(f"{day} {clock}", "now") for day in ("28", "29", "30") for clock in (
            "03:30" if day == "29" else "02:30", "07:00")]


@pytest.mark.parametrize(("kind", "commands", "down", "fate"), [
    ("tell", (), 30, "late"), ("wake", (), 0.4, "late"), ("wake", (), 5, "missed"),
    ("order", LAMP, 0.4, "late"), ("order", LAMP, 3, "missed"), ("order", (Command("fan", "on", False),), 3, "late"),
    ("order", (Command("fan", "on", False),), 9, "missed"), ("order", LAMP, 0, "now")])
async def test_what_was_due_while_nobody_was_there(tmp_path: Path, kind: str, commands: tuple[Command, ...],
                                                   down: float, fate: str) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job(kind, When(date="2026-03-27", clock="18:00"), commands=commands))
        made.time[0] = datetime(2026, 3, 27, 17, tzinfo=UTC) + timedelta(hours=down)
        life = await made.life()
        await life.at(made.time[0])
        await life.hours(1)
        assert life.fates() == [("27 18:00", fate)]


async def test_a_repeat_that_was_missed_for_days_comes_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job("tell", DAILY))
        made.time[0] = START + timedelta(days=5)
        life = await made.life()
        await life.at(made.time[0])
        assert life.fates() == [("01 07:00", "late")]
        await life.hours(24)
        assert life.fates()[1:] == [("02 07:00", "now")]


async def test_a_run_that_was_killed_midway_is_taken_up_not_repeated(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job("order", DAILY, commands=LAMP))
        due = datetime(2026, 3, 28, 6, tzinfo=UTC)
        made.time[0] = due
        row = await made.store.do("job_run_add", job=1, due=due.isoformat(timespec="milliseconds"), began="x")
        await made.store.do("job_ran", id=1, last=due.isoformat(), day="2026-03-28", state="on", wait="")
        life = await made.life()
        await life.at(due + timedelta(minutes=1))
        assert made.ran == []
        await _taken_up(life)
        assert [(one.run, one.again) for one in made.ran] == [(row, True)]
        assert await made.store.all("job_runs_open") == []


async def _taken_up(life: Life) -> None:
    running = asyncio.create_task(life.plans.run())
    await asyncio.wait_for(life.acted.wait(), 10)
    await life.plans.settled()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_clock_that_jumps_repeats_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job("tell", DAILY))
        await life.at(datetime(2026, 3, 28, 6, tzinfo=UTC))
        await life.at(datetime(2026, 3, 28, 5, tzinfo=UTC))
        await life.hours(3)
        assert life.fates() == [("28 07:00", "now")]


async def test_a_home_that_moves_keeps_its_local_times(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        await life.plans.add(job("tell", DAILY))
        await life.hours(20)  # 28 March, 08:00 in Berlin
        life = await made.life(Place(ZoneInfo("America/New_York")))
        await life.hours(30)
        assert life.fates() == [("28 02:00", "now"), ("29 07:00", "now")]  # the first as New York calls it


async def test_cancelled_and_skipped_days_do_not_come(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        kept = await life.plans.add(job("tell", DAILY))
        gone = await life.plans.add(job("tell", When(date="2026-03-28", clock="06:00")))
        await life.plans.skip(kept.id, "2026-03-28")
        await life.plans.cancel(gone.id)
        life = await made.life()
        await life.hours(44)
        assert life.fates() == [("29 07:00", "now")]
        with pytest.raises(ValueError, match="never"):
            await life.plans.add(job("tell", When(date="2026-03-01", clock="06:00")))


async def test_what_was_spoken_of_last_is_known_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        first = await life.plans.add(job("tell", DAILY))
        made.time[0] += timedelta(minutes=1)
        await life.plans.add(replace(job("tell", DAILY), made=made.time[0]))
        made.time[0] += timedelta(minutes=1)
        await life.plans.speak_of(first)
        spoken = (await made.life()).plans.spoken_of("owner")
        assert spoken
        assert spoken.id == first.id
        newest = replace(job("tell", DAILY), made=made.time[0] + timedelta(seconds=1))
        await made.store.do("job_add", **newest.values())  # and then the process died
        spoken = (await made.life()).plans.spoken_of("owner")
        assert spoken
        assert spoken.made == newest.made
        made.time[0] += timedelta(minutes=11)
        assert (await made.life()).plans.spoken_of("owner") is None


async def test_a_plan_that_runs_when_stop_is_said_ends_and_is_not_taken_up_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        begun = asyncio.Event()

        async def for_ever(due: Due) -> str:
            begun.set()
            await asyncio.Event().wait()
            return "done"
        life.plans.act = for_ever
        await life.plans.add(job("order", When(date="2026-03-27", clock="18:00"), commands=LAMP))
        made.time[0] = datetime(2026, 3, 27, 17, tzinfo=UTC)
        await life.plans.tick()
        await begun.wait()
        await life.plans.halt()
        await life.plans.settled()
        life = await made.life()
        await life.hours(1)
        assert made.ran == []


@pytest.mark.parametrize("when", [When(date="2026-03-27", clock="18:00"), When(days=WEEKDAYS, clock="18:00")])
@pytest.mark.parametrize("in_time", [True, False])
async def test_what_is_cancelled_before_its_first_deed_does_nothing(tmp_path: Path, when: When, in_time: bool) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()
        begun, go, done = asyncio.Event(), asyncio.Event(), []

        async def slow(due: Due) -> str:
            if not in_time:
                assert life.plans.acts(due)
            begun.set()
            await go.wait()
            if not in_time or life.plans.acts(due):
                done.append(due)
            return "done"
        life.plans.act = slow
        kept = await life.plans.add(job("order", when, commands=LAMP))
        made.time[0] = datetime(2026, 3, 27, 17, tzinfo=UTC)
        await life.plans.tick()
        await begun.wait()
        assert (kept.id in life.plans.jobs) is (in_time or kept.repeats)
        assert await life.plans.cancel(kept.id) is in_time
        assert (await made.store.all("job_runs_open") == []) is in_time  # a process that dies now does not take it up
        go.set()
        await life.plans.settled()
        assert bool(done) is not in_time
        await life.hours(25)
        assert len(done) == (0 if in_time else 1)


async def test_what_is_cancelled_while_it_begins_does_nothing_where_that_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life = await made.life()

        async def act(due: Due) -> str:
            if life.plans.acts(due):
                made.ran.append(due)
            return "done"
        life.plans.act = act
        for hour in range(1, 5):
            kept = await life.plans.add(job("order", When(date="2026-03-27", clock=f"{12 + hour}:00"), commands=LAMP))
            made.time[0] = START + timedelta(hours=hour)
            first, second = life.plans.tick(), life.plans.cancel(kept.id)
            both = await asyncio.gather(*((first, second) if hour % 2 else (second, first)))
            await life.plans.settled()
            assert [one for one in both if one is not None] == [kept.id not in {one.job.id for one in made.ran}]


SPA = Device("spa", "Spa", "spa", "", "x", (rows.ON, rows.TARGET, rows.CURRENT))


def readings(home: Home, device: Device) -> Callable[[str, object], None]:
    """A home with one device, and how to say what it shows."""
    home.restore([device], {}, [])

    def show(trait: str, value: object) -> None:
        home._take(Reading(device.id, trait, value))  # type: ignore[arg-type]
    return show


async def test_heating_starts_early_enough_and_learns(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        home = Home(gatekeeper()[1])
        show = readings(home, SPA)
        life = await made.life(home=home)
        show("on", True)
        show("current", 26.0)
        due = When(date="2026-03-28", clock="07:00")
        heat = await life.plans.add(job("heat", due, commands=(Command("spa", "target", 38.0),)))
        start = life.plans.start_of(heat)
        assert start == datetime(2026, 3, 28, 6, tzinfo=UTC) - timedelta(hours=12 / 3 * 1.1, minutes=5)
        show("target", 30.0)
        for step in range(9):  # half a degree every five minutes: 6 °C an hour
            show("current", 26.0 + step / 2)
            life.plans.warming.heard(Changed("spa", "current", 26.0 + step / 2))
            made.time[0] += timedelta(minutes=5)
        assert life.plans.warming.rate("spa") == pytest.approx(6.0)
        start = life.plans.start_of(heat)
        assert start == datetime(2026, 3, 28, 6, tzinfo=UTC) - timedelta(hours=8 / 6 * 1.1, minutes=5)
        await life.plans.look_again()
        await life.hours(20)
        assert [(one.at, one.fate) for one in made.ran] == [(datetime(2026, 3, 28, 6, tzinfo=UTC), "now")]


async def test_presence_is_told_seen_and_unknown(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        near: dict[str, bool] = {"robins-phone": True}
        changed: list[bool] = []

        async def seen(phone: str) -> bool | None:
            return near.get(phone)

        async def on_change() -> None:
            changed.append(True)
        presence = Presence(made.store, Home(gatekeeper()[1]), lambda: made.time[0],
                            [Habit("Robin", "robins-phone"), Habit("Sam")], seen, on_change)
        await presence.open()
        assert presence.home() == {"Robin": None, "Sam": None}
        await presence.look()
        assert presence.home() == {"Robin": True, "Sam": None}
        await presence.told("Robin", False)  # the phone is still in reach
        await presence.look()
        assert presence.home()["Robin"] is False
        near["robins-phone"] = False
        await presence.look()
        near["robins-phone"] = True
        await presence.look()
        assert presence.home()["Robin"] is True
        near["robins-phone"] = False
        await presence.look()
        made.time[0] += timedelta(minutes=9)
        await presence.look()
        assert presence.home()["Robin"] is True
        made.time[0] += timedelta(minutes=1)
        await presence.look()
        assert presence.home()["Robin"] is False
        assert len(changed) == 4
        again = Presence(made.store, Home(gatekeeper()[1]), lambda: made.time[0], [Habit("Robin"), Habit("Sam")], seen,
                         on_change)
        await again.open()
        assert again.home() == {"Robin": False, "Sam": None}


async def test_everybody_gone_waits_for_everybody(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        life, home = await made.life(), {"Robin": True, "Sam": True}
        life.plans.people = lambda: home
        await life.plans.add(job("order", None, commands=LAMP, condition=Condition("all_away")))
        await life.plans.look_again()
        home["Robin"] = False
        await life.plans.look_again()
        await life.plans.settled()
        assert made.ran == []
        home["Sam"] = False
        await life.plans.look_again()
        await life.plans.settled()
        assert len(made.ran) == 1
        assert life.plans.planned() == []


TREADMILL = Device("t", "Treadmill", "plug", "Gym", "x", (rows.ON, rows.POWER))


async def test_cardio_sessions_are_counted(tmp_path: Path) -> None:
    async with opened(tmp_path) as made:
        home = Home(gatekeeper()[1])
        home.restore([TREADMILL], {}, [])
        cardio = Cardio(made.store, home, lambda: made.time[0])

        async def minutes(count: float, watts: float) -> None:
            await cardio.heard(Changed("t", "power", watts))
            made.time[0] += timedelta(minutes=count)
            await cardio.heard(Changed("t", "power", watts))
            await cardio.tick()
        for watts in (600.0, 600.0):
            await minutes(20, watts)
            await minutes(1, 2.0)  # a sip of water
            await minutes(10, watts)
            await minutes(90, 2.0)
        await minutes(1, 600.0)  # somebody passing by
        await minutes(10, 2.0)
        start, end = period("month", made.time[0].astimezone(BERLIN.zone))
        found = await sessions(made.store, start, end)
        assert [round(one.minutes) for one in found] == [31, 31]
        assert [round(one.kwh, 2) for one in found] == [0.3, 0.3]


@pytest.mark.parametrize(("key", "first", "last"), [
    ("month_2", "2026-02-01", "2026-02-28"), ("month_3", "2026-03-01", "2026-03-27"),
    ("month_10", "2025-10-01", "2025-10-31"), ("month_12", "2025-12-01", "2025-12-31")])
def test_a_month_is_the_last_of_its_name(key: str, first: str, last: str) -> None:
    start, end = period(key, START.astimezone(BERLIN.zone))
    assert (start.date().isoformat(), (end - timedelta(minutes=2)).date().isoformat()) == (first, last)


@pytest.mark.parametrize(("said", "when"), [
    ("every day 07:00", When(days=WEEKDAYS, clock="07:00")),
    ("every mon,thu 18:30", When(days=("mon", "thu"), clock="18:30")),
    ("every weekday sunset-30", When(days=WEEKDAYS[:5], sun="sunset", offset=-30)),
    ("every 3 days 07:00", When(days=WEEKDAYS, clock="07:00", step=3, first="2026-03-28")),
    ("every 2 weeks mon 18:30", When(days=("mon",), clock="18:30", step=2, first="2026-03-30")),
    ("every 2 weeks 18:30", When(days=("fri",), clock="18:30", step=2, first="2026-03-27")),
    ("every month 1,15 09:00", When(dates=("1", "15"), clock="09:00")),
    ("every year 12-24 18:00", When(dates=("12-24",), clock="18:00")),
    *((wrong, None) for wrong in (
        "every 2 mon 07:00", "every 2 weeks 31 07:00", "every month mon 07:00", "every week 07:00", "every fun 07:00",
        "every month 32 07:00", "every year 13-01 07:00", "every 0 days 07:00", "every 3 days", "every mon,xyz 07:00",
        "every 2 month 1 07:00", "every day mon 07:00")),
])
def test_the_models_forms_of_a_time(said: str, when: When | None) -> None:
    plans = SimpleNamespace(now=lambda: START, place=BERLIN)
    assert parse(said, cast(Plans, plans)) == when
