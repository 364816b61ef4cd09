"""A device that nobody wrote a driver for: looked at, tried once with its owner watching, kept, driven, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dobby.learning.shelf import replay
from tests.learning import gadgets
from tests.stories.house import House, lived_in, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A home of its own: what is learned in it stays in it."""
    async with lived_in(tmp_path, "--model") as one:
        yield one


def somewhere(house: House) -> str:
    """A free address in the simulated home's network."""
    host = urlsplit(house.ready["sim"]).hostname or ""
    return host.rpartition(".")[0] + ".201"


def recipes(house: House) -> list[Path]:
    return list(Path(house.ready["workspace"]).glob("skills/*/device.toml"))


async def test_from_unknown_to_a_part_of_the_home_and_away_again(house: House) -> None:
    address = somewhere(house)
    async with gadgets.breeze(host=address, port=8080) as fan:
        seen = await house.say(f"what is {address}?")
        assert seen["mind"] == "reflex"
        assert "fan" in seen["reply"], seen["reply"]
        assert "Attic ventilator" in seen["reply"]
        assert "try it" in seen["reply"]
        assert all(method == "GET" for method, _ in fan.asked), "nothing is sent before the yes"
        tried = await house.say("yes")
        assert "33 to 67" in tried["reply"], tried["reply"]
        assert fan.state == {"running": True, "speed": 1}, "put back as it was"
        kept = await house.say("yes")
        assert "part of the home" in kept["reply"], kept["reply"]
        (folder,) = await asyncio.to_thread(recipes, house)
        assert await asyncio.to_thread(replay, folder.parent) == []

        async def there() -> bool:
            _, home = await house.api("GET", "/api/home")
            return any(one["name"] == "Attic ventilator" and one["reachable"] for one in home["devices"])
        await until(there)
        assert "already" in (await house.say(f"what is {address}?"))["reply"]
        done = await house.say("turn off the attic ventilator")
        assert [one["result"] for one in done["outcomes"]] == ["confirmed"], done["reply"]
        assert fan.state["running"] is False
        await house.kill()
        await house.again()
        await until(there)
        again = await house.say("turn on the attic ventilator")
        assert [one["result"] for one in again["outcomes"]] == ["confirmed"], again["reply"]
        assert "Shall I forget" in (await house.say("forget the attic ventilator"))["reply"]
        assert "Forgotten" in (await house.say("yes"))["reply"]
        assert await asyncio.to_thread(recipes, house) == []
        assert not await there()


async def test_what_is_not_in_the_home_network_is_not_looked_at(house: House) -> None:
    async with gadgets.breeze(host="127.0.0.1", port=0) as fan:
        answer = await house.say("what is 127.0.0.1?")
        assert "not in a network" in answer["reply"]
        assert fan.asked == []


VALVE = """
recipe = 1
name = "Garden tap"
kind = "valve"
[known_by]
serial = "TCK-3301"
ask = { request = "id", text = "ID={}" }
[talks]
by = "tcp"
port = 8080
ending = "\\r\\n"
[requests.id]
send = "?ID"
[requests.zone]
send = "?ZONE"
[requests.set_zone]
send = "ZONE {value}"
[traits.on]
read = { request = "zone", text = "ZONE={}" }
set = "set_zone"
words = [[true, "OPEN"], [false, "SHUT"]]
"""


async def test_what_no_rule_knows_is_written_down_by_the_model(house: House) -> None:
    address = somewhere(house)
    async with gadgets.tick(host=address, port=8080) as tap:
        evil = VALVE.replace("ZONE {value}", "RESET")
        await house.script({"tools": [{"name": "set_devices", "input": {"on": False}}]},
                           {"tools": [{"name": "write_recipe", "input": {"recipe": evil}}]},
                           {"tools": [{"name": "write_recipe", "input": {"recipe": VALVE}}]},
                           {"text": "It is a valve."})
        seen = await house.say(f"what is {address}?")
        asked = await house.asked()
        assert {one["name"] for one in asked[0]["tools"]} == {"look_at", "write_recipe", "search_web"}
        assert "no such tool" in str(asked[1]["messages"])
        assert "never said to a device" in str(asked[2]["messages"])
        assert "ZONE {value}" in seen["reply"], "the person is shown all that it would say"
        assert "Garden tap" in seen["reply"]
        assert not any(said.startswith("ZONE") for _, said in tap.asked)
        tried = await house.say("yes")
        assert "from off to on" in tried["reply"], tried["reply"]
        assert tap.state == {"zone": "SHUT"}
        assert "part of the home" in (await house.say("yes"))["reply"]

        async def there() -> bool:
            _, home = await house.api("GET", "/api/home")
            return any(one["name"] == "Garden tap" and one["reachable"] for one in home["devices"])
        await until(there)
        asked_first = await house.say("turn on the garden tap")
        assert asked_first["question"], "water that flows asks"
        assert [one["result"] for one in (await house.say("yes"))["outcomes"]] == ["confirmed"]
        assert tap.state == {"zone": "OPEN"}
