"""Covers, valves, locks and alarm panels.

Source: developers.home-assistant.io/docs/core/entity/{cover,valve,lock,alarm-control-panel} (features as bits).
"""

from __future__ import annotations

from typing import Any

from dobby.errors import Refused
from dobby.home import vocabulary as v
from dobby.home.device import DeviceKind
from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.home_assistant.shown import Call, Domain, Shown

OPEN, CLOSE, PLACE, STOP, OPEN_TILT, CLOSE_TILT, PLACE_TILT = 1, 2, 4, 8, 16, 32, 128
ARM = {"home": (1, "alarm_arm_home"), "away": (2, "alarm_arm_away"), "night": (4, "alarm_arm_night")}
ENDS = 100  # the step of what knows its two ends only


def _kind(shown: Shown) -> DeviceKind | None:
    return hass.kind_of(shown.domain, shown.word("device_class"), shown.word("friendly_name"))


def _cover_traits(shown: Shown) -> list[Trait]:
    traits: list[Trait] = []
    if _kind(shown) == "garage" and shown.can(OPEN, CLOSE):
        traits.append(v.OPEN)
    elif shown.can(PLACE):
        traits.append(v.POSITION)
    elif shown.can(OPEN, CLOSE):
        traits.append(v.POSITION.but(step=ENDS))
    if traits:
        traits.append(v.MOVING)
    if traits and shown.can(STOP):
        traits.append(v.STOP)
    if shown.can(PLACE_TILT):
        traits.append(v.TILT)
    elif shown.can(OPEN_TILT, CLOSE_TILT):
        traits.append(v.TILT.but(step=ENDS, confirmed_by="" if "current_tilt_position" in shown.attrs else "-"))
    return traits


def _cover_values(shown: Shown) -> Values:
    values = dict(hass.COVER_STATES.get(shown.state, {"open": None, "moving": None}))
    place, tilt = shown.number("current_position"), shown.number("current_tilt_position")
    if values.get("open") is False and place:  # ajar by a hand's breadth is open, whatever the state calls it
        values["open"] = True
    if "open" in values:
        ends = None if values["open"] is None else 100 if values["open"] else 0
        values["position"] = ends if place is None else place
    elif place is not None:
        values["position"] = place
    return values | {"tilt": tilt}


def _cover_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    match trait:
        case "open":
            return Call("open_cover" if value else "close_cover")
        case "position" if shown.can(PLACE):
            return Call("set_cover_position", {"position": round(value)})
        case "position":
            return Call("open_cover" if value >= 50 else "close_cover")
        case "tilt" if shown.can(PLACE_TILT):
            return Call("set_cover_tilt_position", {"tilt_position": round(value)})
        case "tilt":
            return Call("open_cover_tilt" if value >= 50 else "close_cover_tilt")
        case "stop":
            return Call("stop_cover")
    return None


COVER = Domain(_cover_traits, _cover_values, _cover_call)


def _valve_traits(shown: Shown) -> list[Trait]:
    return [hass.switched("valve").but(travels="moving"), v.MOVING] if shown.can(OPEN, CLOSE) else []


def _valve_values(shown: Shown) -> Values:
    values = dict(hass.COVER_STATES.get(shown.state, {"open": None, "moving": None}))
    return {"on" if name == "open" else name: value for name, value in values.items()}


VALVE = Domain(_valve_traits, _valve_values,
               lambda shown, trait, value, code: Call("open_valve" if value else "close_valve"))


def _lock_values(shown: Shown) -> Values:
    return dict(hass.LOCK_STATES.get(shown.state, {"locked": None}))


LOCK = Domain(lambda shown: [v.LOCKED, v.JAMMED, v.MOVING], _lock_values,
              lambda shown, trait, value, code: Call("lock" if value else "unlock"))


def _alarm_traits(shown: Shown) -> list[Trait]:
    choices = ("disarmed", *(name for name, (bit, _) in ARM.items() if shown.can(bit)))
    return [v.ARMED.but(choices=choices), v.ARMING, v.TRIGGERED]


def _alarm_call(shown: Shown, trait: str, value: Any, code: str) -> Call | None:
    """A panel that wants its code gets it; without one nothing is sent that it would only refuse."""
    asked = shown.word("code_format") and (value == "disarmed" or shown.flag("code_arm_required") is not False)
    if asked and not code:
        raise Refused("It wants its code, and I was not given it.")
    service = "alarm_disarm" if value == "disarmed" else ARM[value][1]
    return Call(service, {"code": code} if code else {})


ALARM = Domain(_alarm_traits, lambda shown: dict(hass.ALARM_STATES.get(shown.state, {"armed": None})), _alarm_call)
