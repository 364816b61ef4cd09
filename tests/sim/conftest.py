"""A simulated home in a process of its own, and a small client for its control port."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 25.0


@dataclass(frozen=True, slots=True)
class Sim:
    """A running home: its ready line and its control port."""

    ready: dict[str, Any]
    process: subprocess.Popen[bytes]
    state: Path

    @property
    def prefix(self) -> str:
        """The first three numbers of its addresses."""
        return str(self.ready["network"]).rsplit(".", 1)[0]

    def host(self, number: int) -> str:
        """One address of its network."""
        return f"{self.prefix}.{number}"

    def call(self, method: str, path: str, body: Any = None, base: str | None = None) -> Any:
        """A request to the control port (or another base address); an error answer is returned like any other."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((base or self.ready["sim"]) + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """`call` without holding up the event loop."""
        return await asyncio.to_thread(self.call, method, path, body)

    async def state_of(self, key: str) -> dict[str, Any]:
        """What is true inside a device."""
        devices = (await self.ask("GET", "/truth"))["devices"]
        state: dict[str, Any] = devices[key]["state"]
        return state

    async def native_id(self, key: str) -> str:
        """The tail of the device's id."""
        return str((await self.ask("GET", "/truth"))["devices"][key]["native_id"])

    async def set(self, key: str, **state: Any) -> None:
        """An outside hand."""
        answer = await self.ask("POST", "/truth", {"device": key, "state": state})
        assert "error" not in answer, answer

    async def fault(self, key: str, fault: str | None, **more: Any) -> None:
        """Break a device, or heal it."""
        answer = await self.ask("POST", "/faults", {"device": key, "fault": fault} | more)
        assert "error" not in answer, answer


def start(state: Path, *arguments: str) -> Sim:
    """Start a home and wait for its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dobby.sim", "--ready-json", "--state", str(state), *arguments],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the home ended with {process.wait(PATIENCE)}"
    return Sim(json.loads(line), process, state)


def stop(sim: Sim) -> int:
    """Close a home and give its exit status."""
    sim.process.terminate()
    status = sim.process.wait(PATIENCE)
    assert sim.process.stdout is not None
    sim.process.stdout.close()
    return status


@pytest.fixture(scope="session")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sim]:
    """One home for all tests of a session."""
    running = start(tmp_path_factory.mktemp("sim"), "--model")
    yield running
    stop(running)


async def until(what: Callable[[], Awaitable[bool]] | Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + patience
    while True:
        held = what()
        if held if isinstance(held, bool) else await held:
            return
        assert time.monotonic() < deadline, f"not within {patience} s"
        await asyncio.sleep(0.02)


@pytest.fixture
async def healed(sim: Sim, anyio_backend: str) -> Any:
    """Heals every device after a test that breaks one."""
    yield
    for key in (await sim.ask("GET", "/faults"))["faults"]:
        await sim.fault(key, None)
