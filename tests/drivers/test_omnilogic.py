"""OmniLogic beyond the laws: how it is found and known again, what each part may cost, datagrams that get lost, answers
that are meant to harm, its own panel."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from dobby.discovery.hosts import Host, Hosts
from dobby.discovery.networks import Reach
from dobby.discovery.sweep import Sweep
from dobby.discovery.visits import Visits
from dobby.drivers import omnilogic as driver
from dobby.errors import DeviceError, Garbage, Refused
from dobby.home.device import Command, Driver, LooksFor, Settings, Sighting
from dobby.home.traits import Risk, Value
from dobby.wire import omnilogic as omni
from dobby.wire import omnilogic_table as table
from dobby.wire.web import read_xml
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, Kept, kept
from tests.drivers.rigs.omnilogic import (
    BODIES,
    FALLS,
    FEED,
    FIRE,
    JETS,
    LAMP,
    OLD_LAMP,
    POOL,
    SPA,
    YARD,
    Controller,
    pool,
    rig_of,
    served,
)

pytestmark = pytest.mark.anyio
STRANGER = Sighting("visit", HOST, 10444, "omnilogic", "Pool controller", {})


async def test_a_pool_is_shown_whole_and_water_that_stands_has_no_temperature(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"body-{POOL}") as rig, kept(rig, tmp_path) as house:
        key, devices = rig.found.key, house.home.devices
        assert key == "omnilogic:001f0a2b3c"
        assert {id_.removeprefix(f"{key}/"): (one.name, one.kind) for id_, one in devices.items()} == {
            "air-0": ("Pool air", "sensor"), f"body-{POOL}": ("Pool", "pool"), f"body-{SPA}": ("Spa", "spa"),
            "chlorinator-7": ("Pool chlorinator", "plug"), f"light-{LAMP}": ("Pool Light", "light"),
            f"light-{OLD_LAMP}": ("Stairs", "light"), f"relay-{FALLS}": ("Falls", "plug"),
            f"relay-{FIRE}": ("Fire Bowl", "plug"), f"relay-{YARD}": ("Yard Lights", "light"),
            f"pump-{JETS}": ("Jets", "plug"), f"pump-{FEED}": ("Feed", "plug")}
        assert {id_.rpartition("-")[2] for id_, one in devices.items()
                if (on := one.trait("on")) is not None and on.risk(True) is Risk.ASK} == {str(FIRE), str(FEED), "7"}
        water, spa = devices[rig.device].trait("target"), devices[f"{key}/body-{SPA}"].trait("target")
        assert water is not None
        assert spa is not None
        assert (water.min, water.max, spa.max) == (18.3, 34, 40)  # the controller would take 40 for both
        modes = [one.choices for id_ in (POOL, SPA) if (one := devices[f"{key}/body-{id_}"].trait("mode"))]
        assert modes == [("off", "heat", "cool", "auto"), ("off", "heat")]
        shows = [len(one.choices) for id_ in (LAMP, OLD_LAMP) if (one := devices[f"{key}/light-{id_}"].trait("effect"))]
        assert shows == [28, 12]
        assert [house.value(one) for one in ("on", "current", "speed", "ph", "orp", "salt", "mode", "activity")] == [
            False, None, None, 7.4, 655, 3050, "off", "off"]
        assert (house.value("target"), house.value("temperature", f"{key}/air-0")) == (28.9, 25)
        assert (house.value("on", f"{key}/chlorinator-7"), house.value("problem", f"{key}/chlorinator-7")) == (
            True, False)
        controller.run(3, 40)
        await until(lambda: house.value("current") == 26.1)
        assert [house.value(one) for one in ("on", "speed", "power")] == [True, 40, 200]
        assert house.value("current", f"{key}/body-{SPA}") is None


ORDERS: tuple[tuple[str, str, Value, tuple[str, list[int]]], ...] = (
    (f"body-{SPA}", "on", True, ("SetUIEquipmentCmd", [SPA, 21, 60])),  # as it ran last
    (f"pump-{JETS}", "speed", 33, ("SetUIEquipmentCmd", [SPA, JETS, 33])),
    (f"pump-{FEED}", "on", True, ("SetUIEquipmentCmd", [SPA, FEED, 100])),  # it never ran
    (f"relay-{FALLS}", "on", True, ("SetUIEquipmentCmd", [POOL, FALLS, 1])),
    (f"relay-{YARD}", "on", True, ("SetUIEquipmentCmd", [0, YARD, 1])),
    (f"light-{OLD_LAMP}", "effect", "deep blue sea", ("SetStandAloneLightShow", [POOL, OLD_LAMP, 1, 4, 4])),
    (f"body-{SPA}", "target", 38.5, ("SetUIHeaterCmd", [SPA, 22, 101])),
    (f"body-{SPA}", "mode", "heat", ("SetHeaterEnable", [SPA, 22, 1])),
    ("chlorinator-7", "on", False, ("SetCHLOREnable", [POOL, 0])))


async def test_each_part_is_told_in_its_own_words_and_a_scene_shares_its_looks(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"body-{POOL}") as rig, kept(rig, tmp_path, patience=5.0, settings=replace(
            QUICK, poll=3600)) as house:
        before = controller.looks
        done = await asyncio.gather(*(house.do(trait, value, f"{rig.found.key}/{tail}")
                                      for tail, trait, value, _ in ORDERS))
        assert [one.result for one in done] == ["confirmed"] * len(ORDERS), done
        assert controller.looks - before < len(ORDERS)
    told = dict.fromkeys((name, *numbers[:5]) for name, numbers in controller.orders)
    assert len(controller.orders) == len(ORDERS)
    assert all(any(one[:len(numbers) + 1] == (name, *numbers) for one in told) for *_, (name, numbers) in ORDERS), told


# --- what takes longer, and what is refused ---------------------------------------------------------------------------


async def test_what_takes_longer_than_patience_is_on_its_way(tmp_path: Path) -> None:
    controller = Controller()
    controller.run(3, 60)
    async with rig_of(controller, f"body-{POOL}") as rig, kept(rig, tmp_path, patience=0.8) as house:
        assert house.value("on") is True
        controller.cools = True  # it runs on until the heater is cold
        outcome = await house.do("on", False)
        assert (outcome.result, outcome.on_its_way) == ("sent", True)
        controller.run(3, 0)
        await until(lambda: house.value("on") is False)


async def test_a_lamp_between_two_states_is_not_told_what_it_would_ignore(tmp_path: Path) -> None:
    controller = Controller()
    controller.rows[LAMP][1]["lightState"] = 7  # it cools down
    async with rig_of(controller, f"light-{LAMP}") as rig, kept(rig, tmp_path) as house:
        assert (house.value("on"), house.value("changing")) == (False, True)
        outcome = await house.do("on", True)
        assert outcome.error is not None
        assert (outcome.error.kind, "in a minute" in outcome.error.text) == ("refused", True)
        assert controller.orders == []


async def test_in_service_mode_it_is_out_of_reach_and_says_why(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"relay-{FALLS}") as rig, kept(rig, tmp_path) as house:
        controller.state = 2
        await until(lambda: not house.home.reachable(rig.device))
        outcome = await house.do("on", True)
        assert outcome.error is not None
        assert (outcome.error.kind, outcome.error.hint) == ("refused", "omnilogic_service")
        assert controller.orders == []
        controller.state = 1
        await until(lambda: house.here)
        assert (await house.do("on", True)).result == "confirmed"


async def test_an_order_just_before_its_panel_takes_over_is_refused_too() -> None:
    controller = Controller()
    async with rig_of(controller, f"relay-{FALLS}") as rig, rig.connect() as link:
        opened, controller.state = time.monotonic(), 3
        await until(lambda: time.monotonic() - opened > driver.FRESH)  # its last look is too old to go by
        with pytest.raises(Refused, match="set-up mode"):
            await link.send(Command(rig.device, "on", True))
    assert controller.orders == []


async def test_what_its_owner_adds_is_shown_and_what_it_loses_is_out_of_reach(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"body-{POOL}") as rig, kept(rig, tmp_path) as house:
        jets = f"{rig.found.key}/pump-{JETS}"
        controller.bodies = [("Body-of-water", [("Name", "Lagoon") if one == ("Name", "Pool") else one
                                                for one in BODIES[0][1]]), *BODIES[1:]]
        del controller.rows[JETS]
        controller.checksum += 1
        await until(lambda: house.home.devices[rig.device].name == "Lagoon")
        await until(lambda: not house.home.reachable(jets))
        assert house.home.reachable(rig.device)


# --- the wire ---------------------------------------------------------------------------------------------------------


async def test_what_gets_lost_is_sent_again(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"body-{POOL}") as rig:
        controller.lose = [omni.ACKED, omni.LEAD, omni.BLOCK, omni.BLOCK, omni.TELEMETRY[1]]
        controller.deaf = 1
        async with kept(rig, tmp_path) as house:
            assert (controller.lose, controller.deaf) == ([], 0)
            assert (await house.do("on", True)).result == "confirmed"


async def test_a_late_answer_is_not_taken_for_that_to_a_later_question() -> None:
    controller = Controller()
    async with served(controller) as port, omni.open_line(HOST, port, 0.3) as line:
        controller.late = []
        with pytest.raises(omni.Mute):
            await line.ask(omni.TELEMETRY)
        controller.run(3, 77)
        told = table.rows(await line.ask(omni.TELEMETRY))
    assert told["Filter", 3]["filterSpeed"] == "77"


def test_a_controller_is_not_asked_more_than_it_bears() -> None:
    due, now = 0.0, 1000.0
    began = []
    for _ in range(100):  # whoever asks without a pause
        wait, due = omni.turn(due, now)
        now += wait
        began.append(now)
    assert began[omni.BURST - 1] == began[0]
    assert max(sum(one <= other < one + 2 for other in began) for one in began) <= 20
    assert omni.turn(due, now + 60)[0] == 0


def _lead(count: str, source: int = 1003, packed: bool = False) -> omni.Message:
    rows = f'<Parameter name="SourceOpId">{source}</Parameter><Parameter name="MsgBlockCount">{count}</Parameter>'
    return omni.Message(1, omni.LEAD, f"<Response><Parameters>{rows}</Parameters></Response>\0".encode(), packed)


def test_blocks_are_put_together_in_their_order_and_strangers_passed_over() -> None:
    parts = omni.Parts(omni.CONFIGURATION)
    told = zlib.compress(b"<MSPConfig/>")
    pieces = [omni.Message(number, omni.BLOCK, b"12345678" + piece, True)
              for number, piece in ((9, told[6:]), (8, told[3:6]), (7, told[:3]))]
    for message in (omni.Message(3, omni.ACKED), pieces[0], _lead("2", 1004), pieces[0], pieces[1],
                    _lead("3", packed=True), omni.Message(5, 1004, b"<STATUS/>")):
        assert parts.add(message) is None
    assert parts.add(pieces[2]) == b"<MSPConfig/>"


def bombs() -> Iterator[tuple[str, Any]]:
    """Answers that are meant to harm."""
    yield "a bomb", lambda: omni.unfolded(zlib.compress(b" " * 50_000_000), packed=True)
    yield "long", lambda: omni.unfolded(b"<" * (omni.UNPACKED + 1), packed=False)
    yield "cut off", lambda: omni.unfolded(zlib.compress(b"<a/>" * 99)[:-5], packed=True)
    yield "no zlib", lambda: omni.unfolded(b"<a/>", packed=True)
    yield "a million blocks", lambda: omni.Parts(omni.CONFIGURATION).add(_lead("999999"))
    yield "no blocks", lambda: omni.Parts(omni.CONFIGURATION).add(_lead("0"))
    yield "a long number", lambda: omni.Parts(omni.CONFIGURATION).add(_lead("9" * 9999))
    yield "entities", lambda: read_xml(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    yield "another head", lambda: omni.unpack(b"?" * 60)
    yield "short", lambda: omni.unpack(b"\0" * 23)
    yield "no telemetry", lambda: table.rows(read_xml(b"<STATUS/>"))
    yield "no number", lambda: table.rows(read_xml(b'<STATUS><Backyard systemId="1e9"/></STATUS>'))
    yield "no pool", lambda: table.parts(read_xml(b"<MSPConfig/>"))


@pytest.mark.parametrize("harm", [harm for _, harm in bombs()], ids=[name for name, _ in bombs()])
def test_what_is_meant_to_harm_is_nonsense(harm: Any) -> None:
    with pytest.raises(Garbage):
        harm()


def test_more_blocks_than_any_answer_has_are_not_kept() -> None:
    parts = omni.Parts(omni.CONFIGURATION)
    for number in range(5000):
        assert parts.add(omni.Message(number, omni.BLOCK, b"x" * 1000)) is None
    assert len(parts.blocks) == omni.BLOCKS


def test_values_that_nobody_measures_are_none() -> None:
    (air, body) = table.parts(read_xml(
        b"<MSPConfig><Backyard><System-Id>0</System-Id><Body-of-water><System-Id>1</System-Id><Type>BOW_SPA</Type>"
        b"<CSAD><System-Id>2</System-Id></CSAD></Body-of-water></Backyard></MSPConfig>"))
    told = table.rows(read_xml(
        b'<STATUS><Backyard systemId="0" airTemp="-1" state="1"/><BodyOfWater systemId="1" waterTemp="80" flow="0"/>'
        b'<CSAD systemId="2" ph="nan" orp="-1"/></STATUS>'))
    assert (table.shown(air, told), body.name) == ({"temperature": None}, "Spa")
    assert table.shown(body, told) == {"current": None, "ph": None, "orp": None}


# --- who it is --------------------------------------------------------------------------------------------------------


async def test_it_is_known_by_its_board_and_an_older_one_by_its_mac() -> None:
    old, mac = "R0408000", "001122334455"
    cases = ((Controller(), mac, "omnilogic:001f0a2b3c"),
             (Controller(tells=False, version=old), mac, f"omnilogic:{mac}"),
             (Controller(tells=False, version=old), "", ""),  # nobody knows its MAC
             (Controller(tells=False), mac, ""))  # it is busy: it must not become another

    async def key(controller: Controller, mac: str) -> str:
        async with served(controller) as port:
            name, facts = await driver.look(HOST, port, mac)
        found = driver.claim(replace(STRANGER, name=name, facts=facts))
        return found.key if found else ""

    assert await asyncio.gather(*(key(controller, mac) for controller, mac, _ in cases)) == [one for *_, one in cases]


async def test_what_cannot_be_told_from_another_is_refused_with_the_reason() -> None:
    async with pool() as rig:
        with pytest.raises(Refused, match="no serial number"):  # there are no hardware addresses on a loopback
            async with driver.connect(replace(rig.found, key="omnilogic:001122334455"), {}, QUICK):
                pass


def test_a_board_without_an_address_of_its_own_has_none() -> None:
    for hua in ("", "00-00-00-00-00", "FF-FF-FF-FF-FF", "../../etc", "00-1F-0A-2B-3C-4D"):
        board = f'<Parameter name="Type">MSP</Parameter><Parameter name="HUA">{hua}</Parameter>'
        assert omni.address(read_xml(f"<SysInfo><Component>{board}</Component></SysInfo>")) == ""
    for odd in ({"hua": "../.."}, {"mac": "00:11:22:33:44:55"}, {"hua": "", "mac": ""}):
        assert driver.claim(replace(STRANGER, facts=odd)) is None


class Neighbourhood:
    """Discovery over a piece of loopback, with a controller's port for the maker's."""

    def __init__(self, port: int) -> None:
        visit = replace(driver.DRIVER.looks_for.visits[0], port=port)
        self.driver = replace(driver.DRIVER, looks_for=LooksFor(visits=(visit,)))
        reach = Reach((HOST,), (IPv4Network("127.77.247.0/24"),))
        self.seen: list[Sighting] = []
        self.hosts = Hosts(reach.allows, lambda _: None, lambda: datetime.now(UTC))
        self.sweep = Sweep(reach, self.hosts, lambda: datetime.now(UTC),
                           visits=Visits(reach, self.hosts, [self.driver], self.seen.append))

    def known(self, address: str, make: str = "") -> Host:
        """A host that was heard of."""
        host = self.hosts.at(address)
        assert host is not None
        host.make = make
        return host


async def test_hosts_that_nobody_else_claims_are_asked_and_no_others() -> None:
    controller, claimed = Controller(), Controller()
    async with served(controller, "127.77.247.9") as port, served(claimed, "127.77.247.10", port):
        street = Neighbourhood(port)
        street.known("127.77.247.9")
        street.known("127.77.247.10", "hue")
        street.known("127.77.247.11")  # where nobody listens
        await street.sweep.run()
        await street.sweep.settled()
        assert [(one.host, one.facts) for one in street.seen] == [("127.77.247.9", {"hua": "001f0a2b3c", "mac": ""})]
        assert (controller.heard > 0, claimed.heard) == (True, 0)


async def test_a_host_is_asked_when_a_person_wants_to_know_what_it_is() -> None:
    async with served(Controller(), "127.77.247.9") as port, served(Controller(), "127.78.0.9", port):
        street = Neighbourhood(port)
        await street.sweep.ask("127.78.0.9")  # in no network that may be looked at
        assert street.seen == []
        await street.sweep.ask("127.77.247.9")
        (seen,) = street.seen
        found = driver.claim(seen)
        assert found is not None
        assert (found.key, found.host, found.port) == ("omnilogic:001f0a2b3c", "127.77.247.9", port)


async def test_a_driver_that_breaks_ends_no_sweep() -> None:
    async def breaks(_host: str, _port: int, _mac: str) -> tuple[str, dict[str, str]]:
        raise RuntimeError("a bug")

    street = Neighbourhood(1)
    visit = replace(street.driver.looks_for.visits[0], look=breaks)
    reach = Reach((HOST,), (IPv4Network("127.77.247.0/24"),))
    drivers: list[Driver] = [replace(street.driver, looks_for=LooksFor(visits=(visit,)))]
    await Visits(reach, street.hosts, drivers, street.seen.append).pay(["127.77.247.9"])
    assert street.seen == []


async def test_it_speaks_to_nobody_who_answers_with_something_else() -> None:
    class Parrot(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(b"hello", addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Parrot, local_addr=(HOST, 0))
    try:
        assert await driver.look(HOST, transport.get_extra_info("sockname")[1], "") == ("", {})
    finally:
        transport.close()


async def test_another_answers_at_the_address_only_for_the_one_that_was_paired(tmp_path: Path) -> None:
    controller = Controller()
    async with rig_of(controller, f"body-{POOL}") as rig, kept(rig, tmp_path) as house:
        controller.hua = "00-1F-0A-00-00"
        await rig.pipe.turn("dead")
        await until(lambda: not house.home.reachable(rig.device))
        await rig.pipe.turn("")
        await until(lambda: _why(house) == driver.ANOTHER)


def _why(house: Kept) -> str:
    return house.links.kept[house.rig.found.key].state


async def test_nobody_there_is_told_at_once() -> None:
    with pytest.raises(DeviceError) as told:
        async with driver.connect(replace(_found(), port=9), {}, Settings(timeout=5.0)):
            pass
    assert told.value.kind == "unreachable"


def _found() -> Any:
    return driver.claim(replace(STRANGER, facts={"hua": "001f0a2b3c"}))
