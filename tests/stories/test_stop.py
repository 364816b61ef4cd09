"""Stop tells the truth: what had been done until then is named, and can be taken back."""

from __future__ import annotations

import asyncio

import pytest

from tests.stories.conftest import settled
from tests.stories.house import House, until

pytestmark = pytest.mark.anyio


async def test_what_was_done_before_stop_is_told_and_can_be_undone(house: House) -> None:
    await house.fault("study_speaker", "slow")
    order = asyncio.create_task(house.say("everything off"))
    await until(lambda: dark(house))
    stopped = await house.say("stop")
    ended = await asyncio.wait_for(order, 5)
    for answer in (stopped, ended):
        assert "Not begun" not in answer["reply"]
        assert "lights off" in answer["reply"]
        assert "Study" in answer["reply"], "what was still under way is named as not confirmed"
    results = {one["device"]: one["result"] for one in ended["outcomes"]}
    assert results[(await house.device("porch_light"))["id"]] == "confirmed"
    assert results[(await house.device("study_speaker"))["id"]] == "failed"
    await house.fault("study_speaker", None)
    undone = await house.say("undo")
    assert "Porch Light" in undone["reply"] or "lights" in undone["reply"]
    assert (await house.state("porch_light"))["on"]


async def dark(house: House) -> bool:
    """Whether Dobby shows every light as off."""
    _, home = await house.api("GET", "/api/home")
    return not any(trait["value"] or trait["pending"] for one in home["devices"] if one["kind"] == "light"
                   for trait in one["traits"] if trait["name"] == "on")


async def test_stop_at_once_claims_nothing_and_undo_puts_back_what_changed_after_all(house: House) -> None:
    order = asyncio.create_task(house.say("everything off"))
    await until(lambda: begun(house))
    await house.say("stop")
    ended = await asyncio.wait_for(order, 5)
    truth = await house.truth()
    natives = {row["native_id"]: row["state"] for row in truth.values()}
    for one in ended["outcomes"]:
        if one["result"] == "confirmed" and one["trait"] == "on":
            assert natives[one["device"].rpartition("/")[2].rpartition(":")[2]]["on"] is one["value"]
    await settled(house)
    await house.say("undo")
    await until(lambda: lit(house))


async def begun(house: House) -> bool:
    return any(row["state"].get("on") is False for row in (await house.truth()).values())


async def lit(house: House) -> bool:
    return all(row["state"]["on"] for row in (await house.truth()).values() if row["kind"] == "light")
