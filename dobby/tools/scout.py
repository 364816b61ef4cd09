"""Finding things, as the tools and phrases see it: search now, wait a moment, say what fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from dobby.discovery.hosts import Host, Hosts
from dobby.discovery.identify import fits_whole
from dobby.discovery.links import Links
from dobby.discovery.newcomers import Newcomers
from dobby.discovery.sweep import Sweep
from dobby.home.device import Found
from dobby.tools.hands import Offer

LOOK = 3.0  # seconds that the network gets to answer a search for everything
QUIET = 0.8  # seconds without news after which a search for one thing is over once something fits


class NetworkScout:
    """Searches through `search` (ask the network to speak up) and reads what `links` and `hosts` heard."""

    def __init__(self, links: Links, search: Callable[[], None], hosts: Hosts, sweep: Sweep,
                 newcomers: Newcomers) -> None:
        self._links, self._search, self._hosts, self._sweep = links, search, hosts, sweep
        self._newcomers = newcomers

    async def look(self, what: str) -> list[Offer]:
        """Search now; what fits `what`, known things included."""
        news = asyncio.Event()
        before, self._links.on_seen = self._links.on_seen, news.set
        try:
            self._search()
            if what:
                await self._listen(what, news)
            else:
                await asyncio.gather(self._sweep.run(), self._listen(what, news))
                await self._sweep.settled()
                await self._newcomers.remember()
        finally:
            self._links.on_seen = before
        return self.found(what)

    async def ask(self, address: str) -> None:
        """Ask one host what only its own driver would: a person wants to know what it is."""
        await self._sweep.ask(address)

    def found(self, what: str = "") -> list[Offer]:
        """What was found so far that fits, without looking again."""
        return [self._offer(driver.title, found) for driver, found in self._links.seen(what)]

    def fits(self, what: str) -> bool:
        """Whether something found so far is called that, every word of it."""
        return any(fits_whole(what, driver, found) for driver, found in self._links.seen(what))

    async def _listen(self, what: str, news: asyncio.Event) -> None:
        """Until the time is over, or for one thing until it was found and nothing more comes."""
        try:
            async with asyncio.timeout(LOOK):
                while True:
                    news.clear()
                    if not what or not self._links.seen(what):
                        await news.wait()
                        continue
                    async with asyncio.timeout(QUIET):
                        await news.wait()
        except TimeoutError:
            return

    def _offer(self, title: str, found: Found) -> Offer:
        linked = found.key in self._links.kept
        devices = self._links.devices_of(found.key) if linked else ()
        return Offer(found.key, title, found.name, found.room, found.host, found.needs, linked, devices, found.why)

    def hosts(self) -> list[Host]:
        """Everything that was seen on the network so far, by address."""
        return self._hosts.all()

    def linked(self, host: Host) -> bool:
        """Whether a host is part of the home already."""
        return host.key in self._links.kept or any(kept.found.host == host.address
                                                   for kept in self._links.kept.values())

    def key_at(self, address: str) -> str:
        """The key of what is part of the home and answers at an address; "" for nothing."""
        return next((key for key, kept in self._links.kept.items() if kept.found.host == address
                     and kept.state == "up"), "")

    async def new_since(self, moment: datetime) -> list[Host]:
        """Hosts that first came after a moment; they count as mentioned from now on."""
        await self._newcomers.remember()
        fresh = self._newcomers.since(moment)
        await self._newcomers.told(fresh)
        return fresh

    def known(self, key: str) -> Offer | None:
        """The thing with this key, as it was last seen."""
        return next((self._offer(driver.title, found) for driver, found in self._links.seen("") if found.key == key),
                    None)

    def keep_code(self, key: str, code: str) -> None:
        """Hold a pairing code for the next pairing of this key."""
        self._links.keep_code(key, code)
