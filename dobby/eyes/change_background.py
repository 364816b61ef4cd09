"""The background of a picture: what every place looks like when nobody is there, and which places look otherwise now.

Everything is in units of a hundredth of the natural logarithm of light (8 = eight percent brighter), at the detector's
small size (H, W), float32. A place is known by its middle and by how far it usually strays from it (`wide`: noise,
shake and swaying leaves make a place wide), and is compared with its neighbours' whole range. Slow light (exposure,
clouds, dusk) is measured as one smooth field and taken out first. Two layers: what stands there now, and what stood
there before, so that neither coming nor going leaves a ghost.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
cv: Any = cv2  # its annotations know neither plain numbers nor float arrays

_DARK = 24.0  # grey levels added before the logarithm: below it a camera sees its own noise
TABLE = (100 * np.log((np.arange(256, dtype=np.float32) + _DARK) / _DARK)).astype(np.float32).reshape(1, 256)
_TAKEN = 0.7  # an outline fainter than this share of the one that was known is that of a thing that is gone
_NEAR = cv.getStructuringElement(cv.MORPH_RECT, (3, 3))
_RIM = cv.getStructuringElement(cv.MORPH_RECT, (5, 5))
_CLIP = 40.0  # a place that differs by more than this says nothing about the light
_FIELD = 4  # the light field is measured this many times coarser
_LIGHT_SECONDS, _MID_SECONDS, _WIDE_SECONDS = 4.0, 20.0, 40.0
_WARMING, _LONE_SECONDS, _STRAY = 3.0, 1.5, 60.0
_FLICKER_SECONDS, _FLICKER = 20.0, 2.5  # a place that turned foreground so often within that time is texture that moves


def logarithm(grey: Array) -> Array:
    """Grey levels (uint8) as hundredths of the logarithm of light."""
    log: Array = cv.LUT(grey, TABLE)
    return log


def above(array: Array, limit: float) -> Array:
    """Where an array is above a limit: uint8, 255 or 0."""
    mask: Array = cv.compare(array, limit, cv.CMP_GT)
    return mask


def below(array: Array, limit: float) -> Array:
    """Where an array is below a limit: uint8, 255 or 0."""
    mask: Array = cv.compare(array, limit, cv.CMP_LT)
    return mask


class Background:
    """The two layers of one picture size; `look` compares, `learn` follows."""

    def __init__(self, first: Array) -> None:
        self.mid, self.wide = first.copy(), np.full_like(first, 4.0)
        self.other, self.other_wide = first.copy(), np.full_like(first, 4.0)
        self.two = np.zeros(first.shape, np.uint8)  # 255 where the other layer holds something
        self.turned = np.zeros(first.shape, np.uint8)  # 255 where what was absorbed last is not what stands there now
        self.candidate, self.age = first.copy(), np.zeros_like(first)  # what a foreground place shows, and how long
        self.flicker, self.was = np.zeros_like(first), np.zeros(first.shape, np.uint8)
        self.light = np.zeros_like(first)
        self.differing = np.zeros(first.shape, np.uint8)  # where the picture differed last, lone pixels and all
        self.high, self.low = first.copy(), first.copy()  # the range of each place's neighbourhood
        self.plain = first.copy()  # the picture in the background's light
        self.noise = 2.0
        self.seconds = 0.0
        self._before = first.copy()

    def look(self, log: Array, margin: float, held: Array | None) -> Array:
        """Where the picture differs from both layers by more than the margin: uint8, 255 or 0."""
        self._measure_noise(log)
        self._measure_light(log, held)
        self.plain = cv.subtract(log, self.light)
        self.high = cv.dilate(cv.add(self.mid, self.wide), _NEAR)
        self.low = cv.erode(cv.subtract(self.mid, self.wide), _NEAR)
        over = cv.max(cv.subtract(self.plain, self.high), cv.subtract(self.low, self.plain))
        found = above(over, margin + self.noise)
        if cv.countNonZero(self.two):
            self._swap_back(found, margin)
        self.differing = found
        return found

    def differs(self, plain: Array, part: tuple[slice, slice], margin: float) -> Array:
        """The same for a part (rows, columns) of another picture of the same moment, in the background's light."""
        over = cv.max(plain - self.high[part], self.low[part] - plain)
        return above(over, margin + self.noise)

    def _measure_noise(self, log: Array) -> None:
        difference = np.abs(log[::6, ::6] - self._before[::6, ::6])
        self._before = log
        self.noise += 0.05 * (min(float(np.median(difference)) * 1.5, 20.0) - self.noise)

    def _measure_light(self, log: Array, held: Array | None) -> None:
        difference = cv.subtract(log, self.mid)
        whole = float(np.median(difference[::6, ::6]))
        height, width = log.shape
        difference -= whole
        np.clip(difference, -_CLIP, _CLIP, out=difference)
        size = (max(1, width // _FIELD), max(1, height // _FIELD))
        window = (size[0] // 6 | 1, size[0] // 6 | 1)
        if held is None:
            coarse = cv.blur(cv.resize(difference, size, interpolation=cv.INTER_AREA), window)
        else:
            free = (held == 0).astype(np.float32)
            above = cv.blur(cv.resize(difference * free, size, interpolation=cv.INTER_AREA), window)
            coarse = above / (cv.blur(cv.resize(free, size, interpolation=cv.INTER_AREA), window) + 0.05)
        self.light = cv.resize(coarse, (width, height), interpolation=cv.INTER_LINEAR)
        self.light += whole

    def _swap_back(self, found: Array, margin: float) -> None:
        """Places that look like the other layer again take it back: whoever left uncovers what was known."""
        away = cv.absdiff(self.plain, self.other)
        same = below(cv.subtract(away, self.other_wide), margin * 0.75 + self.noise)
        back = cv.bitwise_and(cv.bitwise_and(same, found), self.two)
        if cv.countNonZero(back):
            keep = self.mid.copy(), self.wide.copy()
            cv.copyTo(self.other, back, self.mid)
            cv.copyTo(self.other_wide, back, self.wide)
            cv.copyTo(keep[0], back, self.other)
            cv.copyTo(keep[1], back, self.other_wide)
            self.turned = cv.bitwise_xor(self.turned, back)
            found[back > 0] = 0

    def learn(self, found: Array, held: Array | None, step: float) -> None:
        """Follows the light, the slow drift and the liveliness of places, `step` seconds after the last time. `found`:
        where something is, by now without lone pixels. Its rim is left alone too, or things would be eaten up from
        there; other lone pixels become wider slowly, the rest at once."""
        self.seconds += step
        stray = cv.min(cv.absdiff(self.plain, self.mid), _STRAY)
        self._count_flicker(found, held, step)
        self.wide *= 1 - step / _WIDE_SECONDS
        if self.seconds < _WARMING:
            self.wide = cv.max(self.wide, stray)
            cv.accumulateWeighted(self.plain, self.mid, min(0.5, step))
        else:
            lively = above(self.flicker, _FLICKER)
            open_to = cv.bitwise_or(cv.bitwise_not(cv.dilate(found, _RIM)), lively)
            sure = cv.bitwise_and(open_to, cv.bitwise_or(cv.bitwise_not(self.differing), lively))
            cv.accumulateWeighted(cv.max(self.wide, stray), self.wide, min(1.0, step / _LONE_SECONDS), open_to)
            cv.copyTo(cv.max(self.wide, stray), sure, self.wide)
            cv.accumulateWeighted(self.plain, self.mid, min(0.5, step / _MID_SECONDS), open_to)
        self._age(found, step)
        follow = min(1.0, step / _LIGHT_SECONDS)  # then the layers take up the light, all by the same amount
        for layer in (self.mid, self.other, self.candidate):
            cv.scaleAdd(self.light, follow, layer, dst=layer)

    def _count_flicker(self, found: Array, held: Array | None, step: float) -> None:
        self.flicker *= 1 - step / _FLICKER_SECONDS
        turned = cv.bitwise_and(found, cv.bitwise_not(self.was))
        if held is not None:
            turned = cv.bitwise_and(turned, cv.bitwise_not(held))
        if cv.countNonZero(turned):
            cv.add(self.flicker, 1.0, dst=self.flicker, mask=turned)
        self.was = found

    def _age(self, found: Array, step: float) -> None:
        if not cv.countNonZero(found):
            if cv.countNonZero(self.was):
                self.age[:] = 0
            return
        same = below(cv.absdiff(self.plain, self.candidate), 7.0 + 2 * self.noise)
        on = cv.bitwise_and(same, found)
        older = self.age + step
        self.age = np.where(on > 0, older, 0).astype(np.float32)
        cv.copyTo(self.plain, cv.bitwise_not(on), self.candidate)

    def absorb(self, places: Array) -> None:
        """What these places (uint8 mask) show now is known from here on; what was known becomes the other layer."""
        cv.copyTo(self.mid, places, self.other)
        cv.copyTo(self.wide, places, self.other_wide)
        cv.copyTo(self.plain, places, self.mid)
        self.wide[places > 0] = 6.0
        self.two[places > 0] = 255
        self.turned[places > 0] = 0
        self.age[places > 0] = 0

    def enliven(self, places: Array) -> None:
        """These places (uint8 mask) are known to be restless from now on."""
        self.flicker[cv.dilate(places, _RIM) > 0] = 2 * _FLICKER

    def structure(self, now: Array, part: tuple[slice, slice], places: Array) -> tuple[float, float]:
        """How the fine texture of a part (rows, columns) of a picture in the background's light compares with the
        background's at some places in it: (what of it the background's texture does not explain, in units of light;
        correlation -1..1). Light leaves texture where it was, an object brings its own."""
        known = self.mid[part]
        now = now[part]
        fine = cv.subtract(now, cv.blur(now, (7, 7)))[places > 0]
        was = cv.subtract(known, cv.blur(known, (7, 7)))[places > 0]
        if fine.size < 4:
            return 0.0, 0.0
        power, before, both = float(fine @ fine), float(was @ was), float(fine @ was)
        explained = max(0.0, both) ** 2 / before if before > 1e-3 else 0.0
        return max(0.0, (power - explained) / fine.size) ** 0.5, both / ((power * before) ** 0.5 + 1e-3)

    def stands(self, places: Array) -> bool:
        """Whether something stands out at these places (uint8 mask) now: the outline of a thing that was left is in the
        picture, that of a thing that was taken is in the known background. In doubt it was left, for what lies before
        a camera was mostly brought while it looked; what was seen being brought is known to be taken anyway."""
        whole = cv.morphologyEx(places, cv.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        out = cv.distanceTransform(255 - whole, cv.DIST_L2, 3) - cv.distanceTransform(whole, cv.DIST_L2, 3)
        across, down = cv.Sobel(out, cv.CV_32F, 1, 0), cv.Sobel(out, cv.CV_32F, 0, 1)
        rim = np.abs(out) <= 1.5
        now, known = (self._edges(layer, across, down)[rim].mean() for layer in (self.plain, self.mid))
        return bool(now >= _TAKEN * known)

    @staticmethod
    def _edges(layer: Array, across: Array, down: Array) -> Array:
        """How much a layer changes along a direction (across, down) at each place."""
        soft = cv.GaussianBlur(layer, (0, 0), 1.2)
        x, y = cv.Sobel(soft, cv.CV_32F, 1, 0), cv.Sobel(soft, cv.CV_32F, 0, 1)
        steps: Array = np.abs(x * across + y * down) / (np.sqrt(across * across + down * down) + 1e-3)
        return steps
