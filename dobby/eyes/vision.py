"""Who says what is in a picture: one seam, several ends (a local model, a server, Claude), the first that answers.

One picture at a time. One waits for each camera, and a newer one takes its place; a person who asks comes first, then
people before cars before cats. Every end has its seconds; one that fails rests, and the next is asked. What leaves the
house is counted, and ends for the day when the budget is spent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dobby.errors import DobbyError
from dobby.eyes.caption import NotReady
from dobby.eyes.seen import Glance, Seen, Word

log = logging.getLogger(__name__)
BREAKER_AFTER = 3  # failures in a row until an end rests
RESTS = (30.0, 120.0, 600.0)  # seconds, longer each time it fails again


class End(Protocol):
    """One that can look at pictures. leaves: whether pictures leave the house on the way to it."""

    name: str
    leaves: bool
    seconds: float

    async def see(self, glance: Glance) -> Seen:
        """What is in the pictures; DobbyError when it cannot say."""
        ...

    async def warm(self) -> None:
        """Make ready what the first glance would wait for."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(slots=True)
class _Health:
    """How an end has fared: failures in a row, rests so far, and until when it rests (monotonic)."""

    failed: int = 0
    rests: int = 0
    until: float = 0.0
    last: str = ""


@dataclass(slots=True)
class _Waiting:
    glance: Glance
    done: asyncio.Future[Word]
    since: float = field(default_factory=time.monotonic)


class Vision:
    """The seam. spend: asked before a picture leaves the house; False when today's budget is spent. rests: seconds that
    an end is not asked once it failed several times in a row, longer each time."""

    def __init__(self, ends: Sequence[End], spend: Callable[[], Awaitable[bool]],
                 rests: Sequence[float] = RESTS) -> None:
        self.ends: Sequence[End] = tuple(ends)
        self._spend, self._rests = spend, tuple(rests)
        self._health = {end.name: _Health() for end in ends}
        self._waiting: dict[tuple[str, str | None], _Waiting] = {}
        self._news = asyncio.Event()

    async def see(self, glance: Glance) -> Word:
        """What is in a picture, or why nobody could say. Ends when this is cancelled or the seconds are over."""
        if not self.ends:
            return Word(None, why="none")
        slot = (glance.camera, glance.question if glance.kind == "look" else None)  # no question takes another's place
        old = self._waiting.pop(slot, None)
        if old is not None and not old.done.done():
            old.done.set_result(Word(None, why="newer"))
        item = self._waiting[slot] = _Waiting(glance, asyncio.get_running_loop().create_future())
        self._news.set()
        try:
            async with asyncio.timeout(self.patience()):
                return await item.done
        except TimeoutError:
            return Word(None, why="late")
        finally:
            if self._waiting.get(slot) is item:
                del self._waiting[slot]

    def patience(self) -> float:
        """Seconds after which a glance is given up, the wait for others included."""
        return max((end.seconds for end in self.ends), default=0.0) * 1.5 + 2.0

    def state(self) -> list[dict[str, object]]:
        """How the ends are, for doctor and page."""
        now = time.monotonic()
        return [{"end": end.name, "leaves_home": end.leaves, "resting": self._health[end.name].until > now,
                 "trouble": self._health[end.name].last} for end in self.ends]

    async def run(self) -> None:
        """Look, one picture after the other, for ever."""
        warming = [asyncio.create_task(self._warm(end)) for end in self.ends]  # nobody waits for a slow one
        try:
            while True:
                while (item := self._next()) is None:
                    self._news.clear()
                    await self._news.wait()
                await self._look_for(item)
        finally:
            for task in warming:
                task.cancel()

    async def _warm(self, end: End) -> None:
        try:
            await end.warm()
        except DobbyError as error:
            self._fail(end, error)
        except Exception as error:  # an end's library may fail in any way; the others go on
            log.exception("vision end %s", end.name)
            self._fail(end, DobbyError(f"{end.name} broke ({type(error).__name__})."))

    async def _look_for(self, item: _Waiting) -> None:
        """Look at one picture, for as long as somebody waits for it."""
        looking = asyncio.create_task(self._look(item.glance))
        try:
            await asyncio.wait({looking, item.done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            looking.cancel()
        await asyncio.wait({looking})  # one at a time: what was cut off lets go first
        if item.done.done() or looking.cancelled():
            return
        if (error := looking.exception()) is not None:
            log.error("vision", exc_info=error)
        item.done.set_result(Word(None, why="broken") if error else looking.result())

    def _next(self) -> _Waiting | None:
        waiting = [(slot, one) for slot, one in self._waiting.items() if not one.done.done()]
        if not waiting:
            return None
        slot, item = max(waiting, key=lambda one: (one[0][1] is not None, one[1].glance.weight, -one[1].since))
        del self._waiting[slot]
        return item

    async def _look(self, glance: Glance) -> Word:
        why: Word = Word(None, why="broken")
        for end in self.ends:
            health = self._health[end.name]
            if health.until > time.monotonic():
                continue
            if end.leaves and not await self._spend():
                why = Word(None, why="spent")
                continue
            try:
                async with asyncio.timeout(end.seconds):
                    seen = await end.see(glance)
            except TimeoutError:
                self._fail(end, DobbyError(f"{end.name} took longer than {end.seconds:g} seconds."))
                why = Word(None, why="late")
            except NotReady as error:
                health.last, why = str(error), Word(None, why="busy")
            except DobbyError as error:
                self._fail(end, error)
                why = Word(None, why="broken")
            except Exception as error:  # an end's library may fail in any way; the next end is asked
                log.exception("vision end %s", end.name)
                self._fail(end, DobbyError(f"{end.name} broke ({type(error).__name__})."))
            else:
                self._health[end.name] = _Health()
                return Word(seen, end.name)
        return why

    def _fail(self, end: End, error: DobbyError) -> None:
        health = self._health[end.name]
        health.failed, health.last = health.failed + 1, str(error)
        log.warning("vision: %s", error)
        if health.failed >= BREAKER_AFTER:
            health.until = time.monotonic() + self._rests[min(health.rests, len(self._rests) - 1)]
            health.failed, health.rests = BREAKER_AFTER - 1, health.rests + 1  # after its rest it has one try

    async def close(self) -> None:
        """Close every end."""
        for end in self.ends:
            await end.close()
