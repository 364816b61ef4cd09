"""The line to an MQTT broker, through aiomqtt (MQTT 3.1.1): subscribe, publish, and a heartbeat.

Source: MQTT 3.1.1 (OASIS). The heartbeat is an UNSUBSCRIBE of what was never subscribed: a broker must answer it,
after everything it had to send before. The line does not come back by itself: whoever holds it opens another.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from dobby.errors import DeviceError, Refused, Unreachable
from dobby.tasks import ended
from dobby.wire.mqtt.parts import Message

logging.getLogger("mqtt").setLevel(logging.CRITICAL)  # what it meets is raised here, and told in our words
KEEPALIVE = 30  # seconds; the broker forgets us after half as much again
AT_ONCE = 200  # topics in one subscription
MESSAGE_LIMIT = 256 * 1024  # bytes; nothing that is read here is longer
NOT_LET_IN = (4, 5, 134, 135)  # CONNACK: bad user name or password, not authorized; in 3.1.1 and 5

Heard = Callable[[str, str, bool], None]
T = TypeVar("T")


class Line:
    """An open connection."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._beat = f"dobby/{uuid.uuid4().hex}"

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Listen to these topics; those that the broker forbids are never heard."""
        wanted = sorted(topics)
        for at in range(0, len(wanted), AT_ONCE):
            await _told(self._client.subscribe([(topic, 0) for topic in wanted[at:at + AT_ONCE]]))

    async def beat(self) -> None:
        """Return when the broker answers; Unreachable when it does not."""
        await _told(self._client.unsubscribe(self._beat))

    async def publish(self, message: Message) -> None:
        """Hand a message to the broker; with qos above 0 it has said that it has it."""
        await _told(self._client.publish(message.topic, message.payload.encode(), message.qos, message.retain))


async def _told(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except (aiomqtt.MqttError, OSError, ValueError, RuntimeError) as error:
        raise _meaning(error) from None


def _meaning(error: Exception) -> DeviceError:
    """An error of aiomqtt or paho in our words."""
    if isinstance(error, MqttConnectError) and getattr(error.rc, "value", error.rc) in NOT_LET_IN:
        return Refused("The broker does not take my login any more; pair it again.")
    return Unreachable("The broker does not answer.")


@asynccontextmanager
async def open_line(host: str, port: int, user: str, password: str, timeout: float, heard: Heard,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[Line]:
    """A line for as long as the block runs. heard(topic, text, whether it was retained) is called for every message,
    lost(why) once when the connection breaks. Raises Refused for a wrong login, Unreachable for no answer."""
    client = aiomqtt.Client(host, port, username=user or None, password=password or None, timeout=timeout,
                            keepalive=KEEPALIVE, identifier=f"dobby-{uuid.uuid4().hex[:12]}",
                            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])  # else 40 ms an order
    client._client.connect_timeout = timeout  # it blocks a thread for as long, and aiomqtt has no word for it
    await _enter(client)
    pump = asyncio.create_task(_pump(client, heard, lost))
    try:
        yield Line(client)
    finally:
        await ended(pump)
        await _leave(client)


async def _enter(client: aiomqtt.Client) -> None:
    """Connect. A thread cannot be cancelled: whoever gives up waits for it, and then hangs up."""
    entering = asyncio.create_task(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        with suppress(aiomqtt.MqttError, OSError):
            await entering
        await _leave(client)
        raise
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        _cut(client)
        raise _meaning(error) from None


async def _leave(client: aiomqtt.Client) -> None:
    with suppress(aiomqtt.MqttError, OSError):
        await client.__aexit__(None, None, None)
    _cut(client)


def _cut(client: aiomqtt.Client) -> None:
    """Close the socket, which aiomqtt leaves open when a broker does not answer."""
    with suppress(OSError, ValueError):
        client._client._sock_close()
    if client._disconnected.done():
        client._disconnected.exception()  # it was told already; unread, asyncio would complain


async def _pump(client: aiomqtt.Client, heard: Heard, lost: Callable[[DeviceError], None]) -> None:
    try:
        async for message in client.messages:
            payload = message.payload
            raw = payload if isinstance(payload, bytes | bytearray) else str(payload or "").encode()
            if len(raw) <= MESSAGE_LIMIT:
                heard(str(message.topic), raw.decode("utf-8", "replace"), bool(message.retain))
        lost(Unreachable("The broker hung up."))
    except (aiomqtt.MqttError, OSError):
        lost(Unreachable("The broker hung up."))
