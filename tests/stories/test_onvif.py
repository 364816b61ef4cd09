"""A camera that nobody set up: found on the network, let in with its login, looked through, told of."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.stories.house import OWNER, House, lived_in, until

pytestmark = pytest.mark.anyio
LOGIN = "dobby:simulated-camera"


async def pair(house: House, login: str) -> tuple[int, str]:
    """`dobby pair camera --pin ...`: exit status and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dobby", "pair", "camera", "--pin", login, "--json", "--workspace",
        house.ready["workspace"], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_found_let_in_and_looked_through(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--fresh", cameras=True) as house:
        answer = await house.say("find my cameras")
        assert "Driveway" in answer["reply"]
        assert answer["reply"].count("dobby pair onvif") == 1, "one login for all of a make is asked for once"
        assert answer["question"] is None
        status, output = await pair(house, "dobby:wrong")
        assert status == 1
        assert "did not accept that login" in json.loads(output)["reply"]
        status, output = await pair(house, LOGIN)
        assert status == 0, output
        assert "simulated-camera" not in output

        async def up() -> bool:
            _, health = await house.api("GET", "/api/health")
            return [one["state"] for one in health["cameras"]] == ["up"] * 3
        await until(up, 40)
        again = (await house.say("find my cameras"))["reply"]
        assert again.count("“Garden”") == 1, "each is named once"
        assert "part of the home already" in again
        assert "dobby pair" not in again
        await house.kill()
        await house.again()
        await until(up, 40)
        rows = (await house.sim("GET", "/camera"))["cameras"]
        assert all(row["viewers"] >= 2 for row in rows.values())
        assert "now" in (await house.say("show me the garden"))["reply"]
        await house.sim("POST", "/camera", {"camera": "driveway", "event": "car_parks"})
        await until(lambda: house.received(to=OWNER), 60)
        assert "Driveway: something" in (await house.received(to=OWNER))[0]["body"]
