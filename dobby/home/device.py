"""The nouns that a driver and the home share: Device, Command, Reading, Outcome, Driver, Link.

A driver is one file in dobby/drivers ending in `DRIVER = Driver(...)`. A Link has two verbs. `watch()` yields the
link's Devices first, then Readings for ever, and ends or raises when the line is lost. `send(command)` returns when
the device took the command; after it, `watch` delivers a reading of what the device shows, pushed or fetched.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol

from dobby.errors import ErrorKind
from dobby.home.traits import Trait, Value

DeviceKind = Literal["light", "speaker", "thermostat", "shade", "lock", "garage", "alarm", "pool", "spa", "plug",
                     "sensor", "camera", "fan", "vacuum", "tv", "valve", "water_heater", "hub"]


@dataclass(frozen=True, slots=True)
class Device:
    """One thing in the home. `id` is stable (`hue:<bridge>/<light>`), never an address; name and room are the
    device's own until the owner gives better ones."""

    id: str
    name: str
    kind: DeviceKind
    room: str
    make: str
    traits: tuple[Trait, ...]
    aliases: tuple[str, ...] = ()
    in_everything: bool = False  # an outlet that the owner counts among "everything off"
    marks: tuple[str, ...] = ()  # what tells it apart whatever hub it is seen through: "serial:...", "mac:..."

    def trait(self, name: str) -> Trait | None:
        """The device's own trait of that name, or None."""
        return next((trait for trait in self.traits if trait.name == name), None)


@dataclass(frozen=True, slots=True)
class Room:
    """A room as its owner names it; floor is "" where nobody said."""

    name: str
    floor: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """Set one trait of one device."""

    device: str
    trait: str
    value: Value


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device itself showed. `at` is UTC for people; `tick` is time.monotonic() of the moment the fetch began or
    the push arrived, and is what "newer than the send" is judged by."""

    device: str
    trait: str
    value: Value
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    tick: float = field(default_factory=time.monotonic)


Result = Literal["confirmed", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an outcome failed: a kind for programs, a sentence for people, and a hint (see DeviceError) or ""."""

    kind: ErrorKind
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command: confirmed by the device's own reading, sent (cannot be read back), or failed."""

    command: Command
    result: Result
    read: Value = None
    at: datetime | None = None
    error: Fault | None = None
    on_its_way: bool = False  # sent, and the device itself shows that it is moving there


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing seen once on the network: a stranger's words, capped by the listener that made it.

    how: "mdns", "ssdp", "wsd", "probe" or "visit"; kind: the service type or search target; facts: TXT records or
    headers.
    """

    how: str
    host: str
    port: int
    kind: str
    name: str
    facts: Mapping[str, str]


class View(Protocol):
    """The home as it can be read: what reflex, answers and tools see of it. Home is one; a test's dataclass may be."""

    @property
    def devices(self) -> Mapping[str, Device]:
        """Devices by id, the owner's names applied."""
        ...

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Rooms by name."""
        ...

    def value(self, device: str, trait: str) -> Value:
        """The last reading's value, None when there is none."""
        ...

    def reachable(self, device: str) -> bool:
        """Whether the device answers at present."""
        ...


Needs = Literal["nothing", "button", "pin", "login"]


@dataclass(frozen=True, slots=True)
class Found:
    """A sighting that a driver claims as its own. `key` is the link's stable name (`hue:<bridge id>`); its devices'
    ids are the key itself or start with the key and a slash. why: the evidence, in words; path: where at that host it
    describes itself, for makes that put that anywhere."""

    key: str
    make: str
    name: str
    host: str
    port: int
    needs: Needs = "nothing"
    model: str = ""
    room: str = ""
    why: str = ""
    path: str = ""


Secret = Mapping[str, str]


class Link(Protocol):
    """An open line to a device or a hub."""

    def watch(self) -> AsyncIterator[Device | Reading]:
        """Devices, then readings for ever; ends or raises DeviceError when the line is lost."""
        ...

    async def send(self, command: Command) -> None:
        """Hand one checked command to the device; DeviceError when it does not take it."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """A search by broadcast: the datagram `ask` to UDP `port` of every allowed network. `answered` is pure: the name
    and facts in an answer, no facts for anything else; they become a Sighting of this kind."""

    kind: str
    port: int
    ask: bytes
    answered: Callable[[bytes], tuple[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Visit:
    """For what announces nothing and answers no search: a question to one host at a time, when the network is swept or
    a person asks what an address is. `look(host, port, mac)` changes nothing there and leaves nothing open; it tells
    the name and facts of what answers, no facts for anything else, and raises nothing. mac: twelve hex digits, "" where
    the kernel does not know it. Facts become a Sighting of this kind; only hosts that no other driver claims are asked.
    """

    kind: str
    port: int
    look: Callable[[str, int, str], Awaitable[tuple[str, Mapping[str, str]]]]


@dataclass(frozen=True, slots=True)
class LooksFor:
    """What discovery must listen for on behalf of a driver."""

    mdns: tuple[str, ...] = ()
    ssdp: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a link may know of the house: where devices may call back ("" = nowhere, so poll), how patient to be."""

    callbacks: str = ""
    timeout: float = 4.0
    poll: float = 4.0


@dataclass(frozen=True, slots=True)
class About:
    """What docs/devices.md says of a make. judged: how it was tested, each beginning with "a" (against a server not
    written by us), "b" (our simulator, accepted by a client not written by us) or "c" (replay of public captures)."""

    covers: str
    credentials: str
    updates: str
    library: str  # with its licence
    judged: tuple[str, ...]
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """A make of device.

    claim(sighting) -> Found or None, pure. pair(found, pin) -> the secret to keep, or PairingError with what the
    person must do. connect(found, secret, settings) -> async context manager that holds the Link open.
    """

    make: str
    title: str
    looks_for: LooksFor
    claim: Callable[[Sighting], Found | None]
    connect: Callable[[Found, Secret, Settings], AbstractAsyncContextManager[Link]]
    pair: Callable[[Found, str], Awaitable[Secret]] | None = None
    about: About | None = None
