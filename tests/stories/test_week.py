"""A week of plans over a change of the clocks, with two deaths of the daemon: each comes once, or is reported."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.stories.clocks import BERLIN, change_after, to
from tests.stories.house import House, lived_in, until

pytestmark = pytest.mark.anyio
PLANS = ("every day at 7 turn off the desk lamp", "remind me every night at 02:30 to look at the stars",
         "every weekday at 8 remind me to take my pill", "every day at sunset turn on the porch light")


async def pending(house: House) -> bool:
    return any(row["pending"] for row in (await house.device("desk_lamp"))["traits"])


def runs(house: House) -> Counter[tuple[int, str]]:
    """How often each job ran on each local day."""
    with contextlib.closing(sqlite3.connect(f"{house.ready['workspace']}/dobby.db")) as raw:
        rows = raw.execute("SELECT job, due, ended FROM job_runs ORDER BY id").fetchall()
    assert all(ended for _, _, ended in rows)
    return Counter((job, datetime.fromisoformat(due).astimezone(BERLIN).date().isoformat()) for job, due, _ in rows)


async def test_a_week_over_the_change_of_the_clocks_with_two_deaths(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        _, clock = await house.api("GET", "/api/clock")
        change = change_after(datetime.fromisoformat(clock["now"]))
        first = (change - timedelta(days=3)).astimezone(BERLIN)
        await house.api("POST", "/api/clock", {"set": first.astimezone(UTC).isoformat()})
        for text in PLANS:
            assert (await house.say(text))["mind"] == "reflex"
        days = [(first + timedelta(days=ahead)).replace(hour=12) for ahead in range(1, 8)]
        await to(house, days[0])
        await house.kill()
        await house.again()
        for day in days[1:3]:
            await to(house, day)
        await house.hand("desk_lamp", on=True)
        await house.fault("desk_lamp", "slow")
        dying = asyncio.create_task(to(house, days[3]))
        await until(lambda: pending(house))
        await house.kill()
        with contextlib.suppress(aiohttp.ClientError, AssertionError):
            await dying
        await house.fault("desk_lamp", None)
        await house.again()
        for day in days[3:]:
            await to(house, day)
            await house.hand("desk_lamp", on=day != days[-1])
        found = runs(house)
        everyday = {one.date().isoformat() for one in days}
        for job in (1, 2):
            assert {day: count for (id_, day), count in found.items() if id_ == job} == dict.fromkeys(everyday, 1)
        work = {one.date().isoformat() for one in days if one.weekday() < 5}
        assert {day: count for (id_, day), count in found.items() if id_ == 3} == dict.fromkeys(work, 1)
        assert sum(count for (id_, _), count in found.items() if id_ == 4) == 7
        bodies = [row["body"] for row in await house.received()]
        assert sum("stars" in one for one in bodies) == 7
        assert sum("pill" in one for one in bodies) == len(work)
        assert sum("interrupted" in one for one in bodies) == 1
        assert sum("Desk Lamp" in one for one in bodies) == 1
        truth = await house.truth()
        assert truth["porch_light"]["state"]["on"]
