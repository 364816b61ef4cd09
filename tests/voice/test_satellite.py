"""A room's satellite: heard, answered in its room, called again when it is gone; and Dobby does not hear himself."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dobby.channels.channel import Context
from dobby.channels.wyoming import CHANNEL, people_of
from dobby.messages import Message
from dobby.settings import Config, PersonSettings, SatelliteSettings, Secrets, VoiceSettings
from dobby.voice.child import Child, NotHeard
from dobby.voice.ears import Hearing, WyomingEars
from dobby.voice.mouth import Speech, WyomingMouth
from dobby.voice.opening import Voice
from dobby.voice.phrases import Sayable
from dobby.wire.wyoming import Event
from tests.stories.house import until
from tests.voice.ends import Reader, Satellite, Transcriber, serving

pytestmark = pytest.mark.anyio
QUIET = b"\x00\x00" * 16000
WORDS = b"".join(struct.pack("<h", int(6000 * math.sin(at / 8))) for at in range(16000)) + QUIET


@dataclass(slots=True)
class Rig:
    """One satellite, its servers, and a house that answers as it is told."""

    satellite: Satellite
    ears: Transcriber
    mouth: Reader
    voice: Voice
    answers: list[str | None] = field(default_factory=list)
    came: list[Message] = field(default_factory=list)
    aloud: list[tuple[str, str]] = field(default_factory=list)
    held: asyncio.Event | None = None  # an answer waits for it

    @property
    def state(self) -> str:
        """What doctor would say of the satellite."""
        return self.voice.satellites["study"]


@asynccontextmanager
async def rig(person: str = "", speaker: str = "") -> AsyncIterator[Rig]:
    """A satellite in the study, called by Dobby."""
    satellite, ears, mouth = Satellite(), Transcriber("lights off"), Reader()
    async with serving(satellite.talk) as at, serving(ears.talk) as hears, serving(mouth.talk) as speaks:
        config = Config(people=(PersonSettings("Robin", "owner"),), voice=VoiceSettings(
            hears, speaks, satellites=(SatelliteSettings("study", at, "Study", person, speaker),)))
        child = Child()
        voice = Voice(Hearing(WyomingEars(hears, "en"), child, Sayable), Speech(WyomingMouth(speaks, "en")))
        one = Rig(satellite, ears, mouth, voice)

        async def receive(message: Message) -> int:
            one.came.append(message)
            return len(one.came)

        async def answer(channel: str, message: int | str, seconds: float) -> str | None:
            if one.held is not None:
                await one.held.wait()
            return one.answers.pop(0) if one.answers else "Study lights are off."

        async def delivery(provider_id: str, status: str, *, window_closed: bool = False) -> None:
            pass

        async def aloud(name: str, text: str, sound: object) -> bool:
            one.aloud.append((name, text))
            return True

        context = Context(config, Secrets(), receive, delivery, str, "", answer, voice=voice, aloud=aloud)
        async with CHANNEL.open(context):
            await satellite.until("run-satellite")
            yield one
        await voice.close()


async def test_what_is_said_in_a_room_is_heard_there_and_answered_there() -> None:
    async with rig() as one:
        await one.satellite.wakes(WORDS)
        assert (await one.satellite.until("transcript"))["text"] == "lights off"
        about = await one.satellite.until("audio-start")
        await one.satellite.until("audio-stop")
        message = one.came[0]
        assert (message.here, message.text, message.channel) == ("Study", "lights off", "satellite")
        assert about == {"rate": 22050, "width": 2, "channels": 1}
        assert len(one.satellite.sound) == 2 * 2205
        assert one.mouth.said == ["Study lights are off."]
        assert one.state == ""
        heard_as, sound = one.ears.got[0]
        assert heard_as == {"rate": 16000, "width": 2, "channels": 1}
        assert 0.9 < len(sound) / 32000 < 2.0  # the words, and the pause that ended them
        assert one.satellite.count("voice-started") == one.satellite.count("voice-stopped") == 1


async def test_the_satellite_may_say_itself_that_it_is_over() -> None:
    async with rig() as one:
        await one.satellite.wakes(WORDS[:20000], stop=True)
        await one.satellite.until("audio-stop")
        assert one.came[0].text == "lights off"


async def test_one_that_wakes_during_an_answer_is_freed_and_can_be_woken_again() -> None:
    async with rig() as one:
        one.held = asyncio.Event()
        await one.satellite.wakes(WORDS)
        await until(lambda: _true(bool(one.came)))
        await one.satellite.wakes(b"")
        assert (await one.satellite.until("transcript", 2))["text"] == "", "or it would send sound for ever"
        one.held.set()
        await one.satellite.until("audio-stop")


async def test_silence_is_nothing_and_mumbling_is_said_to_be() -> None:
    async with rig() as one:
        await one.satellite.wakes(QUIET * 7)
        assert (await one.satellite.until("transcript"))["text"] == ""
        assert not one.ears.got
        one.ears.hears = " ... "
        await one.satellite.wakes(WORDS)
        assert (await one.satellite.until("transcript", 2))["text"] == ""
        await one.satellite.until("audio-stop")
        assert not one.came
        assert one.mouth.said == ["voice.unclear."]


async def test_he_does_not_hear_himself_while_he_speaks() -> None:
    async with rig() as one:
        one.mouth.samples = 22050 * 20  # a long answer
        await one.satellite.wakes(WORDS)
        await one.satellite.until("audio-stop")
        one.ears.hears = "yes"
        await one.satellite.wakes(WORDS)
        await one.satellite.tells("describe")
        await until(lambda: _true(one.satellite.count("ping") == 0))
        await one.satellite.tells("played")  # the loudspeaker is done; what is said now is a person's
        await until(lambda: _true(not one.voice.echo.speaking("study", asyncio.get_running_loop().time())))
        assert len(one.ears.got) == 1
        await one.satellite.wakes(WORDS)
        await one.satellite.until("transcript", 2)
        assert [message.text for message in one.came] == ["lights off", "yes"]


async def _true(value: bool) -> bool:
    return value


async def test_his_own_words_that_come_back_are_no_order() -> None:
    async with rig() as one:
        one.answers = ["Shall I turn off all the lights?"]
        await one.satellite.wakes(WORDS)
        await one.satellite.until("audio-stop")
        await one.satellite.tells("played")
        await until(lambda: _true(not one.voice.echo.speaking("study", asyncio.get_running_loop().time())))
        one.ears.hears = "turn off all the lights"
        await one.satellite.wakes(WORDS)
        await one.satellite.until("transcript", 2)
        assert len(one.came) == 1


async def test_a_satellite_without_a_wake_word_is_not_listened_to() -> None:
    async with rig() as one:
        await one.satellite.wakes(WORDS, stage="wake")
        await one.satellite.until("error")
        assert "wake word" in one.state
        assert not one.ears.got


async def test_it_is_called_again_and_doctor_knows() -> None:
    async with rig() as one:
        one.satellite.hangs_up()
        await until(lambda: _true(one.satellite.calls == 2))
        await one.satellite.until("run-satellite", 2)
        await one.satellite.wakes(WORDS)
        await one.satellite.until("audio-stop")
        assert one.state == ""


async def test_ears_that_are_gone_are_said_and_told() -> None:
    async with rig() as one:
        one.voice.hearing.ears = WyomingEars("tcp://127.0.0.1:1", "en")
        await one.satellite.wakes(WORDS)
        await one.satellite.until("audio-stop")
        assert "cannot be reached" in one.mouth.said[0]
        assert "cannot be reached" in one.voice.state()["trouble"][0]
        assert not one.came


async def test_an_answer_that_takes_long_is_announced_then_said() -> None:
    async with rig() as one:
        one.answers = [None, "Here it is."]
        await one.satellite.wakes(WORDS)
        await one.satellite.until("audio-stop", 2)
        assert one.mouth.said == ["voice.later.", "Here it is."]


async def test_a_speaker_of_the_room_may_say_the_answers() -> None:
    async with rig(speaker="Study Sonos") as one:
        await one.satellite.wakes(WORDS)
        await until(lambda: _true(bool(one.aloud)))
        assert one.aloud == [("Study Sonos", "Study lights are off.")]
        assert one.satellite.count("audio-start") == 0


def test_a_voice_has_the_rights_of_whom_the_settings_name() -> None:
    config = Config(people=(PersonSettings("Robin", "owner"),), voice=VoiceSettings(satellites=(
        SatelliteSettings("a", "tcp://127.0.0.1:1", "Study", "Robin"),
        SatelliteSettings("b", "tcp://127.0.0.1:1", "Den"))))
    people = people_of(config)
    assert people["satellite:a"].role == "owner"
    assert (people["satellite:b"].role, people["satellite:b"].rooms) == ("guest", ("Den",))


async def test_the_child_gets_no_secret_and_dies_with_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "hidden")
    child = Child()
    with pytest.raises(NotHeard, match="no sound"):
        await child.ask(Event("decode", {"seconds": 1.0}, b"rubbish"), 20)
    pid = child.pid or 0
    environment = await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
    assert b"hidden" not in environment
    with pytest.raises(NotHeard, match="too long"):
        await child.ask(Event("open"), 0.0)
    assert not child.pid
    with pytest.raises(NotHeard, match="no sound"):
        await child.ask(Event("decode", {"seconds": 1.0}, b"rubbish"), 20)
    assert child.pid != pid
    await child.close()
    assert not child.pid
