"""Shelly of the second generation and later (Plus, Pro, Gen3, Gen4): relays, meters, dimmers, covers, sensors.

JSON-RPC over the device's own WebSocket, which tells of every change. Found by mDNS `_shelly._tcp`, whose name ends in
the MAC. A password set in the device's own page is asked for at pairing. Not covered: Gen1 (over MQTT), battery devices
that sleep, inputs, thermostats and BLU devices behind a Shelly.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dobby.errors import Garbage, PairingError, Refused
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.wire.shelly import ShellyLine, open_line
from dobby.wire.shelly_table import Part, order, parts, shown
from dobby.wire.web import ask_json

SERVICE = "_shelly._tcp.local."
WANTS_PASSWORD = "It is locked: pair it again with its password, as in `dobby pair shelly --pin admin:password`."  # noqa: S105


def claim(sighting: Sighting) -> Found | None:
    """A Shelly announces `_shelly._tcp` as "<model>-<mac>", with its generation in the TXT record (1 has none)."""
    named = re.fullmatch(r"[a-z0-9]+-([0-9a-f]{12})", sighting.name.lower())
    generation = sighting.facts.get("gen", "")
    if sighting.kind != SERVICE or named is None or not generation.isdigit() or int(generation) < 2:
        return None
    return Found(f"shelly:{named[1]}", "shelly", sighting.name, sighting.host, sighting.port,
                 model=sighting.facts.get("app", ""), why="it announces a Shelly by mDNS")


def _base(found: Found) -> str:
    return f"http://{found.host}:{found.port}"


async def _info(web: aiohttp.ClientSession, found: Found) -> Mapping[str, Any]:
    """What the device says of itself to anybody; Refused when it is another."""
    info = await ask_json(web, "GET", f"{_base(found)}/shelly")
    if not isinstance(info, Mapping) or not isinstance(info.get("mac"), str):
        raise Garbage("Its answer made no sense.")
    if f"shelly:{info['mac'].lower()}" != found.key:
        raise Refused("Another device answers at this address.")
    return info


async def pair(found: Found, code: str) -> Secret:
    """The password ("admin:password" or alone) where the device is locked; PairingError when it does not open."""
    settings = Settings()
    async with _session(settings) as web:
        if not (await _info(web, found)).get("auth_en"):
            return {}
        password = code.removeprefix("admin:")
        if not password:
            raise PairingError(WANTS_PASSWORD, "shelly_locked")
        try:
            async with open_line(web, _base(found), password, settings.timeout, _ignore, _ignore) as line:
                await line.call("Shelly.GetConfig")
        except Refused:
            raise PairingError(WANTS_PASSWORD, "shelly_locked") from None
        return {"password": password}


def _ignore(*_what: object) -> None:
    """Nothing is listened to while pairing."""


class ShellyLink:
    """One Shelly and the devices in it."""

    def __init__(self, found: Found, info: Mapping[str, Any], settings: Settings) -> None:
        self._key, self._info = found.key, info
        self._parts: tuple[Part, ...] = ()
        self._calibrated: dict[str, bool] = {}
        self._line: ShellyLine | None = None
        self._changed = False  # its owner changed something in the device's own settings
        self.stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def _call(self, method: str, **params: object) -> Any:
        if self._line is None:
            raise Garbage("It was never opened.")
        return await self._line.call(method, **params)

    async def open(self, line: ShellyLine) -> None:
        """Learn what is in it."""
        self._line = line
        self._learn(await self._call("Shelly.GetConfig"), await self._call("Shelly.GetStatus"))

    def _learn(self, config: object, status: object) -> None:
        if not isinstance(config, Mapping) or not isinstance(status, Mapping):
            raise Garbage("Its answer made no sense.")
        self._parts = parts(self._key, self._info, config, status)
        self._calibrated = {name: bool(one.get("pos_control")) for name, one in status.items()
                            if isinstance(one, Mapping)}
        if not self._parts:
            raise Refused("There is nothing in it that can be shown or driven.")

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        status = await self._call("Shelly.GetStatus")
        if self._changed:
            self._changed = False
            self._learn(await self._call("Shelly.GetConfig"), status)
            for part in self._parts:
                self.stream.push(part.device)
        if not isinstance(status, Mapping):
            raise Garbage("Its answer made no sense.")
        readings, odd = [], 0
        for part in self._parts:
            try:
                values = {name: value for component in part.components
                          for name, value in shown(component, status.get(component)).items()}
            except Garbage:
                odd += 1
                readings.append(Reading(part.device.id, "reachable", False))
                continue
            readings += [Reading(part.device.id, name, value) for name, value in ({"reachable": True} | values).items()]
        if odd == len(self._parts):
            raise Garbage("Its answer made no sense.")
        return readings

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        """A notification: changed values of components, or an event."""
        if method == "NotifyEvent":
            events = params.get("events")
            if isinstance(events, list) and any(isinstance(one, Mapping) and one.get("event") == "config_changed"
                                                for one in events):
                self._changed = True
                self.stream.hurry()
            return
        for part in self._parts:
            for component in part.components:
                try:
                    values = shown(component, params[component]) if component in params else {}
                except Garbage:  # rubbish proves nothing; the heartbeat tells whether the device is well
                    continue
                for name, value in values.items():
                    if part.device.trait(name) is not None:
                        self.stream.push(Reading(part.device.id, name, value))

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then their readings: as they change, and fetched every few seconds as the heartbeat."""
        async for item in self.stream.readings([part.device for part in self._parts]):
            yield item

    async def send(self, command: Command) -> None:
        """One order to one component."""
        part = next((part for part in self._parts if part.device.id == command.device), None)
        if part is None:
            raise Refused("It is not there any more.")
        component = part.components[0]
        method, params = order(component, self._calibrated.get(component, False), command)
        await self._call(method, **params)
        self.stream.sent(command, part.device.trait(command.trait))


def _session(settings: Settings) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=settings.timeout))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one Shelly."""
    async with _session(settings) as web:
        info = await _info(web, found)
        password = secret.get("password", "")
        if info.get("auth_en") and not password:
            raise Refused(WANTS_PASSWORD, "shelly_locked")
        link = ShellyLink(found, info, settings)
        async with open_line(web, _base(found), password, settings.timeout, link.heard, link.stream.broken) as line:
            await link.open(line)
            yield link


ABOUT = About(
    covers="Plus, Pro, Gen3 and Gen4: relays, plugs, dimmers, colour strips, covers, meters, sensors on the mains",
    credentials="none, or the password set on its page", updates="push: its WebSocket", library="own",
    judged=("b: a server of ours is accepted by aioshelly", "c: captures of four real ones"),
    lacks="Gen1 (found over MQTT), battery devices that sleep, inputs, the Wall Display's thermostat, BLU devices")
DRIVER = Driver("shelly", "Shelly", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
