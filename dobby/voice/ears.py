"""Ears: what somebody said, as text, behind one seam. Two ends: pocketsphinx, with Moonshine beside it, in a process
of Dobby's own, which knows the words of this home only, and any Wyoming speech-to-text server (faster-whisper and its
kin).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from dobby.errors import ChannelError
from dobby.voice.child import Child, NotHeard
from dobby.voice.phrases import Sayable, Spoken, grammar, say
from dobby.voice.sound import LONGEST, RATE, Sound, wav
from dobby.wire.wyoming import GONE, Event, connected

HEAR_LIMIT = 20.0  # seconds for one sentence: loading the models takes two, the longest sentence some more
SERVER_LIMIT = 20.0  # seconds for a server's answer
CHUNK = 3200  # bytes of sound in one event: a tenth of a second
TEXT_LIMIT = 1000  # characters of what a server heard


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said. sure: 0 to 1, as sure as the ears are; enough: as sure as they must be."""

    text: str
    sure: float = 1.0
    enough: float = 0.0


class Ears(Protocol):
    """One that can hear. name: for doctor."""

    name: str

    async def hear(self, sound: Sound, home: Callable[[], Sayable]) -> Heard | None:
        """What was said in a sound (16 kHz mono); None when nothing was understood surely enough. NotHeard when it
        cannot listen."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class Sphinx:
    """The built-in ears. second: whether Moonshine is installed beside pocketsphinx."""

    def __init__(self, child: Child, second: bool = False) -> None:
        self.name = f"built-in (pocketsphinx{' and Moonshine' if second else ''})"
        self._child = child
        self._home: Sayable | None = None
        self._spoken: Spoken | None = None

    async def warm(self) -> None:
        """Load the models before the first sentence; NotHeard when they are not there."""
        await self._child.ask(Event("open"), HEAR_LIMIT)

    async def hear(self, sound: Sound, home: Callable[[], Sayable]) -> Heard | None:
        """What was said, in the words of this home."""
        guess = await self.guess(sound, home())
        return guess if guess is not None and guess.sure >= guess.enough else None

    async def guess(self, sound: Sound, home: Sayable) -> Heard | None:
        """The likeliest sentence of this home, however unsure."""
        if self._spoken is None or home != self._home:
            self._spoken, self._home = await asyncio.to_thread(grammar, home), home
        spoken = self._spoken
        asked = Event("hear", {"jsgf": spoken.jsgf, "words": sorted(spoken.words), "called": say(home.name)}, sound.pcm)
        answer = await self._child.ask(asked, HEAR_LIMIT)
        text, sure, enough = (answer.data.get(key) for key in ("text", "sure", "enough"))
        if not isinstance(text, str) or not isinstance(sure, int | float) or not isinstance(enough, int | float):
            return None
        return Heard(spoken.write(text), float(sure), float(enough))

    async def close(self) -> None:
        """The child is closed by whoever opened it."""


class WyomingEars:
    """A Wyoming speech-to-text server: transcribe, the sound, then its transcript."""

    def __init__(self, address: str, language: str, seconds: float = SERVER_LIMIT) -> None:
        self._address, self._language, self._seconds = address, language, seconds
        self.name = f"Wyoming server {address}"

    async def hear(self, sound: Sound, home: Callable[[], Sayable]) -> Heard | None:
        """What the server heard; it needs no list of words."""
        about = {"rate": sound.rate, "width": 2, "channels": sound.channels}
        chunks = [Event("audio-chunk", about, sound.pcm[at: at + CHUNK]) for at in range(0, len(sound.pcm), CHUNK)]
        try:
            async with asyncio.timeout(self._seconds), connected(self._address, "The speech-to-text server") as line:
                await line.send(Event("transcribe", {"language": self._language}), Event("audio-start", about), *chunks,
                                Event("audio-stop"))
                while (answer := await line.receive()).type != "transcript":
                    if answer.type == "error":
                        raise NotHeard("The speech-to-text server could not listen to it.")
        except ChannelError as error:
            raise NotHeard(error.text, error.mend) from None
        except TimeoutError:
            raise NotHeard("The speech-to-text server took too long.") from None
        except GONE:
            raise NotHeard("The line to the speech-to-text server broke.") from None
        text = " ".join(str(answer.data.get("text") or "").split())[:TEXT_LIMIT]
        return Heard(text) if any(letter.isalnum() for letter in text) else None

    async def close(self) -> None:
        """Every sentence has a line of its own."""


class Hearing:
    """The ears of the house: whatever end there is, sound of any kind, and how they fared (`trouble`, "" = well).

    home: what this home can be told, as it is at that moment.
    """

    def __init__(self, ears: Ears | None, child: Child, home: Callable[[], Sayable]) -> None:
        self.ears, self._child, self._home = ears, child, home
        self.trouble = ""

    async def hear(self, sound: Sound) -> Heard | None:
        """What was said, None when nothing was understood; NotHeard when nobody can listen."""
        if self.ears is None:
            raise NotHeard("I have no ears here.", "See [voice] in config.example.toml.")
        try:
            if (sound.rate, sound.channels) != (RATE, 1):
                sound = await self.decoded(wav(sound))
            heard = await self.ears.hear(sound, self._home)
        except NotHeard as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return None if heard is None else replace(heard, text=heard.text.strip())

    async def decoded(self, file: bytes, seconds: float = LONGEST) -> Sound:
        """The sound of a file of any usual kind; NotHeard when it is none, or too long."""
        answer = await self._child.ask(Event("decode", {"seconds": seconds}, file), HEAR_LIMIT)
        return Sound(answer.payload)

    async def close(self) -> None:
        """End what runs."""
        if self.ears is not None:
            await self.ears.close()
        await self._child.close()
