"""How actors get from here to there: a path is a list of legs in time, read at any moment. Pure."""

from dataclasses import dataclass
from typing import Literal

Pace = Literal["even", "brake", "start", "stay"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch: until `until` seconds to (x, y) with `height` (fractions as in cast), at a `pace`."""

    until: float
    x: float
    y: float
    height: float
    pace: Pace = "even"
    view: str = "side"
    carrying: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody is at a moment; `facing` 1 is to the right."""

    x: float
    y: float
    height: float
    moving: bool
    facing: int
    view: str
    carrying: bool


@dataclass(frozen=True, slots=True)
class Path:
    """Legs one after the other from (x, y, height) at `begins` seconds on; before and after there is nobody."""

    x: float
    y: float
    height: float
    legs: tuple[Leg, ...]
    begins: float = 0.0

    def at(self, moment: float) -> Spot | None:
        """The spot at a moment; None before the path begins and after its last leg"""
        if moment < self.begins:
            return None
        began, x, y, height, facing = self.begins, self.x, self.y, self.height, 1
        for leg in self.legs:
            facing = facing if leg.x == x else (1 if leg.x > x else -1)
            if moment < leg.until:
                share = _share((moment - began) / (leg.until - began), leg.pace)
                return Spot(x + (leg.x - x) * share, y + (leg.y - y) * share, height + (leg.height - height) * share,
                            leg.pace != "stay", facing, leg.view, leg.carrying)
            began, x, y, height = leg.until, leg.x, leg.y, leg.height
        return None

    @property
    def stops(self) -> float | None:
        """When the first leg that stays begins; None for who never stops."""
        began = self.begins
        for leg in self.legs:
            if leg.pace == "stay":
                return began
            began = leg.until
        return None


def _share(time: float, pace: Pace) -> float:
    if pace == "brake":
        return 1 - (1 - time) ** 2
    if pace == "start":
        return time * time
    return 1.0 if pace == "stay" else time
