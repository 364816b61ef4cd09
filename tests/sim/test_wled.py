"""The simulated WLED strips: HTTP and WebSocket as the WLED documentation describes them."""

import json
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from wled import WLED

from .conftest import Sim, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed")]

KEY, OTHER = "shelf_strip", "bed_strip"


def base(sim: Sim) -> str:
    """The first strip."""
    return f"http://{sim.host(31)}:8080"


async def get(sim: Sim, path: str) -> Any:
    """A GET, as JSON."""
    async with aiohttp.ClientSession() as session, session.get(base(sim) + path) as answer:
        return await answer.json()


async def post(sim: Sim, order: Any, timeout: float = 3.0) -> tuple[int, Any]:
    """A state object over HTTP."""
    limit = aiohttp.ClientTimeout(total=timeout)
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        session.post(f"{base(sim)}/json/state", json=order) as answer,
    ):
        return answer.status, json.loads(await answer.text(errors="replace"))


async def test_http(sim: Sim) -> None:
    await sim.set(KEY, on=False)
    assert await post(sim, {"on": True, "bri": 51, "seg": [{"col": [[0, 0, 255]], "fx": 4}]}) == (
        200,
        {"success": True},
    )
    state = await sim.state_of(KEY)
    assert state == state | {"on": True, "brightness": 20.0, "rgb": [0, 0, 255], "effect": "Rainbow"}
    whole = await get(sim, "/json")
    assert whole["state"]["bri"] == 51
    assert whole["info"]["mac"] == await sim.native_id(KEY)
    assert whole["effects"][whole["state"]["seg"][0]["fx"]] == "Rainbow"
    assert set(await get(sim, "/json/si")) == {"state", "info"}
    status, answer = await post(sim, {"on": "t", "v": True})
    assert (status, answer["on"]) == (200, False)


async def test_a_wrong_order_is_an_error(sim: Sim) -> None:
    assert (await post(sim, {"bri": "much"}))[0] == 400
    assert (await post(sim, ["on"]))[1] == {"error": 9}


async def test_websocket_pushes_every_change(sim: Sim) -> None:
    await sim.set(KEY, on=False, brightness=50)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{base(sim)}/ws") as socket:
        first = await socket.receive_json(timeout=3)
        assert (first["state"]["on"], first["info"]["brand"]) == (False, "WLED")
        await socket.send_json({"on": True})
        assert (await socket.receive_json(timeout=3))["state"]["on"] is True
        await sim.set(KEY, brightness=10)
        assert (await socket.receive_json(timeout=3))["state"]["bri"] == 26
        await socket.send_json({"v": True})
        assert "state" in await socket.receive_json(timeout=3)
    assert (await sim.state_of(KEY))["on"] is True


@pytest.mark.parametrize("fault", ["lies", "refuses", "garbage", "slow", "dead"])
async def test_faults(sim: Sim, fault: str) -> None:
    await sim.set(KEY, on=True)
    await sim.fault(KEY, fault, seconds=5)
    try:
        said = await post(sim, {"on": False}, timeout=0.3)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        said = (0, None)
    wanted = {"lies": (200, {"success": True}), "refuses": (401, {"error": 1})}
    assert fault == "garbage" or said == wanted.get(fault, (0, None))
    assert (await sim.state_of(KEY))["on"] is True
    async with aiohttp.ClientSession() as session, session.get(f"http://{sim.host(32)}:8080/json/state") as answer:
        assert answer.status == 200


async def test_a_slow_order_is_carried_out_late(sim: Sim) -> None:
    await sim.set(KEY, on=True)
    await sim.fault(KEY, "slow", seconds=0.4)
    with pytest.raises(TimeoutError):
        await post(sim, {"on": False}, timeout=0.1)
    assert (await sim.state_of(KEY))["on"] is True

    async def off() -> bool:
        return (await sim.state_of(KEY))["on"] is False

    await until(off)


async def test_a_dead_strip_drops_its_socket_and_obeys_nothing_late(sim: Sim) -> None:
    await sim.set(KEY, on=True)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{base(sim)}/ws") as socket:
        await socket.receive(timeout=3)
        await sim.fault(KEY, "dead")
        assert (await socket.receive(timeout=3)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    with pytest.raises(TimeoutError):
        await post(sim, {"on": False}, timeout=0.2)
    await sim.fault(KEY, None)
    assert (await get(sim, "/json/state"))["on"] is True


async def test_a_client_that_is_not_ours_accepts_it(sim: Sim) -> None:
    async def at_its_port(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.url = request.url.with_port(8080)  # it knows port 80 only
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=(at_its_port,)) as session:
        strip = WLED(sim.host(31), session=session)
        seen = await strip.update()
        assert (seen.info.name, seen.info.leds.count) == ("Shelf Strip", 60)
        await strip.master(on=True, brightness=77)
        await strip.segment(segment_id=0, color_primary=(255, 0, 0))
        seen = await strip.update()
        assert (seen.state.on, seen.state.brightness) == (True, 77)
    assert (await sim.state_of("shelf_strip"))["rgb"] == [255, 0, 0]
