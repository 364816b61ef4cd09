"""Conditions in a sentence: "the garage is open for ten minutes after ten", "the washer is done", "everyone has left".
Sentences of languages/<xx>/times.toml; a condition fits whole, and only for a device that can show it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from dobby.agent.house_talk import talk
from dobby.agent.meaning import THEY, Timed
from dobby.agent.said import Said
from dobby.agent.sentences import pattern
from dobby.agent.spoken_time import Reader
from dobby.agent.text import fold
from dobby.agent.time_tables import plain, tables
from dobby.home.device import Device, View
from dobby.home.traits import Value
from dobby.jobs.conditions import Condition

AFTER_DWELL = {"finished": 120.0, "all_away": 0.0}  # seconds, where nobody said how long: a machine pauses, too
NIGHT_ENDS = "06:00"
EVENING = 5  # "after ten" from this hour on is ten in the evening
# what a word of state means, by trait: the first that the device has
STATES: dict[str, tuple[tuple[str, Value], ...]] = {
    "open": (("open", True), ("opened", True), ("position", True)),
    "closed": (("open", False), ("opened", False), ("position", False)), "on": (("on", True),),
    "off": (("on", False),), "locked": (("locked", True),), "unlocked": (("locked", False),)}
WARMTH = ("current", "temperature")
MEASURED = (*WARMTH, "humidity", "power")
BOUNDS: dict[str, Literal["above", "below"]] = {"above": "above", "below": "below",
                                                 "warmer": "above", "colder": "below"}
# what measures itself and not the air of its room, as people name it
NOT_AIR = ("freezer", "fridge", "refrigerator", "oven", "aquarium", "boiler", "water", "kühlschrank", "ofen",
           "gefrierschrank", "gefriertruhe", "vriezer", "koelkast", "congelador", "nevera", "frigo", "horno",
           "congélateur", "four", "eau", "agua", "wasser")


@cache
def _sentences(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = tables(language)
    if known is None:
        return ()
    slots = {"thing": r"(?:\S+ ){1,5}?", "person": r"\S+ ", "number": r"\d+(?:[.,]\d+)? "}
    return tuple((kind, re.compile(pattern(plain(one), slots)))
                 for kind, several in known.raw["conditions"].items() for one in several)


def condition(reader: Reader, line: str, view: View, language: str, people: Sequence[str]) -> Condition | None:
    """What a stretch of words says must be so; None when it is nothing that this home can show."""
    words, dwell, hours = _limits(replace(reader, words=tuple(line.split())))
    said = "".join(f"{word} " for word in words)
    for kind, sentence in _sentences(language):
        match = sentence.fullmatch(said)
        if match is None:
            continue
        found = _made(kind, match.groupdict(), reader, view, language, people)
        if found is not None:
            return replace(found, dwell=dwell or AFTER_DWELL.get(found.kind, 0.0), hours=hours)
    return None


def alone(said: Said, language: str) -> Timed | None:
    """ "When the washer is done", and nothing else: whoever says that wants to be told. What somebody does themselves
    is no news to them, and a question waits for an answer now."""
    for name, standing in (("whenever", True), ("when", False)):
        start = said.reader.phrase(name, 0)
        if not start or "?" in said.text:
            continue
        meant = condition(said.reader, said.line(start), said.view, language, said.people)
        if meant is not None and not (meant.kind in ("comes", "leaves") and meant.person in ("", THEY)):
            lasting = standing or (meant.kind == "holds" and bool(meant.dwell or meant.hours))
            return Timed("tell", condition=meant, standing=lasting, text=said.typed(start, len(said.words)))
    return None


def _limits(reader: Reader) -> tuple[list[str], float, str]:
    """A condition without how long and at what hours it must hold: the words left, seconds, hours."""
    words, dwell, hours = list(reader.words), 0.0, ""
    at = 1
    while at < len(words):
        here = replace(reader, words=tuple(words))
        key, end = _hours(here, at)
        if key:
            words, hours = words[:at] + words[end:], key
            continue
        start = here.phrase("for", at)
        minutes, end = here.span(start)
        if minutes > 0:
            words, dwell = words[:at] + words[here.phrase("for_after", end):], minutes * 60
            continue
        at += 1
    return words, dwell, hours


def _hours(reader: Reader, at: int) -> tuple[str, int]:
    """ "After ten", "at night": from when to when, and the end of the words."""
    for key, several in reader.known.raw["hours"].items():
        for one in several:
            words = tuple(fold(one).split())
            if tuple(reader.words[at:at + len(words)]) == words:
                return key, at + len(words)
    start = reader.phrase("after", at)
    if start == at:
        return "", at
    found = reader.clock_form(reader.phrase("at", start))
    if found is None:
        return "", at
    clocks, end, _ = found
    part, end = reader.key("parts", end)
    began = clocks[-1] if len(clocks) > 1 and int(clocks[0][:2]) >= EVENING else clocks[0]
    began = clocks[0] if part == "morning" else began
    return f"{began}-{NIGHT_ENDS if began >= '12:00' else '23:59'}", end


def _made(kind: str, slots: dict[str, str | None], reader: Reader, view: View, language: str,
          people: Sequence[str]) -> Condition | None:
    thing = (slots.get("thing") or "").strip()
    if kind == "all_away":
        return Condition("all_away")
    if kind == "someone":
        return Condition("someone")
    if kind in ("comes_me", "leaves_me"):
        return Condition("comes" if kind == "comes_me" else "leaves")
    if kind in ("comes", "leaves"):
        who = (slots.get("person") or "").strip()
        person = next((one for one in people if fold(one) == who), THEY if who in _they(reader) else "")
        return Condition("comes" if kind == "comes" else "leaves", person=person) if person else None
    if kind == "finished":
        return _of(things(thing, view, language, reader, ("power",)) or _machines(thing, view, reader),
                   lambda one: Condition("finished", one.id))
    if kind == "reached":
        return _of(things(thing, view, language, reader, ("current", "target")),
                   lambda one: Condition("reached", one.id))
    if kind in BOUNDS:
        number = float((slots.get("number") or "0").replace(",", "."))
        airy = kind in ("warmer", "colder")
        for trait in WARMTH if airy else MEASURED:
            found = things(thing, view, language, reader, (trait,))
            if found := _air(found) if airy else found:
                return _of(found, lambda one, trait=trait: Condition(
                    "holds", one.id, trait, BOUNDS[kind], number))
        return None
    for trait, value in STATES[kind]:
        if found := things(thing, view, language, reader, (trait,)):
            return _of(found, lambda one, trait=trait, value=value: Condition(
                "holds", one.id, trait, "is", value))
    return None


def _they(reader: Reader) -> set[str]:
    return {fold(one) for one in reader.known.raw["people"]["they"]}


def unknown_person(line: str, language: str) -> str:
    """Who shall come or go and is nobody of this house, "" for none."""
    for kind, sentence in _sentences(language):
        if kind in ("comes", "leaves") and (match := sentence.fullmatch(line)):
            return match["person"].strip()
    return ""


def unknown_machine(reader: Reader, line: str, view: View, language: str) -> str:
    """What shall finish and is called by the name of a machine that this home does not show, "" for none."""
    for kind, sentence in _sentences(language):
        match = sentence.fullmatch(line) if kind == "finished" else None
        thing = match["thing"].strip() if match else ""
        if _machine(thing, reader) and not things(thing, view, language, reader, ("power",)) and not (
                _machines(thing, view, reader)):
            return _bare(thing, reader)
    return ""


def unmeasured(reader: Reader, line: str, view: View, language: str) -> str:
    """The room of this home where nothing shows how warm it is, though that is asked of it; "" for none."""
    for kind, sentence in _sentences(language):
        match = sentence.fullmatch(line) if kind in ("warmer", "colder") else None
        bare = _bare(match["thing"].strip(), reader) if match else ""
        room = next((one for one in view.rooms if bare and _plain(one) == bare), "")
        if room and not any(_air(things(bare, view, language, reader, (trait,))) for trait in WARMTH):
            return room
    return ""


def _air(found: Sequence[Device]) -> list[Device]:
    """Those that show how warm a room is; a freezer in it does not."""
    return [one for one in found if one.kind not in ("pool", "spa")
            and not set(NOT_AIR) & set(one.name.casefold().split())]


def _machine(thing: str, reader: Reader) -> set[str]:
    """What else a machine is called, in this language and in English, which devices are often named in."""
    called: set[str] = set()
    for key, several in reader.known.raw["machines"].items():
        if _bare(thing, reader) in (names := {_plain(one) for one in several}):
            english = tables("en")
            called |= names | ({_plain(one) for one in english.raw["machines"][key]} if english else set())
    return called


def _machines(thing: str, view: View, reader: Reader) -> list[Device]:
    """The devices whose power shows when a machine is done, by another name of it."""
    called = _machine(thing, reader)
    return [one for one in view.devices.values() if one.trait("power")
            and any(f" {name} " in f" {_plain(one.name)} " for name in called)]


def _bare(said: str, reader: Reader) -> str:
    words, articles = said.split(), {fold(one) for one in reader.known.raw["articles"]}
    while len(words) > 1 and words[0] in articles:
        words = words[1:]
    return " ".join(words)


def _of(found: Sequence[Device], make: object) -> Condition | None:
    return make(found[0]) if len(found) == 1 and callable(make) else None


def things(said: str, view: View, language: str, reader: Reader, traits: Sequence[str]) -> list[Device]:
    """The devices that words call and that have these traits: by name, by kind, by room, or by part of a name."""
    bare = _bare(said, reader)
    able = [one for one in view.devices.values() if all(one.trait(trait) for trait in traits)]
    if named := [one for one in able if bare in {_plain(name) for name in (one.name, *one.aliases)}]:
        return named
    known = talk(language)
    nouns = known.tables["nouns"] if known else {}
    kinds = {kind for kind, several in nouns.items() if bare in map(fold, several)}
    if of_kind := [one for one in able if one.kind in kinds]:
        return of_kind
    if there := [one for one in able if _plain(one.room) == bare]:
        return there
    return [one for one in able if f" {bare} " in f" {_plain(one.name)} "]


def _plain(name: str) -> str:
    return " ".join(plain(name).split())
