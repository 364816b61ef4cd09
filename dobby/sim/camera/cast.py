"""Who and what can be in a picture, as data: looks, actors, light and weather. No drawing, no numpy.

Lengths and positions are fractions of the picture, from its top left corner; colours are (blue, green, red), 0..255.
An actor stands on (x, y): the middle of its lower edge. `height` is a fraction of the picture's height; its width
follows from its kind (ASPECT, width over height in pixels), so that its box is known without drawing it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Color = tuple[int, int, int]
Kind = Literal["fedex", "ups", "car", "car_front", "person", "cat", "dog", "parcel", "bird"]
Place = Literal["driveway", "front_door", "garden"]
Box = tuple[float, float, float, float]

PICTURE_RATIO = 16 / 9
ASPECT: dict[str, float] = {
    "fedex": 2.3, "ups": 2.0, "car": 2.6, "car_front": 1.25, "person": 0.52, "cat": 1.6, "dog": 1.4,
    "parcel": 1.25, "bird": 1.5,
}  # fmt: skip
WHAT: dict[str, str] = {
    "fedex": "vehicle", "ups": "vehicle", "car": "vehicle", "car_front": "vehicle", "person": "person",
    "cat": "animal", "dog": "animal", "bird": "animal", "parcel": "parcel",
}  # fmt: skip
NAME: dict[str, str] = {
    "fedex": "delivery truck", "ups": "delivery truck", "car": "car", "car_front": "car", "person": "person",
    "cat": "cat", "dog": "dog", "bird": "bird", "parcel": "parcel",
}  # fmt: skip
CARRIER = {"fedex": "FedEx", "ups": "UPS"}

# what a look may be painted in; a trainer and a tester that must not meet take different parts of each row
CAR_COLORS: tuple[Color, ...] = (
    (40, 40, 170), (150, 80, 30), (60, 62, 64), (190, 192, 190), (60, 100, 40), (40, 150, 200), (120, 40, 90),
    (150, 140, 60), (30, 30, 34), (90, 130, 160), (225, 228, 226), (70, 50, 110),
)  # fmt: skip
COAT_COLORS: tuple[Color, ...] = (
    (50, 50, 190), (180, 90, 40), (60, 130, 50), (50, 170, 220), (60, 60, 66), (170, 60, 140), (200, 200, 196),
    (150, 150, 50), (40, 90, 200), (110, 70, 60), (120, 40, 70), (90, 160, 170),
)  # fmt: skip
TROUSER_COLORS: tuple[Color, ...] = ((90, 60, 40), (40, 40, 44), (70, 90, 110), (110, 105, 100), (50, 60, 50))
SKIN_COLORS: tuple[Color, ...] = ((140, 170, 225), (105, 140, 200), (70, 100, 160), (50, 70, 110))
HAIR_COLORS: tuple[Color, ...] = ((25, 30, 40), (40, 70, 110), (90, 150, 200), (150, 150, 155))
FUR_COLORS: tuple[Color, ...] = ((45, 45, 50), (60, 120, 190), (150, 150, 155), (215, 222, 226), (60, 85, 120))
BOX_COLORS: tuple[Color, ...] = ((95, 145, 190), (80, 128, 175), (115, 160, 200), (70, 112, 150))
BODY_COLORS: dict[str, tuple[Color, ...]] = {
    "car": CAR_COLORS, "car_front": CAR_COLORS, "person": COAT_COLORS, "cat": FUR_COLORS, "dog": FUR_COLORS,
    "bird": FUR_COLORS, "parcel": BOX_COLORS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How one actor is painted; `trim` is trousers, a collar, tape or bumpers, `grain` seeds its fine texture.

    Trucks keep their carrier's livery: of their look only `grain` counts.
    """

    kind: Kind
    body: Color = (128, 128, 128)
    trim: Color = (60, 60, 60)
    skin: Color = (105, 140, 200)
    hair: Color = (25, 30, 40)
    grain: int = 0


def look_by(kind: Kind, below: Callable[[int], int], bodies: tuple[Color, ...] | None = None) -> Look:
    """A look by chance: `below(n)` draws 0..n-1; `bodies` are the colours it may have, without them its kind's row."""

    def one(colors: tuple[Color, ...]) -> Color:
        return colors[below(len(colors))]

    blue, green, red = one(bodies or BODY_COLORS.get(kind, ((128, 128, 128),)))
    share = 88 + below(25)
    body = (min(255, blue * share // 100), min(255, green * share // 100), min(255, red * share // 100))
    return Look(kind, body, one(TROUSER_COLORS), one(SKIN_COLORS), one(HAIR_COLORS), below(1 << 30))


@dataclass(frozen=True, slots=True)
class Actor:
    """One thing in the picture; `facing` 1 looks right, -1 left; `phase` 0..1 is the stride or beat of wings.

    `view` is for persons: "side", "back" or "front"; `squeeze` narrows it (a car that turns); `carries` is the look of
    a parcel in the arms of a person.
    """

    look: Look
    x: float
    y: float
    height: float
    facing: int = 1
    phase: float = 0.0
    moving: bool = False
    view: str = "side"
    squeeze: float = 1.0
    carries: Look | None = None

    @property
    def whole_box(self) -> Box:
        """Left, top, right, bottom as fractions, also where they lie outside of the picture."""
        half = self.height * ASPECT[self.look.kind] * self.squeeze / PICTURE_RATIO / 2
        return (self.x - half, self.y - self.height, self.x + half, self.y)

    @property
    def box(self) -> Box | None:
        """The part of the box inside the picture; None when nothing of it is."""
        left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in self.whole_box)
        return (left, top, right, bottom) if right - left > 0.002 and bottom - top > 0.002 else None


@dataclass(frozen=True, slots=True)
class Palette:
    """How a place is painted: the colours of its surfaces; `texture` seeds everything fine.

    `mirror` swaps left and right; `shift` moves house, tree and door sideways by a fraction of the picture (-0.05..0.05
    looks right).
    """

    place: Place
    texture: int = 0
    mirror: bool = False
    shift: float = 0.0
    sky: Color = (228, 206, 178)
    wall: Color = (82, 98, 150)
    roof: Color = (70, 66, 78)
    grass: Color = (58, 118, 84)
    leaf: Color = (44, 92, 58)
    road: Color = (98, 96, 94)
    paving: Color = (162, 168, 172)
    wood: Color = (72, 104, 140)
    door: Color = (92, 62, 40)


@dataclass(frozen=True, slots=True)
class Light:
    """How bright it is: `gain` on the whole picture, `infrared` the grey one of the night; `noise` in grey levels."""

    gain: float = 1.0
    warmth: float = 0.0
    infrared: bool = False
    noise: float = 3.0


@dataclass(frozen=True, slots=True)
class Insect:
    """Something small close to the lens: an unsharp spot; `radius` in fractions of the picture's height."""

    x: float
    y: float
    radius: float
    bright: bool


@dataclass(frozen=True, slots=True)
class Weather:
    """What disturbs the picture without anything happening; all neutral by default.

    `clouds` is how far the cloud shadows have drifted (None: none), `cloud_depth` 0..1 how dark they are; `rain` 0..1;
    `shake` in fractions of the picture; `sway` the leaves' displacement in fractions of the height, at `sway_phase`;
    `headlights` is (x, y, strength 0..1); `cover` 0..1 how far the lens is covered; `flash` 0..1 overexposes.
    """

    clouds: float | None = None
    cloud_depth: float = 0.5
    rain: float = 0.0
    shake: tuple[float, float] = (0.0, 0.0)
    sway: float = 0.0
    sway_phase: float = 0.0
    insects: tuple[Insect, ...] = ()
    headlights: tuple[float, float, float] | None = None
    cover: float = 0.0
    flash: float = 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that one frame shows; later actors stand before earlier ones."""

    palette: Palette
    actors: tuple[Actor, ...] = ()
    light: Light = field(default_factory=Light)
    weather: Weather = field(default_factory=Weather)
