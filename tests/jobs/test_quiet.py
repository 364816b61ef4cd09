"""The whole daemon over an empty house: quiet hours, what is late, and the tools of the model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from blockbuster import BlockBuster

from dobby.daemon import opened
from dobby.home.device import Command
from dobby.jobs.job import Job
from dobby.jobs.when import When
from dobby.policy import Asker
from dobby.state import Daemon
from dobby.tools import all_tools
from dobby.tools.hands import Hands
from dobby.tools.schema import call

pytestmark = pytest.mark.anyio
BERLIN = ZoneInfo("Europe/Berlin")
CONFIG = """
[home]
timezone = "Europe/Berlin"
[[people]]
name = "Robin"
role = "owner"
addresses = ["whatsapp:+15550100"]
[time]
quiet = "22:00-07:00"
[web]
port = 0
"""


@asynccontextmanager
async def opening(folder: Path, guard: BlockBuster) -> AsyncIterator[Daemon]:
    """The daemon of a workspace; it reads its files while it opens, when nobody is served."""
    guard.deactivate()
    async with opened(folder, manual_clock=True) as daemon:
        yield daemon
    guard.activate()


@asynccontextmanager
async def house(folder: Path, guard: BlockBuster) -> AsyncIterator[Daemon]:
    """A house at ten in the evening, some day from now."""
    (folder / "config.toml").write_text(CONFIG)
    async with opening(folder, guard) as daemon:
        now = daemon.clock.now().astimezone(BERLIN) + timedelta(days=2)
        daemon.clock.set(now.replace(hour=21, minute=0, second=0, microsecond=0))
        yield daemon


async def letters(daemon: Daemon) -> list[str]:
    """The words of everything that went out or could not."""
    rows = [*await daemon.store.all("letters_open"), *await daemon.store.all("letters_dead")]
    return list({row["id"]: row["text"] for row in rows}.values())


async def test_reports_wait_for_the_end_of_the_quiet_hours(tmp_path: Path, nothing_blocks: BlockBuster) -> None:
    async with house(tmp_path, nothing_blocks) as daemon:
        assert daemon.keeper
        plans, now = daemon.keeper.plans, daemon.clock.now()
        soon = When(at=(now + timedelta(minutes=30)).isoformat())
        await plans.add(Job("Robin", "owner", "whatsapp:+15550100", "order", soon, made=now,
                            commands=(Command("lamp", "on", True),)))
        await plans.add(Job("Robin", "owner", "whatsapp:+15550100", "tell", soon, text="tea", made=now))
        await daemon.keeper.step(now + timedelta(hours=3))
        assert [one for one in await letters(daemon) if "tea" in one]
        assert not [one for one in await letters(daemon) if "was not done" in one]
        await daemon.keeper.advance(now + timedelta(hours=10))
        told = [one for one in await letters(daemon) if "was not done" in one]
        assert len(told) == 1


async def test_the_models_tools_plan_list_and_cancel(tmp_path: Path, nothing_blocks: BlockBuster) -> None:
    async with house(tmp_path, nothing_blocks) as daemon:
        agent = daemon.gateway.agent
        person = daemon.config.owner()
        hands = Hands(agent.house, Asker(person, "model"), 0, "owner")
        tools = all_tools()

        async def use(name: str, **arguments: object) -> str:
            return await call(tools[name], hands, arguments)
        day = (daemon.clock.now().astimezone(BERLIN) + timedelta(days=1)).date()
        said = json.loads(await use("plan", when=f"{day}T07:00", do="remind", text="feed the fish"))["planned"]
        assert "Tomorrow" in said
        assert "07:00: remind you: feed the fish." in said
        for when in ("yesterday", "2020-01-01T07:00", "every foo 07:00", "in 0", "sunset"):
            answer = await use("plan", when=when, do="remind", text="x")
            assert "error" in answer or "never" in answer, answer
        assert "error" in await use("plan", when="in 5", do="orders")
        assert "error" in await use("plan", when="in 5", do="skill", skill="no-such-skill")
        [line] = json.loads(await use("planned"))
        number = int(line.split(":")[0])
        assert "error" in await use("cancel_plan", number=number + 1)
        assert "feed the fish" in await use("cancel_plan", number=number)
        assert json.loads(await use("planned")) == []
        assert tools["plan"].risky
        assert tools["cancel_plan"].risky


async def test_a_manual_clock_goes_on_where_it_stood(tmp_path: Path, nothing_blocks: BlockBuster) -> None:
    async with house(tmp_path, nothing_blocks) as daemon:
        assert daemon.keeper
        stood: datetime = daemon.clock.now() + timedelta(hours=1)
        await daemon.keeper.advance(stood)
    async with opening(tmp_path, nothing_blocks) as daemon:
        assert daemon.clock.now() == stood
