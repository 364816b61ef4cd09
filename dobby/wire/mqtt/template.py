"""The templates in discovery payloads, rendered in a sandbox with only what real payloads use.

They are a stranger's programs: no loops, no macros, few filters (each of bounded result), no methods but plain ones of
text and objects, and nothing that can grow beyond a message. What most of them say, "the field X of the message", is
looked up without Jinja. A template that is broken, or wants more, is a TemplateProblem of its entity alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE_LIMIT = 4096  # characters of one template
RESULT_LIMIT = 65536  # characters of anything that is made on the way
NODES_LIMIT = 600  # the largest template of Zigbee2MQTT has about 150
SETS_LIMIT, FILTERS_LIMIT, JOINS_LIMIT = 8, 32, 16
FIELD = re.compile(r"\{\{\s*value_json((?:\.[A-Za-z_]\w*|\[\s*(?:'[^'\\]*'|\"[^\"\\]*\"|\d+)\s*\])*)\s*\}\}")
STEP = re.compile(r"\.(\w+)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*\]")
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip", "split", "startswith",
                    "endswith", "replace", "isdigit", "isnumeric"}),
    dict: frozenset({"get", "keys", "values", "items"}),
}


class TemplateProblem(ValueError):
    """A template cannot be used, or says nothing about this message; the text says why."""


class Payload:
    """One message: its text, and the JSON in it, read once for all entities that look at it."""

    __slots__ = ("_json", "_read", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._read = False
        self._json: Any = None

    @property
    def json(self) -> Any:
        """The JSON of the message; TemplateProblem when there is none."""
        if not self._read:
            self._read = True
            try:
                self._json = json.loads(self.text)
            except (ValueError, RecursionError):
                self._json = TemplateProblem("the message is not JSON")
        if isinstance(self._json, TemplateProblem):
            raise self._json
        return self._json


def render(template: str, payload: Payload) -> str:
    """What a value template makes of a message; without a template the message itself."""
    if not template:
        return payload.text
    path = _path(template)
    if path is not None:
        return _at(payload.json, path)
    known: dict[str, Any] = {"value": payload.text}
    if "value_json" in template:
        known["value_json"] = payload.json
    return fill(template, known)


def fill(template: str, known: Mapping[str, Any]) -> str:
    """What a template makes of these variables; TemplateProblem when it fails."""
    try:
        return str(_compiled(template).render(known)).strip()[:RESULT_LIMIT]
    except TemplateProblem:
        raise
    except (TemplateError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError,
            MemoryError) as error:
        raise TemplateProblem(f"its template failed ({type(error).__name__})") from None


def check(template: str) -> str:
    """The template as it came; TemplateProblem when it cannot be used."""
    if template and _path(template) is None:
        _compiled(template)
    return template


@lru_cache(4096)
def _path(template: str) -> tuple[str | int, ...] | None:
    """The steps of a template that only names a field of the message."""
    match = FIELD.fullmatch(template.strip())
    if match is None:
        return None
    return tuple(int(one[3]) if one[3] is not None else next(g for g in (one[1], one[2], one[0]) if g is not None)
                 for one in (step.groups() for step in STEP.finditer(match[1])))


def _at(item: Any, path: tuple[str | int, ...]) -> str:
    for index, step in enumerate(path):
        if isinstance(item, list) and isinstance(step, int):
            item = dict(enumerate(item))
        if isinstance(item, dict) and step in item:
            item = item[step]
        elif index == len(path) - 1:
            return ""  # as Jinja shows what is not defined
        else:
            raise TemplateProblem("the message has no such field")
    return str(item)[:RESULT_LIMIT]


# --- the sandbox ------------------------------------------------------------------------------------------------------


def _capped(result: Any) -> Any:
    if isinstance(result, str | list | tuple | dict) and len(result) > RESULT_LIMIT:
        raise SecurityError("too long")
    if isinstance(result, int | float) and not isinstance(result, bool) and not abs(result) < 1e300:
        raise SecurityError("too large")
    return result


def _number(raw: Any) -> bool:
    return isinstance(raw, int | float)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without what could run long or grow large."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, "+" on short texts as well."""
        both = _number(left) and _number(right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _capped(left + right)
        if not both or (operator == "**" and (abs(left) > 1e6 or abs(right) > 64)):
            raise SecurityError("not with these values")
        return _capped(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only plain methods of text and objects."""
        return any(isinstance(obj, kind) and attr in names for kind, names in METHODS.items())

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # Jinja's own form
        """A call, unless its result could be far longer than what went in."""
        if getattr(__obj, "__name__", "") == "replace":
            _replace(__obj.__self__, *args)
        return _capped(super().call(__context, __obj, *args, **kwargs))


_NONE = object()


def _to(kind: Callable[[Any], Any]) -> Callable[..., Any]:
    """A conversion that fails where it cannot be done, unless a default is given: nothing must read as 0."""

    def convert(raw: Any, default: Any = _NONE) -> Any:
        try:
            if isinstance(raw, Undefined):
                raise ValueError
            return kind(raw)
        except (ValueError, TypeError, OverflowError):
            if default is _NONE:
                raise TemplateProblem("its template converts what is no number") from None
            return default

    return convert


def _int(raw: Any) -> int:
    return int(float(raw)) if isinstance(raw, str) and not raw.lstrip("+-").isdigit() else int(raw)


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool | int | float):
        return bool(raw)
    word = str(raw).strip().casefold()
    if word in ("1", "true", "yes", "on", "enable"):
        return True
    if word in ("0", "false", "no", "off", "disable"):
        return False
    raise ValueError


def _round(raw: Any, precision: int = 0, method: str = "common", default: Any = _NONE) -> Any:
    rounded = _to(lambda value: round(float(value), precision))(raw, default)
    return int(rounded) if precision == 0 and _number(rounded) else rounded


def _is_defined(raw: Any) -> Any:
    if isinstance(raw, Undefined):
        raise TemplateProblem("the message has no such field")
    return raw


def _iif(raw: Any, yes: Any = True, no: Any = False, none: Any = _NONE) -> Any:
    return none if raw is None and none is not _NONE else yes if raw else no


def _replace(text: Any, old: str, new: str, *_more: Any) -> str:
    text = str(text)
    if len(text) * (len(str(new)) + 1) > RESULT_LIMIT * 16:
        raise SecurityError("too long")
    return str(_capped(text.replace(str(old), str(new))))


def _default(raw: Any, default: Any = "", boolean: bool = False) -> Any:
    return default if isinstance(raw, Undefined) or (boolean and not raw) else raw


def _of_many(pick: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: _capped(pick(*values))


def _json_text(raw: Any, *_more: Any, **_options: Any) -> str:
    return str(_capped(json.dumps(raw)))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "int": _to(_int), "float": _to(float), "bool": _to(_bool), "round": _round, "default": _default, "d": _default,
    "is_defined": _is_defined, "iif": _iif, "lower": lambda raw: str(raw).lower(),
    "upper": lambda raw: str(raw).upper(),
    "title": lambda raw: str(raw).title(), "capitalize": lambda raw: str(raw).capitalize(),
    "trim": lambda raw: str(raw).strip(), "string": str, "length": len, "count": len, "abs": abs,
    "min": _of_many(min), "max": _of_many(max), "first": lambda raw: raw[0], "last": lambda raw: raw[-1],
    "replace": _replace, "from_json": lambda raw, *_d: _capped(json.loads(raw)), "to_json": _json_text,
    "tojson": _json_text,
}
GLOBALS: Mapping[str, Callable[..., Any]] = {"int": _to(_int), "float": _to(float), "bool": _to(_bool), "iif": _iif,
                                             "min": _of_many(min), "max": _of_many(max)}
FORBIDDEN = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends,
             nodes.Block, nodes.FilterBlock, nodes.AssignBlock, nodes.NSRef, nodes.With)


def _sandbox() -> _Sandbox:
    box = _Sandbox(autoescape=False)  # it makes MQTT payloads, never a page
    box.filters = dict(FILTERS)
    box.globals = dict(GLOBALS)
    return box


_BOX = _sandbox()


@lru_cache(4096)
def _compiled(template: str) -> Any:
    if len(template) > TEMPLATE_LIMIT:
        raise TemplateProblem("its template is too long")
    try:
        tree = _BOX.parse(template)
        _look_through(tree)
        return _BOX.from_string(template)
    except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
        raise TemplateProblem(f"its template cannot be used ({str(error)[:120]})") from None


def _look_through(tree: nodes.Template) -> None:
    """TemplateProblem for what could run long or grow large."""
    found = list(tree.find_all(nodes.Node))
    if len(found) > NODES_LIMIT or any(isinstance(one, FORBIDDEN) for one in found):
        raise TemplateProblem("its template does more than a template needs")
    sets = [one for one in found if isinstance(one, nodes.Assign)]
    joins = sum(len(one.nodes) for one in found if isinstance(one, nodes.Concat))
    if len(sets) > SETS_LIMIT or joins > JOINS_LIMIT or sum(
            isinstance(one, nodes.Filter) for one in found) > FILTERS_LIMIT:
        raise TemplateProblem("its template does more than a template needs")
    own = {name.name for one in sets for name in one.target.find_all(nodes.Name)} | {
        one.target.name for one in sets if isinstance(one.target, nodes.Name)}
    for one in sets:  # what is made of what was made before could double each time
        inside = [one.node, *one.node.find_all(nodes.Node)]
        if any(isinstance(x, nodes.Name) and x.name in own for x in inside) and any(
                isinstance(x, nodes.List | nodes.Tuple | nodes.Dict | nodes.Concat | nodes.Add) for x in inside):
            raise TemplateProblem("its template does more than a template needs")
