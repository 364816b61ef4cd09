"""WS-Discovery (April 2005): cameras that speak ONVIF, asked by a multicast probe and heard when they say hello.

Only what lies in an allowed network is heard, and a camera is believed only about its own address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dobby.discovery import clean
from dobby.discovery.multicast import asking
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting
from dobby.wire import onvif

DATAGRAM_LIMIT = 16_384  # bytes of one answer that are read


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data[:DATAGRAM_LIMIT], addr[0])


class WsDiscovery:
    """Probes on demand, listens for answers all the time."""

    def __init__(self, reach: Reach, found: Callable[[Sighting], None]) -> None:
        self._reach, self._found = reach, found
        self._transports: list[asyncio.DatagramTransport] = []

    async def watch(self) -> None:
        """Listen until cancelled, probing once at the start."""
        loop = asyncio.get_running_loop()
        try:
            for address in self._reach.addresses:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Ear(self._heard), sock=asking(self._source(address)))
                self._transports.append(transport)
            self.search()
            await asyncio.Event().wait()
        finally:
            for transport in self._transports:
                transport.close()
            self._transports.clear()

    def search(self) -> None:
        """Ask every camera to speak up."""
        for transport in self._transports:
            transport.sendto(onvif.probe(), (onvif.GROUP, onvif.PORT))

    def _source(self, address: str) -> str:
        """Where to ask from: in the simulated home its own network, which is all that its cameras answer."""
        network = self._reach.networks[0] if self._reach.networks else None
        simulated = network is not None and network.is_loopback and network.prefixlen < 32
        return str(network[1]) if simulated and network is not None else address

    def _heard(self, data: bytes, sender: str) -> None:
        for match in onvif.matches(data):
            if match.host != sender or not self._reach.allows(sender):
                continue
            facts = clean.facts({"endpoint": match.endpoint, "hardware": match.hardware, "location": match.location,
                                 "path": match.address})
            self._found(Sighting("wsd", match.host, match.port, "onvif", clean.text(match.name, clean.NAME_LIMIT),
                                 facts))
