"""LIFX beyond the laws: the search by broadcast, names, what a lamp can, and datagrams that get lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from lifx_emulator import create_color_light
from lifx_emulator.factories import create_switch

from dobby.discovery.identify import probes_of
from dobby.discovery.networks import Reach
from dobby.discovery.probes import Probes
from dobby.drivers import lifx as driver
from dobby.errors import Garbage, Refused
from dobby.home.device import Sighting
from dobby.wire import lifx
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, kept, rigged, udp_piped
from tests.drivers.rigs.lifx import SERIAL, server

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


async def test_a_lamp_answers_the_search_within_the_allowed_network_only() -> None:
    # a broadcast to a /24 of loopback reaches whoever bound its last address
    async with server(create_color_light(SERIAL), host="127.77.249.255") as lamp, server(
            create_color_light("d073d5000a1c"), host="127.77.248.255"):
        assert lamp.ipv4_endpoint is not None
        (probe,) = probes_of([driver.DRIVER])
        probe = replace(probe, port=lamp.ipv4_endpoint[1])
        seen: list[Sighting] = []
        probes = Probes(Reach((HOST,), (IPv4Network("127.77.249.0/24"),)), [probe], seen.append)
        watching = asyncio.create_task(probes.watch())
        await until(lambda: bool(seen))
        probes.search()
        await until(lambda: len(seen) == 2)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert {one.host for one in seen} == {"127.77.249.255"}
    found = driver.claim(seen[0])
    assert found is not None
    assert (found.key, found.name, found.port) == (f"lifx:{SERIAL}", "LIFX 000a1b", probe.port)


def test_what_is_no_answer_is_nobody() -> None:
    for data in (b"", b"\0" * 36, lifx.search(), lifx.Message(lifx.STATE, b"\0" * 52, SERIAL).pack(), b"?" * 41):
        assert driver.answered(data) == ("", {})
    with pytest.raises(Garbage):
        lifx.light(b"\0" * 51)
    with pytest.raises(Garbage):
        lifx.product(b"")


def test_products_can_what_the_makers_list_says() -> None:
    assert lifx.able(27) == (True, (2500, 9000))
    assert lifx.able(10) == (False, (2700, 6500))
    assert lifx.able(82) == (False, (0, 0))
    assert lifx.able(9999) == (True, (1500, 9000))


async def test_names_are_the_lifx_apps_and_change_with_it(tmp_path: Path) -> None:
    device = create_color_light(SERIAL, group_label="Landing")
    async with server(device) as lamp:
        assert lamp.ipv4_endpoint is not None
        async with udp_piped(lamp.ipv4_endpoint) as pipe:
            rig = rigged(Sighting("probe", HOST, 0, "lifx", "", {"serial": SERIAL}), pipe, "", [], ("on", 1), truth)
            async with kept(rig, tmp_path) as house:
                shown = house.home.devices[rig.device]
                assert (shown.room, shown.marks) == ("Landing", (f"mac:{SERIAL}",))
                device.state.label = "Stairs"
                await until(lambda: house.home.devices[rig.device].name == "Stairs")


def test_white_is_told_only_while_it_shows() -> None:
    colored = lifx.Light(0, 65535, 65535, 3500, 65535)
    assert driver.shown(colored, True)["color_temperature"] is None
    assert driver.shown(replace(colored, saturation=0), True)["color_temperature"] == 3500


async def test_a_switch_is_not_taken_for_a_lamp() -> None:
    async with server(create_switch(SERIAL)) as switch:
        assert switch.ipv4_endpoint is not None
        found = driver.claim(Sighting("probe", HOST, switch.ipv4_endpoint[1], "lifx", "", {"serial": SERIAL}))
        assert found is not None
        with pytest.raises(Refused, match="switch"):
            async with driver.connect(found, {}, QUICK):
                pass


class Lossy(asyncio.DatagramProtocol):
    """Loses every datagram but the third of each kind."""

    def __init__(self) -> None:
        self.heard = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the way back."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer at the third time."""
        self.heard += 1
        if self.heard == 3:
            question = lifx.unpack(data)
            self.transport.sendto(lifx.Message(lifx.STATE_SERVICE, b"\1\x7c\xdd\0\0", SERIAL, question.source,
                                               question.sequence).pack(), addr)


async def test_what_gets_lost_is_asked_again() -> None:
    transport, lossy = await asyncio.get_running_loop().create_datagram_endpoint(Lossy, local_addr=(HOST, 0))
    async with lifx.open_line(HOST, transport.get_extra_info("sockname")[1], SERIAL, 3.0) as line:
        await line.identify()
    transport.close()
    assert lossy.heard == 3
