"""Devices that are not ours, as if nobody had written a driver for them; run by test_unknown.py in a network of its
own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from dobby.home.device import Command, Found, Reading, Settings
from dobby.home.traits import Value
from dobby.learning.guess import guess
from dobby.learning.link import RecipeLink, drive
from dobby.learning.look import look
from dobby.learning.shelf import Shelf, replay
from dobby.learning.trial import attempt, prove
from dobby.wire.recipe.data import Recipe
from dobby.wire.recipe.reader import parse
from tests.drivers.house import until

pytestmark = pytest.mark.anyio
HERE = "10.77.0.1"
QUICK = Settings(timeout=5.0)


@asynccontextmanager
async def served(*command: str, port: int, cwd: Path | None = None, **env: str) -> AsyncIterator[None]:
    """A program while it listens at its port."""
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=os.environ | env,
                                                   stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                                                   stdin=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection(HERE, port)
                    writer.close()
                    break
                except OSError:
                    assert process.returncode is None, "it ended"
                    await asyncio.sleep(0.1)
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def driven(recipe: Recipe, trait: str, value: Value, tmp_path: Path) -> None:
    """Kept, set, and seen so; and its recipe reads what it was kept with."""
    shelf = Shelf(tmp_path / "skills")
    found = Found(recipe.key, "learned", recipe.name, HERE, recipe.port)
    async with drive(recipe, found, {}, QUICK, print) as link:
        answers = {one.read.request: await link.answer(one.read.request) for one in recipe.abilities
                   if one.read and one.read.request}
        await asyncio.to_thread(shelf.keep, recipe, answers)
        assert await asyncio.to_thread(replay, shelf.folder / recipe.slug) == []
        ability = recipe.ability(trait)
        assert ability is not None
        await link.send(Command(recipe.key, trait, ability.trait.check(value)))
        for _ in range(100):
            if ability.trait.shows(value, await reading(link, trait)):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"it shows {await reading(link, trait)}, not {value}")


async def reading(link: RecipeLink, trait: str) -> Value:
    """What a trait is now."""
    rows: list[Reading] = list(await link.fetch())
    return next((row.value for row in rows if row.trait == trait), None)


async def test_a_renderer_by_its_own_description(tmp_path: Path) -> None:
    """gmediarender: from its SCPD alone."""
    command = ("gmediarender", "-f", "Parlour", "-I", "v0", "-p", "49494", "--gstout-audiosink=fakesink",
               "--logfile=/dev/null")
    async with served(*command, port=49494):
        draft = guess(await look(HERE, [49494], more=[(49494, "/description.xml")]))
        assert draft is not None
        assert draft.name == "Parlour"
        assert draft.kind == "speaker"
        trial = await attempt(draft, HERE, {}, QUICK)
        assert trial.recipe is not None, trial.said
        assert trial.trait in ("volume", "muted")
        assert trial.back
        assert {one.trait.name for one in trial.recipe.abilities if one.set} >= {"volume", "muted"}, trial.recipe.text
        await driven(trial.recipe, "volume", 35, tmp_path)


POOL = """
recipe = 1
name = "Pool pump"
kind = "pool"
[known_by]
mac = "02:00:00:00:00:01"
[talks]
by = "http"
port = 4200
[requests.circuit]
path = "/state/circuit/6"
[requests.set_circuit]
method = "PUT"
path = "/state/circuit/setState"
json = { id = 6, state = "{value}" }
[traits.on]
read = { request = "circuit", json = "isOn" }
set = "set_circuit"
"""
PEERS = Path(os.environ.get("DOBBY_PEERS", Path(__file__).parents[2] / ".peers"))
POOL_AT = PEERS / "njspc" / "node_modules" / "nodejs-poolcontroller"


@pytest.mark.skipif(not (POOL_AT / "dist" / "app.js").exists() or not shutil.which("node"),
                    reason="no njsPC here: sh scripts/peers")
async def test_a_pool_controller_by_a_recipe_that_somebody_wrote(tmp_path: Path) -> None:
    """njsPC: looked at, then driven by a recipe as a model would write it."""
    async with served("node", "dist/app.js", port=4200, cwd=POOL_AT):
        seen = await look(HERE, [4200], more=[(4200, "/state/all")])
        assert any(page.data is not None for page in seen.pages)
        async with aiohttp.ClientSession() as app:  # as its own app would: before, it knows no state
            async def done(state: bool) -> bool:
                circuit = {"id": 6, "state": state}
                async with app.put(f"http://{HERE}:4200/state/circuit/setState", json=circuit) as answer:
                    return answer.status == 200

            await until(lambda: done(True))  # it serves pages before all of it runs
            await until(lambda: done(False))
        trial = await prove(parse(POOL, "pool-pump"), HERE, {}, QUICK)
        assert trial.recipe is not None, trial.said
        assert trial.back
        await driven(trial.recipe, "on", True, tmp_path)


ROBOT = """
recipe = 1
name = "Dusty"
kind = "vacuum"
[known_by]
mac = "02:00:00:00:00:02"
[talks]
by = "http"
port = 8091
[requests.state]
path = "/api/v2/robot/state/attributes"
[requests.set_suction]
method = "PUT"
path = "/api/v2/robot/capabilities/FanSpeedControlCapability/preset"
json = { name = "{value}" }
[requests.go]
method = "PUT"
path = "/api/v2/robot/capabilities/BasicControlCapability"
json = { action = "{value}" }
[traits.fan_mode]
read = { request = "state", json = "[type=fan_speed].value" }
set = "set_suction"
choices = ["min", "low", "medium", "high", "turbo", "max"]
"""
ROBOT_AT = PEERS / "valetudo" / "backend"
ROBOT_SET = {"embedded": False, "robot": {"implementation": "MockValetudoRobot", "implementationSpecificConfig": {}},
             "webserver": {"port": 8091, "basicAuth": {"enabled": False, "username": "v", "password": "v"},
                           "blockExternalAccess": True}}


@pytest.mark.skipif(not ROBOT_AT.exists() or not shutil.which("node"), reason="no Valetudo here: sh scripts/peers")
async def test_a_robot_by_a_recipe_that_somebody_wrote(tmp_path: Path) -> None:
    """Valetudo's own robot for developers, over REST."""
    config = tmp_path / "valetudo.json"
    config.write_text(json.dumps(ROBOT_SET))
    async with served("node", "index.js", port=8091, cwd=ROBOT_AT, VALETUDO_CONFIG_PATH=str(config)):
        seen = await look(HERE, [8091], more=[(8091, "/api/v2/robot/state/attributes")])
        assert any(page.data is not None for page in seen.pages)
        trial = await prove(parse(ROBOT, "dusty"), HERE, {}, QUICK)
        assert trial.recipe is not None, trial.said
        assert trial.back
        await driven(trial.recipe, "fan_mode", "turbo", tmp_path)
