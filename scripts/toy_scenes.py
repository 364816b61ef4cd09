"""The scenes that the toy vision model is trained and tested with: drawn, cut out as a camera does, and named.

Training and test scenes have nothing in common that is drawn by chance:
- seeds: the scene's generator is seeded (part, number); the events' own seeds are even in training, odd in test.
- colours of coats, cars, fur, boxes, skin, hair, trousers: every other one of each row of cast.py, and in training also
  colours by chance that are far (40 levels) from all of the test's. The carriers' liveries are the carriers'.
- the places' colours: each channel within 6 % of the usual one in test, more than 8 % away from it in training; houses
  and trees are shifted by less than 1.2 % in test, by more than 1.5 % in training, where places are mirrored too.
- positions: who matters stands on the white fields of a board of 40x40 over the picture in training, on the black ones
  in test.
What is hardly visible (less than a quarter of it) is to be called "something"; between a quarter and 40 % is not asked.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from dobby.eyes.camera import SMALL, crop, fitted, packed
from dobby.eyes.seen import Box, Glance
from dobby.sim.camera import cast
from dobby.sim.camera.cast import Actor, Look, Palette, Picture
from dobby.sim.camera.draw import MAIN, palette_for, render
from dobby.sim.camera.scenes import EVENTS, LIGHTS, Play, Standing, play

TRAIN, TEST = 0, 1
LABELS = ("Before:", "Now, the whole picture:", "Now, what changed, cut out:")
KINDS = ("Something came into the picture.", "Something was left there.", "Something that stood there is gone.")


def said(subject: str, what: str, **more: Any) -> str:
    """An answer as real models give it, with the keys that matter."""
    return json.dumps({"subject": subject, "what": what, **more, "alert": 0 if subject in ("nothing", "animal") else 1},
                      separators=(",", ":"))


ANSWERS: dict[str, str] = {
    "fedex": said("vehicle", "A FedEx truck just pulled up.", carrier="FedEx"),
    "ups": said("vehicle", "A UPS truck just pulled up.", carrier="UPS"),
    "car": said("vehicle", "A car came up the driveway."),
    "car leaves": said("vehicle", "A car is leaving the driveway."),
    "person": said("person", "Somebody walks by."),
    "person at door": said("person", "Somebody is at the door."),
    "person with parcel": said("person", "Somebody with a parcel is at the door."),
    "cat": said("animal", "A cat came by."),
    "dog": said("animal", "A dog came by."),
    "bird": said("animal", "A bird flew past."),
    "parcel left": said("parcel", "A parcel was left at the door.", parcel="appeared"),
    "parcel taken": said("parcel", "The parcel at the door is gone.", parcel="taken"),
    "car parked": said("vehicle", "A car is parked in the driveway."),
    "car gone": said("vehicle", "The car in the driveway is gone."),
    "parcel lies": said("parcel", "A parcel lies at the door."),
    "fedex there": said("vehicle", "A FedEx truck is there.", carrier="FedEx"),
    "ups there": said("vehicle", "A UPS truck is there.", carrier="UPS"),
    "something": said("other", "Something came."),
    "nothing": said("nothing", "Nobody is there."),
}
EVENT_SHARES = {"delivery_truck": 20, "ups_truck": 20, "car_parks": 12, "car_leaves": 12, "person_walks": 9,
                "person_at_door": 6, "parcel_left": 18, "parcel_taken": 14, "cat": 8, "dog": 8, "bird": 7,
                "clouds": 1.3, "rain": 2.6, "shake": 2.6, "insects": 4, "headlights": 2.6, "sway": 1.3,
                "infrared_switch": 1.3}
PLACES: tuple[cast.Place, ...] = ("driveway", "front_door", "driveway", "front_door", "garden", "driveway")
QUIET = ("clouds", "rain", "shake", "insects", "headlights", "sway", "infrared_switch")


@dataclass(frozen=True)
class Scene:
    """What is shown, as a camera's process cuts it, why, and the right answer (a key of ANSWERS)."""

    kind: str
    night: bool
    before: Any  # pixels, BGR, or None
    full: Any
    cut: Any
    answer: str

    def shown(self) -> list[tuple[str, Any]]:
        """The pictures with their labels, in the order of dobby/eyes/caption.py."""
        rows = zip(LABELS, (self.before, self.full, self.cut), strict=True)
        return [(label, pixels) for label, pixels in rows if pixels is not None]

    def glance(self) -> Glance:
        """The same as the daemon would ask it."""
        before, full, cut = (b"" if one is None else packed(one) for one in (self.before, self.full, self.cut))
        return Glance("Driveway", datetime(2026, 11, 20, 12), full, cut, before, self.kind, "", self.night,  # type: ignore[arg-type]
                      question="What is there?")


# --- drawing ----------------------------------------------------------------------------------------------------------


def a_color(row: tuple[cast.Color, ...], part: int, rng: np.random.Generator) -> cast.Color:
    """One of this part's colours of a row; in training by half one by chance that is far from the test's."""
    if part == TEST or rng.random() < 0.5:
        mine = row[part::2]
        return mine[int(rng.integers(len(mine)))]
    other = np.array(row[TEST::2])
    while True:
        color = rng.integers(15, 240, 3)
        if (np.abs(other - color).max(axis=1) >= 40).all():
            return int(color[0]), int(color[1]), int(color[2])


def a_palette(place: cast.Place, part: int, rng: np.random.Generator) -> Palette:
    """A place in colours of this part."""
    usual, made = Palette(place), palette_for(place, rng)

    def vary(color: cast.Color) -> cast.Color:
        far = rng.uniform(0.08, 0.28, 3) * rng.choice((-1, 1), 3) if part == TRAIN else rng.uniform(-0.06, 0.06, 3)
        blue, green, red = (min(255, max(0, round(level * (1 + by)))) for level, by in zip(color, far, strict=True))
        return blue, green, red

    colors = {name: vary(getattr(usual, name))
              for name in ("sky", "wall", "roof", "grass", "leaf", "road", "paving", "wood", "door")}
    shift = rng.uniform(0.015, 0.05) * rng.choice((-1, 1)) if part == TRAIN else rng.uniform(-0.012, 0.012)
    return replace(made, mirror=made.mirror and part == TRAIN, shift=float(shift), **colors)


class Painter:
    """Paints the actors of one scene anew: colours of this part, moved a little, mirrored with the place."""

    def __init__(self, palette: Palette, part: int, rng: np.random.Generator) -> None:
        self.palette, self._part, self._rng = palette, part, rng
        self._looks: dict[int, Look] = {}
        self._dx = self._dy = 0.0
        self._tall = float(rng.uniform(0.85, 1.2)) if part == TRAIN else 1.0

    def settle(self, actor: Actor) -> None:
        """Move everybody a little, so that this one stands on a field of this part."""
        far = 0.07 if self._part == TRAIN else 0.03
        while True:
            self._dx, self._dy = float(self._rng.uniform(-far, far)), float(self._rng.uniform(-0.03, 0.03))
            moved = self.actor(actor)
            if (math.floor(moved.x * 40) + math.floor(moved.y * 40)) % 2 == self._part:
                return

    def paint(self, picture: Picture) -> Picture:
        """The picture with its actors painted anew."""
        return replace(picture, palette=self.palette, actors=tuple(self.actor(one) for one in picture.actors))

    def actor(self, actor: Actor) -> Actor:
        x = actor.x + self._dx
        return replace(actor, look=self._look(actor.look), x=1 - x if self.palette.mirror else x, y=actor.y + self._dy,
                       height=actor.height * self._tall, facing=-actor.facing if self.palette.mirror else actor.facing,
                       carries=self._look(actor.carries) if actor.carries else None)

    def _look(self, look: Look) -> Look:
        if look.grain not in self._looks:
            rows = (cast.BODY_COLORS.get(look.kind, cast.CAR_COLORS), cast.TROUSER_COLORS, cast.SKIN_COLORS,
                    cast.HAIR_COLORS)
            body, trim, skin, hair = (a_color(row, self._part, self._rng) for row in rows)
            self._looks[look.grain] = Look(look.kind, body, trim, skin, hair, int(self._rng.integers(1 << 30)))
        return replace(self._looks[look.grain], kind=look.kind)


def seen_share(actor: Actor) -> float:
    """How much of an actor is inside the picture."""
    left, top, right, bottom = actor.whole_box
    box = actor.box
    return (box[2] - box[0]) * (box[3] - box[1]) / ((right - left) * (bottom - top)) if box else 0.0


def loosely(box: cast.Box, rng: np.random.Generator) -> Box:
    """A box as a detector finds it: not to the pixel."""
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    # so loosely that its proportions say nothing of what is in it
    edges = (left - rng.normal(0.03, 0.11) * wide, top - rng.normal(0.02, 0.11) * tall,
             right + rng.normal(0.03, 0.11) * wide, bottom + rng.normal(0.04, 0.11) * tall)
    if rng.random() < 0.5:  # thin legs and tails are often missed
        edges = (edges[0], edges[1] + rng.uniform(0, 0.22) * tall, edges[2], edges[3] - rng.uniform(0, 0.12) * tall)
    low, high = [min(0.97, max(0.0, float(edge))) for edge in edges[:2]], [float(edge) for edge in edges[2:]]
    return Box(low[0], low[1], min(1.0, max(low[0] + 0.03, high[0])), min(1.0, max(low[1] + 0.03, high[1])))


def anywhere(picture: Picture, rng: np.random.Generator) -> Box:
    """A box where nobody is: an insect's, a headlight's, or by chance where no standing thing fills it."""
    spots = [(one.x, one.y, one.radius) for one in picture.weather.insects]
    if spots and rng.random() < 0.9:
        x, y, radius = spots[int(rng.integers(len(spots)))]
        return loosely((x - radius * 0.7, y - radius * 1.2, x + radius * 0.7, y + radius * 1.2), rng)
    while True:
        wide, tall = (float(rng.uniform(0.05, 0.22) if rng.random() < 0.7 else rng.uniform(0.2, 0.7)) for _ in "xy")
        x, y = float(rng.uniform(0, 1 - wide)), float(rng.uniform(0, 1 - tall))
        box = Box(x, y, x + wide, y + tall)
        if all(alike(box, one.box) < 0.3 for one in picture.actors if one.box):
            return box


def alike(box: Box, other: cast.Box) -> float:
    """Intersection over union."""
    both = (max(0.0, min(box.right, other[2]) - max(box.left, other[0]))
            * max(0.0, min(box.bottom, other[3]) - max(box.top, other[1])))
    return both / (box.area + (other[2] - other[0]) * (other[3] - other[1]) - both + 1e-9)


def an_event(place: cast.Place, part: int, rng: np.random.Generator, hard: float) -> tuple[str, Standing, Play]:
    """Something that happens at this place, what stood there before, and how it goes."""
    names = [name for name in EVENT_SHARES if place in EVENTS[name].places]
    shares = np.array([EVENT_SHARES[name] * (hard if name in (*QUIET, "cat", "dog", "bird") else 1) for name in names])
    name = str(rng.choice(names, p=shares / shares.sum()))
    below = random.Random(int(rng.integers(1 << 30))).randrange  # noqa: S311  # scenes, no secrets
    car = cast.look_by("car_front", below) if place == "driveway" and rng.random() < 0.4 else None
    parcel = cast.look_by("parcel", below) if place == "front_door" and rng.random() < 0.35 else None
    if name in ("car_parks", "car_leaves"):
        car = None if name == "car_parks" else car or cast.look_by("car_front", below)
    if name in ("parcel_left", "parcel_taken"):
        parcel = None if name == "parcel_left" else parcel or cast.look_by("parcel", below)
    light = str(rng.choice(["day", "dusk", "night"], p=[0.55, 0.15, 0.3]))
    standing = Standing(light, car, parcel)  # type: ignore[arg-type]
    return name, standing, play(name, place, standing, 2 * int(rng.integers(1 << 29)) + part, 0.0)


def a_scene(palette: Palette, part: int, rng: np.random.Generator, hard: float = 1.0) -> Scene:
    """Draw a scene that can be asked about. hard: how much more often than usual it is one that is hard to tell."""
    only_something = rng.random() < 0.04  # it is rare by chance
    while True:
        name, standing, event = an_event(palette.place, part, rng, hard)
        painter = Painter(palette, part, rng)
        kind = "look" if rng.random() < 0.12 else "start"
        settled = name in ("parcel_left", "parcel_taken", "car_parks", "car_leaves") and rng.random() < 0.5
        moment = float(rng.uniform(0.05, 0.97) * event.seconds)
        if settled and kind == "start":
            kind = "left" if name in ("parcel_left", "car_parks") else "taken"
            moment = event.seconds * (float(rng.uniform(0.62, 1.0)) if "parcel" in name else 1.2)
        picture, old = event.picture_at(moment), Picture(palette, standing.actors(), LIGHTS[standing.light])
        stands = len((event.script.before if moment < event.script.turn else event.script.after).actors())
        movers, still = picture.actors[stands:], picture.actors[:stands]
        left = [one for one in still if one.look.kind == ("parcel" if "parcel" in name else "car_front")]
        gone = [one for one in old.actors if one.look.kind == ("parcel" if "parcel" in name else "car_front")]
        main = {"left": left, "taken": gone}.get(kind, [*movers, *still] if kind == "look" else movers)
        if (not main and name not in QUIET and kind != "look") or (main and kind == "start" and name in QUIET):
            continue
        if main:
            painter.settle(main[0])
        picture, old = painter.paint(picture), painter.paint(old)
        shares = [seen_share(painter.actor(one)) for one in main]
        answer = the_answer(name, kind, palette.place, main, shares, bool(standing.car))
        if answer is None or (only_something and answer != "something"):
            continue
        around = movers if movers and kind in ("start", "look") else main
        box = whole([one for one in (painter.actor(one).box for one in around) if one])
        return drawn(kind, picture, old, loosely(box, rng) if box else anywhere(picture, rng), answer, rng)


def whole(boxes: list[cast.Box]) -> cast.Box | None:
    """The box around all."""
    return (min(one[0] for one in boxes), min(one[1] for one in boxes), max(one[2] for one in boxes),
            max(one[3] for one in boxes)) if boxes else None


def the_answer(name: str, kind: str, place: str, main: Any, shares: list[float], parked: bool) -> str | None:
    """What is right to say; None for what is neither well nor hardly visible."""
    if not main:
        return "nothing"
    what = str(main[0].look.kind)
    if kind in ("left", "taken"):
        words = {"left": ("parcel left", "car parked"), "taken": ("parcel taken", "car gone")}[kind]
        return words["parcel" not in name] if shares[0] > 0.6 else None
    if shares[0] < 0.4:
        return None if shares[0] > 0.25 or shares[0] < 0.08 or kind == "look" else "something"
    if kind == "look" and what in ("fedex", "ups", "car", "car_front", "parcel"):
        return {"fedex": "fedex there", "ups": "ups there", "parcel": "parcel lies"}.get(what, "car parked")
    if what in ("car", "car_front"):
        return "car leaves" if parked else "car"
    if what == "person" and place == "front_door":
        return "person with parcel" if main[0].carries else "person at door"
    return what


def drawn(kind: str, picture: Picture, old: Picture, box: Box, answer: str, rng: np.random.Generator) -> Scene:
    """Render and cut as the camera's process does."""
    if rng.random() < 0.3:
        light = picture.light
        picture = replace(picture, light=replace(light, gain=light.gain * float(rng.uniform(0.8, 1.15)),
                                                 noise=light.noise * float(rng.uniform(0.6, 1.6))))
    pixels = render(picture, MAIN, rng)
    before = None
    if kind != "look" and rng.random() < 0.93:
        before = fitted(render(replace(old, light=picture.light) if rng.random() < 0.9 else old, MAIN, rng), SMALL)
    shot: Any = SimpleNamespace(colours=lambda: pixels)
    cut = None
    if kind != "look" or rng.random() < 0.4:
        cut = fitted(crop(shot, SimpleNamespace(best_box=box)), SMALL)  # type: ignore[arg-type]
    return Scene(kind, picture.light.infrared, before, fitted(pixels, SMALL), cut, answer)


def scenes(part: int, number: int, palettes: int, first: int = 0, hard: float = 1.0) -> Iterator[Scene]:
    """So many scenes, one palette after the other (a place is costly to paint), from the seed (part, first) on."""
    for at in range(first, first + palettes):
        rng = np.random.default_rng((part, at))
        palette = a_palette(PLACES[at % len(PLACES)], part, rng)
        for _ in range(number // palettes):
            yield a_scene(palette, part, rng, hard)
