"""HomeKit accessories over IP, as a controller: locks, by aiohomekit.

Source: HomeKit Accessory Protocol, non-commercial version R2 (services LockMechanism 0x45 and Battery 0x96). `sf` bit 0
in the mDNS record says that nobody has paired it. What a lock shows is its current state; the target state is only what
it was told, and aiohomekit reports our own writes of it back, so it is never read. An accessory that is in Apple's Home
already must be taken out of there first. Not covered: every other service, and Bluetooth.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.device import Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import BATTERY, JAMMED, LOCKED, Trait

if TYPE_CHECKING:
    from aiohomekit.controller.ip.pairing import IpPairing

SERVICE = "_hap._tcp.local."
UNPAIRED = 1  # bit 0 of sf
LOCK, CURRENT, TARGET = "45", "1D", "1E"  # service and characteristic types, short form
BATTERY_SERVICE, LEVEL, INFO, NAME = "96", "68", "3E", "23"
SECURED, JAM = 1, 2  # values of the current state; 0 is unsecured, 3 unknown
PAIR_LIMIT = 20.0  # seconds for the key exchange, which is slow on small devices
Key = tuple[int, int]  # accessory id, instance id


def claim(sighting: Sighting) -> Found | None:
    """An accessory announces `_hap._tcp` with its pairing id in the TXT record."""
    id_, flags = sighting.facts.get("id", ""), sighting.facts.get("sf", "")
    if sighting.kind != SERVICE or len(id_) != 17 or id_.count(":") != 5 or not flags.isdecimal():
        return None
    name = sighting.facts.get("md") or sighting.name
    return Found(f"homekit:{id_.lower()}", "homekit", name, sighting.host, sighting.port,
                 needs="pin" if int(flags) & UNPAIRED else "nothing", why="it announces a HomeKit accessory by mDNS")


async def pair(found: Found, pin: str) -> Secret:
    """Pair with the eight-digit setup code ("031-45-154", dashes optional)."""
    await asyncio.to_thread(_import)
    from aiohomekit.controller.ip.discovery import IpDiscovery
    from aiohomekit.exceptions import AlreadyPairedError, AuthenticationError, HomeKitException, UnavailableError

    digits = "".join(c for c in pin if c.isdigit())
    if len(digits) != 8:
        raise PairingError("It wants its setup code of eight digits.")
    code = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    discovery = IpDiscovery(_controller(), _description(found))
    try:
        async with asyncio.timeout(PAIR_LIMIT):
            finish = await discovery.async_start_pairing(found.key)
            pairing: Any = await finish(code)
        await pairing.close()
        return {"pairing": json.dumps(pairing.pairing_data)}
    except AuthenticationError:
        raise PairingError("It did not accept that code.") from None
    except (AlreadyPairedError, UnavailableError):
        raise PairingError("It is paired with another home already. Take it out of that one first.") from None
    except (HomeKitException, TimeoutError, OSError, ValueError, KeyError, TypeError, IndexError):
        raise Unreachable("It did not answer while pairing.") from None
    finally:
        with suppress(HomeKitException, OSError):
            await discovery.close()  # type: ignore[no-untyped-call]  # the library types it only in part


def _import() -> None:
    """Read the library from disk (in a thread), so that importing from it blocks nobody later."""
    for part in ("controller.ip.pairing", "controller.ip.discovery", "controller.ip.controller"):
        importlib.import_module(f"aiohomekit.{part}")


def _controller() -> Any:
    """A controller without a browser: addresses come from our own discovery."""
    from aiohomekit.characteristic_cache import CharacteristicCacheMemory
    from aiohomekit.controller.ip.controller import IpController

    return IpController(char_cache=CharacteristicCacheMemory(), zeroconf_instance=None)  # type: ignore[arg-type]


def _description(found: Found) -> Any:
    from aiohomekit.model.categories import Categories
    from aiohomekit.model.feature_flags import FeatureFlags
    from aiohomekit.model.status_flags import StatusFlags
    from aiohomekit.zeroconf import HomeKitService

    return HomeKitService(
        name=found.name, id=found.key.partition(":")[2], model=found.model, feature_flags=FeatureFlags(0),
        status_flags=StatusFlags(1), config_num=0, state_num=0, category=Categories(1), protocol_version="1.1",
        type=SERVICE, address=found.host, addresses=[found.host], port=found.port)


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock of an accessory: Dobby's device and where its values are."""

    device: Device
    current: Key
    target: Key
    level: Key | None


def locks(key: str, accessories: Iterable[Any]) -> dict[str, Lock]:
    """Every lock in an accessory list, by device id; what is not a lock, or garbled, is left out."""
    found: dict[str, Lock] = {}
    for accessory in accessories:
        try:
            aid = int(accessory["aid"])
            at = {(_short(service["type"]), _short(one["type"])): one
                  for service in accessory["services"] for one in service["characteristics"]}
        except (KeyError, TypeError, ValueError):
            continue
        if (LOCK, CURRENT) not in at or (LOCK, TARGET) not in at:
            continue
        battery = at.get((BATTERY_SERVICE, LEVEL))
        name = str((at.get((LOCK, NAME)) or at.get((INFO, NAME)) or {}).get("value") or "Lock")[:80]
        traits: tuple[Trait, ...] = (LOCKED, JAMMED, BATTERY) if battery else (LOCKED, JAMMED)
        device = Device(f"{key}/{aid}", name, "lock", "", "homekit", traits)
        found[device.id] = Lock(device, (aid, at[LOCK, CURRENT]["iid"]), (aid, at[LOCK, TARGET]["iid"]),
                                (aid, battery["iid"]) if battery else None)
    return found


def _short(type_: str) -> str:
    """A HAP type without the base UUID and leading zeros."""
    return str(type_).upper().removesuffix("-0000-1000-8000-0026BB765291").lstrip("0")


def readings(lock: Lock, values: Mapping[Key, Any]) -> list[Reading]:
    """What these characteristics show of a lock; a value of the wrong kind is Garbage."""
    shown: list[Reading] = []
    if "value" in values.get(lock.current, {}):
        state = values[lock.current]["value"]
        if not isinstance(state, int) or isinstance(state, bool) or not 0 <= state <= 3:
            raise Garbage("Its answer made no sense.")
        shown.append(Reading(lock.device.id, "locked", state == SECURED))
        shown.append(Reading(lock.device.id, "jammed", state == JAM))
    if lock.level is not None and isinstance(level := values.get(lock.level, {}).get("value"), int):
        shown.append(Reading(lock.device.id, "battery", level))
    return shown


class HomeKitLink:
    """One paired accessory (or bridge of accessories)."""

    def __init__(self, found: Found, pairing: IpPairing, settings: Settings) -> None:
        self._found, self._pairing, self._timeout = found, pairing, settings.timeout
        self._locks: dict[str, Lock] = {}
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Connect, learn the locks, subscribe to what they report."""
        accessories = await self._ask(self._pairing.list_accessories_and_characteristics())
        self._locks = locks(self._found.key, accessories if isinstance(accessories, list) else ())
        self._pairing.dispatcher_connect(self._heard)
        watched = [lock.current for lock in self._locks.values()]
        if watched:
            await self._ask(self._pairing.subscribe(watched))  # type: ignore[no-untyped-call]

    async def _ask(self, call: Any) -> Any:
        """One call of the library within the limit; its errors become ours."""
        from aiohomekit.exceptions import (
            AccessoryDisconnectedError,
            AuthenticationError,
            EncryptionError,
            HomeKitException,
        )

        try:
            async with asyncio.timeout(self._timeout):
                return await call
        except AuthenticationError:
            raise Refused("It does not know me any more. Pair it again.") from None
        except (AccessoryDisconnectedError, EncryptionError, TimeoutError, OSError):
            raise Unreachable("It does not answer.") from None
        except (HomeKitException, ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise Garbage("Its answer made no sense.") from None

    async def _fetch(self, device: str | None) -> list[Reading]:
        chosen = [lock for id_, lock in self._locks.items() if device in (None, id_)]
        wanted = {key for lock in chosen for key in (lock.current, lock.level) if key is not None}
        values = await self._ask(self._pairing.get_characteristics(wanted)) if wanted else {}
        return [reading for lock in chosen for reading in readings(lock, values)]

    def _heard(self, event: Mapping[Key, Any]) -> None:
        for lock in self._locks.values():
            with suppress(DeviceError, TypeError, AttributeError):  # rubbish proves nothing; the heartbeat tells
                for reading in readings(lock, event):
                    self._stream.push(reading)

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The locks, then what they show: pushed, and fetched every few seconds as the heartbeat."""
        async for item in self._stream.readings([lock.device for lock in self._locks.values()]):
            yield item

    async def send(self, command: Command) -> None:
        """Lock or unlock: write the target state."""
        lock = self._locks.get(command.device)
        if lock is None or command.trait != "locked" or not isinstance(command.value, bool):
            raise Refused(f"It cannot set {command.trait}.")
        answer = await self._ask(self._pairing.put_characteristics([(*lock.target, int(command.value))]))
        if answer and any(one.get("status") for one in answer.values()):
            raise Refused("It refused.")
        self._stream.sent(command, LOCKED)


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link with the pairing that `pair` made, at the address where the accessory is now."""
    await asyncio.to_thread(_import)
    from aiohomekit.controller.ip.pairing import IpPairing

    try:
        kept = json.loads(secret.get("pairing", ""))
    except ValueError:
        raise Refused("It was never paired. Ask me to find it again.") from None
    kept |= {"AccessoryIP": found.host, "AccessoryIPs": [found.host], "AccessoryPort": found.port}
    pairing = IpPairing(_controller(), kept)
    try:
        link = HomeKitLink(found, pairing, settings)
        await link.open()
        yield link
    finally:
        await pairing.close()


DRIVER = Driver("homekit", "HomeKit", LooksFor(mdns=(SERVICE,)), claim, connect, pair)
