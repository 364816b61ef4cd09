"""A UPnP device from its own description: its services' actions and state variables (SCPD, UPnP Device Architecture
2.0, section 2.5) say with types, ranges and allowed words what can be set and read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from dobby.errors import Garbage
from dobby.learning.draft import Draft, Row, Seen, Way
from dobby.learning.look import Look
from dobby.learning.meanings import kind_of, meaning
from dobby.wire.recipe.guard import denied
from dobby.wire.recipe.values import local
from dobby.wire.web import read_xml


@dataclass(slots=True)
class _Action:
    service: str
    name: str
    takes: list[tuple[str, str]] = field(default_factory=list)  # (argument, state variable)
    gives: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Service:
    short: str
    actions: list[_Action]
    variables: Mapping[str, Mapping[str, Any]]


def upnp_draft(look: Look) -> Draft | None:
    """What a device description among the pages offers; None where there is none, or nothing in it is set or read."""
    for page in look.pages:
        if page.status != 200 or "schemas-upnp-org" not in page.text:
            continue
        try:
            root = read_xml(page.text)
        except Garbage:
            continue
        if local(root.tag) != "root":
            continue
        said = {local(one.tag): (one.text or "").strip() for one in root.iter() if not len(one)}
        services = list(_services(look, root, page.port))
        kind_words = [said.get("friendlyName", ""), said.get("modelName", ""), said.get("modelDescription", ""),
                      said.get("deviceType", "").split(":")[-2] if said.get("deviceType", "").count(":") > 2 else ""]
        kind = kind_of(kind_words, ())
        draft = Draft(said.get("friendlyName", "")[:60] or "UPnP device", kind, "upnp", page.port,
                      {"udn": said.get("UDN", ""), **({"mac": look.mac} if look.mac else {})}, path=page.path)
        setters: dict[str, Row] = {}
        for service in services:
            _offers(service, kind, draft, setters)
        if draft.fields and draft.known_by["udn"]:
            draft.kind = kind_of(kind_words, [one.meant.trait for one in draft.fields])
            draft.ways = [Way("as its description says", partial(_set_by, setters), told=True)]
            draft.why = f"it describes itself: {', '.join(service.short for service in services)}"
            return draft
    return None


def _set_by(setters: Mapping[str, Row], one: Seen) -> Row | None:
    return setters.get(one.meant.trait)


def _services(look: Look, root: Element, port: int) -> Iterator[_Service]:
    for service in root.iter():
        if local(service.tag) != "service":
            continue
        row = {local(one.tag): (one.text or "").strip() for one in service}
        path = re.sub(r"^https?://[^/]+", "", row.get("SCPDURL", ""))
        page = look.page(path if path.startswith("/") else f"/{path}")
        if page is None:
            continue
        try:
            document = read_xml(page.text)
        except Garbage:
            continue
        yield _described(":".join(row.get("serviceType", "").split(":")[3:]), document)


def _described(short: str, document: Element) -> _Service:
    actions, variables = [], dict[str, dict[str, Any]]()
    for one in document.iter():
        if local(one.tag) == "action":
            action = _Action(short, next((child.text or "" for child in one if local(child.tag) == "name"), "").strip())
            for argument in one.iter():
                if local(argument.tag) == "argument":
                    row = {local(child.tag): (child.text or "").strip() for child in argument}
                    pair = row.get("name", ""), row.get("relatedStateVariable", "")
                    (action.gives if row.get("direction") == "out" else action.takes).append(pair)
            actions.append(action)
        elif local(one.tag) == "stateVariable":
            row = {local(child.tag): (child.text or "").strip() for child in one if not len(child)}
            limits: dict[str, Any] = {"type": row.get("dataType", ""), "default": row.get("defaultValue")}
            for inner in one.iter():
                name = local(inner.tag)
                if name in ("minimum", "maximum"):
                    limits["min" if name == "minimum" else "max"] = (inner.text or "").strip()
                elif name == "allowedValue":
                    limits.setdefault("options", []).append((inner.text or "").strip())
            variables[row.get("name", "")] = limits
    return _Service(short, actions, variables)


def _offers(service: _Service, kind: str, draft: Draft, setters: dict[str, Row]) -> None:
    """Add to the draft what one service lets be read, and to the setters what it lets be set."""
    for getter in sorted(service.actions, key=lambda one: len(one.name)):  # GetVolume before GetVolumeDB
        constants = _constants(service, getter, "")
        if not getter.name.startswith(("Get", "Read", "Query")) or constants is None or denied(getter.name):
            continue
        for argument, variable in getter.gives:
            limits = {key: value for key, value in service.variables.get(variable, {}).items()
                      if key in ("min", "max", "options")}
            name = re.sub(r"^(A_ARG_TYPE_|Current|Ret|Result|Get)", "", variable if not variable.startswith("A_ARG")
                          else argument)
            sample = _sample(service.variables.get(variable, {}))
            meant = meaning((service.short.split(":")[0], name), sample, limits, kind) if sample is not None else None
            if meant is None or meant.trait in {one.meant.trait for one in draft.fields}:
                continue
            request = f"get_{meant.trait}"
            draft.requests[request] = {"service": service.short, "action": getter.name, "arguments": constants}
            draft.fields.append(Seen(meant, {"request": request, "json": argument}, (name,), sample, draft.path))
            if (row := _setter(service, variable, name)) is not None:
                setters[meant.trait] = row


def _sample(variable: Mapping[str, Any]) -> Any:
    """A value that this variable could have: what the rules for meanings look at."""
    kind = variable.get("type", "")
    if kind == "boolean":
        return "1"  # UPnP writes booleans as 1 and 0
    if kind.startswith(("ui", "i", "int", "r", "float", "number", "fixed")):
        return 1 if kind[0] in "ui" else 1.5
    options = variable.get("options")
    return options[0] if options else None


def _setter(service: _Service, variable: str, name: str) -> Row | None:
    """The action that sets what a variable shows: the one that takes that variable, or one of its name."""
    bare = re.sub(r"(Status|Current|Value|State)", "", name)
    exact = [one for one in service.actions if any(related == variable for _, related in one.takes)]
    for action in [*exact, *(one for one in service.actions if one not in exact)]:
        if not action.name.startswith(("Set", "Select", "Change")) or denied(action.name):
            continue
        for argument, related in action.takes:
            same = related == variable or re.sub(r"^(Set|Select|Change)", "", action.name).startswith(bare) or re.sub(
                r"(Target|New|Desired)", "", related) == bare
            constants = _constants(service, action, argument)
            if same and constants is not None and argument not in ("InstanceID", "Channel"):
                return {"service": service.short, "action": action.name,
                        "arguments": {**constants, argument: "{value}"}}
    return None


def _constants(service: _Service, action: _Action, but: str) -> dict[str, str] | None:
    """Values for the arguments that are not the value: the instance, the master channel; None where one is unknown."""
    found: dict[str, str] = {}
    for argument, related in action.takes:
        if argument == but:
            continue
        limits = service.variables.get(related, {})
        options = limits.get("options") or []
        if argument == "InstanceID" or "InstanceID" in related:
            found[argument] = "0"
        elif "Master" in options:
            found[argument] = "Master"
        elif limits.get("default"):
            found[argument] = str(limits["default"])
        elif options:
            found[argument] = str(options[0])
        else:
            return None
    return found
