"""The loop between model and tools. Budgets end it, stop cancels it, and what the model breaks stays harmless.

Every tool_use gets exactly one tool_result, in order, in the very next message; calls of one step run side by side; a
reply that is not whole, or did not stop for tools, runs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dobby.brains.brain import Ask, Brain, Reply, ToolUse
from dobby.errors import DobbyError
from dobby.tools.hands import Hands
from dobby.tools.schema import Tool, call

log = logging.getLogger(__name__)
RESULT_LIMIT = 12_000  # characters of one tool result


@dataclass(frozen=True, slots=True)
class Budget:
    """What one turn may cost: model calls, tokens as the server counts them, seconds, and seconds for one tool."""

    steps: int = 12
    tokens: int = 60_000
    seconds: float = 90.0
    tool_seconds: float = 45.0


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model came to: its last words, why it ended ("" = by itself), and what it cost."""

    text: str
    cut: str = ""
    steps: int = 0
    tokens: int = 0


async def think(brain: Brain, hands: Hands, tools: Mapping[str, Tool], system: str,
                messages: Sequence[dict[str, Any]], budget: Budget) -> Thought:
    """Let the model and the tools talk until the model has only words left, or a budget is spent."""
    history = list(messages)
    until = time.monotonic() + budget.seconds
    tokens, text = 0, ""
    for step in range(1, budget.steps + 1):
        offered = [one.schema for one in tools.values()]
        reply = await brain.think(Ask(system, offered, history))
        tokens += reply.tokens
        text = reply.text or text
        cut = _over(reply, tokens, budget, until)
        if reply.stop == "pause_turn" and not cut:
            history.append({"role": "assistant", "content": reply.content})
            continue
        if reply.stop != "tool_use" or cut or not reply.uses:
            return Thought(text, cut, step, tokens)
        results = await _run_all(reply.uses, hands, tools, budget, until)
        history += [{"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
    return Thought(text, "steps", budget.steps, tokens)


def _over(reply: Reply, tokens: int, budget: Budget, until: float) -> str:
    """Which limit this reply hit, "" for none."""
    if reply.stop in ("refusal", "max_tokens", "context_full"):
        return reply.stop
    if tokens > budget.tokens:
        return "tokens"
    return "seconds" if time.monotonic() > until else ""


async def _run_all(uses: Sequence[ToolUse], hands: Hands, tools: Mapping[str, Tool], budget: Budget,
                   until: float) -> list[dict[str, Any]]:
    """All calls of one step, side by side; one result each, in their order."""
    patience = max(0.0, min(budget.tool_seconds, until - time.monotonic()))
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_run(use, hands, tools, patience)) for use in uses]
    return [task.result() for task in running]


async def _run(use: ToolUse, hands: Hands, tools: Mapping[str, Tool], patience: float) -> dict[str, Any]:
    """One call. A tool that fails tells the model a sentence, never a traceback."""
    one = tools.get(use.name)
    bad = True
    if use.problem:
        text = use.problem
    elif one is None:
        text = f"There is no such tool. There are: {', '.join(tools)}."
    elif one.risky and hands.tainted:
        text = "Not while words from outside are in this conversation. The person can say it in plain words."
    else:
        try:
            async with asyncio.timeout(patience):
                text, bad = await call(one, hands, use.input), False
        except TimeoutError:
            text = "The tool took too long. What it had begun is in the journal; look before you repeat anything."
        except DobbyError as error:
            text = str(error)
        except Exception:  # a tool's bug ends this call, not the turn; the model sees no internals
            log.exception("tool %s failed", use.name)
            text = "The tool failed inside. Nothing more is known."
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": use.id, "content": text[:RESULT_LIMIT]}
    if bad:
        result["is_error"] = True
    return result
