"""What a Shelly's components are to us: one row for each value that a kind of component shows or takes (pure).

Source: https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/ (Switch, Light, RGB, RGBW, CCT, Cover, PM1, EM,
EM1, Temperature, Humidity, Illuminance). A status may be partial, as notifications are: what is absent says nothing.
Energy is counted in Wh there, colors are 0..255 a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dobby.errors import Garbage, Refused
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import Command, Device, DeviceKind
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import (
    BRIGHTNESS,
    COLOR,
    COLOR_TEMPERATURE,
    ENERGY,
    HUMIDITY,
    ILLUMINANCE,
    MOVING,
    ON,
    POSITION,
    POWER,
    STOP,
    TEMPERATURE,
)

Json = Mapping[str, Any]
MOVES = {"open": False, "closed": False, "stopped": False, "opening": True, "closing": True, "calibrating": True}
ENDS = {"open": 100, "closed": 0}


@dataclass(frozen=True, slots=True)
class Row:
    """A trait, and how a component's status shows it: None when it does not (now); Garbage when that is no value."""

    trait: Trait
    read: Callable[[Json], Value]


def _number(*path: str, scale: float = 1.0) -> Callable[[Json], Value]:
    def read(status: Json) -> Value:
        value: Any = status
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Garbage("Its answer made no sense.")
        return round(value * scale, 4)

    return read


def _on(status: Json) -> Value:
    output = status.get("output")
    if output is None or isinstance(output, bool):
        return output
    raise Garbage("Its answer made no sense.")


def _color(status: Json) -> Value:
    match status.get("rgb"):
        case None:
            return None
        case [int() | float() as red, int() | float() as green, int() | float() as blue]:
            return rgb_to_xy(red / 255, green / 255, blue / 255)
    raise Garbage("Its answer made no sense.")


def _moving(status: Json) -> Value:
    state = status.get("state")
    return MOVES.get(state) if isinstance(state, str) else None


def _position(status: Json) -> Value:
    known = _number("current_pos")(status)
    return known if known is not None else ENDS.get(str(status.get("state")))


LIGHT = BRIGHTNESS.but(min=1)
METER = (Row(POWER, _number("apower")), Row(ENERGY, _number("aenergy", "total", scale=0.001)))
LAMP = (Row(ON, _on), Row(LIGHT, _number("brightness")))
PAINT = Row(COLOR.but(tolerance=0.03), _color)
WHITE = Row(COLOR_TEMPERATURE.but(min=2700, max=6500), _number("ct"))
ROWS: Mapping[str, tuple[Row, ...]] = {
    "switch": (Row(ON, _on), *METER),
    "light": (*LAMP, *METER),
    "rgb": (*LAMP, PAINT, *METER),
    "rgbw": (*LAMP, PAINT, *METER),
    "cct": (*LAMP, WHITE, *METER),
    "cover": (Row(POSITION, _position), Row(MOVING, _moving), *METER),
    "pm1": METER,
    "em1": (Row(POWER, _number("act_power")),),
    "em1data": (Row(ENERGY, _number("total_act_energy", scale=0.001)),),
    "em": (Row(POWER, _number("total_act_power")),),
    "emdata": (Row(ENERGY, _number("total_act", scale=0.001)),),
    "temperature": (Row(TEMPERATURE, _number("tC")),),
    "humidity": (Row(HUMIDITY, _number("rh")),),
    "illuminance": (Row(ILLUMINANCE, _number("lux")),),
}
PART_OF = {"em1data": "em1", "emdata": "em", "temperature": "sensor", "humidity": "sensor", "illuminance": "sensor"}
KINDS: Mapping[str, DeviceKind] = {"light": "light", "rgb": "light", "rgbw": "light", "cct": "light",
                                   "cover": "shade", "switch": "plug"}
METHODS = {"switch": "Switch", "light": "Light", "rgb": "RGB", "rgbw": "RGBW", "cct": "CCT"}


def whole(component: str) -> str:
    """The device's own part that a component belongs to ("emdata:0" is part of "em:0"); "" for none of ours."""
    kind, _, number = component.partition(":")
    return f"{PART_OF.get(kind, kind)}:{number}" if kind in ROWS and number.isdigit() else ""


def shown(component: str, status: object) -> dict[str, Value]:
    """What a status of a component shows, by trait; Garbage when it is none."""
    if not isinstance(status, Mapping):
        raise Garbage("Its answer made no sense.")
    values = {row.trait.name: row.read(status) for row in ROWS[component.partition(":")[0]]}
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Part:
    """A device with the components that it is made of."""

    device: Device
    components: tuple[str, ...]


def parts(key: str, info: Json, config: Json, status: Json) -> tuple[Part, ...]:
    """The devices in one Shelly: the key itself where there is one, `<key>/<component>` where there are several."""
    made: dict[str, list[str]] = {}
    for component in status:
        if name := whole(component):
            made.setdefault(name, []).append(component)
    found = {name: traits for name, components in made.items()
             if (traits := tuple(_traits(components, status)))}
    return tuple(Part(_device(key, name, traits, len(found) == 1, info, config), tuple(made[name]))
                 for name, traits in found.items())


def _traits(components: list[str], status: Json) -> list[Trait]:
    traits: list[Trait] = []
    for component in components:
        values = shown(component, status[component])
        cover = component.startswith("cover:")  # one that stands somewhere, uncalibrated, does not say where
        traits += [row.trait for row in ROWS[component.partition(":")[0]] if row.trait.name in values or (
            cover and row.trait in (POSITION, MOVING))]
        if cover:
            traits.append(STOP)
    return traits


def _device(key: str, part: str, traits: tuple[Trait, ...], alone: bool, info: Json, config: Json) -> Device:
    own = config.get(part)
    given = str((own.get("name") if isinstance(own, Mapping) else "") or "").strip()
    box = str(info.get("name") or info.get("app") or "Shelly").strip()
    kind, _, number = part.partition(":")
    name = given or (box if alone else f"{box} {kind} {int(number) + 1}")
    mac = key.partition(":")[2]
    return Device(key if alone else f"{key}/{part}", name[:80], _kind(kind, int(number), config), "", "shelly",
                  traits, marks=(f"mac:{mac}",) if alone else ())


def _kind(kind: str, number: int, config: Json) -> DeviceKind:
    """A relay is a light where its owner said in the Shelly app that one hangs on it."""
    try:
        if kind == "switch" and str(config["sys"]["ui_data"]["consumption_types"][number]).lower().startswith("light"):
            return "light"
    except (KeyError, TypeError, IndexError):
        pass
    return KINDS.get(kind, "sensor")


def order(component: str, calibrated: bool, command: Command) -> tuple[str, dict[str, Any]]:
    """The procedure and its parameters for a command; Refused when there is none."""
    kind, _, number = component.partition(":")
    method, params = METHODS.get(kind, ""), {"id": int(number)}
    match kind, command:
        case "cover", Command(trait="stop"):
            return "Cover.Stop", params
        case "cover", Command(trait="position", value=int() | float() as percent) if calibrated:
            return "Cover.GoToPosition", params | {"pos": round(percent)}
        case "cover", Command(trait="position", value=0 | 100 as end):
            return "Cover.Open" if end else "Cover.Close", params
        case "cover", Command(trait="position"):
            raise Refused("It only opens and closes until it is calibrated in the Shelly app.")
        case _, Command(trait="on", value=bool() as on) if method:
            return f"{method}.Set", params | {"on": on}
        case _, Command(trait="brightness", value=int() | float() as percent) if method and kind != "switch":
            return f"{method}.Set", params | {"on": True, "brightness": round(percent)}
        case "rgb" | "rgbw", Command(trait="color", value={"x": float(x), "y": float(y)}):
            return f"{method}.Set", params | {"on": True, "rgb": list(xy_to_rgb(x, y))}
        case "cct", Command(trait="color_temperature", value=int() | float() as kelvin):
            return "CCT.Set", params | {"on": True, "ct": round(kelvin)}
    raise Refused(f"It cannot set {command.trait}.")
