"""The vision worker: a process that holds one model of the Qwen VL families and says what is in pictures.

Started by dobby/eyes/local.py as `python -m dobby.eyes.model`; speaks dobby/eyes/line.py on stdin and stdout:

    {"type": "load", "model": FOLDER_OR_NAME}        -> {"ok": true, "device", "dtype", "weights", "seconds"}
    {"type": "see", "rules", "request", "labels", "seconds"} + JPEGs -> {"text", "seconds"}
    {"type": "stop"}                                 what is being seen need not be finished (it is answered still)

or, instead of an answer, {"error", "mend"}. It ends when stdin does. Only this module writes to the line: whatever a
library prints goes to stderr. A model is named by its folder (then nothing is fetched) or by its name on the hub.

Without torchvision: the processors of these models demand it for video, which nobody shows here. So tokenizer and image
processor are loaded apart, and what the processor would do with pictures is done here: each image token is repeated as
often as its picture has patches (grid / merge²), and mm_token_type_ids mark them.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import logging
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dobby import memory_use
from dobby.eyes.line import LineBroken, Note, encode, read

log = logging.getLogger(__name__)
NEW_TOKENS = 160  # of an answer; the JSON that is asked for has about 90
SMALL = 1_000_000_000  # weights up to which a CPU computes in float32: one token at a time it is faster than bfloat16
PICTURE_TOKENS = {"cpu": 160, "mps": 400, "cuda": 640}  # of one picture at most; a token is 28x28 or 32x32 pixels
IN_TIME = 0.85  # of the seconds that there are, an answer ends: an unfinished one can still be of use, a late one not
SIZES = ("For a CPU Qwen/Qwen3.5-0.8B, for a Mac or 8 GB of graphics memory Qwen/Qwen3-VL-2B-Instruct, for 24 GB "
         "Qwen/Qwen3-VL-8B-Instruct.")  # 1.6, 4.3 and 17.5 GB in bfloat16
INSTALL = "`sh scripts/vision` installs what it needs."


class Unable(Exception):
    """What is asked cannot be done: why, and what would mend it."""

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(text)
        self.text, self.mend = text, mend


@dataclass(slots=True)
class Loaded:
    """A model with its tokenizer and image processor; their types are the library's."""

    tokenizer: Any
    images: Any
    model: Any
    device: str
    dtype: str

    @property
    def pad(self) -> str:
        """The token that stands for (a part of) a picture."""
        return str(self.tokenizer.convert_ids_to_tokens(self.model.config.image_token_id))


class Ending:
    """Tells generate() to end: time is over, nobody waits any more, or the answer's JSON object is complete."""

    def __init__(self, tokenizer: Any, prompt: int, until: float, stop: threading.Event) -> None:
        self._tokenizer, self._prompt, self._until, self._stop = tokenizer, prompt, until, stop

    def __call__(self, ids: Any, scores: Any, **_more: Any) -> Any:
        text = self._tokenizer.decode(ids[0, self._prompt:], skip_special_tokens=True)
        return ids.new_full((ids.shape[0],), complete(text) or self._stop.is_set() or time.monotonic() > self._until,
                            dtype=importlib.import_module("torch").bool)


# --- words ------------------------------------------------------------------------------------------------------------


def complete(text: str) -> bool:
    """Whether a text holds a whole JSON object."""
    start = text.find("{")
    if start < 0 or not text.rstrip().endswith("}"):
        return False
    try:
        json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return False
    return True


def plain(text: str) -> str:
    """A text without anything that a tokenizer would take for one of its signs."""
    return re.sub(r"<\|[^<>]*\|>", " ", text)


def prompt(tokenizer: Any, pad: str, rules: str, request: str, labels: Sequence[str]) -> str:
    """What the model reads, with one image token for each label's picture."""
    content: list[dict[str, str]] = []
    for label in labels:
        content += [{"type": "text", "text": plain(label)}, {"type": "image"}]
    content.append({"type": "text", "text": plain(request)})
    if tokenizer.chat_template:
        text = str(tokenizer.apply_chat_template(
            [{"role": "system", "content": plain(rules)}, {"role": "user", "content": content}], tokenize=False,
            add_generation_prompt=True, enable_thinking=False))  # there is no time to think aloud
        if text.count(pad) == len(labels):
            return text
    # a template that knows no pictures: these families share this one
    shown = "".join(part.get("text") or f"<|vision_start|>{pad}<|vision_end|>" for part in content)
    return f"<|im_start|>system\n{plain(rules)}<|im_end|>\n<|im_start|>user\n{shown}<|im_end|>\n<|im_start|>assistant\n"


def expanded(text: str, pad: str, counts: Sequence[int]) -> str:
    """A prompt in which each image token is repeated as often as its picture has patches."""
    parts = text.split(pad)
    return "".join(part + pad * count for part, count in zip(parts, [*counts, 0], strict=True))


# --- pictures ---------------------------------------------------------------------------------------------------------


def opened(jpegs: Sequence[bytes]) -> list[Any]:
    """Pictures out of their bytes."""
    pillow = importlib.import_module("PIL.Image")
    try:
        return [pillow.open(io.BytesIO(jpeg), formats=("JPEG",)).convert("RGB") for jpeg in jpegs]
    except Exception as error:  # Pillow fails in many ways over a broken file
        raise Unable(f"A picture cannot be read ({type(error).__name__}).") from None


def patches(images: Any, pictures: Sequence[Any]) -> tuple[Any, Any, list[int]]:
    """The patches of pictures, their grids, and how many tokens each is."""
    made = images(images=list(pictures), return_tensors="pt")
    counts = [int(grid.prod()) // images.merge_size**2 for grid in made["image_grid_thw"]]
    return made["pixel_values"], made["image_grid_thw"], counts


# --- the model --------------------------------------------------------------------------------------------------------


def load(name: str) -> Loaded:
    """Load a model; Unable when it cannot be."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"
        name = str(folder)
        if not (folder / "config.json").exists():
            raise Unable(f"There is no model in {folder}.", "A model's folder holds config.json and its weights.")
    elif name.startswith(("/", ".", "~")) or name.count("/") != 1:
        raise Unable(f"There is no model {name!r}.", f"`model` under [vision] is a folder or a name. {SIZES}")
    try:
        torch, transformers = importlib.import_module("torch"), importlib.import_module("transformers")
    except ImportError as error:
        raise Unable(f"The local vision model needs {error.name or 'torch'}, which is not installed.",
                     INSTALL) from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(min(8, max(1, (os.cpu_count() or 2) - 1)))  # one core is left for the daemon
    try:
        return _load(torch, transformers, name)
    except torch.OutOfMemoryError:
        raise Unable(f"The graphics memory is too small for {name}.", "Choose a smaller model.") from None
    except MemoryError:
        raise Unable(f"The memory is too small for {name}.", "Choose a smaller model.") from None
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        log.warning("loading %s", name, exc_info=True)
        raise Unable(f"{name} cannot be loaded ({type(error).__name__}).",
                     "Is it a model of a Qwen VL family, whole, and within reach?") from None


def _load(torch: Any, transformers: Any, name: str) -> Loaded:
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    tokenizer = transformers.AutoTokenizer.from_pretrained(name)
    images = transformers.AutoImageProcessor.from_pretrained(name, backend="pil")
    most = PICTURE_TOKENS[device] * (images.patch_size * images.merge_size) ** 2
    images.size = {"shortest_edge": min(images.size["shortest_edge"], most),
                   "longest_edge": min(images.size["longest_edge"], most)}
    config = transformers.AutoConfig.from_pretrained(name)
    kind = transformers.AutoModelForImageTextToText
    with torch.device("meta"):  # only counted: this takes no memory
        weights = sum(one.numel() for one in kind.from_config(config).parameters())
    dtype = "float32" if device == "cpu" and weights < SMALL else "bfloat16"
    model = kind.from_pretrained(name, dtype=getattr(torch, dtype)).to(device).eval()
    return Loaded(tokenizer, images, model, device, dtype)


def see(eyes: Loaded, head: Mapping[str, Any], jpegs: Sequence[bytes], stop: threading.Event) -> str:
    """What the model says about pictures."""
    torch, transformers = importlib.import_module("torch"), importlib.import_module("transformers")
    until = time.monotonic() + float(head["seconds"]) * IN_TIME
    values, grids, counts = patches(eyes.images, opened(jpegs))
    text = prompt(eyes.tokenizer, eyes.pad, str(head["rules"]), str(head["request"]), list(head["labels"]))
    ids = eyes.tokenizer(expanded(text, eyes.pad, counts), return_tensors="pt", add_special_tokens=False)["input_ids"]
    known = inspect.signature(eyes.model.forward).parameters
    marks = (ids == eyes.model.config.image_token_id).to(ids.dtype)
    asked = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "image_grid_thw": grids,
             "pixel_values": values.to(eyes.model.dtype),
             **({"mm_token_type_ids": marks} if "mm_token_type_ids" in known else {})}
    ending = transformers.StoppingCriteriaList([Ending(eyes.tokenizer, ids.shape[1], until, stop)])
    try:
        with torch.inference_mode():
            made = eyes.model.generate(
                **{key: value.to(eyes.device) for key, value in asked.items()}, max_new_tokens=NEW_TOKENS,
                do_sample=False, temperature=None, top_p=None, top_k=None, stopping_criteria=ending)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        raise Unable("The graphics memory is too small for the pictures.", "Choose a smaller model.") from None
    answer = str(eyes.tokenizer.decode(made[0, ids.shape[1]:], skip_special_tokens=True))
    return re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL).strip()


def warm(eyes: Loaded) -> None:
    """Look once at nothing: what a first look sets up is set up, and a model that cannot look fails now."""
    pillow, data = importlib.import_module("PIL.Image"), io.BytesIO()
    pillow.new("RGB", (256, 144)).save(data, "JPEG")
    see(eyes, {"rules": "", "request": "", "labels": [""], "seconds": 0.0}, [data.getvalue()], threading.Event())


# --- the process ------------------------------------------------------------------------------------------------------


def answer(eyes: Loaded | None, note: Note, stop: threading.Event) -> tuple[Loaded | None, dict[str, Any]]:
    """What a message leads to: the model from now on, and the reply."""
    began = time.monotonic()
    try:
        match note.type:
            case "load":
                eyes = None
                made = load(str(note.head["model"]))
                warm(made)
                weights = sum(one.numel() for one in made.model.parameters())
                return made, {"ok": True, "device": made.device, "dtype": made.dtype, "weights": weights,
                              "seconds": round(time.monotonic() - began, 3)}
            case "see" if eyes is not None:
                text = see(eyes, note.head, note.blobs, stop)
                return eyes, {"text": text, "seconds": round(time.monotonic() - began, 3)}
            case _:
                return eyes, {"error": "The vision worker has no model yet."}
    except Unable as error:
        return eyes, {"error": error.text, "mend": error.mend}
    except Exception as error:  # whatever a library does, who asked gets an answer
        log.exception("vision worker, %s", note.type)
        return eyes, {"error": f"The vision model broke over it ({type(error).__name__})."}


def listen(stream: BinaryIO, notes: queue.SimpleQueue[Note], stop: threading.Event) -> None:
    """Read messages until the daemon is gone; then the process ends at once, with whatever it does."""
    with contextlib.suppress(OSError, LineBroken, KeyError):
        while (note := read(stream)) is not None:
            if note.type == "stop":
                stop.set()
            else:
                stop.clear()
                notes.put(note)
    os._exit(0)


def main() -> None:
    """Answer until the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the console is the daemon's to deal with
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    memory_use.few_arenas()
    os.nice(5)  # an answer to a person comes first
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the line
    notes: queue.SimpleQueue[Note] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=listen, args=(sys.stdin.buffer, notes, stop), daemon=True).start()
    eyes: Loaded | None = None
    while True:
        eyes, reply = answer(eyes, notes.get(), stop)
        try:
            out.write(encode(reply))
            out.flush()
        except OSError:
            os._exit(0)
        memory_use.give_back()


if __name__ == "__main__":
    main()
