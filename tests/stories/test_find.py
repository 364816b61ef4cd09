""" "I think I have Sonos at home, can you find it?": found, offered by the house, tried, and it plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.house import House, lived_in, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A home in which nothing is paired yet."""
    async with lived_in(tmp_path, "--fresh", "--model") as one:
        yield one


async def playing(house: House) -> set[str]:
    truth = await house.truth()
    return {row["room"] for row in truth.values() if row["kind"] == "speaker" and row["state"]["playing"]}


async def test_find_and_play_without_a_model(house: House) -> None:
    assert (await house.api("GET", "/api/home"))[1]["devices"] == []
    found = await house.say("I think I have Sonos at home, can you find it?")
    assert found["mind"] == "reflex"
    assert "Study" in found["reply"]
    assert "Kitchen" in found["reply"]
    assert "try it" in found["reply"]
    assert (await house.say("connect the sonos"))["reply"] == found["reply"]
    assert (await house.say("connect the dishwasher"))["mind"] != "reflex", "no such thing was seen"
    assert (await house.api("GET", "/api/home"))[1]["devices"] == [], "nothing is let in before the yes"
    why = (await house.say("why do you think that's a Sonos?"))["reply"]
    assert "Sonos" in why
    assert "sure" in why or "certain" in why, why
    tried = await house.say("yes, in the study")
    assert [outcome["result"] for outcome in tried["outcomes"]] == ["confirmed", "confirmed"], tried
    assert await playing(house) == {"Study"}
    assert (await house.say("pause the music"))["outcomes"][0]["result"] == "confirmed"


async def test_find_and_play_with_a_scripted_model(house: House) -> None:
    await house.script({"tools": [{"name": "find_devices", "input": {"what": "sonos"}}]},
                       {"text": "I see two Sonos players, one in the study."})
    found = await house.say("my neighbour says the thing humming on the shelf is a sonos, would you have a look around")
    assert found["mind"] == "claude"
    assert "one in the study" in found["reply"]
    assert found["question"] is not None
    assert found["outcomes"] == []
    tried = await house.say("yes, in the study")
    assert tried["mind"] == "reflex"
    assert {outcome["result"] for outcome in tried["outcomes"]} == {"confirmed"}
    assert await playing(house) == {"Study"}


async def test_the_bridge_wants_its_button(house: House) -> None:
    found = await house.say("find my hue")
    assert "button" in found["reply"]
    await house.sim("POST", "/button", {"device": "hue_bridge"})
    tried = await house.say("yes")
    assert [outcome["result"] for outcome in tried["outcomes"]] == ["confirmed"]
    assert (await house.say("turn on the desk lamp"))["outcomes"][0]["result"] == "confirmed"
    assert (await house.state("desk_lamp"))["on"]


async def test_the_lock_wants_its_code(house: House) -> None:
    found = await house.say("find my homekit lock")
    assert "code" in found["reply"]
    wrong = await house.say("yes 111-22-333")
    assert wrong["outcomes"][0]["result"] == "failed"
    await house.say("find my homekit lock")
    tried = await house.say("yes 031-45-154")
    assert [outcome["result"] for outcome in tried["outcomes"]] == ["confirmed"], tried
    assert "locked" in (await house.say("is the front door locked?"))["reply"]


async def test_what_is_let_in_is_there_after_a_restart(house: House) -> None:
    await house.say("find my sonos")
    await house.say("yes, in the kitchen")
    assert "try it" in (await house.say("find my hue"))["reply"], "a question that is older than the plan"
    await house.say("remind me tomorrow at 8 to water the plants")
    await house.kill()
    await house.again()
    assert "water the plants" in (await house.say("cancel that"))["reply"]
    assert "Nothing" in (await house.say("what is planned?"))["reply"]

    async def back() -> bool:
        return bool((await house.device("kitchen_speaker"))["reachable"])
    await until(back)
    assert (await house.say("play jazz radio in the kitchen"))["outcomes"][0]["result"] == "confirmed"


async def test_what_is_set_up_is_named_and_only_offered_to_who_supposes_it(tmp_path: Path) -> None:
    async with lived_in(tmp_path, cameras=True) as house:
        cameras = await house.say("find my cameras")
        assert "are part of the home already" in cameras["reply"]
        assert all(name in cameras["reply"] for name in ("Driveway", "Garden"))
        found = await house.say("find my sonos")
        assert "part of the home already" in found["reply"]
        assert "try it" not in found["reply"]
        assert found["question"] is None
        assert "try it" in (await house.say("I think I have Sonos at home, can you find it?"))["reply"]
        assert {one["result"] for one in (await house.say("yes, in the study"))["outcomes"]} == {"confirmed"}
        assert "no rules" in (await house.say("what are my rules?"))["reply"]
        await house.say("mute for an hour")
        assert (await house.say("what are my rules?"))["reply"].startswith("All cameras: nothing")
