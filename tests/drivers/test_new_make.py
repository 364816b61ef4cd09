"""A make that Dobby never heard of is one file: the one in docs/drivers.md, loaded from a folder and driven."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dobby.discovery.identify import listen_for
from dobby.drivers import load_drivers
from dobby.home.device import Command, Driver, Outcome, Settings, Sighting
from dobby.home.home import Home
from dobby.home.traits import Value
from dobby.home.verdict import Verdict, gatekeeper
from tests.drivers.house import until

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "drivers.md"
KEY = "glimmer:a1b2c3"


class Lamp:
    """The lamp itself; `way` breaks it."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"serial": "a1b2c3", "name": "Fairy Light", "on": False, "level": 255}
        self.way = ""

    async def get(self, _request: web.Request) -> web.Response:
        return web.json_response(self.state)

    async def post(self, request: web.Request) -> web.Response:
        if self.way == "refuses":
            return web.Response(status=403)
        if self.way != "lies":
            self.state |= await request.json()
        return web.json_response({} if self.way == "garbage" else self.state)


@pytest.fixture
async def lamp(anyio_backend: str) -> AsyncIterator[tuple[Lamp, int]]:
    """A lamp on a free port."""
    lamp, app = Lamp(), web.Application()
    app.router.add_get("/lamp", lamp.get)
    app.router.add_post("/lamp", lamp.post)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield lamp, runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
def glimmer(tmp_path: Path) -> Driver:
    """The driver as the page has it."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "glimmer.py").write_text(code, "utf-8")
    drivers, problems = load_drivers([tmp_path])
    assert problems == []
    assert "_glimmer._tcp.local." in listen_for(drivers)[0]
    return next(driver for driver in drivers if driver.make == "glimmer")


async def test_a_made_up_make_is_one_file(glimmer: Driver, lamp: tuple[Lamp, int]) -> None:
    thing, port = lamp
    found = glimmer.claim(Sighting("mdns", "127.0.0.1", port, "_glimmer._tcp.local.", "Fairy", {"serial": "a1b2c3"}))
    assert found is not None
    assert found.key == KEY
    mint, check = gatekeeper()
    home = Home(check, patience=1.0)

    async def order(trait: str, value: Value) -> Outcome:
        commands = [Command(KEY, trait, value)]
        (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
        return outcome

    async with glimmer.connect(found, {}, Settings(timeout=1.0, poll=0.2)) as link:
        following = asyncio.create_task(home.follow(link))
        await until(lambda: home.value(KEY, "on") is False)
        assert home.devices[KEY].name == "Fairy Light"
        assert (await order("brightness", 40)).result == "confirmed"
        assert (thing.state["on"], thing.state["level"]) == (True, 102)
        assert (await order("on", False)).result == "confirmed"
        wrong = await order("brightness", 400)
        assert wrong.error is not None
        assert wrong.error.kind == "range"
        for way, kind in (("lies", "mismatch"), ("refuses", "refused"), ("garbage", "unknown")):
            thing.way = way
            outcome = await order("on", way != "garbage")
            assert outcome.error is not None
            assert outcome.error.kind == kind
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def test_a_file_cannot_take_the_place_of_a_make_and_a_broken_one_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "hue.py").write_text("from dobby.drivers.wled import DRIVER\n", "utf-8")
    (tmp_path / "broken.py").write_text("this is no Python\n", "utf-8")
    (tmp_path / "empty.py").write_text("", "utf-8")
    drivers, problems = load_drivers([tmp_path])
    assert {driver.make for driver in drivers} == {driver.make for driver in load_drivers()[0]} >= {"hue", "sonos"}
    assert len(problems) == 3


@pytest.mark.parametrize("code", ["raise SystemExit('no')", "def (", "1 / 0", "x = 1", "import nothing_of_this_name"])
def test_a_broken_driver_file_is_told_and_keeps_no_other_out(tmp_path: Path, code: str) -> None:
    (tmp_path / "broken.py").write_text(code, "utf-8")
    drivers, problems = load_drivers([tmp_path])
    assert [driver.make for driver in drivers] == [driver.make for driver in load_drivers()[0]]
    assert len(problems) == 1
    assert "broken.py" in problems[0]
