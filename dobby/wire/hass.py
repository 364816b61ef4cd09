"""Home Assistant's words and ours: which component, device class and unit is which kind of device and which trait.

Pure; what a hub that speaks Home Assistant's model (MQTT discovery, its websocket) says is looked up here. Sources:
developers.home-assistant.io/docs/core/entity (states, device classes, units), home-assistant.io/integrations/mqtt.
Entities that are parts of one device are put together in hass_assemble.py. What a stranger called his device is cut
and cleaned here, and never more than a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass
from typing import Any

from dobby.home import vocabulary as v
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import DeviceKind
from dobby.home.traits import Risk, Trait, Value

NAME_LIMIT = 80
CHOICES_LIMIT = 200  # of one trait; WLED has about 190 effects
Values = dict[str, Value]
Convert = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a hub. name: its own, "" when it is the main thing its device does; device: the identifier that
    the entities of one device share, "" when it stands alone; category: "", "config" or "diagnostic"; marks: what tells
    the device apart whatever hub it is seen through."""

    id: str
    component: str
    kind: DeviceKind
    traits: tuple[Trait, ...]
    name: str = ""
    device: str = ""
    device_name: str = ""
    room: str = ""
    category: str = ""
    marks: tuple[str, ...] = ()


def cleaned(raw: object, limit: int = NAME_LIMIT) -> str:
    """One printable line of a stranger's text; "" for what is none."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    kept = "".join(" " if c.isspace() else c for c in str(raw)[: limit * 2]
                   if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:limit]


def number(raw: object) -> float | None:
    """A finite number out of JSON or text; None for everything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None  # not what is infinite, or no number at all


def mac_mark(raw: object) -> str:
    """The mark of a MAC address or of a Zigbee address (EUI-64), however it is written; "" when it is neither."""
    digits = str(raw).casefold().removeprefix("0x").replace(":", "").replace("-", "")
    return f"mac:{digits}" if len(digits) in (12, 16) and set(digits) <= set("0123456789abcdef") else ""


# --- units ------------------------------------------------------------------------------------------------------------


def _times(factor: float) -> Convert:
    return lambda value: value * factor


def _celsius(value: float) -> float:
    return (value - 32) / 1.8


def fahrenheit(celsius: float) -> float:
    """°F of °C."""
    return celsius * 1.8 + 32


TO_CELSIUS: Mapping[str, Convert] = {"°C": _times(1), "C": _times(1), "°F": _celsius, "F": _celsius,
                                     "K": lambda value: value - 273.15}

# device class -> the trait and what makes its unit ours; a unit that is not there is not understood, and not shown
SENSORS: Mapping[str, tuple[Trait, Mapping[str, Convert]]] = {
    "temperature": (v.TEMPERATURE, TO_CELSIUS),
    "humidity": (v.HUMIDITY, {"%": _times(1)}),
    "illuminance": (v.ILLUMINANCE, {"lx": _times(1)}),
    "carbon_dioxide": (v.CO2, {"ppm": _times(1)}),
    "pm25": (v.PM2_5, {"µg/m³": _times(1), "μg/m³": _times(1), "mg/m³": _times(1000)}),
    "pressure": (v.PRESSURE, {"hPa": _times(1), "mbar": _times(1), "kPa": _times(10), "Pa": _times(0.01),
                              "bar": _times(1000), "inHg": _times(33.8639), "mmHg": _times(1.33322),
                              "psi": _times(68.9476)}),
    "power": (v.POWER, {"W": _times(1), "kW": _times(1000), "mW": _times(0.001), "MW": _times(1e6)}),
    "energy": (v.ENERGY, {"kWh": _times(1), "Wh": _times(0.001), "MWh": _times(1000), "MJ": _times(1 / 3.6),
                          "GJ": _times(1000 / 3.6)}),
    "voltage": (v.VOLTAGE, {"V": _times(1), "mV": _times(0.001), "kV": _times(1000)}),
    "current": (v.AMPERAGE, {"A": _times(1), "mA": _times(0.001)}),
    "battery": (v.BATTERY, {"%": _times(1)}),
    "volume_flow_rate": (v.WATER_FLOW, {"L/min": _times(1), "m³/h": _times(1000 / 60), "gal/min": _times(3.78541),
                                        "L/h": _times(1 / 60), "ft³/min": _times(28.3168)}),
    "ph": (v.PH, {"": _times(1), "pH": _times(1)}),
}
SENSORS = {**SENSORS, "atmospheric_pressure": SENSORS["pressure"]}

# units that say without a device class what is measured
UNITS: Mapping[str, str] = {"W": "power", "kW": "power", "Wh": "energy", "kWh": "energy", "lx": "illuminance",
                            "°C": "temperature", "°F": "temperature", "gpm": "volume_flow_rate", "pH": "ph"}
# pool chemistry has no device class: a word of the name and the unit
POOL_SENSORS: Mapping[tuple[str, str], Trait] = {("orp", "mV"): v.ORP, ("salt", "ppm"): v.SALT, ("ph", ""): v.PH}
COUNTED_ELSEWHERE = {"yesterday", "today", "daily", "monthly", "weekly", "month", "period", "apparent", "reactive",
                     "factor"}  # of several meters of one thing, those that are not the one


def sensor(device_class: str, unit: str, name: str) -> tuple[Trait, Convert] | None:
    """The trait of a measured value and what makes it ours; None when it is nothing we have a word for."""
    spoken = set(name.casefold().replace("_", " ").split())
    if spoken & COUNTED_ELSEWHERE:
        return None
    for (word, of), trait in POOL_SENSORS.items():
        if word in spoken and unit == of:
            return trait, _times(1)
    row = SENSORS.get(device_class or UNITS.get(unit, ""))
    convert = row[1].get("gal/min" if unit == "gpm" else unit) if row else None
    return (row[0], convert) if row and convert else None


BINARY_SENSORS: Mapping[str, Trait] = {
    "door": v.OPENED, "window": v.OPENED, "opening": v.OPENED, "garage_door": v.OPENED, "motion": v.MOTION,
    "occupancy": v.OCCUPIED, "presence": v.OCCUPIED, "moisture": v.LEAK, "smoke": v.SMOKE,
    "carbon_monoxide": v.CARBON_MONOXIDE, "gas": v.GAS, "vibration": v.VIBRATION, "tamper": v.TAMPERED,
    "problem": v.PROBLEM, "safety": v.PROBLEM, "battery": v.LOW_BATTERY,
}
ALWAYS = {"battery", "low_battery", "tampered"}  # shown even when they are called diagnostic

# --- kinds ------------------------------------------------------------------------------------------------------------

KINDS: Mapping[str, DeviceKind] = {
    "light": "light", "switch": "plug", "climate": "thermostat", "cover": "shade", "lock": "lock",
    "alarm_control_panel": "alarm", "fan": "fan", "vacuum": "vacuum", "valve": "valve", "water_heater": "water_heater",
    "humidifier": "fan", "sensor": "sensor", "binary_sensor": "sensor", "media_player": "speaker", "siren": "alarm",
    "camera": "camera", "select": "sensor", "number": "sensor", "button": "sensor", "scene": "sensor",
}
OPENERS = {"garage", "gate", "door"}  # covers that let somebody in
# what covers are called that let somebody in, where nobody gave them a class; and that do not, wherever they hang
OPENER = re.compile(r"garage|garaje|cochera|carport|driveway|\bgates?\b|\btor\b|hoftor|einfahrt|portail|portón|"
                    r"\bpoort\b")
SCREEN = re.compile(r"blind|shade|curtain|window|shutter|awning|rollo|jalousie|markise|volet|\bstores?\b|persiana|"
                    r"cortina|rolluik")
BODIES: Mapping[str, DeviceKind] = {
    "pool": "pool", "piscina": "pool", "piscine": "pool", "zwembad": "pool", "schwimmbad": "pool", "spa": "spa",
    "jacuzzi": "spa", "whirlpool": "spa", "hottub": "spa", "hot-tub": "spa"}
NO_WATER = {"house", "room", "hall", "cabin"}  # the pool house is heated as a house is


def kind_of(component: str, device_class: str = "", name: str = "") -> DeviceKind | None:
    """The kind of device that an entity is; None for a component that is none (device_automation, update, tag...)."""
    if component == "cover" and (device_class in OPENERS or (not device_class and _opens(name.casefold()))):
        return "garage"
    if component in ("climate", "water_heater"):
        words = name.casefold().split()
        body = next((BODIES[word] for word in words if word in BODIES), None)
        if body is not None and not NO_WATER & set(words):
            return body
    if component == "media_player" and device_class == "tv":
        return "tv"
    return KINDS.get(component)


def _opens(name: str) -> bool:
    """Whether a name is that of a door or gate: a mistake here would open one unasked."""
    return OPENER.search(name) is not None and SCREEN.search(name) is None


# --- states -----------------------------------------------------------------------------------------------------------

MODES: Mapping[str, str] = {"off": "off", "heat": "heat", "cool": "cool", "heat_cool": "auto", "auto": "auto",
                            "dry": "dry", "fan_only": "fan"}
LOCK_STATES: Mapping[str, Values] = {
    "locked": {"locked": True, "jammed": False, "moving": False},
    "unlocked": {"locked": False, "jammed": False, "moving": False},
    "open": {"locked": False, "jammed": False, "moving": False},
    "locking": {"moving": True}, "unlocking": {"moving": True}, "opening": {"moving": True},
    "jammed": {"locked": None, "jammed": True, "moving": False},
}
COVER_STATES: Mapping[str, Values] = {
    "open": {"open": True, "moving": False}, "closed": {"open": False, "moving": False},
    "opening": {"moving": True}, "closing": {"moving": True}, "stopped": {"moving": False},
}
VACUUM_STATES: Mapping[str, Values] = {
    "cleaning": {"task": "clean", "activity": "cleaning"}, "returning": {"task": "dock", "activity": "returning"},
    "docked": {"task": "dock", "activity": "docked"}, "paused": {"task": "pause", "activity": "paused"},
    "idle": {"task": "pause", "activity": "idle"}, "error": {"task": None, "activity": "error"},
}


def _still(armed: str) -> Values:
    return {"armed": armed, "arming": False, "triggered": False}


ALARM_STATES: Mapping[str, Values] = {
    "disarmed": _still("disarmed"), "armed_home": _still("home"), "armed_away": _still("away"),
    "armed_night": _still("night"), "armed_vacation": _still("away"), "armed_custom_bypass": _still("home"),
    "arming": {"arming": True, "triggered": False}, "disarming": {}, "pending": {"arming": False},  # its entry delay
    "triggered": {"arming": False, "triggered": True},
}
ACTIVITIES: Mapping[str, str] = {"preheating": "heating", "defrosting": "heating"}


def mode_words(theirs: Sequence[str]) -> dict[str, str]:
    """Our mode -> theirs, of what a thermostat offers. "auto" is heat_cool where it has that: it holds a range."""
    words: dict[str, str] = {}
    for mode in theirs:
        ours = MODES.get(mode)
        if ours is not None and (ours not in words or mode == "heat_cool"):
            words[ours] = mode
    return words


def choices(raw: object) -> tuple[str, ...]:
    """A stranger's list of options, cleaned and capped."""
    given = raw if isinstance(raw, list | tuple) else ()
    return tuple(dict.fromkeys(word for word in (cleaned(one) for one in given[:CHOICES_LIMIT]) if word))


def target(kind: DeviceKind, low: float | None, high: float | None, step: float | None, *,
           trait: Trait = v.TARGET) -> Trait:
    """A target temperature in the device's own range (°C), held within what is good for this kind of device."""
    row = (v.known(trait.name, kind) or trait).but(step=step or trait.step)
    return v.limited(row.but(min=low if low is not None else row.min, max=high if high is not None else row.max), kind)


def opening(kind: DeviceKind) -> tuple[Trait, ...]:
    """What a cover can be told to, by its kind: a door that lets somebody in is open or not, a shade has a position."""
    return (v.OPEN,) if kind == "garage" else (v.POSITION,)


def switched(kind: DeviceKind) -> Trait:
    """The row of `on` for a kind of device; a siren is loud, so sounding it asks."""
    return v.ON.but(risks=((True, Risk.ASK),)) if kind == "alarm" else v.known("on", kind) or v.ON


# --- brightness and color ---------------------------------------------------------------------------------------------


def percent(level: float, scale: float = 255) -> float:
    """0..scale as 0..100 %."""
    return round(min(max(level / scale, 0.0), 1.0) * 100, 1)


def level(percent: float, scale: float = 255) -> int:
    """0..100 % as 0..scale; what is lit at all is never 0."""
    return max(1, round(percent * scale / 100)) if percent > 0 else 0


def kelvin(mireds: float) -> int:
    """Mireds to kelvin, or the other way round."""
    return round(1e6 / mireds)


def hs_to_xy(hue: float, saturation: float) -> dict[str, float]:
    """Hue 0..360 and saturation 0..100 to CIE xy."""
    return rgb_to_xy(*hsv_to_rgb(hue / 360, saturation / 100, 1.0))


def xy_to_hs(x: float, y: float) -> tuple[float, float]:
    """CIE xy to hue 0..360 and saturation 0..100."""
    hue, saturation, _ = rgb_to_hsv(*(c / 255 for c in xy_to_rgb(x, y)))
    return round(hue * 360, 2), round(saturation * 100, 2)


def color_of(shown: Mapping[str, Any]) -> dict[str, float] | None:
    """CIE xy out of {"x","y"}, {"h","s"} or {"r","g","b"}; None when it is none of them."""
    for names in (("x", "y"), ("h", "s"), ("r", "g", "b")):
        parts = [number(shown.get(name)) for name in names]
        found = [part for part in parts if part is not None and part >= 0]
        if len(found) < len(names):
            continue
        if names == ("x", "y"):
            return {"x": round(min(found[0], 1.0), 4), "y": round(min(found[1], 1.0), 4)}
        if names == ("h", "s"):
            return hs_to_xy(min(found[0], 360), min(found[1], 100))
        return rgb_to_xy(*(min(part, 255) / 255 for part in found))
    return None
