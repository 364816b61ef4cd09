"""Questions: one person, one use, a few minutes, and a PIN that cannot be guessed through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dobby.approvals import Approvals, hash_pin, pin_is
from dobby.clock import Clock
from dobby.home.device import Command
from dobby.home.traits import Risk
from dobby.home.verdict import Choice
from dobby.messages import Person
from dobby.store import Store

pytestmark = pytest.mark.anyio
ANN, BEN = Person("Ann", "owner", pin_hash=hash_pin("2468")), Person("Ben", "member")
UNLOCK = (Choice("", (Command("door", "locked", False),)),)
LAMP = (Choice("", (Command("tank", "on", False),)),)


@asynccontextmanager
async def questions(folder: Path) -> AsyncIterator[tuple[Approvals, Clock]]:
    clock, store = Clock(manual=True), await Store.open(folder / "dobby.db")
    try:
        yield Approvals(store, clock.now), clock
    finally:
        await store.close()


async def test_yes_works_once(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, _):
        asked = await approvals.ask(ANN, "c", "Shall I?", LAMP, Risk.ASK)
        assert [one.choices for one in await approvals.open("Ann")] == [LAMP]
        assert (await approvals.answer(ANN, asked.id, True)).answer == "yes"
        assert (await approvals.answer(ANN, asked.id, True)).answer == "used"


async def test_nobody_elses_yes_counts(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, _):
        asked = await approvals.ask(ANN, "c", "Shall I?", LAMP, Risk.ASK)
        assert (await approvals.answer(BEN, asked.id, True)).answer == "not_yours"
        assert (await approvals.answer(ANN, asked.id, True)).answer == "yes"


@pytest.mark.parametrize(("choices", "risk", "seconds"), [(LAMP, Risk.ASK, 600), (UNLOCK, Risk.SECURE, 120)])
async def test_a_question_runs_out(tmp_path: Path, choices: tuple[Choice, ...], risk: Risk, seconds: int) -> None:
    async with questions(tmp_path) as (approvals, clock):
        asked = await approvals.ask(ANN, "c", "Shall I?", choices, risk)
        clock.advance(seconds - 1)
        assert await approvals.open("Ann")
        clock.advance(1)
        assert (await approvals.answer(ANN, asked.id, True, pin_right=True)).answer == "gone"
        assert not await approvals.open("Ann")


async def test_a_door_wants_the_pin_and_three_wrong_ones_close_the_question(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, _):
        asked = await approvals.ask(ANN, "c", "Unlock?", UNLOCK, Risk.SECURE)
        assert asked.needs_pin
        assert (await approvals.answer(ANN, asked.id, True)).answer == "pin_needed"
        for _ in range(3):
            assert (await approvals.answer(ANN, asked.id, True, pin_right=False)).answer == "wrong_pin"
        assert (await approvals.answer(ANN, asked.id, True, pin_right=True)).answer == "used"


async def test_guessing_on_is_locked_out_and_passes(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, clock):
        for _ in range(5):
            asked = await approvals.ask(ANN, "c", "Unlock?", UNLOCK, Risk.SECURE)
            await approvals.answer(ANN, asked.id, True, pin_right=False)
        asked = await approvals.ask(ANN, "c", "Unlock?", UNLOCK, Risk.SECURE)
        assert (await approvals.answer(ANN, asked.id, True, pin_right=True)).answer == "locked_out"
        clock.advance(16 * 60)
        asked = await approvals.ask(ANN, "c", "Unlock?", UNLOCK, Risk.SECURE)
        assert (await approvals.answer(ANN, asked.id, True, pin_right=True)).answer == "yes"


async def test_asking_the_same_again_leaves_one_question(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, _):
        first = await approvals.ask(ANN, "c", "Shall I?", LAMP, Risk.ASK)
        second = await approvals.ask(ANN, "c", "Shall I?", LAMP, Risk.ASK)
        assert [one.id for one in await approvals.open("Ann")] == [second.id]
        assert (await approvals.answer(ANN, first.id, True)).answer == "used"


async def test_a_question_about_a_color_is_a_question_too(tmp_path: Path) -> None:
    choices = (Choice("", (Command("x", "color", {"x": 0.3, "y": 0.3}),)),)
    async with questions(tmp_path) as (approvals, _):
        await approvals.ask(ANN, "c", "Shall I?", choices, Risk.ASK)
        second = await approvals.ask(ANN, "c", "Shall I?", choices, Risk.ASK)
        assert [one.id for one in await approvals.open("Ann")] == [second.id]


async def test_questions_survive_a_restart(tmp_path: Path) -> None:
    async with questions(tmp_path) as (approvals, _):
        asked = await approvals.ask(ANN, "c", "Shall I?", LAMP, Risk.ASK)
    async with questions(tmp_path) as (approvals, _):
        assert (await approvals.answer(ANN, asked.id, True)).answer == "yes"


def test_a_pin_is_kept_as_a_slow_hash() -> None:
    hashed = hash_pin("2468")
    assert pin_is("2468", hashed)
    assert not pin_is("2469", hashed)
    assert "2468" not in hashed
    assert not pin_is("2468", "scrypt$broken")
    assert not pin_is("2468", "")
