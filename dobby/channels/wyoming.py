"""Rooms: Wyoming satellites, each a microphone with a loudspeaker that wakes by itself and then streams what it hears.

https://github.com/rhasspy/wyoming-satellite: the satellite is the server. Dobby connects, says `run-satellite`, and is
sent `run-pipeline` and sound once somebody said the wake word; he answers with `transcript` (which ends the stream) and
with sound. The room of the satellite is the room of the order. A voice proves nobody: an order carries the rights of
the person whom the settings name and never opens or disarms anything. He does not hear himself: what a microphone
catches while he speaks in its room is dropped, and so are his own words when they come back (dobby/voice/echo.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dobby.channels.channel import Channel, Context
from dobby.errors import ChannelError
from dobby.messages import Letter, Message, Person
from dobby.settings import Config, SatelliteSettings, Secrets
from dobby.tasks import ended
from dobby.voice.child import NotHeard
from dobby.voice.opening import Voice
from dobby.voice.sound import WIDTH, Listening, Sound
from dobby.wire.wyoming import GONE, Event, Line, connected

log = logging.getLogger(__name__)
WAITS = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)  # seconds until a satellite is called again, by how often it was gone in a row
PATIENCE = 9.0  # seconds of silence until he says that he is still at it
LATEST = 60.0  # seconds after which an answer is no longer said aloud
CHUNK = 0.1  # seconds of sound in one event
PING = 20.0  # seconds of silence after which a satellite is asked whether it is still there
SILENT = 45.0  # seconds of silence after which it counts as gone
NAME = "satellite"


class Satellite:
    """One satellite, for as long as the daemon runs. Its state for doctor stands in `voice.satellites`."""

    def __init__(self, context: Context, voice: Voice, settings: SatelliteSettings) -> None:
        self._context, self._voice, self._settings = context, voice, settings
        self._room = settings.room
        self._listening: Listening | None = None
        self._began = 0.0
        self._again = False  # the satellite wants its pipeline to begin anew by itself
        self._turn: asyncio.Task[None] | None = None
        self._speaking = asyncio.Lock()
        self._state = voice.satellites
        self._state[settings.name] = "It was not reached yet."

    async def run(self) -> None:
        """Keep the line to the satellite, for ever."""
        gone = 0
        while True:
            began = time.monotonic()
            try:
                async with connected(self._settings.address, "The satellite") as line:
                    await self._talk(line)
            except ChannelError as error:
                self._state[self._settings.name] = str(error)
            except (*GONE, TimeoutError) as error:
                self._state[self._settings.name] = f"The line to it broke ({type(error).__name__})."
            except Exception as error:  # one satellite's surprise must not silence the others
                log.exception("satellite %s", self._settings.name)
                self._state[self._settings.name] = f"It broke ({type(error).__name__})."
            gone = 0 if time.monotonic() - began > WAITS[-1] else gone
            await asyncio.sleep(WAITS[min(gone, len(WAITS) - 1)])
            gone += 1

    async def _talk(self, line: Line) -> None:
        await line.send(Event("describe"), Event("run-satellite"))
        self._listening = None
        asked = False
        try:
            while True:
                try:
                    async with asyncio.timeout(SILENT - PING if asked else PING):
                        event = await line.receive()
                except TimeoutError:
                    if asked:
                        raise
                    asked = True
                    await line.send(Event("ping", {"text": "dobby"}))
                    continue
                asked = False
                await self._take(line, event)
        finally:
            await ended(self._turn)
            self._turn = None

    async def _take(self, line: Line, event: Event) -> None:
        match event.type:
            case "info":
                self._state[self._settings.name] = ""
            case "ping":
                await line.send(Event("pong", event.data))
            case "run-pipeline":
                await self._begin(line, event)
            case "audio-chunk" if self._listening is not None:
                await self._hears(line, event)
            case "audio-stop" | "streaming-stopped" if self._listening is not None:
                await self._over(line)
            case "played":
                self._voice.echo.ended(self._room, time.monotonic())

    async def _begin(self, line: Line, event: Event) -> None:
        """The satellite woke. One that leaves the wake word to others is not heard: everything would be an order."""
        if event.data.get("start_stage") != "asr":
            self._state[self._settings.name] = ("It sends all that it hears and leaves the wake word to me. Give it "
                                                "one of its own (--wake-uri).")
            await line.send(Event("error", {"text": "The wake word is the satellite's to find.", "code": "no-wake"}))
            return
        self._state[self._settings.name] = ""
        self._again = bool(event.data.get("restart_on_end"))
        if self._turn is None or self._turn.done():
            self._listen()
        else:  # still at the last order: its stream ends here, so that it can be woken again
            await line.send(Event("transcript", {"text": ""}))

    def _listen(self) -> None:
        self._listening, self._began = Listening(), time.monotonic()

    async def _hears(self, line: Line, event: Event) -> None:
        listening = self._listening
        if listening is None or self._voice.echo.speaking(self._room, time.monotonic()):
            return  # himself
        rate, width, channels = (event.data.get(key) for key in ("rate", "width", "channels"))
        if not isinstance(rate, int) or not 8000 <= rate <= 48000 or width != WIDTH or channels not in (1, 2):
            self._listening = None
            self._state[self._settings.name] = "It sends sound that is not 16-bit PCM."
            await line.send(Event("error", {"text": "Only 16-bit PCM is heard here.", "code": "format"}))
            return
        listening.rate, listening.channels = rate, int(channels)
        match listening.take(event.payload):
            case "began":
                await line.send(Event("voice-started", {"timestamp": int(listening.sound.seconds * 1000)}))
            case "over":
                await self._over(line)
            case "nothing":
                self._listening = None
                await line.send(Event("transcript", {"text": ""}))

    async def _over(self, line: Line) -> None:
        """A sentence is over: it is heard and answered beside the line, which goes on."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await line.send(Event("voice-stopped", {"timestamp": int(listening.sound.seconds * 1000)}))
            self._turn = asyncio.create_task(self._answer(line, listening.sound))

    async def _answer(self, line: Line, sound: Sound) -> None:
        try:
            await self._heard(line, sound)
        except GONE:
            log.info("satellite %s left before its answer", self._settings.name)
        except Exception:  # whatever broke, the satellite listens again
            log.exception("satellite %s", self._settings.name)
        if self._again:
            self._listen()

    async def _heard(self, line: Line, sound: Sound) -> None:
        say, words, now = self._context.say, "", time.monotonic()
        try:
            heard = await self._voice.hearing.hear(sound)
            words = heard.text if heard is not None else ""
        except NotHeard as error:
            await line.send(Event("transcript", {"text": ""}))
            await self._say(line, error.text)
            return
        await line.send(Event("transcript", {"text": words}))
        if not words:
            await self._say(line, say("voice.unclear"))
            return
        if self._voice.echo.own(words, now):
            return
        name = f"{NAME}:{self._settings.name}"
        id_ = await self._context.receive(Message(NAME, str(uuid.uuid4()), name, words, name, here=self._room))
        answer = await self._context.answer(NAME, id_, PATIENCE)
        if answer is None:
            await self._say(line, say("voice.later"))
            answer = await self._context.answer(NAME, id_, LATEST)
        if answer:
            await self._say(line, answer)

    async def _say(self, line: Line, text: str) -> None:
        """Speak through the satellite, or through the speaker that the settings name. Without a mouth there is silence,
        and doctor says why."""
        async with self._speaking:
            try:
                sound = await self._voice.speech.say(text)
            except NotHeard:
                return
            if self._settings.speaker and await self._context.aloud(self._settings.speaker, text, sound):
                return
            about = {"rate": sound.rate, "width": WIDTH, "channels": sound.channels}
            size = int(sound.rate * CHUNK) * sound.channels * WIDTH
            chunks = [Event("audio-chunk", about, sound.pcm[at: at + size]) for at in range(0, len(sound.pcm), size)]
            self._voice.echo.speaks(self._room, text, time.monotonic(), sound.seconds)
            await line.send(Event("synthesize", {"text": text}), Event("audio-start", about), *chunks,
                            Event("audio-stop"))


class WyomingDoor:
    """The open line to every satellite. Letters are never sent through it."""

    names = (NAME,)
    routes: tuple[web.RouteDef, ...] = ()

    async def send(self, letter: Letter) -> str:
        """Nothing is said into a room that nobody may be in."""
        raise ChannelError("A room cannot be written to.", permanent=True)

    async def find(self, letter: Letter) -> list[str]:
        """Nothing was ever sent."""
        return []


def people_of(config: Config) -> dict[str, Person]:
    """On whose behalf each satellite speaks, by its address as a sender: the person named, else a guest of its room."""
    people = {one.name: one for one in config.persons()}
    return {f"{NAME}:{one.name}": people.get(one.person) or Person(f"{one.name} satellite", "guest", rooms=(one.room,))
            for one in config.voice.satellites}


@asynccontextmanager
async def _open(context: Context) -> AsyncIterator[WyomingDoor]:
    voice = context.voice
    tasks = [asyncio.create_task(Satellite(context, voice, one).run(), name=f"satellite {one.name}")
             for one in context.config.voice.satellites] if voice is not None else []
    try:
        yield WyomingDoor()
    finally:
        await ended(*tasks)


def _wanted(config: Config, secrets: Secrets) -> bool:
    return bool(config.voice.satellites)


CHANNEL = Channel("wyoming", _wanted, _open)
