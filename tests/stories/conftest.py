"""One lived-in house for the stories of a file, put back in order before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.stories.house import House, lived_in, until


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Every async test runs on asyncio; module-wide, so that a house can live as long."""
    return "asyncio"


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A house with a scripted model and a clock that moves when told."""
    async with lived_in(tmp_path_factory.mktemp("house"), "--model", "--clock", "manual") as house:
        yield house


@pytest.fixture
async def house(demo: House) -> House:
    """The same house, everything well, every lamp on, the door locked, no question open, no script left."""
    for key in (await demo.sim("GET", "/faults"))["faults"]:
        await demo.fault(key, None)
    async with demo.web.delete(demo.ready["model"] + "/script") as answer:
        await answer.read()
    await demo.api("POST", "/api/stop")
    truth = await demo.truth()
    lit = {"light": {"on": True}, "plug": {"on": True}, "lock": {"locked": True}, "speaker": {"playing": True}}
    await asyncio.gather(*(demo.hand(key, **lit[row["kind"]]) for key, row in truth.items() if row["kind"] in lit))
    await settled(demo)
    return demo


async def settled(house: House) -> None:
    """Wait until Dobby shows what is so, for every device."""
    async def same() -> bool:
        truth = await house.truth()
        _, home = await house.api("GET", "/api/home")
        shown = {one["id"].rpartition("/")[2] if "/" in one["id"] else one["id"].partition(":")[2]: one
                 for one in home["devices"]}
        for row in truth.values():
            if row["kind"] == "hub":
                continue
            one = shown.get(row["native_id"])
            if one is None or not one["reachable"]:
                return False
            values = {trait["name"]: trait["value"] for trait in one["traits"]}
            for trait in ("on", "locked", "playing"):
                if trait in values and values[trait] != row["state"].get(trait):
                    return False
        return True
    await until(same)
