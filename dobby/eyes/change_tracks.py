"""Things that move: what differs in one picture is joined to what differed in the ones before. Pure, small numbers.

Boxes are (left, top, right, bottom) in pixels of the detector's small picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

Rect = tuple[float, float, float, float]
_HIDDEN = 4.0  # seconds for which somebody may be out of sight on his way: behind a tree, before a wall of his colour
_SLOWER, _FASTER = 0.4, 1.4  # than he was before, meanwhile
_ENTERING, _GROWING = 0.5, 0.3  # what an edge's way counts for where the other one stays
_STEADFAST_SIGHTS, _STEADFAST_WAY = 7, 3.0  # sights within two seconds; of its own lengths


@dataclass(slots=True)
class Blob:
    """A place where one picture differs: its box, its number of differing pixels, and what they are like."""

    box: Rect
    pixels: int
    new: bool = True  # it brings texture of its own: no light, no shadow
    stirring: float = 1.0  # share of its pixels that changed within the last second

    @property
    def rows(self) -> slice:
        """Its part of a picture, down."""
        return slice(int(self.box[1]), int(self.box[3]))

    @property
    def columns(self) -> slice:
        """Its part of a picture, across."""
        return slice(int(self.box[0]), int(self.box[2]))


@dataclass(slots=True)
class Track:
    """One thing over time. `path` holds (time, box); `event` is 0 until it counts as a visitor."""

    path: list[tuple[float, Rect]]
    born: tuple[float, Rect]
    pixels: float
    seen: float
    moved: float  # when it last moved or stirred
    hits: int = 1
    real: int = 0  # of those, how many brought texture of their own
    sure: float = -math.inf  # when it last brought some
    steadfast: float = -math.inf  # when it last went so straight on that it needs none
    event: int = 0
    shown: Rect = (0, 0, 0, 0)  # where it is in the newest picture, for the crop
    settled: bool = False
    most: float = 0.0  # pixels, at its largest
    far: float = 0.0  # pixels, the furthest it has been from where it was first seen
    stirring: float = 1.0  # share of it that changed within the last second
    velocity: tuple[float, float] = (0.0, 0.0)

    @property
    def box(self) -> Rect:
        """Its newest place."""
        return self.path[-1][1]


def width(box: Rect) -> float:
    """Pixels across."""
    return box[2] - box[0]


def height(box: Rect) -> float:
    """Pixels down."""
    return box[3] - box[1]


def centre(box: Rect) -> tuple[float, float]:
    """The middle."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def joined(one: Rect, two: Rect) -> Rect:
    """The smallest box around both."""
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])


def apart(one: Rect, two: Rect) -> tuple[float, float]:
    """Pixels between two boxes across and down, 0 where they overlap."""
    return max(0.0, one[0] - two[2], two[0] - one[2]), max(0.0, one[1] - two[3], two[1] - one[3])


def gap(one: Rect, two: Rect) -> float:
    """Pixels between two boxes, 0 where they touch."""
    return max(apart(one, two))


def shared(one: Rect, two: Rect) -> float:
    """The part of the first box that lies inside the second, 0..1."""
    across = min(one[2], two[2]) - max(one[0], two[0])
    down = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, across) * max(0.0, down) / max(1.0, width(one) * height(one))


def expected(track: Track, at: float) -> Rect:
    """Where a track should be by now."""
    passed = min(at - track.seen, 1.0)
    dx, dy = track.velocity[0] * passed, track.velocity[1] * passed
    box = track.box
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def reach(box: Rect) -> float:
    """How far from a thing its next piece may lie."""
    return 3.0 + 0.35 * max(width(box), height(box))


def follow(tracks: list[Track], blobs: Sequence[Blob], at: float) -> list[Track]:
    """Joins one picture's blobs to the tracks; blobs that fit none begin new ones. Returns the tracks seen now."""
    claimed: dict[int, list[Blob]] = {}
    fresh: list[Blob] = []
    places = [expected(track, at) for track in tracks]
    for blob in sorted(blobs, key=lambda blob: -blob.pixels):
        best, least = -1, math.inf
        for number, (track, place) in enumerate(zip(tracks, places, strict=True)):
            away = min(gap(blob.box, place), gap(blob.box, track.box))
            late = (at - track.seen) * 0.25 * max(width(place), height(place))
            if away > reach(place) + late:
                continue
            middle = math.dist(centre(blob.box), centre(place)) / (1.0 + max(width(place), height(place)))
            cost = away + 3 * middle - (2.0 if track.event else 0.0)
            if cost < least:
                best, least = number, cost
        if best < 0:
            near = next((other for other in fresh if gap(other.box, blob.box) <= 2.0 + 0.15 * height(other.box)), None)
            if near is None:
                fresh.append(blob)
            else:
                _merge(near, blob)
        else:
            claimed.setdefault(best, []).append(blob)
    seen = []
    for number, found in claimed.items():
        parts = _parted(found)
        _extend(tracks[number], parts[0], at)
        seen.append(tracks[number])
        for part in parts[1:]:
            fresh += part
    for blob in fresh:
        track = Track([(at, blob.box)], (at, blob.box), blob.pixels, at, at, real=int(blob.new), shown=blob.box)
        tracks.append(track)
        seen.append(track)
    return seen


def _parted(blobs: list[Blob]) -> list[list[Blob]]:
    """Pieces of one thing lie close together; what does not is another thing: somebody walks away from a parcel, two
    people part. The one that moves most comes first."""
    groups: list[list[Blob]] = []
    for blob in blobs:
        near = [group for group in groups if any(gap(blob.box, other.box) <= max(reach(blob.box), reach(other.box))
                                                 for other in group)]
        groups = [group for group in groups if group not in near] + [[blob, *(one for group in near for one in group)]]
    return sorted(groups, key=lambda group: -sum(blob.pixels * (0.02 + blob.stirring) for blob in group))


def _merge(into: Blob, blob: Blob) -> None:
    whole = into.pixels + blob.pixels
    into.stirring = (into.stirring * into.pixels + blob.stirring * blob.pixels) / whole
    into.new = into.new or blob.new
    into.box, into.pixels = joined(into.box, blob.box), whole


def _extend(track: Track, blobs: list[Blob], at: float) -> None:
    whole = blobs[0]
    for blob in blobs[1:]:
        _merge(whole, blob)
    passed = max(at - track.seen, 1e-3)
    old, new = centre(track.box), centre(whole.box)
    keep = 0.5 if track.hits > 1 else 0.0
    track.velocity = (keep * track.velocity[0] + (1 - keep) * (new[0] - old[0]) / passed,
                      keep * track.velocity[1] + (1 - keep) * (new[1] - old[1]) / passed)
    track.path.append((at, whole.box))
    del track.path[:-40]
    track.pixels += 0.5 * (whole.pixels - track.pixels)
    track.most = max(track.most, track.pixels)
    track.far = max(track.far, math.dist(new, centre(track.born[1])))
    track.stirring += 0.4 * (whole.stirring - track.stirring)
    track.seen = at
    track.hits += 1
    track.real += int(whole.new)
    track.sure = at if whole.new else track.sure
    track.shown = whole.box
    if whole.stirring > 0.15:
        track.moved = at


def travelled(track: Track, size: tuple[int, int], seconds: float = 2.0) -> float:
    """How far a thing has come within the last seconds, in its own sizes. What goes takes both its edges along; what
    only grows or shrinks where it is (light, a shadow, a reflection) counts for a part of that. At the border of the
    picture one edge is enough: the other is outside."""
    now, box = track.path[-1]
    best = 0.0
    for at, before in track.path[:-1]:
        if now - at > seconds:
            continue
        own = math.sqrt(max(1.0, min(width(box), width(before)) * min(height(box), height(before))))
        way = math.hypot(_way(before[0], box[0], before[2], box[2], size[0]),
                         _way(before[1], box[1], before[3], box[3], size[1]))
        best = max(best, way / own)
    return best


def _way(low: float, low_now: float, high: float, high_now: float, end: int) -> float:
    """How far an interval moved."""
    one, two = low_now - low, high_now - high
    most = max(abs(one), abs(two))
    if low <= 1 or high >= end - 1:
        return _ENTERING * most
    least = min(abs(one), abs(two)) if one * two > 0 else 0.0
    return least + _GROWING * (most - least)


def steady(track: Track) -> bool:
    """Whether a thing seen three times or more goes straight on, as insects and rain do not."""
    spots = [centre(box) for _, box in track.path[-5:]]
    steps = sum(math.dist(one, two) for one, two in itertools.pairwise(spots))
    return len(spots) >= 3 and math.dist(spots[0], spots[-1]) > 0.8 * steps > 0


def _course(track: Track, seconds: float = 2.0) -> tuple[float, float]:
    """Pixels a second, over its last sights."""
    now, box = track.path[-1]
    then, before = next(sight for sight in track.path if now - sight[0] <= seconds)
    (x, y), (was_x, was_y) = centre(box), centre(before)
    passed = max(now - then, 0.2)
    return (x - was_x) / passed, (y - was_y) / passed


def afresh(track: Track) -> Track:
    """A thing whose past is not held in its favour."""
    return Track(track.path[-1:], track.path[-1], track.pixels, track.seen, track.moved, shown=track.shown,
                 most=track.pixels, stirring=track.stirring, velocity=track.velocity)


def continues(track: Track, lost: Track, size: tuple[int, int]) -> bool:
    """Whether a thing came into sight where one that was lost must have been by then, and goes the same way."""
    began, place = track.path[0]
    away = began - lost.path[-1][0]
    if not 0 <= away < _HIDDEN or not 0.25 < track.most / max(1.0, lost.most) < 4.0:
        return False
    (dx, dy), (across, down) = _course(lost), _course(track)
    then, box = max(lost.path[-10:], key=lambda sight: width(sight[1]) * height(sight[1]))  # the last ones show parts
    far = math.hypot(dx, dy) * away > 0.5 * max(width(box), height(box))
    if (far or left_picture(lost, size)) and dx * across + dy * down <= 0:
        return False
    since = lost.path[-1][0] - then
    slow, fast = ((box[0] + dx * on, box[1] + dy * on, box[2] + dx * on, box[3] + dy * on)
                  for on in (since + _SLOWER * away, since + _FASTER * away))
    return gap(place, joined(slow, fast)) <= reach(box)


def steadfast(track: Track, small: float) -> bool:
    """Whether a thing of at most `small` pixels goes straight on for many of its own lengths, as no light does: light
    that sweeps over a place is large."""
    if track.hits < _STEADFAST_SIGHTS or track.most > small:
        return False
    now = track.seen
    boxes = [box for at, box in track.path if now - at <= 2.0]
    spots = [centre(box) for box in boxes]
    way, steps = math.dist(spots[0], spots[-1]), sum(math.dist(one, two) for one, two in itertools.pairwise(spots))
    long = max(max(width(box), height(box)) for box in boxes)
    return len(boxes) >= _STEADFAST_SIGHTS and way > 0.9 * steps and way > _STEADFAST_WAY * long


def _at_border(box: Rect, size: tuple[int, int]) -> bool:
    return box[0] <= 1 or box[1] <= 1 or box[2] >= size[0] - 1 or box[3] >= size[1] - 1


def left_picture(track: Track, size: tuple[int, int]) -> bool:
    """Whether the thing was last seen at the border of the picture."""
    box = expected(track, track.seen + 0.4)
    return _at_border(box, size) or _at_border(track.box, size)
