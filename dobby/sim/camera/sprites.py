"""Sprites: actors painted once on transparent ground, kept, and laid into frames.

A sprite is premultiplied BGRA: painting (b, g, r, 255) with soft edges on zeros gives exactly that.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from .cast import Color, Look
from .texture import SHIFT, Image, Points, fractal

OVERSIZE = 2


class Easel:
    """A transparent canvas; a unit is the actor's height, u from its left 0..aspect, v from its top 0..1."""

    def __init__(self, aspect: float, height: int) -> None:
        self.unit, self.aspect = height * OVERSIZE, aspect
        self.image: Image = np.zeros((self.unit, max(1, round(self.unit * aspect)), 4), np.uint8)

    def _at(self, points: Points) -> Any:
        scale = self.unit << SHIFT
        return np.array([[(round(u * scale), round(v * scale)) for u, v in points]], np.int32)

    def polygon(self, points: Points, color: Color) -> None:
        """A filled polygon."""
        cv2.fillPoly(self.image, self._at(points), (*color, 255), cv2.LINE_AA, SHIFT)

    def rectangle(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """A filled upright rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def limb(self, points: Points, color: Color, thick: float) -> None:
        """A thick line with round ends."""
        pixels = max(1, round(thick * self.unit))
        cv2.polylines(self.image, self._at(points), False, (*color, 255), pixels, cv2.LINE_AA, SHIFT)

    def ellipse(self, u: float, v: float, across: float, down: float, color: Color, turn: float = 0.0) -> None:
        """A filled ellipse with half axes `across` and `down`, turned by degrees."""
        scale = self.unit << SHIFT
        centre, axes = (round(u * scale), round(v * scale)), (round(across * scale), round(down * scale))
        cv2.ellipse(self.image, centre, axes, turn, 0, 360, (*color, 255), -1, cv2.LINE_AA, SHIFT)

    def letters(self, text: str, box: tuple[float, float, float, float], color: Color) -> None:
        """Bold writing stretched into the box (left, top, right, bottom)."""
        left, top, right, bottom = (round(edge * self.unit) for edge in box)
        if right - left < 2 or bottom - top < 2:
            return
        mask = cv2.resize(_writing(text), (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        part = self.image[top:bottom, left:right].astype(np.float32)
        share = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
        ink = np.array([*color, 255], np.float32)
        self.image[top:bottom, left:right] = (part * (1 - share) + ink * share).astype(np.uint8)

    def finished(self, height: int, grain: int) -> Image:
        """With light from above and some dirt, brought down to its height in pixels."""
        rng = np.random.default_rng(grain)
        shape = (self.image.shape[0], self.image.shape[1])
        dirt = fractal(shape, rng, [max(2, self.unit // n) for n in (3, 9, 30)]) * 0.05
        light = np.linspace(1.06, 0.90, shape[0], dtype=np.float32)[:, None] + dirt
        # premultiplied colours may not pass their own alpha
        colors = np.minimum(self.image[..., :3] * light[..., None], self.image[..., 3:])
        self.image[..., :3] = colors.astype(np.uint8)
        size = (max(1, round(height * self.aspect)), height)
        return np.asarray(cv2.resize(self.image, size, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=16)
def _writing(text: str) -> Image:
    """The text as a mask, cut close to its letters."""
    board = np.zeros((220, 160 * len(text)), np.uint8)
    cv2.putText(board, text, (20, 160), cv2.FONT_HERSHEY_DUPLEX, 4.5, 255, 26, cv2.LINE_AA)
    rows, columns = np.where(board.max(axis=1) > 0)[0], np.where(board.max(axis=0) > 0)[0]
    return np.ascontiguousarray(board[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


@lru_cache(maxsize=256)
def sprite(look: Look, height: int, step: int, view: str, carries: Look | None) -> Image:
    """An actor that looks right, `height` pixels tall; `step` is its phase in eighths, -1 when it stands still."""
    # late: figures and vehicles paint on the easel above
    from . import figures, vehicles

    if look.kind == "person":
        easel = figures.person(height, look, step, view, carries)
    elif look.kind in figures.ANIMALS:
        easel = figures.ANIMALS[look.kind](height, look, step)
    elif look.kind == "parcel":
        easel = figures.parcel(height, look)
    else:
        easel = vehicles.VEHICLES[look.kind](height, look, step)
    return easel.finished(height, look.grain)


def lay(frame: Image, painted: Image, left: int, top: int) -> None:
    """Lay a sprite into a frame, in place; what lies outside is cut off."""
    height, width = frame.shape[:2]
    x, y = max(0, left), max(0, top)
    right, bottom = min(width, left + painted.shape[1]), min(height, top + painted.shape[0])
    if x >= right or y >= bottom:
        return
    part = painted[y - top : bottom - top, x - left : right - left]
    under = frame[y:bottom, x:right]
    keep = cv2.bitwise_not(part[..., 3])
    under[:] = cv2.add(cv2.multiply(under, cv2.merge([keep] * 3), scale=1 / 255), part[..., :3])


@lru_cache(maxsize=64)
def _shadow(width: int, height: int) -> Image:
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    depth = np.clip(1 - (xs * xs + ys * ys), 0, 1) ** 0.7 * 135
    return np.dstack([np.zeros((height, width, 3), np.uint8), depth.astype(np.uint8)])


def lay_shadow(frame: Image, left: int, right: int, foot: int, height: int) -> None:
    """A soft shadow on the ground under an actor."""
    grow = max(2, (right - left) // 16)
    thick = max(4, height // 7)
    lay(frame, _shadow(right - left + 2 * grow, thick), left - grow, foot - thick * 2 // 3)
