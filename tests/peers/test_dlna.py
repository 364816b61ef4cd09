"""gmediarender (Debian) judges the DLNA driver, in a network namespace of its own: it will not serve a loopback."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.peers.inside import no_network, passes_inside

pytestmark = pytest.mark.anyio


@pytest.mark.skipif(not shutil.which("gmediarender") or "DOBBY_PEERS" not in os.environ,
                    reason="apart from the suite: sh scripts/peers")
@pytest.mark.skipif(not shutil.which("unshare") or no_network(), reason="no network namespaces for sh scripts/peers")
async def test_gmediarender_judges_the_driver(tmp_path: Path) -> None:
    await passes_inside(Path(__file__).with_name("inside_dlna.py"), tmp_path)
