"""What a question asks for: its words, in whatever form a fact says them ("sleeps", "bedroom"), and the kind of value
that an answer needs ("when" needs a time, a day or a date). By a table a language (languages/<xx>/matters.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from dobby.memory.claims import COLOURS, grammars, plain
from dobby.memory.stemming import flat, listed, stem, stems
from dobby.memory.tables import any_of, words

Kind = Literal["when", "amount", "where", "who", "colour", ""]

_EMPTY, _COLOUR = listed("asked", "kinds", "light"), listed("colour")
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("when", any_of(words("when"))), ("amount", any_of(words("how_much"))), ("where", any_of(words("where"))),
    ("who", any_of(words("who"))))
_TIME = any_of((*words("moments"), *words("months"), *words("weekdays")))
_PLACE = any_of((*words("place"), *words("whereabouts")))
_TITLE, _YEAR = any_of(words("title")), re.compile(r"(?<!\S)(?:19|20)\d\d(?!\S)")
_DOES = frozenset(words("does"))
_THE = frozenset(words("the"))
_SKILL = re.compile(rf"(?:{'|'.join(words('skill'))}) \S")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, read. words: its stems of content; things: those behind an article or an owner; kind: of the value
    that answers it."""

    words: frozenset[str]
    things: frozenset[str]
    kind: Kind


def read(question: str) -> Asked:
    """What a question asks for."""
    said = plain(question).split()
    things: set[str] = set()
    for at, word in enumerate(said):
        for later in said[at + 1 :] if word in _THE else ():
            if not stems(later) - _EMPTY:
                break
            things |= stems(later)
    if things and said and _DOES & set(said[:3]):
        things -= stems(said[-1])  # "when does the bus leave": of the bus
    known = stems(question)
    return Asked(frozenset(known - _EMPTY or known), frozenset(things), kind(question))


def kind(question: str) -> Kind:
    """The kind of value that answers a question."""
    said = plain(question)
    for one, form in _KINDS:
        if form.match(said):
            return one
    return "colour" if _COLOUR & stems(question) else ""


def holds(wanted: Kind, text: str) -> bool:
    """Whether a text holds a value of that kind, as far as rules see it."""
    said = plain(text)
    if wanted == "when":
        return any(found.search(said) for found in (_TIME, _YEAR)) or any(
            value.search(said) for one in grammars() for name, value in one.values.items() if name != "amount")
    if wanted == "amount":
        return re.search(r"\d", said) is not None
    if wanted == "where":
        return _PLACE.search(said) is not None
    if wanted == "who":
        return _TITLE.search(said) is not None or any(
            word[:1].isupper() for word in text.split()[1:])
    return not wanted or bool(stems(text) & COLOURS)


def for_skill(question: str) -> bool:
    """Whether somebody asks how Dobby does something: that is a matter of skills, and no fact's."""
    return _SKILL.match(plain(question)) is not None


@cache
def _groups() -> Mapping[str, frozenset[int]]:
    """By stem, which groups of words of one matter it belongs to: "bed" to one in two languages."""
    found: dict[str, frozenset[int]] = {}
    for at, several in enumerate(words("alike")):
        for word in several.split():
            found[stem(flat(word))] = found.get(stem(flat(word)), frozenset()) | {at}
    return found


@cache
def alike(word: str) -> tuple[str, ...]:
    """Other words of the same matter as a word's, as they are written."""
    groups = sorted(_groups().get(stem(flat(word)), ()))
    return tuple(dict.fromkeys(one for at in groups for one in words("alike")[at].split() if one != word))


def covered(asked: Iterable[str], said: Iterable[str]) -> set[str]:
    """Those stems of a question that a text's stems hold, or say in another word of the same matter."""
    said = set(said)
    there = frozenset[int]().union(*(_groups().get(one, frozenset()) for one in said))
    return {one for one in asked if one in said or _groups().get(one, frozenset()) & there
            or (one in _COLOUR and said & COLOURS)}


def about_as_well(asked: Asked, newer: str, older: str, who: str = "") -> bool:
    """Whether the newer of two facts about the same one (who: a person's name) answers a question no worse than the
    older: it holds the value that is asked for, if the older does, and as many of the words, or all of the thing's and
    but one of the others ("when does Greta play the violin?": "her violin lesson is on Wednesdays")."""
    if not holds(asked.kind, newer):
        return not holds(asked.kind, older) and _many(asked, newer, who) >= _many(asked, older, who)
    if not holds(asked.kind, older):
        return _many(asked, newer, who) >= _many(asked, older, who)
    missing = _many(asked, older, who) - _many(asked, newer, who)
    thing = asked.things - stems(who)
    return missing <= (1 if asked.kind and thing and thing <= covered(thing, stems(newer)) else 0)


def _many(asked: Asked, text: str, who: str) -> int:
    return len(covered(asked.words - stems(who), stems(text)))
