"""The process that holds the model of meanings, as the memory sees it: started when first needed, asked with a limit,
replaced when it dies. Without the model there is none, and memory finds by words."""

from __future__ import annotations

import json
import logging
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from dobby.children import bare_environment
from dobby.memory import minilm

log = logging.getLogger(__name__)
START_SECONDS, SECONDS = 20.0, 10.0  # until the model is loaded, and for one batch
QUESTION_SECONDS = 0.25  # for one question: an answer by words alone beats one that comes late
# Of a matrix library: several wait for each other by spinning, which on a machine with other work to do took a hundred
# times as long (64 texts in a minute); one alone is the quickest for texts this short even on an idle one.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
TEXT_LIMIT = 600  # letters of a text that count


class NoMeaning(Exception):
    """The process did not answer in time, or is gone."""


class Worker:
    """The model in a process of its own. All methods block; one thread uses it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owed = 0  # bytes of an answer that came too late and must be read away first

    def start(self) -> None:
        """Start it and wait until the model is loaded."""
        self.stop()
        self._process = subprocess.Popen(  # our own module
            [sys.executable, "-m", "dobby.memory.minilm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=bare_environment() | ONE_THREAD)
        self._owed = 0
        if self._read(len(b"ready\n"), START_SECONDS) != b"ready\n":
            raise NoMeaning("The model did not load.")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def embed(self, texts: Sequence[str], seconds: float = SECONDS) -> Any:
        """Rows for texts; NoMeaning when they do not come in time."""
        import numpy

        if self._process is None or self._process.poll() is not None:
            self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise NoMeaning("It did not start.")
        until = time.monotonic() + seconds
        if self._owed:
            self._owed -= len(self._read(self._owed, max(0.0, until - time.monotonic())))
        try:
            process.stdin.write(json.dumps([text[:TEXT_LIMIT] for text in texts]).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            self.stop()
            raise NoMeaning("It is gone.") from None
        size = len(texts) * minilm.WIDTH * 4
        raw = self._read(size, max(0.0, until - time.monotonic()))
        if len(raw) < size:
            self._owed += size - len(raw)
            raise NoMeaning("It takes too long.")
        return numpy.frombuffer(raw, dtype="<f4").reshape(len(texts), minilm.WIDTH)

    def _read(self, size: int, seconds: float) -> bytes:
        """So many bytes, or fewer when the time is over or the process is."""
        process, until, found = self._process, time.monotonic() + seconds, bytearray()
        if process is None or process.stdout is None:
            return b""
        while len(found) < size:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                break
            part = process.stdout.read1(size - len(found))  # type: ignore[attr-defined]  # a pipe's reader is buffered
            if not part:
                self.stop()
                raise NoMeaning("It is gone.")
            found += part
        return bytes(found)


def available() -> bool:
    """Whether the model is installed here."""
    return minilm.folder() is not None
