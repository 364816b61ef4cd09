"""Devices and programs that are not ours go from unknown to driven, without a driver: gmediarender by rule from its
description, njsPC with a recipe that a model could have written."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from tests.lan.lab import reason

INSIDE = Path(__file__).with_name("inside_unknown.py")
NETWORK = "ip link set lo up && ip link add veth0 type veth peer name veth1 && ip addr add 10.77.0.1/24 dev veth0 && " \
          "ip link set veth0 up && ip link set veth1 up"
PATIENCE = 240.0  # seconds

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(bool(reason()), reason=reason() or "-"), pytest.mark.skipif(
    not shutil.which("gmediarender"), reason="no gmediarender here: sh scripts/peers")]


async def test_what_is_not_ours_is_learned(tmp_path: Path) -> None:
    run = f"{NETWORK} && exec {sys.executable} -m pytest -q -p no:cacheprovider --basetemp={tmp_path}/inside {INSIDE}"
    judge = await asyncio.create_subprocess_exec("unshare", "-Urn", "sh", "-c", run, cwd=INSIDE.parents[2], env=None,
                                                 stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await judge.communicate()
    finally:
        if judge.returncode is None:
            judge.kill()
            await judge.wait()
    assert judge.returncode == 0, said.decode()[-6000:]
