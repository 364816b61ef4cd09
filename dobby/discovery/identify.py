"""From a stranger's words to "this is a Sonos": which driver claims a sighting, and whether it fits a search."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from dobby.discovery.networks import Reach
from dobby.home.device import Driver, Found, Probe, Sighting, Visit

log = logging.getLogger(__name__)


def listen_for(drivers: Iterable[Driver]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(mDNS types, SSDP targets) that all drivers together look for, each once."""
    wanted = [driver.looks_for for driver in drivers]
    return (tuple(dict.fromkeys(kind for one in wanted for kind in one.mdns)),
            tuple(dict.fromkeys(kind for one in wanted for kind in one.ssdp)))


def probes_of(drivers: Iterable[Driver]) -> tuple[Probe, ...]:
    """The searches by broadcast that drivers want sent, one of each kind."""
    return tuple({probe.kind: probe for driver in drivers for probe in driver.looks_for.probes}.values())


def visits_of(drivers: Iterable[Driver]) -> tuple[Visit, ...]:
    """The questions to single hosts that drivers want asked, one of each kind."""
    return tuple({visit.kind: visit for driver in drivers for visit in driver.looks_for.visits}.values())


def claim(sighting: Sighting, drivers: Iterable[Driver], reach: Reach) -> tuple[Driver, Found] | None:
    """The first driver that takes the sighting for its own, and what it makes of it. A driver's bug claims nothing."""
    for driver in drivers:
        try:
            found = driver.claim(sighting)
        except Exception:  # a stranger's record must not stop discovery through a driver's mistake
            log.exception("%s could not read a sighting", driver.make)
            continue
        if found is not None and reach.allows(found.host):
            return driver, found
    return None


def fits(what: str, driver: Driver, found: Found) -> int:
    """How many words of a search a thing fits ("sonos", "the hue bridge"); 1 for everything where nothing is said."""
    spoken = [word for word in what.casefold().split() if len(word) > 2]
    known = f"{driver.make} {driver.title} {found.name} {found.model} {found.room}".casefold()
    return sum(word in known or word.rstrip("s") in known for word in spoken) if what.strip() else 1


def fits_whole(what: str, driver: Driver, found: Found) -> bool:
    """Whether a thing fits a search in every word but the small ones ("in the")."""
    return fits(what, driver, found) > 0 and all(fits(word, driver, found) for word in what.split() if len(word) > 3)


def better(old: Found | None, new: Found) -> Found:
    """Of two findings of one thing the one that says more; the newer address wins either way."""
    if old is None or (new.name and not old.name) or (new.port == old.port and new.host != old.host):
        return new
    return new if new.name and new.host != old.host else old


def by_make(drivers: Sequence[Driver]) -> dict[str, Driver]:
    """Drivers by the make they drive."""
    return {driver.make: driver for driver in drivers}
