"""How sure the built-in ears are of what they heard: the home's grammar against two free searches over the same sound.
Pure.

A decoder that knows a grammar hears it in everything. A loop over bare phones, and a model of general English,
explain any sound; the grammar explains its own sentences about as well as they do, and everything else worse. The marks
below say how much worse, over the whole sentence, at its worst word, and in its worst stretch of time, how fluent the
English is that was heard instead, and whether the grammar's words last as long as words do. A logistic regression over
them was fitted on 1,000 sentences of six homes' grammars and 900 of general English (many short and near ones on
purpose), spoken by 22 voices of espeak-ng. A few words are soon heard in anything, many are not: so the fewer there
are, the surer they must be. These thresholds were chosen on the same sentences, each text judged by a fit that had not
seen it; benchmarks/voice.py measures with homes and sentences that were in none of it (docs/voice.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WINDOWS = (30, 60)  # frames (10 ms each) of the stretches looked at
SURE = (1.0, 0.7, 0.7, 0.7, 0.65, 0.65)  # by the number of words
SURE_OF_MANY = 0.6  # of more words than that


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a search's path: a word or phone, its first and last frame (10 ms each), the log likelihoods of its
    sound and of its place in the language."""

    word: str
    first: int
    last: int
    sound: float
    language: float = 0.0

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.last - self.first + 1

    @property
    def silent(self) -> bool:
        """Whether it is silence or a noise."""
        return self.word[:1] in "<[+(" or self.word == "SIL"

    @property
    def said(self) -> str:
        """The word without the number of its pronunciation."""
        return self.word.partition("(")[0]


@dataclass(frozen=True, slots=True)
class Path:
    """The best way of a search through a sound: its words, and its pieces in order."""

    text: str
    pieces: tuple[Piece, ...]


def sure(home: Path, phones: Path, english: Path, length: Callable[[str], int]) -> float:
    """How sure the grammar's words are, 0 to 1. length: of how many phones a word is."""
    if not any(not one.silent for one in home.pieces) or not phones.pieces or not english.pieces:
        return 0.0
    found = marks(home, phones, english, length)
    total = BIAS + sum(weight * mark for weight, mark in zip(WEIGHTS, found, strict=True))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def enough(text: str) -> float:
    """How sure the ears must be of a sentence to say that they heard it."""
    count = len(text.split())
    return SURE[count] if count < len(SURE) else SURE_OF_MANY


def marks(home: Path, phones: Path, english: Path, length: Callable[[str], int]) -> list[float]:
    """What the regression looks at, in the order of WEIGHTS."""
    count = 1 + max(one.last for path in (home, phones, english) for one in path.pieces)
    own, bare, other = (_frames(path, count) for path in (home, phones, english))
    worse = [free - ours for free, ours in zip(bare, own, strict=True)]
    worse_english = [free - ours for free, ours in zip(other, own, strict=True)]
    words = [one for one in home.pieces if not one.silent]
    frames = sum(one.frames for one in words)
    heard = [one for one in english.pieces if not one.silent]
    lasts = [one.frames / max(1, length(one.said)) for one in words]
    fluent = [one.language for one in heard]
    return [
        100 * sum(worse) / frames, 100 * sum(worse_english) / frames,
        max(_mean(worse, one) for one in words), max(_mean(worse_english, one) for one in words),
        100 * sum(sum(worse[one.first: one.last + 1]) for one in home.pieces if one.silent) / frames,
        _worst(worse, WINDOWS[0]), _worst(worse_english, WINDOWS[0]), _worst(worse, WINDOWS[1]),
        1 / len(words), math.log(frames), sum(one.frames for one in words if _same(one, heard)) / frames,
        10 * sum(fluent) / len(fluent) if fluent else -5.0, 100 * sum(fluent) / frames,
        math.log(min(lasts)), math.log(max(lasts)), len(fluent) / len(words)]


def _frames(path: Path, count: int) -> list[float]:
    """The log likelihood of each frame, a piece's spread over its own."""
    found = [0.0] * count
    for one in path.pieces:
        for at in range(one.first, one.last + 1):
            found[at] += one.sound / one.frames
    return found


def _mean(values: Sequence[float], one: Piece) -> float:
    return 100 * sum(values[one.first: one.last + 1]) / one.frames


def _worst(values: Sequence[float], window: int) -> float:
    """The largest mean of so many frames in a row, times a hundred."""
    if len(values) < window:
        return 100 * sum(values) / len(values)
    total = best = sum(values[:window])
    for at in range(window, len(values)):
        total += values[at] - values[at - window]
        best = max(best, total)
    return 100 * best / window


def _same(one: Piece, heard: Sequence[Piece]) -> bool:
    """Whether the English search heard the same word for more than half of its time."""
    return any(other.said == one.said and min(other.last, one.last) - max(other.first, one.first) > 0.5 * one.frames
               for other in heard)


BIAS = -9.5852
WEIGHTS = (-5.9065, -13.9225, 0.9291, -2.0033, -8.955, -2.1387, -4.7078, -0.6344, 1.3879, 1.7032, 2.0776, 1.513,
           -44.4702, 2.6771, -0.8645, 0.0729)
