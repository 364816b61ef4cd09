"""What the page shows of the eyes: the cameras and who sees their pictures, what was seen lately, and the pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web

from dobby.eyes.eyes import NoPicture
from dobby.eyes.seen import Zone
from dobby.eyes.sights import Sights
from dobby.eyes.watch import view
from dobby.store import stamp
from dobby.tools.hands import House
from dobby.web.guard import ApiError, body

EVENTS_LIMIT = 100
LABELS = ("false alarm", "right")


class EyesApi:
    """The handlers; a home without cameras answers with empty lists."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[web.RouteDef]:
        """Every address of the eyes."""
        return [web.get("/api/eyes", self.eyes), web.get("/api/pictures/{name}", self.picture),
                web.post("/api/eyes/{event}", self.label), web.get("/api/cameras/{name}", self.now)]

    def _sights(self) -> Sights:
        if self._house.sights is None:
            raise ApiError(404, "cameras", "There are no cameras.")
        return self._house.sights

    async def eyes(self, request: web.Request) -> web.Response:
        """GET /api/eyes?hours=24: cameras, who sees pictures, and events, the newest first. A zone that is not `kept`
        stands in config.toml."""
        sights = self._sights()
        hours = request.query.get("hours", "24")
        since = sights.watch.local() - timedelta(hours=min(float(hours), 24.0 * 31) if hours.isdecimal() else 24.0)
        rows = await self._house.store.all("seen_since", since=stamp(since), camera="")
        cameras = [{"name": one.name, "id": one.id, "state": one.state, "trouble": one.trouble, "night": one.night,
                    "busy": one.busy, "zones": [*_zones(one.zones, kept=False), *_zones(one.kept, kept=True)]}
                   for one in sights.cameras()]
        shown_to = [{"end": end.name, "leaves_home": end.leaves} for end in sights.ends()]
        return web.json_response({"cameras": cameras, "shown_to": shown_to,
                                  "events": [view(row) for row in reversed(rows[-EVENTS_LIMIT:])]})

    async def now(self, request: web.Request) -> web.Response:
        """GET /api/cameras/NAME: a small picture of now (JPEG), kept nowhere."""
        sights, name = self._sights(), request.match_info["name"]
        if name not in sights.watch.eyes.cameras:
            raise ApiError(404, "camera", "There is no such camera.")
        try:
            full, *small = await sights.watch.eyes.look(name)
        except NoPicture as error:
            raise ApiError(503, "camera", str(error)) from None
        large = request.query.get("size") == "full" or not small
        return web.Response(body=full if large else small[0], content_type="image/jpeg")

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """GET /api/pictures/NAME"""
        path = await asyncio.to_thread(self._sights().file, request.match_info["name"])
        if path is None:
            raise ApiError(404, "picture", "There is no such picture any more.")
        return web.FileResponse(path, headers={"Cache-Control": "private, max-age=86400"})

    async def label(self, request: web.Request) -> web.Response:
        """POST /api/eyes/EVENT {"label": "false alarm" | "right"}"""
        given = await body(request)
        label = given.get("label") if isinstance(given, dict) else None
        if label not in LABELS:
            raise ApiError(422, "body", 'The body must be {"label": "false alarm"} or {"label": "right"}.')
        row = await self._house.store.one("seen_event", event=request.match_info["event"])
        if row is None:
            raise ApiError(404, "event", "There is no such event.")
        await self._sights().label(row["event"], label)
        return web.json_response({"event": row["event"], "label": label})


def _zones(zones: Sequence[Zone], *, kept: bool) -> list[dict[str, Any]]:
    return [{"name": one.name, "kind": one.kind, "points": one.points, "kept": kept} for one in zones]
