"""After a crash: what a turn had begun is re-read from the devices, never repeated."""

from __future__ import annotations

import asyncio
import contextlib
import json

from dobby.agent import answers
from dobby.agent.replies import Reply
from dobby.home.device import Command, Fault, Outcome
from dobby.home.home import Home
from dobby.tools.hands import Hands, dump_outcome, load_outcome

LINKS_LIMIT = 10.0  # seconds that the devices of an interrupted turn get to be back in touch


async def interrupted(hands: Hands) -> Reply | None:
    """If this turn had already reached for the home before the process died, say what the devices show now; None when
    nothing was begun, so that the message can simply be taken anew."""
    rows = [row for row in await hands.house.store.all("calls_of_turn", turn=hands.turn) if row["commands"] != "[]"]
    if not rows:
        return None
    outcomes: list[Outcome] = []
    for row in rows:
        if row["outcomes"] is not None:
            outcomes += [load_outcome(one) for one in json.loads(row["outcomes"])]
            continue
        commands = [Command(**one) for one in json.loads(row["commands"])]
        seen = await _as_shown(commands, hands.house.home)
        await hands.house.store.do("call_end", id=row["id"], outcomes=json.dumps([dump_outcome(one) for one in seen]))
        outcomes += seen
    hands.outcomes += outcomes
    words = hands.house.words
    return Reply(f"{words.say('turn.interrupted')} {answers.answer(outcomes, hands.house.home, words)}", "reflex")


async def _as_shown(commands: list[Command], home: Home) -> list[Outcome]:
    """What the devices show of these commands, by readings of this run."""
    known = [command for command in commands if command.device in home.devices]
    with contextlib.suppress(TimeoutError), home.listen() as changes:
        async with asyncio.timeout(LINKS_LIMIT):
            while not all(home.reachable(c.device) and home.reading(c.device, c.trait) for c in known):
                await changes.get()
    return [_shown(command, home) for command in commands]


def _shown(command: Command, home: Home) -> Outcome:
    device, reading = home.devices.get(command.device), home.reading(command.device, command.trait)
    trait = device.trait(command.trait) if device else None
    if trait is None or reading is None or not home.reachable(command.device):
        return Outcome(command, "failed", error=Fault("unreachable", "It does not answer."))
    if trait.shows(command.value, reading.value):
        return Outcome(command, "confirmed", reading.value, reading.at)
    return Outcome(command, "failed", reading.value, reading.at, Fault("unknown", "I was interrupted."))
