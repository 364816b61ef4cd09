"""Sound as numbers: 16-bit little-endian PCM, its WAV file, and where in a stream of it somebody speaks. Pure.

Nothing here keeps sound anywhere; it lives as long as the sentence takes.
"""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

RATE = 16000  # samples a second that the ears want, mono
WIDTH = 2  # bytes of a sample
LONGEST = 15.0  # seconds of one sentence
FRAME = 0.02  # seconds over which loudness is taken
FLOOR_FRAMES = 100  # over which the quietest is the room's own noise: two seconds
UNKNOWN_FLOOR = 300.0  # the noise of a room that was not listened to for so long yet, at most
ENOUGH = 0.1  # seconds of loudness that are somebody speaking

Step = Literal["quiet", "began", "speaking", "over", "nothing"]


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM, 16 bit, little-endian, with its rate (samples a second) and channels."""

    pcm: bytes = field(repr=False)
    rate: int = RATE
    channels: int = 1

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / (self.rate * self.channels * WIDTH)


class NoSound(ValueError):
    """What was given is no sound that can be taken: the message says why, for a person."""


def wav(sound: Sound) -> bytes:
    """A WAV file of a sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(WIDTH)
        file.setframerate(sound.rate)
        file.writeframes(sound.pcm)
    return out.getvalue()


def unwav(data: bytes) -> Sound:
    """The sound of a WAV file of 16-bit PCM; NoSound for anything else."""
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            if file.getsampwidth() != WIDTH or not 8000 <= file.getframerate() <= 48000 or file.getnchannels() > 2:
                raise NoSound("It must be 16-bit PCM at 8 to 48 kHz, mono or stereo.")
            return Sound(file.readframes(file.getnframes()), file.getframerate(), file.getnchannels())
    except (wave.Error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise error if isinstance(error, NoSound) else NoSound("That is no WAV file.") from None


def loudness(pcm: bytes) -> float:
    """The root mean square of 16-bit samples, 0 to 32767."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return math.sqrt(sum(one * one for one in samples) / len(samples)) if samples else 0.0


@dataclass(slots=True)
class Listening:
    """One sentence out of a stream: when it began and when it is over, by loudness against the room's own noise.

    start: seconds to wait for the first word; pause: seconds of quiet that end the sentence; loud: how many times
    louder than the room speech must be; least: the loudness below which nothing is speech.
    """

    rate: int = RATE
    channels: int = 1
    start: float = 6.0
    pause: float = 0.8
    loud: float = 3.0
    least: float = 150.0
    heard: bytearray = field(default_factory=bytearray, repr=False)
    _rest: bytes = field(default=b"", repr=False)
    _levels: deque[float] = field(default_factory=lambda: deque(maxlen=FLOOR_FRAMES), repr=False)
    _spoken: float = 0.0
    _quiet: float = 0.0
    _began: bool = False

    def take(self, pcm: bytes) -> Step:
        """Take the next piece; "over" ends the sentence, "nothing" the wait for one."""
        size = max(WIDTH, int(self.rate * FRAME) * self.channels * WIDTH)
        before, self._rest = self._began, self._rest + pcm
        while len(self._rest) >= size:
            frame, self._rest = self._rest[:size], self._rest[size:]
            self.heard += frame
            self._frame(loudness(frame))
            if self._began and self._quiet >= self.pause:
                return "over"
        seconds = len(self.heard) / (self.rate * self.channels * WIDTH)
        if seconds >= LONGEST:
            return "over" if self._began else "nothing"
        if not self._began:
            return "nothing" if seconds >= self.start else "quiet"
        return "speaking" if before else "began"

    def _frame(self, level: float) -> None:
        self._levels.append(level)
        floor = min(self._levels)  # of the last seconds: between words there is the room's noise alone
        if len(self._levels) < FLOOR_FRAMES:  # somebody may speak from the first moment on
            floor = min(floor, UNKNOWN_FLOOR)
        if level > max(self.least, floor * self.loud):
            self._spoken += FRAME
            self._quiet = 0.0
            self._began = self._began or self._spoken >= ENOUGH
        else:
            self._quiet += FRAME
            if not self._began:
                self._spoken = max(0.0, self._spoken - FRAME / 2)

    @property
    def sound(self) -> Sound:
        """What was taken so far."""
        return Sound(bytes(self.heard), self.rate, self.channels)
