"""The change detector and what is hardly to be seen: who is out of sight for a while, and what is nearly as bright as
the ground it goes over."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dobby.eyes.change import Detector
from dobby.eyes.seen import Change
from tests.eyes.drawn import HIGH, WIDE, Array, Draw, cv, film, person, walker


def told(seed: int, seconds: float, draw: Draw) -> list[Change]:
    """Everything the detector says about a film."""
    detector = Detector()
    return [change for at, picture in film(seed, seconds, draw) for change in detector.see(picture, at)]


def starts(changes: list[Change]) -> list[float]:
    return [round(change.at, 1) for change in changes if change.kind == "start"]


def behind(draw: Draw, left: int, right: int) -> Draw:
    """The same behind a wall that fills these columns."""
    def hidden(picture: Array, at: float) -> None:
        wall = picture[:, left:right].copy()
        draw(picture, at)
        picture[:, left:right] = wall
    return hidden


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_who_passes_behind_a_wall_is_no_second_visitor(seed: int) -> None:
    changes = told(seed, 30, behind(walker(10), 120, 270))  # for more than three seconds he is not to be seen
    assert len(starts(changes)) == 1
    assert {change.event for change in changes if change.kind == "end"} == {changes[0].event}


def test_who_comes_out_the_other_way_is_another() -> None:
    def both_ways(picture: Array, at: float) -> None:
        there, back = -15 + (at - 8) * 45, 230 - (at - 16) * 45
        if at >= 8 and there < 190:
            person(picture, there, 190, 60, at * 7)
        if at >= 16 and back > -15:
            person(picture, back, 190, 60, at * 7, coat=200)
    assert len(starts(told(44, 30, behind(both_ways, 150, 250)))) == 2


def shade(wide: int, high: int, speed: float, share: float) -> Draw:
    """A soft-edged patch that takes a share of the light and goes straight on."""
    def draw(picture: Array, at: float) -> None:
        x = -wide + (at - 10) * speed
        patch = np.zeros((HIGH, WIDE), np.float32)
        cv.ellipse(patch, (int(x), 165), (wide // 2, high // 2), 0, 0, 360, 1.0, -1)
        picture *= 1 - share * cv2.GaussianBlur(patch, (0, 0), max(1.0, wide / 14))
    return draw


@pytest.mark.parametrize("seed", [45, 46, 47])
@pytest.mark.parametrize("share", [0.2, 0.25])
def test_what_is_small_and_goes_straight_on_needs_no_texture(seed: int, share: float) -> None:
    assert len(starts(told(seed, 24, shade(24, 16, 40, share)))) == 1


@pytest.mark.parametrize("seed", [45, 46, 47])
@pytest.mark.parametrize("share", [0.2, 0.3])
def test_a_large_patch_of_shade_that_does_so_is_light(seed: int, share: float) -> None:
    assert starts(told(seed, 24, shade(160, 80, 60, share))) == []
