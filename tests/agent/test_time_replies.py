"""What is answered about plans and presence, and what is planned and known afterwards; the clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from dobby.agent.cancel_replies import stays, undone
from dobby.agent.meaning import Timed, Understood
from dobby.agent.planned import Runner
from dobby.agent.reflex import Reflex
from dobby.agent.time_replies import timed
from dobby.clock import Clock
from dobby.home.device import Command
from dobby.jobs.conditions import Condition
from dobby.jobs.job import Due, Job, JobKind
from dobby.jobs.plans import Plans
from dobby.jobs.presence import Habit, Presence
from dobby.jobs.when import WEEKDAYS, Place, When
from dobby.messages import Person
from dobby.policy import Asker
from dobby.store import Store
from dobby.tools.hands import Hands, House
from dobby.web.plans_api import PlansApi
from dobby.words import Words
from tests.agent.test_house_talk import home

pytestmark = pytest.mark.anyio
ROBIN, SAM, ALEX = Person("Robin", "owner"), Person("Sam", "member"), Person("Alex", "guest")
NOW = datetime(2037, 11, 22, 15, tzinfo=UTC)  # a Sunday that is far off, 16:00 in Berlin: a clock never goes back
TOMORROW = "2037-11-23"
DAILY = When(days=WEEKDAYS, clock="07:00")


@dataclass
class Talk:
    """A conversation of Robin's about plans."""

    hands: Hands
    plans: Plans
    mind: Reflex

    async def say(self, text: str, person: Person = ROBIN) -> str:
        read = await asyncio.to_thread(self.mind.read, text, home(), None, now=0.0)
        assert isinstance(read, Understood), text
        if not isinstance(read.parts[0], Timed):
            return await undone(self.hands)
        return await timed(replace(self.hands, asker=Asker(person, "phrase")), read.parts[0])

    async def plan(self, text: str, when: When | None = DAILY, kind: JobKind = "tell", **more: Any) -> Job:
        return await self.plans.add(Job("Robin", "elsewhere", "", kind, when, text=text,
                                        made=self.plans.now(), **more))

    def left(self) -> set[str]:
        return {job.text for job in self.plans.planned()}


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    store, words = await Store.open(tmp_path / "dobby.db"), await asyncio.to_thread(Words, "en")
    zone, clock, none = await asyncio.to_thread(ZoneInfo, "Europe/Berlin"), Clock(manual=True), cast(Any, None)
    clock.set(NOW)
    view = cast(Any, home())
    plans = Plans(store, view, clock.now, Place(zone, 52.52, 13.40))

    async def unseen(_: str) -> bool | None:
        return None
    presence = Presence(store, view, clock.now, (Habit("Robin"), Habit("Sam")), unseen, plans.look_again)
    await presence.open()
    house = House(view, store, none, clock, words, [], none, none, plans=plans, presence=presence)
    yield Talk(Hands(house, Asker(ROBIN, "phrase"), 1, "owner"), plans, Reflex("en", [], words, ("Robin", "Sam")))
    await store.close()


async def test_all_reminders_are_reminders_named_and_come_back(talk: Talk) -> None:
    for text in ("water", "call", "stretch", "breathe"):
        await talk.plan(text)
    await talk.plan("fan", kind="order", commands=(Command("f1", "on", False),))
    await talk.plan("watch", None, condition=Condition("all_away"))
    said = await talk.say("cancel all reminders")
    assert "4 plans" in said
    assert "remind you: water" in said
    assert "and 1 more" in said
    assert "stays: 2 plans" in said
    assert talk.left() == {"fan", "watch"}
    assert "Planned again" in await talk.say("undo")
    assert len(talk.left()) == 6
    assert await talk.say("undo") == ""
    await talk.say("cancel all plans")
    assert talk.left() == set()
    assert stays(talk.hands.house, ROBIN) == ""
    await talk.say("undo")
    assert "6 plans" in stays(talk.hands.house, ROBIN)


@pytest.mark.parametrize("when", [When(date="2037-11-22", clock="16:05"), When(days=WEEKDAYS, clock="16:05")])
async def test_cancelled_is_said_of_what_did_nothing_yet(talk: Talk, when: When) -> None:
    letters: list[None] = []
    agent = SimpleNamespace(house=talk.hands.house, people={}, on_letter=lambda: letters.append(None))
    talk.plans.act = Runner(cast(Any, agent), talk.plans).act
    due = replace(await talk.plan("water", when), address="sms:+1")
    talk.plans.jobs[due.id] = due
    talk.hands.house.clock.set(NOW + timedelta(minutes=5))
    await talk.plans.tick()  # begun, and not one step further
    assert "Cancelled: " in await timed(talk.hands, Timed("cancel"))
    await talk.plans.settled()
    assert letters == []
    assert talk.left() == set()
    row = await talk.hands.house.store.one("job", id=due.id)
    assert row is not None
    assert row["state"] == "cancelled"
    said = await talk.say("undo")  # and nothing else in the home
    assert ("Planned again" if due.repeats else "Its time is past") in said
    assert talk.left() == ({"water"} if due.repeats else set())


@pytest.mark.parametrize("when", [When(date="2037-11-22", clock="16:05"), When(days=WEEKDAYS, clock="16:05")])
async def test_what_is_being_done_is_no_longer_cancelled(talk: Talk, when: When) -> None:
    acting, go = asyncio.Event(), asyncio.Event()

    async def act(due: Due) -> str:
        assert talk.plans.acts(due)
        acting.set()
        await go.wait()
        return "done"
    talk.plans.act = act
    await talk.plan("other", When(date=TOMORROW, clock="06:00"))
    due = await talk.plan("water", when)
    await talk.plans.speak_of(due, "owner")
    talk.hands.house.clock.set(NOW + timedelta(minutes=5))
    await talk.plans.tick()
    await acting.wait()
    said = await talk.say("cancel that")
    assert "has begun already" in said
    assert "water" in said
    assert ("Cancelled: " in said) is due.repeats
    assert talk.left() == {"other"}
    go.set()
    await talk.plans.settled()


@pytest.mark.parametrize("acts", [True, False])
async def test_the_page_is_told_that_it_is_too_late_to_cancel(talk: Talk, acts: bool) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def act(due: Due) -> str:
        assert not acts or talk.plans.acts(due)
        begun.set()
        await go.wait()
        return "done"
    talk.plans.act = act
    due = await talk.plan("water", replace(DAILY, clock="16:05"))
    talk.hands.house.clock.set(NOW + timedelta(minutes=5))
    await talk.plans.tick()
    await begun.wait()
    app = web.Application()
    app.add_routes(PlansApi(talk.hands.house).routes())
    async with TestClient(TestServer(app)) as page:
        answer = await page.delete(f"/api/plans/{due.id}")
        assert await answer.json() == {"cancelled": due.id, "begun": acts}
    go.set()
    await talk.plans.settled()


async def test_none_of_the_kind(talk: Talk) -> None:
    assert await talk.say("cancel all timers") == "Nothing is planned."
    await talk.plan("water")
    assert "None of that kind" in await talk.say("cancel all timers")
    assert talk.left() == {"water"}


async def test_not_tomorrow_takes_what_repeats_and_else_asks(talk: Talk) -> None:
    await talk.plan("once", When(date=TOMORROW, clock="06:00"))
    await talk.plan("other", When(date=TOMORROW, clock="09:00"))
    await talk.say("what is planned?")
    assert "Which one" in await talk.say("not tomorrow")
    assert talk.left() == {"once", "other"}
    daily = await talk.plan("daily")
    await talk.say("what is planned?")
    assert "Not Monday" in await talk.say("not tomorrow")
    assert talk.left() == {"once", "other", "daily"}
    assert talk.plans.jobs[daily.id].skips == (TOMORROW,)
    second = await talk.plan("second")
    await talk.plan("third")
    assert "Which one" in await talk.say("not tomorrow")
    assert talk.plans.topic("owner") is not None  # "cancel that" is about plans, and asks
    assert "Which one" in await talk.say("cancel that")
    assert "second" in await talk.say(f"skip number {second.id} tomorrow")
    assert "Cancelled: " in await talk.say("cancel that")
    assert talk.left() == {"once", "other", "daily", "third"}
    assert "second" in await talk.say("undo")


async def test_a_second_snooze_moves_the_first(talk: Talk) -> None:
    await talk.plan("oven", When(at=(NOW + timedelta(minutes=5)).isoformat()))
    clock = talk.hands.house.clock
    clock.set(NOW + timedelta(minutes=5))
    await talk.plans.tick()
    await talk.plans.settled()
    await talk.say("snooze")
    await talk.say("snooze 20 minutes")
    [job] = talk.plans.planned()
    assert talk.plans.next_of(job) == NOW + timedelta(minutes=25)


@pytest.mark.parametrize(("said", "person", "answer"), [
    ("is Sam home?", ROBIN, "Of Sam I do not know."), ("Sam is home", ROBIN, "Sam is home."),
    ("Sam left", SAM, "Sam is out."), ("nobody is home", ROBIN, "Robin and Sam are out."),
    ("Sam is home?", ROBIN, "Of Sam I do not know.")])
async def test_presence_is_told_and_asked(talk: Talk, said: str, person: Person, answer: str) -> None:
    assert await talk.say(said, person) == answer


async def test_a_guest_says_of_nobody_where_they_are(talk: Talk) -> None:
    await talk.say("Sam is home", ALEX)
    assert await talk.say("is Sam home?") == "Of Sam I do not know."


@pytest.mark.parametrize(("said", "answer"), [
    ("remind me on 29 February to jump", "Wednesday 29 February 2040, 09:00: remind you: jump."),
    ("remind me on 3 May 2039 at 4pm to renew it", "Tuesday 3 May 2039, 16:00: remind you: renew it."),
    ("remind me on 3 May to renew it", "Monday 3 May, 09:00: remind you: renew it."),
    ("remind me before sunrise", "How long before or after it? Say for instance “half an hour before sunrise”."),
    ("remind me on 3/5/2039 to pay", "Which day is that? Say the month by its name.")])
async def test_a_day_that_is_far_off_is_told_with_its_year(talk: Talk, said: str, answer: str) -> None:
    assert await talk.say(said) == answer


@pytest.mark.parametrize(("said", "days"), [
    ("on the first of every month at 9 remind me to pay rent", "Every month on day 1, 09:00 (next: "),
    ("on the 15th of every month at 9 remind me to pay rent", "Every month on day 15, 09:00 (next: ")])
async def test_a_day_of_the_month_is_told_as_one_says_it(talk: Talk, said: str, days: str) -> None:
    assert (await talk.say(said)).startswith(days)


@pytest.mark.parametrize(("said", "clock"), [
    ("remind me on Friday at 8 about dinner", "20:00"), ("remind me on Friday at 8 about the bins", "08:00"),
    ("remind me on Friday at 7 to lay the table for breakfast", "07:00")])
async def test_an_hour_is_that_of_what_is_done_then(talk: Talk, said: str, clock: str) -> None:
    assert clock in await talk.say(said)


async def test_plans_are_meant_by_their_words(talk: Talk) -> None:
    await talk.plan("call the plumber")
    await talk.plan("shades", kind="order", commands=(Command("b1", "position", 100),))
    await talk.plan("heat", When(date=TOMORROW, clock="19:00"), kind="heat", commands=(Command("s1", "target", 38.0),))
    await talk.plan("watch", None, condition=Condition("holds", "g1", "open", "is", True))
    assert "Not Monday" in await talk.say("don't open the bedroom shades tomorrow")
    assert "Not Tuesday" in await talk.say("skip the shades on Tuesday")
    assert await talk.say("cancel the boiler") == "No plan speaks of “boiler”."
    assert "plumber" in await talk.say("cancel the plumber reminder")
    assert "Cancelled: " in await talk.say("cancel the garage one")
    assert talk.left() == {"shades", "heat"}
    await talk.plan("spa", kind="order", commands=(Command("s1", "on", True),))
    assert "Which one" in await talk.say("cancel the spa")
    assert talk.left() == {"shades", "heat", "spa"}


async def test_a_machine_that_is_not_there_is_said(talk: Talk) -> None:
    assert "no dryer" in await talk.say("when the dryer is done tell me")
