"""The two listeners: the dashboard (page, API, events) and, on a port of its own, webhooks and lent pictures.

Exposing the second one to the internet never exposes the first.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from aiohttp import web

from dobby.errors import DobbyError
from dobby.pictures import Pictures
from dobby.web.api import Api
from dobby.web.guard import BODY_LIMIT, COOKIE, guard

SCRIPTS = ("api.js", "app.js", "controls.js", "login.js", "mind.js", "network.js")
PAGE_FILES = {"/": "index.html", "/login": "login.html"} | {
    f"/{name}": name for name in (*SCRIPTS, "app.css", "icon.svg", "manifest.webmanifest")}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml",
         "webmanifest": "application/manifest+json"}


def dashboard(api: Api, token: str, hosts: frozenset[str]) -> web.Application:
    """The dashboard's application."""
    app = web.Application(middlewares=[guard(token, hosts)], client_max_size=BODY_LIMIT)
    app.add_routes(api.routes())
    app.add_routes([web.get(path, _file(name)) for path, name in PAGE_FILES.items()])
    app.add_routes([web.post("/login", _login(token))])
    return app


def _file(name: str) -> Any:
    content = files("dobby.web").joinpath("page", name)
    kind = TYPES[name.rpartition(".")[2]]

    async def serve(request: web.Request) -> web.Response:
        return web.Response(text=content.read_text("utf-8"), content_type=kind, charset="utf-8")

    return serve


def _login(token: str) -> Any:
    async def login(request: web.Request) -> web.Response:
        given = str((await request.post()).get("token", ""))
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise web.HTTPFound("/login?wrong")
        response = web.HTTPFound("/")
        response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", path="/", max_age=90 * 86400)
        raise response

    return login


def outside(routes: Sequence[web.RouteDef], pictures: Pictures) -> web.Application:
    """The application of the webhook listener: the doors' addresses and lent pictures, nothing else."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app.add_routes(routes)

    async def lent(request: web.Request) -> web.StreamResponse:
        found = pictures.lent(request.match_info["name"], request.query.get("until", ""), request.query.get("sig", ""))
        if found is None:
            raise web.HTTPNotFound
        return web.FileResponse(found, headers={"X-Content-Type-Options": "nosniff"})

    app.add_routes([web.get("/pictures/{name}", lent)])
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application; its base address. DobbyError when the port is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        try:
            await site.start()
        except OSError as error:
            raise DobbyError(f"Nothing can listen on {host}:{port} ({error.strerror or error}).",
                             "Another program may hold it; choose another port in config.toml.") from None
        bound = runner.addresses[0]
        yield f"http://{quote(bound[0])}:{bound[1]}"
    finally:
        await runner.cleanup()
