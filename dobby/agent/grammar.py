"""One language's words as data: which word can mean what. Only the set language is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from dobby.agent.text import Spelling, tokens

# Word classes that nobody's typing mistake may lead to: a wrong letter must not make an order of a sentence.
_NOT_BY_MISTAKE = frozenset({"filler", "in", "to", "at", "by", "till", "be", "and", "it", "number", "one", "little"})


@dataclass(frozen=True, slots=True)
class Bit:
    """One meaning of a stretch of words. `how` is one, many or mass for a kind; `typed` is what the person wrote."""

    type: str
    value: Any = None
    how: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The words of one language."""

    language: str
    words: dict[str, tuple[Bit, ...]]  # phrase, words joined by one space -> its meanings
    longest: int
    ask: dict[str, tuple[Bit, ...]]  # meanings that only a question has
    questions: frozenset[str]  # how a question begins
    prefixes: tuple[tuple[str, ...], ...]
    doubtful: frozenset[tuple[str, ...]]
    please: frozenset[str]
    modal: frozenset[tuple[str, ...]]  # prefixes that make a polite order of a question
    closing: frozenset[str]
    want: frozenset[tuple[str, ...]]  # "i would like" light: it is to be on
    control: dict[str, str]  # a whole sentence -> its verb
    find: tuple[tuple[str, ...], ...]
    connect: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # what stands before and after it: "let", "in"
    belief: dict[str, tuple[tuple[str, ...], ...]]  # have: "i think i have", find: "can you find it", around: "at home"
    follow: tuple[tuple[str, ...], ...]
    spelling: Spelling
    clitics: tuple[str, ...]
    accented: frozenset[str]  # where accents tell words apart: every word that may carry one ("" = no such language)
    linking: tuple[str, ...]
    ands: tuple[str, ...]
    floor: tuple[str, ...]
    parts: frozenset[str]  # every word of every phrase
    combine: dict[frozenset[str], str]  # acts that together mean another: close + ab -> lock
    final: dict[str, Bit]  # particles that act only at the end of a clause
    also: tuple[tuple[str, ...], ...]  # "the bedroom too": the end of what follows on an order
    gives: frozenset[str]  # verbs that make light or music of the bare word: "da la luz"
    beside: frozenset[str]  # in front of a noun they tell one thing from another: the "back" door
    around: tuple[tuple[str, str], ...]  # (opens, closes) an exception: "nur die Lampe nicht"
    verb_first: bool  # an order never begins with the bare thing: "la tienda abre" only tells something
    known: frozenset[str]  # common words that are nobody's typing mistake: "other" is not "order"
    but: str  # the first word for "except"

    def phrase(self, words: Iterable[str]) -> tuple[Bit, ...]:
        """What these words together can mean."""
        return self.words.get(" ".join(words), ())


def _entries(data: dict[str, Any]) -> Iterator[tuple[str, str, Any, str]]:
    """(phrase, type, value, how) of every entry of a grammar file."""
    for type_, phrases in data["order"].items():
        for phrase in phrases:
            yield phrase, type_, None, ""
    for section in ("act", "state", "trait", "unit"):
        for value, phrases in data[section].items():
            for phrase in phrases:
                yield phrase, section, value, ""
    for kind, forms in data["kind"].items():
        for how, phrases in forms.items():
            for phrase in phrases:
                yield phrase, "kind", kind, how
    for level, phrases in data["level"].items():
        for phrase in phrases:
            yield phrase, "level", level if level == "min" else float(level), ""
    for kelvin, phrases in data["white"].items():
        for phrase in phrases:
            yield phrase, "white", float(kelvin), ""
    for color, phrases in data["color"].items():
        for phrase in phrases:
            yield phrase, "color", color, ""
    for how in ("hard", "never"):
        for phrase in data["guard"][how]:
            yield phrase, "never", None, how
    for section in ("place", "thing"):
        for phrase in data[section]["words"]:
            yield phrase, section, phrase, ""


def _accented(data: dict[str, Any]) -> frozenset[str]:
    """Words as they are spelled: "apaga" is in no list with an accent, so "apagó" is not that word."""
    return frozenset(word for phrase, *_ in _entries(data) for word in phrase.casefold().split()) | frozenset(
        word for phrases in data["ask"].values() for phrase in phrases for word in phrase.casefold().split())


def _phrases(given: Iterable[str], language: str) -> tuple[tuple[str, ...], ...]:
    found = {tuple(tokens(phrase, language)) for phrase in given}
    return tuple(sorted(found, key=len, reverse=True))


def _meanings(data: dict[str, Any], numbers: dict[str, Any], language: str) -> dict[str, tuple[Bit, ...]]:
    """Every phrase of the grammar and every number word, with what it can mean."""
    words: dict[str, tuple[Bit, ...]] = {}
    for phrase, type_, value, how in _entries(data):
        _add(words, " ".join(tokens(phrase, language)), Bit(type_, value, how))
    for number, phrases in numbers.items():
        for phrase in phrases:
            _add(words, " ".join(tokens(phrase, language)), Bit("number", float(number)))
    return words


def load(language: str) -> Grammar:
    """Read the grammar and the numbers of one language from the package's data."""
    folder = resources.files("dobby") / "languages" / language
    data = tomllib.loads((folder / "grammar.toml").read_text(encoding="utf-8"))
    numbers = tomllib.loads((folder / "numbers.toml").read_text(encoding="utf-8"))
    words = _meanings(data, numbers, language)
    ask: dict[str, tuple[Bit, ...]] = {}
    for name, phrases in data["ask"].items():
        for phrase in phrases:
            _add(ask, " ".join(tokens(phrase, language)), Bit("ask", name))
    control = {" ".join(tokens(phrase, language)): verb for verb, phrases in data["control"].items()
               if verb not in ("find", "connect", "follow") for phrase in phrases}
    polite = data["polite"]
    final = {" ".join(tokens(phrase, language)): Bit("act", act) for act, phrases in data.get("final", {}).items()
             for phrase in phrases}
    return Grammar(
        language=language, verb_first=bool(polite.get("verb_first")),
        words=words,
        longest=max(phrase.count(" ") + 1 for phrase in [*words, *ask]),
        ask=ask,
        questions=frozenset(" ".join(tokens(phrase, language)) for phrase in data["guard"]["question"]),
        prefixes=_phrases([*polite["prefix"], *polite["modal"], *polite["doubtful"]], language),
        doubtful=frozenset(tuple(tokens(phrase, language)) for phrase in polite["doubtful"]),
        please=frozenset(polite["please"]),
        modal=frozenset(tuple(tokens(phrase, language)) for phrase in polite["modal"]),
        closing=frozenset(polite["closing"]),
        want=frozenset(tuple(tokens(phrase, language)) for phrase in polite["want"]),
        control=control,
        find=_phrases(data["control"]["find"], language),
        connect=tuple((tuple(tokens(head, language)), tuple(tokens(tail, language))) for head, _, tail in sorted(
            (phrase.partition("...") for phrase in data["control"]["connect"]), key=lambda one: -len(one[0]))),
        belief={part: _phrases(phrases, language) for part, phrases in data["belief"].items()},
        follow=_phrases(data["control"]["follow"], language),
        spelling=Spelling(word for phrase in [*words, *ask] for word in phrase.split()),
        accented=_accented(data) if polite.get("accents") == "strict" else frozenset(),
        clitics=tuple(polite.get("clitics", ())),
        linking=tuple(polite.get("linking", ())),
        ands=tuple(data["order"]["and"]),
        floor=tuple(data["place"]["floor"]),
        combine={frozenset(acts): act for act, ways in data.get("combine", {}).items() for acts in ways},
        final=final,
        also=_phrases(polite.get("also", ()), language),
        gives=frozenset(" ".join(tokens(word, language)) for word in polite.get("gives", ())),
        beside=frozenset(data["guard"].get("beside", ())),
        around=tuple((" ".join(tokens(first, language)), " ".join(tokens(last, language)))
                     for first, last in polite.get("around", ())),
        known=frozenset(data["guard"].get("known", "").split()),
        but=" ".join(tokens(data["order"]["except"][0], language)),
        parts=frozenset(word for phrase in [*words, *ask, *final] for word in phrase.split()),
    )


def _add(words: dict[str, tuple[Bit, ...]], phrase: str, bit: Bit) -> None:
    if phrase and bit not in words.get(phrase, ()):
        words[phrase] = (*words.get(phrase, ()), bit)


def correctable(word: str, bits: tuple[Bit, ...]) -> bool:
    """Whether a mistyped word may stand for this one; a value needs more letters than a thing to be sure of."""
    if not bits or any(bit.type in _NOT_BY_MISTAKE for bit in bits):
        return False
    return len(word) >= (6 if any(bit.type in ("color", "white", "level") for bit in bits) else 4)
