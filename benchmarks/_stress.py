"""Weather, light and camera faults that the detector's benchmark lays over films and over public clips."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np
from _film import HIGH, RATE, WIDE, Array, clipped, clouded, cv

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
