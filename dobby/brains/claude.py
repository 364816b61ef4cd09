"""The Anthropic Messages API through its SDK, streamed, at any base_url that speaks it.

The SDK is imported when the first client is made (it is heavy). Events are gathered here rather than by the SDK's
helper, because a stream that ends early must not pass for an answer: a reply counts only after message_stop with a
stop_reason, and tool input only when its raw JSON parses. So a lost stream can be retried: nothing partial ever ran.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from dobby.brains.brain import Ask, Draft, Reply, StopReason, ToolUse
from dobby.errors import BrainError
from dobby.messages import Mind

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

log = logging.getLogger(__name__)
TRIES = 4
FIRST_WAIT = 0.5  # seconds; doubles with each try
BREAKER_AFTER = 3  # answers lost in a row until the breaker opens
BREAKER_REST = 30.0  # seconds it stays open
READ_LIMIT = 20.0  # seconds without a byte


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience with one thought: all tries together, and between two bytes."""

    deadline: float = 60.0
    silence: float = READ_LIMIT


class Claude:
    """A brain behind the Messages API."""

    mind: Mind = "claude"

    def __init__(self, *, api_key: str, base_url: str, model: str, limits: Limits | None = None) -> None:
        self._key, self._base_url, self.model = api_key, base_url, model
        self._limits = limits or Limits()
        self._client: AsyncAnthropic | None = None
        self._opening = asyncio.Lock()
        self._lost_in_a_row = 0
        self._rest_until = 0.0

    async def warm(self) -> None:
        """Import the SDK and make the client in a thread, so that the first thought does not wait for it."""
        await self._open()

    async def _open(self) -> AsyncAnthropic:
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> AsyncAnthropic:
        import anthropic  # heavy: a second of processor time and 50 MB, so only where there is a model to ask

        client = anthropic.AsyncAnthropic(api_key=self._key or "none", base_url=self._base_url or None, max_retries=0,
                                          timeout=self._limits.silence)
        _ = client.messages  # the SDK reads its parts from disk when they are first touched
        return client

    async def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            await self._client.close()

    async def think(self, ask: Ask) -> Reply:
        """Ask, retrying what can be retried, all within the deadline."""
        if time.monotonic() < self._rest_until:
            raise BrainError("My clever half is resting after several failures.", "Plain orders still work.")
        try:
            async with asyncio.timeout(self._limits.deadline):
                reply = await self._tries(ask)
        except TimeoutError:
            self._count_loss()
            raise BrainError("My clever half took too long to answer.", "Plain orders still work.") from None
        except BrainError:
            self._count_loss()
            raise
        self._lost_in_a_row = 0
        return reply

    def _count_loss(self) -> None:
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= BREAKER_AFTER:
            self._rest_until = time.monotonic() + BREAKER_REST
            self._lost_in_a_row = 0

    async def _tries(self, ask: Ask) -> Reply:
        client = await self._open()
        for attempt in range(1, TRIES + 1):
            try:
                return finish(await self._once(client, ask))
            except Exception as error:  # every failure of SDK, transport or server becomes one of two kinds here
                wait = _wait_after(error, attempt)
                if wait is None or attempt == TRIES:
                    log.warning("the model's end failed: %s", _what(error))
                    raise BrainError(f"I could not ask my clever half ({_what(error)}).",
                                     "Plain orders still work.") from None
                await asyncio.sleep(wait)
        raise BrainError("I could not ask my clever half.")  # not reached: the last try raises

    async def _once(self, client: AsyncAnthropic, ask: Ask) -> Draft:
        system = [{"type": "text", "text": ask.system, "cache_control": {"type": "ephemeral"}}]
        stream: Any = await client.messages.create(
            model=self.model, max_tokens=ask.max_tokens, system=system, tools=list(ask.tools),  # type: ignore[arg-type]
            messages=list(ask.messages), stream=True)  # type: ignore[arg-type]  # plain JSON in the API's shapes
        draft = Draft()
        async with stream:
            async for event in stream:
                take(draft, event)
        return draft


def take(draft: Draft, event: Any) -> None:
    """Put one stream event into the draft (content_block_start, deltas, message_delta, message_stop)."""
    match event.type:
        case "message_start":
            draft.tokens += (event.message.usage.input_tokens or 0) if event.message.usage else 0
        case "content_block_start":
            draft.blocks.append(event.content_block.model_dump(exclude_none=True))
        case "content_block_delta":
            _delta(draft, event.index, event.delta)
        case "message_delta":
            draft.stop = event.delta.stop_reason or draft.stop
            draft.tokens += (event.usage.output_tokens or 0) if event.usage else 0
        case "message_stop":
            draft.finished = True


def _delta(draft: Draft, index: int, delta: Any) -> None:
    block = draft.blocks[index]
    match delta.type:
        case "text_delta":
            block["text"] = block.get("text", "") + delta.text
        case "input_json_delta":
            draft.raw[index] = draft.raw.get(index, "") + delta.partial_json
        case "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta.thinking
        case "signature_delta":
            block["signature"] = delta.signature


class Cut(Exception):
    """The stream ended before the message did."""


def finish(draft: Draft) -> Reply:
    """A whole reply out of a draft; raises when the message never ended."""
    if not draft.finished or draft.stop is None:
        raise Cut
    uses: list[ToolUse] = []
    seen: set[str] = set()
    for index, block in enumerate(draft.blocks):
        if block.get("type") != "tool_use":
            continue
        use = _tool_use(block, draft.raw.get(index, ""), seen)
        block["input"] = use.input if isinstance(use.input, dict) else {}
        block["id"] = use.id
        uses.append(use)
    stop = "context_full" if draft.stop == "model_context_window_exceeded" else draft.stop
    stop = "end_turn" if stop not in get_args(StopReason) else stop
    text = "".join(block.get("text", "") for block in draft.blocks if block.get("type") == "text").strip()
    content = [block for block in draft.blocks if block.get("type") != "text" or block.get("text")]
    ready = tuple(uses) if stop == "tool_use" else ()
    return Reply(content, stop, text, ready, draft.tokens)  # type: ignore[arg-type]  # checked against StopReason


def _tool_use(block: dict[str, Any], raw: str, seen: set[str]) -> ToolUse:
    """One call with its input parsed strictly; an id that came twice gets a new one, so that each has one result."""
    id_ = str(block.get("id") or f"toolu_{len(seen)}")
    while id_ in seen:
        id_ += "_again"
    seen.add(id_)
    try:
        value = json.loads(raw) if raw.strip() else block.get("input") or {}
    except ValueError:
        return ToolUse(id_, str(block.get("name")), {}, "The arguments were not whole JSON. Nothing was done.")
    return ToolUse(id_, str(block.get("name")), value)


def _wait_after(error: BaseException, attempt: int) -> float | None:
    """Seconds until the next try, or None when trying again is of no use."""
    import anthropic

    status = getattr(error, "status_code", None)
    if isinstance(error, anthropic.APIStatusError) and status is not None and 400 <= status < 500 \
            and status not in (408, 409, 429):
        return None
    if isinstance(error, AttributeError | TypeError | KeyError | IndexError):
        return None  # an answer of the wrong shape stays wrong
    backoff: float = FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return max(backoff, float(headers.get("retry-after", 0)))
    except ValueError:
        return backoff


def _what(error: BaseException) -> str:
    """What went wrong, in words that hold nothing of the request, the key or the server's own text."""
    status = getattr(error, "status_code", None)
    if status == 401:
        return "it does not accept the key"
    if status == 404:
        return "it does not know that model or address"
    if status == 429:
        return "it is asked too much at present"
    if status is not None and status >= 400:
        return f"it answered {status}"
    return "the line broke" if isinstance(error, Cut | OSError) else type(error).__name__
