"""What somebody cancelled last in each conversation, and can have back for a while, also after a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dobby.jobs.topics import FRESH
from dobby.store import Store, stamp

DROPPED = "plans cancelled"  # the fact by which a restart knows what "undo" brings back


@dataclass(slots=True)
class Dropped:
    """By conversation: the ids of the plans, when they were cancelled, and in which turn."""

    store: Store
    now: Callable[[], datetime]
    _last: dict[str, tuple[tuple[int, ...], datetime, int]] = field(default_factory=dict)

    async def open(self) -> None:
        """What was cancelled before a restart."""
        self._last = {key: (tuple(ids), datetime.fromisoformat(at), turn)
                      for key, (ids, at, turn) in (await self.store.fact(DROPPED, {})).items()}

    async def keep(self, conversation: str, ids: Sequence[int], turn: int) -> None:
        """These were cancelled now."""
        self._last[conversation] = (tuple(ids), self.now(), turn)
        await self._write()

    def turn(self, conversation: str) -> int | None:
        """The turn in which something was cancelled that can be had back; None for nothing."""
        ids, at, turn = self._last.get(conversation, ((), self.now(), 0))
        return turn if ids and self.now() - at <= FRESH else None

    async def take(self, conversation: str) -> tuple[int, ...]:
        """What was cancelled last, which is cancelled no longer."""
        ids, *_ = self._last.pop(conversation, ((), self.now(), 0))
        await self._write()
        return ids

    async def _write(self) -> None:
        self._last = {key: one for key, one in self._last.items() if self.now() - one[1] <= FRESH}
        await self.store.set_fact(DROPPED, {key: [ids, stamp(at), turn] for key, (ids, at, turn) in
                                            self._last.items()})
