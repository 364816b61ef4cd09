"""The laws of docs/drivers.md for the makes that stand outside the simulated home, each against its own server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from dobby.errors import DeviceError
from dobby.home import scenes
from dobby.home.device import Command, Settings
from dobby.home.traits import Value
from tests.conftest import ALL
from tests.drivers.house import DRIVERS, QUICK, leaves_nothing, until
from tests.drivers.rig import Rig, first_look, kept
from tests.drivers.rigs import (
    appletv,
    cast,
    dlna,
    elk,
    envisalink,
    esphome,
    home_assistant,
    kasa,
    lifx,
    lutron,
    omnilogic,
    powerview,
    roku,
    screenlogic,
    shelly,
    tapo,
)

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
    "esphome": esphome.lamp,
    "home_assistant": home_assistant.lamp,
    "home_assistant heating": home_assistant.thermostat,
    "dlna": dlna.renderer,
    "kasa": kasa.plug,
    "kasa outlet": kasa.outlet,
    "kasa bulb": kasa.bulb,
    "kasa dimmer": kasa.dimmer,
    "lifx": lifx.color,
    "lifx white": lifx.white,
    "roku": roku.television,
    "shelly": shelly.plug,
    "shelly cover": shelly.shutter,
    "shelly lamp": shelly.lamp,
    "lutron": lutron.dimmer,
    "powerview": powerview.gateway,
    "elk": elk.area,
    "cast": cast.speaker,
    "envisalink": envisalink.partition,
    "tapo": tapo.plug,
    "screenlogic": screenlogic.spa,
    "appletv": appletv.box,
    "omnilogic": omnilogic.pool,
} | ({  # their own tests drive these already; here each of them meets every fault
    "lutron shade": lutron.shade,
    "lutron vent": lutron.vent,
    "powerview hub": powerview.hub,
    "tapo lamp": tapo.lamp,
    "screenlogic lamp": screenlogic.lamp,
    "omnilogic lamp": omnilogic.lamp,
} if ALL else {})
FAULTS = ("dead", "slow", "garbage", "lies", "refuses")
ERRORS = {"dead": {"unreachable"}, "slow": {"unreachable", "timeout"}, "garbage": {"unknown", "unreachable"},
          "lies": {"mismatch"}, "refuses": {"refused"}}


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Rig]:
    """One device of each."""
    async with RIGS[request.param]() as rig:
        yield rig


@pytest.fixture(params=[name for name in RIGS if " " not in name])
async def one(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Rig]:
    """One device of each make, for what does not hang on its kind."""
    async with RIGS[request.param]() as rig:
        yield rig


def same(held: Value, wanted: Value) -> bool:
    """Whether a device holds what was ordered, within what it can tell apart."""
    if isinstance(wanted, dict) and isinstance(held, dict):
        return all(abs(held[axis] - wanted[axis]) <= 0.03 for axis in wanted)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not isinstance(held, int | float):
        return held == wanted
    return abs(held - wanted) <= max(1.5, wanted / 100)


async def test_only_its_own_driver_claims_it_and_its_address_is_no_name(one: Rig) -> None:
    claims = {make for make, driver in DRIVERS.items() if driver.claim(one.sighting)}
    assert claims == {one.found.make}
    assert one.found.key.startswith(f"{one.found.make}:")
    moved = one.driver.claim(replace(one.sighting, host="127.77.250.9", port=4711))
    assert moved is not None
    assert (moved.key, moved.host) == (one.found.key, "127.77.250.9")
    assert one.driver.claim(replace(one.sighting, facts={}, name="")) is None


async def test_it_shows_its_devices_and_only_what_they_declared(rig: Rig) -> None:
    devices, heard = await first_look(rig)
    assert rig.device in devices
    for id_, device in devices.items():
        assert id_ == rig.found.key or id_.startswith(rig.found.key + "/")
        assert device.make == rig.found.make
        assert device.name
    for id_, name in heard:
        assert name == "reachable" or devices[id_].trait(name) is not None


async def test_every_setting_is_confirmed_and_true(rig: Rig, tmp_path: Path) -> None:
    async with kept(rig, tmp_path, patience=3) as house:
        for trait, value in rig.settings:
            outcome = await house.do(trait, value)
            assert outcome.result == "confirmed", outcome
            assert same(await rig.truth(trait), value), (trait, value, await rig.truth(trait))
        settable = {trait.name for trait in house.home.devices[rig.device].traits if trait.kind != "sensor"
                    and not trait.confirmed_by}
        assert settable == {trait for trait, _ in rig.settings}


async def test_every_setting_can_be_undone(rig: Rig, tmp_path: Path) -> None:
    async with kept(rig, tmp_path, patience=3) as house:
        for trait, value in rig.settings:
            command = Command(rig.device, trait, value)
            earlier = scenes.before([command], house.home)
            white = trait == "color" and "color_temperature" in earlier[rig.device]  # then it was in no colour before
            told = "color_temperature" if white else trait
            was = await rig.truth(told) if told in earlier[rig.device] else None
            outcome = await house.do(trait, value)
            back, stuck = scenes.undo(earlier, [outcome], house.home)
            assert bool(stuck) == (trait not in earlier[rig.device]), (trait, value)  # what showed nothing before
            for one in back:
                undone = await house.do(one.trait, one.value)
                assert undone.result == "confirmed", (trait, value, undone)
            if trait in earlier[rig.device] and trait != "play":  # what plays is stopped, not taken out of the player
                assert same(await rig.truth(told), was), (trait, value, was, await rig.truth(told))
            await house.do(trait, value)  # the next setting may build upon it


async def test_what_is_out_of_range_never_reaches_the_wire(rig: Rig, tmp_path: Path) -> None:
    async with kept(rig, tmp_path, settings=replace(QUICK, poll=3600)) as house:
        before = await said(rig)
        assert before
        outcome = await house.do(*rig.wrong)
        assert outcome.error is not None
        assert outcome.error.kind == "range"
        assert rig.pipe.passed == before


async def said(rig: Rig) -> int:
    """How much passed, once greetings are over and nothing more comes."""
    counts = [-1]

    async def silent() -> bool:
        counts.append(rig.pipe.passed)
        return len(counts) > 10 and len(set(counts[-10:])) == 1

    await until(silent)
    return counts[-1]


async def test_what_others_do_to_it_is_seen(rig: Rig, tmp_path: Path) -> None:
    if rig.hand is None:
        return  # nobody but Dobby sets it
    async with kept(rig, tmp_path) as house:
        trait, value = rig.settings[0]
        await rig.hand(trait, value)
        await until(lambda: same(house.value(trait), value))


@pytest.mark.parametrize(("rig", "fault"), [
    pytest.param(name, fault, marks=() if FAULTS[at % len(FAULTS)] == fault or (" " not in name and fault == "dead")
                 else pytest.mark.full)
    for at, name in enumerate(RIGS) for fault in FAULTS], indirect=["rig"])  # each meets every fault with --all
async def test_a_fault_is_told_and_gone_when_it_is_gone(rig: Rig, tmp_path: Path, fault: str) -> None:
    await broken_and_mended(rig, tmp_path, fault)


async def broken_and_mended(rig: Rig, tmp_path: Path, fault: str) -> None:
    """One fault of FAULTS on a server's line: told, nothing else claimed, and gone when it is gone."""
    if (fault in ("lies", "refuses") and rig.trouble is None) or (fault == "refuses" and rig.mute):
        return  # this server always obeys
    async with kept(rig, tmp_path) as house:
        trait, value = rig.settings[0]
        before = await rig.truth(trait)
        if fault in ("lies", "refuses") and rig.trouble is not None:
            rig.trouble(fault)
        else:
            await rig.pipe.turn(fault)
        outcome = await house.do(trait, value)
        assert outcome.result == "failed", outcome
        assert outcome.error is not None
        assert outcome.error.kind in ERRORS[fault], outcome
        if fault not in ("slow", "garbage"):
            assert await rig.truth(trait) == before
        await rig.pipe.turn("")
        if rig.trouble is not None:
            rig.trouble("")

        async def obeys() -> bool:
            return (await house.do(trait, value)).result == "confirmed"

        await until(obeys)
        assert same(await rig.truth(trait), value)


async def test_the_dead_are_noticed_within_ten_seconds_as_the_daemon_is_set(one: Rig, tmp_path: Path) -> None:
    pace = 1 if ALL else 4  # the same law at four times the speed, where not everything is run
    usual = Settings()
    settings = replace(usual, timeout=usual.timeout / pace, poll=usual.poll / pace)
    async with kept(one, tmp_path, patience=5.0, settings=settings) as house:
        await one.pipe.turn("slow")  # it went without a word
        await until(lambda: not house.home.reachable(one.device), 10.0 / pace)


async def test_another_address_is_the_same_device(one: Rig, tmp_path: Path) -> None:
    assert one.again is not None
    async with kept(one, tmp_path) as house:
        known = set(house.home.devices)
        await one.pipe.turn("dead")
        await until(lambda: not house.home.reachable(one.device))
        async with one.again() as other:
            await until(lambda: house.links.kept[one.found.key].state not in ("up", "connecting"))
            house.links.saw(replace(one.sighting, port=other.port))
            await until(lambda: house.here)
            trait, value = one.settings[0]
            assert (await house.do(trait, value)).result == "confirmed"
            assert other.passed
            assert set(house.home.devices) == known


async def test_another_device_at_its_address_is_not_taken_for_it(one: Rig) -> None:
    if one.nameless:
        return  # another one refuses what this one gave us; its own test
    make, _, tail = one.found.key.partition(":")
    other = replace(one.found, key=f"{make}:{tail.translate(str.maketrans('0123456789abcdef', '123456789abcdef0'))}")
    with pytest.raises(DeviceError) as told:
        async with one.driver.connect(other, one.secret, QUICK):
            pass
    assert told.value.kind == "refused"
    assert "Another" in told.value.text


async def test_closing_leaves_no_task_no_thread_no_socket(one: Rig) -> None:
    await leaves_nothing(one.connect, patience=5.0)
