"""The house's sense of time, wired: what is due, who is at home, sessions, and one tick for all of them.

APScheduler gives the tick and keeps nothing: jobs are rows of our own table. On a manual clock time passes in steps
from one moment at which something is due to the next, so that a week can be lived through in a second.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from dobby.clock import Clock
from dobby.discovery.hosts import Host
from dobby.discovery.networks import Reach
from dobby.home.home import Changed
from dobby.home.verdict import END
from dobby.jobs.cardio import Cardio
from dobby.jobs.plans import Plans
from dobby.jobs.presence import EVERY, Habit, Presence
from dobby.jobs.when import Place
from dobby.memory.nights import Nights
from dobby.settings import Config
from dobby.tools import lived
from dobby.tools.hands import House
from dobby.wire.neighbours import neighbours

TICK = 1.0  # seconds between looks at the clock
POKE_WAIT = 0.3  # seconds until a poked phone stands in the neighbour table


@dataclass(slots=True)
class Timekeeper:
    """Plans, presence, cardio and nights of a house."""

    house: House
    clock: Clock
    plans: Plans
    presence: Presence
    cardio: Cardio
    nights: Nights | None = None
    _moving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        """Read what is planned and known. A manual clock goes on where it stood in the last run."""
        stood = await self.house.store.fact("clock", "") if self.clock.manual else ""
        if stood and datetime.fromisoformat(stood) > self.clock.now():
            self.clock.set(datetime.fromisoformat(stood))
        await self.presence.open()
        await self.cardio.open()
        await self.plans.open()
        if self.nights is not None:
            await self.nights.open()

    def parts(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What runs for ever."""
        nights = {} if self.nights is None else {"nights": self.nights.run}
        return {"plans": self.plans.run, "ticks": self._ticks, "presence": self._look, **nights}

    async def _ticks(self) -> None:
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(self.tick, IntervalTrigger(seconds=TICK, timezone=UTC), coalesce=True, max_instances=1,
                          misfire_grace_time=None)
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)

    async def _look(self) -> None:
        while True:
            await self.presence.look()
            await asyncio.sleep(EVERY)

    async def tick(self) -> None:
        """Look at the clock: start what is due."""
        await self.plans.tick()
        if self.nights is not None:
            self.nights.tick()
        if (due := self.cardio.due()) is not None and due <= self.clock.now():
            await self.cardio.tick()
        if (due := self.presence.due()) is not None and due <= self.clock.now():
            await self.presence.look()

    async def heard(self, change: Changed) -> None:
        """A change of the home."""
        await self.cardio.heard(change)
        if change.trait == "occupied":
            await self.presence.look()

    def idle(self) -> bool:
        """Whether all that is due by now is done."""
        return self.plans.idle() and not self._moving.locked() and (self.nights is None or self.nights.idle())

    async def advance(self, until: datetime) -> None:
        """Time passes on a manual clock: everything that is due on the way happens at its own moment."""
        async with self._moving:
            while True:
                await self._settle()
                now = self.clock.now()
                ahead = [at for at in (self.plans.next_due(), self.cardio.due(), self.presence.due(),
                                     self.nights.due() if self.nights else None)
                         if at is not None and now < at < until]
                if not ahead:
                    break
                await self._put(min(ahead))
            await self._put(until)
            await self._settle()

    async def step(self, to: datetime) -> None:
        """A manual clock is put to another moment at once, as after a sleep: what was due in between is late."""
        async with self._moving:
            await self._put(to)
            await self._settle()

    async def _put(self, to: datetime) -> None:
        self.clock.set(to)
        await self.house.store.set_fact("clock", to.isoformat())

    async def _settle(self) -> None:
        await self.tick()
        await self.plans.settled()
        if self.nights is not None:
            await self.nights.settled()


def timekeeper(house: House, config: Config, clock: Clock, place: Place, hosts: Callable[[], Iterable[Host]],
               allowed: Reach) -> Timekeeper:
    """All of it over a house. hosts: who was seen on the network; allowed: where may be looked."""
    plans = Plans(house.store, house.home, clock.now, place)
    habits = [Habit(one.name, one.phone, one.device) for one in config.people if one.role != "guest"]
    presence = Presence(house.store, house.home, clock.now, habits, _phones(hosts, allowed), plans.look_again)
    keeper = Timekeeper(house, clock, plans, presence, Cardio(house.store, house.home, clock.now))
    plans.people, plans.also_hears = presence.home, keeper.heard
    house.plans, house.presence = plans, presence
    house.home.also_does(END, partial(lived.ended, house))
    return keeper


def _phones(hosts: Callable[[], Iterable[Host]], allowed: Reach) -> Callable[[str], Awaitable[bool | None]]:
    """Whether a phone (MAC or host name) is on the network now; None when it cannot be looked for."""
    last: dict[str, str] = {}  # where each phone was seen last

    async def seen(phone: str) -> bool | None:
        if not allowed.addresses:
            return None
        wanted = phone.casefold()
        table = await asyncio.to_thread(neighbours)
        named = {one.address for one in hosts() if one.name().casefold().removesuffix(".local") == wanted}
        address = next((at for at, mac in table.items() if mac == wanted or at in named), last.get(wanted, ""))
        if not address or not allowed.allows(address):
            return False
        last[wanted] = address
        await asyncio.to_thread(_poke, address)
        await asyncio.sleep(POKE_WAIT)
        table = await asyncio.to_thread(neighbours)
        return address in table and (table[address] == wanted or ":" not in wanted)
    return seen


def _poke(address: str) -> None:
    """One datagram to nobody (port 9), so that the kernel asks who has the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.sendto(b"", (address, 9))
