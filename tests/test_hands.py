"""The gate itself: a yes that was not asked for a door opens none, whatever the question was called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from dobby.approvals import Answered, Approvals, hash_pin
from dobby.clock import Clock
from dobby.home.device import Command, Device, Outcome
from dobby.home.home import Home
from dobby.home.traits import Risk
from dobby.home.verdict import Choice, gatekeeper
from dobby.home.vocabulary import LOCKED
from dobby.messages import Person
from dobby.policy import Asker
from dobby.store import Store
from dobby.tools.hands import Hands, House
from dobby.words import Words

pytestmark = pytest.mark.anyio
FRONT, BACK = Command("l:1", "locked", False), Command("l:2", "locked", False)
CHOICES = [Choice("front", (FRONT,)), Choice("back", (BACK,))]


class Doors(Home):
    """A home that notes what reached it."""

    def __init__(self, check: Any) -> None:
        super().__init__(check)
        self.sent: list[Command] = []
        self.restore([Device(id_, name, "lock", "Hall", "l", (LOCKED,)) for id_, name in (
            ("l:1", "Front Door"), ("l:2", "Back Door"))], {}, [])

    async def do(self, commands: Any, permit: Any, outcomes: dict[int, Outcome] | None = None) -> list[Outcome]:
        self._check(commands, permit)
        found = [Outcome(command, "confirmed", command.value) for command in commands]
        self.sent += commands
        (outcomes if outcomes is not None else {}).update(enumerate(found))
        return found


@pytest.fixture
async def hands(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Hands]:
    """Hands of a person with a PIN, over two doors."""
    store = await Store.open(tmp_path / "dobby.db")
    mint, check = gatekeeper()
    clock = await asyncio.to_thread(Clock, manual=True)
    words = await asyncio.to_thread(Words, "en")
    house = House(Doors(check), store, Approvals(store, clock.now), clock, words, [], cast(Any, None), mint)
    message = await store.do("message_add", channel="page", external="1", conversation="owner", sender="page:owner",
                             text="", here="", pin=None, pictures="[]", received="", media="[]",
                             forwarded=False)
    turn = await store.do("turn_start", message=message, person="Robin", channel="page", conversation="owner", text="",
                          started="")
    yield Hands(house, Asker(Person("Robin", "owner", pin_hash=hash_pin("2468")), "phrase"), turn, "owner")
    await store.close()


def sent(hands: Hands) -> list[Command]:
    return cast(Doors, hands.house.home).sent


async def test_which_door_is_no_yes_to_the_door(hands: Hands) -> None:
    approval = await hands.offer("Which one?", CHOICES, Risk.FREE)
    done = await hands.accept(Answered("yes", approval), CHOICES[0])
    assert sent(hands) == []
    assert done.question is not None
    assert done.question.needs_pin
    assert done.question.expires - done.question.asked == timedelta(minutes=2)
    await hands.accept(Answered("yes", done.question), done.question.choices[0])
    assert sent(hands) == [FRONT]


async def test_one_door_asked_in_any_words_wants_the_pin(hands: Hands) -> None:
    approval = await hands.offer("Shall I?", CHOICES[:1], Risk.FREE)
    assert approval.needs_pin
    assert approval.expires - approval.asked == timedelta(minutes=2)


async def test_with_the_pin_switched_off_a_yes_in_two_minutes_is_enough(hands: Hands) -> None:
    hands.asker = Asker(Person("Robin", "owner", pin_needed=False), "phrase")
    approval = await hands.offer("Shall I?", CHOICES[:1], Risk.FREE)
    assert not approval.needs_pin
    await hands.accept(Answered("yes", approval), CHOICES[0])
    assert sent(hands) == [FRONT]
    approval = await hands.offer("Which one?", CHOICES, Risk.FREE)
    assert (await hands.accept(Answered("yes", approval), CHOICES[1])).question is not None
