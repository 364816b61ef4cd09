"""HomeKit accessories over IP: whatever the table of dobby/wire/homekit_table.py knows.

Source: HomeKit Accessory Protocol Specification R2, chapters 5 and 6. Pairing wants the eight digits on the device.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dobby.errors import Garbage, PairingError, Refused
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.wire.homekit_table import Inventory, Key, inventory

if TYPE_CHECKING:
    from dobby.wire.homekit import HapLine

SERVICE = "_hap._tcp.local."
# accessory categories (HAP 13-1), as they stand in the TXT record's "ci"
CATEGORIES = {"2": "bridge", "3": "fan", "4": "garage door", "5": "light", "6": "door lock", "7": "outlet",
              "8": "switch", "9": "thermostat", "10": "sensor", "11": "security system", "12": "door", "13": "window",
              "14": "window covering", "17": "camera", "18": "doorbell", "19": "air purifier", "20": "heater",
              "21": "air conditioner", "22": "humidifier", "23": "dehumidifier", "28": "sprinkler", "29": "faucet",
              "31": "television"}
UNPAIRED = 1  # bit of the TXT record's status flags


def claim(sighting: Sighting) -> Found | None:
    """An accessory announces `_hap._tcp` with its device id, category and status flags in the TXT record."""
    facts = sighting.facts
    id_ = facts.get("id", "").lower()
    if sighting.kind != SERVICE or not re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", id_) or "ci" not in facts:
        return None
    free = facts.get("sf", "").isdigit() and int(facts["sf"]) & UNPAIRED
    model = f"{facts.get('md', '')} {CATEGORIES.get(facts['ci'], '')}".strip()
    return Found(f"homekit:{id_}", "homekit", sighting.name, sighting.host, sighting.port,
                 needs="pin" if free else "nothing", model=model,
                 why="it announces a HomeKit accessory by mDNS" + ("" if free else ", paired with somebody already"))


async def pair(found: Found, pin: str) -> Secret:
    """The pairing's keys, against the code on the accessory."""
    await asyncio.to_thread(import_module, "dobby.wire.homekit")
    from dobby.wire.homekit import pair as exchange

    made = await exchange(found.host, found.port, pin)
    if made.get("AccessoryPairingID", "").lower() != found.key.partition(":")[2]:
        raise PairingError("What answers there is not the accessory that announced itself.")
    return {"pairing": json.dumps(made)}


class HomeKitLink:
    """One accessory, or a bridge with several."""

    def __init__(self, found: Found, line: HapLine, settings: Settings) -> None:
        self._key, self._line = found.key, line
        self._known = Inventory((), ())
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn what is there."""
        self._known = inventory(self._key, await self._line.accessories())

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        keys = self._known.keys(device)
        if not keys:
            await self._line.accessories()  # nothing to read, but a heartbeat all the same
            return []
        values = await self._line.read(keys)
        if not values:
            raise Garbage("Its answer made no sense.")
        shown, odd = self._known.readings(values)
        if odd and len(self._known.devices) == 1:
            raise Garbage("Its answer made no sense.")
        told, asked = {key[0] for key in values}, {key[0] for key in keys}  # a bridge leaves out whom it does not hear
        return [*(Reading(one.id, "reachable", _aid(one) in told and one.id not in odd)
                  for one in self._known.devices if _aid(one) in asked), *shown]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then their readings: by the session's events, and fetched every few seconds as the heartbeat."""
        await self._line.listen(self._known.keys(), self._heard)
        async for item in self._stream.readings(self._known.devices):
            yield item

    def _heard(self, key: Key, value: Any) -> None:
        if not self._known.lone(key):
            self._stream.hurry()  # what it shows hangs on another value too, which may have changed with it
            return
        for reading in self._known.readings({key: value})[0]:  # rubbish proves nothing; the heartbeat tells of it
            self._stream.push(reading)

    async def send(self, command: Command) -> None:
        """Write what a command asks for."""
        slot = self._known.slot(command.device, command.trait)
        orders = slot.orders(command) if slot else {}
        if slot is None or not orders:
            raise Refused(f"It cannot set {command.trait}.")
        await self._line.write(orders)
        self._stream.sent(command, slot.trait)


def _aid(device: Device) -> int:
    return int(device.id.rpartition("/")[2].partition(".")[0])


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


ABOUT = About(
    covers="lights, plugs, fans, heating and cooling, shades, doors, locks, "
           "garages, alarm panels, valves, televisions, speakers and every sensor of the specification",
    credentials="the eight digits on the device; one that Apple Home has must leave it first",
    updates="push: events of the session", library="aiohomekit (Apache-2.0)",
    judged=("a: HAP-python, an independent engine, plays the accessories",),
    lacks="accessories over Bluetooth and Thread, cameras, buttons")
DRIVER = Driver("homekit", "HomeKit", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
