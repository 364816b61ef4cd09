"""A simulated home in a process of its own, found by Dobby's real ears, driven through Home and Links."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from dobby.discovery import mdns
from dobby.discovery.identify import by_make, listen_for
from dobby.discovery.links import Links
from dobby.discovery.networks import Reach
from dobby.discovery.ssdp import Ssdp
from dobby.drivers import load_drivers
from dobby.home.device import Command, Device, Found, Outcome, Reading, Secret, Settings, Sighting
from dobby.home.home import Home
from dobby.home.traits import Value
from dobby.home.verdict import Mint, Verdict, gatekeeper
from dobby.store import Store
from tests.drivers.relay import relayed
from tests.sim.conftest import Sim

DRIVERS = by_make(load_drivers()[0])
QUICK = Settings(timeout=1.0, poll=0.4)
KINDS = {"_hue._tcp.local.": "hue", "_sonos._tcp.local.": "sonos", "_wled._tcp.local.": "wled",
         "_hap._tcp.local.": "homekit", "_mqtt._tcp.local.": "mqtt",
         "urn:schemas-upnp-org:device:ZonePlayer:1": "sonos"}
THINGS = 13 + 2 + 2 + 1 + 6 + 13  # lamps and a plug, players, strips, the lock, what is on the bridge, the broker


@dataclass(frozen=True, slots=True)
class Street:
    """What the ears heard of a simulated home, and the secrets of those that were paired, by key."""

    sim: Sim
    sightings: Sequence[Sighting]
    found: dict[str, Found]
    secrets: dict[str, Secret]

    def of(self, make: str) -> list[Found]:
        """The links of a make, in the order of their addresses."""
        return sorted((one for one in self.found.values() if one.make == make), key=lambda one: one.host)

    def connect(self, found: Found, settings: Settings = QUICK) -> Any:
        """Open a link as the daemon does."""
        return DRIVERS[found.make].connect(found, self.secrets[found.key], settings)


async def look_around(sim: Sim) -> list[Sighting]:
    """Everything that mDNS and SSDP show within the home's own network, once every thing has spoken."""
    reach = Reach(("127.0.0.1",), (IPv4Network(sim.ready["network"]),))
    sightings: list[Sighting] = []
    types, targets = listen_for(DRIVERS.values())
    ears = [asyncio.create_task(mdns.watch(reach, types, sightings.append)),
            asyncio.create_task(Ssdp(reach, targets, sightings.append).watch())]
    try:
        await until(lambda: len({(one.kind, one.host, one.port) for one in sightings if one.kind in KINDS})
                    >= 1 + 2 + 2 + 2 + 1 + 2)
    finally:
        for ear in ears:
            ear.cancel()
        await asyncio.gather(*ears, return_exceptions=True)
    return [one for one in sightings if one.kind in KINDS]  # the ears hear more than the drivers know


async def settle(sim: Sim) -> Street:
    """Look around and pair whatever needs it."""
    sightings = await look_around(sim)
    found: dict[str, Found] = {}
    for sighting in sightings:
        claimed = DRIVERS[KINDS[sighting.kind]].claim(sighting)
        assert claimed is not None, sighting
        found.setdefault(claimed.key, claimed)
    secrets: dict[str, Secret] = {}
    for one in found.values():
        if one.needs == "button":
            await sim.ask("POST", "/button", {"device": "hue_bridge"})
        pair = DRIVERS[one.make].pair
        code = sim.ready["mqtt_login" if one.make == "mqtt" else "homekit_pin"]
        secrets[one.key] = {} if pair is None else await pair(one, code)
    return Street(sim, sightings, found, secrets)


@dataclass(slots=True)
class House:
    """Home and Links over a street."""

    street: Street
    home: Home
    mint: Mint
    links: Links
    keys: dict[str, str]  # the simulated home's own names -> device ids

    @property
    def sim(self) -> Sim:
        """The simulated home."""
        return self.street.sim

    async def do(self, *commands: Command) -> list[Outcome]:
        """Through the gate, as if the policy had said now."""
        return await self.home.do(commands, self.mint(commands, Verdict("now")))

    def order(self, key: str, trait: str, value: Value) -> Command:
        """A command to a thing by the simulated home's name for it."""
        return Command(self.keys[key], trait, value)

    def device(self, key: str) -> Device:
        """A thing as Dobby knows it."""
        return self.home.devices[self.keys[key]]

    def shows(self, key: str, trait: str, value: Value) -> bool:
        """Whether Dobby knows that a reachable thing shows a value."""
        id_ = self.keys[key]
        return self.home.reachable(id_) and self.home.value(id_, trait) == value

    async def hand(self, key: str, trait: str, value: Value) -> None:
        """Outside hands set something; returns once Dobby has seen it."""
        await self.sim.set(key, **{trait: value})
        await until(lambda: self.shows(key, trait, value))


@asynccontextmanager
async def moved_in(street: Street, folder: Path, *, patience: float, settings: Settings) -> AsyncIterator[House]:
    """Every link of the street kept up by the daemon's own Links."""
    mint, check = gatekeeper()
    home = Home(check, patience=patience)
    store = await Store.open(folder / "dobby.db")
    links = Links(home, store, list(DRIVERS.values()),
                  Reach(("127.0.0.1",), (IPv4Network(street.sim.ready["network"]),)), settings)
    running = asyncio.create_task(links.run())
    try:
        await asyncio.sleep(0)
        for key, found in street.found.items():
            await links.accept(DRIVERS[found.make], found, street.secrets[key])
        def there() -> list[str]:
            return [device.id for device in home.devices.values()
                    if home.reachable(device.id) and home.reading(device.id, device.traits[0].name)]
        try:
            await until(lambda: len(there()) == len(home.devices) == THINGS)
        except AssertionError as error:
            states = {key: kept.state for key, kept in links.kept.items()}
            raise AssertionError(f"{error}: {states}, {sorted(home.devices.keys() - set(there()))}") from None
        truth = (await street.sim.ask("GET", "/truth"))["devices"]
        tails = {tail(id_): id_ for id_ in home.devices}
        yield House(street, home, mint, links,
                    {key: tails[row["native_id"]] for key, row in truth.items() if row["native_id"] in tails})
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()


def tail(id_: str) -> str:
    """The device's own part of Dobby's id for it."""
    return id_.rpartition("/")[2] if "/" in id_ else id_.partition(":")[2]


async def until(what: Callable[[], Awaitable[bool]] | Callable[[], bool], patience: float = 40.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + patience
    while True:
        held = what()
        if held if isinstance(held, bool) else await held:
            return
        assert time.monotonic() < deadline, f"not within {patience} s"
        await asyncio.sleep(0.02)


async def leaves_nothing(connect: Callable[[], AbstractAsyncContextManager[Any]], *, patience: float) -> None:
    """Connect, hear a few readings and go, twice: after the second time no more is there than after the first, in which
    things are started once for all (imports, the loop's own threads) that are not the link's."""
    await _look_in(connect())
    before = _left()
    await _look_in(connect())
    more: set[str] = set()

    def clean() -> bool:
        gc.collect()
        more.clear()
        more.update((_left() - before).elements())
        return not more

    try:
        await until(clean, patience)
    except AssertionError:
        raise AssertionError(f"left behind: {more}") from None


async def _look_in(line: AbstractAsyncContextManager[Any]) -> None:
    async with line as link:
        watching, seen = link.watch(), 0
        async with asyncio.timeout(10):
            async for item in watching:
                seen += isinstance(item, Reading)
                if seen > 3:
                    break
        await watching.aclose()


def _left() -> Counter[str]:
    """Every task, thread and open file there is, in words."""
    left = Counter(str(task.get_coro()) for task in asyncio.all_tasks())
    left.update(one.name for one in threading.enumerate() if not one.name.startswith("asyncio_"))
    for number in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []:
        with suppress(OSError):  # the listing's own
            left[re.sub(r"\d+", "", os.readlink(f"/proc/self/fd/{number}"))] += 1
    return left


class Detour:
    """A second address of a device: every byte passes, counted; `old` becomes `new` in what the device says."""

    def __init__(self, target: tuple[str, int], old: bytes = b"", new: bytes = b"") -> None:
        assert len(old) == len(new)
        self._target, self._old, self._new = target, old, new
        self._inside: set[asyncio.Task[None]] = set()
        self.passed = 0  # bytes that went to the device
        self.server: asyncio.Server | None = None

    @asynccontextmanager
    async def at(self, host: str, port: int) -> AsyncIterator[None]:
        """Open the address."""
        self.server = await asyncio.start_server(self._visit, host, port)
        try:
            yield
        finally:
            self.server.close()
            for task in self._inside:
                task.cancel()
            await asyncio.gather(*self._inside, return_exceptions=True)
            await self.server.wait_closed()

    def hang_up(self) -> None:
        """Drop every connection; the address stays."""
        for task in self._inside:
            task.cancel()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await relayed(self._inside, self._target, reader, writer, self._carry)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await source.read(65536):
            if not answers:
                self.passed += len(data)
            elif self._old:
                data = data.replace(self._old, self._new)
            sink.write(data)
            await sink.drain()


def detoured(street: Street, found: Found, number: int) -> tuple[Found, Detour]:
    """The same device at another address of the home's network; a player names its own address in its answers."""
    host = street.sim.host(number)
    named = (found.host.encode(), host.encode()) if found.make == "sonos" else (b"", b"")
    return replace(found, host=host), Detour((found.host, found.port), *named)
