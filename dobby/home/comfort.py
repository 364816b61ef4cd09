"""Comfort and wear: what no order may do whoever gives it, also after a yes. Pure.

Limits hold a value (how warm a room, how loud at night); rests hold the time between two starts of what wears out by
starting: a compressor needs about three minutes until its pressures are even, a pump half a minute, a garage door may
not be turned round in the same breath. Switching such a thing off is never held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from dobby.home.device import Command, Device
from dobby.home.traits import Value
from dobby.settings import ComfortSettings as Comfort

COOLS = ("cool", "dry", "auto")  # the modes that run a compressor


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an order is held back: a key of the words under `comfort.`, the number it is about, and for a rest the
    seconds that are left of it (0 = it will not become right by waiting)."""

    key: str
    value: float
    left: float = 0.0


class Readings(Protocol):
    """What is known of a device's past."""

    def value(self, device: str, trait: str) -> Value:
        """The last reading's value."""
        ...

    def since(self, device: str, trait: str) -> float | None:
        """Seconds since the reading last changed while Dobby looked; None when it never did."""
        ...


def hold(command: Command, device: Device, home: Readings, comfort: Comfort, now: datetime) -> Hold | None:
    """Why this order may not be carried out now, None when it may. now: local time."""
    return _limit(command, device, comfort, now) or _rest(command, device, home, comfort)


def _limit(command: Command, device: Device, comfort: Comfort, now: datetime) -> Hold | None:
    value = command.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if command.trait == "volume" and comfort.night and at_night(comfort.night, now.time()):
        return Hold("volume", comfort.night_volume) if value > comfort.night_volume else None
    if command.trait not in ("target", "target_low", "target_high"):
        return None
    most = {"thermostat": comfort.heat_max, "pool": comfort.pool_max, "spa": comfort.spa_max}.get(device.kind)
    cools = command.trait == "target_high"
    return Hold("warm", most) if most is not None and value > most and not cools else None


def _rest(command: Command, device: Device, home: Readings, comfort: Comfort) -> Hold | None:
    """Starts soon after a stop."""
    match device.kind, command.trait, command.value:
        case "thermostat", "mode", mode if mode in COOLS:
            resting = home.value(device.id, "mode") == "off"
            return _left("compressor", comfort.compressor_rest, home.since(device.id, "mode")) if resting else None
        case "pool" | "spa", "on", True:
            resting = home.value(device.id, "on") is False
            return _left("pump", comfort.pump_rest, home.since(device.id, "on")) if resting else None
        case "garage", "open", wanted:
            turns = home.value(device.id, "open") is not wanted
            return _left("garage", comfort.garage_rest, home.since(device.id, "open")) if turns else None
    return None


def stops(kind: str, trait: str, value: Value) -> bool:
    """Whether a reading that came to this value is a stop from which a rest is counted; a garage door rests after
    every turn."""
    match kind, trait, value:
        case ("thermostat", "mode", "off") | ("pool" | "spa", "on", False) | ("garage", "open", _):
            return True
    return False


def _left(key: str, rest: float, since: float | None) -> Hold | None:
    return Hold(key, rest, rest - since) if since is not None and since < rest else None


def at_night(night: str, now: time) -> bool:
    """Whether a local time lies within "22:00-07:00"."""
    start, end = (time.fromisoformat(one) for one in night.split("-"))
    return start <= now < end if start <= end else now >= start or now < end
