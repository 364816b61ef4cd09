"""Multicast DNS: who announces itself (RFC 6762, 6763), heard through python-zeroconf on allowed interfaces only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from dobby.discovery import clean
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting

RESOLVE_LIMIT = 3000  # milliseconds to learn address and TXT of one service
CALL_AGAIN = 300.0  # seconds between questions for one host


async def watch(reach: Reach, types: Sequence[str], found: Callable[[Sighting], None]) -> None:
    """Listen for services of these types until cancelled; every one that appears or changes is told to `found`. A type
    without an underscore is the name of a host that announces no service: it is asked for now and then, port 0."""
    from zeroconf import AddressResolver, ServiceStateChange, Zeroconf  # type: ignore[attr-defined]  # not in __all__
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    zeroconf = AsyncZeroconf(interfaces=list(reach.addresses))

    async def resolve(kind: str, name: str) -> None:
        info = AsyncServiceInfo(kind, name)
        if not await info.async_request(zeroconf.zeroconf, RESOLVE_LIMIT):
            return
        for host in info.parsed_addresses():
            if reach.allows(host):
                facts = clean.facts(dict(info.properties))
                label = clean.text(name.removesuffix("." + kind), clean.NAME_LIMIT)
                found(Sighting("mdns", host, info.port or 0, kind, label, facts))
                return

    async def call(name: str) -> None:
        while True:
            host = AddressResolver(name)
            if await host.async_request(zeroconf.zeroconf, RESOLVE_LIMIT):
                for address in host.parsed_addresses():
                    if reach.allows(address):
                        found(Sighting("mdns", address, 0, name, name.partition(".")[0], {}))
                        break
            await asyncio.sleep(CALL_AGAIN)

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is not ServiceStateChange.Removed:
            task = loop.create_task(resolve(service_type, name))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    services = [kind for kind in types if kind.startswith("_")]
    browser = AsyncServiceBrowser(zeroconf.zeroconf, services, handlers=[changed])
    tasks |= {loop.create_task(call(name)) for name in types if not name.startswith("_")}
    try:
        await asyncio.Event().wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await browser.async_cancel()
        await zeroconf.async_close()
