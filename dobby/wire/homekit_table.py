"""HomeKit's services as a table: which characteristics make which trait, how their values read and what to write.

Source: HomeKit Accessory Protocol Specification R2, chapters 8 (services) and 9 (characteristics); types are the short
form of Apple's UUIDs. A target says what was asked for, never what is: where a service has a current state, only that
is a reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass, field
from typing import Any

from dobby.errors import Garbage
from dobby.home import vocabulary as rows
from dobby.home.colors import color, rgb_to_xy, xy_to_rgb
from dobby.home.device import Command, Device, DeviceKind, Reading
from dobby.home.traits import Trait, Value

Key = tuple[int, int]  # aid and iid
Chars = Mapping[str, Any]  # values by characteristic type
INFORMATION = "3E"
NAME, SERIAL, CONFIGURED_NAME = "23", "30", "E3"
NAME_LIMIT = 80
NO_SERIAL = ("default", "defaultserialnumber", "unknown", "none", "na")  # what stands where a serial number should
RUNS = ("0123456789" * 3, "9876543210" * 3)
ACCESSORIES_LIMIT = 400  # HAP allows 150 behind a bridge


@dataclass(frozen=True, slots=True)
class Row:
    """How one trait stands in a service. `reads`: the characteristics that it is read from, `needs`: those that must be
    there beside, to be written; `ranged`: the one whose range or valid values the trait takes; `write` is None for what
    can only be read."""

    trait: Trait
    reads: tuple[str, ...]
    read: Callable[[Chars], Value]
    write: Callable[[Value, Chars], Chars] | None = None
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # read along where the accessory has them
    ranged: str = ""
    scale: Callable[[float], float] = float
    choices: Mapping[Any, str] | None = None


def _plain(trait: Trait, current: str, target: str = "") -> Row:
    """A number as it is."""
    def write(value: Value, _: Chars) -> Chars:
        return {target or current: value}
    settable = trait.kind != "sensor"
    return Row(trait, (current,), lambda chars: _number(chars[current]), write if settable else None,
               needs=(target,) if target else (), ranged=(target or current) if settable else "")


def _switch(trait: Trait, current: str, *, number: bool = False) -> Row:
    """A boolean; `number` where the characteristic is 0 or 1."""
    def write(value: Value, _: Chars) -> Chars:
        return {current: int(value is True) if number else value is True}
    return Row(trait, (current,), lambda chars: _flag(chars[current]), write if trait.kind == "switch" else None)


def _turning(current: str) -> Row:
    """A fan's switch; one whose speed is zero is off, whatever that says."""
    return Row(rows.ON, (current,), lambda chars: _flag(chars[current]) and bool(chars.get("29", 1)),
               _switch(rows.ON, current, number=current == "B0").write, also=("29",))


def _picked(trait: Trait, current: str, words: Mapping[Any, Value]) -> Row:
    """One of some values, each with its word, that is only read."""
    return Row(trait, (current,), lambda chars: _word(chars[current], words))


def _chosen(trait: Trait, current: str, words: Mapping[Any, str]) -> Row:
    """A choice that is its own reading."""
    return Row(trait, (current,), lambda chars: _word(chars[current], words),
               lambda value, _: {current: next(number for number, word in words.items() if word == value)},
               ranged=current, choices=words)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Garbage("Its answer made no sense.")
    return round(value, 2)


def _flag(value: Any) -> bool:
    if value not in (0, 1):
        raise Garbage("Its answer made no sense.")
    return bool(value)


def _word(value: Any, words: Mapping[Any, Value]) -> Value:
    if isinstance(value, bool) or not isinstance(value, int) or value not in words:
        raise Garbage("Its answer made no sense.")
    return words[value]


def _differ(current: str, target: str, resting: tuple[int, ...]) -> Row:
    """Whether it is on the way from where it is to where it was told to be."""
    def read(chars: Chars) -> Value:
        _number(chars[target])
        return chars[current] in resting and chars[current] != chars[target]
    return Row(rows.MOVING, (current, target), read)


def _color(chars: Chars) -> Value:
    return rgb_to_xy(*hsv_to_rgb(_number(chars["13"]) / 360, _number(chars["2F"]) / 100, 1.0))


def _hue(value: Value, _: Chars) -> Chars:
    spot = color(value)
    hue, saturation, _brightness = rgb_to_hsv(*(channel / 255 for channel in xy_to_rgb(spot["x"], spot["y"])))
    return {"13": round(hue * 360, 1), "2F": round(saturation * 100, 1)}


def _kelvin(value: float) -> float:
    return round(1_000_000 / max(value, 1.0))


def _cooling_target(chars: Chars) -> Value:
    """The one temperature a heater-cooler goes for: that of its mode; None where it holds a band."""
    mode = chars["B2"]
    if mode == 1 or "D" not in chars:
        return _number(chars["12"]) if "12" in chars else None
    return _number(chars["D"]) if mode == 2 or "12" not in chars else None


def _write_cooling(value: Value, chars: Chars) -> Chars:
    heats = chars.get("B2") == 1 or "D" not in chars
    if "12" in chars and heats:
        return {"12": value}
    return {"D": value}


_MODES = {0: "off", 1: "heat", 2: "cool", 3: "auto"}
_ALARM = {0: "home", 1: "away", 2: "night", 3: "disarmed"}
_DOING = {0: "idle", 1: "heating", 2: "cooling"}
_LOCKED = {0: False, 1: True, 2: None, 3: None}
_DOOR: Mapping[Any, Value] = {0: True, 1: False, 2: None, 3: True, 4: True}  # opening is not yet open; closing still is
_KEYS = {4: "up", 5: "down", 6: "left", 7: "right", 8: "select", 9: "back", 10: "exit", 11: "play_pause", 15: "info",
         0: "rewind", 1: "fast_forward", 2: "next", 3: "previous"}


def _armed(chars: Chars) -> Value:
    """A panel that sounds is armed as it was told to be."""
    return _word(chars["67"] if chars["66"] == 4 else chars["66"], _ALARM)


def _arming(chars: Chars) -> Value:
    return chars["66"] != 4 and _word(chars["66"], _ALARM) != _word(chars["67"], _ALARM)


def _heater_mode(chars: Chars) -> Value:
    return _word(chars["B2"], {0: "auto", 1: "heat", 2: "cool"}) if _flag(chars["B0"]) else "off"


def _write_heater_mode(value: Value, _: Chars) -> Chars:
    if value == "off":
        return {"B0": 0}
    return {"B2": {"auto": 0, "heat": 1, "cool": 2}[str(value)], "B0": 1}


def _nothing(_: Chars) -> Value:
    """What can only be written."""
    raise Garbage("Its answer made no sense.")


def _tilt(current: str, target: str) -> Row:
    """Slats: -90..90 degrees there, 0..100 % here."""
    return Row(rows.TILT, (current,), lambda chars: round((_number(chars[current]) + 90) / 1.8),
               lambda value, _: {target: round(float(value) * 1.8 - 90)},  # type: ignore[arg-type]  # a number trait's
               needs=(target,))


_COVER = (
    _plain(rows.POSITION, "6D", "7C"),
    Row(rows.MOVING, ("72",), lambda chars: _word(chars["72"], {0: True, 1: True, 2: False})),
    Row(rows.STOP, (), _nothing, lambda _value, _: {"6F": True}, needs=("6F", "72")),
    _tilt("6C", "7B"), _tilt("6E", "7D"),
    _switch(rows.PROBLEM, "24"),
)
_FAN = (_plain(rows.SPEED, "29"), _switch(rows.OSCILLATING, "B6", number=True))
_STATUS = (_switch(rows.LOW_BATTERY, "79"), _switch(rows.TAMPERED, "7A"), _switch(rows.PROBLEM, "77"))

# service type -> (kind, rows). A kind of "" makes no device of its own: its traits join the accessory's device.
SERVICES: Mapping[str, tuple[DeviceKind | None, tuple[Row, ...]]] = {
    "43": ("light", (
        _switch(rows.ON, "25"), _plain(rows.BRIGHTNESS, "8"),
        Row(rows.COLOR, ("13", "2F"), _color, _hue),
        Row(rows.COLOR_TEMPERATURE, ("CE",), lambda chars: _kelvin(_number(chars["CE"])),
            lambda value, _: {"CE": round(_kelvin(float(value)))}, ranged="CE", scale=_kelvin))),  # type: ignore[arg-type]
    "49": ("plug", (_switch(rows.ON, "25"),)), "47": ("plug", (_switch(rows.ON, "25"),)),
    "40": ("fan", (_turning("25"), *_FAN)), "B7": ("fan", (_turning("B0"), *_FAN)),
    "BB": ("fan", (_turning("B0"), *_FAN, _chosen(rows.PRESET, "A8", {0: "manual", 1: "auto"}))),
    "4A": ("thermostat", (
        _chosen(rows.MODE, "33", _MODES), _plain(rows.TARGET, "35"), _plain(rows.CURRENT, "11"),
        _picked(rows.ACTIVITY, "F", _DOING), _plain(rows.HUMIDITY, "10"), _plain(rows.TARGET_HUMIDITY, "34"),
        _plain(rows.TARGET_LOW, "12"), _plain(rows.TARGET_HIGH, "D"))),
    "BC": ("thermostat", (
        Row(rows.MODE, ("B0", "B2"), _heater_mode, _write_heater_mode, ranged="B2",
            choices={None: "off", 0: "auto", 1: "heat", 2: "cool"}),
        Row(rows.TARGET, ("B2",), _cooling_target, _write_cooling, also=("12", "D")),
        _plain(rows.TARGET_LOW, "12"), _plain(rows.TARGET_HIGH, "D"), _plain(rows.CURRENT, "11"),
        _picked(rows.ACTIVITY, "B1", {0: "off", 1: "idle", 2: "heating", 3: "cooling"}), *_FAN)),
    "BD": ("fan", (_switch(rows.ON, "B0", number=True), _plain(rows.HUMIDITY, "10"), _plain(rows.SPEED, "29"),
                   _plain(rows.TARGET_HUMIDITY, "CA"))),
    "8C": ("shade", _COVER), "81": ("shade", _COVER), "8B": ("shade", _COVER),
    "41": ("garage", (
        Row(rows.OPEN, ("E",), lambda chars: _word(chars["E"], _DOOR),
            lambda value, _: {"32": 0 if value is True else 1}, needs=("32",)),
        Row(rows.MOVING, ("E",), lambda chars: _word(chars["E"], {0: False, 1: False, 2: True, 3: True, 4: False})),
        Row(rows.JAMMED, ("24",), lambda chars: _flag(chars["24"])))),
    "45": ("lock", (
        Row(rows.LOCKED, ("1D",), lambda chars: _word(chars["1D"], _LOCKED),
            lambda value, _: {"1E": int(value is True)}, needs=("1E",)),
        Row(rows.JAMMED, ("1D",), lambda chars: _word(chars["1D"], {0: False, 1: False, 2: True, 3: False})),
        _differ("1D", "1E", (0, 1)))),
    "7E": ("alarm", (
        Row(rows.ARMED, ("66", "67"), _armed, lambda value, _: {
            "67": next(number for number, word in _ALARM.items() if word == value)},
            ranged="67", choices=_ALARM),
        Row(rows.TRIGGERED, ("66",), lambda chars: _word(chars["66"], {
            0: False, 1: False, 2: False, 3: False, 4: True})),
        Row(rows.ARMING, ("66", "67"), _arming),
        *_STATUS)),
    "D0": ("valve", (_switch(rows.ON, "B0", number=True),)), "D7": ("valve", (_switch(rows.ON, "B0", number=True),)),
    "D8": ("tv", (_switch(rows.ON, "B0", number=True),
                  Row(rows.KEY.but(choices=tuple(_KEYS.values())), (), _nothing, lambda value, _: {
                      "E1": next(number for number, word in _KEYS.items() if word == value)}, needs=("E1",)))),
    "113": (None, (_switch(rows.MUTED, "11A"), _plain(rows.VOLUME, "119"))),
    "228": ("speaker", (
        Row(rows.PLAYING, ("E0",), lambda chars: _word(chars["E0"], {0: True, 1: False, 2: False, 3: None}),
            lambda value, _: {"137": 0 if value is True else 1}, needs=("137",)),
        _plain(rows.VOLUME, "119"), _switch(rows.MUTED, "11A"))),
    "8A": (None, (_plain(rows.TEMPERATURE, "11"), *_STATUS)),
    "82": (None, (_plain(rows.HUMIDITY, "10"), *_STATUS)),
    "84": (None, (_plain(rows.ILLUMINANCE, "6B"), *_STATUS)),
    "85": (None, (_switch(rows.MOTION, "22"), *_STATUS)), "86": (None, (_switch(rows.OCCUPIED, "71"), *_STATUS)),
    "80": (None, (_switch(rows.OPENED, "6A"), *_STATUS)),
    "83": (None, (_switch(rows.LEAK, "70"), *_STATUS)),
    "87": (None, (_switch(rows.SMOKE, "76"), *_STATUS)),
    "7F": (None, (_switch(rows.CARBON_MONOXIDE, "69"), *_STATUS)),
    "97": (None, (_plain(rows.CO2, "93"), *_STATUS)),
    "8D": (None, (_plain(rows.PM2_5, "C6"), _plain(rows.CO2, "93"), *_STATUS)),
    "96": (None, (_plain(rows.BATTERY, "68"), _switch(rows.LOW_BATTERY, "79"))),
}


@dataclass(slots=True)
class Slot:
    """One trait of one device, and where its characteristics are. `values` holds what was read of them last."""

    device: str
    row: Row
    trait: Trait
    keys: Mapping[str, Key]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def reads(self) -> dict[str, Key]:
        """The characteristics that the trait is read from, by type."""
        return {type_: key for type_, key in self.keys.items() if type_ in (*self.row.reads, *self.row.also)}

    def reading(self, values: Mapping[Key, Any]) -> Reading | None:
        """What values that were read together show; None where not all are among them, Garbage where they are none."""
        mine = {type_: values[key] for type_, key in self.reads.items() if key in values}
        if not mine or any(type_ not in mine for type_ in self.row.reads):
            return None
        try:
            shown = Reading(self.device, self.trait.name, self.row.read(mine))
        except (TypeError, KeyError, ValueError):
            raise Garbage("Its answer made no sense.") from None
        self.values.update(mine)
        return shown

    def orders(self, command: Command) -> dict[Key, Any]:
        """The characteristics to write for a command."""
        if self.row.write is None:
            return {}
        return {self.keys[type_]: value for type_, value in self.row.write(command.value, self.values).items()
                if type_ in self.keys}


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices behind a line, and their traits."""

    devices: tuple[Device, ...]
    slots: tuple[Slot, ...]

    def slot(self, device: str, trait: str) -> Slot | None:
        """Where a trait stands."""
        return next((one for one in self.slots if one.device == device and one.trait.name == trait), None)

    def keys(self, device: str | None = None) -> list[Key]:
        """The characteristics to read, of one device or of all."""
        return list(dict.fromkeys(key for slot in self.slots if device in (None, slot.device)
                                  for key in slot.reads.values()))

    def readings(self, values: Mapping[Key, Any]) -> tuple[list[Reading], set[str]]:
        """What values that were read together show, and the devices whose values are none of the specified ones."""
        shown: list[Reading] = []
        odd: set[str] = set()
        for slot in self.slots:
            try:
                if (one := slot.reading(values)) is not None:
                    shown.append(one)
            except Garbage:
                odd.add(slot.device)
        return shown, odd

    def lone(self, key: Key) -> bool:
        """Whether every trait that stands on this characteristic stands on it alone, so that its value shows it."""
        return all(len(slot.reads) == 1 for slot in self.slots if key in slot.reads.values())


def inventory(key: str, accessories: Sequence[Mapping[str, Any]]) -> Inventory:
    """The devices among accessory objects; Garbage when they are none."""
    devices: list[Device] = []
    slots: list[Slot] = []
    try:
        for accessory in accessories[:ACCESSORIES_LIMIT]:
            for device, its in _accessory(key, accessory):
                devices.append(device)
                slots += its
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Garbage("Its answer made no sense.") from None
    return Inventory(tuple(devices), tuple(slots))


def _accessory(key: str, accessory: Mapping[str, Any]) -> Iterable[tuple[Device, list[Slot]]]:
    """The devices of one accessory: one for each service that is a thing of its own, and what is measured beside it
    joins the first; an accessory that only measures is a sensor."""
    aid = int(accessory["aid"])
    services = [(short(service["type"]), {short(one["type"]): one for one in service["characteristics"]},
                 int(service.get("iid", 0))) for service in accessory["services"]]
    facts = {type_: str(one.get("value") or "") for kind, chars, _ in services if kind == INFORMATION
             for type_, one in chars.items()}
    things = [one for one in services if SERVICES.get(one[0], (None, ()))[0]]
    beside = [one for one in services if one[0] in SERVICES and not SERVICES[one[0]][0]]
    name = facts.get(NAME, "").strip()[:NAME_LIMIT]
    serial = facts.get(SERIAL, "").strip().casefold()
    marks = () if _is_junk(serial) else (f"serial:{serial}",)
    for index, (type_, chars, iid) in enumerate(things or [("", {}, 0)] if beside or things else []):
        id_ = f"{key}/{aid}" if index == 0 else f"{key}/{aid}.{iid}"
        slots = _slots(id_, aid, [(type_, chars), *((kind, more) for kind, more, _ in beside if index == 0)])
        if not slots:
            continue
        kind = SERVICES[type_][0] if type_ else None
        called = _called(chars) if len(things) > 1 else ""
        yield Device(id_, called or name or (kind or "sensor").capitalize(), kind or "sensor", "", "homekit",
                     tuple(slot.trait for slot in slots), marks=marks if index == 0 else ()), slots


def _is_junk(serial: str) -> bool:
    """Whether a serial number is one that many accessories carry: none at all, a default, digits in a row."""
    core = "".join(char for char in serial if char.isalnum())
    return len(serial) < 6 or len(set(core)) < 2 or core in NO_SERIAL or any(core in row for row in RUNS)


def _called(chars: Mapping[str, Any]) -> str:
    for type_ in (CONFIGURED_NAME, NAME):
        text = chars.get(type_, {}).get("value")
        if isinstance(text, str) and text.strip():
            return text.strip()[:NAME_LIMIT]
    return ""


def _slots(device: str, aid: int, services: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Slot]:
    slots: dict[str, Slot] = {}
    for type_, chars in services:
        for row in SERVICES[type_][1] if type_ else ():
            if row.trait.name in slots or not all(one in chars for one in (*row.reads, *row.needs)):
                continue
            keys = {one: (aid, int(chars[one]["iid"])) for one in (*row.reads, *row.needs, *row.also) if one in chars}
            slots[row.trait.name] = Slot(device, row, _own(row, chars.get(row.ranged, {})), keys)
    return list(slots.values())


def _own(row: Row, char: Mapping[str, Any]) -> Trait:
    """The trait with the accessory's own range or choices."""
    if row.choices is not None:
        valid = char.get("valid-values")
        words = [word for number, word in row.choices.items() if number is None or not isinstance(valid, list)
                 or number in valid]
        return row.trait.but(choices=tuple(words))
    low, high = char.get("minValue"), char.get("maxValue")
    if row.trait.kind != "number" or not all(isinstance(one, int | float) for one in (low, high)):
        return row.trait
    ends = sorted((row.scale(float(low)), row.scale(float(high))))  # type: ignore[arg-type]  # numbers, as just seen
    step = char.get("minStep")
    return row.trait.but(min=ends[0], max=ends[1], step=float(step) if isinstance(step, int | float) and step > 0
                         and row.scale is float else row.trait.step)


def short(type_: str) -> str:
    """Apple's own types are numbers before a common ending."""
    return type_.upper().removesuffix("-0000-1000-8000-0026BB765291").lstrip("0")
