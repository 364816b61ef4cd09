"""A tool is a plain async function: its signature is the schema, its docstring the description.

Supported annotations: str, int, float, bool, a union of those, Literal of strings, list[...] and TypedDict; a parameter
with a default is optional. Arguments are checked strictly: an unknown or missing one, or one of another type, is
refused with a sentence that says what fits.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dobby.errors import DobbyError
from dobby.tools.hands import Hands

TEXT_LIMIT = 6000  # characters of one text argument
LIST_LIMIT = 200
JSON_NAMES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


class WrongArguments(DobbyError):
    """A tool was called with arguments that do not fit its schema."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function with what the model is shown of it. risky: gone while a stranger's words are in the context."""

    name: str
    run: Callable[..., Awaitable[str]]
    schema: dict[str, Any]
    risky: bool = False


def tool(run: Callable[..., Awaitable[str]], *, risky: bool = False) -> Tool:
    """A Tool out of an async function whose first parameter is the Hands."""
    hints = typing.get_type_hints(run)
    parameters = list(inspect.signature(run).parameters.values())[1:]
    properties = {one.name: describe(hints[one.name]) for one in parameters}
    required = [one.name for one in parameters if one.default is inspect.Parameter.empty]
    schema = {"name": run.__name__, "description": inspect.cleandoc(run.__doc__ or "").replace("\n", " "),
              "input_schema": {"type": "object", "properties": properties, "required": required,
                               "additionalProperties": False}}
    return Tool(run.__name__, run, schema, risky)


def describe(hint: Any) -> dict[str, Any]:
    """The JSON schema of one annotation."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin is list:
        return {"type": "array", "items": describe(args[0])}
    if origin in (types.UnionType, typing.Union):
        return {"type": [JSON_NAMES.get(arg, "null") for arg in args]}
    if typing.is_typeddict(hint):
        hints = typing.get_type_hints(hint)
        return {"type": "object", "properties": {name: describe(one) for name, one in hints.items()},
                "required": sorted(hint.__required_keys__), "additionalProperties": False}
    return {"type": JSON_NAMES[hint]}


async def call(one: Tool, hands: Hands, arguments: Any) -> str:
    """Run a tool with checked arguments; WrongArguments when they do not fit."""
    check(one.schema["input_schema"], arguments, one.name)
    return await one.run(hands, **arguments)


def check(schema: Mapping[str, Any], value: Any, place: str) -> None:
    """Refuse a value that is not exactly what the schema says."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(kind, value) for kind in kinds):
        raise WrongArguments(f"{place} must be {' or '.join(kinds)}, not {type(value).__name__}.")
    if "enum" in schema and value not in schema["enum"]:
        raise WrongArguments(f"{place} must be one of {', '.join(schema['enum'])}.")
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        raise WrongArguments(f"{place} is too long: {TEXT_LIMIT} characters at most.")
    if isinstance(value, list):
        if len(value) > LIST_LIMIT:
            raise WrongArguments(f"{place} is too long: {LIST_LIMIT} entries at most.")
        for at, item in enumerate(value):
            check(schema["items"], item, f"{place}[{at}]")
    if isinstance(value, dict) and "properties" in schema:
        _check_object(schema, value, place)


def _check_object(schema: Mapping[str, Any], value: dict[str, Any], place: str) -> None:
    known = schema["properties"]
    for name, item in value.items():
        if name not in known:
            raise WrongArguments(f"{place} has no {name!r}. It takes: {', '.join(known) or 'nothing'}.")
        check(known[name], item, f"{place}.{name}")
    missing = [name for name in schema["required"] if name not in value]
    if missing:
        raise WrongArguments(f"{place} lacks {', '.join(missing)}.")


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "null":
            return value is None
    return isinstance(value, {"string": str, "array": list, "object": dict}[kind])


def by_name(tools: Iterable[Tool]) -> dict[str, Tool]:
    """Tools in a fixed order (their list is part of the cached prefix), by name."""
    return {one.name: one for one in sorted(tools, key=lambda one: one.name)}
