"""The change detector's few parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """The detector's parameters; a nightly search varies them.

    sensitivity: 0.25..4, per camera; higher sees smaller and fainter things.
    contrast: 0.03..0.25, by what share a place must get brighter or darker than its own range.
    smallest: 0.0001..0.01, the least share of the picture a thing covers.
    steady: 0.2..1.5 s, how long a thing must have been followed before it counts.
    travel: 0.1..1.5 of its own size, how far it must have come.
    hold: 0.5..4 s, how long an event outlives the last sight of its thing.
    settle: 2..30 s, how long a visitor must have been still to belong to the scene; what it left needs 0.6 of that.
    """

    sensitivity: float = 1.0
    contrast: float = 0.06
    smallest: float = 0.0008
    steady: float = 0.35
    travel: float = 0.3
    hold: float = 1.2
    settle: float = 8.0
