"""Entities put together into devices: a plug that measures is one plug, a box with two relays is two.

Home Assistant knows entities that name a device; Dobby knows devices with traits. The entities of one device become
one device where their traits do not clash; the entity that does most decides kind and name. What clashes becomes a
device of its own. An id is the device's identifier where one entity is its main thing, and the entity's own besides
that, so it does not depend on the order in which entities are heard.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dobby.home.device import Device, DeviceKind
from dobby.home.traits import Trait
from dobby.wire.hass import ALWAYS, BODIES, NAME_LIMIT, Entity

RANK = ("alarm_control_panel", "cover", "lock", "climate", "water_heater", "vacuum", "media_player", "fan",
        "humidifier", "light", "valve", "switch", "siren", "camera", "select", "number", "button", "scene",
        "binary_sensor", "sensor")
PARTS = {"select", "number", "button", "scene"}  # controls that belong to a device rather than being one
SENSES = {"binary_sensor", "sensor"}
HEATER = {"heater", "heat", "heating", "climate", "thermostat", "temperature"}
ID_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Assembled:
    """A device, and which entity each of its traits is."""

    device: Device
    parts: Mapping[str, str]


@dataclass(slots=True)
class _Host:
    main: Entity
    own_id: bool
    traits: dict[str, Trait] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def takes(self, entity: Entity) -> bool:
        return not any(trait.name in self.traits for trait in entity.traits)

    def add(self, entity: Entity) -> None:
        self.traits |= {trait.name: trait for trait in entity.traits}
        self.parts |= {trait.name: entity.id for trait in entity.traits}


def assemble(key: str, make: str, entities: Iterable[Entity]) -> list[Assembled]:
    """The devices that these entities are. key: the link's, which every id starts with."""
    groups: dict[str, list[Entity]] = {}
    for entity in entities:
        useful = _useful(entity)
        if useful.traits:
            groups.setdefault(useful.device or useful.id, []).append(useful)
    return [one for name, group in groups.items() for one in _devices(key, make, name, group)]


def _useful(entity: Entity) -> Entity:
    """Without what is only there to set a device up, or to look after it."""
    if not entity.category:
        return entity
    return replace(entity, traits=tuple(trait for trait in entity.traits if trait.name in ALWAYS))


def _devices(key: str, make: str, identifier: str, group: list[Entity]) -> list[Assembled]:
    ordered = sorted(group, key=lambda one: (RANK.index(one.component) if one.component in RANK else len(RANK), one.id))
    hosts = _hosts([one for one in ordered if one.component not in PARTS | SENSES])
    for entity in ordered:
        if entity.component in PARTS | SENSES:
            _place(entity, hosts)
    plain = f"{key}/{slug(identifier)}"
    return [Assembled(Device(plain if not host.own_id else f"{plain}-{slug(host.main.id)}",
                             _name(host)[:NAME_LIMIT], host.main.kind, host.main.room, make,
                             tuple(host.traits.values()), marks=_marks(host, group)), host.parts) for host in hosts]


def _marks(host: _Host, group: list[Entity]) -> tuple[str, ...]:
    """What its entities are known by."""
    parts = set(host.parts.values())
    return tuple(dict.fromkeys(mark for one in group if one.id in parts for mark in one.marks))


def _hosts(doers: list[Entity]) -> list[_Host]:
    """The things of a device that do something. Where several of one sort are its main thing, none of them is."""
    hosts: list[_Host] = []
    best = [one for one in doers if one.component == doers[0].component]
    for entity in doers:
        host = next((one for one in hosts if _pump_of(entity, one) and one.takes(entity)), None)
        if host is None:
            host = _Host(entity, own_id=len(best) > 1 or entity is not doers[0])
            hosts.append(host)
        host.add(entity)
    return hosts


def _pump_of(entity: Entity, host: _Host) -> bool:
    """A switch that is called as its pool or spa is: the circulation of that body of water."""
    return (entity.component == "switch" and host.main.kind in ("pool", "spa")
            and any(BODIES.get(word) == host.main.kind for word in _words(entity.name)))


def _place(entity: Entity, hosts: list[_Host]) -> None:
    """Add a part to the thing whose name it shares, else to the main one, else make it one of its own."""
    alike = [host for host in hosts if host.main.component not in PARTS | SENSES
             and _words(entity.name) & (_words(host.main.name) - _words(entity.device_name))]
    for host in (*alike, *(host for host in hosts if not host.own_id)):
        if host.takes(entity):
            host.add(entity)
            return
        if entity.component in SENSES and _says_nothing_new(entity):
            return
    host = _Host(entity, own_id=any(not host.own_id for host in hosts))
    host.add(entity)
    hosts.append(host)


def _says_nothing_new(entity: Entity) -> bool:
    """A second reading of what the device shows already, without a name of its own."""
    generic = {word for trait in entity.traits for word in trait.name.split("_")}
    return not _words(entity.name) - _words(entity.device_name) - generic


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", name.casefold()))


def _name(host: _Host) -> str:
    main = host.main
    if main.kind in ("pool", "spa"):
        spoken = " ".join(word for word in main.name.split() if word.casefold() not in HEATER)
        return spoken or main.device_name or main.name
    if not host.own_id and main.device_name:
        return main.device_name
    if not main.name or not main.device_name or _words(main.name) & _words(main.device_name):
        return main.name or main.device_name or _WITHOUT_NAME.get(main.kind, "Device")
    return f"{main.device_name} {main.name}"


_WITHOUT_NAME: Mapping[DeviceKind, str] = {"light": "Light", "plug": "Plug", "sensor": "Sensor", "shade": "Shade"}


def slug(raw: str) -> str:
    """A stranger's identifier as a part of an id: kept as it is where it is short and plain, else told apart by a
    digest, so that two identifiers never become one."""
    if re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", raw):
        return raw
    digest = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_.:-]+', '-', raw)[:ID_LIMIT - 9].strip('-')}-{digest}"
