"""What a trait is: one thing that a device can show or do, with its unit, range, choices and risk.

Tools, page, scenes and policy are generic over a Trait, so a device nobody has heard of is shown and driven as soon as
its driver declares traits. The rows themselves are in vocabulary.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal

from dobby.errors import OutOfRange
from dobby.home.colors import color, short

HUGE = 1e15  # no trait has such values; what is beyond (infinity and what is not a number too) is refused as none
TraitKind = Literal["switch", "number", "choice", "color", "action", "sensor"]
Value = bool | int | float | str | dict[str, float] | None


class Risk(IntEnum):
    """What a value may cost: FREE acts at once, ASK wants a yes, SECURE wants a yes with the PIN within two minutes."""

    FREE = 0
    ASK = 1
    SECURE = 2


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing a device can do or show.

    kind: switch (bool), number (min..max in unit), choice (one of choices), color ({"x", "y"} or "#rrggbb"),
    action (a verb; may carry text, e.g. what to play), sensor (read only, any value).
    tolerance: how far a reading of a number may lie from the command and still confirm it, in unit.
    confirmed_by: "" = a reading of this trait proves the command (for an action: the reading holds what was asked for);
    another trait's name = a change of that trait proves it, or its reading `confirmed_as`; "-" = cannot be read back,
    so the outcome is "sent".
    travels: the trait that reads true while the device is on its way to the value, which takes longer than patience.
    """

    name: str
    kind: TraitKind
    unit: str = ""
    min: float | None = None
    max: float | None = None
    step: float = 1.0
    choices: tuple[str, ...] = ()
    tolerance: float = 0.0
    confirmed_by: str = ""
    confirmed_as: Value = None
    travels: str = ""
    base_risk: Risk = Risk.FREE
    risks: tuple[tuple[Value, Risk], ...] = ()
    free_up_to: float | None = None

    def risk(self, value: Value) -> Risk:
        """What setting `value` may cost, before the circumstances (who, kind of device) are looked at."""
        for special, risk in self.risks:
            if special is value or (not isinstance(special, bool) and special == value):
                return risk
        over = self.free_up_to is not None and isinstance(value, int | float) and value > self.free_up_to
        return max(self.base_risk, Risk.ASK) if over else self.base_risk

    def check(self, value: Value) -> Value:
        """The value in canonical form, or OutOfRange with words for the person; nothing out of range gets further."""
        match self.kind:
            case "switch":
                if isinstance(value, bool):
                    return value
                raise OutOfRange(f"{self.name} is on or off (true or false), not {short(value)}.")
            case "number":
                return self._number(value)
            case "choice":
                return self._choice(value)
            case "color":
                return color(value)
            case "action":
                if value is None or value is True or (isinstance(value, str) and len(value) <= 2048):
                    return value
                raise OutOfRange(f"{self.name} takes a short text or nothing, not {short(value)}.")
            case "sensor":
                raise OutOfRange(f"{self.name} can be read, not set.")

    def _number(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float) or not (
                -HUGE < value < HUGE):
            raise OutOfRange(f"{self.name} is a number, not {short(value)}.")
        low, high = self.min, self.max
        if (low is not None and value < low) or (high is not None and value > high):
            raise OutOfRange(f"{self.name} goes from {_plain(low)} to {_plain(high)}{_unit(self.unit)}, "
                             f"not {_plain(value)}.")
        return value

    def _choice(self, value: Value) -> Value:
        if isinstance(value, str):
            for choice in self.choices:
                if choice.casefold() == value.casefold():
                    return choice
        known = ", ".join(self.choices[:12]) or "nothing yet"
        raise OutOfRange(f"{self.name} can be {known}; not {short(value)}.")

    def shows(self, wanted: Value, read: Value) -> bool:
        """Whether a reading of this trait proves that `wanted` is so."""
        if self.kind == "action":
            return bool(read) if wanted in (None, True) else isinstance(read, str) and read == wanted
        if isinstance(wanted, bool) or isinstance(read, bool):
            return wanted is read
        if isinstance(wanted, Mapping) and isinstance(read, Mapping):
            return all(abs(wanted[axis] - read.get(axis, 9.0)) <= max(self.tolerance, 0.02) for axis in ("x", "y"))
        if isinstance(wanted, int | float) and isinstance(read, int | float):
            return abs(wanted - read) <= self.tolerance
        return wanted == read

    def but(self, **changes: object) -> Trait:
        """This trait with the device's own range or choices."""
        return replace(self, **changes)  # type: ignore[arg-type]  # field names are checked by replace itself


def _plain(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
