"""The kernel's neighbour table: which hardware address answered for which IPv4 address. Linux; nothing elsewhere."""

from __future__ import annotations

from pathlib import Path

_TABLE = Path("/proc/net/arp")
_NOBODY = "00:00:00:00:00:00"


def neighbours() -> dict[str, str]:
    """Hardware addresses, lower case with colons, by IPv4 address: of those that answered."""
    try:
        rows = [line.split() for line in _TABLE.read_text().splitlines()[1:]]
    except OSError:
        return {}
    return {row[0]: row[3].lower() for row in rows if len(row) >= 6 and row[3] != _NOBODY and int(row[2], 16) & 2}
