"""A link that is closed leaves nothing behind. Apart from the house of the other tests, whose links come and go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.drivers.house import KINDS, QUICK, Street, leaves_nothing

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("make", sorted(set(KINDS.values())))
async def test_closing_leaves_no_task_no_thread_no_socket(street: Street, make: str) -> None:
    settings = replace(QUICK, callbacks=street.sim.host(1))
    await leaves_nothing(lambda: street.connect(street.of(make)[0], settings), patience=15.0)
