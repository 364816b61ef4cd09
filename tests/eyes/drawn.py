"""Small drawn scenes for the change detector's tests: a place with texture, things that move over it, by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WIDE, HIGH, RATE = 400, 224, 5.0
cv: Any = cv2


def soft(rng: np.random.Generator, patches: int, size: tuple[int, int] = (WIDE, HIGH)) -> Array:
    """Soft noise, 0..1, so many patches across."""
    few = rng.random((max(2, patches * size[1] // size[0]), patches)).astype(np.float32)
    noise: Array = np.clip(cv.resize(few, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    return noise


def place(seed: int) -> Array:
    """An empty place, float32 grey levels: ground, wall, windows, a hedge."""
    rng = np.random.default_rng(seed)
    picture = np.full((HIGH, WIDE), rng.uniform(90, 150), np.float32)
    picture[:HIGH // 4] = rng.uniform(150, 200)
    x = int(rng.uniform(20, WIDE - 150))
    picture[10:70, x:x + 120] = rng.uniform(60, 90)
    for column in range(x + 10, x + 110, 30):
        picture[20:45, column:column + 14] = 30
    picture *= 0.85 + 0.3 * soft(rng, 60)
    hedge = soft(rng, 6) > 0.66
    picture[hedge] *= (0.75 + 0.5 * soft(rng, 120))[hedge]
    return picture


def person(picture: Array, x: float, foot: float, tall: float = 60, phase: float = 0.0, coat: float = 25) -> None:
    """A person with swinging legs, x its middle."""
    hip, wide = foot - tall * 0.45, max(2, int(tall * 0.1))
    swing = np.sin(phase) * tall * 0.15
    for side in (-1, 1):
        cv.line(picture, (int(x), int(hip)), (int(x + side * swing), int(foot)), coat + 30.0, wide)
    cv.ellipse(picture, (int(x), int(foot - tall * 0.6)), (int(tall * .13), int(tall * .22)), 0, 0, 360, coat, -1)
    cv.circle(picture, (int(x), int(foot - tall * 0.9)), int(tall * .09), 225.0, -1)


def car(picture: Array, left: float, foot: float, long: float = 110) -> None:
    """A car from the side."""
    high = long * 0.4
    cv.rectangle(picture, (int(left), int(foot - high * .7)), (int(left + long), int(foot - high * .15)), 235.0, -1)
    cv.rectangle(picture, (int(left + long * .25), int(foot - high)), (int(left + long * .75), int(foot - high * .6)),
                 40.0, -1)
    for wheel in (.2, .8):
        cv.circle(picture, (int(left + long * wheel), int(foot - high * .15)), int(high * .17), 15.0, -1)


def parcel(picture: Array, left: float, foot: float, size: float = 24) -> None:
    """A box with tape around it."""
    cv.rectangle(picture, (int(left), int(foot - size)), (int(left + size), int(foot)), 205.0, -1)
    cv.line(picture, (int(left), int(foot - size / 2)), (int(left + size), int(foot - size / 2)), 60.0, 3)


Draw = Callable[[Array, float], None]


def nobody(picture: Array, at: float) -> None:
    """Draws nothing."""


def film(seed: int, seconds: float, draw: Draw = nobody, rate: float = RATE, noise: float = 2.0,
         begin: float = 0.0) -> Iterator[tuple[float, Array]]:
    """(time, grey uint8 picture): the place with whatever `draw` puts there, and a sensor's noise."""
    rng = np.random.default_rng(seed + 1000)
    empty = place(seed)
    grain = [rng.normal(0, noise, empty.shape).astype(np.float32) for _ in range(5)]
    for number in range(int(seconds * rate)):
        at = begin + number / rate
        picture = empty.copy()
        draw(picture, at)
        yield at, grey(picture + np.roll(grain[number % 5], int(rng.integers(0, 400)), number % 2))


def grey(picture: Array) -> Array:
    """As a camera gives it."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def walker(begin: float, foot: float = 190, speed: float = 45, tall: float = 60) -> Draw:
    """Somebody who walks through from the left, in pixels a second."""
    def draw(picture: Array, at: float) -> None:
        x = -15 + (at - begin) * speed
        if at - begin >= 0 and x < WIDE + 15:
            person(picture, x, foot, tall, at * 7)
    return draw


def both(*draws: Draw) -> Draw:
    """Several at once."""
    def draw(picture: Array, at: float) -> None:
        for one in draws:
            one(picture, at)
    return draw
