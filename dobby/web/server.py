"""The two listeners: the dashboard (page, API, events) and, on a port of its own, webhooks and lent pictures.

Exposing the second one to the internet never exposes the first.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import quote

from aiohttp import web
from aiohttp.http import HttpProcessingError

from dobby.errors import DobbyError
from dobby.pictures import Pictures
from dobby.web.api import Api
from dobby.web.doors import DoorApi
from dobby.web.guard import BODY_LIMIT, Handler, guard, keep_to_itself
from dobby.web.logins import Logins

CONNECTIONS, CONNECTIONS_EACH = 384, 128  # at a time, on one port; of one address
SILENT, WIRE = logging.getLogger("dobby.web.access"), logging.getLogger("dobby.web.wire")
SILENT.disabled = True
IDLE_SECONDS = 20.0  # for a request to come whole up to its body, on a new connection or after the last answer
LINGER_SECONDS = 2.0  # what is left of a body that nobody wants is read this long, so that the answer is heard
STUCK_SECONDS = 60.0  # a page in a pocket without network, or a stranger who asks for much and reads nothing
PAGE = files("dobby.web").joinpath("page")
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml",
         "webmanifest": "application/manifest+json"}
NAMES = {"index.html": "/", "login.html": "/login"}


def dashboard(api: Api, logins: Logins, hosts: frozenset[str]) -> web.Application:
    """The dashboard's application."""
    app = web.Application(middlewares=[guard(logins, hosts)], client_max_size=BODY_LIMIT)
    app.on_response_prepare.append(keep_to_itself)
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


def _no_noise(record: logging.LogRecord) -> bool:
    """Not a line in the log for whatever a stranger sends that is no HTTP: it would push out what counts."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


WIRE.addFilter(_no_noise)


class _Visitor(web.RequestHandler):
    """One connection. An address that holds more of them than any house needs is hung up on."""

    __slots__ = ("stuck",)
    stuck: float

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if line is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; who takes nothing in is given up there
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self.stuck * 1000))
        others = self._manager.connections if self._manager else []
        if len(others) > CONNECTIONS or sum(one.peer == self.peer for one in others
                                            if isinstance(one, _Visitor)) > CONNECTIONS_EACH:
            self.force_close()

    @property
    def peer(self) -> str:
        """The address it comes from."""
        return str(self.peername[0]) if isinstance(self.peername, tuple) else ""


def as_host(address: str) -> str:
    """An address as it stands in a Host header: that of IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int, *, idle: float = IDLE_SECONDS,
                    stuck: float = STUCK_SECONDS) -> AsyncIterator[str]:
    """Serve an application; its base address. DobbyError when the port is taken. idle: seconds for a request to come,
    stuck: for any part of an answer to be taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    loop, server = asyncio.get_running_loop(), runner.server
    if server is None:
        raise DobbyError("Nothing can listen: there is no server.")

    def visitor() -> _Visitor:  # whoever sends a header a minute, or nothing at all, does not hold a connection
        one = _Visitor(server, loop=loop, access_log=SILENT, logger=WIRE, keepalive_timeout=idle,
                       lingering_time=LINGER_SECONDS)
        one.stuck = stuck
        return one

    door: asyncio.Server | None = None
    try:
        try:
            door = await loop.create_server(visitor, host, port)
        except OSError as error:
            raise DobbyError(f"Nothing can listen on {host}:{port} ({error.strerror or error}).",
                             "Another program may hold it; choose another port in config.toml.") from None
        bound = door.sockets[0].getsockname()
        yield f"http://{as_host(quote(bound[0], safe=':'))}:{bound[1]}"
    finally:
        if door is not None:
            door.close()
        await runner.cleanup()
