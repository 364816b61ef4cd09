"""Memory as a whole: what is erased, and what the clock of the home says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dobby.memory.memory import Memory
from dobby.store import Store

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC).astimezone(timezone(timedelta(hours=1)))


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memory]:
    """An empty memory, an hour east of Greenwich."""
    store = await Store.open(tmp_path / "dobby.db")
    one = Memory(tmp_path / "memory", tmp_path / "recall.db", store, lambda: NOW, ["Anna"], list)
    await one.open()
    yield one
    await one.close()
    await store.close()


async def test_a_folder_among_the_files_is_reported_and_stops_no_erasing(memory: Memory, tmp_path: Path) -> None:
    await memory.remember("Anna likes tulips", "Greg", "owner")
    for name in ("dir.md", "tulips.md"):
        (tmp_path / "memory" / "people" / name).mkdir()
    assert await memory.erase("tulips") == 1
    assert memory.facts() == []
    assert sum("is a folder" in problem for problem in memory.problems) == 2


async def test_what_a_person_noted_beside_a_fact_is_erased_too(memory: Memory, tmp_path: Path) -> None:
    await memory.remember("the shed is red", "Greg", "owner")
    path = tmp_path / "memory" / "home.md"
    path.write_text(path.read_text("utf-8").rstrip("\n") + " <!-- ask Xaver -->\n- the gate is Xaver's\n", "utf-8")
    assert await memory.erase("Xaver") == 2
    assert "Xaver" not in path.read_text("utf-8")


async def test_who_is_forgotten_is_not_named_as_the_one_who_said_it(memory: Memory, tmp_path: Path) -> None:
    done = await memory.remember("the shed is red", "Sam", "member", 7)
    await memory.remember("Sam likes tea", "Greg", "owner")
    await memory.remember("the pond is deep", "Samuel", "member")
    assert await memory.erase("Sam") == 1
    kept = memory.fact(done.fact.id)
    assert kept is not None
    assert (kept.text, kept.origin.who, kept.origin.message) == ("the shed is red", "somebody", 7)
    text = "".join(path.read_text("utf-8") for path in (tmp_path / "memory").rglob("*.md"))
    assert "Samuel" in text
    assert not await asyncio.to_thread(lambda: [path for path in tmp_path.rglob("*") if path.is_file()
                                                and re.search(rb"\bSam\b", path.read_bytes())])


async def test_a_remark_of_the_agents_is_its_own(memory: Memory, tmp_path: Path) -> None:
    done = await memory.remember("my dentist moved", "Anna", "agent")
    assert (done.fact.subject, done.fact.origin.who) == ("people/anna", "Dobby")
    assert "said by Dobby, agent" in (tmp_path / "memory" / "people" / "anna.md").read_text("utf-8")


async def test_a_day_is_the_homes_and_a_correction_within_a_minute_counts(memory: Memory) -> None:
    assert memory.local(datetime(2026, 11, 22, 23, 5, tzinfo=UTC)).isoformat()[:16] == "2026-11-23T00:05"
    done = await memory.remember("bins go out on Tuesday", "Greg", "owner")
    then = await memory.remember("bins go out on Wednesday", "Greg", "owner")
    assert [one.id for one in then.replaced] == [done.fact.id]
    assert (await memory.ask("when do the bins go out?"))[0].entry.text == "bins go out on Wednesday"


CORRECTED = [  # what was said, what was said later, and a question; half share but the person and the matter
    ("Kim hates jazz", "Kim loves jazz", "does Kim like jazz?"),
    ("Jan drives a Volvo", "Jan drives a Tesla", "what does Jan drive?"),
    ("Anna prefers 23 degrees in the study", "Anna prefers 21 degrees in the study", "how warm is the study for Anna?"),
    ("the cleaner comes on Tuesdays", "the cleaner comes on Fridays", "when does the cleaner come?"),
    ("my dentist is at 3 on Thursday", "my dentist is at 4 on Friday", "when is my dentist?"),
    ("Tom's school starts at 8", "Tom's school begins at half past eight", "when does Tom's school start?"),
    ("Jan lives in Utrecht", "Jan moved to Leiden", "where does Jan live?"),
    ("Kim goes to bed at ten", "Kim's bedtime is eleven", "when does Kim go to bed?"),
    ("Anna takes her coffee black", "Anna drinks coffee with milk", "how does Anna take her coffee?"),
    ("Tom wears size 38", "Tom's shoe size is 40", "which size does Tom wear?"),
]


async def test_of_ten_corrections_the_newer_comes_first_and_the_older_is_kept_marked(memory: Memory) -> None:
    for old, _, _ in CORRECTED:
        await memory.remember(old, "Robin", "owner")
    for old, new, _ in CORRECTED:
        done = await memory.remember(new, "Robin", "owner")
        assert [one.text for one in done.replaced] == [old]
    for old, new, question in CORRECTED:
        found = [hit.entry for hit in await memory.ask(question)]
        assert found[0].text == new, question
        (kept,) = [one for one in found if one.text == old]
        assert kept.until, old
