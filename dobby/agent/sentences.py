"""Known sentences as patterns: what a language's tables of sentences (eyes.toml, talk.toml) are made of.

A sentence is matched whole, in small letters, every word with a space after it. [x] may be left out, (a|b) is one of
them, {slot} stands for a few words, or for exactly what its own expression allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

WORDS = r"(?:\S+ ){1,5}?"


def pattern(template: str, slots: Mapping[str, str]) -> str:
    """A sentence as a regular expression; `slots` gives those slots that not any words may fill. A slot that stands
    twice (in two alternatives) is the group `name__1` the second time."""
    done: list[str] = []
    for piece in re.findall(r"\{\w+\}|[\[\]()|]|[^\s\[\]()|{}]+", template):
        if piece in "[(":
            done.append("(?:")
        elif piece in "])":
            done.append(")?" if piece == "]" else ")")
        elif piece == "|":
            done.append("|")
        elif piece.startswith("{"):
            name = piece[1:-1]
            used = sum(f"(?P<{name}" in one for one in done)
            done.append(f"(?P<{name}{'' if not used else f'__{used}'}>{slots.get(name, WORDS)})")
        else:
            done.append(re.escape(piece) + " ")
    return "".join(done)


def any_of(phrases: Iterable[str]) -> str:
    """Any of these phrases, the longest that fits, as a regular expression."""
    several = sorted(set(phrases), key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(phrase) for phrase in several)}) "
