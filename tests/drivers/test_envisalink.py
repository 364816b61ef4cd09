"""EnvisaLink beyond the laws: login, codes, delays, zones nobody names, and what pyenvisalink makes of the module."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pyenvisalink.alarm_panel import EnvisalinkAlarmPanel
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from dobby.discovery import mdns
from dobby.discovery.networks import Reach
from dobby.drivers import envisalink as driver
from dobby.errors import PairingError, Refused
from dobby.home.device import Sighting
from dobby.wire import envisalink as tpi
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.envisalink import CODE, PASSWORD, Module, line, served, sighting

pytestmark = pytest.mark.anyio
SECRET = {"password": PASSWORD, "alarm_code": CODE}


async def truth(_trait: str) -> None:
    """Nobody asks."""


async def test_a_client_that_is_not_ours_accepts_the_module() -> None:
    module = Module()

    async with served(module) as port:
        theirs = EnvisalinkAlarmPanel(HOST, port, panelType="DSC", password=PASSWORD, zoneTimerInterval=0,
                                      keepAliveInterval=0.05, eventLoop=asyncio.get_running_loop())
        before = asyncio.all_tasks()
        theirs.start()
        try:
            partition = theirs.alarm_state["partition"][1]["status"]
            await until(lambda: bool(partition["ready"]))
            theirs.arm_stay_partition(CODE, 1)
            await until(lambda: bool(partition["armed_stay"]))
            theirs.disarm_partition(CODE, 1)
            await until(lambda: not partition["armed_stay"])
            assert module.codes[-1] == CODE
            module.zone(2, is_open=True)
            await until(lambda: bool(theirs.alarm_state["zone"][2]["status"]["open"]))
        finally:
            theirs.stop()
            theirs._client.disconnect()
            left = asyncio.all_tasks() - before
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


def test_lines_have_their_checksum() -> None:
    assert tpi.encode("005", "user") == line("005", "user")
    assert tpi.encode("000") == b"00090\r\n"  # of the programmer's document
    assert tpi.decode(b"5053CD\r\n") == ("505", "3")
    assert tpi.decode(b"12:30:01 " + line("609", "001")) == ("609", "001")
    for spoilt in (b"5053CE\r\n", b"??????\r\n", b"\r\n", b"6090"):
        assert tpi.decode(spoilt) is None
    assert tpi.used("FFFF0000A1B2") == [1, 3]


async def test_zones_are_shown_once_they_were_open_and_partitions_go_through_their_delays(tmp_path: Path) -> None:
    module = Module()
    module.asks = True

    async with served(module) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(), pipe, "/partition-1", [], ("armed", "x"), truth, secret=SECRET)
        async with kept(rig, tmp_path) as house:
            key = rig.found.key
            assert {id_.rpartition("/")[2] for id_ in house.home.devices} == {
                "partition-1", "zone-1", "zone-2", "zone-5"}
            module.zone(9, is_open=True)
            await until(lambda: house.value("opened", f"{key}/zone-9") is True)
            module.zone(9, is_open=False)
            await until(lambda: house.value("opened", f"{key}/zone-9") is False)
            module.push("652", "20")  # a second partition speaks up
            await until(lambda: house.value("armed", f"{key}/partition-2") == "away")
            assert (await house.do("armed", "home")).result == "confirmed"
            module.push("654", "1")
            await until(lambda: house.value("triggered") is True)
            assert (await house.do("armed", "disarmed")).result == "confirmed"
            assert house.value("triggered") is False
            module.leaving = True
            leaving = await house.do("armed", "away")
            assert (leaving.result, leaving.on_its_way) == ("sent", True)
            module.armed = "0"
            module.push(*module.state())
            await until(lambda: house.value("armed") == "away")
            module.push("651", "1")  # a door opens while it is armed: that is not "disarmed"
            module.zone(1, is_open=True)
            await until(lambda: house.value("opened", f"{key}/zone-1") is True)
            assert house.value("armed") == "away"


@pytest.mark.parametrize(("code", "words"), [("", "alarm_code"), ("abcd", "alarm_code"), ("1234", "does not take")])
async def test_without_its_code_it_is_not_disarmed(tmp_path: Path, code: str, words: str) -> None:
    module = Module()
    module.armed = "0"

    async with served(module) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(), pipe, "/partition-1", [], ("armed", "x"), truth,
                     secret={"password": PASSWORD, "alarm_code": code})
        async with kept(rig, tmp_path) as house:
            outcome = await house.do("armed", "disarmed")
            assert outcome.error is not None
            assert outcome.error.kind == "refused"
            assert words in outcome.error.text
            assert module.armed == "0"


async def test_pairing_tries_the_password() -> None:
    module = Module()

    async with served(module) as port:
        found = driver.claim(Sighting("mdns", HOST, port, driver.NAME, "envisalink", {}))
        assert found is not None
        for wrong in ("", "guess"):
            with pytest.raises(PairingError, match="password"):
                await driver.pair(found, wrong)
        assert await driver.pair(found, PASSWORD) == {"password": PASSWORD}
        with pytest.raises(Refused, match="password"):
            async with driver.connect(found, {"password": "old"}, QUICK):
                pass
    by_name = driver.claim(sighting())
    assert by_name is not None
    assert by_name.port == 4025


async def test_a_host_that_announces_no_service_is_found_by_its_name() -> None:
    other = AsyncZeroconf(interfaces=["127.0.0.1"])
    seen: list[Sighting] = []
    reach = Reach(("127.0.0.1",), (IPv4Network("127.0.0.0/8"),))
    info = ServiceInfo("_http._tcp.local.", "panel-7._http._tcp.local.", parsed_addresses=["127.0.0.1"], port=1,
                       server="envisalink-7.local.")
    await other.async_register_service(info)
    watching = asyncio.create_task(mdns.watch(reach, ["_nobody._tcp.local.", "envisalink-7.local."], seen.append))
    try:
        await until(lambda: Sighting("mdns", "127.0.0.1", 0, "envisalink-7.local.", "envisalink-7", {}) in seen)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await other.async_close()
