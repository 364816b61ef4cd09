"""Text made comparable: case, accents and punctuation put aside, and words one or two letters away found fast."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+:\d+|\d+(?:[.,]\d+)?|[^\W\d_]+|[%°&+,;.!?]")
_RAW = re.compile(r"\d+:\d+|\d+(?:[.,]\d+)?|(?:[^\W\d_]|['’‘\u0300-\u036f])+|[%°&+,;.!?]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o",
                              "ı": "i"})
_ELISION = re.compile(r"\b(l|d|j|n|c|s|m|t|qu|jusqu|lorsqu|puisqu)'(?=\w)")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")  # "aaaan" is "aan"
# "the dogs' bed" quotes nobody, nor does "'s avonds"
_QUOTED = re.compile(r"[\"“”„«»‹›]|(?<!\w)'(?![stnkm]\b)|(?<!s)'(?!\w)")
_LONGEST = 400  # letters of one sentence that are looked at; a longer one is not a plain order


@dataclass(frozen=True, slots=True)
class Token:
    """One word as it was typed, and folded."""

    text: str
    typed: str


def fold(text: str) -> str:
    """Lower case, no accents, one kind of apostrophe."""
    lowered = unicodedata.normalize("NFC", text).casefold().translate(_APOSTROPHES)
    apart = unicodedata.normalize("NFKD", lowered)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def tokens(text: str, language: str) -> list[str]:
    """The folded words, numbers and % ° signs of a text."""
    folded = _STRETCHED.sub(r"\1\1", fold(text))
    folded = _ELISION.sub(r"\1 ", folded) if language == "fr" else folded
    found = _TOKEN.findall(folded.replace("'", ""))
    return ["," if word in ";.!?" else word for word in found]


def words(text: str, language: str) -> list[str]:
    """The folded words and numbers of a text, without commas and stops."""
    return [word for word in tokens(text, language) if word != ","]


def typed(text: str, language: str) -> list[Token]:
    """Folded words with the spelling of the person; the spelling is the folded one where they cannot be paired."""
    plain = tokens(text, language)
    raw = _RAW.findall(text)
    if len(raw) != len(plain):
        return [Token(word, word) for word in plain]
    return [Token(word, spelling) for word, spelling in zip(plain, raw, strict=True)]


def too_long(text: str) -> bool:
    """Whether a text is longer than any plain order."""
    return len(text) > _LONGEST


def quotes(text: str) -> bool:
    """Whether somebody's words are quoted in it."""
    return bool(_QUOTED.search(text))


def shortened(word: str, times: int) -> set[str]:
    """Every spelling of a word with up to `times` letters left out, itself among them."""
    found = {word}
    edge = {word}
    for _ in range(times):
        edge = {one[:at] + one[at + 1 :] for one in edge for at in range(len(one))}
        found |= edge
    return found


def slack(word: str) -> int:
    """How many letters of a word may be wrong: none below four, two from eight on."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def distance(one: str, other: str, limit: int) -> int:
    """Letters changed, dropped, added or swapped with a neighbour between two words; limit + 1 if more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return last[-1]


class Spelling:
    """Known words, found again when a letter or two are wrong."""

    def __init__(self, words: Iterable[str]) -> None:
        self._near: dict[str, set[str]] = {}
        for word in words:
            if word.isalpha() and len(word) > 3:
                for short in shortened(word, slack(word)):
                    self._near.setdefault(short, set()).add(word)

    def near(self, word: str) -> Mapping[str, int]:
        """Known words that `word` may be a mistake for, each with its distance."""
        limit = slack(word)
        if not limit or not word.isalpha():
            return {}
        maybe = set().union(*(self._near.get(short, ()) for short in shortened(word, limit)))
        measured = {known: distance(word, known, limit) for known in maybe}
        return {known: apart for known, apart in measured.items() if apart <= limit}
