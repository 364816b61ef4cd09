"""Color: CIE 1931 xy from what people and lamps say, and back."""

from __future__ import annotations

from collections.abc import Mapping

from dobby.errors import OutOfRange

# the types of a value stand in traits.py, which checks colors by this file
Color = dict[str, float]


def color(value: object) -> Color:
    """{"x", "y"} in CIE 1931 from the same or from "#rrggbb"; OutOfRange otherwise."""
    if isinstance(value, str) and len(value) == 7 and value.startswith("#"):
        try:
            red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
        except ValueError:
            raise OutOfRange(f"color is #rrggbb or x and y, not {short(value)}.") from None
        return rgb_to_xy(red, green, blue)
    if isinstance(value, Mapping) and set(value) == {"x", "y"}:
        x, y = value["x"], value["y"]
        if all(isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1 for c in (x, y)):
            return {"x": round(float(x), 4), "y": round(float(y), 4)}
    raise OutOfRange(f"color is #rrggbb or x and y between 0 and 1, not {short(value)}.")


def rgb_to_xy(red: float, green: float, blue: float) -> Color:
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


def short(value: object) -> str:
    """A value in an error text, never longer than a line."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
