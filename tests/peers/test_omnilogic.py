"""Our OmniLogic is one to python-omnilogic-local, the client that Home Assistant's integration for it uses.

It wants click and xmltodict of 2022, so it lives in an environment of its own, which `sh scripts/peers` makes.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.drivers.rigs.omnilogic import Controller, served

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("DOBBY_PEERS", ROOT / ".peers")) / "omnilogic" / "bin" / "python"


@pytest.mark.skipif(not PYTHON.exists(), reason="no python-omnilogic-local here: sh scripts/peers")
async def test_python_omnilogic_local_takes_our_omnilogic_for_one() -> None:
    controller = Controller()
    async with served(controller) as port:
        judge = await asyncio.create_subprocess_exec(PYTHON, Path(__file__).with_name("judge_omnilogic.py"), str(port),
                                                     stdout=asyncio.subprocess.PIPE)
        said, _ = await judge.communicate()
        assert judge.returncode == 0
        verdict = json.loads(said)
    assert verdict == {
        "bodies": [["Pool", "POOL", 1, 104], ["Spa", "SPA", 1, 104]], "relays": ["Falls", "Fire Bowl"],
        "chemistry": "pH", "jets": "JETS",
        "before": {"water": -1, "filter": ["OFF", 0], "heater": [84, False], "lamp": ["OFF", "VOODOO_LOUNGE"],
                   "valve": "OFF", "chlorinator": True},
        "after": {"water": 79, "filter": ["ON", 65], "heater": [88, True], "lamp": ["ACTIVE", "TWILIGHT"],
                  "valve": "ON", "chlorinator": False}}
    assert (controller.rows[3][1]["filterSpeed"], controller.rows[5][1]["heaterState"]) == (65, 1)
