"""Vectors of entries, for what is meant and not said in the same words: kept beside the index, searched by plain
multiplication (a hundred thousand of 384 numbers take some ten milliseconds)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

Embed = Callable[[Sequence[str]], Any]  # texts -> one row of numbers each, of length one


class Vectors:
    """Rows of numbers by entry id. ready: whether there are any, and something that makes them of a question."""

    def __init__(self, path: Path, embed: Embed) -> None:
        import numpy

        self._np, self.path, self._embed = numpy, path, embed
        self._ids: Any = numpy.empty(0, dtype=numpy.int64)
        self._rows: Any = numpy.empty((0, 0), dtype=numpy.float32)
        if path.exists():
            try:
                with numpy.load(path) as kept:
                    self._ids, self._rows = kept["ids"], kept["rows"]
            except (OSError, ValueError, KeyError):
                path.unlink(missing_ok=True)  # it can be made anew

    @property
    def ready(self) -> bool:
        """Whether anything can be found."""
        return len(self._ids) > 0

    def has(self) -> set[int]:
        """Ids that have a row."""
        return set(self._ids.tolist())

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Rows for new entries, or new rows for changed ones."""
        if not ids:
            return
        rows = self._np.asarray(self._embed(texts), dtype=self._np.float32)
        self.drop(ids)
        kept = self._rows if self._rows.shape[1] == rows.shape[1] else self._np.empty((0, rows.shape[1]),
                                                                                        dtype=self._np.float32)
        self._ids = self._np.concatenate([self._ids if len(kept) else self._ids[:0], self._np.asarray(ids)])
        self._rows = self._np.concatenate([kept, rows])

    def drop(self, ids: Iterable[int]) -> None:
        """Let rows go."""
        gone = self._np.asarray(list(ids), dtype=self._np.int64)
        if len(gone) and len(self._ids):
            keep = ~self._np.isin(self._ids, gone)
            self._ids, self._rows = self._ids[keep], self._rows[keep]

    def save(self) -> None:
        """Write them down."""
        with self.path.open("wb") as file:
            self._np.savez(file, ids=self._ids, rows=self._rows)
        self.path.chmod(0o600)

    def nearest(self, question: str, limit: int, allowed: set[int] | None = None) -> list[int]:
        """Ids of the entries nearest in meaning, the nearest first; only those allowed."""
        if not len(self._ids):
            return []
        asked = self._np.asarray(self._embed([question])[0], dtype=self._np.float32)
        likeness = self._rows @ asked
        if allowed is not None:
            likeness = self._np.where(self._np.isin(self._ids, self._np.asarray(list(allowed), dtype=self._np.int64)),
                                      likeness, -2.0)
        count = min(limit, len(likeness))
        best = self._np.argpartition(-likeness, count - 1)[:count]
        best = best[self._np.argsort(-likeness[best])]
        return [int(self._ids[at]) for at in best if likeness[at] > -1.5]
