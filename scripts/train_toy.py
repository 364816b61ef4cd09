"""Makes dobby/sim/toy: a tiny Qwen3-VL trained from nothing on drawn scenes of the simulated home, and tests it.

    .venv/bin/python scripts/train_toy.py [--out dobby/sim/toy]             draw, train, save, test
    .venv/bin/python scripts/train_toy.py --test [--out dobby/sim/toy]      test what is there

Needs what scripts/vision installs, and about three quarters of an hour of one core. It knows the simulated cameras and
nothing else. The scenes are those of scripts/toy_scenes.py, which says how training and test are kept apart.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from toy_scenes import ANSWERS, KINDS, LABELS, TEST, TRAIN, scenes

from dobby.eyes import model as worker
from dobby.eyes.caption import NoCaption, parse, pictures, request, rules

OUT = Path(__file__).parent.parent / "dobby" / "sim" / "toy"
BATCH, TESTED = 24, 420
PIXELS = 16384  # of a picture that the toy sees: 160x96 of a whole one, 15 tokens
# scenes, palettes, the first one's seed, how much more of what is hard to tell; steps and their highest rate
COURSES = ((8400, 240, 0, 1.0, 3400, 2e-3), (4200, 120, 1000, 2.0, 1250, 1.2e-3),
           (4200, 120, 2000, 2.0, 1250, 1.2e-3),
           (1800, 60, 3000, 3.0, 650, 0.8e-3))
SPECIAL = ("endoftext", "im_start", "im_end", "vision_start", "vision_end", "vision_pad", "image_pad", "video_pad")
TEMPLATE = """{#- knows the simulated home only: the rules are left out, and of the request all but what happened -#}
{%- for message in messages if message.role == 'user' -%}<|im_start|>user
{% for part in message.content -%}
{%- if part.type == 'image' -%}<|vision_start|><|image_pad|><|vision_end|>
{%- else -%}{%- for words in KNOWN if words in part.text -%}{{ words }}{%- endfor -%}{%- endif -%}
{%- endfor -%}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""


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


def samples(tokenizer: Any, number: int, palettes: int, first: int, hard: float) -> list[Sample]:
    """The training scenes of a course, drawn."""
    made: list[Sample] = []
    began = time.monotonic()
    for scene in scenes(TRAIN, number, palettes, first, hard):
        shown, glance = scene.shown(), scene.glance()
        text = worker.prompt(tokenizer, "<|image_pad|>", rules(glance), request(glance), [label for label, _ in shown])
        made.append(Sample(tuple(small(pixels) for _, pixels in shown), text, scene.answer))
        if len(made) % 1000 == 0:
            print(f"drawn {len(made)} of {number}, {time.monotonic() - began:.0f} s", flush=True)
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
    model = a_model(tokenizer)
    print(f"{sum(one.numel() for one in model.parameters())} weights; answers of",
          [len(tokenizer(text)["input_ids"]) for text in ANSWERS.values()], "tokens", flush=True)
    transformers.logging.disable_progress_bar()
    for *drawing, steps, peak in COURSES:
        all_ = samples(tokenizer, *drawing)
        a_course(model, lambda rng, chosen: a_batch(chosen, tokenizer, images, rng), all_, steps, peak)
        save(model, tokenizer, images, out)


def a_course(model: Any, batch: Callable[[np.random.Generator, list[Sample]], dict[str, Any]], all_: list[Sample],
             steps: int, peak: float) -> None:
    """So many steps over the scenes, the rate rising quickly and falling slowly."""
    import torch

    rng = np.random.default_rng(7)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, weight_decay=0.02, betas=(0.9, 0.98))
    model.train()
    order: list[int] = []
    began, mean = time.monotonic(), 0.0
    for step in range(steps):
        if len(order) < BATCH:
            order = [int(one) for one in rng.permutation(len(all_))]
        rate = peak * min(1.0, (step + 1) / 150) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = model(**batch(rng, [all_[order.pop()] for _ in range(BATCH)])).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean += float(loss.detach()) / 100
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}, loss {mean:.4f}, {time.monotonic() - began:.0f} s", flush=True)
            mean = 0.0


def save(model: Any, tokenizer: Any, images: Any, out: Path) -> None:
    """The whole checkpoint into a folder, the weights in half precision."""
    copy.deepcopy(model).half().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(out)
    images.save_pretrained(out)


# --- the test ---------------------------------------------------------------------------------------------------------


def test(folder: Path) -> None:
    """Ask the checkpoint, through the worker's own code, about scenes that it never met; print how it fares."""
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
    reader.add_argument("--out", type=Path, default=OUT)
    reader.add_argument("--test", action="store_true", help="test what is there")
    asked = reader.parse_args()
    torch.set_num_threads(1)
    if not asked.test:
        train(asked.out)
    test(asked.out)


if __name__ == "__main__":
    main()
