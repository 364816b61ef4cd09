"""What "that" means in each conversation: the plan that was made or told of last, or several, also after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dobby.jobs.job import Job
from dobby.store import Store, stamp

FRESH = timedelta(minutes=10)  # how long "that" means the plan spoken of last
SPOKEN = "plans spoken of"  # the fact by which a restart knows what "that" is


@dataclass(frozen=True, slots=True)
class Topic:
    """ids: the plans; one: they were named or made as one thing, so that "that" is all of them, not "which one?"."""

    ids: tuple[int, ...]
    one: bool
    at: datetime


@dataclass(slots=True)
class Topics:
    """The topics of all conversations."""

    store: Store
    now: Callable[[], datetime]
    _spoken: dict[str, Topic] = field(default_factory=dict)

    async def open(self, jobs: Iterable[Job]) -> None:
        """What was spoken of before a restart; a plan that was made later still, as its process died."""
        kept = await self.store.fact(SPOKEN, {})
        self._spoken = {key: Topic(tuple(ids) if isinstance(ids, list) else (ids,) if ids else (),
                                   bool(ids), datetime.fromisoformat(at)) for key, (ids, at) in kept.items()}
        for job in jobs:
            if job.conversation not in self._spoken or self._spoken[job.conversation].at < job.made:
                self._spoken[job.conversation] = Topic((job.id,), True, job.made)

    async def speak(self, conversation: str, ids: Iterable[int] = ()) -> None:
        """These are spoken of as one thing; none: several, of which "that" may be any."""
        now, ids = self.now(), tuple(ids)
        fresh = {key: one for key, one in self._spoken.items() if now - one.at <= FRESH}
        self._spoken = {**fresh, conversation: Topic(ids, bool(ids), now)}
        await self.store.set_fact(SPOKEN, {key: [list(one.ids), stamp(one.at)] for key, one in self._spoken.items()})

    def fresh(self, conversation: str) -> Topic | None:
        """What is spoken of now; None where that is too long ago, or nothing was."""
        topic = self._spoken.get(conversation)
        return topic if topic is not None and self.now() - topic.at <= FRESH else None

    def at(self, conversation: str) -> datetime | None:
        """When a plan, or several, were spoken of last."""
        return self._spoken[conversation].at if conversation in self._spoken else None
