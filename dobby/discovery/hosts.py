"""The neighbourhood: every host that was seen, all evidence of what it is, and the conclusion, with the reason for it.

Ranked: a handshake that only this device speaks (a driver claims it from what it said of itself) > a service type >
a host name or a title > the maker of a chip or an open port. Names and texts are strangers' words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from ipaddress import ip_address
from typing import Any

from dobby.discovery import clean
from dobby.home.device import Found, Sighting

CERTAIN, STRONG, LIKELY, HINT = 4, 3, 2, 1
SURE = {CERTAIN: "certain", STRONG: "strong", LIKELY: "likely", HINT: "a hint"}
HOSTS = 1000  # that are remembered
SIGHTINGS, NAMES = 40, 8  # of one host
HOWS = {"mdns": STRONG, "ssdp": STRONG, "server": LIKELY, "maker": CERTAIN, "model": CERTAIN, "title": LIKELY,
        "name": LIKELY, "vendor": HINT, "port": HINT}


@dataclass(frozen=True, slots=True)
class Signature:
    """A row of signatures.toml."""

    how: str
    match: str
    what: str
    kind: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to take a host for something. shown: what it showed, as it said it."""

    strength: int
    how: str
    shown: str
    what: str
    kind: str = ""
    needs: str = ""


@dataclass(slots=True)
class Host:
    """One address and all that was noticed there. key, make, needs: of the driver that claims it, "" for none."""

    address: str
    first: datetime
    last: datetime
    mac: str = ""
    vendor: str = ""
    names: list[str] = field(default_factory=list)
    room: str = ""
    sightings: dict[tuple[str, str, str], Sighting] = field(default_factory=dict)
    ports: set[int] = field(default_factory=set)
    banners: dict[int, str] = field(default_factory=dict)  # Server header or title, by port
    key: str = ""
    make: str = ""
    needs: str = ""
    claims: list[Evidence] = field(default_factory=list)

    @property
    def id(self) -> str:
        """What it is remembered by: its hardware address where that is known."""
        return self.mac or self.key or self.address

    def evidence(self) -> list[Evidence]:
        """Every reason, the best first."""
        found = list(self.claims)
        for how, shown in self._shown():
            found += [Evidence(HOWS[how], how, shown, row.what, row.kind, row.needs) for row in signatures()
                      if row.how == how and fnmatchcase(shown.casefold(), row.match.casefold())]
        return sorted(dict.fromkeys(found), key=lambda one: -one.strength)

    def _shown(self) -> Iterable[tuple[str, str]]:
        for sighting in self.sightings.values():
            if sighting.how in ("mdns", "ssdp"):
                yield sighting.how, sighting.kind
            facts = sighting.facts
            for how, key in (("maker", "manufacturer"), ("model", "modelname"), ("server", "server")):
                if facts.get(key):
                    yield how, facts[key]
        yield from (("title", banner) for banner in self.banners.values())
        yield from (("name", name) for name in self.names)
        if self.vendor:
            yield "vendor", self.vendor
        yield from (("port", str(port)) for port in sorted(self.ports))

    def every_sign(self) -> list[Sighting]:
        """All that was noticed of it, its hardware address too."""
        card = [Sighting("sweep", self.address, 0, "neighbour", "", {"mac": self.mac})] if self.mac else []
        return [*self.sightings.values(), *card]

    def name(self) -> str:
        """What it calls itself, the most human name first."""
        return next(iter(self.names), "")

    def what(self) -> str:
        """What it most probably is, "" where nothing tells."""
        return next((one.what for one in self.evidence()), "")

    def kind(self) -> str:
        """The kind of device, where any evidence tells; the best first."""
        return next((one.kind for one in self.evidence() if one.kind), "")


@cache
def signatures() -> tuple[Signature, ...]:
    """The rows of signatures.toml."""
    table = tomllib.loads((resources.files("dobby") / "discovery" / "signatures.toml").read_text("utf-8"))
    rows = []
    for row in table["is"]:
        how = next(how for how in HOWS if how in row)
        rows.append(Signature(how, str(row[how]), row["what"], row.get("kind", ""), row.get("needs", "")))
    return tuple(rows)


class Hosts:
    """All hosts of the networks that may be looked at."""

    def __init__(self, allows: Callable[[str], bool], claim: Callable[[Sighting], tuple[str, Found] | None],
                 now: Callable[[], datetime]) -> None:
        """claim: (a make's title, what its driver makes of a sighting), None when no driver takes it for its own."""
        self._allows, self._claim, self._now = allows, claim, now
        self._hosts: dict[str, Host] = {}
        self.on_news: Callable[[Host], None] = lambda host: None  # a host that was not there before, or is known better

    def __getitem__(self, address: str) -> Host | None:
        """The host at an address."""
        return self._hosts.get(address)

    def all(self) -> list[Host]:
        """Every host, by address."""
        return sorted(self._hosts.values(), key=lambda one: int(ip_address(one.address)))

    def at(self, address: str) -> Host | None:
        """The host at an address, made when it is new; None where it may not be looked at, or there are too many."""
        host = self._hosts.get(address)
        if host is None and self._allows(address) and len(self._hosts) < HOSTS:
            host = self._hosts[address] = Host(address, self._now(), self._now())
        if host is not None:
            host.last = self._now()
        return host

    def saw(self, sighting: Sighting) -> None:
        """Something was heard or read of a host."""
        host = self.at(sighting.host)
        if host is None or len(host.sightings) >= SIGHTINGS:
            return
        label = (sighting.how, sighting.kind, sighting.name)
        if host.sightings.get(label) == sighting:
            return
        host.sightings[label] = sighting
        if sighting.port:
            host.ports.add(sighting.port)
        self._name(host, sighting)
        if (claimed := self._claim(sighting)) is not None:
            title, found = claimed
            strength = STRONG if sighting.how == "mdns" and not sighting.facts else CERTAIN
            host.key, host.make, host.needs = found.key, found.make, found.needs
            host.room = host.room or found.room
            host.claims = [*[one for one in host.claims if one.what != title],
                           Evidence(strength, sighting.how, found.why or sighting.kind, title)][-6:]
        self.on_news(host)

    def _name(self, host: Host, sighting: Sighting) -> None:
        facts = sighting.facts
        said = [facts.get("roomname", ""), facts.get("fn", ""), facts.get("friendlyname", ""),
                facts.get("friendly_name", ""), sighting.name]
        for name in said:
            if name and name not in host.names and len(host.names) < NAMES:
                host.names.append(clean.text(name, clean.NAME_LIMIT))

    def alive(self, address: str, mac: str, vendor: str = "") -> None:
        """A host answered; what its network card says of it. A card that moved takes what is known of it along."""
        before = self._hosts.get(address)
        host = self.at(address)
        if host is None:
            return
        if host.mac and mac and host.mac != mac:  # another thing has this address now
            self._hosts[address] = host = Host(address, self._now(), self._now())
        news = before is None or host.mac != mac
        host.mac, host.vendor = mac or host.mac, vendor or host.vendor
        if news:
            self.on_news(host)

    def opened(self, address: str, port: int, banner: str = "") -> None:
        """A port of a host takes visitors; what stands at its door."""
        host = self.at(address)
        if host is not None:
            host.ports.add(port)
            if banner:
                host.banners[port] = clean.text(banner, clean.NAME_LIMIT)

    def named(self, address: str, name: str) -> None:
        """A host has this name in the network's own book of names."""
        host = self._hosts.get(address)
        name = clean.text(name.removesuffix(".").removesuffix(".local"), clean.NAME_LIMIT)
        if host is not None and name and name not in host.names and len(host.names) < NAMES:
            host.names.append(name)


def as_row(host: Host, linked: bool) -> Mapping[str, Any]:
    """A host as the API and `dobby scan --json` show it."""
    return {"address": host.address, "mac": host.mac, "vendor": host.vendor, "name": host.name(), "room": host.room,
            "what": host.what(), "kind": host.kind(), "make": host.make, "key": host.key, "needs": host.needs,
            "linked": linked, "ports": sorted(host.ports), "first": host.first.isoformat(),
            "last": host.last.isoformat(),
            "evidence": [{"strength": SURE[one.strength], "how": one.how, "shown": one.shown, "says": one.what}
                         for one in host.evidence()]}
