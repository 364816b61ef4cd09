"""What is said for others of the house: who hears it, where, and from whom; and who cannot be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dobby.tools.hands import Hands
from tests.agent.test_time_replies import ALEX, ROBIN, SAM, Talk, talk

pytestmark = pytest.mark.anyio
__all__ = ["talk"]

@pytest.fixture
def house(talk: Talk) -> Talk:
    hands: Hands = talk.hands
    hands.house.people = (replace(ROBIN, addresses=("whatsapp:+1",)), replace(SAM, addresses=("whatsapp:+2",)), ALEX)
    talk.plans.people = hands.house.presence.home if hands.house.presence else dict
    return talk


@pytest.mark.parametrize(("said", "whom", "answer"), [
    ("remind Sam at five to take out the bins", ("Sam",), "17:00: remind Sam: take out the bins."),
    ("at 7 remind Sam to feed the cat", ("Sam",), "19:00: remind Sam: feed the cat."),
    ("tell Sam at six that the plumber comes", ("Sam",), "18:00: remind Sam: the plumber comes."),
    ("remind everyone at 8 that dinner is ready", ("Robin", "Sam"), "remind Robin and Sam: dinner is ready."),
    ("remind Sam and me tomorrow at 9 to pay", ("Sam", "Robin"), "remind Sam and Robin: pay."),
    ("remind Robin at five to call", (), "17:00: remind you: call."),
    ("wake Sam up at 7", ("Sam",), "07:00: wake Sam."),
    ("let Sam know when the spa is ready", ("Sam",), "tell Sam."),
    ("remind Sam when he gets home to water the plants", ("Sam",), "When Sam is home: remind Sam: water the plants.")])
async def test_it_is_for_whom_it_was_said(house: Talk, said: str, whom: tuple[str, ...], answer: str) -> None:
    assert answer in await house.say(said)
    [job] = house.plans.planned()
    assert (job.person, job.whom) == ("Robin", whom)


@pytest.mark.parametrize("said", ["remind Anna at five to call", "tell Anna at six that the plumber comes",
                                  "remind my wife at five to call", "when Anna comes home turn off the fan",
                                  "remind Alex at five to call"])
async def test_who_is_not_of_the_household_is_named(house: Talk, said: str) -> None:
    answer = await house.say(said)
    assert "I know nobody of the household called" in answer
    assert answer.endswith("Robin and Sam.")
    assert not house.plans.planned()


async def test_a_guest_tells_nobody(house: Talk) -> None:
    assert "guests" in await house.say("remind Sam at five to call", ALEX)
    assert "guests" in await house.say("when Sam comes home turn off the fan", ALEX)
    assert not house.plans.planned()


async def test_who_has_no_address_cannot_be_told(talk: Talk) -> None:
    talk.hands.house.people = (ROBIN, SAM)
    assert "no address of Sam" in await talk.say("remind Sam at five to call")


@pytest.mark.parametrize(("said", "answer"), [
    ("remind me when I get home to water the plants", "When Robin is home: remind you: water the plants."),
    ("when I get home remind me to water the plants", "When Robin is home: remind you: water the plants."),
    ("remind me to water the plants when I get home", "When Robin is home: remind you: water the plants."),
    ("when I leave, tell me", "When Robin has left: tell you."),
    ("when Sam comes home, remind me to cook", "When Sam is home: remind you: cook."),
    ("tell me when the first of us comes home", "When somebody is home: tell you.")])
async def test_coming_and_going_is_the_speakers_or_a_named_persons(house: Talk, said: str, answer: str) -> None:
    told = await house.say(said)
    assert answer in told
    assert "I do not know" in told, "unknown stays unknown, and is said"


async def test_who_is_there_already_is_waited_for_the_next_time(house: Talk) -> None:
    await house.say("I'm home")
    assert "I wait for the next time" in await house.say("remind me when I get home to eat")
    [job] = house.plans.planned()
    assert not job.wait.ready
