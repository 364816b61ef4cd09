"""gmediarender (Debian) judges the DLNA driver, in a network namespace of its own: it will not serve a loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.peers.inside import NETWORK, passes_inside

pytestmark = pytest.mark.anyio


def no_network() -> bool:
    """Whether this machine lends nobody a network of their own."""
    tried = subprocess.run(["unshare", "-Urn", "sh", "-c", NETWORK], capture_output=True, check=False)
    return tried.returncode != 0


@pytest.mark.skipif(not shutil.which("gmediarender") or "DOBBY_PEERS" not in os.environ,
                    reason="apart from the suite: sh scripts/peers")
@pytest.mark.skipif(not shutil.which("unshare") or no_network(), reason="no network namespaces for sh scripts/peers")
async def test_gmediarender_judges_the_driver(tmp_path: Path) -> None:
    await passes_inside(Path(__file__).with_name("inside_dlna.py"), tmp_path)
