"""Multicast DNS: who announces itself (RFC 6762, 6763), heard through python-zeroconf on allowed interfaces only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from dobby.discovery import clean
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting

RESOLVE_LIMIT = 3000  # milliseconds to learn address and TXT of one service


async def watch(reach: Reach, types: Sequence[str], found: Callable[[Sighting], None]) -> None:
    """Listen for services of these types until cancelled; every one that appears or changes is told to `found`."""
    from zeroconf import ServiceStateChange, Zeroconf
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

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is not ServiceStateChange.Removed:
            task = loop.create_task(resolve(service_type, name))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    browser = AsyncServiceBrowser(zeroconf.zeroconf, list(types), handlers=[changed])
    try:
        await asyncio.Event().wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await browser.async_cancel()
        await zeroconf.async_close()
