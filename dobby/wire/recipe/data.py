"""A recipe: how one learned device is recognised, asked, understood and set, as data in a `device.toml`.

    recipe = 1
    name = "Breeze"
    kind = "fan"

    [known_by]                      # never an address; at least one of these
    mac = "02:1b:22:00:00:07"
    serial = "B-1007"               # with where it says so itself, so that another device at its address is noticed
    ask = { request = "state", json = "serial" }

    [talks]
    by = "http"                     # http, upnp, tcp, udp, websocket, mqtt
    port = 8080

    [requests.state]
    method = "GET"
    path = "/state"

    [requests.set_on]
    method = "PUT"
    path = "/state"
    json = { power = "{value}" }

    [traits.on]
    read = { request = "state", json = "power" }
    set = "set_on"
    words = [[true, "on"], [false, "off"]]

`{value}` is the only thing that is ever filled in. Secrets stand here by name only (`talks.login`), never as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dobby.home.device import Device, DeviceKind
from dobby.home.traits import Trait
from dobby.wire.recipe.guard import spoken
from dobby.wire.recipe.values import Place, Turn

FILE = "device.toml"
LONGEST = 64 * 1024
LIMIT = 40  # requests, and traits, of one recipe
WAYS = ("http", "upnp", "tcp", "udp", "websocket", "mqtt")
LOGINS = ("basic", "bearer", "header", "query")
BODIES = ("json", "form", "xml", "text")
IDENTITIES = ("mac", "udn", "serial")
MOVES = frozenset({"position", "tilt", "open", "locked", "armed", "target", "target_low", "target_high", "mode",
                   "task"})
# what heats, moves, opens or unlocks, and what nobody knows the purpose of, asks for as long as a recipe drives it
RISKY_KINDS = frozenset({"thermostat", "shade", "lock", "garage", "alarm", "pool", "spa", "valve", "water_heater",
                         "vacuum"})


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that may be said to the device; which fields count depends on how it talks (see the module's words)."""

    method: str = "GET"  # http
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""  # json, form, xml or text
    content: Any = None
    service: str = ""  # upnp: the tail of a service type, and an action of it
    action: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    send: str = ""  # tcp, udp, websocket: a line
    hex: str = ""  # tcp, udp: a frame
    topic: str = ""  # mqtt
    silent: bool = False  # no answer comes


    def said(self) -> str:
        """Everything that it says, in one line."""
        return spoken([self.path, self.service, self.action, dict(self.arguments), self.send, self.topic, self.content])


@dataclass(frozen=True, slots=True)
class Ability:
    """A trait of the device: the vocabulary's row made to fit, where it is read and how it is set."""

    trait: Trait
    read: Place | None
    set: str
    turn: Turn


@dataclass(frozen=True, slots=True)
class Recipe:
    """One learned device. slug: its folder's name; approved: the hash a person's yes was given to."""

    slug: str
    name: str
    kind: DeviceKind
    known_by: Mapping[str, str]
    ask: Place | None
    by: str
    port: int
    tls: bool
    path: str  # upnp: of its description; websocket: of its socket
    hello: str  # a request said at the start and at every reading, for lines whose answers come as pushed messages
    login: str  # "" or one of LOGINS, with ":name" for a header or parameter
    ending: str
    every: float
    requests: Mapping[str, Request]
    abilities: tuple[Ability, ...]
    text: str = ""

    @property
    def hash(self) -> str:
        """What an approval is bound to: every word of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def key(self) -> str:
        """The stable name of its link and device."""
        return f"learned:{self.slug}"

    def device(self) -> Device:
        """The device as the home shows it."""
        marks = tuple(f"{kind}:{self.known_by[kind].lower()}" for kind in ("mac", "serial") if kind in self.known_by)
        return Device(self.key, self.name, self.kind, "", "learned", tuple(one.trait for one in self.abilities),
                      marks=marks)

    def ability(self, name: str) -> Ability | None:
        """How one trait is read and set."""
        return next((one for one in self.abilities if one.trait.name == name), None)

    def touches(self) -> list[str]:
        """Everything that it may ever say to the device, one line each, for the person who is asked."""
        lines = (f"{r.method} {r.path} {spoken(r.content)}" if self.by == "http" else
                 f"{r.service} {r.action} {spoken(dict(r.arguments))}" if self.by == "upnp" else
                 f"{r.topic} {r.send or r.hex or spoken(r.content)}" for r in self.requests.values())
        return list(dict.fromkeys(line.strip() for line in lines))
