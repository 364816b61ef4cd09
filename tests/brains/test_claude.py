"""The brain under the real SDK against the stand-in server, with every fault that a server or a line can have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from dobby.brains import claude
from dobby.brains.brain import Ask, Draft
from dobby.brains.claude import Claude, Limits, finish
from dobby.errors import BrainError
from tests.sim.conftest import Sim, sim, until  # noqa: F401  # the session's simulated home

pytestmark = pytest.mark.anyio
TOOL = {"name": "set_devices", "description": "x", "input_schema": {"type": "object", "properties": {}}}
ASK = Ask("You are Dobby.", [TOOL], [{"role": "user", "content": "hello"}])
CALL = {"tools": [{"name": "set_devices", "input": {"room": "Den", "on": True}}]}
Script = Callable[..., Awaitable[None]]


@asynccontextmanager
async def brain(sim: Sim, *replies: dict[str, Any], deadline: float = 8.0,  # noqa: F811
                silence: float = 1.0) -> AsyncIterator[Claude]:
    """A brain whose server answers these replies."""
    async with aiohttp.ClientSession(sim.ready["model"]) as web:
        (await web.delete("/script")).release()
        (await web.post("/script", json={"replies": list(replies)})).release()
    one = Claude(api_key="secret-key", base_url=sim.ready["model"], model="claude-sonnet-5-5",
                 limits=Limits(deadline, silence))
    try:
        yield one
    finally:
        await one.close()


async def requests(sim: Sim) -> list[dict[str, Any]]:  # noqa: F811
    async with aiohttp.ClientSession(sim.ready["model"]) as web, web.get("/script") as answer:
        found: list[dict[str, Any]] = (await answer.json())["requests"]
        return found


async def asked(sim: Sim) -> bool:  # noqa: F811
    return bool(await requests(sim))


async def test_words_and_tools_come_whole(sim: Sim) -> None:  # noqa: F811
    both = {"text": "Let me look.", "tools": [{"name": "set_devices", "input": {"n": n}} for n in (1, 2)]}
    async with brain(sim, both, {"text": "Done thinking."}) as one:
        reply = await one.think(ASK)
        assert (reply.stop, reply.text) == ("tool_use", "Let me look.")
        assert [use.input for use in reply.uses] == [{"n": 1}, {"n": 2}]
        assert [block["type"] for block in reply.content] == ["text", "tool_use", "tool_use"]
        assert reply.tokens > 0
        results = [{"type": "tool_result", "tool_use_id": use.id, "content": "ok"} for use in reply.uses]
        after = [*ASK.messages, {"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
        assert (await one.think(Ask(ASK.system, ASK.tools, after))).text == "Done thinking."
    seen = (await requests(sim))[-1]
    assert seen["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert seen["stream"] is True


@pytest.mark.parametrize("fault", [
    "429", "529", "500", "drop_before_headers", "stall", "reset_mid_stream", "clean_end_mid_stream", "error_event"])
async def test_what_is_lost_is_asked_again_because_nothing_ran(sim: Sim, fault: str) -> None:  # noqa: F811
    async with brain(sim, {"fault": fault, "seconds": 3} | CALL, {"text": "Here."}) as one:
        assert (await one.think(ASK)).text == "Here."


@pytest.mark.parametrize(("fault", "expected"), [
    ("malformed_tool_json", "problem"), ("truncated_tool_json", "problem"), ("array_input", "list"),
    ("duplicate_ids", "ids")])
async def test_broken_tool_calls_are_seen_as_broken(sim: Sim, fault: str, expected: str) -> None:  # noqa: F811
    tools = CALL["tools"] * 2 if fault == "duplicate_ids" else CALL["tools"]
    async with brain(sim, {"fault": fault, "tools": tools}) as one:
        reply = await one.think(ASK)
    first = reply.uses[0]
    match expected:
        case "problem":
            assert first.problem
        case "list":
            assert isinstance(first.input, list)
        case _:
            assert len({use.id for use in reply.uses}) == len(reply.uses) == 2


@pytest.mark.parametrize("fault", ["max_tokens_in_tool", "refusal"])
async def test_a_reply_that_did_not_stop_for_tools_runs_none(sim: Sim, fault: str) -> None:  # noqa: F811
    async with brain(sim, {"fault": fault} | CALL) as one:
        reply = await one.think(ASK)
    assert reply.uses == ()
    assert reply.stop in ("max_tokens", "refusal")


@pytest.mark.parametrize("fault", ["wrong_shape", "malformed_json"])
async def test_rubbish_is_an_error_in_words(sim: Sim, fault: str) -> None:  # noqa: F811
    async with brain(sim, *[{"fault": fault, "text": "x"}] * 4) as one:
        with pytest.raises(BrainError) as error:
            await one.think(ASK)
    assert "secret-key" not in str(error.value)


async def test_a_server_that_wants_an_hour_meets_the_deadline(sim: Sim) -> None:  # noqa: F811
    async with brain(sim, {"fault": "429", "retry_after": 3600}, deadline=0.5) as one:
        with pytest.raises(BrainError, match="too long"):
            await one.think(ASK)


async def test_a_trickle_meets_the_deadline_too(sim: Sim) -> None:  # noqa: F811
    async with brain(sim, {"fault": "trickle", "text": "word " * 200}, deadline=0.7) as one:
        with pytest.raises(BrainError, match="too long"):
            await one.think(ASK)


async def test_after_three_losses_it_rests_at_once(sim: Sim) -> None:  # noqa: F811
    async with brain(sim, *[{"fault": "stall", "text": "x", "seconds": 5}] * 3, deadline=0.2) as one:
        for _ in range(claude.BREAKER_AFTER):
            with pytest.raises(BrainError, match="too long"):
                await one.think(ASK)
        before = len(await requests(sim))
        with pytest.raises(BrainError, match="resting"):
            await one.think(ASK)
        assert len(await requests(sim)) == before


async def test_a_cancelled_thought_leaves_the_brain_usable(sim: Sim) -> None:  # noqa: F811
    async with brain(sim, {"text": "slow", "delay_s": 5}, {"text": "Still here."}) as one:
        thought = asyncio.create_task(one.think(ASK))
        await until(lambda: asked(sim))
        thought.cancel()
        with pytest.raises(asyncio.CancelledError):
            await thought
        assert (await one.think(ASK)).text == "Still here."


def test_half_a_message_is_no_message() -> None:
    with pytest.raises(claude.Cut):
        finish(Draft(blocks=[{"type": "text", "text": "half"}], stop=None, finished=False))
