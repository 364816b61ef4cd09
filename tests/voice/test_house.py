"""The whole house by voice: built-in ears, espeak-ng's speech, a satellite in the study, push-to-talk; and what a voice
never does."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dobby.voice import moonshine
from dobby.voice.sound import Sound, wav
from tests.stories.house import House, lived_in, until
from tests.voice.ends import Satellite, needs_speaker, serving, spoken

pytestmark = [pytest.mark.anyio, needs_speaker,
              pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None,
                                 reason="no pocketsphinx here: sh scripts/ears")]
EARS = "built-in (pocketsphinx and Moonshine)" if moonshine.folder() else "built-in (pocketsphinx)"
SATELLITE = """
[voice]
[[voice.satellites]]
name = "study"
address = "{at}"
room = "Study"
person = "Robin"
[[voice.satellites]]
name = "kitchen"
address = "{kitchen}"
room = "Kitchen"
speaker = "Kitchen Sonos"
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


@pytest.fixture(scope="module")
async def satellite() -> AsyncIterator[tuple[Satellite, str]]:
    """A satellite in the study, and its address."""
    one = Satellite()
    async with serving(one.talk) as at:
        yield one, at


@pytest.fixture(scope="module")
async def kitchen() -> AsyncIterator[tuple[Satellite, str]]:
    """A satellite in the kitchen that leaves the answers to the room's speaker, and its address."""
    one = Satellite()
    async with serving(one.talk) as at:
        yield one, at


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, satellite: tuple[Satellite, str],
                kitchen: tuple[Satellite, str], anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house with the satellites in its settings."""
    async with lived_in(tmp_path_factory.mktemp("voice")) as one:
        config = Path(one.ready["workspace"]) / "config.toml"
        await one.kill()
        text = await asyncio.to_thread(config.read_text)
        await asyncio.to_thread(config.write_text, text + SATELLITE.format(at=satellite[1], kitchen=kitchen[1]))
        await one.again()
        await until(lambda: _devices(one))
        yield one


async def _devices(house: House) -> bool:
    _, home = await house.api("GET", "/api/home")
    return len([one for one in home["devices"] if one["reachable"]]) > 20


async def talk(house: House, sound: bytes, kind: str = "audio/wav", **more: Any) -> tuple[int, Any]:
    """Push-to-talk: status and answer."""
    headers = {"Authorization": f"Bearer {house.ready['token']}", "Content-Type": kind}
    async with house.web.post(house.ready["dashboard"] + "/api/voice", data=io.BytesIO(sound), headers=headers,
                              **more) as answer:
        return answer.status, await answer.json()


async def said(text: str, voice: str = "en-us") -> bytes:
    """A WAV file of somebody who says something."""
    return wav(Sound(await asyncio.to_thread(spoken, text, voice)))


async def test_push_to_talk_is_heard_done_and_answered(house: House) -> None:
    await house.hand("study_lamp", on=True)
    status, answer = await talk(house, await said("turn off the study lamp"))
    assert status == 200, answer
    assert "study lamp" in answer["heard"].casefold()
    assert (answer["mind"], answer["question"]) == ("reflex", None)
    assert [one["result"] for one in answer["outcomes"]] == ["confirmed"]
    assert (await house.state("study_lamp"))["on"] is False


async def test_lights_off_in_the_study_means_the_study(house: House, satellite: tuple[Satellite, str]) -> None:
    one = satellite[0]
    for key in ("study_lamp", "desk_lamp", "kitchen_ceiling"):
        if key in await house.truth():
            await house.hand(key, on=True)
    before = {key: row["state"]["on"] for key, row in (await house.truth()).items()
              if row["kind"] == "light" and row["room"] != "Study"}
    await one.until("run-satellite")
    await one.wakes(await asyncio.to_thread(spoken, "lights off", "en-us", 140, 1.0))
    assert (await one.until("transcript"))["text"] == "lights off"
    await one.until("audio-stop")
    assert len(one.sound) > 8000  # espeak-ng's answer
    lights = {key: row for key, row in (await house.truth()).items() if row["kind"] == "light"}
    assert not any(row["state"]["on"] for row in lights.values() if row["room"] == "Study")
    assert before == {key: row["state"]["on"] for key, row in lights.items() if row["room"] != "Study"}


async def test_the_rooms_own_speaker_says_the_answer_and_plays_on(house: House, kitchen: tuple[Satellite, str]) -> None:
    one = kitchen[0]
    await house.hand("kitchen_speaker", playing=True)
    await until(lambda: _shows(house, "kitchen_speaker", playing=True))
    music = (await house.state("kitchen_speaker"))["uri"]
    await one.until("run-satellite")
    await one.wakes(await asyncio.to_thread(spoken, "what time is it", "en-us", 140, 1.0))
    assert (await one.until("transcript"))["text"] == "what time is it"

    async def spoke() -> bool:
        return str((await house.state("kitchen_speaker"))["uri"]).endswith(".wav")

    async def goes_on() -> bool:
        state = await house.state("kitchen_speaker")
        return bool(state["uri"] == music and state["playing"])
    await until(spoke)
    await until(goes_on)
    assert one.count("audio-start") == 0  # not twice


async def _shows(house: House, key: str, **values: object) -> bool:
    device = await house.device(key)
    now = {one["name"]: one["value"] for one in device["traits"]}
    return all(now.get(name) == value for name, value in values.items())


@pytest.mark.parametrize("order", ["unlock the front door", "disarm the alarm", "open the garage"])
async def test_a_voice_never_opens_nor_disarms(house: House, order: str) -> None:
    await talk(house, await said(order))
    status, _ = await talk(house, await said("yes"))
    assert status in (200, 422)
    truth = await house.truth()
    assert truth["front_door"]["state"]["locked"] is True
    assert truth["garage_door"]["state"]["position"] == 0


async def test_what_is_not_for_him_does_nothing(house: House) -> None:
    before = await house.truth()
    for text in ("the neighbours bought a new car last week", "I would like a cup of coffee with sugar",
                 "he plays the piano in the kitchen every evening"):
        status, answer = await talk(house, await said(text, "en-us+m3"))
        assert status == 422 or not answer["outcomes"], answer
    now = await house.truth()
    assert {key: row["state"].get("on") for key, row in now.items()} == {
        key: row["state"].get("on") for key, row in before.items()}


async def test_what_is_no_speech_is_told_kindly(house: House) -> None:
    status, answer = await talk(house, wav(Sound(b"\x00\x00" * 16000)))
    assert (status, answer["error"]["code"]) == (422, "unheard")
    assert "catch" in answer["error"]["text"]
    assert (await talk(house, b"RIFFrubbish"))[0] == 422
    assert (await talk(house, b""))[0] == 422
    assert (await talk(house, b"{}", "application/json"))[0] == 422
    assert (await talk(house, wav(Sound(b"\x00\x00" * 16000 * 20))))[1]["error"]["code"] == "ears"
    assert (await talk(house, b"\x00" * (3 * 1024 * 1024)))[0] == 413


async def test_an_answer_can_be_had_as_sound(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.ready['token']}"}
    url = house.ready["dashboard"] + "/api/voice/speech"
    async with house.web.post(url, json={"text": "**Study** lamp is off."}, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        with wave.open(io.BytesIO(await answer.read())) as file:
            assert file.getnframes() > 8000
    status, error = await house.api("POST", "/api/voice/speech", {"text": ""})
    assert (status, error["error"]["code"]) == (422, "body")


async def test_doctor_knows_ears_mouth_and_satellites(house: House) -> None:
    _, health = await house.api("GET", "/api/health")
    assert health["voice"] == {"ears": EARS, "mouth": "espeak-ng", "trouble": [],
                               "satellites": [{"name": "study", "trouble": ""}, {"name": "kitchen", "trouble": ""}]}


async def test_nobody_without_the_token_is_heard(house: House) -> None:
    async with house.web.post(house.ready["dashboard"] + "/api/voice", data=b"x",
                              headers={"Content-Type": "audio/wav"}) as answer:
        assert answer.status == 401
