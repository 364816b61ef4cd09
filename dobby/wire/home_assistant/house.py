"""Everything that one Home Assistant shows: its states as they come, and the devices that its entities are. Pure.

Source: homeassistant/components/websocket_api/messages.py: an event of subscribe_entities holds what was added ("a",
the whole state), changed ("c": "+" what is new, "-" attributes that are gone) and removed ("r").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dobby.home.device import Device, Reading
from dobby.wire.hass import Entity
from dobby.wire.hass_assemble import assemble
from dobby.wire.home_assistant.registry import Filed
from dobby.wire.home_assistant.shown import Shown
from dobby.wire.home_assistant.table import AWAY, DOMAINS, SHAPE, entity, values

ENTITIES_LIMIT = 20_000


class House:
    """States by entity, devices by id, and which trait of which device is which entity."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.fahrenheit = False
        self.filed: Mapping[str, Filed] = {}
        self.shown: dict[str, Shown] = {}
        self.devices: dict[str, Device] = {}
        self.parts: dict[tuple[str, str], str] = {}  # (device, trait) -> entity
        self._entities: dict[str, Entity] = {}
        self._places: dict[str, dict[str, str]] = {}  # entity -> trait -> device
        self._members: dict[str, tuple[str, ...]] = {}  # device -> entities

    def take(self, event: Mapping[str, Any]) -> tuple[list[str], bool]:
        """Take in an event: (entities whose state is told, whether the devices must be made anew)."""
        told: list[str] = []
        reshaped = False
        added = _table(event, "a")
        for id_ in added:
            if id_.partition(".")[0] in DOMAINS and (id_ in self.shown or len(self.shown) < ENTITIES_LIMIT):
                row = _table(added, id_)
                self.shown[id_] = Shown(id_, str(row.get("s")), _table(row, "a"), self.fahrenheit)
                told.append(id_)
                reshaped = True
        for id_, change in _table(event, "c").items():
            if (before := self.shown.get(id_)) is None:
                continue
            more, less = _table(change, "+"), _table(change, "-").get("a") or ()
            attrs = {name: value for name, value in before.attrs.items() if name not in less} | _table(more, "a")
            self.shown[id_] = after = replace(before, state=str(more.get("s", before.state)), attrs=attrs)
            told.append(id_)
            reshaped = reshaped or self._reshaped(before, after)
        for id_ in event.get("r") or ():
            reshaped = self.shown.pop(id_, None) is not None or reshaped
        return told, reshaped

    def _reshaped(self, before: Shown, after: Shown) -> bool:
        """Whether what an entity can do changed. One that is away says less, and can do the same when it is back."""
        if after.state == AWAY or all(before.attrs.get(name) == after.attrs.get(name) for name in SHAPE):
            return False
        found = entity(after, self.filed.get(after.id))
        return found != self._entities.get(after.id)

    def arrange(self) -> tuple[list[Device], list[str]]:
        """Make the devices anew: (those that are new or different, ids of those that are gone)."""
        found: dict[str, Entity] = {}
        for id_, shown in self.shown.items():
            one = entity(shown, self.filed.get(id_))
            if one is not None:
                found[id_] = self._entities.get(id_, one) if shown.state == AWAY else one
        self._entities = found
        built = assemble(self._key, "home_assistant", found.values())
        before, self.devices = self.devices, {one.device.id: one.device for one in built}
        self.parts = {(one.device.id, trait): part for one in built for trait, part in one.parts.items()}
        self._members = {one.device.id: tuple(dict.fromkeys(one.parts.values())) for one in built}
        self._places = {}
        for (device, trait), part in self.parts.items():
            self._places.setdefault(part, {})[trait] = device
        return ([one for id_, one in self.devices.items() if before.get(id_) != one],
                [id_ for id_ in before if id_ not in self.devices])

    def devices_of(self, entities: Iterable[str]) -> set[str]:
        """The devices that these entities are parts of."""
        return {device for one in entities for device in self._places.get(one, {}).values()}

    def readings(self, entities: Iterable[str]) -> list[Reading]:
        """What these entities show of their devices, and whether those are there."""
        entities = list(entities)
        found = [Reading(device, "reachable", self.there(device)) for device in self.devices_of(entities)]
        for id_ in entities:
            places = self._places.get(id_)
            if places:
                found += [Reading(places[trait], trait, value) for trait, value in values(self.shown[id_]).items()
                          if trait in places]
        return found

    def there(self, device: str) -> bool:
        """Whether any part of a device is to be had."""
        states = [self.shown[one].state for one in self._members.get(device, ()) if one in self.shown]
        return any(state != AWAY for state in states)

    def members(self, device: str) -> tuple[str, ...]:
        """The entities that a device is made of."""
        return self._members.get(device, ())


def _table(raw: Any, name: str) -> dict[str, Any]:
    """A part of a message that is an object; empty where it is none."""
    found = raw.get(name) if isinstance(raw, dict) else None
    return found if isinstance(found, dict) else {}
