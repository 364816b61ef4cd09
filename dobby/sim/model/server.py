"""The stand-in on the network: /v1/messages, /v1/messages/count_tokens, /v1/models, and /script."""

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from ..control import Wrong, errors_as_json, read_json
from .rules import wrong_with
from .script import NO_SCRIPT, STATUS_FAULTS, BadScript, Json, Reply, events, message, parse_reply, tokens

MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5")
STALL_SECONDS, TRICKLE_SECONDS = 30.0, 0.15
FLUSH_SECONDS = 0.05
CUT_AFTER = 5


@dataclass(slots=True)
class StandIn:
    """The script that is left and the requests that came."""

    replies: deque[Reply] = field(default_factory=deque)
    requests: list[Json] = field(default_factory=list)

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[errors_as_json], client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/messages", self.messages)
        app.router.add_post("/v1/messages/count_tokens", self.count)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/v1/models/{id}", self.model)
        app.router.add_post("/script", self.add)
        app.router.add_get("/script", self.show)
        app.router.add_delete("/script", self.clear)
        return app

    async def add(self, request: web.Request) -> web.Response:
        """Append replies."""
        replies = (await read_json(request)).get("replies")
        if not isinstance(replies, list):
            raise Wrong("'replies' is a list")
        try:
            self.replies.extend([parse_reply(reply) for reply in replies])
        except BadScript as error:
            raise Wrong(str(error)) from error
        return web.json_response({"left": len(self.replies)})

    async def show(self, _request: web.Request) -> web.Response:
        """What was asked so far."""
        return web.json_response({"requests": self.requests, "left": len(self.replies)})

    async def clear(self, _request: web.Request) -> web.Response:
        """Forget script and requests."""
        self.replies.clear()
        self.requests.clear()
        return web.json_response({"left": 0})

    async def models(self, _request: web.Request) -> web.Response:
        """The models that the stand-in pretends to have."""
        listed = [_model(name) for name in MODELS]
        return web.json_response({"data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})

    async def model(self, request: web.Request) -> web.Response:
        """One model."""
        name = request.match_info["id"]
        return web.json_response(_model(name)) if name in MODELS else _error(404, "not_found_error", f"model: {name}")

    async def count(self, request: web.Request) -> web.Response:
        """A rough count."""
        return web.json_response({"input_tokens": tokens(await read_json(request))})

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """The next reply of the script, for a request that the real API would take."""
        body = await read_json(request)
        self.requests.append(body)
        if not request.headers.get("x-api-key") and not request.headers.get("Authorization"):
            return _error(401, "authentication_error", "x-api-key header is required")
        wrong = wrong_with(body)
        if wrong is not None:
            return _error(400, "invalid_request_error", wrong)
        reply = self.replies.popleft() if self.replies else Reply(text=NO_SCRIPT)
        await asyncio.sleep(reply.delay)
        if reply.fault in STATUS_FAULTS:
            kind, text = STATUS_FAULTS[reply.fault]
            return _error(int(reply.fault), kind, text, reply.retry_after)
        if reply.fault == "drop_before_headers":
            return _drop(request)
        if reply.fault == "wrong_shape":
            return web.json_response({"hello": "world"})
        return await (_stream if body.get("stream") else _whole)(request, reply, body)


async def _stream(request: web.Request, reply: Reply, body: Json) -> web.StreamResponse:
    response = web.StreamResponse(headers=_headers() | {"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    sequence = list(events(reply, body))
    cut = min(CUT_AFTER, len(sequence) - 3)
    for number, event in enumerate(sequence):
        if reply.fault == "trickle":
            await asyncio.sleep(reply.seconds or TRICKLE_SECONDS)
        if number == cut:
            if reply.fault == "stall":
                await asyncio.sleep(reply.seconds or STALL_SECONDS)
            elif reply.fault == "reset_mid_stream":
                await asyncio.sleep(FLUSH_SECONDS)
                return _drop(request, response)
            elif reply.fault == "clean_end_mid_stream":
                return response
            elif reply.fault == "error_event":
                await response.write(_frame("error", _error_body("overloaded_error", "Overloaded")))
                return response
            elif reply.fault == "malformed_json":
                await response.write(b'event: content_block_delta\ndata: {"type": "content_bl\n\n')
                return response
        try:
            await response.write(_frame(event["type"], event))
        except ConnectionError:
            return response
    return response


async def _whole(request: web.Request, reply: Reply, body: Json) -> web.StreamResponse:
    if reply.fault in ("stall", "trickle"):
        await asyncio.sleep(reply.seconds or STALL_SECONDS)
    if reply.fault == "error_event":
        return _error(529, "overloaded_error", "Overloaded")
    text = json.dumps(message(reply, body))
    if reply.fault == "malformed_json":
        return web.Response(text=text[: len(text) // 2], content_type="application/json", headers=_headers())
    if reply.fault in ("reset_mid_stream", "clean_end_mid_stream"):
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
        await response.prepare(request)
        await response.write(text[: len(text) // 2].encode())
        await asyncio.sleep(FLUSH_SECONDS)
        return _drop(request, response)
    return web.Response(text=text, content_type="application/json", headers=_headers())


def _drop(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response(status=500)


def _frame(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _headers() -> dict[str, str]:
    return {"request-id": f"req_{secrets.token_hex(12)}"}


def _error_body(kind: str, text: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": text}}


def _error(status: int, kind: str, text: str, retry_after: str | None = None) -> web.Response:
    headers = _headers() | ({"retry-after": retry_after} if retry_after else {})
    return web.json_response(_error_body(kind, text), status=status, headers=headers)


def _model(name: str) -> Json:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
    }
