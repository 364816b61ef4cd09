"""Every domain of Home Assistant that is a device of ours, and one entity read through it. Pure.

What is not here is none: people, weather, calendars, helpers (input_boolean ...), updates, cameras. A group (an entity
that lists entities) is left out, since its members are here themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Entity, Values
from dobby.wire.home_assistant import air, doors, media, plain
from dobby.wire.home_assistant.registry import Filed
from dobby.wire.home_assistant.shown import Call, Domain, Shown

DOMAINS: Mapping[str, Domain] = {
    "light": plain.LIGHT, "switch": plain.SWITCH, "siren": plain.SIREN, "sensor": plain.SENSOR,
    "binary_sensor": plain.BINARY, "number": plain.NUMBER, "select": plain.SELECT, "button": plain.BUTTON,
    "scene": plain.SCENE, "script": plain.SCENE, "vacuum": plain.VACUUM, "climate": air.CLIMATE,
    "water_heater": air.WATER_HEATER, "humidifier": air.HUMIDIFIER, "fan": air.FAN, "cover": doors.COVER,
    "valve": doors.VALVE, "lock": doors.LOCK, "alarm_control_panel": doors.ALARM, "media_player": media.MEDIA,
}
AWAY = "unavailable"
UNKNOWN = ("unknown", "", AWAY)
# attributes that say what an entity can do: when one of them changes, its traits may
SHAPE = {"supported_features", "supported_color_modes", "min_color_temp_kelvin", "max_color_temp_kelvin", "effect_list",
         "hvac_modes", "min_temp", "max_temp", "target_temp_step", "fan_modes", "preset_modes", "fan_speed_list",
         "operation_list", "available_modes", "min_humidity", "max_humidity", "percentage_step", "options", "min",
         "max", "step", "unit_of_measurement", "device_class", "source_list", "assumed_state", "friendly_name",
         "entity_id"}


def entity(shown: Shown, filed: Filed | None) -> Entity | None:
    """The entity as one of ours; None when it is none, is hidden, or has nothing that we have a word for."""
    filed = filed or Filed(shown.word("friendly_name"))
    if shown.domain not in DOMAINS or not filed.shown or _group(shown):
        return None
    kind = hass.kind_of("scene" if shown.domain == "script" else shown.domain, shown.word("device_class"),
                        shown.word("friendly_name"))
    traits = tuple(_fitting(shown, trait) for trait in DOMAINS[shown.domain].traits(shown))
    if kind is None or not traits:
        return None
    name = filed.name if filed.device else filed.name or filed.device_name or shown.word("friendly_name")
    return Entity(shown.id, "scene" if shown.domain == "script" else shown.domain, kind, traits, name, filed.device,
                  filed.device_name if filed.device else "", filed.room, filed.category, filed.marks)


def _group(shown: Shown) -> bool:
    return shown.domain not in ("scene", "script") and isinstance(shown.attrs.get("entity_id"), list)


def _fitting(shown: Shown, trait: Trait) -> Trait:
    """What only assumes its state cannot be read back."""
    return trait.but(confirmed_by="-") if shown.assumed and trait.kind != "sensor" else trait


def values(shown: Shown) -> Values:
    """What an entity shows, None for what it does not know. What is only assumed is not shown."""
    domain = DOMAINS[shown.domain]
    if shown.assumed:
        return {}
    if shown.state in UNKNOWN and shown.domain not in ("cover", "media_player"):
        return {trait.name: None for trait in domain.traits(shown) if trait.kind != "action"}
    return domain.values(shown)


def call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    """The service that sets a trait; None when there is none, Refused when it would be of no use."""
    return DOMAINS[shown.domain].call(shown, trait, value, code)
