"""One frame of a picture: the empty place, its actors with their shadows, weather, light and sensor noise.

`render` is a function of its arguments: the same picture, size and generator state give the same frame. About 1 ms for
640x360 and 4 ms for 1280x720 once the place is painted (a fifth of a second, then kept).
"""

from functools import lru_cache

import cv2
import numpy as np

from .cast import Actor, Color, Insect, Kind, Light, Look, Palette, Picture, Place, Weather, look_by
from .places import FRONT_FOOT, background, leaves_of
from .sprites import lay, lay_shadow, sprite
from .texture import Image, add_noise, fractal, shaded

SUB, MAIN = (640, 360), (1280, 720)


def look_for(kind: Kind, rng: np.random.Generator, bodies: tuple[Color, ...] | None = None) -> Look:
    """A look by chance; `bodies` are the colours it may have, its kind's whole row without them."""
    return look_by(kind, lambda end: int(rng.integers(end)), bodies)


def palette_for(place: Place, rng: np.random.Generator, spread: float = 0.25) -> Palette:
    """A place painted by chance around its usual colours; `spread` is how far they may go (0: the usual ones)."""
    usual = Palette(place)

    def vary(color: Color) -> Color:
        blue, green, red = (float(part) * rng.uniform(1 - spread, 1 + spread) for part in color)
        return shaded((round(blue), round(green), round(red)), 1.0)

    names = ("sky", "wall", "roof", "grass", "leaf", "road", "paving", "wood", "door")
    colors = {name: vary(getattr(usual, name)) for name in names}
    return Palette(place, texture=int(rng.integers(1 << 30)), mirror=bool(rng.integers(2)) and spread > 0,
                   shift=float(rng.uniform(-0.05, 0.05)) if spread else 0.0, **colors)


def render(picture: Picture, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """The frame as BGR, `size` is (width, height); `rng` moves the noise and the drops, nothing that matters."""
    width, height = size
    weather, light = picture.weather, picture.light
    empty, front = background(picture.palette, width, height)
    frame: Image = empty.copy()
    if weather.sway:
        _sway(frame, picture.palette, weather)
        empty = frame.copy()
    nearest = FRONT_FOOT[picture.palette.place]
    for actor in sorted(picture.actors, key=lambda one: one.y >= nearest):
        _place(frame, actor, light.infrared)
        if actor.y < nearest:
            _behind(frame, empty, front, actor)
    if weather.clouds is not None:
        frame = _clouds(frame, weather)
    frame = _lit(frame, light)
    if weather.headlights:
        _headlights(frame, *weather.headlights)
    if weather.rain:
        _rain(frame, weather.rain, rng)
    for insect in weather.insects:
        _insect(frame, insect)
    if weather.shake != (0.0, 0.0):
        move = np.array([[1, 0, weather.shake[0] * width], [0, 1, weather.shake[1] * height]], np.float32)
        frame = np.asarray(cv2.warpAffine(frame, move, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)
    if weather.cover or weather.flash:
        over = 10 if weather.cover else 250
        share = weather.cover or weather.flash
        frame = np.asarray(cv2.convertScaleAbs(frame, alpha=1 - share, beta=over * share), np.uint8)
    return add_noise(frame, light.noise, rng)


def _place(frame: Image, actor: Actor, infrared: bool) -> None:
    height, width = frame.shape[:2]
    tall = round(actor.height * height)
    if tall < 2 or actor.box is None:
        return
    step = int(actor.phase * 8) % 8 if actor.moving else -1
    painted = sprite(actor.look, tall, step, actor.view, actor.carries)
    if actor.squeeze != 1.0:
        wide = max(2, round(painted.shape[1] * actor.squeeze))
        painted = np.asarray(cv2.resize(painted, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
    if actor.facing < 0:
        painted = _mirrored(painted, actor)
    left, foot = round(actor.x * width - painted.shape[1] / 2), round(actor.y * height)
    if infrared:
        # cloth, fur and lacquer throw the lamp's light back, whatever their colour by day
        half = cv2.convertScaleAbs(painted, alpha=0.5)
        painted = np.asarray(cv2.add(half, cv2.convertScaleAbs(_alpha(painted), alpha=0.5)), np.uint8)
    elif actor.look.kind != "bird":
        lay_shadow(frame, left, left + painted.shape[1], foot, tall)
    lay(frame, painted, left, foot - tall)


def _alpha(painted: Image) -> Image:
    return np.asarray(cv2.merge([painted[..., 3]] * 4), np.uint8)


def _behind(frame: Image, empty: Image, front: Image, actor: Actor) -> None:
    """Put back what stands before the actor."""
    height, width = frame.shape[:2]
    left, top, right, bottom = actor.whole_box
    # its shadow reaches a little further
    rows = slice(max(0, int(top * height)), min(height, int(bottom * height) + height // 20))
    columns = slice(max(0, int(left * width) - width // 20), max(0, min(width, int(right * width) + width // 20)))
    if rows.start < rows.stop and columns.start < columns.stop:
        frame[rows, columns] = cv2.copyTo(empty[rows, columns], front[rows, columns], frame[rows, columns].copy())


def _mirrored(painted: Image, actor: Actor) -> Image:
    """Turned to the left; the writing on a truck is still read from left to right."""
    turned = np.ascontiguousarray(painted[:, ::-1])
    # the lettered part of the side, in units of the height; it is put back unturned where it comes to lie
    signs = {"fedex": (0.12, 1.44, 0.15, 0.64), "ups": (0.52, 1.24, 0.12, 0.56)}
    if actor.look.kind in signs:
        left, right, top, bottom = (round(edge * painted.shape[0]) for edge in signs[actor.look.kind])
        wide = painted.shape[1]
        turned[top:bottom, wide - right : wide - left] = painted[top:bottom, left:right]
    return turned


@lru_cache(maxsize=4)
def _cloud_field(width: int, height: int) -> Image:
    """How much light comes through: 255 in the sun; twice as wide as the picture and without a seam."""
    rough = fractal((height // 4, width // 2), np.random.default_rng(99), [height // 8, height // 4])
    both = np.hstack([rough, rough[:, ::-1]])
    soft = cv2.GaussianBlur(np.clip(both * 1.6, -1, 1), (0, 0), height / 60)
    grey = np.clip(255 * (0.5 - 0.5 * soft), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(grey, (width * 4, height)), np.uint8)


def _clouds(frame: Image, weather: Weather) -> Image:
    height, width = frame.shape[:2]
    field = _cloud_field(width, height)
    left = int((weather.clouds or 0.0) * width) % (field.shape[1] - width)
    dark = cv2.convertScaleAbs(field[:, left : left + width], alpha=-weather.cloud_depth, beta=255)
    return np.asarray(cv2.multiply(frame, cv2.merge([dark] * 3), scale=1 / 255), np.uint8)


@lru_cache(maxsize=4)
def _lamp(width: int, height: int) -> Image:
    """The camera's own infrared lamp: bright in the middle, dark in the corners."""
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return np.asarray(np.clip(255 * (1.02 - 0.42 * (xs * xs + (ys - 0.2) ** 2)), 40, 255), np.uint8)


def _lit(frame: Image, light: Light) -> Image:
    if light.infrared:
        height, width = frame.shape[:2]
        # plants and cloth throw infrared light back strongly, a sky throws none: red counts for more than blue
        grey = cv2.transform(frame, np.array([[0.05, 0.45, 0.42]], np.float32))
        grey = cv2.convertScaleAbs(grey, alpha=1.1 * light.gain, beta=8)
        return np.asarray(cv2.merge([cv2.multiply(grey, _lamp(width, height), scale=1 / 255)] * 3), np.uint8)
    if light.gain == 1.0 and light.warmth == 0.0:
        return frame
    return np.asarray(cv2.LUT(frame, _curve(round(light.gain, 3), round(light.warmth, 3))), np.uint8)


@lru_cache(maxsize=64)
def _curve(gain: float, warmth: float) -> Image:
    levels = np.arange(256, dtype=np.float32)
    # a camera's own exposure softens what the sun does
    tints = (1 - warmth, 1, 1 + warmth)
    rows = [np.clip(255 * (levels / 255) ** (gain**-0.25) * gain * tint, 0, 255) for tint in tints]
    return np.dstack(rows).astype(np.uint8)


def _sway(frame: Image, palette: Palette, weather: Weather) -> None:
    height, width = frame.shape[:2]
    box = leaves_of(palette)
    left, top, right, bottom = (round(v * n) for v, n in zip(box, (width, height, width, height), strict=True))
    part = frame[top:bottom, left:right]
    ys, xs = np.mgrid[0 : part.shape[0], 0 : part.shape[1]].astype(np.float32)
    # nothing moves at the region's edge, so that no seam shows
    calm = np.minimum(np.minimum(xs, part.shape[1] - 1 - xs), np.minimum(ys, part.shape[0] - 1 - ys))
    reach = weather.sway * height * np.clip(calm / (0.06 * height), 0, 1)
    phase = weather.sway_phase * 2 * np.pi
    xs += reach * np.sin(phase + ys / (0.05 * height) + xs / (0.09 * height))
    ys += 0.5 * reach * np.sin(phase * 1.3 + xs / (0.06 * height))
    part[:] = cv2.remap(part, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _rain(frame: Image, amount: float, rng: np.random.Generator) -> None:
    height, width = frame.shape[:2]
    drops = np.zeros_like(frame)
    for x, y, length, light in rng.uniform((0, -0.1, 0.02, 60), (1, 1, 0.09, 130), (round(260 * amount), 4)):
        start = (int(x * width), int(y * height))
        end = (int(start[0] + 0.12 * length * height), int(start[1] + length * height))
        cv2.line(drops, start, end, (light, light, light), max(1, height // 500), cv2.LINE_AA)
    cv2.add(frame, drops, dst=frame)


@lru_cache(maxsize=16)
def _spot(width: int, height: int, softness: float) -> Image:
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    round_ = np.clip(1 - (xs * xs + ys * ys), 0, 1) ** softness
    return np.asarray((255 * round_)[..., None].repeat(4, axis=2), np.uint8)


def _headlights(frame: Image, x: float, y: float, strength: float) -> None:
    height, width = frame.shape[:2]
    for wide, tall, softness, power in ((0.5, 0.5, 1.2, 0.75), (0.10, 0.12, 0.7, 1.0)):
        spot = _spot(round(wide * width), round(tall * height), softness)
        glow = np.asarray(cv2.convertScaleAbs(spot, alpha=strength * power), np.uint8)
        # light adds to what is there: without an alpha nothing is covered
        glow[..., 3] = 0
        lay(frame, glow, round((x - wide / 2) * width), round((y - tall / 2) * height))


def _insect(frame: Image, insect: Insect) -> None:
    height, width = frame.shape[:2]
    size = max(3, round(2 * insect.radius * height))
    spot = _spot(size, size, 0.8).copy()
    if not insect.bright:
        spot[..., :3] //= 8
    lay(frame, spot, round(insect.x * width) - size // 2, round(insect.y * height) - size // 2)
