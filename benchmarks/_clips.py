"""Public clips for the detector's benchmark, when a folder of them is at hand: what happens in them when, and visitors
cut out of them to be laid over other places. The clips themselves are not part of this repository; where each can be
found stands beside its name. Times are seconds of the clip, labelled by eye."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from _film import HIGH, RATE, WIDE, Array, Film, Visit, clipped, cv

FILMED: dict[str, tuple[tuple[float, float], ...]] = {
    # intel-iot-devkit/sample-videos
    "one-by-one-person-detection.mp4": ((5.9, 20.5), (22.6, 45.4), (50.0, 70.6), (74.4, 87.8), (92.0, 120.8),
                                        (123.2, 136.9)),
    "car-detection.mp4": ((4.4, 8.6), (14.4, 18.9), (25.3, 27.9)),
    # andrewssobral/bgslibrary
    "bgs_video.avi": ((1.9, 6.3), (6.5, 8.9), (9.7, 12.4)),
}
EMPTY: dict[str, tuple[float, float]] = {  # a stretch of each that nobody is in
    "one-by-one-person-detection.mp4": (0.0, 5.0), "car-detection.mp4": (0.0, 3.8), "bgs_video.avi": (0.0, 1.6),
    "brightness_change.avi": (0.0, 2.6),
}
# opencv/opencv, ahmetozlu/tensorflow_object_counting_api, Breakthrough/DVR-Scan
CUT = ("vtest.avi", "pedestrian_survaillance.mp4", "bgs_video03.avi", "vehicle_survaillance.mp4", "car-detection.mp4",
       "cutl.mp4", "traffic_camera.mp4")
HELD_OUT = ("bgs_video03.avi", "pedestrian_survaillance.mp4", "car-detection.mp4", "brightness_change.avi")


def load(path: Path, rate: float = RATE) -> list[Array]:
    """A clip's pictures at a lower rate, 640x360 BGR."""
    pictures: list[Array] = []
    with av.open(str(path)) as box:
        stream = box.streams.video[0]
        own = float(stream.average_rate or 10)
        for number, frame in enumerate(box.decode(stream)):
            if number / own >= len(pictures) / rate - 1e-6:
                whole = frame.to_ndarray(format="bgr24")
                pictures.append(cv.resize(whole, (WIDE, HIGH), interpolation=cv2.INTER_AREA))
    return pictures


def empty(pictures: list[Array], name: str) -> Array:
    """The place with nobody in it: the median over time."""
    begin, end = EMPTY.get(name, (0.0, len(pictures) / RATE))
    some = pictures[int(begin * RATE):max(int(end * RATE), int(begin * RATE) + 1)]
    result: Array = np.median(np.array(some[::max(1, len(some) // 40)]), axis=0).astype(np.uint8)
    return result


class Filmed(Film):
    """A film made of real pictures: stretches with somebody in them, empty stretches played to and fro between them."""

    def __init__(self, name: str, stretches: list[tuple[list[Array], bool]], seed: int) -> None:
        super().__init__(name, stretches[0][0][0], [], 0.0, seed)
        self.roll: list[Array] = []
        self.labels: list[tuple[float, float]] = []
        for pictures, somebody in stretches:
            if somebody:
                self.labels.append((len(self.roll) / RATE, (len(self.roll) + len(pictures)) / RATE))
            self.roll += pictures
        self.seconds = len(self.roll) / RATE

    @property
    def events(self) -> list[tuple[float, float]]:
        return self.labels

    def _plain(self, rng: np.random.Generator) -> Any:
        for number, picture in enumerate(self.roll):
            yield number / RATE, clipped(picture + rng.normal(0, 1.0, (HIGH, WIDE, 1)).astype(np.float32))


def filmed(path: Path, seed: int, apart: float | None) -> Filmed:
    """A clip as filmed (apart None), or with that many seconds of its own empty stretch between the events."""
    pictures = load(path)
    begin, end = (int(side * RATE) for side in EMPTY[path.name])
    quiet = pictures[begin:end]
    quiet = quiet + quiet[::-1]
    stretches: list[tuple[list[Array], bool]] = []
    last = 0
    for start, stop in FILMED[path.name]:
        one, two = int(start * RATE), int(stop * RATE) + 1
        before = pictures[last:one] if apart is None else []
        need = int((apart or 0) * RATE) if stretches else int(15 * RATE)
        stretches.append(((quiet * (need // len(quiet) + 1))[:need] + before, False))
        stretches.append((pictures[one:two], True))
        last = two
    stretches.append(((quiet * (75 // len(quiet) + 1))[:75], False))
    return Filmed(f"{path.stem} {'as filmed' if apart is None else 'apart'}", stretches, seed)


def cutouts(path: Path, most: int = 12) -> list[tuple[tuple[Array, int, int], ...]]:
    """Visitors cut out of a clip: those that move alone for a second and a half or longer."""
    pictures = load(path)
    known = empty(pictures, path.name)
    running: list[list[tuple[Array, int, int]]] = []
    done: list[list[tuple[Array, int, int]]] = []
    for picture in pictures:
        found = _things(picture, known)
        following = []
        for track in running:
            cut, left, top = track[-1]
            near = [thing for thing in found if abs(thing[1] - left) < 60 and abs(thing[2] - top) < 40]
            if len(near) == 1 and 0.6 < near[0][0][..., 3].sum() / cut[..., 3].sum() < 1.7:
                track.append(near[0])
                found = [thing for thing in found if thing is not near[0]]
                following.append(track)
            else:
                done.append(track)
        running = following + [[thing] for thing in found]
    whole = [tuple(track) for track in done + running if len(track) >= 8 and _goes(track)]
    return sorted(whole, key=len, reverse=True)[:most]


def _things(picture: Array, known: Array) -> list[tuple[Array, int, int]]:
    away = cv.GaussianBlur(cv2.absdiff(picture, known), (5, 5), 0).max(axis=2)
    mask = cv.morphologyEx((away > 26).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 7), np.uint8))
    mask = cv.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    things = []
    for number in range(1, len(stats)):
        left, top, wide, high, area = (int(value) for value in stats[number])
        if area < 350 or area > 30000 or wide > 2.4 * high + 60:
            continue
        alpha = cv2.GaussianBlur((labels[top:top + high, left:left + wide] == number).astype(np.uint8) * 255, (3, 3), 0)
        things.append((np.dstack([picture[top:top + high, left:left + wide], alpha]), left, top))
    return things


def _goes(track: list[tuple[Array, int, int]]) -> bool:
    (_, x0, y0), (_, x1, y1) = track[0], track[-1]
    return abs(x1 - x0) + abs(y1 - y0) > 60


def laid(cut: tuple[tuple[Array, int, int], ...], at: float, rng: np.random.Generator) -> Visit:
    """A cut-out visitor at another time, place and size, perhaps mirrored; it begins and ends where it did on its own
    way, so it appears in the middle of the picture as if it came through a door."""
    scale, mirror = rng.uniform(0.8, 1.3), rng.random() < 0.5
    dx, dy = rng.uniform(-60, 60), rng.uniform(-30, 30)
    shots = []
    for picture, left, top in cut:
        size = max(3, round(picture.shape[1] * scale)), max(3, round(picture.shape[0] * scale))
        body = cv.resize(picture, size, interpolation=cv2.INTER_AREA)
        x, y = (left - WIDE / 2) * scale + WIDE / 2 + dx, (top - HIGH / 2) * scale + HIGH / 2 + dy
        if mirror:
            body, x = np.ascontiguousarray(body[:, ::-1]), WIDE - x - size[0]
        shots.append((body, round(x), round(y)))
    seen = [number for number, (body, x, y) in enumerate(shots)
            if -body.shape[1] + 6 < x < WIDE - 6 and -body.shape[0] + 6 < y < HIGH - 6]
    return Visit(at, tuple(shots[seen[0]:seen[-1] + 1]) if seen else tuple(shots))
