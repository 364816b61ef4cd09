"""The page's own door: coming in with the token or with a code, who is in, going out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from dobby.messages import Person
from dobby.web.guard import COOKIE, PERSON, ApiError, form, hand_over
from dobby.web.logins import Logins


@dataclass(frozen=True, slots=True)
class DoorApi:
    """The handlers over the logins."""

    logins: Logins

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.post("/login", self.login), web.post("/login/code", self.code), web.get("/api/me", self.me),
                web.post("/api/logout", self.logout), web.get("/api/logins", self.all),
                web.delete("/api/logins/{id}", self.end)]

    async def login(self, request: web.Request) -> web.Response:
        """POST /login, a form: {token} or {who, code}."""
        given, peer = await form(request), request.remote or ""
        if self.logins.barred(peer):
            raise web.HTTPFound("/login?slow")
        who = given.get("who", "")[:80]
        key = await self._key(given.get("token", ""), who, given.get("code", ""))
        if key is None:
            self.logins.wrong(peer)
            raise web.HTTPFound(f"/login?wrong#who={quote(who)}" if who else "/login?wrong")
        response = web.HTTPFound("/")
        hand_over(response, key, request.secure)
        raise response

    async def _key(self, token: str, who: str, code: str) -> str | None:
        if token:
            person = self.logins.who(token, "")
            return await self.logins.begin(person) if person is not None else None
        return await self.logins.enter(who, code) if who and code else None

    async def code(self, request: web.Request) -> web.Response:
        """POST /login/code, a form: {who}. The answer is the same whether the name is known or not."""
        who = (await form(request)).get("who", "")[:80]
        if not self.logins.barred(request.remote or ""):
            self.logins.ask_for_code(who)
        raise web.HTTPFound(f"/login?sent#who={quote(who)}")

    async def me(self, request: web.Request) -> web.Response:
        """GET /api/me: who is at the page."""
        person: Person = request[PERSON]
        return web.json_response({"name": person.name, "role": person.role, "rooms": list(person.rooms)})

    async def logout(self, request: web.Request) -> web.Response:
        """POST /api/logout"""
        await self.logins.end(key=request.cookies.get(COOKIE, ""))
        response = web.json_response({"out": True})
        response.del_cookie(COOKIE, path="/")
        return response

    async def all(self, request: web.Request) -> web.Response:
        """GET /api/logins: who is logged in, without keys."""
        return web.json_response({"logins": [dict(row) for row in await self.logins.store.all("logins")]})

    async def end(self, request: web.Request) -> web.Response:
        """DELETE /api/logins/ID"""
        id_ = request.match_info["id"]
        if not id_.isdecimal() or len(id_) > 15:
            raise ApiError(404, "login", "There is no such login.")
        await self.logins.end(id_=int(id_))
        return web.json_response({"ended": int(id_)})
