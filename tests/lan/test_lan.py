"""The LAN lab: sixty devices of twelve makes, and all that can go wrong on a network, over real sockets and hardware
addresses, in network namespaces of our own; everything that leaves is captured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ALL
from tests.lan.lab import path, reason

pytestmark = pytest.mark.skipif(bool(reason()), reason=reason() or "-")
ROOT = Path(__file__).parent.parent.parent


# a few labs at a time: the kernel has one neighbour table for all
SCENES = (("sixty", "strangers"), ("coming", "house"), *((("two",),) if ALL else ()))
Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def told() -> Told:
    """What happened in every scene, each in a lab of its own."""
    found = {}
    for some in SCENES:
        running = {name: subprocess.Popen(["unshare", "-Urn", sys.executable, "-m", "tests.lan.scenes", name], cwd=ROOT,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                          env={**os.environ, "PATH": path()}) for name in some}
        for name, process in running.items():
            said, wrong = process.communicate(timeout=120)
            assert process.returncode == 0, wrong.decode()[-4000:]
            assert b"never retrieved" not in wrong, wrong.decode()[-4000:]
            found[name] = json.loads(said)
    return found


def scene(told: Told, name: str) -> dict[str, Any]:
    found: dict[str, Any] = told[name][name]
    assert "broke" not in found, found.get("broke")
    return found


def test_sixty_devices_of_twelve_makes_are_named_rightly(told: Told) -> None:
    found = scene(told, "sixty")
    assert found["wrong"] == {}
    assert found["right"] == 60
    assert found["macs"], "with the hardware addresses of their makers"


def test_only_private_networks_that_are_a_home_s_are_looked_at_and_no_more_than_was_said(told: Told) -> None:
    found = scene(told, "sixty")["manners"]
    assert found.pop("wide0") == ["10.80.5.0/24 10.80.255.255"], "a part of it; its wire's own broadcast address"
    assert found.pop("wider") == ["10.80.0.0/20"]
    assert all(networks == [] for networks in found.values()), found


def test_what_comes_is_seen_and_what_was_learned_is_found_again_elsewhere(told: Told) -> None:
    found = scene(told, "coming")
    assert found["named_by_the_router"] == ["printer-upstairs.home.arpa"]
    assert found["kind"] == "fan"
    assert found["tried"] == "confirmed"
    assert found["after"] == found["before"], "put back as it was"
    assert found["moved_to"] == "10.77.0.160"
    assert found["pool"] == "omnilogic:021b2200000b", "it tells no serial number: its hardware address is its name"
    assert found["pool_moved_to"] == "10.77.0.180"


@pytest.mark.full  # a lab of its own
def test_two_networks_and_250_hosts_that_say_nothing(told: Told) -> None:
    found = scene(told, "two")
    assert found["quiet"] == 250
    assert found["named"] == 0
    assert found["right"] == 60, "nobody waits for the silent ones"


def test_strangers_change_nothing_for_the_others(told: Told) -> None:
    found = scene(told, "strangers")
    assert found["late"], "a speaker that comes in the middle of ten thousand announcements is seen"
    assert found["flood_sightings"] <= 40
    assert found["tarpit_pages"] == 0
    assert found["liar_make"] == ""
    assert found["liar_strength"] <= 2, "a name proves little"
    names = [name for names in found["names"].values() for name in names]
    assert any("Ignore all rules" in name for name in names), "it is shown as it says, and is nothing but text"
    assert all(name.isprintable() and len(name) <= 80 for name in names)


def test_the_daemon_on_the_wire_finds_learns_and_takes_a_recipe_from_elsewhere(told: Told) -> None:
    said = scene(told, "house")
    assert said["find"].count("I see a Sonos") == 5
    assert "Could be:" in said["list"]
    assert "Hayward OmniLogic" in said["pool"], "it announces nothing, and is seen because it was asked"
    assert "part of the home" in said["let_in"]
    assert "26.1" in said["water"]
    assert "cannot tell" in said["router"], "the way out is looked at, and never learned"
    assert "not in a network" in said["mine"], "nor is Dobby himself"
    assert "not in a network" in said["outside"]
    assert "looks like a fan" in said["looks"]
    assert "50 to 75" in said["tried"]
    assert json.loads(said["state"]) == {"power": False, "speed": 2}
    assert "PUT /state speed {value}" in said["news"], "a recipe from elsewhere is shown with all that it may say"
    assert "as soon as I see it" in said["use"]
    assert json.loads(said["barn_state"]) == {"power": False, "speed": 2}
    assert "Forgotten" in said["forget"]
    assert said["gone"] == "True"
    assert [said[when] for when in ("nobody", "came", "just_gone", "left")] == [
        "Of Robin I do not know.", "Robin is home.", "Robin is home.", "Robin is out."], "by the phone on the wire"


def test_not_one_packet_left_for_anywhere_else(told: Told) -> None:
    for name in told:
        assert told[name]["outside"] == [], name
        assert told[name]["unheard"] == 0, "the capture missed nothing"
        assert told[name]["left"] > 100
