"""Answers about time: what was planned with its exact day and hour, what is planned, and the last reminder again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dobby.agent.cancel_replies import cancel, cancel_all, skip
from dobby.agent.cardio_replies import cardio_told
from dobby.agent.meaning import Timed
from dobby.agent.others_replies import filled, no_person, passed_on
from dobby.agent.presence_replies import presence
from dobby.agent.time_left import left
from dobby.agent.time_tables import leaning
from dobby.agent.vacation import vacation, vacation_asked, vacation_over
from dobby.agent.which_plan import comes
from dobby.jobs.job import Job, JobKind, load
from dobby.jobs.plans import Plans
from dobby.jobs.shifting import shifted
from dobby.jobs.spoken import Spoken, clocks_of, day_of, resolve
from dobby.jobs.when import WEEKDAYS, When, following
from dobby.tools.drafts import draft
from dobby.tools.hands import Hands
from dobby.tools.plans import keep, kept, listing

SNOOZE = 10.0  # minutes, where nobody said how long
MORNING = range(4, 12)  # hours that a wake-up means where it could be either


async def timed(hands: Hands, part: Timed) -> str:
    """Plan, tell or change what was asked."""
    plans, person, words = hands.house.plans, hands.asker.person, hands.house.words
    if plans is None or person is None:
        return words.say("policy.stranger")
    match part.verb:
        case "tell" | "wake" | "order" | "skill":
            return await _plan(hands, part, plans)
        case "when?":
            return words.say("time.when")
        case "no_hours":
            return words.say("time.no_hours")
        case "no_person":
            return no_person(hands, part.text)
        case "no_machine":
            return words.say("time.no_machine", what=part.text)
        case "no_sensor":
            return words.say("time.no_sensor", room=part.text)
        case "pass_on":
            return await passed_on(hands, part)
        case "planned":
            return await _planned(hands, part, plans)
        case "left":
            return await left(hands, part, plans)
        case "cancel":
            return await cancel(hands, part, plans)
        case "cancel_all" | "cancel_reminders" | "cancel_timers" | "cancel_alarms":
            return await cancel_all(hands, part, plans)
        case "vacation" | "vacation_until":
            return await vacation(hands, part, plans)
        case "vacation_asked":
            return vacation_asked(hands, plans)
        case "vacation_over":
            return await vacation_over(hands, plans)
        case "skip":
            return await skip(hands, part, plans)
        case "snooze":
            return await _snooze(hands, part, plans)
        case "leaving" | "home" | "who_home" | "is_home" | "came" | "went" | "all_out":
            return await presence(hands, part)
        case "cardio_count" | "cardio_last" | "cardio_weekly" | "cardio_never":
            return await cardio_told(hands, part, plans)


# --- planning ---------------------------------------------------------------------------------------------------------


async def _plan(hands: Hands, part: Timed, plans: Plans) -> str:
    words = hands.house.words
    part, wrong = filled(hands, part)
    if wrong:
        return wrong
    when: When | None = None
    if part.condition is None:
        found = resolve(_morning(part, words.language), plans.now(), plans.place)
        if isinstance(found, str):
            return words.say(f"time.{found}")
        when = found
    kind: JobKind = part.verb  # type: ignore[assignment]  # one of the four that plan
    if part.said.by and any(one.trait == "target" for one in part.commands):
        kind = "heat"
    job = draft(hands, kind, when, part.text)
    said, first = await kept(hands, replace(job, commands=part.commands, skill=part.skill, condition=part.condition,
                                            standing=part.standing, whom=part.to, reminds=part.reminds))
    if part.then is None or first is None or (at := plans.next_of(first)) is None:
        return said
    return f"{said}\n{await _then(hands, part.then, first, at, plans)}"


async def _then(hands: Hands, part: Timed, first: Job, at: datetime, plans: Plans) -> str:
    """What follows a plan: where only a time of day was said, the next that comes after it; both are one thing now."""
    said, found = part.said, None
    if said.minutes is not None and first.when is not None:
        found = resolve(said, plans.now(), plans.place) if first.when.at else shifted(first, said.minutes, plans)
    elif said.clocks and not (said.day or said.days or said.dates or said.date):
        found = _next(first, at, clocks_of(said), plans)
    elif said.sun and first.repeats and first.when is not None:
        found = replace(first.when, clock="", sun=said.sun, offset=said.offset)
    elif said.sun and not (said.day or said.date):
        days = [at.astimezone(plans.place.zone).date() + timedelta(days=ahead) for ahead in range(2)]
        each = [When(date=day.isoformat(), sun=said.sun, offset=said.offset) for day in days]
        found = next((one for one in each if (sun := following(one, at, plans.place)) and sun > at), None)
    found = found or resolve(said, plans.now(), plans.place)
    if isinstance(found, str):
        return hands.house.words.say(f"time.{found}")
    kind: JobKind = part.verb  # type: ignore[assignment]  # one of the four that plan
    job = replace(draft(hands, kind, found, part.text), commands=part.commands, skill=part.skill)
    text, second = await kept(hands, job)
    if second is not None:
        await plans.speak_of_several(hands.conversation, [first, second])
    return text


def _next(job: Job, at: datetime, clocks: Sequence[str], plans: Plans) -> When:
    """The first of some times of day after a job has come."""
    local = at.astimezone(plans.place.zone)
    ahead, clock = min((one <= f"{local:%H:%M}", one) for one in clocks)
    if job.when is not None and job.when.repeats and not (ahead and job.when.dates):
        days = tuple(WEEKDAYS[(WEEKDAYS.index(one) + ahead) % 7] for one in job.when.days)
        days = tuple(one for one in WEEKDAYS if one in days)
        return replace(job.when, clock=clock, sun="", offset=0, days=days)
    return When(date=(local.date() + timedelta(days=int(ahead))).isoformat(), clock=clock)


def _morning(part: Timed, language: str) -> Spoken:
    """A wake-up is in the morning unless somebody says otherwise, a movie night in the evening."""
    said = part.said
    if len(said.clocks) < 2 or said.part:
        return said
    if part.verb == "wake":
        return replace(said, part="morning") if int(said.clocks[0][:2]) in MORNING else said
    return replace(said, part=leaning(part.skill.replace("-", " ") or part.text, language))


# --- what is planned --------------------------------------------------------------------------------------------------


async def _planned(hands: Hands, part: Timed, plans: Plans) -> str:
    rows = listing(hands, plans, for_me=True)
    if part.person:
        rows = [(job, line) for job, line in rows if part.person == job.person or part.person in job.whom]
        return "\n".join(line for _, line in rows) or hands.house.words.say("time.nothing_for", who=part.person)
    if day := day_of(part.said, plans.now(), plans.place):
        rows = [(job, line) for job, line in rows if comes(job, day, plans)]
        return "\n".join(line for _, line in rows) or hands.house.words.say("time.nothing_then")
    mine = {job.id for job, _ in listing(hands, plans)}
    if len(rows) == 1 and rows[0][0].id in mine:
        await plans.speak_of(rows[0][0], hands.conversation)
    elif mine:
        await plans.speak_of_several(hands.conversation)
    return "\n".join(line for _, line in rows) or hands.house.words.say("time.nothing")


async def _snooze(hands: Hands, part: Timed, plans: Plans) -> str:
    """The last reminder or wake-up again, a little later."""
    person = hands.asker.person
    row = await hands.house.store.one("job_last_told", person=person.name) if person else None
    if row is None:
        return hands.house.words.say("time.nothing_to_snooze")
    before, at = load(row), plans.now() + timedelta(minutes=part.minutes or SNOOZE)
    for job in plans.planned(before.person):  # a second snooze moves the first
        if (job.kind, job.text) == (before.kind, before.text) and _is_snooze(job, before):
            await plans.cancel(job.id)
    job = draft(hands, before.kind, When(at=at.isoformat()), before.text)
    return await keep(hands, job)


def _is_snooze(job: Job, before: Job) -> bool:
    """Whether this is what was made of a reminder after it came."""
    return job.when is not None and bool(job.when.at) and before.last is not None and job.made >= before.last
