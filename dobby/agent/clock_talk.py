""" "What time is it?", "what day is it?", "when is sunset?": answered from the house's own clock and place."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

from dobby.agent.sentences import pattern
from dobby.agent.time_tables import plain, spoken, tables
from dobby.jobs.plans import Plans
from dobby.jobs.sun import sun
from dobby.jobs.when import WEEKDAYS
from dobby.tools.plan_words import moment_text
from dobby.words import Words


@cache
def _sentences(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = tables(language)
    return tuple((key, re.compile(pattern(plain(one), {}))) for key, several in known.raw.get("asked", {}).items()
                 for one in several) if known else ()


def asked(text: str, language: str) -> str:
    """What of the clock is asked: "clock", "date", "sunset", "sunrise", "" for nothing."""
    known = tables(language)
    if known is None:
        return ""
    words = spoken(text, known)
    line = "".join(f"{word.text} " for word in words)
    return next((key for key, sentence in _sentences(language) if sentence.fullmatch(line)), "")


def answer(key: str, plans: Plans, words: Words) -> str:
    """The answer to what is asked; of the sun the next time it does so."""
    now, place = plans.now(), plans.place
    local = now.astimezone(place.zone)
    if key == "clock":
        return words.say("asked.clock", clock=f"{local:%H:%M}")
    if key == "date":
        return words.say("asked.date", date=words.upper(words.say(
            "time.date_year", weekday=words.say(f"weekday.{WEEKDAYS[local.weekday()]}"), day=local.day,
            month=words.say(f"month.{local.month}"), year=local.year)))
    if not place.on_the_map:
        return words.say("time.no_place")
    days = [local.date() + timedelta(days=ahead) for ahead in range(2)]
    moments = [sun(key, day, place.latitude, place.longitude, place.zone) for day in days]
    at = next((one for one in moments if one is not None and one > now), None)
    return words.say(f"asked.{key}", when=moment_text(at, now, place, words)) if at else words.say("time.never_comes")
