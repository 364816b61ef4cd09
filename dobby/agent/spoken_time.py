"""Times in a sentence: "tomorrow at half past seven", "every weekday", "in an hour and a half", "half an hour before
sunrise". Words and their order come from languages/<xx>/times.toml; what is found is a Spoken, and which words it took.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from dobby.agent.time_tables import Tables
from dobby.jobs.spoken import Spoken
from dobby.jobs.when import WEEKDAYS, Sun

_FIGURES = re.compile(r"(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})[./-](?P<year>\d{4})")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)")
UNITS = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0, "weeks": 10080.0}
MOST_STEP = 60  # days or weeks between two of a repeat
Found = tuple[Spoken, int]  # a time, and where it ended
Run = tuple[Spoken, int, int]  # a time, and which words it took


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads times out of the words of one sentence. Every method takes where to begin, and says where it ended (the
    same place: nothing found)."""

    words: Sequence[str]
    known: Tables

    def runs(self) -> list[Run]:
        """Every stretch of the sentence that is a time, as long as it goes."""
        found: list[Run] = []
        at = 0
        while at < len(self.words):
            run = self.time(at)
            if run is None:
                at += 1
                continue
            found.append((run[0], at, run[1]))
            at = run[1]
        return found

    def time(self, at: int) -> Found | None:
        """A time that begins here, all its parts together."""
        said, end = Spoken(), at
        while (part := self._part(end)) is not None and (both := said.with_(part[0])) is not None:
            said, end = both, part[1]
        if len(said.days) > 1 and not said.step:
            said, end = self._but(said, end)
        return (said, end) if end > at else None

    def whole(self) -> Spoken | None:
        """The whole of the words as one time."""
        found = self.time(0)
        return found[0] if found is not None and found[1] == len(self.words) else None

    def _part(self, at: int) -> Found | None:
        kinds: tuple[Callable[[int], Found | None], ...] = (self._delay, self._every, self._sun, self._date,
                                                            self._day, self._clock, self._part_of_day)
        found = [one for kind in kinds if (one := kind(at)) is not None]
        return max(found, key=lambda one: one[1], default=None)

    # --- words --------------------------------------------------------------------------------------------------------

    def phrase(self, name: str, at: int) -> int:
        """The end of a phrase of this name; `at` where there is none."""
        for one in self.known.phrases.get(name, ()):
            if tuple(self.words[at:at + len(one)]) == one:
                return at + len(one)
        return at

    def key(self, table: str, at: int) -> tuple[str, int]:
        """The key of a table's phrase that stands here, and its end; "" for none."""
        for one, key in self.known.keyed.get(table, ()):
            if tuple(self.words[at:at + len(one)]) == one:
                return key, at + len(one)
        return "", at

    def number(self, at: int) -> tuple[float, int]:
        """A number in figures or words; nothing found = the same place."""
        if at < len(self.words) and re.fullmatch(r"\d{1,4}(?:[.,]\d+)?", self.words[at]):
            return float(self.words[at].replace(",", ".")), at + 1
        for one, number in self.known.numbers:
            if tuple(self.words[at:at + len(one)]) == one:
                return number, at + len(one)
        return 0.0, at

    # --- parts --------------------------------------------------------------------------------------------------------

    def span(self, at: int) -> tuple[float, int]:
        """How long, in minutes."""
        fixed, end = self.key("spans", at)
        if fixed:
            return float(fixed), end
        total, end = self._amount(at)
        if end > at and (joined := self.phrase("and", end)) >= end:
            more, last = self._amount(joined)
            if last > joined:
                return total + more, last
        return total, end

    def _amount(self, at: int) -> tuple[float, int]:
        number, end = self.number(at)
        if end == at:
            return 0.0, at
        half = self.phrase("and_half", end)
        unit, last = self.key("units", half)
        if not unit:
            return 0.0, at
        after = self.phrase("and_half", last)
        return (number + (0.5 if half > end or after > last else 0.0)) * UNITS[unit], after

    def _delay(self, at: int) -> Found | None:
        start = self.phrase("in", at)
        minutes, end = self.span(start)
        if end == start or minutes <= 0:
            return None
        last = self.phrase("from_now", end)
        return (Spoken(minutes=minutes), last) if start > at or last > end else None

    def _every(self, at: int) -> Found | None:
        key, end = self.key("every", at)
        if key:
            days, _, part = key.partition("/")
            return self._but(Spoken(days=_DAYS[days], part=part), end)
        if (stepped := self._stepped(at)) is not None:
            return stepped
        start = self.phrase("each", at)
        plural = start == at
        day, end = self.key("weekdays", self.phrase("on", start) if plural else start)
        if not day or (plural and not self.words[end - 1].endswith(self.known.raw.get("plural", "\0"))):
            return self._each_date(start) if not plural else None
        several = [day]
        while (joined := self.phrase("and", end)) > end or end < len(self.words):
            day, last = self.key("weekdays", self.phrase("each", joined))
            if not day:
                break
            several, end = [*several, day], last
        return Spoken(days=tuple(one for one in WEEKDAYS if one in several)), end

    def _but(self, said: Spoken, at: int) -> Found:
        """ "Every day except Sunday", "every day at 7 except on weekends"."""
        for one in self.known.phrases.get("except", ()):
            end = start = at + len(one)
            if tuple(self.words[at:start]) != one:
                continue
            days = said.days
            while True:
                here = self.phrase("and", end)
                key, last = self.key("every", here)
                day, after = self.key("weekdays", self.phrase("on", here))
                left = _DAYS[key.partition("/")[0]] if key and "/" not in key else (day,) if day else ()
                if not left:
                    break
                days, end = tuple(one for one in days if one not in left), last if key else after
            if days and end > start:
                return replace(said, days=days), end
        return said, at

    def _stepped(self, at: int) -> Found | None:
        """ "every other day", "every second Monday", "every three days", "un jour sur deux"."""
        key, end = self.key("alternate", at)
        if key:
            return Spoken(days=_DAYS.get(key, (key,)), step=2), end
        step, start = 2.0, self.phrase("second", at)
        if start == at:
            step, start = self.number(several := self.phrase("several", at))
            if several == at or start == several or not (step.is_integer() and 2 <= step <= MOST_STEP):
                return None
        unit, end = self.key("units", start)
        if unit in ("days", "weeks"):
            return Spoken(days=WEEKDAYS if unit == "days" else (), step=int(step)), end
        day, end = self.key("weekdays", start)
        if day:
            return Spoken(days=(day,), step=int(step)), end
        part, end = self.key("parts", start)
        return (Spoken(days=WEEKDAYS, part=part, step=int(step)), end) if part else None

    def _each_date(self, start: int) -> Found | None:
        """ "every 24 December", "every year on 24 December", "every month on the 1st"."""
        if (month := self.phrase("month", start)) > start:
            number, end = self.number(month)
            return (Spoken(dates=(f"{number:02.0f}",)), self.phrase("ordinal", end)) if (
                end > month and 1 <= number <= 31) else None
        found = self._date(self.phrase("year", start))
        if found is None or len(found[0].date) > 5:
            return None
        return Spoken(dates=(found[0].date.lstrip("-"),)), found[1]

    def _sun(self, at: int) -> Found | None:
        start = self.phrase("at", at)
        for side in ("before", "after"):  # "before sunrise" leaves open how long before
            if (end := self.phrase(side, at)) > at and (found := self.key("sun", end))[0]:
                return Spoken(sun=cast(Sun, found[0]), vague=side), found[1]
        minutes, end = self.span(start)
        sign = 0
        if end > start:
            before, after = self.phrase("before", end), self.phrase("after", end)
            sign, end = (-1, before) if before > end else (1, after) if after > end else (0, end)
            if not sign:
                return None
        key, last = self.key("sun", end)
        return (Spoken(sun=cast(Sun, key), offset=round(sign * minutes)), last) if key else None

    def _day(self, at: int) -> Found | None:
        key, end = self.key("days", at)
        if key:
            day, _, part = key.partition("/")
            return Spoken(day=day, part=part), end
        start = self.phrase("on", at)
        key, end = self.key("weekdays", start)
        return (Spoken(day=key), end) if key else None

    def _date(self, at: int) -> Found | None:
        start = self.phrase("on", at)
        if (figures := self._in_figures(start)) is not None:
            return figures
        number, end = self._ordinal(start)
        monthly = self.phrase("monthly", last := self.phrase("ordinal", end))
        if start < end <= last < monthly and 1 <= number <= 31:  # "on the 1st of every month"
            return Spoken(dates=(f"{number:02.0f}",)), monthly
        month, end = self.key("months", start)
        if month:  # "December 24"
            number, last = self.number(end)
            last = self.phrase("ordinal", last)
        else:
            number, end = self._ordinal(start)
            if end == start:
                return None
            end = self.phrase("of", self.phrase("ordinal", end))
            month, last = self.key("months", end)
            if not month and end > start + 1 and start > at:  # "on the 24th"
                return (Spoken(date=f"-{number:02.0f}"), end) if 1 <= number <= 31 else None
        if not (month and 1 <= number <= 31):
            return None
        year, last = self._year(last)
        return Spoken(date=f"{year}{month}-{number:02.0f}"), last

    def _ordinal(self, at: int) -> tuple[float, int]:
        """A number, or its place in a row ("first")."""
        key, end = self.key("ordinals", at)
        return (float(key), end) if key else self.number(at)

    def _year(self, at: int) -> tuple[str, int]:
        """ "2027" after a day and its month, with the hyphen after it; "" for none."""
        end = self.phrase("of", at)
        if end < len(self.words) and re.fullmatch(r"2[01]\d\d", self.words[end]):
            return f"{self.words[end]}-", end + 1
        return "", at

    def _in_figures(self, at: int) -> Found | None:
        """ "2027-05-03", "3.5.2027"; "3/5/2027" where people put the day first, else it is asked which is meant."""
        word = self.words[at] if at < len(self.words) else ""
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            return Spoken(date=word), at + 1
        match = _FIGURES.fullmatch(word)
        if match is None:
            return None
        first, second = int(match["first"]), int(match["second"])
        if match["sign"] != "." and not self.known.raw.get("day_first"):
            if first <= 12 and second <= 12 and first != second:
                return Spoken(date="?"), at + 1
            first, second = max(first, second), min(first, second)
        return Spoken(date=f"{match['year']}-{second:02}-{first:02}"), at + 1

    def _part_of_day(self, at: int) -> Found | None:
        key, end = self.key("parts", at)
        return (Spoken(part=key), end) if key else None

    def _clock(self, at: int) -> Found | None:
        by = self.phrase("by", at)
        start = by if by > at else self.phrase("at", at)
        if any(self.from_to(before) for before in range(max(at - 2, 0), at + 1)):
            return None  # "from 6 to 10" is no six minutes to ten
        found = self.clock_form(start)
        if found is None:
            return None
        clocks, end, sure = found
        part, last = self.key("parts", end)
        if start == at and not sure and not part:
            return None  # a bare number
        return Spoken(clocks=clocks, part=part, by=by > at, sure=sure or bool(part)), last

    def from_to(self, at: int) -> tuple[tuple[str, ...], tuple[str, ...], int] | None:
        """ "From 6 to 10": both times of day, and the end."""
        start = self.phrase("from", at)
        for middle in range(start + 1, min(start + 5, len(self.words))) if start > at else ():
            first = replace(self, words=self.words[start:middle]).clock_form(0)
            last = self.phrase("until", middle)
            second = self.clock_form(last) if last > middle else None
            if first is not None and first[1] == middle - start and second is not None:
                part, end = self.key("parts", second[1])
                half = slice(None) if not part else slice(0, 1) if part == "morning" else slice(-1, None)
                return first[0][half], second[0][half], end
        return None

    def clock_form(self, at: int) -> tuple[tuple[str, ...], int, bool] | None:
        """Times of day that may be meant, the end, and whether it is more than a bare number."""
        fixed, end = self.key("fixed", at)
        if fixed:
            return (fixed,), end, True
        if at < len(self.words) and (match := _CLOCK.fullmatch(self.words[at])):
            return _both(int(match[1]), int(match[2]), match[1].startswith("0")), self.phrase("oclock", at + 1), True
        for name, minutes in (("half_past", 30), ("quarter_past", 15), ("half_to", -30), ("quarter_to", -15),
                              ("three_quarters_to", -15)):
            if (start := self.phrase(name, at)) > at:
                hour, end = self.number(start)
                return (_shifted(hour, minutes), self.phrase("oclock", end), True) if end > start else None
        number, end = self.number(at)
        if end == at or not number.is_integer():
            return None
        return self._numbered(int(number), end)

    def _numbered(self, number: int, end: int) -> tuple[tuple[str, ...], int, bool] | None:
        """What begins with a number: "seven", "seven thirty", "ten past seven", "siete y media"."""
        for name, sign in (("past", 1), ("to", -1)):
            if (start := self.phrase(name, end)) > end:
                hour, last = self.number(start)
                if last > start:
                    return (_shifted(hour, sign * number), self.phrase("oclock", last), True) if number < 60 else None
        clock = self.phrase("oclock", end)
        for name, minutes in (("half_after", 30), ("quarter_after", 15), ("quarter_less", -15)):
            if (last := self.phrase(name, clock)) > clock:
                return _shifted(number, minutes), last, True
        if number > 23:
            return None
        minute, last = self.number(clock)
        if last > clock and minute in range(5, 60) and (clock > end or minute >= 10) and not self.key(
                "units", last)[0] and not self.key("months", last)[0]:
            return _both(number, int(minute), False), last, True
        if self.key("units", end)[0] and clock == end:
            return None
        return _both(number, 0, False), clock, clock > end


_DAYS = {"all": WEEKDAYS, "work": WEEKDAYS[:5], "free": WEEKDAYS[5:]}


def _both(hour: int, minute: int, plain: bool) -> tuple[str, ...]:
    """ "07:00" and "19:00" where either may be meant."""
    if plain or hour == 0 or hour > 12:
        return (f"{hour:02}:{minute:02}",)
    return f"{hour % 12:02}:{minute:02}", f"{hour % 12 + 12:02}:{minute:02}"


def _shifted(hour: float, minutes: int) -> tuple[str, ...]:
    total = int(hour) * 60 + minutes
    found = _both(int(hour), 0, False)
    if len(found) == 1:
        return (f"{total // 60 % 24:02}:{total % 60:02}",)
    first = total % 720
    return f"{first // 60:02}:{first % 60:02}", f"{first // 60 + 12:02}:{first % 60:02}"
