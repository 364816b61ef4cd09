"""Makes dobby/sim/toy: a tiny Qwen3-VL trained from nothing on drawn scenes of the simulated home, and tests it.

    python scripts/train_toy.py [--out dobby/sim/toy]             draw, train, save, test
    python scripts/train_toy.py --test [--out dobby/sim/toy]      test what is there

Needs what scripts/vision installs. One core, about half an hour. It knows the simulated cameras and nothing else.

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

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from dobby.eyes import model as worker  # noqa: E402
from dobby.eyes.camera import SMALL, crop, fitted, packed  # noqa: E402
from dobby.eyes.caption import NoCaption, parse, pictures, request, rules  # noqa: E402
from dobby.eyes.seen import Box, Glance  # noqa: E402
from dobby.sim.camera import cast  # noqa: E402
from dobby.sim.camera.cast import Actor, Look, Palette, Picture  # noqa: E402
from dobby.sim.camera.draw import MAIN, palette_for, render  # noqa: E402
from dobby.sim.camera.scenes import EVENTS, LIGHTS, Play, Standing, play  # noqa: E402

TRAIN, TEST = 0, 1
STEPS, BATCH, PEAK = 3600, 24, 2e-3
SCENES, PALETTES, TESTED = 9600, 240, 420
PIXELS = 16384  # of a picture that the toy sees: 160x96 of a whole one, 15 tokens
SPECIAL = ("endoftext", "im_start", "im_end", "vision_start", "vision_end", "vision_pad", "image_pad", "video_pad")
LABELS = ("Before:", "Now, the whole picture:", "Now, what changed, cut out:")
KINDS = ("Something came into the picture.", "Something was left there.", "Something that stood there is gone.")
TEMPLATE = """{#- knows the simulated home only: the rules are left out, and of the request all but what happened -#}
{%- for message in messages if message.role == 'user' -%}<|im_start|>user
{% for part in message.content -%}
{%- if part.type == 'image' -%}<|vision_start|><|image_pad|><|vision_end|>
{%- else -%}{%- for words in KNOWN if words in part.text -%}{{ words }}{%- endfor -%}{%- endif -%}
{%- endfor -%}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""


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
                "person_at_door": 6, "parcel_left": 18, "parcel_taken": 14, "cat": 8, "dog": 7, "bird": 5,
                "clouds": 1, "rain": 2, "shake": 2, "insects": 3, "headlights": 2, "sway": 1, "infrared_switch": 1}
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
            moved = self._actor(actor)
            if (math.floor(moved.x * 40) + math.floor(moved.y * 40)) % 2 == self._part:
                return

    def paint(self, picture: Picture) -> Picture:
        """The picture with its actors painted anew."""
        return replace(picture, palette=self.palette, actors=tuple(self._actor(one) for one in picture.actors))

    def _actor(self, actor: Actor) -> Actor:
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
    edges = (left - rng.normal(0.03, 0.06) * wide, top - rng.normal(0.02, 0.06) * tall,
             right + rng.normal(0.03, 0.06) * wide, bottom + rng.normal(0.04, 0.06) * tall)
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


def an_event(place: cast.Place, part: int, rng: np.random.Generator) -> tuple[str, Play]:
    """Something that happens at this place, on something that stands there already."""
    names = [name for name in EVENT_SHARES if place in EVENTS[name].places]
    shares = np.array([EVENT_SHARES[name] for name in names], float)
    name = str(rng.choice(names, p=shares / shares.sum()))
    below = random.Random(int(rng.integers(1 << 30))).randrange  # noqa: S311  # scenes, no secrets
    car = cast.look_by("car_front", below) if place == "driveway" and rng.random() < 0.4 else None
    parcel = cast.look_by("parcel", below) if place == "front_door" and rng.random() < 0.35 else None
    if name in ("car_parks", "car_leaves"):
        car = None if name == "car_parks" else car or cast.look_by("car_front", below)
    if name in ("parcel_left", "parcel_taken"):
        parcel = None if name == "parcel_left" else parcel or cast.look_by("parcel", below)
    light = str(rng.choice(["day", "dusk", "night"], p=[0.55, 0.15, 0.3]))
    return name, play(name, place, Standing(light, car, parcel), 2 * int(rng.integers(1 << 29)) + part, 0.0)  # type: ignore[arg-type]


def a_scene(palette: Palette, part: int, rng: np.random.Generator) -> Scene:
    """Draw a scene that can be asked about."""
    while True:
        name, event = an_event(palette.place, part, rng)
        painter, standing = Painter(palette, part, rng), event.script.before
        kind = "look" if rng.random() < 0.12 else "start"
        settled = name in ("parcel_left", "parcel_taken", "car_parks", "car_leaves") and rng.random() < 0.5
        moment = float(rng.uniform(0.05, 0.97) * event.seconds)
        if settled and kind == "start":
            kind = "left" if name in ("parcel_left", "car_parks") else "taken"
            moment = event.seconds * (float(rng.uniform(0.62, 1.0)) if "parcel" in name else 1.2)
        picture, old = event.picture_at(moment), Picture(palette, standing.actors(), LIGHTS[standing.light])
        stands = len((standing if moment < event.script.turn else event.script.after).actors())
        movers, still = picture.actors[stands:], picture.actors[:stands]
        left = [one for one in still if one.look.kind == ("parcel" if "parcel" in name else "car_front")]
        gone = [one for one in old.actors if one.look.kind == ("parcel" if "parcel" in name else "car_front")]
        main = {"left": left, "taken": gone}.get(kind, [*movers, *still] if kind == "look" else movers)
        if (not main and name not in QUIET and kind != "look") or (main and kind == "start" and name in QUIET):
            continue
        if main:
            painter.settle(main[0])
        picture, old = painter.paint(picture), painter.paint(old)
        shares = [seen_share(painter._actor(one)) for one in main]
        answer = the_answer(name, kind, palette.place, main, shares, bool(standing.car))
        if answer is None:
            continue
        box = whole([one for one in (painter._actor(one).box for one in main) if one])
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


def scenes(part: int, number: int, palettes: int) -> Any:
    """So many scenes, one palette after the other (a place is costly to paint)."""
    for at in range(palettes):
        rng = np.random.default_rng((part, at))
        palette = a_palette(PLACES[at % len(PLACES)], part, rng)
        for _ in range(number // palettes):
            yield a_scene(palette, part, rng)


# --- the model --------------------------------------------------------------------------------------------------------


def a_tokenizer() -> Any:
    """Bytes, signs, and pieces of the sentences that are said here."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([*ANSWERS.values(), *LABELS * 2, *KINDS * 2], trainers.BpeTrainer(
        vocab_size=420, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[f"<|{name}|>" for name in SPECIAL]))
    signs = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **signs)
    made.chat_template = TEMPLATE.replace("KNOWN", json.dumps([*LABELS, *KINDS]))
    return made


def a_model(tokenizer: Any) -> Any:
    """A Qwen3-VL of less than 700 thousand weights by chance."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    ids = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in SPECIAL}
    ends = {"eos_token_id": ids["im_end"], "pad_token_id": ids["endoftext"]}
    config = Qwen3VLConfig(
        text_config={"vocab_size": len(tokenizer), "hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 3,
                     "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 24, "tie_word_embeddings": True,
                     "max_position_embeddings": 1024, **ends,
                     "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 4, 4],
                                         "mrope_interleaved": True}},
        vision_config={"depth": 3, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "patch_size": 16,
                       "spatial_merge_size": 2, "out_hidden_size": 96, "num_position_embeddings": 144,
                       "deepstack_visual_indexes": [1]},
        image_token_id=ids["image_pad"], video_token_id=ids["video_pad"], vision_start_token_id=ids["vision_start"],
        vision_end_token_id=ids["vision_end"], tie_word_embeddings=True)
    model = Qwen3VLForConditionalGeneration(config)
    model.generation_config.update(**ends, do_sample=False)
    return model


def an_image_processor() -> Any:
    """Pictures in few tokens."""
    from transformers import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(patch_size=16, merge_size=2,
                                    size={"shortest_edge": 4096, "longest_edge": PIXELS})


def small(pixels: Any) -> Any:
    """A picture as the image processor would bring it down, so that it can be kept."""
    from PIL import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    height, width = smart_resize(*pixels.shape[:2], factor=32, min_pixels=4096, max_pixels=PIXELS)
    made = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(made)


@dataclass(frozen=True)
class Sample:
    """A scene as the toy is trained with it."""

    pictures: tuple[Any, ...]
    head: str
    answer: str


def samples(tokenizer: Any) -> list[Sample]:
    """All training scenes, drawn."""
    made: list[Sample] = []
    began = time.monotonic()
    for scene in scenes(TRAIN, SCENES, PALETTES):
        shown, glance = scene.shown(), scene.glance()
        text = worker.prompt(tokenizer, "<|image_pad|>", rules(glance), request(glance), [label for label, _ in shown])
        made.append(Sample(tuple(small(pixels) for _, pixels in shown), text, scene.answer))
        if len(made) % 1000 == 0:
            print(f"drawn {len(made)} of {SCENES}, {time.monotonic() - began:.0f} s", flush=True)
    print("training scenes:", dict(Counter(one.answer for one in made)), flush=True)
    return made


def another_time(shown: tuple[Any, ...], rng: np.random.Generator) -> list[Any]:
    """The pictures of a scene a little brighter or darker and moved by some pixels, each time they are shown."""
    gain, lift = float(rng.uniform(0.85, 1.15)), float(rng.uniform(-12, 12))
    return [np.roll(np.clip(one * gain + lift, 0, 255).astype(np.uint8), rng.integers(-4, 5, 2), axis=(0, 1))
            for one in shown]


def a_batch(chosen: list[Sample], tokenizer: Any, images: Any, rng: np.random.Generator) -> dict[str, Any]:
    """What the model is shown and what of it counts, padded to one length."""
    import torch

    shown = [varied for one in chosen for varied in another_time(one.pictures, rng)]
    values, grids, counts = worker.patches(images, shown)
    rows, at = [], 0
    for one in chosen:
        head = worker.expanded(one.head, "<|image_pad|>", counts[at : at + len(one.pictures)])
        at += len(one.pictures)
        tail = tokenizer(ANSWERS[one.answer] + "<|im_end|>")["input_ids"]
        rows.append((tokenizer(head)["input_ids"], tail))
    longest = max(len(head) + len(tail) for head, tail in rows)
    ids = torch.full((len(rows), longest), tokenizer.pad_token_id)
    labels, mask = torch.full((len(rows), longest), -100), torch.zeros((len(rows), longest), dtype=torch.long)
    for number, (head, tail) in enumerate(rows):
        end = len(head) + len(tail)
        ids[number, :end] = torch.tensor(head + tail)
        labels[number, len(head) : end] = torch.tensor(tail)
        mask[number, :end] = 1
    marks = (ids == tokenizer.convert_tokens_to_ids("<|image_pad|>")).long()
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, "pixel_values": values,
            "image_grid_thw": grids, "mm_token_type_ids": marks}


def train(out: Path) -> None:
    """Draw, train, save."""
    import torch
    import transformers

    torch.manual_seed(7)
    tokenizer, images = a_tokenizer(), an_image_processor()
    model, rng = a_model(tokenizer), np.random.default_rng(7)
    print(f"{sum(one.numel() for one in model.parameters())} weights; answers of",
          [len(tokenizer(text)["input_ids"]) for text in ANSWERS.values()], "tokens", flush=True)
    all_, steps = samples(tokenizer), STEPS
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.02, betas=(0.9, 0.98))
    transformers.logging.disable_progress_bar()
    model.train()
    order: list[int] = []
    began, mean = time.monotonic(), 0.0
    for step in range(steps):
        if len(order) < BATCH:
            order = [int(one) for one in rng.permutation(len(all_))]
        chosen = [all_[order.pop()] for _ in range(BATCH)]
        rate = PEAK * min(1.0, (step + 1) / 150) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = model(**a_batch(chosen, tokenizer, images, rng)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean += float(loss.detach()) / 100
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}, loss {mean:.4f}, {time.monotonic() - began:.0f} s", flush=True)
            mean = 0.0
        if step % 500 == 499 or step == steps - 1:
            save(model, tokenizer, images, out)


def save(model: Any, tokenizer: Any, images: Any, out: Path) -> None:
    """The whole checkpoint into a folder, the weights in half precision."""
    import copy

    copy.deepcopy(model).half().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(out)
    images.save_pretrained(out)


# --- the test ---------------------------------------------------------------------------------------------------------


def test(folder: Path) -> None:
    """Ask the checkpoint, through the worker's own code, about scenes that it never met; print how it fares."""
    import threading

    import torch

    torch.set_num_threads(1)
    eyes = worker.load(str(folder))
    torch.set_num_threads(1)
    table: Counter[tuple[str, str]] = Counter()
    named = {text: name for name, text in ANSWERS.items()}
    right, took = Counter[str](), []
    for scene in scenes(TEST, TESTED, 42):
        glance = scene.glance()
        shown = pictures(glance)
        head = {"rules": rules(glance), "request": request(glance), "labels": [one.label for one in shown],
                "seconds": 20.0}
        began = time.perf_counter()
        text = worker.see(eyes, head, [one.jpeg for one in shown], threading.Event())
        took.append(time.perf_counter() - began)
        group = "look" if scene.kind == "look" else "event"
        table[scene.answer, named.get(text, "(other words)")] += 1
        right[f"{group} all"] += 1
        right[f"{group} word for word"] += text == ANSWERS[scene.answer]
        try:
            told, true = parse(text), parse(ANSWERS[scene.answer])
        except NoCaption:
            continue
        right[f"{group} subject and carrier"] += (told.subject, told.carrier) == (true.subject, true.carrier)
    names = list(ANSWERS)
    print("held-out scenes: rows are what it was, columns what was said")
    print(" " * 20 + " ".join(f"{name[:6]:>6}" for name in [*names, "?"]))
    for name in names:
        row = [table[name, other] for other in [*names, "(other words)"]]
        print(f"{name:20}" + " ".join(f"{number or '.':>6}" for number in row))
    for group in ("event", "look"):
        for what in ("subject and carrier", "word for word"):
            whole_, good = right[f"{group} all"], right[f"{group} {what}"]
            print(f"{group}s, {what}: {good} of {whole_} ({100 * good / max(1, whole_):.1f} %)")
    print(f"seconds a look on one core: median {np.median(took):.3f}, worst {max(took):.3f}")


def main() -> None:
    """Train and test, or test only."""
    import torch

    reader = argparse.ArgumentParser(description="Makes and tests the toy vision model.")
    reader.add_argument("--out", type=Path, default=ROOT / "dobby" / "sim" / "toy")
    reader.add_argument("--test", action="store_true", help="test what is there")
    asked = reader.parse_args()
    torch.set_num_threads(1)
    if not asked.test:
        train(asked.out)
    test(asked.out)


if __name__ == "__main__":
    main()
