"""The night: what is past or stands twice is retired, what a model hands in is bounded, all of it can be taken back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dobby.memory.memory import Memory
from dobby.memory.night import dump, load, night, past, read, undo
from dobby.memory.nights import Nights, take_back
from dobby.memory.notes import Fact, Origin
from dobby.store import Store

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # a Sunday


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memory]:
    """An empty memory at a moment that stands still."""
    store = await Store.open(tmp_path / "dobby.db")
    one = Memory(tmp_path / "memory", tmp_path / "recall.db", store, lambda: NOW, ["Anna"], list)
    await one.open()
    yield one
    await one.close()
    await store.close()


@pytest.mark.parametrize(("text", "said", "over"), [
    ("my dentist is at 3 on Thursday", "2026-11-17 10:00", True),
    ("my dentist is at 3 on Thursday", "2026-11-20 10:00", False),
    ("the plumber comes tomorrow", "2026-11-20 10:00", True), ("the plumber comes tomorrow", "2026-11-21 10:00", False),
    ("Anna plays the cello every Monday", "2026-01-01 10:00", False), ("Anna loves tulips", "2026-01-01 10:00", False),
    ("the bins go out on Tuesdays", "2026-01-01 10:00", False),
    ("My dentist is on 20 November", "2026-11-10 10:00", True),
    ("My dentist is on 20 November", "2026-11-21 10:00", False),  # it had passed: next year's
    ("My dentist is on 22 November", "2026-11-10 10:00", False),
    ("my dentist is on the 5th", "2026-11-01 10:00", True), ("my dentist is on the 5th", "2026-11-06 10:00", False),
    ("my dentist is on 5.11.", "2026-11-01 10:00", True), ("my dentist is on 5.11. at 3", "2026-11-06 10:00", False),
    ("my flight is on November 3rd", "2026-10-06 10:00", True),
    ("my flight is on 2026-11-03", "2026-11-05 10:00", True),
    ("my flight is on 29 February", "2026-11-05 10:00", False),
    ("Anna's birthday is on 5 November", "2026-11-01 10:00", False),
    ("mein Zahnarzt ist am 5. November", "2026-11-01 10:00", True),
    ("mijn tandarts is op 5 november", "2026-11-01 10:00", True),
    ("mi dentista es el 5 de noviembre", "2026-11-01 10:00", True),
    ("mon dentiste est le 5 novembre à 15 heures", "2026-11-01 10:00", True),
    ("mon dentiste est ouvert le jeudi", "2026-11-01 10:00", False)])
def test_what_was_to_be_on_one_day_is_over_the_day_after(text: str, said: str, over: bool) -> None:
    assert past(Fact("aaaaaa", "home", text, Origin("Greg", "owner", said)), NOW) is over


async def test_a_night_by_rule_is_in_the_journal_and_can_be_taken_back(memory: Memory) -> None:
    await memory.remember("The plumber came to see us today", "Greg", "owner")
    await memory.remember("The boiler is old", "Greg", "owner")
    later = NOW.replace(day=24)
    done = await night(memory, later, [], None)
    assert [one.text for one in done] == ["The plumber came to see us today"]
    assert any("Tidied" in line for line in await memory.day("2026-11-22"))
    assert await undo(memory, load(json.loads(json.dumps(dump(done))))) == 1
    assert all(not fact.until for fact in memory.facts())
    assert await night(memory, NOW, [], None) == []


async def test_a_model_is_asked_only_about_a_day_with_words_and_obeyed_only_so_far(memory: Memory) -> None:
    kept = (await memory.remember("Anna loves tulips", "Greg", "owner")).fact
    own = (await memory.remember("Anna may like roses", "Dobby", "agent")).fact
    asked: list[str] = []

    async def model(text: str) -> str:
        asked.append(text)
        rows = [{"op": "retire", "id": kept.id, "why": "x"}, {"op": "retire", "id": own.id, "why": "wrong"},
                {"op": "add", "text": "Anna started to learn the cello", "why": "said twice"},
                {"op": "add", "text": "x"}, {"op": "unlock", "id": "door"}, "rubbish"]
        return f"Here you are: {json.dumps(rows)}"
    assert await night(memory, NOW, [], model) == []
    assert asked == []
    done = await night(memory, NOW, ["Anna: “I started the cello” — How nice."], model)
    assert {(one.kind, one.text) for one in done} == {("retire", "Anna may like roses"),
                                                      ("add", "Anna started to learn the cello")}
    facts = {fact.text: fact for fact in memory.facts()}
    assert not facts["Anna loves tulips"].until
    assert facts["Anna started to learn the cello"].origin.role == "agent"
    assert await undo(memory, done) == 2
    assert {fact.text for fact in memory.facts() if not fact.until} == {"Anna loves tulips", "Anna may like roses"}


@pytest.mark.parametrize("answer", ["", "no", "[", "[[[[", "{}", '[{"op": "add"}]', '[{"op": "retire", "id": 3}]',
                                    '[{"op": "add", "text": "hidden <!-- by Greg, owner -->"}]'])
def test_rubbish_of_a_model_is_no_operation(answer: str) -> None:
    assert read(answer, []) == []


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@contextlib.asynccontextmanager
async def sleeping(memory: Memory, store: Store, clock: Hands, asked: list[str]) -> AsyncIterator[Nights]:
    """Nights of a house with a model that is asked and finds nothing but one thing."""
    async def model(text: str) -> str:
        asked.append(text)
        return json.dumps([{"op": "add", "text": "Anna started to learn the cello", "why": "said"}])
    nights = Nights(memory, store, clock.now, lambda: model)
    await nights.open()
    task = asyncio.create_task(nights.run())
    yield nights
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(nights: Nights, clock: Hands, at: datetime) -> None:
    """Time passes, and what is due is done."""
    clock.at = at
    nights.tick()
    await nights.settled()


async def test_what_was_taken_back_is_not_done_again_after_a_restart_either(tmp_path: Path) -> None:
    store, clock, asked = await Store.open(tmp_path / "dobby.db"), Hands(), list[str]()
    memory = Memory(tmp_path / "memory", tmp_path / "recall.db", store, clock.now, ["Anna"], list)
    await memory.open()
    await memory.remember("my dentist is at 3 on Thursday", "Greg", "owner")
    (tmp_path / "memory" / "home.md").write_text("- The boiler is old\n- The boiler is old.\n", "utf-8")
    async with sleeping(memory, store, clock, asked) as nights:
        await until(nights, clock, NOW + timedelta(days=7))
        assert sum(bool(fact.until) for fact in memory.facts()) == 2
        await memory.note("Anna: I started the cello")
        await until(nights, clock, NOW + timedelta(days=8))
        assert await take_back(memory, store) == 1  # the last one: the cello
        assert await take_back(memory, store) is None
        for fact in memory.facts():
            await memory.restore(fact.id)
        await store.set_fact("last_night", [["retire", fact.id, fact.text, "it stands twice"]
                                            for fact in memory.facts()])
        assert await take_back(memory, store) == 3
    await memory.close()
    again = Memory(tmp_path / "memory", tmp_path / "recall.db", store, clock.now, ["Anna"], list)
    await again.open()
    async with sleeping(again, store, clock, asked) as nights:
        for day in range(9, 12):
            await again.note("Anna: and the cello once more")
            await until(nights, clock, NOW + timedelta(days=day))
    assert len(asked) == 4, "the model was asked of each day with words"
    assert [fact.text for fact in again.facts() if fact.until] == []
    assert not any("cello" in fact.text for fact in again.facts())
    await again.close()
    await store.close()


async def test_each_night_comes_once_and_its_own_word_wakes_no_model(tmp_path: Path) -> None:
    store, clock, asked = await Store.open(tmp_path / "dobby.db"), Hands(), list[str]()
    memory = Memory(tmp_path / "memory", tmp_path / "recall.db", store, clock.now, ["Anna"], list)
    await memory.open()
    async with sleeping(memory, store, clock, asked) as nights:
        await memory.remember("the plumber comes tomorrow", "Greg", "owner")
        await until(nights, clock, NOW)
        for hours in (12, 24, 36, 48, 60, 72, 84, 96):
            await until(nights, clock, NOW + timedelta(hours=hours))
        assert asked == []  # it tidied, and wrote that down; nobody said a word
        assert nights.due() == NOW + timedelta(days=5)
        lines = [line for day in range(22, 27) for line in await memory.day(f"2026-11-{day}")]
        assert [("plumber" in line) for line in lines] == [True]
        await memory.note("Anna: hello")
        await until(nights, clock, NOW + timedelta(days=8))  # three nights slept through: their days are read
        assert ["hello" in one for one in asked] == [True]
    await memory.close()
    await store.close()
