"""The three places without anybody in them: driveway, front door and garden, painted from a palette.

Every position below is a fraction of the picture; `LEAVES` says where leaves can sway, `FRONT_FOOT` where the tree and
the wall of the house meet the ground: who stands higher up in the picture is behind them.
"""

from functools import lru_cache

import cv2
import numpy as np

from .cast import Color, Palette
from .texture import Canvas, Image, mixed, shaded

OVERSIZE = 2  # painted larger and brought down, so that every edge is smooth
LEAVES: dict[str, tuple[float, float, float, float]] = {
    "driveway": (0.74, 0.0, 1.0, 0.40), "front_door": (0.84, 0.28, 1.0, 0.74), "garden": (0.0, 0.0, 0.34, 0.46),
}  # fmt: skip
FRONT_FOOT = {"driveway": 0.78, "front_door": 0.0, "garden": 0.64}


def leaves_of(palette: Palette) -> tuple[float, float, float, float]:
    """The region of the picture where leaves are."""
    left, top, right, bottom = LEAVES[palette.place]
    left, right = max(0.0, left + palette.shift), min(1.0, right + palette.shift)
    return (1 - right, top, 1 - left, bottom) if palette.mirror else (left, top, right, bottom)


@lru_cache(maxsize=8)
def background(palette: Palette, width: int, height: int) -> tuple[Image, Image]:
    """The empty place by daylight and the mask of what stands in front; do not draw into them, they are kept."""
    rng = np.random.default_rng(palette.texture)
    # fine things (blades, leaves) must not depend on the size asked for, so sizes differ by a last resize only
    canvas = Canvas(width * OVERSIZE, height * OVERSIZE, rng)
    {"driveway": _driveway, "front_door": _front_door, "garden": _garden}[palette.place](canvas, palette)
    painted, front = canvas.finished(width, height)
    if palette.mirror:
        painted, front = np.ascontiguousarray(painted[:, ::-1]), np.ascontiguousarray(front[:, ::-1])
    painted.setflags(write=False)
    return painted, front


def _sky(canvas: Canvas, color: Color, bottom: float) -> None:
    for step in range(12):
        top = bottom * step / 12
        canvas.rectangle(0, top, 1, bottom, mixed(color, (240, 240, 240), step / 14), 1, 3)


def _bricks(canvas: Canvas, box: tuple[float, float, float, float], color: Color, course: float) -> None:
    """A brick wall; `course` is the height of a row."""
    left, top, right, bottom = box
    canvas.rectangle(left, top, right, bottom, mixed(color, (150, 155, 160), 0.55), 8, 8)
    length, row, y = course * 1.35, 0, top
    while y < bottom:
        x = left - (length / 2 if row % 2 else 0)
        while x < right:
            shade = shaded(color, float(canvas.rng.uniform(0.78, 1.2)))
            edges = (max(left, x), min(right, x + length * 0.93), min(bottom, y + course * 0.84))
            if edges[1] > edges[0]:
                canvas.rectangle(edges[0], y, edges[1], edges[2], shade, 14, 12)
            x += length
        y, row = y + course, row + 1


def _tree(canvas: Canvas, x: float, top: float, foot: float, spread: float, palette: Palette) -> None:
    bark = shaded(palette.wood, 0.62)
    canvas.in_front = True
    canvas.surface([(x - 0.013, top), (x + 0.012, top), (x + 0.022, foot), (x - 0.024, foot)], bark, 22, 14)
    for lean in (-0.5, 0.45):
        canvas.line([(x, top + 0.16), (x + lean * spread, top)], bark, 0.016)
    region = (x - spread, top - 0.34, x + spread, top + 0.14)
    canvas.blobs(region, shaded(palette.leaf, 0.6), 500, 0.022)
    canvas.blobs(region, palette.leaf, 1500, 0.013)
    canvas.blobs(region, shaded(palette.leaf, 1.35), 500, 0.009)
    canvas.in_front = False


def _driveway(canvas: Canvas, palette: Palette) -> None:
    dx = palette.shift
    _sky(canvas, palette.sky, 0.3)
    canvas.blobs((-0.1, 0.13, 1.1, 0.40), shaded(palette.leaf, 0.75), 2200, 0.016)
    _far_house(canvas, 0.20 + dx, palette, palette.wall)
    _far_house(canvas, 0.60 + dx, palette, mixed(palette.wall, (215, 215, 210), 0.7))
    canvas.rectangle(0, 0.285, 1, 0.335, shaded(palette.grass, 0.9), 14, 16)
    canvas.rectangle(0, 0.33, 1, 0.36, shaded(palette.paving, 0.92), 10, 8)
    canvas.rectangle(0, 0.36, 1, 0.60, palette.road, 16, 9)
    for x in np.arange(0.02, 1.0, 0.14):
        canvas.rectangle(float(x), 0.452, float(x) + 0.06, 0.46, (205, 212, 214), 12, 8)
    canvas.rectangle(0, 0.595, 1, 0.61, shaded(palette.paving, 0.72), 10, 8)
    canvas.rectangle(0, 0.61, 1, 0.67, palette.paving, 10, 9)
    for x in np.arange(0.0, 1.0, 0.085):
        canvas.line([(float(x) * 1.02, 0.61), (float(x) * 1.04 - 0.02, 0.67)], shaded(palette.paving, 0.75), 0.002)
    canvas.rectangle(0, 0.67, 1, 1, palette.grass, 20, 16)
    canvas.blades(0.67, 1.0, palette.grass, 5200, 0.02)
    drive = [(0.36 + dx, 0.60), (0.66 + dx, 0.60), (0.90 + dx, 1.0), (0.16 + dx, 1.0)]
    canvas.surface(drive, mixed(palette.paving, palette.road, 0.35), 12, 10)
    for y in (0.68, 0.78, 0.90):
        inset = (y - 0.6) / 0.4
        canvas.line([(0.36 - 0.2 * inset + dx, y), (0.66 + 0.24 * inset + dx, y)], shaded(palette.paving, 0.62), 0.003)
    canvas.soft_shadow([(0.70 + dx, 0.76), (0.98, 0.72), (1.0, 0.88), (0.8 + dx, 0.9)], 0.4, 0.02)
    _tree(canvas, 0.89 + dx, 0.27, 0.78, 0.14, palette)
    canvas.in_front = True
    _bricks(canvas, (0, 0, 0.10 + dx, 0.90), palette.wall, 0.034)
    canvas.rectangle(0.10 + dx, 0, 0.112 + dx, 0.905, shaded(palette.paving, 1.1), 4, 5)
    canvas.in_front = False
    canvas.soft_shadow([(0, 0.88), (0.12 + dx, 0.88), (0.2 + dx, 1.0), (0, 1.0)], 0.5, 0.02)


def _far_house(canvas: Canvas, x: float, palette: Palette, color: Color) -> None:
    canvas.rectangle(x, 0.17, x + 0.17, 0.305, color, 8, 7)
    canvas.surface([(x - 0.02, 0.175), (x + 0.03, 0.085), (x + 0.14, 0.085), (x + 0.19, 0.175)], palette.roof, 14, 8)
    for at in (0.025, 0.115):
        canvas.rectangle(x + at, 0.2, x + at + 0.032, 0.25, (235, 238, 238), 3, 3)
        canvas.rectangle(x + at + 0.003, 0.205, x + at + 0.029, 0.246, (92, 80, 68), 5, 12)
    canvas.rectangle(x + 0.072, 0.215, x + 0.098, 0.305, shaded(palette.door, 1.2), 5, 5)


def _front_door(canvas: Canvas, palette: Palette) -> None:
    dx = palette.shift
    _bricks(canvas, (0, 0, 1, 0.66), palette.wall, 0.045)
    canvas.soft_shadow([(0, 0), (1, 0), (1, 0.05), (0, 0.05)], 0.55, 0.04)
    canvas.rectangle(0, 0.66, 1, 1, mixed(palette.paving, palette.wood, 0.25), 30, 12)
    for _ in range(2600):
        x, y = canvas.rng.uniform(0, 1), canvas.rng.uniform(0.665, 1)
        stone, size = shaded(palette.paving, float(canvas.rng.uniform(0.55, 1.2))), 0.003 + 0.008 * (y - 0.66)
        centre = (int(x * canvas.width), int(y * canvas.height))
        cv2.circle(canvas.image, centre, max(1, int(size * canvas.height)), stone, -1, cv2.LINE_AA)
    path = [(0.14 + dx, 0.655), (0.42 + dx, 0.655), (0.60, 0.76), (1.0, 0.80), (1.0, 1.0), (0.42, 1.0),
            (0.16 + dx, 0.8)]
    canvas.surface(path, palette.paving, 11, 10)
    for ends in (((0.15 + dx, 0.72), (0.52, 0.72)), ((0.17 + dx, 0.81), (1.0, 0.86)), ((0.3, 0.91), (1.0, 0.94)),
                 ((0.33 + dx, 0.66), (0.36, 0.83)), ((0.5, 0.73), (0.6, 0.97)), ((0.76, 0.79), (0.85, 0.98))):
        canvas.line(ends, shaded(palette.paving, 0.68), 0.004)
    _door(canvas, 0.18 + dx, palette)
    _window(canvas, (0.56 + dx, 0.10, 0.80 + dx, 0.42))
    canvas.rectangle(0.455 + dx, 0.20, 0.485 + dx, 0.27, (40, 44, 48), 6, 6)
    canvas.rectangle(0.46 + dx, 0.21, 0.48 + dx, 0.26, (190, 225, 240), 3, 3)
    canvas.rectangle(0.17 + dx, 0.672, 0.38 + dx, 0.735, shaded(palette.wood, 0.55), 26, 16)
    canvas.line([(0.175 + dx, 0.68), (0.375 + dx, 0.68), (0.375 + dx, 0.728), (0.175 + dx, 0.728), (0.175 + dx, 0.68)],
                shaded(palette.wood, 0.85), 0.005)
    pot = [(0.455 + dx, 0.60), (0.525 + dx, 0.60), (0.515 + dx, 0.71), (0.465 + dx, 0.71)]
    canvas.surface(pot, (66, 92, 160), 10, 8)
    for size, light in ((0.02, 0.65), (0.013, 1.1)):
        canvas.blobs((0.435 + dx, 0.43, 0.545 + dx, 0.63), shaded(palette.leaf, light), 320, size)
        canvas.blobs((0.84 + dx, 0.30, 1.04 + dx, 0.74), shaded(palette.leaf, light), 900, size)


def _door(canvas: Canvas, x: float, palette: Palette) -> None:
    canvas.rectangle(x - 0.018, 0.09, x + 0.198, 0.66, (226, 230, 230), 4, 5)
    canvas.rectangle(x, 0.115, x + 0.18, 0.65, palette.door, 7, 6)
    dark, light = shaded(palette.door, 0.66), shaded(palette.door, 1.35)
    for left in (x + 0.022, x + 0.1):
        for top, bottom in ((0.36, 0.47), (0.50, 0.62)):
            canvas.rectangle(left, top, left + 0.058, bottom, dark, 6, 5)
            canvas.rectangle(left + 0.006, top + 0.012, left + 0.058, bottom, light, 6, 5)
            canvas.rectangle(left + 0.006, top + 0.012, left + 0.052, bottom - 0.01, palette.door, 6, 5)
    canvas.rectangle(x + 0.022, 0.15, x + 0.158, 0.32, (212, 214, 210), 4, 4)
    canvas.rectangle(x + 0.03, 0.165, x + 0.15, 0.305, (98, 84, 70), 4, 14)
    canvas.line([(x + 0.09, 0.165), (x + 0.09, 0.305)], (212, 214, 210), 0.008)
    centre = (int((x + 0.165) * canvas.width), int(0.42 * canvas.height))
    cv2.circle(canvas.image, centre, int(0.012 * canvas.height), (110, 190, 220), -1, cv2.LINE_AA)
    canvas.rectangle(x - 0.03, 0.65, x + 0.21, 0.675, shaded(palette.paving, 0.85), 10, 8)


def _window(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    canvas.rectangle(left - 0.012, top - 0.02, right + 0.012, bottom + 0.02, (228, 231, 230), 4, 5)
    canvas.rectangle(left, top, right, bottom, (88, 74, 60), 4, 16)
    canvas.surface([(left, top), (left + 0.07, top), (left + 0.03, bottom), (left, bottom)], (190, 190, 196), 8, 10)
    canvas.surface([(right, top), (right - 0.07, top), (right - 0.03, bottom), (right, bottom)], (190, 190, 196), 8, 10)
    canvas.line([((left + right) / 2, top), ((left + right) / 2, bottom)], (228, 231, 230), 0.014)
    canvas.line([(left, (top + bottom) / 2), (right, (top + bottom) / 2)], (228, 231, 230), 0.010)
    canvas.rectangle(left - 0.02, bottom + 0.015, right + 0.02, bottom + 0.04, (196, 200, 204), 6, 6)


def _garden(canvas: Canvas, palette: Palette) -> None:
    dx = palette.shift
    _sky(canvas, palette.sky, 0.2)
    canvas.blobs((0.25, 0.02, 1.1, 0.30), shaded(palette.leaf, 0.7), 1600, 0.018)
    x = 0.0
    while x < 1:
        shade = shaded(palette.wood, float(canvas.rng.uniform(0.82, 1.22)))
        end = x + 0.0235
        canvas.surface([(x, 0.15), (x + 0.012, 0.137), (end, 0.15), (end, 0.44), (x, 0.44)], shade, 20, 14)
        x += 0.0255
    for y in (0.19, 0.37):
        canvas.rectangle(0, y, 1, y + 0.018, shaded(palette.wood, 0.7), 12, 10)
    canvas.rectangle(0, 0.43, 1, 1, palette.grass, 22, 18)
    canvas.soft_shadow([(0, 0.43), (1, 0.43), (1, 0.47), (0, 0.47)], 0.5, 0.012)
    canvas.blades(0.44, 1.0, palette.grass, 9000, 0.024)
    bed = [(0.62, 0.45), (1.0, 0.45), (1.0, 0.60), (0.80, 0.555)]
    canvas.surface(bed, (46, 62, 84), 26, 16)
    for color, number in (((70, 60, 205), 45), ((80, 200, 235), 45), ((190, 110, 190), 30)):
        canvas.blobs((0.64, 0.44, 1.04, 0.57), color, number, 0.009)
    canvas.blobs((0.72 + dx, 0.22, 0.98 + dx, 0.52), shaded(palette.leaf, 0.75), 700, 0.018)
    canvas.blobs((0.72 + dx, 0.22, 0.98 + dx, 0.52), shaded(palette.leaf, 1.25), 700, 0.012)
    canvas.surface([(0.72, 1.0), (0.86, 0.86), (1.0, 0.82), (1.0, 1.0)], palette.paving, 12, 10)
    canvas.line([(0.86, 0.86), (0.95, 1.0)], shaded(palette.paving, 0.7), 0.004)
    canvas.line([(0.79, 0.93), (1.0, 0.89)], shaded(palette.paving, 0.7), 0.004)
    canvas.soft_shadow([(0.02, 0.60), (0.34 + dx, 0.58), (0.42 + dx, 0.68), (0.05, 0.72)], 0.38, 0.02)
    _tree(canvas, 0.16 + dx, 0.30, 0.64, 0.17, palette)
