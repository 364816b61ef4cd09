"""What a discovery message says a device is: `homeassistant/<component>/[<node>/]<object>/config`, or all components of
a device in one `homeassistant/device/<id>/config`.

Source: home-assistant.io/integrations/mqtt (MQTT discovery, abbreviations, availability). An empty message takes back
what was said before. Whatever is wrong with a message is Broken, in words, and touches nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dobby.home.device import DeviceKind
from dobby.wire import hass
from dobby.wire.mqtt import air, doors, lights, plain
from dobby.wire.mqtt.abbreviations import DEVICE_KEYS, KEYS
from dobby.wire.mqtt.parts import Broken, Build, Config, Order, Source
from dobby.wire.mqtt.template import Payload, TemplateProblem, render

PREFIX = "homeassistant"
FILTERS = (f"{PREFIX}/+/+/config", f"{PREFIX}/+/+/+/config")
TOPIC = re.compile(rf"{PREFIX}/(\w+)/(?:[^/]+/)?([^/]+)/config")
CONFIG_LIMIT = 128 * 1024  # bytes; a device with all its components is about 30 kB
COMPONENTS_LIMIT = 200  # of one device
AVAILABILITIES_LIMIT = 8
MARKS_LIMIT = 8  # identifiers, and connections, of one device

Builder = Callable[[Build, DeviceKind], None]
BUILDERS: Mapping[str, Builder] = {
    "light": lights.light, "switch": plain.switch, "siren": plain.siren, "number": plain.amount,
    "select": plain.choice, "button": plain.press, "scene": plain.press, "sensor": plain.sensor,
    "binary_sensor": plain.binary, "vacuum": plain.vacuum, "cover": doors.cover, "valve": doors.valve,
    "lock": doors.lock, "climate": air.climate, "water_heater": air.water_heater, "humidifier": air.humidifier,
    "fan": air.fan,
}


@dataclass(frozen=True, slots=True)
class Presence:
    """A topic that tells whether the device is there."""

    topic: str
    template: str
    here: str
    gone: str

    def reads(self, payload: Payload) -> bool | None:
        """Whether it is there; None when the message does not say."""
        try:
            text = render(self.template, payload)
        except TemplateProblem:
            return None
        return True if text == self.here else False if text == self.gone else None


@dataclass(frozen=True, slots=True)
class Wired:
    """An entity with its wires. mode: how several presences count together (all, any, latest)."""

    entity: hass.Entity
    sources: tuple[Source, ...]
    orders: Mapping[str, Order]
    presences: tuple[Presence, ...] = ()
    mode: str = "latest"
    off_delay: float | None = None  # seconds until what was noticed counts as over


def read(topic: str, text: str, code: str = "") -> tuple[dict[str, Wired], dict[str, str]]:
    """(entities, problems) of one discovery message, by a name that stays the same; problems in words.

    code: what an alarm panel wants. Raises Broken when nothing of the message can be used."""
    match = TOPIC.fullmatch(topic)
    if match is None:
        raise Broken("it is no discovery topic")
    if len(text) > CONFIG_LIMIT:
        raise Broken("it is far too long")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise Broken("it is not JSON") from None
    if not isinstance(raw, dict):
        raise Broken("it is no object")
    found: dict[str, Wired] = {}
    problems: dict[str, str] = {}
    for name, component, config in _components(match[1], topic, raw):
        try:
            wired = _wired(component, name, Config(config), code)
        except Broken as error:
            problems[name] = str(error)
        else:
            if wired is not None:
                found[name] = wired
    return found, problems


def _components(component: str, topic: str, raw: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, component, config) of every entity in a message."""
    whole = _expanded(raw)
    if component != "device":
        yield topic, component, whole
        return
    parts = whole.get("components")
    if not isinstance(parts, dict) or "device" not in whole:
        raise Broken("it has no components or no device")
    if len(parts) > COMPONENTS_LIMIT:
        raise Broken(f"it has more than {COMPONENTS_LIMIT} components")
    shared = {key: value for key, value in whole.items() if key != "components"}
    for name, part in parts.items():
        if isinstance(part, dict):
            own = _expanded(part, str(shared.get("~", "")))
            yield f"{topic}#{name}", str(own.get("platform", "")), {"object_id": str(name)} | shared | own


def _expanded(raw: Mapping[str, Any], base: str = "") -> dict[str, Any]:
    """Keys in full, and the topics that begin or end with "~" with their base."""
    config = {KEYS.get(key, key): value for key, value in raw.items()}
    if isinstance(config.get("device"), dict):
        config["device"] = {DEVICE_KEYS.get(key, key): value for key, value in config["device"].items()}
    many = config.get("availability")
    if isinstance(many, dict):
        many = [many]
    base = str(config.get("~", base))[:256]
    if isinstance(many, list):
        config["availability"] = [_based({KEYS.get(key, key): value for key, value in one.items()}, base)
                                  for one in many if isinstance(one, dict)]
    return _based(config, base)


def _based(config: dict[str, Any], base: str) -> dict[str, Any]:
    if not base:
        return config
    return {key: _with_base(value, base) if key.endswith("topic") and isinstance(value, str) else value
            for key, value in config.items()}


def _with_base(topic: str, base: str) -> str:
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _wired(component: str, name: str, config: Config, code: str) -> Wired | None:
    """The entity of one config; None for what is no device (triggers, tags, updates ...) or tells nothing we know."""
    entity = _entity(component, name, config)
    if entity is None:
        return None
    build = Build(config)
    if component == "alarm_control_panel":
        doors.alarm(build, entity.kind, code)
    elif component in BUILDERS:
        BUILDERS[component](build, entity.kind)
    else:
        return None
    mode = config.text("availability_mode", "latest")
    return Wired(replace(entity, traits=tuple(build.traits)), tuple(build.sources), build.orders,
                 tuple(_presences(config)), mode if mode in ("all", "any") else "latest",
                 config.number("off_delay"))


def _entity(component: str, name: str, config: Config) -> hass.Entity | None:
    device = config.raw.get("device")
    device = device if isinstance(device, dict) else {}
    device_name = hass.cleaned(device.get("name"))
    own = hass.cleaned(config.raw.get("name"))
    kind = hass.kind_of(component, config.text("device_class"), f"{own} {device_name}")
    if kind is None:
        return None
    identifier = _identifier(device)
    unique = config.text("unique_id") or config.text("object_id") or name.removeprefix(f"{PREFIX}/")
    category = config.text("entity_category")
    return hass.Entity(unique[:256], component, kind, (), own, identifier, device_name,
                       hass.cleaned(device.get("suggested_area")), category, _marks(device, config.text("unique_id")))


def _identifier(device: Mapping[str, Any]) -> str:
    """What the entities of one device have in common: its first identifier, else its first connection."""
    given = device.get("identifiers")
    first = given[0] if isinstance(given, list) and given else given
    if isinstance(first, list):
        first = "-".join(str(part) for part in first[:3])
    connections = device.get("connections")
    if not first and isinstance(connections, list) and connections and isinstance(connections[0], list):
        first = "-".join(str(part) for part in connections[0][:2])
    return hass.cleaned(first, 256)


def _marks(device: Mapping[str, Any], unique: str) -> tuple[str, ...]:
    """What it is known by elsewhere: the names that Home Assistant files its device and this entity under, and its
    addresses. An identifier with a prefix (zigbee2mqtt_0x...) tells a radio's address by the way."""
    given, connections = device.get("identifiers"), device.get("connections")
    names = [hass.cleaned(one, 256) for one in (given if isinstance(given, list) else [given])[:MARKS_LIMIT]]
    rows = [row for row in (connections if isinstance(connections, list) else [])[:MARKS_LIMIT]
            if isinstance(row, list) and len(row) == 2 and row[0] in ("mac", "zigbee")]
    addresses = (*(name.rpartition("_")[2] for name in names), *(row[1] for row in rows))
    return tuple(dict.fromkeys([*(f"mqtt:{name}" for name in (*names, hass.cleaned(unique, 256)) if name),
                                *(mark for one in addresses if (mark := hass.mac_mark(one)))]))


def _presences(config: Config) -> Sequence[Presence]:
    """Every availability of a config: a single topic, or a list of them."""
    rows = config.raw.get("availability")
    rows = list(rows) if isinstance(rows, list) else []
    single = config.raw.get("availability_topic")
    if single:
        rows.append({"topic": single, "value_template": config.raw.get("availability_template"),
                     "payload_available": config.raw.get("payload_available"),
                     "payload_not_available": config.raw.get("payload_not_available")})
    found = []
    for row in rows[:AVAILABILITIES_LIMIT]:
        one = Config(row)
        topic = one.topic("topic")
        if topic:
            found.append(Presence(topic, one.template("value_template", "availability_template"),
                                  one.text("payload_available", "online"),
                                  one.text("payload_not_available", "offline")))
    return found
