"""The mouth: text to speech behind one seam. A Wyoming server where the settings name one, else espeak-ng where it is
installed (a program of its own: no shell, the text over stdin, nothing of Dobby's environment).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import unicodedata
from typing import Protocol

from dobby.children import bare_environment
from dobby.errors import ChannelError
from dobby.voice.child import NotHeard
from dobby.voice.sound import NoSound, Sound, unwav
from dobby.wire.wyoming import GONE, Event, connected

SAY_LIMIT = 15.0  # seconds until speech must be made
SPOKEN = 900  # letters of an answer that are read aloud
SOUND_LIMIT = 12 * 1024 * 1024  # bytes of speech: two minutes at 48 kHz
SPEED = "165"  # words a minute
VOICES = {"en": "en-us", "de": "de", "es": "es", "fr": "fr-fr", "nl": "nl"}
LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
ADDRESS = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+")
MARKS = re.compile(r"[#>|•▪]+|^\s*[-–]\s+", re.MULTILINE)
STRESS = re.compile(r"[*_`~]+")


def speakable(text: str) -> str:
    """A text as it is read aloud: no marks of Markdown, no addresses, no pictograms; one sentence to a line."""
    text = LINK.sub(r"\1", text)
    text = ADDRESS.sub("", text)
    text = STRESS.sub("", MARKS.sub(" ", text))
    text = "".join(one for one in text if unicodedata.category(one) not in ("So", "Sk", "Cs", "Co", "Cn", "Cf")
                   or one in "°")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    ended = [line if line[-1] in ".!?:;,…" else f"{line}." for line in lines if any(c.isalnum() for c in line)]
    said = " ".join(ended)
    return said if len(said) <= SPOKEN else said[:SPOKEN].rpartition(" ")[0] + " …"


class Mouth(Protocol):
    """One that can speak. name: for doctor."""

    name: str

    async def say(self, text: str) -> Sound:
        """Speech; NotHeard when there is none."""
        ...


class Espeak:
    """espeak-ng (GPL-3.0, a program of its own) with the voice of a language."""

    name = "espeak-ng"

    def __init__(self, language: str, program: str = "espeak-ng") -> None:
        self._voice, self._program = VOICES.get(language, "en-us"), program

    async def say(self, text: str) -> Sound:
        """Speech of a text."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._program, "-v", self._voice, "-s", SPEED, "--stdin", "--stdout", stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=bare_environment())
        except OSError:
            raise NotHeard("espeak-ng is not there.", "apt-get install espeak-ng") from None
        try:
            async with asyncio.timeout(SAY_LIMIT):
                made, _ = await process.communicate(text.encode())
        except TimeoutError:
            raise NotHeard("espeak-ng took too long.") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        try:
            return await asyncio.to_thread(unwav, made)
        except NoSound:
            raise NotHeard("espeak-ng made no speech.") from None


class WyomingMouth:
    """A Wyoming text-to-speech server (Piper and its kin)."""

    def __init__(self, address: str, language: str, voice: str = "", seconds: float = SAY_LIMIT) -> None:
        self._address, self._seconds = address, seconds
        self._voice = {"name": voice} if voice else {"language": language}
        self.name = f"Wyoming server {address}"

    async def say(self, text: str) -> Sound:
        """Speech of a text."""
        try:
            async with asyncio.timeout(self._seconds), connected(self._address, "The text-to-speech server") as line:
                await line.send(Event("synthesize", {"text": text, "voice": self._voice}))
                about, pcm = Event(""), bytearray()
                while (event := await line.receive()).type != "audio-stop":
                    if event.type == "error" or len(pcm) > SOUND_LIMIT:
                        raise NotHeard("The text-to-speech server could not say it.")
                    if event.type == "audio-start":
                        about = event
                    if event.type == "audio-chunk":
                        about = about if about.type else event
                        pcm += event.payload
        except ChannelError as error:
            raise NotHeard(error.text, error.mend) from None
        except TimeoutError:
            raise NotHeard("The text-to-speech server took too long.") from None
        except GONE:
            raise NotHeard("The line to the text-to-speech server broke.") from None
        rate, width, channels = (about.data.get(key) for key in ("rate", "width", "channels"))
        if not pcm or not isinstance(rate, int) or not 8000 <= rate <= 48000 or width != 2 or channels not in (1, 2):
            raise NotHeard("The text-to-speech server made no sound that I can play.")
        return Sound(bytes(pcm), rate, int(channels))


class Speech:
    """The mouth of the house, and how it fares (`trouble`, "" = well)."""

    def __init__(self, mouth: Mouth | None) -> None:
        self.mouth = mouth
        self.trouble = ""

    async def say(self, text: str) -> Sound:
        """Speech of an answer; NotHeard when there is none."""
        if self.mouth is None:
            raise NotHeard("I have no voice here.", "Install espeak-ng, or name a Wyoming server in [voice].")
        said = speakable(text)
        if not said:
            raise NotHeard("There is nothing to say.")
        try:
            sound = await self.mouth.say(said)
        except NotHeard as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return sound


def espeak_there() -> bool:
    """Whether espeak-ng is installed (looks at the disk: call it in a thread)."""
    return shutil.which("espeak-ng") is not None
