"""What the detector's benchmark looks at: drawn places with visitors, by seed. A film is pictures with times, and the
truth of who was there when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WIDE, HIGH, RATE = 640, 360, 5.0
cv: Any = cv2


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor: from when, and for each picture from then on its cut-out (BGRA) and where its corner lies."""

    at: float
    shots: tuple[tuple[Array, int, int], ...]

    @property
    def until(self) -> float:
        """When it is gone."""
        return self.at + len(self.shots) / RATE


@dataclass(slots=True)
class Film:
    """Pictures of a place. events: (from, until); masks of the visitors come with each picture."""

    name: str
    place: Array
    visits: list[Visit]
    seconds: float
    seed: int = 0
    noise: float = 2.0
    stress: Callable[[Iterator[tuple[float, Array]], np.random.Generator], Iterator[tuple[float, Array]]] | None = None
    masks: dict[int, Array] = field(default_factory=dict)

    @property
    def events(self) -> list[tuple[float, float]]:
        """When somebody was there."""
        return [(visit.at, visit.until) for visit in self.visits]

    def pictures(self) -> Iterator[tuple[float, Array]]:
        """(time, BGR) at RATE, with the stress laid over."""
        rng = np.random.default_rng(self.seed)
        plain = self._plain(rng)
        return plain if self.stress is None else self.stress(plain, rng)

    def _plain(self, rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
        grain = [rng.normal(0, self.noise, (HIGH, WIDE, 3)).astype(np.float32) for _ in range(7)]
        for number in range(int(self.seconds * RATE)):
            at = number / RATE
            picture = self.place.copy()
            mask = None
            for visit in self.visits:
                index = round((at - visit.at) * RATE)
                if 0 <= index < len(visit.shots):
                    mask = np.zeros((HIGH, WIDE), np.uint8) if mask is None else mask
                    paste(picture, mask, *visit.shots[index])
            if mask is not None:
                self.masks[number] = mask
            yield at, clipped(picture + np.roll(grain[number % 7], int(rng.integers(0, 500)), (0, 1)[number % 2]))


def clipped(picture: Array) -> Array:
    """Back to bytes."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def paste(picture: Array, mask: Array, cut: Array, left: int, top: int) -> None:
    """Lays a cut-out over a picture (and its outline over the mask), whatever sticks out is left away."""
    high, wide = cut.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(WIDE, left + wide), min(HIGH, top + high)
    if x0 >= x1 or y0 >= y1:
        return
    part = cut[y0 - top:y1 - top, x0 - left:x1 - left].astype(np.float32)
    share = part[..., 3:] / 255
    under = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = clipped(under * (1 - share) + part[..., :3] * share)
    mask[y0:y1, x0:x1] |= (part[..., 3] > 127).astype(np.uint8)


# ------------------------------------------------------------------ drawn places and visitors

def clouded(rng: np.random.Generator, coarse: int, size: tuple[int, int] = (WIDE, HIGH)) -> Array:
    """Soft noise, 0..1, with patches of about 1/coarse of the width."""
    few = rng.random((max(2, coarse * size[1] // size[0]), coarse)).astype(np.float32)
    soft: Array = np.clip(cv.resize(few, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    return soft


def place(seed: int) -> Array:
    """A drawn place: sky, house with windows, hedge, drive; all with texture."""
    rng = np.random.default_rng(seed)
    picture = np.empty((HIGH, WIDE, 3), np.float32)
    picture[:] = rng.uniform(60, 170, 3)
    horizon = int(rng.uniform(0.15, 0.4) * HIGH)
    picture[:horizon] = rng.uniform(120, 235, 3)
    for _ in range(int(rng.integers(1, 4))):
        x, w = int(rng.uniform(0, WIDE)), int(rng.uniform(80, 260))
        y, h = int(rng.uniform(0, horizon)), int(rng.uniform(60, 150))
        colour = rng.uniform(40, 220, 3)
        picture[y:y + h, x:x + w] = colour
        for column in range(x + 12, x + w - 20, 40):
            picture[y + 15:y + 45, column:column + 20] = rng.uniform(10, 80, 3)
    drive = np.array([[rng.uniform(.1, .5), 1], [rng.uniform(.6, .95), 1], [rng.uniform(.5, .7), .3], [.45, .3]])
    cv.fillPoly(picture, [(drive * (WIDE, HIGH)).astype(np.int32)], tuple(rng.uniform(50, 190, 3).tolist()))
    for coarse, deep in ((6, 0.4), (40, 0.3), (160, 0.25), (320, 0.2)):
        rough = clouded(rng, 5) ** 2
        picture *= (1 + 0.6 * deep * rough * (clouded(rng, coarse) - 0.5) * 2)[..., None]
    hedge = clouded(rng, 8) > 0.62
    leaves = rng.uniform(0.72, 1.2, (HIGH // 4, WIDE // 4)).astype(np.float32)
    picture[hedge] *= cv.resize(leaves, (WIDE, HIGH), interpolation=cv2.INTER_LINEAR)[hedge][:, None]
    return clipped(cv2.GaussianBlur(picture, (3, 3), 0))


def worn(rng: np.random.Generator, behind: float) -> tuple[int, ...]:
    """A colour that can be told from a grey level by its brightness."""
    while True:
        colour = rng.integers(8, 245, 3)
        bright = float(colour @ (0.114, 0.587, 0.299))
        if abs(math.log((bright + 24) / (behind + 24))) > 0.2:
            return (*map(int, colour), 255)


def person(rng: np.random.Generator, tall: int, phase: float, behind: float) -> Array:
    """A walking person of `tall` pixels at a phase of the step."""
    state = np.random.default_rng(rng)
    wide = max(6, int(tall * 0.5))
    cut = np.zeros((tall, wide, 4), np.uint8)
    coat, legs, skin = (worn(state, behind) for _ in range(3))
    middle, thick = wide // 2, max(2, tall // 12)
    swing = int(math.sin(phase) * tall * 0.14)
    for sign in (-1, 1):
        cv.line(cut, (middle, int(tall * .55)), (middle + sign * swing, tall - 2), legs, thick + 1)
        cv.line(cut, (middle, int(tall * .22)), (middle - sign * swing, int(tall * .52)), coat, thick)
    cv.ellipse(cut, (middle, int(tall * .38)), (max(2, int(tall * .11)), int(tall * .2)), 0, 0, 360, coat, -1)
    cv.circle(cut, (middle, int(tall * .1)), max(1, int(tall * .08)), skin, -1)
    return softened(cut)


def car(rng: np.random.Generator, long: int, behind: float) -> Array:
    """A car from the side, `long` pixels."""
    state = np.random.default_rng(rng)
    high = int(long * 0.42)
    cut = np.zeros((high, long, 4), np.uint8)
    paint = worn(state, behind)
    cv.rectangle(cut, (0, int(high * .4)), (long - 1, int(high * .82)), paint, -1)
    cv.fillPoly(cut, [np.array([[long * .18, high * .42], [long * .32, 1], [long * .7, 1], [long * .85, high * .42]],
                               np.int32)], paint)
    cv.rectangle(cut, (int(long * .34), int(high * .1)), (int(long * .66), int(high * .38)), (60, 50, 40, 255), -1)
    for x in (.22, .78):
        cv.circle(cut, (int(long * x), int(high * .82)), int(high * .17), (20, 20, 20, 255), -1)
    return softened(cut)


def cat(rng: np.random.Generator, long: int, phase: float, behind: float) -> Array:
    """A cat, `long` pixels."""
    state = np.random.default_rng(rng)
    high = int(long * 0.6)
    cut = np.zeros((high, long, 4), np.uint8)
    fur = worn(state, behind)
    cv.ellipse(cut, (long // 2, int(high * .45)), (int(long * .34), int(high * .22)), 0, 0, 360, fur, -1)
    cv.circle(cut, (int(long * .85), int(high * .3)), int(high * .2), fur, -1)
    for leg, x in enumerate((.25, .4, .65, .75)):
        swing = int(math.sin(phase + leg * 1.6) * long * .06)
        cv.line(cut, (int(long * x), int(high * .5)), (int(long * x) + swing, high - 1), fur, max(2, long // 18))
    return softened(cut)


def softened(cut: Array) -> Array:
    """A cut-out with soft edges; colours reach under the edge."""
    alpha = cv2.GaussianBlur(cut[..., 3], (3, 3), 0)
    solid = cv2.dilate(cut[..., :3], np.ones((3, 3), np.uint8))
    cut[..., :3] = np.where(cut[..., 3:] > 0, cut[..., :3], solid)
    cut[..., 3] = alpha
    return cut


def visit(seed: int, at: float, under: Array) -> Visit:
    """A drawn visitor: walks or drives through; it differs from the place it crosses."""
    rng = np.random.default_rng(seed)
    kind = ("person", "person", "car", "cat")[int(rng.integers(0, 4))]
    look = int(rng.integers(0, 2**31))
    depth = rng.uniform(0.45, 1.0)
    foot = (0.45 + 0.5 * depth) * HIGH
    size = {"person": 150, "car": 230, "cat": 60}[kind] * depth * rng.uniform(0.75, 1.1)
    speed = {"person": 75, "car": 190, "cat": 90}[kind] * depth * rng.uniform(0.7, 1.3) * rng.choice([-1, 1])
    x = -size if speed > 0 else WIDE + size * 0.1
    stop = at + 100 if rng.random() < 0.6 else at + rng.uniform(1.5, 4)
    slope = rng.uniform(-8, 8)
    behind = float(under[int(min(foot - size * 0.4, HIGH - 2)):int(min(foot, HIGH))].mean())
    shots: list[tuple[Array, int, int]] = []
    while -size * 1.2 <= x <= WIDE + size * 0.3 and len(shots) < 90:
        now = at + len(shots) / RATE
        if not stop < now < stop + 2.0:
            x += speed / RATE
            foot += slope / RATE
        phase = now * 7
        body = {"person": lambda: person(np.random.default_rng(look), int(size), phase, behind),  # noqa: B023
                "car": lambda: car(np.random.default_rng(look), int(size), behind),
                "cat": lambda: cat(np.random.default_rng(look), int(size), phase, behind)}[kind]()  # noqa: B023
        body = body[:, ::-1] if speed < 0 else body
        shots.append((np.ascontiguousarray(body), int(x), int(foot - body.shape[0])))
    inside = [number for number, (cut, left, _) in enumerate(shots) if left < WIDE - 4 and left + cut.shape[1] > 4]
    return Visit(at, tuple(shots[inside[0]:inside[-1] + 1])) if inside else visit(seed + 1000, at, under)
