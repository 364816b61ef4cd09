"""Guessing, by rule and without a model, what a device is and how it might be driven, from what it let see.

A guess is only a draft: nothing of it was sent, and a way to set something counts when the device was seen to do it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from dobby.learning.documents import Leaf, fields_of, leaves
from dobby.learning.draft import Draft, Row, Seen, Way
from dobby.learning.look import Look, Page
from dobby.learning.meanings import Meant, kind_of, meaning, tokens
from dobby.learning.operations import Operation, operations
from dobby.learning.upnp import upnp_draft
from dobby.wire.recipe.guard import bad_path, denied
from dobby.wire.recipe.values import read_json

_IDS = ("serial", "serialnumber", "serialno", "sn", "uuid", "udn", "macaddress", "mac", "deviceid", "uid", "chipid",
        "hwid", "identifier", "id")
_NAMES = ("name", "friendlyname", "devicename", "label", "title", "displayname", "alias", "product", "model",
          "modelname")
_KINDS = ("type", "kind", "category", "devicetype", "class", "device", "model", "product", "description", "modelname")


def guess(look: Look) -> Draft | None:
    """What a device probably is, with the ways in which it might be set; None when no rule knows."""
    draft = upnp_draft(look) or _web_draft(look) or _socket_draft(look)
    if draft is None or not draft.fields:
        return None
    return draft


def _web_draft(look: Look) -> Draft | None:
    """A device whose state is a JSON or XML document."""
    pages = [page for page in look.pages if page.status == 200]
    documents = {page.path: fields_of(page) for page in pages if not _describes(page)}
    told = operations(look.pages)
    every = [leaf for rows in documents.values() for _, leaf in rows]
    name, kind_words = _called(look, every)
    kind = kind_of(kind_words, ())
    if kind == "sensor":
        kind = kind_of(kind_words, [one.trait for rows in documents.values() for _, leaf in rows
                                    if (one := _meant(leaf, told, kind))])
    by_page = {page.path: _recognised(page, documents[page.path], told, kind) for page in pages
               if page.path in documents}
    ranked = sorted((page for page in pages if by_page.get(page.path)),
                    key=lambda page: (-sum(1 if one.meant.sensed else 3 for one in by_page[page.path]), len(page.path)))
    if not ranked:
        return None
    known_by, asked = _identity(look, pages, documents)
    if not known_by:
        return None
    draft = Draft(name or kind, kind, "http", ranked[0].port, known_by)
    for page in ranked[:4]:
        if page.port != draft.port:
            continue
        new = [one for one in by_page[page.path] if one.meant.trait not in {seen.meant.trait for seen in draft.fields}]
        if new:
            request = _request_name(page.path)
            draft.requests[request] = {"method": "GET", "path": page.path}
            draft.fields += [replace(one, read={"request": request, **one.read}) for one in new]
    if asked is not None:
        page_path, place = asked
        request = _request_name(page_path)
        draft.requests.setdefault(request, {"method": "GET", "path": page_path})
        draft.known_by["ask"] = {"request": request, **place}
    draft.kind = kind_of(kind_words, [one.meant.trait for one in draft.fields])
    draft.ways = list(_ways(draft, told, look))
    draft.why = f"its page {ranked[0].path} shows {', '.join(one.meant.trait for one in draft.fields)}"
    return draft


def _describes(page: Page) -> bool:
    """Whether a page tells of an interface (OpenAPI), not of the device's state."""
    paths = page.data.get("paths") if isinstance(page.data, Mapping) else None
    return isinstance(paths, Mapping) or "openapi" in page.path or "swagger" in page.path


def _request_name(path: str) -> str:
    return ("get" + re.sub(r"[^a-z0-9]+", "_", path.casefold())).rstrip("_")[:40] or "get"


def _called(look: Look, every: Sequence[Leaf]) -> tuple[str, list[str]]:
    """Its own name for itself, and all words that may tell its kind, the plainest first."""
    said: dict[str, str] = {}
    for leaf in every:
        key = tokens(leaf.names[-1])[-1]
        if isinstance(leaf.value, str) and leaf.value.strip() and len(leaf.value) < 80:
            said.setdefault(key, leaf.value.strip())
    titles = [re.sub(r"\s+", " ", found[1]).strip()[:80] for page in look.pages if page.status == 200
              and (found := re.search(r"<title>([^<]{1,120})</title>", page.text, re.IGNORECASE))]
    info = [page.data["info"].get("title", "") for page in look.pages if isinstance(page.data, Mapping)
            and isinstance(page.data.get("info"), Mapping)]
    facts = [look.facts.get(key, "") for key in ("friendlyname", "modelname", "name", "service", "manufacturer")]
    name = next((said[key] for key in _NAMES if key in said), "") or next((one for one in (*facts, *titles, *info)
                                                                           if one), "")
    kinds = [said[key] for key in _KINDS if key in said]
    keys = [leaf.names[-1] for leaf in every][:40]
    return name[:60], [one for one in (*kinds, name, *titles, *info, *facts) if one] + keys


def _identity(look: Look, pages: Sequence[Page],
              documents: Mapping[str, Sequence[tuple[str, Leaf]]]) -> tuple[Row, tuple[str, Row] | None]:
    """What the device is known by whatever its address, and where it says so itself."""
    known: Row = {}
    if look.mac:
        known["mac"] = look.mac
    ranked: list[tuple[int, str, str, Leaf]] = []
    for page in pages:
        for form, leaf in documents.get(page.path, ()):
            word = tokens(leaf.names[-1])[-1]
            value = str(leaf.value)
            if word in _IDS and len(leaf.names) <= 4 and 4 <= len(value) <= 64 and value.isprintable() and re.search(
                    r"\d", value):
                ranked.append((_IDS.index(word), page.path, form, leaf))
    if ranked:
        _, path, form, leaf = min(ranked, key=lambda one: (one[0], len(one[1])))
        known["serial"] = str(leaf.value)
        return known, (path, {form: leaf.path})
    if udn := look.facts.get("udn", ""):
        known["udn"] = udn
    return known, None


def _recognised(page: Page, rows: Sequence[tuple[str, Leaf]], told: Sequence[Operation], kind: str) -> list[Seen]:
    found: dict[str, Seen] = {}
    for form, leaf in rows:
        meant = _meant(leaf, told, kind)
        if meant is not None and (meant.trait not in found or found[meant.trait].meant.sensed > meant.sensed):
            found[meant.trait] = Seen(meant, {form: leaf.path}, leaf.names, leaf.value, page.path)
    if "target" in found and "temperature" in found:  # what heats shows how warm it is
        was = found.pop("temperature")
        found["current"] = replace(was, meant=replace(was.meant, trait="current"))
    return list(found.values())


def _meant(leaf: Leaf, told: Sequence[Operation], kind: str) -> Meant | None:
    """What a leaf means, with the limits that an operation gives for a field of its name."""
    last = leaf.names[-1].casefold()
    beside = dict(leaf.beside)
    for operation in told:
        for name, limits in operation.fields.items():
            if name.rpartition(".")[2].casefold() == last:
                beside = {**{key: value for key, value in limits.items() if key != "type"}, **beside}
    if beside.get("unit") is None and any("fahrenheit" in part.casefold() for part in leaf.names):
        beside["unit"] = "F"
    return meaning(leaf.names, leaf.value, beside, kind)


# --- ways of setting --------------------------------------------------------------------------------------------------


def _ways(draft: Draft, told: Sequence[Operation], look: Look) -> Iterable[Way]:
    """What the device tells of first; then what such interfaces usually take, the likeliest first."""
    if any(_told(one, told) for one in draft.fields):
        for body in ("", "form", "json"):
            yield Way("as it says itself", _told_with(told, body), told=True)
    xml = any("xml" in one.read for one in draft.fields)
    refused = {page.path: page.allow.upper() for page in look.pages if page.status == 405}
    styles: list[Callable[[str], Way]] = ([_form, _xml_body(look)] if xml else
                                          [_nested("PUT"), _nested("PATCH"), _nested("POST"), _flat("PUT"),
                                           _flat("POST"), _sub("PUT"), _sub("POST"), _form])
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
        place = set(tokens(operation.path.rstrip("/").rpartition("/")[2]))
        spoken = set(tokens(one.names[-1])) | ({parent} if one.names[-1].casefold() in ("value", "state") else set())
        for name in operation.fields:
            leaf = name.rpartition(".")[2].casefold()
            limits = operation.fields[name]
            score = (5 if name.casefold() in own or leaf == one.names[-1].casefold() else
                     4 if leaf in ("value", "state", "level", "v", "val", "to", "on") and place & spoken else
                     3 if _same_meaning(name, limits, one) else 0)
            if score and (best is None or score > best[0]):
                best = (score, operation, name)
        if not operation.fields and place & spoken and best is None:
            best = (1, operation, one.names[-1])
    return (best[1], best[2]) if best else None


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
        if body and body == operation.body:
            return None
        row: Row = {"method": operation.method, "path": operation.path}
        if style == "query":
            return {"method": "GET" if operation.method == "GET" else operation.method,
                    "path": f"{operation.path}?{name}={{value}}"}
        filled: Any = _put({}, name.split("."), "{value}") if style == "json" else {name: "{value}"}
        if isinstance(operation.example, Mapping) and name in operation.example:
            extra = {key: value for key, value in operation.example.items() if key != name
                     and isinstance(value, bool | int | float | str) and not _other_field(key, told)}
            filled = {**extra, **filled} if not body else filled
        row[style] = filled
        return row
    return request


def _other_field(key: str, told: Sequence[Operation]) -> bool:
    return any(words in ("value", "level") or len(words) > 1 for words in [key]) and not re.search(
        r"(cmd|command|action|id|key|type|op)$", key.casefold())


def _put(into: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    here = into
    for name in path[:-1]:
        here = here.setdefault(name, {})
    here[path[-1]] = value
    return into


def _steps(one: Seen) -> list[str] | None:
    """The keys to a JSON field; None where a list stands in between."""
    path = one.read.get("json", "")
    return None if "[" in path or not path else path.split(".")


def _nested(method: str) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = _steps(one)
            if one.page != path or steps is None:
                return None
            return {"method": method, "path": path, "json": _put({}, steps, "{value}")}
        return Way(f"{method} {path}", request)
    return style


def _flat(method: str) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = _steps(one)
            if one.page != path or steps is None or len(steps) < 2:
                return None
            return {"method": method, "path": path, "json": {one.names[-1]: "{value}"}}
        return Way(f"{method} {path}", request)
    return style


def _sub(method: str) -> Callable[[str], Way]:
    def style(path: str) -> Way:
        def request(one: Seen) -> Row | None:
            steps = _steps(one)
            if one.page != path or steps is None or bad_path(f"{path.rstrip('/')}/{'/'.join(steps)}"):
                return None
            return {"method": method, "path": f"{path.rstrip('/')}/{'/'.join(steps)}", "json": {"value": "{value}"}}
        return Way(f"{method} {path.rstrip('/')}/…", request)
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
        return {"method": method, "path": path, "json": {one.names[-1]: "{value}"}}
    return Way(f"{method} {path}", request)


# --- sockets ----------------------------------------------------------------------------------------------------------


def _socket_draft(look: Look) -> Draft | None:
    """A device that tells its state over a WebSocket."""
    for (port, path), messages in look.sockets.items():
        for message in messages:
            if message.lstrip()[:1] != "{":
                continue
            data = read_json(message)
            rows = [leaf for leaf in leaves(data) if not {"type", "event", "cmd"} & {leaf.names[-1]}]
            name, words = _called(look, rows)
            kind = kind_of(words, ())
            found = {meant.trait: Seen(meant, {"json": leaf.path}, leaf.names, leaf.value, path)
                     for leaf in rows if (meant := _meant(leaf, (), kind))}
            page = Page(port, path, 200, "application/json", message, data=data)
            known_by, _ = _identity(look, [page], {path: [("json", leaf) for leaf in leaves(data)]})
            if not found or not known_by:
                continue
            draft = Draft(name or kind, kind_of(words, found), "websocket", port, known_by, path=path,
                          fields=list(found.values()), why="it tells its state over a WebSocket")
            draft.ways = list(_messages(data))
            return draft
    return None


def _messages(data: Mapping[str, Any]) -> Iterable[Way]:
    """What such devices usually take: the same shape as they speak in, first."""
    wrap = next((key for key in ("data", "state", "payload", "params") if isinstance(data.get(key), Mapping)), "")
    label = next((key for key in ("type", "event", "cmd", "action", "op") if isinstance(data.get(key), str)), "")

    def way(title: str, body: Callable[[Seen], Any]) -> Way:
        def request(one: Seen) -> Row | None:
            filled = body(one)
            return None if filled is None else {"json": filled, "silent": True}
        return Way(title, request)

    def steps(one: Seen) -> list[str]:
        return _steps(one) or list(one.names)

    if label:
        for word in ("set", "command", "update"):
            if not denied(word):
                yield way(word, lambda one, word=word: {label: word, **(_put({}, steps(one), "{value}"))})  # type: ignore[misc]  # a default binds the word
                yield way(word, lambda one, word=word: {label: word, "key": one.names[-1], "value": "{value}"})  # type: ignore[misc]
                if not wrap:
                    yield way(word, lambda one, word=word: {label: word, "data": {one.names[-1]: "{value}"}})  # type: ignore[misc]
    yield way("set", lambda one: _put({}, steps(one), "{value}"))
    yield way("set", lambda one: {"set": {one.names[-1]: "{value}"}})
    yield way("set", lambda one: {"cmd": "set", one.names[-1]: "{value}"})
    yield way("set", lambda one: {"command": "set", "key": one.names[-1], "value": "{value}"})
    yield way("set", lambda one: {"action": "set", one.names[-1]: "{value}"})


def place_of(location: str) -> tuple[int, str]:
    """Port and path of an address that something announced."""
    split = urlsplit(location)
    return split.port or 80, split.path or "/"
