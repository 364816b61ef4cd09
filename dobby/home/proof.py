"""What proves a command: a reading newer than the send that shows it, or a change of what the trait is confirmed by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dobby.home.device import Command, Fault, Outcome, Reading
from dobby.home.traits import Trait, Value


@dataclass(slots=True)
class Waiter:
    """One sent command that waits for a reading to prove it."""

    command: Command
    trait: Trait
    watched: str
    before: Value
    since: float
    proof: asyncio.Future[Reading]
    last: Reading | None = None

    def offer(self, reading: Reading) -> None:
        """A reading came in: it may be the proof."""
        if reading.tick < self.since or self.proof.done():
            return
        self.last = reading
        if self._proves(reading.value):
            self.proof.set_result(reading)

    def _proves(self, value: Value) -> bool:
        trait = self.trait
        if trait.confirmed_by == "":
            return trait.shows(self.command.value, value)
        return value == trait.confirmed_as if trait.confirmed_as is not None else value != self.before


def failed(command: Command, fault: Fault, last: Reading | None = None) -> Outcome:
    """An outcome that says why, and what was read last."""
    return Outcome(command, "failed", last.value if last else None, last.at if last else None, fault)


async def first_of(sent: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Wait until the command left the house, or was over before that."""
    waiting = asyncio.create_task(sent.wait())
    try:
        await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
