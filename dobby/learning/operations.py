"""What a device says of how it is set: OpenAPI, lists of endpoints, HTML forms, and plain words like "PUT /level"."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from dobby.errors import Garbage
from dobby.learning.documents import DEEP, limits_of
from dobby.learning.look import Page
from dobby.wire.recipe.values import read_json


@dataclass(frozen=True, slots=True)
class Operation:
    """A way to set something that the device tells of. fields: their names, with limits where known (min, max,
    options); body: json, form, xml, query or "" for none; example: a body it showed."""

    method: str
    path: str
    body: str
    fields: Mapping[str, Mapping[str, Any]]
    example: Any = None
    said: str = ""


def operations(pages: Iterable[Page]) -> list[Operation]:
    """Every way of setting that any page tells of."""
    found: list[Operation] = []
    for page in pages:
        if page.status != 200:
            continue
        if isinstance(page.data, Mapping) and isinstance(page.data.get("paths"), Mapping):
            found += _openapi(page.data)
        elif page.data is not None:
            found += [*_listed(page.data), *_linked(page)]
        else:
            found += _forms(page) if "<form" in page.text.casefold() else []
            found += _linked(page)
        if page.data is None or page.path == "/":
            found += _spoken(page.text)
    found = [_placed(one) for one in found]
    found += _verbs(found)
    return [one for one in found if (one.method in ("PUT", "POST", "PATCH") or one.body == "query")
            and one.path.count("{") == (one.body == "path")]


_PLACE = re.compile(r"\{(\w{1,30})\}|<(\w{1,30})>|(?<=/):(\w{1,30})")
_PAIRS = (("on", "off"), ("enable", "disable"), ("start", "stop"), ("open", "close"), ("lock", "unlock"),
          ("mute", "unmute"), ("play", "pause"))


def _placed(one: Operation) -> Operation:
    """An operation whose path holds the one value: POST /level/{level}."""
    places = _PLACE.findall(one.path)
    if len(places) != 1 or one.fields:
        return one
    name = "".join(places[0])
    before = _PLACE.split(one.path)[0].rstrip("/").rpartition("/")[2]
    return Operation(one.method, _PLACE.sub("{value}", one.path), "path", {
        before if name in ("value", "state", "n", "x", "v", "val") and before else name: {}}, said=one.said)


def _verbs(told: list[Operation]) -> list[Operation]:
    """Pairs of paths that end in a verb each are one path with the verb in it."""
    bare = {(one.method, one.path) for one in told if not one.fields}
    found = []
    for method, path in bare:
        place, _, last = path.rpartition("/")
        for yes, no in _PAIRS:
            if last.casefold() == yes and (method, f"{place}/{no}") in bare and place:
                found.append(Operation(method, f"{place}/{{value}}", "path", {
                    place.rpartition("/")[2]: {"options": [last, no]}}))
    return found


_LINK = re.compile(r"""["'=](/[\w\-./]{0,80})\?([A-Za-z_]\w{0,30})=([\w\-.]{1,30})["'> ]""")


def _linked(page: Page) -> list[Operation]:
    """Links of a page that set something by their query: /lamp?power=on and /lamp?power=off."""
    rows: dict[tuple[str, str], list[str]] = {}
    for path, name, value in _LINK.findall(page.text)[:60]:
        rows.setdefault((path, name), []).append(value)
    return [Operation("GET", path, "query", {name: {"options": list(dict.fromkeys(values))}})
            for (path, name), values in rows.items() if len(set(values)) > 1]


def _openapi(document: Mapping[str, Any]) -> list[Operation]:
    found = []
    base = ""
    servers = document.get("servers")
    if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        base = urlsplit(str(servers[0].get("url", ""))).path.rstrip("/")
    base = base or str(document.get("basePath", "")).rstrip("/")
    for path, item in list(document["paths"].items())[:60]:
        if not isinstance(item, Mapping):
            continue
        for method, operation in item.items():
            if method.upper() in ("PUT", "POST", "PATCH") and isinstance(operation, Mapping):
                content = _get(operation, "requestBody", "content") or {}
                kind = next((kind for kind in ("json", "form") if any(kind in str(one) for one in content)), "json")
                schema = next((_resolve(document, one.get("schema")) for one in content.values()
                               if isinstance(one, Mapping)), {})
                fields, placed = _schema_fields(document, schema), dict[str, dict[str, Any]]()
                for parameter in operation.get("parameters") or ():
                    parameter = _resolve(document, parameter)
                    if parameter.get("in") == "path":
                        placed[str(parameter.get("name"))] = _schema_limits(
                            _resolve(document, parameter.get("schema")) or parameter)
                    if parameter.get("in") == "body":
                        fields |= _schema_fields(document, _resolve(document, parameter.get("schema")))
                    elif parameter.get("in") == "formData":
                        kind = "form"
                        fields[str(parameter.get("name"))] = _schema_limits(parameter)
                    elif parameter.get("in") == "query" and not content:
                        kind = "query"
                        fields[str(parameter.get("name"))] = _schema_limits(_resolve(document, parameter.get("schema"))
                                                                            or parameter)
                said, place = str(operation.get("summary", ""))[:80], base + str(path)
                if len(placed) == 1 and not fields and f"{{{next(iter(placed))}}}" in place:
                    place, kind, fields = place.replace(f"{{{next(iter(placed))}}}", "{value}"), "path", placed
                found.append(Operation(method.upper(), place, kind, fields, said=said))
    return found


def _get(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else None


def _resolve(document: Mapping[str, Any], node: Any, depth: int = 0) -> dict[str, Any]:
    if not isinstance(node, Mapping):
        return {}
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and depth < 6:
        return _resolve(document, _get(document, *reference[2:].split("/")), depth + 1)
    return dict(node)


def _schema_fields(document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "",
                   depth: int = 0) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, one in list((schema.get("properties") or {}).items())[:40]:
        row = _resolve(document, one)
        if row.get("properties") and depth < 3:
            found |= _schema_fields(document, row, f"{prefix}{name}.", depth + 1)
        else:
            found[f"{prefix}{name}"] = _schema_limits(row)
    return found


def _schema_limits(row: Mapping[str, Any]) -> dict[str, Any]:
    limits = {"min": row.get("minimum"), "max": row.get("maximum"), "options": row.get("enum"), "type": row.get("type")}
    return {key: value for key, value in limits.items() if value is not None}


def _listed(data: Any, depth: int = 0) -> list[Operation]:
    """Objects anywhere that name a method and a path: {"method": "PUT", "path": "/level", "body": {"value": 40}}; and
    texts like "PUT /level"."""
    found: list[Operation] = []
    if isinstance(data, str):
        return _spoken(data) if len(data) < 400 else []
    if isinstance(data, list) and depth < DEEP:
        for one in data[:60]:
            found += _listed(one, depth + 1)
    if isinstance(data, Mapping) and depth < DEEP:
        lower = {str(key).casefold(): value for key, value in data.items()}
        path = next((lower[key] for key in ("path", "url", "href", "uri", "endpoint", "route") if isinstance(
            lower.get(key), str)), "")
        method = next((str(lower[key]).upper() for key in ("method", "verb", "http_method", "httpmethod")
                       if isinstance(lower.get(key), str)), "")
        if path.startswith("/") and method in ("PUT", "POST", "PATCH"):
            body = next((lower[key] for key in ("body", "payload", "params", "parameters", "fields", "example", "json",
                                                "form", "data", "arguments", "args", "schema") if key in lower), None)
            said = str(lower.get("content_type", lower.get("type", "")))
            kind = "form" if "form" in lower or "form" in said else "json"
            fields, example = _shown_body(body)
            return [Operation(method, path, kind, fields, example, str(lower.get("description", ""))[:80])]
        for key, value in list(data.items())[:60]:
            line = re.fullmatch(r"(PUT|POST|PATCH) (/\S+)", str(key))
            if line:
                fields, example = _shown_body(value)
                found.append(Operation(line[1], line[2], "json", fields, example))
            else:
                found += _listed(value, depth + 1)
    return found


def _shown_body(body: Any) -> tuple[dict[str, dict[str, Any]], Any]:
    """The fields of a body that was described, and the body where it was an example."""
    if isinstance(body, str):
        try:
            body = read_json(body)
        except Garbage:
            return {name: {} for name in re.findall(r"[a-z_]\w*", body)[:6]}, None
    if isinstance(body, list):
        names = [one.get("name") if isinstance(one, Mapping) else one for one in body]
        return {str(name): limits_of(one) if isinstance(one, Mapping) else {}
                for name, one in zip(names, body, strict=True) if name}, None
    if not isinstance(body, Mapping):
        return {}, None
    inner = body.get("properties")
    if isinstance(inner, Mapping):
        body = inner
    fields: dict[str, dict[str, Any]] = {}
    for name, one in body.items():
        if isinstance(one, Mapping):
            fields[str(name)] = {**limits_of(one), **_schema_limits(one)}
        elif isinstance(one, list):
            fields[str(name)] = {"options": one}
        elif isinstance(one, str) and "|" in one:
            fields[str(name)] = {"options": one.split("|")}
        elif isinstance(one, str) and (span := re.fullmatch(_SPAN, one)):
            fields[str(name)] = {"min": int(span[1]), "max": int(span[2])}
        else:
            fields[str(name)] = {}
    return fields, body


_SPAN = r"(?:int|number|float)?\s*(-?\d+)\s*(?:\.\.|-|to)\s*(\d+)"
_SPOKEN = re.compile(r"\b(PUT|POST|PATCH)\s+(/[A-Za-z0-9_\-./{}:]*)([^\n<]{0,200})")


def _spoken(text: str) -> list[Operation]:
    """Plain words of a help page: "PUT /level {"value": 0-100}", "POST /cmd with power=on|off"."""
    found = []
    plain = html.unescape(re.sub(r"</?(?:code|b|tt|kbd|i|em|strong)[^>]{0,100}>", "", text))
    for method, path, rest in _SPOKEN.findall(plain):
        braces = re.search(r"\{.*\}", rest)
        pairs = re.findall(r"([a-z_]\w*)=([^\s&,;)]*)", rest, re.IGNORECASE)
        fields: dict[str, dict[str, Any]] = {}
        example, kind = None, "json"
        if braces:
            try:
                fields, example = _shown_body(json.loads(braces[0]))
            except ValueError:
                fields = {name: {} for name in re.findall(r"""["']([a-zA-Z_]\w*)["']\s*:""", braces[0])}
        elif pairs:
            kind = "form"
            fields = {name: {"options": value.split("|")} if "|" in value else {} for name, value in pairs}
        found.append(Operation(method, path.rstrip(".") or "/", kind, fields, example))
    return found


def _forms(page: Page) -> list[Operation]:
    """The forms of a page: where they go, and their inputs with their limits."""
    found = []
    for head, body in _blocks(page.text, "form"):
        attributes = _attributes(head)
        target = urlsplit(urljoin(page.path, attributes.get("action", page.path)))
        if target.netloc:
            continue
        fields: dict[str, dict[str, Any]] = {}
        for name, rest in re.findall(r"<(input|select|button)([^>]{0,500})>", body, re.IGNORECASE):
            row = _attributes(rest)
            if row.get("name") and row.get("type") not in ("password", "file", "hidden"):
                limits: dict[str, Any] = {key: row[key] for key in ("min", "max") if key in row}
                if name.casefold() == "button" or row.get("type") in ("radio", "submit", "button"):
                    options = [*fields.get(row["name"], {}).get("options", []), row.get("value", "on")]
                    limits = {"options": options}
                fields[row["name"]] = {**fields.get(row["name"], {}), **limits}
        for rest, inside in _blocks(body, "select"):
            row = _attributes(rest)
            values = [(_attributes(one).get("value") or text.strip()) for one, text in re.findall(
                r"<option([^>]{0,200})>([^<]{0,200})", inside, re.IGNORECASE)]
            if row.get("name") and values:
                fields[row["name"]] = {"options": values}
        if fields:
            method = attributes.get("method", "get").upper()
            found.append(Operation(method, target.path, "query" if method == "GET" else "form", fields))
    return found


def _blocks(text: str, tag: str, most: int = 20) -> list[tuple[str, str]]:
    """(what stands in the tag, what stands between it and its end) for the first elements of a name; found by plain
    search, as a page may be made to keep a pattern busy."""
    found: list[tuple[str, str]] = []
    low, at = text.casefold(), 0
    if len(low) != len(text):
        low = text  # letters that are longer when small: such a page is read as it is written
    while len(found) < most and (start := low.find(f"<{tag}", at)) >= 0:
        opened, end = low.find(">", start), low.find(f"</{tag}", start)
        if opened < 0 or end < 0:
            break
        found.append((text[start + len(tag) + 1 : opened][:500], text[opened + 1 : end]))
        at = end + len(tag)
    return found


def _attributes(text: str) -> dict[str, str]:
    return {name.casefold(): html.unescape(a or b or c) for name, a, b, c in re.findall(
        r"""([a-zA-Z\-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", text)}
