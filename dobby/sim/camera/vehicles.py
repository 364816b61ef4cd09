"""Vehicles: delivery trucks of two carriers, and cars from the side and from the front. All look right."""

from collections.abc import Callable

from .cast import ASPECT, Look
from .sprites import Easel
from .texture import mixed, shaded

TYRE, RIM, GLASS = (34, 34, 36), (150, 152, 156), (98, 84, 66)
PURPLE, ORANGE = (125, 20, 77), (0, 102, 255)
BROWN, GOLD = (20, 36, 64), (0, 180, 255)


def _wheel(easel: Easel, u: float, radius: float, step: int) -> None:
    v = 1 - radius
    easel.ellipse(u, v, radius, radius, TYRE)
    easel.ellipse(u, v, radius * 0.55, radius * 0.55, RIM)
    if step >= 0:
        easel.ellipse(u, v, radius * 0.5, radius * 0.14, shaded(RIM, 0.6), step * 22.5)
        easel.ellipse(u, v, radius * 0.5, radius * 0.14, shaded(RIM, 0.6), step * 22.5 + 90)
    easel.ellipse(u, v, radius * 0.14, radius * 0.14, (70, 70, 74))


def fedex(height: int, look: Look, step: int) -> Easel:
    """A white box truck with purple and orange letters and a separate cab."""
    easel = Easel(ASPECT["fedex"], height)
    white = (242, 244, 243)
    easel.rectangle(0.03, 0.80, 2.24, 0.90, (52, 52, 56))
    easel.rectangle(0.0, 0.0, 1.62, 0.84, white)
    easel.rectangle(0.0, 0.0, 1.62, 0.025, (200, 204, 206))
    easel.rectangle(0.0, 0.78, 1.62, 0.84, shaded(white, 0.8))
    easel.rectangle(0.0, 0.0, 0.018, 0.84, shaded(white, 0.75))
    easel.letters("Fed", (0.16, 0.20, 0.86, 0.60), PURPLE)
    easel.letters("Ex", (0.90, 0.20, 1.40, 0.60), ORANGE)
    easel.rectangle(0.16, 0.67, 1.40, 0.695, PURPLE)
    cab = [(1.64, 0.30), (1.90, 0.30), (2.04, 0.34), (2.16, 0.58), (2.28, 0.62), (2.30, 0.86), (1.64, 0.86)]
    easel.polygon(cab, shaded(white, 0.96))
    easel.polygon([(1.74, 0.36), (1.92, 0.36), (2.00, 0.38), (2.11, 0.58), (1.74, 0.58)], GLASS)
    easel.polygon([(1.78, 0.38), (1.85, 0.38), (1.80, 0.56), (1.76, 0.56)], mixed(GLASS, (255, 255, 255), 0.35))
    easel.limb([(1.71, 0.34), (1.71, 0.84)], shaded(white, 0.7), 0.012)
    easel.rectangle(1.76, 0.66, 1.84, 0.68, (90, 90, 94))
    easel.rectangle(2.23, 0.66, 2.30, 0.73, (150, 220, 245))
    easel.rectangle(0.0, 0.70, 0.03, 0.77, (40, 40, 200))
    easel.rectangle(2.20, 0.82, 2.30, 0.88, (70, 70, 74))
    for u in (0.42, 1.96):
        easel.ellipse(u, 0.84, 0.17, 0.15, (44, 44, 48))
        _wheel(easel, u, 0.14, step)
    return easel


def ups(height: int, look: Look, step: int) -> Easel:
    """A brown package car: one rounded body, a flat nose, golden letters and a shield."""
    easel = Easel(ASPECT["ups"], height)
    body = [(0.0, 0.06), (0.05, 0.0), (1.66, 0.0), (1.78, 0.05), (1.86, 0.40), (1.98, 0.48), (2.0, 0.86), (0.0, 0.86)]
    easel.polygon(body, BROWN)
    easel.rectangle(0.0, 0.03, 1.70, 0.06, shaded(BROWN, 1.7))
    easel.rectangle(0.0, 0.64, 2.0, 0.67, shaded(BROWN, 0.55))
    easel.rectangle(0.0, 0.83, 2.0, 0.90, (40, 38, 38))
    easel.polygon([(1.62, 0.12), (1.76, 0.12), (1.83, 0.42), (1.62, 0.42)], GLASS)
    easel.rectangle(1.30, 0.10, 1.56, 0.82, shaded(BROWN, 0.72))
    easel.rectangle(1.34, 0.14, 1.52, 0.42, mixed(GLASS, (30, 30, 30), 0.35))
    shield = [(0.16, 0.12), (0.46, 0.12), (0.46, 0.42), (0.31, 0.56), (0.16, 0.42)]
    easel.polygon(shield, GOLD)
    easel.polygon([(0.20, 0.17), (0.42, 0.17), (0.42, 0.40), (0.31, 0.50), (0.20, 0.40)], BROWN)
    easel.letters("UPS", (0.56, 0.15, 1.20, 0.53), GOLD)
    easel.rectangle(0.10, 0.72, 1.22, 0.745, GOLD)
    easel.ellipse(1.93, 0.58, 0.045, 0.05, (160, 225, 245))
    easel.rectangle(0.0, 0.70, 0.03, 0.77, (40, 40, 200))
    for u in (0.40, 1.66):
        easel.ellipse(u, 0.85, 0.16, 0.14, (24, 24, 28))
        _wheel(easel, u, 0.13, step)
    return easel


def car(height: int, look: Look, step: int) -> Easel:
    """A saloon from the side."""
    easel = Easel(ASPECT["car"], height)
    hull = [(0.0, 0.50), (0.10, 0.42), (0.46, 0.38), (0.78, 0.06), (0.95, 0.0), (1.55, 0.0), (1.72, 0.05), (2.05, 0.38),
            (2.46, 0.44), (2.58, 0.54), (2.60, 0.80), (0.0, 0.80)]
    easel.polygon(hull, look.body)
    easel.polygon([(0.60, 0.38), (0.85, 0.10), (1.22, 0.07), (1.22, 0.38)], GLASS)
    easel.polygon([(1.28, 0.38), (1.28, 0.07), (1.54, 0.07), (1.67, 0.11), (1.92, 0.38)], GLASS)
    easel.polygon([(0.90, 0.12), (1.02, 0.10), (0.86, 0.36), (0.74, 0.36)], mixed(GLASS, (255, 255, 255), 0.3))
    easel.limb([(0.12, 0.50), (2.48, 0.54)], shaded(look.body, 1.35), 0.02)
    easel.limb([(1.25, 0.40), (1.25, 0.76)], shaded(look.body, 0.6), 0.012)
    easel.limb([(0.62, 0.42), (0.62, 0.74)], shaded(look.body, 0.6), 0.012)
    easel.rectangle(0.0, 0.74, 2.60, 0.84, mixed(look.body, look.trim, 0.75))
    easel.ellipse(2.51, 0.56, 0.08, 0.055, (200, 235, 245))
    easel.rectangle(0.0, 0.50, 0.09, 0.60, (40, 40, 190))
    for handle in (0.98, 1.52):
        easel.rectangle(handle, 0.47, handle + 0.11, 0.495, shaded(look.body, 0.6))
    for u in (0.52, 2.06):
        easel.ellipse(u, 0.76, 0.25, 0.23, (30, 30, 32))
        _wheel(easel, u, 0.22, step)
    return easel


def car_front(height: int, look: Look, step: int) -> Easel:
    """The same saloon from ahead, as it stands in the driveway with its nose to the house."""
    easel = Easel(ASPECT["car_front"], height)
    for left in (0.08, 0.95):
        easel.rectangle(left, 0.72, left + 0.22, 1.0, TYRE)
    easel.polygon([(0.24, 0.06), (0.36, 0.0), (0.89, 0.0), (1.01, 0.06), (1.14, 0.42), (0.11, 0.42)], look.body)
    easel.polygon([(0.31, 0.08), (0.94, 0.08), (1.04, 0.38), (0.21, 0.38)], GLASS)
    easel.polygon([(0.40, 0.10), (0.56, 0.10), (0.46, 0.36), (0.30, 0.36)], mixed(GLASS, (255, 255, 255), 0.3))
    hull = [(0.08, 0.42), (1.17, 0.42), (1.25, 0.54), (1.25, 0.86), (0.0, 0.86), (0.0, 0.54)]
    easel.polygon(hull, shaded(look.body, 0.92))
    easel.polygon([(0.14, 0.41), (1.11, 0.41), (1.18, 0.54), (0.07, 0.54)], shaded(look.body, 1.18))
    easel.rectangle(0.36, 0.58, 0.89, 0.70, (36, 36, 40))
    easel.rectangle(0.46, 0.73, 0.79, 0.82, (225, 228, 228))
    for u in (0.17, 1.08):
        easel.ellipse(u, 0.61, 0.13, 0.065, (205, 238, 248))
    for u in (-0.0, 1.15):
        easel.rectangle(u, 0.30, u + 0.10, 0.38, shaded(look.body, 0.7))
    easel.rectangle(0.0, 0.80, 1.25, 0.87, mixed(look.body, look.trim, 0.75))
    return easel


VEHICLES: dict[str, Callable[[int, Look, int], Easel]] = {
    "fedex": fedex, "ups": ups, "car": car, "car_front": car_front,
}  # fmt: skip
