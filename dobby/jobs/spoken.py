"""A time as somebody said it, and the exact time that is meant. Pure.

What can be morning or evening ("at seven") is the next that comes; on another day, or every day, the hours from six to
eleven are the morning's, those from one to five the afternoon's. Dobby says which he took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from dobby.jobs.when import WEEKDAYS, Place, Sun, When, following, moment, occurrence

PARTS = {"morning": "08:00", "afternoon": "15:00", "evening": "19:00", "night": "22:00"}  # where no hour is said
EARLIEST = 6  # hour from which on a bare number is the morning's, where any day but the next is meant
LONGEST = timedelta(days=366)
MOST_DELAY = LONGEST.total_seconds() / 60  # minutes


@dataclass(frozen=True, slots=True)
class Spoken:
    """minutes: from now; clocks: times of day that may be meant, () = none said; part: morning, afternoon, evening or
    night; day: "today", "tomorrow", "after_tomorrow" or a weekday; date: "12-24" or "2026-12-24"; days, dates: a repeat
    (as in When); step: of these only every so many days or weeks (weeks, where no days are said); sun, offset: as in
    When; vague: "before" or "after" it, nobody said how long; by: "by seven", not at; sure: more than a bare number.
    A date "?" may be two days."""

    minutes: float | None = None
    clocks: tuple[str, ...] = ()
    part: str = ""
    day: str = ""
    date: str = ""
    days: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    step: int = 0
    sun: Sun = ""
    offset: int = 0
    vague: str = ""
    by: bool = False
    sure: bool = True

    @property
    def timed(self) -> bool:
        """Whether it says more than on which day."""
        return self.minutes is not None or bool(self.clocks or self.sun or self.part)

    def with_(self, other: Spoken) -> Spoken | None:
        """Both together ("tomorrow" "at eight"); None where they say the same thing twice."""
        empty = Spoken()
        changes = {name: getattr(other, name) for name in _FIELDS if getattr(other, name) != getattr(empty, name)}
        if any(getattr(self, name) != getattr(empty, name) for name in changes if name not in ("by", "part")):
            return None
        if (self.sun and other.clocks) or (self.clocks and other.sun):
            return None
        sure = (self.sure and other.sure) or bool(self.day or self.days or self.date or other.day or other.days
                                                or other.date or self.part or other.part)
        return replace(self, **changes, sure=sure)


_FIELDS = ("minutes", "clocks", "part", "day", "date", "days", "dates", "step", "sun", "offset", "vague", "by")


def resolve(said: Spoken, now: datetime, place: Place) -> When | str:
    """The exact time that is meant; else a key of the words under `time.`: why there is none. now: UTC."""
    local = now.astimezone(place.zone)
    if said.vague or said.date == "?":
        return "how_before" if said.vague else "which_date"
    if said.sun and not place.on_the_map:
        return "no_place"
    if said.minutes is not None:
        if not 0 < said.minutes <= MOST_DELAY:
            return "too_far"
        return When(at=(now + timedelta(minutes=said.minutes)).astimezone(UTC).isoformat())
    if said.step:
        return _stepped(said, now, place)
    if said.days or said.dates:
        return _repeat(said)
    if said.sun:
        return _sun(said, now, place)
    clocks = clocks_of(said)
    if not clocks:
        return "no_clock"
    if not (said.day or said.date):
        when = _next(clocks, local, place)
        return _after(when, now, place) if when else "past"
    day = _day(said, local.date())
    if day is None:
        return "no_day"
    if day == local.date():
        later = [one for one in clocks if moment(day, one, place.zone) > now]
        if later:
            return When(date=day.isoformat(), clock=later[0])
        if said.day not in WEEKDAYS:
            return "past"
        day += timedelta(days=7)
    return When(date=day.isoformat(), clock=_usual(clocks)) if day > local.date() else "past"


def _after(when: When, now: datetime, place: Place) -> When | str:
    return when if following(when, now, place) else "past"


def _repeat(said: Spoken) -> When | str:
    if said.sun:
        return When(days=said.days, dates=said.dates, sun=said.sun, offset=said.offset)
    clocks = clocks_of(said)
    return When(days=said.days, dates=said.dates, clock=_usual(clocks)) if clocks else "no_clock"


def _stepped(said: Spoken, now: datetime, place: Place) -> When | str:
    """ "Every other day", "every two weeks on Monday": from the first such day that comes."""
    day = (said.day,) if said.day in WEEKDAYS else ()
    plain = _repeat(replace(said, days=said.days or day or WEEKDAYS))
    if isinstance(plain, str):
        return plain
    at = following(plain, now, place)
    if at is None:
        return "no_day"
    first = at.astimezone(place.zone).date()
    days = said.days or day or (WEEKDAYS[first.weekday()],)
    return replace(plain, days=days, step=said.step, first=first.isoformat())


def _sun(said: Spoken, now: datetime, place: Place) -> When | str:
    today = now.astimezone(place.zone).date()
    wanted = _day(said, today) if said.day or said.date else None
    for day in [wanted] if wanted else [today + timedelta(days=ahead) for ahead in range(2)]:
        when = When(date=day.isoformat(), sun=said.sun, offset=said.offset)
        at = occurrence(when, day, place)
        if at is not None and at > now:
            return when
    return "past"


def clocks_of(said: Spoken) -> tuple[str, ...]:
    """The times of day that fit the part of the day."""
    clocks = said.clocks or ((PARTS[said.part],) if said.part else ())
    if len(clocks) < 2 or not said.part:
        return clocks
    early = said.part == "morning" or (said.part == "night" and int(clocks[0][:2]) < EARLIEST)
    return (clocks[0] if early else clocks[1],)


def _usual(clocks: Sequence[str]) -> str:
    """Of two times twelve hours apart the one that people mean by it."""
    return clocks[0] if len(clocks) == 1 or int(clocks[0][:2]) >= EARLIEST else clocks[1]


def _next(clocks: Sequence[str], local: datetime, place: Place) -> When | None:
    """The first of these times that comes."""
    days = [local.date() + timedelta(days=ahead) for ahead in (0, 1)]
    found = [(moment(day, clock, place.zone), day, clock) for day in days for clock in clocks]
    later = [one for one in found if one[0] > local.astimezone(UTC)]
    return When(date=min(later)[1].isoformat(), clock=min(later)[2]) if later else None


def _day(said: Spoken, today: date) -> date | None:
    """The local day that is meant; of a weekday the next (today counts)."""
    if said.date:
        return _date(said.date, today)
    ahead = {"today": 0, "tomorrow": 1, "after_tomorrow": 2}.get(said.day)
    if ahead is None:
        ahead = (WEEKDAYS.index(said.day) - today.weekday()) % 7
    return today + timedelta(days=ahead)


def _date(text: str, today: date) -> date | None:
    try:
        if len(text) > 5:
            return date.fromisoformat(text)
        month, _, number = text.rpartition("-")
        if not month:  # "on the 24th": of this month or the next that has one
            return next((found for ahead in range(12) if (found := _numbered(today, ahead, int(number))) is not None
                         and found >= today), None)
        found = next((made for year in range(today.year, today.year + 9)
                      if (made := _made(year, int(month), int(number))) is not None and made >= today), None)
    except ValueError:
        return None
    return found


def _numbered(today: date, ahead: int, number: int) -> date | None:
    month = today.month - 1 + ahead
    return _made(today.year + month // 12, month % 12 + 1, number)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def day_of(said: Spoken, now: datetime, place: Place) -> str:
    """The local day that is spoken of ("not tomorrow"), "" for none."""
    day = _day(said, now.astimezone(place.zone).date()) if said.day or said.date else None
    return day.isoformat() if day else ""
