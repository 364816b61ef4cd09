"""What a Lutron bridge calls its zones and areas, in our traits and back. Pure.

A Caseta bridge lists devices, each with a zone; a processor (RadioRA 3, HomeWorks QSX, Athena) lists zones by area.
Sources: public captures of pylutron-caseta (Apache-2.0) and its type lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dobby.errors import Garbage, Refused
from dobby.home.device import Command, Device, DeviceKind
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import BRIGHTNESS, OCCUPIED, ON, POSITION, SPEED, STOP, TILT
from dobby.wire.hass import cleaned

Way = Literal["dimmed", "spectrum", "white", "switched", "fan", "shade", "tilt"]
_TYPES: Mapping[Way, str] = {
    "dimmed": "WallDimmer PlugInDimmer InLineDimmer SunnataDimmer TempInWallPaddleDimmer WallDimmerWithPreset Dimmed "
              "DivaSmartDimmer PowPak0-10V",
    "spectrum": "SpectrumTune ColorTune", "white": "WhiteTune",
    "switched": "WallSwitch OutdoorPlugInSwitch PlugInSwitch InLineSwitch PowPakSwitch SunnataSwitch "
                "TempInWallPaddleSwitch Switched DivaSmartSwitch",
    "fan": "CasetaFanSpeedController MaestroFanSpeedController FanSpeed",
    "shade": "SerenaHoneycombShade SerenaRollerShade TriathlonHoneycombShade TriathlonEssentialsRollerShade "
             "TriathlonRollerShade QsWirelessShade QsWirelessHorizontalSheerBlind QsWirelessWoodBlind RightDrawDrape "
             "Shade PalladiomWireFreeShade SerenaEssentialsRollerShade",
    "tilt": "TriathlonTiltOnlyWoodBlind Tilt SerenaTiltOnlyWoodBlind",
}
WAYS: Mapping[str, Way] = {name: way for way, names in _TYPES.items() for name in names.split()}
TRAITS: Mapping[Way, tuple[Trait, ...]] = {
    "dimmed": (ON, BRIGHTNESS), "spectrum": (ON, BRIGHTNESS), "white": (ON, BRIGHTNESS), "switched": (ON,),
    "fan": (ON, SPEED.but(tolerance=12.5)),  # it knows five speeds and takes the nearest
    "shade": (POSITION, STOP.but(confirmed_by="-")),  # a bridge does not tell whether one moves
    "tilt": (TILT, STOP.but(confirmed_by="-")),
}
KINDS: Mapping[Way, DeviceKind] = {"fan": "fan", "shade": "shade", "tilt": "shade"}
SPEEDS = {"Off": 0, "Low": 25, "Medium": 50, "MediumHigh": 75, "High": 100}
OCCUPANCY = {"Occupied": True, "Unoccupied": False}  # Unknown proves nothing
PROCESSORS = {"Lutron RadioRA 3 Project", "Lutron HWQS Project", "Lutron Athena Project"}
OCCUPANCY_SENSORS = {"RPSOccupancySensor", "RPSCeilingMountedOccupancySensor", "RPSWallMountedOccupancySensor"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Zone:
    """One device: its zone's path ("" for a sensor), and how that is driven."""

    device: Device
    url: str
    way: Way | None


def number(row: Json, inside: str = "") -> str:
    """The number in a reference such as {"href": "/zone/12"}; Garbage without one."""
    try:
        href = (row[inside] if inside else row)["href"]
        found = re.match(r"/[a-z]+/(\d{1,9})(?:/|$)", href)
    except (KeyError, TypeError):
        found = None
    if found is None:
        raise Garbage("Its answer made no sense.")
    return found[1]


def rows(body: Json, name: str) -> Iterable[Json]:
    """A list of the body, its entries that are objects."""
    listed = body.get(name) or []
    if not isinstance(listed, list):
        raise Garbage("Its answer made no sense.")
    return [row for row in listed if isinstance(row, Mapping)]


def areas(body: Json) -> dict[str, str]:
    """Names of the areas by number."""
    return {number(row): cleaned(row.get("Name")) for row in rows(body, "Areas")}


def _zone(key: str, row: Json, kind: str, id_: str, room: str) -> Zone | None:
    way = WAYS.get(kind)
    if way is None:
        return None
    category = row.get("Category")
    what: DeviceKind = KINDS.get(way, "light")
    if way == "switched" and (kind.endswith(("PlugInSwitch", "PowPakSwitch")) or (
            isinstance(category, Mapping) and category.get("IsLight") is False)):
        exhaust = isinstance(category, Mapping) and category.get("Type") == "ExhaustFan"
        what = "fan" if exhaust else "plug"
    name = cleaned(row.get("Name")) or kind
    return Zone(Device(f"{key}/zone-{id_}", f"{room} {name}".strip(), what, room, "lutron", TRAITS[way]),
                f"/zone/{id_}", way)


def caseta(key: str, body: Json, rooms: Mapping[str, str]) -> list[Zone]:
    """What a bridge lists under /device."""
    found = []
    for row in rows(body, "Devices"):
        local = row.get("LocalZones")
        if isinstance(local, list) and local and isinstance(row.get("DeviceType"), str):
            room = rooms.get(number(row, "AssociatedArea"), "") if "AssociatedArea" in row else ""
            found.append(_zone(key, row, row["DeviceType"], number(local[0]), room))
    return [zone for zone in found if zone is not None]


def processor(key: str, body: Json, room: str) -> list[Zone]:
    """What a processor lists under /area/N/associatedzone."""
    found = [_zone(key, row, str(row.get("ControlType")), number(row), room) for row in rows(body, "Zones")]
    return [zone for zone in found if zone is not None]


def sensor(key: str, id_: str, room: str) -> Zone:
    """The occupancy of an area or group."""
    device = Device(f"{key}/occupancy-{id_}", f"{room} occupancy".strip(), "sensor", room, "lutron", (OCCUPIED,))
    return Zone(device, "", None)


def occupancy_groups(body: Json) -> dict[str, str]:
    """A bridge's groups that have a sensor, and the number of their area."""
    found = {}
    for row in rows(body, "OccupancyGroups"):
        places = row.get("AssociatedAreas")
        if row.get("AssociatedSensors") and isinstance(places, list) and places:
            found[number(row)] = number(places[0], "Area")
    return found


def occupied(body: Json) -> dict[str, Value]:
    """What a status of groups or areas says, by number."""
    told = {number(row, "OccupancyGroup"): row.get("OccupancyStatus") for row in rows(body, "OccupancyGroupStatuses")}
    told |= {number(row): row.get("OccupancyStatus") for row in rows(body, "AreaStatuses") if "OccupancyStatus" in row}
    return {id_: OCCUPANCY[word] for id_, word in told.items() if word in OCCUPANCY}


def statuses(body: Json) -> list[Json]:
    """The zone statuses of a body, one or many."""
    one = body.get("ZoneStatus")
    return [*([one] if isinstance(one, Mapping) else []), *rows(body, "ZoneStatuses")]


def shown(way: Way, status: Json) -> dict[str, Value]:
    """What a zone shows; {"reachable": False} where the bridge itself does not know. Garbage for nonsense."""
    if status.get("StatusAccuracy", "Good") != "Good":
        return {"reachable": False}
    name = {"fan": "FanSpeed", "tilt": "Tilt"}.get(way, "Level")
    raw = status.get(name)
    level = SPEEDS.get(str(raw)) if way == "fan" else raw
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 100:
        raise Garbage("Its answer made no sense.")
    alive: dict[str, Value] = {"reachable": True}
    match way:
        case "dimmed" | "spectrum" | "white":
            return alive | {"on": level > 0, "brightness": level}
        case "switched":
            return alive | {"on": level > 0}
        case "fan":
            return alive | {"on": level > 0, "speed": level}
        case "shade":
            return alive | {"position": level}
        case "tilt":
            return alive | {"tilt": 100 - abs(level - 50) * 2}  # theirs: 0 and 100 closed, to either side


def order(way: Way, command: Command, last: float) -> Json:
    """The command for a zone. last: the level to which what is switched on comes back, 1..100."""
    match command:
        case Command(trait="on", value=bool() as on):
            return _level(way, last if on else 0)
        case Command(trait="brightness" | "position" | "speed", value=int() | float() as percent):
            return _level(way, percent)
        case Command(trait="tilt", value=int() | float() as percent):
            return {"CommandType": "GoToTilt", "TiltParameters": {"Tilt": round(percent / 2)}}
        case Command(trait="stop"):
            return {"CommandType": "Stop"}
        case _:
            raise Refused(f"It cannot set {command.trait}.")


def _level(way: Way, percent: float) -> Json:
    level = round(percent)
    match way:
        case "fan":
            speed = min(SPEEDS, key=lambda name: abs(SPEEDS[name] - percent))
            if percent > 0 and speed == "Off":
                speed = "Low"
            return {"CommandType": "GoToFanSpeed", "FanSpeedParameters": {"FanSpeed": speed}}
        case "spectrum":
            return {"CommandType": "GoToSpectrumTuningLevel", "SpectrumTuningLevelParameters": {"Level": level}}
        case "white":
            return {"CommandType": "GoToWhiteTuningLevel", "WhiteTuningLevelParameters": {"Level": level}}
        case _:
            return {"CommandType": "GoToLevel", "Parameter": [{"Type": "Level", "Value": level}]}
