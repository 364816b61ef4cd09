"""A recipe in the making: what was recognised on a device, and the ways in which it might be set, until one is
proven."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dobby.learning.meanings import Meant
from dobby.wire.recipe.data import Recipe
from dobby.wire.recipe.reader import parse

Row = dict[str, Any]  # one request, as a recipe's table


@dataclass(frozen=True, slots=True)
class Seen:
    """A field of the device that means a trait: where it is read, its name as the device writes it, its value now, and
    its path inside the document."""

    meant: Meant
    read: Row
    names: tuple[str, ...]
    value: Any
    page: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a field might be set: a request for it, None where this way knows none. title: for the person
    who is asked, "PUT /state"."""

    title: str
    request: Callable[[Seen], Row | None]
    told: bool = False  # the device itself says that this is how


@dataclass(slots=True)
class Draft:
    """What was recognised, not yet tried."""

    name: str
    kind: str
    by: str
    port: int
    known_by: Row
    requests: dict[str, Row] = field(default_factory=dict)
    fields: list[Seen] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    path: str = ""
    hello: str = ""
    why: str = ""

    @property
    def slug(self) -> str:
        """The folder's name: what it is called, and the tail of what it is known by."""
        return folder_name(self.name or self.kind, self.known_by)

    def settable(self, way: Way) -> list[Seen]:
        """The fields that this way can set, the harmless ones first."""
        found = [one for one in self.fields if not one.meant.sensed and way.request(one) is not None]
        return sorted(found, key=lambda one: harm(one.meant.trait))

    def recipe(self, way: Way | None) -> Recipe:
        """The recipe for this way of setting; for looking only without one. ConfigError when it breaks a rule."""
        requests, traits = {name: dict(row) for name, row in self.requests.items()}, dict[str, Row]()
        for one in self.fields:
            row: Row = {"read": one.read, **_turn(one.meant), **one.meant.limits}
            request = way.request(one) if way is not None and not one.meant.sensed else None
            if request is not None:
                requests[f"set_{one.meant.trait}"] = request
                row["set"] = f"set_{one.meant.trait}"
            traits[one.meant.trait] = row
        name = "".join(c if c.isprintable() else " " for c in self.name).strip()[:60] or self.kind
        talks: Row = {"by": self.by, "port": self.port}
        for key, value in (("path", self.path), ("hello", self.hello)):
            if value:
                talks[key] = value
        data = {"recipe": 1, "name": name, "kind": self.kind, "known_by": self.known_by, "talks": talks,
                "requests": requests, "traits": traits}
        return parse(toml(data), self.slug)


def folder_name(name: str, known_by: Mapping[str, Any]) -> str:
    """What the folder of a learned device is called: its name, and the tail of what it is known by."""
    tail = re.sub(r"[^a-z0-9]", "", str(next((known_by[kind] for kind in ("mac", "serial", "udn") if kind in known_by),
                                             "")).lower())[-6:]
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:30] or "device"
    return f"{plain}-{tail}" if tail else plain


def slug_of(text: str) -> str:
    """The folder's name for a recipe that somebody wrote; "device" where its text cannot be read."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return "device"
    known_by = data.get("known_by")
    return folder_name(str(data.get("name", "")), known_by if isinstance(known_by, Mapping) else {})


# what may be tried on a device whose owner watches: the sooner, the less it can do
HARMLESS = ("brightness", "volume", "muted", "speed", "fan_mode", "effect", "on", "playing", "oscillating", "source",
            "choice", "amount", "position", "tilt", "mode", "target", "locked")


def harm(trait: str) -> int:
    """How late a trait is to be tried."""
    return HARMLESS.index(trait) if trait in HARMLESS else len(HARMLESS)


def _turn(meant: Meant) -> Row:
    row: Row = {}
    if meant.words:
        row["words"] = [list(pair) for pair in meant.words]
    if meant.scale != 1.0:
        row["scale"] = meant.scale
    if meant.offset:
        row["offset"] = meant.offset
    if meant.whole:
        row["whole"] = True
    return row


# --- TOML -------------------------------------------------------------------------------------------------------------


def toml(data: Mapping[str, Any]) -> str:
    """A recipe's tables as TOML: tables two deep, what is deeper inline."""
    lines = [f"{_key(key)} = {inline(value)}" for key, value in data.items() if not isinstance(value, Mapping)]
    for name, table in data.items():
        if isinstance(table, Mapping):
            flat = {key: value for key, value in table.items()
                    if not (isinstance(value, Mapping) and name in ("requests", "traits"))}
            if flat or not table:
                lines += ["", f"[{_key(name)}]", *(f"{_key(key)} = {inline(value)}" for key, value in flat.items())]
            for key, value in table.items():
                if key not in flat:
                    lines += ["", f"[{_key(name)}.{_key(key)}]",
                              *(f"{_key(k)} = {inline(v)}" for k, v in value.items())]
    return "\n".join(lines).strip() + "\n"


def inline(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {inline(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    return '""'


def _key(key: Any) -> str:
    return str(key) if re.fullmatch(r"[A-Za-z0-9_\-]+", str(key)) else json.dumps(str(key), ensure_ascii=False)
