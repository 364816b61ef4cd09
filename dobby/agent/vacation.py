"""What is said to a vacation that begins or ends: with it the lights are as if somebody were home, and no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from dobby.agent.answers import answer
from dobby.agent.meaning import Part, RunSkill, Timed
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import day_of
from dobby.jobs.when import WEEKDAYS
from dobby.tools.hands import Hands, House
from dobby.tools.lived import begin, outs, until_day
from dobby.tools.plans import told


def with_vacation(house: House, parts: Sequence[Part]) -> list[Part]:
    """The parts of a sentence, with what its skills, or somebody's coming home, begin or end of a vacation."""
    runs = [one for part in parts if isinstance(part, RunSkill) for one in house.skills if one.name == part.name]
    said = {part.verb for part in parts if isinstance(part, Timed)}
    more: list[Part] = []
    if "vacation" not in said and any(one.lived_in for one in runs):
        out = next((part.without for part in parts if isinstance(part, RunSkill) and part.without), "")
        more = [Timed("vacation", text=out)]
    running = house.plans is not None and house.plans.lived() is not None
    if running and "vacation" in said:  # it holds already: only its last day changes
        parts = [part for part in parts if not isinstance(part, RunSkill)]
    comes = "home" in said or any(one.lived_in is False for one in runs)
    if comes and "vacation_over" not in said and running:
        more = [Timed("vacation_over")]
    return [*parts, *more]


async def vacation(hands: Hands, part: Timed, plans: Plans) -> str:
    """ "We are on vacation until Sunday"."""
    day = until_day(part.minutes, plans) if part.minutes else day_of(part.said, plans.now(), plans.place)
    today = plans.now().astimezone(plans.place.zone).date()
    if day and day <= today.isoformat():
        if part.said.day not in WEEKDAYS:
            return hands.house.words.say("time.past")
        day = (date.fromisoformat(day) + timedelta(days=7)).isoformat()
    if part.verb == "vacation_until" and plans.lived() is None:
        return hands.house.words.say("lived.not_on")
    skill = next((one for one in hands.house.skills if one.lived_in), None)
    if skill is not None:
        hands.house.ran[hands.conversation] = skill.name  # "not the porch" is said of it then
    return await begin(hands, day, part.text)


def vacation_asked(hands: Hands, plans: Plans) -> str:
    """ "Are we on vacation?"."""
    job = plans.lived()
    return told(hands, job, plans) if job is not None else hands.house.words.say("lived.not_on")


async def vacation_over(hands: Hands, plans: Plans) -> str:
    """It ends, and what it has lit goes out, unless this very sentence lights it."""
    words, person, job = hands.house.words, hands.asker.person, plans.lived()
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    if job is None:
        return words.say("lived.none")
    lit = {one.command.device for one in hands.outcomes if one.command.trait != "on" or one.command.value}
    commands = [one for one in outs(hands.house, job) if one.device not in lit]
    done = await hands.do(commands, tool="lived in") if commands else None
    await plans.drop([job], hands.conversation, hands.turn, put_out=False)
    said = answer(done.outcomes, hands.house.home, words) if done else ""
    return f"{words.say('lived.over')} {said}".strip()
