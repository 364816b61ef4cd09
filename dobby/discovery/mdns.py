"""Multicast DNS: who announces itself (RFC 6762, 6763), heard through python-zeroconf on allowed interfaces only.

What the drivers look for, whatever other types of service are announced, and a few hosts by name that announce none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import chain, repeat
from typing import Any

from zeroconf import (  # type: ignore[attr-defined]  # not in __all__
    AddressResolver,
    BadTypeInNameException,
    NotRunningException,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from dobby.discovery import clean
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting
from dobby.tasks import ended

RESOLVE_LIMIT = 3000  # milliseconds to learn address and TXT of one service
CALL_AGAIN = 300.0  # seconds between questions for one host
# Seconds until every type is asked for once more, the last of them again and again. zeroconf asks for what it does not
# know in its first 15 seconds only; an answer that was lost then, or a device that slept, would be missed for ever.
LISTEN_AGAIN = (6.0, 30.0, 300.0)
ALL_TYPES = "_services._dns-sd._udp.local."  # the question which types there are (RFC 6763, section 9)
TYPES_LIMIT = 120  # types that are listened for, whatever strangers announce
EACH = 60  # services of one host that are told, however many it announces
WAITING, AT_ONCE = 400, 32  # services that did not say where they are: so many wait, so many are asked at a time


async def watch(reach: Reach, types: Sequence[str], found: Callable[[Sighting], None],
                again: Sequence[float] = LISTEN_AGAIN) -> None:
    """Listen until cancelled; every service that appears or changes is told to `found`, those of `types` first. A type
    without an underscore is the name of a host that announces no service: it is asked for now and then, port 0."""
    services = [kind for kind in types if kind.startswith("_")]
    ear = _Ear(reach, services, found, AsyncZeroconf(interfaces=list(reach.addresses)))
    try:
        ear.listen()
        ear.run(ear.listen_again(again))
        for name in types:
            if not name.startswith("_"):
                ear.run(ear.call(name))
        await asyncio.Event().wait()
    finally:
        await ear.close()


class _Ear:
    def __init__(self, reach: Reach, services: Sequence[str], found: Callable[[Sighting], None],
                 zeroconf: AsyncZeroconf) -> None:
        self._reach, self._services, self._found, self._zeroconf = reach, services, found, zeroconf
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots, self._waiting = asyncio.Semaphore(AT_ONCE), set[str]()
        self._told: dict[str, set[str]] = {}  # by host, what was told of it
        self._browsers: dict[str, AsyncServiceBrowser] = {}

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def listen(self) -> None:
        """For the types of services, and for the question which others there are."""
        known = frozenset(self._services)

        def another(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
            fit = name.endswith(("._tcp.local.", "._udp.local.")) and len(name) < 60 and name not in known
            if fit and name not in self._browsers and len(self._browsers) < TYPES_LIMIT:
                self._browsers[name] = AsyncServiceBrowser(zeroconf, name, handlers=[self._changed])

        zeroconf = self._zeroconf.zeroconf
        self._browsers[""] = AsyncServiceBrowser(zeroconf, list(self._services), handlers=[self._changed])
        self._browsers[ALL_TYPES] = AsyncServiceBrowser(zeroconf, ALL_TYPES, handlers=[another])

    async def listen_again(self, pauses: Sequence[float]) -> None:
        """Ask for everything anew, now and then. What is known already is told once more, and asked where it is if that
        did not come out."""
        for pause in chain(pauses, repeat(pauses[-1])):
            await asyncio.sleep(pause)
            before = [self._browsers.pop(name) for name in list(self._browsers)]
            self.listen()
            for browser in before:
                await browser.async_cancel()

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        """Told at once where the announcement says it all; asked for where it does not, so that one who announces
        thousands of names without an address keeps nobody else waiting."""
        if state_change is ServiceStateChange.Removed or name in self._waiting:
            return
        try:
            info = AsyncServiceInfo(service_type, name)
        except BadTypeInNameException:  # control characters and the like
            return
        if info.load_from_cache(zeroconf):
            self._tell(info)
        elif len(self._waiting) < WAITING:
            self._waiting.add(name)
            self.run(self._resolve(info))

    async def _resolve(self, info: AsyncServiceInfo) -> None:
        try:
            async with self._slots:
                if await info.async_request(self._zeroconf.zeroconf, RESOLVE_LIMIT):
                    self._tell(info)
        except NotRunningException:
            return  # the ear closes
        finally:
            self._waiting.discard(info.name)

    def _tell(self, info: AsyncServiceInfo) -> None:
        host = next((one for one in info.parsed_addresses() if self._reach.allows(one)), "")
        told = self._told.setdefault(host, set())
        if host and (len(told) < EACH or info.name in told):
            told.add(info.name)
            label = clean.text(info.name.removesuffix("." + info.type), clean.NAME_LIMIT)
            self._found(Sighting("mdns", host, info.port or 0, info.type, label, clean.facts(dict(info.properties))))

    async def call(self, name: str) -> None:
        """Ask for one host by its name, again and again."""
        while True:
            host = AddressResolver(name)
            if await host.async_request(self._zeroconf.zeroconf, RESOLVE_LIMIT):
                for address in host.parsed_addresses():
                    if self._reach.allows(address):
                        self._found(Sighting("mdns", address, 0, name, name.partition(".")[0], {}))
                        break
            await asyncio.sleep(CALL_AGAIN)

    async def close(self) -> None:
        await ended(*self._tasks)
        for browser in self._browsers.values():
            await browser.async_cancel()
        await self._zeroconf.async_close()
