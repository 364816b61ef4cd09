"""Plans that change their time, come back after a restart, and what is taught in one breath."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.stories.clocks import clean, next_of, noon, now, passes, shows, tell
from tests.stories.house import House, lived_in, until
from tests.stories.test_memory import traces

pytestmark = pytest.mark.anyio


async def count(house: House) -> int:
    return len((await house.api("GET", "/api/plans"))[1]["plans"])


async def test_a_plan_comes_at_another_time_and_keeps_its_day(house: House) -> None:
    await clean(house)
    await noon(house)
    await tell(house, "remind me at five to call Anna")
    day = (await next_of(house)).date()
    said = await tell(house, "make it 9")
    assert said.startswith("Moved.")
    assert "call Anna" in said
    assert ((await next_of(house)).strftime("%H:%M"), (await next_of(house)).date()) == ("21:00", day)
    assert await count(house) == 1
    await tell(house, "at 6 instead")
    assert (await next_of(house)).hour == 18
    await tell(house, "move it to tomorrow at 8:15")
    assert ((await next_of(house)).strftime("%H:%M"), (await next_of(house)).date() > day) == ("08:15", True)
    await clean(house)
    await tell(house, "every weekday at 7 remind me to stretch")
    assert "Every weekday, 09:00" in await tell(house, "make that 9 o'clock")
    assert "Every weekend, 09:00" in await tell(house, "make it every weekend")
    await tell(house, "turn on the desk lamp")
    before = await next_of(house)
    await tell(house, "make it 20")
    assert await next_of(house) == before
    assert await count(house) == 1
    await clean(house)


async def test_what_is_left_out_of_a_repeat_is_left_out_wherever_it_is_said(house: House) -> None:
    await clean(house)
    said = await tell(house, "remind me every day at 7 except Sundays to run")
    assert "Monday, Tuesday, Wednesday, Thursday, Friday and Saturday, 07:00" in said
    assert "Every weekday, 08:00" in await tell(house, "every day at 8 except on weekends remind me to stretch")
    await clean(house)


async def test_a_workout_is_asked_for_in_many_ways(house: House) -> None:
    await clean(house)
    assert "no workout" in await tell(house, "when was my last workout?")
    assert "No cardio today" in await tell(house, "did I work out today?")
    await noon(house)
    await house.hand("treadmill", power=500)
    await until(lambda: shows(house, "treadmill", "power", 500))
    await passes(house, 1500)
    await house.hand("treadmill", power=0)
    await until(lambda: shows(house, "treadmill", "power", 0))
    await passes(house, 300)
    for said in ("when was my last workout?", "when did I last do cardio?", "how long was my last workout?",
                 "how much cardio this week?", "how much cardio this month?", "how much cardio this year?",
                 "did I work out today?"):
        assert "25 minutes" in await tell(house, said), said
    assert "No cardio last" in await tell(house, "how much cardio last year?")


async def test_one_breath_teaches_too(house: House) -> None:
    said = await tell(house, "when I say cosy corner dim the living room to 20 and close the shades")
    assert "“cosy corner”" in said
    assert "Shall I keep that?" in said
    await tell(house, "no")
    said = await tell(house, "when I say movie night dim the living room to 30")
    assert "“movie night” means this now" in said
    await tell(house, "no")


async def test_what_was_cancelled_comes_back_after_a_death(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        await house.say("every weekday at 7 open the bedroom shades")
        assert "Cancelled" in (await house.say("cancel that"))["reply"]
        await house.kill()
        await house.again()
        assert "Planned again" in (await house.say("undo that"))["reply"]
        assert "every weekday, 07:00" in (await house.say("what is planned?"))["reply"]
        assert "Planned again" not in (await house.say("undo that"))["reply"]


async def test_what_is_about_something_goes_along_when_it_is_erased(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        await house.say("when I say hello Quentin, dim the living room to 20")
        assert (await house.say("yes"))["reply"] == "Done."
        await house.say("remind me at five to call Quentin")
        await house.say("remind me at six to stretch")
        await house.say("remind me at seven to pay Quentin")
        await house.say("cancel that")
        asked = (await house.say("forget everything about Quentin"))["reply"]
        assert "1 plan that names it" in asked
        assert "1 skill that was taught here" in asked
        told = (await house.say("yes"))["reply"]
        assert "1 plan went with it. 1 taught skill went with it." in told
        assert "Planned again" not in (await house.say("undo that"))["reply"]
        planned = (await house.say("what is planned?"))["reply"]
        assert "stretch" in planned
        assert len(planned.splitlines()) == 1
        assert await asyncio.to_thread(traces, house, "quentin") == []


async def test_what_a_family_says_about_time(house: House) -> None:
    await clean(house)
    await noon(house)
    await house.hand("porch_light", on=False)
    assert "12:00" in await tell(house, "what time is it?")
    today = await now(house)
    assert await tell(house, "what day is it?") == f"{today:%A} {today.day} {today:%B %Y}."
    assert "The sun sets today" in await tell(house, "when is sunset?")
    assert (await tell(house, "turn on the porch light from 6 to 10")).count("\n") == 1
    await passes(house, 6 * 3600 + 60)
    assert (await house.state("porch_light"))["on"]
    await passes(house, 4 * 3600)
    assert not (await house.state("porch_light"))["on"]
    assert "pasta" in await tell(house, "set a timer for the pasta for 8 minutes")
    assert "pasta" in await tell(house, "how long is left on the timer?")
    await tell(house, "wake me at half past six every day")
    assert "wake you. Next:" in await tell(house, "don't wake me tomorrow")
    assert "by the day" in await tell(house, "remind me every two hours to drink water")
    await tell(house, "cancel the pasta timer")
    await tell(house, "turn off the desk lamp")
    assert "Planned again" not in await tell(house, "undo that")
    assert await tell(house, "are we on vacation?") == "Nobody told me of a vacation."
    assert "“sleepy time”" in await tell(house, "do sleepy time at 11 every night")
    await clean(house)
