"""A test file run in a network namespace of its own, with one wire in it: for peers that will not serve a loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

NETWORK = "ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.77.0.1/24 dev v0 && " \
          "ip link set v0 up && ip link set v1 up"
PATIENCE = 240.0  # seconds


def no_network() -> bool:
    """Whether this machine lends nobody a network of their own."""
    tried = subprocess.run(["unshare", "-Urn", "sh", "-c", NETWORK], capture_output=True, check=False)
    return tried.returncode != 0


async def passes_inside(tests: Path, folder: Path) -> None:
    """Run a file of tests in there; what failed in it fails here."""
    run = f"{NETWORK} && exec {sys.executable} -m pytest -q -p no:cacheprovider --basetemp={folder}/inside {tests}"
    judge = await asyncio.create_subprocess_exec("unshare", "-Urn", "sh", "-c", run, cwd=tests.parents[2],
                                                 stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await judge.communicate()
    finally:
        if judge.returncode is None:
            judge.kill()
            await judge.wait()
    assert judge.returncode == 0, said.decode()[-6000:]
