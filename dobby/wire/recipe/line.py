"""The lines that carry a recipe out, one class a way of talking: each asks a request for its answer, and hands on what
is pushed. Everything a recipe may not do is refused here too, not only where it is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol
from xml.sax.saxutils import escape

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.home.traits import Value
from dobby.tasks import ended
from dobby.wire.one_host import web_to
from dobby.wire.recipe.data import Recipe, Request
from dobby.wire.recipe.guard import ANSWER_LIMIT, METHODS, SECONDS, Rate, bad_path, check_said
from dobby.wire.recipe.values import fill, fill_hex, fill_line, fill_path, fill_xml, local, plain
from dobby.wire.web import read_xml

Pushed = Callable[[bytes], None]


class Line(Protocol):
    """An open way to a learned device."""

    async def ask(self, request: Request, value: Value = None) -> bytes:
        """Say one request of the recipe and take its answer, b"" where it is silent; DeviceError when none comes."""
        ...


@asynccontextmanager
async def opened(recipe: Recipe, host: str, secret: Mapping[str, str], pushed: Pushed,
                 lost: Callable[[DeviceError], None], port: int = 0) -> AsyncIterator[Line]:
    """The line of a recipe to one host while open. pushed: every message that came unasked; lost: the line broke."""
    port = port or recipe.port
    match recipe.by:
        case "http" | "upnp" | "websocket":
            async with web_to(host, port) as web:
                if recipe.by == "http":
                    yield _Http(recipe, web, host, port, secret)
                elif recipe.by == "upnp":
                    yield await _Upnp.opened(recipe, web, host, port)
                else:
                    async with _socket(recipe, web, host, port, secret, pushed, lost) as line:
                        yield line
        case "tcp":
            async with _tcp(recipe, host, port, pushed, lost) as line:
                yield line
        case "udp":
            async with _udp(host, port) as line:
                yield line
        case _:
            async with _mqtt(recipe, host, port, secret, pushed, lost) as line:
                yield line


def _login(recipe: Recipe, secret: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """(headers, query) that open the device: the secret is put in here and nowhere else."""
    how, _, name = recipe.login.partition(":")
    key = secret.get("password", "")
    match how:
        case "basic":
            user, _, word = key.partition(":")
            return {"Authorization": aiohttp.encode_basic_auth(user, word)}, ""
        case "bearer":
            return {"Authorization": f"Bearer {key}"}, ""
        case "header":
            return {name: key}, ""
        case "query":
            return {}, fill_path(f"{name}={{value}}", key)
    return {}, ""


def _line(request: Request, value: Value) -> str:
    """What one request says in a line or message, filled in; Refused when a word in it is never said to a device."""
    filled = fill(request.content, value) if request.body == "json" else fill_line(
        request.send or str(request.content or ""), value)
    check_said(filled)
    return json.dumps(filled) if request.body == "json" else str(filled)


async def fetch(web: aiohttp.ClientSession, method: str, url: str, **options: Any) -> bytes:
    """One answer within the limits of a recipe. No redirect is followed: to a question it is a refusal, to an order it
    is how forms say thank you."""
    try:
        async with asyncio.timeout(SECONDS), web.request(method, url, allow_redirects=False, **options) as answer:
            body = bytearray()
            async for part in answer.content.iter_any():
                body += part
                if len(body) > ANSWER_LIMIT:
                    raise Garbage("Its answer has no end.")
            if answer.status in (401, 403):
                raise Refused("It wants its password; pair it again.")
            if 300 <= answer.status < 400 and method != "GET":
                return b""
            if 300 <= answer.status < 400:
                raise Refused("It points elsewhere, where I do not follow.")
            if not 200 <= answer.status < 300:
                raise Refused(f"It refused ({answer.status}).")
            return bytes(body)
    except (aiohttp.ClientPayloadError, aiohttp.InvalidURL, aiohttp.ClientResponseError):
        raise Garbage("Its answer made no sense.") from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None


class _Http:
    def __init__(self, recipe: Recipe, web: aiohttp.ClientSession, host: str, port: int,
                 secret: Mapping[str, str]) -> None:
        self._web, self._rate = web, Rate()
        self._base = f"{'https' if recipe.tls else 'http'}://{host}:{port}"
        self._headers, self._query = _login(recipe, secret)
        self._options: dict[str, Any] = {"ssl": False} if recipe.tls else {}

    async def ask(self, request: Request, value: Value = None) -> bytes:
        path = fill_path(request.path, value)
        if request.method not in METHODS or bad_path(path):
            raise Refused("Its recipe may not do that.")
        if self._query:
            path += ("&" if "?" in path else "?") + self._query
        headers, options = {**request.headers, **self._headers}, dict(self._options)
        match request.body:
            case "json":
                options["json"] = said = fill(request.content, value)
            case "form":
                options["data"] = said = {key: plain(one) for key, one in dict(fill(request.content, value)).items()}
            case "xml":
                said = fill_xml(str(request.content), value)
                options["data"] = said.encode()
                headers.setdefault("Content-Type", "text/xml; charset=utf-8")
            case "text":
                said = fill_line(str(request.content), value)
                options["data"] = said.encode()
            case _:
                said = ""
        check_said(said)
        await self._rate.wait()
        from yarl import URL

        return await fetch(self._web, request.method, URL(self._base + path, encoded=True), headers=headers, **options)  # type: ignore[arg-type]  # aiohttp takes a URL


class _Upnp:
    """Actions by name; where each service is controlled is read from the description at every connect."""

    def __init__(self, web: aiohttp.ClientSession, base: str, services: Mapping[str, tuple[str, str]]) -> None:
        self._web, self._base, self._services, self._rate = web, base, services, Rate()

    @classmethod
    async def opened(cls, recipe: Recipe, web: aiohttp.ClientSession, host: str, port: int) -> _Upnp:
        base = f"http://{host}:{port}"
        root = read_xml(await fetch(web, "GET", base + recipe.path))
        services: dict[str, tuple[str, str]] = {}
        for service in root.iter():
            if local(service.tag) == "service":
                row = {local(child.tag): (child.text or "").strip() for child in service}
                path = row.get("controlURL", "").removeprefix(base)
                path = path if path.startswith("/") else f"/{path}"
                if not bad_path(path) and re.fullmatch(r"[\w:.\-]{1,120}", row.get("serviceType", "")):
                    services.setdefault(":".join(row["serviceType"].split(":")[3:]), (row["serviceType"], path))
        return cls(web, base, services)

    async def ask(self, request: Request, value: Value = None) -> bytes:
        service = self._services.get(request.service)
        if service is None:
            raise Garbage(f"It has no {request.service} any more.")
        kind, path = service
        check_said({name: plain(fill(one, value)) for name, one in request.arguments.items()})
        arguments = "".join(f"<{name}>{escape(plain(fill(one, value)))}</{name}>"
                            for name, one in request.arguments.items())
        body = (f'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
                f's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:{request.action} '
                f'xmlns:u="{escape(kind)}">{arguments}</u:{request.action}></s:Body></s:Envelope>')
        await self._rate.wait()
        answer = read_xml(await fetch(self._web, "POST", self._base + path, data=body.encode(), headers={
            "Content-Type": 'text/xml; charset="utf-8"', "SOAPACTION": f'"{kind}#{request.action}"',
            "Connection": "close"}))
        rows = {local(one.tag): (one.text or "").strip() for one in answer.iter() if not len(one)}
        return json.dumps(rows).encode()


class _Lines:
    """TCP: one question at a time; the next line that comes is its answer, lines nobody asked for are pushed."""

    def __init__(self, recipe: Recipe, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                 pushed: Pushed) -> None:
        self._recipe, self._reader, self._writer, self._pushed = recipe, reader, writer, pushed
        self._lock, self._rate = asyncio.Lock(), Rate()
        self._answer: asyncio.Future[bytes] | None = None

    async def ask(self, request: Request, value: Value = None) -> bytes:
        async with self._lock:
            await self._rate.wait()
            self._answer = asyncio.get_running_loop().create_future()
            data = fill_hex(request.hex, value) if request.hex else (
                _line(request, value) + self._recipe.ending).encode()
            try:
                self._writer.write(data)
                await self._writer.drain()
                if request.silent:
                    return b""
                async with asyncio.timeout(SECONDS):
                    return await self._answer
            except TimeoutError:
                raise Unreachable("It does not answer.") from None
            except OSError:
                raise Unreachable("The line was lost.") from None
            finally:
                self._answer = None

    async def listen(self) -> None:
        """Until the line ends."""
        whole = any(request.hex for request in self._recipe.requests.values())
        ending = self._recipe.ending.encode()
        while True:
            data = await self._reader.read(4096) if whole else await self._reader.readuntil(ending)
            if not data:
                raise ConnectionResetError
            data = data if whole else data.removesuffix(ending)
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(data)
            self._pushed(data)


@asynccontextmanager
async def _tcp(recipe: Recipe, host: str, port: int, pushed: Pushed,
               lost: Callable[[DeviceError], None]) -> AsyncIterator[Line]:
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, port, limit=ANSWER_LIMIT)
    except (OSError, TimeoutError):
        raise Unreachable("It does not answer.") from None
    line = _Lines(recipe, reader, writer, pushed)
    task = asyncio.create_task(_until_lost(line.listen, lost))
    try:
        yield line
    finally:
        writer.close()
        await ended(task)
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _until_lost(listen: Callable[[], Any], lost: Callable[[DeviceError], None]) -> None:
    try:
        await listen()
    except (OSError, asyncio.IncompleteReadError):
        lost(Unreachable("The line was lost."))
    except (asyncio.LimitOverrunError, ValueError):
        lost(Garbage("Its answer has no end."))
    except DeviceError as error:
        lost(error)


class _Datagrams(asyncio.DatagramProtocol):
    """UDP: a datagram out, the next one in is its answer."""

    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._lock, self._rate = asyncio.Lock(), Rate()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a datagram endpoint's is one

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(data)

    async def ask(self, request: Request, value: Value = None) -> bytes:
        async with self._lock:
            await self._rate.wait()
            self._answer = asyncio.get_running_loop().create_future()
            if self.transport is None:
                raise Unreachable("The line was closed.")
            said = fill_hex(request.hex, value) if request.hex else _line(request, value).encode()
            self.transport.sendto(said)
            try:
                if request.silent:
                    return b""
                async with asyncio.timeout(SECONDS / 2):
                    return await self._answer
            except TimeoutError:
                raise Unreachable("It does not answer.") from None
            finally:
                self._answer = None


@asynccontextmanager
async def _udp(host: str, port: int) -> AsyncIterator[Line]:
    transport, line = await asyncio.get_running_loop().create_datagram_endpoint(_Datagrams, remote_addr=(host, port))
    try:
        yield line
    finally:
        transport.close()


class _Socket:
    """A WebSocket: what is said, and messages that come whenever they come."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws, self._rate = ws, Rate()

    async def ask(self, request: Request, value: Value = None) -> bytes:
        await self._rate.wait()
        text = _line(request, value)
        try:
            await self._ws.send_str(text)
        except (aiohttp.ClientError, ConnectionError):
            raise Unreachable("The line was lost.") from None
        return b""


@asynccontextmanager
async def _socket(recipe: Recipe, web: aiohttp.ClientSession, host: str, port: int, secret: Mapping[str, str],
                  pushed: Pushed, lost: Callable[[DeviceError], None]) -> AsyncIterator[Line]:
    headers, query = _login(recipe, secret)
    url = f"{'https' if recipe.tls else 'http'}://{host}:{port}{recipe.path or '/'}" + (f"?{query}" if query else "")
    try:
        async with asyncio.timeout(SECONDS):
            ws = await web.ws_connect(url, headers=headers, max_msg_size=ANSWER_LIMIT, heartbeat=4.0,
                                      timeout=aiohttp.ClientWSTimeout(ws_close=1.0))
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None

    async def listen() -> None:
        async for message in ws:
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                pushed(message.data.encode() if isinstance(message.data, str) else message.data)
        raise ConnectionResetError

    task = asyncio.create_task(_until_lost(listen, lost))
    try:
        yield _Socket(ws)
    finally:
        await ended(task)
        await ws.close()


@asynccontextmanager
async def _mqtt(recipe: Recipe, host: str, port: int, secret: Mapping[str, str], pushed: Pushed,
                lost: Callable[[DeviceError], None]) -> AsyncIterator[Line]:
    """A device behind a broker: the topics of its recipe, heard and said, and no others. A message is handed on as
    JSON {"topic", "payload"}, so that a place can tell them apart."""
    import aiomqtt

    user, _, word = secret.get("password", "").partition(":")
    topics = {ability.read.request for ability in recipe.abilities if ability.read}
    heard = {recipe.requests[name].topic for name in topics if name in recipe.requests}
    try:
        async with aiomqtt.Client(host, port, username=user or None, password=word or None, timeout=SECONDS) as client:
            for topic in heard:
                await client.subscribe(topic)
            line = _Topics(client)

            async def listen() -> None:
                async for message in client.messages:
                    payload = bytes(message.payload or b"")
                    if len(payload) <= ANSWER_LIMIT:
                        line.last[str(message.topic)] = payload
                        pushed(payload)
                raise ConnectionResetError

            task = asyncio.create_task(_until_lost(listen, lost))
            try:
                yield line
            finally:
                await ended(task)
    except aiomqtt.MqttError:
        raise Unreachable("The broker does not answer.") from None


class _Topics:
    def __init__(self, client: Any) -> None:
        self._client, self._rate, self.last = client, Rate(), dict[str, bytes]()

    async def ask(self, request: Request, value: Value = None) -> bytes:
        if request.body or request.send:
            await self._rate.wait()
            try:
                await self._client.publish(request.topic, _line(request, value))
            except Exception as error:  # the library's own errors, whatever they are: the line is of no use any more
                raise Unreachable("The broker does not answer.") from error
            return b""
        return self.last.get(request.topic, b"")
