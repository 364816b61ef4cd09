"""The home's side of benchmarks/many.py: one link followed in a process of its own. Arguments: make, host, port, secret
(JSON), devices and readings to wait for. One JSON line when the inventory is there, one when the readings are."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator

from _house import rss

from dobby.agent.reflex import Reflex
from dobby.discovery.identify import by_make
from dobby.drivers import load_drivers
from dobby.home.device import Command, Device, Found, Link, Reading, Settings
from dobby.home.home import Home
from dobby.home.verdict import gatekeeper
from dobby.words import Words


class Counted:
    """A link whose readings of power are counted on their way into the home."""

    def __init__(self, link: Link) -> None:
        self.link, self.wanted, self.seen = link, 0, 0
        self.began = self.processor = 0.0
        self.reached = asyncio.Event()

    def start(self, wanted: int) -> None:
        """Count from now on."""
        self.wanted, self.seen, self.processor = wanted, 0, processor()

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """What the link yields."""
        async for item in self.link.watch():
            yield item
            if self.wanted and isinstance(item, Reading) and item.trait == "power":
                self.began = self.began or time.monotonic()
                self.seen += 1
                if self.seen == self.wanted:
                    self.reached.set()

    async def send(self, command: Command) -> None:
        """Pass it on."""
        await self.link.send(command)


async def main() -> None:
    """Follow, and say when."""
    make, host, port, secret, devices, readings = sys.argv[1:7]
    driver = by_make(load_drivers()[0])[make]
    home = Home(gatekeeper()[1])
    found = Found(f"{make}:bench", make, "bench", host, int(port))
    began = time.monotonic()
    async with driver.connect(found, json.loads(secret), Settings()) as link:
        with home.listen() as changes:
            counted = Counted(link)
            following = asyncio.create_task(home.follow(counted))
            told: set[str] = set()  # devices that showed something; the home itself is not asked at every change
            while len(told) < int(devices):
                change = await changes.get()
                told |= {change.device} if change and change.trait else set()
                if change is None:  # some were lost: the home says what it has
                    told = {id_ for id_, one in home.devices.items() if home.reading(id_, one.traits[0].name)}
            while not all(home.reading(id_, one.traits[0].name) for id_, one in home.devices.items()):
                await changes.get()
            _say(inventory_s=time.monotonic() - began, rss=rss_of_self())
            await asyncio.sleep(6.0)  # what was remembered by a broker is told again five seconds later
            counted.start(int(readings))
            _say(ready=True)
            await counted.reached.wait()
            _say(readings_per_s=counted.wanted / (time.monotonic() - counted.began),
                 cpu_s=processor() - counted.processor, rss=rss_of_self())
        _say(**reflex(home))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def reflex(home: Home) -> dict[str, float]:
    """Milliseconds of an order and of a miss."""
    mind = Reflex("en", [], Words("en"))
    mind.warm(home)
    took = {}
    for name, text in (("order_ms", "turn on lamp 7"), ("miss_ms", "what would the neighbours say to that")):
        began = time.perf_counter()
        for _ in range(50):
            mind.read(text, home, None, now=0.0)
        took[name] = (time.perf_counter() - began) / 50 * 1000
    return took


def rss_of_self() -> float:
    """MiB."""
    return rss(os.getpid())


def processor() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


asyncio.run(main())
