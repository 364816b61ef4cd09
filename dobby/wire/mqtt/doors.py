"""Covers, valves, locks and alarm panels over MQTT.

Source: home-assistant.io/integrations/{cover,valve,lock,alarm_control_panel}.mqtt. A cover's position is scaled from
position_closed..position_open to 0..100, 100 being open, whatever the device calls its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dobby.home import vocabulary as v
from dobby.home.device import DeviceKind
from dobby.home.traits import Value
from dobby.wire import hass
from dobby.wire.hass import Values
from dobby.wire.mqtt.parts import Broken, Build, Message, measured
from dobby.wire.mqtt.template import Payload, TemplateProblem, fill, render

STATES = ("open", "opening", "closed", "closing", "stopped")


def _share(value: float, closed: float, opened: float) -> float:
    """Where a value lies between the closed and the open end, in %."""
    if opened == closed:
        raise Broken("its two ends are one")
    return round(min(max((value - closed) / (opened - closed), 0.0), 1.0) * 100, 1)


def _back(percent: float, closed: float, opened: float) -> int:
    return round(closed + percent / 100 * (opened - closed))


def cover(build: Build, kind: DeviceKind) -> None:
    """A shade, or a garage door or gate."""
    config = build.config
    words = {config.text(f"state_{name}", name): name for name in STATES}
    ends = _ends(build, "position_closed", "position_open")
    place = config.topic("position_topic")
    states = build.tells(config.topic("state_topic"), config.template("value_template"),
                         lambda text: _cover_state(words, kind, bool(place), text))
    places = build.tells(place, config.template("position_template", "value_template"),
                         lambda text: _where(kind, _share(measured(text), *ends)))
    said = {True: config.text("payload_open", "OPEN"), False: config.text("payload_close", "CLOSE")}
    if kind == "garage":
        build.has(v.OPEN, build.can("command_topic", "", lambda value: said[value]), told=states or places)
    elif "set_position_topic" in config:
        template = config.template("set_position_template")
        topic = config.topic("set_position_topic")

        def order(percent: float) -> list[Message]:
            own = _back(percent, *ends)
            payload = fill(template, {"position": own, "value": own, "position_open": ends[1],
                                      "position_closed": ends[0]}) if template else str(own)
            return [build.message(topic, payload)]

        build.has(v.POSITION, order, told=places)
    else:  # it knows its two ends only
        build.has(v.POSITION.but(step=100, tolerance=2), build.can(
            "command_topic", "", lambda percent: said[percent >= 50]), told=states or places)
    if states:
        build.has(v.MOVING)
    if config.raw.get("payload_stop", "STOP") and "command_topic" in config:
        stop = config.text("payload_stop", "STOP")
        build.has(v.STOP if states else v.STOP.but(confirmed_by="-", confirmed_as=None),
                  build.can("command_topic", "", lambda value: stop))
    _tilt(build)


def _ends(build: Build, closed: str, opened: str) -> tuple[float, float]:
    low, high = build.config.number(closed), build.config.number(opened)
    return (0.0 if low is None else low, 100.0 if high is None else high)


def _cover_state(words: Mapping[str, str], kind: DeviceKind, placed: bool, text: str) -> Values:
    if text not in words:
        raise TemplateProblem("it tells a state that is not known")
    values = dict(hass.COVER_STATES[words[text]])
    opened = values.pop("open", None)
    if opened is None or placed:  # where it tells its position too, that says more
        return values
    return values | ({"open": opened} if kind == "garage" else {"position": 100 if opened else 0})


def _where(kind: DeviceKind, percent: float) -> Values:
    return {"open": percent > 0} if kind == "garage" else {"position": percent}


def _tilt(build: Build) -> None:
    config = build.config
    if "tilt_command_topic" not in config:
        return
    closed, opened = config.number("tilt_closed_value"), config.number("tilt_opened_value")
    low, high = _ends(build, "tilt_min", "tilt_max")
    ends = (low if closed is None else closed, high if opened is None else opened)
    build.setting(v.TILT, "tilt", lambda text: _share(measured(text), *ends), lambda value: _back(value, *ends),
                  state="tilt_status_topic", templates=("tilt_status_template",))


def valve(build: Build, kind: DeviceKind) -> None:
    """A valve: open is on, as water that flows."""
    config = build.config
    if config.flag("reports_position"):
        ends = _ends(build, "position_closed", "position_open")
        build.setting(hass.switched(kind), "", lambda text: _share(measured(_position(text)), *ends) > 0,
                      lambda value: round(ends[1] if value else ends[0]), state="state_topic",
                      command="command_topic", templates=("value_template",))
        return
    words: dict[str, Value] = {config.text("state_open", "open"): True, config.text("state_closed", "closed"): False}
    on, off = config.text("payload_open", "OPEN"), config.text("payload_close", "CLOSE")
    moving = {config.text(f"state_{name}", name) for name in ("opening", "closing")}

    def read(payload: Payload) -> Values:
        text = render(template, payload)
        return {"on": words[text], "moving": False} if text in words else {"moving": True} if text in moving else {}

    template = config.template("value_template")
    told = build.reads(config.topic("state_topic"), read)
    build.has(hass.switched(kind).but(travels="moving"),
              build.can("command_topic", "", lambda value: on if value else off), told=told)
    build.has(v.MOVING, told=told)


def _position(text: str) -> str:
    """A valve's position alone, or in {"state": ..., "position": ...}."""
    if not text.startswith("{"):
        return text
    shown = Payload(text).json
    return str(shown.get("position", "")) if isinstance(shown, dict) else ""


def lock(build: Build, kind: DeviceKind) -> None:
    """A lock; what it does on the way, and a jammed bolt, are states of their own."""
    config = build.config
    states = {config.text(f"state_{name}", name.upper()): name
              for name in ("locked", "unlocked", "locking", "unlocking", "jammed")}
    said = {True: config.text("payload_lock", "LOCK"), False: config.text("payload_unlock", "UNLOCK")}

    def means(text: str) -> Values:
        name = states.get(text) or states.get(text.upper())
        if name is None:
            raise TemplateProblem("it tells a state that is not known")
        return dict(hass.LOCK_STATES[name])

    topic, template = config.topic("state_topic"), config.template("value_template")
    told = build.tells("" if topic == config.topic("command_topic") else topic, template, means)
    build.has(v.LOCKED, build.can("command_topic", config.template("command_template"), lambda value: said[value]),
              told=told)
    for trait in (v.JAMMED, v.MOVING):
        build.has(trait, told=told)


def alarm(build: Build, kind: DeviceKind, code: str) -> None:
    """An alarm panel. code: what its panel wants; it goes into the message and nowhere else."""
    config = build.config
    words = {"disarmed": config.text("payload_disarm", "DISARM")} | {
        name: config.text(f"payload_arm_{name}", f"ARM_{name.upper()}") for name in ("home", "away", "night")}
    features = config.options("supported_features")
    names = tuple(name for name in words if name == "disarmed" or not features or f"arm_{name}" in features)
    template = config.template("command_template")
    asked = "code" in config and config.flag("code_disarm_required", default=True)

    def order(value: Any) -> list[Message]:
        if asked and not code:
            raise Broken("It wants its code, and I was not given it.")
        said = words[value]
        payload = fill(template, {"action": said, "code": code, "value": said}) if template else said
        return [build.message(config.topic("command_topic"), payload)]

    if not config.topic("command_topic"):
        raise Broken("it has no command_topic")
    told = build.tells(config.topic("state_topic"), config.template("value_template"), _alarm_state)
    build.has(v.ARMED.but(choices=names), order, told=told)
    for trait in (v.ARMING, v.TRIGGERED):
        build.has(trait, told=told)


def _alarm_state(text: str) -> Values:
    if text not in hass.ALARM_STATES:
        raise TemplateProblem("it tells a state that is not known")
    return dict(hass.ALARM_STATES[text])
