"""Vectors of entries, for what is meant and not said in the same words: kept beside the index, searched by plain
multiplication (a hundred thousand of 384 numbers take some ten milliseconds)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
Embed = Callable[[Sequence[str]], Any]  # texts -> one row of numbers each, of length one
ROOM = 1024  # rows that are made room for at a time, at least


class Vectors:
    """Rows of numbers by entry id. ready: whether there are any. asked: how a question is turned into a row, where that
    is to be quicker than for entries; what it raises means that words alone must do."""

    def __init__(self, path: Path, embed: Embed, asked: Embed | None = None, born: int = 0) -> None:
        """born: of the index (Recall.born) whose ids these are; rows that were kept for another one do not count."""
        import numpy

        self._born = born
        self._np, self.path, self._embed, self._asked = numpy, path, embed, asked or embed
        self._ids: Any = numpy.empty(0, dtype=numpy.int64)
        self._rows: Any = numpy.empty((0, 0), dtype=numpy.float32)
        self._count = 0
        self._at: dict[int, int] = {}
        if path.exists():
            try:
                with numpy.load(path) as kept:
                    if int(kept["born"]) != born:
                        raise ValueError("of another index")
                    self._ids, self._rows = kept["ids"], kept["rows"]
                self._count = len(self._ids)
                self._at = {int(id_): at for at, id_ in enumerate(self._ids)}
            except (OSError, ValueError, KeyError):
                path.unlink(missing_ok=True)  # it can be made anew

    @property
    def ready(self) -> bool:
        """Whether anything can be found."""
        return self._count > 0

    def has(self, id_: int) -> bool:
        """Whether an entry has a row."""
        return id_ in self._at

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Rows for new entries, or new rows for changed ones."""
        if not ids:
            return
        rows = self._np.asarray(self._embed(texts), dtype=self._np.float32)
        if self._count and self._rows.shape[1] != rows.shape[1]:  # another model than before
            self._count, self._at = 0, {}
        needed = self._count + len(ids)
        if needed > len(self._ids) or self._rows.shape[1] != rows.shape[1]:
            size = max(needed, 2 * self._count, ROOM)
            ids_, rows_ = self._np.empty(size, dtype=self._np.int64), self._np.empty((size, rows.shape[1]),
                                                                                       dtype=self._np.float32)
            if self._count:
                ids_[: self._count], rows_[: self._count] = self._ids[: self._count], self._rows[: self._count]
            self._ids, self._rows = ids_, rows_
        for id_, row in zip(ids, rows, strict=True):
            at = self._at.setdefault(id_, self._count)
            self._count += at == self._count
            self._ids[at], self._rows[at] = id_, row

    def drop(self, ids: Iterable[int]) -> None:
        """Let rows go: the last one takes the place of each."""
        for id_ in ids:
            at = self._at.pop(id_, None)
            if at is None:
                continue
            self._count -= 1
            if at != self._count:
                self._ids[at], self._rows[at] = self._ids[self._count], self._rows[self._count]
                self._at[int(self._ids[at])] = at
            self._rows[self._count] = 0.0

    def keep(self, ids: Iterable[int]) -> None:
        """Let go of all rows but these."""
        self.drop(set(self._at) - set(ids))

    def save(self) -> None:
        """Write them down."""
        with self.path.open("wb") as file:
            self._np.savez(file, ids=self._ids[: self._count], rows=self._rows[: self._count],
                           born=self._born)
        self.path.chmod(0o600)

    def likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        """How near each text is to a question, both as they stand here; 0 for all where no rows come."""
        if not texts:
            return []
        try:
            rows = self._np.asarray(self._asked([question, *texts]), dtype=self._np.float32)
        except Exception:  # as in nearest
            log.debug("no vectors for a question", exc_info=True)
            return [0.0] * len(texts)
        return [float(one) for one in rows[1:] @ rows[0]]

    def nearest(self, question: str, limit: int, allowed: set[int] | None = None) -> list[tuple[int, float]]:
        """(id, likeness) of the entries nearest in meaning, the nearest first; only those allowed. [] where no row
        comes for the question."""
        if not self._count:
            return []
        try:
            asked = self._np.asarray(self._asked([question])[0], dtype=self._np.float32)
        except Exception:  # whatever became of the model, words alone must do
            log.debug("no vector for a question", exc_info=True)
            return []
        likeness = self._rows[: self._count] @ asked
        if allowed is not None:
            wanted = self._np.fromiter((self._at[id_] for id_ in allowed if id_ in self._at), dtype=self._np.int64)
            kept = self._np.full(self._count, -2.0, dtype=self._np.float32)
            kept[wanted] = likeness[wanted]
            likeness = kept
        count = min(limit, self._count)
        best = self._np.argpartition(-likeness, count - 1)[:count]
        best = best[self._np.argsort(-likeness[best])]
        return [(int(self._ids[at]), float(likeness[at])) for at in best if likeness[at] > -1.5]
