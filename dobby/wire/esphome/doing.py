"""Lights, relays, sirens, covers, valves, locks and alarm panels of ESPHome.

Source: aioesphomeapi 46 (model.py, client.py). Shares are 0..1 there, positions too (1 = open), white is in mireds. Not
here: lights of cold and warm white without a color temperature of their own.
"""

from __future__ import annotations

from typing import Any

from aioesphomeapi import model as m

from dobby.errors import Refused
from dobby.home import vocabulary as v
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import DeviceKind
from dobby.wire import hass
from dobby.wire.esphome.part import Part, at, told, word
from dobby.wire.hass import Values

DIMS, WARMS, COLORS = 2, 8, 32  # bits of a color mode (LightColorCapability)
NEEDS_CODE = "It wants its code, and I was not given it."


# --- lights and switches ----------------------------------------------------------------------------------------------


def light(info: m.LightInfo, code: str) -> Part:
    """A light; its color and its white are told by the mode that it is in."""
    modes = [int(mode) for mode in info.supported_color_modes]
    can = 0
    for mode in modes:
        can |= mode
    traits = [v.ON, *([v.BRIGHTNESS] if can & DIMS else [])]
    if can & WARMS and info.min_mireds > 0 and info.max_mireds > 0:
        traits.append(v.COLOR_TEMPERATURE.but(min=hass.kelvin(info.max_mireds), max=hass.kelvin(info.min_mireds),
                                              tolerance=90))
    if can & COLORS:
        traits.append(v.COLOR.but(tolerance=0.03))
    if info.effects:
        traits.append(v.EFFECT.but(choices=hass.choices(info.effects)))

    def read(state: m.LightState) -> Values:
        mode, white = int(state.color_mode), state.color_temperature
        return {"on": state.state, "brightness": round(state.brightness * 100, 1),
                "color": rgb_to_xy(state.red, state.green, state.blue) if mode & COLORS else None,
                "color_temperature": hass.kelvin(white) if mode & WARMS and white > 0 else None,
                "effect": hass.cleaned(state.effect) or None}

    def order(client: Any, trait: str, value: Any) -> None:
        match trait, value:
            case "on", bool():
                client.light_command(**at(info), state=value)
            case "brightness", int() | float():
                client.light_command(**at(info), state=value > 0, **({"brightness": value / 100} if value else {}))
            case "color_temperature", int() | float():
                client.light_command(**at(info), state=True, color_temperature=1e6 / value,
                                     color_mode=min(mode for mode in modes if mode & WARMS))
            case "color", {"x": x, "y": y}:
                rgb = [channel / 255 for channel in xy_to_rgb(x, y)]
                client.light_command(**at(info), state=True, rgb=tuple(rgb), color_brightness=1.0,
                                     color_mode=min(mode for mode in modes if mode & COLORS))
            case "effect", str():
                client.light_command(**at(info), state=True, effect=value)

    return Part("light", "light", tuple(traits), read, order)


def _switched(info: Any, component: str, kind: DeviceKind, command: str) -> Part:
    def order(client: Any, trait: str, value: Any) -> None:
        getattr(client, command)(**at(info), state=value)

    return Part(component, kind, told([hass.switched(kind)], info), lambda state: {"on": state.state}, order)


def switch(info: m.SwitchInfo, code: str) -> Part:
    """A relay."""
    return _switched(info, "switch", "plug", "switch_command")


def siren(info: m.SirenInfo, code: str) -> Part:
    """A siren: sounding it asks."""
    return _switched(info, "siren", "alarm", "siren_command")


# --- doors ------------------------------------------------------------------------------------------------------------


def cover(info: m.CoverInfo, code: str) -> Part:
    """A shade, or a garage door or gate."""
    kind = hass.kind_of("cover", info.device_class, info.name) or "shade"
    main = v.OPEN if kind == "garage" else v.POSITION if info.supports_position else v.POSITION.but(step=100)
    traits = [main, v.MOVING, *([v.STOP] if info.supports_stop else []), *([v.TILT] if info.supports_tilt else [])]

    def read(state: m.CoverState) -> Values:
        share = round(state.position * 100, 1)
        return {"open": share > 0, "position": share, "moving": state.current_operation is not m.CoverOperation.IDLE,
                "tilt": round(state.tilt * 100, 1)}

    def order(client: Any, trait: str, value: Any) -> None:
        match trait:
            case "stop":
                client.cover_command(**at(info), stop=True)
            case "tilt":
                client.cover_command(**at(info), tilt=value / 100)
            case "open":
                client.cover_command(**at(info), position=1.0 if value else 0.0)
            case _:
                share = value / 100 if info.supports_position else float(value >= 50)
                client.cover_command(**at(info), position=share)

    return Part("cover", kind, told(traits, info), read, order)


def valve(info: m.ValveInfo, code: str) -> Part:
    """A valve: open is on."""
    def read(state: m.ValveState) -> Values:
        return {"on": state.position > 0, "moving": state.current_operation is not m.ValveOperation.IDLE}

    def order(client: Any, trait: str, value: Any) -> None:
        client.valve_command(**at(info), position=1.0 if value else 0.0)

    return Part("valve", "valve", told([hass.switched("valve").but(travels="moving"), v.MOVING], info), read, order)


def lock(info: m.LockInfo, code: str) -> Part:
    """A lock; one that wants a code is only read."""
    def order(client: Any, trait: str, value: Any) -> None:
        if info.requires_code:
            raise Refused(NEEDS_CODE)
        client.lock_command(**at(info), command=m.LockCommand.LOCK if value else m.LockCommand.UNLOCK)

    return Part("lock", "lock", told([v.LOCKED, v.JAMMED, v.MOVING], info),
                lambda state: dict(hass.LOCK_STATES.get(word(state.state), {"locked": None})), order)


ARM = {"disarmed": (0, m.AlarmControlPanelCommand.DISARM), "home": (1, m.AlarmControlPanelCommand.ARM_HOME),
       "away": (2, m.AlarmControlPanelCommand.ARM_AWAY), "night": (4, m.AlarmControlPanelCommand.ARM_NIGHT)}


def alarm(info: m.AlarmControlPanelInfo, code: str) -> Part:
    """An alarm panel; its code goes along where it wants one."""
    names = tuple(name for name, (bit, _) in ARM.items() if not bit or info.supported_features & bit)

    def order(client: Any, trait: str, value: Any) -> None:
        if info.requires_code and (value == "disarmed" or info.requires_code_to_arm) and not code:
            raise Refused(NEEDS_CODE)
        client.alarm_control_panel_command(**at(info), command=ARM[value][1], code=code or None)

    return Part("alarm_control_panel", "alarm", (v.ARMED.but(choices=names), v.ARMING, v.TRIGGERED),
                lambda state: dict(hass.ALARM_STATES.get(word(state.state), {"armed": None})), order)
