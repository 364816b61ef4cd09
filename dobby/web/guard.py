"""Who may use the dashboard: a bearer token or the session cookie, from the page's own address only.

Checks the Host (against DNS rebinding) and the Origin (against other pages in the same browser) before anything else,
and sets headers that keep the page to itself.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

log = logging.getLogger(__name__)
COOKIE = "dobby"
OPEN_PATHS = ("/login", "/login.js", "/app.css", "/icon.svg")
BODY_LIMIT = 256 * 1024  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                               "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
                               "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """An error of the API: an HTTP status, a short code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def answer(error: ApiError) -> web.Response:
    """The error as the API shows it."""
    return web.json_response({"error": {"code": error.code, "text": error.text}}, status=error.status)


def guard(token: str, hosts: frozenset[str]) -> Middleware:
    """The middleware that lets the right requests through. hosts: "name:port" that the page may be reached by."""

    def check(request: web.Request) -> None:
        if request.host not in hosts:
            raise ApiError(403, "host", "This address is not one of mine. Add it to web.hosts in config.toml.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] not in hosts:
            raise ApiError(403, "origin", "Another page may not speak for this one.")
        if request.path in OPEN_PATHS:
            return
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get(COOKIE, "")
        if not any(hmac.compare_digest(given.encode(), token.encode()) for given in (bearer, cookie) if given):
            raise ApiError(401, "token", "Open the address that `dobby run` printed, or send the token.")

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check(request)
            response = await handler(request)
        except ApiError as error:
            to_login = error.status == 401 and request.path == "/"
            response = web.HTTPFound("/login") if to_login else answer(error)
        except web.HTTPException as error:
            response = error if error.status < 400 else answer(ApiError(error.status, "http", error.reason))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:  # the last edge: a bug in one handler is a 500 with words, and a line in the log
            log.exception("%s %s", request.method, request.path)
            response = answer(ApiError(500, "inside", "Something broke inside; the log has it."))
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return middleware


async def body(request: web.Request) -> object:
    """The JSON body, or 422."""
    try:
        text = await request.text()
        given = json.loads(text, parse_constant=_no_number)
        json.dumps(given, ensure_ascii=False).encode()  # half a letter (a lone surrogate) can be kept nowhere
    except (ValueError, RecursionError):
        raise ApiError(422, "body", "The body must be JSON.") from None
    return given


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
