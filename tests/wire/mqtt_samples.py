"""Discovery messages as public projects publish them, shortened by hand: facts of their formats only.

Zigbee2MQTT 2, Tasmota 14 (SetOption19), Valetudo 2026, Alarmo's manual panel, ESPHome's MQTT component, Z-Wave JS UI,
OpenMQTTGateway's device messages. Each is (discovery messages, state messages).
"""

from __future__ import annotations

from typing import Any

Sample = tuple[dict[str, Any], dict[str, Any]]
STATE = "{{ value_json.state }}"


def _z2m(address: str, name: str, **parts: dict[str, Any]) -> dict[str, Any]:
    """Zigbee2MQTT's messages. parts: "component__object": what differs."""
    common = {"availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": STATE},
                               {"topic": f"zigbee2mqtt/{name}/availability", "value_template": STATE}],
              "availability_mode": "all", "state_topic": f"zigbee2mqtt/{name}", "origin": {"name": "Zigbee2MQTT"},
              "device": {"identifiers": [f"zigbee2mqtt_{address}"], "name": name, "manufacturer": "x"}}
    return {f"homeassistant/{part.split('__')[0]}/{address}/{part.split('__')[1]}/config": common | {
        "unique_id": f"{address}_{part}_zigbee2mqtt"} | more for part, more in parts.items()}


BULB: Sample = (_z2m("0x0017880103", "Reading Lamp", light__light={
    "name": None, "schema": "json", "brightness": True, "brightness_scale": 254, "command_topic":
        "zigbee2mqtt/Reading Lamp/set", "supported_color_modes": ["xy", "color_temp"], "max_mireds": 454,
    "min_mireds": 153, "effect": True, "effect_list": ["blink", "breathe", "okay"]},
    select__power_on_behavior={"name": "Power-on behavior", "entity_category": "config", "options": ["off", "on"],
                               "command_topic": "zigbee2mqtt/Reading Lamp/set",
                               "value_template": "{{ value_json.power_on_behavior }}"},
    sensor__linkquality={"name": "Linkquality", "entity_category": "diagnostic", "unit_of_measurement": "lqi",
                         "value_template": "{{ value_json.linkquality }}"}),
    {"zigbee2mqtt/Reading Lamp": {"state": "ON", "brightness": 127, "color": {"x": 0.46, "y": 0.41},
                                  "color_mode": "color_temp", "color_temp": 370, "linkquality": 100}})

RADIATOR: Sample = (_z2m("0x60a423", "Study Radiator", climate__climate={
    "name": None, "modes": ["off", "heat", "auto"], "mode_state_topic": "zigbee2mqtt/Study Radiator",
    "mode_state_template": "{{ value_json.system_mode }}",
    "mode_command_topic": "zigbee2mqtt/Study Radiator/set/system_mode",
    "temperature_state_topic": "zigbee2mqtt/Study Radiator",
    "temperature_state_template": "{{ value_json.current_heating_setpoint }}",
    "temperature_command_topic": "zigbee2mqtt/Study Radiator/set/current_heating_setpoint", "temp_step": 0.5,
    "min_temp": "5", "max_temp": "35", "temperature_unit": "C",
    "current_temperature_topic": "zigbee2mqtt/Study Radiator",
    "current_temperature_template": "{{ value_json.local_temperature }}",
    "action_topic": "zigbee2mqtt/Study Radiator",
    "action_template": "{% set values = {None:None,'idle':'idle','heat':'heating','cool':'cooling','fan_only':'fan'} "
                       "%}{{ values[value_json.running_state] }}",
    "preset_modes": ["schedule", "manual", "away"], "preset_mode_command_topic":
        "zigbee2mqtt/Study Radiator/set/preset", "preset_mode_state_topic": "zigbee2mqtt/Study Radiator",
    "preset_mode_value_template": "{{ value_json.preset }}"},
    lock__child_lock={"name": "Child lock", "entity_category": "config", "state_locked": "LOCK", "state_unlocked":
                      "UNLOCK", "command_topic": "zigbee2mqtt/Study Radiator/set/child_lock",
                      "value_template": "{{ value_json.child_lock }}"},
    sensor__battery={"name": "Battery", "device_class": "battery", "unit_of_measurement": "%", "entity_category":
                     "diagnostic", "value_template": "{{ value_json.battery }}"}),
    {"zigbee2mqtt/Study Radiator": {"system_mode": "auto", "current_heating_setpoint": 20.5, "local_temperature": 19.8,
                                    "running_state": "heat", "preset": "schedule", "battery": 80, "child_lock":
                                    "UNLOCK"}})

SHADE: Sample = (_z2m("0x84b4db", "Study Shade", cover__cover={
    "name": None, "command_topic": "zigbee2mqtt/Study Shade/set", "position_topic": "zigbee2mqtt/Study Shade",
    "position_template": "{{ value_json.position }}", "set_position_topic": "zigbee2mqtt/Study Shade/set",
    "set_position_template": '{ "position": {{ position }} }', "state_stopped": "STOP", "state_opening": "OPEN",
    "state_closing": "CLOSE", "value_template": '{% if "moving" in value_json and value_json.moving %}'
    '{{ value_json.moving }}{% else %}STOP{% endif %}', "tilt_command_topic": "zigbee2mqtt/Study Shade/set/tilt",
    "tilt_status_topic": "zigbee2mqtt/Study Shade", "tilt_status_template": "{{ value_json.tilt }}"}),
    {"zigbee2mqtt/Study Shade": {"position": 70, "moving": "STOP", "tilt": 50}})

CONTACT: Sample = (_z2m("0x00158d", "Window", binary_sensor__contact={
    "name": None, "device_class": "door", "payload_on": False, "payload_off": True,
    "value_template": "{{ value_json.contact }}"}, binary_sensor__battery_low={
    "name": "Battery low", "device_class": "battery", "entity_category": "diagnostic", "payload_on": True,
    "payload_off": False, "value_template": "{{ value_json.battery_low }}"}),
    {"zigbee2mqtt/Window": {"contact": False, "battery_low": True}})


def _tasmota(mac: str, name: str, *relays: str) -> dict[str, Any]:
    common = {"avty_t": f"tele/{mac}/LWT", "pl_avail": "Online", "pl_not_avail": "Offline", "dev": {
        "ids": [mac], "name": name}}
    return {f"homeassistant/switch/{mac}_RL_{n + 1}/config": common | {
        "name": f"{name} {relay}".strip(), "stat_t": f"tele/{mac}/STATE", "cmd_t": f"cmnd/{mac}/POWER{n + 1}",
        "val_tpl": f"{{{{value_json.POWER{n + 1}}}}}", "pl_on": "ON", "pl_off": "OFF", "uniq_id": f"{mac}_RL_{n + 1}"}
        for n, relay in enumerate(relays)}


RELAYS: Sample = (_tasmota("35EBF6", "Shed", "Lamp", "Socket"), {
    "tele/35EBF6/STATE": {"POWER1": "ON", "POWER2": "OFF"}, "tele/35EBF6/LWT": "Online"})

METER: Sample = (_tasmota("A1B2C3", "Heater", "") | {f"homeassistant/sensor/A1B2C3_ENERGY_{part}/config": {
    "name": f"Heater ENERGY {part}", "stat_t": "tele/A1B2C3/SENSOR", "uniq_id": f"A1B2C3_ENERGY_{part}",
    "val_tpl": f"{{{{value_json['ENERGY']['{part}']}}}}", "unit_of_meas": unit, "dev_cla": of,
    "dev": {"ids": ["A1B2C3"]}} for part, unit, of in (
        ("Power", "W", "power"), ("Total", "kWh", "energy"), ("Yesterday", "kWh", "energy"),
        ("Voltage", "V", "voltage"), ("Factor", " ", "power_factor"))},
    {"tele/A1B2C3/STATE": {"POWER1": "OFF"}, "tele/A1B2C3/SENSOR": {"ENERGY": {
        "Power": 1830, "Total": 12.5, "Yesterday": 3, "Voltage": 231, "Factor": 0.99}}})

VACUUM: Sample = ({"homeassistant/vacuum/Robby/Robby_vacuum/config": {
    "name": "Robot", "unique_id": "Robby_vacuum", "supported_features": ["status", "start", "stop", "pause",
                                                                         "return_home", "fan_speed", "locate"],
    "state_topic": "valetudo/robby/hass/Robby_vacuum/state", "payload_start": "START", "payload_pause": "PAUSE",
    "command_topic": "valetudo/robby/hass/Robby_vacuum/command", "payload_return_to_base": "HOME", "fan_speed_list": [
        "low", "medium"], "set_fan_speed_topic": "valetudo/robby/FanSpeedControlCapability/preset/set",
    "clean_segments_command_topic": "valetudo/robby/MapSegmentationCapability/clean/set",
    "clean_segments_command_template": '{"segment_ids": {{ value | to_json }}, "iterations": 1}',
    "availability_topic": "valetudo/robby/$state", "payload_available": "ready", "payload_not_available": "lost",
    "device": {"identifiers": ["Robby"], "name": "Robby"}}},
    {"valetudo/robby/hass/Robby_vacuum/state": {"state": "returning", "fan_speed": "medium", "segments": {
        "16": "Kitchen", "17": "Hall"}}})

PANEL: Sample = ({"homeassistant/alarm_control_panel/alarmo/config": {
    "name": "Alarm", "unique_id": "alarmo", "state_topic": "alarmo/state", "command_topic": "alarmo/command",
    "command_template": '{"command": "{{ action }}", "code": "{{ code }}"}', "code": "REMOTE_CODE",
    "supported_features": ["arm_home", "arm_away", "arm_night"]}}, {"alarmo/state": "armed_night"})

GARAGE: Sample = ({"homeassistant/cover/ratgdo/door/config": {
    "dev_cla": "garage", "name": "Door", "~": "ratgdo/cover/door", "stat_t": "~/state", "cmd_t": "~/command",
    "avty_t": "ratgdo/status", "uniq_id": "ESPcoverdoor", "dev": {"ids": "a0b1c2d3e4f5", "name": "Garage",
                                                                  "sa": "Garage"}},
    "homeassistant/lock/ratgdo/remotes/config": {
        "name": "Lock remotes", "stat_t": "ratgdo/lock/remotes/state", "cmd_t": "ratgdo/lock/remotes/command",
        "avty_t": "ratgdo/status", "uniq_id": "ESPlockremotes", "dev": {"ids": "a0b1c2d3e4f5", "name": "Garage"}},
    "homeassistant/binary_sensor/ratgdo/motion/config": {
        "name": "Motion", "dev_cla": "motion", "stat_t": "ratgdo/binary_sensor/motion/state", "avty_t": "ratgdo/status",
        "uniq_id": "ESPbinary_sensormotion", "off_dly": 30, "dev": {"ids": "a0b1c2d3e4f5", "name": "Garage"}}},
    {"ratgdo/cover/door/state": "closed", "ratgdo/lock/remotes/state": "UNLOCKED",
     "ratgdo/binary_sensor/motion/state": "ON", "ratgdo/status": "online"})

BOLT: Sample = ({"homeassistant/lock/Front/lock/config": {
    "name": "Front_lock", "unique_id": "zwave_lock", "state_topic": "zwave/Front/98/0/currentMode", "command_topic":
        "zwave/Front/98/0/targetMode/set", "value_template": "{{ value_json.value }}", "payload_lock": "255",
    "payload_unlock": "0", "state_locked": "255", "state_unlocked": "0", "device": {"identifiers": ["zwave_4"],
                                                                                     "name": "Front"}}},
    {"zwave/Front/98/0/currentMode": {"time": 1, "value": 255}})

GATEWAY: Sample = ({"homeassistant/device/0AFFD2/config": {
    "dev": {"ids": ["0AFFD2"], "name": "Greenhouse", "mf": "x"}, "o": {"name": "bla2mqtt", "sw": "2.1"},
    "~": "greenhouse", "avty_t": "~/status", "stat_t": "~/state", "cmps": {
        "t": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°F", "val_tpl": "{{ value_json.temp }}",
              "uniq_id": "0AFFD2_t"},
        "h": {"p": "sensor", "dev_cla": "humidity", "unit_of_meas": "%", "val_tpl": "{{ value_json.hum }}",
              "uniq_id": "0AFFD2_h"},
        "v": {"p": "valve", "name": "Drip", "cmd_t": "~/valve/set", "stat_t": "~/valve", "uniq_id": "0AFFD2_v"},
        "gone": {"p": "sensor"}, "e": {"p": "event", "stat_t": "~/event", "uniq_id": "0AFFD2_e"},
        "x": {"p": "device_automation", "topic": "~/button", "type": "button_short_press", "subtype": "button_1",
              "automation_type": "trigger"}}}},
    {"greenhouse/state": {"temp": 77, "hum": 60}, "greenhouse/valve": "closed", "greenhouse/status": "online"})

PLAIN_LIGHT: Sample = ({"homeassistant/light/strip/config": {
    "name": "Strip", "uniq_id": "strip1", "cmd_t": "strip/set", "stat_t": "strip/state", "bri_cmd_t": "strip/bri/set",
    "bri_stat_t": "strip/bri", "bri_scl": 100, "clr_temp_cmd_t": "strip/ct/set", "clr_temp_stat_t": "strip/ct",
    "rgb_cmd_t": "strip/rgb/set", "rgb_stat_t": "strip/rgb", "fx_cmd_t": "strip/fx/set", "fx_stat_t": "strip/fx",
    "fx_list": ["Solid", "Fire"], "min_mirs": 200, "max_mirs": 400}},
    {"strip/state": "ON", "strip/bri": "40", "strip/ct": "250", "strip/rgb": "255,0,0", "strip/fx": "Fire"})

FAN: Sample = ({"homeassistant/fan/attic/config": {
    "name": "Attic", "uniq_id": "attic", "cmd_t": "attic/set", "stat_t": "attic/state", "pct_cmd_t": "attic/speed/set",
    "pct_stat_t": "attic/speed", "spd_rng_min": 1, "spd_rng_max": 4, "pr_mode_cmd_t": "attic/mode/set",
    "pr_mode_stat_t": "attic/mode", "pr_modes": ["auto", "sleep"], "osc_cmd_t": "attic/osc/set",
    "osc_stat_t": "attic/osc"}},
    {"attic/state": "ON", "attic/speed": "3", "attic/mode": "sleep", "attic/osc": "oscillate_on"})

AJAR: Sample = ({"homeassistant/cover/gate/config": {
    "name": "Gate", "uniq_id": "gate", "dev_cla": "garage", "cmd_t": "gate/set", "stat_t": "gate/state",
    "pos_t": "gate/position"}}, {"gate/position": "1", "gate/state": "closed"})

HEATING: Sample = ({"homeassistant/climate/hvac/config": {
    "name": "Upstairs", "uniq_id": "hvac", "modes": ["off", "heat_cool", "heat", "cool", "fan_only"], "temp_unit": "F",
    "mode_cmd_t": "hvac/mode/set", "mode_stat_t": "hvac/mode", "temp_lo_cmd_t": "hvac/low/set",
    "temp_lo_stat_t": "hvac/low", "temp_hi_cmd_t": "hvac/high/set", "temp_hi_stat_t": "hvac/high", "min_temp": 45,
    "max_temp": 95, "curr_temp_t": "hvac/now", "fan_mode_cmd_t": "hvac/fan/set", "fan_mode_stat_t": "hvac/fan",
    "fan_modes": ["auto", "on"], "curr_hum_t": "hvac/hum"}},
    {"hvac/mode": "heat_cool", "hvac/low": "68", "hvac/high": "77", "hvac/now": "70", "hvac/fan": "auto",
     "hvac/hum": "41"})

UNKNOWN: Sample = ({
    "homeassistant/select/box/config": {"name": "Program", "uniq_id": "p", "cmd_t": "box/p/set", "stat_t": "box/p",
                                        "ops": ["Eco", "Boost"], "dev": {"ids": ["box"], "name": "Box"}},
    "homeassistant/number/box/config": {"name": "Level", "uniq_id": "n", "cmd_t": "box/n/set", "stat_t": "box/n",
                                        "min": 1, "max": 9, "dev": {"ids": ["box"], "name": "Box"}},
    "homeassistant/button/box/config": {"name": "Fire", "uniq_id": "b", "cmd_t": "box/b/set", "pl_prs": "GO",
                                        "dev": {"ids": ["box"], "name": "Box"}}},
    {"box/p": "Eco", "box/n": "4"})
