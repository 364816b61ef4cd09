"""The control port: the truth inside every device, outside hands, faults, and the link button."""

import asyncio
import json
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from .things import SLOW_SECONDS, Fault, State, Thing, nearest

Json = dict[str, Any]
LATE_LIMIT = 5.0  # seconds


class Wrong(Exception):
    """A request that the control port cannot carry out; becomes {"error": text} with its status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error of the control port is {"error": text}."""
    try:
        return await handler(request)
    except Wrong as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except web.HTTPException as error:
        return web.json_response({"error": f"{request.method} {request.path}: {error.reason}"}, status=error.status)


async def read_json(request: web.Request) -> Json:
    """The body as an object, or Wrong."""
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise Wrong(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Wrong("the body is not a JSON object")
    return body


def control_app(things: dict[str, Thing]) -> web.Application:
    """The routes of the control port for these devices."""
    app = web.Application(middlewares=[errors_as_json])

    async def truth(_request: web.Request) -> web.Response:
        return web.json_response({"devices": {key: _shown(t) for key, t in things.items() if t.listed}})

    async def hands(request: web.Request) -> web.Response:
        body = await read_json(request)
        thing, state = _thing(things, body), body.get("state")
        if not isinstance(state, dict):
            raise Wrong("'state' is an object of state words")
        try:
            thing.write(state)
        except ValueError as error:
            raise Wrong(f"{thing.key}: {error}") from error
        return web.json_response({"device": thing.key, "state": thing.read()})

    async def button(request: web.Request) -> web.Response:
        thing = _thing(things, await read_json(request))
        if thing.press is None:
            buttons = ", ".join(key for key, other in things.items() if other.press)
            raise Wrong(f"{thing.key} has no link button; there is one on {buttons}")
        thing.press()
        return web.json_response({"device": thing.key, "pressed": True})

    async def faults(request: web.Request) -> web.Response:
        body = await read_json(request)
        thing = _thing(things, body)
        fault = _fault(thing, body)
        await thing.set_fault(fault)
        if thing.late and not thing.has("slow"):  # what was held back is done before anybody goes on
            await asyncio.wait_for(thing.caught_up.wait(), LATE_LIMIT)
        return web.json_response({"device": thing.key, "fault": fault.name if fault else None})

    async def present(_request: web.Request) -> web.Response:
        return web.json_response({"faults": {key: t.fault.name for key, t in things.items() if t.fault}})

    app.router.add_get("/truth", truth)
    app.router.add_post("/truth", hands)
    app.router.add_post("/button", button)
    app.router.add_get("/faults", present)
    app.router.add_post("/faults", faults)
    return app


def _shown(thing: Thing) -> State:
    shown = {name: getattr(thing, name) for name in ("name", "room", "make", "kind", "native_id", "hub")}
    return {**shown, "state": thing.read()}


def _thing(things: dict[str, Thing], body: Json) -> Thing:
    key = body.get("device")
    if not isinstance(key, str) or key not in things:
        raise Wrong(f"no device '{key}'{nearest(str(key), things)}", 404)
    return things[key]


def _fault(thing: Thing, body: Json) -> Fault | None:
    if "fault" not in body:
        raise Wrong("'fault' is missing; null clears")
    name = body["fault"]
    if name is None:
        return None
    if name not in thing.faults:
        raise Wrong(f"{thing.key} has no fault '{name}'{nearest(str(name), thing.faults)}")
    seconds, code = body.get("seconds", SLOW_SECONDS), body.get("code")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise Wrong(f"'seconds' is a number from 0, not {seconds!r}")
    if code is not None and not isinstance(code, int):
        raise Wrong(f"'code' is a whole number, not {code!r}")
    return Fault(name, float(seconds), code)
