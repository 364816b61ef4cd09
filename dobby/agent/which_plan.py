"""Which plans somebody means: by number, by time, by what they are about, or the one of a moment ago."""

from __future__ import annotations

import re
from datetime import datetime

from dobby.agent.meaning import Timed
from dobby.agent.spoken_time import Reader
from dobby.agent.text import fold
from dobby.agent.time_tables import kind_of, plain, tables
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import Spoken, day_of
from dobby.jobs.when import occurrence
from dobby.tools.hands import Hands
from dobby.tools.plan_words import moment_text, what_text
from dobby.tools.plans import listing

STEM = 4  # letters from which on the beginning of a word stands for it


def meant(hands: Hands, part: Timed, plans: Plans) -> list[Job]:
    """The plans that are spoken of: by number, by time, or the one of a moment ago, or the only one."""
    rows = [job for job, _ in listing(hands, plans)]
    if part.number:
        return [job for job in rows if job.id == part.number]
    if part.text:
        return [job for job in rows if speaks(hands, job, part, plans)]
    said = part.said
    if said.clocks or said.day or said.days or said.date:
        day = day_of(said, plans.now(), plans.place)
        found = [job for job in rows if (not day or comes(job, day, plans)) and due_at(job, said, plans)]
        return [job for job in found if not said.days or (job.when and job.when.days == said.days)]
    if (job := plans.spoken_of(hands.conversation)) is not None and job in rows:
        return [job]
    return rows


def speaks(hands: Hands, job: Job, part: Timed, plans: Plans) -> bool:
    """Whether a plan does what was said, or every word that was said is of it or of its devices."""
    if kind := kind_of(part.text, hands.house.words.language):
        return is_one(job, f"cancel_{kind}")
    if (span := span_of(part.text, hands.house.words.language)) and job.when is not None and job.when.at:
        return abs((datetime.fromisoformat(job.when.at) - job.made).total_seconds() - span * 60) < 1
    if part.commands:
        return not set(part.commands).isdisjoint(job.commands)
    devices = [hands.house.home.devices.get(one.device) for one in job.commands]
    devices += [hands.house.home.devices.get(job.condition.device)] if job.condition else []
    names = [f"{one.name} {one.room} {one.kind}" for one in devices if one]
    text = " ".join([plan_text(hands, job, plans), job.text, *names])
    words = re.findall(r"\w+", f"{fold(text)} {plain(text)}")  # "Tom's eggs" may be read as "toms eggs"
    return all(any(_alike(said, word) for word in words) for said in part.text.split())


def span_of(text: str, language: str) -> float:
    """The minutes of a text that is a span and nothing else ("10 minute"), 0 for any other."""
    known = tables(language)
    if known is None or not text:
        return 0.0
    reader = Reader(tuple(plain(text).split()), known)
    minutes, end = reader.span(0)
    return minutes if end == len(reader.words) else 0.0


def _alike(said: str, word: str) -> bool:
    return said == word or (min(len(said), len(word)) >= STEM and (word.startswith(said) or said.startswith(word)))


def due_at(job: Job, said: Spoken, plans: Plans) -> bool:
    """Whether a plan comes next at one of the times of day that were said, if any was."""
    at = plans.next_of(job)
    return not said.clocks or (at is not None and f"{at.astimezone(plans.place.zone):%H:%M}" in said.clocks)


def comes(job: Job, day: str, plans: Plans) -> bool:
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


async def which(hands: Hands, found: list[Job], plans: Plans, key: str = "time.which") -> str:
    """Which of them, with the number of each: what comes next of "that" is about them."""
    ids = {job.id for job in found}
    lines = [line for job, line in listing(hands, plans) if job.id in ids]
    await plans.speak_of_several(hands.conversation)
    return "\n".join([hands.house.words.say(key), *lines])


def plan_text(hands: Hands, job: Job, plans: Plans) -> str:
    """What a plan will do, and when it does so next."""
    what, at = what_text(job, hands.house.home, hands.house.words), plans.next_of(job)
    if at is None:
        return what
    when = moment_text(at, plans.now(), plans.place, hands.house.words)
    return hands.house.words.say("time.list", when=when, what=what)
