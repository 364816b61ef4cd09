"""Home Assistant's own Sonos integration judges the simulated players, in a network of its own: it searches."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.peers.hass import PYTHON
from tests.peers.inside import no_network, passes_inside

pytestmark = pytest.mark.anyio


@pytest.mark.skipif(not PYTHON.exists(), reason="apart from the suite: sh scripts/peers")
@pytest.mark.skipif(not shutil.which("unshare") or no_network(), reason="no network namespaces for sh scripts/peers")
async def test_home_assistant_accepts_the_simulated_players(tmp_path: Path) -> None:
    await passes_inside(Path(__file__).with_name("inside_hass_sonos.py"), tmp_path)
