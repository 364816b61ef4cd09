"""Two ears: what pocketsphinx heard, and what Moonshine makes of the same sound, weighed against each other. Pure.

The first has a word for every stretch of the sound, and knows when none fits; the second knows how English sounds, and
what else it might have been. What both hear is nearly always right, what only one hears must be far likelier than
anything else, and a sentence that goes on after an order is no order. A logistic regression over the marks below was
fitted on 600 orders and 640 other sentences (many short and near ones on purpose), spoken by 90 voices of espeak-ng at
several speeds in eight homes; the threshold was chosen with each home judged by a fit that had not seen it.
benchmarks/voice.py measures with homes and sentences that were in none of it, and with voices of both kinds
(docs/voice.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import fmean

from dobby.voice.phrases import say

TRUST = 3.0  # log likelihood that the word of a sure first ear is worth
WRITTEN = 14.0  # and what would be written anyway, where it is the very same letters
MARGIN = 12.0  # of the likeliest sentence over another, at most
BETTER = -2.0  # the home's sentence may be likelier than the free one, which is only a good guess; by no more than this
ENOUGH = 0.7
MARKS = ".,?!"
NOT = frozenset(("not", "don't", "never", "no", "won't", "can't", "cannot", "shouldn't", "mustn't"))
POLITE = frozenset(("please", "can", "could", "you"))  # before an order
ENDINGS = frozenset(("please", "thanks", "thank", "you", "now", "right", "then"))  # after it; both change nothing
SHORT = (("'re", " are"), ("'m", " am"), ("'s", " is"))
LITTLE = frozenset(("the", "to", "please", "some"))  # words that change nothing


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second ear makes of a sound, which it hears several times, each time a little differently: sentences of
    the home with their log likelihood each time, what it would write if it might write anything, and how likely that
    is."""

    likely: Mapping[str, tuple[float, ...]]
    free: tuple[float, ...]
    written: tuple[str, ...]


def weighed(first: str, sure: float, opinion: Opinion, called: str = "") -> tuple[str, float]:
    """The sentence that was said, and how sure that is, 0 to 1. first, sure: of the first ear ("": it heard none);
    called: the name that may stand before and after an order."""
    key = {text: fmean(likely) + TRUST * sure * (alike(text, first) == 1.0)
           + WRITTEN * fmean(near(one, text) for one in opinion.written) for text, likely in opinion.likely.items()}
    text = max(key, key=lambda one: key[one])
    if any(goes_on(one, text, called) or denies(one, text, called) for one in opinion.written):
        return text, 0.0
    others = [score for one, score in key.items() if alike(one, text) < 1.0]
    same = alike(text, first)
    marks = (max(BETTER, fmean(opinion.free) - fmean(opinion.likely[text])), 1 / len(text.split()),
             min(MARGIN, key[text] - max(others, default=-math.inf)), same, sure * same,
             max(near(one, text) for one in opinion.written))
    total = BIAS + sum(weight * mark for weight, mark in zip(WEIGHTS, marks, strict=True))
    return text, 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def goes_on(written: str, text: str, called: str = "") -> bool:
    """Whether what would be written anyway begins with a sentence, word for word, and has more to say: "stop" is no
    part of "stop it right now", nor "turn off everything" of "turn off everything in the study"."""
    ours, theirs = _plain(text), _plain(written)
    return theirs[: len(ours)] == ours and not ENDINGS.issuperset(set(theirs[len(ours):]) - {called})


def denies(written: str, text: str, called: str = "") -> bool:
    """Whether what would be written anyway has a no right before the sentence begins: "don't turn off the lights"."""
    begin = next((word for word in _plain(text) if word not in POLITE and word != called), "")
    return any(word in NOT and after == begin for word, after in pairwise(_plain(written)))


def alike(one: str, other: str) -> float:
    """How far two sentences have the same words in the same order, 0 to 1; written apart or not ("goodnight")."""
    ours, theirs = _words(one), _words(other)
    if not ours or not theirs or "".join(ours) == "".join(theirs):
        return float("".join(ours) == "".join(theirs))
    return SequenceMatcher(None, ours, theirs).ratio()


def near(free: str, text: str) -> float:
    """How far the letters of a sentence are those that the second ear would write first if it might write anything:
    where it has heard right, "close the terrorist shade" is near to "close the terrace shade"."""
    ours, theirs = ("".join(letter for letter in say(one) if letter.isalpha()) for one in (_first(free), text))
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() if ours and theirs else 0.0


def _first(written: str) -> str:
    """The first sentence of a text."""
    return re.split(r"[.?!]", written, maxsplit=1)[0]


def _plain(text: str) -> list[str]:
    return [word.strip(MARKS) for word in text.casefold().split() if word.strip(MARKS)]


def _words(text: str) -> list[str]:
    for short, whole in SHORT:
        text = text.replace(short, whole)
    return [word for word in text.split() if word not in LITTLE]


BIAS = -4.96
WEIGHTS = (-0.2608, -2.1168, 0.1094, 1.1408, 4.7987, 7.632)
