"""What hangs on the broker, as data and small functions: what it is announced as, what it tells, what it takes.

Shapes: Zigbee2MQTT (zigbee2mqtt.io, Home Assistant integration), Tasmota (SetOption19 discovery), ESPHome's MQTT
component, Valetudo, nodejs-poolController's Home Assistant binding. Pure: publishing is server.py's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ids import Ids
from ..things import State

Json = dict[str, Any]
Message = tuple[str, str | Json]
Command = Callable[[State, str], None]


class NotMine(Exception):
    """A message on a shared topic is for another."""


@dataclass(frozen=True, slots=True)
class Gadget:
    """One thing. configs: retained discovery messages; tells: what it publishes in a state; takes: commands by topic,
    each changes the state, and raises ValueError for what the device would not understand, NotMine for what is said to
    another on the same topic; alive: (topic, here, gone); ranges: the numbers and words that hands may set."""

    key: str
    name: str
    room: str
    kind: str
    native_id: str
    start: State
    configs: Sequence[Message]
    tells: Callable[[State], list[Message]]
    alive: tuple[str, str | Json, str | Json]
    takes: Mapping[str, Command] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float] | tuple[str, ...]] = field(default_factory=dict)


BRIDGE: Message = ("zigbee2mqtt/bridge/state", {"state": "online"})
IEEE = "0x00158d0001"


def zigbee(ids: Ids, key: str, name: str, room: str, start: State,
           parts: Sequence[tuple[str, str, str, str, Json]],
           shows: Callable[[State], Json], ranges: Mapping[str, tuple[float, float]] | None = None) -> Gadget:
    """A sensor behind Zigbee2MQTT. parts: component, object id, name, device class, more of its config."""
    address = IEEE + ids.digest(key)[:6]
    topic, here = f"zigbee2mqtt/{name}", {"topic": f"zigbee2mqtt/{name}/availability"}
    as_state = {"value_template": "{{ value_json.state }}"}
    device = {"identifiers": [f"zigbee2mqtt_{address}"], "manufacturer": "Aqara", "model": "Sensor", "name": name,
              "via_device": "zigbee2mqtt_bridge_0x00124b0024c1a2b3"}
    configs: list[Message] = []
    for component, object_id, part, device_class, more in parts:
        configs.append((f"homeassistant/{component}/{address}/{object_id}/config", {
            "availability": [{"topic": BRIDGE[0]} | as_state, here | as_state], "availability_mode": "all",
            "device": device, "device_class": device_class, "enabled_by_default": True, "name": part or None,
            "object_id": f"{name.lower().replace(' ', '_')}_{object_id}", "origin": {"name": "Zigbee2MQTT",
                                                                                     "sw": "2.6.1"},
            "state_topic": topic, "unique_id": f"{address}_{object_id}_zigbee2mqtt",
            "value_template": f"{{{{ value_json.{object_id} }}}}"} | more))

    def tells(state: State) -> list[Message]:
        return [(topic, shows(state) | {"linkquality": 142})]

    return Gadget(key, name, room, "sensor", f"zigbee2mqtt_{address}", start | {"battery": 96}, configs, tells,
                  (here["topic"], {"state": "online"}, {"state": "offline"}),
                  ranges={"battery": (0, 100)} | dict(ranges or {}))


CELL = ("sensor", "battery", "Battery", "battery", {"unit_of_measurement": "%", "entity_category": "diagnostic",
                                                    "state_class": "measurement"})


def noticed(ids: Ids, key: str, name: str, room: str, word: str, object_id: str, device_class: str, *,
            off: bool = False) -> Gadget:
    """A binary sensor; `off`: it says true while nothing is the matter, as a contact that is closed does."""
    part = ("binary_sensor", object_id, "", device_class, {"payload_on": not off, "payload_off": off})
    return zigbee(ids, key, name, room, {word: False}, (part, CELL),
                  lambda state: {object_id: state[word] is not off, "battery": state["battery"]})


def measured(ids: Ids, key: str, name: str, room: str, start: State, rows: Sequence[tuple[str, str, str]],
             ranges: Mapping[str, tuple[float, float]]) -> Gadget:
    """A sensor of measured values. rows: word, device class, unit."""
    parts = [("sensor", word, word.title(), device_class, {"unit_of_measurement": unit, "state_class": "measurement"})
             for word, device_class, unit in rows]
    return zigbee(ids, key, name, room, start, (*parts, CELL),
                  lambda state: {word: state[word] for word in (*(row[0] for row in rows), "battery")}, ranges)


def tasmota(ids: Ids, key: str, name: str, room: str, start: State) -> Gadget:
    """A plug that measures, with Tasmota."""
    mac = ids.digest(key)[:6].upper()
    topic = f"tasmota_{mac}"
    common = {"avty_t": f"tele/{topic}/LWT", "pl_avail": "Online", "pl_not_avail": "Offline",
              "dev": {"ids": [mac], "name": name, "mdl": "Sonoff S31", "mf": "Tasmota", "sw": "14.2.0(tasmota)"}}
    configs: list[Message] = [(f"homeassistant/switch/{mac}_RL_1/config", common | {
        "name": name, "stat_t": f"tele/{topic}/STATE", "cmd_t": f"cmnd/{topic}/POWER", "pl_off": "OFF", "pl_on": "ON",
        "val_tpl": "{{value_json.POWER}}", "uniq_id": f"{mac}_RL_1"})]
    for part, unit, device_class in (("Power", "W", "power"), ("Total", "kWh", "energy"), ("Today", "kWh", "energy")):
        configs.append((f"homeassistant/sensor/{mac}_ENERGY_{part}/config", common | {
            "name": f"{name} ENERGY {part}", "stat_t": f"tele/{topic}/SENSOR", "uniq_id": f"{mac}_ENERGY_{part}",
            "val_tpl": f"{{{{value_json['ENERGY']['{part}']}}}}", "unit_of_meas": unit, "dev_cla": device_class,
            "frc_upd": True}))

    def tells(state: State) -> list[Message]:
        power = state["power"] if state["on"] else 0
        return [(f"tele/{topic}/STATE", {"Uptime": "1T02:11:05", "POWER": "ON" if state["on"] else "OFF",
                                         "Wifi": {"RSSI": 82}}),
                (f"tele/{topic}/SENSOR", {"ENERGY": {"Total": state["energy"], "Today": 0.4, "Power": power,
                                                     "Voltage": 231, "Current": round(power / 231, 3)}})]

    def switch(state: State, said: str) -> None:
        word = said.upper()
        if word not in ("ON", "OFF", "TOGGLE"):
            raise ValueError(said)
        state["on"] = not state["on"] if word == "TOGGLE" else word == "ON"

    return Gadget(key, name, room, "plug", mac, start, configs, tells, (f"tele/{topic}/LWT", "Online", "Offline"),
                  {f"cmnd/{topic}/POWER": switch}, {"power": (0, 2500), "energy": (0, 100000)})


def esphome_fan(ids: Ids, key: str, name: str, room: str, start: State) -> Gadget:
    """A ceiling fan with ESPHome's MQTT component."""
    mac, node = ids.digest(key)[:12], key.replace("_", "-")
    base = f"{node}/fan/{key}"
    configs: list[Message] = [(f"homeassistant/fan/{node}/{key}/config", {
        "pct_cmd_t": f"{base}/speed_level/command", "pct_stat_t": f"{base}/speed_level/state", "spd_rng_max": 100,
        "osc_cmd_t": f"{base}/oscillation/command", "osc_stat_t": f"{base}/oscillation/state", "name": name,
        "stat_t": f"{base}/state", "cmd_t": f"{base}/command", "avty_t": f"{node}/status", "uniq_id": f"{mac}-fan",
        "dev": {"ids": mac, "name": name, "sw": "2026.6.5", "mdl": "esp32dev", "mf": "Espressif"}})]

    def tells(state: State) -> list[Message]:
        return [(f"{base}/state", "ON" if state["on"] else "OFF"), (f"{base}/speed_level/state", f"{state['speed']:g}"),
                (f"{base}/oscillation/state", "oscillate_on" if state["oscillating"] else "oscillate_off")]

    return Gadget(key, name, room, "fan", mac, start, configs, tells, (f"{node}/status", "online", "offline"), {
        f"{base}/command": lambda state, said: state.update(on=_word(said, ON)),
        f"{base}/speed_level/command": lambda state, said: state.update(speed=_number(said, 0, 100)),
        f"{base}/oscillation/command": lambda state, said: state.update(
            oscillating=_word(said, {"oscillate_on": True, "oscillate_off": False})),
    }, {"speed": (0, 100)})


VACUUM_STATES = {"cleaning": "clean", "paused": "pause", "returning": "dock", "docked": "dock"}
FAN_SPEEDS = ("low", "medium", "high", "max")
ON = {"ON": True, "OFF": False}


def valetudo(ids: Ids, key: str, name: str, room: str, start: State) -> Gadget:
    """A vacuum cleaner with Valetudo; the way to its dock takes a moment, which server.py lets pass."""
    system = f"Dusty{ids.digest(key)[:8]}"
    base = f"valetudo/{name.lower()}"
    device = {"manufacturer": "Dreame", "model": "L10 Pro", "name": name, "identifiers": [system],
              "sw_version": "Valetudo 2026.08.0", "configuration_url": "http://valetudo.invalid"}
    common = {"availability_topic": f"{base}/$state", "payload_available": "ready", "payload_not_available": "lost",
              "device": device}
    configs: list[Message] = [
        (f"homeassistant/vacuum/{system}/{system}_vacuum/config", common | {
            "name": "Robot", "unique_id": f"{system}_vacuum", "object_id": f"{system}_robot",
            "supported_features": ["status", "start", "stop", "pause", "return_home", "fan_speed", "locate"],
            "state_topic": f"{base}/hass/{system}_vacuum/state",
            "command_topic": f"{base}/hass/{system}_vacuum/command",
            "payload_start": "START", "payload_pause": "PAUSE", "payload_return_to_base": "HOME",
            "payload_stop": "STOP", "fan_speed_list": list(FAN_SPEEDS),
            "set_fan_speed_topic": f"{base}/FanSpeedControlCapability/preset/set"}),
        (f"homeassistant/sensor/{system}/BatteryStateAttribute_level/config", common | {
            "name": "Battery level", "unique_id": f"{system}_BatteryStateAttribute_level", "device_class": "battery",
            "unit_of_measurement": "%", "entity_category": "diagnostic", "state_topic": f"{base}/BatteryStateAttribute"
                                                                                        "/level"}),
        (f"homeassistant/button/{system}/MapSegmentation_reset/config", common | {
            "name": "Reset the map", "unique_id": f"{system}_reset_map", "entity_category": "config",
            "command_topic": f"{base}/MapResetCapability/reset/set", "payload_press": "PERFORM"}),
    ]

    def tells(state: State) -> list[Message]:
        return [(f"{base}/hass/{system}_vacuum/state", {"state": state["activity"], "fan_speed": state["fan_mode"]}),
                (f"{base}/BatteryStateAttribute/level", str(state["battery"]))]

    def command(state: State, said: str) -> None:
        state["activity"] = _word(said, {"START": "cleaning", "PAUSE": "paused", "STOP": "paused", "HOME": "docked"
                                         if state["activity"] == "docked" else "returning"})
        state["task"] = VACUUM_STATES[state["activity"]]

    return Gadget(key, name, room, "vacuum", system, start, configs, tells, (f"{base}/$state", "ready", "lost"), {
        f"{base}/hass/{system}_vacuum/command": command,
        f"{base}/FanSpeedControlCapability/preset/set": lambda state, said: state.update(
            fan_mode=_word(said, {one: one for one in FAN_SPEEDS})),
    }, {"battery": (0, 100), "fan_mode": FAN_SPEEDS, "activity": tuple(VACUUM_STATES),
        "task": ("clean", "pause", "dock")})


POOL = "njspc"
CIRCUITS = f"{POOL}/state/circuits/setState"


def _pool_device(room: str) -> Json:
    return {"name": "Pool Controller - njsPC", "ids": [POOL], "suggested_area": room}


def body(number: int, circuit: int, key: str, name: str, room: str, start: State) -> Gadget:
    """A body of water of njsPC: its heater, and the circuit that runs its pump."""
    low = name.lower()
    temps, told = f"{POOL}/state/temps/bodies/{number}/{low}", f"{POOL}/state/circuits/{circuit}/{low}"
    alive = f"{POOL}/state/bodies/{number}/comms"
    unique = f"poolController-body-{number}-{low}"
    configs: list[Message] = [
        (f"homeassistant/climate/{POOL}/{POOL}-{number}-{name}/config", {
            "name": f"{name} Heater", "unique_id": unique, "device": _pool_device(room), "modes": ["off", "heat"],
            "availability_topic": alive, "action_topic": f"{temps}/heatStatus",
            "action_template": "{{ 'off' if value_json.heatStatus.val==0 else 'heating' }}",
            "mode_command_template": f'{{"id": {number}, "mode": {{{{0 if value==\'off\' else 1}}}}}}',
            "mode_command_topic": f"{POOL}/state/body/heatmode",
            "mode_state_template": "{{ 'off' if value_json.heatMode.val==0 else 'heat' }}",
            "mode_state_topic": f"{temps}/heatMode", "max_temp": 40.0, "min_temp": 18.0, "temp_step": 1,
            "temperature_command_template": f'{{"id": {number}, "setPoint": {{{{value}}}}}}',
            "temperature_command_topic": f"{POOL}/state/body/setpoint",
            "temperature_state_template": "{{value_json.setPoint}}", "temperature_state_topic": f"{temps}/setPoint",
            "temperature_unit": "C", "current_temperature_topic": f"{temps}/temp",
            "current_temperature_template": "{{value_json.temp}}"}),
        _circuit("switch", circuit, name, room, alive, {
            "state_topic": told, "payload_on": json.dumps({"id": circuit, "isOn": True}),
            "payload_off": json.dumps({"id": circuit, "isOn": False}), "state_on": "on", "state_off": "off",
            "device_class": "switch", "value_template": "{{value_json.isOn}}"})]

    def tells(state: State) -> list[Message]:
        heats = state["mode"] == "heat" and state["on"] and state["current"] < state["target"]
        return [(told, {"id": circuit, "isOn": state["on"]}), (f"{temps}/heatStatus", {"heatStatus": {
                    "val": int(heats), "name": "heater" if heats else "off"}}),
                (f"{temps}/heatMode", {"heatMode": {"val": int(state["mode"] == "heat"), "name": state["mode"]}}),
                (f"{temps}/setPoint", {"setPoint": state["target"]}), (f"{temps}/temp", {"temp": state["current"]})]

    return Gadget(key, name, room, low, f"{POOL}-{unique}", start, configs, tells, (alive, "online", "offline"), {
        CIRCUITS: lambda state, said: state.update(on=_field(said, circuit, "isOn", bool)),
        f"{POOL}/state/body/heatmode": lambda state, said: state.update(
            mode="heat" if _field(said, number, "mode", int) else "off"),
        f"{POOL}/state/body/setpoint": lambda state, said: state.update(
            target=_within(_field(said, number, "setPoint", float), 18, 40)),
    }, {"target": (18, 40), "current": (0, 45), "mode": ("off", "heat")})


SHOWS = ("White", "Blue", "Green", "Magenta", "Party", "Romance", "Caribbean", "Sunset")


def pool_light(circuit: int, key: str, name: str, room: str, start: State) -> Gadget:
    """The light of the pool, a circuit of njsPC with its light shows."""
    topic = f"{POOL}/state/circuits/{circuit}/{name.lower().replace(' ', '')}"
    alive = f"{POOL}/state/circuits/{circuit}/comms"
    config = _circuit("light", circuit, name, room, alive, {
        "schema": "template", "state_topic": topic,
        "command_on_template": f'{{"id": {circuit}, "isOn": true{{% if effect is defined %}}, "theme": '
                               f'{{{{ effect | to_json }}}}{{% endif %}}}}',
        "command_off_template": f'{{"id": {circuit}, "isOn": false}}',
        "state_template": "{{ 'on' if value_json.isOn else 'off' }}", "effect_list": list(SHOWS),
        "effect_template": "{{ value_json.lightingTheme.desc }}"})

    def tells(state: State) -> list[Message]:
        return [(topic, {"id": circuit, "isOn": state["on"], "lightingTheme": {"val": SHOWS.index(state["effect"]),
                                                                               "desc": state["effect"]}})]

    def obey(state: State, said: str) -> None:
        on = _field(said, circuit, "isOn", bool)
        theme = json.loads(said).get("theme", state["effect"])
        state.update(on=on, effect=_word(theme, {one: one for one in SHOWS}))

    return Gadget(key, name, room, "light", f"{POOL}-{config[1]['unique_id']}", start, [config], tells,  # type: ignore[index]
                  (alive, "online", "offline"), {CIRCUITS: obey}, {"effect": SHOWS})


def _circuit(component: str, circuit: int, name: str, room: str, alive: str, more: Json) -> Message:
    return (f"homeassistant/{component}/{POOL}/{POOL}-{circuit}-{name}/config".replace(" ", "_"), {
        "name": name, "unique_id": f"poolController-{circuit}-{name.lower().replace(' ', '')}",
        "command_topic": CIRCUITS, "availability_topic": alive,
        "device": _pool_device(room)} | more)


def _word(said: Any, known: Mapping[str, Any]) -> Any:
    if said not in known:
        raise ValueError(said)
    return known[said]


def _number(said: str, low: float, high: float) -> float:
    return _within(float(said), low, high)


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _field(said: str, number: int, name: str, kind: type) -> Any:
    """A field of an order to one of several: the one with this id."""
    body = json.loads(said)
    if not isinstance(body, dict) or name not in body:
        raise ValueError(said)
    if body.get("id") != number:
        raise NotMine
    return kind(body[name])
