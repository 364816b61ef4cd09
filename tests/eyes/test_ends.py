"""The vision ends that speak HTTP: an OpenAI-compatible server of a few lines, and the stand-in for Claude's API."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from dobby.eyes.caption import SCHEMA, NoCaption
from dobby.eyes.ends import ANSWER_LIMIT, Claude, Server
from dobby.eyes.seen import Glance, Seen
from tests.sim.conftest import Sim, sim, until  # noqa: F401  # the session's simulated home

pytestmark = pytest.mark.anyio
GLANCE = Glance("Driveway", datetime(2026, 11, 20, 12), b"\xff\xd8full", b"\xff\xd8crop", b"\xff\xd8before")
TEXT = json.dumps({"subject": "vehicle", "what": "A UPS truck just pulled up.", "carrier": "UPS"})
TRUCK = Seen("vehicle", "A UPS truck just pulled up.", "UPS")
Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(content: Any) -> web.Response:
    return web.json_response({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]})


@asynccontextmanager
async def serving(act: Act, key: str = "", model: str = "qwen3-vl") -> AsyncIterator[tuple[Server, list[Any]]]:
    """A Server end before a server that acts so; with the requests (body and headers) that came."""
    came: list[Any] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        came.append((await request.json(), request.headers))
        return await act(request)

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    end = Server(f"http://{host}:{port}/v1/", model, key)
    try:
        yield end, came
    finally:
        await end.close()
        await runner.cleanup()


async def test_a_server_is_shown_the_pictures_with_their_labels_and_asked_by_schema() -> None:
    async def act(request: web.Request) -> web.Response:
        return says(TEXT)

    async with serving(act, key="secret") as (end, came):
        await end.warm()
        assert await end.see(GLANCE) == TRUCK
    body, headers = came[0]
    assert headers["Authorization"] == "Bearer secret"
    assert (body["model"], body["messages"][0]["role"]) == ("qwen3-vl", "system")
    content = body["messages"][1]["content"]
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    assert [base64.b64decode(url.removeprefix("data:image/jpeg;base64,"), validate=True) for url in urls] == [
        GLANCE.before, GLANCE.full, GLANCE.crop]
    assert [part["type"] for part in content] == ["text", "image_url"] * 3 + ["text"]
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "tools" not in body


async def test_no_key_is_no_header() -> None:
    async def act(request: web.Request) -> web.Response:
        return says(TEXT)

    async with serving(act) as (end, came):
        await end.see(GLANCE)
    assert "Authorization" not in came[0][1]


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_knows_no_schema_is_asked_without_from_then_on(status: int) -> None:
    async def act(request: web.Request) -> web.Response:
        if "response_format" in await request.json():
            return web.json_response({"error": {"message": "unknown field"}}, status=status)
        return says(f"```json\n{TEXT}\n```")

    async with serving(act) as (end, came):
        assert await end.see(GLANCE) == TRUCK
        assert await end.see(GLANCE) == TRUCK
    assert ["response_format" in body for body, _ in came] == [True, False, False]


async def test_a_400_for_another_reason_keeps_the_schema() -> None:
    answers = [400, 400, 200]

    async def act(request: web.Request) -> web.Response:
        status = answers.pop(0)
        return says(TEXT) if status == 200 else web.json_response({"error": "too large"}, status=status)

    async with serving(act) as (end, came):
        with pytest.raises(NoCaption, match="answered 400"):
            await end.see(GLANCE)
        assert await end.see(GLANCE) == TRUCK
    assert ["response_format" in body for body, _ in came] == [True, False, True]


@pytest.mark.parametrize("answer", [
    (500, b"oops"), (404, b'{"error": "no such model"}'), (302, b""), (200, b"<html>"), (200, b"\xff\xfe\x00"),
    (200, b'"text"'), (200, b"{}"), (200, b'{"choices": []}'), (200, b'{"choices": [{"message": null}]}'),
    (200, b'{"choices": [{"message": {"content": null}}]}'), (200, b'{"choices": {"0": 1}}'), (200, b"[" * 100_000),
    (200, b'{"choices": [{"message": {"content": "I see a truck."}}]}')])
async def test_what_is_no_answer_is_no_caption(answer: tuple[int, bytes]) -> None:
    async def act(request: web.Request) -> web.Response:
        return web.Response(status=answer[0], body=answer[1], headers={"Location": "/v1/elsewhere"})

    async with serving(act) as (end, came):
        with pytest.raises(NoCaption):
            await end.see(GLANCE)
    assert len(came) == 1


async def test_an_answer_without_end_is_cut_off() -> None:
    sent = 0

    async def act(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 100 * ANSWER_LIMIT:
            try:
                await response.write(b" " * 65536)
            except ConnectionError:
                break
            sent += 65536
        return response

    async with serving(act) as (end, _):
        with pytest.raises(NoCaption, match="no end"):
            await end.see(GLANCE)
    assert sent < 100 * ANSWER_LIMIT


async def test_a_server_that_hangs_is_left_when_the_caller_gives_up_and_can_be_asked_again() -> None:
    hang = True

    async def act(request: web.Request) -> web.Response:
        if hang:
            await asyncio.Event().wait()
        return says(TEXT)

    async with serving(act) as (end, came):
        asking = asyncio.create_task(end.see(GLANCE))
        await until(lambda: bool(came))
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()
        hang = False
        assert await end.see(GLANCE) == TRUCK


async def test_nobody_there_is_no_caption() -> None:
    async def act(request: web.Request) -> web.Response:
        return says(TEXT)

    async with serving(act) as (end, _):
        pass
    again = Server(end._url, "x")
    try:
        with pytest.raises(NoCaption, match="cannot be reached"):
            await again.see(GLANCE)
    finally:
        await again.close()


@pytest.mark.parametrize(("url", "leaves"), [
    ("http://127.0.0.1:11434/v1", False), ("http://192.168.1.5/v1", False), ("http://[fd00::1]/v1", False),
    ("http://ollama:11434/v1", False), ("http://box.local/v1", False), ("https://api.example.com/v1", True),
    ("http://8.8.8.8/v1", True), ("https://local.example.com", True)])
def test_whether_pictures_leave_the_house_is_known_by_the_address(url: str, leaves: bool) -> None:
    assert Server(url, "x").leaves is leaves


# --- Claude -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def claude(sim: Sim, *replies: dict[str, Any], seconds: float = 8.0) -> AsyncIterator[Claude]:  # noqa: F811
    """A Claude end whose server answers these replies."""
    async with aiohttp.ClientSession(sim.ready["model"]) as http:
        (await http.delete("/script")).release()
        (await http.post("/script", json={"replies": list(replies)})).release()
    end = Claude("secret-key", sim.ready["model"], "claude-haiku-5-5", seconds)
    try:
        yield end
    finally:
        await end.close()


async def test_claude_is_shown_the_pictures_before_the_question(sim: Sim) -> None:  # noqa: F811
    async with claude(sim, {"text": TEXT}) as end:
        await end.warm()
        assert await end.see(GLANCE) == TRUCK
    async with aiohttp.ClientSession(sim.ready["model"]) as http, http.get("/script") as answer:
        body = (await answer.json())["requests"][-1]
    content = body["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image"] * 3 + ["text"]
    assert base64.b64decode(content[1]["source"]["data"]) == GLANCE.before
    assert body["model"] == "claude-haiku-5-5"
    assert "no instruction" in body["system"]
    assert "tools" not in body


@pytest.mark.parametrize("reply", [
    {"text": "I see a truck."}, {"text": ""}, {"fault": "wrong_shape"}, {"fault": "drop_before_headers"},
    {"tools": [{"name": "unlock", "input": {}}]}])
async def test_what_claude_cannot_say_is_no_caption(sim: Sim, reply: dict[str, Any]) -> None:  # noqa: F811
    async with claude(sim, reply, reply) as end:
        with pytest.raises(NoCaption):
            await end.see(GLANCE)


async def test_a_passing_fault_of_claude_is_asked_again_once(sim: Sim) -> None:  # noqa: F811
    async with claude(sim, {"fault": "529"}, {"text": TEXT}) as end:
        assert await end.see(GLANCE) == TRUCK
    async with claude(sim, {"fault": "500"}, {"fault": "500"}, {"text": TEXT}) as end:
        with pytest.raises(NoCaption):
            await end.see(GLANCE)


async def test_a_claude_that_hangs_ends_with_its_seconds(sim: Sim) -> None:  # noqa: F811
    async with claude(sim, {"text": TEXT, "delay": 30.0}, {"text": TEXT, "delay": 30.0}, seconds=0.3) as end:
        with pytest.raises(NoCaption):
            await end.see(GLANCE)
