"""HomeKit accessories over IP: the lock mechanism, and its battery.

Source: HomeKit Accessory Protocol Specification R2, chapters 8 and 9 (Lock Mechanism 8.21, Lock Current State 9.52:
0 unsecured, 1 secured, 2 jammed, 3 unknown). The target state says what was asked for, never what is: only the current
state is a reading. Not covered yet: every other kind of accessory; they can be claimed and paired, and show nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, Garbage, PairingError, Refused
from dobby.home.device import Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.vocabulary import BATTERY, JAMMED, LOCKED

if TYPE_CHECKING:
    from dobby.wire.homekit import HapLine, Key

SERVICE = "_hap._tcp.local."
UNPAIRED = 1  # bit of the TXT record's status flags
INFORMATION, LOCK, CELL = "3E", "45", "96"  # service types: Accessory Information, Lock Mechanism, Battery
NAME, CURRENT, TARGET, LEVEL = "23", "1D", "1E", "68"  # characteristic types
WAYS: Mapping[Any, tuple[bool | None, bool]] = {0: (False, False), 1: (True, False), 2: (None, True), 3: (None, False)}


def claim(sighting: Sighting) -> Found | None:
    """An accessory announces `_hap._tcp` with its device id, category and status flags in the TXT record."""
    facts = sighting.facts
    id_ = facts.get("id", "").lower()
    if sighting.kind != SERVICE or not re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", id_) or "ci" not in facts:
        return None
    free = facts.get("sf", "").isdigit() and int(facts["sf"]) & UNPAIRED
    return Found(f"homekit:{id_}", "homekit", sighting.name, sighting.host, sighting.port,
                 needs="pin" if free else "nothing", model=facts.get("md", ""),
                 why="it announces a HomeKit accessory by mDNS" + ("" if free else ", paired with somebody already"))


async def pair(found: Found, pin: str) -> Secret:
    """The pairing's keys, against the code on the accessory."""
    await asyncio.to_thread(import_module, "dobby.wire.homekit")
    from dobby.wire.homekit import pair as exchange

    made = await exchange(found.host, found.port, pin)
    if made.get("AccessoryPairingID", "").lower() != found.key.partition(":")[2]:
        raise PairingError("What answers there is not the accessory that announced itself.")
    return {"pairing": json.dumps(made)}


@dataclass(frozen=True, slots=True)
class Bolt:
    """One lock: Dobby's device and where its characteristics are."""

    device: Device
    current: Key
    target: Key
    level: Key | None


def bolts(key: str, accessories: Sequence[Mapping[str, Any]]) -> list[Bolt]:
    """The locks among accessory objects; Garbage when they are none."""
    try:
        return [bolt for accessory in accessories for bolt in _bolt(key, accessory)]
    except (KeyError, TypeError, AttributeError):
        raise Garbage("Its answer made no sense.") from None


def _bolt(key: str, accessory: Mapping[str, Any]) -> list[Bolt]:
    aid = int(accessory["aid"])
    parts = {(_short(service["type"]), _short(one["type"])): one
             for service in accessory["services"] for one in service["characteristics"]}
    if (LOCK, CURRENT) not in parts or (LOCK, TARGET) not in parts:
        return []
    level = parts.get((CELL, LEVEL))
    name = str(parts.get((INFORMATION, NAME), {}).get("value") or "Lock")[:80]
    device = Device(f"{key}/{aid}", name, "lock", "", "homekit", (LOCKED, JAMMED, *((BATTERY,) if level else ())))
    return [Bolt(device, (aid, parts[LOCK, CURRENT]["iid"]), (aid, parts[LOCK, TARGET]["iid"]),
                 (aid, level["iid"]) if level else None)]


def _short(type_: str) -> str:
    """Apple's own types are numbers before a common ending."""
    return type_.upper().removesuffix("-0000-1000-8000-0026BB765291").lstrip("0")


class HomeKitLink:
    """One accessory, or a bridge with several."""

    def __init__(self, found: Found, line: HapLine, settings: Settings) -> None:
        self._key, self._line = found.key, line
        self._bolts: list[Bolt] = []
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn the locks."""
        self._bolts = bolts(self._key, await self._line.accessories())

    def _keys(self, device: str | None = None) -> list[Key]:
        return [key for bolt in self._bolts if device in (None, bolt.device.id)
                for key in (bolt.current, bolt.level) if key]

    def _readings(self, key: Key, value: Any) -> list[Reading]:
        """What a characteristic's value shows; Garbage when it is none of the specified ones."""
        for bolt in self._bolts:
            if key == bolt.current:
                if isinstance(value, bool) or not isinstance(value, int) or value not in WAYS:
                    raise Garbage("Its answer made no sense.")
                locked, jammed = WAYS[value]
                return [Reading(bolt.device.id, "locked", locked), Reading(bolt.device.id, "jammed", jammed)]
            if key == bolt.level:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise Garbage("Its answer made no sense.")
                return [Reading(bolt.device.id, "battery", value)]
        return []

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        keys = self._keys(device)
        if not keys:
            await self._line.accessories()  # nothing to read, but a heartbeat all the same
            return []
        values = await self._line.read(keys)
        if not values:
            raise Garbage("Its answer made no sense.")
        return [reading for key, value in values.items() for reading in self._readings(key, value)]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The locks, then their readings: by events of the session, and fetched every few seconds as the heartbeat."""
        await self._line.listen(self._keys(), self._heard)
        async for item in self._stream.readings([bolt.device for bolt in self._bolts]):
            yield item

    def _heard(self, key: Key, value: Any) -> None:
        try:
            for reading in self._readings(key, value):
                self._stream.push(reading)
        except DeviceError:
            return  # rubbish proves nothing; the heartbeat tells whether the accessory is well

    async def send(self, command: Command) -> None:
        """Give a lock its target."""
        bolt = next((one for one in self._bolts if one.device.id == command.device), None)
        if bolt is None or command.trait != "locked" or not isinstance(command.value, bool):
            raise Refused(f"It cannot set {command.trait}.")
        await self._line.write(bolt.target, int(command.value))
        self._stream.sent(command, LOCKED)


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a session with one accessory."""
    await asyncio.to_thread(import_module, "dobby.wire.homekit")
    from dobby.wire.homekit import HapLine

    try:
        pairing = json.loads(secret["pairing"])
    except (KeyError, ValueError):
        raise Refused("What it gave me at pairing is lost; pair it again.") from None
    line = HapLine(found.host, found.port, pairing, settings.timeout)
    try:
        link = HomeKitLink(found, line, settings)
        await link.open()
        yield link
    finally:
        await line.close()


DRIVER = Driver("homekit", "HomeKit", LooksFor(mdns=(SERVICE,)), claim, connect, pair)
