"""One TCP port of a device, which can go dead and come back with everything that hangs on it."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from zeroconf import ServiceInfo

from .announce import Announcer
from .net import Address
from .things import Fault, Thing, rubbish, wait_while_slow

Refuse = Callable[[web.Request], web.Response | None]
BACKLOG = 128


class Server(Protocol):
    """What stands behind a door: makes a protocol for every visitor and knows who is inside."""

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Get ready, once."""

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """The transports of the open connections."""

    async def clean(self) -> None:
        """Free what `make` took."""


class Door:
    """One TCP address.

    Cut, the port still exists but nobody answers: open connections are reset, new ones hang, as with a device that
    lost power. Opened again, whatever knocked meanwhile is turned away, so that no old order is carried out late.
    """

    def __init__(self, server: Server, address: Address, tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.last_seen = time.monotonic()
        self._behind = server
        self._tls = tls
        self._factory: Callable[[], asyncio.BaseProtocol] | None = None
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; the first time this binds the port, later it ends a cut."""
        if self._socket is None:
            self._factory = await self._behind.make()
            self._socket = listen(self.address)
        if self._server is None:
            _turn_away(self._socket)
            # the server closes the socket it is given; our own copy keeps the port while the door is cut
            self._server = await asyncio.get_running_loop().create_server(
                self._visit, sock=self._socket.dup(), ssl=self._tls, backlog=BACKLOG
            )

    def cut(self) -> None:
        """Stop answering at once and drop who is connected."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._behind.inside()):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(list(self._behind.inside()))

    async def close(self) -> None:
        """Cut and give the port back."""
        if self._socket is not None:
            self.cut()
            self._socket.close()
            self._socket = None
            await self._behind.clean()

    def _visit(self) -> asyncio.BaseProtocol:
        if self._factory is None:
            raise RuntimeError("the door was never opened")
        self.last_seen = time.monotonic()
        return self._factory()


class WebServer:
    """An aiohttp application behind a door."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Start the application."""
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("aiohttp made no server")
        return self._runner.server

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """Every open connection."""
        return [handler.transport for handler in self._runner.server.connections] if self._runner.server else []

    async def clean(self) -> None:
        """Stop the application."""
        await self._runner.cleanup()


def web_door(app: web.Application, address: Address, tls: ssl.SSLContext | None = None) -> Door:
    """A door with a web application behind it."""
    return Door(WebServer(app), address, tls)


async def live_or_die(fault: Fault | None, door: Door, announcer: Announcer, info: ServiceInfo) -> None:
    """Cut a device off for the fault `dead`, bring it back for any other and for none."""
    if fault is not None and fault.name == "dead":
        door.cut()
        announcer.silence(info)
    else:
        await door.open()
        if not announcer.speaks(info):
            await announcer.add(info)


def listen(address: Address) -> socket.socket:
    """A listening socket that a restarted home can take at once."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address.host, address.port))
    except OSError:
        bound.close()
        raise
    bound.listen(BACKLOG)
    bound.setblocking(False)
    return bound


def _turn_away(listening: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()


def faulty(thing: Thing, refuse: Refuse) -> Middleware:
    """A middleware that makes a whole server slow, garbled or contrary, as its fault says.

    `refuse` gives the protocol's own refusal for a request that is a command, None for one that only reads.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        # an order that has arrived is carried out, even if its sender has hung up by then
        await request.read()
        slow = thing.has("slow")
        thing.hold(slow)
        try:
            await wait_while_slow(thing)
            if thing.has("garbage"):
                return web.Response(body=rubbish(), content_type="application/octet-stream")
            refusal = refuse(request) if thing.has("refuses") else None
            return refusal if refusal is not None else await handler(request)
        finally:
            thing.let_go(slow)

    return middleware
