"""Reading a recipe: every mistake at once, with its place and its mend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from dobby.errors import ConfigError
from dobby.home.device import DeviceKind
from dobby.home.traits import Risk, Trait, TraitKind, Value
from dobby.home.vocabulary import known
from dobby.wire.recipe.data import (
    BODIES,
    FILE,
    IDENTITIES,
    LIMIT,
    LOGINS,
    LONGEST,
    MOVES,
    RISKY_KINDS,
    WAYS,
    Ability,
    Recipe,
    Request,
)
from dobby.wire.recipe.guard import METHODS, bad_header, bad_path, denied, lets_in, spoken
from dobby.wire.recipe.values import Place, PlaceKind, Turn

_NAME = re.compile(r"[a-z0-9_]{1,40}")


def load(folder: Path) -> Recipe:
    """The recipe in a skill folder; ConfigError names file, place and mend of every mistake."""
    path = folder / FILE
    try:
        if path.stat().st_size > LONGEST:
            raise ConfigError([f"{path}: longer than {LONGEST} bytes"])
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError([f"{path}: {wrong}"]) from None
    return parse(text, folder.name, str(path))


def parse(text: str, slug: str, place: str = FILE) -> Recipe:
    """A recipe from its text; ConfigError with all that is wrong."""
    if len(text) > LONGEST:
        raise ConfigError([f"{place}: longer than {LONGEST} letters"])
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ConfigError([f"{place}: {wrong}"]) from None
    reader = _Reader(place)
    try:
        recipe = reader.recipe(data, slug, text)
    except RecursionError:
        raise ConfigError([f"{place}: nested too deeply"]) from None
    if reader.problems:
        raise ConfigError(reader.problems)
    return recipe


class _Reader:
    """Reads a table and gathers what is wrong with it."""

    def __init__(self, place: str) -> None:
        self.place, self.problems = place, list[str]()

    def wrong(self, where: str, what: str) -> None:
        self.problems.append(f"{self.place}: {where}: {what}")

    def table(self, data: Mapping[str, Any], key: str, where: str = "") -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(f"{where}{key}", "must be a table")
            return {}
        return value

    def text(self, data: Mapping[str, Any], key: str, where: str, default: str = "", limit: int = 300) -> str:
        value = data.get(key, default)
        if not isinstance(value, str) or len(value) > limit or not (value.isprintable() or key in ("ending", "xml")):
            self.wrong(f"{where}{key}", f"must be text, {limit} printable letters at most")
            return default
        return value

    def number(self, data: Mapping[str, Any], key: str, where: str, default: float | None) -> float | None:
        value = data.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
            self.wrong(f"{where}{key}", "must be a number")
            return default
        return value

    def known(self, data: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
        for key in data:
            if key not in keys:
                self.wrong(f"{where}{key}", f"is not known here; there are {', '.join(keys)}")

    def recipe(self, data: dict[str, Any], slug: str, text: str) -> Recipe:
        self.known(data, ("recipe", "name", "kind", "learned", "known_by", "talks", "requests", "traits"), "")
        if data.get("recipe") != 1:
            self.wrong("recipe", "must be 1, the version of this form")
        kind = self.text(data, "kind", "")
        if kind not in get_args(DeviceKind) or kind in ("hub", "camera"):
            self.wrong("kind", f"“{kind}” is none; there are {', '.join(get_args(DeviceKind))}")
        name = self.text(data, "name", "", limit=80)
        if not name.strip():
            self.wrong("name", "is missing")
        talks = self.table(data, "talks")
        self.known(talks, ("by", "port", "tls", "path", "hello", "login", "ending", "every"), "talks.")
        by = self.text(talks, "by", "talks.")
        if by not in WAYS:
            self.wrong("talks.by", f"must be one of {', '.join(WAYS)}")
        port, every = self.number(talks, "port", "talks.", None), self.number(talks, "every", "talks.", 4.0) or 4.0
        if port is None or not 0 < port < 65_536 or port != int(port):
            self.wrong("talks.port", "must be a port, 1 to 65535")
            port = 1
        if not 1 <= every <= 3600:
            self.wrong("talks.every", "must be 1 to 3600 seconds")
        path = self.text(talks, "path", "talks.")
        if path and (bad := bad_path(path)):
            self.wrong("talks.path", bad)
        login = self.text(talks, "login", "talks.")
        if login and not re.fullmatch(r"(basic|bearer|(header|query):[A-Za-z0-9_\-]{1,40})", login):
            self.wrong("talks.login", f"must be one of {', '.join(LOGINS)} (header:NAME, query:NAME); the secret "
                                      "itself is asked for at pairing and never stands here")
        requests = self.requests(self.table(data, "requests"), by)
        abilities = self.abilities(self.table(data, "traits"), requests, kind, by)
        known_by, ask = self.identity(self.table(data, "known_by"), requests)
        hello, ending = self.text(talks, "hello", "talks."), self.text(talks, "ending", "talks.", "\n")
        if ending not in ("", "\n", "\r", "\r\n", "\0", ";"):
            self.wrong("talks.ending", "must be an end of line")
        if hello and hello not in requests:
            self.wrong("talks.hello", f"there is no request “{hello}”")
        return Recipe(slug, name.strip(), kind, known_by, ask, by, int(port),  # type: ignore[arg-type]  # checked above
                      talks.get("tls") is True, path, hello, login, ending, every,
                      requests, abilities, text)

    def identity(self, data: dict[str, Any], requests: Mapping[str, Request]) -> tuple[dict[str, str], Place | None]:
        self.known(data, (*IDENTITIES, "ask"), "known_by.")
        found = {kind: self.text(data, kind, "known_by.", limit=100).strip() for kind in IDENTITIES if kind in data}
        if not any(found.values()):
            self.wrong("known_by", "names nothing that the device is known by (mac, udn or serial; never an address)")
        ask = self.place_of(data.get("ask"), "known_by.ask", requests)
        if ask is not None and not ({"serial", "udn"} & set(found)):
            self.wrong("known_by.ask", "asks for a serial or udn that is not given")
        return found, ask

    def place_of(self, data: object, where: str, requests: Mapping[str, Request]) -> Place | None:
        if data is None:
            return None
        kinds = get_args(PlaceKind)
        if not isinstance(data, dict) or sum(kind in data for kind in kinds) != 1:
            self.wrong(where, f"must be a table with one of {', '.join(kinds)}, and request where one is asked")
            return None
        self.known(data, (*kinds, "request"), f"{where}.")
        kind = next(kind for kind in kinds if kind in data)
        request, path = self.text(data, "request", f"{where}."), self.text(data, kind, f"{where}.")
        if request and request not in requests:
            self.wrong(f"{where}.request", f"there is no request “{request}”")
        if kind == "bytes" and not re.fullmatch(r"\d{1,4},[1-8]", path):
            self.wrong(f"{where}.bytes", "must be \"offset,length\"")
        if kind == "xml" and not re.fullmatch(r"[\w.\-]+(/[\w.\-]+(#\d{1,3})?)*(/@[\w.\-]+)?", path):
            self.wrong(f"{where}.xml", "must be names with / between, as root/child/@attribute")
        if kind == "text" and path.count("{}") != 1:
            self.wrong(f"{where}.text", "must hold {} once, where the value stands")
        return Place(request, kind, path)

    def requests(self, data: dict[str, Any], by: str) -> dict[str, Request]:
        found: dict[str, Request] = {}
        if len(data) > LIMIT:
            self.wrong("requests", f"more than {LIMIT}")
        for name, row in list(data.items())[:LIMIT]:
            where = f"requests.{name}."
            if not isinstance(row, dict) or not _NAME.fullmatch(name):
                self.wrong(f"requests.{name}", "must be a table with a plain lower-case name")
                continue
            self.known(row, ("method", "path", "headers", *BODIES, "service", "action", "arguments", "send", "hex",
                             "topic", "silent"), where)
            found[name] = self.request(row, where, by)
        return found

    def request(self, row: dict[str, Any], where: str, by: str) -> Request:
        bodies = [body for body in BODIES if body in row]
        if len(bodies) > 1:
            self.wrong(where.rstrip("."), f"has more than one of {', '.join(BODIES)}")
        one = Request(self.text(row, "method", where, "GET").upper(), self.text(row, "path", where),
                      {str(k): str(v) for k, v in self.table(row, "headers", where).items()},
                      bodies[0] if bodies else "", row.get(bodies[0]) if bodies else None,
                      self.text(row, "service", where), self.text(row, "action", where),
                      {str(k): str(v) for k, v in self.table(row, "arguments", where).items()},
                      self.text(row, "send", where), self.text(row, "hex", where), self.text(row, "topic", where),
                      row.get("silent") is True)
        if one.body and not isinstance(one.content, {"form": dict, "json": object}.get(one.body, str)):
            self.wrong(f"{where}{one.body}", "must be a table" if one.body == "form" else "must be text")
        if by == "http":
            if one.method not in METHODS:
                self.wrong(f"{where}method", f"must be one of {', '.join(sorted(METHODS))}")
            if bad := bad_path(one.path):
                self.wrong(f"{where}path", bad)
        names = (one.service.replace(":", ""), one.action, *one.arguments)
        if by == "upnp" and not all(re.fullmatch(r"[A-Za-z][\w\-]{0,60}", name) for name in names):
            self.wrong(where.rstrip("."), "needs service and action, and arguments with plain names")
        if by in ("tcp", "udp", "websocket") and not (one.send or one.hex or one.body):
            self.wrong(where.rstrip("."), "needs send, hex or a body")
        if by == "mqtt" and (not one.topic or any(sign in one.topic for sign in "#+")):
            self.wrong(f"{where}topic", "must be one topic, without wildcards")
        for name, value in one.headers.items():
            if bad := bad_header(name, value):
                self.wrong(f"{where}headers", bad)
        said = " ".join([one.service, one.action, one.send, one.topic, spoken(dict(one.arguments)),
                         spoken(one.content)])
        if word := denied(said):
            self.wrong(where.rstrip("."), f"“{word}” is never said to a device")
        if one.hex and not re.fullmatch(r"([0-9A-Fa-f]{2}|\{value(:[1-8])?\}|\{sum\}|\{xor\}|\{crc16\})"
                                        r"( ([0-9A-Fa-f]{2}|\{value(:[1-8])?\}|\{sum\}|\{xor\}|\{crc16\}))*", one.hex):
            self.wrong(f"{where}hex", "must be bytes, {value}, {value:2}, {sum}, {xor} or {crc16}, apart by spaces")
        return one

    def abilities(self, data: dict[str, Any], requests: Mapping[str, Request], kind: str,
                  by: str) -> tuple[Ability, ...]:
        found = []
        if not data:
            self.wrong("traits", "there is nothing that it shows or does")
        for name, row in list(data.items())[:LIMIT]:
            where = f"traits.{name}"
            if not isinstance(row, dict) or not _NAME.fullmatch(name):
                self.wrong(where, "must be a table with a plain lower-case name")
                continue
            self.known(row, ("read", "set", "words", "scale", "offset", "whole", "min", "max", "step", "choices",
                             "tolerance", "unit", "kind"), f"{where}.")
            one = self.ability(name, row, where, requests, kind)
            if one.read is None and not one.set:
                self.wrong(where, "is neither read nor set")
            if one.read is not None and not one.read.request and by in ("http", "upnp", "udp"):
                self.wrong(f"{where}.read.request", f"is needed: nothing is pushed over {by}")
            if one.set and one.set not in requests:
                self.wrong(f"{where}.set", f"there is no request “{one.set}”")
            found.append(one)
        return tuple(found)

    def ability(self, name: str, row: dict[str, Any], where: str, requests: Mapping[str, Request],
                kind: str) -> Ability:
        turn, read, set_ = self.turn(row, where), self.place_of(row.get("read"), f"{where}.read", requests), str(
            row.get("set", ""))
        base = known(name, kind) or self.unknown(name, row, where)
        limits = {key: self.number(row, key, f"{where}.", getattr(base, key)) for key in ("min", "max", "step")}
        choices = row.get("choices", [mine for mine, _ in turn.words] or list(base.choices))
        if not (isinstance(choices, list) and all(isinstance(c, str) and c.isprintable() and len(c) <= 60
                                                  for c in choices)):
            if base.kind == "choice" or "choices" in row:
                self.wrong(f"{where}.choices", "must be a list of words, 60 printable letters each")
            choices = []
        if word := next((word for one in choices if (word := denied(one))), ""):
            self.wrong(f"{where}.choices", f"“{word}” is never said to a device")
        tolerance = self.number(row, "tolerance", f"{where}.", None)
        if tolerance is None:
            tolerance = max(base.tolerance, 0.51 / abs(turn.scale or 1)) if turn.whole else base.tolerance
        trait = base.but(**limits, choices=tuple(choices) if base.kind == "choice" else (), tolerance=tolerance,
                         confirmed_by="" if read else "-", confirmed_as=None, travels="")
        if not set_ and trait.kind != "sensor":
            trait = trait.but(kind="sensor")
        if trait.kind != "sensor" and (kind in RISKY_KINDS or name in MOVES):
            trait = trait.but(base_risk=max(trait.base_risk, Risk.ASK))
        spoken_then = requests[set_].said() if set_ in requests else ""
        told = f"{name} {spoken_then} {' '.join(str(one) for _, one in turn.words)}"
        if trait.kind != "sensor" and lets_in(told):  # whatever it calls itself: this is how doors are told
            trait = trait.but(base_risk=Risk.SECURE)
        return Ability(trait, read, set_, turn)

    def unknown(self, name: str, row: dict[str, Any], where: str) -> Trait:
        """A trait that the vocabulary does not have: of unknown purpose, so it asks."""
        kind = self.text(row, "kind", f"{where}.", "sensor")
        if kind not in get_args(TraitKind) or kind in ("color", "action"):
            self.wrong(f"{where}.kind", "must be switch, number, choice or sensor")
            kind = "sensor"
        unit = self.text(row, "unit", f"{where}.", limit=12)
        return Trait(name, kind, unit, base_risk=Risk.ASK)  # type: ignore[arg-type]  # checked above

    def turn(self, row: dict[str, Any], where: str) -> Turn:
        pairs: list[tuple[Value, Value]] = []
        words = row.get("words", [])
        if not isinstance(words, list):
            self.wrong(f"{where}.words", "must be pairs: [[ours, the device's], ...]")
            words = []
        for pair in words[:LIMIT]:
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, bool | int | float | str)
                                                                      for p in pair)):
                self.wrong(f"{where}.words", "must be pairs: [[ours, the device's], ...]")
                continue
            pairs.append((pair[0], pair[1]))
            if any(isinstance(one, str) and (not one.isprintable() or len(one) > 60) for one in pair):
                self.wrong(f"{where}.words", "each must be 60 printable letters at most")
            if isinstance(pair[1], str) and (word := denied(pair[1])):
                self.wrong(f"{where}.words", f"“{word}” is never said to a device")
        scale = self.number(row, "scale", f"{where}.", 1.0) or 1.0
        return Turn(tuple(pairs), scale, self.number(row, "offset", f"{where}.", 0.0) or 0.0, row.get("whole") is True)
