"""The two listeners: the dashboard (page, API, events) and, on a port of its own, webhooks and lent pictures.

Exposing the second one to the internet never exposes the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import quote

from aiohttp import web

from dobby.errors import DobbyError
from dobby.pictures import Pictures
from dobby.web.api import Api
from dobby.web.doors import DoorApi
from dobby.web.guard import BODY_LIMIT, Handler, guard
from dobby.web.logins import Logins

PAGE = files("dobby.web").joinpath("page")
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml",
         "webmanifest": "application/manifest+json"}
NAMES = {"index.html": "/", "login.html": "/login"}


def dashboard(api: Api, logins: Logins, hosts: frozenset[str]) -> web.Application:
    """The dashboard's application."""
    app = web.Application(middlewares=[guard(logins, hosts)], client_max_size=BODY_LIMIT)
    app.add_routes([*api.routes(), *DoorApi(logins).routes()])
    app.add_routes([web.get(NAMES.get(one.name, f"/{one.name}"), _file(one)) for one in PAGE.iterdir()
                    if one.name.rpartition(".")[2] in TYPES])
    return app


def _file(content: Traversable) -> Handler:
    kind = TYPES[content.name.rpartition(".")[2]]

    async def serve(request: web.Request) -> web.StreamResponse:
        text = await asyncio.to_thread(content.read_text, "utf-8")
        return web.Response(text=text, content_type=kind, charset="utf-8")

    return serve


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
