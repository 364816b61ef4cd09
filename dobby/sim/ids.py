"""Serials, MAC addresses and UUIDs that follow from a seed, so that a home restarted is the same home."""

import hashlib
import uuid
from dataclasses import dataclass

HUE_OUI = "001788"
SONOS_OUI = "949f3e"
WLED_OUI = "84f3eb"
HOMEKIT_OUI = "a0b1c2"


@dataclass(frozen=True, slots=True)
class Ids:
    """Everything that a factory would print on a device, derived from `seed` and a label."""

    seed: str

    def digest(self, label: str) -> str:
        """64 hex digits for a label."""
        return hashlib.sha256(f"{self.seed}/{label}".encode()).hexdigest()

    def uuid(self, label: str) -> str:
        """A version 5 UUID in the usual form."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sim://{self.seed}/{label}"))

    def mac(self, oui: str, label: str) -> str:
        """Twelve lower-case hex digits that begin with a maker's block."""
        return oui + self.digest(label)[:6]

    def tag(self) -> str:
        """Six hex digits that tell this home's host names from another's."""
        return self.digest("tag")[:6]


def colons(mac: str) -> str:
    """`001788aabbcc` as `00:17:88:aa:bb:cc`."""
    return ":".join(mac[i : i + 2] for i in range(0, len(mac), 2))
