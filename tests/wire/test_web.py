"""One small HTTP question: what is too long, elsewhere, no JSON or nobody at all is told in our words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.wire.web import ANSWER_LIMIT, ask, ask_json, ask_xml

pytestmark = pytest.mark.anyio


@pytest.fixture
async def base(anyio_backend: str) -> AsyncIterator[str]:
    """A server with one answer of each kind."""
    async def answer(request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if kind == "moved":
            raise web.HTTPFound("http://192.0.2.1/")
        if kind == "cut":
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"{")
            assert request.transport is not None
            request.transport.close()
            return response
        body = {"long": b"x" * (ANSWER_LIMIT + 1), "json": b'{"a": 1}', "words": b"words", "xml": b"<a>\xc3\xa9</a>"}
        return web.Response(status={"locked": 401, "no": 500}.get(kind, 200), body=body.get(kind, b""))

    app = web.Application()
    app.router.add_route("*", "/{kind}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(("kind", "error"), [("long", Garbage), ("moved", Refused), ("cut", Garbage), ("no", Refused),
                                             ("words", Garbage)])
async def test_what_is_no_answer_is_told(base: str, kind: str, error: type[DeviceError]) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(error):
            await ask_json(session, "GET", f"{base}/{kind}")


async def test_answers_are_read(base: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert await ask(session, "POST", f"{base}/words") == b"words"
        assert await ask_json(session, "GET", f"{base}/json") == {"a": 1}
        assert (await ask_xml(session, "GET", f"{base}/xml")).text == "é"
        with pytest.raises(Refused, match="password"):
            await ask(session, "GET", f"{base}/locked")
    with pytest.raises(Unreachable, match="closed"):
        await ask(session, "GET", f"{base}/words")


async def test_nobody_is_told_as_nobody(base: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        with pytest.raises(Unreachable):
            await ask(session, "GET", "http://127.0.0.1:9/")
        with pytest.raises(Garbage):
            await ask(session, "GET", "http://[nonsense/")
