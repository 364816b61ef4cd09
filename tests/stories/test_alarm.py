"""Life safety: nobody asked, everybody who lives here is told, until somebody says that they know."""

from __future__ import annotations

import pytest

from tests.stories.house import GUEST, MEMBER, OWNER, House

pytestmark = pytest.mark.anyio


async def test_an_alarm_is_told_to_all_residents_and_to_no_guest(house: House) -> None:
    since = await house.last_id()
    await house.hand("house_alarm", triggered=True)
    [to_owner] = await house.texts(1, since, OWNER)
    [to_member] = await house.texts(1, since, MEMBER)
    assert to_owner == to_member == "The alarm sounds: House Alarm (Hallway)."
    since = await house.last_id()
    await house.text("got it", sender=MEMBER)
    assert await house.texts(1, since, MEMBER) == ["Good. I stop repeating it, and tell you when it is over."]
    assert await house.texts(1, since, OWNER) == ["Sam knows and sees to it."]
    since = await house.last_id()
    await house.hand("house_alarm", triggered=False)
    assert await house.texts(1, since, OWNER) == ["House Alarm is quiet again."]
    assert await house.texts(1, since, MEMBER) == ["House Alarm is quiet again."]
    assert await house.received(since, GUEST) == []


async def test_a_thank_you_without_an_alarm_is_only_words(house: House) -> None:
    answer = await house.say("got it")
    assert "repeat" not in answer["reply"]


async def test_a_restart_neither_forgets_nor_repeats_an_alarm(house: House) -> None:
    since = await house.last_id()
    await house.hand("house_alarm", triggered=True)
    assert await house.texts(1, since, OWNER) == ["The alarm sounds: House Alarm (Hallway)."]
    await house.kill()
    await house.again()
    since = await house.last_id()
    await house.hand("house_alarm", triggered=False)
    assert await house.texts(1, since, OWNER) == ["House Alarm is quiet again."]


async def test_water_on_the_floor_is_told_over_the_broker_too(house: House) -> None:
    since = await house.last_id()
    await house.hand("washer_leak", leak=True)
    assert await house.texts(1, since, OWNER) == ["Water! Washer Leak (Bathroom) reports a leak."]
    assert await house.texts(1, since, MEMBER) == ["Water! Washer Leak (Bathroom) reports a leak."]
    since = await house.last_id()
    await house.hand("washer_leak", leak=False)
    assert await house.texts(1, since, OWNER) == ["Washer Leak is dry again."]
