"""Lights as if lived in, carried out: at each switch the lamps that should be lit are lit and ours that should not be
are put out, through the gate, verified like any order. While somebody is home nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dobby.agent.answers import answer
from dobby.agent.turn import Agent
from dobby.home.device import Command, Device, Outcome
from dobby.home.verdict import END, Choice
from dobby.jobs import lived
from dobby.jobs.job import Due, Job
from dobby.jobs.lived import Lived
from dobby.jobs.plans import Plans
from dobby.messages import Person
from dobby.policy import Asker
from dobby.store import stamp
from dobby.tools.hands import Hands
from dobby.tools.lived import left_out, outs

CONVERSATION = "lived-in"  # of its own, so that "undo" and "that" mean none of these


async def live(agent: Agent, plans: Plans, due: Due, person: Person) -> tuple[str, str]:
    """One moment of it: what came of it in a word, and what its person is told, "" for nothing."""
    job, words, house = plans.jobs.get(due.job.id), agent.house.words, agent.house
    if job is None or job.lived is None:  # ended meanwhile: what it has lit goes out
        return "ended", _failed(agent, await _switch(agent, due, person, outs(house, due.job)))
    if lived.over(job.lived, plans.now(), plans.place):
        await plans.finish(job.id)
        failed = _failed(agent, await _switch(agent, due, person, outs(house, job)))
        return "over", f"{words.say('lived.date_over')} {failed}".strip()
    kept = lived.renewed(job.lived, plans.now(), plans.place, _lamps(agent, job.lived), seed=stamp(job.made),
                         skips=job.skips)
    home = house.presence.home() if house.presence else {}
    if here := [name for name, there in home.items() if there]:
        await plans.relive(job.id, replace(kept, lit=(), asked=True))
        return "somebody is home", "" if kept.asked else await _ask(agent, job, person, here)
    return await _lights(agent, plans, due, job, replace(kept, asked=False), person)


def _lamps(agent: Agent, kept: Lived) -> list[Device]:
    return lived.lamps(agent.house.home, (*kept.excepted, *left_out(agent.house)))


async def _ask(agent: Agent, job: Job, person: Person, here: Sequence[str]) -> str:
    """Somebody came home: whether it is to end."""
    words = agent.house.words
    hands = Hands(agent.house, Asker(person, "program"), 0, job.conversation)
    text = words.say("lived.somebody", names=words.join(list(here)), count=len(here))
    await hands.offer(text, [Choice("", (Command(f"plan:{job.id}", END, None),))])
    return text


async def _lights(agent: Agent, plans: Plans, due: Due, job: Job, kept: Lived, person: Person) -> tuple[str, str]:
    home, now = agent.house.home, plans.now()
    want = lived.wanted(kept, now) & {one.id for one in _lamps(agent, kept)}
    want = frozenset() if kept.day in job.skips else want
    on = [] if due.again else [one for one in sorted(want) if one not in kept.lit and home.value(one, "on") is not True]
    off = [one.device for one in outs(agent.house, replace(job, lived=kept)) if one.device not in want]
    lit = {*(one for one in kept.lit if one in want or one in off), *on}
    last = not any(datetime.fromisoformat(one.at) > now for one in kept.switches)
    kept = replace(kept, lit=tuple(sorted(lit)), tries=kept.tries + 1 if last else 0)
    await plans.relive(job.id, kept)  # on disk before a lamp is lit, so that it goes out whatever dies
    outcomes = await _switch(agent, due, person, [*(Command(one, "on", False) for one in off),
                                                  *(Command(one, "on", True) for one in on)])
    failed = {one.command.device for one in outcomes if one.result == "failed"}
    new = [one for one in outcomes if one.command.device in failed - set(kept.told)]
    kept = replace(kept, lit=tuple(one for one in kept.lit if one not in off or one in failed),
                   done=kept.done + len(outcomes), failed=kept.failed + len(failed),
                   told=tuple(sorted({*kept.told, *failed})))
    if job.id in plans.jobs:
        await plans.relive(job.id, kept)
    elif on:  # it was ended while these were being lit
        await _switch(agent, due, person, outs(agent.house, replace(job, lived=kept)))
    if last and kept.tries == 1 and kept.done:
        await _note(agent, kept)
    return "failed" if failed else "done", _failed(agent, new)


async def _switch(agent: Agent, due: Due, person: Person, commands: Sequence[Command]) -> tuple[Outcome, ...]:
    """Commands, by way of the gate; lamps only."""
    if not commands:
        return ()
    turn = await agent.silent_turn(person, "job", f"{due.job.id}:{due.at.isoformat()}:{due.run}:{commands[0].value}",
                                   CONVERSATION)
    hands = Hands(agent.house, Asker(person, "program"), turn, CONVERSATION)
    done = await hands.do(commands, tool="lived in")
    await agent.end_silent_turn(hands, answer(done.outcomes, agent.house.home, agent.house.words))
    return done.outcomes


def _failed(agent: Agent, outcomes: Sequence[Outcome]) -> str:
    """One sentence about what failed, "" for nothing."""
    failed = [one for one in outcomes if one.result == "failed"]
    words = agent.house.words
    return words.say("lived.failed", text=answer(failed, agent.house.home, words)) if failed else ""


async def _note(agent: Agent, kept: Lived) -> None:
    """The evening's line in the journal."""
    home, words = agent.house.home, agent.house.words
    names = dict.fromkeys(home.devices[one.device].name for one in kept.switches if one.device in home.devices)
    if agent.house.memory is not None:
        await agent.house.memory.note(words.say("lived.journal", names=words.join(list(names)), count=kept.done,
                                                failed=kept.failed))
