"""The line to a Shelly of the second generation and later: JSON-RPC over its WebSocket, with its digest login.

Sources: https://shelly-api-docs.shelly.cloud/gen2/General/RPCProtocol (frames), .../General/Authentication (SHA-256
digest inside the frame, user "admin"), .../General/Notifications (a socket hears them after its first request).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.tasks import ended

FRAME_LIMIT = 512 * 1024  # bytes; the status of a device with every component is about 20 kB
PING = 3.0  # seconds between pings; a socket that does not pong is lost
UNAUTHORIZED = 401
WRONG_PASSWORD = "It does not take the password any more; pair it again."  # noqa: S105  # a sentence

Heard = Callable[[str, Mapping[str, Any]], None]


def login(challenge: Mapping[str, Any], password: str, count: int, cnonce: str) -> dict[str, object]:
    """The `auth` of a frame, as answer to a challenge; `count` grows with each use of its nonce."""
    realm, nonce = challenge["realm"], challenge["nonce"]
    secret = _hash(f"admin:{realm}:{password}")
    proof = _hash(f"{secret}:{nonce}:{count}:{cnonce}:auth:{_hash('dummy_method:dummy_uri')}")
    return {"realm": realm, "username": "admin", "nonce": nonce, "nc": count, "cnonce": cnonce, "response": proof,
            "algorithm": "SHA-256"}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class ShellyLine:
    """Calls to one device, and what it says by itself."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, password: str, timeout: float, heard: Heard) -> None:
        self._socket, self._password, self._timeout, self._heard = socket, password, timeout, heard
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._ids = itertools.count(1)
        self._challenge: Mapping[str, Any] = {}
        self._count = 0
        self._one = asyncio.Lock()  # calls with a login go one by one: each counts its nonce's uses

    async def call(self, method: str, **params: object) -> Any:
        """The result of a procedure; DeviceError when there is none."""
        try:
            async with asyncio.timeout(self._timeout):
                if not self._password:
                    return self._result(await self._exchange(method, params))
                async with self._one:
                    answer = await self._exchange(method, params)
                    if _denied(answer):
                        self._challenge, self._count = _challenge(answer), 0
                        answer = await self._exchange(method, params)
                    return self._result(answer)
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None

    async def _exchange(self, method: str, params: Mapping[str, object]) -> Mapping[str, Any]:
        id_ = next(self._ids)
        frame: dict[str, object] = {"id": id_, "src": "dobby", "method": method, "params": params}
        if self._challenge:
            self._count += 1
            frame["auth"] = login(self._challenge, self._password, self._count, secrets.token_urlsafe(12))
        waiting = self._waiting[id_] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_str(json.dumps(frame))
            answer: Mapping[str, Any] = await waiting
            return answer
        except (aiohttp.ClientError, OSError, RuntimeError):
            raise Unreachable("It hung up.") from None
        finally:
            del self._waiting[id_]

    def _result(self, answer: Mapping[str, Any]) -> Any:
        if _denied(answer):
            raise Refused(WRONG_PASSWORD)
        if "error" in answer:
            raise Refused("It refused.")
        if "result" not in answer:
            raise Garbage("Its answer made no sense.")
        return answer["result"]

    async def listen(self) -> DeviceError:
        """Take in frames until the socket ends; why it did."""
        why: DeviceError = Unreachable("It hung up.")
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
        except DeviceError as error:
            why = error
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(why)
        return why

    def _take(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            raise Garbage("Its answer made no sense.") from None
        match frame:
            case {"method": str(method), "params": dict(params)}:
                self._heard(method, params)
            case {"id": int(id_)} if id_ in self._waiting:
                if not self._waiting[id_].done():
                    self._waiting[id_].set_result(frame)


def _denied(answer: Mapping[str, Any]) -> bool:
    error = answer.get("error")
    return isinstance(error, Mapping) and error.get("code") == UNAUTHORIZED


def _challenge(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a 401 asks: JSON in its message."""
    try:
        asked = json.loads(answer["error"]["message"])
        if asked["algorithm"] == "SHA-256" and "realm" in asked and "nonce" in asked:
            return dict(asked)
    except (KeyError, TypeError, ValueError):
        pass
    raise Garbage("Its answer made no sense.")


@asynccontextmanager
async def open_line(web: aiohttp.ClientSession, base: str, password: str, timeout: float, heard: Heard,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[ShellyLine]:
    """A line while open; `lost` is told when the device ends it."""
    try:
        async with asyncio.timeout(timeout):
            socket = await web.ws_connect(f"{base}/rpc", heartbeat=PING, max_msg_size=FRAME_LIMIT)
    except aiohttp.WSServerHandshakeError:
        raise Refused("It refused.") from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None
    line = ShellyLine(socket, password, timeout, heard)

    async def hear() -> None:
        lost(await line.listen())

    hearing = asyncio.create_task(hear())
    try:
        yield line
    finally:
        await ended(hearing)
        await socket.close()
