"""From things that move to what is said of them: when a thing counts, which of them are one event, when it is over,
what came to rest, what was left and what was taken. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .change_background import Array, Background
from .change_tracks import (
    Blob,
    Rect,
    Track,
    afresh,
    apart,
    continues,
    expected,
    follow,
    gap,
    height,
    joined,
    left_picture,
    reach,
    shared,
    steadfast,
    steady,
    travelled,
    width,
)
from .change_tuning import Tuning
from .seen import Box, Change, ChangeKind, Zone

_REMEMBERED = 30.0  # seconds for which an event may explain what was left or taken
_IDLE = 7.0  # seconds after which what stirs but never left its place (a reflection, a flag) is part of the scene
_RIM = 0.1  # of its size; at the rim of a thing it differs least (infrared, clouds), and a crop wants all of it
_SURE = 2.0  # seconds after the last texture of its own for which what follows a thing may be no drifting light
_UNSURE = 3.0  # the same, until it is taken for light
_SMALL = 0.005  # share of the picture: patches of light that move over it are larger
_FORGOTTEN = 0.7  # seconds without a sight of a thing that does not count yet


@dataclass(slots=True)
class _Event:
    id: int
    tracks: list[Track]  # of one that is over: the last ones that it had
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


class Events:
    """The events of one camera and picture size; `size` is the small picture's width and height, `ids` numbers them."""

    def __init__(self, tuning: Tuning, zones: Sequence[Zone], size: tuple[int, int], ids: Iterator[int]) -> None:
        self._tuning, self._zones, self._size, self._ids = tuning, zones, size, ids
        self._small = _SMALL * size[0] * size[1]
        self.open: list[_Event] = []
        self._tracks: list[Track] = []
        self._past: list[_Event] = []  # closed a short while ago
        self._standing: list[_Standing] = []

    @property
    def tracks(self) -> list[Track]:
        """The things of the open events."""
        return [track for event in self.open for track in event.tracks]

    def boxes(self) -> list[Box]:
        """Where they are in the newest picture; parts of one thing are one box."""
        found: list[Rect] = []
        for track in self.tracks:
            box = track.shown
            for other in [other for other in found if self._together(box, other)]:
                found.remove(other)
                box = joined(box, other)
            found.append(box)
        return [self._share(box).grown(_RIM) for box in found]

    def steps(self) -> list[Rect]:
        """Where things that go steadily on have been in the last pictures, events or not yet."""
        return [box for track in self._tracks if steady(track) for _, box in track.path[-5:]]

    def followed(self, at: float, specks: bool) -> list[Rect]:
        """Where the things that count, or go steadily on (with specks about: for longer), should be at that time."""
        boxes = []
        for track in self._tracks:
            going = track.hits >= (5 if specks else 3) and steady(track)
            small = going and not specks and track.most < self._small
            came = track.event and track.far > math.sqrt(width(track.box) * height(track.box))  # no glint, no flag
            if small or (at - track.sure < _SURE and (came or going)):
                box = expected(track, at)
                more = reach(box)
                boxes.append((box[0] - more, box[1] - more, box[2] + more, box[3] + more))
        return boxes

    def held(self) -> Array | None:
        """Their places as a mask: there nothing counts as flicker and nothing is light."""
        if not self.open:
            return None
        mask = np.zeros((self._size[1], self._size[0]), np.uint8)
        for track in self.tracks:
            left, top, right, bottom = (round(side) for side in track.box)
            mask[max(0, top - 3):bottom + 3, max(0, left - 3):right + 3] = 255
        return mask

    def forget(self, at: float) -> list[Change]:
        """Drops what is being followed."""
        changes = [Change("end", event.id, at, self._share(event.box), "lost") for event in self.open]
        self.open.clear()
        self._tracks.clear()
        return changes

    def follow(self, blobs: list[Blob], at: float, background: Background, doubt: bool, specks: bool) -> list[Change]:
        """Takes one picture's blobs; gives what there is to say. Nothing starts while in doubt; with specks about
        (rain, snow, insects) it takes more to start."""
        for track in follow(self._tracks, blobs, at):
            if not track.event and travelled(track, self._size) > 0.15:
                track.moved = at
            if not specks and steadfast(track, self._small):
                track.sure = track.steadfast = at
        changes: list[Change] = []
        for track in self._tracks:
            if not doubt and not track.event and self._counts(track, at, specks):
                changes += self._join(track, at)
        changes += self._settle(at, background)
        kept = [track for track in self._tracks if at - track.seen < (self._hold(track) if track.event else _FORGOTTEN)]
        self._tracks = kept
        return changes + self._close(at) + self._missing(at, background)

    def _counts(self, track: Track, at: float, specks: bool) -> bool:
        """Whether a track is a visitor: followed long enough, came some way, is no speck, and brings texture of its own
        or goes so straight on that it needs none."""
        if track.seen == at == track.steadfast and track.pixels >= self._least(track):
            return True
        hits, real, size = (4, 0.75, 1.5) if specks else (3, 0.5, 1.0)
        if track.seen != at or track.hits < hits or at - track.path[0][0] < self._tuning.steady:
            return False
        if track.real < real * track.hits or track.stirring < 0.3 or track.pixels < size * self._least(track):
            return False
        return travelled(track, self._size) >= self._tuning.travel

    def _least(self, track: Track) -> float:
        least = self._tuning.smallest / self._tuning.sensitivity
        foot = self._share(track.box).foot
        for zone in self._zones:
            if zone.kind == "watch" and zone.smallest and zone.holds(foot):
                least = max(least, zone.smallest)
        return least * self._size[0] * self._size[1]

    def _join(self, track: Track, at: float) -> list[Change]:
        """A track that counts belongs to the open event beside it, or starts one."""
        for event in self.open:
            if any(self._together(track.box, other.box) or self._again(track, other) for other in event.tracks):
                track.event = event.id
                event.tracks.append(track)
                return []
        again = next((event for event in self._past if any(self._again(track, other) for other in event.tracks)), None)
        if again is not None:  # quietly: its end was told too early
            self._past.remove(again)
            again.tracks, again.ended = [track], math.inf
            track.event = again.id
            self.open.append(again)
            return []
        event = _Event(next(self._ids), [track], track.path[0][1], track.box, track.box)
        track.event = event.id
        self.open.append(event)
        known = any(shared(track.path[0][1], standing.box) > 0.3 for standing in self._standing)
        return [Change("start", event.id, at, self._share(track.shown), known=known)]

    def _together(self, one: Rect, two: Rect) -> bool:
        """Whether two boxes are parts of one thing, or people of one company."""
        across, down = apart(one, two)
        close = max(across, down) <= 1.6 * max(reach(one), reach(two))
        return close or (across <= 0.06 * self._size[0] and down <= 0.15 * self._size[1])

    def _again(self, track: Track, lost: Track) -> bool:
        """Whether a thing is one that was lost on its way a moment ago, and goes on from there."""
        return not lost.settled and continues(track, lost, self._size)

    def _settle(self, at: float, background: Background) -> list[Change]:
        """What has been still for long belongs to the scene from now on."""
        changes: list[Change] = []
        for track in [track for track in self._tracks if track.seen == at]:
            left, top, right, bottom = (int(side) for side in track.box)
            own = math.sqrt((right - left) * (bottom - top))
            idle = at - track.born[0] > _IDLE and track.far < min(own, 0.08 * self._size[0])
            still = self._tuning.settle * (1.0 if track.event and track.far > 0.5 * own else 0.6)
            if at - track.moved < still and not idle:
                continue
            places = np.zeros((self._size[1], self._size[0]), np.uint8)
            places[top:bottom, left:right] = background.was[top:bottom, left:right]
            stayed = not track.event or track.far < 0.5 * own  # it may have counted while it came off its bringer
            brought = stayed and track.stirring < 0.3 and self._brought(track)
            idle = idle and not brought
            if brought:
                kind: ChangeKind = "left" if background.stands(places) else "taken"
                changes.append(Change(kind, next(self._ids), at, self._share(track.box)))
            background.absorb(places)
            track.settled, track.seen = not idle and not brought, -math.inf
            if idle:
                background.enliven(places)
                continue
            self._standing = [*self._standing[-19:], _Standing(track.box, places, brought)]
        return changes

    def _brought(self, track: Track) -> bool:
        """Whether something that did not come by itself lies where somebody passed, and not where he came from."""
        if track.pixels < self._least(track) or track.real < 0.5 * track.hits:
            return False
        passed = [event for event in self.open + self._past if gap(event.crossed, track.box) <= 4]
        return bool(passed) and not any(shared(track.box, event.origin) > 0.3 for event in passed)

    def _missing(self, at: float, background: Background) -> list[Change]:
        """Things that were left and are there no more."""
        changes: list[Change] = []
        for thing in list(self._standing):
            left, top, right, bottom = (int(side) for side in thing.box)
            part = slice(top, bottom), slice(left, right)
            places = thing.places[part] > 0
            away = float(np.mean(background.turned[part][places] > 0)) > 0.4 if places.any() else True
            thing.away = min(thing.away, at) if away else math.inf
            if at - thing.away < 2.0 or any(gap(track.box, thing.box) <= 0 for track in self._tracks):
                continue
            self._standing.remove(thing)
            if thing.brought:
                changes.append(Change("taken", next(self._ids), at, self._share(thing.box)))
        return changes

    def _hold(self, track: Track) -> float:
        """Seconds without a sight of it: whoever went over the border is gone, others may be behind something."""
        return self._tuning.hold * (0.7 if left_picture(track, self._size) else 2.0)

    def _close(self, at: float) -> list[Change]:
        changes: list[Change] = []
        for event in list(self.open):
            alive = [track for track in event.tracks if at - track.seen < self._hold(track)]
            for track in alive:
                if track.pixels < 0.2 * track.most and at - track.moved > 1.0:
                    track.event, track.path = 0, track.path[-1:]  # what stayed behind when the thing itself went
                elif at - track.sure > _UNSURE:  # light that came over it, or it is hardly to be seen
                    self._tracks = [afresh(track) if other is track else other for other in self._tracks]
                    track.seen = -math.inf
            alive = [track for track in alive if track.event and track.seen > -math.inf]
            if alive:
                event.tracks = alive
                event.box = alive[0].box
                for track in alive:
                    event.crossed = joined(event.crossed, track.box)
                continue
            last = event.tracks[-1]
            why = "settled" if last.settled else "gone" if left_picture(last, self._size) else "lost"
            self.open.remove(event)
            event.ended = at
            self._past = [*(old for old in self._past if at - old.ended < _REMEMBERED), event]
            changes.append(Change("end", event.id, at, self._share(last.box), why))
        return changes

    def _share(self, box: Rect) -> Box:
        wide, high = self._size
        return Box(max(0.0, box[0] / wide), max(0.0, box[1] / high), min(1.0, box[2] / wide), min(1.0, box[3] / high))
