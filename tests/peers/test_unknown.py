"""Devices and programs that are not ours go from unknown to driven, without a driver: gmediarender by rule from its
description, njsPC and Valetudo's robot with recipes that a model could have written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lan.lab import reason
from tests.peers.inside import passes_inside

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(bool(reason()), reason=reason() or "-"), pytest.mark.skipif(
    not shutil.which("gmediarender"), reason="no gmediarender here: sh scripts/peers")]


async def test_what_is_not_ours_is_learned(tmp_path: Path) -> None:
    await passes_inside(Path(__file__).with_name("inside_unknown.py"), tmp_path)
