"""Thermostats and fans of ESPHome.

Source: aioesphomeapi 46 (model.py, client.py). Temperatures are °C unless the device says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aioesphomeapi import model as m

from dobby.home import vocabulary as v
from dobby.home.device import DeviceKind
from dobby.home.traits import Trait, Value
from dobby.wire import hass
from dobby.wire.esphome.part import Part, at, word
from dobby.wire.hass import Values

TWO_POINT = (m.ClimateFeature.SUPPORTS_TWO_POINT_TARGET_TEMPERATURE
             | m.ClimateFeature.REQUIRES_TWO_POINT_TARGET_TEMPERATURE)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The unit of a thermostat."""

    name: str

    def celsius(self, value: float) -> Value:
        """°C of its own, None of what is no number."""
        own = hass.number(value)
        return None if own is None else round(hass.TO_CELSIUS[self.name](own), 1)

    def own(self, celsius: float) -> float:
        """Its own of °C."""
        return {"°F": hass.fahrenheit(celsius), "K": celsius + 273.15}.get(self.name, celsius)


SCALES = {m.TemperatureUnit.FAHRENHEIT: _Scale("°F"), m.TemperatureUnit.KELVIN: _Scale("K")}
TARGETS = {"target": "target_temperature", "target_low": "target_temperature_low",
           "target_high": "target_temperature_high"}


def _named(info: m.ClimateInfo) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Its fan modes and presets by name, with what a command calls them."""
    fans = {word(one): {"fan_mode": one} for one in info.supported_fan_modes}
    presets = {word(one): {"preset": one} for one in info.supported_presets}
    return (fans | {hass.cleaned(one): {"custom_fan_mode": one} for one in info.supported_custom_fan_modes},
            presets | {hass.cleaned(one): {"custom_preset": one} for one in info.supported_custom_presets})


def climate(info: m.ClimateInfo, code: str) -> Part:
    """A thermostat, with one target or two."""
    words = hass.mode_words([word(mode) for mode in info.supported_modes])
    modes = {word(mode): mode for mode in info.supported_modes}
    unit = info.temperature_unit or m.TemperatureUnit.CELSIUS
    flags, scale, (fans, presets) = info.feature_flags, SCALES.get(unit, _Scale("°C")), _named(info)
    kind = hass.kind_of("climate", name=info.name) or "thermostat"

    def read(state: m.ClimateState) -> Values:
        action = word(state.action)
        return {"mode": hass.MODES.get(word(state.mode)), "activity": hass.ACTIVITIES.get(action, action) or None,
                **{trait: scale.celsius(getattr(state, name)) for trait, name in TARGETS.items()},
                "current": scale.celsius(state.current_temperature), "humidity": hass.number(state.current_humidity),
                "target_humidity": hass.number(state.target_humidity),
                "fan_mode": hass.cleaned(state.custom_fan_mode) or word(state.fan_mode) or None,
                "preset": hass.cleaned(state.custom_preset) or word(state.preset) or None}

    def order(client: Any, trait: str, value: Any) -> None:
        match trait:
            case "mode":
                asked: Mapping[str, Any] = {"mode": modes[words[value]]}
            case "fan_mode" | "preset":
                asked = (fans if trait == "fan_mode" else presets)[value]
            case "target_humidity":
                asked = {"target_humidity": value}
            case _:
                asked = {TARGETS[trait]: scale.own(value)}
        client.climate_command(**at(info), **asked)

    return Part("climate", kind, _climate_traits(info, kind, flags, scale, tuple(words), tuple(fans), tuple(presets)),
                read, order)


def _climate_traits(info: m.ClimateInfo, kind: DeviceKind, flags: int, scale: _Scale, modes: tuple[str, ...],
                    fans: tuple[str, ...], presets: tuple[str, ...]) -> tuple[Trait, ...]:
    low, high = (scale.celsius(one) for one in (info.visual_min_temperature, info.visual_max_temperature))
    low, high = (low, high) if isinstance(low, float) and isinstance(high, float) and low < high else (None, None)
    rows = (v.TARGET_LOW, v.TARGET_HIGH) if flags & TWO_POINT else (v.TARGET,)
    traits = [v.MODE.but(choices=modes)] if modes else []
    traits += [hass.target(kind, low, high, info.visual_target_temperature_step or None, trait=row) for row in rows]
    for flag, row in ((m.ClimateFeature.SUPPORTS_CURRENT_TEMPERATURE, v.CURRENT),
                      (m.ClimateFeature.SUPPORTS_CURRENT_HUMIDITY, v.HUMIDITY),
                      (m.ClimateFeature.SUPPORTS_ACTION, v.ACTIVITY)):
        traits += [row] if flags & flag else []
    if flags & m.ClimateFeature.SUPPORTS_TARGET_HUMIDITY:
        traits.append(v.limited(v.TARGET_HUMIDITY.but(min=info.visual_min_humidity, max=info.visual_max_humidity), ""))
    return (*traits, *([v.FAN_MODE.but(choices=fans)] if fans else []),
            *([v.PRESET.but(choices=presets)] if presets else []))


def fan(info: m.FanInfo, code: str) -> Part:
    """A fan with its own number of speeds."""
    levels = max(info.supported_speed_count, 1)
    traits = [v.ON]
    if info.supports_speed:
        traits.append(v.SPEED.but(step=round(100 / levels, 1), tolerance=max(3.0, 50 / levels)))
    traits += [v.OSCILLATING] if info.supports_oscillation else []
    if info.supported_preset_modes:
        traits.append(v.PRESET.but(choices=hass.choices(info.supported_preset_modes)))

    def read(state: m.FanState) -> Values:
        turns = bool(state.state and (state.speed_level or not info.supports_speed))
        return {"on": turns, "speed": round(state.speed_level / levels * 100, 1) if state.state else 0,
                "oscillating": state.oscillating, "preset": hass.cleaned(state.preset_mode) or None}

    def order(client: Any, trait: str, value: Any) -> None:
        match trait:
            case "on":
                client.fan_command(**at(info), state=value)
            case "speed":
                level = round(value / 100 * levels)
                client.fan_command(**at(info), state=level > 0, **({"speed_level": level} if level else {}))
            case "oscillating":
                client.fan_command(**at(info), oscillating=value)
            case _:
                client.fan_command(**at(info), preset_mode=value)

    return Part("fan", "fan", tuple(traits), read, order)
