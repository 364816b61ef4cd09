"""The line to Home Assistant: its websocket API with a long-lived access token.

Source: developers.home-assistant.io/docs/api/websocket, Home Assistant 2024.3.3 itself. Every message has an id that
grows; answers carry the id of what was asked, events that of their subscription. What it sends stays in order: once a
pong is here, every state from before it is here too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.tasks import ended

MESSAGE_LIMIT = 64 << 20  # bytes; the states of 10,000 entities are about 10 MB
BIG = 256 * 1024  # characters; what is longer is parsed beside the loop
GOODBYE = 1.0  # seconds that the other end has to close too
SILENT, LOST, RUBBISH = "Home Assistant does not answer.", "The line was closed.", "Its answer made no sense."
STRANGER = "Home Assistant does not know me any more; pair it again."
Json = dict[str, Any]
Hears = Callable[[Json], None]


class HassLine:
    """An open websocket that has let us in. lost: told once when it breaks."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, timeout: float,
                 lost: Callable[[DeviceError], None]) -> None:
        self._socket, self._timeout, self._lost = socket, timeout, lost
        self._id = 0
        self._asked: dict[int, asyncio.Future[Json]] = {}
        self._hears: dict[int, Hears] = {}
        self._gone: DeviceError | None = None

    async def ask(self, type_: str, timeout: float | None = None, **fields: Any) -> Any:
        """The `result` of one request; Refused when it says no, TimeoutError when it says nothing in time."""
        return await self._ask(self._id + 1, type_, fields, self._timeout if timeout is None else timeout)

    async def subscribe(self, type_: str, hears: Hears, **fields: Any) -> None:
        """Have every event of a subscription told to `hears`, in order, before the next message is read."""
        id_ = self._id + 1
        self._hears[id_] = hears
        await self._ask(id_, type_, fields, self._timeout)

    async def _ask(self, id_: int, type_: str, fields: Json, timeout: float) -> Any:
        if self._gone is not None:
            raise self._gone
        self._id = id_
        self._asked[id_] = future = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._socket.send_json({"id": id_, "type": type_} | fields)
                answer = await future
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise Unreachable(LOST) from None
        finally:
            self._asked.pop(id_, None)
        if answer.get("success") is False:
            raise Refused("Home Assistant refused.")
        return answer.get("result")

    async def read(self) -> None:
        """Take in messages until the line breaks."""
        error: DeviceError = Unreachable(LOST)
        try:
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise ValueError(message.type)
                await self._take(message.data)
        except (aiohttp.ClientError, OSError, RuntimeError):
            pass
        except (ValueError, TypeError, AttributeError, LookupError):
            error = Garbage(RUBBISH)
        self._gone = error
        for future in self._asked.values():
            if not future.done():
                future.set_exception(error)
        self._lost(error)

    async def _take(self, text: str) -> None:
        said = json.loads(text) if len(text) < BIG else await asyncio.to_thread(json.loads, text)
        for one in said if isinstance(said, list) else [said]:
            future = self._asked.get(one.get("id"))
            if one["type"] == "event":
                if one["id"] in self._hears:
                    self._hears[one["id"]](one["event"])
            elif future is not None and not future.done():
                future.set_result(one)


@asynccontextmanager
async def open_line(host: str, port: int, token: str, timeout: float,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[HassLine]:
    """Connect and show the token; Refused when it is not known, other DeviceErrors when nothing or another answers."""
    async with AsyncExitStack() as open_:
        web = await open_.enter_async_context(aiohttp.ClientSession())
        try:
            async with asyncio.timeout(timeout):
                socket = await open_.enter_async_context(web.ws_connect(
                    f"http://{host}:{port}/api/websocket", max_msg_size=MESSAGE_LIMIT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE)))
                await _enter(socket, token)
        except (aiohttp.WSServerHandshakeError, ValueError, TypeError, LookupError):
            raise Garbage("What answers there is not Home Assistant.") from None
        except (aiohttp.ClientError, OSError, RuntimeError):
            raise Unreachable(SILENT) from None
        line = HassLine(socket, timeout, lost)
        reading = asyncio.create_task(line.read())
        try:
            yield line
        finally:
            await ended(reading)


async def _enter(socket: aiohttp.ClientWebSocketResponse, token: str) -> None:
    """The greeting: auth_required, our token, auth_ok or auth_invalid."""
    if (await socket.receive_json())["type"] != "auth_required":
        raise ValueError
    await socket.send_json({"type": "auth", "access_token": token})
    match await socket.receive_json():
        case {"type": "auth_ok"}:
            return
        case {"type": "auth_invalid"}:
            raise Refused(STRANGER)
    raise ValueError
