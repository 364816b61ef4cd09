"""Home Assistant's Sonos integration over the simulated players; run by test_hass_sonos.py in a network of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.drivers.house import until
from tests.peers.hass import RealHass, real_hass
from tests.sim.conftest import Sim, start, stop

pytestmark = pytest.mark.anyio

PATIENCE = 60.0  # seconds until it shows what it found
PLAYERS = {"media_player.study": "study_speaker", "media_player.kitchen": "kitchen_speaker"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One Home Assistant for the file."""
    return "asyncio"


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sim]:
    """The simulated home."""
    one = start(tmp_path_factory.mktemp("sim"), "--no-cameras")
    yield one
    stop(one)


@pytest.fixture(scope="module")
async def hass(sim: Sim, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[RealHass]:
    """A Home Assistant that has found the players by itself."""
    async with real_hass(tmp_path_factory.mktemp("hass"), "sonos:") as one:
        await until(lambda: shows(one, {}), patience=PATIENCE)
        yield one


async def shows(hass: RealHass, wanted: dict[str, Any], entity: str = "") -> bool:
    """Whether it shows these attributes of an entity; without one, whether it has both players."""
    if not entity:
        return all([await shows(hass, {"device_class": "speaker"}, one) for one in PLAYERS])
    try:
        state, attributes = await hass.state(entity)
    except (KeyError, aiohttp.ClientError):
        return False
    held = attributes | {"state": state}
    return all(held.get(name) == value for name, value in wanted.items())


async def test_it_shows_the_players_as_they_are(hass: RealHass, sim: Sim) -> None:
    for entity, key in PLAYERS.items():
        truth = await sim.state_of(key)
        await until(lambda entity=entity, truth=truth: shows(
            hass, {"volume_level": truth["volume"] / 100, "is_volume_muted": truth["muted"]}, entity))


async def test_its_orders_are_done(hass: RealHass, sim: Sim) -> None:
    async def true(**state: Any) -> None:
        async def held() -> bool:
            return state.items() <= (await sim.state_of("study_speaker")).items()

        await until(held)

    study = "media_player.study"
    await hass.outside("media_player.volume_set", study, volume_level=0.42)
    await true(volume=42)
    await hass.outside("media_player.volume_mute", study, is_volume_muted=True)
    await true(muted=True)
    await hass.outside("media_player.volume_mute", study, is_volume_muted=False)
    await true(muted=False)
    await hass.outside("media_player.play_media", study, media_content_type="music",
                       media_content_id="http://music.invalid/a.mp3")
    await true(playing=True, uri="http://music.invalid/a.mp3")
    await until(lambda: shows(hass, {"state": "playing", "volume_level": 0.42}, study))
    await hass.outside("media_player.media_pause", study)
    await true(playing=False)
    await until(lambda: shows(hass, {"state": "paused"}, study))
    await hass.outside("media_player.select_source", study, source="Jazz Radio")
    await true(playing=True, uri="x-rincon-mp3radio://radio.invalid/jazz")
    await hass.outside("media_player.join", study, group_members=["media_player.kitchen"])

    async def joined() -> bool:
        return bool((await sim.state_of("kitchen_speaker"))["group"] == "study_speaker")

    await until(joined)
    await until(lambda: shows(hass, {"group_members": list(PLAYERS)}, study))
    await hass.outside("media_player.unjoin", "media_player.kitchen")

    async def alone() -> bool:
        return bool((await sim.state_of("kitchen_speaker"))["group"] == "kitchen_speaker")

    await until(alone)


async def test_it_is_told_of_what_others_do(hass: RealHass, sim: Sim) -> None:
    await sim.set("kitchen_speaker", volume=7, playing=True)
    await until(lambda: shows(hass, {"volume_level": 0.07, "state": "playing"}, "media_player.kitchen"))
    await sim.set("kitchen_speaker", playing=False)
    await until(lambda: shows(hass, {"state": "paused"}, "media_player.kitchen"))
