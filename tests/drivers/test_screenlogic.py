"""ScreenLogic, beyond the laws: both units, what each circuit may cost, push, the show, the extra that may lack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dobby.drivers import screenlogic as driver
from dobby.errors import PairingError, Refused
from dobby.home.device import Settings, Sighting
from dobby.home.traits import Risk
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, Rig, kept, piped, rigged
from tests.drivers.rigs.screenlogic import AUX, CLEANER, LAMP, SECRET, Adapter, lamp, served, spa

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


async def test_a_pool_in_celsius_is_shown_whole_and_set_to_the_degree(tmp_path: Path) -> None:
    adapter = Adapter(celsius=True)
    async with served(adapter) as port, piped((HOST, port)) as pipe:
        rig = rigged(adapter.sighting(), pipe, "/body-0", [], ("on", 3), truth)
        async with kept(rig, tmp_path) as house:
            pool, key = house.home.devices[rig.device], rig.found.key
            assert (pool.name, pool.kind, pool.marks) == ("Pool", "pool", ("mac:00c03301020a/body-0",))
            target = pool.trait("target")
            assert target is not None
            assert (target.min, target.max) == (10, 34)  # the adapter would take more
            assert [house.value(one) for one in ("target", "current", "ph", "orp", "salt", "mode", "activity")] == [
                28, 26, 7.42, 650, 3000, "off", "idle"]
            assert house.value("temperature", f"{key}/air") == 22
            assert house.value("power", f"{key}/pump-0") == 0
            assert (await house.do("on", True)).result == "confirmed"
            assert (await house.do("target", 30)).result == "confirmed"
            assert (await house.do("mode", "heat")).result == "confirmed"
            assert (adapter.bodies[0].target, adapter.bodies[0].mode, adapter.on[505]) == (30, 3, 1)
            await until(lambda: house.value("power", f"{key}/pump-0") == 420)
            await until(lambda: house.value("activity") == "heating")


async def test_a_circuit_of_unknown_purpose_asks_and_a_hidden_one_is_not_shown(tmp_path: Path) -> None:
    async with spa() as rig, kept(rig, tmp_path) as house:
        risks = {id_.rpartition("-")[2]: trait.risk(True) for id_, one in house.home.devices.items()
                 if "circuit" in id_ and (trait := one.trait("on")) is not None}
        assert risks == {str(LAMP): Risk.FREE, str(AUX): Risk.ASK, str(CLEANER): Risk.FREE}
        assert not any(id_.endswith(str(SECRET)) for id_ in house.home.devices)
        assert house.home.devices[f"{rig.found.key}/circuit-{LAMP}"].kind == "light"


async def test_the_show_is_sent_and_no_more_is_claimed(tmp_path: Path) -> None:
    adapter = Adapter()
    async with served(adapter) as port, piped((HOST, port)) as pipe:
        rig = rigged(adapter.sighting(), pipe, f"/circuit-{LAMP}", [], ("on", 3), truth)
        async with kept(rig, tmp_path) as house:
            assert (await house.do("effect", "caribbean")).result == "sent"
            assert adapter.shows == [7]


async def test_it_tells_by_itself(tmp_path: Path) -> None:
    async with lamp() as rig, kept(rig, tmp_path, settings=Settings(timeout=1.0, poll=3600)) as house:
        assert rig.hand is not None
        await rig.hand("on", True)
        await until(lambda: house.value("on") is True)


async def _opened(rig: Rig) -> None:
    async with driver.connect(rig.found, {}, QUICK):
        pass


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "screenlogicpy", None)  # as where it is not installed
    monkeypatch.setitem(sys.modules, "screenlogicpy.requests", None)
    async with spa() as rig:
        with pytest.raises(PairingError, match=r"pip install dobby\[screenlogic\]"):
            await driver.pair(rig.found, "")
        with pytest.raises(Refused, match=r"pip install dobby\[screenlogic\]"):
            await _opened(rig)


def test_nothing_of_dobby_loads_the_library_by_itself() -> None:
    said = subprocess.run([sys.executable, "-c", "import sys; from dobby.drivers import load_drivers; load_drivers(); "
                           "print('screenlogicpy' in sys.modules)"], capture_output=True, text=True, check=True,
                          timeout=60)
    assert said.stdout.strip() == "False"


def test_what_answers_the_search_is_read_with_care() -> None:
    name, facts = driver.answered(Adapter().told())
    assert (name, facts) == ("Pentair pool", {"id": "01020a", "port": "80"})
    found = driver.claim(Sighting("probe", HOST, 1444, "screenlogic", name, facts))
    assert found is not None
    assert (found.key, found.port) == ("screenlogic:01020a", 80)
    for other in (b"", b"x" * 40, Adapter().told()[:12], bytes(40)):
        assert driver.answered(other)[1] == {}
    for odd in ({"id": "../.."}, {"port": "x"}):
        assert driver.claim(Sighting("probe", HOST, 1444, "screenlogic", name, {**facts, **odd})) is None
