"""One camera in the eyes' process: a thread that looks, one that keeps the large stream undecoded, and one that makes
pictures when something happened. The newest frame wins; a camera that breaks is opened again with growing pauses.

Small stream: every frame decoded, five a second looked at. Large stream: a ring of packets, decoded around a moment.
With one stream only: key frames while nothing happens, every frame for half a minute after something stirred.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import cv2
import numpy as np

from dobby.eyes.change import Detector, Tuning
from dobby.eyes.episode import Episode, Episodes
from dobby.eyes.health import Health, Patience
from dobby.eyes.lens import TURNS, Address, Lost, Parcel, Pixels, Shot, packets, stills
from dobby.eyes.onvif import Asked, ask, motions
from dobby.eyes.ring import Ring
from dobby.eyes.seen import Change, Point, Zone

log = logging.getLogger(__name__)
EVERY = 0.19  # seconds between frames that the detector sees: five a second
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before a camera is opened again, by how often it failed in a row
STARTING = 8.0  # seconds that a look waits for a camera's very first picture
FIRST = 10.0  # seconds more that a camera has before its very first picture
AWAKE = 30.0  # seconds of full decoding after something stirred, where there is no small stream
STIR = 0.006  # share of a small picture whose local contrast changed between two key frames that wakes the decoder
CLIP_BEFORE, CLIP_AFTER = 6.0, 2.0  # seconds of the small stream kept around an event
SMALL = 768  # longest side of the pictures that a vision model is shown
Tell = Callable[[dict[str, Any], Sequence[bytes]], None]


@dataclass(frozen=True, slots=True)
class Spec:
    """What a camera is: its name, addresses, zones, how keen it is, and where its clips go ("" = nowhere)."""

    name: str
    main: Address
    sub: Address | None = None
    zones: tuple[Zone, ...] = ()
    tuning: Tuning = field(default_factory=Tuning)
    clips: str = ""
    patience: Patience = field(default_factory=Patience)


class Camera:
    """A camera that is watched. `tell` is called from its threads with (message, pictures)."""

    def __init__(self, spec: Spec, tell: Tell) -> None:
        self.spec = spec
        self._tell = tell
        self._detector = Detector(spec.tuning, spec.zones)
        self._health = Health(spec.patience)
        self._ring, self._small = Ring(), Ring(40.0)
        self._episodes = Episodes()
        self._quiet: deque[Shot] = deque(maxlen=20)
        self._last: Shot | None = None
        self._came = time.monotonic() + FIRST
        self._awake = self._slept = 0.0
        self._coarse: Pixels | None = None
        self._size = (0, 0)
        self._troubled = True
        self._changed: tuple[tuple[Zone, ...], Tuning] | None = None
        self._grey = False
        self._asked: Asked | None = None
        self._known = threading.Event()
        self._hands = ThreadPoolExecutor(1, thread_name_prefix=f"{spec.name}-pictures")

    def start(self) -> None:
        """Start its threads (daemons: they end with the process)."""
        jobs = [("watch", self._watch), *([] if self._http else [("keep", self._keep)]),
                *([("motion", self._motion)] if self._onvif else [])]
        for name, work in jobs:
            threading.Thread(target=self._for_ever, args=(work, name == "watch"), daemon=True,
                             name=f"{self.spec.name}-{name}").start()
        threading.Thread(target=self._guard, daemon=True, name=f"{self.spec.name}-guard").start()

    def change(self, zones: tuple[Zone, ...], tuning: Tuning) -> None:
        """Take other zones or another tuning; what was learned of the scene is learned anew."""
        self._changed = zones, tuning

    def look(self, draw: Sequence[Point] = ()) -> tuple[bytes, bytes]:
        """A picture of now as JPEG, and a small one; the first with a part marked if its corners are given. Lost when
        there is none new enough."""
        until = time.monotonic() + STARTING
        while self._last is None and self._health.state == "up" and time.monotonic() < until:
            time.sleep(0.05)  # just opened: the first picture is on its way
        shot = self._last
        if shot is None or time.monotonic() - shot.at > 10.0 or self._health.state in ("down", "frozen"):
            raise Lost("There is no new picture.", "Is the camera switched on?")
        return self._hands.submit(self._pair, shot, draw).result(10.0)

    def _pair(self, shot: Shot, draw: Sequence[Point]) -> tuple[bytes, bytes]:
        shot = self._large(time.monotonic()) or shot
        return marked(shot, draw), jpeg(shot, SMALL)

    @property
    def _http(self) -> bool:
        return urlsplit(self.spec.main.url).scheme in ("http", "https")

    @property
    def _night(self) -> bool:
        """Whether it is night in the picture: without colours (infrared), or dark."""
        return self._grey or self._detector.night

    @property
    def _onvif(self) -> bool:
        return urlsplit(self.spec.main.url).scheme == "onvif"

    # --- the threads --------------------------------------------------------------------------------------------------

    def _for_ever(self, work: Callable[[], None], main: bool) -> None:
        failed = 0
        while True:
            began = time.monotonic()
            try:
                work()
                why = Lost("The stream ended.")
            except Lost as error:
                why = error
            except Exception as error:  # a picture library may break in any way; this camera starts again, alone
                log.exception("camera %s", self.spec.name)
                why = Lost(f"It broke ({type(error).__name__}).")
            if main:
                self._troubled = True
                self._tell({"type": "trouble", "camera": self.spec.name, "text": why.text, "mend": why.mend}, [])
            failed = 1 if time.monotonic() - began > 60.0 else failed + 1
            time.sleep(PAUSES[min(failed, len(PAUSES)) - 1])

    def _guard(self) -> None:
        """Say when nothing came for long: the reading thread may hang in a library."""
        while True:
            time.sleep(0.5)
            if state := self._health.lost(time.monotonic() - self._came):
                self._tell({"type": "health", "camera": self.spec.name, "state": state}, [])

    def _keep(self) -> None:
        """The large stream into its ring, where a small one is looked at beside it."""
        self._known.wait()
        asked = self._asked
        if asked is None or asked.sub is None:
            threading.Event().wait()
            return
        for parcel in packets(asked.main, self._ring.of):
            self._ring.add(parcel.packet, parcel.at)

    def _motion(self) -> None:
        """The camera's own motion event wakes the decoder of a lone stream."""
        self._known.wait()
        if self._asked is None or not self._asked.events:
            threading.Event().wait()
            return
        motions(self.spec.main, self._asked.events, self._wake)

    def _wake(self) -> None:
        self._awake = time.monotonic() + AWAKE

    def _find(self) -> Asked:
        """Where its streams are: as the settings say, or as it says itself by ONVIF (asked anew each time it is
        opened, for addresses of streams change)."""
        self._asked = ask(self.spec.main) if self._onvif else Asked(self.spec.main, self.spec.sub, "")
        self._known.set()
        return self._asked

    def _watch(self) -> None:
        next_look = 0.0
        for shot in self._shots():
            self._came = time.monotonic()
            self._last = shot
            if shot.at >= next_look or shot.at < next_look - 10.0:
                next_look = shot.at + EVERY
                with TURNS:
                    self._see(shot)

    def _shots(self) -> Iterator[Shot]:
        if self._http:
            yield from stills(self.spec.sub or self.spec.main)
            return
        asked = self._find()
        if asked.sub is None:
            yield from self._single(asked.main)
            return
        for parcel in packets(asked.sub, self._small.of):
            self._small.add(parcel.packet, parcel.at)
            yield from parcel.shots()

    def _single(self, address: Address) -> Iterator[Shot]:
        """The one stream: kept whole, decoded in part. After sleep decoding begins at a key frame."""
        decoding = False
        for parcel in packets(address, self._ring.of):
            self._ring.add(parcel.packet, parcel.at)
            key = bool(parcel.packet.is_keyframe)
            awake = parcel.at < self._awake or self._detector.open
            decoding = (decoding or key) and awake
            if not (key or decoding):
                self._came = time.monotonic()
                continue
            yield from self._asleep(parcel) if key and not awake else parcel.shots()

    def _asleep(self, parcel: Parcel) -> list[Shot]:
        """The frame of a lone key packet, and what stirred before it."""
        if not (shots := parcel.shots(alone=True)):
            return []
        slept, self._slept = self._slept, parcel.at
        if not self._stirred(shots[-1].luma()):
            return shots
        self._awake = parcel.at + AWAKE
        between = [Shot(at, frame) for at, frame in self._ring.frames(slept, parcel.at - 0.05) if at > slept]
        return [*between, *shots]  # what happened while only key frames were looked at

    def _stirred(self, luma: Pixels) -> bool:
        """Whether enough of a coarse picture changed its contrast since the last key frame."""
        coarse = cv2.resize(np.ascontiguousarray(luma), (96, 54), interpolation=cv2.INTER_AREA).astype(np.float32)
        coarse = np.log1p(coarse)
        coarse -= cv2.blur(coarse, (15, 15))
        before, self._coarse = self._coarse, coarse  # type: ignore[assignment]  # a coarse picture of floats
        return before is not None and float((np.abs(coarse - before) > 0.12).mean()) > STIR

    # --- one frame ----------------------------------------------------------------------------------------------------

    def _see(self, shot: Shot) -> None:
        if self._changed is not None:
            (zones, tuning), self._changed = self._changed, None
            self._detector = Detector(tuning, zones)
            for episode in self._episodes.close():
                self._hands.submit(self._show, episode, "end")
        luma = shot.luma()
        state = self._health.see(luma, shot.at)
        if state or self._troubled:  # a picture came: whatever the trouble was, it is over
            self._troubled = False
            self._tell({"type": "health", "camera": self.spec.name, "state": self._health.state}, [])
        grey = shot.grey()
        self._grey = self._grey if grey is None else grey
        if luma.shape != self._size:
            self._size = luma.shape[0], luma.shape[1]
            self._quiet.clear()
        changes = self._detector.see(luma, shot.at, grey)
        for change in changes:
            self._note(change, shot)
        if not self._detector.open and (not self._quiet or shot.at - self._quiet[-1].at >= 1.0):
            self._quiet.append(shot)
        for episode in self._episodes.follow(self._detector.boxes, shot):
            self._hands.submit(self._show, episode, "picture")

    def _note(self, change: Change, shot: Shot) -> None:
        if change.kind in ("mode", "busy", "calm"):
            self._tell({"type": change.kind, "camera": self.spec.name, "night": self._night,
                        "at": wall(change.at)}, [])
        elif change.kind == "end":
            if episode := self._episodes.end(change):
                if not episode.shown:
                    episode.shown = True
                    self._hands.submit(self._show, episode, "picture")
                self._hands.submit(self._show, episode, "end")
        else:
            before = next((one for one in reversed(self._quiet) if one.at <= change.at - 1.2), None)
            if episode := self._episodes.begin(change, shot, before or (self._quiet[0] if self._quiet else None)):
                self._hands.submit(self._show, episode, "picture")
                self._hands.submit(self._show, episode, "end")  # what was left or taken is over as it is noticed

    # --- pictures, in a thread of their own ---------------------------------------------------------------------------

    def _large(self, at: float) -> Shot | None:
        """The large stream's picture nearest to a moment, None where it has none."""
        frame = self._ring.frame(at)
        return Shot(at, frame) if frame is not None else None

    def _show(self, episode: Episode, phase: str) -> None:
        try:
            head = {"type": "event", "camera": self.spec.name, "phase": phase, "night": self._night,
                    "zone": self._zone(episode), **episode.head(wall)}
            if phase == "end":
                self._tell(head | {"clip": self._clip(episode)}, [])
                return
            full = self._large(episode.best.at) or episode.best
            before = jpeg(episode.before, SMALL) if episode.before is not None else b""
            cut = crop(full, episode)
            self._tell(head | {"look": colours_of(cut)},
                       [jpeg(full), packed(fitted(cut, SMALL)), before, jpeg(full, SMALL)])
        except Exception:  # one event whose picture cannot be made must not end the thread that makes the others
            log.exception("camera %s, a picture", self.spec.name)

    def _zone(self, episode: Episode) -> str:
        return next((zone.name for zone in self.spec.zones if zone.kind == "watch"
                     and zone.holds(episode.box.foot)), "")

    def _clip(self, episode: Episode) -> str:
        """The small stream around an event as a file, for labelling; its name, "" where none is kept."""
        return self._kept(episode.id, episode.began - CLIP_BEFORE, episode.until + CLIP_AFTER)

    def missed(self, event: str) -> str:
        """Keep the last half minute as a clip under this id; its file's name, "" when there is nothing to keep."""
        now = time.monotonic()
        return self._kept(event, now - 40.0, now)

    def _kept(self, event: str, since: float, until: float) -> str:
        ring = self._small if self._asked is not None and self._asked.sub is not None else self._ring
        try:
            saved = bool(self.spec.clips) and ring.save(Path(self.spec.clips) / f"{event}.mkv", since, until)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("camera %s: no clip (%s)", self.spec.name, type(error).__name__)
            return ""
        return f"{event}.mkv" if saved else ""


def wall(at: float) -> float:
    """A moment of the monotonic clock as seconds since 1970."""
    return time.time() - (time.monotonic() - at)


def jpeg(shot: Shot, longest: int = 1920) -> bytes:
    """A picture as JPEG, its longest side at most so many pixels; as it came if it is one already and fits."""
    if shot.jpeg and longest >= 1920:
        return shot.jpeg
    return packed(fitted(shot.colours(), longest))


def marked(shot: Shot, corners: Sequence[Point]) -> bytes:
    """A picture as JPEG with a part of it painted over, so that a person sees what is meant."""
    if not corners:
        return jpeg(shot)
    pixels = fitted(shot.colours(), 1280)
    height, width = pixels.shape[:2]
    polygon = np.array([[round(x * (width - 1)), round(y * (height - 1))] for x, y in corners], np.int32)
    paint = pixels.copy()
    cv2.fillPoly(paint, [polygon], (60, 60, 230))
    mixed = cv2.addWeighted(paint, 0.35, pixels, 0.65, 0.0).astype(np.uint8, copy=False)
    cv2.polylines(mixed, [polygon], True, (60, 60, 230), 3)
    return packed(mixed)


def crop(shot: Shot, episode: Episode) -> Pixels:
    """What happened, cut out with a margin of 30 %; small ones enlarged to 384 pixels."""
    pixels = shot.colours()
    height, width = pixels.shape[:2]
    box = episode.best_box.grown(0.2)
    left, top = min(int(box.left * width), width - 16), min(int(box.top * height), height - 16)
    right, bottom = max(left + 16, int(box.right * width)), max(top + 16, int(box.bottom * height))
    cut = pixels[top:bottom, left:right]
    longest = max(cut.shape[:2])
    if longest < 384:
        factor = 384 / longest
        cut = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    return cut


def colours_of(pixels: Pixels) -> str:
    """The colours of a cut-out as a histogram of 4x4x4 bins, a hex digit each: enough to know a car again."""
    small = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA)[10:54, 10:54]
    bins = (small // 64).astype(np.int32)
    counts = np.bincount((bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]).ravel(), minlength=64)
    return "".join(f"{min(15, int(share)):x}" for share in np.ceil(counts / counts.sum() * 30))


def fitted(pixels: Pixels, longest: int) -> Pixels:
    """A picture made smaller until its longest side fits."""
    factor = longest / max(pixels.shape[:2])
    if factor >= 1.0:
        return pixels
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def packed(pixels: Pixels) -> bytes:
    """A picture as JPEG."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise Lost("The picture could not be packed.")
    return bytes(data)
