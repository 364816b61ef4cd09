"""When something is due: one moment, or days and a time of day, in the home's own zone. Pure.

A day has each time of day once. A time that a spring night leaves out is taken an hour later; of one that an autumn
night has twice the first counts. Days that a month does not have (31 April, 29 February) are its last.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dobby.jobs.sun import sun

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = 366 * 5  # days that are looked ahead for the next occurrence
Sun = Literal["", "sunrise", "sunset"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the home stands: its zone, and for the sun its latitude and longitude in degrees (None = not told)."""

    zone: ZoneInfo
    latitude: float | None = None
    longitude: float | None = None

    @property
    def on_the_map(self) -> bool:
        """Whether the sun can be reckoned."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class When:
    """at: one moment (ISO, UTC), after a delay. Else a day and a time of it: date: one local day ("2026-11-23"); days:
    weekdays, for ever; dates: "12-24" every year, "24" every month. clock: "07:00" local; or sun, with offset minutes
    (negative = before). first: a repeat not before this local day; step: only every so many days from it on; weeks,
    where days are some of the week.
    """

    at: str = ""
    date: str = ""
    days: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    clock: str = ""
    sun: Sun = ""
    offset: int = 0
    step: int = 0
    first: str = ""

    @property
    def repeats(self) -> bool:
        """Whether it comes again and again."""
        return bool(self.days or self.dates)

    def dump(self) -> str:
        """As JSON, without what is empty."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})


def load(text: str) -> When:
    """The When that `dump` wrote."""
    known = {one.name for one in fields(When)}
    row: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value
                           for key, value in json.loads(text).items() if key in known}
    return When(**row)


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A local time of day as a moment in UTC; a skipped one is an hour later on the clock, a doubled one the first."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def occurrence(when: When, day: date, place: Place) -> datetime | None:
    """The moment of that day (UTC); None where the day has none: no sun rises there, or the day is not one of them."""
    if not _falls(when, day):
        return None
    if when.sun:
        at = sun(when.sun, day, place.latitude, place.longitude, place.zone) if place.on_the_map else None
        return at + timedelta(minutes=when.offset) if at else None
    return moment(day, when.clock, place.zone) if when.clock else None


def _falls(when: When, day: date) -> bool:
    if when.date:
        return day.isoformat() == when.date
    if day.isoformat() < when.first:
        return False
    if when.days:
        return WEEKDAYS[day.weekday()] in when.days and _in_step(when, day)
    last = calendar.monthrange(day.year, day.month)[1]
    for one in when.dates:
        month, _, number = one.rpartition("-")
        if (not month or int(month) == day.month) and min(int(number), last) == day.day:
            return True
    return False


def _in_step(when: When, day: date) -> bool:
    """Whether this is one of "every other day", "every second Monday"."""
    if not (when.step and when.first):
        return True
    first = date.fromisoformat(when.first)
    if when.days == WEEKDAYS:
        return (day - first).days % when.step == 0
    monday = first - timedelta(days=first.weekday())
    return (day - monday).days // 7 % when.step == 0


def following(when: When, after: datetime, place: Place, *, done: str = "",
              skips: Collection[str] = ()) -> datetime | None:
    """The first moment later than `after` (UTC). done: the local day of the last occurrence that was dealt with: a
    repeat comes once a day, whatever happens to the zone; skips: local days left out."""
    if when.at:
        at = datetime.fromisoformat(when.at)
        return at if at > after else None
    for day in _days(when, after, place):
        text = day.isoformat()
        if text in skips or (done and when.repeats and text <= done):
            continue
        at_day = occurrence(when, day, place)
        if at_day is not None and at_day > after:
            return at_day
    return None


def _days(when: When, after: datetime, place: Place) -> Iterator[date]:
    if when.date:
        yield date.fromisoformat(when.date)
        return
    day = after.astimezone(place.zone).date() - timedelta(days=1)
    for ahead in range(HORIZON):
        yield day + timedelta(days=ahead)
