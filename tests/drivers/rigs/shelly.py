"""A Shelly as its public API documentation and the captures that aioshelly's repository publishes have it.

What a real one answered (Plus Plug S 1.1.0, 2PM Gen3 as a cover, Pro 3EM, Wall Display, a refused login) is kept word
for word where it matters to us; aioshelly, which is not ours, accepts this server (tests/peers).
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from dobby.home.colors import rgb_to_xy
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

METER = {"apower": 2.7, "voltage": 227.9, "current": 0.121,
         "aenergy": {"by_minute": [34.786, 45.552, 45.552], "minute_ts": 1707326925, "total": 7258.589}}
HEAT = {"temperature": {"tC": 32.1, "tF": 89.7}}
SYS: dict[str, Any] = {"cfg_rev": 25, "device": {"name": "Test Name", "mac": "AABBCCDDEEFF"}, "ui_data": {}}


def about(model: str, app: str) -> dict[str, Any]:
    """What `/shelly` says to anybody."""
    return {"name": "Test Name", "id": f"{model}-aabbccddeeff", "mac": "AABBCCDDEEFF", "slot": 0, "gen": 2,
            "model": "SNPL-00112EU", "fw_id": "20231219-134003/1.1.0-g34b5d4f", "ver": "1.1.0", "app": app,
            "auth_en": False, "auth_domain": None}


PLUG = (about("shellyplusplugs", "PlusPlugS"), {"switch:0": {"id": 0, "name": "Switch Test Name 0"}, "sys": SYS},
        {"switch:0": {"id": 0, "source": "init", "output": True, **METER, **HEAT},
         "plugs_ui": {}, "sys": {"mac": "AABBCCDDEEFF"}, "wifi": {"rssi": -53}, "ws": {"connected": False}})
COVER = (about("shelly2pmg3", "S2PMG3"), {"cover:0": {"id": 0, "name": None}, "sys": SYS},
         {"ble": {}, "cover:0": {"id": 0, "apower": 0.0, "current": 0.0, "current_pos": 100, "freq": 50.0,
                                 "last_direction": "open", "pf": 0.0, "pos_control": True, "source": "limit_switch",
                                 "state": "open", "temperature": {"tC": 52.0, "tF": 125.7}, "voltage": 219.2,
                                 "aenergy": {"by_minute": [0.0], "minute_ts": 1760364720, "total": 314.614}},
          "input:0": {"id": 0, "state": None}, "number:200": {"value": 4}, "script:1": {"id": 1, "running": False}})
LAMP = (about("shellyplusrgbwpm", "PlusRGBWPM"), {"rgbw:0": {"id": 0, "name": "Niche"}, "sys": SYS},
        {"rgbw:0": {"id": 0, "source": "init", "output": False, "brightness": 50, "rgb": [255, 128, 0], "white": 0,
                    **METER}, "input:0": {"id": 0, "state": False}})
METERS = (about("shellypro3em", "Pro3EM"),
          {"em:0": {"id": 0, "name": "Energy Monitor Test Name 0"}, "emdata:0": {}, "temperature:0": {"id": 0}},
          {"em:0": {"id": 0, "a_act_power": 2367.6, "total_current": 12.354, "total_act_power": 2530.977},
           "emdata:0": {"id": 0, "total_act": 2585996.18, "total_act_ret": 1026.61},
           "temperature:0": {"id": 0, "tC": 46.1, "tF": 115.0}})
DISPLAY = (about("shellywalldisplay", "WallDisplay"),
           {"switch:0": {"id": 0, "name": "Switch Test Name 0"}, "temperature:0": {"id": 0, "name": None},
            "sys": SYS | {"ui_data": {"consumption_types": ["lights"]}}},
           {"temperature:0": {"id": 0, "tC": 21.5, "tF": 70.7}, "humidity:0": {"id": 0, "rh": 44.9},
            "illuminance:0": {"id": 0, "lux": 30, "illumination": "twilight"},
            "switch:0": {"id": 0, "output": False, "source": "THERMOSTAT"}, "input:0": {"id": 0, "state": False},
            "awaiting_auth_code": False})


class Box:
    """One Shelly: its HTTP page, its WebSocket, its components. way: "lies" or "refuses" breaks its obedience."""

    def __init__(self, what: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], password: str = "") -> None:
        self.info, self.config, self.status = copy.deepcopy(what)
        self.password, self.way, self.nonce, self.travel = password, "", 1725185413, 0.1
        self.info |= {"auth_en": True, "auth_domain": self.info["id"]} if password else {}
        self.sockets: set[web.WebSocketResponse] = set()
        self.moves: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_get("/shelly", self._shelly)
        app.router.add_get("/rpc", self._socket)
        return app

    async def _shelly(self, _request: web.Request) -> web.Response:
        return web.json_response(self.info)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    frame = json.loads(message.data)
                    if frame.get("src"):
                        self.sockets.add(socket)  # it hears notifications from its first request on
                    await socket.send_json({"id": frame["id"], "src": self.info["id"], "dst": frame.get("src")}
                                           | self._answer(frame))
        finally:
            self.sockets.discard(socket)
        return socket

    def _answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        open_to_all = frame["method"] == "Shelly.GetDeviceInfo"
        if self.password and not open_to_all and not self._admits(frame.get("auth") or {}):
            self.nonce += 1
            asked = {"auth_type": "digest", "nonce": self.nonce, "nc": 1, "realm": self.info["id"],
                     "algorithm": "SHA-256"}
            return {"error": {"code": 401, "message": json.dumps(asked)}}
        method, params = frame["method"], frame.get("params") or {}
        self.asked.append(method)
        known = {"Shelly.GetDeviceInfo": self.info, "Shelly.GetConfig": self.config, "Shelly.GetStatus": self.status,
                 "Shelly.ListMethods": {"methods": ["Shelly.GetStatus", "Shelly.GetConfig", "Switch.Set"]},
                 "Shelly.GetComponents": {"components": [], "cfg_rev": 1, "offset": 0, "total": 0}}
        if method in known:
            return {"result": known[method]}
        if self.way == "refuses":
            return {"error": {"code": -103, "message": "Precondition failed"}}
        kind, _, verb = method.partition(".")
        name = f"{kind.lower()}:{params.get('id')}"
        if name not in self.status:
            return {"error": {"code": -105, "message": f"Argument 'id', value {params.get('id')} not found!"}}
        if self.way != "lies":
            self._obey(name, verb, params)
        return {"result": {"was_on": False} if kind == "Switch" else None}

    def _admits(self, auth: dict[str, Any]) -> bool:
        def hashed(*parts: object) -> str:
            return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()

        ha1 = hashed("admin", self.info["id"], self.password)
        ha2 = hashed("dummy_method", "dummy_uri")
        wanted = hashed(ha1, self.nonce, auth.get("nc"), auth.get("cnonce"), "auth", ha2)
        return auth.get("nonce") == self.nonce and secrets.compare_digest(str(auth.get("response")), wanted)

    def _obey(self, name: str, verb: str, params: dict[str, Any]) -> None:
        if not name.startswith("cover"):
            words = {"on": "output", "brightness": "brightness", "rgb": "rgb", "ct": "ct"}
            self.change(name, **{words[word]: value for word, value in params.items() if word in words})
            return
        for move in self.moves:
            move.cancel()
        if verb == "Stop":
            self.change(name, state="stopped")
            return
        goal = {"Open": 100, "Close": 0}.get(verb, params.get("pos", 0))
        task = asyncio.create_task(self._move(name, goal))
        self.moves.add(task)
        task.add_done_callback(self.moves.discard)

    async def _move(self, name: str, goal: int) -> None:
        here = self.status[name].get("current_pos") or 0
        self.change(name, state="opening" if goal > here else "closing", target_pos=goal)
        await asyncio.sleep(self.travel)
        end = {100: "open", 0: "closed"}.get(goal, "stopped")
        self.change(name, state=end, **({"current_pos": goal} if self.status[name]["pos_control"] else {}))

    def change(self, name: str, **values: Any) -> None:
        """Something changed, by an order or by hand: everybody is told what."""
        self.status[name] |= values
        self.tell("NotifyStatus", {"ts": 1707326927.5, name: {"id": self.status[name]["id"], **values}})

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """A notification to everybody."""
        for socket in self.sockets:
            task = asyncio.create_task(socket.send_json({"src": self.info["id"], "dst": "x", "method": method,
                                                         "params": params}))
            self.moves.add(task)
            task.add_done_callback(self.moves.discard)

    def sighting(self) -> Sighting:
        """What it announces."""
        return Sighting("mdns", HOST, 80, "_shelly._tcp.local.", self.info["id"],
                        {"gen": "2", "app": self.info["app"], "ver": "1.1.0"})


@asynccontextmanager
async def served(box: Box) -> AsyncIterator[int]:
    """The box on a free port."""
    runner = web.AppRunner(box.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        for move in list(box.moves):
            move.cancel()
        await runner.cleanup()


@asynccontextmanager
async def _rig(box: Box, name: str, settings: list[tuple[str, Value]], wrong: tuple[str, Value],
               words: dict[str, str]) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        value = box.status[name].get(words[trait])
        return rgb_to_xy(*(channel / 255 for channel in value)) if trait == "color" else value

    async def hand(trait: str, value: Value) -> None:
        box.change(name, **{words[trait]: value})

    def trouble(way: str) -> None:
        box.way = way

    async with served(box) as port, piped((HOST, port)) as pipe:
        yield rigged(box.sighting(), pipe, "", settings, wrong, truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)))


def plug() -> Any:
    """A plug that measures."""
    return _rig(Box(PLUG), "switch:0", [("on", False), ("on", True)], ("on", "perhaps"), {"on": "output"})


def shutter() -> Any:
    """A calibrated cover."""
    return _rig(Box(COVER), "cover:0", [("position", 40), ("position", 0), ("position", 100)], ("position", 140),
                {"position": "current_pos"})


def lamp() -> Any:
    """A strip with four channels."""
    settings: list[tuple[str, Value]] = [("on", True), ("brightness", 37), ("color", {"x": 0.6, "y": 0.32})]
    return _rig(Box(LAMP), "rgbw:0", settings, ("brightness", 101),
                {"on": "output", "brightness": "brightness", "color": "rgb"})
