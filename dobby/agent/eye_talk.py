"""What is said to the eyes, by known sentences: "show me the garden", "who came by this morning?", "only people at
night". A table of sentences a language (languages/<xx>/eyes.toml); a sentence fits whole or not at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from dobby.agent.meaning import Sight, SightVerb
from dobby.agent.sentences import any_of, pattern
from dobby.eyes.telling import OPPOSITE, Presence
from dobby.home.device import Device, View

TABLES = {"time": "times", "hours": "hours", "presence": "presence", "unless": "presence"}  # slots of known phrases
CLOCK = re.compile(r"([01]?\d|2[0-3])(?:[:h ]?([0-5]\d))?")


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's sentences, compiled, and the tables its slots are read by."""

    sentences: tuple[tuple[SightVerb, re.Pattern[str]], ...]
    tables: Mapping[str, Any]


@cache
def talk(language: str) -> Talk | None:
    """The sentences of a language; None where it has none."""
    file = resources.files("dobby") / "languages" / language / "eyes.toml"
    if not file.is_file():
        return None
    tables = tomllib.loads(file.read_text("utf-8"))
    whens = tables["presence"].pop("when")
    tables["presence"] = {key: [f"{when} {who}" for when in whens for who in several]
                          for key, several in tables["presence"].items()}
    slots = {slot: any_of(phrase for several in tables[table].values() for phrase in several)
             for slot, table in TABLES.items()}
    sentences = [(cast(SightVerb, verb), re.compile(pattern(one, slots)))
                 for verb, several in tables["sentences"].items() for one in several]
    return Talk(tuple(sentences), tables)


def plain(text: str, apostrophe: str = "") -> list[str]:
    """Words in small letters without signs; an apostrophe joins what it stands between, or parts it (French)."""
    return re.sub(r"[^\w\s:%]", " ", re.sub(r"['’´`]", apostrophe, text.lower())).split()


def read(text: str, view: View, language: str) -> Sight | None:
    """What is asked of or wished from the eyes, None when this is something else. A home without cameras has
    only pictures that people sent, to be forgotten."""
    cameras = [device for device in view.devices.values() if device.kind == "camera"]
    known = talk(language)
    if known is None:
        return None
    words = plain(text, known.tables.get("apostrophe", ""))
    manners = set(known.tables["manners"])
    while words and words[0] in manners:
        words = words[1:]
    while words and words[-1] in manners:
        words = words[:-1]
    said = "".join(f"{word} " for word in words)
    if not said or len(words) > 16:
        return None
    for verb, sentence in known.sentences:
        if not cameras and verb != "forget":
            continue
        match = sentence.fullmatch(said)
        found = _filled(verb, match, known.tables, cameras, view) if match else None
        if found is not None:
            return found
    return None


def _filled(verb: SightVerb, match: re.Match[str], tables: Mapping[str, Any], cameras: Sequence[Device],
            view: View) -> Sight | None:
    """The slots of a sentence that fits, read by their tables; None when one of them is nothing known."""
    sight = Sight(verb)
    for slot, said in match.groupdict().items():
        if said is None:
            continue
        value = _slot(slot.partition("__")[0], said.strip(), tables, cameras, view)
        if value is None:
            return None
        sight = value(sight)
    return sight


def _slot(slot: str, said: str, tables: Mapping[str, Any], cameras: Sequence[Device], view: View) -> Any:
    """What a slot changes about a Sight, None when its words are nothing known."""
    match slot:
        case "camera":
            where = _where(said, tables, cameras, view)
            return None if where is None else lambda sight: sight.but(cameras=where[0], zone=where[1])
        case "subject":
            subjects = _subjects(said, tables)
            return (lambda sight: sight.but(subjects=subjects)) if subjects else None
        case "time":
            key = _key(said, tables["times"])
            return (lambda sight: sight.but(time=key)) if key else None
        case "hours":
            key = _key(said, tables["hours"])
            return (lambda sight: sight.but(hours=key)) if key else None
        case "presence":
            present = _key(said, tables["presence"])
            return (lambda sight: sight.but(presence=present)) if present else None
        case "unless":
            present = _key(said, tables["presence"])
            return (lambda sight: sight.but(presence=OPPOSITE[cast(Presence, present)])) if present else None
        case "clock":
            clock = _clock(said, tables)
            return (lambda sight: sight.but(clock=clock)) if clock else None
        case "span":
            minutes = _minutes(said, tables["spans"])
            return None if minutes is None else lambda sight: sight.but(minutes=minutes)
        case "place":
            place = " ".join(filter(None, (_key(word, tables["places"]) for word in _bare(said, tables).split())))
            whole = _key(_bare(said, tables), tables["places"])
            return (lambda sight: sight.but(place=whole or place)) if whole or place else None
    return lambda sight: sight.but(thing=said[:40])


def _bare(said: str, tables: Mapping[str, Any]) -> str:
    """Without articles in front."""
    words = said.split()
    while words and words[0] in tables["articles"]:
        words = words[1:]
    return " ".join(words)


def _key(said: str, table: Mapping[str, Sequence[str]]) -> str:
    return next((key for key, several in table.items() if said in several), "")


def _where(said: str, tables: Mapping[str, Any], cameras: Sequence[Device],
           view: View) -> tuple[tuple[str, ...], str] | None:
    """The cameras that are meant, () = all of them, and the zone of their pictures; None = neither a camera nor a zone.
    A room's name is taken for its camera only where no speaker or the like could be meant, or the word camera is
    said."""
    words = _bare(said, tables).split()
    spoken = bool(words) and words[-1] in tables["camera_words"]
    if " ".join(words) in tables["all_cameras"]:
        return (), ""
    bare = " ".join(words[:-1] if spoken and len(words) > 1 else words)
    others = {device.kind for device in view.devices.values() if device.room.lower() == bare}
    if "speaker" in others and not spoken:
        return None
    if found := [one.id for one in cameras if bare in _names(one, tables)]:
        return tuple(found), ""
    if zones := [(one.id, zone) for one in cameras for zone in _zones(one) if _plain_name(zone, tables) == bare]:
        return tuple(id_ for id_, _ in zones), "" if spoken else zones[0][1]
    if " " not in bare and len(bare) > 3:  # "the door", where just one camera has that word in its name
        found = [one.id for one in cameras if any(bare in name.split() for name in _names(one, tables))]
    return (tuple(found), "") if len(found) == 1 else None


def _zones(camera: Device) -> tuple[str, ...]:
    """The named parts of a camera's picture."""
    zone = camera.trait("zone")
    return zone.choices if zone is not None else ()


def _plain_name(name: str, tables: Mapping[str, Any]) -> str:
    return _bare(" ".join(plain(name, tables.get("apostrophe", ""))), tables)


def _names(camera: Device, tables: Mapping[str, Any]) -> set[str]:
    said = [name for name in (camera.name, camera.room, *camera.aliases) if name]
    names = {" ".join(plain(name, tables.get("apostrophe", ""))) for name in said}
    for name in list(names):
        words = [word for word in name.split() if word not in tables["camera_words"]]
        names.add(" ".join(words))
    return names - {""}


def _subjects(said: str, tables: Mapping[str, Any]) -> tuple[str, ...]:
    words, parts = said.split(), [[]]  # type: list[str], list[list[str]]
    for word in words:
        if word in tables["join"]:
            parts.append([])
        else:
            parts[-1].append(word)
    keys = [_key(" ".join(part), tables["subjects"]) or _key(_bare(" ".join(part), tables), tables["subjects"])
            for part in parts]
    return tuple(dict.fromkeys(keys)) if all(keys) else ()


def _minutes(said: str, spans: Mapping[str, Any]) -> float | None:
    """How long, in minutes; 0 = until tomorrow morning, -1 = until midnight."""
    if said in spans["half"]:
        return 30.0
    if said in spans["tonight"]:
        return 0.0
    if said in spans["day"]:
        return -1.0
    rest, more = _without(said, spans["and_half"])
    *amount, unit = rest.split() or [""]
    number = _number(" ".join(amount), spans)
    if number is None:
        return None
    number += 0.5 if more else 0.0
    return number if unit in spans["minutes"] else number * 60 if unit in spans["hours"] else None


def _number(said: str, spans: Mapping[str, Any]) -> float | None:
    if said.isdecimal() and len(said) < 4:
        return float(said)
    return next((float(value) for value, several in spans["numbers"].items() if said in several), None)


def _clock(said: str, tables: Mapping[str, Any]) -> tuple[str, ...]:
    """A time of day as "18:00"; two of them, twelve hours apart, where it may be either; () for none."""
    table = tables["clock"]
    if fixed := _key(_bare(said, tables), table["fixed"]):
        return (fixed,)
    rest, _ = _without(_bare(said, tables), table["oclock"])
    rest, morning = _without(rest, table["am"])
    rest, evening = _without(rest, table["pm"])
    rest, half_to = _without(rest, table["half_to"])
    rest, half_past = _without(rest, table["half_past"])
    number = _number(rest, tables["spans"])
    match = CLOCK.fullmatch(rest if number is None else f"{number:g}")
    if match is None:
        return ()
    hour, minute = int(match[1]) - half_to, 30 if half_to or half_past else int(match[2] or 0)
    if hour > 12 or match[1].startswith("0"):
        return (f"{hour:02}:{minute:02}",)
    am, pm = f"{hour % 12:02}:{minute:02}", f"{hour % 12 + 12:02}:{minute:02}"
    return (am,) if morning else (pm,) if evening else (am, pm)


def _without(said: str, phrases: Sequence[str]) -> tuple[str, bool]:
    """A text without one of these phrases, and whether it had one; a phrase may cling to a number ("6pm")."""
    for phrase in sorted(phrases, key=len, reverse=True):
        if found := re.search(rf"(?:(?<=\d)|\b){re.escape(phrase)}(?!\w)", said):
            return " ".join(f"{said[:found.start()]} {said[found.end():]}".split()), True
    return said, False
