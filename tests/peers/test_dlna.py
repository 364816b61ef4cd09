"""gmediarender (Debian) judges the DLNA driver, in a network namespace of its own: it will not serve a loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INSIDE = Path(__file__).with_name("inside_dlna.py")
NETWORK = "ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.77.0.1/24 dev v0 && " \
          "ip link set v0 up && ip link set v1 up"
PATIENCE = 240.0  # seconds

pytestmark = pytest.mark.anyio


def no_network() -> bool:
    """Whether this machine lends nobody a network of their own."""
    tried = subprocess.run(["unshare", "-Urn", "sh", "-c", NETWORK], capture_output=True, check=False)
    return tried.returncode != 0


@pytest.mark.skipif(not shutil.which("gmediarender") or "DOBBY_PEERS" not in os.environ,
                    reason="apart from the suite: sh scripts/peers")
@pytest.mark.skipif(not shutil.which("unshare") or no_network(), reason="no network namespaces for sh scripts/peers")
async def test_gmediarender_judges_the_driver(tmp_path: Path) -> None:
    run = f"{NETWORK} && exec {sys.executable} -m pytest -q -p no:cacheprovider --basetemp={tmp_path}/inside {INSIDE}"
    judge = await asyncio.create_subprocess_exec("unshare", "-Urn", "sh", "-c", run, cwd=INSIDE.parents[2],
                                                 stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await judge.communicate()
    finally:
        if judge.returncode is None:
            judge.kill()
            await judge.wait()
    assert judge.returncode == 0, said.decode()[-6000:]
