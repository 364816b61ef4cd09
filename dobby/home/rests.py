"""Rests that hold over a restart: when a compressor, a pump or a garage door stopped last is kept in the store.

Written when it changes and only for what wears by starting; what nobody saw stop, as after installing, rests not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dobby.home.comfort import stops
from dobby.home.home import Home
from dobby.store import Store, stamp

STOPPED = "last stops"  # the fact: device -> when it stopped (UTC)
LONGEST = timedelta(hours=1)  # no rest is longer
SAME = timedelta(seconds=2)  # two moments nearer than that are the same stop, heard of twice


@dataclass(slots=True)
class Rests:
    """Keeps the last stops of a home."""

    home: Home
    store: Store

    async def open(self) -> None:
        """Tell a home that was just restored when its things stopped in the run before."""
        now, kept = datetime.now(UTC), await self.store.fact(STOPPED, {})
        for device, (trait, at) in kept.items():
            ago = now - datetime.fromisoformat(at)
            if timedelta() <= ago <= LONGEST:
                self.home.changed_before(device, trait, ago.total_seconds())

    async def run(self) -> None:
        """Write down every stop, for ever."""
        with self.home.listen() as changes:
            kept: dict[str, tuple[str, str]] = await self.store.fact(STOPPED, {})
            while True:
                change = await changes.get()
                device = self.home.devices.get(change.device) if change else None
                if change is None or device is None or change.pending or not stops(
                        device.kind, change.trait, change.value):
                    continue
                since, now = self.home.since(device.id, change.trait), datetime.now(UTC)
                if since is None:
                    continue
                at = now - timedelta(seconds=since)
                if device.id in kept and abs(at - datetime.fromisoformat(kept[device.id][1])) < SAME:
                    continue
                fresh = {id_: one for id_, one in kept.items() if now - datetime.fromisoformat(one[1]) <= LONGEST}
                kept = {**fresh, device.id: (change.trait, stamp(at))}
                await self.store.set_fact(STOPPED, kept)
