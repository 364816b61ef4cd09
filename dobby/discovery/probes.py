"""Searches that one make's devices answer: a datagram to a whole network, and the answers that come straight back.

Sent to the broadcast address of each allowed network and nowhere else, from Dobby's own address in it: in the simulated
home its own /24, never 255.255.255.255, which leaves a loopback through the default interface.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial

from dobby.discovery import clean
from dobby.discovery.networks import Network, Reach
from dobby.home.device import Probe, Sighting

log = logging.getLogger(__name__)
DATAGRAM_LIMIT = 4096  # bytes of one answer that are read


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data[:DATAGRAM_LIMIT], addr)


def _same(ear: _Ear) -> _Ear:
    return ear


class Probes:
    """Searches on demand, listens for answers all the time."""

    def __init__(self, reach: Reach, probes: Sequence[Probe], found: Callable[[Sighting], None]) -> None:
        self._reach, self._probes, self._found = reach, probes, found
        self._ways: list[tuple[asyncio.DatagramTransport, Probe, str]] = []

    async def watch(self) -> None:
        """Listen until cancelled, searching once at the start."""
        loop = asyncio.get_running_loop()
        try:
            for probe in self._probes:
                for network in self._reach.networks:
                    if not self._source(network):
                        continue  # it is not on a wire of ours
                    ear = _Ear(partial(self._heard, probe))
                    transport, _ = await loop.create_datagram_endpoint(partial(_same, ear),
                                                                       sock=_asking(self._source(network)))
                    self._ways.append((transport, probe, self._reach.broadcast(network)))
            self.search()
            await asyncio.Event().wait()
        finally:
            for transport, *_ in self._ways:
                transport.close()
            self._ways.clear()

    def search(self) -> None:
        """Ask everything to speak up."""
        for transport, probe, everybody in self._ways:
            transport.sendto(probe.ask, (everybody, probe.port))

    def _source(self, network: Network) -> str:
        """Dobby's own address in a network; in the simulated home its first, which is all that its things answer."""
        if network.is_loopback:
            return str(network[1] if network.num_addresses > 1 else network[0])
        return self._reach.source(network)

    def _heard(self, probe: Probe, data: bytes, sender: tuple[str, int]) -> None:
        if not self._reach.allows(sender[0]):
            return
        try:
            name, facts = probe.answered(data)
        except Exception:  # a stranger's datagram must not stop discovery through a driver's mistake
            log.exception("%s could not read an answer", probe.kind)
            return
        if facts:
            self._found(Sighting("probe", *sender, probe.kind, clean.text(name, clean.NAME_LIMIT), clean.facts(facts)))


def _asking(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.bind((address, 0))
    sock.setblocking(False)
    return sock
