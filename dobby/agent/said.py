"""One sentence about time under reading: its words, where they stand in what was typed, and this home."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dobby.agent.meaning import Miss, Understood
from dobby.agent.spoken_time import Reader, Run
from dobby.agent.time_tables import Word
from dobby.home.device import View

Order = Callable[..., Understood | Miss]  # of a text, and (where that is another than before it) its context


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence under reading."""

    text: str
    words: tuple[Word, ...]
    reader: Reader
    view: View
    people: Sequence[str]
    order: Order

    def line(self, start: int = 0, end: int | None = None) -> str:
        """The folded words from one to another, each with a space after it."""
        return "".join(f"{word.text} " for word in self.words[start:end])

    def typed(self, start: int, end: int) -> str:
        """The words as they were typed, from one to another."""
        return self.text[self.words[start].start:self.words[end - 1].end] if start < end else ""

    def part(self, start: int, end: int) -> Said:
        """A stretch of the sentence as a sentence of its own."""
        base = self.words[start].start if start < len(self.words) else 0
        words = tuple(replace(one, start=one.start - base, end=one.end - base) for one in self.words[start:end])
        return replace(self, text=self.typed(start, end), words=words,
                       reader=replace(self.reader, words=tuple(word.text for word in words)))


def without(said: Said, runs: Sequence[Run]) -> str:
    """The sentence as it was typed, without these stretches."""
    gone = {at for _, start, end in runs for at in range(start, end)}
    pieces, start = [], 0
    for at in sorted(gone):
        pieces.append(said.text[start:said.words[at].start])
        start = said.words[at].end
    pieces.append(said.text[start:])
    return re.sub(r"\s+([,.!?])", r"\1", " ".join("".join(pieces).split())).strip(" ,.!")
