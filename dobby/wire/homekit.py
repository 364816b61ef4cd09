"""The line to a HomeKit accessory over IP (HAP), through aiohomekit, without its browser: host and port are given.

Source: HomeKit Accessory Protocol Specification R2 (pairing 5.6 and 5.7, accessory objects 6.3, status codes 6.7.1.4).
An answer to a write is no proof: aiohomekit tells its listeners the value that was written, so a caller must look at
characteristics that the accessory alone sets.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from aiohomekit import exceptions as hap
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.connection import HomeKitConnection
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.controller.ip.pairing import IpPairing
from aiohomekit.protocol import perform_pair_setup_part1, perform_pair_setup_part2

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable

logging.getLogger("aiohomekit").setLevel(logging.CRITICAL)  # what it meets is raised here, and told in our words
PAIR_LIMIT = 12.0  # seconds; a lock's processor takes a few for the key exchange
NO_CONTACT = -70402  # the bridge cannot talk to the accessory
T = TypeVar("T")
Key = tuple[int, int]  # aid and iid
WRONG_CODE = "That setup code is wrong."
TAKEN = "It is paired with another controller already (Apple Home, say). Remove it there, then try again."


class HapLine:
    """One encrypted session; DeviceError in our words for whatever aiohomekit raises."""

    def __init__(self, host: str, port: int, pairing: Mapping[str, str], timeout: float) -> None:
        where = {"AccessoryIP": host, "AccessoryIPs": [host], "AccessoryPort": port, "Connection": "IP"}
        browser: Any = None  # never started: only the browser would use it
        controller = IpController(char_cache=CharacteristicCacheMemory(), zeroconf_instance=browser)
        data: Any = {**pairing, **where}
        try:
            self._pairing = IpPairing(controller, data)
        except KeyError:
            raise Refused("What it gave me at pairing is lost; pair it again.") from None
        self._timeout = timeout
        self._writing: Counter[Key] = Counter()  # aiohomekit echoes these as if the accessory had told them

    async def accessories(self) -> list[dict[str, Any]]:
        """The accessory objects as JSON, types in long form."""
        return await self._told(self._pairing.list_accessories_and_characteristics())

    async def read(self, keys: Collection[Key]) -> dict[Key, Any]:
        """The values of characteristics; those that have none now are left out."""
        answer = await self._told(self._pairing.get_characteristics(set(keys)))
        return {key: answer[key]["value"] for key in keys if "value" in answer.get(key, {})}

    async def write(self, values: Mapping[Key, object]) -> None:
        """Set characteristics, all in one request."""
        self._writing.update(values.keys())
        try:
            answer = await self._told(self._pairing.put_characteristics([(*key, one) for key, one in values.items()]))
        finally:
            self._writing.subtract(values.keys())
        stati = {answer.get(key, {}).get("status", 0) for key in values}
        if NO_CONTACT in stati:
            raise Unreachable("It does not answer its bridge.")
        if stati - {0}:
            raise Refused("It refused.")

    async def listen(self, keys: Collection[Key], heard: Callable[[Key, Any], None]) -> None:
        """Be told of changes of these characteristics from now on."""
        wanted = set(keys)

        def changed(event: Mapping[Key, Mapping[str, Any]]) -> None:
            for key, what in event.items():
                if key in wanted and not self._writing[key] and "value" in what:
                    heard(key, what["value"])

        self._pairing.dispatcher_connect(changed)
        await self._told(self._pairing.subscribe(wanted))  # type: ignore[no-untyped-call]

    async def _told(self, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                return await asked
        except TimeoutError:
            raise self._why_not() from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Unreachable("The line was closed.") from None  # aiohomekit's connector was cancelled, not we
        except hap.HttpErrorResponse:
            raise Refused("It refused.") from None
        except (hap.AuthenticationError, hap.IncorrectPairingIdError, hap.UnpairedError):
            raise Refused("It does not know me any more; pair it again.") from None
        except (hap.AccessoryDisconnectedError, hap.AccessoryNotFoundError, OSError):
            raise Unreachable("It does not answer.") from None
        except (hap.HomeKitException, hap.HttpException, ValueError, LookupError, TypeError, AttributeError):
            raise Garbage("Its answer made no sense.") from None

    def _why_not(self) -> DeviceError:
        """aiohomekit tries again and again to connect; what it met last says whether that is of any use."""
        if isinstance(self._pairing.connection.last_connector_error, hap.ProtocolError):
            return Refused("It does not know me any more, or another answers at its address; pair it again.")
        return Unreachable("It did not answer in time.")

    async def close(self) -> None:
        """End the session and its attempts to come back."""
        with suppress(hap.HomeKitException, OSError):
            await self._pairing.shutdown()


async def pair(host: str, port: int, code: str) -> dict[str, str]:
    """The keys that a new pairing made; PairingError says what the person must do."""
    digits = re.sub(r"\D", "", code)
    if len(digits) != 8:
        raise PairingError("It needs its setup code: eight digits, printed on it or on its box.")
    owner: Any = None  # there is no pairing yet
    connection = HomeKitConnection(owner, [host], port)
    try:
        async with asyncio.timeout(PAIR_LIMIT):
            await connection.ensure_connection()
            try:
                salt, key = await _exchange(connection, perform_pair_setup_part1(False))
            except (hap.AuthenticationError, hap.InvalidError):  # certified ones may insist on their coprocessor's way
                salt, key = await _exchange(connection, perform_pair_setup_part1(True))
            pin = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
            made = await _exchange(connection, perform_pair_setup_part2(pin, str(uuid.uuid4()), salt, key))
            return {name: str(value) for name, value in made.items()}
    except hap.AuthenticationError:
        raise PairingError(WRONG_CODE) from None
    except (hap.UnavailableError, hap.MaxPeersError):
        raise PairingError(TAKEN, "homekit_taken") from None
    except (hap.MaxTriesError, hap.BackoffError):
        raise PairingError("It has seen too many wrong codes. Switch it off and on and wait a minute.") from None
    except hap.BusyError:
        raise PairingError("It is being paired by somebody else just now. Try again in a minute.") from None
    except (hap.AccessoryDisconnectedError, hap.AccessoryNotFoundError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None
    except (hap.HomeKitException, hap.HttpException, ValueError, LookupError, TypeError, AttributeError):
        raise Garbage("Its answer made no sense.") from None
    finally:
        with suppress(hap.HomeKitException, OSError):
            await connection.close()


async def _exchange(connection: HomeKitConnection, steps: Any) -> Any:
    """Drive one of aiohomekit's state machines over the wire to its result."""
    try:
        request, expected = steps.send(None)
        while True:
            request, expected = steps.send(await connection.post_tlv("/pair-setup", body=request, expected=expected))
    except StopIteration as done:
        return done.value
