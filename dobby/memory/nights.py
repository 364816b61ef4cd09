"""When the night comes, once a day, on whatever clock the house has; and how a night is taken back for good."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from dobby.memory.memory import Memory
from dobby.memory.night import Ask, Operation, Spared, dump, load, night, sparing, undo
from dobby.store import Store

log = logging.getLogger(__name__)
HOUR = 3  # local time from which memory is tidied
DAYS_AT_ONCE = 7  # of the journal, after nights that nobody saw
AGAIN = timedelta(hours=1)  # after a night that broke
LAST_NIGHT, TIDIED, SPARED = "last_night", "tidied", "spared"  # in the store: what was done, when, what not again
SPARED_LIMIT = 500


class Nights:
    """The nights of a house. `tick` looks at the clock and waits for nothing; `run` does the work."""

    def __init__(self, memory: Memory, store: Store, now: Callable[[], datetime],
                 ask: Callable[[], Ask | None]) -> None:
        """now: aware; ask: the model as it is then, None where there is none."""
        self._memory, self._store, self._now, self._ask = memory, store, now, ask
        self._due: datetime | None = None
        self._wanted, self._done = asyncio.Event(), asyncio.Event()
        self._done.set()

    async def open(self) -> None:
        """Know when the next one is due."""
        last = await self._store.fact(TIDIED, "")
        local = self._memory.local(self._now())
        self._due = self._at(date.fromisoformat(last) + timedelta(days=1) if last else local.date())

    def _at(self, day: date) -> datetime:
        zone = self._memory.local(self._now()).tzinfo
        return datetime.combine(day, time(HOUR), zone).astimezone(UTC)

    def due(self) -> datetime | None:
        """When the next one is (UTC)."""
        return self._due

    def idle(self) -> bool:
        """Whether none is being worked on."""
        return self._done.is_set()

    async def settled(self) -> None:
        """Wait until none is being worked on."""
        await self._done.wait()

    def tick(self) -> None:
        """Look at the clock: a night that is due begins."""
        if self._due is not None and self._due <= self._now() and self._done.is_set():
            self._done.clear()
            self._wanted.set()

    async def run(self) -> None:
        """Do each night when it is due, for ever."""
        while True:
            await self._wanted.wait()
            try:
                await self._tidy()
            except Exception:  # a night that breaks must not come every second
                log.exception("the night")
                self._due = self._now() + AGAIN
            finally:
                self._wanted.clear()
                self._done.set()

    async def _tidy(self) -> None:
        await self._memory.sync()  # what a person changed a moment ago counts
        now = self._memory.local(self._now())
        today = now.date()
        last = await self._store.fact(TIDIED, "")
        since = min(max((today - date.fromisoformat(last)).days, 1), DAYS_AT_ONCE) if last else 1
        days = [today - timedelta(days=ago) for ago in range(since, 0, -1)]
        lines = [line for day in days for line in await self._memory.day(day.isoformat())]
        done = await night(self._memory, now, lines, self._ask(), await spared(self._store))
        await self._store.together([_fact(LAST_NIGHT, dump(done)), _fact(TIDIED, today.isoformat())])
        self._due = self._at(today + timedelta(days=1))


async def take_back(memory: Memory, store: Store) -> int | None:
    """Take the last night back, so that no later one does the same again; how many changes, None where there were
    none."""
    done = load(await store.fact(LAST_NIGHT, []))
    if not done:
        return None
    await spare(store, done)
    count = await undo(memory, done)
    await store.set_fact(LAST_NIGHT, [])
    return count


async def spared(store: Store) -> Spared:
    """What people took back."""
    kept = await store.fact(SPARED, {})
    return Spared(frozenset(kept.get("facts", ())), frozenset(kept.get("texts", ())))


async def spare(store: Store, done: Sequence[Operation]) -> None:
    """Keep that these are not to be done again."""
    before = await store.fact(SPARED, {})
    new = sparing(done, Spared())
    await store.set_fact(SPARED, {
        "facts": list(dict.fromkeys((*before.get("facts", ()), *sorted(new.facts))))[-SPARED_LIMIT:],
        "texts": list(dict.fromkeys((*before.get("texts", ()), *sorted(new.texts))))[-SPARED_LIMIT:]})


def _fact(name: str, value: object) -> tuple[str, dict[str, object]]:
    return "set_fact", {"name": name, "value": json.dumps(value)}
