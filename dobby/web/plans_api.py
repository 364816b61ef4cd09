"""The dashboard's plans: what is planned, and cancelling it. Whoever holds the token acts as the owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.tools.hands import House
from dobby.tools.plan_words import what_text, when_text
from dobby.web.guard import ApiError


@dataclass(frozen=True, slots=True)
class PlansApi:
    """The handlers over one house."""

    house: House

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.get("/api/plans", self.plans), web.delete("/api/plans/{id}", self.cancel)]

    async def plans(self, request: web.Request) -> web.Response:
        """GET /api/plans: what is planned, the next first."""
        plans = self.house.plans
        return web.json_response({"plans": [self._view(job, plans) for job in plans.planned()] if plans else []})

    async def cancel(self, request: web.Request) -> web.Response:
        """DELETE /api/plans/ID: begun where it is being done just now, and is too late to stop."""
        plans, id_ = self.house.plans, request.match_info["id"]
        job = plans.jobs.get(int(id_)) if plans and id_.isdecimal() and len(id_) < 16 else None
        if plans is None or job is None:
            raise ApiError(404, "plan", "There is no such plan.")
        in_time = await plans.cancel(job.id)
        return web.json_response({"cancelled": job.id, "begun": not in_time})

    def _view(self, job: Job, plans: Plans) -> dict[str, Any]:
        at, words, home = plans.next_of(job), self.house.words, self.house.home
        return {"id": job.id, "person": job.person, "kind": job.kind, "next": at.isoformat() if at else None,
                "when": when_text(job, at, plans.now(), plans.place, words, home),
                "what": what_text(job, home, words), "repeats": job.repeats, "skips": list(job.skips),
                "commands": [{"device": one.device, "trait": one.trait, "value": one.value} for one in job.commands]}
