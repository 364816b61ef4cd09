"""The fake Apple TV of pyatv's own repository, which is not ours, under the laws of tests/drivers/test_rigs.py."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dobby.drivers.appletv import claim
from dobby.errors import PairingError
from dobby.home.device import Sighting
from dobby.home.traits import Value
from dobby.wire.appletv import Pairings
from tests.drivers import test_rigs
from tests.drivers.house import until
from tests.drivers.rig import HOST, Rig, kept, rigged
from tests.drivers.rigs import appletv_doors as doors
from tests.drivers.test_rigs import (  # noqa: F401  # collected here again, over the rig below
    test_closing_leaves_no_task_no_thread_no_socket,
    test_every_setting_is_confirmed_and_true,
    test_it_shows_its_devices_and_only_what_they_declared,
    test_only_its_own_driver_claims_it_and_its_address_is_no_name,
    test_the_dead_are_noticed_within_ten_seconds_as_the_daemon_is_set,
    test_what_others_do_to_it_is_seen,
)

HERE = Path(__file__)
PEER = Path(os.environ.get("DOBBY_PEERS", HERE.parents[2] / ".peers")) / "appletv"
PYTHON, SOURCES = PEER / "bin" / "python", PEER / "sources"
pytestmark = [pytest.mark.anyio, pytest.mark.skipif(
    not (SOURCES / "tests" / "fake_device").exists(), reason="no fake Apple TV here: sh scripts/peers")]
PIN = "1111"  # of both its services
SETTINGS: list[tuple[str, Value]] = [("playing", False), ("playing", True), ("volume", 65.0), ("on", False),
                                     ("on", True)]


class Child:
    """The fake in its process; a Pipe of the rig."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port, self.way, self.passed = port, "", 1  # what passed is counted in the suite
        self._process, self._turn = process, asyncio.Lock()

    async def ask(self, *what: Any) -> Any:
        """One line there, one back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            return json.loads(await self._process.stdout.readline())

    async def turn(self, way: str) -> None:
        """Break or heal it."""
        self.way = way
        await self.ask("turn", way)


@asynccontextmanager
async def faked() -> AsyncIterator[Rig]:
    """The fake, found and paired as an owner would."""
    process = await asyncio.create_subprocess_exec(PYTHON, HERE.with_name("appletv_fake.py"), SOURCES, doors.__file__,
                                                   stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())
        child = Child(process, told["port"])

        async def truth(trait: str) -> Value:
            value: Value = await child.ask("truth", trait)
            return value

        async def hand(trait: str, value: Value) -> None:
            await child.ask("hand", trait, value)

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(doors.UNICAST, str(told["unicast"]))
            seen = Sighting("mdns", HOST, 7000, "_airplay._tcp.local.", doors.NAME, dict(doors.AIRPLAY))
            rig = rigged(seen, child, "", SETTINGS, ("volume", 300), truth, hand=hand)
            pairings = Pairings()
            for code, hint in (("", "appletv_code"), (PIN, "appletv_second")):
                with pytest.raises(PairingError) as said:
                    await pairings.pair(rig.found, code)
                assert said.value.hint == hint
            rig.secret = await pairings.pair(rig.found, PIN)
            yield rig
    finally:
        process.stdin.close()
        await process.wait()


@pytest.fixture
async def rig(anyio_backend: str) -> AsyncIterator[Rig]:
    """The fake."""
    async with faked() as rig:
        yield rig


@pytest.fixture
async def one(anyio_backend: str) -> AsyncIterator[Rig]:
    """The same."""
    async with faked() as rig:
        yield rig


@pytest.mark.parametrize("fault", ["dead", "slow", "garbage"])
async def test_a_fault_is_told_and_gone_when_it_is_gone(rig: Rig, tmp_path: Path, fault: str) -> None:
    await test_rigs.broken_and_mended(rig, tmp_path, fault)


async def test_a_wrong_code_is_refused_by_it(rig: Rig) -> None:
    pairings = Pairings()
    for code, hint in (("", "appletv_code"), ("4711", "appletv_wrong")):
        with pytest.raises(PairingError) as said:
            await pairings.pair(rig.found, code)
        assert said.value.hint == hint


async def test_what_plays_an_app_and_a_key(rig: Rig, tmp_path: Path) -> None:
    found = claim(rig.sighting)
    assert found is not None
    async with kept(rig, tmp_path) as house:
        await until(lambda: (house.value("title"), house.value("source")) == ("The House: Elf Song", "Music"))
        assert (await house.do("source", "Music")).result == "sent"
        assert await rig.truth("source")
        assert (await house.do("key", "Guide")).result == "sent"
        assert await rig.truth("key") == "guide"
