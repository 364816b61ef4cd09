"""What the real API rejects in a request; the stand-in is as strict, so no wrong conversation passes a test."""

from typing import Any

Json = dict[str, Any]


def wrong_with(body: Json) -> str | None:
    """The error text for a request to /v1/messages, None when it is sound."""
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return f"{name}: Field required"
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        return "messages: at least one message is required"
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
            return f"messages.{index}.role: Input should be 'user' or 'assistant'"
        if not message.get("content") and not (index == len(messages) - 1 and message["role"] == "assistant"):
            return f"messages.{index}: all messages must have non-empty content"
    if messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    return _tools_wrong(messages) or _names_wrong(body)


def _tools_wrong(messages: list[Json]) -> str | None:
    """Every tool_use is answered by one tool_result in the very next message, and nothing else is."""
    for index, message in enumerate(messages):
        asked = [block["id"] for block in _of(message, "tool_use")]
        following = messages[index + 1] if index + 1 < len(messages) else {"content": []}
        answered = [block.get("tool_use_id") for block in _of(following, "tool_result")]
        missing = [name for name in asked if name not in answered]
        if missing:
            return (
                f"messages.{index + 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
                "next message."
            )
        if len(answered) != len(set(answered)):
            return f"messages.{index + 1}: each tool_use must have a single result"
        stray = [str(name) for name in answered if name not in asked]
        if stray:
            return (
                f"messages.{index + 1}: unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(stray)}. "
                "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
    return None


def _names_wrong(body: Json) -> str | None:
    names = [tool.get("name") for tool in body.get("tools") or []]
    return "tools: Tool names must be unique." if len(names) != len(set(names)) else None


def _of(message: Json, kind: str) -> list[Json]:
    content = message.get("content")
    if not isinstance(content, list):
        return []
    return [block for block in content if isinstance(block, dict) and block.get("type") == kind]
