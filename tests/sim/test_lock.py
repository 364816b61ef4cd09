"""The simulated front-door lock, judged by aiohomekit."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.model.characteristics import CharacteristicsTypes
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from .conftest import Sim, until

pytestmark = pytest.mark.anyio

UNLOCKED, LOCKED = 0, 1


@pytest.fixture
async def controller(sim: Sim, anyio_backend: str) -> AsyncIterator[IpController]:
    """A controller that browses loopback only."""
    zeroconf = AsyncZeroconf(interfaces=[sim.host(1)], ip_version=IPVersion.V4Only)
    browser = AsyncServiceBrowser(zeroconf.zeroconf, "_hap._tcp.local.", handlers=[lambda **_: None])
    try:
        async with IpController(char_cache=CharacteristicCacheMemory(), zeroconf_instance=zeroconf) as ip:
            yield ip
    finally:
        await browser.async_cancel()
        await zeroconf.async_close()


@pytest.fixture
async def pairing(sim: Sim, controller: IpController) -> AsyncIterator[Any]:
    """The lock, paired by PIN and unpaired afterwards."""
    found: list[Any] = []

    async def seen() -> bool:
        found[:] = [
            discovery async for discovery in controller.async_discover()
            if sim.host(41) in discovery.description.addresses
        ]  # fmt: skip
        return bool(found)

    await until(seen)
    finish = await found[0].async_start_pairing("judge")
    made = await finish(sim.ready["homekit_pin"])
    yield made
    await sim.fault("front_door", None)
    await made.remove_pairing(made.pairing_data["iOSPairingId"])
    await made.close()


async def ids(pairing: Any) -> dict[str, tuple[int, int]]:
    """aid and iid of the lock's characteristics."""
    accessories = await pairing.list_accessories_and_characteristics()
    return {
        characteristic["type"].upper(): (accessory["aid"], characteristic["iid"])
        for accessory in accessories
        for service in accessory["services"]
        for characteristic in service["characteristics"]
    }


async def test_pair_lock_unlock_and_push(sim: Sim, pairing: Any) -> None:
    known = await ids(pairing)
    target = known[CharacteristicsTypes.LOCK_MECHANISM_TARGET_STATE]
    current = known[CharacteristicsTypes.LOCK_MECHANISM_CURRENT_STATE]
    assert str(target[0]) == await sim.native_id("front_door")
    await sim.set("front_door", locked=True)
    pushed: list[Any] = []
    pairing.dispatcher_connect(lambda event: pushed.append(event.get(current, {}).get("value")))
    await pairing.subscribe([current])
    await pairing.put_characteristics([(*target, UNLOCKED)])

    async def unlocked() -> bool:
        return (await sim.state_of("front_door"))["locked"] is False

    await until(unlocked)
    await until(lambda: UNLOCKED in pushed)
    assert (await pairing.get_characteristics([current]))[current]["value"] == UNLOCKED
    await sim.set("front_door", locked=True)
    await until(lambda: pushed[-1] == LOCKED)


@pytest.mark.parametrize("fault", ["lies", "refuses", "garbage", "slow", "dead"])
async def test_faults(sim: Sim, pairing: Any, fault: str) -> None:
    known = await ids(pairing)
    target = known[CharacteristicsTypes.LOCK_MECHANISM_TARGET_STATE]
    await sim.set("front_door", locked=True)
    await sim.fault("front_door", fault, seconds=0.6 if fault == "slow" else 1)
    put = pairing.put_characteristics([(*target, UNLOCKED)])
    if fault == "lies":
        assert await put == {}
        assert (await pairing.get_characteristics([target]))[target]["value"] == LOCKED
    elif fault == "refuses":
        assert (await put)[target]["status"] == -70403
    elif fault == "garbage":
        answers = await asyncio.gather(put, pairing.get_characteristics([target]), return_exceptions=True)
        assert any(isinstance(answer, Exception) for answer in answers)
    else:
        late = await asyncio.gather(asyncio.wait_for(put, 0.3), return_exceptions=True)
        assert isinstance(late[0], Exception)
    assert (await sim.state_of("front_door"))["locked"] is True
