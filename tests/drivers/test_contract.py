"""What every make must do: the laws that the home, the gate and the answers rely on, over the real protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dobby.errors import DeviceError
from dobby.home import scenes
from dobby.home.device import Command, Device, Reading, Settings
from dobby.home.home import Home
from dobby.home.traits import Trait, Value
from dobby.home.verdict import Verdict, gatekeeper
from tests.drivers.house import DRIVERS, KINDS, QUICK, House, Street, detoured, moved_in, until

pytestmark = pytest.mark.anyio

MAKES = sorted(set(KINDS.values()))
FAULTS = ("dead", "slow", "lies", "refuses", "garbage")
WORST = ("dead", "lies")
# make (and which of its lines) -> the thing that breaks, those beside it, a trait of theirs, its value before, the
# value that is ordered
CASES: dict[str, tuple[str, tuple[str, ...], str, Value, Value]] = {
    "hue": ("study_lamp", ("desk_lamp", "porch_light", "kitchen_ceiling"), "on", True, False),
    "sonos": ("study_speaker", ("kitchen_speaker",), "volume", 30, 20),
    "wled": ("shelf_strip", ("bed_strip",), "on", True, False),
    "homekit": ("front_door", (), "locked", True, False),
    "homekit bridge": ("bedroom_shades", ("living_room_shades",), "position", 100, 40),
    "homekit heating": ("bedroom_heating", ("living_room_heating",), "target", 20, 18.5),
    "homekit alarm": ("house_alarm", (), "armed", "disarmed", "night"),
    "mqtt": ("treadmill", ("washer", "pool", "ceiling_fan"), "on", True, False),
    "mqtt spa": ("spa", ("pool",), "target", 30, 33),
    "mqtt vacuum": ("dusty", (), "task", "clean", "dock"),
}
ERRORS = {"dead": {"unreachable"}, "slow": {"unreachable", "timeout"}, "lies": {"mismatch"}, "refuses": {"refused"},
          "garbage": {"unknown", "unreachable"}}
# MQTT knows no refusal, and a message that makes no sense is none: what the device shows, or does not show, tells
ERRORS_OF: dict[tuple[str, str], set[str]] = {
    ("mqtt", "refuses"): {"mismatch"}, ("mqtt", "garbage"): {"timeout", "unreachable"}}
# what is ordered of a trait, and under which word and value the device must hold it then
SETTINGS: dict[str, list[tuple[Value, str, Any]]] = {
    "on": [(False, "on", False), (True, "on", True)],
    "brightness": [(37, "brightness", 37), (100, "brightness", 100), (1, "brightness", 1)],
    "color_temperature": [(2700, "color_temperature", 2700), (6000, "color_temperature", 6000)],
    "color": [({"x": 0.6, "y": 0.32}, "color", {"x": 0.6, "y": 0.32}),
              ("#3366ff", "color", {"x": 0.1758, "y": 0.1549})],
    "effect": [("Rainbow", "effect", "Rainbow"), ("Solid", "effect", "Solid")],
    "volume": [(35, "volume", 35), (0, "volume", 0)],
    "muted": [(True, "muted", True), (False, "muted", False)],
    "play": [("Jazz Radio", "uri", "x-rincon-mp3radio://radio.invalid/jazz"),
             ("http://music.invalid/a.mp3", "uri", "http://music.invalid/a.mp3")],
    "playing": [(True, "playing", True), (False, "playing", False)],
    "locked": [(False, "locked", False), (True, "locked", True)],
    "position": [(40, "position", 40), (0, "position", 0), (100, "position", 100)],
    "open": [(True, "position", 100), (False, "position", 0)],
    "mode": [("cool", "mode", "cool"), ("off", "mode", "off"), ("heat", "mode", "heat")],
    "target": [(18.5, "target", 18.5), (21, "target", 21)],
    "armed": [("night", "armed", "night"), ("away", "armed", "away"), ("disarmed", "armed", "disarmed")],
    "speed": [(60, "speed", 60), (100, "speed", 100)],
    "oscillating": [(True, "oscillating", True), (False, "oscillating", False)],
    "task": [("clean", "task", "clean"), ("pause", "task", "pause"), ("dock", "task", "dock")],
    "fan_mode": [("high", "fan_mode", "high"), ("low", "fan_mode", "low")],
    "mqtt effect": [("Party", "effect", "Party"), ("White", "effect", "White")],
    "mqtt mode": [("heat", "mode", "heat"), ("off", "mode", "off")],
    "mqtt target": [(22, "target", 22), (31, "target", 31)],
}
WRONG: dict[str, tuple[str, Value]] = {"hue": ("brightness", 101), "sonos": ("volume", 250),
                                       "wled": ("effect", "Nonsense"), "homekit": ("locked", "maybe"),
                                       "mqtt": ("on", "perhaps")}


@pytest.mark.parametrize("make", MAKES)
def test_a_driver_claims_its_own_and_nobody_elses(street: Street, make: str) -> None:
    for sighting in street.sightings:
        claimed = DRIVERS[make].claim(sighting)
        assert (claimed is not None) == (KINDS[sighting.kind] == make)
        if claimed is not None:
            assert claimed.key.startswith(f"{make}:")
            assert claimed.host == sighting.host
            assert sighting.host not in claimed.key  # an address is no name
            assert DRIVERS[make].claim(replace(sighting, host="127.77.250.9", port=4711)).key == claimed.key  # type: ignore[union-attr]
        assert DRIVERS[make].claim(replace(sighting, facts={}, name="")) is None


async def test_both_announcements_of_a_player_are_one_player(street: Street) -> None:
    heard = {(sighting.how, found.key, found.host, found.port) for sighting in street.sightings
             if (found := DRIVERS["sonos"].claim(sighting))}
    for how in ("mdns", "ssdp"):
        assert {(key, host, port) for by, key, host, port in heard if by == how} == {
            (one.key, one.host, one.port) for one in street.of("sonos")}


@pytest.mark.parametrize("make", MAKES)
async def test_devices_come_before_readings_and_show_only_what_they_declared(street: Street, make: str) -> None:
    for found in street.of(make):
        async with street.connect(found) as link:
            devices: dict[str, Device] = {}
            heard: set[tuple[str, str]] = set()
            watching = link.watch()
            async with asyncio.timeout(10):
                async for item in watching:
                    if isinstance(item, Device):
                        devices[item.id] = item
                        assert item.id == found.key or item.id.startswith(found.key + "/")
                        assert item.make == make
                        assert item.name
                        continue
                    assert isinstance(item, Reading)
                    device = devices[item.device]
                    assert item.trait == "reachable" or device.trait(item.trait) is not None
                    heard.add((item.device, item.trait))
                    readable = {(id_, trait.name) for id_, one in devices.items() for trait in one.traits
                                if not trait.confirmed_by}
                    if readable <= heard:
                        break
            await watching.aclose()
            assert devices


async def test_what_has_an_address_is_known_by_it_whoever_shows_it(house: House) -> None:
    told = [[mark for mark in device.marks if mark.startswith("mac:")] for device in house.home.devices.values()
            if device.make in ("hue", "sonos", "wled")]
    assert all(told)
    assert len({mark for marks in told for mark in marks}) == len(told)  # and by nobody else's


def _settable(house: House) -> Iterator[tuple[str, Device, Trait, Sequence[tuple[Value, str, object]]]]:
    """Every setting of every device: its key, the device, the trait, and what is tried on it."""
    for key in house.keys:
        device = house.device(key)
        for name, settings in SETTINGS.items():
            trait = device.trait(name.removeprefix(f"{device.make} "))
            if trait is None or trait.kind == "sensor" or f"{device.make} {name}" in SETTINGS:
                continue
            yield key, device, trait, settings


async def test_every_setting_of_every_device_is_confirmed_and_true(house: House) -> None:
    for key, device, trait, settings in _settable(house):
        for value, word, wanted in settings:
            (outcome,) = await house.do(house.order(key, trait.name, value))
            assert outcome.result == "confirmed", (device.name, outcome)
            held = (await house.sim.state_of(key))[word]
            assert _same(held, wanted), (device.name, trait.name, held, wanted)


async def test_every_setting_of_every_device_can_be_undone(house: House) -> None:
    for key, device, trait, settings in _settable(house):
        value, word, _ = settings[0]
        was = (await house.sim.state_of(key)).get(word)
        order = house.order(key, trait.name, value)
        earlier = scenes.before([order], house.home)
        outcomes = await house.do(order)
        back, stuck = scenes.undo(earlier, outcomes, house.home)
        assert bool(stuck) == (trait.name not in earlier[device.id]), (device.name, trait.name)
        undone = [await house.do(one) for one in back]
        assert all(one.result == "confirmed" for several in undone for one in several), (device.name, undone)
        if trait.name in earlier[device.id] and trait.name != "play":
            assert _same((await house.sim.state_of(key))[word], was), (device.name, trait.name, was)


def _same(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(abs(held[axis] - wanted[axis]) <= 0.03 for axis in wanted)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(held == wanted)
    return bool(abs(held - wanted) <= max(1.5, wanted / 100))


@pytest.mark.parametrize("make", MAKES)
async def test_what_is_out_of_range_never_reaches_the_wire(house: House, make: str) -> None:
    id_, (trait, value) = house.keys[CASES[make][0]], WRONG[make]
    (found,) = [one for one in house.street.of(make) if id_.startswith(one.key)]
    there, detour = detoured(house.street, found, 91)
    mint, check = gatekeeper()
    home = Home(check)
    async with detour.at(there.host, there.port), house.street.connect(there, replace(QUICK, poll=3600)) as link:
        following = asyncio.create_task(home.follow(link))
        await until(lambda: any(home.reading(id_, trait.name) for trait in (home.devices[id_].traits
                                                                            if id_ in home.devices else ())))
        before, commands = detour.passed, [Command(id_, trait, value)]
        assert before
        (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
        assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", "range")
        assert detour.passed == before
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@pytest.mark.parametrize(("case", "fault"), [
    pytest.param(case, fault, marks=() if FAULTS[at % len(FAULTS)] == fault or (case in MAKES and fault in WORST)
                 else pytest.mark.full)
    for at, case in enumerate(CASES) for fault in FAULTS])  # each make at the worst and one more; all with --all
async def test_a_fault_fails_that_device_alone_and_it_comes_back(house: House, case: str, fault: str) -> None:
    broken, beside, trait, before, wanted = CASES[case]
    for key in (broken, *beside):
        await house.hand(key, trait, before)
    await house.sim.fault(broken, fault)
    outcome, *others = await house.do(*(house.order(key, trait, wanted) for key in (broken, *beside)))
    assert outcome.result == "failed", outcome
    assert outcome.error is not None
    late = {"mismatch"} if fault == "slow" and await _behind_hub(house, broken) else set()  # the hub shows what was
    assert outcome.error.kind in ERRORS_OF.get((house.device(broken).make, fault), ERRORS[fault]) | late, outcome
    assert [other.result for other in others] == ["confirmed"] * len(beside)
    if fault != "slow":  # a slow one may still carry it out
        assert (await house.sim.state_of(broken))[trait] == before
    await house.sim.fault(broken, None)

    async def obeys() -> bool:
        (again,) = await house.do(house.order(broken, trait, wanted))
        return again.result == "confirmed"

    await until(obeys)  # by itself; an order to a line that is just being given up may still fail
    assert (await house.sim.state_of(broken))[trait] == wanted


@pytest.mark.parametrize("fault", [  # the dead last: a hub needs a moment to be found alive again
    pytest.param(one, marks=() if one in WORST else pytest.mark.full) for one in (*FAULTS[1:], FAULTS[0])])
@pytest.mark.parametrize(("hub", "trait", "before", "wanted"), [
    ("hue_bridge", "on", True, False), ("home_bridge", "position", 100, 40), ("mqtt_broker", "on", True, False)])
async def test_a_broken_hub_confirms_nothing(house: House, hub: str, trait: str, before: Value, wanted: Value,
                                             fault: str) -> None:
    truth = (await house.sim.ask("GET", "/truth"))["devices"]
    behind = [key for key in house.keys if truth[key]["hub"] == hub and house.device(key).trait(trait)]
    for key in behind:
        await house.hand(key, trait, before)
    await house.sim.fault(hub, fault)
    outcomes = await house.do(*(house.order(key, trait, wanted) for key in behind))
    await house.sim.fault(hub, None)
    assert {outcome.result for outcome in outcomes} == {"failed"}
    late = {"mismatch"} if fault == "slow" else set()  # a state told before the order comes after it
    errors = ERRORS_OF.get((house.device(behind[0]).make, fault), ERRORS[fault]) | late
    assert {outcome.error.kind for outcome in outcomes if outcome.error} <= errors

    async def caught_up() -> bool:  # what was done late is seen late too: not while the next test looks
        return all([house.shows(key, trait, (await house.sim.state_of(key))[trait])
                    and house.home.reachable(house.keys[key]) for key in behind])
    await until(caught_up)


async def _behind_hub(house: House, key: str) -> bool:
    return bool((await house.sim.ask("GET", "/truth"))["devices"][key]["hub"])


async def test_the_dead_are_noticed_within_ten_seconds_as_the_daemon_is_set(house: House, tmp_path: Any) -> None:
    dead = ("hue_bridge", "study_lamp", "study_speaker", "shelf_strip", "front_door", "home_bridge",
            "mqtt_broker")
    async with moved_in(house.street, tmp_path, patience=5.0, settings=Settings()) as other:
        for key in dead:
            await other.sim.fault(key, "dead")
        await until(lambda: not any(other.home.reachable(other.keys[key]) for key in other.keys
                                    if key not in ("kitchen_speaker", "bed_strip")), 10.0)
        assert other.home.reachable(other.keys["kitchen_speaker"])
        assert other.home.reachable(other.keys["bed_strip"])


@pytest.mark.parametrize("make", ["hue", "homekit", "mqtt"])
@pytest.mark.parametrize("spoilt", ["other", "none"])
async def test_a_wrong_secret_is_told_in_our_words(street: Street, make: str, spoilt: str) -> None:
    found = street.of(make)[0]
    secret = {name: _scrambled(text) for name, text in street.secrets[found.key].items()} if spoilt == "other" else {}
    with pytest.raises(DeviceError) as told:
        async with DRIVERS[make].connect(found, secret, QUICK):
            pass
    assert "pair it again" in told.value.text or "another certificate" in told.value.text
    assert told.value.kind == "refused"


def _scrambled(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "1032547698"))


@pytest.mark.parametrize("make", MAKES)
async def test_another_address_is_the_same_device(house: House, make: str) -> None:
    key, _, trait, before, wanted = CASES[make]
    (found,) = [one for one in house.street.of(make) if house.keys[key].startswith(one.key)]
    (sighting, *_) = [one for one in house.street.sightings if KINDS[one.kind] == make and one.host == found.host]
    there, detour = detoured(house.street, found, int(found.host.rpartition(".")[2]) + 50)
    known = set(house.home.devices)
    await house.hand(key, trait, before)
    async with detour.at(there.host, there.port):
        await house.links.accept(DRIVERS[make], replace(found, host=house.sim.host(250)),
                                 house.street.secrets[found.key])  # it was there once, and nobody is now
        await until(lambda: not house.home.reachable(house.keys[key]))
        await until(lambda: house.links.kept[found.key].state not in ("up", "connecting"))
        house.links.saw(replace(sighting, host=there.host, facts=dict(sighting.facts) | {"location": ""}))
        await until(lambda: house.home.reachable(house.keys[key]))
        (outcome,) = await house.do(house.order(key, trait, wanted))
        assert outcome.result == "confirmed"
        assert detour.passed
        assert set(house.home.devices) == known
        await house.links.accept(DRIVERS[make], found, house.street.secrets[found.key])
        await until(lambda: house.home.reachable(house.keys[key]))
