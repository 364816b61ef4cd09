"""What changes in front of a camera: pictures with times in, events out. Pure: no files, no network, no clock, no
threads; the same input gives the same output.

Detector.see takes one picture and gives what there is to say about it (seen.Change). An event starts when something
that moves by itself has come and stays open while it moves; light, weather, noise and shake do not move by themselves.
How: the picture is made small and is compared, in the logarithm of light and with the slow light taken out, with the
range of what each place usually shows (change_background.py); what differs is followed over time (change_tracks.py),
and counts once it has stayed, has come some way, and has brought texture of its own or gone straight on for long.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np

from .change_background import Array
from .change_events import Events
from .change_look import Look, shrunk
from .change_tuning import Tuning
from .seen import Box, Change, Zone

__all__ = ["Detector", "Tuning"]

_PERIOD = 0.17  # frames that come faster than this are skipped: nothing here needs more than about five a second
_THROTTLED = 0.35  # seconds between the frames looked at in a scene that will not close: half of them
_WATCHED = 600.0  # seconds over which that is judged
_GAP, _STALE = 5.0, 60.0  # seconds without a picture after which what was followed, and what was known, is dropped
_SETTLES = 6.0  # a camera that switches its mode changes the picture more than once within these seconds
_SELDOM = 60.0  # the same where only the place looks different: it may be a restless one
_DARK = 40.0  # mean grey level of a dark picture
_GREY, _COLOURED = 0.025, 0.06  # difference of the colours over the brightness; between them nothing is concluded
_USUAL = Tuning()
_GLARE = 6.5  # hundredths of the logarithm: a change of light so uneven within one picture casts doubt
_ALL = Box(0.0, 0.0, 1.0, 1.0)


class Detector:
    """The change detector of one camera.

    see(frame, at): frame is (H, W) uint8 luma or (H, W, 3) uint8 BGR of any size; at is the frame's own time in
    seconds, growing. Any rate from about 1 to 30 frames a second; frames that come faster than needed are skipped
    cheaply. A jump of the clock or a long gap drops what was being followed, another picture size learns anew, a
    frame that is no picture is ignored; none of them says anything.
    """

    def __init__(self, tuning: Tuning = _USUAL, zones: Sequence[Zone] = ()) -> None:
        self.tuning, self.zones = tuning, tuple(zones)
        self._ids = itertools.count(1)
        self._turned = -math.inf  # when a mode was last told
        self._last: float | None = None
        self._shape: tuple[int, ...] = ()
        self._night = False
        self._grey: bool | None = None
        self._busy, self._gate = False, deque[tuple[float, float]]()  # (time, seconds open) of the last ten minutes
        self._begin(np.zeros((8, 8), np.uint8))

    @property
    def open(self) -> bool:
        """Whether an event is open now."""
        return bool(self._events.open)

    @property
    def boxes(self) -> list[Box]:
        """Where the things of the open events are now."""
        return self._events.boxes()

    @property
    def night(self) -> bool:
        """Whether the newest picture looks like infrared or night: without colour where colour is given, else dark."""
        return self._night

    def see(self, frame: Array, at: float, grey: bool | None = None) -> list[Change]:
        """What there is to say about this frame; see the class. grey: whether the picture has no colours, where the
        frame is luma and the caller knows it (the decoder's colour planes); None = unknown."""
        if not _is_picture(frame):
            return []
        step = 0.2 if self._last is None else at - self._last
        if 0 <= step < (_THROTTLED if self._busy else _PERIOD):
            return []
        changes: list[Change] = []
        small = shrunk(frame)
        if frame.shape[:2] != self._shape or step > _STALE:
            changes = self._events.forget(at)
            self._shape = frame.shape[:2]
            self._begin(small)
        elif step < 0 or step > _GAP:
            changes = self._events.forget(at)
            self._look.restart()
            step = 0.2
        self._last = at
        if self._switched(frame, small, grey):
            return [*changes, *self._relearn(small, at, _SETTLES)]
        return changes + self._step(small, at, step) + self._throttle(at, step)

    def _begin(self, small: Array) -> None:
        size = small.shape[1], small.shape[0]
        self._look = Look(small, self.tuning, _painted(self.zones, size))
        self._events = Events(self.tuning, self.zones, size, self._ids)
        self._upheaval = 0  # pictures in a row that differ nearly everywhere
        self._glare = 0.0  # how uneven the newest change of light is
        self._doubt: tuple[float, Array, float] | None = None  # since when, light and spread then

    def _step(self, small: Array, at: float, step: float) -> list[Change]:
        before, look = self._look.spread, self._look
        look.followed = self._events.followed(at, look.specked)
        blobs = look.see(small, step, self._events.held())
        self._upheaval = self._upheaval + 1 if look.share > 0.5 else 0
        if self._upheaval >= 2 or self._another(before, at):
            return self._relearn(small, at, _SELDOM)
        changes = self._events.follow(blobs, at, look.background, self._doubt is not None, look.specked)
        look.steps = self._events.steps()
        for track in self._events.tracks:
            look.sharpen(track, at)
        return changes

    def _another(self, spread: float, at: float) -> bool:
        """Whether the picture has become another one: something differs in most parts of it at once, or the light
        is another in most places, and both are still so a second later (a headlight has moved on by then)."""
        look, light = self._look, self._look.light()
        glare, self._glare = self._glare, float(np.median(np.abs(light)))
        if self._doubt is None:
            flash = self._grey is not False and self._glare - glare > _GLARE  # else colour tells
            if flash or (look.spread > 0.55 and spread < 0.2):
                self._doubt = at, light, look.spread
            return False
        since, then, there = self._doubt
        if at - since < 1.0:
            return False
        self._doubt = None
        alike = float((light * then).sum()) / (float((light**2).sum() * (then**2).sum()) ** 0.5 + 1e-3)
        left = self._glare / max(_GLARE, float(np.median(np.abs(then))))
        return (self._grey is not False and alike > 0.9 and left > 0.3) or (there > 0.55 and look.spread > 0.2)

    def _relearn(self, small: Array, at: float, again: float) -> list[Change]:
        """The whole picture is another one: what was known is worth nothing. Told at most every `again` seconds."""
        changes = self._events.forget(at)
        lately = at - self._turned < again or self._look.swayed
        self._begin(small)
        if lately:
            return changes
        self._turned = at
        return [*changes, Change("mode", 0, at, _ALL)]

    def _switched(self, frame: Array, small: Array, grey: bool | None) -> bool:
        """Notes how much colour there is; whether the camera went to infrared or back with this picture."""
        bright = float(small[::8, ::8].mean())
        self._night = bright < _DARK
        before = self._grey
        if frame.ndim == 2:
            self._grey = before if grey is None else grey
        else:
            some = frame[::max(1, frame.shape[0] // 24), ::max(1, frame.shape[1] // 32)]
            colour = float((some.max(axis=2) - some.min(axis=2)).mean()) / (bright + 1)
            if bright > 8 and not _GREY < colour < _COLOURED:
                self._grey = colour <= _GREY
        self._night = self._night or bool(self._grey)
        return before is not None and self._grey is not before

    def _throttle(self, at: float, step: float) -> list[Change]:
        """A scene that will not close is looked at less often."""
        self._gate.append((at, step if self._events.open else 0.0))
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


def _painted(zones: Sequence[Zone], size: tuple[int, int]) -> Array | None:
    """The zones that are not looked at, as a mask."""
    masks = [zone for zone in zones if zone.kind == "mask" and len(zone.points) > 2]
    if not masks:
        return None
    mask = np.zeros((size[1], size[0]), np.uint8)
    for zone in masks:
        corners = np.array([[x * size[0], y * size[1]] for x, y in zone.points]).round().astype(np.int32)
        cv2.fillPoly(mask, [corners], [255])
    return mask


def _is_picture(frame: Array) -> bool:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim not in (2, 3):
        return False
    return min(frame.shape[:2]) >= 8 and (frame.ndim == 2 or frame.shape[2] == 3)
