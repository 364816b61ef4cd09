"""A web client for strangers: it speaks to one address and to no other, follows no redirect, keeps no cookie and
unpacks nothing, so that a small answer cannot become a large one."""

from __future__ import annotations

from typing import NoReturn

import aiohttp

from dobby.errors import Refused


def web_to(host: str, port: int = 0, seconds: float = 5.0) -> aiohttp.ClientSession:
    """A session that can speak to one address (and port, if given), whatever an answer says; seconds: for one answer.
    Refused is raised where an answer leads elsewhere, also where a WebSocket is redirected on the same host."""

    async def there_only(request: aiohttp.ClientRequest, go: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if request.url.host != host or (port and request.url.port != port):
            raise Refused("It points elsewhere, where I do not follow.")
        return await go(request)

    async def redirected(*_: object) -> NoReturn:
        raise Refused("It points elsewhere, where I do not follow.")

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(redirected)
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds), cookie_jar=aiohttp.DummyCookieJar(),
                                 auto_decompress=False, headers={"Accept-Encoding": "identity"},
                                 middlewares=(there_only,), trace_configs=[trace])


async def some_of(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The beginning of an answer, whatever its length and in however many pieces it comes."""
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) >= limit:
            break
    return bytes(body[:limit])
