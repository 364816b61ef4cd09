"""How long heating takes: learned from readings, a careful guess until then.

While a thing is below its target and its temperature rises, each whole step of the rise is a measurement of the rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dobby.home.device import Command
from dobby.home.home import Changed, Home
from dobby.store import Store

GUESS = {"spa": 3.0, "pool": 0.5, "thermostat": 1.0}  # °C an hour, where nothing was learned: rather too slow
STEP = 0.5  # °C of rise that make a measurement
BACK = 0.2  # °C a reading may fall while it heats
LONGEST = timedelta(hours=24)
SPARE = 1.1  # a tenth of the time more, and MARGIN
MARGIN = timedelta(minutes=5)
RATES = (0.05, 60.0)  # °C an hour that can be true


@dataclass(slots=True)
class Warming:
    """The heating rates of the home's devices, in °C an hour."""

    store: Store
    home: Home
    now: Callable[[], datetime]
    rates: dict[str, float] = field(default_factory=dict)
    _from: dict[str, tuple[datetime, float]] = field(default_factory=dict)

    async def open(self) -> None:
        """What was learned so far."""
        self.rates = dict(await self.store.fact("heating", {}))

    def learned(self, device: str) -> bool:
        """Whether the rate of this device is known from its readings."""
        return device in self.rates

    def rate(self, device: str) -> float:
        """°C an hour."""
        shown = self.home.devices.get(device)
        return self.rates.get(device) or GUESS.get(shown.kind if shown else "", GUESS["thermostat"])

    def lead(self, command: Command) -> timedelta:
        """How long before it is due heating to the command's target must begin, as warm as it is now."""
        current, target = self.home.value(command.device, "current"), command.value
        if not _number(target):
            return timedelta()
        if not _number(current):
            current = float(target) - 10.0  # type: ignore[arg-type]  # a number, as was just asked
        rise = max(float(target) - float(current), 0.0)  # type: ignore[arg-type]  # both are numbers
        return min(timedelta(hours=rise / self.rate(command.device) * SPARE) + (MARGIN if rise else timedelta()),
                   LONGEST)

    def heard(self, change: Changed) -> bool:
        """A reading: learn from it; whether something was learned."""
        if change.trait not in ("current", "target", "mode", "on") or change.pending:
            return False
        id_ = change.device
        current, target = self.home.value(id_, "current"), self.home.value(id_, "target")
        idle = self.home.value(id_, "mode") in ("off", "cool", "dry", "fan") or self.home.value(id_, "on") is False
        heats = not idle and _number(current) and _number(target) and current < target  # type: ignore[operator]
        if not heats or change.trait != "current":
            self._from.pop(id_, None)
            return False
        now, warm = self.now(), float(current)  # type: ignore[arg-type]  # a number where it heats
        began = self._from.get(id_)
        if began is None or warm < began[1] - BACK:
            self._from[id_] = now, warm
        elif warm >= began[1] + STEP and now > began[0]:
            self._from[id_] = now, warm
            return self._learn(id_, (warm - began[1]) / ((now - began[0]).total_seconds() / 3600))
        return False

    def _learn(self, device: str, rate: float) -> bool:
        if not RATES[0] <= rate <= RATES[1]:
            return False
        before = self.rates.get(device)
        self.rates[device] = round(rate if before is None else 0.7 * before + 0.3 * rate, 3)
        return True

    async def keep(self) -> None:
        """What was learned, to disk."""
        await self.store.set_fact("heating", self.rates)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
