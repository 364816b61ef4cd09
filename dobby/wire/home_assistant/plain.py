"""Lights, switches, sirens, sensors, numbers, choices, what can be pressed, and vacuum cleaners.

Source: developers.home-assistant.io/docs/core/entity/{light,switch,siren,sensor,binary-sensor,number,select,button,
vacuum}, home-assistant.io/integrations/light (services).
"""

from __future__ import annotations

from typing import Any

from dobby.home import vocabulary as v
from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.home_assistant.shown import Call, Domain, Shown

COLORED = {"hs", "xy", "rgb", "rgbw", "rgbww"}
UNDIMMED = {"onoff", "unknown", ""}
EFFECT = 4  # of a light
VACUUM_PAUSE, VACUUM_RETURN, VACUUM_FAN, VACUUM_START = 4, 16, 32, 8192
TASKS = (("clean", VACUUM_START, "start"), ("pause", VACUUM_PAUSE, "pause"), ("dock", VACUUM_RETURN, "return_to_base"))


def switched(shown: Shown) -> Values:
    """Whether it is on."""
    return {"on": {"on": True, "off": False}.get(shown.state)}


def turned(on: bool) -> Call:
    """The service that switches."""
    return Call("turn_on" if on else "turn_off")


# --- lights -----------------------------------------------------------------------------------------------------------


def _light_traits(shown: Shown) -> list[Trait]:
    modes = set(shown.options("supported_color_modes"))
    traits = [v.ON]
    if modes - UNDIMMED:
        traits.append(v.BRIGHTNESS)
    low, high = shown.number("min_color_temp_kelvin"), shown.number("max_color_temp_kelvin")
    if "color_temp" in modes:
        traits.append(v.COLOR_TEMPERATURE.but(min=low or 2000, max=high or 6535, tolerance=90))  # mireds on the way
    if modes & COLORED:
        traits.append(v.COLOR.but(tolerance=0.03))
    if shown.can(EFFECT) and shown.options("effect_list"):
        traits.append(v.EFFECT.but(choices=shown.options("effect_list")))
    return traits


def _light_values(shown: Shown) -> Values:
    level, xy = shown.number("brightness"), shown.attrs.get("xy_color")  # it tells none of them while it is off
    point = dict(zip("xy", xy, strict=False)) if isinstance(xy, list | tuple) else {}
    return switched(shown) | {
        "brightness": None if level is None else hass.percent(level), "color": hass.color_of(point),
        "color_temperature": shown.number("color_temp_kelvin"), "effect": shown.word("effect") or None}


def _light_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait, value:
        case "on", bool():
            return turned(value)
        case "brightness", int() | float():
            return Call("turn_on", {"brightness": hass.level(value)}) if value > 0 else turned(False)
        case "color_temperature", int() | float():
            return Call("turn_on", {"color_temp_kelvin": round(value)})
        case "color", {"x": x, "y": y}:
            return Call("turn_on", {"xy_color": [x, y]})
        case "effect", str():
            return Call("turn_on", {"effect": value})
    return None


LIGHT = Domain(_light_traits, _light_values, _light_call)
SWITCH = Domain(lambda shown: [v.ON], switched, lambda shown, trait, value, code: turned(value))
SIREN = Domain(lambda shown: [hass.switched("alarm")] if shown.can(1, 2) else [], switched,
               lambda shown, trait, value, code: turned(value))


# --- what is measured and noticed -------------------------------------------------------------------------------------


def _measured(shown: Shown) -> Any:
    named = f"{shown.word('friendly_name')} {shown.id.partition('.')[2]}"
    return hass.sensor(shown.word("device_class"), shown.word("unit_of_measurement"), named)


def _sensor_values(shown: Shown) -> Values:
    found, value = _measured(shown), hass.number(shown.state)
    return {} if found is None else {found[0].name: None if value is None else round(found[1](value), 3)}


def _noticed(shown: Shown) -> Trait | None:
    return hass.BINARY_SENSORS.get(shown.word("device_class"))


def _binary_values(shown: Shown) -> Values:
    trait = _noticed(shown)
    return {} if trait is None else {trait.name: switched(shown)["on"]}


def _nothing(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    return None


SENSOR = Domain(lambda shown: [found[0]] if (found := _measured(shown)) else [], _sensor_values, _nothing)
BINARY = Domain(lambda shown: [trait] if (trait := _noticed(shown)) else [], _binary_values, _nothing)


# --- what nobody has a better word for --------------------------------------------------------------------------------


def _amount(shown: Shown) -> list[Trait]:
    step = shown.number("step") or 1
    return [v.AMOUNT.but(min=shown.number("min"), max=shown.number("max"), step=step, tolerance=step / 2,
                         unit=hass.cleaned(shown.word("unit_of_measurement"), 12))]


def _choice(shown: Shown) -> list[Trait]:
    options = shown.options("options")
    return [v.CHOICE.but(choices=options)] if options else []


def _chosen(shown: Shown) -> Values:
    return {"choice": shown.state if shown.state in shown.options("options") else None}


NUMBER = Domain(_amount, lambda shown: {"amount": hass.number(shown.state)},
                lambda shown, trait, value, code: Call("set_value", {"value": value}))
SELECT = Domain(_choice, _chosen, lambda shown, trait, value, code: Call("select_option", {"option": value}))
BUTTON = Domain(lambda shown: [v.PRESS], lambda shown: {}, lambda shown, trait, value, code: Call("press"))
SCENE = Domain(lambda shown: [v.PRESS], lambda shown: {}, lambda shown, trait, value, code: Call("turn_on"))


# --- vacuum cleaners --------------------------------------------------------------------------------------------------


def _vacuum_traits(shown: Shown) -> list[Trait]:
    tasks = tuple(task for task, bit, _ in TASKS if shown.can(bit))
    traits = [v.TASK.but(choices=tasks), v.ACTIVITY] if "clean" in tasks else []
    if traits and shown.can(VACUUM_FAN) and shown.options("fan_speed_list"):
        traits.append(v.FAN_MODE.but(choices=shown.options("fan_speed_list")))
    if traits and shown.number("battery_level") is not None:
        traits.append(v.BATTERY)
    return traits


def _vacuum_values(shown: Shown) -> Values:
    return dict(hass.VACUUM_STATES.get(shown.state, {"task": None, "activity": None})) | {
        "fan_mode": shown.word("fan_speed") or None, "battery": shown.number("battery_level")}


def _vacuum_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    if trait == "fan_mode":
        return Call("set_fan_speed", {"fan_speed": value})
    return next((Call(service) for task, _, service in TASKS if trait == "task" and task == value), None)


VACUUM = Domain(_vacuum_traits, _vacuum_values, _vacuum_call)
