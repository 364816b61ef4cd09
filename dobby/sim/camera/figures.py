"""Living things and parcels. All look right; `step` is the stride in eighths, -1 for standing still."""

import math
from collections.abc import Callable

from .cast import ASPECT, Color, Look
from .sprites import Easel
from .texture import mixed, shaded

CARDBOARD_TAPE = (170, 200, 220)


def person(height: int, look: Look, step: int, view: str, carries: Look | None) -> Easel:
    """A person from the side, from behind or from ahead, walking or standing, perhaps with a parcel in the arms."""
    easel = Easel(ASPECT["person"], height)
    swing = math.sin(step * math.pi / 4) if step >= 0 else 0.0
    if view == "side":
        _from_the_side(easel, look, swing, carries)
    else:
        _from_behind_or_ahead(easel, look, swing, view == "front", carries)
    return easel


def _leg(easel: Easel, hip: tuple[float, float], angle: float, color: Color) -> None:
    u, v = hip
    knee = (u + 0.23 * math.sin(angle), v + 0.22 * math.cos(angle * 0.7))
    bend = angle - 0.35 * max(0.0, -math.sin(angle)) - 0.08
    foot = (knee[0] + 0.22 * math.sin(bend), min(0.965, knee[1] + 0.23 * math.cos(bend)))
    easel.limb([hip, knee, foot], color, 0.085)
    easel.limb([foot, (foot[0] + 0.045, min(0.975, foot[1] + 0.01))], (38, 38, 44), 0.05)


def _from_the_side(easel: Easel, look: Look, swing: float, carries: Look | None) -> None:
    middle = 0.25
    _leg(easel, (middle, 0.52), -0.42 * swing, shaded(look.trim, 0.75))
    if carries is None:
        far = (middle - 0.15 * swing, 0.44)
        easel.limb([(middle, 0.24), ((middle + far[0]) / 2 - 0.02, 0.36), far], shaded(look.body, 0.7), 0.06)
    _leg(easel, (middle, 0.52), 0.42 * swing, look.trim)
    easel.polygon([(middle - 0.075, 0.20), (middle + 0.06, 0.19), (middle + 0.085, 0.30), (middle + 0.075, 0.55),
                   (middle - 0.08, 0.55), (middle - 0.095, 0.30)], look.body)
    _head(easel, middle + 0.01, look, front=False, side=True)
    if carries is None:
        hand = (middle + 0.17 * swing + 0.01, 0.47)
        elbow = ((middle + hand[0]) / 2 - 0.025, 0.37)
        easel.limb([(middle - 0.01, 0.25), elbow, hand], shaded(look.body, 0.84), 0.065)
        easel.ellipse(hand[0], hand[1], 0.03, 0.03, look.skin)
    else:
        _box(easel, (middle + 0.02, 0.29, middle + 0.235, 0.46), carries)
        easel.limb([(middle - 0.01, 0.25), (middle - 0.01, 0.38), (middle + 0.12, 0.44)], shaded(look.body, 0.84), 0.06)
        easel.ellipse(middle + 0.14, 0.44, 0.03, 0.03, look.skin)


def _from_behind_or_ahead(easel: Easel, look: Look, swing: float, front: bool, carries: Look | None) -> None:
    middle = 0.26
    for side in (-1, 1):
        lift = 0.035 * max(0.0, side * swing)
        easel.limb([(middle + side * 0.05, 0.54), (middle + side * 0.055, 0.955 - lift)], look.trim, 0.09)
        easel.limb([(middle + side * 0.055, 0.965 - lift), (middle + side * 0.07, 0.97 - lift)], (38, 38, 44), 0.055)
        hand = 0.50 - 0.05 * side * swing
        easel.limb([(middle + side * 0.12, 0.25), (middle + side * 0.155, 0.38), (middle + side * 0.15, hand)],
                   shaded(look.body, 0.8), 0.065)
        easel.ellipse(middle + side * 0.15, hand, 0.03, 0.03, look.skin)
    easel.polygon([(middle - 0.125, 0.20), (middle + 0.125, 0.20), (middle + 0.145, 0.27), (middle + 0.11, 0.57),
                   (middle - 0.11, 0.57), (middle - 0.145, 0.27)], look.body)
    easel.limb([(middle, 0.24), (middle, 0.54)], shaded(look.body, 0.82), 0.012)
    _head(easel, middle, look, front=front, side=False)
    if carries is not None and front:
        _box(easel, (middle - 0.13, 0.32, middle + 0.13, 0.50), carries)


def _head(easel: Easel, u: float, look: Look, front: bool, side: bool) -> None:
    easel.rectangle(u - 0.03, 0.13, u + 0.03, 0.21, shaded(look.skin, 0.85))
    easel.ellipse(u, 0.09, 0.062, 0.078, look.skin)
    if side:
        easel.ellipse(u + 0.062, 0.10, 0.016, 0.014, look.skin)
        easel.polygon([(u - 0.068, 0.12), (u - 0.07, 0.05), (u - 0.03, 0.002), (u + 0.04, 0.008), (u + 0.06, 0.05),
                       (u + 0.0, 0.055), (u - 0.015, 0.11), (u - 0.04, 0.15)], look.hair)
    elif front:
        easel.polygon([(u - 0.064, 0.08), (u - 0.05, 0.012), (u, 0.0), (u + 0.05, 0.012), (u + 0.064, 0.08),
                       (u + 0.03, 0.045), (u - 0.03, 0.045)], look.hair)
        for eye in (-0.024, 0.024):
            easel.ellipse(u + eye, 0.09, 0.009, 0.007, (30, 30, 34))
    else:
        easel.ellipse(u, 0.078, 0.067, 0.076, look.hair)


def parcel(height: int, look: Look) -> Easel:
    """A cardboard box with tape and a label, seen a little from above."""
    easel = Easel(ASPECT["parcel"], height)
    _box(easel, (0.0, 0.0, ASPECT["parcel"], 1.0), look)
    return easel


def _box(easel: Easel, box: tuple[float, float, float, float], look: Look) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * width, top + y * height

    easel.polygon([at(0, 0.28), at(0.78, 0.28), at(0.78, 1), at(0, 1)], look.body)
    easel.polygon([at(0.78, 0.28), at(1, 0.04), at(1, 0.72), at(0.78, 1)], shaded(look.body, 0.68))
    easel.polygon([at(0, 0.28), at(0.24, 0.02), at(1, 0.04), at(0.78, 0.28)], shaded(look.body, 1.22))
    tape = mixed(look.body, CARDBOARD_TAPE, 0.6)
    easel.polygon([at(0.33, 0.28), at(0.56, 0.03), at(0.66, 0.03), at(0.44, 0.28)], tape)
    easel.polygon([at(0.33, 0.28), at(0.44, 0.28), at(0.44, 0.46), at(0.33, 0.46)], tape)
    easel.polygon([at(0.48, 0.60), at(0.72, 0.60), at(0.72, 0.88), at(0.48, 0.88)], (238, 240, 240))
    for row in (0.66, 0.73, 0.80):
        easel.polygon([at(0.51, row), at(0.68, row), at(0.68, row + 0.03), at(0.51, row + 0.03)], (70, 70, 70))


def _paws(easel: Easel, hips: tuple[float, ...], top: float, swing: float, color: Color, thick: float) -> None:
    for number, hip in enumerate(hips):
        stride = swing * (0.13 if number % 2 else -0.13)
        shade = shaded(color, 0.72 if number % 2 else 0.95)
        easel.limb([(hip, top), (hip + stride * 0.5, (top + 0.95) / 2), (hip + stride, 0.955)], shade, thick)


def cat(height: int, look: Look, step: int) -> Easel:
    """A cat with its tail up."""
    easel = Easel(ASPECT["cat"], height)
    swing = math.sin(step * math.pi / 4) if step >= 0 else 0.0
    dark = shaded(look.body, 0.75)
    easel.limb([(0.36, 0.50), (0.17, 0.42), (0.09, 0.24), (0.15, 0.06)], dark, 0.085)
    _paws(easel, (0.40, 0.48, 0.98, 1.06), 0.60, swing, look.body, 0.12)
    easel.ellipse(0.70, 0.54, 0.45, 0.20, look.body)
    easel.ellipse(0.72, 0.64, 0.34, 0.09, shaded(look.body, 1.18))
    for u in (0.52, 0.66, 0.80):
        easel.limb([(u, 0.40), (u + 0.03, 0.55)], dark, 0.035)
    easel.polygon([(0.98, 0.42), (1.20, 0.24), (1.36, 0.44), (1.10, 0.64)], look.body)
    easel.polygon([(1.14, 0.24), (1.17, 0.02), (1.28, 0.18)], dark)
    easel.polygon([(1.33, 0.18), (1.45, 0.02), (1.47, 0.26)], dark)
    easel.ellipse(1.31, 0.32, 0.185, 0.17, look.body)
    easel.ellipse(1.42, 0.38, 0.09, 0.065, shaded(look.body, 1.3))
    easel.ellipse(1.36, 0.27, 0.03, 0.028, (90, 220, 190))
    easel.ellipse(1.37, 0.27, 0.012, 0.026, (20, 20, 20))
    easel.ellipse(1.505, 0.365, 0.022, 0.018, (90, 90, 160))
    return easel


def dog(height: int, look: Look, step: int) -> Easel:
    """A dog with hanging ears and a long snout."""
    easel = Easel(ASPECT["dog"], height)
    swing = math.sin(step * math.pi / 4) if step >= 0 else 0.0
    easel.limb([(0.24, 0.40), (0.08, 0.22)], look.body, 0.07)
    _paws(easel, (0.28, 0.36, 0.84, 0.92), 0.55, swing, look.body, 0.10)
    easel.ellipse(0.58, 0.46, 0.38, 0.165, look.body)
    easel.polygon([(0.78, 0.36), (0.96, 0.12), (1.10, 0.24), (0.98, 0.50)], look.body)
    easel.ellipse(1.06, 0.20, 0.15, 0.13, look.body)
    easel.polygon([(1.12, 0.13), (1.36, 0.20), (1.38, 0.29), (1.12, 0.32)], shaded(look.body, 1.12))
    easel.ellipse(1.37, 0.215, 0.03, 0.03, (25, 25, 28))
    easel.ellipse(0.98, 0.24, 0.055, 0.14, shaded(look.body, 0.6), 12)
    easel.ellipse(1.12, 0.16, 0.018, 0.018, (25, 25, 28))
    easel.limb([(0.90, 0.30), (1.02, 0.40)], look.trim, 0.045)
    return easel


def bird(height: int, look: Look, step: int) -> Easel:
    """A bird that beats its wings."""
    easel = Easel(ASPECT["bird"], height)
    beat = math.sin(max(step, 0) * math.pi / 4)
    easel.polygon([(0.50, 0.55), (0.10, 0.50), (0.02, 0.62)], shaded(look.body, 0.8))
    easel.ellipse(0.72, 0.55, 0.38, 0.15, look.body)
    easel.ellipse(1.12, 0.46, 0.16, 0.13, look.body)
    easel.polygon([(1.25, 0.42), (1.48, 0.47), (1.25, 0.51)], (40, 150, 220))
    easel.ellipse(1.16, 0.43, 0.022, 0.022, (20, 20, 20))
    easel.polygon([(0.90, 0.52), (0.42, 0.50), (0.45, 0.50 - 0.45 * beat), (0.60, 0.50 - 0.48 * beat)],
                  shaded(look.body, 0.65))
    return easel


ANIMALS: dict[str, Callable[[int, Look, int], Easel]] = {"cat": cat, "dog": dog, "bird": bird}
