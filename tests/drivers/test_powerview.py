"""PowerView beyond the laws: both generations, every kind of shade, one on its way, and what aiopvapi makes of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiopvapi.helpers.aiorequest import AioRequest
from aiopvapi.hub import Hub as TheirHub
from aiopvapi.resources.shade import ShadePosition
from aiopvapi.shades import Shades

from dobby.drivers import powerview as driver
from dobby.errors import Refused
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.powerview import FULL, SERIAL, Hub, served

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


@pytest.mark.parametrize("generation", [2, 3])
async def test_a_client_that_is_not_ours_accepts_the_hub(generation: int) -> None:
    hub = Hub(generation)

    async with served(hub) as port, aiohttp.ClientSession() as web:
        request = AioRequest(f"{HOST}:{port}", loop=asyncio.get_running_loop(), websession=web)
        theirs = TheirHub(request)
        await theirs.query_firmware()
        assert (request.api_version, theirs.serial_number) == (generation, SERIAL)
        shades = (await Shades(request).get_shades()).processed
        one = shades[12428 if generation == 2 else 39]
        assert one.current_position.primary == 100
        await one.move(ShadePosition(primary=25))
        await one.refresh()
        assert one.current_position.primary == 25
        assert one.get_battery_strength() == (86 if generation == 2 else 50)


@pytest.mark.parametrize(("number", "orders"), [
    (12428, [("position", 40, {"posKind1": 1, "position1": 26214})]),
    (8026, [("tilt", 50, {"posKind1": 3, "position1": 16384}), ("position", 100, {"posKind1": 1, "position1": FULL})]),
    (30, [("tilt", 100, {"posKind1": 3, "position1": 32768})]),
    (31, [("position", 30, {"posKind1": 1, "position1": 45874})]),
    (32, [("position", 50, {"posKind1": 1, "position1": 32768, "posKind2": 2, "position2": 6553})])])
async def test_every_kind_of_shade_moves_as_it_should(tmp_path: Path, number: int,
                                                      orders: list[tuple[str, int, dict[str, int]]]) -> None:
    hub = Hub(2)

    async with served(hub) as port, piped((HOST, port)) as pipe:
        rig = rigged(hub.sighting(), pipe, f"/shade-{number}", [], ("position", 101), truth, secret={"serial": SERIAL})
        async with kept(rig, tmp_path) as house:
            for trait, value, held in orders:
                outcome = await house.do(trait, value)
                assert outcome.result == "confirmed", outcome
                assert hub.shades[number]["positions"] == held
            assert any("refresh=true" in asked for asked in hub.asked)  # never out of the hub's memory
            assert (house.value("battery"), house.home.devices[rig.device].room) == (100, "Beneden")


@pytest.mark.parametrize("generation", [2, 3])
async def test_one_on_its_way_is_told_so_and_stops(tmp_path: Path, generation: int) -> None:
    hub = Hub(generation)
    hub.travel = 30

    async with served(hub) as port, piped((HOST, port)) as pipe:
        number = 12428 if generation == 2 else 39
        rig = rigged(hub.sighting(), pipe, f"/shade-{number}", [], ("position", 101), truth)
        rig.secret = await driver.pair(rig.found, "")
        async with kept(rig, tmp_path) as house:
            if generation == 3:
                await until(lambda: bool(hub.streams))
            going = await house.do("position", 10)
            assert (going.result, going.on_its_way) == ("sent", True), going
            assert (await house.do("stop")).result in ("confirmed", "sent")
            await until(lambda: not hub.moves)
            await until(lambda: house.value("moving") is False)


@pytest.mark.parametrize("generation", [2, 3])
async def test_scenes_are_sent_and_a_shade_out_of_the_radios_reach_is_told(tmp_path: Path, generation: int) -> None:
    hub = Hub(generation)

    async with served(hub) as port, piped((HOST, port)) as pipe:
        number = 12428 if generation == 2 else 39
        rig = rigged(hub.sighting(), pipe, f"/shade-{number}", [], ("position", 101), truth)
        async with kept(rig, tmp_path) as house:
            scene = f"{rig.found.key}/scene-5"
            assert house.home.devices[scene].name == "Dusk"
            assert (await house.do("press", None, scene)).result == "sent"
            assert hub.activated == [5]
            hub.deaf.add(number)
            hub.way = "lies"
            assert (await house.do("position", 10)).result == "failed"


async def test_another_hub_at_its_address_is_not_taken_for_it() -> None:
    hub = Hub(3)

    async with served(hub) as port:
        found = driver.claim(replace(hub.sighting(), port=port))
        assert found is not None
        secret = await driver.pair(found, "")
        hub.serial = "FEDCBA9876543210"
        with pytest.raises(Refused, match="Another"):
            async with driver.connect(found, secret, QUICK):
                pass
