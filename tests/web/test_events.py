"""Server-sent events over a restart: a page that was away reads anew, it never misses something in silence."""

from __future__ import annotations

import pytest

from dobby.web.events import Events

pytestmark = pytest.mark.anyio


async def first(events: Events, after: int | None) -> str:
    """The first line of a stream."""
    stream = events.follow(after)
    try:
        return await anext(stream)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator


def ids(lines: str) -> int:
    return int(lines.partition("id: ")[2].split("\n")[0])


async def test_an_id_of_an_earlier_run_resets_however_much_happened_since() -> None:
    before = Events()
    for _ in range(3):
        before.tell("reading", {})
    old = ids(await first(before, None))
    assert "event: hello" in await first(before, old)
    after = Events()
    assert "event: reset" in await first(after, old)
    for _ in range(10):
        after.tell("reading", {})
    line = await first(after, old)
    assert "event: reset" in line
    assert ids(line) > old
    assert "event: hello" in await first(after, ids(line) - 5)
