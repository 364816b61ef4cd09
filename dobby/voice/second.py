"""Two ears: what pocketsphinx heard, and what Moonshine makes of the same sound, weighed against each other. Pure.

The first has a word for every stretch of the sound, and knows when none fits; the second knows how English sounds, and
what else it might have been. What both hear is nearly always right, what only one hears must be far likelier than
anything else. A logistic regression over the marks below was fitted on 600 orders and 600 other
sentences (many short and near ones on purpose), spoken by 90 voices of espeak-ng at several speeds in eight homes; the
threshold was chosen with each home judged by a fit that had not seen it. benchmarks/voice.py measures with homes,
sentences and voices that were in none of it (docs/voice.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from dobby.voice.phrases import say

TRUST = 6.0  # log likelihood that the word of a sure first ear is worth, and a free text of the very same letters
MARGIN = 12.0  # of the likeliest sentence over another, at most
BETTER = -2.0  # the home's sentence may be likelier than the free one, which is only a good guess; by no more than this
CLOSE = 3.0  # lost by less than this, a sentence is nearly what would be written anyway
ENOUGH = 0.5
SHORT = (("'re", " are"), ("'m", " am"), ("'s", " is"))
LITTLE = frozenset(("the", "all", "to", "please", "some"))  # words that change nothing


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second ear makes of a sound: sentences of the home with their log likelihood, and that of what it would
    write if it might write anything, and that text."""

    likely: Mapping[str, float]
    free: float
    text: str = ""


def weighed(first: str, sure: float, opinion: Opinion) -> tuple[str, float]:
    """The sentence that was said, and how sure that is, 0 to 1. first, sure: of the first ear ("": it heard none)."""
    key = {text: likely + TRUST * sure * (alike(text, first) == 1.0) + TRUST * near(opinion.text, text)
           for text, likely in opinion.likely.items()}
    text = max(key, key=lambda one: key[one])
    others = [score for one, score in key.items() if alike(one, text) < 1.0]
    lost = max(BETTER, opinion.free - opinion.likely[text])
    count, same = len(text.split()), alike(text, first)
    marks = (lost, lost / count, 1 / count, min(MARGIN, key[text] - max(others, default=-math.inf)), same, sure * same,
             max(0.0, CLOSE - lost), near(opinion.text, text))
    total = BIAS + sum(weight * mark for weight, mark in zip(WEIGHTS, marks, strict=True))
    return text, 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def alike(one: str, other: str) -> float:
    """How far two sentences have the same words in the same order, 0 to 1."""
    ours, theirs = _words(one), _words(other)
    return SequenceMatcher(None, ours, theirs).ratio() if ours and theirs else float(ours == theirs)


def near(free: str, text: str) -> float:
    """How far the letters of a sentence are those that the second ear would write if it might write anything: where it
    has heard right, "close the terrorist shade" is near to "close the terrace shade"."""
    ours, theirs = ("".join(letter for letter in say(one) if letter.isalpha()) for one in (free, text))
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() if ours and theirs else 0.0


def _words(text: str) -> list[str]:
    for short, whole in SHORT:
        text = text.replace(short, whole)
    return [word for word in text.split() if word not in LITTLE]


BIAS = -3.8151
WEIGHTS = (-0.1324, -0.2516, 0.6319, 0.1182, 2.2051, 3.8008, 0.6783, 2.9635)
