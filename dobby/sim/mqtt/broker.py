"""The broker: amqtt behind a door, with a login, and with what its own faults do to every visitor's bytes."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker, BrokerContext
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin
from amqtt.session import ApplicationMessage, Session

from ..things import Thing, rubbish, wait_while_slow

logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # visitors that hang up are no news
logging.getLogger("transitions").setLevel(logging.CRITICAL)
LISTENER = "default"
Heard = Callable[[str, str], None]


class Login(BaseAuthPlugin):  # type: ignore[misc]
    """One user name, one password, and nobody without them."""

    async def authenticate(self, *, session: Session) -> bool:
        """Whether this visitor may come in."""
        return bool((session.username, session.password) == (self.config.user, self.config.password))

    @dataclass
    class Config:
        """What is asked for."""

        user: str = ""
        password: str = ""


class Ears(BasePlugin[BrokerContext]):  # type: ignore[misc]
    """Hears what visitors publish."""

    heard: Heard = staticmethod(lambda topic, text: None)

    async def on_broker_message_received(self, *, client_id: str, message: ApplicationMessage) -> None:
        """A message came in."""
        self.heard(message.topic, bytes(message.data or b"").decode("utf-8", "replace"))


class Visitor(asyncio.StreamReaderProtocol):
    """One connection, slow or garbled when the broker is."""

    def __init__(self, server: "MqttServer") -> None:
        super().__init__(asyncio.StreamReader(), server.visit)
        self._server, self._waiting = server, list[bytes]()
        self._late: asyncio.Future[None] | None = None
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came in."""
        self.transport = transport
        self._server.visitors.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody left, or was cut off."""
        self._server.visitors.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of the visitor; they wait, in order, while the broker is slow."""
        thing = self._server.thing
        if thing is not None and thing.has("garbage"):
            if isinstance(self.transport, asyncio.WriteTransport):
                self.transport.write(rubbish() or b"?")
        elif self._waiting or (thing is not None and thing.has("slow")):
            self._waiting.append(data)
            if len(self._waiting) == 1:
                self._late = asyncio.ensure_future(self._deliver())
        else:
            super().data_received(data)

    async def _deliver(self) -> None:
        while self._waiting:
            if self._server.thing is not None:
                await wait_while_slow(self._server.thing)
            if self.transport is not None and not self.transport.is_closing():
                super().data_received(self._waiting[0])
            del self._waiting[0]


class MqttServer:
    """amqtt behind a door; `publish` speaks for everything in this home that would be a client of its own."""

    def __init__(self, user: str, password: str) -> None:
        self.visitors: set[Visitor] = set()
        self.thing: Thing | None = None
        here = f"{__name__}."
        self._broker = Broker({
            "listeners": {LISTENER: {"type": "external"}},
            "plugins": {here + "Login": {"user": user, "password": password}, here + "Ears": {}},
        })
        self._saying: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue()
        self._mouth: asyncio.Future[None] | None = None

    def listen(self, heard: Heard) -> None:
        """Hear everything that is published by visitors."""
        self._broker.plugins_manager.get_plugin("Ears").heard = heard

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Start the broker; it opens no port itself."""
        await self._broker.start()
        self._mouth = asyncio.ensure_future(self._say())
        return lambda: Visitor(self)

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One visitor, until he leaves."""
        try:
            await self._broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), LISTENER)
        except (OSError, EOFError):
            writer.close()

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = True) -> None:
        """Say something to all who listen, and keep it for those who come."""
        self._saying.put_nowait((topic, payload.encode() if isinstance(payload, str) else payload, retain))

    async def _say(self) -> None:
        while True:
            topic, data, retain = await self._saying.get()
            if retain:
                await self._broker.retain_message(None, topic, data, 0)
            await self._broker.internal_message_broadcast(topic, data, 0)
            self._saying.task_done()

    async def settled(self) -> None:
        """Return when everything that was published is kept."""
        await self._saying.join()

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """Every open connection."""
        return [visitor.transport for visitor in self.visitors]

    async def clean(self) -> None:
        """Stop the broker."""
        if self._mouth is not None:
            self._mouth.cancel()
            await asyncio.gather(self._mouth, return_exceptions=True)
        await self._broker.shutdown()
