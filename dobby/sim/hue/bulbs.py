"""What a bulb is and how an order changes it; pure, no network."""

from dataclasses import dataclass
from typing import Any

from ..house import LightSpec
from ..things import State, check_words, want_bool, want_number

Json = dict[str, Any]

MIREK_MIN, MIREK_MAX = 153, 500
LOWEST_BRIGHTNESS = 0.39
GAMUT_C = {
    "red": {"x": 0.6915, "y": 0.3083},
    "green": {"x": 0.17, "y": 0.7},
    "blue": {"x": 0.1532, "y": 0.0475},
}


@dataclass(slots=True)
class Bulb:
    """One light service with its device; `mirek` is None while a color light shows a color."""

    spec: LightSpec
    number: int
    rid: str
    device_rid: str
    zigbee_rid: str
    zigbee_mac: str
    name: str
    on: bool = False
    brightness: float = 100.0
    mirek: int | None = 366
    xy: tuple[float, float] = (0.4573, 0.41)

    @property
    def dims(self) -> bool:
        """Whether it has a brightness."""
        return self.spec.model != "plug"

    @property
    def tunes(self) -> bool:
        """Whether its white can be warmer or colder."""
        return self.spec.model in ("color", "ambiance")

    @property
    def colors(self) -> bool:
        """Whether it shows colors."""
        return self.spec.model == "color"


class Invalid(Exception):
    """An order that the bridge rejects whole, in the bridge's words."""


def features(bulb: Bulb) -> Json:
    """The parts of the light resource that change."""
    shown: Json = {"on": {"on": bulb.on}}
    if bulb.dims:
        shown["dimming"] = {"brightness": bulb.brightness, "min_dim_level": LOWEST_BRIGHTNESS}
    if bulb.tunes:
        shown["color_temperature"] = {
            "mirek": bulb.mirek,
            "mirek_valid": bulb.mirek is not None,
            "mirek_schema": {"mirek_minimum": MIREK_MIN, "mirek_maximum": MIREK_MAX},
        }
    if bulb.colors:
        shown["color"] = {"xy": _point(bulb.xy), "gamut": GAMUT_C, "gamut_type": "C"}
    return shown


def event_features(before: Json, bulb: Bulb) -> Json:
    """The changed features as the event stream shows them: without what never changes."""
    after = features(bulb)
    changed = {name: after[name] for name in after if after[name] != before[name]}
    if "dimming" in changed:
        changed["dimming"] = {"brightness": bulb.brightness}
    if "color" in changed:
        changed["color"] = {"xy": _point(bulb.xy)}
    if "color_temperature" in changed:
        changed["color_temperature"] = {"mirek": bulb.mirek, "mirek_valid": bulb.mirek is not None}
    return changed


def check_order(bulb: Bulb, order: Json) -> None:
    """Raise Invalid for an order with a wrong type, out of range, or for a feature that the bulb does not have."""
    supported = {"on": True, "dimming": bulb.dims, "color_temperature": bulb.tunes, "color": bulb.colors}
    supported |= {"dimming_delta": bulb.dims, "color_temperature_delta": bulb.tunes}
    ignored = {"dynamics", "alert", "metadata", "identify", "effects", "signaling", "type"}
    for part, value in order.items():
        if not supported.get(part, part in ignored):
            raise Invalid(f"attribute ({part}) not supported by this light")
        if not isinstance(value, dict) and part != "type":
            raise Invalid(f"invalid type for attribute ({part})")
    if "on" in order and not isinstance(order["on"].get("on"), bool):
        raise Invalid("invalid value for attribute (.on.on)")
    if "dimming" in order:
        _want(order["dimming"], "brightness", 0, 100, ".dimming.brightness")
    if "color_temperature" in order:
        _want(order["color_temperature"], "mirek", MIREK_MIN, MIREK_MAX, ".color_temperature.mirek")
    if "color" in order:
        point = order["color"].get("xy") or {}
        _want(point, "x", 0, 1, ".color.xy")
        _want(point, "y", 0, 1, ".color.xy")
    if "dimming_delta" in order and order["dimming_delta"].get("action") not in ("up", "down", "stop"):
        raise Invalid("invalid value for attribute (.dimming_delta.action)")


def obey(bulb: Bulb, order: Json) -> None:
    """Carry out a checked order, at once and without a fade."""
    if "on" in order:
        bulb.on = order["on"]["on"]
    if "dimming" in order:
        bulb.brightness = max(LOWEST_BRIGHTNESS, round(float(order["dimming"]["brightness"]), 2))
    if "dimming_delta" in order:
        sign = {"up": 1.0, "down": -1.0, "stop": 0.0}[order["dimming_delta"]["action"]]
        step = sign * float(order["dimming_delta"].get("brightness_delta", 0))
        bulb.brightness = min(100.0, max(LOWEST_BRIGHTNESS, round(bulb.brightness + step, 2)))
    if "color_temperature" in order:
        bulb.mirek = int(order["color_temperature"]["mirek"])
        bulb.xy = _white_point(bulb.mirek)
    if "color" in order:
        point = order["color"]["xy"]
        bulb.xy = (round(float(point["x"]), 4), round(float(point["y"]), 4))
        bulb.mirek = None


def truth(bulb: Bulb) -> State:
    """The bulb in the words of `/truth`."""
    state: State = {"on": bulb.on}
    if bulb.dims:
        state["brightness"] = bulb.brightness
    if bulb.tunes:
        state["color_temperature"] = None if bulb.mirek is None else round(1e6 / bulb.mirek)
    if bulb.colors:
        state["color"] = _point(bulb.xy)
    return state


def order_from_truth(bulb: Bulb, state: State) -> Json:
    """An order that brings about what an outside hand did; ValueError in words for what cannot be."""
    check_words(state, truth(bulb))
    order: Json = {}
    if "on" in state:
        order["on"] = {"on": want_bool(state, "on")}
    if "brightness" in state:
        order["dimming"] = {"brightness": want_number(state, "brightness", 0, 100)}
    if state.get("color_temperature") is not None:
        kelvin = want_number(state, "color_temperature", 1e6 / MIREK_MAX, 1e6 / MIREK_MIN)
        order["color_temperature"] = {"mirek": round(1e6 / kelvin)}
    if "color" in state:
        order["color"] = {"xy": {axis: want_number(state["color"], axis, 0, 1) for axis in ("x", "y")}}
    return order


def _want(part: Json, name: str, low: float, high: float, path: str) -> None:
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Invalid(f"invalid value for attribute ({path})")


def _point(xy: tuple[float, float]) -> Json:
    return {"x": xy[0], "y": xy[1]}


def _white_point(mirek: int) -> tuple[float, float]:
    """The point on the Planckian locus for a mirek (Kim et al.'s cubic spline, 1667 K and up)."""
    t = max(1667.0, 1e6 / mirek)
    if t <= 4000:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
    if t <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif t <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return round(x, 4), round(y, 4)
