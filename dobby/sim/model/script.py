"""Scripted replies, and the messages and event streams they become; pure."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

NO_SCRIPT = "I am only a stand-in for a language model, and my script is empty."
STATUS_FAULTS = {
    "400": ("invalid_request_error", "scripted refusal"),
    "401": ("authentication_error", "invalid x-api-key"),
    "408": ("timeout_error", "Request timed out"),
    "409": ("conflict_error", "conflict"),
    "413": ("request_too_large", "Request exceeds the maximum size"),
    "429": ("rate_limit_error", "This request would exceed your account's rate limit"),
    "500": ("api_error", "Internal server error"),
    "529": ("overloaded_error", "Overloaded"),
}
WIRE_FAULTS = frozenset(
    {
        "drop_before_headers",
        "stall",
        "trickle",
        "reset_mid_stream",
        "clean_end_mid_stream",
        "error_event",
        "wrong_shape",
        "malformed_json",
    }
)
CONTENT_FAULTS = frozenset(
    {
        "malformed_tool_json",
        "truncated_tool_json",
        "array_input",
        "duplicate_ids",
        "max_tokens_in_tool",
        "refusal",
        "pause_turn",
    }
)
FAULTS = frozenset(STATUS_FAULTS) | WIRE_FAULTS | CONTENT_FAULTS
DEFAULT_TOOL = {"name": "get", "input": {"room": "study", "on": True}}


class BadScript(ValueError):
    """A scripted reply that cannot be understood, in words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer; a fault may come with text and tools that shape the content it spoils."""

    text: str | None = None
    tools: tuple[Json, ...] = ()
    fault: str | None = None
    delay: float = 0.0
    seconds: float | None = None
    retry_after: str | None = None
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One content block, and how its tool input goes over the wire."""

    content: Json
    parts: tuple[str, ...] = field(default=())


def parse_reply(raw: object) -> Reply:
    """A reply as POST /script brings it."""
    known = {"text", "tools", "fault", "delay_s", "seconds", "retry_after", "stop_reason"}
    if not isinstance(raw, dict) or not set(raw) <= known:
        raise BadScript(f"a reply is an object of {', '.join(sorted(known))}")
    fault = None if raw.get("fault") is None else str(raw["fault"])
    if fault is not None and fault not in FAULTS:
        raise BadScript(f"no fault '{fault}'; there are {', '.join(sorted(FAULTS))}")
    tools = raw.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(t, dict) and isinstance(t.get("name"), str) for t in tools):
        raise BadScript("'tools' is a list of {'name', 'input'}")
    if fault is None and not tools and not isinstance(raw.get("text"), str):
        raise BadScript("a reply holds 'text', 'tools' or 'fault'")
    seconds, after = raw.get("seconds"), raw.get("retry_after")
    return Reply(
        text=raw.get("text"),
        tools=tuple(tools),
        fault=fault,
        delay=float(raw.get("delay_s") or 0),
        seconds=None if seconds is None else float(seconds),
        retry_after=None if after is None else str(after),
        stop_reason=raw.get("stop_reason"),
    )


def blocks(reply: Reply) -> list[Block]:
    """The content of a reply, spoilt where its fault says so."""
    tools = reply.tools
    if not tools and reply.fault in CONTENT_FAULTS - {"refusal", "pause_turn"}:
        tools = (DEFAULT_TOOL, DEFAULT_TOOL) if reply.fault == "duplicate_ids" else (DEFAULT_TOOL,)
    made = [] if reply.text is None else [Block({"type": "text", "text": reply.text})]
    if not made and not tools and reply.fault != "refusal":
        made = [Block({"type": "text", "text": "One moment, I was about to say something rather longer than this."})]
    one_id = _tool_id()
    for tool in tools:
        name = one_id if reply.fault == "duplicate_ids" else tool.get("id") or _tool_id()
        given = ["study", True] if reply.fault == "array_input" else tool.get("input", {})
        content = {"type": "tool_use", "id": name, "name": tool["name"], "input": given}
        made.append(Block(content, _parts(json.dumps(given), reply.fault)))
    return made


def stop_reason(reply: Reply, content: list[Block]) -> str:
    """Why the message ends."""
    if reply.stop_reason:
        return reply.stop_reason
    by_fault = {"max_tokens_in_tool": "max_tokens", "refusal": "refusal", "pause_turn": "pause_turn"}
    if reply.fault in by_fault:
        return by_fault[reply.fault]
    return "tool_use" if any(block.content["type"] == "tool_use" for block in content) else "end_turn"


def message(reply: Reply, request: Json) -> Json:
    """The whole message, for a request that does not stream."""
    content = blocks(reply)
    return _head(request) | {
        "content": [block.content for block in content],
        "stop_reason": stop_reason(reply, content),
        "usage": _usage(request, content),
    }


def events(reply: Reply, request: Json) -> Iterator[Json]:
    """The events of a stream, in the order of the real one."""
    content = blocks(reply)
    usage = _usage(request, content)
    yield {"type": "message_start", "message": _head(request) | {"usage": usage | {"output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(content):
        yield from _block_events(index, block)
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason(reply, content), "stop_sequence": None},
        "usage": {"output_tokens": usage["output_tokens"]},
    }
    yield {"type": "message_stop"}


def _block_events(index: int, block: Block) -> Iterator[Json]:
    text = block.content["type"] == "text"
    empty: Json = {"text": ""} if text else {"input": {}}
    start = block.content | empty
    yield {"type": "content_block_start", "index": index, "content_block": start}
    words = block.content["text"].split(" ") if text else []
    for number, word in enumerate(words):
        piece = word if number == 0 else f" {word}"
        yield {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}}
    for part in block.parts:
        delta = {"type": "input_json_delta", "partial_json": part}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def tokens(value: object) -> int:
    """A rough count, as four letters are about one token."""
    return max(1, len(json.dumps(value)) // 4)


def _parts(text: str, fault: str | None) -> tuple[str, ...]:
    if fault == "malformed_tool_json":
        text = text[:-1] + ',,"}'
    elif fault in ("truncated_tool_json", "max_tokens_in_tool"):
        text = text[: len(text) // 2]
    cut = max(1, len(text) // 3)
    return ("", *(text[i : i + cut] for i in range(0, len(text), cut)))


def _head(request: Json) -> Json:
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": request.get("model", "stand-in"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(request: Json, content: list[Block]) -> Json:
    prompt = {name: request.get(name) for name in ("system", "tools", "messages")}
    return {
        "input_tokens": tokens(prompt),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": tokens([block.content for block in content]),
    }


def _tool_id() -> str:
    return f"toolu_{secrets.token_hex(12)}"
