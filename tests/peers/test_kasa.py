"""tplink-smarthome-simulator, which is not ours, under the same laws as the makes of tests/drivers/test_rigs.py."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dobby.home.traits import Value
from tests.drivers.rig import Rig
from tests.drivers.rigs.kasa import BULB_SETTINGS, DIMMER_SETTINGS, PLUG_SETTINGS, Answer, rig_at
from tests.drivers.test_rigs import (  # noqa: F401  # collected here again, over the rigs below
    FAULTS,
    broken_and_mended,
    test_another_address_is_the_same_device,
    test_closing_leaves_no_task_no_thread_no_socket,
    test_every_setting_is_confirmed_and_true,
    test_it_shows_its_devices_and_only_what_they_declared,
    test_what_is_out_of_range_never_reaches_the_wire,
)

HERE = Path(__file__)
MODULES = Path(os.environ.get("DOBBY_PEERS", HERE.parents[2] / ".peers")) / "kasa" / "node_modules"
pytestmark = [pytest.mark.anyio, pytest.mark.skipif(
    not (MODULES / "tplink-smarthome-simulator").exists() or not shutil.which("node"),
    reason="no tplink-smarthome-simulator here: sh scripts/peers")]
MODELS: dict[str, tuple[list[tuple[str, Value]], int]] = {
    "hs100": (PLUG_SETTINGS, -1), "hs110": (PLUG_SETTINGS, -1), "hs110v2": (PLUG_SETTINGS, -1),
    "hs220": (DIMMER_SETTINGS, -1), "hs300": (PLUG_SETTINGS, 2), "lb130": (BULB_SETTINGS, -1)}


async def simulated(model: str) -> AsyncIterator[Rig]:
    """One simulated device in a process of node's."""
    settings, child = MODELS[model]
    node = await asyncio.create_subprocess_exec(
        "node", HERE.with_name("kasa.js"), model, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NODE_PATH": str(MODULES)})
    assert node.stdin is not None
    assert node.stdout is not None
    stdin, stdout, turn = node.stdin, node.stdout, asyncio.Lock()

    async def ask(request: Answer) -> Answer:
        async with turn:
            stdin.write(json.dumps(request).encode() + b"\n")
            answer: Answer = json.loads(await stdout.readline())
            return answer

    try:
        async with rig_at(int(await stdout.readline()), ask, settings, child) as rig:
            yield rig
    finally:
        stdin.close()
        await node.wait()


@pytest.fixture(params=MODELS)
async def rig(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Rig]:
    """One of each model."""
    async for rig in simulated(request.param):
        yield rig


@pytest.fixture
async def one(anyio_backend: str) -> AsyncIterator[Rig]:
    """A plug, for what does not hang on its kind."""
    async for rig in simulated("hs110v2"):
        yield rig


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_and_gone_when_it_is_gone(rig: Rig, tmp_path: Path, fault: str) -> None:
    await broken_and_mended(rig, tmp_path, fault)
