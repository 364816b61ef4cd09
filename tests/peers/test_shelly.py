"""Our Shelly is one to aioshelly, the client that Home Assistant uses: with and without a password.

aioshelly drags in a GPL package, so it lives in an environment of its own, which `sh scripts/peers` makes.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.drivers.rigs.shelly import PLUG, Box, served

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("DOBBY_PEERS", ROOT / ".peers")) / "aioshelly" / "bin" / "python"


@pytest.mark.skipif(not PYTHON.exists(), reason="no aioshelly here: sh scripts/peers")
@pytest.mark.parametrize("password", ["", "sesame"])
async def test_aioshelly_takes_our_shelly_for_one(password: str) -> None:
    box = Box(PLUG, password=password)
    async with served(box) as port:
        judge = await asyncio.create_subprocess_exec(PYTHON, Path(__file__).with_name("judge_shelly.py"), str(port),
                                                     password, stdout=asyncio.subprocess.PIPE)
        said, _ = await judge.communicate()
        assert judge.returncode == 0
        verdict = json.loads(said)
    assert verdict == {"model": "SNPL-00112EU", "name": "Test Name", "before": True, "power": 2.7, "after": False}
    assert box.status["switch:0"]["output"] is False
