"""More made-up devices, each a line or two of how it shows itself and what it takes: styles that were met nowhere while
the rules were written."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.learning.gadgets import Gadget, served

State = dict[str, Any]
JSON, XML, HTML, TEXT = "application/json", "text/xml", "text/html", "text/plain"


@dataclass(frozen=True, slots=True)
class Order:
    """What came in: data is its JSON, its form and its query together; text the raw body."""

    method: str
    path: str
    data: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Odd:
    """state: at first; shows: path -> (kind of page, its text for a state); takes: an order -> what changes, None where
    it is refused; sets: traits that must be learned; kind: what it must be taken for."""

    kind: str
    state: State
    shows: Mapping[str, tuple[str, Callable[[State], str]]]
    takes: Callable[[Order, State], State | None]
    sets: frozenset[str]
    delay: float = 0.0


@asynccontextmanager
async def running(odd: Odd) -> AsyncIterator[Gadget]:
    """One of them on a port of its own."""
    gadget = Gadget(dict(odd.state), delay=odd.delay)

    async def any_(request: web.Request) -> web.Response:
        text = await request.text()
        try:
            body = json.loads(text) if text else {}
        except ValueError:
            body = {key: values[0] for key, values in parse_qs(text).items()}
        data = {**(body if isinstance(body, dict) else {}), **request.query}
        if request.method == "GET" and request.path in odd.shows and not request.query:
            kind, show = odd.shows[request.path]
            return web.Response(text=show(gadget.state), content_type=kind)
        change = odd.takes(Order(request.method, request.path, data, text), gadget.state)
        if change is None:
            return web.Response(status=405 if request.path in odd.shows else 404)
        await gadget.take(**change)
        return web.json_response({"ok": True})
    async with served(gadget, {("*", "/{tail:.*}"): any_}) as one:
        yield one


def _whole(value: Any, low: int, high: int) -> int | None:
    return int(value) if re.fullmatch(r"-?\d+", str(value)) and low <= int(value) <= high else None


def _purifier(order: Order, state: State) -> State | None:
    if (order.method, order.path) != ("POST", "/v1/control") or set(order.data) != {"attribute", "value"}:
        return None
    key, value = order.data["attribute"], order.data["value"]
    fits = {"fanSpeed": r"[0-4]", "powerState": "ON|OFF"}.get(str(key), "-")
    return {key: value} if isinstance(value, str) and re.fullmatch(fits, value) else None


def _links(order: Order, state: State) -> State | None:
    return {"power": order.data["power"]} if (order.method, order.path) == ("GET", "/lamp") and order.data.get(
        "power") in ("on", "off") else None


def _attributes(order: Order, state: State) -> State | None:
    level = _whole(order.data.get("level"), 0, 60)
    return {"level": level} if (order.method, order.path) == ("POST", "/control") and level is not None else None


def _fraction(order: Order, state: State) -> State | None:
    inner = order.data.get("lamp")
    if order.method != "PATCH" or not isinstance(inner, dict) or not set(inner) <= {"lit", "intensity"} or not inner:
        return None
    return dict(inner) if 0 <= inner.get("intensity", 0) <= 1 else None


def _one_of_a_list(order: Order, state: State) -> State | None:
    return dict(order.data) if order.method == "PUT" and set(order.data) == {"position"} and _whole(
        order.data["position"], 0, 100) is not None and isinstance(order.data["position"], int) else None


def _fahrenheit(order: Order, state: State) -> State | None:
    if (order.method, order.path) != ("POST", "/thermostat") or set(order.data) != {"setpoint"}:
        return None
    return {"setpoint": str(value)} if (value := _whole(order.data["setpoint"], 50, 90)) is not None else None


def _verbs(order: Order, state: State) -> State | None:
    found = re.fullmatch(r"/api/pump/(on|off)", order.path)
    return {"pump": found[1] == "on"} if order.method == "POST" and found else None


def _plain(order: Order, state: State) -> State | None:
    return {"brightness": int(order.text)} if (order.method, order.path) == ("PUT", "/brightness") and _whole(
        order.text, 0, 100) is not None else None


def _lines(order: Order, state: State) -> State | None:
    if (order.method, order.path) != ("POST", "/set") or not set(order.data) <= {"pow", "speed"} or not order.data:
        return None
    return {key: str(value) for key, value in order.data.items()}


def _command(order: Order, state: State) -> State | None:
    if (order.method, order.path) != ("POST", "/rpc") or order.data.get("cmd") != "setVolume":
        return None
    return {"volume": value} if (value := _whole(order.data.get("value"), 0, 40)) is not None else None


def _own_path(order: Order, state: State) -> State | None:
    found = re.fullmatch(r"/level/(\d+)", order.path)
    return {"level": int(found[1])} if order.method == "POST" and found and int(found[1]) <= 100 else None


def _with_its_id(order: Order, state: State) -> State | None:
    key = next((key for key in ("enabled", "speed") if set(order.data) == {"id", key}), "")
    return {key: order.data[key]} if (order.method, order.path) == ("PUT", "/device") and order.data.get(
        "id") == 3 and key else None


def _envelope(order: Order, state: State) -> State | None:
    inner = order.data.get("attributes")
    fits = isinstance(inner, dict) and inner and set(inner) <= {"state", "brightness"}
    return dict(inner) if (order.method, order.path) == ("POST", "/device") and fits else None  # type: ignore[arg-type]


def _parameter(order: Order, state: State) -> State | None:
    found = re.fullmatch(r"/fan/speed/([0-5])", order.path)
    return {"speed": int(found[1])} if found and order.method == "POST" else None


def _share(order: Order, state: State) -> State | None:
    value = _whole(order.data.get("position"), 0, 100)
    return {"pos": f"{value}%"} if (order.method, order.path) == ("POST", "/shade") and value is not None else None


def _turn(order: Order, state: State) -> State | None:
    fits = (order.method, order.path) == ("GET", "/relay/0") and order.data.get("turn") in ("on", "off")
    return {"relay": order.data["turn"] == "on"} if fits else None


ODD: dict[str, Odd] = {
    "an envelope": Odd("light", {"state": "OFF", "brightness": 128}, {
        "/device": (JSON, lambda s: json.dumps({"success": True, "data": {"device_id": "ZZ-99101", "type": "lamp",
                                                                          "attributes": s}}))},
        _envelope, frozenset({"on", "brightness"})),
    "a parameter of OpenAPI": Odd("fan", {"speed": 1}, {
        "/fan": (JSON, lambda s: json.dumps({"serial": "HF-0091", **s})),
        "/openapi.json": (JSON, lambda s: json.dumps({"openapi": "3.0.0", "info": {"title": "Hood fan"}, "paths": {
            "/fan": {"get": {}}, "/fan/speed/{speed}": {"post": {"parameters": [{"name": "speed", "in": "path",
                "schema": {"type": "integer", "minimum": 0, "maximum": 5}}]}}}}))}, _parameter, frozenset({"speed"})),
    "a unit in the text": Odd("shade", {"pos": "40%"}, {
        "/": (HTML, lambda s: "<form action=/shade method=post><input name=position type=range min=0 max=100></form>"),
        "/shade": (JSON, lambda s: json.dumps({"serial": "SH-221", "type": "roller blind", "position": s["pos"]}))},
        _share, frozenset({"position"})),
    "told on, shows true": Odd("plug", {"relay": False}, {
        "/": (JSON, lambda s: json.dumps({"serial": "PX-1121", "type": "outlet", "routes": [
            "/relay/0", "/relay/0?turn=on", "/relay/0?turn=off"]})),
        "/relay/0": (JSON, lambda s: json.dumps({"ison": s["relay"], "has_timer": False}))}, _turn, frozenset({"on"})),
    "attribute and value": Odd("fan", {"fanSpeed": "2", "powerState": "ON"}, {
        "/": (JSON, lambda s: json.dumps({"model": "air purifier", "resources": [
            {"href": "/v1/status", "verb": "GET"}, {"href": "/v1/control", "verb": "POST", "payload": {
                "attribute": "fanSpeed", "value": "3"}}]})),
        "/v1/status": (JSON, lambda s: json.dumps({"info": {"serialNo": "PUR-8812"}, "attributes": {
            **s, "fanSpeedMax": "4", "filterLife": "83"}}))}, _purifier, frozenset({"speed"})),
    "links with a query": Odd("light", {"power": "off"}, {
        "/": (HTML, lambda s: '<title>Porch lamp</title><a href="/lamp?power=on">I</a> <a href="/lamp?power=off">O</a>'
                              ' <a href="/info.json">info</a>'),
        "/info.json": (JSON, lambda s: json.dumps({"sn": "LQ-000431", **s}))}, _links, frozenset({"on"})),
    "xml attributes": Odd("light", {"level": 20}, {
        "/": (HTML, lambda s: "<p>Use <code>POST /control</code> with level=0..60</p><a href=/unit.xml>x</a>"),
        "/unit.xml": (XML, lambda s: f'<unit serial="DIM-40017" type="dimmer"><output level="{s["level"]}" min="0" '
                                     f'max="60"/></unit>')}, _attributes, frozenset({"brightness"})),
    "a fraction of one": Odd("light", {"lit": True, "intensity": 0.4}, {
        "/api/state": (JSON, lambda s: json.dumps({"uuid": "7a31-99f0-11", "product": "bulb", "lamp": s}))},
        _fraction, frozenset({"on", "brightness"})),
    "a list of one": Odd("shade", {"position": 30}, {
        "/devices": (JSON, lambda s: json.dumps([{"serial": "BL-771003", "type": "blind", **s}]))}, _one_of_a_list,
        frozenset({"position"})),
    "Fahrenheit in text": Odd("thermostat", {"setpoint": "70"}, {
        "/": (HTML, lambda s: '<title>Thermostat</title><form action="/thermostat" method="post"><input type="number" '
                              'name="setpoint" min="50" max="90"></form>'),
        "/status": (JSON, lambda s: json.dumps({"serial": "TH-118", "temperature_unit": "F", "temperature": "68.5",
                                               **s}))},
        _fahrenheit, frozenset({"target"}), 1.5),
    "a verb each": Odd("plug", {"pump": False}, {
        "/": (JSON, lambda s: json.dumps({"device": "pump relay", "links": [
            {"method": "POST", "url": "/api/pump/on"}, {"method": "POST", "url": "/api/pump/off"},
            {"method": "GET", "url": "/api/pump"}]})),
        "/api/pump": (JSON, lambda s: json.dumps({"serial": "PU-6604", **s}))}, _verbs, frozenset({"on"})),
    "plain text": Odd("light", {"brightness": 35}, {
        "/": (HTML, lambda s: '<title>Reading lamp</title><a href="/brightness">b</a> <a href="/serial">s</a>'),
        "/serial": (TEXT, lambda s: "RL-00912\n"),
        "/brightness": (TEXT, lambda s: f"{s['brightness']}\n")}, _plain, frozenset({"brightness"})),
    "lines of text": Odd("fan", {"pow": "1", "speed": "2"}, {
        "/": (HTML, lambda s: "<title>Fan</title>POST /set with pow=0|1 or speed=1|2|3 <a href='/status'>s</a>"),
        "/status": (TEXT, lambda s: f"serial=CF-7719\npow={s['pow']}\nspeed={s['speed']}\nrssi=-61\n")}, _lines,
        frozenset({"on", "fan_mode"})),
    "a command in an example": Odd("speaker", {"volume": 12}, {
        "/": (JSON, lambda s: json.dumps({"name": "Shelf radio", "help": [
            'POST /rpc {"cmd": "setVolume", "value": 12}', "GET /state"]})),
        "/state": (JSON, lambda s: json.dumps({"serial": "SR-5520", "volume": s["volume"], "volume_max": 40}))},
        _command, frozenset({"volume"})),
    "the value in the path": Odd("light", {"level": 50}, {
        "/": (JSON, lambda s: json.dumps({"type": "dimmer", "endpoints": ["GET /state", "POST /level/{level}"]})),
        "/state": (JSON, lambda s: json.dumps({"serial": "DM-31007", **s}))}, _own_path, frozenset({"brightness"})),
    "its id beside it": Odd("fan", {"enabled": True, "speed": 40}, {
        "/device": (JSON, lambda s: json.dumps({"id": 3, "info": {"serial": "FN-20066"}, **s}))}, _with_its_id,
        frozenset({"on", "speed"}), 1.0),
}
