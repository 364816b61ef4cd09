"""When something is due: both nights of the year that have another length, leap days, another zone, the sun."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dobby.jobs.spoken import Spoken, resolve
from dobby.jobs.when import WEEKDAYS, Place, When, following, load, occurrence

BERLIN = Place(ZoneInfo("Europe/Berlin"), 52.52, 13.40)
NEW_YORK = Place(ZoneInfo("America/New_York"))
NIGHTLY = When(days=WEEKDAYS, clock="02:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def lived(when: When, start: str, days: int, place: Place = BERLIN) -> list[datetime]:
    """Every occurrence of some days, each after the one before, as the keeper asks for them."""
    now, done, found = at(start), "", []
    end = now + timedelta(days=days)
    while (due := following(when, now, place, done=done)) is not None and due <= end:
        found.append(due)
        now, done = due, due.astimezone(place.zone).date().isoformat()
    return found


def test_a_time_that_spring_leaves_out_comes_once_an_hour_later() -> None:
    assert [f"{one:%d %H:%M}" for one in lived(NIGHTLY, "2026-03-27T12:00+01:00", 3)] == [
        "28 01:30", "29 01:30", "30 00:30"]
    spring = occurrence(NIGHTLY, date(2026, 3, 29), BERLIN)
    assert spring
    assert f"{spring.astimezone(BERLIN.zone):%H:%M}" == "03:30"


def test_a_time_that_autumn_has_twice_comes_once() -> None:
    assert [f"{one:%d %H:%M}" for one in lived(NIGHTLY, "2026-10-23T12:00+02:00", 3)] == [
        "24 00:30", "25 00:30", "26 01:30"]


def test_seven_stays_seven_over_both_changes() -> None:
    seven = When(days=WEEKDAYS, clock="07:00")
    for start in ("2026-03-25T12:00+01:00", "2026-10-21T12:00+02:00"):
        found = lived(seven, start, 7)
        assert len(found) == 7
        assert {f"{one.astimezone(BERLIN.zone):%H:%M}" for one in found} == {"07:00"}


def test_every_other_day_and_every_second_monday_keep_their_step_over_the_change_of_time() -> None:
    other = resolve(Spoken(days=WEEKDAYS, step=2, clocks=("07:00",)), at("2026-10-21T12:00+02:00"), BERLIN)
    assert isinstance(other, When)
    assert [one.day for one in lived(other, "2026-10-21T12:00+02:00", 9)] == [22, 24, 26, 28, 30]
    monday = resolve(Spoken(days=("mon",), step=2, clocks=("07:00",)), at("2026-10-21T12:00+02:00"), BERLIN)
    assert isinstance(monday, When)
    assert [one.day for one in lived(load(monday.dump()), "2026-10-21T12:00+02:00", 40)] == [26, 9, 23]
    weeks = resolve(Spoken(step=2, day="fri", clocks=("07:00",)), at("2026-10-21T12:00+02:00"), BERLIN)
    assert weeks == When(days=("fri",), clock="07:00", step=2, first="2026-10-23")


@pytest.mark.parametrize(("dates", "days"), [
    (("02-29",), ["2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"]),
    (("31",), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"])])
def test_days_that_a_month_does_not_have_are_its_last(dates: tuple[str, ...], days: list[str]) -> None:
    found = lived(When(dates=dates, clock="09:00"), "2026-01-01T00:00+01:00", 1300)[:4]
    assert [one.astimezone(BERLIN.zone).date().isoformat() for one in found] == days


def test_a_home_that_moves_has_each_day_once() -> None:
    seven = When(days=WEEKDAYS, clock="07:00")
    last = at("2026-11-23T07:00+01:00")
    due = following(seven, last, NEW_YORK, done="2026-11-23")
    assert due == at("2026-11-24T07:00-05:00")
    once = When(date="2026-11-25", clock="08:00")
    assert following(once, last, NEW_YORK) == at("2026-11-25T08:00-05:00")


def test_a_clock_that_is_put_back_repeats_nothing() -> None:
    seven, last = When(days=WEEKDAYS, clock="07:00"), at("2026-11-23T07:00+01:00")
    assert following(seven, last, BERLIN, done="2026-11-23") == at("2026-11-24T07:00+01:00")


def test_skipped_days_are_left_out() -> None:
    seven = When(days=WEEKDAYS[:5], clock="07:00")
    due = following(seven, at("2026-11-23T12:00+01:00"), BERLIN, skips=("2026-11-24",))
    assert due == at("2026-11-25T07:00+01:00")


def test_the_sun_of_berlin_and_of_the_far_north() -> None:
    sunset = occurrence(When(days=WEEKDAYS, sun="sunset", offset=-30), date(2026, 6, 21), BERLIN)
    assert sunset
    assert abs((sunset - at("2026-06-21T21:03+02:00")).total_seconds()) < 180  # 21:33 in the almanac
    tromso = Place(ZoneInfo("Europe/Oslo"), 69.65, 18.96)
    assert occurrence(When(days=WEEKDAYS, sun="sunset"), date(2026, 6, 21), tromso) is None
    due = following(When(days=WEEKDAYS, sun="sunset"), at("2026-06-21T12:00+02:00"), tromso)
    assert due
    assert due.month == 7


def test_a_when_is_plain_data() -> None:
    for one in (NIGHTLY, When(at="2026-11-23T06:00:00+00:00"), When(dates=("02-29",), sun="sunrise", offset=-30)):
        assert load(one.dump()) == one


NOW = at("2026-11-22T16:00+01:00")  # a Sunday afternoon


@pytest.mark.parametrize(("said", "due"), [
    (Spoken(clocks=("05:00", "17:00")), "2026-11-22T17:00+01:00"),
    (Spoken(clocks=("03:00", "15:00")), "2026-11-23T03:00+01:00"),
    (Spoken(clocks=("07:00", "19:00"), day="tomorrow"), "2026-11-23T07:00+01:00"),
    (Spoken(clocks=("03:00", "15:00"), day="thu"), "2026-11-26T15:00+01:00"),
    (Spoken(clocks=("07:00", "19:00"), day="tomorrow", part="evening"), "2026-11-23T19:00+01:00"),
    (Spoken(clocks=("08:00", "20:00"), day="sun"), "2026-11-22T20:00+01:00"),
    (Spoken(day="tomorrow", part="morning"), "2026-11-23T08:00+01:00"),
    (Spoken(clocks=("12:00",), date="12-24"), "2026-12-24T12:00+01:00"),
    (Spoken(clocks=("12:00",), date="02-29"), "2028-02-29T12:00+01:00"),
    (Spoken(clocks=("12:00",), date="-21"), "2026-12-21T12:00+01:00"),
    (Spoken(minutes=90), "2026-11-22T17:30+01:00")])
def test_what_is_said_is_one_exact_time(said: Spoken, due: str) -> None:
    when = resolve(said, NOW, BERLIN)
    assert isinstance(when, When)
    assert following(when, NOW, BERLIN) == at(due)


@pytest.mark.parametrize(("said", "why"), [
    (Spoken(clocks=("03:00",), day="today"), "past"), (Spoken(day="tomorrow"), "no_clock"),
    (Spoken(minutes=10_000_000), "too_far"), (Spoken(days=WEEKDAYS), "no_clock"),
    (Spoken(clocks=("09:00",), date="02-31"), "no_day")])
def test_what_has_no_time_says_why(said: Spoken, why: str) -> None:
    assert resolve(said, NOW, BERLIN) == why
    assert resolve(Spoken(sun="sunset"), NOW, NEW_YORK) == "no_place"
