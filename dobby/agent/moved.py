""" "Make it 9", "at 9 instead", "move it to tomorrow": the plan that was just made or named comes at another time. A
repeat keeps its days where only a time was said, a single one its day."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache

from dobby.agent.sentences import pattern
from dobby.agent.spoken_time import Reader
from dobby.agent.text import quotes
from dobby.agent.time_tables import split, tables
from dobby.agent.time_talk import LONGEST, mannerless, plain
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.spoken import Spoken, resolve
from dobby.jobs.when import WEEKDAYS, When
from dobby.tools.hands import Hands
from dobby.tools.plans import keep


async def moved(hands: Hands, text: str) -> str:
    """What is said to it; "" where the text says no such thing, or no plan is what was just spoken of."""
    plans, person = hands.house.plans, hands.asker.person
    said = moved_to(text, hands.house.words.language)
    if said is None or plans is None or person is None:
        return ""
    job = plans.spoken_of(hands.conversation)
    if job is None or job.person != person.name or job.when is None or job.lived is not None:
        return ""
    if not said.sure and await _since(hands, plans):
        return ""  # a bare number may be how bright
    when = _when(said, job, plans)
    if isinstance(when, str):
        return hands.house.words.say(f"time.{when}")
    kept = await keep(hands, replace(job, when=when, made=plans.now(), last=None, day="", id=0))
    new = plans.spoken_of(hands.conversation)
    if new is not None and new.id != job.id:
        await plans.cancel(job.id)
        return f"{hands.house.words.say('time.moved')} {kept}"
    return kept


async def _since(hands: Hands, plans: Plans) -> bool:
    """Whether something else was spoken of, or done, since the plan was."""
    before, at = await hands.turn_before(), plans.spoken_at(hands.conversation)
    if before is None or at is None:
        return True
    done = await hands.house.store.all("calls_of_turn", turn=before["id"])
    return bool(done) or at < datetime.fromisoformat(before["started"])


def _when(said: Spoken, job: Job, plans: Plans) -> When | str:
    """The new time of a plan; a key of the words under `time.` where there is none."""
    old = job.when or When()
    at = plans.next_of(job)
    local = at.astimezone(plans.place.zone) if at else None
    clock = old.clock or (f"{local:%H:%M}" if local else "")
    dated = bool(said.days or said.dates or said.day or said.date)
    if len(said.clocks) > 1 and not said.part and clock and not dated:
        nearest = min(said.clocks, key=lambda one: abs(_minutes(one) - _minutes(clock)))
        said = replace(said, clocks=(nearest, *(one for one in said.clocks if one != nearest)))
    if said.minutes is not None:
        return resolve(said, plans.now(), plans.place)
    if not said.timed and not said.sun:
        said = replace(said, sun=old.sun, offset=old.offset) if old.sun else replace(said, clocks=(clock,))
    if dated:
        if said.day in WEEKDAYS and old.repeats and not said.days:  # "make it Tuesday": every Tuesday
            said = replace(said, days=(said.day,), day="")
        return resolve(said, plans.now(), plans.place)
    if old.repeats:
        first = replace(old, clock="" if said.sun else said.clocks[0] if said.clocks else "", sun=said.sun,
                        offset=said.offset)
        return first if first.clock or first.sun else "no_clock"
    day = local.date().isoformat() if local is not None else ""
    for one in (replace(said, date=day, clocks=said.clocks[:1]), replace(said, date=day), said):
        found = resolve(one, plans.now(), plans.place)
        if not isinstance(found, str):
            return found
    return "past"


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


@cache
def _sentences(language: str) -> tuple[re.Pattern[str], ...]:
    known = tables(language)
    several = known.raw.get("moves", {}).get("sentences", ()) if known else ()
    return tuple(re.compile(pattern(plain(one), {"time": r"(?:\S+ ){1,9}?"})) for one in several)


def moved_to(text: str, language: str) -> Spoken | None:
    """To what time a sentence puts the plan that was just spoken of ("make it 9"); None for any other sentence."""
    known = tables(language)
    if known is None or quotes(text):
        return None
    words = mannerless(split(text, known.raw.get("apostrophe") == " "), known)
    line = "".join(f"{word.text} " for word in words)
    for sentence in _sentences(language) if len(words) <= LONGEST else ():
        if (match := sentence.fullmatch(line)) is None:
            continue
        reader = Reader(tuple(match["time"].split()), known)
        if (said := reader.whole()) is not None:
            return said
        bare = reader.clock_form(0)
        if bare is not None and bare[1] == len(reader.words):
            return Spoken(clocks=bare[0], sure=bare[2])
    return None
