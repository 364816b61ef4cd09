"""The vocabulary of what a device can show and do: units, ranges and risk live here and nowhere else.

Names follow Matter and Google Home where those have one. Tools, page, scenes and policy are generic over a Trait,
so a device nobody has heard of is shown and driven as soon as its driver declares traits. Core units: brightness,
volume and position 0..100 %, temperature in degrees Celsius, color temperature in kelvin, color as CIE 1931 xy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal

from dobby.errors import OutOfRange

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
    another trait's name = a change of that trait proves it; "-" = cannot be read back, so the outcome is "sent".
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
                raise OutOfRange(f"{self.name} is on or off (true or false), not {_short(value)}.")
            case "number":
                return self._number(value)
            case "choice":
                return self._choice(value)
            case "color":
                return color(value)
            case "action":
                if value is None or value is True or (isinstance(value, str) and len(value) <= 2048):
                    return value
                raise OutOfRange(f"{self.name} takes a short text or nothing, not {_short(value)}.")
            case "sensor":
                raise OutOfRange(f"{self.name} can be read, not set.")

    def _number(self, value: Value) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float) or not (
                -HUGE < value < HUGE):
            raise OutOfRange(f"{self.name} is a number, not {_short(value)}.")
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
        raise OutOfRange(f"{self.name} can be {known}; not {_short(value)}.")

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


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _plain(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def color(value: Value) -> dict[str, float]:
    """{"x", "y"} in CIE 1931 from the same or from "#rrggbb"; OutOfRange otherwise."""
    if isinstance(value, str) and len(value) == 7 and value.startswith("#"):
        try:
            red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
        except ValueError:
            raise OutOfRange(f"color is #rrggbb or x and y, not {_short(value)}.") from None
        return rgb_to_xy(red, green, blue)
    if isinstance(value, Mapping) and set(value) == {"x", "y"}:
        x, y = value["x"], value["y"]
        if all(isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1 for c in (x, y)):
            return {"x": round(float(x), 4), "y": round(float(y), 4)}
    raise OutOfRange(f"color is #rrggbb or x and y between 0 and 1, not {_short(value)}.")


def rgb_to_xy(red: float, green: float, blue: float) -> dict[str, float]:
    """sRGB 0..1 to CIE xy (IEC 61966-2-1, D65); black has no color and gives white's point."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    big_x = 0.4124 * linear[0] + 0.3576 * linear[1] + 0.1805 * linear[2]
    big_y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    big_z = 0.0193 * linear[0] + 0.1192 * linear[1] + 0.9505 * linear[2]
    total = big_x + big_y + big_z
    if total == 0:
        return {"x": 0.3127, "y": 0.329}
    return {"x": round(big_x / total, 4), "y": round(big_y / total, 4)}


def xy_to_rgb(x: float, y: float) -> tuple[int, int, int]:
    """CIE xy at full brightness to sRGB 0..255, for lamps that think in red, green and blue."""
    y = max(y, 1e-6)
    big_x, big_z = x / y, (1 - x - y) / y
    linear = (
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        0.0557 * big_x - 0.2040 + 1.0570 * big_z,
    )
    top = max(*linear, 1e-6)
    scaled = [max(c, 0.0) / top for c in linear]
    gamma = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in scaled]
    red, green, blue = (round(min(c, 1.0) * 255) for c in gamma)
    return red, green, blue


# The rows. A driver takes a row as it is, or `.but(...)` with the device's own range and choices.
ON = Trait("on", "switch")
BRIGHTNESS = Trait("brightness", "number", "%", 0, 100, tolerance=1.5)
COLOR_TEMPERATURE = Trait("color_temperature", "number", "K", 1500, 9000, 50, tolerance=60)
COLOR = Trait("color", "color", tolerance=0.02)
EFFECT = Trait("effect", "choice")
PLAYING = Trait("playing", "switch")
PLAY = Trait("play", "action")  # reads as the favourite or URI that plays now, "" while nothing does
NEXT = Trait("next", "action", confirmed_by="track")
PREVIOUS = Trait("previous", "action", confirmed_by="track")
VOLUME = Trait("volume", "number", "%", 0, 100, free_up_to=60)
MUTED = Trait("muted", "switch")
GROUP = Trait("group", "choice")
TITLE = Trait("title", "sensor")
TRACK = Trait("track", "sensor")
URI = Trait("uri", "sensor")
LOCKED = Trait("locked", "switch", risks=((False, Risk.SECURE),))
JAMMED = Trait("jammed", "sensor")
BATTERY = Trait("battery", "sensor", "%")
POSITION = Trait("position", "number", "%", 0, 100, tolerance=2)
TARGET = Trait("target", "number", "°C", 5, 30, 0.5, tolerance=0.3, free_up_to=24)
CURRENT = Trait("current", "sensor", "°C")
REACHABLE = Trait("reachable", "sensor")
WATCHING = Trait("watching", "switch", risks=((False, Risk.ASK),))  # a camera that is not watched is a door left open
IGNORE = Trait("ignore", "action", base_risk=Risk.ASK)  # a part of the picture that is not looked at from now on
MOTION = Trait("motion", "sensor")
NIGHT = Trait("night", "sensor")
PICTURE = Trait("picture", "sensor")  # up, down, black, covered, frozen

VOCABULARY: Mapping[str, Trait] = {
    trait.name: trait
    for trait in (ON, BRIGHTNESS, COLOR_TEMPERATURE, COLOR, EFFECT, PLAYING, PLAY, NEXT, PREVIOUS, VOLUME, MUTED, GROUP,
                  TITLE, TRACK, URI, LOCKED, JAMMED, BATTERY, POSITION, TARGET, CURRENT, REACHABLE,
                  WATCHING, IGNORE, MOTION, NIGHT, PICTURE)
}
