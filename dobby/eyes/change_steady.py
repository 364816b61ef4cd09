"""How far a shaking camera has moved, from the sums of the picture's columns and rows. Pure.

Sums over whole columns and rows hardly notice visitors or noise, cost next to nothing and give fractions of a pixel.
"""

from __future__ import annotations

import cv2
import numpy as np

from .change_background import Array, cv

_REACH = 8  # small pixels that a camera may be off
_BETTER = 0.75  # a move must leave less than this part of the difference, or there was none
_OTHER = 15.0  # hundredths of the logarithm of light
Sums = tuple[Array, Array]


def sums(log: Array, free: Array | None = None) -> Sums:
    """What is compared: means of columns and of rows, without their slow part; rows only over the `free` columns."""
    across = cv.reduce(log, 0, cv2.REDUCE_AVG).reshape(1, -1)
    down = cv.reduce(log if free is None else log[:, free], 1, cv2.REDUCE_AVG).reshape(1, -1)
    return (across - cv.blur(across, (31, 1))).ravel(), (down - cv.blur(down, (31, 1))).ravel()


def moved(now: Sums, known: Sums, free: Array | None = None) -> tuple[float, float]:
    """Small pixels (right, down) by which the picture lies off the known one; (0, 0) when in doubt. `free`: the
    columns (bool) in which no visitor is, who would be taken for a part of the place."""
    across, left_x = _offset(now[0], known[0], free)
    down, left_y = _offset(now[1], known[1], None)
    return (across if left_x < _BETTER else 0.0), (down if left_y < _BETTER else 0.0)


def _offset(now: Array, known: Array, free: Array | None) -> tuple[float, float]:
    """(offset, the part of the difference that it leaves)."""
    reach = min(_REACH, now.size // 8)
    middle = known[reach:known.size - reach]
    windows = np.lib.stride_tricks.sliding_window_view(now, middle.size)
    away = np.abs(windows - middle)
    rest = away.mean(axis=1) if free is None else away[:, free[reach:known.size - reach]].mean(axis=1)
    best = int(rest.argmin())
    if not 0 < best < 2 * reach:
        return 0.0, 1.0
    before, here, after = (float(rest[best + side]) for side in (-1, 0, 1))
    offset = best - reach + (before - after) / (2 * (before - 2 * here + after) + 1e-6)
    return offset, float(rest[best]) / (float(rest[reach]) + 0.05)


def closer(log: Array, known: Array, off: tuple[float, float]) -> bool:
    """Whether the picture moved back by an offset really is more like the known one, place by place: a shadow that
    creeps over everything moves the sums too."""
    reach = _REACH + 1
    high, wide = known.shape
    still = known[reach:high - reach:3, reach:wide - reach:3]
    away = []
    for across, down in ((0, 0), (round(off[0]), round(off[1]))):
        rest = log[reach + down:high - reach + down:3, reach + across:wide - reach + across:3] - still
        away.append(np.abs(rest - np.median(rest)) if rest.size else np.zeros(1))
    there = np.minimum(away[0], away[1]) < _OTHER  # the rest shows something else altogether: a visitor
    far = max(abs(round(side)) for side in off)
    before, after = (float(np.minimum(one[there], _OTHER).sum()) for one in away)
    return far == 0 or after <= max(0.6, 0.95 - 0.08 * far) * before


def put_back(small: Array, off: tuple[float, float]) -> Array:
    """The picture moved back by an offset."""
    move = np.array([[1, 0, -off[0]], [0, 1, -off[1]]], np.float32)
    back: Array = cv.warpAffine(small, move, (small.shape[1], small.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return back
