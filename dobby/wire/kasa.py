"""TP-Link's smart home protocol of the first generation: JSON under a running XOR, over TCP and UDP port 9999.

Source: the public analysis "Reverse Engineering the TP-Link HS110" (softScheck, 2016), and what real devices answered
as tplink-smarthome-simulator (MIT) carries it. Each byte is XORed with the cipher byte before it, the first with 171;
over TCP a big-endian length of four bytes stands in front. This hides nothing from anybody in the network. Commands are
{module: {method: arguments}}; `context.child_ids` names the outlets of a strip that are meant.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from dobby.errors import Garbage, Refused, Unreachable

PORT = 9999
KEY = 171
ANSWER_LIMIT = 65_536  # bytes; a strip of six outlets says about 2 kB

Json = Mapping[str, Any]
ASK: Json = {"system": {"get_sysinfo": {}}}


def encrypt(plain: bytes) -> bytes:
    """As it goes over UDP."""
    key, cipher = KEY, bytearray()
    for byte in plain:
        key ^= byte
        cipher.append(key)
    return bytes(cipher)


def decrypt(cipher: bytes) -> bytes:
    """The words under a datagram."""
    return bytes(byte ^ key for byte, key in zip(cipher, bytes([KEY]) + cipher, strict=False))


def frame(request: Json) -> bytes:
    """A request as it goes over TCP."""
    body = encrypt(json.dumps(request, separators=(",", ":")).encode())
    return len(body).to_bytes(4) + body


def read(cipher: bytes) -> Json:
    """An answer; Garbage when it is none."""
    try:
        answer = json.loads(decrypt(cipher))
    except ValueError:
        raise Garbage("Its answer made no sense.") from None
    if not isinstance(answer, dict):
        raise Garbage("Its answer made no sense.")
    return answer


def result(answer: Json, module: str, method: str) -> Json:
    """What one method of a module answered; Refused when it would not, Garbage when it did not."""
    try:
        told = answer[module] if "err_code" in answer[module] else answer[module][method]
        code = told["err_code"]
    except (KeyError, TypeError):
        raise Garbage("Its answer made no sense.") from None
    if code != 0:
        raise Refused("It refused.")
    return dict(told)


async def ask(host: str, port: int, request: Json, timeout: float) -> Json:
    """One request on a connection of its own (devices close idle ones as they please), and its answer."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(frame(request))
                length = int.from_bytes(await reader.readexactly(4))
                if length > ANSWER_LIMIT:
                    raise Garbage("Its answer made no sense.")
                return read(await reader.readexactly(length))
            finally:
                writer.close()
    except TimeoutError:
        raise Unreachable("It did not answer in time.") from None
    except (OSError, asyncio.IncompleteReadError):
        raise Unreachable("It does not answer.") from None
