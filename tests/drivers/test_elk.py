"""Elk M1 beyond the laws: zones of every kind, codes, delays, outputs, and what elkm1-lib makes of the panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from elkm1_lib.const import ArmedStatus, ArmLevel, ZoneLogicalStatus
from elkm1_lib.discovery import _decode_data
from elkm1_lib.elk import Elk
from elkm1_lib.message import al_encode, cn_encode, decode

from dobby.drivers import elk as driver
from dobby.errors import Garbage, PairingError
from dobby.home.device import Command, Sighting
from dobby.home.traits import Risk
from dobby.wire import elk
from tests.drivers.house import until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.elk import CODE, MAC, Panel, answer, line, served, sighting

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


async def test_a_client_that_is_not_ours_accepts_the_panel() -> None:
    panel = Panel()

    async with served(panel) as port:
        theirs: Any = Elk({"url": f"elk://{HOST}:{port}", "element_list": ["panel", "zones", "areas", "outputs"]})
        done: list[bool] = []
        theirs.add_handler("sync_complete", lambda: done.append(True))
        theirs.connect()
        try:
            await until(lambda: bool(done) and theirs.outputs[2].name == "Sprinkler")
            assert (theirs.zones[1].name, theirs.zones[4].temperature) == ("Hall motion", 18)
            theirs.areas[0].arm(ArmLevel.ARMED_NIGHT, int(CODE))
            await until(lambda: theirs.areas[0].armed_status is ArmedStatus.ARMED_TO_NIGHT)
            panel.set_zone(2, "9")
            await until(lambda: theirs.zones[1].logical_status is ZoneLogicalStatus.VIOLATED)
            theirs.outputs[2].turn_on(0)
            await until(lambda: theirs.outputs[2].output_on)
        finally:
            theirs.disconnect()


def test_our_lines_are_theirs() -> None:
    def theirs(message: str) -> bytes:
        return f"{message}{-sum(message.encode()) % 256:02X}\r\n".encode()

    order = elk.order(2, Command("x", "armed", "night"), CODE)
    assert order == theirs(al_encode(ArmLevel.ARMED_NIGHT, 1, int(CODE)).message)
    assert elk.encode("cn", "00300000") == theirs(cn_encode(2, 0).message)
    told = line("ZC", "0029")
    assert decode(told.decode().strip()) is not None
    assert elk.decode(told) == ("ZC", "0029")
    for spoilt in (told[:-3] + b"\r\n", told.replace(b"2", b"3"), b"Username: ", b"\r\n"):
        assert elk.decode(spoilt) is None


def test_the_search_is_answered_with_a_mac_as_they_read_it() -> None:
    name, facts = driver.answered(answer(2101))
    theirs = _decode_data(answer(2101))
    assert (facts["mac"], int(facts["port"])) == (theirs.mac_address.replace(":", "").lower(), theirs.port)
    found = driver.claim(Sighting("probe", HOST, 2362, "elk", name, facts))
    assert found is not None
    assert (found.key, found.port) == (f"elk:{MAC}", 2101)
    assert driver.answered(b"XEPID") == ("Elk M1", {})


async def test_zones_tell_what_they_notice_and_areas_go_through_their_delays(tmp_path: Path) -> None:
    panel = Panel()

    async with served(panel) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(), pipe, "/area-1", [], ("armed", "x"), truth, secret={"alarm_code": CODE})
        async with kept(rig, tmp_path) as house:
            key = rig.found.key
            shown = {id_.rpartition("/")[2]: (one.name, one.kind, one.traits[0].name)
                     for id_, one in house.home.devices.items()}
            assert shown == {
                "area-1": ("House", "alarm", "armed"), "area-2": ("Barn", "alarm", "armed"),
                "zone-1": ("Front door", "sensor", "opened"), "zone-2": ("Hall motion", "sensor", "motion"),
                "zone-3": ("Smoke", "sensor", "smoke"), "zone-4": ("Cellar water", "sensor", "leak"),
                "zone-5": ("Freezer", "sensor", "temperature"), "zone-6": ("CO", "sensor", "carbon_monoxide"),
                "output-3": ("Sprinkler", "plug", "on")}
            await until(lambda: house.value("temperature", f"{key}/zone-5") == 18)
            panel.set_zone(4, "9")
            await until(lambda: house.value("leak", f"{key}/zone-4") is True)
            panel.set_zone(3, "5")
            await until(lambda: not house.home.reachable(f"{key}/zone-3"))
            assert house.value("smoke", f"{key}/zone-3") is False
            sprinkler = house.home.devices[f"{key}/output-3"].traits[0]
            assert sprinkler.risk(True) is Risk.ASK
            assert (await house.do("on", True, f"{key}/output-3")).result == "confirmed"
            panel.leaving = True
            leaving = await house.do("armed", "away")
            assert (leaving.result, leaving.on_its_way) == ("sent", True)
            panel.set_area(1, "1")
            await until(lambda: house.value("armed") == "away")
            panel.set_area(1, "1", alarm="6")
            await until(lambda: house.value("triggered") is True)
            assert (await house.do("armed", "disarmed")).result == "confirmed"


@pytest.mark.parametrize(("code", "words"), [("", "alarm_code"), ("nonsense", "alarm_code"), ("1234", "does not take")])
async def test_without_its_code_it_is_not_disarmed(tmp_path: Path, code: str, words: str) -> None:
    panel = Panel()
    panel.armed[0] = "1"

    async with served(panel) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(), pipe, "/area-1", [], ("armed", "x"), truth, secret={"alarm_code": code})
        async with kept(rig, tmp_path) as house:
            outcome = await house.do("armed", "disarmed")
            assert outcome.error is not None
            assert outcome.error.kind == "refused"
            assert words in outcome.error.text
            assert not code or code not in outcome.error.text
            assert panel.armed[0] == "1"
            assert panel.orders == ([] if words == "alarm_code" else ["0"])


async def test_pairing_says_when_only_the_encrypted_port_listens() -> None:
    panel = Panel()

    async with served(panel) as port:
        found = driver.claim(Sighting("probe", HOST, port, "elk", "Elk M1", {"mac": MAC, "port": "2601"}))
        assert found is not None
        assert await driver.pair(found, "") == {}
    with pytest.raises(PairingError, match="2101"):
        await driver.pair(found, "")


def test_rubbish_is_told_from_a_report() -> None:
    for data in ("", "x" * 24, "0" * 23):
        with pytest.raises(Garbage):
            elk.areas(data)
