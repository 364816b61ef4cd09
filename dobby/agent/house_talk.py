"""What is said to heating, garage, alarm, water, vacuum and sensors, by known sentences: "it's too cold in here",
"arm the house for the night". A table of sentences a language (languages/<xx>/talk.toml); a sentence fits whole or not
at all, and only in a home that has the thing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from dobby.agent.house_verbs import VERBS, Heard
from dobby.agent.meaning import Clarify, Do, Miss, Part, Same
from dobby.agent.sentences import any_of, pattern
from dobby.agent.text import quotes
from dobby.home.device import Device, View
from dobby.words import Words

LONGEST = 16  # words of a sentence
# what a slot may mean, by kind of device; "" = any kind
SLOTS: Mapping[str, tuple[str, ...]] = {
    "garage": ("garage",), "alarm": ("alarm",), "panel": ("alarm",), "water": ("pool", "spa"), "vacuum": ("vacuum",),
    "fan": ("fan",), "cover": ("shade",), "heat": ("thermostat",), "thing": (), "other": ()}


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's sentences, compiled, and the tables its slots are read by."""

    sentences: tuple[tuple[str, re.Pattern[str]], ...]
    tables: Mapping[str, Any]
    numbers: Mapping[str, float]


@cache
def talk(language: str) -> Talk | None:
    """The sentences of a language; None where it has none."""
    folder = resources.files("dobby") / "languages" / language
    if not (folder / "talk.toml").is_file():
        return None
    tables = tomllib.loads((folder / "talk.toml").read_text("utf-8"))
    spoken = tomllib.loads((folder / "numbers.toml").read_text("utf-8"))
    numbers = {_plain(phrase, ""): float(number) for number, several in spoken.items() for phrase in several}
    slots = {name: any_of(phrase for several in tables[name].values() for phrase in several)
             for name in ("how", "mode")} | {"number": rf"(?:\d{{1,3}}(?:[.,]\d)? |{any_of(numbers)})"}
    sentences = [(verb, re.compile(pattern(one, slots)))
                 for verb, several in tables["sentences"].items() for one in several]
    return Talk(tuple(sentences), tables, numbers)


def _plain(text: str, apostrophe: str) -> str:
    """Words in small letters without signs, the point of a number kept."""
    text = re.sub(r"['’´`]", apostrophe, text.lower())
    return " ".join(re.sub(r"(?<!\d)[.,]|[.,](?!\d)|[^\w\s%.,]", " ", text.replace("%", " % ")).split())


def read(text: str, view: View, words: Words, here: str = "") -> Part | Miss | None:
    """What is meant, None when this is something else; a Miss when it would be an order and is put as a question, or
    stands in quotation marks."""
    known = talk(words.language)
    if known is None:
        return None
    said = _mannerless(_plain(text, known.tables.get("apostrophe", "")).split(), known.tables)
    polite = next((len(one) for one in map(str.split, known.tables["modal"]) if said[:len(one)] == one), 0)
    said = said[polite:]  # "could you ...?" is an order, for all its question mark
    if not said or len(said) > LONGEST:
        return None
    unsure = ("?" in text and not polite) or quotes(text)  # a question, or somebody else's words, is no order
    line = "".join(f"{word} " for word in said)
    for verb, sentence in known.sentences:
        match = sentence.fullmatch(line)
        heard = _heard(match, known, view) if match else None
        part = VERBS[verb](heard, view, words, here) if heard else None
        if part is not None:
            return Miss() if unsure and isinstance(part, Do | Clarify | Same) else part
    return None


def _mannerless(said: list[str], tables: Mapping[str, Any]) -> list[str]:
    """Without courtesies at either end, and without those words that are silent wherever they stand."""
    phrases = [phrase.split() for phrase in tables["manners"]]
    while said:
        before = next((len(one) for one in phrases if said[:len(one)] == one), 0)
        after = next((len(one) for one in phrases if said[len(said) - len(one):] == one), 0) if not before else 0
        if not before and not after:
            break
        said = said[before:len(said) - after]
    return [word for word in said if word not in tables["silent"]]


def _heard(match: re.Match[str], known: Talk, view: View) -> Heard | None:
    """The slots of a sentence; None when one of them is nothing that this home has."""
    devices: tuple[Device, ...] | None = None
    others: tuple[Device, ...] = ()
    noun, room, number, word = False, "", None, ""
    for name, said in match.groupdict().items():
        if said is None:
            continue
        slot, words = name.partition("__")[0], _bare(said.strip(), known.tables)
        if slot == "other":
            others, _ = _devices(words, slot, known, view)
            if not others:
                return None
        elif slot in SLOTS:
            devices, noun = _devices(words, slot, known, view)
            if not devices:
                return None
        elif slot == "room":
            room = next((one for one in view.rooms if words in _names((one, *view.rooms[one].aliases), known)), "")
            if not room and words not in known.tables["here"]:
                return None
        elif slot == "number":
            number = _number(words, known)
            if number is None:
                return None
        elif slot in ("how", "mode"):
            table = known.tables[slot]
            word = next((key for key, several in table.items() if {words, said.strip()} & set(several)), "")
            if not word:
                return None
    return Heard(devices or (), others, noun, room, number, word)


def _bare(said: str, tables: Mapping[str, Any]) -> str:
    """Without articles in front."""
    words = said.split()
    while len(words) > 1 and words[0] in tables["articles"]:
        words = words[1:]
    return " ".join(words)


def _names(names: Iterable[str], known: Talk) -> set[str]:
    return {_bare(_plain(name, known.tables.get("apostrophe", "")), known.tables) for name in names if name}


def _number(said: str, known: Talk) -> float | None:
    if re.fullmatch(r"\d{1,3}([.,]\d)?", said):
        number = float(said.replace(",", "."))
        return int(number) if number.is_integer() else number
    return known.numbers.get(said)


def _devices(said: str, slot: str, known: Talk, view: View) -> tuple[tuple[Device, ...], bool]:
    """The devices that words call, by name or by their kind (with a room in front: "bedroom heating")."""
    kinds = SLOTS[slot]
    able = [one for one in view.devices.values() if not kinds or one.kind in kinds]
    named = tuple(one for one in able if said in _names((one.name, *one.aliases), known))
    if named:
        return named, False
    for kind in kinds:
        of_kind = [one for one in able if one.kind == kind]
        for noun in known.tables["nouns"].get(slot if slot == "panel" else kind, ()):
            if said == noun:
                return tuple(of_kind), True
            if said.endswith(f" {noun}"):
                place = said.removesuffix(f" {noun}")
                there = tuple(one for one in of_kind if place in _names((one.room,), known))
                if there:
                    return there, True
    return (), False
