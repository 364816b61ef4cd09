"""Thermostats, water heaters, humidifiers and fans over MQTT.

Source: home-assistant.io/integrations/{climate,water_heater,humidifier,fan}.mqtt. Temperatures are °C here whatever
`temperature_unit` says; a fan's speed_range_min..speed_range_max is 1..100 %.
"""

from __future__ import annotations

from typing import Any

from dobby.home import vocabulary as v
from dobby.home.device import DeviceKind
from dobby.home.traits import Value
from dobby.wire import hass
from dobby.wire.mqtt.parts import Build, Order, measured
from dobby.wire.mqtt.plain import on_or_off
from dobby.wire.mqtt.template import TemplateProblem

HEATER_MODES = ("off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance")


def climate(build: Build, kind: DeviceKind) -> None:
    """A thermostat; of a pool or spa as well."""
    config = build.config
    modes = config.options("modes") or ("auto", "off", "cool", "heat", "dry", "fan_only")
    words = hass.mode_words(modes)
    if words and ("mode_command_topic" in config or "mode_state_topic" in config):
        build.setting(v.MODE.but(choices=tuple(words)), "mode", _mode, lambda value: words[value])
    _temperatures(build, kind)
    if "action_topic" in config:
        told = build.tells(config.topic("action_topic"), config.template("action_template"),
                           lambda text: {"activity": hass.ACTIVITIES.get(text, hass.cleaned(text, 20))})
        build.has(v.ACTIVITY, told=told)
    if "fan_mode_command_topic" in config:
        levels = config.options("fan_modes") or ("auto", "low", "medium", "high")
        build.setting(v.FAN_MODE.but(choices=levels), "fan_mode", hass.cleaned, lambda value: value)
    _presets(build, ("none",))
    if "current_humidity_topic" in config:
        build.has(v.HUMIDITY, told=build.tells(config.topic("current_humidity_topic"), config.template(
            "current_humidity_template"), lambda text: {"humidity": measured(text)}))
    _humidity(build)


def _mode(text: str) -> Value:
    if text not in hass.MODES:
        raise TemplateProblem("it tells a mode that is not known")
    return hass.MODES[text]


def _temperatures(build: Build, kind: DeviceKind) -> None:
    """Target, low and high target, and what is measured."""
    config = build.config
    fahrenheit = config.text("temperature_unit", "C").strip("°").upper().startswith("F")
    to_celsius = hass.TO_CELSIUS["F" if fahrenheit else "C"]

    def celsius(text: str) -> float:
        return round(to_celsius(measured(text)), 1)

    def own(value: float) -> float:
        return round(hass.fahrenheit(value)) if fahrenheit else value

    low, high = (None if one is None else round(to_celsius(one), 1) for one in (config.number("min_temp"),
                                                                                config.number("max_temp")))
    step = config.number("temp_step")
    step = None if step is None else round(step / 1.8, 1) if fahrenheit else step
    for trait, part in ((v.TARGET, "temperature"), (v.TARGET_LOW, "temperature_low"),
                        (v.TARGET_HIGH, "temperature_high")):
        if f"{part}_command_topic" in config or f"{part}_state_topic" in config:
            row = hass.target(kind, low, high, step, trait=trait)
            build.setting(row.but(tolerance=max(row.tolerance, 0.3 if fahrenheit else 0.0)), part, celsius, own)
    if "current_temperature_topic" in config:
        build.has(v.CURRENT, told=build.tells(config.topic("current_temperature_topic"), config.template(
            "current_temperature_template"), lambda text: {"current": celsius(text)}))


def _presets(build: Build, more: tuple[str, ...] = ()) -> None:
    config = build.config
    presets = config.options("preset_modes")
    if presets and "preset_mode_command_topic" in config:
        choices = tuple(dict.fromkeys((*more, *presets)))
        build.setting(v.PRESET.but(choices=choices), "preset_mode", hass.cleaned, lambda value: value)


def _humidity(build: Build) -> None:
    config = build.config
    if "target_humidity_command_topic" in config:
        low, high = config.number("min_humidity"), config.number("max_humidity")
        row = v.limited(v.TARGET_HUMIDITY.but(min=low, max=high), "")
        build.setting(row, "target_humidity", measured, round)


def water_heater(build: Build, kind: DeviceKind) -> None:
    """A boiler: its target, what it has, on or off, and its own ways of heating as presets."""
    config = build.config
    _temperatures(build, kind)
    modes = config.options("modes") or HEATER_MODES
    if "mode_command_topic" in config:
        build.setting(v.PRESET.but(choices=modes), "mode", hass.cleaned, lambda value: value)
    if "power_command_topic" in config:
        order = build.can("power_command_topic", config.template("power_command_template"), _switch(build))
        build.has(v.ON, order, told=False)  # Home Assistant's model has no topic that tells it


def _switch(build: Build) -> Any:
    on, off = build.config.text("payload_on", "ON"), build.config.text("payload_off", "OFF")
    return lambda value: on if value else off


def _on(build: Build) -> None:
    config = build.config
    words: dict[str, Value] = {config.text("payload_on", "ON"): True, config.text("payload_off", "OFF"): False}
    build.setting(v.ON, "", on_or_off(words), _switch(build), state="state_topic", command="command_topic",
                  templates=("state_value_template", "value_template"))


def humidifier(build: Build, kind: DeviceKind) -> None:
    """A humidifier or dehumidifier."""
    config = build.config
    _on(build)
    _humidity(build)
    if "current_humidity_topic" in config:
        build.has(v.HUMIDITY, told=build.tells(config.topic("current_humidity_topic"), config.template(
            "current_humidity_template"), lambda text: {"humidity": measured(text)}))
    modes = config.options("modes")
    if modes and "mode_command_topic" in config:
        build.setting(v.PRESET.but(choices=modes), "mode", hass.cleaned, lambda value: value)


def fan(build: Build, kind: DeviceKind) -> None:
    """A fan: on, its speed, its presets, whether it swings."""
    config = build.config
    _on(build)
    if "percentage_command_topic" in config:
        low, high = config.number("speed_range_min") or 1, config.number("speed_range_max") or 100
        steps = max(high - low + 1, 1)
        build.setting(v.SPEED.but(tolerance=max(3.0, 50 / steps), step=round(100 / steps, 1)), "percentage",
                      lambda text: round(min(max((measured(text) - low + 1) / steps, 0), 1) * 100, 1),
                      lambda value: round(low - 1 + value / 100 * steps), templates=("percentage_value_template",),
                      also=lambda value: {} if value else {"on": False})
        _zero_is_off(build)
    _presets(build)
    if "oscillation_command_topic" in config:
        on = config.text("payload_oscillation_on", "oscillate_on")
        off = config.text("payload_oscillation_off", "oscillate_off")
        words: dict[str, Value] = {on: True, off: False}
        build.setting(v.OSCILLATING, "oscillation", on_or_off(words), lambda value: on if value else off,
                      templates=("oscillation_value_template",))


def _zero_is_off(build: Build) -> None:
    """A speed of 0 switches off, any other switches on, as in Home Assistant."""
    speed: Order | None = build.orders.get("speed")
    switch = build.orders.get("on")
    if speed is not None and switch is not None:
        build.orders["speed"] = lambda value: [*switch(True), *speed(value)] if value else switch(False)
