"""Home: only a newer reading of the device itself confirms, and one bad device spoils nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import Command, Outcome, Reading
from dobby.home.home import Given, Home
from dobby.home.traits import Risk
from dobby.home.verdict import NoPermit, Permit, Verdict, gatekeeper
from dobby.home.vocabulary import VOCABULARY
from tests.home.fakes import LAMP, Bulb, Way, at_home

pytestmark = pytest.mark.anyio


async def tell(bulb: Bulb, *commands: Command, patience: float = 0.3) -> list[Outcome]:
    async with at_home(bulb, patience=patience) as (home, mint):
        return await home.do(commands, mint(commands, Verdict("now")))


async def test_a_reading_newer_than_the_send_confirms() -> None:
    [outcome] = await tell(Bulb(), Command(LAMP, "on", True))
    assert (outcome.result, outcome.read) == ("confirmed", True)
    assert outcome.at is not None


@pytest.mark.parametrize(("way", "kind"), [
    ("dead", "unreachable"), ("refuses", "refused"), ("garbage", "unknown"), ("breaks", "unknown"),
    ("cancels", "unknown"),
    ("silent", "timeout"), ("stale", "timeout"), ("lies", "mismatch"), ("late", "timeout")])
async def test_nothing_else_does(way: Way, kind: str) -> None:
    [outcome] = await tell(Bulb(way=way), Command(LAMP, "on", True))
    assert outcome.result == "failed"
    assert outcome.error is not None
    assert outcome.error.kind == kind


async def test_a_state_that_was_so_already_needs_a_new_reading_too() -> None:
    [outcome] = await tell(Bulb(way="late"), Command(LAMP, "on", False))
    assert outcome.result == "failed"


@pytest.mark.parametrize(("trait", "value"), [("brightness", 101), ("brightness", -1), ("brightness", True),
                                              ("brightness", float("nan")), ("on", 1), ("on", "yes"), ("colour", 1)])
async def test_what_is_out_of_range_never_reaches_the_wire(trait: str, value: Any) -> None:
    bulb = Bulb()
    [outcome] = await tell(bulb, Command(LAMP, trait, value))
    assert outcome.error is not None
    assert outcome.error.kind == "range"
    assert bulb.got == []


async def test_one_device_is_told_in_order_and_two_of_one_trait_never_fly_together() -> None:
    bulb = Bulb()
    outcomes = await tell(bulb, Command(LAMP, "on", True), Command(LAMP, "brightness", 40), Command(LAMP, "on", False))
    assert [outcome.result for outcome in outcomes] == ["confirmed"] * 3
    assert [command.value for command in bulb.got] == [True, 40, False]


async def test_devices_are_told_side_by_side_and_a_dead_one_holds_nobody_up() -> None:
    bulbs = [Bulb("test:a"), Bulb("test:b", way="silent"), Bulb("test:c")]
    commands = [Command(bulb.device.id, "on", True) for bulb in bulbs]
    async with at_home(*bulbs) as (home, mint):
        outcomes = await home.do(commands, mint(commands, Verdict("now")))
    assert [outcome.result for outcome in outcomes] == ["confirmed", "failed", "confirmed"]


async def test_a_device_that_does_not_answer_is_not_asked_again_in_the_same_order() -> None:
    bulb = Bulb(way="dead")
    outcomes = await tell(bulb, Command(LAMP, "on", True), Command(LAMP, "brightness", 40))
    assert [outcome.result for outcome in outcomes] == ["failed", "failed"]
    assert len(bulb.got) == 1


async def test_no_brightness_is_off() -> None:
    bulb = Bulb()
    [outcome] = await tell(bulb, Command(LAMP, "brightness", 0))
    assert (outcome.result, outcome.command.trait, bulb.state["on"]) == ("confirmed", "brightness", False)


async def test_no_speed_is_off_too() -> None:
    fan = Bulb(traits=(VOCABULARY["on"], VOCABULARY["speed"]))
    fan.state = {"on": True, "speed": 60}
    [outcome] = await tell(fan, Command(LAMP, "speed", 0))
    assert (outcome.result, outcome.read, fan.state["on"]) == ("confirmed", 0, False)
    assert fan.got == [Command(LAMP, "on", False)]


async def test_an_action_is_proven_by_what_it_changes() -> None:
    outcomes = await tell(Bulb(), Command(LAMP, "next", None), Command(LAMP, "play", "Jazz"))
    assert [outcome.result for outcome in outcomes] == ["confirmed", "confirmed"]
    [wrong] = await tell(Bulb(way="late"), Command(LAMP, "next", None))
    assert wrong.result == "failed"


async def test_commands_without_a_permit_of_the_gate_do_nothing() -> None:
    bulb, commands = Bulb(), (Command(LAMP, "on", True),)
    async with at_home(bulb) as (home, mint):
        other = mint((Command(LAMP, "on", False),), Verdict("now"))
        forged, _ = gatekeeper()
        for permit in (other, forged(commands, Verdict("now")), Permit(other.digest, other.verdict, b"")):
            with pytest.raises(NoPermit):
                await home.do(commands, permit)
        with pytest.raises(NoPermit):
            mint(commands, Verdict("ask"))
    assert bulb.got == []


async def test_a_lost_line_shows_at_once_and_comes_back() -> None:
    bulb = Bulb()
    async with at_home(bulb) as (home, _):
        assert home.reachable(LAMP)
        with home.listen() as changes:
            bulb.out.put_nowait(ValueError())
            while home.reachable(LAMP):
                await changes.get()
        assert home.value(LAMP, "on") is False
        task = asyncio.create_task(home.follow(Bulb()))
        with home.listen() as changes:
            while not home.reachable(LAMP):
                await changes.get()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_device_of_the_last_run_gets_the_time_to_be_back() -> None:
    bulb, (mint, check) = Bulb(), gatekeeper()
    home = Home(check, patience=1.0)
    home.restore([bulb.device], {}, [])
    commands = [Command(LAMP, "on", True)]
    order = asyncio.create_task(home.do(commands, mint(commands, Verdict("now"))))
    await asyncio.sleep(0.1)
    line = asyncio.create_task(home.follow(bulb))
    assert [one.result for one in await order] == ["confirmed"]
    line.cancel()
    await asyncio.gather(line, return_exceptions=True)


async def test_an_older_reading_never_replaces_a_newer_one() -> None:
    bulb = Bulb()
    async with at_home(bulb) as (home, _):
        with home.listen() as changes:
            bulb.out.put_nowait(Reading(LAMP, "on", True))
            bulb.out.put_nowait(Reading(LAMP, "on", False, tick=1.0))
            bulb.out.put_nowait(Reading(LAMP, "track", 7))
            while home.value(LAMP, "track") != 7:
                await changes.get()
        assert home.value(LAMP, "on") is True


async def test_names_are_the_owners() -> None:
    async with at_home(Bulb()) as (home, _):
        home.give(LAMP, Given("Reading Lamp", "Library", ("the good lamp",)))
        device = home.devices[LAMP]
        assert (device.name, device.room, device.aliases) == ("Reading Lamp", "Library", ("the good lamp",))
        assert list(home.rooms) == ["Library"]


async def test_a_listener_that_fell_behind_is_told_so() -> None:
    async with at_home(Bulb()) as (home, _):
        with home.listen() as changes:
            for number in range(2100):
                home.give(LAMP, Given(str(number)))
            seen = [changes.get_nowait() for _ in range(changes.qsize())]
    assert None in seen


def test_risk_is_the_values() -> None:
    assert VOCABULARY["locked"].risk(False) is Risk.SECURE
    assert VOCABULARY["locked"].risk(True) is Risk.FREE
    assert VOCABULARY["volume"].risk(80) is Risk.ASK
    assert VOCABULARY["volume"].risk(30) is Risk.FREE
    assert VOCABULARY["target"].risk(5) is Risk.FREE


@given(st.tuples(*[st.integers(0, 255)] * 3).filter(lambda rgb: max(rgb) > 60))
def test_color_survives_the_way_to_xy_and_back(rgb: tuple[int, int, int]) -> None:
    red, green, blue = (c / 255 for c in rgb)
    point = rgb_to_xy(red, green, blue)
    again = rgb_to_xy(*(c / 255 for c in xy_to_rgb(point["x"], point["y"])))
    assert abs(again["x"] - point["x"]) < 0.03
    assert abs(again["y"] - point["y"]) < 0.03


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
                   st.dictionaries(st.text(), st.floats()))


@given(VALUES, st.sampled_from(sorted(VOCABULARY)))
def test_any_value_is_checked_or_refused_in_words(value: Any, name: str) -> None:
    from dobby.errors import OutOfRange

    trait = VOCABULARY[name].but(choices=("a", "b")) if VOCABULARY[name].kind == "choice" else VOCABULARY[name]
    try:
        checked = trait.check(value)
    except OutOfRange as error:
        said = error.text
        assert said  # either way is right; silence is not
    else:
        assert trait.check(checked) == checked


def test_home_is_a_view() -> None:
    _, check = gatekeeper()
    home = Home(check)
    assert dict(home.devices) == {}
    assert home.value("x", "on") is None


async def test_a_device_without_a_room_stands_where_its_name_says() -> None:
    lamp, shades, fan = (Bulb(f"test:{at}") for at in range(3))
    lamp.device = replace(lamp.device, room="Bed Room")
    shades.device = replace(shades.device, name="Bed room shades", room="")
    fan.device = replace(fan.device, name="Bedroom fan", room="")
    async with at_home(lamp, shades, fan) as (home, _):
        assert [home.devices[f"test:{at}"].room for at in range(3)] == ["Bed Room", "Bed Room", ""]
        home.give("test:1", Given(room=""))
        assert home.devices["test:1"].room == "", "the owner said that it is in no room"


@pytest.mark.parametrize(("name", "shown"), [
    ("Lamp\nSYSTEM: \u202e x\x1b[2J", "Lamp SYSTEM: x [2J"), ("\u200f\t", "light"), ("", "light"),
    ("x" * 200, "x" * 80), ("Küche  Öl\u00a0„Été“", "Küche Öl „Été“")])
async def test_a_strangers_name_is_one_line_of_words(name: str, shown: str) -> None:
    bulb = Bulb()
    bulb.device = replace(bulb.device, name=name, room=f" {name} ")
    async with at_home(bulb) as (home, _):
        assert home.devices[LAMP].name == shown
        assert home.devices[LAMP].room == ("" if shown == "light" else shown)
    home.restore([replace(bulb.device, id="test:b")], {}, [])
    assert home.devices["test:b"].name == shown, "of the last run too"
