"""Links kept up: every accepted device or hub has a task that connects, follows, and comes back after a loss.

Addresses may change, keys do not: a new sighting of a known key moves its link. Pairing happens here too, as the
command `pair`, so it passes the gate like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address

from dobby.discovery.hosts import Host
from dobby.discovery.identify import better, by_make, claim, fits
from dobby.discovery.networks import Reach
from dobby.errors import DeviceError, PairingError, Refused
from dobby.home.device import Command, Device, Driver, Fault, Found, Outcome, Secret, Settings, Sighting
from dobby.home.home import Home
from dobby.home.known import SILENT
from dobby.home.traits import Risk, Trait
from dobby.home.verdict import FORGET, PAIR
from dobby.home.vocabulary import VOCABULARY
from dobby.store import Store
from dobby.tasks import ended

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0  # seconds between attempts to connect
BUTTON_LIMIT = 30.0  # seconds to press a link button (Hue: the window is 30 s)
JOIN_LIMIT = 10.0  # seconds from pairing until the first devices must be there
HUBS = ("home_assistant", "mqtt", "lutron", "hue", "homekit", "powerview", "elk", "envisalink",
        "screenlogic", "omnilogic")  # in the order of how much of a home each of them wins
SEEN_LIMIT, EACH = 500, 60  # things remembered from the network, and from one host of it


@dataclass(slots=True)
class Kept:
    """One link that is kept up. state is for doctor: "up", or what went wrong last."""

    driver: Driver
    found: Found
    secret: Secret
    state: str = "connecting"
    task: asyncio.Task[None] | None = None


class Links:
    """All links of the house, and what the network showed so far."""

    def __init__(self, home: Home, store: Store, drivers: Sequence[Driver], reach: Reach, settings: Settings,
                 shared: Secret | None = None) -> None:
        """shared: secrets of the house that no pairing gives, such as the code of an alarm panel; not kept here."""
        self._shared = shared or {}
        self._home, self._store, self._reach, self._settings = home, store, reach, settings
        self._drivers = by_make(drivers)
        self._kept: dict[str, Kept] = {}
        self._seen: dict[str, tuple[Driver, Found, float]] = {}
        self._codes: dict[str, str] = {}
        self._group: asyncio.TaskGroup | None = None
        self.on_seen: Callable[[], None] = lambda: None
        home.also_does(PAIR, self.pair)
        home.also_does(FORGET, self.forgotten)
        self.on_forget: Callable[[str], Awaitable[None]] = _nothing_more

    @property
    def kept(self) -> Mapping[str, Kept]:
        """Links by key."""
        return self._kept

    async def run(self) -> None:
        """Take up the links of the last run and keep all links up until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for row in await self._store.all("links"):
                driver = self._drivers.get(row["make"])
                if driver is None:
                    log.warning("there is no driver for %s any more", row["make"])
                    continue
                found = Found(row["key"], row["make"], row["name"], row["host"], row["port"], model=row["model"],
                              path=row["path"])
                self._keep(Kept(driver, found, json.loads(row["secret"])))
            try:
                await asyncio.Event().wait()
            finally:
                await ended(*(kept.task for kept in self._kept.values()))

    def _keep(self, kept: Kept) -> None:
        old = self._kept.get(kept.found.key)
        if old is not None and old.task is not None:
            old.task.cancel()
        self._kept[kept.found.key] = kept
        if self._group is not None:
            kept.task = self._group.create_task(self._hold(kept))

    async def _hold(self, kept: Kept) -> None:
        """Connect, follow, and start over after a loss, waiting longer each time it fails at once."""
        wait = FIRST_WAIT
        while True:
            began = time.monotonic()
            try:
                self._inside(kept.found.host)
                async with kept.driver.connect(kept.found, {**self._shared, **kept.secret}, self._settings) as link:
                    kept.state = "up"
                    self._home.explain(kept.found.key, SILENT)
                    await self._home.follow(link, lambda device: self._remember(device, kept.found.key))
                kept.state = "the line ended"
            except DeviceError as error:
                kept.state = error.text
                self._home.explain(kept.found.key, Fault(error.kind, error.text, error.hint))
            except (TimeoutError, OSError):
                kept.state = "it does not answer"
            except Exception:  # a driver's bug: shown in doctor, tried again, the rest of the house goes on
                log.exception("link %s", kept.found.key)
                kept.state = "its driver broke"
            wait = FIRST_WAIT if time.monotonic() - began > LONGEST_WAIT * 2 else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait * random.uniform(0.7, 1.0))  # noqa: S311  # jitter, not a secret

    def _inside(self, host: str) -> None:
        """Refused when an address lies in no network that may be looked at any more, or never did."""
        with contextlib.suppress(ValueError):  # a name is the owner's own word
            ip_address(host)
            if self._reach.networks and not self._reach.allows(host):
                raise Refused("It is in no network that I may look at.")

    def _remember(self, device: Device, link: str) -> None:
        if self._group is not None:
            self._group.create_task(self._store.do(
                "device_put", id=device.id, name=device.name, kind=device.kind, room=device.room, make=device.make,
                link=link, traits=dump_traits(device.traits), marks=json.dumps(device.marks),
                seen=datetime.now(UTC).isoformat()))

    # --- what the network shows ---------------------------------------------------------------------------------------

    def claim(self, sighting: Sighting) -> tuple[str, Found] | None:
        """(a make's title, what its driver makes of a sighting); None when no driver takes it for its own."""
        claimed = claim(sighting, self._drivers.values(), self._reach)
        return (claimed[0].title, claimed[1]) if claimed else None

    def met(self, host: Host) -> None:
        """A host is there under this hardware address: what is known by that may have moved."""
        if host.mac:
            self.saw(host.every_sign()[-1])

    def saw(self, sighting: Sighting) -> None:
        """Take in a sighting: a claimed one is remembered, a known one whose address changed moves its link."""
        claimed = claim(sighting, self._drivers.values(), self._reach)
        if claimed is None:
            self.on_seen()
            return
        driver, found = claimed
        before = self._seen.get(found.key)
        if before is not None or (len(self._seen) < SEEN_LIMIT and sum(
                one.host == found.host for _, one, _ in self._seen.values()) < EACH):
            self._seen[found.key] = (driver, better(before[1] if before else None, found), time.monotonic())
        kept = self._kept.get(found.key)
        if kept is not None and kept.state != "up" and _place(kept.found) != _place(found):
            moved = replace(kept.found, host=found.host, port=found.port, path=found.path)
            self._keep(Kept(kept.driver, moved, kept.secret))
            if self._group is not None:
                self._group.create_task(self._store.do("link_moved", key=found.key, host=found.host, port=found.port,
                                                       path=found.path))
        self.on_seen()

    def seen(self, what: str) -> list[tuple[Driver, Found]]:
        """Everything seen that fits most of these words: the hubs that carry most first, then by make and name."""
        fitting = [(fits(what, driver, found), driver, found) for driver, found, _ in self._seen.values()]
        best = max((score for score, *_ in fitting), default=0)
        return sorted([(driver, found) for score, driver, found in fitting if score and score == best],
                      key=lambda one: (one[1].make not in HUBS, HUBS.index(one[1].make) if one[1].make in HUBS else 0,
                                       one[1].make, one[1].name))

    def keep_code(self, key: str, code: str) -> None:
        """Hold a setup code for the next pairing of this key."""
        self._codes[key] = code

    # --- pairing ------------------------------------------------------------------------------------------------------

    async def pair(self, command: Command) -> Outcome:
        """The command `pair`: let a thing that was seen into the home. Confirmed once its devices are there."""
        key = command.device
        if key not in self._kept:
            if key not in self._seen:
                return _failed(command, "It is not on the network any more.")
            driver, found, _ = self._seen[key]
            try:
                secret = await self._paired(driver, found)
            except DeviceError as error:
                return Outcome(command, "failed", error=Fault(error.kind, error.text, error.hint))
            except Exception:  # a driver's bug: pairing failed, the order around it goes on
                log.exception("pairing %s", key)
                return Outcome(command, "failed", error=Fault("unknown", "Its answer made no sense."))
            await self.accept(driver, found, secret)
        if await self._joined(key):
            return Outcome(command, "confirmed", True, datetime.now(UTC))
        return _failed(command, "It let me in, but shows no devices yet.")

    async def accept(self, driver: Driver, found: Found, secret: Secret) -> None:
        """Keep a link from now on, over restarts too."""
        await self._store.do("link_put", key=found.key, make=found.make, name=found.name, host=found.host,
                             port=found.port, model=found.model, path=found.path, secret=json.dumps(dict(secret)),
                             added=datetime.now(UTC).isoformat())
        self._keep(Kept(driver, found, secret))

    async def forgotten(self, command: Command) -> Outcome:
        """The command `forget`: a device's link goes for good, with all that its hub brought."""
        key = next((one for one in self._kept if command.device == one or command.device.startswith(f"{one}/")), "")
        if not key:
            return _failed(command, "It is no part of the home.")
        await self.on_forget(key)
        await self.forget(key)
        return Outcome(command, "confirmed", True, datetime.now(UTC))

    async def forget(self, key: str) -> None:
        """Let a link go for good: its line, its row, its secret, its devices and what the owner called them."""
        kept = self._kept.pop(key, None)
        if kept is not None and kept.task is not None:
            await ended(kept.task)
        await self._store.together([("link_forget", {"key": key}), ("devices_forget", {"key": key}),
                                    ("given_forget", {"key": key}), ("readings_forget", {"key": key}),
                                    ("hours_forget", {"key": key}), ("series_forget", {"key": key})])
        self._home.forget(key)

    async def _paired(self, driver: Driver, found: Found) -> Secret:
        if driver.pair is None:
            return {}
        code = self._codes.pop(found.key, "")
        until = time.monotonic() + (BUTTON_LIMIT if found.needs == "button" else 0.0)
        while True:
            try:
                return await driver.pair(found, code)
            except PairingError:
                if time.monotonic() >= until:
                    raise
            await asyncio.sleep(1.0)

    async def _joined(self, key: str) -> bool:
        """Wait until a kept link has yielded a device."""
        with self._home.listen() as changes:
            try:
                async with asyncio.timeout(JOIN_LIMIT):
                    while not self.devices_of(key):
                        await changes.get()
            except TimeoutError:
                return False
        return True

    def devices_of(self, key: str) -> tuple[str, ...]:
        """Ids of the reachable devices behind a link, as the home shows them: one that is also seen another way may
        be shown under that way's id."""
        return tuple(id_ for id_ in self._home.devices if self._home.reachable(id_) and any(
            way == key or way.startswith(f"{key}/") for way in self._home.paths(id_)))


async def _nothing_more(_key: str) -> None:
    """Nothing else knows of it."""


def _place(found: Found) -> tuple[str, int, str]:
    return found.host, found.port, found.path


def _failed(command: Command, text: str) -> Outcome:
    return Outcome(command, "failed", error=Fault("unreachable", text))


def load_traits(text: str) -> tuple[Trait, ...]:
    """The traits that `dump_traits` wrote; risk comes from the vocabulary of today."""
    traits = []
    for name, kind, unit, low, high, step, choices in json.loads(text):
        row = VOCABULARY.get(name) or Trait(name, kind, unit, base_risk=Risk.ASK)
        traits.append(row.but(min=low, max=high, step=step, choices=tuple(choices)))
    return tuple(traits)


def dump_traits(traits: Sequence[Trait]) -> str:
    """A device's traits as the store keeps them: what differs from device to device; risk is never stored."""
    return json.dumps([[t.name, t.kind, t.unit, t.min, t.max, t.step, list(t.choices)] for t in traits])
