"""One simulated home for all driver tests, found and paired once; a house over it for each file that wants one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.drivers.house import QUICK, House, Street, moved_in, settle, until
from tests.sim.conftest import start, stop


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Every async test runs on asyncio; session-wide, so that a house can live as long as a file."""
    return "asyncio"


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The home, heard and paired."""
    sim = start(tmp_path_factory.mktemp("street"))
    try:
        yield asyncio.run(settle(sim))
    finally:
        stop(sim)


@pytest.fixture(scope="module")
async def lived_in(street: Street, tmp_path_factory: pytest.TempPathFactory,
                   anyio_backend: str) -> AsyncIterator[House]:
    """Dobby in it, with little patience."""
    async with moved_in(street, tmp_path_factory.mktemp("house"), patience=1.5, settings=QUICK) as house:
        yield house


@pytest.fixture
async def house(lived_in: House) -> AsyncIterator[House]:
    """The same, everything well at the start and at the end."""
    await heal(lived_in)
    yield lived_in
    await heal(lived_in)


async def heal(house: House) -> None:
    """Clear every fault and wait until Dobby reaches every device."""
    for key in (await house.sim.ask("GET", "/faults"))["faults"]:
        await house.sim.fault(key, None)
    await until(lambda: all(house.home.reachable(id_) for id_ in house.home.devices))
