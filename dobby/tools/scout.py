"""Finding things, as the tools and phrases see it: search now, wait a moment, say what fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dobby.discovery.links import Links
from dobby.home.device import Found
from dobby.tools.hands import Offer

LOOK = 3.0  # seconds that the network gets to answer a search for everything
QUIET = 0.8  # seconds without news after which a search for one thing is over once something fits


class NetworkScout:
    """Searches through `search` (ask the network to speak up) and reads what `links` heard."""

    def __init__(self, links: Links, search: Callable[[], None]) -> None:
        self._links, self._search = links, search

    async def look(self, what: str) -> list[Offer]:
        """Search now; what fits `what`, known things included."""
        news = asyncio.Event()
        before, self._links.on_seen = self._links.on_seen, news.set
        try:
            self._search()
            await self._listen(what, news)
        finally:
            self._links.on_seen = before
        return [self._offer(driver.title, found) for driver, found in self._links.seen(what)]

    async def _listen(self, what: str, news: asyncio.Event) -> None:
        """Until the time is over, or for one thing until it was found and nothing more comes."""
        try:
            async with asyncio.timeout(LOOK):
                while True:
                    news.clear()
                    if not what or not self._links.seen(what):
                        await news.wait()
                        continue
                    await asyncio.wait_for(news.wait(), QUIET)
        except TimeoutError:
            return

    def _offer(self, title: str, found: Found) -> Offer:
        linked = found.key in self._links.kept
        devices = self._links.devices_of(found.key) if linked else ()
        return Offer(found.key, title, found.name, found.room, found.host, found.needs, linked, devices, found.why)

    def known(self, key: str) -> Offer | None:
        """The thing with this key, as it was last seen."""
        return next((self._offer(driver.title, found) for driver, found in self._links.seen("") if found.key == key),
                    None)

    def keep_code(self, key: str, code: str) -> None:
        """Hold a pairing code for the next pairing of this key."""
        self._links.keep_code(key, code)
