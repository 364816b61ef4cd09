"""A light bulb of the tests' own, as a Link: obedient, or broken in one of the ways that devices break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from dobby.errors import Garbage, Refused, Unreachable
from dobby.home.device import Command, Device, Reading
from dobby.home.home import Home
from dobby.home.traits import Trait, Value
from dobby.home.verdict import Mint, Verdict, gatekeeper
from dobby.home.vocabulary import BRIGHTNESS, LOCKED, NEXT, ON, PLAY, TITLE, TRACK

Way = Literal["well", "dead", "lies", "refuses", "garbage", "silent", "stale", "late", "breaks", "cancels"]
LAMP = "test:lamp"


class Bulb:
    """One device with an `on`, a `brightness` and what else a test needs."""

    def __init__(self, id_: str = LAMP, traits: tuple[Trait, ...] = (ON, BRIGHTNESS, NEXT, TRACK, PLAY, TITLE, LOCKED),
                 way: Way = "well") -> None:
        self.device = Device(id_, id_.partition(":")[2].title(), "light", "Den", "test", traits)
        self.way = way
        self.state: dict[str, Value] = {"on": False, "brightness": 10, "track": 1, "play": "", "locked": True}
        self.got: list[Command] = []
        self.out: asyncio.Queue[Reading | Exception] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The bulb, its state, then whatever is put into `out`."""
        yield self.device
        for trait, value in self.state.items():
            yield Reading(self.device.id, trait, value)
        while True:
            item = await self.out.get()
            if isinstance(item, Exception):
                raise item
            yield item

    async def send(self, command: Command) -> None:
        """Obey, or not, as `way` says."""
        self.got.append(command)
        match self.way:
            case "dead":
                raise Unreachable("It does not answer.")
            case "refuses":
                raise Refused("It refused.")
            case "garbage":
                raise Garbage("Its answer made no sense.")
            case "breaks":
                raise ZeroDivisionError
            case "cancels":
                raise asyncio.CancelledError
            case "silent":
                await asyncio.Event().wait()
            case "stale":
                self.out.put_nowait(Reading(self.device.id, command.trait, command.value, tick=0.0))
            case "lies":
                self.out.put_nowait(Reading(self.device.id, command.trait, self.state[command.trait]))
            case "late":
                return
            case "well":
                self.obey(command)

    def obey(self, command: Command) -> None:
        """Change the state and show it."""
        trait, value = command.trait, command.value
        if trait == "next":
            trait, value = "track", int(str(self.state["track"])) + 1
        if trait == "play":
            value = value or "something"
        self.state[trait] = value
        self.out.put_nowait(Reading(self.device.id, trait, value))


@asynccontextmanager
async def at_home(*bulbs: Bulb, patience: float = 0.3) -> AsyncIterator[tuple[Home, Mint]]:
    """A home that follows these bulbs."""
    mint, check = gatekeeper()
    home = Home(check, patience=patience)
    tasks = [asyncio.create_task(home.follow(bulb)) for bulb in bulbs]
    with home.listen() as changes:
        while not all(home.value(b.device.id, list(b.state)[-1]) is not None for b in bulbs):
            await changes.get()
    try:
        yield home, mint
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def now(mint: Mint, *commands: Command) -> tuple[tuple[Command, ...], object]:
    """Commands with the permit that the gate would give."""
    return commands, mint(commands, Verdict("now"))
