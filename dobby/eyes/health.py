"""Whether a camera's picture can be believed: black, covered, frozen, or well. Pure: brightness with times in, a state
out, once it has lasted."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dobby.eyes.lens import Pixels

State = Literal["up", "down", "black", "covered", "frozen"]
BLACK = 34.0  # brightness (of 255; video's own black is 16) that hardly any pixel of a black picture reaches
PLAIN = 6.0  # spread of brightness below which a picture has nothing in it: paint, a hand, a spider's web at the glass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that something must last before it counts."""

    down: float = 20.0
    dark: float = 8.0
    frozen: float = 20.0


class Health:
    """The state of one camera."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.state: State = "up"
        self._looks: State = "up"
        self._since = 0.0
        self._print = 0
        self._moved = self._seen = float("-inf")

    def see(self, luma: Pixels, at: float) -> State | None:
        """A picture came (brightness, (H, W) uint8, and when); the new state if it changed now."""
        small = luma[::8, ::8]
        mark = zlib.crc32(np.ascontiguousarray(luma[::3, ::3]).tobytes())
        if mark != self._print or at - self._seen > 1.0:  # after a gap it may go on where it stood
            self._print, self._moved = mark, at
        self._seen = at
        looks: State = "up"
        if float(np.percentile(small, 98)) < BLACK:
            looks = "black"
        elif float(small.std()) < PLAIN:
            looks = "covered"
        elif at - self._moved > self._patience.frozen:
            return self._become("frozen")
        if looks != self._looks:
            self._looks, self._since = looks, at
        lasted = at - self._since >= self._patience.dark
        return self._become(looks) if looks == "up" or lasted else None

    def lost(self, seconds: float) -> State | None:
        """Nothing came for so long; the new state if it changed now."""
        return self._become("down") if seconds >= self._patience.down else None

    def _become(self, state: State) -> State | None:
        if state == self.state:
            return None
        self.state = state
        return state
