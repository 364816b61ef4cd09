"""What the page shows of the mind: memory and skills, to read and to change, with what a file said before; and what
thinking cost by day."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from dobby.errors import DobbyError
from dobby.memory.memory import Memory
from dobby.memory.night import TWICE, Operation
from dobby.memory.nights import spare
from dobby.memory.notes import Fact
from dobby.skills import fault_of
from dobby.store import stamp
from dobby.tools.hands import House
from dobby.web.guard import PERSON, ApiError, body


@dataclass(frozen=True, slots=True)
class MindApi:
    """The handlers over one house. reread: makes the house read its skills anew."""

    house: House
    reread: Callable[[], Awaitable[None]]
    daily_tokens: int = 0

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.get("/api/memory", self.memory), web.post("/api/memory", self.remember),
                web.post("/api/memory/{id}", self.change), web.get("/api/skills", self.skills),
                web.put("/api/skills/{name}", self.write), web.get("/api/skills/{name}/versions", self.versions),
                web.get("/api/budget", self.budget)]

    def _memory(self) -> Memory:
        if self.house.memory is None:
            raise ApiError(404, "memory", "There is no memory in this house.")
        return self.house.memory

    async def memory(self, request: web.Request) -> web.Response:
        """GET /api/memory: every fact with its origin, and whether paraphrases are found."""
        memory = self._memory()
        return web.json_response({"facts": [_view(fact) for fact in memory.facts()], "problems": memory.problems,
                                  "knows_paraphrases": memory.knows_paraphrases})

    async def remember(self, request: web.Request) -> web.Response:
        """POST /api/memory {"text"}: take a fact down."""
        text = await _text(request, "text")
        try:
            done = await self._memory().remember(text, request[PERSON].name, request[PERSON].role)
        except DobbyError as wrong:
            raise ApiError(422, "fact", str(wrong)) from None
        return web.json_response({"fact": _view(done.fact), "replaced": [_view(one) for one in done.replaced]})

    async def change(self, request: web.Request) -> web.Response:
        """POST /api/memory/ID {"now": "past" | "true" | "gone"}: no longer true, true again, or removed; {"text"}: it
        says this instead, and what it said is kept as past."""
        given, id_, memory = await body(request), request.match_info["id"], self._memory()
        now = given.get("now") if isinstance(given, dict) else None
        text = given.get("text") if isinstance(given, dict) else None
        if (fact := memory.fact(id_)) is None:
            raise ApiError(404, "fact", "There is no such fact.")
        if isinstance(text, str) and text.strip():
            return await self._reword(request, memory, id_, text)
        if now not in ("past", "true", "gone"):
            raise ApiError(422, "body", 'The body must be {"now": "past" | "true" | "gone"} or {"text": "..."}.')
        if now == "past":
            await memory.retire(id_)
        elif now == "true":
            await spare(self.house.store, [Operation("retire", id_, fact.text, TWICE)])  # no night knows better
            await memory.restore(id_)
        else:
            await memory.drop([id_])
        return web.json_response({"fact": id_, "now": now})

    async def _reword(self, request: web.Request, memory: Memory, id_: str, text: str) -> web.Response:
        try:
            done = await memory.remember(text, request[PERSON].name, request[PERSON].role)
        except DobbyError as wrong:
            raise ApiError(422, "fact", str(wrong)) from None
        if done.fact.id != id_:
            await memory.retire(id_)
        return web.json_response({"fact": _view(done.fact)})

    async def skills(self, request: web.Request) -> web.Response:
        """GET /api/skills: every skill with the text of its file; `say` is the phrase that runs it, in the home's
        language, "" for none."""
        language = self.house.words.language
        rows = await asyncio.to_thread(lambda: [
            {"name": one.name, "description": one.description, "phrases": {k: list(v) for k, v in one.phrases.items()},
             "say": next(iter(one.phrases.get(language, ())), ""), "text": one.path.read_text("utf-8")}
            for one in self.house.skills if one.path.exists()])
        return web.json_response({"skills": rows})

    async def write(self, request: web.Request) -> web.Response:
        """PUT /api/skills/NAME {"text"}: change a skill's file; 422 says what is wrong, and nothing is changed."""
        text, name = await _text(request, "text"), request.match_info["name"]
        skill = next((one for one in self.house.skills if one.name == name), None)
        if skill is None:
            raise ApiError(404, "skill", "There is no such skill.")
        if wrong := fault_of(skill.path, text):
            raise ApiError(422, "skill", wrong)
        before = await asyncio.to_thread(skill.path.read_text, "utf-8")
        store = self.house.store
        await store.together([
            ("version_add", {"kind": "skill", "name": name, "text": before, "who": request[PERSON].name,
                             "at": stamp(self.house.clock.now())}),
            ("versions_tidy", {"kind": "skill", "name": name})])
        await asyncio.to_thread(_replace, skill.path, text)
        await self.reread()
        return web.json_response({"skill": name})

    async def versions(self, request: web.Request) -> web.Response:
        """GET /api/skills/NAME/versions: what the file said before each change made here, the latest first."""
        rows = await self.house.store.all("versions", kind="skill", name=request.match_info["name"])
        return web.json_response({"versions": [{"text": row["text"], "who": row["who"], "at": row["at"]}
                                               for row in rows]})

    async def budget(self, request: web.Request) -> web.Response:
        """GET /api/budget: tokens by day, the latest first, and what a day may cost."""
        rows = await self.house.store.all("tokens_by_day")
        return web.json_response({"daily_tokens": self.daily_tokens, "days": [
            {"day": row["name"].partition(":")[2], "tokens": int(row["value"])} for row in rows]})


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


async def _text(request: web.Request, key: str) -> str:
    given: Any = await body(request)
    text = given.get(key) if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ApiError(422, "body", f'The body must be {{"{key}": "..."}}.')
    return text


def _view(fact: Fact) -> dict[str, Any]:
    return {"id": fact.id, "subject": fact.subject, "text": fact.text, "who": fact.origin.who, "role": fact.origin.role,
            "at": fact.origin.at, "until": fact.until}
