"""What the eyes speak of: boxes, zones, changes, and what a vision model said. Plain data, no library behind it.

Places are fractions of the picture, x to the right and y down, 0..1 each, so a box found on the small stream fits the
large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Subject = Literal["person", "vehicle", "animal", "parcel", "other", "nothing"]
SUBJECTS: tuple[Subject, ...] = ("person", "vehicle", "animal", "parcel", "other", "nothing")
ChangeKind = Literal["start", "end", "left", "taken", "mode", "busy", "calm"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, as fractions of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Its share of the picture, 0..1."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def foot(self) -> Point:
        """The middle of its lower edge: where a thing stands, which says what zone it is in."""
        return (self.left + self.right) / 2, self.bottom

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(min(self.left, other.left), min(self.top, other.top),
                   max(self.right, other.right), max(self.bottom, other.bottom))

    def grown(self, share: float) -> Box:
        """A box larger by this share of its own width and height on each side, kept inside the picture."""
        dx, dy = (self.right - self.left) * share, (self.bottom - self.top) * share
        return Box(max(0.0, self.left - dx), max(0.0, self.top - dy),
                   min(1.0, self.right + dx), min(1.0, self.bottom + dy))


@dataclass(frozen=True, slots=True)
class Zone:
    """A named part of the picture. kind "mask": what happens there is not looked at; "watch": a place with a name.

    points: the corners of a polygon; smallest: the least share of the picture (0..1) that a change in it must cover.
    """

    name: str
    points: tuple[Point, ...]
    kind: Literal["mask", "watch"] = "watch"
    smallest: float = 0.0

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside (even-odd rule)."""
        return _inside(point, self.points)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing the detector has to say about a camera. Times are the frames' own, in seconds.

    start: something that moves by itself has come (or a known parked or standing thing began to move).
    end: that event is over; `why` is "settled" (it stands or parks now), "gone" (it left) or "lost" (it faded out).
        One that was lost and soon goes on from there opens the event again without a word, and ends it a second time.
    left, taken: an object was left where none was, or one that stood there is gone; events with ids of their own.
    mode: the whole picture changed at once (infrared switch, exposure, a moved camera): learned anew, no event.
    busy, calm: the scene never closes (a flag in the wind) and is looked at less often; then it is well again.
    """

    kind: ChangeKind
    event: int
    at: float
    box: Box
    why: str = ""
    known: bool = False  # start: the thing was standing there before


@dataclass(frozen=True, slots=True)
class Seen:
    """What a vision model said about an event. Everything but `subject`, `parcel`, `alert` and the flags is a
    stranger's words: text on a sign can end up in them."""

    subject: Subject
    what: str  # one sentence for the phone, at most 90 characters
    carrier: str = ""
    count: int = 1
    parcel: Literal["appeared", "taken", "none"] = "none"
    text: str = ""  # what can be read in the picture
    alert: int = 1  # 0 nothing of note, 1 worth a look, 2 wants a person
    confidence: float = 0.0
    same_as_before: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """What a vision model is shown, and what it is told beside it. Pictures are JPEG bytes, b"" where there is none.

    kind: why it looks: an event's "start", "left" or "taken", or "look" when a person asked (`question`).
    weight: what matters more is looked at first: 2 person-size or a door, 1 a car, 0 small things.
    """

    camera: str
    when: datetime  # local time
    full: bytes
    crop: bytes = b""
    before: bytes = b""
    kind: Literal["start", "left", "taken", "look"] = "start"
    zone: str = ""
    night: bool = False
    weight: int = 1
    question: str = ""
    normal: tuple[str, ...] = ()  # what is usual here, in the owner's words
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Word:
    """What came of looking: what was seen and by which end ("local", "server", "claude"), or why nothing is known
    ("none": no end is set up; "late", "busy", "spent", "broken"; "newer": a newer event took its place)."""

    seen: Seen | None
    mind: str = ""
    why: Literal["", "none", "late", "busy", "spent", "broken", "newer"] = ""


def _inside(point: Point, points: Sequence[Point]) -> bool:
    x, y = point
    inside = False
    before = points[-1] if points else point
    for corner in points:
        (x1, y1), (x2, y2) = before, corner
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        before = corner
    return inside
