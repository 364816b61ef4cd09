"""Reminders, wake-ups and timers: "remind me at five to call Anna", "a timer for the pasta for 8 minutes"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dobby.agent.meaning import Timed
from dobby.agent.said import Said
from dobby.agent.spoken_time import Reader, Run
from dobby.jobs.spoken import Spoken

DAYTIME = "09:00"  # when a reminder for a day comes, where nobody says at what time


def reminder(said: Said, runs: Sequence[Run]) -> Timed | None:
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
            if verb == "wake" and what_from < len(said.words) and said.reader.phrase("for", what_from) == what_from:
                return None  # "wake me at 7 with music": more than a wake-up
            return _timed(verb, spoken, said, what_from, len(said.words))
        later = [run for run in runs if run[1] >= start]
        if later and (later[-1][2] == len(said.words) or len(later) == 1):
            spoken, at, end = later[-1]
            what = (what_from, at) if end == len(said.words) else (end, len(said.words))
            if what_from < at and end < len(said.words):  # "to call at 5 and buy milk"
                text = f"{said.typed(what_from, at)} {said.typed(end, len(said.words))}"
                return replace(_timed(verb, spoken, said, what_from, at), text=text if verb == "remind" else "")
            return _timed(verb, spoken, said, said.reader.phrase("remind_to", what[0]), what[1])
        each = next((at for at in range(len(said.words)) if said.reader.span(said.reader.phrase("each", at))[0] and
                     said.reader.phrase("each", at) > at), None)
        if each is not None:
            return Timed("no_hours")
        for at in range(start, len(said.words)):  # "a timer for the pasta for 8 minutes"
            last = said.reader.phrase("for", at)
            minutes, end = said.reader.span(last)
            if last > at and minutes > 0 and end == len(said.words):
                return Timed("tell", Spoken(minutes=minutes), text=said.typed(
                    said.reader.phrase("for", what_from), at))
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


def _beginning(said: Said, verb: str, runs: Sequence[Run]) -> tuple[int, list[Run]] | None:
    """Where what follows "remind me" begins, and a time that stands before it."""
    end = said.reader.phrase(verb, 0)
    if end > 0:
        return end, []
    if runs and runs[0][1] == 0 and (end := said.reader.phrase(verb, runs[0][2])) > runs[0][2]:
        return end, [runs[0]]
    return None


def _timed(verb: str, spoken: Spoken, said: Said, start: int, end: int) -> Timed:
    if verb == "wake":
        return Timed("wake", spoken)
    if not spoken.timed:  # "remind me tomorrow": at an hour that Dobby then says
        spoken = replace(spoken, clocks=(DAYTIME,))
    return Timed("tell", spoken, text=said.typed(start, end))
