"""Textures that grow from a seed: sensor noise, fractal fields, and a canvas that knows how rough each surface is."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .cast import Color

Image = NDArray[np.uint8]
Field = NDArray[np.float32]
Points = Sequence[tuple[float, float]]

SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
NOISE_MARGIN = 61


def fractal(shape: tuple[int, int], rng: np.random.Generator, cells: Sequence[int]) -> Field:
    """A smooth random field, about -1..1: one octave for each cell size in pixels, all as strong."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    for cell in cells:
        coarse = rng.uniform(-1, 1, (height // cell + 2, width // cell + 2)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(total / max(len(cells), 1) ** 0.5, np.float32)


@lru_cache(maxsize=6)
def noise_bank(width: int, height: int, tenths: int) -> tuple[Image, Image]:
    """What a sensor adds and what it takes away, larger than the picture so that each frame can cut its own part."""
    rng = np.random.default_rng(7 + tenths)
    shape = (height + NOISE_MARGIN, width + NOISE_MARGIN)
    grey = rng.standard_normal(shape, np.float32) * np.float32(tenths / 10)
    # a camera's denoiser leaves less noise in colour than in brightness, and it is coarser
    color = rng.standard_normal((shape[0] // 2 + 1, shape[1] // 2 + 1, 3), np.float32) * np.float32(tenths / 25)
    both = cv2.resize(color, shape[::-1], interpolation=cv2.INTER_LINEAR) + grey[..., None]
    return np.clip(both, 0, 255).astype(np.uint8), np.clip(-both, 0, 255).astype(np.uint8)


def add_noise(frame: Image, level: float, rng: np.random.Generator) -> Image:
    """The frame with fresh sensor noise of `level` grey levels, in place."""
    tenths = round(level * 10)
    if tenths <= 0:
        return frame
    height, width = frame.shape[:2]
    plus, minus = noise_bank(width, height, tenths)
    down, right = (int(n) for n in rng.integers(0, NOISE_MARGIN, 2))
    cut = (slice(down, down + height), slice(right, right + width))
    cv2.add(frame, plus[cut], dst=frame)
    cv2.subtract(frame, minus[cut], dst=frame)
    return frame


def shaded(color: Color, factor: float) -> Color:
    """A colour made lighter or darker."""
    blue, green, red = (min(255, max(0, round(part * factor))) for part in color)
    return blue, green, red


def mixed(one: Color, other: Color, share: float) -> Color:
    """`share` of the other colour in the one."""
    blue, green, red = (round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return blue, green, red


class Canvas:
    """A large picture being painted, in fractions of its width and height; `fine` and `blotch` are its texture."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self.width, self.height, self.rng = width, height, rng
        self.image: Image = np.zeros((height, width, 3), np.uint8)
        self.fine: Image = np.zeros((height, width), np.uint8)
        self.blotch: Image = np.zeros((height, width), np.uint8)
        # what stands so near that actors pass behind it; painted along while `in_front` is set
        self.front: Image = np.zeros((height, width), np.uint8)
        self.in_front = False

    def points(self, points: Points) -> Any:
        """Fractions as OpenCV's fixed point pixels."""
        scale = ((self.width << SHIFT), (self.height << SHIFT))
        return np.array([[(round(x * scale[0]), round(y * scale[1])) for x, y in points]], np.int32)

    def surface(self, points: Points, color: Color, fine: int = 10, blotch: int = 10) -> None:
        """Fill a polygon; `fine` and `blotch` are its texture in percent of its brightness."""
        shape = self.points(points)
        cv2.fillPoly(self.image, shape, color, cv2.LINE_AA, SHIFT)
        cv2.fillPoly(self.fine, shape, fine, cv2.LINE_8, SHIFT)
        cv2.fillPoly(self.blotch, shape, blotch, cv2.LINE_8, SHIFT)
        if self.in_front:
            cv2.fillPoly(self.front, shape, 255, cv2.LINE_8, SHIFT)

    def rectangle(self, left: float, top: float, right: float, bottom: float, color: Color, fine: int = 10,
                  blotch: int = 10) -> None:
        """A `surface` with upright edges."""
        self.surface([(left, top), (right, top), (right, bottom), (left, bottom)], color, fine, blotch)

    def line(self, points: Points, color: Color, thick: float = 0.002) -> None:
        """An open line; `thick` as a fraction of the height."""
        pixels = max(1, round(thick * self.height))
        cv2.polylines(self.image, self.points(points), False, color, pixels, cv2.LINE_AA, SHIFT)

    def blobs(self, region: tuple[float, float, float, float], color: Color, number: int, size: float) -> None:
        """Leaves: many small ellipses in shades of one colour, scattered over an ellipse that fills the region."""
        left, top, right, bottom = region
        angle, reach = self.rng.uniform(0, 2 * np.pi, number), np.sqrt(self.rng.uniform(0, 1, number))
        xs = (left + right) / 2 + np.cos(angle) * reach * (right - left) / 2
        ys = (top + bottom) / 2 + np.sin(angle) * reach * (bottom - top) / 2
        # the upper leaves see the sky
        lights = self.rng.uniform(0.5, 1.15, number) + 0.45 * (1 - (ys - top) / (bottom - top))
        for x, y, light, turn in zip(xs, ys, lights, self.rng.uniform(0, 180, number), strict=True):
            centre = (round(x * self.width), round(y * self.height))
            axes = (max(1, round(size * self.height)), max(1, round(size * self.height * 0.6)))
            cv2.ellipse(self.image, centre, axes, turn, 0, 360, shaded(color, float(light)), -1, cv2.LINE_AA)
            if self.in_front:
                cv2.ellipse(self.front, centre, axes, turn, 0, 360, 255, -1, cv2.LINE_8)

    def blades(self, top: float, bottom: float, color: Color, number: int, length: float) -> None:
        """Grass: short upright strokes, longer towards the viewer; only where the picture has the colour already."""
        ys = top + (bottom - top) * self.rng.uniform(0, 1, number) ** 0.7
        lengths = length * (0.3 + (ys - top) / max(bottom - top, 1e-6))
        xs, leans = self.rng.uniform(0, 1, number), self.rng.normal(0, 0.3, number)
        lights = self.rng.uniform(0.62, 1.45, number)
        base = np.array(color, np.int16)
        for x, y, reach, lean, light in zip(xs, ys, lengths, leans, lights, strict=True):
            px, py = min(int(x * self.width), self.width - 1), min(int(y * self.height), self.height - 1)
            if np.abs(self.image[py, px] - base).sum() > 200:
                continue
            tip = (int(px + lean * reach * self.height), int(py - reach * self.height))
            cv2.line(self.image, (px, py), tip, shaded(color, float(light)), 1, cv2.LINE_AA)

    def soft_shadow(self, points: Points, depth: float, blur: float) -> None:
        """Darken a polygon with soft edges, in place; `blur` as a fraction of the height."""
        small = 8
        mask = np.zeros((self.height // small, self.width // small), np.uint8)
        shape = (self.points(points) / small).astype(np.int32)
        cv2.fillPoly(mask, shape, 255, cv2.LINE_8, SHIFT)
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, blur * self.height / small))
        keep = 255 - (cv2.resize(soft, (self.width, self.height)).astype(np.float32) * depth).astype(np.uint8)
        self.image = np.asarray(cv2.multiply(self.image, cv2.merge([keep] * 3), scale=1 / 255), np.uint8)

    def finished(self, width: int, height: int) -> tuple[Image, Image]:
        """Textured and brought down to its final size; with it the mask of what is in front."""
        shape = (self.height, self.width)
        grain = cv2.GaussianBlur(self.rng.standard_normal(shape, np.float32), (0, 0), 0.9) * 2.2
        blotch = fractal(shape, self.rng, [self.height // n for n in (4, 14, 40)])
        depth = 1 + self.fine.astype(np.float32) * grain / 100 + self.blotch.astype(np.float32) * blotch / 100
        painted = np.clip(self.image * depth[..., None], 0, 255).astype(np.uint8)
        front = cv2.resize(self.front, (width, height), interpolation=cv2.INTER_AREA)
        small = cv2.resize(painted, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8), np.asarray(cv2.threshold(front, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)
