"""Worth telling? One rule a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dobby.eyes.telling import (
    OPPOSITE,
    Event,
    Home,
    Limits,
    Presence,
    Rule,
    at_night,
    is_known,
    reason_not,
    size_of,
    within,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TRUCK = Event("a", "Driveway", NOON, subject="vehicle", carrier="FedEx", size="car")
CAT = Event("b", "Driveway", NOON, subject="animal", size="small")


def verdict(event: Event, *told: Event, rules: tuple[Rule, ...] = (), limits: Limits | None = None,
            home: Home | None = None) -> str | None:
    return reason_not(event, told, rules, "Robin", limits or Limits(), home or {})


def later(event: Event, minutes: float, **changes: object) -> Event:
    return replace(event, id=f"{event.id}+{minutes}", at=event.at + timedelta(minutes=minutes),
                   **changes)  # type: ignore[arg-type]  # fields of an Event


def test_the_first_truck_is_told_and_the_same_one_again_is_not() -> None:
    assert verdict(TRUCK) is None
    assert verdict(later(TRUCK, 5), TRUCK) == "same"
    assert verdict(later(TRUCK, 40), TRUCK) is None


def test_another_carrier_is_another_truck() -> None:
    assert verdict(later(TRUCK, 1, carrier="UPS"), TRUCK) is None


def test_one_van_on_two_cameras_is_one_van() -> None:
    assert verdict(later(TRUCK, 1, camera="Door"), TRUCK) == "same"
    assert verdict(later(TRUCK, 4, camera="Door"), TRUCK) is None


def test_a_parcel_is_news_beside_the_person_who_brought_it() -> None:
    person = replace(TRUCK, subject="person", carrier="")
    assert verdict(later(person, 0.2, kind="left", parcel="appeared"), person) is None


def test_a_truck_that_the_detector_calls_left_behind_is_still_the_same_truck() -> None:
    assert verdict(later(TRUCK, 0.3, kind="left"), TRUCK) == "same"
    assert verdict(later(TRUCK, 0.3, kind="left", subject="", carrier=""), TRUCK) is None


def test_what_the_model_calls_nothing_is_not_told() -> None:
    assert verdict(replace(TRUCK, subject="nothing")) == "nothing"
    assert verdict(later(TRUCK, 1), replace(TRUCK, subject="nothing")) is None


@pytest.mark.parametrize(("hour", "infrared", "said"), [(23, False, "only"), (12, True, "only"), (12, False, None)])
def test_only_people_at_night(hour: int, infrared: bool, said: str | None) -> None:
    rule = Rule("Robin", "", "only", ("person",), "night")
    cat = replace(CAT, at=NOON.replace(hour=hour), night=infrared)
    assert verdict(cat, rules=(rule,)) == said
    assert verdict(replace(cat, subject="person"), rules=(rule,)) is None


def test_a_wish_holds_for_the_one_who_said_it_and_while_it_lasts() -> None:
    mute = Rule("Sam", "Driveway", "mute")
    assert verdict(TRUCK, rules=(mute,)) is None
    assert verdict(TRUCK, rules=(replace(mute, person="Robin"),)) == "mute"
    over = replace(mute, person="Robin", until=NOON)
    assert verdict(TRUCK, rules=(over,)) is None
    assert verdict(replace(TRUCK, camera="Garden"), rules=(replace(mute, person=""),)) is None


def test_quiet_hours_let_pass_what_wants_a_person() -> None:
    night = replace(TRUCK, at=NOON.replace(hour=2))
    assert verdict(night, limits=Limits(quiet="23:00-06:30")) == "quiet"
    assert verdict(replace(night, alert=2), limits=Limits(quiet="23:00-06:30")) is None


def test_the_cap_never_swallows_the_first_of_a_kind() -> None:
    told = tuple(replace(TRUCK, id=f"t{n}", camera=f"c{n}", carrier="", at=NOON + timedelta(minutes=n))
                 for n in range(10))
    car = replace(TRUCK, id="x", carrier="", at=NOON + timedelta(minutes=20))
    assert verdict(replace(car, camera="new"), *told) == "cap"
    assert verdict(replace(car, subject="person"), *told) is None


def test_without_a_model_sizes_stand_for_subjects() -> None:
    rule = Rule("", "", "only", ("person",), "night")
    unknown = replace(CAT, subject="", night=True)
    assert verdict(unknown, rules=(rule,)) == "only"
    assert verdict(replace(unknown, size="person"), rules=(rule,)) is None


def test_what_is_normal_here_is_no_news() -> None:
    assert verdict(replace(TRUCK, normal=True)) == "normal"


def test_hours_and_sizes() -> None:
    assert within("23:00-06:30", NOON.replace(hour=23))
    assert not within("23:00-06:30", NOON)
    assert within("09:00-17:00", NOON)
    assert at_night(replace(CAT, at=NOON.replace(hour=22)))
    sizes = {(0.03, 0.05): "small", (0.17, 0.6): "person", (0.4, 0.3): "car", (0.1, 0.17): "thing"}
    assert {box: size_of(*box) for box in sizes} == sizes


def test_what_wants_a_person_is_never_the_same() -> None:
    person = replace(TRUCK, subject="person", carrier="")
    assert verdict(later(person, 2), person) == "same"
    assert verdict(later(person, 2, alert=2), person) is None


def test_another_car_is_told_by_its_colours() -> None:
    red, blue = "f" + "0" * 63, "0" * 63 + "f"
    car = replace(TRUCK, carrier="", look=red)
    assert verdict(later(car, 0.5, look=blue), car) == "same"
    assert verdict(later(car, 4, look=red), car) == "same"
    assert verdict(later(car, 4, look=blue), car) is None
    unknown = replace(car, subject="", size="person")
    assert verdict(later(unknown, 0.9, look=blue), unknown) is None


def test_a_clock_put_back_holds_nothing_back() -> None:
    assert verdict(later(TRUCK, -60 * 24), TRUCK) is None
    assert verdict(later(TRUCK, -0.2), TRUCK) == "same"


def test_without_a_model_what_may_be_a_person_always_passes() -> None:
    rule = Rule("", "", "only", ("person",))
    assert verdict(replace(CAT, subject="", size="thing"), rules=(rule,)) is None
    assert verdict(replace(CAT, subject="", size="car"), rules=(rule,)) == "only"


def test_a_wish_about_a_zone_holds_for_what_happens_in_it() -> None:
    rule = Rule("Robin", "Driveway", "only", ("person",), zone="Flower bed")
    assert verdict(replace(CAT, zone="flower bed"), rules=(rule,)) == "zone"
    assert verdict(replace(CAT, zone="flower bed", subject="person"), rules=(rule,)) is None
    assert verdict(replace(CAT, zone="street"), rules=(rule,)) is None
    assert verdict(CAT, rules=(rule,)) is None
    assert verdict(replace(CAT, zone="flower bed", camera="Garden"), rules=(rule,)) is None


def test_all_except_some() -> None:
    rule = Rule("Robin", "", "except", ("animal",))
    person = replace(CAT, subject="person")
    assert verdict(CAT, rules=(rule,)) == "except"
    assert verdict(person, rules=(rule,)) is None
    assert verdict(replace(CAT, subject=""), rules=(rule,)) == "except"
    assert verdict(replace(CAT, subject="", size="thing"), rules=(rule,)) is None
    assert verdict(replace(CAT, subject="", kind="left"), rules=(rule,)) is None


def test_a_parcel_is_news_though_its_bearer_is_not() -> None:
    bearer = replace(CAT, subject="person", parcel="appeared")
    assert verdict(bearer, rules=(Rule("", "", "except", ("person",)),)) is None
    assert verdict(bearer, rules=(Rule("", "", "except", ("parcel",)),)) is None
    assert verdict(bearer, rules=(Rule("", "", "except", ("person", "parcel")),)) == "except"


@pytest.mark.parametrize(("presence", "home", "hides"), [
    ("nobody", {"Robin": False, "Sam": False}, True), ("nobody", {"Robin": False, "Sam": None}, False),
    ("nobody", {"Robin": False, "Sam": True}, False), ("nobody", {}, False),
    ("somebody", {"Robin": None, "Sam": True}, True), ("somebody", {"Robin": None, "Sam": False}, False),
    ("me_away", {"Robin": False, "Sam": True}, True), ("me_away", {"Robin": None, "Sam": False}, False),
    ("me_home", {"Robin": True}, True), ("me_home", {"Sam": True}, False)])
def test_a_wish_about_who_is_home_holds_only_where_that_is_known(presence: Presence, home: Home, hides: bool) -> None:
    rule = Rule("Robin", "", "mute", presence=presence)
    assert verdict(CAT, rules=(rule,), home=home) == ("mute" if hides else None)
    if hides:
        assert is_known(presence, "Robin", home)
        assert verdict(CAT, rules=(replace(rule, presence=OPPOSITE[presence]),), home=home) is None


def test_whether_it_is_known_who_is_home() -> None:
    assert is_known("", "Robin", {})
    assert is_known("nobody", "Robin", {"Robin": None, "Sam": True})
    assert not is_known("nobody", "Robin", {"Robin": None, "Sam": False})
    assert not is_known("me_away", "Robin", {"Sam": True})
