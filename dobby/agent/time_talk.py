"""What is said about time and presence, by known sentences: "remind me at five", "every weekday at 7 open the bedroom
shades", "when the washer is done tell me", "what is planned?", "not tomorrow", "I'm leaving". A table a language
(languages/<xx>/times.toml). The order in such a sentence is read by the reflex itself, without the time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from dobby.agent.consent import is_stop
from dobby.agent.meaning import Clarify, Do, Miss, Refuse, RunSkill, Timed, TimedVerb, Understood
from dobby.agent.others import others
from dobby.agent.reminders import reminder
from dobby.agent.said import Order, Said, without
from dobby.agent.sentences import any_of, pattern
from dobby.agent.spoken_time import Reader, Run
from dobby.agent.text import fold, quotes
from dobby.agent.time_conditions import alone, condition, unknown_machine, unknown_person, unmeasured
from dobby.agent.time_tables import Tables, plain, spoken, tables
from dobby.agent.two_plans import off, twice
from dobby.home.device import Command, View
from dobby.jobs.conditions import Condition
from dobby.jobs.spoken import Spoken

LONGEST = 40  # words of a sentence
DAY = 1440.0  # minutes
VALUES = ("brightness", "volume", "target", "speed", "color_temperature")  # traits a bare "at 20" may be the value of
SWITCHED = ("light", "plug", "switch", "outlet", "fan")  # kinds that may be on for a while and then off


@cache
def _sentences(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = tables(language)
    if known is None:
        return ()
    slots = {"month": any_of(fold(one) for several in known.raw["months"].values() for one in several),
             "time": r"(?:\S+ ){1,9}?", "span": r"(?:\S+ ){1,6}?", "number": r"\d+ ", "what": r"(?:\S+ ){1,4}?",
             "cardio": any_of(fold(one) for one in known.raw["phrases"]["cardio"])}
    return tuple((name, re.compile(pattern(plain(one), slots)))
                 for name, several in known.raw["sentences"].items() for one in several)


def read(text: str, view: View, language: str, people: Sequence[str], order: Order) -> Timed | Refuse | None:
    """What is planned or asked, None when this is something else. order: reads a sentence without time."""
    return _read(text, view, language, people, order)


def _read(text: str, view: View, language: str, people: Sequence[str], order: Order, *,
          own: bool = False) -> Timed | Refuse | None:
    """own: whatever it is, it is for who speaks."""
    def again(text: str) -> Timed | Refuse | None:
        return _read(text, view, language, people, order, own=True)
    known = tables(language)
    if known is None or quotes(text):
        return None
    words = spoken(text, known)
    if not words or len(words) > LONGEST:
        return None
    said = Said(text, words, Reader(tuple(word.text for word in words), known), view, people, order)
    return ((None if own else others(said, again)) or _sentence(said, language) or _waits(said, language)
            or _left_out(said) or _lasting(said) or _ranged(said) or twice(said, _planned) or _planned(said)
            or _missing(said, language) or _hourly(said) or alone(said, language))


# --- whole sentences --------------------------------------------------------------------------------------------------


def _sentence(said: Said, language: str) -> Timed | None:
    line = said.line()
    for name, sentence in _sentences(language):
        match = sentence.fullmatch(line)
        if match and ((name == "vacation" and "?" in said.text) or (name == "vacation_asked" and "?" not in said.text)):
            continue
        if match and name == "cancel_named" and (is_stop(line, language, "") or _acts(said)):
            continue
        verb = cast(TimedVerb, {"cancel_at": "cancel", "cancel_named": "cancel", "timer": "tell"}.get(name, name))
        found = _filled(Timed(verb), match, said) if match else None
        if found is not None:
            return Timed("tell", Spoken(minutes=found.minutes), text=_as_typed(found.text, said)) if (
                name == "timer") else found
    return None


def _as_typed(text: str, said: Said) -> str:
    """Words that were read, as they stand in the sentence."""
    size = len(text.split())
    return next((said.typed(at, at + size) for at in range(len(said.words) - size + 1)
                 if size and " ".join(one.text for one in said.words[at:at + size]) == text), text)


def _filled(timed: Timed, match: re.Match[str], said: Said) -> Timed | None:
    """The slots of a sentence, read; None when one of them is nothing known."""
    for slot, words in match.groupdict().items():
        if words is None:
            continue
        reader = replace(said.reader, words=tuple(words.split()))
        match slot.partition("__")[0]:
            case "time":
                time = reader.whole()
                if time is None or (timed.verb == "cardio_weekly" and not (time.days or time.step)):
                    return None
                if timed.verb in ("vacation", "vacation_until") and not (time.day or time.date):
                    return None
                timed = replace(timed, said=time)
            case "span":
                minutes, end = reader.span(0)
                if end != len(reader.words):
                    return None
                timed = replace(timed, minutes=minutes)
            case "what":
                timed = replace(timed, text=bare_words(reader.words, reader.known))
                if not timed.text:
                    return None
            case "number":
                timed = replace(timed, number=int(words))
            case "person":
                person = named(words.strip(), said.people)
                if not person:
                    return None
                timed = replace(timed, person=person)
            case "month":
                timed = replace(timed, period=f"month_{int(reader.key('months', 0)[0])}")
    periods = said.reader.known.raw["periods"]
    period = next((key for key, several in periods.items()
                   if any(f" {fold(one)} " in f" {match.group(0)}" for one in several)), timed.period)
    verb = timed.verb
    if verb in ("came", "went", "all_out") and "?" in said.text:  # "Sam is home?" asks
        verb = "is_home" if timed.person else "who_home"
    return replace(timed, verb=verb, period=period)


def _acts(said: Said) -> bool:
    """Whether it is something that is done now: "lösche das Licht"."""
    read = said.order(said.text)
    return isinstance(read, Understood) and not all(isinstance(part, Refuse | Clarify) for part in read.parts)


def bare_words(words: Sequence[str], known: Tables) -> str:
    """Without articles."""
    articles = {fold(one) for one in known.raw["articles"]}
    return " ".join(word for word in words if word not in articles)


def named(words: str, people: Sequence[str]) -> str:
    """Who of the household is called so, "" for nobody."""
    return next((one for one in people if fold(one) == words), "")


# --- something that waits for a condition -----------------------------------------------------------------------------


def _waits(said: Said, language: str) -> Timed | Refuse | None:
    """ "When the washer is done, tell me"; "turn off the lights when everyone has left"."""
    count = len(said.words)
    for at in range(count):
        for name, standing in (("whenever", True), ("when", False)):
            start = said.reader.phrase(name, at)
            if start == at:
                continue
            asks = at and _tells(said, 0) == at  # "remind me when I get home to water the plants"
            ends = range(count, start, -1) if asks else [count] if at else range(count - 1, start, -1)
            for end in ends:
                meant = condition(said.reader, said.line(start, end), said.view, language, said.people)
                if meant is None or (at and end < count and said.reader.phrase("remind_to", end) == end):
                    continue
                if at and end < count:
                    return Timed("tell", condition=meant, standing=standing, reminds=True,
                                 text=said.typed(said.reader.phrase("remind_to", end), count))
                wish = said.part(0, at) if at else said.part(end, count)
                lasting = standing or (meant.kind == "holds" and bool(meant.dwell or meant.hours))
                timed = _consequence(wish, Timed("tell", condition=meant, standing=lasting,
                                                 text=said.typed(start, end)))
                if timed is not None:
                    return timed
    return None


def _tells(said: Said, at: int) -> int:
    """The end of "tell me", "remind me"; the same place for neither."""
    return max(said.reader.phrase("tell", at), said.reader.phrase("remind", at))


def _missing(said: Said, language: str) -> Timed | None:
    """ "Tell me when the dryer is done", "when Anna comes home ...", and nothing here shows it, nobody is called so."""
    count = len(said.words)
    for at in range(count):
        start = max(said.reader.phrase(name, at) for name in ("when", "whenever"))
        for end in range(start + 1, count + 1) if start > at else ():
            if (end == count) is (at == 0):
                continue
            wish = said.part(0, at) if at else said.part(end, count)
            who = unknown_person(said.line(start, end), language)
            if who and named(who, said.people) == "" and _consequence(wish, Timed("tell")) is not None:
                return Timed("no_person", text=said.typed(start, start + 1))
            if (room := unmeasured(said.reader, said.line(start, end), said.view, language)) and (
                    _consequence(wish, Timed("tell")) is not None):
                return Timed("no_sensor", text=room)
            thing = unknown_machine(said.reader, said.line(start, end), said.view, language)
            if thing and wish.reader.phrase("tell", 0) == len(wish.words):
                return Timed("no_machine", text=thing)
    return None


def _consequence(wish: Said, timed: Timed) -> Timed | Refuse | None:
    if wish.reader.phrase("tell", 0) == len(wish.words):
        return timed
    if (end := _tells(wish, 0)) and (what := wish.reader.phrase("remind_to", end)) > end and what < len(wish.words):
        return replace(timed, text=wish.typed(what, len(wish.words)), reminds=True)
    return _ordered(wish, wish.typed(0, len(wish.words)), replace(timed, text=""))


# --- something once less, something for a while ----------------------------------------------------------------------


def _left_out(said: Said) -> Timed | None:
    """ "Skip tomorrow's shades", "don't open the shades tomorrow"."""
    runs = said.reader.runs()
    if len(runs) != 1:
        return None
    [(time, start, end)] = runs
    if len(time.days) == 1 and not time.step:  # "Monday's shades"
        time = replace(time, days=(), day=time.days[0])
    if not (time.day or time.date):
        return None
    words = said.reader.words
    if (skip := said.reader.phrase("skip", 0)) > 0:
        what = bare_words([word for at, word in enumerate(words) if at >= skip and not start <= at < end],
                           said.reader.known)
        return Timed("skip", time, text=what) if what and skip <= start else None
    for at in range(len(words)):  # "don't wake me tomorrow"
        last = said.reader.phrase("negation", at)
        if last > at and said.reader.phrase("wake", last) > last:
            return Timed("skip", time, text=words[last])
    gone = [(Spoken(), at, last) for at in range(len(words)) if (last := said.reader.phrase("negation", at)) > at]
    order = said.order(without(said, [*gone, *runs])) if gone else Miss()
    commands = [one for part in order.parts if isinstance(part, Do) for one in part.commands] if isinstance(
        order, Understood) else []
    return Timed("skip", time, commands=tuple(commands)) if commands else None


def _lasting(said: Said) -> Timed | None:
    """ "Turn the porch light on for five minutes": on now, and off then."""
    for at in range(1, len(said.words)):
        start = said.reader.phrase("for", at)
        minutes, end = said.reader.span(start)
        if start == at or minutes <= 0:
            continue
        if (first := _switched(said, [(Spoken(), at, end)])) is not None:
            return Timed("order", Spoken(minutes=minutes), commands=off(first.commands), first=first)
    return None


def _ranged(said: Said) -> Timed | None:
    """ "Turn the porch light on from 6 to 10 every day": on at six, off at ten."""
    for at in range(1, len(said.words)):
        found = said.reader.from_to(at)
        if found is None:
            continue
        first, last, end = found
        runs = [one for one in said.reader.runs() if one[1] >= end or one[2] <= at]
        day = _together(runs)
        begin = Spoken(clocks=first).with_(day) if day is not None else None
        do = _switched(said, [(Spoken(), at, end), *runs])
        if begin is None or do is None:
            return None
        return Timed("order", begin, commands=do.commands,
                     then=Timed("order", Spoken(clocks=last), commands=off(do.commands)))
    return None


def _switched(said: Said, runs: Sequence[Run]) -> Do | None:
    """What is switched on without these stretches of the sentence, None where that is no such order, or not only."""
    read = said.order(without(said, runs))
    if isinstance(read, Miss) or len(read.parts) != 1 or not isinstance(do := read.parts[0], Do):
        return None
    return do if all(one.trait == "on" and one.value is True and said.view.devices[one.device].kind in SWITCHED
                     for one in do.commands) else None


# --- something at a time ----------------------------------------------------------------------------------------------


def _planned(said: Said) -> Timed | Refuse | None:
    """A reminder, a wake-up or an order with a time, wherever in the sentence the time stands."""
    runs = said.reader.runs()
    told = reminder(said, runs)
    if told is not None or not runs or any(said.reader.from_to(at) for at in range(len(said.words))):
        return told  # what "from 6 to 10" was not read as by now is nothing else
    for wanted in _choices(runs):
        time = _together(wanted)
        if time is None or not time.timed:
            continue
        rest = without(said, wanted)
        if not rest.strip(" ,.!"):
            continue
        if not time.sure and _is_value(said):
            continue
        if time.by and (have := said.reader.phrase("have", 0)):  # "have the spa at 38 by seven"
            verb, at, to = said.reader.known.raw["set"]
            rest = verb + rest[said.words[have - 1].end - said.words[0].start:].replace(at, to, 1)
        found = _ordered(said, rest, Timed("order", time))
        if found is not None:
            return found
    return None


def _hourly(said: Said) -> Timed | None:
    """ "Every two hours between 9 and 17": what comes again by the day is all that is kept."""
    reader = said.reader
    for at in range(len(said.words)):
        start = max(reader.phrase(name, at) for name in ("each", "several"))
        unit, _ = reader.key("units", start)
        if "?" not in said.text and (reader.phrase("hourly", at) > at or (start > at and (
                unit in ("hours", "minutes") or 0 < reader.span(start)[0] < DAY))):
            return Timed("no_hours")
    return None


def _choices(runs: Sequence[Run]) -> list[tuple[Run, ...]]:
    """Which of the stretches may be the time: all of them, else the last, else the first."""
    every = [tuple(runs), (runs[-1],), (runs[0],)]
    return list(dict.fromkeys(every))


def _together(runs: Sequence[Run]) -> Spoken | None:
    time: Spoken | None = Spoken()
    for one, _, _ in runs:
        time = time.with_(one) if time else None
    return time


def _is_value(said: Said) -> bool:
    """Whether a bare number is how bright, loud or warm it shall be: "dim the lamp at 20"."""
    read = said.order(said.text)
    if isinstance(read, Miss):
        return False
    return any(command.trait in VALUES for part in read.parts if isinstance(part, Do) for command in part.commands)


def _ordered(said: Said, rest: str, timed: Timed) -> Timed | Refuse | None:
    """The order in it; a question or what is no order is not for later, and what must be asked back is said."""
    read = said.order(rest)
    if isinstance(read, Miss):
        return None
    if len(read.parts) == 1 and isinstance(read.parts[0], RunSkill):
        return replace(timed, verb="skill", skill=read.parts[0].name)
    commands = [command for part in read.parts if isinstance(part, Do) for command in part.commands]
    if commands and all(isinstance(part, Do) for part in read.parts):
        return replace(timed, verb="order", commands=tuple(commands))
    match read.parts:
        case (Clarify(choices=((_, only),)),):  # "can you ...?"
            return replace(timed, verb="order", commands=only)
        case (Clarify(choices=choices),) if timed.condition and (there := _there(said, timed.condition, choices)):
            return replace(timed, verb="order", commands=there)
        case (Refuse(text) | Clarify(text), *_):
            return Refuse(text)
    return None


def _there(said: Said, condition: Condition, choices: Sequence[tuple[str, tuple[Command, ...]]]) -> tuple[Command, ...]:
    """The one choice that is in the room that is watched: "if it gets cold in the bedroom turn up the heating"."""
    devices = said.view.devices
    room = devices[condition.device].room if condition.device in devices else ""
    near = [commands for _, commands in choices if room and all(devices[one.device].room == room for one in commands)]
    return near[0] if len(near) == 1 else ()
