"""A device that is still moving when the answer goes out is told of again when it rests."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dobby.agent.answers import answer
from dobby.agent.late import arrived
from dobby.home import vocabulary as rows
from dobby.home.device import Command, Reading
from dobby.home.verdict import Verdict
from dobby.words import Words
from tests.home.fakes import Bulb, at_home

pytestmark = pytest.mark.anyio
WORDS = Words("en")


class Shade(Bulb):
    """Takes its time."""

    def __init__(self) -> None:
        super().__init__("test:shade", (rows.POSITION, rows.MOVING), way="late")
        self.device = replace(self.device, kind="shade", name="Shade")
        self.state = {"position": 100, "moving": False}

    async def send(self, command: Command) -> None:
        """Begin to move."""
        self.got.append(command)
        self.shows(moving=True, position=90)

    def shows(self, **state: float) -> None:
        for trait, value in state.items():
            self.out.put_nowait(Reading(self.device.id, trait, value))


@pytest.mark.parametrize(("rests_at", "result", "words"), [(0, "confirmed", "Shade is closed."),
                                                           (40, "failed", "still shows 40 % open")])
async def test_what_moves_is_on_its_way_and_told_when_it_rests(rests_at: int, result: str, words: str) -> None:
    shade = Shade()
    async with at_home(shade, patience=0.1) as (home, mint):
        commands = [Command("test:shade", "position", 0)]
        (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
        assert (outcome.result, outcome.on_its_way) == ("sent", True)
        assert answer([outcome], home, WORDS) == "Shade is on the way there."
        waiting = asyncio.create_task(arrived(home, [outcome]))
        shade.shows(position=rests_at, moving=False)
        (final,) = await waiting
        assert final.result == result
        assert words in answer([final], home, WORDS)


async def test_what_moves_for_ever_has_failed() -> None:
    shade = Shade()
    async with at_home(shade, patience=0.1) as (home, mint):
        commands = [Command("test:shade", "position", 0)]
        (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
        (final,) = await arrived(home, [outcome], limit=0.05)
        assert (final.result, final.read) == ("failed", 90)
