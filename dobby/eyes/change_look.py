"""From a picture to the places where it differs: made small, put back where it should be, freed of rain and noise,
compared with the background. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from .change_background import Array, Background, above, cv, logarithm
from .change_steady import closer, moved, put_back, sums
from .change_tracks import Blob, Rect, Track, expected, gap, joined
from .change_tuning import Tuning

_LONGEST = 320  # the small picture's longest side
_SLOW = 0.45  # seconds between two frames above which the median over time would swallow visitors
_WARM = 3.0  # seconds of learning before anything counts; specks are counted after a third of that
_SPECKS, _SPECK_SECONDS = 3.0, 60.0  # so many specks within that time are weather, noise or insects
_SPECK = 0.004  # share of the picture that a speck covers at most
_FAINT = 0.5  # of the margin, for what belongs to a thing that is followed
_CLOSE = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 5))


def shrunk(frame: Array) -> Array:
    """A frame, grey and small."""
    height, width = frame.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    coarse = frame[::2, ::2] if scale < 0.3 else frame
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small: Array = cv.resize(coarse, size, interpolation=cv2.INTER_AREA)
    return cv.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 else small


class Look:
    """One camera's pictures of one size. `ignored`: places not looked at (uint8 mask of the small picture)."""

    def __init__(self, small: Array, tuning: Tuning, ignored: Array | None) -> None:
        self.background = Background(logarithm(small))
        self.share, self.spread = 0.0, 0.0  # of the picture that differs; of its 16 x 9 parts in which something does
        self.swayed = False  # the camera was put back by a pixel or more a moment ago
        self._margin = 100 * tuning.contrast / tuning.sensitivity**0.5
        self._least = 0.5 * tuning.smallest / tuning.sensitivity * small.size
        self._ignored = ignored
        self._recent: list[Array] = []
        self._looks, self._specks = 0, 0.0
        self._lone: list[list[Blob]] = []  # small ones of the newest pictures that the median over time did not show
        self.steps: list[Rect] = []  # where things that go steadily on have been lately; told from outside
        self.followed: list[Rect] = []  # where things that are known to be about should be now; told from outside
        self._off = 0.0, 0.0
        self._known, self._odd = sums(self.background.mid), False  # odd: of some columns only

    def restart(self) -> None:
        """The next picture does not follow the last one closely."""
        self._recent.clear()

    def see(self, small: Array, step: float, held: Array | None) -> list[Blob]:
        """Where this picture differs from the background, which it then teaches; `step` seconds after the last one."""
        background = self.background
        newest = self._steadied(cv.blur(small, (3, 3)), held)
        self._recent = [*self._recent[-2:], newest]
        calm = _median(self._recent) if len(self._recent) == 3 and step < _SLOW else newest
        found = self._cleared(self._fainter(background.look(logarithm(calm), self._margin, held), background.plain))
        self.share = cv2.countNonZero(found) / found.size
        tidy = _tidied(found)
        self.spread = float(np.mean(cv.resize(tidy, (16, 9), interpolation=cv2.INTER_AREA) > 20))
        blobs = self._blobs(tidy, background.plain) if background.seconds > _WARM / 3 else []
        if calm is not newest and background.seconds > _WARM / 3:
            blobs = self._fresh(newest, tidy, blobs, step, held)
        background.learn(tidy, held, step)
        return blobs if background.seconds > _WARM else []

    def _fresh(self, newest: Array, tidy: Array, blobs: list[Blob], step: float,
               held: Array | None) -> list[Blob]:
        """The same in the newest picture itself. The median over time lags and loses what moves faster than its own
        length a frame, but keeps specks out: it rules while there are specks, else the newest picture does."""
        whole = slice(None), slice(None)
        plain = logarithm(newest) - self.background.light
        raw = _tidied(self._cleared(self._fainter(self.background.differs(plain, whole, self._margin), plain)))
        often = 4 if self.specked else 1  # while there are many, a look at every fourth picture will do
        if self._looks % often == 0:
            now = self._blobs(raw, plain)
            self._count_specks(now, tidy, held, step * often, often)
            if not self.specked:
                return now
        for blob in blobs:  # what the newest picture shows nothing of nearby flew by
            more = 0.6 * max(blob.box[2] - blob.box[0], blob.box[3] - blob.box[1])
            left, top, right, bottom = (int(side) for side in blob.box)
            near = raw[max(0, int(top - more)):int(bottom + more), max(0, int(left - more)):int(right + more)]
            blob.new = blob.new and cv2.countNonZero(near) > 0.2 * blob.pixels
        return blobs

    def _count_specks(self, now: list[Blob], tidy: Array, held: Array | None, step: float, often: int) -> None:
        """A speck is small, is gone from its place a frame later, and is no step of something that goes steadily on."""
        lone = [blob for blob in now if blob.pixels < _SPECK * tidy.size and not (
            tidy[blob.rows, blob.columns].any() or (held is not None and held[blob.rows, blob.columns].any()))]
        if self._lone:
            self._lone[-1] = [blob for blob in self._lone[-1] if not tidy[blob.rows, blob.columns].any()]
        self._lone.append(lone)
        self._specks -= self._specks * step / _SPECK_SECONDS
        if len(self._lone) > 3:
            alone = [all(gap(blob.box, box) > 0 for box in self.steps) for blob in self._lone.pop(0)]
            self._specks += often * sum(alone)

    @property
    def specked(self) -> bool:
        """Whether rain, snow, noise or insects are about."""
        return self._specks > _SPECKS

    def _fainter(self, found: Array, plain: Array) -> Array:
        """What differs, and where something is known to be about also what differs less: a part of it as bright as
        what is behind it, or all of it for a while."""
        for left, top, right, bottom in self.followed:
            part = slice(max(0, int(top)), max(0, int(bottom) + 1)), slice(max(0, int(left)), max(0, int(right) + 1))
            if found[part].size >= 9:
                found[part] |= self.background.differs(plain[part], part, _FAINT * self._margin)
        return found

    def light(self) -> Array:
        """How the light differs from what is known, coarse, without what is the same everywhere."""
        coarse = self.background.light[::6, ::6]
        return coarse - np.float32(np.median(coarse))

    def _cleared(self, found: Array) -> Array:
        """Without the ignored places and the rim that a moved camera no longer sees."""
        if self._ignored is not None:
            found[self._ignored > 0] = 0
        for axis, off in enumerate(self._off):
            if abs(off) > 0.2:
                rim = slice(-int(abs(off)) - 2, None) if off > 0 else slice(0, int(abs(off)) + 2)
                found[(slice(None), rim) if axis == 0 else rim] = 0
        return found

    def _steadied(self, small: Array, held: Array | None) -> Array:
        """The picture as if the camera had not moved."""
        self._looks += 1
        free: Array | None = None if held is None else np.logical_not(held.any(axis=0))
        if free is not None and np.mean(free[10:-10]) < 0.3:
            free = None
        if free is not None or self._odd or self._looks % 5 == 1:
            self._known = sums(self.background.mid, free)
        self._odd = free is not None
        log = logarithm(small)
        self.swayed = max(abs(self._off[0]), abs(self._off[1])) >= 1
        self._off = moved(sums(log, free), self._known, free)
        if max(abs(self._off[0]), abs(self._off[1])) <= 0.2 or not closer(log, self.background.mid, self._off):
            self._off = 0.0, 0.0
            return small
        return put_back(small, self._off)

    def sharpen(self, track: Track, at: float) -> None:
        """Where a thing is in the newest picture: what is followed is the median over time, which lags behind."""
        guess = joined(track.box, expected(track, at + 0.2))
        more = 4 + 0.15 * max(guess[2] - guess[0], guess[3] - guess[1])
        left, top = max(0, int(guess[0] - more)), max(0, int(guess[1] - more))
        part = slice(top, int(guess[3] + more) + 1), slice(left, int(guess[2] + more) + 1)
        newest = self._recent[-1][part]
        if newest.size < 9:
            return
        plain = logarithm(newest) - self.background.light[part]
        dense = cv.blur(self.background.differs(plain, part, _FAINT * self._margin), (3, 3)) > 110
        dense = _mainly(dense, 0.1 if self.specked else 0.03)
        rows, columns = np.flatnonzero(dense.any(axis=1)), np.flatnonzero(dense.any(axis=0))
        if rows.size:
            across, down = left + self._off[0], top + self._off[1]  # in the picture as the camera gave it
            track.shown = (across + float(columns[0]), down + float(rows[0]),
                           across + float(columns[-1]) + 1, down + float(rows[-1]) + 1)

    def _blobs(self, tidy: Array, plain: Array) -> list[Blob]:
        background = self.background
        if not cv2.countNonZero(tidy):
            return []
        _, labels, stats, _ = cv2.connectedComponentsWithStats(tidy, connectivity=8)
        blobs = []
        for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= self._least)[:60] + 1:
            left, top, wide, high, area = (int(value) for value in stats[number])
            part = slice(top, top + high), slice(left, left + wide)
            places = labels[part] == number
            rest, alike = background.structure(plain, part, places)
            young = float(np.mean(background.age[part][places] < 1.0))
            new = rest > 3.0 + background.noise and alike < 0.75
            blobs.append(Blob((left, top, left + wide, top + high), area, new, young))
        return blobs


def _tidied(found: Array) -> Array:
    """Without lone pixels, with small holes closed."""
    if not cv2.countNonZero(found):
        return found
    tidy: Array = cv.morphologyEx(above(cv.blur(found, (5, 5)), 255 * 0.36), cv2.MORPH_CLOSE, _CLOSE)
    return tidy


def _mainly(dense: Array, least: float) -> Array:
    """Only the parts of at least that share of the largest one's size."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dense.astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    kept: Array = (sizes >= least * max(1, sizes.max()))[labels]
    return kept


def _median(three: list[Array]) -> Array:
    one, two, last = three
    return cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), last))
