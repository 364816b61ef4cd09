"""What people say about time, over the handset, and what is so in the home afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.stories.clocks import arrived, clean, next_of, noon, passes, shows, tell
from tests.stories.house import GUEST, MEMBER, OWNER, House, until

pytestmark = pytest.mark.anyio


async def test_reminders_snoozed_cancelled_and_listed(house: House) -> None:
    await clean(house)
    said = await tell(house, "remind me at five to call Anna")
    due = await next_of(house)
    assert (due.minute, due.hour % 12) == (0, 5)
    assert f"{due:%H:%M}: remind you: call Anna." in said
    assert f"{due:%A} {due.day} {due:%B}" in said
    await tell(house, "remind me in 10 minutes to look at the oven")
    assert "look at the oven" in (await tell(house, "what is planned?")).splitlines()[0]
    assert await passes(house, 599) == []
    assert await passes(house, 2) == ["Reminder: look at the oven"]
    assert "look at the oven" in await tell(house, "snooze")
    assert await passes(house, 601) == ["Reminder: look at the oven"]
    assert "call Anna" in await tell(house, "cancel the 5 o'clock one")
    assert await tell(house, "what is planned?") == "Nothing is planned."
    await tell(house, "every weekday at 7 remind me to stretch")
    first = await next_of(house)
    await tell(house, "cancel that")
    assert await tell(house, "what is planned?") == "Nothing is planned."
    assert (first.hour, first.weekday() < 5) == (7, True)


async def test_orders_for_later_are_done_and_the_home_agrees(house: House) -> None:
    await clean(house)
    await house.hand("ceiling_fan", on=True)
    await house.hand("bedroom_shades", position=0)
    assert "Ceiling Fan" in await tell(house, "in 20 minutes turn off the fan")
    assert (await house.state("ceiling_fan"))["on"]
    [told] = await passes(house, 1201)
    assert "Ceiling Fan" in told
    assert not (await house.state("ceiling_fan"))["on"]
    await noon(house)  # before seven in the morning, the next is today's
    await tell(house, "every Monday at 7 open the bedroom shades")
    monday = await next_of(house)
    for said, weeks in (("move that by a week", 1), ("push it two weeks", 3)):
        told = await tell(house, said)
        assert await next_of(house) == monday + timedelta(weeks=weeks), told
        assert f"{monday + timedelta(weeks=weeks):%d %B, 07:00}".lstrip("0") in told
    await tell(house, "cancel that")
    await tell(house, "every day at 7 open the bedroom shades")
    skipped = await next_of(house)
    assert f"Not {skipped:%A}" in await tell(house, f"not {skipped:%A}")
    assert (await next_of(house)) > skipped
    await passes(house, 86400)
    assert (await house.state("bedroom_shades"))["position"] == 0
    await passes(house, 86400)
    await until(lambda: opens(house))
    await clean(house)
    for text, lit in (("at sunset turn off the porch light", False),
                      ("half an hour before sunrise turn on the porch light", True)):
        assert "sun" in await tell(house, text)
        _, clock = await house.api("GET", "/api/clock")
        await passes(house, (await next_of(house) - datetime.fromisoformat(clock["now"])).total_seconds())
        assert (await house.state("porch_light"))["on"] is lit


async def opens(house: House) -> bool:
    return bool((await house.state("bedroom_shades"))["position"] > 0)


async def test_conditions_wait_for_the_last_state(house: House) -> None:
    await clean(house)
    assert "every time" in await tell(house, "if the garage is open for ten minutes after ten, tell me")
    await tell(house, "when the washer is done, tell me")
    await tell(house, "tell me when the spa is ready")
    await house.hand("washer", power=1800)
    await until(lambda: shows(house, "washer", "power", 1800))
    assert await passes(house, 600) == []
    await house.hand("washer", power=1)
    await until(lambda: shows(house, "washer", "power", 1))
    [told] = await passes(house, 200)
    assert "washer is done" in told
    await house.hand("spa", target=38, current=38)
    await house.texts(1, await house.last_id() - 1)
    await until(lambda: said(house, "spa is ready"))
    await clean(house)


async def said(house: House, words: str) -> bool:
    return any(words in row["body"] for row in await house.received())


async def test_what_is_risky_asks_again_when_it_is_due(house: House) -> None:
    await clean(house)
    assert "ask you" in await tell(house, "in 5 minutes open the garage")
    [asked] = await passes(house, 301)
    assert "Shall I" in asked
    assert (await house.state("garage_door"))["position"] == 0
    await tell(house, "no")
    assert "guests" in await tell(house, "in 5 minutes open the garage", GUEST)
    assert "ask" in await tell(house, "in 5 minutes turn off the desk lamp", GUEST)
    last = await house.last_id()
    await passes(house, 301)
    assert "Alex had planned this" in (await house.texts(1, last, OWNER))[0]
    assert (await house.state("desk_lamp"))["on"]
    await tell(house, "yes")
    assert not (await house.state("desk_lamp"))["on"]


async def test_who_is_home_is_told_and_what_waits_for_it_happens(house: House) -> None:
    await clean(house)
    await tell(house, "I'm home")
    await tell(house, "I'm home", MEMBER)
    await house.hand("ceiling_fan", on=True)
    await tell(house, "when everyone has left turn off the fan")
    assert await tell(house, "who is home?") == "Robin and Sam are home."
    assert "Shall I" in await tell(house, "arm the house away")
    await tell(house, "no")
    assert "Sam is still home" in await tell(house, "I'm leaving")
    assert (await house.state("ceiling_fan"))["on"]
    assert (await house.state("desk_lamp"))["on"]
    assert await tell(house, "is Robin home?") == "Robin is out."
    await tell(house, "I'm leaving", MEMBER)

    async def off() -> bool:
        return not (await house.state("ceiling_fan"))["on"]
    await until(off)
    assert (await house.state("house_alarm"))["armed"] == "away"
    assert not (await house.state("desk_lamp"))["on"]


async def test_the_spa_is_warm_by_seven_and_cardio_is_counted(house: House) -> None:
    await clean(house)
    await house.hand("spa", current=26, on=False)
    assert "have not learned" in await tell(house, "heat the spa to 38 by 7")
    due = await next_of(house)
    assert due.hour % 12 == 7
    await passes(house, 86400 / 2)
    assert (await house.state("spa"))["target"] == 38
    await house.hand("treadmill", power=500)
    await until(lambda: shows(house, "treadmill", "power", 500))
    await passes(house, 1800)
    await house.hand("treadmill", power=0)
    await until(lambda: shows(house, "treadmill", "power", 0))
    await passes(house, 300)
    assert "30 minutes" in await tell(house, "how often did I do cardio this month?")
    assert "very Sunday, 19:00" in await tell(house, "tell me every Sunday how much cardio I did")
    _, clock = await house.api("GET", "/api/clock")
    told = await passes(house, (await next_of(house) - datetime.fromisoformat(clock["now"])).total_seconds() + 1)
    assert any("this week" in one for one in told), told
    assert "No weekly line" in await tell(house, "stop telling me how much cardio I did")
    assert await tell(house, "what is planned?") == "Nothing is planned."


async def test_a_clock_that_was_put_on_finds_what_is_late(house: House) -> None:
    await clean(house)
    await house.hand("ceiling_fan", on=False)
    await tell(house, "in 20 minutes turn on the fan")
    await tell(house, "remind me in 20 minutes to breathe")
    _, clock = await house.api("GET", "/api/clock")
    now = datetime.fromisoformat(clock["now"])
    last = await house.last_id()
    await house.api("POST", "/api/clock", {"set": now.replace(year=now.year + 1, month=1, day=2).isoformat()})
    texts = await house.texts(2, last)
    assert any("late" in one and "breathe" in one for one in texts)
    assert any("was not done" in one for one in texts)
    assert not (await house.state("ceiling_fan"))["on"]


async def test_the_model_plans_with_the_same_checks(house: House) -> None:
    await clean(house)
    await house.script({"tools": [{"name": "plan", "input": {"when": "every mon,thu 18:30", "do": "remind",
                                                             "text": "water the fern"}}]}, {"text": "Planned."})
    await house.say("could you perhaps nudge me about the fern on the usual two evenings")
    _, found = await house.api("GET", "/api/plans")
    [plan] = found["plans"]
    assert (plan["what"], plan["repeats"]) == ("remind you: water the fern", True)
    assert (await next_of(house)).strftime("%H:%M") == "18:30"


async def test_on_for_a_while_and_what_stays_when_stop_is_said(house: House) -> None:
    await clean(house)
    await house.hand("porch_light", on=False)
    said = await tell(house, "turn the porch light on for 5 minutes")
    assert "Porch Light" in said
    assert (await house.state("porch_light"))["on"]
    assert "one plan" in await tell(house, "cancel everything")
    await passes(house, 301)
    assert not (await house.state("porch_light"))["on"]
    await tell(house, "remind me at five to call Anna")
    assert "Anna" in await tell(house, "cancel all plans")
    assert "Anna" in await tell(house, "undo")
    await clean(house)


async def test_others_are_told_at_their_own_address_and_by_whom(house: House) -> None:
    await clean(house)
    assert "remind Sam: take out the bins" in await tell(house, "remind Sam in 10 minutes to take out the bins")
    assert "Robin and Sam" in await tell(house, "remind everyone in 10 minutes that dinner is ready", MEMBER)
    last = await house.last_id()
    await passes(house, 601)
    told = {(row["to"], row["body"]) for row in await house.received(last)}
    assert told == {(MEMBER, "Reminder: take out the bins (Robin asked me to tell you.)"),
                    (OWNER, "Reminder: dinner is ready (Sam asked me to tell you.)"),
                    (MEMBER, "Reminder: dinner is ready")}
    assert "dinner is ready" in await tell(house, "snooze", MEMBER)
    assert "guests" in await tell(house, "remind Sam at five to call", GUEST)
    await clean(house)


async def test_coming_home_is_what_a_reminder_waits_for(house: House) -> None:
    await clean(house)
    await tell(house, "I'm leaving", MEMBER)
    await tell(house, "remind me when I get home to water the plants", MEMBER)
    await tell(house, "when Sam comes home, turn on the porch light")
    await house.hand("porch_light", on=False)
    last = await house.last_id()
    await house.text("I'm home", MEMBER)
    await house.texts(3, last)
    await until(lambda: arrived(house))
    told = {(row["to"], row["body"]) for row in await house.received(last)}
    assert (MEMBER, "Reminder: water the plants") in told
    assert (OWNER, "Porch Light is on. (planned)") in told
    assert (await house.state("porch_light"))["on"]
    await clean(house)


async def test_one_sentence_may_make_two_plans_and_both_are_that(house: House) -> None:
    await clean(house)
    said = await tell(house, "turn on the porch light at 8 and turn it off at 11")
    assert said.count("Porch Light") == 2
    assert (await next_of(house, 1)) - (await next_of(house)) == timedelta(hours=3)
    assert "Moved" in await tell(house, "half an hour later")
    assert (await next_of(house)).minute == 30
    assert "2 plans are cancelled" in await tell(house, "cancel that")
    await tell(house, "undo")
    assert len((await tell(house, "what is planned?")).splitlines()) == 2
    await clean(house)


async def test_what_is_for_others_is_passed_on_at_once_and_seen_by_them(house: House) -> None:
    await clean(house)
    last = await house.last_id()
    assert await tell(house, "tell everyone dinner is ready") == "On its way to Sam: “dinner is ready”."
    assert await house.texts(1, last, MEMBER) == ["Robin: dinner is ready"]
    last = await house.last_id()
    assert "On its way to Robin" in await tell(house, "tell everyone that the plumber called", MEMBER)
    assert await house.texts(1, last, OWNER) == ["Sam: the plumber called"]
    last = await house.last_id()
    assert "guests" in await tell(house, "tell everyone dinner is ready", GUEST)
    await until(lambda: arrived(house))
    assert not await house.received(last, OWNER)
    assert "Nothing is planned for Sam." in await tell(house, "what is planned for Sam?")
    await tell(house, "remind Sam tomorrow at five to take out the bins")
    assert "take out the bins" in await tell(house, "what is planned for Sam?")
    assert "take out the bins (Robin)" in await tell(house, "what is planned?", MEMBER)
    assert await tell(house, "what is planned?", GUEST) == "Nothing is planned."
    assert "“" not in await tell(house, "cancel all plans", MEMBER), "what Robin planned is for Robin to cancel"
    assert "take out the bins" in await tell(house, "what is planned?")
    await clean(house)


async def test_a_condition_alone_is_a_wish_to_be_told(house: House) -> None:
    await clean(house)
    assert "When Washer is done: tell you." in await tell(house, "when the washer is done")
    assert "Spa" in await tell(house, "when the spa is ready")
    assert "When everyone has left: tell you." in await tell(house, "when everyone has left")
    await clean(house)
    said = await tell(house, "if it gets colder than 18 degrees in the bedroom, turn up the heating")
    assert "When Bedroom Heating is below 18, every time: set Bedroom Heating to" in said
    for room in ("hallway", "kitchen"):  # a freezer is no air
        said = await tell(house, f"if it gets colder than 18 degrees in the {room}, tell me")
        assert "tells me how warm it is" in said
    await clean(house)
    assert await tell(house, "cardio last week?") == "No cardio last week."
    assert "October" in await tell(house, "how much cardio in October?")
