"""Home Assistant's registries: which device an entity belongs to, what both are called, the room they are in, and what
the device is known by elsewhere.

Source: home-assistant/core homeassistant/helpers/{area,device,entity}_registry.py as the websocket lists them
(config/.../list), and what 2024.3.3 answers. What is disabled or hidden there is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dobby.wire.hass import cleaned, mac_mark

Json = Mapping[str, Any]
# integrations that Dobby has itself, whose own identifiers its drivers know: theirs -> the make
OURS = {"hue": "hue", "sonos": "sonos", "wled": "wled", "mqtt": "mqtt", "esphome": "esphome"}
ADDRESSES = ("mac", "zigbee")  # kinds of connection that tell one device from all others
MARKS_LIMIT = 12  # of one device
SERIAL_LIMIT = 4  # characters; what is shorter tells nothing apart


@dataclass(frozen=True, slots=True)
class Filed:
    """What the registries say of one entity."""

    name: str = ""
    device: str = ""
    device_name: str = ""
    room: str = ""
    category: str = ""
    marks: tuple[str, ...] = ()
    shown: bool = True


def filed(areas: Any, devices: Any, entities: Any) -> dict[str, Filed]:
    """What the registries say, by entity id. Rows that make no sense are passed over."""
    rooms = {str(row["area_id"]): cleaned(row.get("name")) for row in _rows(areas, "area_id")}
    boxes = {str(row["id"]): row for row in _rows(devices, "id")}
    return {str(row["entity_id"]): _filed(row, boxes.get(str(row.get("device_id")), {}), rooms)
            for row in _rows(entities, "entity_id")}


def _rows(raw: Any, key: str) -> Iterable[Json]:
    return (row for row in raw if isinstance(row, dict) and row.get(key)) if isinstance(raw, list) else ()


def _filed(row: Json, box: Json, rooms: Mapping[str, str]) -> Filed:
    """A name that its owner gave an entity stands for the whole of it, as in Home Assistant."""
    given, own = cleaned(row.get("name")), cleaned(row.get("original_name"))
    box_name = cleaned(box.get("name_by_user")) or cleaned(box.get("name"))
    room = rooms.get(str(row.get("area_id") or box.get("area_id")), "")
    away = row.get("disabled_by") or row.get("hidden_by") or box.get("disabled_by")
    return Filed("" if given else own, str(box.get("id", "")), given or box_name, room,
                 cleaned(row.get("entity_category")), _marks(row, box), not away)


def _marks(row: Json, box: Json) -> tuple[str, ...]:
    """Addresses, the serial number, and the names that integrations which Dobby has too know it by."""
    found = [mac_mark(value) for kind, value in _pairs(box.get("connections")) if kind in ADDRESSES]
    found += [f"{OURS[domain]}:{name}" for domain, name in _pairs(box.get("identifiers")) if domain in OURS]
    if row.get("platform") in OURS:
        found.append(f"{OURS[row['platform']]}:{cleaned(row.get('unique_id'), 256)}")
    serial = cleaned(box.get("serial_number"))
    if len(serial) >= SERIAL_LIMIT:
        found.append(f"serial:{serial.casefold()}")
    return tuple(dict.fromkeys(mark for mark in found if mark))[:MARKS_LIMIT]


def _pairs(raw: Any) -> Iterable[tuple[str, str]]:
    """The pairs of a list of lists; what is longer is no pair of ours."""
    for row in raw if isinstance(raw, list) else ():
        if isinstance(row, list) and len(row) == 2:
            yield cleaned(row[0]), cleaned(row[1], 256)
