"""All ears on the network at once, and what they are told to listen for on behalf of the drivers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from dobby.discovery import mdns
from dobby.discovery.identify import listen_for, probes_of
from dobby.discovery.networks import Reach
from dobby.discovery.probes import Probes
from dobby.discovery.ssdp import Ssdp
from dobby.discovery.wsd import WsDiscovery
from dobby.home.device import Driver, Sighting


@dataclass(frozen=True, slots=True)
class Ears:
    """What listens on the network."""

    reach: Reach
    mdns_types: tuple[str, ...]
    ssdp: Ssdp
    cameras: WsDiscovery
    probes: Probes
    saw: Callable[[Sighting], None]

    def search(self) -> None:
        """Ask everything to speak up."""
        self.ssdp.search()
        self.cameras.search()
        self.probes.search()

    def parts(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        """What runs for ever, by name; nothing where no network may be looked at."""
        if not self.reach.addresses:
            return {}
        return {"mdns": lambda: mdns.watch(self.reach, self.mdns_types, self.saw), "ssdp": self.ssdp.watch,
                "ws-discovery": self.cameras.watch, "probes": self.probes.watch}


def ears(reach: Reach, drivers: Sequence[Driver], saw: Callable[[Sighting], None],
         known_cameras: frozenset[str] = frozenset()) -> Ears:
    """Ears for these drivers. known_cameras: hosts that the settings name, which need not be found."""
    types, targets = listen_for(drivers)

    def camera(sighting: Sighting) -> None:
        if sighting.host not in known_cameras:
            saw(sighting)
    return Ears(reach, types, Ssdp(reach, targets, saw), WsDiscovery(reach, camera),
                Probes(reach, probes_of(drivers), saw), saw)
