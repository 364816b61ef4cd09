"""Ways in which a field of a web device might be set: what the device tells of first, then what such interfaces usually
take, the likeliest first. Each is only tried after a person's yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dobby.learning.draft import Draft, Row, Seen, Way
from dobby.learning.look import Look
from dobby.learning.meanings import meaning, on_off, tokens
from dobby.learning.operations import Operation
from dobby.wire.recipe.guard import bad_path, denied

_VALUE = ("value", "state", "level", "v", "val", "to", "on", "setting")  # fields that hold what a thing is set to
_NAME = ("attribute", "key", "name", "property", "field", "param", "parameter", "trait", "setting", "item")


def ways_of(draft: Draft, told: Sequence[Operation], look: Look) -> Iterable[Way]:
    """What the device tells of first; then what such interfaces usually take, the likeliest first."""
    if any(_told(one, told) for one in draft.fields):
        for body in ("", "form", "json"):
            yield Way("as it says itself", _told_with(told, body), told=True)
    xml = any("xml" in one.read for one in draft.fields)
    refused = {page.path: page.allow.upper() for page in look.pages if page.status == 405}
    text = any("text" in one.read for one in draft.fields)
    styles: list[Callable[[str], Way]] = (
        [_form, _xml_body(look)] if xml else [_text("PUT"), _text("POST"), _form] if text else
        [_nested("PUT"), _nested("PATCH"), _nested("POST"), _flat("PUT"), _flat("POST"), _flat("PATCH"),
         _nested("PUT", 1), _nested("POST", 1), _nested("PATCH", 1), _sub("PUT"),
         _sub("POST"), _form, _with_ids(look, "PUT"), _with_ids(look, "POST")])
    paths = list(dict.fromkeys(one.page for one in draft.fields if not one.meant.sensed))
    for style in styles:
        for path in paths:
            yield style(path)
    for path, allow in refused.items():
        for method in ("PUT", "POST", "PATCH"):
            if (method in allow or not allow) and not bad_path(path):
                yield _elsewhere(method, path)


def _told(one: Seen, told: Sequence[Operation]) -> tuple[Operation, str] | None:
    """The operation that sets this field, and the name it has there: the same name, or one of the same meaning."""
    own = {one.names[-1].casefold(), ".".join(one.names).casefold()}
    parent = one.names[-2].casefold() if len(one.names) > 1 else ""
    best: tuple[int, Operation, str] | None = None
    for operation in told:
        place = set(tokens(operation.path.replace("{value}", "").rstrip("/").rpartition("/")[2]))
        place |= {word for constant in _constants(operation).values() for word in tokens(constant)}
        spoken = set(tokens(one.names[-1])) | ({parent} if one.names[-1].casefold() in ("value", "state") else set())
        for name in operation.fields:
            leaf = name.rpartition(".")[2].casefold()
            limits = operation.fields[name]
            score = (5 if name.casefold() in own or leaf == one.names[-1].casefold() else
                     4 if leaf in _VALUE and place & spoken else
                     3 if _same_meaning(name, limits, one) else
                     2 if one.meant.trait == "on" and on_off(limits.get("options", ())) else 0)
            if score and (best is None or score > best[0]):
                best = (score, operation, name)
        if _by_name(operation) and best is None:
            best = (2, operation, _by_name(operation))
        if not operation.fields and place & spoken and best is None:
            best = (1, operation, one.names[-1])
    return (best[1], best[2]) if best else None


def worded(one: Seen, told: Sequence[Operation]) -> Seen:
    """A switch that shows true and false and is told on and off: with the words that it is told."""
    found = _told(one, told) if isinstance(one.value, bool) and not one.meant.words else None
    if found is None or not (words := on_off(found[0].fields.get(found[1], {}).get("options", ()))):
        return one
    return replace(one, meant=replace(one.meant, words=words))


def _constants(operation: Operation) -> dict[str, str]:
    """What an example of a body always says: {"cmd": "setLevel"}."""
    return {key: value for key, value in operation.example.items() if isinstance(value, str)} if isinstance(
        operation.example, Mapping) else {}


def _by_name(operation: Operation) -> str:
    """The field that names what is set, where an operation sets anything so: {"attribute": ..., "value": ...}."""
    names = {name.casefold(): name for name in operation.fields}
    if len(names) > 3 or not set(names) & set(_VALUE):
        return ""
    return next((names[name] for name in _NAME if name in names), "")


def _same_meaning(name: str, limits: Mapping[str, Any], one: Seen) -> bool:
    meant = meaning(name.split("."), one.value, {k: v for k, v in limits.items() if k != "type"}, "")
    return meant is not None and meant.trait == one.meant.trait


def _told_with(told: Sequence[Operation], body: str) -> Callable[[Seen], Row | None]:
    """Requests as the device tells of them, in another dress than it says where `body` names one."""
    def request(one: Seen) -> Row | None:
        found = _told(one, told)
        if found is None:
            return None
        operation, name = found
        if bad_path(operation.path) or denied(name):
            return None
        style = body or operation.body or "json"
        if body and (body == operation.body or operation.body in ("query", "path")):
            return None
        row: Row = {"method": operation.method, "path": operation.path}
        if style == "path":
            return row
        if style == "query":
            fixed = "".join(f"&{key}={value}" for key, value in _constants(operation).items())
            return {**row, "path": f"{operation.path}?{name}={{value}}{fixed}"}
        kind = operation.fields.get(name, {}).get("type", "")
        blank = "{value}" if kind in ("integer", "number") or isinstance(
            _example_of(operation, name), int | float) else _blank(one)
        if name == _by_name(operation):
            value = next(key for key in operation.fields if key.casefold() in _VALUE)
            row[style] = {name: one.names[-1], value: blank}
            return row
        filled: Any = put({}, name.split("."), blank) if style == "json" else {name: "{value}"}
        if isinstance(operation.example, Mapping) and name in operation.example:
            extra = {key: value for key, value in operation.example.items() if key != name
                     and isinstance(value, bool | int | float | str) and not _other_field(key)}
            filled = {**extra, **filled} if not body else filled
        row[style] = filled
        return row
    return request


def _example_of(operation: Operation, name: str) -> Any:
    return operation.example.get(name) if isinstance(operation.example, Mapping) else None


def _other_field(key: str) -> bool:
    """Whether a field of an example is another setting, which is left alone, and not a part of the order itself."""
    return len(key) > 1 and not re.search(
        r"(cmd|command|action|id|key|type|op|attribute|property|field|param|name|method|channel|zone|unit|index)$",
        key.casefold())


def _blank(one: Seen) -> str:
    """Where the value stands: as a text where the device itself writes its numbers so."""
    return "{value:text}" if isinstance(one.value, str) and not one.meant.words else "{value}"


def put(into: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A value at the end of a path of keys."""
    here = into
    for name in path[:-1]:
        here = here.setdefault(name, {})
    here[path[-1]] = value
    return into


def steps_to(one: Seen) -> list[str] | None:
    """The keys to a JSON field; None where a list stands in between."""
    path = one.read.get("json", "")
    return None if "[" in path or not path else path.split(".")


def _nested(method: str, wrapped: int = 0) -> Callable[[str], Way]:
    """The document's own shape; without so many outer objects that only its answers are wrapped in."""
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = steps_to(one)
            if one.page != path or steps is None or len(steps) <= wrapped + bool(wrapped):
                return None
            return {"method": method, "path": path, "json": put({}, steps[wrapped:], _blank(one))}
        return Way(f"{method} {path}", request)
    return style


def _flat(method: str) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = steps_to(one)
            if one.page != path or (steps is not None and len(steps) < 2):
                return None
            names = [name for name in one.names if name.casefold() not in _VALUE] or list(one.names)
            return {"method": method, "path": path, "json": {names[-1]: _blank(one)}}
        return Way(f"{method} {path}", request)
    return style


def _sub(method: str) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = steps_to(one)
            if one.page != path or steps is None or bad_path(f"{path.rstrip('/')}/{'/'.join(steps)}"):
                return None
            return {"method": method, "path": f"{path.rstrip('/')}/{'/'.join(steps)}", "json": {"value": "{value}"}}
        return Way(f"{method} {path.rstrip('/')}/…", request)
    return style


def _text(method: str) -> Callable[[str], Way]:
    """A page that is nothing but one value takes another in its place."""
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            if one.page != path or one.read.get("text") != "{}":
                return None
            return {"method": method, "path": path, "text": "{value}"}
        return Way(f"{method} {path}", request)
    return style


def _with_ids(look: Look, method: str) -> Callable[[str], Way]:
    """The field with what tells which one is meant beside it: {"id": 3, "level": ...}."""
    def style(path: str) -> Way:
        page = look.page(path)
        data = page.data if page else {}

        def request(one: Seen) -> Row | None:
            here = data[0] if isinstance(data, list) and len(data) == 1 else data
            for step in one.names[:-1]:
                here = here.get(step, {}) if isinstance(here, Mapping) else {}
                here = here[0] if isinstance(here, list) and here else here
            ids = {key: value for key, value in here.items() if isinstance(value, int | str) and re.fullmatch(
                r"(.*_)?(id|uid|uuid|serial|address|channel|index|zone)", str(key).casefold())} if isinstance(
                    here, Mapping) else {}
            if one.page != path or not ids:
                return None
            return {"method": method, "path": path, "json": {**ids, one.names[-1]: _blank(one)}}
        return Way(f"{method} {path}", request)
    return style


def _form(path: str) -> Way:
    def request(one: Seen) -> Row | None:
        if one.page != path:
            return None
        return {"method": "POST", "path": path, "form": {one.names[-1]: "{value}"}}
    return Way(f"POST {path}", request)


def _xml_body(look: Look) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        page = look.page(path)

        def request(one: Seen) -> Row | None:
            place = one.read.get("xml", "")
            if page is None or one.page != path or "@" in place or len(page.text) > 4000:
                return None
            tag = re.escape(place.rpartition("/")[2].partition("#")[0])
            body, count = re.subn(rf"(<(?:\w+:)?{tag}[^>]*>)[^<]*(</)", r"\g<1>{value}\g<2>", page.text, count=1)
            return {"method": "PUT", "path": path, "xml": body} if count else None
        return Way(f"PUT {path}", request)
    return style


def _elsewhere(method: str, path: str) -> Way:
    def request(one: Seen) -> Row | None:
        return {"method": method, "path": path, "json": {one.names[-1]: _blank(one)}}
    return Way(f"{method} {path}", request)
