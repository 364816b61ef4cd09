"""How far a shaking camera has moved, from the sums of the picture's columns and rows. Pure.

Sums over whole columns and rows hardly notice visitors or noise, cost next to nothing and give fractions of a pixel.
"""

from __future__ import annotations

import cv2
import numpy as np

from .change_background import Array, cv

_REACH = 8  # small pixels that a camera may be off
_BETTER = 0.75  # a move must leave less than this part of the difference, or there was none
Sums = tuple[Array, Array]


def sums(log: Array) -> Sums:
    """What is compared: means of columns and of rows, without their slow part."""
    across, down = cv.reduce(log, 0, cv2.REDUCE_AVG).reshape(1, -1), cv.reduce(log, 1, cv2.REDUCE_AVG).reshape(1, -1)
    return (across - cv.blur(across, (31, 1))).ravel(), (down - cv.blur(down, (31, 1))).ravel()


def moved(now: Sums, known: Sums) -> tuple[float, float]:
    """Small pixels (right, down) by which the picture lies off the known one; (0, 0) when in doubt."""
    across, left_x = _offset(now[0], known[0])
    down, left_y = _offset(now[1], known[1])
    return (across if left_x < _BETTER else 0.0), (down if left_y < _BETTER else 0.0)


def _offset(now: Array, known: Array) -> tuple[float, float]:
    """(offset, the part of the difference that it leaves)."""
    reach = min(_REACH, now.size // 8)
    middle = known[reach:known.size - reach]
    windows = np.lib.stride_tricks.sliding_window_view(now, middle.size)
    rest = np.abs(windows - middle).mean(axis=1)
    best = int(rest.argmin())
    offset = float(best - reach)
    if 0 < best < 2 * reach:
        before, here, after = (float(rest[best + side]) for side in (-1, 0, 1))
        offset += (before - after) / (2 * (before - 2 * here + after) + 1e-6)
    return offset, float(rest[best]) / (float(rest[reach]) + 0.05)


def closer(log: Array, known: Array, off: tuple[float, float]) -> bool:
    """Whether the picture moved back by an offset really is more like the known one, place by place: a shadow that
    creeps over everything moves the sums too."""
    rest = []
    for across, down in ((0, 0), (round(off[0]), round(off[1]))):
        inner = slice(_REACH + 1, known.shape[0] - _REACH - 1, 3), slice(_REACH + 1, known.shape[1] - _REACH - 1, 3)
        moved_ = log[_REACH + 1 + down:known.shape[0] - _REACH - 1 + down:3,
                     _REACH + 1 + across:known.shape[1] - _REACH - 1 + across:3]
        away = moved_ - known[inner]
        rest.append(float(np.minimum(np.abs(away - np.median(away)), 15.0).mean()) if away.size else 0.0)
    return rest[1] <= 0.9 * rest[0] or (round(off[0]), round(off[1])) == (0, 0)


def put_back(small: Array, off: tuple[float, float]) -> Array:
    """The picture moved back by an offset."""
    move = np.array([[1, 0, -off[0]], [0, 1, -off[1]]], np.float32)
    back: Array = cv.warpAffine(small, move, (small.shape[1], small.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return back
