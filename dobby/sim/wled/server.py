"""One strip on the network: HTTP, WebSocket, and what its faults do to both."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSMsgType, web

from ..announce import Announcer, service
from ..door import Door, faulty, live_or_die, web_door
from ..house import StripSpec
from ..ids import WLED_OUI, Ids
from ..net import Address
from ..store import Store
from ..things import Fault, State, Thing, rubbish, wait_while_slow
from .strip import EFFECTS, PALETTES, Invalid, Json, Strip, info_json, obey, order_from_truth, state_json, truth

ERROR_DENIED, ERROR_JSON = 1, 9


async def open_strip(
    spec: StripSpec, address: Address, ids: Ids, store: Store, announcer: Announcer
) -> tuple[Door, list[Thing]]:
    """Start one strip."""
    strip = _remembered(Strip(spec, ids.mac(WLED_OUI, spec.key), address), store)
    label = f"wled-{strip.mac[-6:]}"
    info = service("_wled._tcp", label, label, address, {"mac": strip.mac})

    def write(state: State) -> None:
        obey(strip, order_from_truth(strip, state))
        keep(strip, store)
        push(strip, thing)

    thing = Thing(spec.key, spec.name, spec.room, "wled", "light", strip.mac, lambda: truth(strip), write)
    door = web_door(strip_app(strip, thing, store), address)

    async def faulted(fault: Fault | None) -> None:
        await live_or_die(fault, door, announcer, info)
        if fault is not None and fault.name == "garbage":
            push(strip, thing)

    thing.faulted = faulted
    await door.open()
    await announcer.add(info)
    return door, [thing]


def _remembered(strip: Strip, store: Store) -> Strip:
    for name, value in store.get(f"wled/{strip.spec.key}", {}).items():
        setattr(strip, name, tuple(value) if name == "color" else value)
    return strip


def keep(strip: Strip, store: Store) -> None:
    """Remember the strip's state."""
    names = ("on", "bri", "color", "fx", "speed", "intensity", "palette")
    store.put(f"wled/{strip.spec.key}", {name: getattr(strip, name) for name in names})


def push(strip: Strip, thing: Thing) -> None:
    """Send state and info to every open WebSocket."""
    for client in strip.clients:
        client.put_nowait(rubbish() if thing.has("garbage") else _both(strip))


def _both(strip: Strip) -> str:
    return json.dumps({"state": state_json(strip), "info": info_json(strip)})


def strip_app(strip: Strip, thing: Thing, store: Store) -> web.Application:
    """The routes of one strip."""

    def refuse(request: web.Request) -> web.Response | None:
        return web.json_response({"error": ERROR_DENIED}, status=401) if request.method == "POST" else None

    def carry_out(order: Json) -> None:
        if thing.has("lies"):
            return
        obey(strip, order)
        keep(strip, store)
        push(strip, thing)

    async def shown(request: web.Request) -> web.Response:
        return web.json_response(_shown(strip, request.path.removeprefix("/json").strip("/")))

    async def ordered(request: web.Request) -> web.Response:
        try:
            order = json.loads(await request.text())
            carry_out(order)
        except (ValueError, AttributeError, Invalid):
            return web.json_response({"error": ERROR_JSON}, status=400)
        return web.json_response(state_json(strip) if order.get("v") else {"success": True})

    async def socket(request: web.Request) -> web.StreamResponse:
        return await _serve_socket(request, strip, thing, carry_out)

    app = web.Application(middlewares=[faulty(thing, refuse)])
    for path in ("/json", "/json/info", "/json/state", "/json/si", "/json/effects", "/json/palettes", "/json/eff"):
        app.router.add_get(path, shown)
    for path in ("/json", "/json/state", "/json/si"):
        app.router.add_post(path, ordered)
    app.router.add_get("/ws", socket)
    return app


def _shown(strip: Strip, part: str) -> object:
    parts = {
        "": {
            "state": state_json(strip),
            "info": info_json(strip),
            "effects": list(EFFECTS),
            "palettes": list(PALETTES),
        },
        "info": info_json(strip),
        "state": state_json(strip),
        "si": {"state": state_json(strip), "info": info_json(strip)},
        "effects": list(EFFECTS),
        "eff": list(EFFECTS),
        "palettes": list(PALETTES),
    }
    return parts[part]


async def _serve_socket(
    request: web.Request, strip: Strip, thing: Thing, carry_out: Callable[[Json], None]
) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    client: asyncio.Queue[str | bytes] = asyncio.Queue()
    strip.clients.add(client)
    client.put_nowait(_both(strip))
    sender = asyncio.ensure_future(_send_all(socket, client))
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await wait_while_slow(thing)
                answer = _answer(message.data, strip, thing, carry_out)
                if answer is not None:
                    client.put_nowait(answer)
    finally:
        strip.clients.discard(client)
        sender.cancel()
        with suppress(asyncio.CancelledError):
            await sender
    return socket


def _answer(text: str, strip: Strip, thing: Thing, carry_out: Callable[[Json], None]) -> str | bytes | None:
    """What a WebSocket message is answered with; a changed state is pushed to everybody instead."""
    if thing.has("garbage"):
        return rubbish()
    try:
        order = json.loads(text)
        if set(order) == {"v"}:
            return _both(strip)
        if thing.has("refuses"):
            return json.dumps({"error": ERROR_DENIED})
        carry_out(order)
    except (ValueError, TypeError, AttributeError, Invalid):
        return json.dumps({"error": ERROR_JSON})
    return _both(strip) if thing.has("lies") else None


async def _send_all(socket: web.WebSocketResponse, client: asyncio.Queue[str | bytes]) -> None:
    with suppress(ConnectionError):
        while True:
            message = await client.get()
            if isinstance(message, str):
                await socket.send_str(message)
            else:
                # text frames cannot carry broken UTF-8: rubbish goes as a binary frame
                await socket.send_bytes(message)
