"""Answers to what shall not come: cancelled, had back, left out for a day; and what stays planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dobby.agent.meaning import Timed
from dobby.agent.vacation import vacation_over
from dobby.agent.which_plan import comes, due_at, is_one, meant, plan_text, speaks, which
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import Spoken, day_of
from dobby.messages import Person
from dobby.tools.hands import Hands, House
from dobby.tools.plan_words import date_text, moment_text, what_text
from dobby.tools.plans import listing

NAMED = 3  # plans that are cancelled together and named


async def cancel(hands: Hands, part: Timed, plans: Plans) -> str:
    """One plan, or what was spoken of as one thing; where several may be meant it is asked which."""
    words, found = hands.house.words, meant(hands, part, plans)
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
    what = plan_text(hands, job, plans)
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


async def cancel_all(hands: Hands, part: Timed, plans: Plans) -> str:
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


def stays(house: House, person: Person | None) -> str:
    """What is planned for this person whatever else stops, "" for nothing."""
    count = len(house.plans.planned(person.name)) if house.plans and person else 0
    return house.words.say("time.stays", count=count) if count else ""


async def undone(hands: Hands) -> str:
    """Plans that were cancelled last are planned again, or it is said that their time is past; "" where something else
    was done since."""
    plans = hands.house.plans
    turn = plans.dropped(hands.conversation) if plans else None
    if plans is None or turn is None:
        return ""
    row = await hands.house.store.one("last_action", conversation=hands.conversation)
    if row is not None and row["turn"] > turn:
        return ""
    jobs, past = await plans.restore(hands.conversation)
    words, home = hands.house.words, hands.house.home
    over = words.say("time.over", what="; ".join(what_text(job, home, words) for job in past)) if past else ""
    if not jobs:  # past, or erased since
        return over
    names = [plan_text(hands, job, plans) for job in jobs[:NAMED]]
    more = [words.say("time.more", count=len(jobs) - NAMED)] if len(jobs) > NAMED else []
    return f"{words.say('time.restored', what='; '.join([*names, *more]))} {over}".strip()


async def skip(hands: Hands, part: Timed, plans: Plans) -> str:
    """Leave out one day of what comes again; what comes only then is cancelled where it was spoken of by itself."""
    words, house = hands.house.words, hands.house
    day = day_of(part.said, plans.now(), plans.place)
    if not day:
        return words.say("time.no_day")
    spoken = plans.spoken_of(hands.conversation)
    rows = [job for job, _ in listing(hands, plans) if comes(job, day, plans) and due_at(job, part.said, plans)]
    rows = [job for job in rows if part.number in (0, job.id)]
    if named := bool(part.text or part.commands):
        rows = [job for job in rows if speaks(hands, job, part, plans)]
    sure = [job for job in rows if part.number or named or (spoken is not None and job.id == spoken.id)]
    found = sure or [job for job in rows if job.repeats]
    if not rows:
        return words.say("time.nothing_then")
    if len(found) != 1:
        return await which(hands, found or rows, plans, "time.which_skip")
    job = found[0]
    what = what_text(job, house.home, words)
    if not job.repeats:
        return await _dropped(hands, job, plans)
    await plans.skip(job.id, day, hands.conversation)
    at = plans.next_of(job)
    coming = moment_text(at, plans.now(), plans.place, words) if at else "–"
    today = plans.now().astimezone(plans.place.zone).date()
    return words.say("time.skipped", when=date_text(datetime.fromisoformat(day).date(), words, today), what=what,
                     next=coming)
