"""What can happen before a camera: every event by name, with its timeline and what stays when it is over. Pure.

Times are seconds since the event began, at its usual length; `Play.picture_at` stretches them when it was asked to last
longer or shorter. Looks, directions and places vary with the seed, nothing else does.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from .cast import Actor, Light, Look, Palette, Picture, Place, Weather, look_by
from .paths import Leg, Path
from .stress import STRESSES, Stress

LightName = Literal["day", "dusk", "night"]
LIGHTS: dict[str, Light] = {
    "day": Light(), "dusk": Light(gain=0.42, warmth=0.12, noise=4.5), "night": Light(infrared=True, noise=6.0),
}  # fmt: skip
PALETTES: dict[Place, Palette] = {
    "driveway": Palette("driveway", texture=11),
    "front_door": Palette("front_door", texture=12, door=(92, 62, 40)),
    "garden": Palette("garden", texture=13),
}
EVERYWHERE: tuple[Place, ...] = ("driveway", "front_door", "garden")
LANE, STEP = (0.585, 0.30), (0.745, 0.56)
PARKED = (0.52, 0.86, 0.25)
PARCEL = (0.365, 0.745, 0.11)
WALKS: dict[str, tuple[float, float]] = {"driveway": (0.69, 0.27), "front_door": (0.92, 0.60), "garden": (0.84, 0.50)}
PROWLS: dict[str, tuple[float, float]] = {"driveway": (0.86, 0.14), "front_door": (0.93, 0.16), "garden": (0.80, 0.16)}


class Impossible(Exception):
    """An event that cannot happen now, in words."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stays between events: the light, a parked car, a parcel on the mat."""

    light: LightName = "day"
    car: Look | None = None
    parcel: Look | None = None

    def actors(self) -> tuple[Actor, ...]:
        """Who stands there."""
        car = (Actor(self.car, *PARKED),) if self.car else ()
        return (*car, *((Actor(self.parcel, *PARCEL),) if self.parcel else ()))


@dataclass(frozen=True, slots=True)
class Part:
    """One actor's way through an event; `squeeze` is (begins, ends, width then, width afterwards)."""

    look: Look
    path: Path
    carries: Look | None = None
    squeeze: tuple[float, float, float, float] | None = None

    def at(self, moment: float) -> Actor | None:
        """The actor at a moment."""
        spot = self.path.at(moment)
        if spot is None:
            return None
        narrow = 1.0
        if self.squeeze:
            begins, ends, one, other = self.squeeze
            narrow = one + (other - one) * min(1.0, max(0.0, (moment - begins) / (ends - begins)))
        stride = moment * (1.9 if self.look.kind in ("cat", "dog", "bird") else 1.25)
        return Actor(self.look, spot.x, spot.y, spot.height, spot.facing, stride % 1, spot.moving, spot.view, narrow,
                     self.carries if spot.carrying else None)


@dataclass(frozen=True, slots=True)
class Script:
    """An event as it will go: its parts, what stands before and after the `turn`, and its stress on the picture."""

    seconds: float
    parts: tuple[Part, ...]
    before: Standing
    after: Standing
    turn: float = 0.0
    stress: Stress | None = None
    stops: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event's name, what it is in words, where it can be played and how long it usually takes."""

    name: str
    about: str
    places: tuple[Place, ...]
    seconds: float
    write: Callable[[Place, Standing, random.Random], Script]


@dataclass(frozen=True, slots=True)
class Play:
    """An event on its way: `began` in Unix time, `seconds` as long as it was asked to be."""

    event: str
    place: Place
    seed: int
    began: float
    seconds: float
    script: Script

    @property
    def ends(self) -> float:
        """When it is over, Unix time."""
        return self.began + self.seconds

    @property
    def stops(self) -> float | None:
        """When the first actor comes to a stop, Unix time."""
        stops = self.script.stops
        return None if stops is None else self.began + stops * self.seconds / self.script.seconds

    def picture_at(self, now: float) -> Picture:
        """What the camera sees at a moment of Unix time."""
        moment = max(0.0, now - self.began) * self.script.seconds / self.seconds
        script = self.script
        standing = script.before if moment < script.turn else script.after
        light, weather = LIGHTS[standing.light], Weather()
        if script.stress is not None:
            light, weather = script.stress(moment, script.seconds, light)
        moving = tuple(actor for part in script.parts if (actor := part.at(moment)) is not None)
        return Picture(PALETTES[self.place], (*standing.actors(), *moving), light, weather)


def still(place: Place, standing: Standing) -> Picture:
    """What the camera sees when nothing happens."""
    return Picture(PALETTES[place], standing.actors(), LIGHTS[standing.light])


def play(
    name: str, place: Place, standing: Standing, seed: int, began: float, seconds: float | None = None,
    carrier: str | None = None,
) -> Play:  # fmt: skip
    """Begin an event; Impossible when it cannot happen here or now."""
    event = EVENTS[name]
    if carrier is not None:
        event = _by_carrier(event, carrier)
    if place not in event.places:
        raise Impossible(f"'{name}' cannot be played here; it can on {', '.join(event.places)}")
    script = event.write(place, standing, random.Random(seed))
    return Play(name, place, seed, began, seconds or script.seconds, script)


def _by_carrier(event: Event, carrier: str) -> Event:
    """The same event with a truck of that carrier."""
    trucks = {"fedex": "delivery_truck", "ups": "ups_truck"}
    if event.name not in trucks.values():
        raise Impossible(f"'{event.name}' has no carrier")
    if carrier.lower() not in trucks:
        raise Impossible(f"no carrier '{carrier}'; there are FedEx and UPS")
    return EVENTS[trucks[carrier.lower()]]


def _either(rng: random.Random, path: Path) -> Path:
    """The path, or the same one from the other side."""
    if rng.random() < 0.5:
        return path
    return replace(path, x=1 - path.x, legs=tuple(replace(leg, x=1 - leg.x) for leg in path.legs))


def _truck(kind: Literal["fedex", "ups"]) -> Callable[[Place, Standing, random.Random], Script]:
    def write(place: Place, standing: Standing, rng: random.Random) -> Script:
        y, tall = LANE[0] + rng.uniform(-0.012, 0.006), LANE[1] * rng.uniform(0.94, 1.04)
        stop = 0.48 + rng.uniform(-0.04, 0.04)
        legs = (Leg(3.0, stop, y, tall, "brake"), Leg(9.0, stop, y, tall, "stay"), Leg(12.0, -0.28, y, tall, "start"))
        path = _either(rng, Path(1.28, y, tall, legs))
        return Script(12.0, (Part(look_by(kind, rng.randrange), path),), standing, standing, stops=path.stops)

    return write


def _car_parks(place: Place, standing: Standing, rng: random.Random) -> Script:
    if standing.car is not None:
        raise Impossible("a car is parked there already; play car_leaves first")
    side = look_by("car", rng.randrange)
    front = replace(side, kind="car_front")
    drive = Path(-0.22, 0.57, 0.15, (Leg(3.0, 0.51, 0.585, 0.15, "brake"), Leg(3.6, 0.515, 0.60, 0.16)))
    legs = (Leg(4.0, 0.515, 0.625, 0.175), Leg(7.0, *PARKED, "brake"), Leg(8.0, *PARKED, "stay"))
    turn = Path(0.515, 0.60, 0.17, legs, begins=3.6)
    parts = (Part(side, drive, squeeze=(3.0, 3.6, 1.0, 0.5)), Part(front, turn, squeeze=(3.6, 4.0, 0.9, 1.0)))
    return Script(8.0, parts, standing, replace(standing, car=front), turn=8.0, stops=7.0)


def _car_leaves(place: Place, standing: Standing, rng: random.Random) -> Script:
    if standing.car is None:
        raise Impossible("no car is parked there; play car_parks first")
    gone, side = replace(standing, car=None), replace(standing.car, kind="car")
    back = Path(*PARKED, (Leg(3.0, 0.515, 0.625, 0.175, "start"), Leg(3.4, 0.515, 0.60, 0.17)))
    away = Path(0.515, 0.60, 0.16, (Leg(4.0, 0.51, 0.585, 0.15), Leg(7.0, 1.25, 0.57, 0.15, "start")), begins=3.4)
    return Script(7.0, (Part(standing.car, back, squeeze=(3.0, 3.4, 1.0, 0.9)),
                        Part(side, away, squeeze=(3.4, 4.0, 0.5, 1.0))), gone, gone)


def _person_walks(place: Place, standing: Standing, rng: random.Random) -> Script:
    y, tall = WALKS[place][0] + rng.uniform(-0.01, 0.015), WALKS[place][1] * rng.uniform(0.92, 1.06)
    if place == "front_door":  # the path ends at the door: who only passes turns round
        legs = (Leg(3.5, 0.62, y - 0.06, tall * 0.95), Leg(4.5, 0.62, y - 0.06, tall * 0.95, "stay"),
                Leg(8.0, 1.12, y, tall))
        path = Path(1.12, y, tall, legs)
    else:
        path = _either(rng, Path(1.10, y, tall, (Leg(9.0, -0.10, y, tall),)))
    person = Part(look_by("person", rng.randrange), path)
    return Script(path.legs[-1].until, (person,), standing, standing, stops=path.stops)


def _to_the_door(rng: random.Random, wait: float, view: str, brings: bool = False, takes: bool = False) -> Path:
    """From the right up to the mat, `wait` seconds there, and back."""
    tall, far = STEP[1] * rng.uniform(0.94, 1.04), 0.93 + rng.uniform(-0.01, 0.02)
    spot = (0.29 if view == "back" else 0.42, STEP[0] + (0.0 if view == "back" else 0.03), tall)
    legs = (Leg(2.2, 0.68, 0.86, tall * 1.06, carrying=brings), Leg(4.0, *spot, carrying=brings),
            Leg(4.6, *spot, "stay", view, brings), Leg(4.0 + wait, *spot, "stay", view, takes),
            Leg(5.8 + wait, 0.68, 0.86, tall * 1.06, carrying=takes),
            Leg(8.0 + wait, 1.12, far, tall * 1.1, carrying=takes))
    return Path(1.12, far, tall * 1.1, legs)


def _person_at_door(place: Place, standing: Standing, rng: random.Random) -> Script:
    path = _to_the_door(rng, 4.0, "back")
    return Script(12.0, (Part(look_by("person", rng.randrange), path),), standing, standing, stops=4.0)


def _parcel_left(place: Place, standing: Standing, rng: random.Random) -> Script:
    if standing.parcel is not None:
        raise Impossible("a parcel lies there already; play parcel_taken first")
    box = look_by("parcel", rng.randrange)
    path = _to_the_door(rng, 1.6, "side", brings=True)
    person = Part(look_by("person", rng.randrange), path, carries=box)
    return Script(9.6, (person,), standing, replace(standing, parcel=box), turn=4.6, stops=4.0)


def _parcel_taken(place: Place, standing: Standing, rng: random.Random) -> Script:
    if standing.parcel is None:
        raise Impossible("no parcel lies there; play parcel_left first")
    path = _to_the_door(rng, 1.6, "side", takes=True)
    person = Part(look_by("person", rng.randrange), path, carries=standing.parcel)
    return Script(9.6, (person,), standing, replace(standing, parcel=None), turn=4.6, stops=4.0)


def _animal(kind: Literal["cat", "dog"]) -> Callable[[Place, Standing, random.Random], Script]:
    def write(place: Place, standing: Standing, rng: random.Random) -> Script:
        y, tall = PROWLS[place][0] + rng.uniform(-0.03, 0.02), PROWLS[place][1] * rng.uniform(0.9, 1.1)
        tall, middle = tall * (1.4 if kind == "dog" else 1.0), rng.uniform(0.42, 0.58)
        legs = (Leg(3.5, middle, y, tall), Leg(5.0, middle, y, tall, "stay"), Leg(8.5, -0.12, y, tall))
        path = _either(rng, Path(1.12, y, tall, legs))
        return Script(8.5, (Part(look_by(kind, rng.randrange), path),), standing, standing, stops=path.stops)

    return write


def _bird(place: Place, standing: Standing, rng: random.Random) -> Script:
    y = rng.uniform(0.2, 0.5)
    path = _either(rng, Path(1.1, y, 0.07, (Leg(1.2, 0.5, y - 0.1, 0.075), Leg(2.4, -0.1, y - 0.05, 0.07))))
    return Script(3.0, (Part(look_by("bird", rng.randrange), path),), standing, standing)


def _light(name: LightName, seconds: float, stress: str | None = None) -> Callable[..., Script]:
    def write(place: Place, standing: Standing, rng: random.Random) -> Script:
        making = STRESSES[stress](rng) if stress else None
        return Script(seconds, (), standing, replace(standing, light=name), seconds if making else 0.0, making)

    return write


def _infrared_switch(place: Place, standing: Standing, rng: random.Random) -> Script:
    other: LightName = "day" if standing.light == "night" else "night"
    return Script(4.0, (), standing, replace(standing, light=other), 1.7, STRESSES["infrared_switch"](rng))


def _stress(name: str, seconds: float) -> Callable[..., Script]:
    def write(place: Place, standing: Standing, rng: random.Random) -> Script:
        return Script(seconds, (), standing, standing, stress=STRESSES[name](rng))

    return write


_DRIVE: tuple[Place, ...] = ("driveway",)
_DOOR: tuple[Place, ...] = ("front_door",)
_ALL: tuple[Event, ...] = (
    Event("delivery_truck", "a FedEx truck pulls up, stops 6 s and leaves; 'carrier' may say UPS", _DRIVE, 12.0,
          _truck("fedex")),
    Event("ups_truck", "a UPS truck pulls up, stops 6 s and leaves", _DRIVE, 12.0, _truck("ups")),
    Event("car_parks", "a car comes and parks; it stays until car_leaves", _DRIVE, 8.0, _car_parks),
    Event("car_leaves", "the parked car backs out and leaves", _DRIVE, 7.0, _car_leaves),
    Event("person_walks", "somebody walks by", EVERYWHERE, 9.0, _person_walks),
    Event("person_at_door", "somebody comes to the door, waits 4 s and goes", _DOOR, 12.0, _person_at_door),
    Event("parcel_left", "somebody brings a parcel and goes; it lies until parcel_taken", _DOOR, 9.6, _parcel_left),
    Event("parcel_taken", "somebody takes the parcel away", _DOOR, 9.6, _parcel_taken),
    Event("cat", "a cat prowls through", EVERYWHERE, 8.5, _animal("cat")),
    Event("dog", "a dog runs through", EVERYWHERE, 8.5, _animal("dog")),
    Event("bird", "a bird flies past", EVERYWHERE, 3.0, _bird),
    Event("clouds", "cloud shadows drift over", EVERYWHERE, 30.0, _stress("clouds", 30.0)),
    Event("dusk", "the day fades; it stays dim until day or night", EVERYWHERE, 20.0, _light("dusk", 20.0, "dusk")),
    Event("night", "at once the grey infrared picture of the night; stays until day", EVERYWHERE, 1.0,
          _light("night", 1.0)),
    Event("day", "at once full daylight in colour", EVERYWHERE, 1.0, _light("day", 1.0)),
    Event("infrared_switch", "the camera changes between colour and infrared, as at dusk and dawn", EVERYWHERE, 4.0,
          _infrared_switch),
    *(Event(name, about, EVERYWHERE, seconds, _stress(name, seconds)) for name, about, seconds in (
        ("rain", "it rains", 30.0), ("shake", "the camera shakes in the wind", 12.0),
        ("insects", "insects pass close to the lens", 15.0),
        ("headlights", "headlights sweep over, best at night", 10.0),
        ("sway", "leaves sway in the wind", 20.0), ("black", "the lens is covered for a while", 10.0))),
)
EVENTS: dict[str, Event] = {event.name: event for event in _ALL}
