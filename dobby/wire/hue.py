"""The line to a Hue bridge: aiohue's requests over TLS that is pinned to the bridge's own certificate.

Sources: developers.meethue.com (CLIP v2, the event stream, POST /api with the link button). A bridge's certificate is
self-signed or signed by Signify, its common name is the bridge id; so authorities prove nothing here, and the
fingerprint seen while the button was pressed is what counts. aiohue's own event listener replays what was missed and
keeps itself awake by writing to the bridge; a replayed event would prove a later command, hence our own few lines.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohue.errors import AiohueException, BridgeBusy, Unauthorized
from aiohue.v2 import HueBridgeV2
from cryptography import x509
from cryptography.x509.oid import NameOID

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable

AT_ONCE = 3  # a bridge answers 429 to more requests at a time
EVENT_LIMIT = 1 << 20  # bytes in one line of the event stream
BUTTON_NOT_PRESSED = 101
NAME = "dobby#home"  # what the bridge's app shows in its list of visitors
Json = dict[str, Any]


class HueLine(HueBridgeV2):  # type: ignore[misc]  # aiohue ships no types
    """Requests to one bridge at host:port, refused unless its certificate has the pinned SHA-256 fingerprint."""

    def __init__(self, host: str, port: int, app_key: str, fingerprint: bytes, timeout: float) -> None:
        super().__init__(f"{host}:{port}", app_key)
        self._pin = aiohttp.Fingerprint(fingerprint)
        self._key = app_key
        self._asking = _session(timeout)
        self._listening = _session(None)

    @asynccontextmanager
    async def create_request(self, method: str, path: str, **kwargs: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request, pinned and without redirects; what aiohue's `request` is built on."""
        web = self._listening if path.startswith("eventstream") else self._asking
        kwargs["headers"] = {"hue-application-key": self._key} | kwargs.get("headers", {})
        async with web.request(method, f"https://{self.host}/{path}", ssl=self._pin, allow_redirects=False,
                               **kwargs) as answer:
            yield answer

    async def ask(self, method: str, path: str, body: object = None) -> list[Json]:
        """The `data` of a CLIP v2 answer; DeviceError for anything else."""
        try:
            data: Any = await self.request(method, f"clip/v2/{path}", **({} if body is None else {"json": body}))
        except RuntimeError:  # aiohttp's word for a session that was closed meanwhile
            raise Unreachable("The line was closed.") from None
        except (AiohueException, aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError,
                AttributeError) as error:
            raise _meaning(error) from None
        if not isinstance(data, list):
            raise Garbage("Its answer made no sense.")
        return [item for item in data if isinstance(item, dict)]

    async def identity(self) -> str:
        """The bridge id that it tells anybody, in lower case; no key is shown for it."""
        return await _identity(self._asking, self.host, self._pin)

    async def events(self) -> AsyncIterator[tuple[str, Json]]:
        """("add" | "update" | "delete", resource) as they happen from now on; ends or raises when the stream is lost.
        Lines that are no event are skipped."""
        try:
            async with self.create_request("get", "eventstream/clip/v2", headers={"Accept": "text/event-stream"},
                                           ) as answer:
                if answer.status != 200:
                    raise Refused("The bridge refused.")
                async for line in answer.content:
                    if line.startswith(b"data:"):
                        for event in _parsed(line[5:]):
                            yield event
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _meaning(error) from None

    async def close(self) -> None:
        """Hang up."""
        await self._asking.close()
        await self._listening.close()


def _session(timeout: float | None) -> aiohttp.ClientSession:
    limits = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout or 5.0)
    return aiohttp.ClientSession(timeout=limits, read_bufsize=EVENT_LIMIT,
                                 connector=aiohttp.TCPConnector(limit_per_host=AT_ONCE))


def _parsed(line: bytes) -> list[tuple[str, Json]]:
    try:
        messages = json.loads(line)
    except ValueError:
        return []
    found = []
    for message in messages if isinstance(messages, list) else []:
        data = message.get("data") if isinstance(message, dict) else None
        found += [(str(message["type"]), resource) for resource in data or () if isinstance(resource, dict)]
    return found


def _meaning(error: Exception) -> DeviceError:
    """An error of aiohue or aiohttp in our words."""
    match error:
        case Unauthorized():
            return Refused("The bridge does not know me any more; pair it again.")
        case BridgeBusy():
            return Refused("The bridge is too busy.")
        case AiohueException() if "communication issues" in str(error):  # status 207; openhab-addons issue 15511
            return Unreachable("It does not answer the bridge.")
        case AiohueException():
            return Refused("The bridge refused.")
        case aiohttp.ServerFingerprintMismatch():
            return Refused("Something with another certificate answers in the bridge's place.")
        case aiohttp.ContentTypeError():
            return Garbage("Its answer made no sense.")
        case aiohttp.ClientResponseError(status=status) if status >= 400:
            return Refused("The bridge refused.")
        case aiohttp.ClientError() | OSError():  # TimeoutError is an OSError
            return Unreachable("The bridge does not answer.")
        case _:
            return Garbage("Its answer made no sense.")


async def _identity(web: aiohttp.ClientSession, host: str, pin: aiohttp.Fingerprint) -> str:
    try:
        async with web.get(f"https://{host}/api/config", ssl=pin, allow_redirects=False) as answer:
            return str(json.loads(await answer.read())["bridgeid"]).lower()
    except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError) as error:
        raise _meaning(error) from None


async def certificate(host: str, port: int, bridge_id: str, timeout: float) -> bytes:
    """The SHA-256 fingerprint of the certificate at host:port; PairingError unless it names this bridge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.close()
                await writer.wait_closed()
        names = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (OSError, TimeoutError):
        raise Unreachable("The bridge does not answer.") from None
    except (ValueError, TypeError):
        raise Garbage("Its answer made no sense.") from None
    if [str(name.value).lower() for name in names] != [bridge_id]:
        raise PairingError("What answers there is not the bridge that announced itself.")
    return hashlib.sha256(shown).digest()


async def make_key(host: str, port: int, bridge_id: str, fingerprint: bytes, timeout: float) -> str:
    """An application key, given within 30 s of the link button; PairingError says what the person must do."""
    pin = aiohttp.Fingerprint(fingerprint)
    async with _session(timeout) as web:
        if await _identity(web, f"{host}:{port}", pin) != bridge_id:
            raise PairingError("What answers there is not the bridge that announced itself.")
        try:
            async with web.post(f"https://{host}:{port}/api", json={"devicetype": NAME}, ssl=pin,
                                allow_redirects=False) as answer:
                said = json.loads(await answer.read())[0]
            if "error" in said:
                if said["error"]["type"] == BUTTON_NOT_PRESSED:
                    raise PairingError("Press the round button on the Hue bridge, then try again within 30 seconds.")
                raise PairingError("The bridge did not let me in.")
            return str(said["success"]["username"])
        except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError) as error:
            raise _meaning(error) from None
