"""Who may use the dashboard: a bearer token or the session cookie, from the page's own address only.

Checks the Host (against DNS rebinding) and the Origin (against other pages in the same browser) before anything else,
and sets headers that keep the page to itself. A cookie belongs to a machine, not to one of its ports: what another
program of the same machine shows in the same browser carries it too, and is told from the page by its Origin, or by
what the browser says of where a request comes from (Sec-Fetch-Site).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Middleware

from dobby.messages import Person
from dobby.web.logins import SESSION_DAYS, Logins
from dobby.web.roles import may

log = logging.getLogger(__name__)
COOKIE = "dobby"
OUR_SITES = ("same-origin", "none")  # none: an address that a person typed
OPEN_PATHS = ("/login", "/login/code", "/login.js", "/app.css", "/views.css", "/icon.svg",
              "/manifest.webmanifest")  # what a browser asks for without its cookie
PERSON = web.RequestKey("person", Person)  # who is at the page
STILL: web.RequestKey[Callable[[], bool]] = web.RequestKey("still")  # are they still let in?
RENEWED = web.RequestKey("renewed", str)  # the key of a session whose cookie is made anew
BODY_SECONDS = 10.0  # for a body to arrive
BODY_LIMIT = 256 * 1024  # bytes
FORM_LIMIT = 4 * 1024  # bytes of what a stranger may send: a name and a code, or the token
FORM_FIELDS = 8
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                               "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
                               "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
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


def _from_our_page(request: web.Request, hosts: frozenset[str]) -> str | None:
    """The Origin, None where none is said; ApiError for an address or a page that is not ours."""
    # not request.host: where none was sent, that asks the resolver for this machine's name, and the loop waits
    if request.headers.get("Host") not in hosts:
        raise ApiError(403, "host", "This address is not one of mine. Add it to web.hosts in config.toml.")
    origin = request.headers.get("Origin")
    scheme, _, rest = (origin or "").partition("://")
    if origin is not None and (scheme not in ("http", "https") or rest not in hosts):
        raise ApiError(403, "origin", "Another page may not speak for this one.")
    if request.path.startswith("/api/") and request.headers.get("Sec-Fetch-Site", "none") not in OUR_SITES:
        raise ApiError(403, "origin", "Another page may not speak for this one.")
    return origin


def guard(logins: Logins, hosts: frozenset[str]) -> Middleware:
    """The middleware that lets the right requests through. hosts: "name:port" that the page may be reached by."""

    def check(request: web.Request) -> None:
        peer = request.remote or ""
        origin = _from_our_page(request, hosts)
        if logins.too_many(peer):
            raise ApiError(429, "much", "Too much at once; try again in some seconds.")
        if request.path in OPEN_PATHS:
            return
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get(COOKIE, "")
        if not bearer and cookie and origin is None and request.method not in ("GET", "HEAD"):
            raise ApiError(403, "origin", "A browser says from which page it asks; this one did not.")
        person = logins.who(bearer, cookie)
        if person is None and logins.barred(peer):
            raise ApiError(429, "guesses", "Too many wrong guesses; try again in a minute.")
        if person is None:
            if bearer or cookie:
                logins.wrong(peer, bearer or cookie)
            raise ApiError(401, "token", "Open the address that `dobby run` printed, or send the token.")
        if not may(person, request.method, request.path):
            raise ApiError(403, "role", "That is the owner's to see.")
        request[PERSON], request[STILL] = person, lambda: logins.still(bearer, cookie)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check(request)
            if PERSON in request and await logins.used(key := request.cookies.get(COOKIE, "")):
                request[RENEWED] = key
            response = await handler(request)
        except ApiError as error:
            to_login = error.status == 401 and request.path == "/"
            response = web.HTTPFound("/login") if to_login else answer(error)
        except web.HTTPException as error:
            response = error if error.status < 400 else answer(ApiError(error.status, "http", error.reason))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:  # the last edge: a bug in one handler is a 500 with words, and a line in the log
            log.exception("%s %r", request.method, request.path)
            response = answer(ApiError(500, "inside", "Something broke inside; the log has it."))
        return response

    return middleware


async def keep_to_itself(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, streams and files too; what a handler set itself stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "Dobby"  # not which version of what
    if RENEWED in request and COOKIE not in response.cookies:  # who goes out does not take a new one along
        hand_over(response, request[RENEWED], request.secure)
        response.headers.add("Set-Cookie", response.cookies[COOKIE].OutputString())  # the others are written already


def hand_over(response: web.StreamResponse, key: str, secure: bool) -> None:
    """Give a browser the cookie of its session: for no script, no other site, and as long as the session lives."""
    response.set_cookie(COOKIE, key, httponly=True, samesite="Strict", path="/", max_age=SESSION_DAYS * 86400,
                        secure=secure)


async def form(request: web.Request) -> dict[str, str]:
    """The fields of a small form in a stranger's hands, or 422. Read here and not by `request.post`: that lays uploads
    aside as files and decodes by a character set that the sender names, some of which take minutes."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise ApiError(422, "body", "The body must be a form.")
    try:
        given = await _whole(request, FORM_LIMIT)
        rows = parse_qsl(given.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError:
        raise ApiError(422, "body", "The body must be a form.") from None
    return dict(rows)


async def _whole(request: web.Request, limit: int) -> bytes:
    """The body, of at most so many bytes, in at most so many seconds."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                found += piece
                if len(found) > limit:
                    raise ApiError(413, "large", "That is more than I read at once.")
    except TimeoutError:
        raise ApiError(408, "slow", "The body took too long to come.") from None
    except web.RequestPayloadError:  # a body that is not packed as it says, or that ends in its middle
        raise ApiError(422, "body", "The body is broken.") from None
    return bytes(found)


async def body(request: web.Request) -> object:
    """The JSON body, or 422."""
    raw = await _whole(request, BODY_LIMIT)
    try:
        given = json.loads(raw.decode(), parse_constant=_no_number)
        json.dumps(given, ensure_ascii=False).encode()  # half a letter (a lone surrogate) can be kept nowhere
    except (ValueError, RecursionError):
        raise ApiError(422, "body", "The body must be JSON.") from None
    return given


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
