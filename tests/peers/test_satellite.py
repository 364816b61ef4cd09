"""wyoming-satellite and openWakeWord, as their makers wrote them, between espeak-ng's mouth and Dobby: the wake word is
found, the order is heard in the room of the satellite, and the answer is played there."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.ports import free_port, listens
from tests.stories.house import House, lived_in, until
from tests.voice.ends import needs_speaker, spoken

PEERS = Path(os.environ.get("DOBBY_PEERS", "/nowhere"))
SATELLITE, WAKE = PEERS / "satellite" / "bin" / "python", PEERS / "openwakeword" / "bin" / "python"
pytestmark = [pytest.mark.anyio, needs_speaker,
              pytest.mark.skipif(not (SATELLITE.exists() and WAKE.exists()), reason="apart: sh scripts/peers"),
              pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None,
                                 reason="no pocketsphinx here: sh scripts/ears")]
SETTINGS = """
[voice]
[[voice.satellites]]
name = "study"
address = "{at}"
room = "Study"
person = "Robin"
"""


@asynccontextmanager
async def room(tmp_path: Path) -> AsyncIterator[str]:
    """A satellite with its microphone (say.raw) and loudspeaker (heard.raw) as files; its address."""
    satellite, wake = free_port(), free_port()
    microphone = shlex.join([sys.executable, str(Path(__file__).with_name("microphone.py")), str(tmp_path / "say.raw")])
    speaker = shlex.join(["sh", "-c", f"cat >> {shlex.quote(str(tmp_path / 'heard.raw'))}"])
    programs = [
        [WAKE, "-m", "wyoming_openwakeword", "--uri", f"tcp://127.0.0.1:{wake}", "--preload-model", "hey_jarvis"],
        [SATELLITE, "-m", "wyoming_satellite", "--uri", f"tcp://127.0.0.1:{satellite}", "--name", "study",
         "--no-zeroconf", "--mic-command", microphone, "--snd-command", speaker, "--snd-command-rate", "22050",
         "--wake-uri", f"tcp://127.0.0.1:{wake}", "--wake-word-name", "hey_jarvis",
         "--transcript-command", shlex.join(["sh", "-c", f"cat >> {shlex.quote(str(tmp_path / 'transcript'))}"])]]
    with (tmp_path / "programs.log").open("wb") as log:
        running = [await asyncio.create_subprocess_exec(*map(str, one), stdout=log, stderr=log) for one in programs]
        try:
            for process, port in zip(running, (wake, satellite), strict=True):
                await until(partial(listens, process, port))
            yield f"tcp://127.0.0.1:{satellite}"
        finally:
            for one in reversed(running):
                if one.returncode is None:
                    one.terminate()
                await one.wait()


async def say(tmp_path: Path, *sentences: str) -> None:
    """Somebody speaks into the satellite's microphone."""
    pcm = b"".join([await asyncio.to_thread(spoken, one) for one in sentences])
    await asyncio.to_thread((tmp_path / "half.raw").write_bytes, pcm)
    (tmp_path / "half.raw").rename(tmp_path / "say.raw")


async def test_a_real_satellite_carries_an_order_and_its_answer(tmp_path: Path) -> None:
    async with room(tmp_path) as at, lived_in(tmp_path) as house:
        config = Path(house.ready["workspace"]) / "config.toml"
        await house.kill()
        text = await asyncio.to_thread(config.read_text)
        await asyncio.to_thread(config.write_text, text + SETTINGS.format(at=at))
        await house.again()

        async def well() -> bool:
            _, health = await house.api("GET", "/api/health")
            return bool(health["voice"]["satellites"]) and not health["voice"]["satellites"][0]["trouble"]
        await until(well)
        for key in ("study_lamp", "kitchen_ceiling"):
            await house.hand(key, on=True)
        await say(tmp_path, "turn off the kitchen lights")  # without the wake word it is nobody's business
        await until(lambda: played(tmp_path))
        await say(tmp_path, "hey jarvis", "turn off the lights")
        await until(lambda: off(house))
        assert (await house.state("kitchen_ceiling"))["on"] is True
        await until(lambda: aloud(tmp_path))
        assert "turn off the lights" in await asyncio.to_thread((tmp_path / "transcript").read_text)


async def played(tmp_path: Path) -> bool:
    """Whether the microphone has taken what was to be said."""
    return not (tmp_path / "say.raw").exists()


async def off(house: House) -> bool:
    """Whether the lamp of the study is off."""
    return (await house.state("study_lamp"))["on"] is False


async def aloud(tmp_path: Path) -> bool:
    """Whether more than half a second of an answer came out of the loudspeaker."""
    heard = tmp_path / "heard.raw"
    return heard.exists() and heard.stat().st_size > 22050
