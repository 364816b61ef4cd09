"""Memory as a whole: what is erased, and what the clock of the home says."""

from __future__ import annotations

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


async def test_a_day_is_the_homes_and_a_correction_within_a_minute_counts(memory: Memory) -> None:
    assert memory.local(datetime(2026, 11, 22, 23, 5, tzinfo=UTC)).isoformat()[:16] == "2026-11-23T00:05"
    done = await memory.remember("bins go out on Tuesday", "Greg", "owner")
    then = await memory.remember("bins go out on Wednesday", "Greg", "owner")
    assert [one.id for one in then.replaced] == [done.fact.id]
    assert (await memory.ask("when do the bins go out?"))[0].entry.text == "bins go out on Wednesday"
