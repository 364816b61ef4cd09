"""Sound, speech and their ends: WAV, the end of a sentence, what is read aloud, one's own voice, torn events."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import math
import struct
from collections.abc import Sequence

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dobby.errors import ChannelError
from dobby.voice import moonshine
from dobby.voice.child import Child, NotHeard
from dobby.voice.ears import Hearing, Sphinx, WyomingEars
from dobby.voice.echo import MEMORY, TAIL, Echo
from dobby.voice.mouth import Espeak, Speech, WyomingMouth, speakable
from dobby.voice.phrases import Sayable
from dobby.voice.sound import Listening, NoSound, Sound, loudness, unwav, wav
from dobby.wire.wyoming import Event, WyomingBroken, connected, encode, read, receive, where
from tests.voice.ends import Transcriber, needs_speaker, serving, spoken, write
from tests.voice.measured import DENIED, OTHERS, VOICES, Measured, measured

TONE = b"".join(struct.pack("<h", int(5000 * math.sin(at / 5))) for at in range(8000))
QUIET = b"\x00\x00" * 16000
HUM = b"".join(struct.pack("<h", 400 if at % 2 else -400) for at in range(16000))
needs_ears = pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None,
                                reason="no pocketsphinx here: sh scripts/ears")


def opus(sound: Sound) -> bytes:
    """A voice note as phones make them: Ogg with Opus."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        with av.open(io.BytesIO(wav(sound)), "r") as source:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
            for frame in source.decode(audio=0):
                for made in resampler.resample(frame):
                    made.pts = None
                    container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return out.getvalue()


def test_a_wav_file_comes_back_as_it_was_and_rubbish_does_not() -> None:
    sound = Sound(TONE, 22050)
    assert unwav(wav(sound)) == sound
    for rubbish in (b"", b"RIFF", wav(sound)[:20], b"x" * 100):
        with pytest.raises(NoSound):
            unwav(rubbish)


@pytest.mark.parametrize("before", [b"", QUIET, HUM, HUM * 3])
def test_a_sentence_ends_with_a_pause(before: bytes) -> None:
    after = QUIET if before in (b"", QUIET) else HUM
    listening, steps = Listening(), []
    for at in range(0, len(stream := before + TONE + TONE + after * 2), 2048):
        steps.append(listening.take(stream[at: at + 2048]))
        if steps[-1] == "over":
            break
    assert steps[-1] == "over"
    assert steps.count("began") == 1
    assert listening.sound.seconds == pytest.approx(len(before) / 32000 + 1.0 + 0.8, abs=0.15)


def test_a_pause_between_two_words_ends_nothing_and_a_quiet_room_says_nothing() -> None:
    listening = Listening()
    assert [listening.take(one) for one in (TONE, QUIET[:16000], TONE)][-1] == "speaking"
    assert Listening().take(QUIET * 7) == "nothing"
    assert loudness(b"") == 0.0


@pytest.mark.parametrize(("text", "said"), [
    ("**Study** lamp is `off`.", "Study lamp is off."),
    ("See [the page](http://127.0.0.1:8700/x) or https://example.org/y?z=1", "See the page or."),
    ("- Kitchen: on\n- Study: off 💡", "Kitchen: on. Study: off."),
    ("21.5 °C at 40%", "21.5 °C at 40%."), ("🎉🎉", "")])
def test_what_is_read_aloud_has_no_marks(text: str, said: str) -> None:
    assert speakable(text) == said


def test_a_long_answer_is_cut_at_a_word() -> None:
    assert speakable("word " * 500).endswith("word …")
    assert len(speakable("word " * 500)) < 910


def test_he_knows_his_own_voice_for_a_moment() -> None:
    echo = Echo()
    echo.speaks("Study", "Shall I turn off all the lights?", 100.0, 3.0)
    assert echo.speaking("study", 102.0)
    assert echo.speaking("Study", 103.0 + TAIL / 2)
    assert not echo.speaking("study", 103.0 + TAIL)
    assert not echo.speaking("kitchen", 102.0)
    assert echo.own("turn off all the lights", 104.0)
    assert not echo.own("turn on the study lamp", 104.0)
    assert not echo.own("yes", 104.0)
    assert not echo.own("turn off all the lights", 103.0 + MEMORY)
    echo.ended("study", 101.0)
    assert not echo.speaking("study", 102.0)


# --- the wire ---------------------------------------------------------------------------------------------------------


@given(st.text(min_size=1), st.dictionaries(st.text(), st.integers() | st.text()), st.binary(max_size=100))
def test_an_event_comes_through_as_it_was(kind: str, data: dict[str, int | str], payload: bytes) -> None:
    event = Event(kind, data, payload)
    assert read(io.BytesIO(encode(event))) == event
    assert read(io.BytesIO(b"")) is None


@pytest.mark.parametrize("line", [b"x\n", b"[]\n", b'{"type": 1}\n', b'{"type": "a", "data_length": -1}\n',
                                  b'{"type": "a", "payload_length": 99999999999}\n', b'{"type": "a", "data": 1}\n',
                                  b'{"type": "a", "data_length": 2}\n[]', b'{"type": "a", "data_length": true}\n'])
@pytest.mark.anyio
async def test_a_torn_event_is_an_error_and_no_hang_up(line: bytes) -> None:
    with pytest.raises(WyomingBroken):
        read(io.BytesIO(line))
    reader = asyncio.StreamReader()
    reader.feed_data(line)
    with pytest.raises(WyomingBroken):
        await receive(reader)


def test_an_address_is_a_host_and_a_port() -> None:
    assert where("tcp://10.0.0.5:10300") == ("10.0.0.5", 10300)
    assert where("tcp://[::1]:1") == ("::1", 1)
    for wrong in ("http://x", "unix:///run/x", "tcp://", "tcp://x:y"):
        with pytest.raises(ValueError):  # noqa: PT011
            where(wrong)


@pytest.mark.anyio
async def test_a_server_that_is_gone_talks_rubbish_or_hangs_is_an_error_with_words() -> None:
    async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await write(writer, "error", {"text": "no model"})
        await reader.read()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    for talk, words in ((rubbish, "broke"), (refuses, "could not"), (hangs, "too long")):
        async with serving(talk) as at:
            with pytest.raises(NotHeard, match=words):
                await WyomingEars(at, "en", 0.3).hear(Sound(TONE), Sayable)
            with pytest.raises(NotHeard, match=words):
                await WyomingMouth(at, "en", seconds=0.3).say("hello")
    with pytest.raises(NotHeard, match="cannot be reached"):
        await WyomingEars(at, "en").hear(Sound(TONE), Sayable)
    with pytest.raises(ChannelError):
        async with connected(at, "It"):
            pass
    with pytest.raises(NotHeard, match="not there"):
        await Espeak("en", "no-such-program").say("hello")
    with pytest.raises(NotHeard, match="no voice"):
        await Speech(None).say("hello")


# --- the ears ---------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_voice_note_is_unpacked_for_the_ears() -> None:
    server, child = Transcriber("good night"), Child()
    async with serving(server.talk) as at:
        hearing = Hearing(WyomingEars(at, "en"), child, Sayable)
        note = await asyncio.to_thread(opus, Sound(TONE + TONE))
        heard = await hearing.hear(await hearing.decoded(note))
        assert heard is not None
        assert heard.text == "good night"
        about, pcm = server.got[0]
        assert about["rate"] == 16000
        assert len(pcm) / 32000 == pytest.approx(1.0, abs=0.05)
        assert loudness(pcm[8000:16000]) == pytest.approx(loudness(TONE), rel=0.2)
        heard = await hearing.hear(Sound(TONE * 3, 48000))  # another rate is made the ears' own
        assert server.got[1][0]["rate"] == 16000
        with pytest.raises(NotHeard, match="too long"):
            await hearing.decoded(wav(Sound(QUIET * 3)), 1.0)
        await hearing.close()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's ears."""
    return "asyncio"


async def _heard(one: Measured, texts: list[str], first: int, voices: Sequence[tuple[str, int]]) -> list[str]:
    child = Child()
    ears = Sphinx(child)
    found = []
    for at, text in enumerate(texts):
        pcm = await asyncio.to_thread(spoken, text, *voices[(first + at) % len(voices)])
        heard = await ears.hear(Sound(pcm), lambda: one.sayable)
        found.append(heard.text if heard else "")
    await child.close()
    return found


@needs_speaker
@needs_ears
@pytest.mark.anyio
async def test_a_slice_of_the_orders_is_heard_and_of_the_others_nothing_done() -> None:
    one = measured()[0]  # all of both homes under the mark of the full matrix, below
    orders, others = one.orders(8), [*OTHERS[::13], *DENIED]
    heard = await _heard(one, [*orders, *others], 0, VOICES["plain"])
    right = [one.meaning(text) == one.meaning(found) for text, found in zip(orders, heard, strict=False)]
    assert sum(right) >= 7, list(zip(orders, heard, strict=False))
    assert not any(one.acts(found) for found in heard[len(orders):] if found)


@needs_speaker
@needs_ears
@pytest.mark.full
@pytest.mark.skipif(moonshine.folder() is None, reason="no second ear here: sh scripts/ears")
@pytest.mark.anyio
@pytest.mark.parametrize("one", measured(), ids=lambda one: one.name)
async def test_95_of_100_orders_are_right_and_none_of_100_others_acts(one: Measured) -> None:
    voices = VOICES["plain"]  # the others under sh scripts/bench voice
    orders = one.orders(100)
    heard = await _heard(one, orders, 0, voices)
    wrong = [(text, found) for text, found in zip(orders, heard, strict=True)
             if one.meaning(text) != one.meaning(found)]
    assert len(wrong) <= 5, wrong
    assert not [(text, found) for text, found in zip(OTHERS, await _heard(one, OTHERS, 3, voices), strict=True)
                if found and one.acts(found)]
