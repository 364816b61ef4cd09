"""What the detector's benchmark looks at: drawn places with visitors, by seed, and the weather, light and camera faults
laid over them (and over public clips). A film is pictures with times, and the truth of who was there when."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WIDE, HIGH, RATE = 640, 360, 5.0
cv: Any = cv2


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor: from when, and for each picture from then on its cut-out (BGRA) and where its corner lies."""

    at: float
    shots: tuple[tuple[Array, int, int], ...]

    @property
    def until(self) -> float:
        """When it is gone."""
        return self.at + len(self.shots) / RATE


@dataclass(slots=True)
class Film:
    """Pictures of a place. events: (from, until); masks of the visitors come with each picture."""

    name: str
    place: Array
    visits: list[Visit]
    seconds: float
    seed: int = 0
    noise: float = 2.0
    stress: Callable[[Iterator[tuple[float, Array]], np.random.Generator], Iterator[tuple[float, Array]]] | None = None
    masks: dict[int, Array] = field(default_factory=dict)

    @property
    def events(self) -> list[tuple[float, float]]:
        """When somebody was there."""
        return [(visit.at, visit.until) for visit in self.visits]

    def pictures(self) -> Iterator[tuple[float, Array]]:
        """(time, BGR) at RATE, with the stress laid over."""
        rng = np.random.default_rng(self.seed)
        plain = self._plain(rng)
        return plain if self.stress is None else self.stress(plain, rng)

    def _plain(self, rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
        grain = [rng.normal(0, self.noise, (HIGH, WIDE, 3)).astype(np.float32) for _ in range(7)]
        for number in range(int(self.seconds * RATE)):
            at = number / RATE
            picture = self.place.copy()
            mask = None
            for visit in self.visits:
                index = round((at - visit.at) * RATE)
                if 0 <= index < len(visit.shots):
                    mask = np.zeros((HIGH, WIDE), np.uint8) if mask is None else mask
                    paste(picture, mask, *visit.shots[index])
            if mask is not None:
                self.masks[number] = mask
            yield at, clipped(picture + np.roll(grain[number % 7], int(rng.integers(0, 500)), (0, 1)[number % 2]))


def clipped(picture: Array) -> Array:
    """Back to bytes."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def paste(picture: Array, mask: Array, cut: Array, left: int, top: int) -> None:
    """Lays a cut-out over a picture (and its outline over the mask), whatever sticks out is left away."""
    high, wide = cut.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(WIDE, left + wide), min(HIGH, top + high)
    if x0 >= x1 or y0 >= y1:
        return
    part = cut[y0 - top:y1 - top, x0 - left:x1 - left].astype(np.float32)
    share = part[..., 3:] / 255
    under = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = clipped(under * (1 - share) + part[..., :3] * share)
    mask[y0:y1, x0:x1] |= (part[..., 3] > 127).astype(np.uint8)


# ------------------------------------------------------------------ drawn places and visitors

def clouded(rng: np.random.Generator, coarse: int, size: tuple[int, int] = (WIDE, HIGH)) -> Array:
    """Soft noise, 0..1, with patches of about 1/coarse of the width."""
    few = rng.random((max(2, coarse * size[1] // size[0]), coarse)).astype(np.float32)
    soft: Array = np.clip(cv.resize(few, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    return soft


def place(seed: int) -> Array:
    """A drawn place: sky, house with windows, hedge, drive; all with texture."""
    rng = np.random.default_rng(seed)
    picture = np.empty((HIGH, WIDE, 3), np.float32)
    picture[:] = rng.uniform(60, 170, 3)
    horizon = int(rng.uniform(0.15, 0.4) * HIGH)
    picture[:horizon] = rng.uniform(120, 235, 3)
    for _ in range(int(rng.integers(1, 4))):
        x, w = int(rng.uniform(0, WIDE)), int(rng.uniform(80, 260))
        y, h = int(rng.uniform(0, horizon)), int(rng.uniform(60, 150))
        colour = rng.uniform(40, 220, 3)
        picture[y:y + h, x:x + w] = colour
        for column in range(x + 12, x + w - 20, 40):
            picture[y + 15:y + 45, column:column + 20] = rng.uniform(10, 80, 3)
    drive = np.array([[rng.uniform(.1, .5), 1], [rng.uniform(.6, .95), 1], [rng.uniform(.5, .7), .3], [.45, .3]])
    cv.fillPoly(picture, [(drive * (WIDE, HIGH)).astype(np.int32)], tuple(rng.uniform(50, 190, 3).tolist()))
    for coarse, deep in ((6, 0.4), (40, 0.3), (160, 0.25), (320, 0.2)):
        rough = clouded(rng, 5) ** 2
        picture *= (1 + 0.6 * deep * rough * (clouded(rng, coarse) - 0.5) * 2)[..., None]
    hedge = clouded(rng, 8) > 0.62
    leaves = rng.uniform(0.72, 1.2, (HIGH // 4, WIDE // 4)).astype(np.float32)
    picture[hedge] *= cv.resize(leaves, (WIDE, HIGH), interpolation=cv2.INTER_LINEAR)[hedge][:, None]
    return clipped(cv2.GaussianBlur(picture, (3, 3), 0))


def worn(rng: np.random.Generator, behind: float) -> tuple[int, ...]:
    """A colour that can be told from a grey level by its brightness."""
    while True:
        colour = rng.integers(8, 245, 3)
        bright = float(colour @ (0.114, 0.587, 0.299))
        if abs(math.log((bright + 24) / (behind + 24))) > 0.2:
            return (*map(int, colour), 255)


def person(rng: np.random.Generator, tall: int, phase: float, behind: float) -> Array:
    """A walking person of `tall` pixels at a phase of the step."""
    state = np.random.default_rng(rng)
    wide = max(6, int(tall * 0.5))
    cut = np.zeros((tall, wide, 4), np.uint8)
    coat, legs, skin = (worn(state, behind) for _ in range(3))
    middle, thick = wide // 2, max(2, tall // 12)
    swing = int(math.sin(phase) * tall * 0.14)
    for sign in (-1, 1):
        cv.line(cut, (middle, int(tall * .55)), (middle + sign * swing, tall - 2), legs, thick + 1)
        cv.line(cut, (middle, int(tall * .22)), (middle - sign * swing, int(tall * .52)), coat, thick)
    cv.ellipse(cut, (middle, int(tall * .38)), (max(2, int(tall * .11)), int(tall * .2)), 0, 0, 360, coat, -1)
    cv.circle(cut, (middle, int(tall * .1)), max(1, int(tall * .08)), skin, -1)
    return softened(cut)


def car(rng: np.random.Generator, long: int, behind: float) -> Array:
    """A car from the side, `long` pixels."""
    state = np.random.default_rng(rng)
    high = int(long * 0.42)
    cut = np.zeros((high, long, 4), np.uint8)
    paint = worn(state, behind)
    cv.rectangle(cut, (0, int(high * .4)), (long - 1, int(high * .82)), paint, -1)
    cv.fillPoly(cut, [np.array([[long * .18, high * .42], [long * .32, 1], [long * .7, 1], [long * .85, high * .42]],
                               np.int32)], paint)
    cv.rectangle(cut, (int(long * .34), int(high * .1)), (int(long * .66), int(high * .38)), (60, 50, 40, 255), -1)
    for x in (.22, .78):
        cv.circle(cut, (int(long * x), int(high * .82)), int(high * .17), (20, 20, 20, 255), -1)
    return softened(cut)


def cat(rng: np.random.Generator, long: int, phase: float, behind: float) -> Array:
    """A cat, `long` pixels."""
    state = np.random.default_rng(rng)
    high = int(long * 0.6)
    cut = np.zeros((high, long, 4), np.uint8)
    fur = worn(state, behind)
    cv.ellipse(cut, (long // 2, int(high * .45)), (int(long * .34), int(high * .22)), 0, 0, 360, fur, -1)
    cv.circle(cut, (int(long * .85), int(high * .3)), int(high * .2), fur, -1)
    for leg, x in enumerate((.25, .4, .65, .75)):
        swing = int(math.sin(phase + leg * 1.6) * long * .06)
        cv.line(cut, (int(long * x), int(high * .5)), (int(long * x) + swing, high - 1), fur, max(2, long // 18))
    return softened(cut)


def softened(cut: Array) -> Array:
    """A cut-out with soft edges; colours reach under the edge."""
    alpha = cv2.GaussianBlur(cut[..., 3], (3, 3), 0)
    solid = cv2.dilate(cut[..., :3], np.ones((3, 3), np.uint8))
    cut[..., :3] = np.where(cut[..., 3:] > 0, cut[..., :3], solid)
    cut[..., 3] = alpha
    return cut


def visit(seed: int, at: float, under: Array) -> Visit:
    """A drawn visitor: walks or drives through; it differs from the place it crosses."""
    rng = np.random.default_rng(seed)
    kind = ("person", "person", "car", "cat")[int(rng.integers(0, 4))]
    look = int(rng.integers(0, 2**31))
    depth = rng.uniform(0.45, 1.0)
    foot = (0.45 + 0.5 * depth) * HIGH
    size = {"person": 150, "car": 230, "cat": 60}[kind] * depth * rng.uniform(0.75, 1.1)
    speed = {"person": 75, "car": 190, "cat": 90}[kind] * depth * rng.uniform(0.7, 1.3) * rng.choice([-1, 1])
    x = -size if speed > 0 else WIDE + size * 0.1
    stop = at + 100 if rng.random() < 0.6 else at + rng.uniform(1.5, 4)
    slope = rng.uniform(-8, 8)
    behind = float(under[int(min(foot - size * 0.4, HIGH - 2)):int(min(foot, HIGH))].mean())
    shots: list[tuple[Array, int, int]] = []
    while -size * 1.2 <= x <= WIDE + size * 0.3 and len(shots) < 90:
        now = at + len(shots) / RATE
        if not stop < now < stop + 2.0:
            x += speed / RATE
            foot += slope / RATE
        phase = now * 7
        body = {"person": lambda: person(np.random.default_rng(look), int(size), phase, behind),  # noqa: B023
                "car": lambda: car(np.random.default_rng(look), int(size), behind),
                "cat": lambda: cat(np.random.default_rng(look), int(size), phase, behind)}[kind]()  # noqa: B023
        body = body[:, ::-1] if speed < 0 else body
        shots.append((np.ascontiguousarray(body), int(x), int(foot - body.shape[0])))
    inside = [number for number, (cut, left, _) in enumerate(shots) if left < WIDE - 4 and left + cut.shape[1] > 4]
    return Visit(at, tuple(shots[inside[0]:inside[-1] + 1])) if inside else visit(seed + 1000, at, under)


# ------------------------------------------------------------------ light, weather, camera

Flow = Iterator[tuple[float, Array]]


def none(flow: Flow, rng: np.random.Generator) -> Flow:
    """As it is."""
    yield from flow


def steps(flow: Flow, rng: np.random.Generator) -> Flow:
    """Exposure jumps and one- to two-second ramps, every 12 s or so."""
    gain, goal, speed = 1.0, 1.0, 1.0
    following = 10.0
    for at, picture in flow:
        if at >= following:
            goal, following = float(rng.choice([0.55, 0.7, 1.0, 1.3, 1.6])), at + rng.uniform(8, 16)
            speed = 99.0 if rng.random() < 0.5 else abs(goal - gain) / rng.uniform(1, 2)
        gain += float(np.clip(goal - gain, -speed / RATE, speed / RATE))
        yield at, clipped(picture * np.float32(gain))


def dusk(flow: Flow, rng: np.random.Generator) -> Flow:
    """The light goes to a fifth within two minutes, and the noise grows."""
    for at, picture in flow:
        gain = max(0.2, 1 - max(0, at - 10) / 120)
        yield at, clipped(picture * np.float32(gain) + rng.normal(0, 2 + 4 * (1 - gain), (HIGH, WIDE, 1)))


_X, _Y = np.meshgrid(np.linspace(-1, 1, WIDE, dtype=np.float32), np.linspace(-1, 1, HIGH, dtype=np.float32))


def infrared(picture: Array, rng: np.random.Generator) -> Array:
    """Grey, another tone curve, darker to the corners, noisier."""
    blue, green, red = (picture[..., channel].astype(np.float32) / 255 for channel in range(3))
    tone = np.clip(0.2 * blue + 0.3 * green + 0.6 * red, 0, 1) ** 0.75
    lamp = 1.0 - 0.55 * np.clip(_X**2 + _Y**2, 0, 1.4) / 1.4
    grey = clipped(tone * lamp * 210 + rng.normal(0, 4, (HIGH, WIDE)))
    three: Array = cv.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    return three


def ir(flow: Flow, rng: np.random.Generator) -> Flow:
    """Infrared all along."""
    for at, picture in flow:
        yield at, infrared(picture, rng)


def switch(flow: Flow, rng: np.random.Generator) -> Flow:
    """Day, infrared, day: every 40 s, with a dark moment between."""
    for at, picture in flow:
        turn = int((at + 15) / 40)
        if turn and (at + 15) % 40 < 0.6:
            picture = clipped(picture * np.float32(0.3))
        yield at, infrared(picture, rng) if turn % 2 else picture


def shake(flow: Flow, rng: np.random.Generator) -> Flow:
    """The camera trembles by up to two pixels."""
    spot = np.zeros(2)
    for at, picture in flow:
        spot = np.clip(0.6 * spot + rng.uniform(-1.6, 1.6, 2), -2, 2)
        move = np.array([[1, 0, spot[0]], [0, 1, spot[1]]], np.float32)
        yield at, cv.warpAffine(picture, move, (WIDE, HIGH), borderMode=cv2.BORDER_REPLICATE)


def unsteady(flow: Flow, rng: np.random.Generator) -> Flow:
    """A camera on a pole in the wind: slow swings of several pixels, a little turning, and a tremble."""
    lag = rng.uniform(0, 6, 4)
    for at, picture in flow:
        dx = 5 * math.sin(0.9 * at + lag[0]) + 2 * math.sin(2.9 * at + lag[1]) + rng.normal(0, 0.5)
        dy = 2.5 * math.sin(1.1 * at + lag[2]) + rng.normal(0, 0.5)
        move = cv.getRotationMatrix2D((WIDE / 2, HIGH / 2), 0.25 * math.sin(0.7 * at + lag[3]), 1.0)
        move[:, 2] += dx, dy
        yield at, cv.warpAffine(picture, move, (WIDE, HIGH), borderMode=cv2.BORDER_REPLICATE)


def reflections(flow: Flow, rng: np.random.Generator) -> Flow:
    """Clouds that also drift through panes of glass, brighter than the wall around them."""
    sky = clouded(rng, 20, (WIDE * 2, HIGH))
    panes = [(int(rng.uniform(0, WIDE - 60)), int(rng.uniform(0, HIGH * 0.6)), int(rng.uniform(14, 50)),
              int(rng.uniform(14, 60))) for _ in range(8)]
    for at, picture in clouds(flow, rng):
        for x, y, wide, high in panes:
            go = int(at * 6)
            glass = sky[y:y + high, (x + go) % WIDE:(x + go) % WIDE + wide, None]
            pane = picture[y:y + high, x:x + wide]
            picture[y:y + high, x:x + wide] = clipped(pane * 0.4 + 150 * glass)
        yield at, picture


def rain(flow: Flow, rng: np.random.Generator) -> Flow:
    """Streaks, another two hundred in each picture."""
    slant = rng.uniform(-4, 4)
    for at, picture in flow:
        drops = np.zeros((HIGH, WIDE), np.float32)
        for x, y, long in zip(rng.uniform(0, WIDE, 220), rng.uniform(-20, HIGH, 220), rng.uniform(8, 30, 220),
                              strict=True):
            cv.line(drops, (int(x), int(y)), (int(x + slant * long / 20), int(y + long)), float(rng.uniform(25, 80)), 1)
        yield at, clipped(picture + cv2.GaussianBlur(drops, (3, 3), 0)[..., None])


def snow(flow: Flow, rng: np.random.Generator) -> Flow:
    """Flakes that fall and drift."""
    flakes = rng.uniform(0, 1, (160, 2)) * (WIDE, HIGH)
    size, fall = rng.integers(1, 4, 160), rng.uniform(50, 160, 160)
    for at, picture in flow:
        flakes[:, 1] += fall / RATE
        flakes[:, 0] += rng.normal(3, 4, 160)
        flakes %= (WIDE, HIGH)
        layer: Array = np.zeros((HIGH, WIDE), np.float32)
        for (x, y), radius in zip(flakes, size, strict=True):
            cv.circle(layer, (int(x), int(y)), int(radius), 0.7, -1)
        layer = cv2.GaussianBlur(layer, (3, 3), 0)[..., None]
        yield at, clipped(picture * (1 - layer) + 235 * layer)


def night(flow: Flow, rng: np.random.Generator) -> Flow:
    """Dark, with the noise of a sensor turned up: sigma 8 to 15, in grains of one and of two pixels."""
    sigma = rng.uniform(8, 15)
    for at, picture in flow:
        fine = rng.normal(0, sigma * 0.8, (HIGH, WIDE)).astype(np.float32)
        coarse = cv.resize(rng.normal(0, sigma * 0.7, (HIGH // 2, WIDE // 2)).astype(np.float32), (WIDE, HIGH))
        yield at, clipped(picture * np.float32(0.45) + 12 + (fine + coarse)[..., None])


def sway(flow: Flow, rng: np.random.Generator) -> Flow:
    """Leaves in the wind: parts of the picture are pulled to and fro by up to four pixels, in gusts."""
    where = np.clip((clouded(rng, 5) - 0.5) * 6, 0, 1) * float(rng.uniform(2, 4))
    lag = clouded(rng, 10) * 12
    beat = rng.uniform(2.5, 5.0)
    gx, gy = np.meshgrid(np.arange(WIDE, dtype=np.float32), np.arange(HIGH, dtype=np.float32))
    for at, picture in flow:
        gust = 0.55 + 0.45 * math.sin(at * 0.35)
        dx = where * gust * np.sin(beat * at + lag)
        dy = where * gust * 0.5 * np.sin(1.37 * beat * at + lag * 1.7)
        yield at, cv.remap(picture, gx + dx.astype(np.float32), gy + dy.astype(np.float32), cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REPLICATE)


def codec(flow: Flow, rng: np.random.Generator) -> Flow:
    """A true x264 round trip at crf 40, key frames every 4 s."""
    box = io.BytesIO()
    times = []
    with av.open(box, "w", format="matroska") as out:
        stream: Any = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.options = {"crf": "40", "preset": "veryfast", "g": "20", "threads": "1"}
        for at, picture in flow:
            times.append(at)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    box.seek(0)
    with av.open(box, "r") as back:
        for at, frame in zip(times, back.decode(video=0), strict=False):
            yield at, frame.to_ndarray(format="bgr24")


def clouds(flow: Flow, rng: np.random.Generator) -> Flow:
    """Broad patches of less light drift by."""
    sky: Array = cv2.GaussianBlur(clouded(rng, 24, (WIDE * 6, HIGH * 2)), (0, 0), float(rng.uniform(10, 40)))
    sky = np.clip((sky - sky.mean()) / (sky.std() + 1e-6) * 0.8 + 0.5, 0, 1)
    speed, deep = rng.uniform(10, 60), rng.uniform(0.3, 0.55)
    for at, picture in flow:
        x = int(at * speed) % (WIDE * 5)
        yield at, clipped(picture * (1 - deep * sky[:HIGH, x:x + WIDE, None]))


def shadows(flow: Flow, rng: np.random.Generator) -> Flow:
    """The hard shadow of a tree creeps and trembles."""
    pattern: Array = (clouded(rng, 30, (WIDE * 2, HIGH * 2)) > 0.55).astype(np.float32)
    pattern *= clouded(rng, 4, (WIDE * 2, HIGH * 2)) > 0.45
    pattern = cv2.GaussianBlur(pattern, (5, 5), 0)
    deep, speed = rng.uniform(0.3, 0.5), rng.uniform(0.3, 1.5)
    for at, picture in flow:
        x = at * speed + 1.5 * math.sin(at * 1.9) + 60
        y = at * speed * 0.4 + 1.0 * math.sin(at * 2.3) + 60
        move = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
        cut = cv.warpAffine(pattern, move, (WIDE, HIGH), flags=cv2.INTER_LINEAR)
        yield at, clipped(picture * (1 - np.float32(deep) * cut[..., None]))


def headlights(flow: Flow, rng: np.random.Generator) -> Flow:
    """Night, and the light of a car sweeps over the place every ten seconds: 15 sweeps in 150 s."""
    begins, sort = 5.0, 0
    path: Array = np.zeros(4)
    for at, picture in flow:
        if at >= begins + 10:
            begins += 10
            sort += 1
            path = rng.uniform([-0.2, 0.3, 0.8, 0.3], [0.1, 0.8, 1.2, 0.8]) * (WIDE, HIGH, WIDE, HIGH)
            path = path if rng.random() < 0.5 else path[[2, 3, 0, 1]]
            spread, power, lasts = rng.uniform(40, 110), rng.uniform(0.8, 3.0), rng.uniform(1.2, 3.0)
        dark = picture.astype(np.float32) * 0.4
        passed = at - begins
        if sort and passed < lasts:
            x, y = path[:2] + (path[2:] - path[:2]) * passed / lasts
            far = ((_X + 1) / 2 * WIDE - x) ** 2 / (spread * 1.6) ** 2 + ((_Y + 1) / 2 * HIGH - y) ** 2 / spread**2
            if sort % 3 == 0:
                spot = np.clip(1.5 - far, 0, 1) * power  # a beam with an edge
                dark = dark * (1 + spot[..., None])
            elif sort % 3 == 1:
                dark = dark * (1 + power * np.exp(-far)[..., None])
            else:
                dark = dark + 60 * power * np.exp(-far)[..., None]  # light in the air
        yield at, clipped(dark + rng.normal(0, 3, (HIGH, WIDE, 1)))


def insects(flow: Flow, rng: np.random.Generator) -> Flow:
    """Insects near the lens, lit by it: small and fast, or large and blurred; 25 passes in 150 s."""
    begins, number = 4.0, 0
    spot, speed = np.zeros(2), np.zeros(2)
    for at, picture in flow:
        if at >= begins + 5.8:
            begins, number = begins + 5.8, number + 1
            large = rng.random() < 0.4
            radius, lasts = (rng.uniform(14, 32), rng.uniform(0.4, 1.2)) if large else (rng.uniform(3, 8),
                                                                                       rng.uniform(0.5, 2.0))
            spot = rng.uniform(0.1, 0.9, 2) * (WIDE, HIGH)
            speed = rng.normal(0, 1, 2)
            speed *= rng.uniform(150, 500) / np.linalg.norm(speed)
        night_ = infrared(picture, rng)
        if number and at < begins + lasts:
            speed += rng.normal(0, 150, 2)
            spot = spot + speed / RATE
            layer = np.zeros((HIGH, WIDE), np.float32)
            tail = spot - speed * 0.03
            cv.line(layer, tuple(map(int, spot)), tuple(map(int, tail)), float(rng.uniform(60, 170)), int(radius * 2))
            night_ = clipped(night_ + cv2.GaussianBlur(layer, (0, 0), radius / 2)[..., None])
        yield at, night_


EVENTFUL = {"none": none, "ir": ir, "shake": shake, "unsteady": unsteady, "rain": rain, "snow": snow,
            "night": night, "sway": sway, "codec": codec, "clouds": clouds}
QUIET = {"none": none, "brightness": steps, "dusk": dusk, "ir switch": switch, "shake": shake,
         "unsteady": unsteady, "reflections": reflections, "rain": rain, "snow": snow, "night": night, "sway": sway,
         "codec": codec, "clouds": clouds, "shadows": shadows,
         "headlights": headlights, "insects": insects}
