"""What was still on its way when the answer went out: a second text says when it got there, or that it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from dobby.home.device import Fault, Outcome
from dobby.home.home import Home

LIMIT = 120.0  # seconds that a shade, a door or an exit delay may take


async def arrived(home: Home, outcomes: Sequence[Outcome], limit: float = LIMIT) -> list[Outcome]:
    """What became of commands whose devices were moving: confirmed by what each shows when it rests, or failed."""
    with home.listen() as changes:
        try:
            async with asyncio.timeout(limit):
                while any(_moves(home, one) for one in outcomes):
                    await changes.get()
        except TimeoutError:
            pass
    return [_final(home, one) for one in outcomes]


def _moves(home: Home, outcome: Outcome) -> bool:
    device = home.devices.get(outcome.command.device)
    trait = device.trait(outcome.command.trait) if device else None
    return (trait is not None and home.reachable(outcome.command.device)
            and home.value(outcome.command.device, trait.travels) is True)


def _final(home: Home, outcome: Outcome) -> Outcome:
    command = outcome.command
    device, reading = home.devices.get(command.device), home.reading(command.device, command.trait)
    trait = device.trait(command.trait) if device else None
    if trait is None or reading is None or not home.reachable(command.device):
        return replace(outcome, result="failed", on_its_way=False, error=Fault("unreachable", "It does not answer."))
    shown = replace(outcome, on_its_way=False, read=reading.value, at=reading.at)
    if trait.shows(command.value, reading.value):
        return replace(shown, result="confirmed")
    return replace(shown, result="failed", error=Fault("mismatch", "It did not get there."))
