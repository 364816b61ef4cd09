"""What a stranger's field means: from its name, its value and what stands beside it to a trait of ours.

General words only, as engineers name such fields; no make and no device is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dobby.home.traits import Value
from dobby.wire.recipe.guard import denied
from dobby.wire.recipe.values import bare_number

_ON = frozenset({"on", "true", "1", "yes", "enabled", "active", "running"})
_OFF = frozenset({"off", "false", "0", "no", "disabled", "inactive", "standby", "stopped"})
# words that name what a device is, each with our kind; the first that is found most often wins
KINDS: Mapping[str, tuple[str, ...]] = {
    "thermostat": ("thermostat", "hvac", "heating", "climate", "radiator", "heatpump", "heater", "furnace"),
    "fan": ("fan", "ventilator", "ventilation", "hood", "airpurifier", "purifier", "blower",
            "humidifier", "dehumidifier"),
    "light": ("light", "lamp", "bulb", "led", "dimmer", "luminaire", "lantern", "chandelier", "sconce", "lighting"),
    "shade": ("shade", "blind", "curtain", "shutter", "awning", "drape", "roller", "louver", "screen"),
    "speaker": ("speaker", "amplifier", "receiver", "audio", "soundbar", "radio", "music", "renderer", "amp"),
    "lock": ("lock", "deadbolt", "doorlock"),
    "garage": ("garage", "gate"),
    "vacuum": ("vacuum", "robot", "mower"),
    "pool": ("pool",),
    "spa": ("spa", "jacuzzi", "hottub"),
    "water_heater": ("boiler", "waterheater", "kettle"),
    "valve": ("valve", "sprinkler", "irrigation", "watering"),
    "plug": ("plug", "outlet", "socket", "relay", "switch", "pump", "powerstrip"),
    "tv": ("tv", "television", "projector"),
    "sensor": ("sensor", "meter", "probe", "weather", "monitor"),
}
_BY_TRAITS = (("locked", "lock"), ("target_humidity", "fan"), ("target", "thermostat"), ("position", "shade"),
              ("brightness", "light"), ("color_temperature", "light"), ("volume", "speaker"), ("playing", "speaker"),
              ("speed", "fan"), ("fan_mode", "fan"), ("on", "plug"))
_HUMID = frozenset({"humidity", "hum", "rh"})
_NUMBERS: Sequence[tuple[str, frozenset[str]]] = (
    ("target", frozenset({"target", "setpoint", "desired", "goal", "setpt"})),
    ("color_temperature", frozenset({"kelvin", "colortemp", "cct"})),
    ("temperature", frozenset({"temperature", "temp", "degrees"})),
    ("humidity", _HUMID),
    ("brightness", frozenset({"brightness", "bri", "dim", "dimmer", "dimming", "intensity", "luminance", "luminosity",
                              "lum", "loadlevel"})),
    ("volume", frozenset({"volume", "vol", "loudness"})),
    ("tilt", frozenset({"tilt", "slat", "slats", "angle"})),
    ("position", frozenset({"position", "pos", "opening", "lift", "openness", "extension"})),
    ("speed", frozenset({"speed", "rpm", "airflow"})),
    ("battery", frozenset({"battery", "batt"})),
    ("energy", frozenset({"kwh", "energy"})),
    ("power", frozenset({"watts", "watt", "consumption", "wattage"})),
    ("voltage", frozenset({"voltage", "volts"})),
    ("co2", frozenset({"co2"})),
    ("pm2_5", frozenset({"pm25"})),
    ("pressure", frozenset({"pressure", "hpa"})),
    ("illuminance", frozenset({"lux", "illuminance"})),
)
_FLAGS: Sequence[tuple[str, frozenset[str]]] = (
    ("muted", frozenset({"mute", "muted", "silent"})),
    ("playing", frozenset({"playing", "play", "playback", "transport"})),
    ("locked", frozenset({"locked", "lock", "bolt", "deadbolt"})),
    ("oscillating", frozenset({"oscillate", "oscillating", "oscillation", "swing", "sway", "rotate"})),
    ("motion", frozenset({"motion", "pir", "movement"})),
    ("occupied", frozenset({"occupied", "occupancy", "presence"})),
    ("leak", frozenset({"leak", "flood", "wet"})),
    ("smoke", frozenset({"smoke"})),
    ("opened", frozenset({"contact", "opened", "door", "window"})),
    ("on", frozenset({"power", "on", "state", "status", "switch", "relay", "enabled", "output", "active", "lamp",
                      "light", "pump", "heater", "fan", "running", "ison", "onoff", "powered", "lit", "engaged",
                      "pow", "pwr"})),
)
_CHOICES: Sequence[tuple[str, frozenset[str]]] = (
    ("mode", frozenset({"mode", "hvac", "operation"})),
    ("effect", frozenset({"effect", "pattern", "animation", "show", "scene", "program", "programme"})),
    ("source", frozenset({"source", "input", "channel", "station"})),
    ("fan_mode", frozenset({"speed", "fan", "gear", "stage", "airflow"})),
)
_SENSED = frozenset({"temperature", "humidity", "battery", "energy", "power", "voltage", "co2", "pm2_5", "pressure",
                     "illuminance", "current", "motion", "occupied", "leak", "smoke", "opened"})
_SKIPPED = frozenset({"rssi", "uptime", "heap", "version", "firmware", "fw", "time", "timestamp", "ts", "port", "count",
                      "id", "index", "channel", "signal", "memory", "build", "rev", "revision", "date", "latency",
                      "min", "max", "minimum", "maximum", "step", "default", "code", "error", "errors", "size", "age",
                      "wifi", "ip", "mac", "serial", "interval", "timer", "schedule", "hours", "hour", "seconds"})
_MODES = {"heat": "heat", "heating": "heat", "warm": "heat", "cool": "cool", "cooling": "cool", "auto": "auto",
          "automatic": "auto", "off": "off", "dry": "dry", "fan": "fan", "fanonly": "fan"}
_LEVELS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Meant:
    """A trait that a field stands for: its name, the recipe's words or numbers for it, its limits, whether it is only
    ever read."""

    trait: str
    words: tuple[tuple[Value, Value], ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    whole: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    sensed: bool = False


def tokens(name: str) -> list[str]:
    """The words of a field's name, whatever style it is written in; and the name as one word."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = re.findall(r"[a-z]+|\d+", spaced.casefold())
    return [*words, re.sub(r"[^a-z0-9]", "", name.casefold())]


def kind_of(texts: Iterable[str], traits: Iterable[str]) -> str:
    """What kind of device this is, from what it calls itself (the earlier the weightier), else from what it does."""
    scores: dict[str, float] = {}
    for at, text in enumerate(texts):
        said = set(tokens(text)) | {word.rstrip("s") for word in tokens(text)}
        for kind, words in KINDS.items():
            if said & set(words):
                scores[kind] = scores.get(kind, 0.0) + 1 / (1 + at * 0.3)
    if scores:
        return max(scores, key=lambda kind: scores[kind])
    have = set(traits)
    return next((kind for trait, kind in _BY_TRAITS if trait in have), "sensor")


def meaning(path: Sequence[str], value: Any, beside: Mapping[str, Any], kind: str) -> Meant | None:
    """What the field at a path means; None for what no one word of ours stands for. beside: what else is known of it:
    min, max, options, unit, readonly."""
    words = tokens(path[-1])
    near = words + (tokens(path[-2]) if len(path) > 1 else [])
    if set(words) & _SKIPPED and not set(words) & {"target", "setpoint"}:
        return None
    options = [one for one in beside.get("options", ())
               if isinstance(one, str | int | float) and not isinstance(one, bool) and sayable(one)]
    number = _as_number(value)
    if isinstance(value, bool) or (isinstance(value, str) and value.casefold() in _ON | _OFF and not options) or (
            options and {str(one).casefold() for one in options} <= _ON | _OFF):
        return _flag(words, near, value, options, beside)
    if len(options) >= 2:
        return _choice(words, near, options, kind)
    if number is not None:
        return _amount(words, near, number, value, beside, kind)
    if isinstance(value, str):
        return _word(words, near, value, kind)
    return None


def sayable(option: str | int | float) -> bool:
    """Whether a word that a device offers is one that a recipe may say: short, printable, none that it never says."""
    return not isinstance(option, str) or (option.isprintable() and 0 < len(option) <= 60 and not denied(option))


def _first(table: Sequence[tuple[str, frozenset[str]]], *word_lists: Sequence[str]) -> str:
    for words in word_lists:
        for trait, known in table:
            if known & set(words):
                return trait
    return ""


def _flag(words: Sequence[str], near: Sequence[str], value: Any, options: Sequence[Any],
          beside: Mapping[str, Any]) -> Meant | None:
    trait = _first(_FLAGS, words, near)
    if not trait:
        return None
    sensed = trait in _SENSED or beside.get("readonly") is True
    if isinstance(value, bool) and not options:
        return Meant(trait, sensed=sensed)
    spoken = [str(one) for one in options] or [str(value)]
    on = next((one for one in spoken if one.casefold() in _ON), None)
    off = next((one for one in spoken if one.casefold() in _OFF), None)
    pairs = _opposite(on, off)
    return Meant(trait, pairs, sensed=sensed)


def on_off(options: Sequence[Any]) -> tuple[tuple[Value, Value], ...]:
    """The words for true and false among exactly two options that mean on and off; () where they do not."""
    spoken = [str(one) for one in options]
    on = [one for one in spoken if one.casefold() in _ON]
    off = [one for one in spoken if one.casefold() in _OFF]
    return ((True, on[0]), (False, off[0])) if len(spoken) == 2 and on and off else ()


_PAIRS = (("on", "off"), ("true", "false"), ("1", "0"), ("yes", "no"), ("enabled", "disabled"), ("active", "inactive"),
          ("running", "stopped"), ("on", "standby"))


def _opposite(on: str | None, off: str | None) -> tuple[tuple[Value, Value], ...]:
    """(True, its word), (False, its word): the missing one in the same style as the other."""
    known = on or off or "on"
    for yes, no in _PAIRS:
        if known.casefold() in (yes, no):
            on, off = on or _styled(yes, known), off or _styled(no, known)
            break
    return (True, on or "on"), (False, off or "off")


def _styled(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[:1].isupper() else word


def _choice(words: Sequence[str], near: Sequence[str], options: Sequence[Any], kind: str) -> Meant | None:
    trait = _first(_CHOICES, words, near) or "choice"
    modes = tuple((_MODES[one], raw) for raw in options if (one := "".join(tokens(str(raw))[:-1])) in _MODES)
    if len(modes) == len(options) and kind in ("thermostat", "pool", "spa", "water_heater"):
        return Meant("mode", modes, limits={"choices": [str(mine) for mine, _ in modes]})
    if trait == "mode":
        trait = "fan_mode" if kind == "fan" else "effect" if kind == "light" else "choice"
    pairs = tuple((str(one), one) for one in options)
    return Meant(trait, pairs, limits={"choices": [str(one) for one in options]})


def _word(words: Sequence[str], near: Sequence[str], value: str, kind: str) -> Meant | None:
    said = value.casefold()
    if said in _LEVELS and _first(_CHOICES, words, near) == "fan_mode":
        return _choice(words, near, [_styled(one, value) for one in _LEVELS], kind)
    for yes, no, trait in (("locked", "unlocked", "locked"), ("playing", "paused", "playing"),
                           ("open", "closed", "opened"), ("muted", "unmuted", "muted")):
        if said in (yes, no):
            return Meant(trait, ((True, _styled(yes, value)), (False, _styled(no, value))), sensed=trait == "opened")
    if {"title", "track", "song"} & set(words) and len(value) < 120:
        return Meant("title", sensed=True)
    return None


def _amount(words: Sequence[str], near: Sequence[str], number: float, value: Any, beside: Mapping[str, Any],
            kind: str) -> Meant | None:
    trait = _first(_NUMBERS, words)
    low, high = _as_number(beside.get("min")), _as_number(beside.get("max"))
    if trait in ("target", "humidity") and _HUMID & set(words) and {"set", *_NUMBERS[0][1]} & set(words):
        limits = {key: one for key, one in (("min", low), ("max", high)) if one is not None}
        return Meant("target_humidity", limits=limits)
    if {"set", "point"} <= set(words) or ({"set"} & set(words) and trait == "temperature"):
        trait = "target"
    if not trait and number in (0, 1) and high in (None, 1) and _first(_FLAGS, words) in ("on", "muted", "locked"):
        raw: tuple[Value, Value] = ("1", "0") if isinstance(value, str) else (1, 0)
        return Meant(_first(_FLAGS, words), ((True, raw[0]), (False, raw[1])))
    if not trait and {"level", "value", "percent", "amount", "pct"} & set(words):
        trait = _first(_NUMBERS, near) or {"light": "brightness", "speaker": "volume", "fan": "speed",
                                           "shade": "position"}.get(kind, "amount")
    if not trait and _first(_NUMBERS, near) in ("target", "temperature", "brightness", "volume", "position", "speed"):
        trait = _first(_NUMBERS, near)
    if trait == "" and "current" in words and kind in ("thermostat", "pool", "spa", "water_heater"):
        trait = "temperature"
    if trait in ("target", "temperature"):
        said_unit = re.sub(r"[^cf]", "", str(value).casefold())
        return _warmth(trait, near, number, low, high, beside, kind, said_unit)
    if trait in ("brightness", "volume", "position", "tilt", "speed"):
        return _percent(trait, number, value, low, high)
    if trait == "amount":
        if low is None or high is None:
            return None
        return Meant("amount", whole=isinstance(value, int), limits={"min": low, "max": high})
    if trait == "color_temperature":
        limits = {"min": low, "max": high} if low and high else {}
        return Meant(trait, whole=True, limits=limits)
    return Meant(trait, sensed=True) if trait in _SENSED else None


def _warmth(trait: str, near: Sequence[str], number: float, low: float | None, high: float | None,
            beside: Mapping[str, Any], kind: str, said_unit: str) -> Meant:
    unit = str(beside.get("unit", "")).casefold().strip("° ") or said_unit
    tenths = 10.0 if number > 130 and number == int(number) else 1.0
    fahrenheit = unit.startswith("f") or bool({"f", "fahrenheit"} & set(near)) or (
        not unit and not {"c", "celsius"} & set(near) and number / tenths > (70 if kind == "water_heater" else 45))
    scale, offset = (1.8 * tenths, 32.0 * tenths) if fahrenheit else (tenths, 0.0)
    limits = {key: round((one - offset) / scale, 2) for key, one in (("min", low), ("max", high)) if one is not None}
    if trait == "temperature":
        name = "current" if kind in ("thermostat", "pool", "spa", "water_heater") else "temperature"
        return Meant(name, scale=scale, offset=offset, sensed=True)
    return Meant("target", scale=scale, offset=offset, whole=fahrenheit and number == int(number), limits=limits)


def _percent(trait: str, number: float, value: Any, low: float | None, high: float | None) -> Meant:
    """A share of a whole in the device's own range: 0..1, 0..255 or whatever it says; a few steps stay steps."""
    top = high if high and high > 0 else 1.0 if isinstance(value, float) and 0 < number <= 1 else (
        255.0 if 100 < number <= 255 else 1023.0 if 255 < number <= 1023 else 100.0)
    whole = top > 1
    limits: dict[str, Any] = {}
    if top <= 20 and whole:
        limits = {"step": round(100 / top, 2), "tolerance": round(50 / top, 2)}
    if low and 0 < low < top:
        limits["min"] = round(low / top * 100, 2)
    return Meant(trait, scale=top / 100, whole=whole, limits=limits)


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(bare_number(value))
    except (TypeError, ValueError):
        return None
    return number if -1e9 < number < 1e9 else None
