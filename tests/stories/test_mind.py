"""With a scripted model behind the real SDK: several steps, questions that need a tool, faults, and stop."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.stories.house import House, until

pytestmark = pytest.mark.anyio


async def test_several_steps_are_told_from_outcomes(house: House) -> None:
    await house.script(
        {"tools": [{"name": "home_state", "input": {"room": "Study"}}]},
        {"tools": [{"name": "set_devices", "input": {"commands": [
            {"device": "Desk Lamp", "trait": "on", "value": False},
            {"device": "Study Lamp", "trait": "brightness", "value": 30}]}}]},
        {"text": "There, a den for thinking."})
    answer = await house.say("make the study feel like a den where one thinks about dragons")
    assert [outcome["result"] for outcome in answer["outcomes"]] == ["confirmed", "confirmed"]
    assert not (await house.state("desk_lamp"))["on"]
    assert abs((await house.state("study_lamp"))["brightness"] - 30) < 2
    assert "Desk Lamp" in answer["reply"]
    assert "a den for thinking" in answer["reply"]
    _, turn = await house.api("GET", f"/api/turns/{answer['turn']}")
    assert [call["tool"] for call in turn["calls"]] == ["set_devices"]


async def test_when_something_failed_the_models_cheer_is_left_out(house: House) -> None:
    await house.fault("desk_lamp", "lies")
    await house.script({"tools": [{"name": "set_devices", "input": {"commands": [
        {"device": "Desk Lamp", "trait": "on", "value": False}]}}]}, {"text": "All done, sleep well!"})
    answer = await house.say("make it so that the dragon cannot read at the desk")
    assert "sleep well" not in answer["reply"]
    assert "Desk Lamp" in answer["reply"]


async def test_a_question_that_needs_a_tool(house: House) -> None:
    await house.script({"tools": [{"name": "home_state", "input": {"kind": "lock"}}]},
                       {"text": "The front door is locked, so the dragon stays out."})
    answer = await house.say("would a dragon get in through the front door tonight")
    assert answer["outcomes"] == []
    assert "dragon stays out" in answer["reply"]
    result = json.dumps((await house.asked())[-1]["messages"][-1])
    assert "Front Door" in result


async def test_the_prefix_of_the_prompt_is_stable(house: House) -> None:
    for _ in range(2):
        await house.script({"text": "Hm."})
        await house.say("what would a dragon say to that")
    first, second = (await house.asked())[-2:]
    assert first["system"] == second["system"]
    assert first["tools"] == second["tools"]
    assert second["messages"][: len(first["messages"]) - 1] == first["messages"][:-1]


@pytest.mark.parametrize("fault", ["529", "reset_mid_stream", "clean_end_mid_stream", "malformed_json", "refusal"])
async def test_after_any_fault_the_next_message_works(house: House, fault: str) -> None:
    await house.script({"fault": fault, "text": "x"}, {"text": "Back again."}, {"text": "Back again."})
    answer = await house.say("sing me something about dragons")
    assert answer["reply"]
    await house.script({"text": "Still here."}, {"text": "Still here."})
    assert (await house.say("turn off the desk lamp"))["outcomes"][0]["result"] == "confirmed"


async def test_stop_ends_a_thought_at_once_and_drops_what_waits(house: House) -> None:
    await house.script({"text": "long story", "delay_s": 30})
    before = len(await house.asked())
    thinking = asyncio.create_task(house.say("tell me the whole saga of the dragon"))
    await until(lambda: more(house, before))
    waiting = asyncio.create_task(house.say("turn off the desk lamp"))
    await until(lambda: queued(house))
    stopped = await house.say("stop")
    assert "Stopped" in stopped["reply"]
    for task in (thinking, waiting):
        assert "Stopped" in (await asyncio.wait_for(task, 5))["reply"]
    assert (await house.state("desk_lamp"))["on"]
    assert (await house.say("turn off the desk lamp"))["outcomes"][0]["result"] == "confirmed"


async def more(house: House, before: int) -> bool:
    return len(await house.asked()) > before


async def queued(house: House) -> bool:
    import sqlite3

    def look() -> int:
        with sqlite3.connect(f"{house.ready['workspace']}/dobby.db") as raw:
            [count] = raw.execute("SELECT count(*) FROM messages WHERE state = 'accepted'").fetchone()
        raw.close()
        return int(count)
    return await asyncio.to_thread(look) > 0
