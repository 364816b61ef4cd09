"""The second opinion of the built-in ears: Moonshine's tiny English model (MIT, 27 million weights; the PyPI package
moonshine-voice 0.0.73 carries it), run through onnxruntime, asked which sentence of this home a sound is, and how much
better anything else would explain it.

The model writes text from sound, token after token. Left free it writes what it likes; held to the home's grammar
(dobby/voice/wordnet.py) it may only go on with what can be said here. How much likelihood that costs tells an order
from talk: an order loses little, anything else much. Only three data files of the package are used, its code is not.

Model and its inputs: https://github.com/moonshine-ai/moonshine; the token list is SentencePiece BPE, where of two pairs
that could be joined the one with the lower number is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dobby.voice.second import Opinion
from dobby.voice.wordnet import END, Way, sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PITCHES = (1.0, 0.88, 1.12)  # a sound is heard as it is, and slower and quicker: a voice unlike those of the model's
# schooling comes nearer to them one way or the other, and what is heard three times was said
PEAK = 0.5  # loudness of the loudest sample
BEAM = 8  # sentences followed at once
KEPT = 5  # of the sentences that were followed to their end
STEPS = 48  # tokens of a sentence at most
LETTER, PAUSE, PACE = 0.07, 0.11, 0.3  # seconds a letter takes, and a sentence besides; how much that differs (log)
BEHIND = 12.0  # log likelihood behind the best sentence at which another is given up
LAYERS, HEADS, WIDTH = 6, 8, 36
BOS, EOS = 1, 2
BYTES = range(3, 259)  # tokens of single bytes, for what no other token writes
STOPS = (".", "?", "!")
ALWAYS_LARGE = ("i", "i'm", "i'll", "i've", "i'd")
MODEL = "assets/tiny-en"
FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
Node = frozenset[tuple[Way | None, tuple[int, ...]]]  # ways, each after the tokens of a word that is half written


def folder() -> Path | None:
    """Where the model lies, None where it or onnxruntime is not installed."""
    spec = find_spec("moonshine_voice")
    if spec is None or not spec.submodule_search_locations or find_spec("onnxruntime") is None:
        return None
    found = Path(spec.submodule_search_locations[0]) / MODEL
    return found if all((found / name).is_file() for name in FILES) else None


def pace(text: str, seconds: float) -> float:
    """The log likelihood that a sentence takes so long, against one of the usual pace: the model itself is content to
    write "no" for a whole sentence, and end."""
    usual = PAUSE + LETTER * sum(letter.isalpha() for letter in text)
    return -0.5 * (math.log(max(seconds, 0.05) / usual) / PACE) ** 2


class Tokens:
    """The model's tokens."""

    def __init__(self, file: bytes) -> None:
        self.texts: list[bytes] = []
        at = 0
        while at < len(file):  # each with its length in front, of one byte or two
            size = file[at]
            at += 1
            if size >= 128:
                size += file[at] * 128 - 128
                at += 1
            self.texts.append(file[at: at + size])
            at += size
        self._ids = {text: at for at, text in reversed(list(enumerate(self.texts))) if text and at not in BYTES}
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, word: str) -> tuple[int, ...]:
        """The tokens of a word with a blank before it."""
        pieces = [letter.encode() for letter in f"\u2581{word}"]
        while True:
            joined = [(self._ids[one + two], at) for at, (one, two) in enumerate(pairwise(pieces))
                      if one + two in self._ids]
            if not joined:
                return tuple(self._ids[piece] for piece in pieces if piece in self._ids)
            at = min(joined)[1]
            pieces[at: at + 2] = [pieces[at] + pieces[at + 1]]

    def mark(self, mark: str) -> int:
        """The token of a mark that follows a word."""
        return self._ids[mark.encode()]

    def text(self, ids: Sequence[int]) -> str:
        """What tokens write, in small letters, without marks."""
        written = b"".join(self.texts[one] for one in ids).decode("utf-8", "replace").replace("\u2581", " ")
        return " ".join(written.casefold().replace(",", " ").split())


class Moonshine:
    """The model. Loading takes a quarter of a second, a sentence 0.3 to 0.6."""

    def __init__(self, where: Path) -> None:
        import numpy
        import onnxruntime

        self._np = numpy
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(str(where / name), options, providers=["CPUExecutionProvider"])
            for name in FILES[:2])
        self._made = [one.name.replace("present", "past_key_values") for one in self._decoder.get_outputs()[1:]]
        self.tokens = Tokens((where / FILES[2]).read_bytes())
        self._stops = [*(self.tokens.mark(one) for one in STOPS), EOS]

    def hear(self, samples: Floats, seconds: float, home: Way, called: str, heard: str) -> Opinion | None:
        """Which sentences of the home it may be, of 16 kHz samples from -1 to 1 with so many seconds of speech in them;
        None when none can be written. called: the name that may stand before an order; heard: a sentence that is
        weighed whether it is among the likely ones or not."""
        ways = [self._states(samples, pitch) for pitch in PITCHES]
        found = [self._likely(states, seconds, home, called) for states in ways]
        texts = list(dict.fromkeys([*(text for one in found for text in one), *([heard] if heard else [])]))
        for states, likely in zip(ways, found, strict=True):
            for text in texts:
                if text not in likely:
                    likely.update(self._likely(states, seconds, sentence(text), called))
        whole = {text: tuple(one[text] for one in found) for text in texts if all(text in one for one in found)}
        free, written = zip(*(self._free(states) for states in ways), strict=True)
        return Opinion(whole, free, written) if whole else None

    def _states(self, samples: Floats, pitch: float) -> Floats:
        """What the model makes of a sound, heard at so many times its pitch and pace."""
        np = self._np
        moments = np.arange(int(len(samples) / pitch)) * pitch
        sound = np.interp(moments, np.arange(len(samples)), samples).astype(np.float32)
        sound = (sound * (PEAK / max(1e-3, float(np.abs(sound).max()))))[np.newaxis, :]
        made: Floats = self._encoder.run(None, {"input_values": sound, "attention_mask": self._ones(sound.shape)})[0]
        return made

    def _likely(self, states: Floats, seconds: float, home: Way, called: str) -> dict[str, float]:
        """The likeliest sentences, each with its log likelihood."""
        likely: dict[str, float] = {}
        for score, ids in self._held(states, seconds, home, called):
            if len(likely) < KEPT:
                likely.setdefault(self.tokens.text(ids), score)
        return likely

    def _free(self, states: Floats) -> tuple[float, str]:
        """What the model writes when it may write anything: how likely its first sentence is, and the whole text."""
        total, past, last, over = 0.0, None, BOS, False
        ids: list[int] = []
        for _ in range(STEPS):
            odds, past = self._step(states, [last], past)
            last = int(odds[0].argmax())
            if not over:
                total += float(odds[0, last])
            over = over or last in self._stops
            if last == EOS:
                break
            ids.append(last)
        return total, self.tokens.text(ids)

    def _held(self, states: Floats, seconds: float, home: Way, called: str) -> list[tuple[float, tuple[int, ...]]]:
        """Sentences of the home with their log likelihood, the likeliest first: a beam search."""
        beams: list[tuple[float, tuple[int, ...], Node]] = [(0.0, (), frozenset({(home, ())}))]
        done: list[tuple[float, tuple[int, ...]]] = []
        past = None
        for _ in range(STEPS):
            odds, past = self._step(states, [ids[-1] if ids else BOS for _, ids, _ in beams], past)
            onward: list[tuple[float, int, int, Node]] = []
            for at, (score, ids, node) in enumerate(beams):
                ends, tokens = self._onward(node, not ids, called)
                if ends:
                    last = max(float(odds[at, stop]) for stop in self._stops)
                    done.append((score + last + pace(self.tokens.text(ids), seconds), ids))
                onward += [(score + float(odds[at, token]), at, token, after) for token, after in tokens.items()]
            done.sort(key=lambda one: -one[0])
            best = done[0][0] if done else float("-inf")
            kept = [one for one in sorted(onward, key=lambda one: -one[0])[:BEAM] if one[0] > best - BEHIND]
            if not kept:
                break
            past = {name: value[[at for _, at, _, _ in kept]] for name, value in past.items()}
            beams = [(score, (*beams[at][1], token), after) for score, at, token, after in kept]
        return done

    def _onward(self, node: Node, first: bool, called: str) -> tuple[bool, Mapping[int, Node]]:
        """Whether the sentence may end here, and the tokens that may come, each with where it leads."""
        ends, found = False, dict[int, set[tuple[Way | None, tuple[int, ...]]]]()
        for way, rest in node:
            if rest:
                found.setdefault(rest[0], set()).add((way, rest[1:]))
                continue
            if way is None:
                ends = True
                continue
            for word, ways in way.words().items():
                if word == END:
                    ends = True
                    continue
                for written in self._written(word, first, called):
                    found.setdefault(written[0], set()).update((one, written[1:]) for one in ways)
        return ends, {token: frozenset(after) for token, after in found.items()}

    def _written(self, word: str, first: bool, called: str) -> list[tuple[int, ...]]:
        """How the model writes a word: with a capital at the beginning, a name perhaps with a comma after it."""
        if word == called:
            plain = self.tokens.of(word.capitalize())
            return [plain, (*plain, self.tokens.mark(","))] if plain else []
        tokens = self.tokens.of(word.capitalize() if first or word in ALWAYS_LARGE else word)
        return [tokens] if tokens else []

    def _step(self, states: Floats, last: Sequence[int],
              past: Mapping[str, Any] | None) -> tuple[Floats, dict[str, Any]]:
        """The log likelihood of every next token after each of some sentences, and what the model remembers of them."""
        np, count = self._np, len(last)
        if past is None:
            empty = np.zeros((count, HEADS, 0, WIDTH), np.float32)
            past = dict.fromkeys(self._made, empty)
            known = False
        else:
            known = True
        # the mask is over samples, of which the model looks at every 384th: one stands for all, there is no padding
        logits, *made = self._decoder.run(None, {
            "encoder_attention_mask": self._ones((count, 1)), "encoder_hidden_states": np.repeat(states, count, 0),
            "input_ids": np.array(last, np.int64)[:, np.newaxis], "use_cache_branch": np.array([known]), **past})
        kept = {name: past[name] if known and ".encoder." in name else value
                for name, value in zip(self._made, made, strict=True)}
        row = logits[:, -1]
        row = row - row.max(-1, keepdims=True)
        return row - np.log(np.exp(row).sum(-1, keepdims=True)), kept

    def _ones(self, shape: tuple[int, ...]) -> Any:
        return self._np.ones(shape, self._np.int64)
