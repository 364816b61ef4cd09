"""Thermostats, water heaters, humidifiers and fans.

Source: developers.home-assistant.io/docs/core/entity/{climate,water-heater,humidifier,fan} (features as bits), and
homeassistant/components/{climate,water_heater,humidifier,fan}/services.yaml.
"""

from __future__ import annotations

from typing import Any

from dobby.home import vocabulary as v
from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.home_assistant.plain import switched, turned
from dobby.wire.home_assistant.shown import Call, Domain, Shown

TARGET, RANGE, TARGET_HUMIDITY, FAN_MODE, PRESET = 1, 2, 4, 8, 16  # of a thermostat
HEATER_TARGET, HEATER_MODE, HEATER_ON = 1, 2, 8
FAN_SPEED, FAN_OSCILLATE, FAN_PRESET = 1, 2, 8
HUMIDIFIER_MODES = 1
ENDS = {"target_low": "target_temp_low", "target_high": "target_temp_high"}


def _target(shown: Shown, row: Trait = v.TARGET) -> Trait:
    """The target in the thermostat's own range; what is told in °F is rounded there."""
    step = shown.number("target_temp_step")
    kind = hass.kind_of(shown.domain, name=shown.word("friendly_name")) or "thermostat"
    trait = hass.target(kind, shown.celsius("min_temp"), shown.celsius("max_temp"),
                        round(step / 1.8, 2) if step and shown.fahrenheit else step, trait=row)
    return trait.but(tolerance=max(trait.tolerance, 0.3)) if shown.fahrenheit else trait


def _climate_traits(shown: Shown) -> list[Trait]:
    words = hass.mode_words(shown.options("hvac_modes"))
    traits = [v.MODE.but(choices=tuple(words))] if words else []
    if shown.can(TARGET):
        traits.append(_target(shown))
    if shown.can(RANGE):
        traits += [_target(shown, v.TARGET_LOW), _target(shown, v.TARGET_HIGH)]
    if "current_temperature" in shown.attrs:
        traits.append(v.CURRENT)
    if "hvac_action" in shown.attrs:
        traits.append(v.ACTIVITY)
    if "current_humidity" in shown.attrs:
        traits.append(v.HUMIDITY)
    if shown.can(TARGET_HUMIDITY):
        traits.append(_humidity(shown))
    if shown.can(FAN_MODE) and shown.options("fan_modes"):
        traits.append(v.FAN_MODE.but(choices=shown.options("fan_modes")))
    if shown.can(PRESET) and shown.options("preset_modes"):
        traits.append(v.PRESET.but(choices=shown.options("preset_modes")))
    return traits


def _humidity(shown: Shown) -> Trait:
    return v.limited(v.TARGET_HUMIDITY.but(min=shown.number("min_humidity"), max=shown.number("max_humidity")), "")


def _climate_values(shown: Shown) -> Values:
    action = shown.word("hvac_action")
    return {"mode": hass.MODES.get(shown.state), "target": shown.celsius("temperature"),
            "target_low": shown.celsius("target_temp_low"), "target_high": shown.celsius("target_temp_high"),
            "current": shown.celsius("current_temperature"), "humidity": shown.number("current_humidity"),
            "target_humidity": shown.number("humidity"), "activity": hass.ACTIVITIES.get(action, action) or None,
            "fan_mode": shown.word("fan_mode") or None, "preset": shown.word("preset_mode") or None}


def _climate_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "mode":
            return Call("set_hvac_mode", {"hvac_mode": hass.mode_words(shown.options("hvac_modes")).get(value, value)})
        case "target":
            return Call("set_temperature", {"temperature": shown.own(value)})
        case "target_low" | "target_high":  # both ends must be named
            ends = {name: shown.attrs.get(name) for name in ENDS.values()} | {ENDS[trait]: shown.own(value)}
            return Call("set_temperature", ends)
        case "target_humidity":
            return Call("set_humidity", {"humidity": round(value)})
        case "fan_mode":
            return Call("set_fan_mode", {"fan_mode": value})
        case "preset":
            return Call("set_preset_mode", {"preset_mode": value})
    return None


CLIMATE = Domain(_climate_traits, _climate_values, _climate_call)


def _heater_traits(shown: Shown) -> list[Trait]:
    traits = [_target(shown)] if shown.can(HEATER_TARGET) else []
    if shown.number("current_temperature") is not None:
        traits.append(v.CURRENT)
    if shown.can(HEATER_MODE) and shown.options("operation_list"):
        traits.append(v.PRESET.but(choices=shown.options("operation_list")))
    return [*traits, v.ON] if shown.can(HEATER_ON) else traits


def _heater_values(shown: Shown) -> Values:
    told = shown.state in shown.options("operation_list")
    return {"target": shown.celsius("temperature"), "current": shown.celsius("current_temperature"),
            "preset": shown.state if told else None, "on": shown.state != "off" if told else None}


def _heater_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "on":
            return turned(value)
        case "target":
            return Call("set_temperature", {"temperature": shown.own(value)})
        case "preset":
            return Call("set_operation_mode", {"operation_mode": value})
    return None


WATER_HEATER = Domain(_heater_traits, _heater_values, _heater_call)


def _humidifier_traits(shown: Shown) -> list[Trait]:
    traits = [v.ON, _humidity(shown)]
    if "current_humidity" in shown.attrs:
        traits.append(v.HUMIDITY)
    if shown.can(HUMIDIFIER_MODES) and shown.options("available_modes"):
        traits.append(v.PRESET.but(choices=shown.options("available_modes")))
    return traits


def _humidifier_values(shown: Shown) -> Values:
    return switched(shown) | {"target_humidity": shown.number("humidity"), "preset": shown.word("mode") or None,
                              "humidity": shown.number("current_humidity")}


def _humidifier_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "on":
            return turned(value)
        case "target_humidity":
            return Call("set_humidity", {"humidity": round(value)})
        case "preset":
            return Call("set_mode", {"mode": value})
    return None


HUMIDIFIER = Domain(_humidifier_traits, _humidifier_values, _humidifier_call)


def _fan_traits(shown: Shown) -> list[Trait]:
    traits = [v.ON]
    if shown.can(FAN_SPEED):
        step = shown.number("percentage_step") or 1
        traits.append(v.SPEED.but(step=round(step, 1), tolerance=max(3.0, step / 2)))
    if shown.can(FAN_OSCILLATE):
        traits.append(v.OSCILLATING)
    if shown.can(FAN_PRESET) and shown.options("preset_modes"):
        traits.append(v.PRESET.but(choices=shown.options("preset_modes")))
    return traits


def _fan_values(shown: Shown) -> Values:
    still = shown.can(FAN_SPEED) and shown.number("percentage") == 0
    return switched(shown) | ({"on": False} if still else {}) | {
        "speed": 0 if shown.state == "off" else shown.number("percentage"),
        "oscillating": shown.flag("oscillating"), "preset": shown.word("preset_mode") or None}


def _fan_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "on":
            return turned(value)
        case "speed":
            return Call("set_percentage", {"percentage": round(value)})
        case "oscillating":
            return Call("oscillate", {"oscillating": value})
        case "preset":
            return Call("set_preset_mode", {"preset_mode": value})
    return None


FAN = Domain(_fan_traits, _fan_values, _fan_call)
