"""Kasa devices of the first generation: a small server of ours that answers what real ones answered.

The answers are those that tplink-smarthome-simulator (MIT) carries; that simulator itself, which is not ours, is driven
by the same tests where node has it (tests/peers/test_kasa.py).
"""

from __future__ import annotations

import asyncio
import colorsys
import copy
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from dobby.home.colors import rgb_to_xy
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

MAC = "50:c7:bf:01:02:03"
PLUG = {"sw_ver": "1.5.2 Build 180130 Rel.085820", "hw_ver": "2.0", "type": "IOT.SMARTPLUGSWITCH", "model": "HS110(EU)",
        "dev_name": "Smart Wi-Fi Plug With Energy Monitoring", "relay_state": 0, "on_time": 0, "feature": "TIM:ENE",
        "updating": 0, "rssi": -65, "led_off": 0, "alias": "Treadmill", "mac": MAC, "err_code": 0,
        "deviceId": "B8DCB9D6A67F9E3906CAD9FAD7504B12DF3C2A6D"}
DIMMER = {"type": "IOT.SMARTPLUGSWITCH", "mic_type": "IOT.SMARTPLUGSWITCH", "model": "HS220(US)", "relay_state": 0,
          "dev_name": "Smart Wi-Fi Dimmer", "feature": "TIM", "brightness": 50, "alias": "Hall", "mac": MAC,
          "preferred_state": [{"index": 0, "brightness": 100}], "err_code": 0}
STRIP = {"model": "HS300(US)", "mic_type": "IOT.SMARTPLUGSWITCH", "feature": "TIM:ENE", "child_num": 2, "alias": "Desk",
         "mac": MAC, "deviceId": "C3220726404005542AB1797613E1E7171D000CA3", "err_code": 0, "children": [
             {"id": "C3220726404005542AB1797613E1E7171D000CA300", "state": 0, "alias": "Screen", "on_time": 0},
             {"id": "C3220726404005542AB1797613E1E7171D000CA301", "state": 1, "alias": "Printer", "on_time": 0}]}
BULB = {"mic_type": "IOT.SMARTBULB", "model": "LB130(US)", "description": "Smart Wi-Fi LED Bulb with Color Changing",
        "is_dimmable": 1, "is_color": 1, "is_variable_color_temp": 1, "dev_state": "normal", "alias": "Reading",
        "mic_mac": MAC, "err_code": 0, "light_state": {"on_off": 0, "dft_on_state": {
            "mode": "normal", "hue": 0, "saturation": 0, "color_temp": 2700, "brightness": 100}}}
METER = {"voltage_mv": 122049, "current_ma": 125, "power_mw": 3140, "total_wh": 51493, "err_code": 0}
OLD_METER = {"current": 0.1256, "voltage": 122.049119, "power": 3.14, "total": 51.493, "err_code": 0}

Answer = dict[str, Any]
Ask = Callable[[Answer], Awaitable[Answer]]


def xor(data: bytes, *, cipher: bool) -> bytes:
    """The protocol's disguise, both ways."""
    key, out = 171, bytearray()
    for byte in data:
        out.append(byte ^ key)
        key = byte if cipher else out[-1]
    return bytes(out)


class Box:
    """One device on TCP. way: "lies" or "refuses" breaks its obedience."""

    def __init__(self, info: dict[str, Any], meter: dict[str, Any] | None = None) -> None:
        self.info, self.meter, self.way = copy.deepcopy(info), meter or METER, ""

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests on one connection."""
        try:
            while head := await reader.read(4):
                request = json.loads(xor(await reader.readexactly(int.from_bytes(head)), cipher=True))
                body = xor(json.dumps(self.answer(request)).encode(), cipher=False)
                writer.write(len(body).to_bytes(4) + body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, request: Answer) -> Answer:
        """What it says to a request."""
        children = request.pop("context", {}).get("child_ids", [])
        return {module: {method: self._method(module, method, arguments, children)
                         for method, arguments in methods.items()} for module, methods in request.items()}

    def _method(self, module: str, method: str, arguments: dict[str, Any], children: list[str]) -> Any:
        bulb = "light_state" in self.info
        match module, method:
            case "system", "get_sysinfo":
                return self.info
            case "emeter", "get_realtime" if not bulb and "ENE" in self.info["feature"]:
                return self.meter
            case "smartlife.iot.common.emeter", "get_realtime" if bulb:
                return {"power_mw": 10800, "err_code": 0}
        if self.way:
            return {"err_code": -3, "err_msg": "invalid argument"} if self.way == "refuses" else {"err_code": 0}
        match module, method:
            case "system", "set_relay_state" if not bulb:
                for one in [child for child in self.info.get("children", []) if child["id"] in children]:
                    one["state"] = arguments["state"]
                self.info |= {} if children else {"relay_state": arguments["state"]}
                return {"err_code": 0}
            case "smartlife.iot.dimmer", "set_brightness" if "brightness" in self.info:
                self.info["brightness"] = arguments["brightness"]
                return {"err_code": 0}
            case "smartlife.iot.smartbulb.lightingservice", "transition_light_state" if bulb:
                self._light(arguments)
                return self.info["light_state"] | {"err_code": 0}
        return {"err_code": -1, "err_msg": "module not support"}

    def _light(self, arguments: dict[str, Any]) -> None:
        before = self.info["light_state"]
        look = {key: value for key, value in (before.get("dft_on_state", {}) | before).items() if key != "dft_on_state"}
        look |= {key: value for key, value in arguments.items() if key in look}
        self.info["light_state"] = look if look["on_off"] else {"on_off": 0, "dft_on_state": {
            key: value for key, value in look.items() if key != "on_off"}}


def held(info: Answer, trait: str, child: int = -1) -> Value:
    """What is true inside a device, in core units."""
    if child >= 0:
        return bool(info["children"][child]["state"])
    state = info.get("light_state", info)
    if trait == "on":
        return bool(state.get("on_off", state.get("relay_state")))
    look = {**state.get("dft_on_state", {}), **state}
    if trait == "color":
        return rgb_to_xy(*colorsys.hsv_to_rgb(look["hue"] / 360, look["saturation"] / 100, 1.0))
    return float(look["color_temp" if trait == "color_temperature" else trait])


PLUG_SETTINGS: list[tuple[str, Value]] = [("on", True), ("on", False)]
BULB_SETTINGS: list[tuple[str, Value]] = [("on", True), ("brightness", 37), ("color_temperature", 4000),
                                          ("color", {"x": 0.6, "y": 0.32}), ("on", False)]
DIMMER_SETTINGS: list[tuple[str, Value]] = [("on", True), ("brightness", 37), ("on", False)]


@asynccontextmanager
async def rig_at(port: int, ask: Ask, settings: list[tuple[str, Value]], child: int = -1,
                 **more: Any) -> AsyncIterator[Rig]:
    """A rig for a device that answers at a port; `ask` reaches into it past Dobby."""
    async def truth(trait: str) -> Value:
        return held((await ask({"system": {"get_sysinfo": {}}}))["system"]["get_sysinfo"], trait, child)

    sighting = Sighting("probe", HOST, port, "kasa", "Treadmill", {"mac": MAC.replace(":", ""), "model": "HS110(EU)"})
    wrong: tuple[str, Value] = ("brightness", 300) if len(settings) > 2 else ("on", "perhaps")
    async with piped((HOST, port)) as pipe:
        yield rigged(sighting, pipe, "" if child < 0 else f"/0{child}", settings, wrong, truth,
                     again=lambda: piped((HOST, port)), **more)


@asynccontextmanager
async def _rig(box: Box, settings: list[tuple[str, Value]], child: int = -1) -> AsyncIterator[Rig]:
    async def ask(request: Answer) -> Answer:
        return box.answer(request)

    def trouble(way: str) -> None:
        box.way = way

    server = await asyncio.start_server(box.visit, HOST, 0)
    try:
        async with rig_at(server.sockets[0].getsockname()[1], ask, settings, child, trouble=trouble) as rig:
            yield rig
    finally:
        server.close()


def plug() -> Any:
    """A plug that measures."""
    return _rig(Box(PLUG), PLUG_SETTINGS)


def outlet() -> Any:
    """The second outlet of a strip."""
    return _rig(Box(STRIP), [("on", False), ("on", True)], 1)


def bulb() -> Any:
    """A bulb of all colors."""
    return _rig(Box(BULB), BULB_SETTINGS)


def dimmer() -> Any:
    """A dimmer in the wall."""
    return _rig(Box(DIMMER), DIMMER_SETTINGS)
