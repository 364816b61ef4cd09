"""One small HTTP question to a device: its answer within limits, or an error in our words."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import aiohttp

from dobby.errors import Garbage, Refused, Unreachable

ANSWER_LIMIT = 512 * 1024  # bytes


async def ask(web: aiohttp.ClientSession, method: str, url: str, **options: Any) -> bytes:
    """The body of a 2xx answer; Unreachable without one, Refused for any other status. Redirects are not followed."""
    try:
        async with web.request(method, url, allow_redirects=False, **options) as answer:
            body = bytearray()
            async for part in answer.content.iter_any():
                body += part
                if len(body) > ANSWER_LIMIT:
                    raise Garbage("Its answer made no sense.")
            if answer.status == 401:
                raise Refused("It wants its password; pair it again.")
            if not 200 <= answer.status < 300:
                raise Refused("It refused.")
            return bytes(body)
    except (aiohttp.ClientPayloadError, aiohttp.InvalidURL):
        raise Garbage("Its answer made no sense.") from None
    except aiohttp.ClientResponseError:  # what it sent is no HTTP
        raise Garbage("Its answer made no sense.") from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None
    except RuntimeError:  # aiohttp's word for a session that was closed meanwhile
        raise Unreachable("The line was closed.") from None


async def ask_json(web: aiohttp.ClientSession, method: str, url: str, **options: Any) -> Any:
    """The same for an answer that must be JSON, whatever it calls itself."""
    raw = await ask(web, method, url, **options)
    try:
        return json.loads(raw)
    except ValueError:
        raise Garbage("Its answer made no sense.") from None


async def ask_xml(web: aiohttp.ClientSession, method: str, url: str, **options: Any) -> ElementTree.Element:
    """The same for an answer that must be XML."""
    return read_xml(await ask(web, method, url, **options))


def read_xml(text: bytes | str) -> ElementTree.Element:
    """A stranger's document; Garbage when it is none, or brings entities of its own."""
    try:
        said = text if isinstance(text, str) else text.decode("utf-8", "replace")
        if "<!DOCTYPE" in said or "\0" in said:  # zeros: another encoding, in which the word would hide
            raise Garbage("Its answer made no sense.")
        return ElementTree.fromstring(text)  # noqa: S314  # without a DOCTYPE there is nothing to expand
    except (ElementTree.ParseError, ValueError, LookupError):
        raise Garbage("Its answer made no sense.") from None
