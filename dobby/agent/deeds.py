"""From a clause's words to one action, and from an action to the commands one device takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dobby.agent.clauses import Deed
from dobby.errors import OutOfRange
from dobby.home.device import Command, Device, View
from dobby.home.traits import Trait, Value

Name = Literal["on", "off", "set", "step", "play", "pause", "resume", "next", "previous", "mute", "unmute", "lock",
               "unlock", "open", "close", "group", "ungroup"]
_PLAIN: dict[str, Name] = {
    "on": "on", "off": "off", "pause": "pause", "stop": "pause", "resume": "resume", "next": "next",
    "previous": "previous", "mute": "mute", "unmute": "unmute", "lock": "lock", "unlock": "unlock", "open": "open",
    "close": "close", "group": "group", "ungroup": "ungroup", "play": "play",
}
# act -> (direction, traits it can mean)
_STEPS: dict[str, tuple[int, tuple[str, ...]]] = {
    "up": (1, ()), "more": (1, ()), "down": (-1, ()), "less": (-1, ()),
    "brighter": (1, ("brightness",)), "dimmer": (-1, ("brightness",)), "dim": (-1, ("brightness",)),
    "louder": (1, ("volume",)), "quieter": (-1, ("volume",)),
    "warmer": (1, ("target", "color_temperature")), "cooler": (-1, ("target", "color_temperature")),
}
# a little, as it comes, a lot
_SIZES = {"brightness": (10.0, 20.0, 35.0), "volume": (5.0, 10.0, 20.0), "position": (10.0, 20.0, 40.0),
          "target": (0.5, 1.0, 2.0), "speed": (10.0, 25.0, 50.0), "color_temperature": (300.0, 600.0, 1200.0)}
_MAIN = {"light": "brightness", "speaker": "volume", "shade": "position", "thermostat": "target", "garage": "position",
         "fan": "speed", "spa": "target", "pool": "target", "water_heater": "target"}
_KIND = {"brightness": "light", "white": "light", "color": "light", "color_temperature": "light", "effect": "light",
         "volume": "speaker", "muted": "speaker", "play": "speaker", "playing": "speaker", "next": "speaker",
         "previous": "speaker", "group": "speaker", "locked": "lock", "position": "shade", "target": "thermostat"}
_UNITS = {"percent": ("brightness", "volume", "position", "speed"), "degree": ("target",),
          "kelvin": ("color_temperature",)}
DIMMED = 20.0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `trait` is "" where the kind of device decides; `value` is a number, level, colour or title."""

    name: Name
    trait: str = ""
    value: Value = None
    unit: str = ""
    direction: int = 0
    size: str = ""
    relative: bool = False

    @property
    def kind(self) -> str:
        """The kind of device that is meant when only a place is named, "" where it must be said."""
        fixed = {"play": "speaker", "pause": "speaker", "resume": "speaker", "next": "speaker", "previous": "speaker",
                 "mute": "speaker", "unmute": "speaker", "lock": "lock", "unlock": "lock", "open": "shade",
                 "close": "shade", "group": "speaker", "ungroup": "speaker", "on": "light", "off": "light"}
        if self.name in fixed:
            return fixed[self.name]
        if self.trait:
            return _KIND.get(self.trait, "")
        if self.unit == "degree":
            return "thermostat"
        return "light" if self.name == "set" else ""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a device cannot: a key of the words, with what fills it."""

    key: str
    trait: str = ""
    detail: str = ""


def action(deed: Deed) -> Action | None:
    """The one action these words ask for, None where they do not fit together."""
    if deed.title and (deed.acts == ("on",) or (not deed.acts and deed.carrier)):
        deed = replace(deed, acts=("play",))
    if deed.holds and not deed.title and (deed.acts or (deed.number is None and deed.level is None)):
        return None
    if len(deed.traits) > 1 or (deed.relation in ("at", "till") and not deed.unit and deed.number is not None):
        return None
    if (deed.unit and deed.number is None) or (deed.something and "play" not in deed.acts):
        return None
    acts = set(deed.acts) - ({"more"} if len(deed.acts) > 1 else set())
    steps = acts & set(_STEPS)
    if steps:
        return _stepped(deed, acts, steps)
    if acts - {"on"} == {"mute"} or acts == {"mute", "off"}:
        return None if deed.valued else Action("unmute" if "off" in acts else "mute")
    if "play" in acts:
        return _played(deed, acts)
    if acts and (acts - {"open", "close", "on"}):
        return _plain(deed, acts)
    if acts in ({"open"}, {"close"}):
        return _opened(deed, "open" if "open" in acts else "close")
    if acts and acts != {"on"}:
        return None
    if deed.valued:
        return _valued(deed)
    return _plain(deed, acts) if acts else None


def _plain(deed: Deed, acts: set[str]) -> Action | None:
    if len(acts) != 1 or deed.valued or deed.size:
        return None
    name = _PLAIN.get(next(iter(acts)))
    if name is None or (deed.traits and not (deed.traits in (("target",), ("volume",)) and name in ("on", "off"))):
        return None
    if deed.traits == ("volume",):
        return Action("mute" if name == "off" else "unmute")
    return None if deed.traits else Action(name)


def _played(deed: Deed, acts: set[str]) -> Action | None:
    rest = acts - {"play", "on", "resume"}
    if rest == {"stop"} and not deed.valued:
        return Action("pause")
    if rest in ({"next"}, {"previous"}) and not deed.valued:
        return Action("next" if "next" in rest else "previous")
    if rest or deed.traits or deed.size or replace(deed, title="").valued:
        return None
    return Action("play", "play", deed.title or None)


def _opened(deed: Deed, name: Literal["open", "close"]) -> Action | None:
    if deed.size and not deed.valued:
        return Action("step", "position", direction=1 if name == "open" else -1, size=deed.size, relative=True)
    if deed.white or deed.color or deed.size or deed.title or deed.effect or deed.traits not in ((), ("position",)):
        return None
    if deed.number is not None:
        fits = deed.relation in ("to", "till") or name == "open"
        if not fits or deed.unit == "degree" or not 0 <= deed.number <= 100:
            return None
        shut = name == "close" and deed.carrier  # "set them to 80 % closed", not "close them to 30 %"
        return Action("set", "position", 100 - deed.number if shut else deed.number, deed.unit)
    if isinstance(deed.level, float):
        value = deed.level if name == "open" else 100 - deed.level
        return Action("set", "position", value)
    return None if deed.level else Action(name)


def _stepped(deed: Deed, acts: set[str], steps: set[str]) -> Action | None:
    if len(acts) != 1 or deed.color or deed.title or deed.effect or deed.white:
        return None
    step = next(iter(steps))
    direction, able = _STEPS[step]
    trait = deed.traits[0] if deed.traits else able[0] if len(able) == 1 else ""
    if trait and able and trait not in able:
        return None
    if trait in ("color", "effect", "battery"):
        return None
    if trait == "" and able:
        trait = "warmth"
    if trait == "color_temperature" and able:
        direction = -direction
    if deed.number is not None and deed.relation in ("to", "till"):
        return Action("set", "" if trait == "warmth" else trait, deed.number, deed.unit)
    if deed.level is not None:
        return Action("set", "" if trait == "warmth" else trait, deed.level)
    if step == "dim" and deed.carrier and deed.number is None:
        return Action("set", "brightness", DIMMED)
    if deed.unit == "degree" and trait == "":
        trait = "target"
    return Action("step", trait, deed.number, deed.unit, direction, deed.size, True)


def _valued(deed: Deed) -> Action | None:
    given = [deed.number is not None, deed.level is not None, deed.white is not None, bool(deed.color),
             bool(deed.effect), bool(deed.title)]
    if sum(given) != 1 or deed.size or deed.title:
        return None
    trait = deed.traits[0] if deed.traits else ""
    if deed.number is not None:
        fits = not deed.unit or not trait or trait in _UNITS[deed.unit]
        trait = trait or {"kelvin": "color_temperature", "degree": "target"}.get(deed.unit, "")
        able = fits and trait not in ("color", "effect", "battery")
        return Action("set", trait, deed.number, deed.unit) if able else None
    if deed.level is not None:
        return None if trait in ("color", "effect", "battery") else Action("set", trait, deed.level)
    if deed.white is not None:
        return Action("set", "white", deed.white) if trait in ("", "color", "color_temperature") else None
    if deed.color:
        return Action("set", "color", deed.color) if trait in ("", "color") else None
    return Action("set", "effect", deed.effect) if trait in ("", "effect") else None


def main_trait(wanted: Action, device: Device) -> str:
    """The trait of this device that an action is about."""
    match wanted.name:
        case "on" | "off":
            if device.trait("on") is None and device.kind == "speaker":
                return "playing" if wanted.name == "off" or device.trait("play") is None else "play"
            return "on"
        case "pause" | "resume":
            return "playing"
        case "mute" | "unmute":
            return "muted"
        case "lock" | "unlock":
            return "locked"
        case "open" | "close":
            return "position"
        case "ungroup":
            return "group"
        case "step" | "set":
            return _numbered(wanted, device)
    return wanted.name


def _numbered(wanted: Action, device: Device) -> str:
    if wanted.trait == "warmth":
        return "target" if device.trait("target") else "color_temperature"
    if wanted.trait == "white":
        return "color_temperature" if device.trait("color_temperature") else "color"
    return wanted.trait or _MAIN.get(device.kind, "brightness")


def commands(wanted: Action, device: Device, view: View) -> list[Command] | Lack:
    """What this device must be told, or why it cannot do it."""
    name = main_trait(wanted, device)
    trait = device.trait(name)
    if trait is None or trait.kind == "sensor":
        return Lack("refuse.no_trait", name)
    if wanted.unit and name not in _UNITS[wanted.unit]:
        return Lack("refuse.no_trait", _UNITS[wanted.unit][0])
    if wanted.name == "step" and name == "position" and wanted.value is None and not wanted.size:
        return [Command(device.id, name, trait.max if wanted.direction > 0 else trait.min)]
    if wanted.name == "step":
        return _step(wanted, trait, device, view)
    value = _value(wanted, trait, device)
    if isinstance(value, Lack):
        return value
    if name == "color_temperature" and isinstance(value, int | float):
        value = _near(value, trait)
    try:
        value = trait.check(value)
    except OutOfRange:
        return Lack("refuse.range", name, _range(trait))
    return _lit(Command(device.id, name, value), device, view)


def _near(value: float, trait: Trait) -> float:
    """A white just beyond what the lamp can is the last it can: 2200 K of a lamp that begins at 2202."""
    low = value if trait.min is None else max(value, trait.min)
    nearest = low if trait.max is None else min(low, trait.max)
    return nearest if abs(nearest - value) <= trait.tolerance else value


def _range(trait: Trait) -> str:
    if trait.kind == "number":
        return f"{trait.min or 0:g} … {trait.max or 0:g} {trait.unit}".strip()
    return ", ".join(trait.choices[:8])


def _value(wanted: Action, trait: Trait, device: Device) -> Value | Lack:
    match wanted.name:
        case "off" | "pause" | "unmute" | "unlock":
            return False
        case "on" | "resume" | "mute" | "lock":
            return None if trait.kind == "action" else True
        case "open":
            return trait.max
        case "close":
            return trait.min
        case "next" | "previous":
            return None
    if wanted.value == "min":
        return int(max(trait.min or 0, 1)) if trait.name == "brightness" else trait.min
    if trait.name == "color" and wanted.trait == "white":
        return "#ffd9b0" if isinstance(wanted.value, float) and wanted.value < 3500 else "#ffffff"
    if trait.name in ("color_temperature",) and isinstance(wanted.value, float) and wanted.trait == "white":
        return round(min(max(wanted.value, trait.min or 0.0), trait.max or wanted.value))
    if isinstance(wanted.value, float) and wanted.value.is_integer():
        return int(wanted.value)
    return wanted.value


def _lit(command: Command, device: Device, view: View) -> list[Command]:
    """A lamp that is off and gets a brightness or a colour is wanted on; nought per cent is off."""
    if command.trait not in ("brightness", "color", "color_temperature", "effect") or device.trait("on") is None:
        return [command]
    if command.trait == "brightness" and command.value == 0:
        return [Command(device.id, "on", False)]
    if view.value(device.id, "on") is True:
        return [command]
    return [Command(device.id, "on", True), command]


def _step(wanted: Action, trait: Trait, device: Device, view: View) -> list[Command] | Lack:
    if trait.kind != "number":
        return Lack("refuse.no_trait", trait.name)
    now = view.value(device.id, trait.name)
    if isinstance(now, bool) or not isinstance(now, int | float):
        return Lack("refuse.unread", trait.name)
    sizes = _SIZES.get(trait.name, (5.0, 10.0, 20.0))
    amount = float(wanted.value) if isinstance(wanted.value, int | float) else \
        sizes[{"little": 0, "": 1, "lot": 2}[wanted.size]]
    warmer_is_less = wanted.trait == "warmth" and trait.name == "color_temperature"
    direction = -wanted.direction if warmer_is_less else wanted.direction
    wished = now + direction * amount
    low = max(trait.min or 0.0, 1.0) if trait.name == "brightness" else trait.min
    wished = wished if low is None else max(wished, low)
    wished = wished if trait.max is None else min(wished, trait.max)
    value = int(wished) if float(wished).is_integer() else round(wished, 2)
    return [Command(device.id, trait.name, value)]
