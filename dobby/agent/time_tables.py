"""The words of a sentence about time, and one language's tables for them (languages/<xx>/times.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from dobby.agent.text import fold

_DATE = r"\d{4}-\d{2}-\d{2}(?!\d)|\d{1,2}([./-])\d{1,2}\1\d{4}(?!\d)|"
_JOINED = re.compile(_DATE + r"\d{1,2}[:.h]\d{2}(?!\d)|\d+(?:[.,]\d+)?|[^\W\d_]+(?:['’‘`´][^\W\d_]+)*|[%°]")
_APART = re.compile(_DATE + r"\d{1,2}[:.h]\d{2}(?!\d)|\d+(?:[.,]\d+)?|[^\W\d_]+|[%°]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: folded, and where it stands in the text."""

    text: str
    start: int
    end: int


def split(text: str, apart: bool) -> list[Word]:
    """The words of a text; apart: an apostrophe parts them (French)."""
    found = (_APART if apart else _JOINED).finditer(text.replace("İ", "I"))
    return [Word(plain(one[0]), one.start(), one.end()) for one in found]


@dataclass(frozen=True, slots=True)
class Tables:
    """One language's words for times: phrases by name, each a tuple of folded words, the longest first."""

    phrases: Mapping[str, tuple[tuple[str, ...], ...]]
    keyed: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    numbers: tuple[tuple[tuple[str, ...], float], ...]
    raw: Mapping[str, Any]


@cache
def tables(language: str) -> Tables | None:
    """The tables of a language; None where it has none."""
    folder = resources.files("dobby") / "languages" / language
    if not (folder / "times.toml").is_file():
        return None
    raw = tomllib.loads((folder / "times.toml").read_text("utf-8"))
    spoken = tomllib.loads((folder / "numbers.toml").read_text("utf-8"))
    numbers = [(_words(one), float(number)) for number, several in spoken.items() for one in several]
    numbers += [(_words(one), 1.0) for one in raw["phrases"]["one"]]
    keyed = {name: _longest_first([(_words(one), key) for key, several in table.items() for one in several])
             for name, table in raw.items() if name in ("units", "weekdays", "months", "days", "parts", "every", "sun",
                                                         "fixed", "spans", "alternate", "ordinals")}
    phrases = {name: tuple(sorted(map(_words, several), key=len, reverse=True))
               for name, several in raw["phrases"].items()}
    return Tables(phrases, keyed, tuple(sorted(numbers, key=lambda one: -len(one[0]))), raw)


def spoken(text: str, known: Tables) -> tuple[Word, ...]:
    """The words of a text without manners at either end, and without "could you"."""
    words = split(text, known.raw.get("apostrophe") == " ")
    manners = set(map(fold, known.raw["manners"]))
    start, end = 0, len(words)
    while start < end and words[start].text in manners:
        start += 1
    while end > start and words[end - 1].text in manners:
        end -= 1
    for phrase in known.raw.get("modal", ()):  # "could you remind me ...?" is a wish
        asked = phrase.split()
        if [word.text for word in words[start:start + len(asked)]] == asked:
            start += len(asked)
            break
    return tuple(words[start:end])


def plain(phrase: str) -> str:
    """A sentence of the tables, or a name, as words are compared."""
    return re.sub(r"['’‘`´]", "", fold(phrase))


def kind_of(what: str, language: str) -> str:
    """Which kind of plan a noun means ("alarms" for "wake up call"), "" for none."""
    known = tables(language)
    kinds = known.raw.get("moves", {}).get("kinds", {}) if known else {}
    return next((kind for kind, several in kinds.items() if what in map(fold, several)), "")


def leaning(text: str, language: str) -> str:
    """The part of the day that what shall be done belongs to ("movie night", "breakfast"), "" for any."""
    said = set(re.findall(r"\w+", fold(text)))
    known = [found.raw["leaning"] for found in (tables(language), tables("en")) if found is not None]
    return next((part for table in known for part, several in table.items() if said & set(map(fold, several))), "")


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(plain(phrase).split())


def _longest_first(rows: list[tuple[tuple[str, ...], str]]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple(sorted(rows, key=lambda one: -len(one[0])))
