"""PowerView hubs of the second and third generation, after answers of real ones that their owners made public
(keybuk/homebridge-powerview issue 1, home-assistant/core issue 113424) and Hunter Douglas' API documents."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

SERIAL = "0123456789ABCDEF"
FULL = 65535


def _coded(name: str) -> str:
    return base64.b64encode(name.encode()).decode()


def second() -> list[dict[str, Any]]:
    """Shades of the second generation: a roller, slats that turn by 90°, slats alone, top down, both ways."""
    def row(id_: int, name: str, kind: int, can: int, **positions: int) -> dict[str, Any]:
        return {"id": id_, "name": _coded(name), "roomId": 8803, "groupId": 58509, "order": id_, "type": kind,
                "batteryStrength": 154, "batteryStatus": 3, "batteryKind": 2, "capabilities": can,
                "positions": positions}

    return [row(12428, "Keuken", 42, 0, position1=FULL, posKind1=1),
            row(8026, "Raam", 23, 1, position1=425, posKind1=1), row(30, "Slats", 66, 5, position1=0, posKind1=3),
            row(31, "Roof", 7, 6, position1=0, posKind1=1),
            row(32, "Bay", 8, 7, position1=FULL, posKind1=1, position2=6553, posKind2=2)]


def third() -> list[dict[str, Any]]:
    """Shades of the third generation: a roller, slats that turn anywhere."""
    def row(id_: int, name: str, can: int, **positions: float) -> dict[str, Any]:
        full = {"primary": 0, "secondary": 0, "tilt": 0, "velocity": 0} | positions
        return {"id": id_, "type": 53, "name": _coded(name), "ptName": name, "motion": None, "capabilities": can,
                "powerType": 0, "batteryStatus": 2, "roomId": 9, "positions": full, "signalStrength": -51}

    return [row(39, "Office", 0, primary=1), row(40, "Study", 2, primary=1, tilt=1)]


class Hub:
    """A hub. way: "lies" or "refuses" breaks its obedience; travel: seconds that a shade needs; deaf: shades that the
    radio does not reach."""

    def __init__(self, generation: int) -> None:
        self.generation, self.way, self.travel, self.serial = generation, "", 0.0, SERIAL
        self.shades = {row["id"]: row for row in (second() if generation == 2 else third())}
        self.streams: list[web.StreamResponse] = []
        self.moves: set[asyncio.Task[None]] = set()
        self.deaf: set[int] = set()
        self.activated: list[int] = []
        self.asked: list[str] = []

    def app(self) -> web.Application:
        """What it answers."""
        app = web.Application()
        if self.generation == 2:
            app.router.add_get("/api/userdata", self._userdata)
            app.router.add_get("/api/fwversion", self._userdata)
            app.router.add_get("/api/rooms", self._rooms)
            app.router.add_get("/api/scenes", self._scenes)
            app.router.add_get("/api/scenemembers", self._members)
            app.router.add_get("/api/shades", self._all)
            app.router.add_get("/api/shades/{id}", self._one)
            app.router.add_put("/api/shades/{id}", self._put_second)
        else:
            app.router.add_get("/gateway", self._gateway)
            app.router.add_get("/gateway/info", self._gateway)
            app.router.add_get("/home", self._home)
            app.router.add_get("/home/rooms", self._rooms)
            app.router.add_get("/home/scenes", self._scenes)
            app.router.add_put("/home/scenes/{id}/activate", self._activate)
            app.router.add_get("/home/shades", self._all)
            app.router.add_get("/home/shades/events", self._events)
            app.router.add_put("/home/shades/positions", self._put_third)
            app.router.add_put("/home/shades/stop", self._stop)
            app.router.add_get("/home/shades/{id}", self._one)
        return app

    async def _userdata(self, request: web.Request) -> web.Response:
        main = {"name": "PV Hub2.0", "revision": 2, "subRevision": 0, "build": 1056}
        return web.json_response({"userData": {
            "serialNumber": self.serial, "hubName": _coded("Hub"), "macAddress": "00:26:74:01:02:03", "ip": HOST,
            "ssid": "x", "firmware": {"mainProcessor": main, "radio": {**main, "name": "radio"}}},
            "firmware": {"mainProcessor": main}})

    async def _gateway(self, request: web.Request) -> web.Response:
        main = {"name": "PV_Gen3", "revision": 3, "subRevision": 1, "build": 436}
        return web.json_response({"config": {
            "serialNumber": self.serial, "firmware": {"mainProcessor": main, "radios": [{**main, "name": "BLE"}]},
            "networkStatus": {"primaryMacAddress": "002674010203", "ipAddress": HOST, "ssid": "x"}}})

    async def _home(self, request: web.Request) -> web.Response:
        return web.json_response({"gateways": [{"serial": self.serial, "name": "Hall"}]})

    async def _rooms(self, request: web.Request) -> web.Response:
        if self.generation == 3:
            return web.json_response([{"id": 9, "name": _coded("Upstairs"), "ptName": "Upstairs", "type": 0}])
        return web.json_response({"roomIds": [8803], "roomData": [{"id": 8803, "name": _coded("Beneden"), "order": 0}]})

    async def _scenes(self, request: web.Request) -> web.Response:
        if self.generation == 3:
            return web.json_response([{"id": 5, "name": _coded("Dusk"), "ptName": "Dusk", "roomIds": [9]}])
        if "sceneId" in request.query:
            self.activated.append(int(request.query["sceneId"]))
            return web.json_response({"shadeIds": list(self.shades)})
        return web.json_response({"sceneIds": [5], "sceneData": [{"id": 5, "name": _coded("Dusk"), "roomId": 8803}]})

    async def _members(self, request: web.Request) -> web.Response:
        return web.json_response({"sceneMemberIds": [], "sceneMemberData": []})

    async def _activate(self, request: web.Request) -> web.Response:
        self.activated.append(int(request.match_info["id"]))
        return web.json_response({"shadeIds": list(self.shades)})

    async def _all(self, request: web.Request) -> web.Response:
        rows = list(self.shades.values())
        return web.json_response(rows if self.generation == 3 else {"shadeIds": list(self.shades), "shadeData": rows})

    async def _one(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        row = self.shades[int(request.match_info["id"])]
        row = row | {"timedOut": row["id"] in self.deaf}
        return web.json_response(row if self.generation == 3 else {"shade": row})

    def _order(self, number: int, positions: dict[str, Any]) -> web.Response:
        if self.way == "refuses":
            return web.json_response({"errMsg": "no"}, status=400)
        if not self.way:
            task = asyncio.create_task(self._move(number, positions))
            self.moves.add(task)
            task.add_done_callback(self.moves.discard)
        return web.json_response({"err": 0, "responses": []} if self.generation == 3 else {
            "shade": {"id": number, "positions": positions}})

    async def _put_second(self, request: web.Request) -> web.Response:
        body = (await request.json())["shade"]
        number = int(request.match_info["id"])
        if body.get("motion") == "stop":
            for move in self.moves:
                move.cancel()
            return web.json_response({"shade": {"id": number}})
        return self._order(number, body["positions"])

    async def _put_third(self, request: web.Request) -> web.Response:
        return self._order(int(request.query["ids"]), (await request.json())["positions"])

    async def _stop(self, request: web.Request) -> web.Response:
        for move in self.moves:
            move.cancel()
        return web.json_response({"err": 0})

    async def _move(self, number: int, positions: dict[str, Any]) -> None:
        row = self.shades[number]
        here, goal = row["positions"], positions if self.generation == 2 else row["positions"] | positions
        await self.tell("motion-started", number, currentPositions=here, targetPositions=goal)
        steps = round(self.travel * 10)
        try:
            for step in range(steps):
                done = (step + 1) / (steps + 1)
                row["positions"] = goal | {name: here[name] + (goal[name] - here[name]) * done for name in goal
                                           if name in here and "Kind" not in name}
                await asyncio.sleep(self.travel / steps)
            row["positions"] = goal
        finally:
            await asyncio.shield(self.tell("motion-stopped", number, currentPositions=row["positions"]))

    def put(self, number: int, **positions: Any) -> None:
        """Outside hands; the hub of the second generation hears of it when it asks the shade."""
        self.shades[number]["positions"] = self.shades[number]["positions"] | positions

    async def tell(self, what: str, number: int, **more: Any) -> None:
        """An event to whoever listens."""
        for stream in list(self.streams):
            event = {"evt": what, "isoDate": "2026-01-01T00:00:00.000Z", "id": number, **more}
            with contextlib.suppress(ConnectionError):
                await stream.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        self.streams.append(stream)
        try:
            await asyncio.Event().wait()
        finally:
            self.streams.remove(stream)
        return stream

    def sighting(self) -> Sighting:
        """What it announces."""
        kind = "_powerview._tcp.local." if self.generation == 2 else "_PowerView-G3._tcp.local."
        return Sighting("mdns", HOST, 80, kind, f"Powerview Generation {self.generation}", {})


@asynccontextmanager
async def served(hub: Hub) -> AsyncIterator[int]:
    """The hub on a free port."""
    runner = web.AppRunner(hub.app(), shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        for move in list(hub.moves):
            move.cancel()
        await runner.cleanup()


@asynccontextmanager
async def _rig(hub: Hub, number: int, settings: list[tuple[str, Value]],
               wrong: tuple[str, Value]) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        held: dict[str, int] = hub.shades[number]["positions"]
        if hub.generation == 3:
            return round(held["primary" if trait == "position" else "tilt"] * 100)
        wanted = 1 if trait == "position" else 3
        place = next((place for place in (1, 2) if held.get(f"posKind{place}") == wanted), 0)
        scale = FULL if trait == "position" else FULL / 2
        return round(held.get(f"position{place}", 0) / scale * 100)

    async def hand(trait: str, value: Value) -> None:
        assert isinstance(value, int | float)
        kind = 1 if trait == "position" else 3
        positions = {("primary" if kind == 1 else "tilt"): value / 100} if hub.generation == 3 else {
            "posKind1": kind, "position1": round(value / 100 * FULL / (1 if kind == 1 else 2))}
        hub.put(number, **positions)

    def trouble(way: str) -> None:
        hub.way = way

    async with served(hub) as port, piped((HOST, port)) as pipe:
        yield rigged(hub.sighting(), pipe, f"/shade-{number}", settings, wrong, truth, secret={"serial": SERIAL},
                     hand=hand, trouble=trouble, again=lambda: piped((HOST, port)), nameless=True)


def gateway() -> Any:
    """Slats behind a gateway of the third generation."""
    settings: list[tuple[str, Value]] = [("position", 40), ("position", 100), ("tilt", 30)]
    return _rig(Hub(3), 40, settings, ("position", 101))


def hub() -> Any:
    """Slats behind a hub of the second generation."""
    return _rig(Hub(2), 8026, [("position", 40), ("tilt", 60), ("position", 100)], ("tilt", 101))
