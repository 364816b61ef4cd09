"""The eyes out of the settings: cameras, who says what is in a picture, and where pictures lie. Nothing runs yet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dobby.config import camera_secret
from dobby.eyes.cameras import kept_zones
from dobby.eyes.ends import Claude, Server
from dobby.eyes.eyes import Watched
from dobby.eyes.local import Local
from dobby.eyes.seen import Zone
from dobby.eyes.shelf import Shelf
from dobby.eyes.sights import Sights
from dobby.eyes.telling import Limits
from dobby.eyes.vision import End, Vision
from dobby.eyes.watch import Mail, Mind, Watch
from dobby.settings import CameraSettings, Config, Secrets, VisionSettings
from dobby.store import Store
from dobby.words import Words


def open_vision(config: Config, secrets: Secrets, store: Store, today: Callable[[], str]) -> Vision | None:
    """The vision ends of the settings, in their order; None where there are none."""
    vision = config.vision

    async def spend() -> bool:
        """Count one picture that leaves the house; False when there were enough today."""
        key = f"looks:{today()}"
        spent = int(await store.fact(key, 0))
        if spent >= vision.daily_looks:
            return False
        await store.set_fact(key, spent + 1)
        return True

    ends = [_end(name, vision, secrets, config) for name in vision.ends]
    return Vision(ends, spend) if ends else None


def _end(name: str, vision: VisionSettings, secrets: Secrets, config: Config) -> End:
    match name:
        case "local":
            return Local(vision.model, vision.local_seconds)
        case "server":
            return Server(vision.server_url, vision.server_model, secrets.values.get("VISION_API_KEY", ""),
                          vision.local_seconds)
        case _:
            return Claude(secrets.anthropic_api_key, config.brain.base_url, vision.claude_model, vision.cloud_seconds)


async def open_eyes(config: Config, secrets: Secrets, store: Store, post: Mail, shelf: Shelf, clips: str,
                    now: Callable[[], datetime], words: Callable[[], Words], mind: Mind | None,
                    on_seen: Callable[[Mapping[str, Any]], None]) -> Sights:
    """The eyes of this house. clips: the folder for the clips of events."""
    watch = Watch(store, post, shelf, now, words, config.persons(), await asyncio.to_thread(ZoneInfo,
                                                                                       config.home.timezone),
                  Limits(config.eyes.per_hour, config.eyes.quiet), mind, on_seen=on_seen)
    zones = await kept_zones(store)
    cameras = [await _watched(one, secrets, store, zones.get(one.name, ()), clips, config.eyes.patience)
               for one in config.cameras]
    watch.open(cameras)
    return Sights(watch)


async def let_in(sights: Sights, store: Store, id_: str, name: str, room: str, url: str, secret: Mapping[str, str],
                 clips: str) -> None:
    """Look through a camera that was let in on the network, or look for it where it is now. Its name is made its own;
    what was wished of it before (parts to ignore, not to be watched, its tuning) holds."""
    cameras = sights.watch.eyes.cameras
    old = next((one for one in cameras.values() if one.id == id_), None)
    if old is not None:
        if old.url != url:
            old.url, old.user, old.password = url, secret.get("user", ""), secret.get("password", "")
            sights.watch.eyes.again()
        return
    own = next(one for one in (name, *(f"{name} {number}" for number in range(2, 1000))) if one not in cameras)
    zones = (await kept_zones(store)).get(own, ())
    sights.watch.link.add(Watched(
        own, url, "", secret.get("user", ""), secret.get("password", ""), room or own, (), zones,
        await store.fact(f"camera_tuning:{own}", {}), clips=clips, id=id_, make="onvif",
        watching=await store.fact(f"camera_watching:{own}", True)))


def slug(name: str) -> str:
    """A name as part of an id: small letters, everything else an underscore."""
    return re.sub(r"\W+", "_", name.casefold()).strip("_")


async def _watched(one: CameraSettings, secrets: Secrets, store: Store, zones: tuple[Zone, ...], clips: str,
                   patience: float) -> Watched:
    tuned = await store.fact(f"camera_tuning:{one.name}", {})
    drawn = tuple(Zone(zone.name, zone.corners(), zone.kind, zone.smallest) for zone in one.zones)
    return Watched(one.name, one.url, one.sub_url, one.user, secrets.values.get(camera_secret(one.name), ""),
                   one.room or one.name, drawn, zones, {"sensitivity": one.sensitivity, **tuned},
                   {"down": patience, "frozen": patience}, clips,
                   id=f"camera:{one.serial or slug(one.name)}",
                   watching=await store.fact(f"camera_watching:{one.name}", True))
