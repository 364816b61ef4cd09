"""The same thing seen through several hubs: one device, a preferred way, and another when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dobby.errors import Unreachable
from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, DeviceKind, Outcome, Reading
from dobby.home.home import Given, Home
from dobby.home.traits import Trait, Value
from dobby.home.twins import OwnersWord, twins
from dobby.home.verdict import Mint, Verdict, gatekeeper
from dobby.store import Store
from dobby.tools.hands import House
from dobby.tools.twins import join, load
from tests.home.fakes import Bulb, at_home

pytestmark = pytest.mark.anyio

MAC = "mac:001788010203"


def seen(id_: str, make: str, *marks: str, name: str = "Lamp") -> Device:
    return Device(id_, name, "light", "", make, (rows.ON,), marks=marks)


def grouped(*devices: Device, word: OwnersWord | None = None) -> list[tuple[str, ...]]:
    return sorted(twins({one.id: one for one in devices}, word or OwnersWord()).values())


def test_a_mark_joins_and_a_name_does_not() -> None:
    hue, hass = seen("hue:a/1", "hue", MAC), seen("home_assistant:b/x", "home_assistant", MAC)
    assert grouped(hass, hue) == [("hue:a/1", "home_assistant:b/x")]
    assert grouped(replace(hass, marks=()), hue) == [("home_assistant:b/x",), ("hue:a/1",)]


def test_two_relays_of_one_box_are_two() -> None:
    relays = [seen(f"mqtt:b/{at}", "mqtt", MAC) for at in (1, 2)]
    assert len(grouped(*relays, seen("home_assistant:b/x", "home_assistant", MAC))) == 3


def test_three_ways_are_one_in_order_of_nearness() -> None:
    three = (seen("home_assistant:b/x", "home_assistant", MAC, "serial:77"),
             seen("homekit:c/9", "homekit", "serial:77"), seen("hue:a/1", "hue", MAC))
    assert grouped(*three) == [("hue:a/1", "homekit:c/9", "home_assistant:b/x")]


def test_the_owner_has_the_last_word() -> None:
    one, other = seen("hue:a/1", "hue", MAC), seen("homekit:c/9", "homekit", MAC)
    pair = frozenset((one.id, other.id))
    assert len(grouped(one, other, word=OwnersWord(parted=frozenset({pair})))) == 2
    bare = replace(other, marks=())
    assert len(grouped(one, bare, word=OwnersWord(joined=frozenset({pair})))) == 1


def test_a_mark_joins_only_what_is_of_one_kind() -> None:
    lamp, lock = seen("hue:a/1", "hue", MAC), replace(seen("homekit:c/9", "homekit", MAC), kind="lock")
    assert len(grouped(lamp, lock)) == 2
    assert len(grouped(lamp, lock, seen("mqtt:d/2", "mqtt", MAC))) == 2


def test_what_was_parted_does_not_meet_by_way_of_a_third() -> None:
    hue, homekit = seen("hue:a/1", "hue", MAC), seen("homekit:c/9", "homekit", MAC)
    hass = seen("home_assistant:b/x", "home_assistant", MAC)
    for other in permutations((hue, homekit, hass)):
        assert grouped(*other, word=parted(hue, homekit)) == [("homekit:c/9",), ("hue:a/1", "home_assistant:b/x")]
        assert grouped(*other, word=parted(hue, hass)) == [("home_assistant:b/x",), ("hue:a/1", "homekit:c/9")]
    said = replace(parted(hue, homekit), joined=frozenset({frozenset((homekit.id, hass.id))}))
    assert grouped(hue, homekit, hass, word=said) == [("homekit:c/9", "home_assistant:b/x"), ("hue:a/1",)]


def parted(one: Device, other: Device) -> OwnersWord:
    return OwnersWord(parted=frozenset({frozenset((one.id, other.id))}))


@asynccontextmanager
async def two_ways() -> AsyncIterator[tuple[Home, Mint, Bulb, Bulb]]:
    """One lamp, seen by its own hub and by another."""
    mint, check = gatekeeper()
    home = Home(check, patience=0.3)
    near, far = Bulb("hue:a/1"), Bulb("home_assistant:b/x")
    near.device = replace(near.device, marks=(MAC,), make="hue", name="Near")
    far.device = replace(far.device, marks=(MAC,), make="home_assistant", name="Far")
    tasks = [asyncio.create_task(home.follow(bulb)) for bulb in (far, near)]
    with home.listen() as changes:
        while home.value("hue:a/1", "locked") is None or len(home.devices) > 1:
            await changes.get()
    try:
        yield home, mint, near, far
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def told(home: Home, mint: Mint, trait: str, value: Value) -> Outcome:
    commands = [Command("hue:a/1", trait, value)]
    (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
    return outcome


async def test_it_is_one_device_and_driven_by_its_own_hub() -> None:
    async with two_ways() as (home, mint, near, far):
        assert list(home.devices) == ["hue:a/1"]
        assert home.devices["hue:a/1"].name == "Near"
        assert home.paths("hue:a/1") == ("hue:a/1", "home_assistant:b/x")
        assert (await told(home, mint, "on", True)).result == "confirmed"
        assert (len(near.got), len(far.got)) == (1, 0)


async def test_the_other_way_when_the_first_is_dead() -> None:
    async with two_ways() as (home, mint, near, far):
        near.way = "dead"
        outcome = await told(home, mint, "on", True)
        assert (outcome.result, outcome.command.device) == ("confirmed", "hue:a/1")
        assert (len(near.got), len(far.got)) == (1, 1)
        with home.listen() as changes:
            near.out.put_nowait(Unreachable("gone"))
            await changes.get()
        assert home.reachable("hue:a/1")
        assert home.value("hue:a/1", "on") is True
        assert (await told(home, mint, "brightness", 55)).result == "confirmed"
        assert len(near.got) == 1, "a way that is known to be dead is not tried first"


async def test_a_way_that_is_only_slow_is_not_told_twice() -> None:
    async with two_ways() as (home, mint, near, far):
        near.way = "late"
        assert (await told(home, mint, "on", True)).result == "failed"
        assert (len(near.got), len(far.got)) == (1, 0)


async def test_a_name_that_was_given_to_one_way_holds_for_the_thing() -> None:
    async with two_ways() as (home, _, _, _):
        home.give("home_assistant:b/x", Given("Reading Lamp", "Study"))
        assert (home.devices["hue:a/1"].name, home.devices["hue:a/1"].room) == ("Reading Lamp", "Study")
        home.told_apart(OwnersWord(parted=frozenset({frozenset(("hue:a/1", "home_assistant:b/x"))})))
        assert set(home.devices) == {"hue:a/1", "home_assistant:b/x"}


async def test_what_was_given_to_a_way_is_not_lost_with_the_next_word() -> None:
    async with two_ways() as (home, _, _, _):
        home.give("home_assistant:b/x", Given("Reading Lamp", "Study"))
        assert home.given("hue:a/1") == home.given("home_assistant:b/x") == Given("Reading Lamp", "Study")
        home.give("hue:a/1", replace(home.given("hue:a/1"), aliases=("the good lamp",)))
        assert (home.devices["hue:a/1"].name, home.given("hue:a/1").room) == ("Reading Lamp", "Study")
        assert (home.lead("home_assistant:b/x"), home.lead("hue:a/1"), home.lead("?")) == ("hue:a/1", "hue:a/1", "?")


@pytest.mark.parametrize(("ids", "kinds", "joined"), [
    (("hue:a/1", "homekit:c/9"), ("light", "light"), True), (("sonos:a", "dlna:b"), ("speaker", "speaker"), True),
    (("hue:a/1", "hue:a/2"), ("light", "light"), False), (("hue:a/1", "homekit:c/9"), ("light", "plug"), False),
    (("nuki:a", "homekit:c/9"), ("lock", "lock"), False), (("x:a", "homekit:c/9"), ("alarm", "alarm"), False),
    (("x:a", "homekit:c/9"), ("garage", "garage"), False)])
async def test_the_owner_joins_only_what_can_be_one(ids: tuple[str, str], kinds: tuple[DeviceKind, DeviceKind],
                                                    joined: bool, tmp_path: Path) -> None:
    home, store = Home(gatekeeper()[1]), await Store.open(tmp_path / "dobby.db")
    home.restore([replace(seen(id_, "x"), kind=kind) for id_, kind in zip(ids, kinds, strict=True)], {}, [])
    try:
        assert await join(cast(House, SimpleNamespace(home=home, store=store)), *ids) is joined
        assert len(home.devices) == (1 if joined else 2)
        assert bool((await load(store)).joined) is joined
    finally:
        await store.close()


async def test_two_of_one_hub_do_not_join_whatever_else_they_are_seen_through(tmp_path: Path) -> None:
    home, store = Home(gatekeeper()[1]), await Store.open(tmp_path / "dobby.db")
    home.restore([seen("hue:a/1", "hue", MAC), seen("esp:c", "esp", MAC), seen("hue:a/2", "hue")], {}, [])
    try:
        assert home.paths("esp:c") == ("esp:c", "hue:a/1")
        assert not await join(cast(House, SimpleNamespace(home=home, store=store)), "esp:c", "hue:a/2")
    finally:
        await store.close()


def two(*, far: tuple[Trait, ...], near: tuple[Trait, ...]) -> tuple[Bulb, Bulb]:
    """Two ways to one thing that show different traits."""
    bulbs = Bulb("hue:a/1", near), Bulb("home_assistant:b/x", far)
    for bulb, make in zip(bulbs, ("hue", "home_assistant"), strict=True):
        bulb.device = replace(bulb.device, marks=(MAC,), make=make)
        bulb.state = {trait.name: False for trait in bulb.device.traits}
    return bulbs


async def test_joining_loses_no_trait() -> None:
    near, far = two(near=(rows.ON,), far=(rows.BRIGHTNESS, rows.ON.but(unit="x"), rows.MUTED))
    async with at_home(near, far) as (home, mint):
        assert [(one.name, one.unit) for one in home.devices["hue:a/1"].traits] == [
            ("on", ""), ("brightness", "%"), ("muted", "")]
        commands = [Command("hue:a/1", trait, True) for trait in ("muted", "on")]
        outcomes = await home.do(commands, mint(commands, Verdict("now")))
        assert [one.result for one in outcomes] == ["confirmed", "confirmed"]
        assert ([one.trait for one in near.got], [one.trait for one in far.got]) == (["on"], ["muted"])
        with home.listen() as changes:
            far.out.put_nowait(Reading(far.device.id, "muted", False))
            change = await changes.get()
        assert change is not None
        assert (change.device, change.trait, home.value("hue:a/1", "muted")) == ("hue:a/1", "muted", False)
        assert home.since("hue:a/1", "muted") is not None


async def test_water_by_any_way_that_answers_is_water() -> None:
    near, far = two(near=(rows.LEAK,), far=(rows.LEAK,))
    async with at_home(near, far) as (home, _):
        with home.listen() as changes:
            for bulb, value, shown in ((far, True, True), (near, True, True), (far, False, True), (near, False, False)):
                bulb.out.put_nowait(Reading(bulb.device.id, "leak", value))
                change = await changes.get()
                assert change is not None
                assert (change.device, change.value, home.value("hue:a/1", "leak")) == ("hue:a/1", shown, shown)
            far.out.put_nowait(Reading(far.device.id, "leak", True))
            await changes.get()
            far.out.put_nowait(Reading(far.device.id, "reachable", False))
            change = await changes.get()
        assert change is not None
        assert (change.device, change.trait, change.value) == ("hue:a/1", "reachable", True), "the other way answers"
        assert home.value("hue:a/1", "leak") is False


async def test_lines_that_are_all_lost_take_no_alarm_back() -> None:
    near, far = two(near=(rows.LEAK,), far=(rows.LEAK,))
    async with at_home(near, far) as (home, _):
        with home.listen() as changes:
            far.out.put_nowait(Reading(far.device.id, "leak", True))
            await changes.get()
            for bulb in (near, far):
                bulb.out.put_nowait(Unreachable("gone"))
                await changes.get()
        assert not home.reachable("hue:a/1")
        assert home.value("hue:a/1", "leak") is True
