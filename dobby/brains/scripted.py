"""A brain that says what a script tells it to: for tests and benchmarks. It is not intelligence and says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dobby.brains.brain import Ask, Reply, ToolUse
from dobby.errors import BrainError
from dobby.messages import Mind


class Scripted:
    """Replies in order, each {"text"} or {"tools": [{"name", "input"}]}; keeps what it was asked in `asked`."""

    mind: Mind = "scripted"

    def __init__(self, replies: Iterable[Mapping[str, Any]]) -> None:
        self._replies = list(replies)
        self.asked: list[Ask] = []

    async def think(self, ask: Ask) -> Reply:
        """The next reply of the script; BrainError when it is over."""
        self.asked.append(ask)
        if not self._replies:
            raise BrainError("The script is over.")
        reply = self._replies.pop(0)
        uses = tuple(ToolUse(f"toolu_{len(self.asked)}_{at}", tool["name"], tool["input"])
                     for at, tool in enumerate(reply.get("tools", ())))
        content: list[dict[str, Any]] = [{"type": "text", "text": reply["text"]}] if reply.get("text") else []
        content += [{"type": "tool_use", "id": use.id, "name": use.name, "input": use.input} for use in uses]
        return Reply(content, "tool_use" if uses else "end_turn", reply.get("text", ""), uses)

    async def close(self) -> None:
        """Nothing is open."""
