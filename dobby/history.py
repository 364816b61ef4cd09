"""Readings over time, for the charts: every change of a number for thirty days, then its hours for a year. Of lamps
also when they were on, so that an empty house can look as it used to (jobs/lived.py).

A series is one trait of one device. What changes is kept as it comes, to the second; written every few seconds in one
transaction. Where a home says more than fits (FULL rows), the oldest days are thinned earlier.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dobby.home.device import Device
from dobby.home.home import Changed, Home
from dobby.home.traits import Value
from dobby.store import Store, stamp

FULL_DAYS, HOURS_DAYS = 30, 366
FULL = 5_000_000  # rows of full rate, about 100 MB
WRITE_EVERY = 3.0  # seconds
POINTS = 240  # in one chart, at most
SPANS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31), "year": timedelta(days=366)}
# what people would rather look at than read, and in which chart it belongs
CHARTS = {"current": "temperature", "temperature": "temperature", "target": "temperature", "humidity": "humidity",
          "power": "power", "energy": "energy", "co2": "air", "pm2_5": "air", "light": "light", "battery": "battery"}
WATER = ("pool", "spa")  # these have a chart of their own


@dataclass(frozen=True, slots=True)
class Point:
    """What a trait was in one stretch of time that begins at `at` (seconds since 1970)."""

    at: int
    low: float
    mean: float
    high: float


@dataclass(slots=True)
class History:
    """Keeps what changes and answers what was."""

    home: Home
    store: Store
    now: Callable[[], datetime]
    full: int = FULL
    write_every: float = WRITE_EVERY
    _series: dict[tuple[str, str], int] = field(default_factory=dict)
    _new: dict[tuple[str, str, int], float] = field(default_factory=dict)

    async def run(self) -> None:
        """Keep readings until cancelled; what came last is written before it ends."""
        await self._know()
        with self.home.listen() as changes:
            for device in self.home.devices.values():
                self._take_all(device)
            try:
                while True:
                    until = time.monotonic() + self.write_every
                    self._take(await changes.get())
                    while (left := until - time.monotonic()) > 0 and len(self._new) < 1000:
                        try:
                            async with asyncio.timeout(left):
                                self._take(await changes.get())
                        except TimeoutError:
                            break
                    await self.write()
            finally:
                await self.write()

    def _take(self, change: Changed | None) -> None:
        if change is None or change.pending:
            return
        if change.trait:
            self._add(change.device, change.trait, change.value)
        elif (device := self.home.devices.get(change.device)) is not None:
            self._take_all(device)

    def _take_all(self, device: Device) -> None:
        """What a device shows when it is first seen: a line that never changes is a line too."""
        for trait in device.traits:
            if (reading := self.home.reading(device.id, trait.name)) is not None:
                self._add(device.id, trait.name, reading.value)

    def _add(self, device: str, trait: str, value: Value) -> None:
        if isinstance(value, bool):
            known = self.home.devices.get(device)
            wanted = trait == "on" and known is not None and known.kind == "light"
        else:
            wanted = trait in CHARTS
        if wanted and isinstance(value, int | float):
            self._new[device, trait, int(self.now().timestamp())] = float(value)

    async def _know(self) -> None:
        self._series = {(row["device"], row["trait"]): row["id"] for row in await self.store.all("series")}

    async def write(self) -> None:
        """Put what came to disk."""
        new, self._new = self._new, {}
        if not new:
            return
        await self._know()  # a device may have been forgotten since, and its number be another's by now
        missing = {(device, trait) for device, trait, _ in new} - self._series.keys()
        if missing:
            await self.store.together([("series_add", {"device": device, "trait": trait}) for device, trait in missing])
            await self._know()
        await self.store.together([
            ("reading_keep", {"series": self._series[device, trait], "at": at, "value": value})
            for (device, trait, at), value in new.items() if (device, trait) in self._series])

    async def tidy(self) -> None:
        """Thin what is older than thirty days, drop what is older than a year; earlier where there is too much."""
        now = self.now().timestamp()
        before, kept = int(now - FULL_DAYS * 86400), await self.store.one("readings_count")
        if kept is not None and kept["kept"] > self.full:
            before = max(before, int(now - (now - kept["oldest"]) * self.full / kept["kept"]))
        before -= before % 3600
        await self.store.together([("readings_thin", {"before": before}), ("readings_drop", {"before": before}),
                                   ("hours_drop", {"before": int(now - HOURS_DAYS * 86400)})])
        await self._know()

    async def keep_tidy(self) -> None:
        """Tidy once an hour, until cancelled."""
        while True:
            await self.tidy()
            await asyncio.sleep(3600.0)

    def kinds(self) -> dict[str, list[tuple[str, str]]]:
        """What can be charted: (device, trait) by the chart it belongs in, of devices that are part of the home."""
        found: dict[str, list[tuple[str, str]]] = {}
        for device, trait in sorted(self._series):
            if (known := self.home.devices.get(device)) is not None and trait in CHARTS:
                found.setdefault("pool" if known.kind in WATER else CHARTS[trait], []).append((device, trait))
        return found

    async def points(self, device: str, trait: str, span: str) -> list[Point]:
        """What a trait was over a span (day, week, month, year), in at most POINTS stretches; [] when none is kept."""
        series = self._series.get((device, trait))
        if series is None:
            return []
        length = SPANS[span].total_seconds()
        since, width = int(self.now().timestamp() - length), max(60, int(length / POINTS))
        if span == "year":
            width = 86400
        rows = [*await self.store.all("hours_kept", series=series, since=since, width=width),
                *await self.store.all("readings_kept", series=series, since=since, width=width)]
        found = {row["at"]: Point(row["at"], row["low"], row["mean"], row["high"]) for row in rows}
        before = await self.store.one("reading_before", series=series, since=since)
        if before is not None and (not found or min(found) > since):
            found[since] = Point(since, before["value"], before["value"], before["value"])
        return [found[at] for at in sorted(found)]

    async def seen(self, span: str) -> Sequence[Any]:
        """How much the cameras saw, by hour (day, week) or by day: rows with at and count."""
        width = 3600 if span in ("day", "week") else 86400
        since = stamp(self.now() - SPANS[span])
        return await self.store.all("seen_per", since=since, width=width)
