"""The kernel's tables of neighbours and routes: which hardware address answered for which IPv4 address, and which
addresses lead elsewhere. Linux; nothing on other systems."""

from __future__ import annotations

from pathlib import Path

_TABLE = Path("/proc/net/arp")
_NOBODY = "00:00:00:00:00:00"


_ROUTES = Path("/proc/net/route")


def gateways() -> frozenset[str]:
    """The addresses that lead out of the house: routers, which are nobody's to drive."""
    try:
        rows = [line.split() for line in _ROUTES.read_text().splitlines()[1:]]
    except OSError:
        return frozenset()
    ways = [row[2] for row in rows if len(row) > 3 and int(row[3], 16) & 2]  # RTF_GATEWAY
    return frozenset(".".join(str(part) for part in reversed(bytes.fromhex(one))) for one in ways)


def neighbours() -> dict[str, str]:
    """Hardware addresses, lower case with colons, by IPv4 address: of those that answered."""
    try:
        rows = [line.split() for line in _TABLE.read_text().splitlines()[1:]]
    except OSError:
        return {}
    return {row[0]: row[3].lower() for row in rows if len(row) >= 6 and row[3] != _NOBODY and int(row[2], 16) & 2}
