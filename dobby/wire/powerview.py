"""What a PowerView hub calls its shades, rooms and scenes, in our traits and back. Pure.

Second generation: positions 0..65535, told as up to two pairs of a position and its kind (1 the rail, 2 the second
rail, 3 the slats), names in base64. Third: positions 0..1 by name. What a shade can do is its number of `capabilities`.
Sources: Hunter Douglas' hub API documents, aiopvapi (Apache-2.0), public answers of real hubs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dobby.errors import Garbage, Refused
from dobby.home.device import Command, Device
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import BATTERY, MOVING, POSITION, PRESS, STOP, TILT
from dobby.wire.hass import cleaned

Json = Mapping[str, Any]
Generation = Literal[2, 3]
FULL = 65535  # of the second generation
HALF_TILT = {1, 9}  # slats that turn by 90°: the second generation counts them 0..32767
FOLDED_TILT = {2: {2, 4, 5, 10, 44}, 3: {5}}  # slats that close to both sides, level in the middle
TILTS = {1, 2, 4, 5, 9, 10}
TILT_ONLY, TOP_DOWN, BOTH_WAYS = 5, 6, 7
LEVELS = {0: 0, 1: 20, 2: 50, 3: 100}  # of a battery; 4 has none
WIRED = (1, 12)  # kinds of power that are no battery


@dataclass(frozen=True, slots=True)
class Shade:
    """One shade: its device, its number at the hub, and what it can do."""

    device: Device
    number: int
    can: int
    generation: Generation


def name_of(row: Json) -> str:
    """A name as its owner wrote it."""
    raw = row.get("ptName") or row.get("name")
    if not isinstance(raw, str):
        return ""
    try:
        return cleaned(base64.b64decode(raw, validate=True).decode()) if "ptName" not in row else cleaned(raw)
    except (binascii.Error, UnicodeDecodeError):
        return cleaned(raw)


def listed(answer: object, name: str, generation: Generation) -> list[Json]:
    """The rows of a list; Garbage when it is none."""
    rows = answer.get(name) if generation == 2 and isinstance(answer, Mapping) else answer
    if not isinstance(rows, list):
        raise Garbage("Its answer made no sense.")
    return [row for row in rows if isinstance(row, Mapping) and type(row.get("id")) is int]


def identity(answer: object, generation: Generation) -> tuple[str, str]:
    """(serial number, name) of a hub; Garbage when it tells none."""
    told = answer.get("userData" if generation == 2 else "config") if isinstance(answer, Mapping) else None
    serial = told.get("serialNumber") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(serial, str) or not serial:
        raise Garbage("Its answer made no sense.")
    return serial, name_of({"name": told.get("hubName")})


def shade(key: str, row: Json, rooms: Mapping[int, str], generation: Generation) -> Shade:
    """One shade as a device."""
    kind = row.get("type")
    told = row.get("capabilities")
    can = told if type(told) is int else _BY_TYPE.get(kind if type(kind) is int else -1, 0)
    traits: list[Trait] = [] if can == TILT_ONLY else [POSITION]
    traits += [TILT] if can in TILTS else []
    traits += [MOVING, STOP]
    if battery(row) is not None:
        traits.append(BATTERY)
    number: int = row["id"]
    room_id = row.get("roomId")
    room = rooms.get(room_id, "") if type(room_id) is int else ""
    name = name_of(row) or f"Shade {number}"
    device = Device(f"{key}/shade-{number}", name, "shade", room, "powerview", tuple(traits))
    return Shade(device, number, can, generation)


# What a hub too old to tell `capabilities` says by the type of the shade alone.
_BY_TYPE = {7: 6, 8: 7, 9: 7, 33: 7, 47: 7, 18: 1, 23: 1, 43: 1, 72: 1, 51: 2, 62: 2, 26: 3, 27: 3, 28: 3, 69: 3, 70: 3,
            71: 3, 54: 4, 55: 4, 56: 4, 40: 5, 66: 5, 65: 8, 79: 8, 38: 9}


def scene(key: str, row: Json, rooms: Mapping[int, str], generation: Generation) -> Device:
    """A scene: nobody knows what it moves, so it asks."""
    ids = row.get("roomIds") if generation == 3 else [row.get("roomId")]
    room = next((rooms[id_] for id_ in ids if id_ in rooms), "") if isinstance(ids, list) else ""
    name = name_of(row) or f"Scene {row['id']}"
    return Device(f"{key}/scene-{row['id']}", name, "sensor", room, "powerview", (PRESS,))


def battery(row: Json) -> int | None:
    """Percent, as coarse as it is told; None for what has no battery."""
    kind = row.get("powerType", row.get("batteryKind"))
    status = row.get("batteryStatus")
    return None if kind in WIRED or type(status) is not int else LEVELS.get(status)


def _parts(positions: Json, generation: Generation) -> dict[str, float]:
    """rail, second and slats, each 0..100 as the hub counts."""
    found: dict[str, float] = {}
    if generation == 3:
        told = [(name, positions.get(key)) for key, name in (("primary", "rail"), ("secondary", "second"),
                                                              ("tilt", "slats"))]
        scale = 1.0
    else:
        names = {1: "rail", 2: "second", 3: "slats"}
        told = [(names.get(positions.get(f"posKind{n}", 0), ""), positions.get(f"position{n}")) for n in (1, 2)]
        scale = FULL
    for name, raw in told:
        if not name or raw is None:
            continue
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= scale:
            raise Garbage("Its answer made no sense.")
        found[name] = raw / scale * 100
    return found


def shown(one: Shade, positions: object) -> dict[str, Value]:
    """Position and tilt; nothing where the hub does not know either. Garbage for nonsense."""
    if not isinstance(positions, Mapping):
        return {}
    parts = _parts(positions, one.generation)
    if one.can == TILT_ONLY and "slats" not in parts and "rail" in parts:
        parts = {"slats": parts["rail"]}  # some hubs tell these slats as a rail
    if not parts:
        return {}
    rail = parts.get("rail", 0.0)  # a shade of which only another part is told is down
    if rail < 0.75:
        rail = 0.0  # a closed one that was not calibrated shows a trace
    values: dict[str, Value] = {}
    if one.can != TILT_ONLY:
        values["position"] = round(100 - rail if one.can == TOP_DOWN else rail)
    if one.can in TILTS:
        slats = parts.get("slats", 0.0)
        if one.can in FOLDED_TILT[one.generation]:
            slats = 100 - abs(slats - 50) * 2
        elif one.generation == 2 and one.can in HALF_TILT:
            slats = min(slats * 2, 100)
        values["tilt"] = round(slats)
    return values


def goal(one: Shade, command: Command, now: object) -> Json:
    """The positions that an order asks for. now: what the hub told last, for the second rail, which stays."""
    match command:
        case Command(trait="position", value=int() | float() as percent):
            parts = {"rail": 100 - percent if one.can == TOP_DOWN else percent}
            if one.can == BOTH_WAYS and isinstance(now, Mapping):
                parts |= {name: value for name, value in _parts(now, one.generation).items() if name == "second"}
        case Command(trait="tilt", value=int() | float() as percent):
            half = one.can in FOLDED_TILT[one.generation] or (one.generation == 2 and one.can in HALF_TILT)
            parts = {"slats": percent / 2 if half else percent}
        case _:
            raise Refused(f"It cannot set {command.trait}.")
    if one.generation == 3:
        names = {"rail": "primary", "second": "secondary", "slats": "tilt"}
        return {names[name]: round(value / 100, 2) for name, value in parts.items()}
    kinds = {"rail": 1, "second": 2, "slats": 3}
    told: dict[str, int] = {}
    for place, (name, value) in enumerate(parts.items(), 1):
        told |= {f"posKind{place}": kinds[name], f"position{place}": round(value / 100 * FULL)}
    return told
