"""Answers about time: what was planned with its exact day and hour, what is planned, cancelled, skipped, put off, who
is at home, how often somebody did cardio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dobby.agent.cardio_replies import cardio_told
from dobby.agent.meaning import Timed
from dobby.agent.others_replies import filled, no_person, passed_on
from dobby.agent.presence_replies import presence
from dobby.agent.text import fold
from dobby.agent.time_tables import kind_of, leaning
from dobby.agent.vacation import vacation, vacation_asked, vacation_over
from dobby.jobs.job import Job, JobKind, load
from dobby.jobs.plans import Plans
from dobby.jobs.shifting import shifted
from dobby.jobs.spoken import Spoken, clocks_of, day_of, resolve
from dobby.jobs.when import WEEKDAYS, When, following, occurrence
from dobby.messages import Person
from dobby.tools.drafts import draft
from dobby.tools.hands import Hands, House
from dobby.tools.plan_words import date_text, moment_text, what_text
from dobby.tools.plans import keep, kept, listing

SNOOZE = 10.0  # minutes, where nobody said how long
MORNING = range(4, 12)  # hours that a wake-up means where it could be either
STEM = 4  # letters from which on the beginning of a word stands for it
NAMED = 3  # plans that are cancelled together and named


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
        case "cancel":
            return await _cancel(hands, part, plans)
        case "cancel_all" | "cancel_reminders" | "cancel_timers" | "cancel_alarms":
            return await _cancel_all(hands, part, plans)
        case "vacation" | "vacation_until":
            return await vacation(hands, part, plans)
        case "vacation_asked":
            return vacation_asked(hands, plans)
        case "vacation_over":
            return await vacation_over(hands, plans)
        case "skip":
            return await _skip(hands, part, plans)
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
        rows = [(job, line) for job, line in rows if _comes(job, day, plans)]
        return "\n".join(line for _, line in rows) or hands.house.words.say("time.nothing_then")
    mine = {job.id for job, _ in listing(hands, plans)}
    if len(rows) == 1 and rows[0][0].id in mine:
        await plans.speak_of(rows[0][0], hands.conversation)
    elif mine:
        await plans.speak_of_several(hands.conversation)
    return "\n".join(line for _, line in rows) or hands.house.words.say("time.nothing")


def _comes(job: Job, day: str, plans: Plans) -> bool:
    """Whether a job is due on a local day from now on."""
    at = _on(job, day, plans)
    return at is not None and at > plans.now() and day not in job.skips


def _on(job: Job, day: str, plans: Plans) -> datetime | None:
    if job.when is None:
        return None
    if job.when.at:
        at = datetime.fromisoformat(job.when.at)
        return at if at.astimezone(plans.place.zone).date().isoformat() == day else None
    return occurrence(job.when, datetime.fromisoformat(day).date(), plans.place)


def _meant(hands: Hands, part: Timed, plans: Plans) -> list[Job]:
    """The plans that are spoken of: by number, by time, or the one of a moment ago, or the only one."""
    rows = [job for job, _ in listing(hands, plans)]
    if part.number:
        return [job for job in rows if job.id == part.number]
    if part.text:
        return [job for job in rows if speaks(hands, job, part, plans)]
    said = part.said
    if said.clocks or said.day or said.days or said.date:
        day = day_of(said, plans.now(), plans.place)
        found = [job for job in rows if (not day or _comes(job, day, plans)) and _at(job, said, plans)]
        return [job for job in found if not said.days or (job.when and job.when.days == said.days)]
    if (job := plans.spoken_of(hands.conversation)) is not None and job in rows:
        return [job]
    return rows


def speaks(hands: Hands, job: Job, part: Timed, plans: Plans) -> bool:
    """Whether a plan does what was said, or every word that was said is of it or of its devices."""
    if kind := kind_of(part.text, hands.house.words.language):
        return is_one(job, f"cancel_{kind}")
    if part.commands:
        return not set(part.commands).isdisjoint(job.commands)
    devices = [hands.house.home.devices.get(one.device) for one in job.commands]
    devices += [hands.house.home.devices.get(job.condition.device)] if job.condition else []
    names = [f"{one.name} {one.room} {one.kind}" for one in devices if one]
    words = re.findall(r"\w+", fold(" ".join([_shown(hands, job, plans), job.text, *names])))
    return all(any(_alike(said, word) for word in words) for said in part.text.split())


def _alike(said: str, word: str) -> bool:
    return said == word or (min(len(said), len(word)) >= STEM and (word.startswith(said) or said.startswith(word)))


def _at(job: Job, said: Spoken, plans: Plans) -> bool:
    at = plans.next_of(job)
    return not said.clocks or (at is not None and f"{at.astimezone(plans.place.zone):%H:%M}" in said.clocks)


async def _cancel(hands: Hands, part: Timed, plans: Plans) -> str:
    words, found = hands.house.words, _meant(hands, part, plans)
    together = plans.spoken_together(hands.conversation) if part == Timed("cancel") else []
    if len(together) > 1:
        late = await plans.drop(together, hands.conversation, hands.turn)
        said = words.say("time.cancelled_all", count=len(together), what="; ".join(
            what_text(job, hands.house.home, words) for job in together))
        return f"{said} {begun(hands, late)}".strip()
    if part == Timed("cancel") and not together and (acting := _acting(hands, plans)):
        return begun(hands, acting)
    if not found and part.text:
        return words.say("time.no_such", what=part.text)
    if not found:
        return words.say("time.nothing_then" if part.number or part.said != Spoken() else "time.nothing")
    one_of = part == Timed("cancel") and plans.spoken_of(hands.conversation) not in found  # several were told just now
    if len(found) > 1 or (one_of and plans.topic(hands.conversation) is not None):
        return await which(hands, found, plans)
    return await _dropped(hands, found[0], plans)


async def _dropped(hands: Hands, job: Job, plans: Plans) -> str:
    if job.lived is not None:
        return await vacation_over(hands, plans)
    what = _shown(hands, job, plans)
    late = begun(hands, await plans.drop([job], hands.conversation, hands.turn))
    return late if late and not job.repeats else f"{hands.house.words.say('time.cancelled', what=what)} {late}".strip()


def _acting(hands: Hands, plans: Plans) -> list[Job]:
    """What this person planned and is being done just now."""
    return [job for job in plans.acting() if hands.asker.person is not None and job.person == hands.asker.person.name]


def begun(hands: Hands, jobs: Sequence[Job]) -> str:
    """That it is too late to cancel these, "" for none."""
    words = hands.house.words
    what = "; ".join(what_text(job, hands.house.home, words) for job in jobs)
    return words.say("time.begun", what=what) if jobs else ""


async def which(hands: Hands, found: list[Job], plans: Plans, key: str = "which") -> str:
    """Which of them, with the number of each: what comes next of "that" is about them."""
    ids = {job.id for job in found}
    lines = [line for job, line in listing(hands, plans) if job.id in ids]
    await plans.speak_of_several(hands.conversation)
    return "\n".join([hands.house.words.say(f"time.{key}"), *lines])


async def _cancel_all(hands: Hands, part: Timed, plans: Plans) -> str:
    """Everything of this person, or their reminders, timers, alarms: named, and to be had back."""
    words, home, person = hands.house.words, hands.house.home, hands.asker.person
    mine = [job for job in plans.planned(person.name if person else "") if is_one(job, part.verb)]
    if mine:
        names = [what_text(job, home, words) for job in mine[:NAMED]]
        more = [words.say("time.more", count=len(mine) - NAMED)] if len(mine) > NAMED else []
        late = await plans.drop(mine, hands.conversation, hands.turn)
        said = words.say("time.cancelled_all", count=len(mine), what="; ".join([*names, *more]))
        said = f"{said} {begun(hands, late)}".strip()
    else:
        said = words.say("time.nothing" if not plans.planned(person.name if person else "") else "time.none_such")
    return f"{said} {stays(hands.house, person)}".strip()


def is_one(job: Job, verb: str) -> bool:
    """Whether "all reminders" (timers, alarms) means this one: what waits for the home is none of them."""
    delay = job.when is not None and bool(job.when.at)
    match verb:
        case "cancel_reminders":
            return job.kind in ("tell", "wake") and job.when is not None
        case "cancel_timers":
            return job.kind == "tell" and delay
        case "cancel_alarms":
            return job.kind == "wake" or (job.kind == "tell" and job.when is not None and not delay and not job.text)
    return True


def stays(house: House, person: Person | None) -> str:
    """What is planned for this person whatever else stops, "" for nothing."""
    count = len(house.plans.planned(person.name)) if house.plans and person else 0
    return house.words.say("time.stays", count=count) if count else ""


async def undone(hands: Hands) -> str:
    """Plans that were cancelled last are planned again; "" where something else was done since."""
    plans = hands.house.plans
    turn = plans.dropped(hands.conversation) if plans else None
    if plans is None or turn is None:
        return ""
    row = await hands.house.store.one("last_action", conversation=hands.conversation)
    if row is not None and row["turn"] > turn:
        return ""
    jobs = await plans.restore(hands.conversation)
    if not jobs:  # they were erased since
        return ""
    names = [_shown(hands, job, plans) for job in jobs[:NAMED]]
    more = [hands.house.words.say("time.more", count=len(jobs) - NAMED)] if len(jobs) > NAMED else []
    return hands.house.words.say("time.restored", what="; ".join([*names, *more]))


def _shown(hands: Hands, job: Job, plans: Plans) -> str:
    what, at = what_text(job, hands.house.home, hands.house.words), plans.next_of(job)
    if at is None:
        return what
    when = moment_text(at, plans.now(), plans.place, hands.house.words)
    return hands.house.words.say("time.list", when=when, what=what)


async def _skip(hands: Hands, part: Timed, plans: Plans) -> str:
    """Leave out one day of what comes again; what comes only then is cancelled where it was spoken of by itself."""
    words, house = hands.house.words, hands.house
    day = day_of(part.said, plans.now(), plans.place)
    if not day:
        return words.say("time.no_day")
    spoken = plans.spoken_of(hands.conversation)
    rows = [job for job, _ in listing(hands, plans) if _comes(job, day, plans) and _at(job, part.said, plans)]
    rows = [job for job in rows if part.number in (0, job.id)]
    if named := bool(part.text or part.commands):
        rows = [job for job in rows if speaks(hands, job, part, plans)]
    sure = [job for job in rows if part.number or named or (spoken is not None and job.id == spoken.id)]
    found = sure or [job for job in rows if job.repeats]
    if not rows:
        return words.say("time.nothing_then")
    if len(found) != 1:
        return await which(hands, found or rows, plans, "which_skip")
    job = found[0]
    what = what_text(job, house.home, words)
    if not job.repeats:
        return await _dropped(hands, job, plans)
    await plans.skip(job.id, day, hands.conversation)
    at = plans.next_of(job)
    shown = moment_text(at, plans.now(), plans.place, words) if at else "–"
    today = plans.now().astimezone(plans.place.zone).date()
    return words.say("time.skipped", when=date_text(datetime.fromisoformat(day).date(), words, today), what=what,
                     next=shown)


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
