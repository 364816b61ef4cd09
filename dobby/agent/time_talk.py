"""What is said about time and presence, by known sentences: "remind me at five", "every weekday at 7 open the bedroom
shades", "when the washer is done tell me", "what is planned?", "not tomorrow", "I'm leaving". A table a language
(languages/<xx>/times.toml). The order in such a sentence is read by the reflex itself, without the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from dobby.agent.consent import is_stop
from dobby.agent.meaning import Clarify, Do, Miss, Refuse, RunSkill, Timed, TimedVerb, Understood
from dobby.agent.sentences import any_of, pattern
from dobby.agent.spoken_time import Reader, Tables, Word, split, tables
from dobby.agent.text import fold, quotes
from dobby.agent.time_conditions import condition, unknown_machine
from dobby.home.device import View
from dobby.jobs.spoken import Spoken

LONGEST = 40  # words of a sentence
DAYTIME = "09:00"  # when a reminder for a day comes, where nobody says at what time
VALUES = ("brightness", "volume", "target", "speed", "color_temperature")  # traits a bare "at 20" may be the value of
SWITCHED = ("light", "plug", "switch", "outlet", "fan")  # kinds that may be on for a while and then off
Order = Callable[[str], Understood | Miss]


@dataclass(frozen=True, slots=True)
class _Said:
    """One sentence under reading."""

    text: str
    words: tuple[Word, ...]
    reader: Reader
    view: View
    people: Sequence[str]
    order: Order

    def line(self, start: int = 0, end: int | None = None) -> str:
        return "".join(f"{word.text} " for word in self.words[start:end])

    def typed(self, start: int, end: int) -> str:
        """The words as they were typed, from one to another."""
        return self.text[self.words[start].start:self.words[end - 1].end] if start < end else ""

    def between(self, start: int, end: int) -> _Said:
        """A stretch of the sentence by itself."""
        words = self.words[start:end]
        return replace(self, words=words, reader=replace(self.reader, words=tuple(word.text for word in words)))


@cache
def _sentences(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = tables(language)
    if known is None:
        return ()
    slots = {"time": r"(?:\S+ ){1,9}?", "span": r"(?:\S+ ){1,6}?", "number": r"\d+ ", "what": r"(?:\S+ ){1,4}?",
             "cardio": any_of(fold(one) for one in known.raw["phrases"]["cardio"])}
    return tuple((name, re.compile(pattern(plain(one), slots)))
                 for name, several in known.raw["sentences"].items() for one in several)


def plain(template: str) -> str:
    """A sentence of the tables as its words are compared."""
    return re.sub(r"['’]", "", fold(template))


def read(text: str, view: View, language: str, people: Sequence[str], order: Order) -> Timed | Refuse | None:
    """What is planned or asked, None when this is something else. order: reads a sentence without time."""
    known = tables(language)
    if known is None or quotes(text):
        return None
    words = mannerless(split(text, known.raw.get("apostrophe") == " "), known)
    if not words or len(words) > LONGEST:
        return None
    said = _Said(text, words, Reader(tuple(word.text for word in words), known), view, people, order)
    return (_sentence(said, language) or _waits(said, language) or _left_out(said) or _lasting(said) or _planned(said)
            or _missing(said, language))


def mannerless(words: list[Word], known: Tables) -> tuple[Word, ...]:
    """The words without manners at either end, and without "could you"."""
    manners = set(map(fold, known.raw["manners"]))
    start, end = 0, len(words)
    while start < end and words[start].text in manners:
        start += 1
    while end > start and words[end - 1].text in manners:
        end -= 1
    for phrase in known.raw.get("modal", ()):  # "could you remind me ...?" is a wish
        asked = phrase.split()
        if [word.text for word in words[start:start + len(asked)]] == asked:
            start += len(asked)
            break
    return tuple(words[start:end])


# --- whole sentences --------------------------------------------------------------------------------------------------


def _sentence(said: _Said, language: str) -> Timed | None:
    line = said.line()
    for name, sentence in _sentences(language):
        match = sentence.fullmatch(line)
        if match and name == "cancel_named" and (is_stop(line, language, "") or _acts(said)):
            continue
        verb = cast(TimedVerb, "cancel" if name in ("cancel_at", "cancel_named") else name)
        found = _filled(Timed(verb), match, said) if match else None
        if found is not None:
            return found
    return None


def _filled(timed: Timed, match: re.Match[str], said: _Said) -> Timed | None:
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
                if timed.verb == "vacation" and not (time.day or time.date):
                    return None
                timed = replace(timed, said=time)
            case "span":
                minutes, end = reader.span(0)
                if end != len(reader.words):
                    return None
                timed = replace(timed, minutes=minutes)
            case "what":
                timed = replace(timed, text=_bare_words(reader.words, reader.known))
                if not timed.text:
                    return None
            case "number":
                timed = replace(timed, number=int(words))
            case "person":
                person = named(words.strip(), said.people)
                if not person:
                    return None
                timed = replace(timed, person=person)
    periods = said.reader.known.raw["periods"]
    period = next((key for key, several in periods.items()
                   if any(f" {fold(one)} " in f" {match.group(0)}" for one in several)), "")
    verb = timed.verb
    if verb in ("came", "went", "all_out") and "?" in said.text:  # "Sam is home?" asks
        verb = "is_home" if timed.person else "who_home"
    return replace(timed, verb=verb, period=period)


def _acts(said: _Said) -> bool:
    """Whether it is something that is done now: "lösche das Licht"."""
    read = said.order(said.text)
    return isinstance(read, Understood) and not all(isinstance(part, Refuse | Clarify) for part in read.parts)


def _bare_words(words: Sequence[str], known: Tables) -> str:
    articles = {fold(one) for one in known.raw["articles"]}
    return " ".join(word for word in words if word not in articles)


def named(words: str, people: Sequence[str]) -> str:
    """Who of the household is called so, "" for nobody."""
    return next((one for one in people if fold(one) == words), "")


# --- something that waits for a condition -----------------------------------------------------------------------------


def _waits(said: _Said, language: str) -> Timed | Refuse | None:
    """ "When the washer is done, tell me"; "turn off the lights when everyone has left"."""
    count = len(said.words)
    for at in range(count):
        for name, standing in (("whenever", True), ("when", False)):
            start = said.reader.phrase(name, at)
            if start == at:
                continue
            ends = range(count, start, -1) if at else range(count - 1, start, -1)
            for end in [count] if at else ends:
                meant = condition(said.reader, said.line(start, end), said.view, language, said.people)
                if meant is None:
                    continue
                wish = said.between(0, at) if at else said.between(end, count)
                lasting = standing or (meant.kind == "holds" and bool(meant.dwell or meant.hours))
                timed = _consequence(wish, Timed("tell", condition=meant, standing=lasting,
                                                 text=said.typed(start, end)))
                if timed is not None:
                    return timed
    return None


def _missing(said: _Said, language: str) -> Timed | None:
    """ "Tell me when the dryer is done", and nothing here shows it."""
    count = len(said.words)
    for at in range(count):
        start = max(said.reader.phrase(name, at) for name in ("when", "whenever"))
        for end in range(start + 1, count + 1) if start > at else ():
            if (end == count) is (at == 0):
                continue
            wish = said.between(0, at) if at else said.between(end, count)
            thing = unknown_machine(said.reader, said.line(start, end), said.view, language)
            if thing and wish.reader.phrase("tell", 0) == len(wish.words):
                return Timed("no_machine", text=thing)
    return None


def _consequence(wish: _Said, timed: Timed) -> Timed | Refuse | None:
    if wish.reader.phrase("tell", 0) == len(wish.words):
        return timed
    return _ordered(wish, wish.typed(0, len(wish.words)), replace(timed, text=""))


# --- something once less, something for a while ----------------------------------------------------------------------


def _left_out(said: _Said) -> Timed | None:
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
        what = _bare_words([word for at, word in enumerate(words) if at >= skip and not start <= at < end],
                           said.reader.known)
        return Timed("skip", time, text=what) if what and skip <= start else None
    gone = [(Spoken(), at, last) for at in range(len(words)) if (last := said.reader.phrase("negation", at)) > at]
    order = said.order(_without(said, [*gone, *runs])) if gone else Miss()
    commands = [one for part in order.parts if isinstance(part, Do) for one in part.commands] if isinstance(
        order, Understood) else []
    return Timed("skip", time, commands=tuple(commands)) if commands else None


def _lasting(said: _Said) -> Timed | None:
    """ "Turn the porch light on for five minutes": on now, and off then."""
    for at in range(1, len(said.words)):
        start = said.reader.phrase("for", at)
        minutes, end = said.reader.span(start)
        if start == at or minutes <= 0:
            continue
        read = said.order(_without(said, [(Spoken(), at, end)]))
        if isinstance(read, Miss) or len(read.parts) != 1 or not isinstance(first := read.parts[0], Do):
            return None
        if all(one.trait == "on" and one.value is True and said.view.devices[one.device].kind in SWITCHED
               for one in first.commands):
            off = tuple(replace(one, value=False) for one in first.commands)
            return Timed("order", Spoken(minutes=minutes), commands=off, first=first)
    return None


# --- something at a time ----------------------------------------------------------------------------------------------


def _planned(said: _Said) -> Timed | Refuse | None:
    """A reminder, a wake-up or an order with a time, wherever in the sentence the time stands."""
    runs = said.reader.runs()
    reminder = _reminder(said, runs)
    if reminder is not None or not runs:
        return reminder
    for wanted in _choices(runs):
        time = _together(wanted)
        if time is None or not time.timed:
            continue
        rest = _without(said, wanted)
        if not rest.strip(" ,.!"):
            continue
        if not time.sure and _is_value(said, wanted):
            continue
        if time.by and (have := said.reader.phrase("have", 0)):  # "have the spa at 38 by seven"
            verb, at, to = said.reader.known.raw["set"]
            rest = verb + rest[said.words[have - 1].end - said.words[0].start:].replace(at, to, 1)
        found = _ordered(said, rest, Timed("order", time))
        if found is not None:
            return found
    return None


def _choices(runs: Sequence[tuple[Spoken, int, int]]) -> list[tuple[tuple[Spoken, int, int], ...]]:
    """Which of the stretches may be the time: all of them, else the last, else the first."""
    every = [tuple(runs), (runs[-1],), (runs[0],)]
    return list(dict.fromkeys(every))


def _together(runs: Sequence[tuple[Spoken, int, int]]) -> Spoken | None:
    time: Spoken | None = Spoken()
    for one, _, _ in runs:
        time = time.with_(one) if time else None
    return time


def _without(said: _Said, runs: Sequence[tuple[Spoken, int, int]]) -> str:
    """The sentence as it was typed, without these stretches."""
    gone = {at for _, start, end in runs for at in range(start, end)}
    pieces, start = [], 0
    for at in sorted(gone):
        pieces.append(said.text[start:said.words[at].start])
        start = said.words[at].end
    pieces.append(said.text[start:])
    return re.sub(r"\s+([,.!?])", r"\1", " ".join("".join(pieces).split())).strip(" ,.!")


def _is_value(said: _Said, runs: Sequence[tuple[Spoken, int, int]]) -> bool:
    """Whether a bare number is how bright, loud or warm it shall be: "dim the lamp at 20"."""
    read = said.order(said.text)
    if isinstance(read, Miss):
        return False
    return any(command.trait in VALUES for part in read.parts if isinstance(part, Do) for command in part.commands)


def _ordered(said: _Said, rest: str, timed: Timed) -> Timed | Refuse | None:
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
        case (Refuse(text) | Clarify(text), *_):
            return Refuse(text)
    return None


def _reminder(said: _Said, runs: Sequence[tuple[Spoken, int, int]]) -> Timed | None:
    """ "Remind me at five to call Anna"; a time inside of what is to be said stays there, unless it is the only one."""
    for verb in ("remind", "wake"):
        found = _beginning(said, verb, runs)
        if found is None:
            continue
        start, before = found
        time = said.reader.time(start) or _bare(said.reader, start)
        rest_from = time[1] if time else start
        if time is not None and before and (both := before[0][0].with_(time[0])) is not None:
            time = both, time[1]
        what_from = said.reader.phrase("remind_to", rest_from) if verb == "remind" else rest_from
        if said.reader.phrase("and", rest_from) > rest_from:
            return None  # several times at once are none
        if time is not None or before:
            spoken = time[0] if time else before[0][0]
            return _told(verb, spoken, said, what_from, len(said.words))
        later = [run for run in runs if run[1] >= start]
        if later and (later[-1][2] == len(said.words) or len(later) == 1):
            spoken, at, end = later[-1]
            what = (what_from, at) if end == len(said.words) else (end, len(said.words))
            return _told(verb, spoken, said, said.reader.phrase("remind_to", what[0]), what[1])
        return Timed("when?", text=said.typed(what_from, len(said.words)))
    return None


def _bare(reader: Reader, at: int) -> tuple[Spoken, int] | None:
    """ "A timer for ten minutes", "an alarm for seven": what ends the sentence needs no "in" and no "at"."""
    start = reader.phrase("for", at)
    minutes, end = reader.span(start)
    if minutes > 0 and end == len(reader.words):
        return Spoken(minutes=minutes), end
    clock = reader.clock_form(start)
    return (Spoken(clocks=clock[0]), clock[1]) if start > at and clock and clock[1] == len(reader.words) else None


def _beginning(said: _Said, verb: str, runs: Sequence[tuple[Spoken, int, int]]
               ) -> tuple[int, list[tuple[Spoken, int, int]]] | None:
    """Where what follows "remind me" begins, and a time that stands before it."""
    end = said.reader.phrase(verb, 0)
    if end > 0:
        return end, []
    if runs and runs[0][1] == 0 and (end := said.reader.phrase(verb, runs[0][2])) > runs[0][2]:
        return end, [runs[0]]
    return None


def _told(verb: str, spoken: Spoken, said: _Said, start: int, end: int) -> Timed:
    if verb == "wake":
        return Timed("wake", spoken)
    if not spoken.timed:  # "remind me tomorrow": at an hour that Dobby then says
        spoken = replace(spoken, clocks=(DAYTIME,))
    return Timed("tell", spoken, text=said.typed(start, end))
