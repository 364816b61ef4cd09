"""Who may use the dashboard: a bearer token or the session cookie, from the page's own address only.

Checks the Host (against DNS rebinding) and the Origin (against other pages in the same browser) before anything else,
and sets headers that keep the page to itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from dobby.messages import Person
from dobby.web.logins import Logins
from dobby.web.roles import may

log = logging.getLogger(__name__)
COOKIE = "dobby"
OPEN_PATHS = ("/login", "/login/code", "/login.js", "/app.css", "/views.css", "/icon.svg")
PERSON = web.RequestKey("person", Person)  # who is at the page
BODY_SECONDS = 10.0  # for a body to arrive
BODY_LIMIT = 256 * 1024  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                               "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
                               "form-action 'self'; frame-ancestors 'none'",
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


def guard(logins: Logins, hosts: frozenset[str]) -> Middleware:
    """The middleware that lets the right requests through. hosts: "name:port" that the page may be reached by."""

    def check(request: web.Request) -> None:
        peer = request.remote or ""
        if request.host not in hosts:
            raise ApiError(403, "host", "This address is not one of mine. Add it to web.hosts in config.toml.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] not in hosts:
            raise ApiError(403, "origin", "Another page may not speak for this one.")
        if logins.too_many(peer):
            raise ApiError(429, "much", "Too much at once; try again in some seconds.")
        if request.path in OPEN_PATHS:
            return
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get(COOKIE, "")
        if not bearer and cookie and origin is None and request.method not in ("GET", "HEAD"):
            raise ApiError(403, "origin", "A browser says from which page it asks; this one did not.")
        if logins.barred(peer) and logins.who(bearer, cookie) is None:
            raise ApiError(429, "guesses", "Too many wrong guesses; try again in a minute.")
        person = logins.who(bearer, cookie)
        if person is None:
            if bearer or cookie:
                logins.wrong(peer)
            raise ApiError(401, "token", "Open the address that `dobby run` printed, or send the token.")
        if not may(person, request.method, request.path):
            raise ApiError(403, "role", "That is the owner's to see.")
        request[PERSON] = person

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
        async with asyncio.timeout(BODY_SECONDS):
            text = await request.text()
        given = json.loads(text, parse_constant=_no_number)
        json.dumps(given, ensure_ascii=False).encode()  # half a letter (a lone surrogate) can be kept nowhere
    except TimeoutError:
        raise ApiError(408, "slow", "The body took too long to come.") from None
    except (ValueError, RecursionError):
        raise ApiError(422, "body", "The body must be JSON.") from None
    return given


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
