"""The model seam: what is asked, what comes back. Each brain is one file beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from dobby.messages import Mind

StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal", "pause_turn", "context_full"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: byte-stable `tools` and `system` first (they are cached), the conversation last.

    tools and messages are in the Messages API's own JSON shapes.
    """

    system: str
    tools: Sequence[dict[str, Any]]
    messages: Sequence[dict[str, Any]]
    max_tokens: int = 2048


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call. `input` is the parsed JSON, whatever it is; `problem` says why it could not be parsed."""

    id: str
    name: str
    input: Any
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; partial ones never leave a brain. `content` goes back unchanged with the tool results."""

    content: list[dict[str, Any]]
    stop: StopReason
    text: str = ""
    uses: tuple[ToolUse, ...] = ()
    tokens: int = 0


class Brain(Protocol):
    """A model's end. `think` raises BrainError with a sentence for the person; it never returns half an answer."""

    mind: Mind

    async def think(self, ask: Ask) -> Reply:
        """Ask once, retries included, within the brain's own deadline."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(slots=True)
class Draft:
    """A reply in the making: blocks in order, tool input as raw text until it is whole."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    raw: dict[int, str] = field(default_factory=dict)
    stop: str | None = None
    tokens: int = 0
    finished: bool = False
