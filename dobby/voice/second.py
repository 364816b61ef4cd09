"""Two ears: what pocketsphinx heard, and what Moonshine makes of the same sound, weighed against each other. Pure.

The first has a word for every stretch of the sound, and knows when none fits; the second knows how English sounds, and
what else it might have been. What both hear is nearly always right, what only one hears must be far likelier than
anything else. A logistic regression over the marks below was fitted on 380 orders and 380 other sentences (many short
and near ones on purpose), spoken by 24 voices of espeak-ng at several speeds in four homes; the threshold was chosen
with each home judged by a fit that had not seen it. benchmarks/voice.py measures with homes, sentences and voices that
were in none of it (docs/voice.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

TRUST = 6.0  # log likelihood that the first ear's word is worth, where it is sure
MARGIN = 12.0  # of the likeliest sentence over another, at most
BETTER = -2.0  # the home's sentence may be likelier than the free one, which is only a good guess; by no more than this
CLOSE = 3.0  # lost by less than this, a sentence is nearly what would be written anyway
ENOUGH = 0.45
SHORT = (("'re", " are"), ("'m", " am"), ("'s", " is"))
LITTLE = frozenset(("the", "all", "to", "please", "some"))  # words that change nothing


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second ear makes of a sound: sentences of the home with their log likelihood, and that of what it would
    write if it might write anything."""

    likely: Mapping[str, float]
    free: float


def weighed(first: str, sure: float, opinion: Opinion) -> tuple[str, float]:
    """The sentence that was said, and how sure that is, 0 to 1. first, sure: of the first ear ("": it heard none)."""
    key = {text: likely + TRUST * sure * (alike(text, first) == 1.0) for text, likely in opinion.likely.items()}
    text = max(key, key=lambda one: key[one])
    others = [score for one, score in key.items() if alike(one, text) < 1.0]
    lost = max(BETTER, opinion.free - opinion.likely[text])
    count, same = len(text.split()), alike(text, first)
    marks = (lost, lost / count, 1 / count, min(MARGIN, key[text] - max(others, default=-math.inf)), same, sure * same,
             max(0.0, CLOSE - lost))
    total = BIAS + sum(weight * mark for weight, mark in zip(WEIGHTS, marks, strict=True))
    return text, 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def alike(one: str, other: str) -> float:
    """How far two sentences have the same words in the same order, 0 to 1."""
    ours, theirs = _words(one), _words(other)
    return SequenceMatcher(None, ours, theirs).ratio() if ours and theirs else float(ours == theirs)


def _words(text: str) -> list[str]:
    for short, whole in SHORT:
        text = text.replace(short, whole)
    return [word for word in text.split() if word not in LITTLE]


BIAS = -4.2906
WEIGHTS = (-0.1164, -0.1975, 0.7753, 0.2422, 2.3857, 4.514, 1.0241)
