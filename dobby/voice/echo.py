"""Dobby does not hear himself: what was said aloud in each room, and whether what was heard there is that. Pure.

While he speaks in a room, and for a moment after (a microphone hears a loudspeaker late, and rooms ring), nothing that
is heard there counts. What is heard a little later must not be his own words either: a second microphone, a speaker in
another room, or a recording played back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TAIL = 0.7  # seconds after speech in which the room may still ring
MEMORY = 8.0  # seconds in which his own words are known again
SHARE = 0.8  # of the words heard, that must be his own in their order, for it to be himself
FEW = 3  # words; fewer are an answer ("yes", "stop"), which a person may well say after he said the word


@dataclass(frozen=True, slots=True)
class _Said:
    words: tuple[str, ...]
    began: float
    until: float


@dataclass(slots=True)
class Echo:
    """What was said in each room; every time is monotonic seconds. A room nobody named is one room of its own."""

    _said: dict[str, list[_Said]] = field(default_factory=dict)

    def speaks(self, room: str, text: str, now: float, seconds: float) -> None:
        """He begins to say something in a room, for so long."""
        kept = [one for one in self._said.get(room.casefold(), []) if now - one.until < MEMORY]
        self._said[room.casefold()] = [*kept, _Said(_words(text), now, now + seconds)]

    def ended(self, room: str, now: float) -> None:
        """The speaker of a room says that it has played out, or was cut off."""
        said = self._said.get(room.casefold(), [])
        self._said[room.casefold()] = [_Said(one.words, one.began, min(one.until, now)) for one in said]

    def speaking(self, room: str, now: float) -> bool:
        """Whether a room is full of his voice at a moment, the ringing after it included."""
        return any(one.began <= now < one.until + TAIL for one in self._said.get(room.casefold(), ()))

    def own(self, heard: str, now: float) -> bool:
        """Whether what was heard, wherever that was, are words that he said aloud a moment ago."""
        words = _words(heard)
        if len(words) < FEW:
            return False
        return any(now - one.until < MEMORY and _common(words, one.words) >= SHARE * len(words)
                   for said in self._said.values() for one in said)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w']+", text.casefold()))


def _common(heard: tuple[str, ...], said: tuple[str, ...]) -> int:
    """How many words two texts share in the same order (the longest common subsequence)."""
    row = [0] * (len(said) + 1)
    for word in heard:
        before = 0
        for at, other in enumerate(said, 1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]
