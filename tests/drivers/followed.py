"""A home that follows one link of any make, spoken to by the names of its devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dobby.errors import DeviceError
from dobby.home.device import Command, Device, Driver, Found, Outcome, Secret, Settings
from dobby.home.home import Home
from dobby.home.traits import Value
from dobby.home.verdict import Mint, Verdict, gatekeeper
from tests.drivers.house import QUICK, until


@dataclass(slots=True)
class Followed:
    """A home of one link, and the errors that it was lost with."""

    driver: Driver
    found: Found
    secret: Secret
    home: Home
    mint: Mint
    lost: list[DeviceError] = field(default_factory=list)

    def named(self, name: str) -> Device:
        """A device by its name."""
        (one,) = [device for device in self.home.devices.values() if device.name == name]
        return one

    def value(self, name: str, trait: str) -> Value:
        """What a device shows."""
        return self.home.value(self.named(name).id, trait)

    def reachable(self, name: str) -> bool:
        """Whether a device is known and answers."""
        return any(device.name == name and self.home.reachable(device.id) for device in self.home.devices.values())

    async def do(self, name: str, trait: str, value: Value = None) -> Outcome:
        """An order through the gate."""
        commands = [Command(self.named(name).id, trait, value)]
        return (await self.home.do(commands, self.mint(commands, Verdict("now"))))[0]

    @asynccontextmanager
    async def connected(self, settings: Settings = QUICK, secret: Secret | None = None) -> AsyncIterator[None]:
        """While the home follows; begins once every device was heard of."""
        async with self.driver.connect(self.found, self.secret if secret is None else secret, settings) as link:
            following = asyncio.create_task(self._follow(link))
            try:
                await until(lambda: bool(self.lost) or (bool(self.home.devices) and all(
                    self._heard(one) for one in self.home.devices.values())))
                yield
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    def _heard(self, device: Device) -> bool:
        names = ("reachable", *(trait.name for trait in device.traits))
        return any(self.home.reading(device.id, name) is not None for name in names)

    async def _follow(self, link: Any) -> None:
        try:
            await self.home.follow(link)
        except DeviceError as error:
            self.lost.append(error)


def followed(driver: Driver, found: Found, secret: Secret, patience: float = 0.8) -> Followed:
    """A home for this link."""
    mint, check = gatekeeper()
    return Followed(driver, found, secret, Home(check, patience=patience), mint)
