"""Charts: what can be looked at over time, and its points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from dobby.history import SPANS, History
from dobby.store import stamp
from dobby.tools.hands import House
from dobby.web.guard import ApiError


@dataclass(frozen=True, slots=True)
class ChartsApi:
    """The handlers over one house."""

    house: House
    history: History

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.get("/api/charts", self.charts), web.get("/api/history", self.points)]

    async def charts(self, request: web.Request) -> web.Response:
        """GET /api/charts?span=week: which series there are by kind, events of the cameras, cardio sessions."""
        span = _span(request)
        home = self.house.home
        series = {kind: [{"device": device, "trait": trait, "name": home.devices[device].name,
                          "room": home.devices[device].room, "unit": _unit(home.devices[device].trait(trait))}
                         for device, trait in rows] for kind, rows in self.history.kinds().items()}
        seen = [{"at": row["at"], "count": row["count"]} for row in await self.history.seen(span)]
        since = self.house.clock.now() - max(SPANS[span], timedelta(days=31))
        sessions = await self.house.store.all("sessions_since", kind="cardio", since=stamp(since))
        return web.json_response({"span": span, "spans": list(SPANS), "series": series, "seen": seen, "cardio": [
            {"began": row["began"], "minutes": round((_at(row["ended"]) - _at(row["began"])).total_seconds() / 60),
             "kwh": row["kwh"]} for row in sessions]})

    async def points(self, request: web.Request) -> web.Response:
        """GET /api/history?device=&trait=&span=day: [[at, low, mean, high], ...], seconds since 1970."""
        device, trait = request.query.get("device", ""), request.query.get("trait", "")
        found = await self.history.points(device, trait, _span(request))
        reading = self.house.home.reading(device, trait)
        return web.json_response({"points": [[p.at, p.low, round(p.mean, 3), p.high] for p in found],
                                  "last": reading.value if reading else None,
                                  "reachable": self.house.home.reachable(device),
                                  "now": int(self.house.clock.now().timestamp())})


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _unit(trait: Any) -> str:
    return trait.unit if trait is not None else ""


def _span(request: web.Request) -> str:
    span = request.query.get("span", "day")
    if span not in SPANS:
        raise ApiError(422, "span", f"span is one of {', '.join(SPANS)}.")
    return span
