"""What one entity of ESPHome can show and do: the words that every kind is written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dobby.errors import Refused
from dobby.home.device import DeviceKind
from dobby.home.traits import Trait
from dobby.wire.hass import Values

Read = Callable[[Any], Values]
Order = Callable[[Any, str, Any], None]  # client, trait, value


@dataclass(frozen=True, slots=True)
class Part:
    """What one entity can show and do."""

    component: str
    kind: DeviceKind
    traits: tuple[Trait, ...]
    read: Read
    order: Order


def at(info: Any) -> dict[str, int]:
    """How a command names the entity."""
    return {"key": info.key, "device_id": info.device_id}


def word(one: Any) -> str:
    """A member of one of the library's enumerations in lower case, "" for one that it does not know."""
    return one.name.lower() if one is not None else ""


def nothing(client: Any, trait: str, value: Any) -> None:
    """What cannot be set refuses."""
    raise Refused(f"It cannot set {trait}.")


def told(traits: list[Trait], info: Any) -> tuple[Trait, ...]:
    """What the device only assumes cannot be read back."""
    if not getattr(info, "assumed_state", False):
        return tuple(traits)
    return tuple(one if one.kind == "sensor" else one.but(confirmed_by="-") for one in traits)
