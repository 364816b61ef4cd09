"""LEAP, the line to a Lutron bridge or processor: JSON lines over TLS, both ends with a certificate.

A bridge gives its certificate away while its button has just been pressed: a second port (LAP) signs what is sent then.
Certificates are kept as text and touch the disk for the moment in which ssl reads them. Sources: pylutron-caseta's
leap.py and pairing.py; its public captures of a Caseta bridge and of RadioRA 3 and HomeWorks QSX processors.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pylutron_caseta import BridgeDisconnectedError
from pylutron_caseta.assets import LAP_CA_PEM, LAP_CERT_PEM, LAP_KEY_PEM, LUTRON_ROOT_CA_PEM
from pylutron_caseta.leap import LeapProtocol, open_connection
from pylutron_caseta.messages import Response

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.tasks import ended

LINE_LIMIT = 4 * 1024 * 1024  # bytes; the device list of a large home is one line
PRESSED_WITHIN = 8.0  # seconds that one attempt waits for the button
SIGNED_WITHIN = 8.0  # seconds to sign a certificate
PAGES = 50  # of one answer
PRESS = "Press the small button on the back of the bridge (on a processor: on its front), then I can come in."
SHUT_OUT = "It does not let me in any more; pair it again."
NAME = "Dobby"


@dataclass(frozen=True, slots=True)
class Trust:
    """What opens the door of a bridge: a key and certificate of ours, and who may have signed the bridge's (PEM)."""

    key: str
    cert: str
    ca: str


# Every app of Lutron's shows the bridge this one certificate to ask for its own; it opens nothing else.
LAP = Trust(LAP_KEY_PEM, LAP_CERT_PEM, LAP_CA_PEM + LUTRON_ROOT_CA_PEM)


def tls(trust: Trust) -> ssl.SSLContext:
    """A context that shows our certificate and takes only a bridge that `ca` vouches for. Blocking."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a bridge's certificate has its serial number for a name; its issuer counts
    try:
        context.load_verify_locations(cadata=trust.ca)
        with _file(trust.cert) as cert, _file(trust.key) as key:
            context.load_cert_chain(cert, key)
    except (ssl.SSLError, ValueError):
        raise Refused("Its certificate is spoilt; pair it again.") from None
    return context


@contextlib.contextmanager
def _file(text: str) -> Any:
    handle, path = tempfile.mkstemp()  # 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        yield path
    finally:
        os.unlink(path)


# --- pairing ----------------------------------------------------------------------------------------------------------


async def certificate(host: str, port: int, lap: Trust = LAP, patience: float = PRESSED_WITHIN) -> Trust:
    """A certificate of our own, signed by the bridge whose button was pressed; PairingError when it was not within
    `patience` seconds."""
    context = await asyncio.to_thread(tls, lap)
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname="")
    except (TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None
    try:
        try:
            async with asyncio.timeout(patience):
                while not _pressed(await _line(reader)):
                    pass
        except TimeoutError:
            raise PairingError(PRESS, "lutron_button") from None
        key, request = await asyncio.to_thread(_request)
        async with asyncio.timeout(SIGNED_WITHIN):
            asked = {"Header": {"RequestType": "Execute", "Url": "/pair", "ClientTag": "get-cert"},
                     "Body": {"CommandType": "CSR",
                              "Parameters": {"CSR": request, "DisplayName": NAME, "DeviceUID": "000000000000",
                                             "Role": "Admin"}}}
            writer.write(json.dumps(asked).encode() + b"\r\n")
            while (answer := await _line(reader)).get("Header", {}).get("ClientTag") != "get-cert":
                pass
        signed = answer["Body"]["SigningResult"]
        return Trust(key, str(signed["Certificate"]), str(signed["RootCertificate"]) + LUTRON_ROOT_CA_PEM)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Garbage("Its answer made no sense.") from None
    except (TimeoutError, OSError):
        raise Unreachable("It did not answer in time.") from None
    finally:
        writer.close()


async def _line(reader: asyncio.StreamReader) -> dict[str, Any]:
    raw = await reader.readline()
    if not raw:
        raise Unreachable("It hung up.")
    frame = json.loads(raw)
    if not isinstance(frame, dict):
        raise Garbage("Its answer made no sense.")
    return frame


def _pressed(frame: Mapping[str, Any]) -> bool:
    status = frame.get("Body", {}).get("Status", {})
    return "PhysicalAccess" in status.get("Permissions", ())


def _request() -> tuple[str, str]:
    """A fresh key and the request to sign it, PEM. Blocking: an RSA key takes a moment."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    request = (x509.CertificateSigningRequestBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])).sign(key, hashes.SHA256()))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return private.decode(), request.public_bytes(serialization.Encoding.PEM).decode()


# --- the line ---------------------------------------------------------------------------------------------------------


class LeapLine:
    """Questions and orders to one bridge, and what it says by itself."""

    def __init__(self, leap: LeapProtocol, timeout: float) -> None:
        self._leap, self._timeout = leap, timeout
        self._ended: DeviceError = Unreachable("It hung up.")
        self._admitted = False  # it answered something

    async def read(self, url: str) -> Mapping[str, Any]:
        """The body of what is there, all pages; {} where there is nothing (an area without lamps, say)."""
        body: dict[str, Any] = {}
        paging: Any = None
        for _ in range(PAGES):
            answer = await self._ask("ReadRequest", url, paging=paging)
            for name, value in (answer.Body or {}).items():
                before = body.get(name)
                body[name] = before + value if isinstance(value, list) and isinstance(before, list) else value
            paging = answer.Header.Paging
            if not paging:
                break
        return body

    async def order(self, url: str, command: Mapping[str, Any]) -> None:
        """One order; Refused when the bridge does not take it."""
        await self._ask("CreateRequest", f"{url}/commandprocessor", {"Command": command})

    async def subscribe(self, url: str, heard: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        """Be told what changes there; what it shows now. Refused where a bridge has no such thing."""
        async with self._patient():
            answer, _ = await self._leap.subscribe(url, lambda pushed: heard(pushed.Body or {}))
        return self._body(answer)

    async def _ask(self, kind: str, url: str, body: Any = None, paging: Any = None) -> Response:
        async with self._patient():
            answer = await self._leap.request(kind, url, body, paging=paging)
        self._admitted = True
        self._body(answer)
        return answer

    @asynccontextmanager
    async def _patient(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        except (BridgeDisconnectedError, OSError, RuntimeError):
            raise self._ended from None

    async def listen(self) -> DeviceError:
        """Take in what comes until the line ends; whoever still waits for an answer is told why it did."""
        try:
            await self._leap.run()
            if not self._admitted:  # with TLS 1.3 a bridge judges our certificate after the handshake, and hangs up
                self._ended = Refused(SHUT_OUT, "lutron_button")
        except OSError:
            pass
        except Exception:  # what came is no LEAP; the library says so in many ways
            self._ended = Garbage("Its answer made no sense.")
        self._leap.close()
        return self._ended

    def _body(self, answer: Response) -> Mapping[str, Any]:
        status = answer.Header.StatusCode
        if status is None:
            raise Garbage("Its answer made no sense.")
        if not status.is_successful():
            raise Refused("It refused.")
        return answer.Body or {}


@asynccontextmanager
async def open_line(host: str, port: int, trust: Trust, timeout: float, heard: Callable[[Mapping[str, Any]], None],
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[LeapLine]:
    """A line while open; `heard` gets the body of what the bridge tells unasked, `lost` is told when it ends."""
    context = await asyncio.to_thread(tls, trust)
    try:
        async with asyncio.timeout(timeout):
            leap = await open_connection(host, port, limit=LINE_LIMIT, server_hostname="", ssl=context)
    except ssl.SSLCertVerificationError:
        raise Refused("Another device answers at this address.") from None
    except (TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None
    leap.subscribe_unsolicited(lambda pushed: heard(pushed.Body or {}))
    line = LeapLine(leap, timeout)
    running = asyncio.create_task(line.listen())
    running.add_done_callback(lambda done: None if done.cancelled() else lost(done.result()))
    try:
        yield line
    finally:
        await ended(running)
        leap.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await leap.wait_closed()
