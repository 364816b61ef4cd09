"""Shelly beyond the laws: its components, its password, covers that know no position, and what real ones answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dobby.drivers import shelly as driver
from dobby.errors import Garbage, PairingError, Refused
from dobby.home.device import Command, Device, Sighting
from dobby.wire.shelly import login
from dobby.wire.shelly_table import order, parts, shown
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, first_look, kept, piped, rigged
from tests.drivers.rigs.shelly import COVER, DISPLAY, LAMP, METERS, PLUG, Box, served

pytestmark = pytest.mark.anyio

KEY = "shelly:aabbccddeeff"


async def truth(_trait: str) -> None:
    """Nobody asks."""


def devices(what: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> dict[str, Device]:
    """The devices that a capture makes."""
    return {part.device.id: part.device for part in parts(KEY, *what)}


def test_what_real_ones_answered_becomes_devices() -> None:
    (plug,) = devices(PLUG).values()
    assert (plug.id, plug.name, plug.kind, plug.marks) == (KEY, "Switch Test Name 0", "plug", ("mac:aabbccddeeff",))
    assert [trait.name for trait in plug.traits] == ["on", "power", "energy"]
    assert shown("switch:0", PLUG[2]["switch:0"]) == {"on": True, "power": 2.7, "energy": 7.2586}
    (cover,) = devices(COVER).values()
    assert (cover.name, cover.kind) == ("Test Name", "shade")
    assert {"position", "moving", "stop"} <= {trait.name for trait in cover.traits}
    assert [(one.id, one.kind) for one in devices(METERS).values()] == [
        (f"{KEY}/em:0", "sensor"), (f"{KEY}/sensor:0", "sensor")]
    display = devices(DISPLAY)
    assert [trait.name for trait in display[f"{KEY}/sensor:0"].traits] == ["temperature", "humidity", "illuminance"]
    assert display[f"{KEY}/switch:0"].kind == "light"  # its owner said that a lamp hangs on it
    (lamp,) = devices(LAMP).values()
    assert [trait.name for trait in lamp.traits] == ["on", "brightness", "color", "power", "energy"]


def test_a_partial_status_says_what_it_says_and_no_more() -> None:
    assert shown("switch:0", {"id": 0, "output": False, "source": "button"}) == {"on": False}
    assert shown("cover:0", {"id": 0, "state": "opening", "source": "WS_in"}) == {"moving": True}
    rubbish: list[object] = [None, [], {"output": 1}, {"aenergy": {"total": "much"}}]
    for status in rubbish:
        with pytest.raises(Garbage):
            shown("switch:0", status)


def test_a_cover_that_is_not_calibrated_opens_and_closes() -> None:
    assert order("cover:0", False, Command(KEY, "position", 100)) == ("Cover.Open", {"id": 0})
    assert order("cover:0", False, Command(KEY, "position", 0)) == ("Cover.Close", {"id": 0})
    with pytest.raises(Refused, match="calibrated"):
        order("cover:0", False, Command(KEY, "position", 50))
    assert order("cover:1", True, Command(KEY, "position", 50)) == ("Cover.GoToPosition", {"id": 1, "pos": 50})
    with pytest.raises(Refused):
        order("switch:0", True, Command(KEY, "position", 50))


def test_the_login_is_the_one_of_the_documentation() -> None:
    challenge = {"realm": "shellypro4pm-f008d1d8b8b8", "nonce": 1625038762, "algorithm": "SHA-256"}
    frame = login(challenge, "qwerty", 1, "313273957")
    assert (frame["username"], frame["nc"], frame["realm"]) == ("admin", 1, challenge["realm"])
    assert len(str(frame["response"])) == 64
    assert frame["response"] != login(challenge, "qwertz", 1, "313273957")["response"]


@pytest.mark.parametrize(("name", "facts"), [
    ("shellyplug-aabbccddeeff", {"gen": "1"}), ("shellyplug-aabbccddeeff", {}), ("somebody", {"gen": "2"}),
    ("shellyplus1-aabbcc", {"gen": "2"})])
def test_what_is_older_or_odd_is_not_claimed(name: str, facts: dict[str, str]) -> None:
    assert driver.claim(Sighting("mdns", HOST, 80, driver.SERVICE, name, facts)) is None


async def test_a_locked_one_wants_its_password_and_is_driven_with_it(tmp_path: Path) -> None:
    box = Box(PLUG, password="sesame")

    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(box.sighting(), pipe, "", [("on", False)], ("on", "x"), truth)
        for code in ("", "admin:wrong"):
            with pytest.raises(PairingError, match="password"):
                await driver.pair(rig.found, code)
        assert await driver.pair(rig.found, "sesame") == {"password": "sesame"}
        rig.secret = await driver.pair(rig.found, "admin:sesame")
        async with kept(rig, tmp_path) as house:
            assert (await house.do("on", False)).result == "confirmed"
            box.nonce += 1  # a nonce grows old
            assert (await house.do("on", True)).result == "confirmed"
            box.password = "changed"
            await until(lambda: not house.home.reachable(rig.device))
            await until(lambda: "pair it again" in house.links.kept[rig.found.key].state)
        for secret in ({}, {"password": "wrong"}):
            with pytest.raises(Refused, match="pair it again"):
                async with driver.connect(rig.found, secret, QUICK):
                    pass


async def test_a_moving_cover_stops(tmp_path: Path) -> None:
    box = Box(COVER)
    box.travel = 30

    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(box.sighting(), pipe, "", [], ("position", 101), truth)
        async with kept(rig, tmp_path) as house:
            going = await house.do("position", 10)
            assert (going.result, going.on_its_way) == ("sent", True)
            assert (await house.do("stop")).result == "confirmed"
            assert box.status["cover:0"]["state"] == "stopped"


async def test_one_component_that_talks_rubbish_leaves_the_others_theirs(tmp_path: Path) -> None:
    two = Box((PLUG[0], {}, {"switch:0": {"id": 0, "output": True}, "switch:1": {"id": 1, "output": False}}))

    async with served(two) as port, piped((HOST, port)) as pipe:
        rig = rigged(two.sighting(), pipe, "/switch:0", [], ("on", "x"), truth)
        other = f"{KEY}/switch:1"
        async with kept(rig, tmp_path) as house:
            await until(lambda: house.home.reachable(other))
            two.status["switch:1"]["output"] = "perhaps"
            await until(lambda: not house.home.reachable(other))
            assert house.home.reachable(rig.device)
            assert (await house.do("on", False)).result == "confirmed"
            two.way = "lies"
            assert (await house.do("on", True, other)).result == "failed"


async def test_a_new_name_in_the_shelly_app_is_seen(tmp_path: Path) -> None:
    box = Box(PLUG)

    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(box.sighting(), pipe, "", [], ("on", "x"), truth)
        async with kept(rig, tmp_path, settings=replace(QUICK, poll=3600)) as house:
            box.config["switch:0"]["name"] = "Kettle"
            box.tell("NotifyEvent", {"ts": 1.0, "events": [{"component": "sys", "event": "config_changed"}]})
            await until(lambda: house.home.devices[rig.device].name == "Kettle")


async def test_three_phases_are_one_meter() -> None:
    box = Box(METERS)

    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(box.sighting(), pipe, "/em:0", [], ("on", "x"), truth)
        _, heard = await first_look(rig)
        assert heard[rig.device, "power"] == 2530.977
        assert heard[rig.device, "energy"] == 2585.9962
