"""What a job waits for: the last state wins, a machine must have worked, nobody knows is not nobody home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dobby.home import vocabulary as rows
from dobby.home.device import Device
from dobby.jobs.conditions import Condition, Wait, begun, load, step, truth, works
from tests.agent.home import MadeHome

T0 = datetime(2026, 11, 22, 20, tzinfo=UTC)
GARAGE = Condition("holds", "g", "open", "is", True, dwell=600, hours="22:00-06:00")
WASHER = Condition("finished", "w", dwell=120)


def home(**values: object) -> MadeHome:
    devices = [Device("g", "Garage", "garage", "", "x", (rows.OPEN,)),
               Device("w", "Washer", "plug", "", "x", (rows.POWER,)),
               Device("s", "Spa", "spa", "", "x", (rows.TARGET, rows.CURRENT))]
    known = {"open": "g", "power": "w", "target": "s", "current": "s"}
    return MadeHome({one.id: one for one in devices}, {},
                    {(known[trait], trait): value for trait, value in values.items()})  # type: ignore[misc]


def lived(condition: Condition, trait: str, *states: tuple[float, object]) -> list[int]:
    """The seconds at which a condition fires while a trait takes these values, looked at every ten seconds."""
    wait, fired = begun(condition), []
    for second in range(0, 7200, 10):
        now = T0 + timedelta(seconds=second)
        value = [value for at, value in states if at <= second][-1]
        view = home(**{trait: value})
        wait, fires = step(condition, wait, truth(condition, view, {}, now), works(condition, view), now)
        if fires:
            fired.append(second)
    return fired


def test_a_door_that_is_left_open_is_told_once_at_its_hours() -> None:
    in_hours = Condition("holds", "g", "open", "is", True, dwell=600, hours="20:30-06:00")
    assert lived(in_hours, "open", (0, True)) == [1800 + 600]


def test_every_change_begins_the_wait_anew() -> None:
    plain = Condition("holds", "g", "open", "is", True, dwell=600)
    assert lived(plain, "open", (0, True), (500, False), (520, True), (1000, False), (1010, True)) == [1610]
    assert lived(plain, "open", (0, True), (590, False)) == []
    assert lived(plain, "open", (0, False), (100, True), (900, False), (2000, True)) == [700, 2600]


def test_a_machine_is_done_when_it_worked_and_rests() -> None:
    assert lived(WASHER, "power", (0, 0.5)) == []
    assert lived(WASHER, "power", (0, 0.5), (100, 1800.0), (3000, 2.0), (3060, 900.0), (4000, 1.0)) == [4120]


def test_what_nobody_knows_is_not_so() -> None:
    away = Condition("all_away")
    now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert truth(away, home(), {"Robin": False, "Sam": None}, now) is None
    assert truth(away, home(), {"Robin": False, "Sam": False}, now) is True
    assert truth(away, home(), {"Robin": True, "Sam": None}, now) is False
    assert truth(away, home(), {}, now) is None
    assert truth(Condition("comes", person="Sam"), home(), {"Sam": True}, now) is True
    assert truth(Condition("reached", "s"), home(current=37.8, target=38.0), {}, now) is True
    assert truth(Condition("reached", "s"), home(target=38.0), {}, now) is None


@pytest.mark.parametrize(("position", "is_open"), [(0, False), (1, True), (100, True)])
def test_a_slit_is_open(position: float, is_open: bool) -> None:
    shade = Device("r", "Shade", "shade", "", "x", (rows.POSITION,))
    view = MadeHome({"r": shade}, {}, {("r", "position"): position})
    assert truth(Condition("holds", "r", "position", "is", True), view, {}, T0) is is_open
    assert truth(Condition("holds", "r", "position", "is", False), view, {}, T0) is not is_open


def test_a_state_that_is_so_already_counts_and_an_event_must_happen() -> None:
    ready, away = Condition("reached", "s"), Condition("all_away")
    assert step(ready, begun(ready), True, False, T0)[1]
    assert not step(away, begun(away), True, False, T0)[1]
    wait, fires = step(away, begun(away), False, False, T0)
    assert not fires
    assert step(away, wait, True, False, T0) == (Wait(), True)


@pytest.mark.parametrize("one", [GARAGE, WASHER, Condition("comes", person="Sam"),
                                 Condition("holds", "l", "on", "is", False)])
def test_a_condition_is_plain_data(one: Condition) -> None:
    assert load(one.dump()) == one
