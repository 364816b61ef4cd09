"""ESPHome: boxes with its firmware, over its native API (aioesphomeapi): all that the YAML of one makes of it.

Source: esphome.io/components/api. Everything is pushed, states in batches of about 100 ms; a state that is the same is
not told again, so after an order the box is asked something and what it told until its answer is read. Not covered:
text, dates, cameras, voice, Bluetooth proxies, what sleeps deeply most of the time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, PairingError, Refused, Unreachable
from dobby.home.device import (
    About,
    Command,
    Device,
    Driver,
    Found,
    Link,
    LooksFor,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.wire.hass import cleaned
from dobby.wire.hass_assemble import assemble

if TYPE_CHECKING:
    from dobby.wire.esphome.line import APIClient, EntityState
    from dobby.wire.esphome.part import Part

SERVICE = "_esphomelib._tcp.local."
WIRE = ("dobby.wire.esphome.line", "dobby.wire.esphome.table")
WANTS_KEY = "It wants its encryption key: the line under `api: encryption: key:` in its ESPHome YAML."
WANTS_PASSWORD = "It wants its API password."  # noqa: S105  # what is said, no password


def claim(sighting: Sighting) -> Found | None:
    """A box announces `_esphomelib._tcp` with its MAC, and whether it is encrypted, in the TXT record."""
    facts = sighting.facts
    mac = facts.get("mac", "").lower()
    if sighting.kind != SERVICE or not re.fullmatch("[0-9a-f]{12}", mac):
        return None
    name = cleaned(facts.get("friendly_name")) or sighting.name
    return Found(f"esphome:{mac}", "esphome", name, sighting.host, sighting.port,
                 "login" if facts.get("api_encryption") else "nothing", model=cleaned(facts.get("project_name")),
                 why="it announces ESPHome by mDNS" + (", encrypted" if facts.get("api_encryption") else ""))


async def pair(found: Found, code: str) -> Secret:
    """Try its encryption key or its password, or none; PairingError with what it wants."""
    for module in WIRE:
        await asyncio.to_thread(import_module, module)
    from dobby.wire.esphome.line import NeedsKey, is_key

    code = code.strip()
    if found.needs == "login" and not is_key(code):
        raise PairingError(WANTS_KEY, "login")  # what may be a key with a slip in it is not sent in the open
    secret = {"key": code} if is_key(code) else {"password": code} if code else {}
    try:
        async with _line(found, secret, Settings(), lambda error: None):
            return secret
    except NeedsKey as error:
        raise PairingError(WANTS_PASSWORD if error.password else WANTS_KEY, "login") from None


def _line(found: Found, secret: Secret, settings: Settings, lost: Any) -> Any:
    from dobby.wire.esphome.line import open_line

    return open_line(found.host, found.port, found.key.partition(":")[2], secret.get("key", ""),
                     secret.get("password", ""), settings.timeout, lost)


class EsphomeLink:
    """One box."""

    def __init__(self, found: Found, secret: Secret, settings: Settings) -> None:
        self._key, self._code, self._timeout = found.key, secret.get("alarm_code", ""), settings.timeout
        self._client: APIClient | None = None
        self._devices: tuple[Device, ...] = ()
        self._parts: dict[tuple[int, int], tuple[Part, dict[str, str]]] = {}  # (sub-device, key) -> trait -> device
        self._orders: dict[tuple[str, str], Part] = {}
        self._states: dict[tuple[int, int], EntityState] = {}
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self, client: APIClient) -> None:
        """Learn what it has, and be told what it shows."""
        from dobby.wire.esphome.line import learn
        from dobby.wire.esphome.table import entities, entity_id, part

        self._client = client
        info, rows = await learn(client, self._timeout)
        parts = [(row, its) for row in rows if (its := part(row, self._code)) is not None]
        by_id = {entity_id(row): (row, its) for row, its in parts}
        built = assemble(self._key, "esphome", entities(info, parts, self._key.partition(":")[2]))
        self._devices = tuple(one.device for one in built)
        for one in built:
            for trait, id_ in one.parts.items():
                row, its = by_id[id_]
                self._orders[one.device.id, trait] = its
                self._parts.setdefault((row.device_id, row.key), (its, {}))[1][trait] = one.device.id
        client.subscribe_states(self._heard)

    def lost(self, error: DeviceError) -> None:
        """The line broke."""
        self._stream.broken(error)

    def _heard(self, state: EntityState) -> None:
        """A state, by itself or after an order."""
        self._states[state.device_id, state.key] = state
        for reading in self._readings(state):
            self._stream.push(reading)

    def _readings(self, state: EntityState) -> list[Reading]:
        its, places = self._parts.get((state.device_id, state.key), (None, {}))
        return [] if its is None else [Reading(places[trait], trait, value) for trait, value in its.read(state).items()
                                       if trait in places]

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """What it told until it answered: it keeps the order."""
        from dobby.wire.esphome.line import beat

        if self._client is None:
            raise Unreachable("The line was closed.")
        await beat(self._client)
        alive = [Reading(one.id, "reachable", True) for one in self._devices]
        return alive if device is None else [reading for state in self._states.values()
                                             for reading in self._readings(state) if reading.device == device]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then what they show."""
        async for item in self._stream.readings(self._devices):
            yield item

    async def send(self, command: Command) -> None:
        """Hand over an order; the box does not answer it, its states do."""
        from dobby.wire.esphome.line import meaning

        its = self._orders.get((command.device, command.trait))
        if its is None or self._client is None:
            raise Refused(f"It cannot set {command.trait}.")
        try:
            its.order(self._client, command.trait, command.value)
        except DeviceError:
            raise
        except Exception as error:  # whatever the library raises, in our words
            raise meaning(error) from None
        self._stream.sent(command, next((trait for trait in its.traits if trait.name == command.trait), None))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one box."""
    for module in WIRE:
        await asyncio.to_thread(import_module, module)
    link = EsphomeLink(found, secret, settings)
    async with _line(found, secret, settings, link.lost) as client:
        await link.open(client)
        yield link


ABOUT = About(
    covers="boxes with its firmware: lights, relays, sirens, covers, garage doors, valves, locks, thermostats, fans, "
           "alarm panels, speakers, numbers, choices, buttons and sensors",
    credentials="none, or the encryption key of its YAML", updates="push: its native API",
    library="aioesphomeapi (MIT)",
    judged=("a: its real firmware 2026.6.5, built for a computer (in plaintext)",
            "b: a server of ours, encrypted too, is accepted by aioesphomeapi"),
    lacks="text, dates, cameras, voice, Bluetooth proxies, water heaters, boxes that sleep most of the time")
DRIVER = Driver("esphome", "ESPHome", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
