"""The cameras as devices of the home: a Link whose readings are what the eyes say, and whose commands are the few
things that can be done with a camera (watch or not, ignore a part of the picture). They pass the one gate like all
others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from dobby.errors import DeviceError
from dobby.eyes.eyes import Eyes, Watched
from dobby.eyes.seen import Zone
from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, Reading
from dobby.home.traits import Trait
from dobby.store import Store

TRAITS = (rows.WATCHING, rows.IGNORE, rows.MOTION, rows.PICTURE, rows.NIGHT, rows.REACHABLE)
ZONE = Trait("zone", "sensor")  # one of the zones by name (choices): where something moved last


class Cameras:
    """The link of all cameras. `spoken` puts out a reading; `watch` yields them."""

    def __init__(self, eyes: Eyes, store: Store, now_text: Callable[[], str]) -> None:
        self._eyes, self._store, self._now = eyes, store, now_text
        self._queue: asyncio.Queue[Device | Reading] = asyncio.Queue()
        for one in eyes.cameras.values():
            self._show(one)

    def _show(self, one: Watched) -> None:
        own = (ZONE.but(choices=one.places),) if one.places else ()
        self._queue.put_nowait(Device(one.id, one.name, "camera", one.room, one.make, (*TRAITS, *own)))
        self.spoken(one.name, self._state(one))

    def add(self, camera: Watched) -> None:
        """One camera more, from now on."""
        self._eyes.add(camera)
        self._show(camera)

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The cameras, then what changes about them, for ever."""
        while True:
            yield await self._queue.get()

    def _state(self, one: Watched) -> dict[str, bool | str]:
        where = {"zone": ""} if one.places else {}
        return {"watching": one.watching, "motion": False, "picture": one.state, "night": one.night,
                "ignore": masks_text(one.kept), "reachable": one.state != "down", **where}

    def spoken(self, camera: str, facts: Mapping[str, bool | str]) -> None:
        """Something about a camera is so now."""
        for trait, value in facts.items():
            self._queue.put_nowait(Reading(self._eyes.cameras[camera].id, trait, value))

    async def send(self, command: Command) -> None:
        """Watch or not; ignore these parts of the picture (as `masks_text` writes them) and no others."""
        one = next((one for one in self._eyes.cameras.values() if one.id == command.device), None)
        if one is None:
            raise DeviceError("There is no such camera.")
        if command.trait == "watching":
            one.watching = bool(command.value)
            await self._store.set_fact(f"camera_watching:{one.name}", one.watching)
            self.spoken(one.name, {"watching": one.watching})
            return
        zones = masks(str(command.value or ""))
        await self._store.together([("eye_zones_drop", {"camera": one.name}), *(
            ("eye_zone_put", {"camera": one.name, "name": zone.name, "kind": zone.kind, "smallest": 0.0,
                              "points": json.dumps(zone.points), "made": self._now()}) for zone in zones)])
        one.kept = zones
        self._eyes.change(one.name)
        self.spoken(one.name, {"ignore": masks_text(zones)})


def masks_text(zones: Sequence[Zone]) -> str:
    """Parts of a picture as one line, those that are only named (not ignored) with a + in front:
    "tree|0.000,0.000 0.330,0.000 ...; +gate|..."; "" for none."""
    return "; ".join(f"{'+' if zone.kind == 'watch' else ''}{zone.name}|" + " ".join(
        f"{x:.3f},{y:.3f}" for x, y in zone.points) for zone in zones)


def masks(text: str) -> tuple[Zone, ...]:
    """The zones that `masks_text` wrote; DeviceError when they are none."""
    return tuple(_mask(one.strip()) for one in text.split(";") if one.strip())


def _mask(text: str) -> Zone:
    name, _, places = text.partition("|")
    try:
        points = tuple((float(x), float(y)) for x, y in (place.split(",") for place in places.split()))
    except ValueError:
        points = ()
    if not name or not 3 <= len(points) <= 20 or not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points):
        raise DeviceError("A part of the picture is a name and three corners or more.")
    return Zone(name.removeprefix("+"), points, "watch" if name.startswith("+") else "mask")


async def kept_zones(store: Store) -> dict[str, tuple[Zone, ...]]:
    """The zones that were kept, by camera."""
    found: dict[str, list[Zone]] = {}
    for row in await store.all("eye_zones"):
        points = tuple((float(x), float(y)) for x, y in json.loads(row["points"]))
        found.setdefault(row["camera"], []).append(Zone(row["name"], points, row["kind"], row["smallest"]))
    return {camera: tuple(zones) for camera, zones in found.items()}
