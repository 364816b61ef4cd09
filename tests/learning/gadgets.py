"""Made-up devices of different style, each a small server of its own; nothing in dobby/ knows any of them. `state` is
the truth inside."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import WSMsgType, web

HOST = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Gadget:
    """A made-up device while it runs. delay: seconds until what it was told is so; asked: every request it got."""

    state: dict[str, Any]
    host: str = HOST
    port: int = 0  # 0: whichever is free
    delay: float = 0.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    deaf: bool = False  # says yes to everything and does nothing

    async def take(self, **changes: Any) -> None:
        """Be so, after the device's own time."""
        if self.deaf:
            return
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.state.update, changes)
        else:
            self.state.update(changes)


@asynccontextmanager
async def served(gadget: Gadget, routes: dict[tuple[str, str], Handler]) -> AsyncIterator[Gadget]:
    """A web device: (method, path) -> handler; 405 for other methods of a known path, 404 for the rest."""
    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        gadget.asked.append((request.method, request.path_qs))
        return await handler(request)

    app = web.Application(middlewares=[note])
    for (method, path), handler in routes.items():
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, gadget.host, gadget.port)
    await site.start()
    gadget.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # listening
    try:
        yield gadget
    finally:
        await runner.cleanup()


@asynccontextmanager
async def breeze(**more: Any) -> AsyncIterator[Gadget]:
    """A fan with three speeds: JSON, set by PUT of what changes."""
    gadget = Gadget({"running": True, "speed": 1}, **more)

    async def show(_: web.Request) -> web.Response:
        return web.json_response({"serialNumber": "BRZ-20417", "label": "Attic ventilator", **gadget.state,
                                  "speedMax": 3, "uptime": 4711})

    async def change(request: web.Request) -> web.Response:
        body = await request.json()
        if not isinstance(body, dict) or not set(body) <= {"running", "speed"} or not body:
            return web.Response(status=400)
        if not isinstance(body.get("speed", 0), int) or not 0 <= body.get("speed", 0) <= 3:
            return web.Response(status=422)
        await gadget.take(**body)
        return web.Response(status=204)

    async def home(_: web.Request) -> web.Response:
        return web.Response(text='<title>Ventilator</title><a href="/api/v1/fan">state</a>', content_type="text/html")

    async with served(gadget, {("GET", "/"): home, ("GET", "/api/v1/fan"): show,
                               ("PUT", "/api/v1/fan"): change}) as one:
        yield one


@asynccontextmanager
async def glow(**more: Any) -> AsyncIterator[Gadget]:
    """A lamp that shows XML and is set by a form of its page, with words and a range of its own."""
    gadget = Gadget({"lamp": "ON", "dim": 120}, **more)

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=f'<?xml version="1.0"?><luminaire><id>GL-77-1009</id><caption>Corner lamp</caption>'
                                 f"<lamp>{gadget.state['lamp']}</lamp><dim>{gadget.state['dim']}</dim></luminaire>",
                            content_type="text/xml")

    async def home(_: web.Request) -> web.Response:
        return web.Response(content_type="text/html", text="""<html><title>Lamp</title>
            <form action="/apply" method="post"><select name="lamp"><option value="ON">on</option>
            <option value="OFF">off</option></select></form>
            <form action="/apply" method="post"><input type="range" name="dim" min="0" max="240"></form>
            <a href="/luminaire.xml">raw</a></html>""")

    async def apply(request: web.Request) -> web.Response:
        form = await request.post()
        changes: dict[str, Any] = {}
        if form.get("lamp") in ("ON", "OFF"):
            changes["lamp"] = form["lamp"]
        if str(form.get("dim", "")).isdigit() and int(str(form["dim"])) <= 240:
            changes["dim"] = int(str(form["dim"]))
        if not changes:
            return web.Response(status=400)
        await gadget.take(**changes)
        raise web.HTTPSeeOther("/")

    async with served(gadget, {("GET", "/"): home, ("GET", "/luminaire.xml"): show, ("POST", "/apply"): apply}) as one:
        yield one


@asynccontextmanager
async def hum(**more: Any) -> AsyncIterator[Gadget]:
    """An amplifier that tells its state over a WebSocket and takes messages of the same shape."""
    gadget = Gadget({"powered": True, "volume": 30}, **more)
    sockets: set[web.WebSocketResponse] = set()

    def told() -> str:
        return json.dumps({"type": "state", "data": {"serial": "HUM0098231", "product": "amplifier", **gadget.state}})

    async def socket(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        sockets.add(ws)
        await ws.send_str(told())
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                body = json.loads(message.data)
                if body.get("type") == "set" and isinstance(body.get("data"), dict) and set(body["data"]) <= {
                        "powered", "volume"}:
                    await gadget.take(**body["data"])
                    for one in list(sockets):
                        await one.send_str(told())
        sockets.discard(ws)
        return ws

    async def home(_: web.Request) -> web.Response:
        return web.Response(text="<title>Amplifier</title>", content_type="text/html")

    async with served(gadget, {("GET", "/"): home, ("GET", "/ws"): socket}) as one:
        yield one


@asynccontextmanager
async def ember(**more: Any) -> AsyncIterator[Gadget]:
    """A heater in degrees Fahrenheit that publishes an OpenAPI document; what sets it is not where it shows."""
    gadget = Gadget({"desiredF": 68, "roomF": 66.2, "programme": "HEATING"}, **more)
    document = {"openapi": "3.0.0", "info": {"title": "Wall heater", "version": "1"}, "paths": {
        "/v2/climate": {"get": {}},
        "/v2/climate/desired": {"post": {"requestBody": {"content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/Desired"}}}}}},
        "/v2/programme": {"post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {
            "programme": {"enum": ["HEATING", "OFF"]}}}}}}}}},
        "components": {"schemas": {"Desired": {"properties": {"desiredF": {
            "type": "integer", "minimum": 45, "maximum": 86}}}}}}

    async def show(_: web.Request) -> web.Response:
        return web.json_response({"device": {"serial": "EMB-5512-A", "model": "wall heater"}, "setpoint": {
            "desiredF": gadget.state["desiredF"]}, "roomTemperatureF": gadget.state["roomF"],
            "programme": gadget.state["programme"]})

    async def desired(request: web.Request) -> web.Response:
        body = await request.json()
        if set(body) != {"desiredF"} or not isinstance(body["desiredF"], int):
            return web.Response(status=400)
        await gadget.take(**body)
        return web.json_response({"ok": True})

    async def programme(request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("programme") not in ("HEATING", "OFF"):
            return web.Response(status=400)
        await gadget.take(**body)
        return web.json_response({"ok": True})

    async def schema(_: web.Request) -> web.Response:
        return web.json_response(document)

    async with served(gadget, {("GET", "/openapi.json"): schema, ("GET", "/v2/climate"): show,
                               ("POST", "/v2/climate/desired"): desired, ("POST", "/v2/programme"): programme}) as one:
        yield one


@asynccontextmanager
async def wink(**more: Any) -> AsyncIterator[Gadget]:
    """A UPnP dimmer with services of the Forum's lighting classes."""
    gadget = Gadget({"Status": "1", "LoadLevelStatus": "60"}, **more)
    kinds = {"SwitchPower": ("Target", "Status", "boolean", ""),
             "Dimming": ("LoadLevelTarget", "LoadLevelStatus", "ui1",
                         "<allowedValueRange><minimum>0</minimum><maximum>100</maximum></allowedValueRange>")}

    async def description(_: web.Request) -> web.Response:
        services = "".join(
            f"<service><serviceType>urn:schemas-upnp-org:service:{one}:1</serviceType><serviceId>urn:upnp-org:serviceId:"
            f"{one}</serviceId><SCPDURL>/{one}.xml</SCPDURL><controlURL>/c/{one}</controlURL>"
            f"<eventSubURL>/e/{one}</eventSubURL></service>" for one in kinds)
        return web.Response(content_type="text/xml", text=(
            '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>'
            "urn:schemas-upnp-org:device:DimmableLight:1</deviceType><friendlyName>Stair light</friendlyName>"
            f"<UDN>uuid:5f1c2b7e-0000-1000-8000-00a0dead0001</UDN><serviceList>{services}</serviceList></device></root>"))

    async def scpd(request: web.Request) -> web.Response:
        target, status, kind, span = kinds[request.path[1:-4]]
        short = "LoadLevel" if kind == "ui1" else ""
        return web.Response(content_type="text/xml", text=(
            '<?xml version="1.0"?><scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList>'
            f"<action><name>Set{short}Target</name><argumentList><argument><name>new{target}Value</name><direction>in"
            f"</direction><relatedStateVariable>{target}</relatedStateVariable></argument></argumentList></action>"
            f"<action><name>Get{short}Status</name><argumentList><argument><name>Result{status}</name><direction>out"
            f"</direction><relatedStateVariable>{status}</relatedStateVariable></argument></argumentList></action>"
            f'</actionList><serviceStateTable><stateVariable sendEvents="no"><name>{target}</name><dataType>{kind}'
            f'</dataType>{span}</stateVariable><stateVariable sendEvents="yes"><name>{status}</name><dataType>{kind}'
            f"</dataType>{span}</stateVariable></serviceStateTable></scpd>"))

    async def control(request: web.Request) -> web.Response:
        one = request.path.rpartition("/")[2]
        target, status, _, _ = kinds[one]
        body = await request.text()
        action = request.headers["SOAPACTION"].strip('"').partition("#")[2]
        if action.startswith("Set"):
            value = body.partition(f"<new{target}Value>")[2].partition("</")[0]
            await gadget.take(**{status: value})
            inside = ""
        else:
            inside = f"<Result{status}>{escape(gadget.state[status])}</Result{status}>"
        return web.Response(content_type="text/xml", text=(
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<u:{action}Response xmlns:u="urn:schemas-upnp-org:service:{one}:1">{inside}</u:{action}Response>'
            "</s:Body></s:Envelope>"))

    async with served(gadget, {("GET", "/description.xml"): description, ("GET", "/SwitchPower.xml"): scpd,
                               ("GET", "/Dimming.xml"): scpd, ("POST", "/c/SwitchPower"): control,
                               ("POST", "/c/Dimming"): control}) as one:
        yield one


@asynccontextmanager
async def tick(**more: Any) -> AsyncIterator[Gadget]:
    """A valve box that speaks lines of its own over TCP: "?ZONE" -> "ZONE=SHUT", "ZONE OPEN" -> "OK"."""
    gadget = Gadget({"zone": "SHUT"}, **more)

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # whoever hangs up hard is a visitor too
            while line := await reader.readline():
                said = line.decode().strip()
                gadget.asked.append(("TCP", said))
                if said == "?ID":
                    answer = "ID=TCK-3301"
                elif said == "?ZONE":
                    answer = f"ZONE={gadget.state['zone']}"
                elif said in ("ZONE OPEN", "ZONE SHUT"):
                    await gadget.take(zone=said[5:])
                    answer = "OK"
                else:
                    answer = "ERR"
                writer.write(f"{answer}\r\n".encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(visit, gadget.host, gadget.port)
    gadget.port = server.sockets[0].getsockname()[1]
    async with server:
        yield gadget
