"""Shelly of the first generation, whose MQTT is older than Home Assistant's discovery: what it announces of itself
becomes the discovery messages that it would have sent.

Source: shelly-api-docs.shelly.cloud/gen1 (MQTT support, and the topics of each model); announcements that owners made
public. A device announces itself when it connects and when it is told to on `shellies/command`; "update" makes it tell
how it is. Energy is counted in watt-minutes. Not covered: colors of RGBW2 and bulbs, inputs, valves, gas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from dobby.wire import hass

FILTERS = ("shellies/announce", "shellies/+/announce")
COMMAND, ANNOUNCE, UPDATE = "shellies/command", "announce", "update"
NAME = re.compile(r"[A-Za-z0-9_-]{4,60}")
RELAYS = {"SHSW-1": 1, "SHSW-L": 1, "SHSW-PM": 1, "SHSW-21": 2, "SHSW-25": 2, "SHSW-44": 4, "SHPLG-1": 1,
          "SHPLG2-1": 1, "SHPLG-S": 1, "SHPLG-U1": 1, "SHAIR-1": 1, "SHEM": 1, "SHEM-3": 1}
METERED = {"SHSW-PM", "SHSW-21", "SHSW-25", "SHSW-44", "SHPLG-1", "SHPLG2-1", "SHPLG-S", "SHPLG-U1"}
LIGHTS = {"SHDM-1": 1, "SHDM-2": 1, "SHVIN-1": 1, "SHBDUO-1": 1}
METERS = {"SHEM": 2, "SHEM-3": 3}
_TRUE = {"payload_on": "true", "payload_off": "false"}
# What a battery device tells: (component, topic below it, the rest of its config).
SENSORS: Mapping[str, tuple[tuple[str, str, Mapping[str, str]], ...]] = {
    "SHHT-1": (("sensor", "temperature", {"device_class": "temperature", "unit_of_measurement": "°C"}),
               ("sensor", "humidity", {"device_class": "humidity", "unit_of_measurement": "%"})),
    "SHWT-1": (("binary_sensor", "flood", {"device_class": "moisture", **_TRUE}),
               ("sensor", "temperature", {"device_class": "temperature", "unit_of_measurement": "°C"})),
    "SHDW-1": (("binary_sensor", "state", {"device_class": "door", "payload_on": "open", "payload_off": "close"}),),
    "SHDW-2": (("binary_sensor", "state", {"device_class": "door", "payload_on": "open", "payload_off": "close"}),
               ("sensor", "temperature", {"device_class": "temperature", "unit_of_measurement": "°C"})),
    "SHSM-01": (("binary_sensor", "smoke", {"device_class": "smoke", **_TRUE}),
                ("sensor", "temperature", {"device_class": "temperature", "unit_of_measurement": "°C"})),
}
BATTERY = {"device_class": "battery", "unit_of_measurement": "%"}


def announced(text: str) -> dict[str, str]:
    """Discovery messages by their topics; nothing for a model that is not covered, or for what is no announcement."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    id_, model, mode = told.get("id"), told.get("model"), told.get("mode")
    if not isinstance(id_, str) or not NAME.fullmatch(id_) or not isinstance(model, str):
        return {}
    shared: dict[str, object] = {"device": {"identifiers": [id_], "name": id_,
                                            "connections": [["mac", hass.mac_mark(told.get("mac"))[4:]]]}}
    if model not in SENSORS:  # what sleeps is never "online"
        shared |= {"availability_topic": f"shellies/{id_}/online", "payload_available": "true",
                   "payload_not_available": "false"}
    return {f"homeassistant/{component}/{id_}/{name}/config": json.dumps(
        {"unique_id": f"{id_}-{name}", **shared, **own})
        for component, name, own in _parts(f"shellies/{id_}", model, mode)}


def _parts(base: str, model: str, mode: object) -> Iterator[tuple[str, str, dict[str, object]]]:
    """(component, name, config) of each thing in a device."""
    if mode == "roller" and model in ("SHSW-21", "SHSW-25"):
        yield "cover", "roller-0", _roller(f"{base}/roller/0")
        yield from _meter("roller-0", f"{base}/roller/0")
        return
    for number in range(RELAYS.get(model, 0)):
        at = f"{base}/relay/{number}"
        yield "switch", f"relay-{number}", {"state_topic": at, "command_topic": f"{at}/command", "payload_on": "on",
                                            "payload_off": "off"}
        if model in METERED:
            yield from _meter(f"relay-{number}", at)
    for number in range(LIGHTS.get(model, 0)):
        yield "light", f"light-{number}", _light(f"{base}/light/{number}")
        yield from _meter(f"light-{number}", f"{base}/light/{number}")
    for number in range(METERS.get(model, 0)):
        at = f"{base}/emeter/{number}"
        yield "sensor", f"emeter-{number}-power", {"state_topic": f"{at}/power", "device_class": "power",
                                                   "unit_of_measurement": "W"}
        yield "sensor", f"emeter-{number}-energy", {"state_topic": f"{at}/total", "device_class": "energy",
                                                    "unit_of_measurement": "Wh"}
    for component, name, own in SENSORS.get(model, ()):
        yield component, name, {"state_topic": f"{base}/sensor/{name}", **own}
    if model in SENSORS:
        yield "sensor", "battery", {"state_topic": f"{base}/sensor/battery", **BATTERY}


def _meter(name: str, at: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    yield "sensor", f"{name}-power", {"state_topic": f"{at}/power", "device_class": "power", "unit_of_measurement": "W"}
    yield "sensor", f"{name}-energy", {"state_topic": f"{at}/energy", "device_class": "energy",
                                       "unit_of_measurement": "Wh", "value_template": "{{ value | float / 60 }}"}


def _light(at: str) -> dict[str, object]:
    return {"schema": "template", "command_topic": f"{at}/set", "state_topic": f"{at}/status",
            "state_template": "{{ 'on' if value_json.ison else 'off' }}",
            "brightness_template": "{{ value_json.brightness * 2.55 }}",
            "command_on_template": '{"turn": "on"{% if brightness is defined %}, "brightness": '
                                   "{{ (brightness / 2.55) | round | int }}{% endif %}}",
            "command_off_template": '{"turn": "off"}'}


def _roller(at: str) -> dict[str, object]:
    return {"command_topic": f"{at}/command", "payload_open": "open", "payload_close": "close", "payload_stop": "stop",
            "state_topic": at, "state_opening": "open", "state_closing": "close", "state_stopped": "stop",
            "position_topic": f"{at}/pos", "set_position_topic": f"{at}/command/pos",
            "set_position_template": "{{ position | round | int }}"}
