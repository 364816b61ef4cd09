"""Lights over MQTT in their three schemas: one topic for each thing (default), JSON, and templates.

Source: home-assistant.io/integrations/light.mqtt. Brightness is 0..brightness_scale (255), white in mireds, or in
kelvin where `color_temp_kelvin` is set. Color is set in the first way that the light understands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dobby.home import vocabulary as v
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import DeviceKind
from dobby.home.traits import Trait, Value
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.mqtt.parts import NOTHING, Broken, Build, Config, Message, Order, measured, plain
from dobby.wire.mqtt.plain import on_or_off
from dobby.wire.mqtt.template import Payload, TemplateProblem, fill, render

MIREDS = (153.0, 500.0)  # where a light does not tell its own range
COLOR = v.COLOR.but(tolerance=0.03)  # whole numbers on the way
COLORED = ("xy", "hs", "rgb", "rgbw", "rgbww")
Json = dict[str, Any]


def light(build: Build, kind: DeviceKind) -> None:
    """A light of whichever schema."""
    {"json": _json, "template": _template}.get(build.config.text("schema", "basic"), _basic)(build)


def _white(config: Config) -> Trait:
    """The row of its white, in its own range."""
    if config.flag("color_temp_kelvin"):
        low, high = config.number("min_kelvin") or 2000, config.number("max_kelvin") or 6535
    else:
        low, high = (hass.kelvin(max(one or other, 1)) for one, other in (
            (config.number("max_mireds"), MIREDS[1]), (config.number("min_mireds"), MIREDS[0])))
    return v.COLOR_TEMPERATURE.but(min=round(low), max=round(high), tolerance=90)


def _kelvin(config: Config, value: float) -> int:
    """Kelvin of what it tells, or what it is told of kelvin: the way back is the same."""
    if config.flag("color_temp_kelvin"):
        return round(value)
    if value <= 0:
        raise TemplateProblem("it tells a white that is none")
    return hass.kelvin(value)


# --- one topic for each thing -----------------------------------------------------------------------------------------


def _basic(build: Build) -> None:
    config = build.config
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    words: dict[str, Value] = {on: True, off: False}
    build.setting(v.ON, "", on_or_off(words), lambda value: on if value else off, state="state_topic",
                  command="command_topic", templates=("state_value_template", "value_template"))
    scale = config.number("brightness_scale") or 255
    if "brightness_command_topic" in config:
        build.setting(v.BRIGHTNESS, "brightness", lambda text: hass.percent(measured(text), scale),
                      lambda value: hass.level(value, scale), templates=("brightness_value_template",))
    if "color_temp_command_topic" in config:
        build.setting(_white(config), "color_temp", lambda text: _kelvin(config, measured(text)),
                      lambda value: _kelvin(config, value), templates=("color_temp_value_template",))
    for way in ("xy", "hs", "rgb"):
        if f"{way}_command_topic" in config:
            _color(build, way)
            break
    effects = config.options("effect_list")
    if effects and "effect_command_topic" in config:
        build.setting(v.EFFECT.but(choices=effects), "effect", lambda text: text, lambda value: value,
                      templates=("effect_value_template",))
    for name in ("brightness", "color_temperature", "color", "effect"):
        if name in build.orders and config.text("on_command_type", "last") != "brightness":
            build.orders[name] = _lit(build.orders[name], build.orders["on"])


def _lit(order: Order, switch: Order) -> Order:
    """An order that switches the light on as well, as Home Assistant does it."""
    return lambda value: [*order(value), *switch(True)]


def _color(build: Build, way: str) -> None:
    """Color as "0.3,0.4", "360,100" or "255,0,0", or through a template."""
    config = build.config
    topic, template = config.topic(f"{way}_command_topic"), config.template(f"{way}_command_template")

    def means(text: str) -> Value:
        shown = hass.color_of(dict(zip(way, text.split(","), strict=False)))
        if shown is None:
            raise TemplateProblem("it tells a color that is none")
        return shown

    def order(value: Mapping[str, float]) -> list[Message]:
        parts = _parts(way, value)
        known = dict(zip({"xy": ("x", "y"), "hs": ("hue", "sat"), "rgb": ("red", "green", "blue")}[way], parts,
                         strict=True))
        said = fill(template, known) if template else ",".join(plain(part) for part in parts)
        return [build.message(topic, said)]

    told = build.tells(config.topic(f"{way}_state_topic"), config.template(f"{way}_value_template"),
                       lambda text: {"color": means(text)})
    build.has(COLOR, order, told=told)


def _parts(way: str, value: Mapping[str, float]) -> tuple[float, ...]:
    x, y = value["x"], value["y"]
    return (x, y) if way == "xy" else hass.xy_to_hs(x, y) if way == "hs" else xy_to_rgb(x, y)


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(build: Build) -> None:
    config = build.config
    topic = config.topic("command_topic")
    if not topic:
        raise Broken("it has no command_topic")
    modes = set(config.options("supported_color_modes")) | {
        name for name in (*COLORED, "color_temp") if config.flag(name)}
    scale = config.number("brightness_scale") or 255
    traits: list[Trait] = [v.ON]
    if config.flag("brightness") or modes - {"onoff"}:
        traits.append(v.BRIGHTNESS)
    if "color_temp" in modes:
        traits.append(_white(config))
    way = next((name for name in COLORED if name in modes), "")
    if way:
        traits.append(COLOR)
    effects = config.options("effect_list")
    if effects and config.flag("effect", default=True):
        traits.append(v.EFFECT.but(choices=effects))
    state = config.topic("state_topic")
    told = build.reads("" if state == topic else state,
                       lambda payload: _shown(config, scale, {trait.name for trait in traits}, payload))

    def order(name: str) -> Order:
        return lambda value: [build.message(topic, json.dumps(_body(config, name, value, scale, way[:3])))]

    for trait in traits:
        build.has(trait, order(trait.name), told=told)


def _body(config: Config, name: str, value: Any, scale: float, way: str) -> Json:
    """The JSON that sets one thing; whatever is set of a light, it is on then."""
    match name:
        case "on":
            return {"state": "ON" if value else "OFF"}
        case "brightness":
            return {"state": "ON", "brightness": hass.level(value, scale)}
        case "color_temperature":
            return {"state": "ON", "color_temp": _kelvin(config, value)}
        case "color":
            return {"state": "ON", "color": dict(zip(way, _parts(way, value), strict=True))}
        case _:
            return {"state": "ON", "effect": value}


def _shown(config: Config, scale: float, names: set[str], payload: Payload) -> Values:
    """What a JSON light tells; white is None while it shows a color."""
    shown = payload.json
    if not isinstance(shown, dict):
        raise TemplateProblem("its state is no object")
    values: Values = {}
    if isinstance(shown.get("state"), str) and shown["state"] not in NOTHING:
        values["on"] = on_or_off({"ON": True, "OFF": False})(shown["state"])
    level, white = hass.number(shown.get("brightness")), hass.number(shown.get("color_temp"))
    if level is not None:
        values["brightness"] = hass.percent(level, scale)
    mode = shown.get("color_mode")
    if white is not None and mode in (None, "color_temp"):
        values["color_temperature"] = _kelvin(config, white)
    elif isinstance(mode, str) and mode in COLORED:
        values["color_temperature"] = None
    if isinstance(shown.get("color"), dict) and (color := hass.color_of(shown["color"])) is not None:
        values["color"] = color
    if isinstance(shown.get("effect"), str):
        values["effect"] = hass.cleaned(shown["effect"])
    return {name: value for name, value in values.items() if name in names}


# --- templates --------------------------------------------------------------------------------------------------------


def _template(build: Build) -> None:
    config = build.config
    topic, state = config.topic("command_topic"), config.topic("state_topic")
    lit, dark = config.template("command_on_template"), config.template("command_off_template")
    if not (topic and lit and dark):
        raise Broken("it has no command_on_template, command_off_template or command_topic")
    effects = config.options("effect_list")
    ways: dict[str, tuple[Trait, str, Any]] = {
        "brightness": (v.BRIGHTNESS, "brightness_template", lambda value: {"brightness": hass.level(value)}),
        "color_temperature": (_white(config), "color_temp_template",
                              lambda value: {"color_temp": _kelvin(config, value)}),
        "color": (COLOR, "red_template", lambda value: dict(zip(("red", "green", "blue"), _parts("rgb", value),
                                                                strict=True))),
    } | ({"effect": (v.EFFECT.but(choices=effects), "effect_template", lambda value: {"effect": value})}
         if effects else {})
    templates = {key: config.template(key) for key in (
        "state_template", "green_template", "blue_template", *(row[1] for row in ways.values()))}
    used = {name: row for name, row in ways.items() if templates[row[1]]}

    def read(payload: Payload) -> Values:
        return {name: value for name, value in _rendered(config, templates, payload).items()
                if name == "on" or name in used}

    def order(name: str) -> Order:
        def make(value: Any) -> list[Message]:
            if name == "on":
                return [build.message(topic, fill(lit if value else dark, {"state": "on" if value else "off"}))]
            return [build.message(topic, fill(lit, {"state": "on"} | used[name][2](value)))]

        return make

    told = build.reads("" if state == topic else state, read)
    build.has(v.ON, order("on"), told=told and bool(templates["state_template"]))
    for name, (trait, _key, _make) in used.items():
        build.has(trait, order(name), told=told)


def _rendered(config: Config, templates: Mapping[str, str], payload: Payload) -> Values:
    said = {key: render(template, payload) for key, template in templates.items() if template}
    said = {key: text for key, text in said.items() if text not in NOTHING}
    values: Values = {}
    if "state_template" in said:
        values["on"] = on_or_off({"on": True, "off": False})(said["state_template"])
    if "brightness_template" in said:
        values["brightness"] = hass.percent(measured(said["brightness_template"]))
    if "color_temp_template" in said:
        values["color_temperature"] = _kelvin(config, measured(said["color_temp_template"]))
    if {"red_template", "green_template", "blue_template"} <= said.keys():
        values["color"] = rgb_to_xy(*(measured(said[f"{name}_template"]) / 255 for name in ("red", "green", "blue")))
    if "effect_template" in said:
        values["effect"] = hass.cleaned(said["effect_template"])
    return values
