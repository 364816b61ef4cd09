"""What Home Assistant shows of one entity and can be asked to do: the words that every domain is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Values, cleaned


@dataclass(frozen=True, slots=True)
class Shown:
    """One entity's state. fahrenheit: whether this Home Assistant speaks of temperatures so."""

    id: str
    state: str
    attrs: Mapping[str, Any]
    fahrenheit: bool = False

    @property
    def domain(self) -> str:
        """light, switch ..."""
        return self.id.partition(".")[0]

    @property
    def assumed(self) -> bool:
        """Whether the state is only what was asked for: the device cannot be read back."""
        return self.attrs.get("assumed_state") is True

    def can(self, *bits: int) -> bool:
        """Whether all of these features are supported."""
        features = hass.number(self.attrs.get("supported_features"))
        return all(int(features or 0) & bit for bit in bits)

    def number(self, name: str) -> float | None:
        """A number among the attributes."""
        return hass.number(self.attrs.get(name))

    def flag(self, name: str) -> bool | None:
        """True or false among the attributes; None for anything else."""
        value = self.attrs.get(name)
        return value if isinstance(value, bool) else None

    def word(self, name: str) -> str:
        """A short text among the attributes, "" when there is none."""
        return cleaned(self.attrs.get(name), 256)

    def options(self, name: str) -> tuple[str, ...]:
        """A list of short texts among the attributes."""
        return hass.choices(self.attrs.get(name))

    def celsius(self, name: str) -> float | None:
        """A temperature among the attributes, in °C."""
        value = self.number(name)
        return None if value is None else round(hass.TO_CELSIUS["°F" if self.fahrenheit else "°C"](value), 1)

    def own(self, celsius: float) -> float:
        """A temperature as this Home Assistant wants it."""
        return round(hass.fahrenheit(celsius), 1) if self.fahrenheit else celsius


@dataclass(frozen=True, slots=True)
class Call:
    """A service of the entity's own domain, with its data."""

    service: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Domain:
    """traits: what an entity can show and do, by its attributes; values: what it shows now; call: the service that
    sets a trait, None when there is none. code: what an alarm panel wants."""

    traits: Callable[[Shown], list[Trait]]
    values: Callable[[Shown], Values]
    call: Callable[[Shown, str, Any, str], Call | None]
