"""An event as it unfolds: which frame shows it best, and when that is good enough to be shown. Pure but for the clock
of the frames; used by a camera's own thread."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dobby.eyes.lens import Shot
from dobby.eyes.seen import Box, Change

EDGE = 0.015  # a box nearer to the picture's edge than this is not wholly in the picture
SURE, LATEST = 0.9, 3.0  # seconds after the start: earliest, once it is whole and grows no more, and at the latest
GROWS = 1.08  # a box larger than a moment ago by this is still coming nearer
NEAR = 0.25  # the centre of a box may jump this far (fractions) and still be the same thing


@dataclass(slots=True)
class Episode:
    """One event. box is where it is now; best the frame (and box) that shows it best."""

    id: str
    kind: str
    began: float
    until: float
    box: Box
    best: Shot
    best_box: Box
    before: Shot | None
    known: bool = False
    why: str = ""
    score: float = 0.0
    grew: float = 0.0
    shown: bool = False

    def head(self, wall: Callable[[float], float]) -> dict[str, Any]:
        """What the daemon is told of it."""
        box = self.best_box
        return {"event": self.id, "kind": self.kind, "at": wall(self.began), "shot": wall(self.best.at),
                "box": [round(edge, 4) for edge in (box.left, box.top, box.right, box.bottom)],
                "known": self.known, "why": self.why, "seconds": round(self.until - self.began, 2)}


class Episodes:
    """The events of one camera that are open, by the detector's own number."""

    def __init__(self) -> None:
        self._open: dict[int, Episode] = {}
        self._before: Shot | None = None

    def begin(self, change: Change, shot: Shot, before: Shot | None) -> Episode | None:
        """A start, or something left or taken; the episode if it is to be shown at once."""
        alone = change.kind != "start"
        before = (self._before or before) if alone else before
        episode = Episode(secrets.token_hex(6), change.kind, change.at, shot.at, change.box, shot, change.box, before,
                          change.known, change.why, _score(change.box), shot.at)
        if alone:
            episode.shown = True
            return episode
        self._before = before
        self._open[change.event] = episode
        return None

    def follow(self, boxes: Sequence[Box], shot: Shot) -> list[Episode]:
        """A frame with where things move in it; the episodes that are to be shown now."""
        ready: list[Episode] = []
        for episode in self._open.values():
            box = _nearest(episode.box, boxes)
            if box is not None:
                _take(episode, box, shot)
            if not episode.shown and _ready(episode, shot.at):
                episode.shown = True
                ready.append(episode)
        return ready

    def end(self, change: Change) -> Episode | None:
        """An event is over; its episode, with `why`. One that was not shown yet is shown by whoever asked."""
        episode = self._open.pop(change.event, None)
        if episode is not None:
            episode.why, episode.until = change.why, max(episode.until, change.at)
        return episode

    def close(self) -> list[Episode]:
        """Every event ends (the detector begins anew); those that were shown."""
        over = [episode for episode in self._open.values() if episode.shown]
        self._open.clear()
        for episode in over:
            episode.why = "lost"
        return over


def _take(episode: Episode, box: Box, shot: Shot) -> None:
    if box.area > episode.box.area * GROWS:
        episode.grew = shot.at
    episode.box, episode.until = box, shot.at
    score = _score(box)
    if not episode.shown and score >= episode.score * 0.97:  # of two as good the later: it has come nearer to rest
        episode.best, episode.best_box, episode.score = shot, box, score


def _score(box: Box) -> float:
    return box.area * (0.3 if _cut(box) else 1.0)


def _cut(box: Box) -> bool:
    """Whether a box is cut by the left, right or upper edge (what stands near the lower one is merely close)."""
    return box.left < EDGE or box.right > 1 - EDGE or box.top < EDGE


def _ready(episode: Episode, now: float) -> bool:
    lasted = now - episode.began
    whole = not _cut(episode.best_box) and now - episode.grew > 0.5
    return lasted >= LATEST or (lasted >= SURE and whole)


def _nearest(old: Box, boxes: Sequence[Box]) -> Box | None:
    """The box that goes on where an old one was."""

    def distance(box: Box) -> float:
        across = abs(box.left + box.right - old.left - old.right)
        return max(across, abs(box.top + box.bottom - old.top - old.bottom)) / 2

    best = min(boxes, key=distance, default=None)
    return best if best is not None and distance(best) < NEAR else None
