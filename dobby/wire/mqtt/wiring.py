"""All entities of a broker as one wiring plan: which message is which reading, which order is which message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from dobby.home.device import Device
from dobby.wire.hass_assemble import assemble
from dobby.wire.mqtt.discovery import Presence, Wired
from dobby.wire.mqtt.parts import Order, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wiring:
    """devices by id; places: (entity, trait) -> device; members: device -> entities; sources and presences by topic,
    with their entity; orders and delays (seconds until what was noticed is over) by (device, trait)."""

    devices: Mapping[str, Device] = field(default_factory=dict)
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: Mapping[str, list[tuple[str, Source]]] = field(default_factory=dict)
    presences: Mapping[str, list[tuple[str, Presence]]] = field(default_factory=dict)
    orders: Mapping[tuple[str, str], Order] = field(default_factory=dict)
    delays: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def topics(self) -> set[str]:
        """Everything that must be listened to."""
        return self.sources.keys() | self.presences.keys()


def plan(key: str, entities: Mapping[str, Wired]) -> Wiring:
    """The wiring of these entities, by their ids."""
    built = assemble(key, "mqtt", [wired.entity for wired in entities.values()])
    places = {(part, trait): one.device.id for one in built for trait, part in one.parts.items()}
    used = {part for part, _trait in places}
    return Wiring(
        {one.device.id: one.device for one in built}, places,
        {one.device.id: frozenset(one.parts.values()) for one in built},
        _by_topic((source.topic, id_, source) for id_ in used for source in entities[id_].sources),
        _by_topic((presence.topic, id_, presence) for id_ in used for presence in entities[id_].presences),
        {(device, trait): entities[part].orders[trait] for (part, trait), device in places.items()
         if trait in entities[part].orders},
        {(device, trait): delay for (part, trait), device in places.items()
         if (delay := entities[part].off_delay) is not None})


def _by_topic(rows: Iterable[tuple[str, str, T]]) -> dict[str, list[tuple[str, T]]]:
    found: dict[str, list[tuple[str, T]]] = {}
    for topic, id_, one in rows:
        found.setdefault(topic, []).append((id_, one))
    return found


def there(wired: Wired, told: Mapping[str, bool]) -> bool:
    """Whether an entity counts as there by what its presence topics told; what none told is taken as there."""
    if wired.mode == "any":
        return any(told.values()) or len(told) < len(wired.presences)
    return all(told.values())
