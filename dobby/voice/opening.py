"""The voice out of the settings: ears, mouth, and what this home can be told. Nothing runs yet."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dobby.home.home import Home
from dobby.home.vocabulary import PLAY
from dobby.settings import Config
from dobby.voice.child import Child
from dobby.voice.ears import Ears, Hearing, Sphinx, WyomingEars
from dobby.voice.echo import Echo
from dobby.voice.mouth import Espeak, Mouth, Speech, WyomingMouth, espeak_there
from dobby.voice.phrases import Sayable

TITLES_LIMIT = 60  # favourites that can be asked for aloud
BUILT_IN = "en"  # the language of pocketsphinx's own model


@dataclass(slots=True)
class Voice:
    """Ears, mouth, what was said aloud where, and how each satellite is (name -> trouble, "" = well)."""

    hearing: Hearing
    speech: Speech
    echo: Echo = field(default_factory=Echo)
    satellites: dict[str, str] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """How it is, for doctor and page."""
        ears, mouth = self.hearing.ears, self.speech.mouth
        return {"ears": ears.name if ears else None, "mouth": mouth.name if mouth else None,
                "trouble": [one for one in (self.hearing.trouble, self.speech.trouble) if one],
                "satellites": [{"name": name, "trouble": trouble} for name, trouble in self.satellites.items()]}

    async def close(self) -> None:
        """End what runs."""
        await self.hearing.close()


async def open_voice(config: Config, home: Callable[[], Sayable]) -> Voice:
    """The voice of this house: the servers that the settings name, else what is installed."""
    child = Child()
    ears, mouth = await asyncio.to_thread(_found, config, child)
    return Voice(Hearing(ears, child, home), Speech(mouth))


def _found(config: Config, child: Child) -> tuple[Ears | None, Mouth | None]:
    """Ears and mouth (looks at the disk)."""
    voice, language = config.voice, config.home.language
    ears: Ears | None = None
    mouth: Mouth | None = None
    if voice.ears.startswith("tcp://"):
        ears = WyomingEars(voice.ears, language)
    elif voice.ears != "none" and language == BUILT_IN and importlib.util.find_spec("pocketsphinx") is not None:
        ears = Sphinx(child, all(importlib.util.find_spec(one) for one in ("moonshine_voice", "onnxruntime")))
    if voice.mouth.startswith("tcp://"):
        mouth = WyomingMouth(voice.mouth, language, voice.voice)
    elif voice.mouth != "none" and espeak_there():
        mouth = Espeak(language)
    return ears, mouth


def sayable(home: Home, phrases: Sequence[Mapping[str, tuple[str, ...]]], name: str) -> Sayable:
    """What a home can be told now. phrases: those of each skill, by language."""
    rooms = [way for room in home.rooms.values() for way in (room.name, *room.aliases)]
    devices = [(way, device.kind, device.room) for device in home.devices.values()
               for way in (device.name, *home.given(device.id).aliases)]
    titles = dict.fromkeys(title for device in home.devices.values() if (play := device.trait(PLAY.name)) is not None
                           for title in play.choices)
    said = [phrase for one in phrases for phrase in one.get(BUILT_IN, ())]
    return Sayable(tuple(rooms), tuple(devices), tuple(said), tuple(titles)[:TITLES_LIMIT], name)
