"""Questions to single hosts, for makes that announce nothing and answer no search: each driver's own harmless one.

A host is asked when the network is swept, or when a person asks what its address is; never one that another driver
claims, never the way out of the house, never Dobby himself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from dobby.discovery import clean
from dobby.discovery.hosts import Hosts
from dobby.discovery.identify import visits_of
from dobby.discovery.networks import Reach
from dobby.home.device import Driver, Sighting, Visit
from dobby.wire.neighbours import gateways

log = logging.getLogger(__name__)
AT_ONCE = 64


class Visits:
    """Asks, and tells what answered."""

    def __init__(self, reach: Reach, hosts: Hosts, drivers: Sequence[Driver], saw: Callable[[Sighting], None]) -> None:
        self._reach, self._hosts, self._visits, self._saw = reach, hosts, visits_of(drivers), saw

    async def pay(self, addresses: Iterable[str]) -> int:
        """Ask these hosts; how many questions were asked, once all are answered or nothing came for long enough."""
        exits = await asyncio.to_thread(gateways)
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(address: str, visit: Visit) -> bool:
            async with slots:
                if wanted := self._open(address, visit):
                    await self._ask(address, visit)
                return wanted
        return sum(await asyncio.gather(*(ask(address, visit) for visit in self._visits for address in addresses
                                          if self._reach.elsewhere(address) and address not in exits)))

    def _open(self, address: str, visit: Visit) -> bool:
        """Whether nobody else claims it by now."""
        host = self._hosts[address]
        return host is None or host.make in ("", visit.kind)

    async def _ask(self, address: str, visit: Visit) -> None:
        host = self._hosts[address]
        try:
            name, facts = await visit.look(address, visit.port, host.mac.replace(":", "") if host else "")
        except Exception:  # a driver's mistake over a stranger's words must not end the sweep
            log.exception("%s could not be asked for", visit.kind)
            return
        if facts:
            self._saw(Sighting("visit", address, visit.port, visit.kind, clean.text(name, clean.NAME_LIMIT),
                               clean.facts(facts)))
