"""Roku beyond the laws: against emulated_roku, which is not ours; keys, a player without power, one that is locked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from emulated_roku import EmulatedRokuCommandHandler, EmulatedRokuServer

from dobby.discovery.networks import Reach
from dobby.discovery.ssdp import Ssdp
from dobby.drivers import roku as driver
from dobby.errors import Garbage
from dobby.home.device import Sighting
from dobby.wire.web import read_xml
from tests.drivers.house import until
from tests.drivers.rig import HOST, first_look, kept, piped, rigged
from tests.drivers.rigs.roku import SERIAL, Television, on_air, sighting

pytestmark = pytest.mark.anyio


class Hand(EmulatedRokuCommandHandler):  # type: ignore[misc]  # it comes without types
    """Keeps what was pressed and launched."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def on_keypress(self, roku_usn: str, key: str) -> None:
        """A key."""
        self.done.append(key)

    def launch(self, roku_usn: str, app_id: str) -> None:
        """An app."""
        self.done.append(f"launch {app_id}")


@pytest.fixture
async def emulated(anyio_backend: str) -> AsyncIterator[tuple[Hand, EmulatedRokuServer]]:
    """emulated_roku on a free port, with SSDP."""
    free = await asyncio.start_server(lambda *_: None, HOST, 0)  # its start() wants a port that is given
    port = free.sockets[0].getsockname()[1]
    free.close()
    await free.wait_closed()
    hand = Hand()
    server = EmulatedRokuServer(asyncio.get_running_loop(), hand, "TESTROKU1", HOST, port)
    await server.start()
    yield hand, server
    await server.close()


@pytest.mark.filterwarnings("ignore:loop argument is deprecated:DeprecationWarning")  # emulated_roku 0.4.0 gives it
async def test_emulated_roku_is_found_read_and_driven(emulated: tuple[Hand, EmulatedRokuServer],
                                                      tmp_path: Path) -> None:
    hand, server = emulated
    seen: list[Sighting] = []
    listening = asyncio.create_task(Ssdp(Reach((HOST,), (IPv4Network("127.0.0.0/8"),)), [driver.TARGET],
                                         seen.append).watch())
    await until(lambda: any(one.port == server.listen_port for one in seen))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    async with piped((HOST, server.listen_port)) as pipe:
        server.allowed_hosts = (f"{HOST}:{pipe.port}",)
        (heard, *_) = [one for one in seen if one.port == server.listen_port]
        rig = rigged(heard, pipe, "", [], ("key", "Self-destruct"), _nothing)
        assert (rig.found.key, rig.found.name, rig.found.model) == ("roku:TESTROKU1", "TESTROKU1", "Roku 4")
        devices, shown = await first_look(rig)
        assert [trait.name for trait in devices[rig.device].traits] == ["source", "key"]  # it cannot be switched
        assert shown[rig.device, "source"] == "Home"
        async with kept(rig, tmp_path) as house:
            assert (await house.do("key", "Select")).result == "sent"
            launched = await house.do("source", "Emulated App 3")
            assert launched.result == "failed"  # emulated_roku says yes and goes on to show its home page
            assert hand.done == ["Select", "launch 3"]
            assert (await house.do("key", "Self-destruct")).result == "failed"
            assert hand.done == ["Select", "launch 3"]
            await pipe.turn("dead")
            await until(lambda: not house.home.reachable(rig.device))
            await pipe.turn("")
            await until(lambda: house.here)


async def _nothing(_trait: str) -> None:
    """Nobody asks."""


async def test_a_television_has_more_keys_a_room_and_two_marks(tmp_path: Path) -> None:
    set_ = Television()
    async with on_air(set_) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(), pipe, "", [], ("key", "?"), _nothing)
        async with kept(rig, tmp_path) as house:
            device = house.home.devices[rig.device]
            assert (device.name, device.room, device.kind) == ("TCL•Roku TV - X000008YG08J", "Den", "tv")
            assert device.marks == ("mac:d4abcdf8e1d5", "mac:3451806d0142")
            assert (await house.do("key", "volumeup")).result == "sent"
            assert (await house.do("playing", True)).result == "confirmed"
            assert (await house.do("playing", True)).result == "confirmed"  # and the key is not pressed again
            assert set_.keys == ["VolumeUp", "Play"]
            set_.player = "close"
            nothing = await house.do("playing", True)
            assert nothing.error is not None
            assert nothing.error.text == "There is nothing on it that could go on."
            set_.way = "refuses"
            locked = await house.do("source", "Netflix")
            assert locked.error is not None
            assert "Control by mobile apps" in locked.error.text


def test_a_stranger_brings_no_entities() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    for text in (bomb, bomb.encode(), "", "no xml", b"<x>\xff</x>"):
        with pytest.raises(Garbage):
            read_xml(text)


@pytest.mark.parametrize("usn", ["", "uuid:roku:ecp:", f"uuid:roku:ecp:{SERIAL}/../x", "uuid:other:1"])
def test_what_is_no_roku_is_not_claimed(usn: str) -> None:
    assert driver.claim(Sighting("ssdp", HOST, 8060, "roku:ecp", "x", {"usn": usn})) is None
