"""ESPHome's entities as a table: speakers, sensors, numbers, choices and buttons, and all kinds together.

Source: aioesphomeapi 46 (model.py, client.py). Not here: text, dates, cameras, water heaters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from aioesphomeapi import model as m

from dobby.errors import Refused
from dobby.home import vocabulary as v
from dobby.home.traits import Value
from dobby.wire import hass
from dobby.wire.esphome.air import climate, fan
from dobby.wire.esphome.doing import alarm, cover, light, lock, siren, switch, valve
from dobby.wire.esphome.part import Part, at, nothing, word
from dobby.wire.hass import Entity, Values


def media(info: m.MediaPlayerInfo, code: str) -> Part:
    """A speaker; it does not tell what it plays."""
    words = {"playing": (m.MediaPlayerCommand.PAUSE, m.MediaPlayerCommand.PLAY),
             "muted": (m.MediaPlayerCommand.UNMUTE, m.MediaPlayerCommand.MUTE)}
    states = {"playing": True, "announcing": True, "paused": False, "idle": False, "off": False, "on": False}

    def read(state: m.MediaPlayerEntityState) -> Values:
        return {"playing": states.get(word(state.state)), "volume": round(state.volume * 100, 1),
                "muted": state.muted}

    def order(client: Any, trait: str, value: Any) -> None:
        if trait == "volume":
            client.media_player_command(**at(info), volume=value / 100)
        elif trait in words:
            client.media_player_command(**at(info), command=words[trait][value is True])
        elif isinstance(value, str) and value.startswith(("http://", "https://")):
            client.media_player_command(**at(info), media_url=value)
        else:
            raise Refused("It plays web addresses only.")

    return Part("media_player", "speaker", (v.PLAYING, v.VOLUME, v.MUTED, v.PLAY.but(confirmed_by="-")), read, order)


def _known(state: Any, value: Value) -> Value:
    return None if state.missing_state else value


def sensor(info: m.SensorInfo, code: str) -> Part | None:
    """A measured value that we have a word for."""
    found = hass.sensor(info.device_class, info.unit_of_measurement, f"{info.name} {info.object_id}")
    if found is None:
        return None
    trait, convert = found

    def read(state: m.SensorState) -> Values:
        value = hass.number(state.state)
        return {trait.name: None if value is None else _known(state, round(convert(value), 3))}

    return Part("sensor", "sensor", (trait,), read, nothing)


def binary(info: m.BinarySensorInfo, code: str) -> Part | None:
    """Something that is noticed, of a kind that we have a word for."""
    trait = hass.BINARY_SENSORS.get(info.device_class)
    return None if trait is None else Part("binary_sensor", "sensor", (trait,),
                                           lambda state: {trait.name: _known(state, state.state)}, nothing)


def number(info: m.NumberInfo, code: str) -> Part:
    """A number whose purpose nobody knows."""
    step = info.step or 1
    trait = v.AMOUNT.but(min=info.min_value, max=info.max_value, step=step, tolerance=step / 2,
                         unit=hass.cleaned(info.unit_of_measurement, 12))
    return Part("number", "sensor", (trait,), lambda state: {"amount": _known(state, hass.number(state.state))},
                lambda client, name, value: client.number_command(**at(info), state=value))


def select(info: m.SelectInfo, code: str) -> Part | None:
    """A choice whose purpose nobody knows."""
    options = hass.choices(info.options)
    return Part("select", "sensor", (v.CHOICE.but(choices=options),),
                lambda state: {"choice": _known(state, hass.cleaned(state.state))},
                lambda client, name, value: client.select_command(**at(info), state=value)) if options else None


def button(info: m.ButtonInfo, code: str) -> Part:
    """Something happens, and nothing tells."""
    return Part("button", "sensor", (v.PRESS,), lambda state: {},
                lambda client, name, value: client.button_command(**at(info)))


PARTS: Mapping[type, Callable[[Any, str], Part | None]] = {
    m.LightInfo: light, m.SwitchInfo: switch, m.SirenInfo: siren, m.CoverInfo: cover, m.ValveInfo: valve,
    m.LockInfo: lock, m.AlarmControlPanelInfo: alarm, m.ClimateInfo: climate, m.FanInfo: fan,
    m.MediaPlayerInfo: media, m.SensorInfo: sensor, m.BinarySensorInfo: binary, m.NumberInfo: number,
    m.SelectInfo: select, m.ButtonInfo: button,
}


def part(info: m.EntityInfo, code: str) -> Part | None:
    """The part of an entity; None for what we have no word for, or what is switched off by default. A state that the
    device only assumes is not shown."""
    make = None if info.disabled_by_default else PARTS.get(type(info))
    its = make(info, code) if make else None
    return replace(its, read=lambda state: {}) if its and getattr(info, "assumed_state", False) else its


def entities(info: m.DeviceInfo, parts: Iterable[tuple[m.EntityInfo, Part]], mac: str) -> list[Entity]:
    """The entities of a box, which may have others behind it (sub-devices)."""
    areas = {area.area_id: hass.cleaned(area.name) for area in info.areas}
    behind = {one.device_id: one for one in info.devices}
    name = hass.cleaned(info.friendly_name) or hass.cleaned(info.name)
    room = hass.cleaned(info.area.name) or hass.cleaned(info.suggested_area)
    found = []
    for one, its in parts:
        sub = behind.get(one.device_id)
        category = word(one.entity_category)
        found.append(Entity(
            entity_id(one), its.component, its.kind, its.traits, hass.cleaned(one.name),
            f"sub-{sub.device_id}" if sub else "box", hass.cleaned(sub.name) if sub else name,
            areas.get(sub.area_id, room) if sub else room, "" if category == "none" else category,
            (*([] if sub else [f"mac:{mac}"]), *_marks(info, one))))
    return found


def _marks(info: m.DeviceInfo, one: m.EntityInfo) -> tuple[str, ...]:
    """What Home Assistant's ESPHome integration calls the entity, in its two ways: a box with several devices shares
    its MAC among them."""
    return tuple(f"esphome:{m.build_unique_id(info.mac_address, one, version=way)}" for way in (1, 2))


def entity_id(info: m.EntityInfo) -> str:
    """An entity by what stays the same when its firmware is built anew."""
    kind = type(info).__name__.removesuffix("Info").lower()
    return f"{kind}.{info.device_id}.{hass.cleaned(info.object_id)}" if info.device_id else (
        f"{kind}.{hass.cleaned(info.object_id)}")
