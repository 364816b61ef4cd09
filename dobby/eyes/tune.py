"""The detector tunes itself at night: a search over its few parameters on clips that people labelled.

Pure but for reading the clips; run as a process of its own, `python -m dobby.eyes.tune`, with a task as JSON on stdin
and the result on stdout. A change is kept only when it is better on all clips together and takes nothing from those
that were right: of two tunings as good, the one that is there stays.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import av
import cv2

from dobby.eyes.change import Detector, Tuning
from dobby.eyes.lens import Shot
from dobby.eyes.seen import Zone

STEPS = (0.25, 0.5, 0.7, 1.4, 2.0, 4.0, 12.0)  # what a parameter is multiplied by when its turn comes
LIMITS = {"sensitivity": (0.25, 4.0), "contrast": (0.03, 0.25), "smallest": (0.0001, 0.01), "steady": (0.2, 1.5),
          "travel": (0.1, 1.5)}
EVERY = 0.19  # seconds between frames, as when the camera is watched
ROUNDS = 2  # times that every parameter has its turn


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip: its file, and whether there was something in it that had to be told."""

    path: Path
    real: bool


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search came to: the tuning, and how many clips were right before and are now."""

    tuning: Tuning
    before: int
    after: int
    of: int


def told(clip: Clip, tuning: Tuning, zones: Sequence[Zone]) -> bool:
    """Whether the detector starts an event on a clip."""
    detector = Detector(tuning, zones)
    return any(change.kind in ("start", "left", "taken") for shot in frames(clip.path)
               for change in detector.see(shot.luma(), shot.at))


def frames(path: Path) -> Iterator[Shot]:
    """The frames of a clip that the detector would see; an unreadable one has none."""
    last = float("-inf")
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(video=0):
                at = float(frame.time or 0.0)
                if at - last >= EVERY:
                    last = at
                    yield Shot(at, frame)
    except (av.FFmpegError, OSError, ValueError):
        return


def search(clips: Sequence[Clip], start: Tuning, zones: Sequence[Zone], until: Callable[[], bool]) -> Tuned:
    """Try the parameters one after the other; `until` says when the time is over. Deterministic."""
    right = [told(clip, start, zones) is clip.real for clip in clips]
    before, best, best_right = sum(right), start, right
    for _ in range(ROUNDS):
        for name, (low, high) in LIMITS.items():
            for step in STEPS:
                if until() or all(best_right):
                    return Tuned(best, before, sum(best_right), len(clips))
                value = min(high, max(low, getattr(best, name) * step))
                trial = replace(best, **{name: value})
                found = _better(clips, trial, zones, best_right)
                if found is not None:
                    best, best_right = trial, found
    return Tuned(best, before, sum(best_right), len(clips))


def _better(clips: Sequence[Clip], trial: Tuning, zones: Sequence[Zone], best: Sequence[bool]) -> list[bool] | None:
    """Which clips a tuning gets right, None as soon as it loses one that was right, or when it wins none."""
    found: list[bool] = []
    for clip, was in zip(clips, best, strict=True):
        found.append(told(clip, trial, zones) is clip.real)
        if was and not found[-1]:
            return None
    return found if sum(found) > sum(best) else None


def work(task: Mapping[str, Any]) -> dict[str, Any]:
    """Do one task: {"clips": [{"path", "real"}], "tuning": {...}, "zones": [...], "seconds"}."""
    known = {one.name for one in fields(Tuning)}
    start = Tuning(**{key: float(value) for key, value in task["tuning"].items() if key in known})
    zones = [Zone(row["name"], tuple((x, y) for x, y in row["points"]), row["kind"], row["smallest"])
             for row in task["zones"]]
    clips = [Clip(Path(row["path"]), bool(row["real"])) for row in task["clips"]]
    end = time.monotonic() + float(task["seconds"])
    tuned = search(clips, start, zones, lambda: time.monotonic() > end)
    changed = {name: round(getattr(tuned.tuning, name), 5) for name in LIMITS
               if getattr(tuned.tuning, name) != getattr(start, name)}
    return {"changed": changed, "before": tuned.before, "after": tuned.after, "of": tuned.of}


def main() -> None:
    """One task from stdin to stdout."""
    os.nice(15)
    cv2.setNumThreads(1)
    json.dump(work(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
