"""A small Home Assistant for tests: its websocket API in the shapes that 2024.3.3 with its demo integration really sent
(golden_home_assistant.json), services that change states, and faults. Judged by tests/peers against the real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from tests.ports import free_port

GOLDEN = Path(__file__).parent / "golden_home_assistant.json"
TOKEN = "eyJ0b2tlbiI6Im9mIGEgdGVzdCJ9"
SLOW = 20.0
Json = dict[str, Any]
# service -> what it makes of (state, attributes, its data); attributes that are not named stay
SET = {"select_option": ("", "option"), "set_value": ("", "value"), "set_hvac_mode": ("", "hvac_mode"),
       "set_operation_mode": ("", "operation_mode"), "set_fan_mode": ("fan_mode", "fan_mode"),
       "set_preset_mode": ("preset_mode", "preset_mode"), "set_humidity": ("humidity", "humidity"),
       "set_mode": ("mode", "mode"), "set_percentage": ("percentage", "percentage"),
       "oscillate": ("oscillating", "oscillating"), "set_fan_speed": ("fan_speed", "fan_speed"),
       "volume_set": ("volume_level", "volume_level"), "volume_mute": ("is_volume_muted", "is_volume_muted"),
       "select_source": ("source", "source"), "set_cover_tilt_position": ("current_tilt_position", "tilt_position")}
BECOMES = {"turn_on": "on", "turn_off": "off", "lock": "locked", "unlock": "unlocked", "open_cover": "open",
           "close_cover": "closed", "open_valve": "open", "close_valve": "closed", "media_play": "playing",
           "media_pause": "paused", "start": "cleaning", "pause": "paused", "return_to_base": "returning",
           "alarm_disarm": "disarmed", "alarm_arm_home": "armed_home", "alarm_arm_away": "armed_away",
           "alarm_arm_night": "armed_night"}


def obeyed(domain: str, service: str, state: str, data: Json) -> tuple[str, Json]:
    """(state, changed attributes) after a service."""
    data = {name: value for name, value in data.items() if name != "entity_id"}
    if service in SET:
        name, key = SET[service]
        return (str(data[key]), {}) if not name else ("on" if domain == "fan" else state, {name: data[key]})
    if service == "set_temperature":
        return state, data
    if service == "set_cover_position":
        return ("open" if data["position"] else "closed"), {"current_position": data["position"]}
    if service == "play_media":
        return "playing", {"media_content_id": data["media_content_id"]}
    if service == "media_next_track":
        return state, {"media_content_id": "the-next"}
    if service in ("press", "stop_cover"):
        return state, {}
    if domain == "light" and service == "turn_on":
        names = {"brightness": "brightness", "color_temp_kelvin": "color_temp_kelvin", "xy_color": "xy_color",
                 "effect": "effect"}
        shown = {names[key]: value for key, value in data.items()}
        return "on", {"brightness": 255} | shown | ({"color_temp_kelvin": None} if "xy_color" in data else {})
    if domain == "cover":
        return BECOMES[service], {"current_position": 100 if service == "open_cover" else 0}
    if domain == "water_heater":
        return {"turn_on": "eco", "turn_off": "off"}[service], {}
    return BECOMES[service], {}


@dataclass(slots=True)
class HassDouble:
    """The server and what it knows. fault: of everything; faults: of single entities (lies, refuses, late)."""

    host: str
    port: int
    states: dict[str, Json]
    answers: dict[str, Any]
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    called: list[tuple[str, str, Json]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sockets: dict[web.WebSocketResponse, dict[str, int]] = field(default_factory=dict)
    runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/api/websocket", self._visit)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.host, self.port, reuse_address=True).start()

    async def close(self) -> None:
        """Hang up, and answer nobody."""
        for one in list(self.sockets):
            if (transport := one._req.transport if one._req is not None else None) is not None:
                transport.abort()
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def set(self, entity: str, state: str | None = None, **attrs: Any) -> None:
        """Outside hands, or a device that changes."""
        row = self.states[entity]
        more: Json = {"c": "01J", "lu": 1.0} | ({} if state is None else {"s": state}) | ({"a": attrs} if attrs else {})
        self.states[entity] = row | ({} if state is None else {"s": state}) | {"a": row["a"] | attrs}
        await self.tell("entities", {"c": {entity: {"+": more}}})

    async def add(self, entity: str, state: str, attrs: Json) -> None:
        """A new entity."""
        self.states[entity] = {"s": state, "a": attrs, "c": "01J", "lc": 1.0}
        await self.tell("entities", {"a": {entity: self.states[entity]}})

    async def remove(self, entity: str) -> None:
        """An entity that is no more."""
        del self.states[entity]
        await self.tell("entities", {"r": [entity]})

    async def tell(self, what: str, event: Json) -> None:
        """An event to all who subscribed."""
        for socket_, subscriptions in list(self.sockets.items()):
            if what in subscriptions:
                await socket_.send_json({"id": subscriptions[what], "type": "event", "event": event})

    async def _visit(self, request: web.Request) -> web.WebSocketResponse:
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        await socket_.send_json({"type": "auth_required", "ha_version": "2024.3.3"})
        said = await socket_.receive_json()
        if said != {"type": "auth", "access_token": TOKEN}:
            await socket_.send_json({"type": "auth_invalid", "message": "Invalid access token or password"})
            await socket_.close()
            return socket_
        await socket_.send_json({"type": "auth_ok", "ha_version": "2024.3.3"})
        self.sockets[socket_] = {}
        last = 0
        try:
            async for message in socket_:
                if message.type is not WSMsgType.TEXT:
                    break
                ask = json.loads(message.data)
                assert ask["id"] > last, "Identifier values have to increase."
                last = ask["id"]
                await self._answer(socket_, ask)
        finally:
            self.sockets.pop(socket_, None)
        return socket_

    async def _answer(self, socket_: web.WebSocketResponse, ask: Json) -> None:
        self.asked.append(ask["type"])
        if self.fault == "slow":
            return  # later than anybody waits
        if self.fault == "garbage":
            await socket_.send_str("<html>")
            return
        ok = {"id": ask["id"], "type": "result", "success": True, "result": None}
        match ask["type"]:
            case "ping":
                await socket_.send_json({"id": ask["id"], "type": "pong"})
            case "subscribe_entities":
                self.sockets[socket_]["entities"] = ask["id"]
                await socket_.send_json(ok)
                await socket_.send_json({"id": ask["id"], "type": "event", "event": {"a": self.states}})
            case "subscribe_events":
                self.sockets[socket_][ask["event_type"]] = ask["id"]
                await socket_.send_json(ok)
            case "call_service":
                await self._call(socket_, ask, ok)
            case type_ if type_ in self.answers:
                await socket_.send_json(ok | {"result": self.answers[type_]})
            case _:
                await socket_.send_json({"id": ask["id"], "type": "result", "success": False, "error": {
                    "code": "unknown_command", "message": "Unknown command."}})

    async def _call(self, socket_: web.WebSocketResponse, ask: Json, ok: Json) -> None:
        entity, domain, data = ask["target"]["entity_id"], ask["domain"], ask.get("service_data", {})
        self.called.append((f"{domain}.{ask['service']}", entity, data))
        fault = self.faults.get(entity, self.fault)
        if fault == "refuses":
            await socket_.send_json({"id": ask["id"], "type": "result", "success": False, "error": {
                "code": "home_assistant_error", "message": "It <b>hates</b> you"}})
            return
        if fault not in ("lies", "late") and entity in self.states:
            state, attrs = obeyed(domain, ask["service"], self.states[entity]["s"], data)
            await self.set(entity, state, **attrs)
        if fault != "late":
            await socket_.send_json(ok)


@asynccontextmanager
async def hass_double(states: Mapping[str, Json] | None = None, **answers: Any) -> AsyncIterator[HassDouble]:
    """A Home Assistant on a free port; states and answers in place of the recorded ones."""
    port = free_port()
    golden = json.loads(await asyncio.to_thread(GOLDEN.read_text, "utf-8"))
    recorded = {f"config/{one}_registry/list": golden[f"config/{one}_registry/list"]
                for one in ("area", "device", "entity")}
    double = HassDouble("127.0.0.1", port, dict(golden["states"] if states is None else states),
                        {"get_config": golden["get_config"]} | recorded | answers)
    await double.open()
    try:
        yield double
    finally:
        await double.close()
