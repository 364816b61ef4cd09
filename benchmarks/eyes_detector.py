"""Claim: Dobby's change detector finds visitors and leaves light, weather and camera faults alone, far better than
OpenCV's background subtractors and a running average, for less time on one core.

Drawn places and visitors by seed, each under every stress; with `--clips DIR` (or DOBBY_CLIPS) public clips too
(benchmarks/_clips.py says which). The same films and the same scoring for every detector. One line per film and
detector: events found, false alarms, share of quiet time open, double starts, latency, crops; then a sum and
milliseconds a frame. `--quick`: few films, ours only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _film
import cv2
import numpy as np
from _film import HIGH, RATE, WIDE, Array, Film, cv
from _house import show
from _stress import EVENTFUL, QUIET

sys.path.insert(0, str(Path(__file__).parent.parent))
from dobby.eyes.change import Detector, Tuning

Sight = tuple[int, bool, list[tuple[float, float, float, float]]]  # starts in this picture, open, boxes
See = Callable[[Array, float], Sight]


@dataclass(slots=True)
class Score:
    """What a detector made of a film."""

    found: int = 0
    events: int = 0
    false: int = 0
    doubles: int = 0
    modes: int = 0
    quiet: float = 0.0
    open: float = 0.0
    scored: float = 0.0
    cpu: float = 0.0
    frames: int = 0
    late: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    inflated: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Sums two."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> dict[str, object]:
        """For the line."""
        return {"found": f"{self.found}/{self.events}", "false_alarms": self.false,
                "false_per_hour": round(self.false * 3600 / max(1.0, self.scored), 1),
                "open_share": round(self.open / max(1.0, self.quiet), 3), "doubles": self.doubles, "modes": self.modes,
                "latency_s": round(statistics.median(self.late), 2) if self.late else None,
                "covered": round(statistics.mean(self.inside), 3) if self.inside else None,
                "inflation": round(statistics.median(self.inflated), 2) if self.inflated else None,
                "ms": round(self.cpu / max(1, self.frames) * 1000, 2)}


def ours(tuning: Tuning | None = None) -> See:
    """Dobby's detector."""
    detector = Detector(tuning or Tuning())

    def see(picture: Array, at: float) -> Sight:
        changes = detector.see(picture, at)
        starts = sum(change.kind == "start" for change in changes)
        if any(change.kind == "mode" for change in changes):
            see.modes += 1  # type: ignore[attr-defined]
        return starts, detector.open, [(box.left, box.top, box.right, box.bottom) for box in detector.boxes]

    see.modes = 0  # type: ignore[attr-defined]
    return see


def gate(mask_of: Callable[[Array], Array]) -> See:
    """The usual gate over a foreground mask: a contour over 0.1 % of the picture, two pictures in a row, held 1 s."""
    state: dict[str, Any] = {"hits": 0, "open": False, "last": -9.0, "boxes": []}

    def see(picture: Array, at: float) -> Sight:
        mask = cv.morphologyEx(mask_of(picture), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv.dilate(mask, np.ones((5, 5), np.uint8))
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [cv2.boundingRect(contour) for contour in contours if cv2.contourArea(contour) > mask.size * 0.001]
        state["hits"] = state["hits"] + 1 if boxes else 0
        starts = 0
        if boxes:
            state["last"] = at
            state["boxes"] = [(x / WIDE, y / HIGH, (x + w) / WIDE, (y + h) / HIGH) for x, y, w, h in boxes]
        if state["hits"] >= 2 and not state["open"] and at > 2:
            state["open"], starts = True, 1
        if state["open"] and at - state["last"] > 1.0:
            state["open"] = False
        return starts, state["open"], state["boxes"]

    return see


def mog2() -> See:
    """OpenCV MOG2 at its defaults, shadows told apart."""
    model = cv2.createBackgroundSubtractorMOG2()
    return gate(lambda picture: ((model.apply(picture) > 200) * 255).astype(np.uint8))


def knn() -> See:
    """OpenCV KNN at its defaults."""
    model = cv2.createBackgroundSubtractorKNN()
    return gate(lambda picture: ((model.apply(picture) > 200) * 255).astype(np.uint8))


def running_average() -> See:
    """Difference of more than 25 grey levels from a running average."""
    known: list[Array] = []

    def mask_of(picture: Array) -> Array:
        grey = cv.GaussianBlur(cv.cvtColor(picture, cv2.COLOR_BGR2GRAY), (5, 5), 0).astype(np.float32)
        if not known:
            known.append(grey.copy())
        away = cv.absdiff(grey, known[0])
        cv.accumulateWeighted(grey, known[0], 0.03)
        return np.where(away > 25, 255, 0).astype(np.uint8)

    return gate(mask_of)


RIVALS: dict[str, Callable[[], See]] = {"ours": ours, "mog2": mog2, "knn": knn, "runavg": running_average}


def judge(film: Film, see: See) -> Score:
    """Plays a film to a detector. An event counts from its first picture to a second after its last; the time after
    that, and two seconds more, is nobody's."""
    score = Score(frames=0, scored=film.seconds)
    starts: list[float] = []
    for number, (at, picture) in enumerate(film.pictures()):
        began = time.process_time()
        new, is_open, boxes = see(picture, at)
        score.cpu += time.process_time() - began
        score.frames += 1
        starts += [at] * new
        if at > 5 and not any(begin - 0.3 <= at <= end + 2.2 for begin, end in film.events):
            score.quiet += 1 / RATE
            score.open += is_open / RATE
        mask = film.masks.pop(number, None)
        if mask is not None and is_open and boxes:
            crop(score, mask, boxes)
    for begin, end in film.events:
        hits = [at for at in starts if begin - 0.3 <= at <= end + 1.0]
        starts = [at for at in starts if at not in hits]
        score.events += 1
        score.found += bool(hits)
        score.doubles += max(0, len(hits) - 1)
        score.late += [hits[0] - begin] if hits else []
        score.told += [] if hits else [f"missed {begin:.1f}"]
    score.false = len(starts)
    score.modes = getattr(see, "modes", 0)
    score.told += [f"false {at:.1f}" for at in starts]
    return score


def crop(score: Score, mask: Array, boxes: list[tuple[float, float, float, float]]) -> None:
    """How much of the moving pixels the boxes hold, and how much larger they are than they need be."""
    held = np.zeros_like(mask)
    high, wide = mask.shape
    for left, top, right, bottom in boxes:
        held[int(top * high):int(np.ceil(bottom * high)), int(left * wide):int(np.ceil(right * wide))] = 1
    there = int(mask.sum())
    if there < 0.0004 * mask.size:
        return
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    tight = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    score.inside.append(float((mask & held).sum()) / there)
    score.inflated.append(float(held.sum()) / float(tight))


def drawn(seed: int, stress: str, dense: bool = False, visits: int = 7) -> Film:
    """A drawn place with visitors."""
    rng = np.random.default_rng(seed)
    place = _film.place(seed)
    at, coming = 15.0, []
    for number in range(visits):
        coming.append(_film.visit(seed * 100 + number, at, place))
        at = coming[-1].until + (rng.uniform(1.6, 5) if dense else rng.uniform(9, 14))
    return Film(f"drawn {seed} {stress}{' dense' if dense else ''}", place, coming, at + 6, seed,
                float(rng.uniform(1.5, 3)), EVENTFUL[stress])


def empty(seed: int, stress: str) -> Film:
    """A drawn place with nobody."""
    return Film(f"empty {seed} {stress}", _film.place(seed), [], 150.0, seed, 2.0, QUIET[stress])


def films(seeds: range, clips: Path | None, only: str = "") -> Iterator[tuple[str, Film]]:
    """Every film, with the line it counts for."""
    for stress in EVENTFUL:
        for seed in seeds:
            yield f"events, {stress}", drawn(seed, stress)
    for seed in seeds:
        yield "events, dense", drawn(seed, "none", dense=True)
    for stress in QUIET:
        for seed in seeds:
            yield f"quiet, {stress}", empty(seed, stress)
    if clips is not None:
        yield from clipped_films(seeds, clips)


def clipped_films(seeds: range, clips: Path) -> Iterator[tuple[str, Film]]:
    """The same over public clips: as filmed, apart, cut-outs over other places, and empty places under every stress."""
    import _clips
    held_out = seeds.start >= 50
    names = [name for name in _clips.FILMED if (name in _clips.HELD_OUT) == held_out and (clips / name).is_file()]
    for name in names:
        yield "clips, as filmed", _clips.filmed(clips / name, 1, None)
    for stress in EVENTFUL:
        for name in names:
            film = _clips.filmed(clips / name, 1, 12.0)
            film.stress, film.name = EVENTFUL[stress], f"{film.name} {stress}"
            yield f"clips, {stress}", film
    yield from pasted_films(seeds, clips, held_out)


def pasted_films(seeds: range, clips: Path, held_out: bool) -> Iterator[tuple[str, Film]]:
    """Visitors cut out of some clips over the places of others."""
    import _clips
    cut = [visitor for name in _clips.CUT if (name in _clips.HELD_OUT) == held_out and (clips / name).is_file()
           for visitor in _clips.cutouts(clips / name)]
    places = {name: _clips.empty(_clips.load(clips / name), name) for name in (*_clips.CUT, *_clips.EMPTY)
              if (name in _clips.HELD_OUT) == held_out and (clips / name).is_file()}
    for number, (name, place) in enumerate(places.items()):
        for stress in (*EVENTFUL, "dense"):
            rng = np.random.default_rng(seeds.start * 1000 + number)
            at, coming = 15.0, []
            for _ in range(5):
                coming.append(_clips.laid(cut[int(rng.integers(0, len(cut)))], at, rng))
                at = coming[-1].until + (rng.uniform(1.6, 5) if stress == "dense" else rng.uniform(8, 12))
            yield f"pasted, {stress}", Film(f"pasted {name} {stress}", place, coming, at + 4, number, 2.0,
                                            EVENTFUL.get(stress, EVENTFUL["none"]))
        for stress in QUIET:
            yield f"still, {stress}", Film(f"still {name} {stress}", place, [], 150.0, number, 2.0, QUIET[stress])


def costs(rivals: dict[str, Callable[[], See]]) -> None:
    """Milliseconds a frame by picture size, with somebody walking through."""
    for wide, high in ((640, 360), (1280, 720), (1920, 1080)):
        film = list(drawn(3, "none", visits=3).pictures())[40:240]
        large = [cv2.resize(picture, (wide, high)) for _, picture in film]
        figures = {}
        for name, make in rivals.items():
            see = make()
            began = time.process_time()
            for number, picture in enumerate(large):
                see(picture, number / RATE)
            figures[name + "_ms"] = round((time.process_time() - began) / len(large) * 1000, 2)
        show(benchmark="eyes_detector", case=f"cost at {wide}x{high}", **figures)


def main() -> None:
    """Prints the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=os.environ.get("DOBBY_CLIPS"))
    parser.add_argument("--quick", action="store_true", help="few drawn films, ours only")
    parser.add_argument("--rivals", default="ours,mog2,knn,runavg")
    parser.add_argument("--seeds", default="1-3", help="train on 1-49, look at 50- rarely")
    parser.add_argument("--only", default="", help="lines that begin so")
    parser.add_argument("--verbose", action="store_true")
    choice = parser.parse_args()
    cv2.setNumThreads(1)
    first, _, last = ("1-1" if choice.quick else choice.seeds).partition("-")
    names = ["ours"] if choice.quick else choice.rivals.split(",")
    rivals = {name: RIVALS[name] for name in names}
    sums: dict[str, dict[str, Score]] = {}
    clips = Path(choice.clips) if choice.clips else None
    for line, film in films(range(int(first), int(last) + 1), clips if clips and clips.is_dir() else None):
        if not line.startswith(tuple(choice.only.split(";"))):
            continue
        for name, make in rivals.items():
            score = judge(film, make())
            sums.setdefault(line, {}).setdefault(name, Score()).add(score)
            if choice.verbose and name == "ours" and (score.told or score.doubles):
                print(json.dumps({"film": film.name, "told": score.told, "doubles": score.doubles}), file=sys.stderr)
    for line, by in sums.items():
        for name, score in by.items():
            show(benchmark="eyes_detector", case=line, detector=name, **score.figures())
    total(sums)
    costs(rivals)


def total(sums: dict[str, dict[str, Score]]) -> None:
    """One line a detector over everything."""
    for name in next(iter(sums.values()), {}):
        whole = Score()
        for by in sums.values():
            whole.add(by[name])
        show(benchmark="eyes_detector", case="all", detector=name, **whole.figures())


if __name__ == "__main__":
    main()
