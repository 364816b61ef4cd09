"""Switches, sirens, numbers, selects, buttons, scenes, sensors, binary sensors and vacuum cleaners over MQTT.

Source: home-assistant.io/integrations/{switch,siren,number,select,button,scene,sensor,binary_sensor,vacuum}.mqtt.
"""

from __future__ import annotations

import json
from typing import Any

from dobby.home import vocabulary as v
from dobby.home.device import DeviceKind
from dobby.home.traits import Value
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.mqtt.parts import NOTHING, Broken, Build, Message, measured, one_of
from dobby.wire.mqtt.template import Payload, TemplateProblem, fill

SEGMENTS_LIMIT = 60  # rooms that a vacuum cleaner knows


def switch(build: Build, kind: DeviceKind) -> None:
    """A switch, a siren, or anything else that is on or off."""
    config = build.config
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    words: dict[str, Value] = {config.text("state_on", on): True, config.text("state_off", off): False}
    build.setting(hass.switched(kind), "", on_or_off(words), lambda value: on if value else off, state="state_topic",
                  command="command_topic", templates=("value_template", "state_value_template"))


def on_or_off(words: dict[str, Value]) -> Any:
    """What a payload means, also where Jinja wrote True for true (njsPC says `isOn`, and means ON)."""
    folded = {text.casefold(): value for text, value in words.items()}
    known: dict[str, Value] = {"true": True, "false": False, "on": True, "off": False, "1": True, "0": False} | folded

    def means(text: str) -> Value:
        return one_of(known)(text.casefold())

    return means


def siren(build: Build, kind: DeviceKind) -> None:
    """A siren takes JSON, and shows what it was sent or plain ON and OFF."""
    config = build.config
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    bare = config.template("command_template", "command_off_template")
    words: dict[str, Value] = {config.text("state_on", on): True, config.text("state_off", off): False}

    def read(payload: Payload) -> Values:
        text = payload.text
        if text.startswith("{"):
            shown = payload.json.get("state")
            text = shown if isinstance(shown, str) else ""
        return {} if text in NOTHING else {"on": on_or_off(words)(text)}

    def order(value: bool) -> list[Message]:
        said = on if value else off
        payload = fill(bare, {"value": said, "state": said}) if bare else json.dumps({"state": said})
        return [build.message(config.topic("command_topic"), payload)]

    if not config.topic("command_topic"):
        raise Broken("it has no command_topic")
    build.has(hass.switched(kind), order, told=build.reads(config.topic("state_topic"), read))


def amount(build: Build, kind: DeviceKind) -> None:
    """A number whose purpose nobody knows."""
    config = build.config
    low, high = config.number("min"), config.number("max")
    trait = v.AMOUNT.but(min=1 if low is None else low, max=100 if high is None else high,
                         step=config.number("step") or 1, unit=hass.cleaned(config.text("unit_of_measurement"), 12))
    build.setting(trait, "", measured, lambda value: value, state="state_topic", command="command_topic",
                  templates=("value_template",))


def choice(build: Build, kind: DeviceKind) -> None:
    """A select whose purpose nobody knows."""
    config = build.config
    options = config.options("options")
    if not options:
        raise Broken("it has no options")
    build.setting(v.CHOICE.but(choices=options), "", lambda text: text, lambda value: value, state="state_topic",
                  command="command_topic", templates=("value_template",))


def press(build: Build, kind: DeviceKind) -> None:
    """A button or a scene: something happens, and nothing tells."""
    config = build.config
    payload = config.text("payload_press", config.text("payload_on", "PRESS"))
    build.has(v.PRESS, build.can("command_topic", config.template("command_template"), lambda value: payload),
              told=False)


def sensor(build: Build, kind: DeviceKind) -> None:
    """A measured value that we have a word for."""
    config = build.config
    unit = config.text("unit_of_measurement").strip()
    found = hass.sensor(config.text("device_class"), unit, f"{config.text('name')} {config.text('unique_id')}")
    if found is None:
        return
    trait, convert = found
    told = build.tells(config.topic("state_topic"), config.template("value_template"),
                       lambda text: {trait.name: round(convert(measured(text)), 3)})
    build.has(trait, told=told)


def binary(build: Build, kind: DeviceKind) -> None:
    """Something that is noticed, of a kind that we have a word for."""
    config = build.config
    trait = hass.BINARY_SENSORS.get(config.text("device_class"))
    if trait is None:
        return
    words: dict[str, Value] = {config.text("payload_on", "ON"): True, config.text("payload_off", "OFF"): False}
    build.has(trait, told=build.tells(config.topic("state_topic"), config.template("value_template"),
                                      lambda text: {trait.name: one_of(words)(text)}))


def vacuum(build: Build, kind: DeviceKind) -> None:
    """A vacuum cleaner: what it does, its suction, and the rooms where it knows them (clean_segments)."""
    config = build.config
    segments: dict[str, str] = {}  # name -> id, as its state tells them
    levels = config.options("fan_speed_list")
    rooms = config.topic("clean_segments_command_topic")

    def read(payload: Payload) -> Values:
        shown = payload.json
        if not isinstance(shown, dict):
            raise TemplateProblem("its state is no object")
        if isinstance(shown.get("segments"), dict):
            rows = [*shown["segments"].items()][:SEGMENTS_LIMIT]
            segments.update({hass.cleaned(name): str(id_) for id_, name in rows})
        values = dict(hass.VACUUM_STATES.get(str(shown.get("state")), {}))
        if levels and isinstance(shown.get("fan_speed"), str):
            values["fan_mode"] = shown["fan_speed"]
        return values

    told = build.reads(config.topic("state_topic"), read)
    words = {"clean": config.text("payload_start", "start"), "pause": config.text("payload_pause", "pause"),
             "dock": config.text("payload_return_to_base", "return_to_base")}
    build.has(v.TASK, build.can("command_topic", "", lambda value: words[value]), told=told)
    build.has(v.ACTIVITY, told=told)
    if levels:
        build.has(v.FAN_MODE.but(choices=levels), build.can("set_fan_speed_topic", ""), told=told)
    if rooms:
        template = config.template("clean_segments_command_template")

        def order(value: str) -> list[Message]:
            ids = [id_ for name, id_ in segments.items() if name.casefold() in str(value).casefold()]
            if not ids:
                raise Broken(f"It knows no such room; it knows {', '.join(segments) or 'none yet'}.")
            return [build.message(rooms, fill(template, {"value": ids}) if template else json.dumps(ids))]

        build.has(v.ROOMS, order, told=told)
