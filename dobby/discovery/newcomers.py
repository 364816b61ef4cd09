"""What was not on the network before: remembered over restarts, mentioned once, in a quiet moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from dobby.discovery.hosts import LIKELY, Host, Hosts
from dobby.store import Store

FACT = "neighbours"  # where the store keeps who was seen: {id: [first seen, told]}
KNOWN = 1000  # hosts that are remembered
EVERY = 10.0  # seconds between looks
SETTLE = timedelta(seconds=20)  # that a new host gets to show what it is before it is mentioned
NIGHT = (22, 8)  # hours between which nobody is told


class Newcomers:
    """Who is new, and who was told of it. The first look at a network makes nobody new."""

    def __init__(self, hosts: Hosts, store: Store, now: Callable[[], datetime]) -> None:
        """now: with the home's own zone, for its nights."""
        self._hosts, self._store, self._now = hosts, store, now
        self._known: dict[str, tuple[str, bool]] | None = None

    async def remember(self, *, all_told: bool = False) -> None:
        """Write down who is here now. all_told: nobody of them is news."""
        if self._known is None:
            stored = await self._store.fact(FACT, {})
            self._known = {id_: (first, told) for id_, (first, told) in stored.items()}
            all_told = all_told or not stored
        before = dict(self._known)
        for host in self._hosts.all():
            self._known.setdefault(host.id, ("" if all_told else host.first.isoformat(), all_told))
        for old in sorted(self._known, key=lambda id_: self._known[id_][0])[: len(self._known) - KNOWN]:  # type: ignore[index]  # filled above
            del self._known[old]
        if before != self._known:
            await self._store.set_fact(FACT, self._known)

    def fresh(self) -> list[Host]:
        """Hosts that nobody was told of yet and that show what they are, if anything does."""
        known = self._known or {}
        return [host for host in self._hosts.all() if not known.get(host.id, ("", True))[1]
                and self._now() - host.first >= SETTLE]

    def since(self, moment: datetime) -> list[Host]:
        """Hosts that first came after a moment, told of or not."""
        known = self._known or {}
        return [host for host in self._hosts.all()
                if (first := known.get(host.id, ("", True))[0]) and datetime.fromisoformat(first) >= moment]

    async def told(self, hosts: list[Host]) -> None:
        """These were mentioned."""
        if self._known is not None:
            for host in hosts:
                self._known[host.id] = (self._known.get(host.id, (host.first.isoformat(), True))[0], True)
            await self._store.set_fact(FACT, self._known)

    async def run(self, quiet: Callable[[], bool], tell: Callable[[Host], Awaitable[None]]) -> None:
        """Mention what is new, for ever. quiet: whether nobody is talking. Phones and the like, which say nothing of
        themselves, are remembered and not mentioned."""
        while True:
            await asyncio.sleep(EVERY)
            await self.remember()
            if not NIGHT[1] <= self._now().hour < NIGHT[0] or not quiet():
                continue
            fresh = self.fresh()
            for host in fresh:
                if any(one.strength >= LIKELY for one in host.evidence()):
                    await tell(host)
            await self.told(fresh)
