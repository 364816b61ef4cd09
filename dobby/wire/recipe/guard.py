"""What no recipe may do, whoever wrote it: checked when a recipe is read, and again on the wire.

One host, the methods and paths that the recipe listed when it was approved, no redirects, limits of size, time and
rate, and none of the words below in anything it sends: nothing that a house elf does needs them.
"""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from dobby.errors import Refused

METHODS = frozenset({"GET", "PUT", "POST", "PATCH"})
DENIED = frozenset({"reset", "factory", "factoryreset", "update", "upgrade", "firmware", "ota", "flash", "reboot",
                    "restart", "shutdown", "admin", "wifi", "wlan", "ssid", "provision", "unpair", "erase", "format",
                    "password", "passwd", "credentials", "token", "exec", "shell", "cgi", "delete", "remove",
                    # what routers are changed by
                    "dhcp", "dns", "firewall", "portmapping", "pinhole", "wan", "wanip", "wanppp", "pppoe", "goform",
                    "hnap"})
HEADERS = frozenset({"accept", "accept-language", "content-type", "soapaction", "user-agent"})  # besides those in X-
_NO_X = re.compile(r"x-(.*override.*|original.*|rewrite.*|forwarded.*|real-ip|method.*|http-method.*)")
ANSWER_LIMIT = 256 * 1024  # bytes of one answer
SECONDS = 5.0  # for one answer, from first to last byte
A_SECOND, AN_HOUR = 8.0, 7_200  # requests of one recipe, both ways of counting

# the same, put together with others ("systemreboot", "re-set", "wi-fi"), where no everyday word holds them
_HIDDEN = re.compile(r"(?<!p)reset(?!s?pot)|reboot|factory|firmware|fwup|shutdown|poweroff|passw|erase(?!r)|provision|"
                     r"(?<!un)delete|wifi(?!signal)|wi-fi|restoredef|unpair")
_LETS_IN = re.compile(r"unlock|\block|latch|\bdoors?\b|_door|door_|garage|\bgate\b|disarm|\barm(ed)?\b|\balarm")
_PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/{}?|]*")


def denied(text: str) -> str:
    """The first word of a text (a path, an action, a line) that no recipe may send; "" when there is none.

    Words are read as people write them: "fw-update", "factoryReset" and "%75pdate" hide nothing.
    """
    for _ in range(2):
        text = html.unescape(unquote(text))
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text))
    bare = re.sub(r"<!--.*?-->|<!\[CDATA\[|\]\]>|[\-_.\s]", "", text, flags=re.DOTALL).casefold()
    words = re.findall(r"[a-z]+", spaced.casefold()) + re.findall(r"[a-z]+", text.casefold())
    hidden = _HIDDEN.search(bare)
    return next((word for word in words if word in DENIED), hidden[0] if hidden else "")


def lets_in(text: str) -> bool:
    """Whether these words are such as doors, locks and alarms are told."""
    return _LETS_IN.search(text.casefold()) is not None


def bad_path(path: str) -> str:
    """Why a path is none that a recipe may ask; "" when it may."""
    if not _PATH.fullmatch(path) or len(path) > 300:
        return "a path starts with / and holds no spaces or control characters"
    plain = unquote(unquote(path))
    steps = re.split(r"[/?]", plain)
    if "//" in plain.partition("?")[0] or "\\" in plain or "." in steps or ".." in steps:
        return "a path may not climb or leave its host"
    word = denied(path)
    return f"“{word}” is never asked of a device" if word else ""


def spoken(content: Any) -> str:
    """Every word of a body, keys too."""
    if isinstance(content, Mapping):
        return " ".join(f"{key} {spoken(value)}" for key, value in content.items())
    if isinstance(content, list):
        return " ".join(map(spoken, content))
    return str(content) if isinstance(content, str) else ""


def bad_header(name: str, value: str) -> str:
    """Why a header is none that a recipe may send; "" when it may: none that names a host, a login, a length or
    another method or path than the request's own."""
    plain = name.lower()
    if not re.fullmatch(r"[a-z0-9\-]{1,40}", plain) or not (plain in HEADERS or plain.startswith("x-")) or (
            _NO_X.fullmatch(plain)):
        return f"“{name[:40]}” is no header that a recipe may send; there are {', '.join(sorted(HEADERS))}, and X-..."
    if not value.isprintable() or len(value) > 200:
        return f"“{name}” must hold printable letters, 200 at most"
    word = denied(value)
    return f"“{word}” is never said to a device" if word else ""


def check_said(said: Any) -> None:
    """Refused when what is about to be sent, filled in, holds a word that no recipe may send."""
    if denied(spoken(said)):
        raise Refused("Its recipe may not do that.")


class Rate:
    """At most so many requests a second and an hour; waits for the first, refuses beyond the second."""

    def __init__(self) -> None:
        self._next, self._hour, self._count = 0.0, 0.0, 0

    async def wait(self) -> None:
        """Until the next request may go; Refused when this hour's are spent."""
        now = time.monotonic()
        if now - self._hour > 3600:
            self._hour, self._count = now, 0
        self._count += 1
        if self._count > AN_HOUR:
            raise Refused("It was asked too often; I leave it alone for a while.")
        self._next = max(now, self._next) + 1 / A_SECOND
        await asyncio.sleep(max(0.0, self._next - now - 0.5))  # a short burst is fine
