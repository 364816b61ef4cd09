"""What a Kasa device of the first generation is to us: plugs, wall switches, dimmers, strips of outlets, bulbs. Pure.

Source: see dobby/wire/kasa.py. Power and energy come in two generations of fields (W and kWh, or mW and Wh); a bulb
that is off tells what it would show under `dft_on_state`; a color counts while its `color_temp` is 0.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

from dobby.errors import Garbage, Refused
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import Command, Device
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import BRIGHTNESS, COLOR, COLOR_TEMPERATURE, ENERGY, ON, POWER
from dobby.wire.kasa import Json

LIGHT = BRIGHTNESS.but(min=1)
BULB, STRIP_LIGHT = "smartlife.iot.smartbulb.lightingservice", "smartlife.iot.lightStrip"
METER, BULB_METER = "emeter", "smartlife.iot.common.emeter"
WHITES = {"LB120": (2700, 6500), "KL120": (2700, 5000), "LB130": (2500, 9000), "KL125": (2500, 6500),
          "KL130": (2500, 9000), "KL135": (2500, 6500), "LB230": (2500, 9000), "KL400": (2500, 9000),
          "KL420": (2500, 9000), "KL430": (2500, 9000)}
WHITE = (2700, 5000)  # of a model that is not in the table


def mac(info: Json) -> str:
    """Twelve hex digits, "" when there are none."""
    told = str(info.get("mac") or info.get("mic_mac") or "").replace(":", "").replace("-", "").lower()
    return told if len(told) == 12 and set(told) <= set("0123456789abcdef") else ""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A device in a box: `child` is the full id of an outlet of a strip, "" for the box itself."""

    device: Device
    child: str
    metered: bool


def is_bulb(info: Json) -> bool:
    """Whether it speaks of a light state."""
    return "light_state" in info


def outlets(key: str, info: Json) -> tuple[Outlet, ...]:
    """The devices that a get_sysinfo tells of."""
    name = str(info.get("alias") or info.get("model") or "Kasa")[:80]
    marks = (f"mac:{key.partition(':')[2]}",)
    if is_bulb(info):
        return (Outlet(Device(key, name, "light", "", "kasa", _bulb_traits(info), marks=marks), "", True),)
    metered = "ENE" in str(info.get("feature", "")).split(":")
    meter = (POWER, ENERGY) if metered else ()
    children = info.get("children")
    if isinstance(children, list) and children:
        return tuple(_child(key, info, child, meter) for child in children)
    dimmed = (LIGHT,) if "brightness" in info else ()
    wall = dimmed or "light switch" in str(info.get("dev_name", "")).lower()
    return (Outlet(Device(key, name, "light" if wall else "plug", "", "kasa", (ON, *dimmed, *meter), marks=marks), "",
                   metered),)


def _child(key: str, info: Json, child: object, meter: tuple[Trait, ...]) -> Outlet:
    match child:
        case {"id": str(id_), "alias": str(alias)} if len(id_) >= 2 and id_[-2:].isalnum():
            whole = id_ if len(id_) > 2 else f"{info.get('deviceId', '')}{id_}"
            device = Device(f"{key}/{id_[-2:]}", alias[:80] or f"Outlet {id_[-2:]}", "plug", "", "kasa", (ON, *meter))
            return Outlet(device, whole, bool(meter))
    raise Garbage("Its answer made no sense.")


def _bulb_traits(info: Json) -> tuple[Trait, ...]:
    low, high = WHITES.get(str(info.get("model"))[:5], WHITE)
    return (ON, *((LIGHT,) if info.get("is_dimmable") else ()),
            *((COLOR.but(tolerance=0.03),) if info.get("is_color") else ()),
            *((COLOR_TEMPERATURE.but(min=low, max=high),) if info.get("is_variable_color_temp") else ()), POWER)


def shown(outlet: Outlet, info: Json, meter: Json | None) -> dict[str, Value]:
    """What a device shows, by trait; Garbage when that makes no sense. meter: a get_realtime, None without one."""
    try:
        values = _lit(info["light_state"]) if is_bulb(info) else _switched(outlet, info)
        values |= _measured(meter) if meter is not None else {}
    except (KeyError, TypeError, ValueError, StopIteration):
        raise Garbage("Its answer made no sense.") from None
    return {name: value for name, value in values.items() if outlet.device.trait(name) is not None}


def _switched(outlet: Outlet, info: Json) -> dict[str, Value]:
    if outlet.child:
        child = next(one for one in info["children"] if outlet.child.endswith(one["id"]))
        return {"on": _flag(child["state"])}
    dimmed: dict[str, Value] = {"brightness": _number(info["brightness"])} if "brightness" in info else {}
    return {"on": _flag(info["relay_state"])} | dimmed


def _lit(state: Json) -> dict[str, Value]:
    on = _flag(state["on_off"])
    look = {**state.get("dft_on_state", {}), **state}
    kelvin = _number(look.get("color_temp", 0))
    hue, saturation = _number(look.get("hue", 0)) / 360, _number(look.get("saturation", 0)) / 100
    color = rgb_to_xy(*colorsys.hsv_to_rgb(hue % 1, 0.0 if kelvin else saturation, 1.0))
    return {"on": on, "brightness": _number(look["brightness"]), "color": color, "color_temperature": kelvin or None}


def _measured(meter: Json) -> dict[str, Value]:
    """Power and energy in either generation of fields."""
    values: dict[str, Value] = {}
    for name, plain, small in (("power", "power", "power_mw"), ("energy", "total", "total_wh")):
        if small in meter:
            values[name] = _number(meter[small]) / 1000
        elif plain in meter:
            values[name] = round(_number(meter[plain]), 4)
    return values


def _flag(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise ValueError


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError


def module_of(info: Json) -> tuple[str, str]:
    """(module, method) that set a bulb's light."""
    return (STRIP_LIGHT, "set_light_state") if "length" in info else (BULB, "transition_light_state")


def order(info: Json, outlet: Outlet, command: Command) -> list[tuple[str, str, dict[str, Any]]]:
    """(module, method, arguments) of a command, in their order; Refused when there is none."""
    if is_bulb(info):
        state = {"ignore_default": 1, "transition_period": 0} | _light(command)
        return [(*module_of(info), state)]
    match command:
        case Command(trait="on", value=bool() as on):
            return [("system", "set_relay_state", {"state": int(on)})]
        case Command(trait="brightness", value=int() | float() as percent) if outlet.device.trait("brightness"):
            return [("smartlife.iot.dimmer", "set_brightness", {"brightness": round(percent)}),
                    ("system", "set_relay_state", {"state": 1})]
    raise Refused(f"It cannot set {command.trait}.")


def _light(command: Command) -> dict[str, int]:
    match command:
        case Command(trait="on", value=bool() as on):
            return {"on_off": int(on)}
        case Command(trait="brightness", value=int() | float() as percent):
            return {"on_off": 1, "brightness": round(percent)}
        case Command(trait="color_temperature", value=int() | float() as kelvin):
            return {"on_off": 1, "color_temp": round(kelvin)}
        case Command(trait="color", value={"x": float(x), "y": float(y)}):
            hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in xy_to_rgb(x, y)))
            return {"on_off": 1, "color_temp": 0, "hue": round(hue * 360), "saturation": round(saturation * 100)}
    raise Refused(f"It cannot set {command.trait}.")
