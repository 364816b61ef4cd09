"""Of which one day a fact speaks, if of one: "my dentist is at 3 on Thursday", "on 5 December", "tomorrow". By a
table a language (languages/<xx>/matters.toml)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from dobby.memory.claims import plain
from dobby.memory.tables import any_of, tables


@dataclass(frozen=True, slots=True)
class Calendar:
    """One language's words for days, compiled. once: what is on one day and not on every; ever: says that it is on
    many, or over, or comes again every year."""

    once: re.Pattern[str]
    ever: re.Pattern[str]
    weekday: re.Pattern[str]
    weekdays: Sequence[str]
    today: re.Pattern[str]
    tomorrow: re.Pattern[str]
    dates: Sequence[re.Pattern[str]]
    months: Sequence[str]


@cache
def calendars() -> tuple[Calendar, ...]:
    """Of all languages of the house."""
    return tuple(_compiled(table) for table in tables().values())


def _compiled(table: Mapping[str, Any]) -> Calendar:
    on, month = rf"(?:{'|'.join(table['on'])})", rf"(?P<month>{'|'.join(table['months'])})"
    year, nth = r"(?: (?P<year>\d{4}))?", r"(?P<day>\d{1,2})(?:st|nd|rd|th|ten|te|er|e)?"
    dates = [re.compile(rf"(?<!\S){one}(?!\S)") for one in (
        r"(?P<year>\d{4}) (?P<number>\d{2}) (?P<day>\d{2})", rf"{nth}(?: of| de)? {month}(?: de)?{year}",
        rf"{month} (?:the )?{nth}{year}", rf"{on} (?P<day>\d{{1,2}})\.(?P<number>\d{{1,2}})(?:\.(?P<year>\d{{4}}))?",
        rf"{on} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|ten|te|e)")]
    return Calendar(any_of(table["once"]), any_of([*table["ever"], *table["over"]]),
                    re.compile(rf"(?<!\S){on} ({'|'.join(table['weekdays'])})(?!\S)"), table["weekdays"],
                    any_of(table["today"]), any_of(table["tomorrow"]), dates, table["months"])


def day_of(text: str, told: date) -> date | None:
    """The one day that a fact of that date speaks of; None where it speaks of none, of many, or of what stays."""
    said = plain(text)
    for calendar in calendars():
        if calendar.once.search(said) and not calendar.ever.search(said):
            found = _dated(calendar, said, told) or _near(calendar, said, told)
            if found is not None:
                return found
    return None


def _near(calendar: Calendar, said: str, told: date) -> date | None:
    if (weekday := calendar.weekday.search(said)) is not None:
        return told + timedelta(days=(calendar.weekdays.index(weekday[1]) - told.weekday()) % 7 or 7)
    if calendar.tomorrow.search(said):
        return told + timedelta(days=1)
    return told if calendar.today.search(said) else None


def _dated(calendar: Calendar, said: str, told: date) -> date | None:
    """A date in the sentence: of this year, or of the next where it has passed; "the 5th" is the next one."""
    for pattern in calendar.dates:
        if (found := pattern.search(said)) is None:
            continue
        parts = found.groupdict()
        month = calendar.months.index(parts["month"]) + 1 if parts.get("month") else int(parts.get("number") or 0)
        for ahead in range(49):  # months: of "29 February" the next that there is
            year, number = divmod(told.year * 12 + told.month - 1 + ahead, 12)
            if month not in (0, number + 1) or parts.get("year") not in (None, str(year)):
                continue
            try:
                day = date(year, number + 1, int(parts["day"]))
            except ValueError:
                continue
            if day >= told:
                return day
        return _gone(parts, month)
    return None


def _gone(parts: Mapping[str, str | None], month: int) -> date | None:
    """A date with its year that was past when it was said."""
    try:
        return date(int(parts.get("year") or 0), month, int(parts["day"] or 0))
    except ValueError:
        return None
