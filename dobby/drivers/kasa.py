"""TP-Link Kasa of the first generation, which asks for no login: plugs, switches, dimmers, strips, bulbs.

Found by the search that its app uses, polled over its own protocol on TCP 9999. Newer ones (KLAP, Tapo) do not answer
there and want the account's password: tapo.py.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from dobby.errors import DeviceError, Garbage, Refused
from dobby.home.device import (
    About,
    Command,
    Device,
    Driver,
    Found,
    Link,
    LooksFor,
    Probe,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.wire import kasa
from dobby.wire.kasa import Json
from dobby.wire.kasa_table import BULB_METER, METER, Outlet, is_bulb, mac, order, outlets, shown

KIND = "kasa"
SEARCH = kasa.encrypt(json.dumps(kasa.ASK).encode())


def answered(data: bytes) -> tuple[str, dict[str, str]]:
    """The name and facts in an answer to the search; nothing for anything else."""
    try:
        info = kasa.result(kasa.read(data), "system", "get_sysinfo")
    except DeviceError:
        return "", {}
    return str(info.get("alias", "")), {"mac": mac(info), "model": str(info.get("model", ""))} if mac(info) else {}


def claim(sighting: Sighting) -> Found | None:
    """A device answers the search with its MAC, name and model."""
    address = sighting.facts.get("mac", "")
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{12}", address):
        return None
    model = sighting.facts.get("model", "")
    return Found(f"kasa:{address}", "kasa", sighting.name or model, sighting.host, sighting.port, model=model,
                 why="it answers as a Kasa device")


class KasaLink:
    """One box: a device, or a strip of several."""

    def __init__(self, found: Found, settings: Settings) -> None:
        self._found, self._timeout = found, settings.timeout
        self._info: Json = {}
        self._outlets: tuple[Outlet, ...] = ()
        self._one = asyncio.Lock()  # such a device talks to one at a time
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def _ask(self, request: Json, child: str = "") -> Json:
        context: Json = {"context": {"child_ids": [child]}} if child else {}
        async with self._one:
            return await kasa.ask(self._found.host, self._found.port, {**context, **request}, self._timeout)

    async def look(self) -> Json:
        """What the box says of itself; new names make its devices anew. Refused when it is another."""
        info = kasa.result(await self._ask(kasa.ASK), "system", "get_sysinfo")
        if f"kasa:{mac(info)}" != self._found.key:
            raise Refused("Another device answers at this address.")
        known = {outlet.device for outlet in self._outlets}
        self._info, self._outlets = info, outlets(self._found.key, info)
        for outlet in self._outlets:
            if known and outlet.device not in known:
                self._stream.push(outlet.device)
        return info

    async def _meter(self, outlet: Outlet) -> Json | None:
        """What a device draws; None where it does not tell."""
        if not outlet.metered:
            return None
        module = BULB_METER if is_bulb(self._info) else METER
        try:
            return kasa.result(await self._ask({module: {"get_realtime": {}}}, outlet.child), module, "get_realtime")
        except Refused:
            return None

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        info = await self.look()
        readings = []
        for outlet in self._outlets:
            if device in (None, outlet.device.id):
                values = shown(outlet, info, await self._meter(outlet))
                readings += [Reading(outlet.device.id, name, value) for name, value in values.items()]
        return readings

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then their readings: they never tell by themselves, so they are asked every few seconds."""
        if not self._outlets:
            raise Garbage("It was never opened.")
        async for item in self._stream.readings([outlet.device for outlet in self._outlets]):
            yield item

    async def send(self, command: Command) -> None:
        """One order to one outlet."""
        outlet = next((outlet for outlet in self._outlets if outlet.device.id == command.device), None)
        if outlet is None:
            raise Refused("It is not there any more.")
        for module, method, arguments in order(self._info, outlet, command):
            kasa.result(await self._ask({module: {method: arguments}}, outlet.child), module, method)
        self._stream.sent(command, outlet.device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one box; there is no connection that stays."""
    link = KasaLink(found, settings)
    await link.look()
    yield link


ABOUT = About(
    covers="the first generation: plugs, switches, dimmers, strips of outlets, bulbs, with power and energy",
    credentials="none", updates="polled", library="own",
    judged=("a: tplink-smarthome-simulator (npm)", "c: answers of real ones"),
    lacks="newer firmware (KLAP) and Tapo, which are a make of their own here; effects of light strips")
DRIVER = Driver("kasa", "Kasa", LooksFor(probes=(Probe(KIND, kasa.PORT, SEARCH, answered),)), claim, connect,
                about=ABOUT)
