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
from dobby.learning.ways import put, steps_to, ways_of, worded
from dobby.wire.recipe.guard import denied
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
    draft.fields = [worded(one, told) for one in draft.fields]
    draft.ways = list(ways_of(draft, told, look))
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
    keys = list(dict.fromkeys(name for leaf in every[:40] for name in (leaf.names[0], leaf.names[-1])))
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
        return steps_to(one) or list(one.names)

    if label:
        for word in ("set", "command", "update"):
            if not denied(word):
                yield way(word, lambda one, word=word: {label: word, **(put({}, steps(one), "{value}"))})  # type: ignore[misc]  # a default binds the word
                yield way(word, lambda one, word=word: {label: word, "key": one.names[-1], "value": "{value}"})  # type: ignore[misc]
                if not wrap:
                    yield way(word, lambda one, word=word: {label: word, "data": {one.names[-1]: "{value}"}})  # type: ignore[misc]
    yield way("set", lambda one: put({}, steps(one), "{value}"))
    yield way("set", lambda one: {"set": {one.names[-1]: "{value}"}})
    yield way("set", lambda one: {"cmd": "set", one.names[-1]: "{value}"})
    yield way("set", lambda one: {"command": "set", "key": one.names[-1], "value": "{value}"})
    yield way("set", lambda one: {"action": "set", one.names[-1]: "{value}"})


def place_of(location: str) -> tuple[int, str]:
    """Port and path of an address that something announced."""
    split = urlsplit(location)
    return split.port or 80, split.path or "/"
