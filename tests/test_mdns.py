"""Multicast DNS with a device that sleeps: what could not say where it is when it was first asked is found later."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Network
from typing import Any

import pytest
from zeroconf import (  # type: ignore[attr-defined]  # not in __all__
    DNSAddress,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSService,
    DNSText,
)

from dobby.discovery import mdns
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting
from dobby.tasks import ended

pytestmark = pytest.mark.anyio
KIND, NETWORK, HOST = "_dobbylost._tcp.local.", "127.77.248.0/24", "127.77.248.9"
NAME, SERVER = f"Lamp.{KIND}", "lamp-248.local."
GROUP, PORT, ONCE, ANSWER = "224.0.0.251", 5353, 0x8001, 0x8400
PTR, TXT, SRV, A = 12, 16, 33, 1


class Sleeper(asyncio.DatagramProtocol):
    """A device that says that it is there, and sleeps for longer than it is waited for before it says where."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._wire: Any = None

    def connection_made(self, transport: Any) -> None:
        """The wire is there."""
        self._wire = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Somebody asks."""
        asked = {question.name for question in DNSIncoming(data).questions}
        now, out = asyncio.get_running_loop().time(), DNSOutgoing(ANSWER)
        if KIND in asked:
            out.add_answer_at_time(DNSPointer(KIND, PTR, 1, 4500, NAME), 0)
        if asked & {NAME, SERVER}:
            self.asked.append(now)
            if now > self.asked[0] + mdns.RESOLVE_LIMIT / 1000 + 1:
                out.add_answer_at_time(DNSService(NAME, SRV, ONCE, 120, 0, 0, 80, SERVER), 0)
                out.add_answer_at_time(DNSText(NAME, TXT, ONCE, 4500, b"\0"), 0)
                out.add_answer_at_time(DNSAddress(SERVER, A, ONCE, 120, socket.inet_aton(HOST)), 0)
        for packet in out.packets() if out.answers else ():
            self._wire.sendto(packet, (GROUP, PORT))


def wire() -> socket.socket:
    """A socket in the group, on the loopback."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("", PORT))
    here = socket.inet_aton("127.0.0.1")
    one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + here)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
    one.setblocking(False)
    return one


async def test_a_device_that_slept_is_found_when_everything_is_asked_again() -> None:
    there: asyncio.Future[Sighting] = asyncio.get_running_loop().create_future()

    def saw(sighting: Sighting) -> None:
        if sighting.kind == KIND and not there.done():
            there.set_result(sighting)
    transport, sleeper = await asyncio.get_running_loop().create_datagram_endpoint(Sleeper, sock=wire())
    ear = asyncio.create_task(mdns.watch(Reach(("127.0.0.1",), (IPv4Network(NETWORK),)), [KIND], saw, (1.0,)))
    try:
        async with asyncio.timeout(25):
            found = await there
        assert (found.host, found.port) == (HOST, 80)
        assert sleeper.asked[-1] - sleeper.asked[0] > mdns.RESOLVE_LIMIT / 1000
    finally:
        await ended(ear)
        transport.close()
