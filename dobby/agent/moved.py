""" "Make it 9", "at 9 instead", "half an hour later", "push the plumber back by 20 minutes", "my alarm to 8": the plan
that was just made or is named comes at another time. A repeat keeps its days where only a time was said, a single one
its day."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from dobby.agent.cancel_replies import begun
from dobby.agent.meaning import Timed
from dobby.agent.sentences import pattern
from dobby.agent.spoken_time import Reader
from dobby.agent.text import quotes
from dobby.agent.time_replies import timed
from dobby.agent.time_tables import kind_of, plain, spoken, tables
from dobby.agent.time_talk import LONGEST, bare_words
from dobby.agent.which_plan import is_one, speaks, which
from dobby.jobs.job import Job
from dobby.jobs.plans import Plans
from dobby.jobs.shifting import put_off, shifted
from dobby.jobs.spoken import Spoken, resolve
from dobby.jobs.when import WEEKDAYS, When
from dobby.tools.hands import Hands
from dobby.tools.plan_words import when_text
from dobby.tools.plans import kept

_NONE = {"alarms": "time.no_alarms", "timers": "time.no_timers", "reminders": "time.no_reminders"}
Moved = When | tuple[When, When] | str  # the new time; once and from then on; a key of the words under `time.`
SPAN = "§"  # stands for how much, where a sentence is compared


async def moved(hands: Hands, text: str) -> str:
    """What is said to it; "" where the text says no such thing, or no plan is what was just spoken of."""
    plans, person = hands.house.plans, hands.asker.person
    if plans is None or person is None:
        return ""
    if (move := read(text, hands.house.words.language)) is not None and (told := await _named(hands, move, plans)):
        return told
    said = moved_to(text, hands.house.words.language)
    job = plans.spoken_of(hands.conversation)
    if said is None or job is None or job.person != person.name or job.when is None or job.lived is not None:
        return ""
    if not said.sure and await _since(hands, plans):
        return ""  # a bare number may be how bright
    return await _replanned(hands, [job], lambda one: _when(said, one, plans), plans)


async def _replanned(hands: Hands, jobs: Sequence[Job], when: Callable[[Job], Moved], plans: Plans) -> str:
    """Each at its new time, or why none of them is moved."""
    found = [(job, when(job)) for job in jobs]
    if wrong := next((one for _, one in found if isinstance(one, str)), ""):
        return hands.house.words.say(f"time.{wrong}")
    lines, new = [], []
    for job, at in found:
        if isinstance(at, tuple):
            line, put = await _once(hands, job, at, plans)
        else:
            line, put = await kept(hands, replace(job, when=at, made=plans.now(), last=None, day="", id=0))  # type: ignore[arg-type]  # a text was said above
        if put is not None:
            new.append(put)
            late = [] if await plans.cancel(job.id) else [job]
            line = f"{line} {begun(hands, late)}".strip()
        lines.append(line)
    if len(new) > 1:
        await plans.speak_of_several(hands.conversation, new)
    return "\n".join([f"{hands.house.words.say('time.moved')} {lines[0]}" if new else lines[0], *lines[1:]])


async def _once(hands: Hands, job: Job, at: tuple[When, When], plans: Plans) -> tuple[str, Job | None]:
    """The next time of a repeat by itself, and the repeat as before from then on; the first is what is spoken of."""
    again = replace(job, when=at[1], made=plans.now(), last=None, day="", id=0)
    line, repeat = await kept(hands, again)
    if repeat is None:
        return line, None
    line, put = await kept(hands, replace(again, when=at[0], skips=()))
    if put is None:
        await plans.cancel(repeat.id)
        return line, None
    words, home = hands.house.words, hands.house.home
    rule = when_text(repeat, plans.next_of(repeat), plans.now(), plans.place, words, home)
    return f"{line} {words.say('time.then_as_before', when=rule)}", put


async def _named(hands: Hands, move: Move, plans: Plans) -> str:
    """A plan that is named, or "it", at another time or by so much later."""
    jobs, person = [], hands.asker.person
    mine = [job for job in plans.planned(person.name if person else "") if job.when is not None and job.lived is None]
    if not move.what:
        jobs = [job for job in plans.spoken_together(hands.conversation) if job in mine]
        row = await hands.house.store.one("job_last_told", person=person.name) if person else None
        told = row is not None and row["id"] in plans.over(hands.conversation)
        if move.bare and not told and (not jobs or await _since(hands, plans)):
            return ""  # it may be something else that shall come later
        if not jobs and told and move.minutes > 0:
            return await timed(hands, Timed("snooze", minutes=move.minutes))
        jobs = jobs or mine
    elif kind := kind_of(move.what, hands.house.words.language):
        jobs = [job for job in mine if is_one(job, f"cancel_{kind}")]
        if (spoken := plans.spoken_of(hands.conversation)) in jobs and spoken is not None:
            jobs = [spoken]
        if not jobs:
            return hands.house.words.say(_NONE[kind])
    else:
        jobs = [job for job in mine if speaks(hands, job, Timed("cancel", text=move.what), plans)]
        bare = move.said is not None and not move.said.sure
        if not jobs or (bare and any(job.kind in ("order", "heat") for job in jobs)):
            return ""  # "move the shades to 30" is no time
    if not jobs:
        return hands.house.words.say("time.nothing")
    if len(jobs) > 1 and jobs != plans.spoken_together(hands.conversation):
        return await which(hands, jobs, plans, "time.which_move")
    said = move.said
    if said is None:
        return await _replanned(hands, jobs, lambda one: put_off(one, move.minutes, plans) or shifted(
            one, move.minutes, plans), plans)
    return await _replanned(hands, jobs, lambda one: _when(said, one, plans), plans)


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
def _sentences(language: str, name: str = "sentences") -> tuple[re.Pattern[str], ...]:
    known = tables(language)
    several = known.raw.get("moves", {}).get(name, ()) if known else ()
    slots = {"time": r"(?:\S+ ){1,9}?", "span": f"{SPAN} ", "what": r"(?:\S+ ){1,4}?"}
    return tuple(re.compile(pattern(plain(one), slots)) for one in several)


@dataclass(frozen=True, slots=True)
class Move:
    """A plan by so many minutes later (negative = sooner), or to a time. what: the words for it, "" = it; bare: nothing
    but how much."""

    minutes: float = 0.0
    said: Spoken | None = None
    what: str = ""
    bare: bool = False


def read(text: str, language: str) -> Move | None:
    """ "Half an hour later", "push the plumber reminder back by 20 minutes", "change my alarm to 8"."""
    known = tables(language)
    if known is None or quotes(text):
        return None
    words = spoken(text, known)
    reader = Reader(tuple(word.text for word in words), known)
    spans = [(minutes, at, end) for at in range(len(words)) for minutes, end in [reader.span(at)] if minutes > 0]
    span = spans[0] if spans else None
    its = {plain(one) for one in known.raw.get("moves", {}).get("it", ())}
    for name, sign in (("later", 1), ("earlier", -1), ("named", 0)):
        said = list(reader.words)
        if sign and span is not None:
            said[span[1]:span[2]] = [SPAN]
        for sentence in _sentences(language, name) if len(words) <= LONGEST else ():
            if (match := sentence.fullmatch("".join(f"{word} " for word in said))) is None:
                continue
            slots = {key.partition("__")[0]: value for key, value in match.groupdict().items() if value is not None}
            what = bare_words(slots.get("what", "").split(), known)
            if what.split()[:1] and what.split()[0] in its:
                continue
            if sign and span is not None:
                return Move(sign * span[0], what=what, bare=span[1] == 0)
            if not sign and what and (to := _to(Reader(tuple(slots["time"].split()), known))) is not None:
                return Move(said=to, what=what)
    return None


def _to(reader: Reader) -> Spoken | None:
    if (said := reader.whole()) is not None:
        return said
    bare = reader.clock_form(0)
    return Spoken(clocks=bare[0], sure=bare[2]) if bare is not None and bare[1] == len(reader.words) else None


def moved_to(text: str, language: str) -> Spoken | None:
    """To what time a sentence puts the plan that was just spoken of ("make it 9"); None for any other sentence."""
    known = tables(language)
    if known is None or quotes(text):
        return None
    words = spoken(text, known)
    line = "".join(f"{word.text} " for word in words)
    for sentence in _sentences(language) if len(words) <= LONGEST else ():
        if (match := sentence.fullmatch(line)) is None:
            continue
        if (said := _to(Reader(tuple(match["time"].split()), known))) is not None:
            return said
    return None
