"""What changes in front of a camera: pictures with times in, events out. Pure: no files, no network, no clock, no
threads; the same input gives the same output.

Detector.see takes one picture and gives what there is to say about it (seen.Change). An event starts when something
that moves by itself has come and stays open while it moves; light, weather, noise and shake do not move by themselves.
How: the picture is made small and is compared, in the logarithm of light and with the slow light taken out, with the
range of what each place usually shows (change_background.py); what differs is followed over time (change_tracks.py),
and counts once it has stayed, has come some way, and has brought texture of its own.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .change_background import Array, Background, above, logarithm
from .change_steady import moved, put_back, sums
from .change_tracks import (
    Blob,
    Rect,
    Track,
    apart,
    expected,
    follow,
    gap,
    joined,
    left_picture,
    reach,
    shared,
    travelled,
)
from .seen import Box, Change, ChangeKind, Zone

_LONGEST = 320  # the small picture's longest side
_PERIOD = 0.17  # frames that come faster than this are skipped: nothing here needs more than about five a second
_SLOW = 0.45  # above this between two frames the median over time would swallow visitors
_CLOSE = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 5))
_THROTTLED = 0.8  # seconds between the frames looked at in a scene that will not close
_WATCHED = 600.0  # seconds over which that is judged
_GAP, _STALE = 5.0, 60.0  # seconds without a picture after which what was followed, and what was known, is dropped
_SETTLES = 6.0  # a camera that switches its mode changes the picture more than once within these seconds
_REMEMBERED = 30.0  # seconds for which an event may explain what was left or taken
_DARK = 40.0  # mean grey level of a dark picture
_GREY, _COLOURED = 0.025, 0.06  # difference of the colours over the brightness; between them nothing is concluded
_ALL = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Tuning:
    """The detector's parameters; a nightly search varies them.

    sensitivity: 0.25..4, per camera; higher sees smaller and fainter things.
    contrast: 0.03..0.25, by what share a place must get brighter or darker than its own range.
    smallest: 0.0001..0.01, the least share of the picture a thing covers.
    steady: 0.2..1.5 s, how long a thing must have been followed before it counts.
    travel: 0.1..1.5 of its own size, how far it must have come.
    hold: 0.5..4 s, how long an event outlives the last sight of its thing.
    settle: 2..30 s, how long a thing must have been still to belong to the scene.
    """

    sensitivity: float = 1.0
    contrast: float = 0.06
    smallest: float = 0.0008
    steady: float = 0.35
    travel: float = 0.3
    hold: float = 1.2
    settle: float = 5.0


@dataclass(slots=True)
class _Event:
    id: int
    tracks: list[Track]
    origin: Rect  # where its first thing was first seen
    crossed: Rect  # everywhere it has been
    box: Rect
    ended: float = math.inf


@dataclass(slots=True)
class _Standing:
    """Something that came to rest: its outline in the picture, and since when it is away again."""

    box: Rect
    places: Array
    brought: bool  # left by somebody, did not come by itself
    away: float = math.inf


class Detector:
    """The change detector of one camera.

    see(frame, at): frame is (H, W) uint8 luma or (H, W, 3) uint8 BGR of any size; at is the frame's own time in
    seconds, growing. Any rate from about 1 to 30 frames a second; frames that come faster than needed are skipped
    cheaply. A jump of the clock or a long gap drops what was being followed, another picture size learns anew, a
    frame that is no picture is ignored; none of them says anything.
    """

    def __init__(self, tuning: Tuning = Tuning(), zones: Sequence[Zone] = ()) -> None:
        self.tuning, self.zones = tuning, tuple(zones)
        self._next = 1
        self._turned = -math.inf  # when the whole picture last changed
        self._last: float | None = None
        self._shape: tuple[int, ...] = ()
        self._night = False
        self._grey: bool | None = None
        self._busy, self._gate = False, deque[tuple[float, float]]()  # (time, seconds open) of the last ten minutes
        self._forget((8, 8))

    @property
    def open(self) -> bool:
        """Whether an event is open now."""
        return bool(self._events)

    @property
    def boxes(self) -> list[Box]:
        """Where the things of the open events are now."""
        found: list[Rect] = []
        for event in self._events:
            for track in event.tracks:
                box = track.shown
                for other in [other for other in found if self._together(box, other)]:
                    found.remove(other)
                    box = joined(box, other)
                found.append(box)
        return [self._share(box) for box in found]

    @property
    def night(self) -> bool:
        """Whether the newest picture looks like infrared or night: without colour where colour is given, else dark."""
        return self._night

    def see(self, frame: Array, at: float) -> list[Change]:
        """What there is to say about this frame; see the class."""
        if not _is_picture(frame):
            return []
        step = 0.2 if self._last is None else at - self._last
        if 0 <= step < (_THROTTLED if self._busy else _PERIOD):
            return []
        changes: list[Change] = []
        small = self._shrink(frame)
        if frame.shape[:2] != self._shape or step > _STALE:
            changes = self._close_all(at, "lost")
            self._shape = frame.shape[:2]
            self._begin(small)
        elif step < 0 or step > _GAP:
            changes = self._close_all(at, "lost")
            self._tracks.clear()
            self._recent.clear()
            step = 0.2
        self._last = at
        if self._switched(frame, small):
            return [*changes, *self._relearn(small, at)]
        return changes + self._step(small, at, step) + self._throttle(at, step)

    def _forget(self, size: tuple[int, int]) -> None:
        self._size = size  # width, height of the small picture
        self._background = Background(np.zeros((size[1], size[0]), np.float32))
        self._ignored: Array | None = None
        self._recent: list[Array] = []
        self._tracks: list[Track] = []
        self._events: list[_Event] = []
        self._standing: list[_Standing] = []
        self._past: list[_Event] = []  # closed a short while ago
        self._upheaval = self._looks = 0
        self._off, self._known = (0.0, 0.0), sums(self._background.mid)

    def _begin(self, small: Array) -> None:
        self._forget((small.shape[1], small.shape[0]))
        self._background = Background(logarithm(small))
        self._ignored = self._paint("mask")

    def _paint(self, kind: str) -> Array | None:
        zones = [zone for zone in self.zones if zone.kind == kind and len(zone.points) > 2]
        if not zones:
            return None
        width_, height_ = self._size
        mask = np.zeros((height_, width_), np.uint8)
        for zone in zones:
            corners = np.array([[x * width_, y * height_] for x, y in zone.points]).round().astype(np.int32)
            cv2.fillPoly(mask, [corners], [255])
        return mask

    def _shrink(self, frame: Array) -> Array:
        height_, width_ = frame.shape[:2]
        scale = min(1.0, _LONGEST / max(height_, width_))
        coarse = frame[::2, ::2] if scale < 0.3 else frame
        size = max(8, round(width_ * scale)), max(8, round(height_ * scale))
        small = cv2.resize(coarse, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 else small

    def _share(self, box: Rect) -> Box:
        wide, high = self._size
        return Box(max(0.0, box[0] / wide), max(0.0, box[1] / high), min(1.0, box[2] / wide), min(1.0, box[3] / high))

    def _step(self, small: Array, at: float, step: float) -> list[Change]:
        background = self._background
        self._recent = [*self._recent[-2:], self._steadied(cv2.blur(small, (3, 3)))]
        calm = _median(self._recent) if len(self._recent) == 3 and step < _SLOW else self._recent[-1]
        held = self._held()
        margin = 100 * self.tuning.contrast / self.tuning.sensitivity**0.5
        found = background.look(logarithm(calm), margin, held)
        if self._ignored is not None:
            found[self._ignored > 0] = 0
        share = cv2.countNonZero(found) / found.size
        self._upheaval = self._upheaval + 1 if share > 0.5 else 0
        if self._upheaval >= 2:
            return self._relearn(small, at)
        tidy = self._tidy(found)
        blobs = self._blobs(tidy, found) if background.seconds > 2.0 else []
        background.learn(tidy, held, step)
        changes = self._follow(blobs, at)
        for event in self._events:
            for track in event.tracks:
                self._sharpen(track, at, margin)
        return changes

    def _steadied(self, small: Array) -> Array:
        """The picture as if the camera had not moved."""
        self._looks += 1
        if self._looks % 5 == 1:
            self._known = sums(self._background.mid)
        self._off = moved(sums(logarithm(small)), self._known)
        return put_back(small, self._off) if max(abs(self._off[0]), abs(self._off[1])) > 0.2 else small

    def _sharpen(self, track: Track, at: float, margin: float) -> None:
        """Where a thing is in the newest picture: what is followed is the median over time, which lags behind."""
        guess = joined(track.box, expected(track, at + 0.2))
        more = 4 + 0.15 * max(guess[2] - guess[0], guess[3] - guess[1])
        left, top = max(0, int(guess[0] - more)), max(0, int(guess[1] - more))
        part = slice(top, int(guess[3] + more) + 1), slice(left, int(guess[2] + more) + 1)
        newest = self._recent[-1][part]
        if newest.size < 9:
            return
        dense = cv2.blur(self._background.differs(logarithm(newest), part, margin), (3, 3)) > 110
        rows, columns = np.flatnonzero(dense.any(axis=1)), np.flatnonzero(dense.any(axis=0))
        if rows.size:
            track.shown = (left + float(columns[0]), top + float(rows[0]),
                           left + float(columns[-1]) + 1, top + float(rows[-1]) + 1)

    def _relearn(self, small: Array, at: float) -> list[Change]:
        """The whole picture is another one: what was known is worth nothing."""
        changes = self._close_all(at, "lost")
        lately = at - self._turned < _SETTLES
        self._turned = at
        self._begin(small)
        return changes if lately else [*changes, Change("mode", 0, at, _ALL)]

    def _switched(self, frame: Array, small: Array) -> bool:
        """Notes how much colour there is; whether the camera went to infrared or back with this picture."""
        bright = float(small[::8, ::8].mean())
        self._night = bright < _DARK
        if frame.ndim == 2:
            return False
        some = frame[::max(1, frame.shape[0] // 24), ::max(1, frame.shape[1] // 32)]
        colour = float((some.max(axis=2) - some.min(axis=2)).mean()) / (bright + 1)
        before = self._grey
        if bright > 8 and not _GREY < colour < _COLOURED:
            self._grey = colour <= _GREY
        self._night = self._night or bool(self._grey)
        return before is not None and self._grey is not before

    def _throttle(self, at: float, step: float) -> list[Change]:
        """A scene that will not close is looked at less often."""
        self._gate.append((at, step if self._events else 0.0))
        while self._gate[0][0] < at - _WATCHED:
            self._gate.popleft()
        if not self._busy and sum(open_ for _, open_ in self._gate) > 0.3 * _WATCHED:
            self._busy = True
            return [Change("busy", 0, at, _ALL)]
        if self._busy and sum(open_ for when, open_ in self._gate if when > at - _WATCHED / 2) < 0.05 * _WATCHED:
            self._busy = False
            self._gate.clear()
            return [Change("calm", 0, at, _ALL)]
        return []

    def _held(self) -> Array | None:
        """The places of the open events, where nothing counts as flicker and nothing is light."""
        if not self._events:
            return None
        mask = np.zeros((self._size[1], self._size[0]), np.uint8)
        for event in self._events:
            for track in event.tracks:
                left, top, right, bottom = (round(side) for side in track.box)
                mask[max(0, top - 3):bottom + 3, max(0, left - 3):right + 3] = 255
        return mask

    def _tidy(self, found: Array) -> Array:
        if not cv2.countNonZero(found):
            return found
        dense = above(cv2.blur(found, (5, 5)), 255 * 0.36)
        return cv2.morphologyEx(dense, cv2.MORPH_CLOSE, _CLOSE)

    def _blobs(self, tidy: Array, found: Array) -> list[Blob]:
        background = self._background
        if not cv2.countNonZero(tidy):
            return []
        _, labels, stats, _ = cv2.connectedComponentsWithStats(tidy, connectivity=8)
        least = self.tuning.smallest / self.tuning.sensitivity * tidy.size
        blobs = []
        for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= least * 0.5)[:60] + 1:
            left, top, wide, high, area = (int(value) for value in stats[number])
            places = labels[top:top + high, left:left + wide] == number
            rest, alike = background.structure(left, top, left + wide, top + high, places)
            young = float(np.mean(background.age[top:top + high, left:left + wide][places] < 1.0))
            new = rest > 3.0 + background.noise and alike < 0.75
            blobs.append(Blob((left, top, left + wide, top + high), area, new, young))
        return blobs

    def _follow(self, blobs: list[Blob], at: float) -> list[Change]:
        for track in follow(self._tracks, blobs, at):
            if not track.event and travelled(track, self._size) > 0.15:
                track.moved = at
        changes: list[Change] = []
        for track in self._tracks:
            if not track.event and self._counts(track, at):
                changes += self._join(track, at)
        changes += self._settle(at)
        kept = [track for track in self._tracks if at - track.seen < (self._hold(track) if track.event else 0.7)]
        self._tracks = kept
        return changes + self._close(at) + self._missing(at)

    def _counts(self, track: Track, at: float) -> bool:
        """Whether a track is a visitor: followed long enough, came some way, brings texture of its own, is no speck."""
        tuning = self.tuning
        if track.seen != at or track.hits < 3 or at - track.path[0][0] < tuning.steady:
            return False
        if track.real < 0.5 * track.hits or track.stirring < 0.3 or track.pixels < self._least(track):
            return False
        return travelled(track, self._size) >= tuning.travel

    def _least(self, track: Track) -> float:
        least = self.tuning.smallest / self.tuning.sensitivity
        foot = self._share(track.box).foot
        for zone in self.zones:
            if zone.kind == "watch" and zone.smallest and zone.holds(foot):
                least = max(least, zone.smallest)
        return least * self._size[0] * self._size[1]

    def _join(self, track: Track, at: float) -> list[Change]:
        """A track that counts belongs to the open event beside it, or starts one."""
        for event in self._events:
            if any(self._together(track.box, other.box) for other in event.tracks):
                track.event = event.id
                event.tracks.append(track)
                return []
        event = _Event(self._next, [track], track.path[0][1], track.box, track.box)
        self._next += 1
        track.event = event.id
        self._events.append(event)
        known = any(shared(track.path[0][1], standing.box) > 0.3 for standing in self._standing)
        return [Change("start", event.id, at, self._share(track.shown), known=known)]

    def _together(self, one: Rect, two: Rect) -> bool:
        """Whether two boxes are parts of one thing, or people of one company."""
        across, down = apart(one, two)
        far = 2 * max(reach(one), reach(two))
        return max(across, down) <= far or (across <= 0.06 * self._size[0] and down <= 0.15 * self._size[1])

    def _settle(self, at: float) -> list[Change]:
        """What has been still for long belongs to the scene from now on."""
        changes: list[Change] = []
        background = self._background
        for track in [track for track in self._tracks if track.seen == at and at - track.moved >= self.tuning.settle]:
            left, top, right, bottom = (int(side) for side in track.box)
            places = np.zeros((self._size[1], self._size[0]), np.uint8)
            places[top:bottom, left:right] = background.was[top:bottom, left:right]
            brought = not track.event and self._brought(track)
            if brought:
                kind: ChangeKind = "left" if background.stands(places) else "taken"
                changes.append(Change(kind, self._next, at, self._share(track.box)))
                self._next += 1
            background.absorb(places)
            track.settled, track.seen = True, -math.inf
            self._standing = [*self._standing[-19:], _Standing(track.box, places, brought)]
        return changes

    def _brought(self, track: Track) -> bool:
        """Whether something that did not come by itself lies where somebody passed, and not where he came from."""
        if track.pixels < self._least(track) or track.real < 0.5 * track.hits:
            return False
        passed = [event for event in self._events + self._past if gap(event.crossed, track.box) <= 4]
        return bool(passed) and not any(shared(track.box, event.origin) > 0.3 for event in passed)

    def _missing(self, at: float) -> list[Change]:
        """Things that were left and are there no more."""
        changes: list[Change] = []
        for thing in list(self._standing):
            left, top, right, bottom = (int(side) for side in thing.box)
            part = slice(top, bottom), slice(left, right)
            places = thing.places[part] > 0
            away = float(np.mean(self._background.turned[part][places] > 0)) > 0.6 if places.any() else True
            thing.away = min(thing.away, at) if away else math.inf
            if at - thing.away < 2.0 or any(gap(track.box, thing.box) <= 0 for track in self._tracks):
                continue
            self._standing.remove(thing)
            if thing.brought:
                changes.append(Change("taken", self._next, at, self._share(thing.box)))
                self._next += 1
        return changes

    def _hold(self, track: Track) -> float:
        """Seconds without a sight of it: whoever went over the border is gone, others may be behind something."""
        return self.tuning.hold * (0.7 if left_picture(track, self._size) else 1.5)

    def _close(self, at: float) -> list[Change]:
        changes: list[Change] = []
        for event in list(self._events):
            alive = [track for track in event.tracks if at - track.seen < self._hold(track)]
            for track in alive:
                if track.pixels < 0.2 * track.most and at - track.moved > 1.0:
                    track.event, track.path = 0, track.path[-1:]  # what stayed behind when the thing itself went
            alive = [track for track in alive if track.event]
            if alive:
                event.tracks = alive
                event.box = alive[0].box
                for track in alive:
                    event.crossed = joined(event.crossed, track.box)
                continue
            last = event.tracks[-1]
            why = "settled" if last.settled else "gone" if left_picture(last, self._size) else "lost"
            self._events.remove(event)
            event.ended = at
            self._past = [*(old for old in self._past if at - old.ended < _REMEMBERED), event]
            changes.append(Change("end", event.id, at, self._share(last.box), why))
        return changes

    def _close_all(self, at: float, why: str) -> list[Change]:
        events, self._events = self._events, []
        return [Change("end", event.id, at, self._share(event.box), why) for event in events]


def _is_picture(frame: Array) -> bool:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim not in (2, 3):
        return False
    return min(frame.shape[:2]) >= 8 and (frame.ndim == 2 or frame.shape[2] == 3)


def _median(three: list[Array]) -> Array:
    one, two, last = three
    return cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), last))

