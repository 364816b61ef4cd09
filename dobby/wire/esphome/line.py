"""The line to an ESPHome device: its native API through aioesphomeapi, and that library's errors in our words.

Source: esphome.io/components/api, aioesphomeapi 46. Encrypted where the device has a key (Noise_NNpsk0). The library
checks the MAC address; ours is the patience.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aioesphomeapi import core as errors
from aioesphomeapi.client import APIClient
from aioesphomeapi.model import DeviceInfo, EntityInfo, EntityState

from dobby.errors import DeviceError, Garbage, Refused, Unreachable

KEEPALIVE = 4.0  # seconds between pings of the library's own; ours are requests
GOODBYE = 1.0  # seconds
STRANGER = "It does not know me any more; pair it again."


class NeedsKey(Refused):
    """It talks only to who has its encryption key, or (password) its password."""

    password = False


class NeedsPassword(NeedsKey):
    """It is one of those that still ask for a password."""

    password = True


def is_key(code: str) -> bool:
    """Whether this is an encryption key: 32 bytes in base64. Such a one is never sent as a password."""
    try:
        return len(base64.b64decode(code, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


@asynccontextmanager
async def open_line(host: str, port: int, mac: str, key: str, password: str, timeout: float,
                    lost: Callable[[DeviceError], None]) -> AsyncIterator[APIClient]:
    """Connect, and see that it is the one with this MAC (12 hex digits); NeedsKey when the secret is not its own."""
    async def stopped(expected: bool) -> None:
        lost(Unreachable("It hung up."))

    client = APIClient(host, port, password or None, client_info="dobby", keepalive=KEEPALIVE,
                       noise_psk=key or None, timezone="UTC", provide_time=False)
    try:
        async with asyncio.timeout(timeout):
            await client.connect(on_stop=stopped, login=True, log_errors=False)
            if (await client.device_info()).mac_address.replace(":", "").lower() != mac:
                raise Refused("Another device answers at this address.")
        yield client
    except (errors.APIConnectionError, OSError, ValueError, RuntimeError) as error:
        raise meaning(error) from None
    finally:
        await _goodbye(client)


async def _goodbye(client: APIClient) -> None:
    try:
        async with asyncio.timeout(GOODBYE):
            await client.disconnect()
    except (errors.APIConnectionError, OSError, RuntimeError):
        client.force_disconnect()


def meaning(error: Exception) -> DeviceError:
    """What went wrong, in our words."""
    match error:
        case errors.InvalidAuthAPIError():
            return NeedsPassword(STRANGER)
        case errors.RequiresEncryptionAPIError() | errors.InvalidEncryptionKeyAPIError():
            return NeedsKey(STRANGER)
        case errors.EncryptionPlaintextAPIError():
            return NeedsKey("It has no encryption key any more; pair it again.")
        case errors.ProtocolAPIError():
            return Garbage("Its answer made no sense.")
        case errors.APIConnectionError() | OSError():
            return Unreachable("It does not answer.")
        case _:
            return Garbage("Its answer made no sense.")


async def learn(client: APIClient, timeout: float) -> tuple[DeviceInfo, list[EntityInfo]]:
    """What it is, and its entities."""
    async with asyncio.timeout(timeout):
        info, entities, _ = await client.device_info_and_list_entities()
    return info, entities


async def beat(client: APIClient) -> None:
    """A request and its answer: it lives, and what it sent before is here."""
    try:
        await client.device_info()
    except (errors.APIConnectionError, OSError, RuntimeError) as error:
        raise meaning(error) from None


__all__ = ["APIClient", "EntityState", "NeedsKey", "beat", "is_key", "learn", "meaning", "open_line"]
