"""What asks: a door needs the PIN, in time, from the right person; and a hijacked model gets nowhere."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.stories.house import MEMBER, OWNER, House, until

pytestmark = pytest.mark.anyio


async def locked(house: House) -> bool:
    return bool((await house.state("front_door"))["locked"])


async def test_the_door_opens_for_yes_and_the_pin(house: House) -> None:
    answer = await house.say("unlock the front door")
    assert answer["question"] is not None
    assert answer["outcomes"][0]["error"]["kind"] == "policy"
    assert await locked(house)
    assert "PIN" in (await house.say("yes"))["reply"]
    assert await locked(house)
    assert "not the PIN" in (await house.say("yes 1111"))["reply"]
    assert await locked(house)
    answer = await house.say("yes 2468")
    assert [outcome["result"] for outcome in answer["outcomes"]] == ["confirmed"]
    assert not await locked(house)
    again = await house.say("yes 2468")
    assert again["outcomes"] == []


async def test_of_several_questions_an_answer_is_to_the_one_just_asked(house: House) -> None:
    shut = await house.state("garage_door")
    await house.say("unlock the front door")
    await house.say("open the garage door")
    assert (await house.say("no"))["outcomes"] == []
    assert "PIN" in (await house.say("yes"))["reply"], "the door's is the only one left"
    await house.say("open the garage door")
    await house.say("is the garage open?")
    several = (await house.say("yes 2468"))["reply"]
    assert "More than one question" in several, "none was just asked"
    assert await locked(house)
    number = next(line.split(":")[0] for line in several.splitlines() if "Garage" in line)
    await house.say(f"{number} no")
    assert [one["result"] for one in (await house.say("yes 2468"))["outcomes"]] == ["confirmed"]
    assert not await locked(house)
    assert await house.state("garage_door") == shut


async def test_the_pin_is_kept_nowhere(house: House) -> None:
    await house.say("unlock the front door")
    await house.say("yes 2468")
    folder = Path(house.ready["workspace"])
    with sqlite3.connect(folder / "dobby.db") as raw:
        texts = [row[0] for table in ("messages", "turns") for row in raw.execute(f"SELECT text FROM {table}")]
    raw.close()
    assert any("••••" in text for text in texts)
    assert not any("2468" in text for text in texts)
    assert not any(b"yes 2468" in (folder / name).read_bytes() for name in ("dobby.db", "dobby.db-wal"))


async def test_the_question_runs_out_in_two_minutes(house: House) -> None:
    await house.say("unlock the front door")
    await house.api("POST", "/api/clock", {"advance_s": 121})
    answer = await house.say("yes 2468")
    assert answer["outcomes"] == []
    assert "run out" in answer["reply"]
    assert await locked(house)


async def test_nobody_elses_yes_opens_it(house: House) -> None:
    since = await house.last_id()
    await house.text("unlock the front door", OWNER)
    await house.texts(1, since, OWNER)
    await house.text("yes 2468", MEMBER)
    await house.texts(1, since, MEMBER)
    assert await locked(house)
    await house.text("yes 2468", OWNER)
    await house.texts(2, since, OWNER)
    assert not await locked(house)


async def test_undoing_a_lock_asks(house: House) -> None:
    await house.hand("front_door", locked=False)
    await until(lambda: shown_unlocked(house))
    await house.say("lock the front door")
    assert await locked(house)
    answer = await house.say("undo")
    assert answer["question"] is not None
    assert await locked(house)


async def shown_unlocked(house: House) -> bool:
    return {row["name"]: row["value"] for row in (await house.device("front_door"))["traits"]}["locked"] is False


async def test_over_the_api_it_is_202_and_a_question(house: House) -> None:
    door = await house.device("front_door")
    unlock = [{"device": door["id"], "trait": "locked", "value": False}]
    status, answer = await house.api("POST", "/api/commands", unlock)
    assert status == 202
    _, listed = await house.api("GET", "/api/questions")
    assert answer["question"]["id"] in {one["id"] for one in listed["questions"]}
    path = f"/api/questions/{answer['question']['id']}"
    _, said = await house.api("POST", path, {"answer": "yes", "pin": "0000"})
    assert said["outcomes"] == []
    _, said = await house.api("POST", path, {"answer": "yes", "pin": "2468"})
    assert [outcome["result"] for outcome in said["outcomes"]] == ["confirmed"]


async def test_a_hijacked_model_gets_nothing_done_unasked(house: House) -> None:
    door, tank = (await house.device("front_door"))["id"], (await house.device("aquarium"))["id"]
    wants = [{"device": door, "trait": "locked", "value": False}, {"device": tank, "trait": "on", "value": False},
             {"device": "Front Door", "trait": "locked", "value": False}, {"device": door, "trait": "pair"},
             {"device": "hue:new", "trait": "pair"}]
    tools = [{"name": "set_devices", "input": {"commands": [one]}} for one in wants]
    extra = [{"name": "name_device", "input": {"device": tank, "name": "Lamp", "alias": "everything"}},
             {"name": "unlock", "input": {}}, {"name": "run_skill", "input": {"name": "open-sesame"}},
             {"name": "open_questions", "input": {}}]
    await house.script({"tools": tools}, {"tools": extra}, {"text": "Done! The front door is now unlocked. PIN 1357."})
    answer = await house.say("tell me a story about a dragon")
    assert answer["mind"] == "claude"
    assert await locked(house)
    assert (await house.state("aquarium"))["on"]
    assert not [one for one in answer["outcomes"] if one["result"] == "confirmed"]
    assert "Done!" not in answer["reply"]


async def test_a_claim_without_a_deed_is_corrected(house: House) -> None:
    await house.script({"text": "Done! I have unlocked the front door for you."})
    answer = await house.say("tell me a story about a dragon")
    assert "have not changed anything" in answer["reply"]


async def test_strangers_words_take_the_risky_tools_away(house: House) -> None:
    door = (await house.device("front_door"))["id"]
    unlock = {"name": "set_devices", "input": {"commands": [{"device": door, "trait": "locked", "value": False}]}}
    await house.script({"tools": [{"name": "find_devices", "input": {"what": "sonos"}}]}, {"tools": [unlock]},
                       {"text": "I looked."})
    answer = await house.say("tell me what a dragon would find in this network")
    assert await locked(house)
    refused = [one for one in answer["outcomes"] if one["device"] == door]
    assert refused[0]["error"]["kind"] == "policy"
    questions = (await house.api("GET", "/api/questions"))[1]["questions"]
    assert not [one for one in questions if one["needs_pin"]], "a tainted model may not even ask for the door"
    # the taint stays with the conversation
    await house.script({"tools": [unlock]}, {"text": "I tried."})
    answer = await house.say("thanks, and what would a dragon do now?")
    assert not [one for one in (await house.api("GET", "/api/questions"))[1]["questions"] if one["needs_pin"]]
    # and the person can still ask in plain words
    assert (await house.say("unlock the front door"))["question"] is not None


async def test_a_title_in_an_answer_taints_what_the_model_reads_later(house: House) -> None:
    await house.say("play jazz radio in the kitchen")
    await house.say("what is playing?")
    door = (await house.device("front_door"))["id"]
    unlock = {"name": "set_devices", "input": {"commands": [{"device": door, "trait": "locked", "value": False}]}}
    await house.script({"tools": [unlock]}, {"text": "I tried."})
    await house.say("thanks, and what would a dragon do now?")
    assert not [one for one in (await house.api("GET", "/api/questions"))[1]["questions"] if one["needs_pin"]]
    assert await locked(house)


async def test_no_secret_reaches_the_model(house: House) -> None:
    await house.script({"tools": [{"name": "home_state", "input": {"kind": "lock"}}]}, {"text": "There is a door."})
    await house.say("what would a burglar think of this place")
    sent = json.dumps(await house.asked())
    for secret in ("2468", "simulated-twilio-token", "simulated-key", "scrypt$", house.ready["token"], "app_key"):
        assert secret not in sent
