"""Kasa and Tapo with an account, beyond the laws: the lamp, the account, the extra that may be missing, the search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dobby.drivers import tapo as driver
from dobby.errors import PairingError, Refused
from dobby.home.device import Sighting
from tests.drivers.house import QUICK
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.tapo import MAC, PASSWORD, USER, Klap, Lamp, Plug, held, lamp, served

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


async def test_a_lamp_in_the_newer_language_is_set_in_every_way(tmp_path: Path) -> None:
    async with lamp() as rig, kept(rig, tmp_path, patience=3) as house:
        one = house.home.devices[rig.device]
        assert (one.name, one.kind, one.marks) == ("Attic", "light", ("mac:50c7bf010203",))
        for trait, value in rig.settings:
            outcome = await house.do(trait, value)
            assert outcome.result == "confirmed", outcome


async def test_a_plug_measures(tmp_path: Path) -> None:
    device = Klap(Plug())

    async with served(device) as port, piped((HOST, port)) as pipe:
        rig = rigged(device.sighting(), pipe, "", [], ("on", "x"), truth, secret={"user": USER, "password": PASSWORD})
        async with kept(rig, tmp_path) as house:
            assert (await house.do("on", True)).result == "confirmed"
            assert held(device.inside, "on") is True
            assert (house.value("power"), house.value("energy")) == (3.14, 51.493)


@pytest.mark.parametrize("inside", [Plug(), Lamp()])
async def test_the_account_is_tried_and_another_one_is_refused(inside: Plug | Lamp) -> None:
    device = Klap(inside)

    async with served(device) as port:
        at = device.sighting()
        found = driver.claim(Sighting("probe", HOST, port, at.kind, at.name, at.facts))
        assert found is not None
        for wrong in ("", "alone", f"{USER}:guess"):
            with pytest.raises(PairingError, match="account") as told:
                await driver.pair(found, wrong)
            assert "guess" not in str(told.value)
        assert await driver.pair(found, f"{USER}:{PASSWORD}") == {"user": USER, "password": PASSWORD}
        with pytest.raises(Refused, match="account"):
            async with driver.connect(found, {"user": USER, "password": "old"}, QUICK):
                pass


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kasa", None)  # as where it is not installed
    at = Klap(Lamp()).sighting()
    found = driver.claim(at)
    assert found is not None
    with pytest.raises(PairingError, match=r"pip install dobby\[tapo\]"):
        await driver.pair(found, f"{USER}:{PASSWORD}")
    with pytest.raises(Refused, match=r"pip install dobby\[tapo\]"):
        async with driver.connect(found, {}, QUICK):
            pass


def test_nothing_of_dobby_loads_the_library_by_itself() -> None:
    said = subprocess.run([sys.executable, "-c", "import sys; from dobby.drivers import load_drivers; load_drivers(); "
                           "print('kasa' in sys.modules)"], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "False"


def test_what_answers_the_search_is_read_with_care() -> None:
    name, facts = driver.answered(Klap(Lamp()).told())
    assert (name, facts["mac"], facts["family"]) == ("TP-Link L530(EU)", MAC.replace("-", "").lower(), "SMART.TAPOBULB")
    found = driver.claim(Sighting("probe", HOST, 20002, "tapo", name, facts))
    assert found is not None
    assert (found.port, found.path) == (80, "SMART.TAPOBULB/2")
    for other in (b"", b"x" * 40, bytes(16) + b"[]", bytes(16) + b'{"result": {"mac": 1}}'):
        assert driver.answered(other)[1] == {}
    for odd in ({"family": "SMART.TAPOHUB"}, {"encryption": "AES"}, {"mac": "50"}):
        assert driver.claim(Sighting("probe", HOST, 20002, "tapo", name, {**facts, **odd})) is None
