"""The loop between model and tools: invariants under random scripts, budgets, and a model that breaks every rule."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dobby.agent.loop import Budget, think
from dobby.brains.scripted import Scripted
from dobby.errors import DobbyError
from dobby.policy import Asker
from dobby.tools.hands import Hands
from dobby.tools.schema import Tool, tool

pytestmark = pytest.mark.anyio


async def echo(hands: Hands, text: str = "", times: int = 1) -> str:
    """Say it back."""
    return text * times


async def fail(hands: Hands) -> str:
    """Fail in words."""
    raise DobbyError("It would not.")


async def crash(hands: Hands) -> str:
    """Fail without words."""
    raise ZeroDivisionError("secret internals")


async def hang(hands: Hands) -> str:
    """Never end."""
    await asyncio.Event().wait()
    return ""


async def risky(hands: Hands) -> str:
    """Only without strangers' words."""
    return "did it"


async def long(hands: Hands) -> str:
    """More than a result may hold."""
    return "x" * 100_000


TOOLS: dict[str, Tool] = {one.name: one for one in (
    tool(echo), tool(fail), tool(crash), tool(hang), tool(risky, risky=True), tool(long))}
BUDGET = Budget(steps=6, tokens=10_000, seconds=5, tool_seconds=0.05)
START = [{"role": "user", "content": "hello"}]


def hands() -> Hands:
    return Hands(None, Asker(None, "model"), 1, "c")  # type: ignore[arg-type]  # these tools touch no house


def results(brain: Scripted) -> list[dict[str, Any]]:
    last = brain.asked[-1].messages[-1]
    found: list[dict[str, Any]] = last["content"]
    return found


def calls(*named: tuple[str, Any]) -> dict[str, Any]:
    return {"tools": [{"name": name, "input": arguments} for name, arguments in named]}


async def test_each_call_has_one_result_in_order_whatever_happened() -> None:
    brain = Scripted([calls(("echo", {"text": "a"}), ("fail", {}), ("crash", {}), ("hang", {}), ("nosuch", {}),
                            ("echo", {"text": 3}), ("echo", {"wrong": 1}), ("echo", []), ("long", {})),
                      {"text": "end"}])
    thought = await think(brain, hands(), TOOLS, "s", START, BUDGET)
    assert thought.text == "end"
    found = results(brain)
    uses = [block["id"] for block in brain.asked[-1].messages[-2]["content"]]
    assert [one["tool_use_id"] for one in found] == uses
    assert [one.get("is_error", False) for one in found] == [False, *[True] * 7, False]
    assert found[1]["content"] == "It would not."
    assert "secret" not in found[2]["content"]
    assert len(found[-1]["content"]) == 12_000


async def test_calls_of_one_step_run_side_by_side() -> None:
    meet = asyncio.Barrier(3)

    async def together(hands: Hands) -> str:
        """Wait for the others."""
        await meet.wait()
        return "met"

    brain = Scripted([calls(*[("together", {})] * 3), {"text": "end"}])
    await think(brain, hands(), {"together": tool(together)}, "s", START, Budget(tool_seconds=5))
    assert [one["content"] for one in results(brain)] == ["met"] * 3


async def test_risky_tools_are_gone_while_strangers_words_are_in() -> None:
    mine = hands()
    mine.taint()
    brain = Scripted([calls(("risky", {})), {"text": "end"}])
    await think(brain, mine, TOOLS, "s", START, BUDGET)
    assert results(brain)[0]["is_error"]


async def test_steps_end() -> None:
    brain = Scripted([calls(("echo", {}))] * 50)
    thought = await think(brain, hands(), TOOLS, "s", START, BUDGET)
    assert (thought.cut, len(brain.asked)) == ("steps", 6)


async def test_a_cancelled_turn_starts_nothing_more() -> None:
    started, running = [], asyncio.Event()

    async def act(hands: Hands) -> str:
        """Act for a while."""
        started.append("x")
        running.set()
        await asyncio.Event().wait()
        return ""

    brain = Scripted([calls(("act", {})), calls(("act", {})), {"text": "end"}])
    turn = asyncio.create_task(think(brain, hands(), {"act": tool(act)}, "s", START, Budget()))
    await running.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert started == ["x"]
    assert len(brain.asked) == 1


ARGUMENTS = st.one_of(st.none(), st.lists(st.integers(), max_size=2), st.dictionaries(
    st.sampled_from(["text", "times", "x"]), st.one_of(st.text(max_size=3), st.integers(0, 3), st.booleans()),
    max_size=3))
STEP = st.one_of(st.builds(lambda t: {"text": t}, st.text(max_size=5)), st.builds(
    lambda rows: calls(*rows), st.lists(st.tuples(st.sampled_from([*TOOLS, "nosuch"]).filter(lambda n: n != "hang"),
                                                  ARGUMENTS), min_size=1, max_size=4)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=8))
def test_the_history_is_always_valid(script: list[dict[str, Any]]) -> None:
    brain = Scripted([*script, *[{"text": "end"}] * 10])
    thought = asyncio.run(think(brain, hands(), TOOLS, "s", START, BUDGET))
    assert len(brain.asked) <= BUDGET.steps
    assert isinstance(thought.text, str)
    for ask in brain.asked:
        assert [m["role"] for m in ask.messages] == ["user", "assistant"] * ((len(ask.messages) - 1) // 2) + ["user"]
        for said, answered in zip(ask.messages[1::2], ask.messages[2::2], strict=True):
            assert [b["id"] for b in said["content"] if b["type"] == "tool_use"] == [
                one["tool_use_id"] for one in answered["content"]]
