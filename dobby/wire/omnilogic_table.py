"""What an OmniLogic configuration and its telemetry mean: parts of the pool with their traits, readings, orders.

The configuration (MSPConfig) is a tree: a backyard, bodies of water in it, equipment in both, each with a System-Id of
its own. Telemetry (STATUS) has a row for most of them. Temperatures are in Fahrenheit and speeds in per cent, whatever
the owner has chosen to be shown. Sources as in omnilogic.py; names of shows and states are the maker's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from dobby.errors import Garbage, Refused
from dobby.home.device import Command, DeviceKind
from dobby.home.traits import Risk, Trait, Value
from dobby.home.vocabulary import (
    ACTIVITY,
    BRIGHTNESS,
    CHANGING,
    CURRENT,
    EFFECT,
    MODE,
    ON,
    ORP,
    PH,
    POWER,
    PROBLEM,
    SALT,
    SPEED,
    TARGET,
    TEMPERATURE,
)
from dobby.wire.hass import cleaned
from dobby.wire.omnilogic import NONSENSE, Parameters

PARTS = 256  # of one controller
SWITCH = ON.but(travels="changing")  # a pump that cools a heater, a lamp that warms up: longer than patience
WATER = {"PMP_WATER_FEATURE", "PMP_WATER_SLIDE", "PMP_WATERFALL", "PMP_LAMINARS", "PMP_FOUNTAIN", "PMP_JETS",
         "PMP_BLOWER", "PMP_CLEANER", "PMP_CLEANER_PRESSURE", "PMP_CLEANER_SUCTION", "PMP_CLEANER_ROBOTIC",
         "PMP_CLEANER_IN_FLOOR"}
HARMLESS = WATER | {one.replace("PMP_", "RLY_") for one in WATER}  # fire pits and "accessories" are not: they ask
LAMPS = {"RLY_LIGHT", "RLY_BACKYARD_LIGHT", "RLY_POOL_LIGHT"}
VARIABLE = {"FMT_VARIABLE_SPEED_PUMP", "PMP_VARIABLE_SPEED_PUMP"}
OLD = ("voodoo lounge", "deep blue sea", "afternoon sky", "emerald", "sangria", "cloud white", "twilight",
       "tranquility", "gemstone", "usa", "mardi gras", "cool cabaret")
UNIVERSAL = ("voodoo lounge", "deep blue sea", "royal blue", "afternoon sky", "aqua green", "emerald", "cloud white",
             "warm red", "flamingo", "vivid violet", "sangria", "twilight", "tranquility", "gemstone", "usa",
             "mardi gras", "cool cabaret")
DIRECT = (*UNIVERSAL, "yellow", "orange", "gold", "mint", "teal", "burnt orange", "pure white", "crisp white",
          "warm white", "bright yellow", "waterfire")  # a universal one with V2-Active
SHOWS: Mapping[str, tuple[str, ...]] = {  # their numbers are their places
    "COLOR_LOGIC_2_5": OLD, "COLOR_LOGIC_4_0": OLD, "COLOR_LOGIC_UCL": UNIVERSAL,
    "CL_P_COLOR": ("sam", "party", "romance", "caribbean", "american", "california sunset", "royal", "blue", "green",
                   "red", "white", "magenta"),
    "CL_Z_COLOR": ("alpine white", "sky blue", "cobalt blue", "caribbean blue", "spring green", "emerald green",
                   "emerald rose", "magenta", "violet", "slow color splash", "fast color splash",
                   "america the beautiful", "fat tuesday", "disco tech")}
MODES = ("heat", "cool", "auto")
NORMAL = "1"  # the state of a backyard that is neither off nor in service or set-up mode
LAMP_RESTS = {0, 6}  # off and lit: between them a lamp takes no order
LAMP_LIT = {3, 4, 6}  # changing show, white for 15 s, showing
LAMP_CHANGES = {1, 2, 3, 4, 7}  # these, and powering off, starting, cooling down
FILTER_CHANGES = {2, 3, 4, 6, 10, 11, 12}  # priming, waiting to turn off, cooling down, waiting for the valves
PUMP_RUNS, PUMP_CHANGES = {1, 2, 4}, {3, 4, 6}  # on, against frost, priming; valves, an interlock
RELAY_ON = {1, 2}  # on, against frost
EQUIPMENT, HEATER, HEATER_MODE, HEATER_ENABLE, CHLORINATOR, SHOW = 164, 11, 42, 147, 121, 308  # kinds of orders

Row = Mapping[str, str]
Rows = Mapping[tuple[str, int], Row]  # by tag and System-Id
Order = tuple[int, str, Parameters]


@dataclass(frozen=True, slots=True)
class Part:
    """One device. tag: of its telemetry; ids: of the equipment of a body of water; speeds: of a pump, in per cent."""

    what: str
    number: int
    pool: int
    name: str
    kind: DeviceKind
    traits: tuple[Trait, ...]
    tag: str = ""
    ids: Mapping[str, int] | None = None
    heaters: tuple[int, ...] = ()
    speeds: tuple[int, int] = (0, 100)
    shows: tuple[str, ...] = ()

    @property
    def tail(self) -> str:
        """What its device's id ends in."""
        return f"{self.what}-{self.number}"


# --- reading ----------------------------------------------------------------------------------------------------------


def _whole(text: str | None) -> int:
    if text is None or not re.fullmatch(r"-?[0-9]{1,9}", text.strip()):
        raise Garbage(NONSENSE)
    return int(text)


def _said(node: Element, tag: str) -> str:
    return (node.findtext(tag) or "").strip()


def _id(node: Element) -> int:
    return _whole(node.findtext("System-Id"))


def celsius(fahrenheit: float) -> float:
    """Degrees as the house counts them."""
    return round((fahrenheit - 32) / 1.8, 1)


def rows(root: Element) -> Rows:
    """Telemetry by tag and System-Id; Garbage for anything else."""
    if root.tag != "STATUS" or root.find("Backyard") is None:
        raise Garbage(NONSENSE)
    return {(row.tag, _whole(row.get("systemId"))): row.attrib for row in root}


def normal(told: Rows) -> bool:
    """Whether the controller is in its usual mode: in any other its readings are placeholders, and orders ignored."""
    return _backyard(told).get("state") == NORMAL


def checksum(told: Rows) -> str:
    """Of the configuration that telemetry belongs to."""
    return _backyard(told).get("ConfigChksum", "")


def version(told: Rows) -> str:
    """Of the firmware, "R" and seven digits; "" where it is not told so."""
    text = _backyard(told).get("mspVersion", "")
    return text if re.fullmatch("R[0-9]{7}", text) else ""


def _backyard(told: Rows) -> Row:
    return next(row for (tag, _), row in told.items() if tag == "Backyard")


def parts(root: Element) -> tuple[Part, ...]:
    """Every device in a configuration; Garbage for anything else."""
    backyard = root.find("Backyard")
    if root.tag != "MSPConfig" or backyard is None:
        raise Garbage(NONSENSE)
    found = [Part("air", _id(backyard), _id(backyard), "Pool air", "sensor", (TEMPERATURE,), "Backyard")]
    found += _around(backyard, _id(backyard))
    for body in backyard.iterfind("Body-of-water"):
        found.append(_body(body))
        found += _around(body, _id(body))
        if (chlorinator := body.find("Chlorinator")) is not None:
            name = f"{_name(body, 'Pool')} {_name(chlorinator, 'chlorinator').lower()}"
            found.append(Part("chlorinator", _id(chlorinator), _id(body), name, "plug",
                              (ON.but(base_risk=Risk.ASK), PROBLEM), "Chlorinator"))
    return tuple({part.number if part.what != "air" else -1: part for part in found[:PARTS]}.values())


def _name(node: Element, otherwise: str) -> str:
    return cleaned(_said(node, "Name")) or otherwise


def _body(body: Element) -> Part:
    spa = _said(body, "Type") == "BOW_SPA"
    traits, ids, heaters, speeds = [CURRENT], dict[str, int](), list[int](), (0, 100)
    if (pump := body.find("Filter")) is not None:
        ids["Filter"], speeds = _id(pump), _speeds(pump)
        traits += [SWITCH, CHANGING]
        if _said(pump, "Filter-Type") in VARIABLE:
            traits += [_speed(speeds), POWER]
    if (heater := body.find("Heater")) is not None:
        ids["VirtualHeater"] = _id(heater)
        sources = list(heater.iterfind("Operation/Heater-Equipment"))
        heaters = [_id(one) for one in sources]
        cools = any(_said(one, "SupportsCooling").lower() == "yes" or "CHILLER" in _said(one, "Heater-Type")
                    for one in sources)
        low, high = (celsius(_whole(heater.findtext(f"{end}-Settable-Water-Temp"))) for end in ("Min", "Max"))
        traits += [TARGET.but(min=low, max=high, tolerance=0.6), ACTIVITY,
                   MODE.but(choices=("off", *MODES) if cools else ("off", "heat"))]
    chlorinator = body.find("Chlorinator")
    if chlorinator is not None and _said(chlorinator, "Dispenser-Type").startswith("SALT"):
        ids["Chlorinator"] = _id(chlorinator)
        traits.append(SALT)
    if (chemistry := body.find("CSAD")) is not None:
        ids["CSAD"] = _id(chemistry)
        traits += [PH, ORP]
    return Part("body", _id(body), _id(body), _name(body, "Spa" if spa else "Pool"), "spa" if spa else "pool",
                tuple(traits), "BodyOfWater", ids, tuple(heaters), speeds)


def _speeds(pump: Element) -> tuple[int, int]:
    return _whole(pump.findtext("Min-Pump-Speed")), _whole(pump.findtext("Max-Pump-Speed"))


def _speed(speeds: tuple[int, int]) -> Trait:
    return SPEED.but(min=speeds[0], max=speeds[1], travels="changing")


def _around(place: Element, pool: int) -> Iterator[Part]:
    """What stands at a body of water, or in the backyard itself."""
    for pump in place.iterfind("Pump"):
        on = SWITCH if _said(pump, "Function") in HARMLESS else SWITCH.but(base_risk=Risk.ASK)
        speeds = _speeds(pump)
        more = (_speed(speeds),) if _said(pump, "Type") in VARIABLE else ()
        yield Part("pump", _id(pump), pool, _name(pump, "Pump"), "plug", (on, CHANGING, *more), "Pump", speeds=speeds)
    for relay in place.iterfind("Relay"):
        drives = _said(relay, "Function")
        tag = "ValveActuator" if _said(relay, "Type") == "RLY_VALVE_ACTUATOR" else "Relay"
        on = ON if drives in HARMLESS | LAMPS else ON.but(base_risk=Risk.ASK)
        yield Part("relay", _id(relay), pool, _name(relay, "Relay"), "light" if drives in LAMPS else "plug", (on,), tag)
    for lamp in place.iterfind("ColorLogic-Light"):
        direct = _said(lamp, "V2-Active").lower() == "yes"
        shows = SHOWS.get(_said(lamp, "Type"), ())
        shows = DIRECT if shows is UNIVERSAL and direct else shows
        traits = [SWITCH, CHANGING, *([EFFECT.but(choices=shows, travels="changing")] if shows else []),
                  *([BRIGHTNESS.but(min=20, step=20, tolerance=10, travels="changing")] if shows and direct else [])]
        yield Part("light", _id(lamp), pool, _name(lamp, "Pool light"), "light", tuple(traits), "ColorLogic-Light",
                   shows=shows)


# --- readings ---------------------------------------------------------------------------------------------------------


def shown(part: Part, told: Rows) -> dict[str, Value]:
    """What a part shows, by trait; {} where telemetry has no row of it. A value that nobody measures is None."""
    row = told.get((part.tag, part.number))
    if row is None:
        return {}
    values = _READ[part.what](part, row, told)
    return {trait.name: values[trait.name] for trait in part.traits if trait.name in values}


def _number(row: Row, key: str, least: float = -1e6) -> float | None:
    """A number; None where it is missing, none, or at most `least`, which stands for "not measured"."""
    try:
        value = float(row[key])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) and value > least else None


def _state(row: Row, key: str) -> int:
    return _whole(row.get(key))


def _body_shows(part: Part, row: Row, told: Rows) -> dict[str, Value]:
    water = _number(row, "waterTemp", -1)
    flows = water is not None and _state(row, "flow") > 0  # water that stands is not measured where the sensor is
    values: dict[str, Value] = {"current": celsius(water) if flows and water is not None else None}
    beside = {tag: told.get((tag, id_)) for tag, id_ in (part.ids or {}).items()}
    if (pump := beside.get("Filter")) is not None:
        state = _state(pump, "filterState")
        values |= {"on": state != 0, "changing": state in FILTER_CHANGES, "speed": _number(pump, "filterSpeed", 0),
                   "power": _number(pump, "power")}
    if (heater := beside.get("VirtualHeater")) is not None:
        values |= _heating(part, heater, told)
    if (salt := beside.get("Chlorinator")) is not None:
        values["salt"] = _number(salt, "avgSaltLevel", 0)
    if (chemistry := beside.get("CSAD")) is not None:
        values |= {"ph": _number(chemistry, "ph", 0), "orp": _number(chemistry, "orp", -1)}
    return values


def _heating(part: Part, heater: Row, told: Rows) -> dict[str, Value]:
    goal, mode = _number(heater, "Current-Set-Point", 0), _state(heater, "Mode")
    mode_name = MODES[mode] if 0 <= mode < len(MODES) else None
    works = any(told.get(("Heater", id_), {}).get("heaterState") == "1" for id_ in part.heaters)
    enabled = heater.get("enable") != "0"
    doing = {"heat": "heating", "cool": "cooling"}.get(mode_name or "") if works else "idle"
    return {"target": None if goal is None else celsius(goal), "mode": mode_name if enabled else "off",
            "activity": doing if enabled else "off"}


def _pump_shows(_part: Part, row: Row, _told: Rows) -> dict[str, Value]:
    state = _state(row, "pumpState")
    return {"on": state in PUMP_RUNS, "changing": state in PUMP_CHANGES, "speed": _number(row, "pumpSpeed", 0)}


def _relay_shows(part: Part, row: Row, _told: Rows) -> dict[str, Value]:
    return {"on": _state(row, "valveActuatorState" if part.tag == "ValveActuator" else "relayState") in RELAY_ON}


def _light_shows(part: Part, row: Row, _told: Rows) -> dict[str, Value]:
    state, show, bright = _state(row, "lightState"), _state(row, "currentShow"), _state(row, "brightness")
    return {"on": state in LAMP_LIT, "changing": state in LAMP_CHANGES, "brightness": min(100, 20 * (bright + 1)),
            "effect": part.shows[show] if 0 <= show < len(part.shows) else None}


def _chlorinator_shows(_part: Part, row: Row, _told: Rows) -> dict[str, Value]:
    return {"on": row.get("enable") == "1", "problem": bool(_state(row, "status") & 3)}  # an error, an alert


def _air_shows(_part: Part, row: Row, _told: Rows) -> dict[str, Value]:
    air = _number(row, "airTemp")
    return {"temperature": None if air is None or air == -1 else celsius(air)}  # -1: no sensor


_READ = {"body": _body_shows, "pump": _pump_shows, "relay": _relay_shows, "light": _light_shows,
         "chlorinator": _chlorinator_shows, "air": _air_shows}

# --- orders -----------------------------------------------------------------------------------------------------------


def _kind(name: str, data: str = "int", **more: str) -> dict[str, str]:
    return {"name": name, "dataType": data, **more}


_CLOCK: Parameters = tuple((_kind(name, data), 0) for name, data in (
    ("IsCountDownTimer", "bool"), ("StartTimeHours", "int"), ("StartTimeMinutes", "int"), ("EndTimeHours", "int"),
    ("EndTimeMinutes", "int"), ("DaysActive", "int"), ("Recurring", "bool")))  # no schedule: now, and until told again


def orders(part: Part, command: Command, told: Rows) -> list[Order]:
    """What to send for a command; Refused for what it cannot do or, in this moment, would read and ignore."""
    row = told.get((part.tag, part.number))
    if row is None:
        raise Refused("It is not there any more.")
    if part.what == "light" and _state(row, "lightState") not in LAMP_RESTS:
        raise Refused("It is between two states and takes no order now; try again in a minute.")
    match part.what, command.trait, command.value:
        case "chlorinator", "on", bool() as on:
            return [(CHLORINATOR, "SetCHLOREnable", _pool(part, (_kind("Enabled", "bool", alias="Data"), int(on))))]
        case "body" | "pump", "on", True:
            return [_equipment(part, _usual(part, told))]
        case _, "on", bool() as on:
            return [_equipment(part, int(on))]
        case "body" | "pump", "speed", int() | float() as percent:
            return [_equipment(part, round(percent))]
        case "body", "target", int() | float() as degrees:
            return [_heater(part, HEATER, "SetUIHeaterCmd", _kind("Temp", unit="F", alias="Data"),
                            round(degrees * 1.8 + 32))]
        case "body", "mode", "off":
            return [_enable(part, 0)]
        case "body", "mode", str() as mode if mode in MODES:
            number, now = MODES.index(mode), told.get(("VirtualHeater", (part.ids or {}).get("VirtualHeater", 0)), {})
            goal = _heater(part, HEATER_MODE, "SetUIHeaterModeCmd", _kind("Mode", alias="Data"), number)
            return [*([] if now.get("Mode") == str(number) else [goal]), _enable(part, 1)]
        case "light", "effect", str() as show if show in part.shows:
            return [_show(part, row, part.shows.index(show), _state(row, "brightness"))]
        case "light", "brightness", int() | float() as percent:
            return [_show(part, row, _state(row, "currentShow"), max(0, min(4, round(percent / 20) - 1)))]
    raise Refused(f"It cannot set {command.trait}.")


def _pool(part: Part, *more: tuple[Mapping[str, str], int]) -> Parameters:
    return ((_kind("poolId"), part.pool), *more)


def _equipment(part: Part, level: int) -> Order:
    number = (part.ids or {}).get("Filter", part.number)
    return EQUIPMENT, "SetUIEquipmentCmd", _pool(part, (_kind("equipmentId"), number),
                                                 (_kind("isOn", alias="Data"), level), *_CLOCK)


def _usual(part: Part, told: Rows) -> int:
    """The per cent that a pump starts with: as it ran last, as the maker's own app does, else as fast as it may."""
    low, high = part.speeds
    number = (part.ids or {}).get("Filter", part.number)
    last = _number(told.get(("Filter" if part.what == "body" else "Pump", number), {}), "lastSpeed", 0)
    return round(last) if last is not None and low <= last <= high else high


def _heater(part: Part, kind: int, name: str, what: dict[str, str], value: int) -> Order:
    number = (part.ids or {}).get("VirtualHeater", 0)
    return kind, name, _pool(part, (_kind("HeaterID", alias="EquipmentID"), number), (what, value))


def _enable(part: Part, on: int) -> Order:
    return _heater(part, HEATER_ENABLE, "SetHeaterEnable", _kind("Enabled", "bool", alias="Data"), on)


def _show(part: Part, row: Row, show: int, bright: int) -> Order:
    return SHOW, "SetStandAloneLightShow", _pool(
        part, (_kind("LightID", alias="equipment_id"), part.number), (_kind("Show", "byte"), show),
        (_kind("Speed", "byte"), _state(row, "speed")), (_kind("Brightness", "byte"), bright),
        (_kind("Reserved", "byte"), 0), *_CLOCK)
