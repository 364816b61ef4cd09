"""Lights as if lived in, begun and told of: one plan of the house from "vacation" until somebody is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from dobby.home.device import Command, Fault, Outcome
from dobby.jobs import lived
from dobby.jobs.job import Job
from dobby.jobs.lived import Lived, Switch
from dobby.jobs.plans import Plans
from dobby.jobs.sun import sun
from dobby.jobs.when import WEEKDAYS, When
from dobby.skills import Skill
from dobby.store import stamp
from dobby.tools.drafts import draft
from dobby.tools.hands import Hands, House
from dobby.tools.plan_words import date_text


def left_out(house: House) -> tuple[str, ...]:
    """What the skills that begin it leave out, by their files as they are now."""
    return tuple(one for skill in house.skills if skill.lived_in for step in skill.steps for one in step.excepted)


async def begin(hands: Hands, until: str = "", without: str = "", *, told: bool = True) -> str:
    """From now on the lights are as if somebody were home: what is said to it, "" where nothing can be. until: a local
    day; without: a device, a room or a kind. Whoever told it is out, and so is everybody of whom nobody would notice;
    where a model begins it, nobody is."""
    house, words, plans, person = hands.house, hands.house.words, hands.house.plans, hands.asker.person
    if plans is None or person is None or person.role == "guest":
        return words.say("policy.guest")
    if told and house.presence is not None:
        await house.presence.all_gone(person.name)
    job, now = plans.lived(), plans.now()
    if job is not None and job.lived is not None:
        more = (*job.lived.excepted, *((without,) if without else ()))
        kept = replace(job.lived, until=until or job.lived.until, excepted=more)
        await plans.relive(job.id, kept)
        return _begun(hands, kept, plans)
    found = lived.lamps(house.home, (*left_out(house), without))
    if not found:
        return words.say("lived.no_lamps")
    habits, bedtime = await lived.learned(house.store, now, plans.place)
    job = draft(hands, "order", _when(plans))
    kept = Lived(until, (without,) if without else (), habits=habits or None, bedtime=bedtime)
    kept = lived.renewed(kept, now, plans.place, found, seed=stamp(job.made))
    kept = replace(kept, switches=_later(kept.switches, now + lived.SETTLE))
    await plans.add(replace(job, lived=kept))
    return _begun(hands, kept, plans)


async def with_skill(hands: Hands, skill: Skill, without: str = "", *, told: bool = True) -> str:
    """What a skill begins or ends of it, besides its steps; what is said to it, "" for nothing."""
    if skill.lived_in:
        return await begin(hands, without=without, told=told)
    if hands.asker.person is None or hands.asker.person.role == "guest":
        return ""
    job = hands.house.plans.lived() if hands.house.plans else None
    if skill.lived_in is False and hands.house.plans is not None and job is not None:
        await hands.house.plans.cancel(job.id)
        return hands.house.words.say("lived.over")
    return ""


def _when(plans: Plans) -> When:
    """How it stands among the plans: every evening."""
    today = plans.now().astimezone(plans.place.zone).date()
    known = sun("sunset", today, plans.place.latitude, plans.place.longitude, plans.place.zone)
    return When(days=WEEKDAYS, sun="sunset") if known else When(days=WEEKDAYS, clock="18:00")


def _later(switches: tuple[Switch, ...], after: datetime) -> tuple[Switch, ...]:
    """Without what would have begun before a moment."""
    gone: set[str] = set()
    kept = []
    for one in switches:
        if one.on and datetime.fromisoformat(one.at) <= after:
            gone.add(one.device)
            continue
        if one.on or one.device not in gone:
            kept.append(one)
        gone.discard(one.device)
    return tuple(kept)


def _begun(hands: Hands, kept: Lived, plans: Plans) -> str:
    words, presence = hands.house.words, hands.house.presence
    said = [words.say("lived.begun_until", day=day_text(kept, hands.house, plans)) if kept.until else
            words.say("lived.begun")]
    if kept.habits:
        said.append(words.say("lived.learned"))
    if names := [name for name, here in (presence.home() if presence else {}).items() if here]:
        said.append(words.say("lived.waits", names=words.join(names), count=len(names)))
    return " ".join(said)


def day_text(kept: Lived, house: House, plans: Plans) -> str:
    """Its last day."""
    return date_text(date.fromisoformat(kept.until), house.words, plans.now().astimezone(plans.place.zone).date())


def until_day(minutes: float, plans: Plans) -> str:
    """The local day that is so many minutes ahead."""
    return (plans.now() + timedelta(minutes=minutes)).astimezone(plans.place.zone).date().isoformat()


def outs(house: House, job: Job) -> tuple[Command, ...]:
    """What puts out the lamps that a job has lit, those that are still on."""
    return tuple(Command(one, "on", False) for one in (job.lived.lit if job.lived else ())
                 if one in house.home.devices and house.home.value(one, "on") is not False)


async def ended(house: House, command: Command) -> Outcome:
    """The command `end`: what a yes to "shall I end the vacation?" does."""
    job = house.plans.lived() if house.plans else None
    if house.plans is None or job is None:
        return Outcome(command, "failed", error=Fault("unknown", house.words.say("lived.none")))
    await house.plans.cancel(job.id)
    return Outcome(command, "confirmed", None, house.plans.now())
