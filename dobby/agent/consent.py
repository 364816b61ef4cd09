"""Answers to the house's own questions, and the word that stops everything: read by code, before any mind.

"yes", "yes 3", "no", "yes, in the study", "yes 3 2468". Digits in a row of four or more are a PIN (or a device's setup
code) and are taken out of the text before it is kept anywhere.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dobby.home.verdict import Approval, Choice

CODE = re.compile(r"(?<![\w])(?:\d{3}-\d{2}-\d{3}|\d{4,8})(?![\w])")
HIDDEN = "••••"


@dataclass(frozen=True, slots=True)
class Consent:
    """An answer as said: yes or no, the number of the question (0 = none said), the words that were left."""

    yes: bool
    number: int = 0
    rest: tuple[str, ...] = ()


def plain(text: str) -> list[str]:
    """The words of a text without case, accents and punctuation."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.findall(r"\w+", flat.replace("n't", "nt").replace("n’t", "nt").replace("'", " "))


@cache
def _words(language: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    table = tomllib.loads(files("dobby").joinpath("languages", language, "consent.toml").read_text("utf-8"))
    longest_first = {key: sorted((tuple(plain(one)) for one in rows), key=len, reverse=True)
                     for key, rows in table.items()}
    return {key: tuple(rows) for key, rows in longest_first.items()}


def _unnamed(words: list[str], name: str) -> list[str]:
    """The words without Dobby's name at either end."""
    called = plain(name)
    if words[: len(called)] == called:
        words = words[len(called):]
    return words[: -len(called)] if called and words[-len(called):] == called else words


def is_stop(text: str, language: str, name: str) -> bool:
    """Whether the whole text says stop."""
    words = tuple(_unnamed(plain(text), name))
    return words in _words(language)["stop"] or words in _words("en")["stop"]


def take_code(text: str, language: str, name: str) -> tuple[str, str]:
    """(the text without it, the code) of an answer that carries a code, or of a bare code; else (text, "")."""
    found = CODE.search(text)
    if found is None:
        return text, ""
    without = (text[: found.start()] + HIDDEN + text[found.end():]).strip()
    bare = without.replace(HIDDEN, " ")
    if not plain(bare) or read(bare, language, name) is not None:
        return without, found.group()
    return text, ""


def speaks_of_a_code(text: str, language: str) -> bool:
    """Whether the text has a number that could be a PIN, and a word for PIN or code."""
    said = set(plain(text))
    return CODE.search(text) is not None and any(set(one) <= said for one in _words(language)["secret"])


def without_codes(text: str, mark: str = HIDDEN) -> str:
    """The text with a mark in the place of whatever could be a PIN."""
    return " ".join(CODE.sub(f" {mark} ", text).split()).rstrip(" ,;:")


def read(text: str, language: str, name: str) -> Consent | None:
    """The answer in a text, None when it is not one. A text that only begins like one keeps its rest for `choose`."""
    words = _unnamed(plain(text.replace(HIDDEN, " ")), name)
    if len(words) > 1 and words[0].isdigit() and len(words[0]) <= 3:  # "8 no" is "no 8"
        words = [*words[1:], words[0]]
    table = _words(language)
    for key in ("yes", "no"):
        for phrase in table[key]:
            if tuple(words[: len(phrase)]) == phrase:
                rest = words[len(phrase):]
                number = next((int(word) for word in rest if word.isdigit() and len(word) <= 3), 0)
                fillers = {one[0] for one in table["fillers"]}
                kept = tuple(w for w in rest if not w.isdigit() and w not in fillers)
                return Consent(key == "yes", number, kept)
    return None


def choose(consent: Consent, approval: Approval) -> Choice | None:
    """The choice that was meant: the only one, or the one whose name holds every word that was left."""
    if not consent.rest:
        return approval.choices[0] if len(approval.choices) == 1 else None
    fitting = [choice for choice in approval.choices if set(consent.rest) <= set(plain(choice.name))]
    return fitting[0] if len(fitting) == 1 else None


def meant(consent: Consent, questions: Sequence[Approval]) -> list[Approval]:
    """The open questions this can be an answer to: those with the number said, or all."""
    if consent.number:
        return [one for one in questions if number_of(one) == consent.number]
    return list(questions)


def number_of(approval: Approval) -> int:
    """The number a person says for a question: short, and different among those open together."""
    return approval.id % 1000
