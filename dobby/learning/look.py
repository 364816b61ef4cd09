"""Looking at a device that nobody knows: GET only, the places where devices describe themselves, then what those point
to, within small limits. What it brings back are a stranger's words.

A path with a verb in it (on, toggle, set, open ...) is never asked, nor any query: on some devices a GET switches.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from dobby.errors import DeviceError
from dobby.wire.one_host import some_of, web_to
from dobby.wire.recipe.guard import bad_path

log = logging.getLogger(__name__)
PORTS = (80, 8080, 8000, 8081, 8888, 5000, 3000, 81)  # where web pages of devices live, when nothing says which
PLACES = ("/", "/state", "/status", "/api", "/api/v1", "/api/v2", "/api/state", "/api/status", "/info", "/api/info",
          "/device", "/api/device", "/devices", "/json", "/data", "/data.json", "/state.json", "/status.json",
          "/status.xml", "/state.xml", "/description.xml", "/openapi.json", "/api/openapi.json", "/swagger.json",
          "/.well-known/device", "/sensors", "/api/v1/state", "/api/v1/status", "/api/v1/device")
# tried where none of those shows anything
NAMED = tuple(f"{base}/{word}" for base in ("", "/api") for word in (
    "light", "lamp", "fan", "thermostat", "climate", "shade", "blind", "plug", "switch", "relay", "speaker", "player",
    "values", "settings", "get"))
SOCKETS = ("/ws", "/websocket", "/socket", "/api/ws", "/events")
VERBS = frozenset((
    "on", "off", "toggle", "set", "put", "start", "stop", "open", "close", "play", "pause", "next", "run", "do", "exec",
    "press", "trigger", "fire", "arm", "disarm", "lock", "unlock", "up", "down", "dim", "raise", "lower", "move", "go",
    "enable", "disable", "activate", "delete", "remove", "clear", "save", "write", "send", "cmd", "command", "control",
    "action", "call", "logout", "login", "signout", "power"))
PAGES = 96  # pages asked of one device
PAGE_LIMIT = 128 * 1024  # bytes of one page that are read
PAGE_SECONDS, SECONDS = 2.5, 20.0  # for one page, and for all
A_SECOND = 20.0
UNANSWERED = 2  # pages that never come, until a host that showed none is given up


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. data is its JSON, None where it is none; allow: the methods that a 405 named."""

    port: int
    path: str
    status: int
    kind: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None
    allow: str = ""


@dataclass(slots=True)
class Look:
    """All that a device let see. pushed: the first messages of its sockets, by path."""

    host: str
    mac: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)  # what it announced
    pages: list[Page] = field(default_factory=list)
    sockets: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    banners: dict[int, str] = field(default_factory=dict)  # what ports that speak no HTTP said unasked

    def holds(self, text: str) -> bool:
        """Whether the device said this of itself anywhere."""
        said = (self.mac, *self.facts.values(), *(page.text for page in self.pages), *self.banners.values(),
                *(message for messages in self.sockets.values() for message in messages))
        return any(text.casefold() in one.casefold() for one in said)

    def page(self, path: str) -> Page | None:
        """The page that answered well at a path."""
        return next((one for one in self.pages if one.path == path and one.status == 200), None)


async def look(host: str, ports: Sequence[int] = (), *, mac: str = "", facts: Mapping[str, str] | None = None,
               more: Iterable[tuple[int, str]] = (), tell: Callable[[str], None] = lambda _: None) -> Look:
    """Everything that a device shows to a visitor who only looks. more: places that something announced, first."""
    seen = Look(host, mac, dict(facts or {}))
    began = time.monotonic()
    async with web_to(host) as web:
        looker = _Looker(web, seen, began)
        for port, path in more:
            await looker.visit(port, path)
        for port in (ports or PORTS):
            if looker.unanswered >= UNANSWERED and not seen.pages:
                return seen  # it takes every visitor and says nothing
            before = len(seen.pages)
            await looker.visit(port, "/")
            if len(seen.pages) == before:
                continue  # nothing there speaks HTTP
            tell(f"{host}:{port}")
            await looker.round(port)
        if not any(page.data is not None or page.kind.endswith("xml") for page in seen.pages if page.status == 200):
            for port in {page.port for page in seen.pages} or set(ports):
                await looker.listen(port)
    return seen


async def look_again(seen: Look, port: int, path: str) -> Page | None:
    """One more page of a device that was looked at; None where nothing is, or where it may not be looked."""
    known = next((page for page in seen.pages if (page.port, page.path) == (port, path)), None)
    if known is None and len(seen.pages) < PAGES * 2:
        async with web_to(seen.host) as web:
            await _Looker(web, seen, time.monotonic()).visit(port, path)
        known = next((page for page in seen.pages if (page.port, page.path) == (port, path)), None)
    return known


class _Looker:
    def __init__(self, web: aiohttp.ClientSession, seen: Look, began: float) -> None:
        self._web, self._seen, self._began = web, seen, began
        self._asked: set[tuple[int, str]] = set()
        self.unanswered = 0  # pages that were begun and never came

    async def round(self, port: int) -> None:
        """The usual places, then what the pages point to, one step far."""
        await self._together(port, PLACES)
        if not any(page.port == port and page.status == 200 and (page.data is not None or page.kind.endswith("xml"))
                   for page in self._seen.pages):
            await self._together(port, NAMED)
        for _ in range(2):
            pages = [page for page in self._seen.pages if page.port == port]
            for path in {one for page in pages for one in described(page)}:
                await self.visit(port, path, document=True)
            await self._together(port, [path for page in pages for path in pointed(page)])

    async def _together(self, port: int, paths: Iterable[str]) -> None:
        fresh = [path for path in dict.fromkeys(paths) if (port, path) not in self._asked]
        for at in range(0, len(fresh), 4):
            await asyncio.gather(*(self.visit(port, path) for path in fresh[at : at + 4]))
            await asyncio.sleep(4 / A_SECOND)

    async def visit(self, port: int, path: str, *, document: bool = False) -> None:
        """One GET, if there is still time and it is a place one may look at. document: it is known to describe only."""
        if ((port, path) in self._asked or len(self._asked) >= PAGES or bad_path(path)
                or not (document or harmless(path)) or time.monotonic() - self._began > SECONDS):
            return
        self._asked.add((port, path))
        try:
            async with asyncio.timeout(PAGE_SECONDS), self._web.get(
                    f"http://{self._seen.host}:{port}{path}", allow_redirects=False) as answer:
                text = (await some_of(answer, PAGE_LIMIT)).decode("utf-8", "replace")
                headers = {key.lower(): value[:200] for key, value in list(answer.headers.items())[:40]}
                kind = headers.get("content-type", "").partition(";")[0].strip().lower()
                self._seen.pages.append(Page(port, path, answer.status, kind or _kind(text), text, headers, _json(text),
                                             headers.get("allow", "")))
        except aiohttp.ClientConnectorError:
            return
        except TimeoutError:
            self.unanswered += 1
        except (aiohttp.ClientError, OSError, ValueError):
            if path == "/":
                await self.overhear(port)
        except Exception:  # a stranger's answer that breaks the library is no page
            log.debug("a page could not be read", exc_info=True)

    async def overhear(self, port: int) -> None:
        """What something that is no web server says to a visitor who says nothing."""
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                reader, writer = await asyncio.open_connection(self._seen.host, port, limit=4096)
        except (OSError, TimeoutError):
            return
        said = b""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.5):
                said = await reader.read(400)
        writer.close()
        self._seen.banners[port] = "".join(c for c in said.decode("utf-8", "replace") if c.isprintable() or c == " ")

    async def listen(self, port: int) -> None:
        """The first messages of a socket that tells by itself."""
        for path in SOCKETS:
            if time.monotonic() - self._began > SECONDS:
                return
            messages: list[str] = []
            try:
                async with asyncio.timeout(PAGE_SECONDS), self._web.ws_connect(
                        f"http://{self._seen.host}:{port}{path}", max_msg_size=PAGE_LIMIT) as ws:
                    self._seen.sockets[port, path] = messages
                    while len(messages) < 3:
                        message = await ws.receive(timeout=0.8)
                        if message.type is not aiohttp.WSMsgType.TEXT:
                            break
                        messages.append(message.data)
            except (aiohttp.ClientError, DeviceError, TimeoutError, OSError, ValueError):
                continue


def harmless(path: str) -> bool:
    """Whether a path is one that may be looked at without anything happening, as far as its words tell."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", path).casefold())
    return not bad_path(path) and "?" not in path and "{" not in path and not VERBS & set(words)


def described(page: Page) -> list[str]:
    """The service descriptions that a UPnP device description names: documents, whatever words are in their names."""
    found = re.findall(r"<SCPDURL>\s*([^<\s]{1,200})\s*</SCPDURL>", page.text) if page.status == 200 else []
    paths = [urlsplit(urljoin(page.path, one)).path for one in found[:20]]
    return [path for path in paths if path.startswith("/")]


def pointed(page: Page) -> list[str]:
    """Paths of the same host that a page points to: its links, and JSON texts that are paths."""
    found: list[str] = []
    if page.data is not None:
        found = [one.removeprefix("GET ") for one in _texts(page.data) if len(one) < 120
                 and one.startswith(("/", "GET /"))]
    elif page.status == 200:
        found = re.findall(r"""(?:href|src|action|data-url)=["']?([^"'> ]{1,120})""", page.text)
        found += re.findall(r"\bGET (/[A-Za-z0-9_\-./]{1,80})", page.text)
        found += re.findall(r"""["'`](/[a-z0-9_\-./]{2,80})["'`]""", page.text)
    paths = [urlsplit(urljoin(page.path, one)) for one in found[:80]]
    return [one.path for one in paths if not one.netloc and not one.query and one.path.startswith("/")
            and not re.search(r"\.(css|png|jpe?g|gif|svg|ico|woff2?|map|mp4)$", one.path)]


def _texts(data: Any, depth: int = 0) -> Iterable[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict) and depth < 8:
        for key, value in list(data.items())[:100]:
            yield str(key)
            yield from _texts(value, depth + 1)
    elif isinstance(data, list) and depth < 8:
        for value in data[:50]:
            yield from _texts(value, depth + 1)


def _json(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _kind(text: str) -> str:
    return "text/xml" if text.lstrip().startswith(("<?xml", "<root")) else "text/plain"
