"""The bridge's HTTP face: configuration, link button, CLIP v2 resources, and the faults of its bulbs."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..door import faulty
from ..ids import colons
from ..things import Thing, rubbish, wait_while_slow
from .bulbs import Bulb, Invalid, Json, check_order, features
from .resources import BRIDGE_MODEL, BRIDGE_SOFTWARE, group_bulbs, resources
from .state import Bridge, change

CREATABLE = {"geofence_client"}


def bridge_app(bridge: Bridge) -> web.Application:
    """The routes of a bridge."""
    app = web.Application(middlewares=[faulty(bridge.hub, _refuse), _with_key(bridge)])
    api = BridgeApi(bridge)
    app.router.add_get("/api/config", api.config)
    app.router.add_get("/api/{key}/config", api.config)
    app.router.add_post("/api", api.link)
    app.router.add_post("/api/", api.link)
    app.router.add_get("/eventstream/clip/v2", bridge.events.serve)
    app.router.add_get("/clip/v2/resource", api.get_all)
    app.router.add_get("/clip/v2/resource/{type}", api.get_type)
    app.router.add_post("/clip/v2/resource/{type}", api.create)
    app.router.add_get("/clip/v2/resource/{type}/{id}", api.get_one)
    app.router.add_put("/clip/v2/resource/{type}/{id}", api.put)
    return app


def _refuse(request: web.Request) -> web.Response | None:
    return _errors(400, "command rejected by the bridge") if request.method == "PUT" else None


def _with_key(bridge: Bridge) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        keyed = request.path.startswith(("/clip/", "/eventstream/"))
        if keyed and request.headers.get("hue-application-key", "") not in bridge.keys:
            return _errors(403, "unauthorized user")
        return await handler(request)

    return middleware


def _errors(status: int, *texts: str) -> web.Response:
    return web.json_response({"data": [], "errors": [{"description": text} for text in texts]}, status=status)


def _data(*items: Json) -> web.Response:
    return web.json_response({"errors": [], "data": list(items)})


@dataclass(frozen=True, slots=True)
class BridgeApi:
    """The handlers behind the bridge's routes."""

    bridge: Bridge

    async def config(self, _request: web.Request) -> web.Response:
        """What a bridge tells anybody (GET /api/config)."""
        tree = self.bridge.tree
        return web.json_response(
            {
                "name": tree.name,
                "datastoreversion": "172",
                "swversion": BRIDGE_SOFTWARE.split(".")[2],
                "apiversion": "1.66.0",
                "mac": colons(tree.bridge_id[:6] + tree.bridge_id[10:]),
                "bridgeid": tree.bridge_id.upper(),
                "factorynew": False,
                "replacesbridgeid": None,
                "modelid": BRIDGE_MODEL,
                "starterkitid": "",
            }
        )

    async def link(self, request: web.Request) -> web.Response:
        """Make an application key while the link button counts as pressed (POST /api)."""
        try:
            wanted = json.loads(await request.text())
            device_type = wanted["devicetype"]
        except (ValueError, TypeError, KeyError):
            return _v1_error(5, "/", "invalid/missing parameters in body")
        if time.monotonic() >= self.bridge.pressed_until:
            return _v1_error(101, "", "link button not pressed")
        key = secrets.token_urlsafe(30)
        self.bridge.keys[key] = str(device_type)
        self.bridge.keep()
        made = {"username": key}
        if wanted.get("generateclientkey"):
            made["clientkey"] = secrets.token_hex(16).upper()
        return web.json_response([{"success": made}])

    async def get_all(self, _request: web.Request) -> web.Response:
        """Every resource."""
        return _data(*(self._shown(item) for item in resources(self.bridge.tree)))

    async def get_type(self, request: web.Request) -> web.Response:
        """Every resource of a type; a type that this home has none of is an empty list."""
        wanted = request.match_info["type"]
        return _data(*(self._shown(r) for r in resources(self.bridge.tree) if r["type"] == wanted))

    async def get_one(self, request: web.Request) -> web.Response:
        """One resource."""
        found = self._find(request)
        if found is None:
            return _errors(404, "Not Found")
        thing = self._thing_of(found["id"])
        if thing is not None:
            await wait_while_slow(thing)
            if thing.has("garbage"):
                return web.Response(body=rubbish(), content_type="application/json")
        return _data(self._find(request) or found)

    async def create(self, request: web.Request) -> web.Response:
        """Make a resource of the few kinds that clients may make."""
        kind = request.match_info["type"]
        body = await _body(request)
        if kind not in CREATABLE or body is None:
            return _errors(405 if body is not None else 400, "Method Not Allowed")
        rid = self.bridge.tree.ids.uuid(f"{kind}/{len(self.bridge.tree.extra)}/{time.monotonic()}")
        resource = body | {"id": rid, "type": kind}
        self.bridge.tree.extra[rid] = resource
        self.bridge.events.push(resource, "add")
        return _data({"rid": rid, "rtype": kind})

    async def put(self, request: web.Request) -> web.Response:
        """An order to a light or a group of lights, or a new name."""
        found, order = self._find(request), await _body(request)
        if found is None:
            return _errors(404, "Not Found")
        if order is None:
            return _errors(400, "body contains invalid json")
        if found["type"] == "light":
            return await self._put_light(self.bridge.tree.bulbs[found["id"]], order)
        if found["type"] == "grouped_light":
            return self._put_group(found["id"], order)
        return self._put_other(found, order)

    async def _put_light(self, bulb: Bulb, order: Json) -> web.Response:
        thing = self.bridge.things[bulb.rid]
        await wait_while_slow(thing)
        if thing.has("garbage"):
            return web.Response(body=rubbish(), content_type="application/json")
        if thing.has("refuses"):
            return _errors(400, f"device (light) rejected command ({_path(order)})")
        try:
            check_order(bulb, order)
        except Invalid as error:
            return _errors(400, str(error))
        done = {"rid": bulb.rid, "rtype": "light"}
        if thing.has("dead"):
            return web.json_response({"data": [done], "errors": [_lost(order)]}, status=207)
        if not self.bridge.lies(bulb):
            self._rename(bulb, order)
            change(self.bridge, bulb, order)
        return _data(done)

    def _put_group(self, rid: str, order: Json) -> web.Response:
        errors = []
        for bulb in group_bulbs(self.bridge.tree, rid) or []:
            known = {part: value for part, value in order.items() if part in features(bulb)}
            thing = self.bridge.things[bulb.rid]
            try:
                check_order(bulb, known)
            except Invalid as error:
                return _errors(400, str(error))
            if thing.has("dead") or thing.has("refuses"):
                errors.append(_lost(order))
            elif thing.has("slow"):
                task = asyncio.ensure_future(self._late(bulb, known))
                self.bridge.late.add(task)
                task.add_done_callback(self.bridge.late.discard)
            elif not self.bridge.lies(bulb) and not thing.has("garbage"):
                change(self.bridge, bulb, known)
        done = {"rid": rid, "rtype": "grouped_light"}
        return web.json_response({"data": [done], "errors": errors}, status=207 if errors else 200)

    async def _late(self, bulb: Bulb, order: Json) -> None:
        await wait_while_slow(self.bridge.things[bulb.rid])
        change(self.bridge, bulb, order)

    def _put_other(self, found: Json, order: Json) -> web.Response:
        kind, rid = found["type"], found["id"]
        if kind == "room" and "name" in order.get("metadata", {}):
            self.bridge.tree.rooms[rid].name = str(order["metadata"]["name"])
            self.bridge.events.push({"id": rid, "type": "room", "metadata": order["metadata"]})
        elif kind == "device":
            bulb = next((b for b in self.bridge.tree.bulbs.values() if b.device_rid == rid), None)
            if bulb is not None:
                self._rename(bulb, order)
        elif rid in self.bridge.tree.extra:
            self.bridge.tree.extra[rid] |= order
            self.bridge.events.push({"id": rid, "type": kind} | order)
        else:
            return _errors(405, "Method Not Allowed")
        self.bridge.keep()
        return _data({"rid": rid, "rtype": kind})

    def _rename(self, bulb: Bulb, order: Json) -> None:
        name = order.get("metadata", {}).get("name")
        if isinstance(name, str) and name:
            bulb.name = self.bridge.things[bulb.rid].name = name
            for rid, kind in ((bulb.rid, "light"), (bulb.device_rid, "device")):
                metadata = {"name": name, "archetype": bulb.spec.archetype}
                self.bridge.events.push({"id": rid, "type": kind, "metadata": metadata})

    def _find(self, request: web.Request) -> Json | None:
        wanted = (request.match_info["type"], request.match_info["id"])
        return next((r for r in resources(self.bridge.tree) if (r["type"], r["id"]) == wanted), None)

    def _thing_of(self, rid: str) -> Thing | None:
        return self.bridge.things.get(rid)

    def _shown(self, resource: Json) -> Json:
        """A resource in a list; a garbled bulb spoils its own element only, and not its name."""
        thing = self._thing_of(resource["id"])
        return resource | {"dimming": "much"} if thing and thing.has("garbage") else resource


async def _body(request: web.Request) -> Json | None:
    try:
        body = json.loads(await request.text())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _path(order: Json) -> str:
    return ", ".join(f".{part}" for part in order)


def _lost(order: Json) -> Json:
    # the words of a real bridge, quoted in openhab-addons issue 15511
    paths = {"on": ".on.on", "dimming": ".dimming.brightness", "color": ".color.xy"}
    path = next((paths.get(part, f".{part}") for part in order), "")
    return {"description": f"device (light) has communication issues, command ({path}) may not have effect"}


def _v1_error(kind: int, address: str, text: str) -> web.Response:
    return web.json_response([{"error": {"type": kind, "address": address, "description": text}}])
