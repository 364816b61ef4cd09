"""The simulated Hue bridge, judged by aiohue."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohue.errors import AiohueException
from aiohue.util import create_app_key
from aiohue.v2 import HueBridgeV2
from cryptography import x509

from .conftest import Sim, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bridge(sim: Sim, anyio_backend: str) -> AsyncIterator[HueBridgeV2]:
    """A linked, connected bridge."""
    host = f"{sim.host(10)}:8443"
    await sim.ask("POST", "/button", {"device": "hue_bridge"})
    key = await create_app_key(host, "judge#tests")
    async with HueBridgeV2(host, key) as connected:
        await until(lambda: connected.events.connected)
        yield connected


async def raw(sim: Sim, method: str, path: str, key: str = "", body: Any = None) -> tuple[int, str]:
    """A request to the bridge past aiohue."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method,
            f"https://{sim.host(10)}:8443{path}",
            ssl=False,
            json=body,
            headers={"hue-application-key": key},
            timeout=aiohttp.ClientTimeout(total=3),
        ) as answer,
    ):
        return answer.status, await answer.text(errors="replace")


async def test_without_the_link_button_no_key_and_without_a_key_no_resource(sim: Sim, anyio_backend: str) -> None:
    answer = await raw(sim, "POST", "/api", body={"devicetype": "judge#tests"})
    assert "link button not pressed" in answer[1] or "username" in answer[1]  # pressed by the test before, perhaps
    assert (await raw(sim, "GET", "/clip/v2/resource"))[0] == 403
    assert (await raw(sim, "GET", "/eventstream/clip/v2", key="wrong"))[0] == 403


async def test_the_certificate_names_the_bridge(sim: Sim, anyio_backend: str) -> None:
    pem = await asyncio.to_thread(ssl.get_server_certificate, (sim.host(10), 8443))
    config = (await raw(sim, "GET", "/api/config"))[1]
    bridge_id = await sim.native_id("hue_bridge")
    assert bridge_id.upper() in config
    subject = x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()
    assert f"CN={bridge_id}" in subject


async def test_aiohue_reads_the_house(sim: Sim, bridge: HueBridgeV2) -> None:
    assert bridge.bridge_id == await sim.native_id("hue_bridge")
    assert len(bridge.lights.items) == 13
    assert {room.metadata.name for room in bridge.groups.room} >= {"Kitchen", "Study", "Porch"}
    lamp = bridge.lights[await sim.native_id("study_lamp")]
    assert lamp.supports_color
    assert lamp.supports_color_temperature
    assert not bridge.lights[await sim.native_id("porch_light")].supports_color_temperature
    assert not bridge.lights[await sim.native_id("aquarium")].supports_dimming


async def test_an_order_changes_the_truth_and_comes_back_as_an_event(sim: Sim, bridge: HueBridgeV2) -> None:
    rid = await sim.native_id("study_lamp")
    await sim.set("study_lamp", on=False)
    await bridge.lights.set_state(rid, on=True, brightness=40)
    assert (await sim.state_of("study_lamp"))["brightness"] == 40
    await until(lambda: bridge.lights[rid].is_on and bridge.lights[rid].brightness == 40)
    await bridge.lights.set_state(rid, color_xy=(0.3, 0.3))
    await until(lambda: bridge.lights[rid].color_temperature.mirek_valid is False)
    assert (await sim.state_of("study_lamp"))["color_temperature"] is None
    await bridge.lights.set_state(rid, color_temp=250)
    assert (await sim.state_of("study_lamp"))["color_temperature"] == 4000


async def test_an_outside_hand_is_an_event(sim: Sim, bridge: HueBridgeV2) -> None:
    rid = await sim.native_id("porch_light")
    await sim.set("porch_light", on=False)
    await until(lambda: not bridge.lights[rid].is_on)
    await sim.set("porch_light", on=True, brightness=12)
    await until(lambda: bridge.lights[rid].is_on and bridge.lights[rid].brightness == 12)


async def test_a_group_switches_its_room_and_no_other(sim: Sim, bridge: HueBridgeV2) -> None:
    for key in ("bedroom_ceiling", "bedside_lamp", "porch_light"):
        await sim.set(key, on=True)
    room = next(room for room in bridge.groups.room if room.metadata.name == "Bedroom")
    await bridge.groups.grouped_light.set_state(room.grouped_light, on=False)
    await until(lambda: not bridge.groups.grouped_light[room.grouped_light].on.on)
    assert not (await sim.state_of("bedside_lamp"))["on"]
    assert (await sim.state_of("porch_light"))["on"]


@pytest.mark.usefixtures("healed")
async def test_a_bulb_that_lost_power(sim: Sim, bridge: HueBridgeV2) -> None:
    rid = await sim.native_id("desk_lamp")
    await sim.set("desk_lamp", on=True)
    await sim.fault("desk_lamp", "dead")
    zigbee = bridge.lights.get_device(rid)
    await until(lambda: bridge.devices.get_zigbee_connectivity(zigbee.id).status.value == "connectivity_issue")
    with pytest.raises(AiohueException, match="communication issues"):
        await bridge.lights.turn_off(rid)
    assert (await sim.state_of("desk_lamp"))["on"]
    await sim.fault("desk_lamp", None)
    await until(lambda: bridge.devices.get_zigbee_connectivity(zigbee.id).status.value == "connected")


@pytest.mark.usefixtures("healed")
@pytest.mark.parametrize("fault", ["lies", "refuses", "garbage", "slow"])
async def test_a_faulty_bulb_hits_nobody_else(sim: Sim, bridge: HueBridgeV2, fault: str) -> None:
    rid, other = await sim.native_id("desk_lamp"), await sim.native_id("study_lamp")
    for key in ("desk_lamp", "study_lamp"):
        await sim.set(key, on=True)
    await sim.fault("desk_lamp", fault, seconds=30)
    try:
        async with asyncio.timeout(0.5):
            await bridge.lights.turn_off(rid)
        assert fault == "lies"
    except (AiohueException, TimeoutError, aiohttp.ClientError, ValueError, AttributeError):  # the last: an empty body
        assert fault != "lies"
    assert (await sim.state_of("desk_lamp"))["on"]
    await bridge.lights.turn_off(other)
    assert not (await sim.state_of("study_lamp"))["on"]
    listed = await bridge.request("get", "clip/v2/resource/light")
    assert {item["id"] for item in listed} >= {rid, other}


@pytest.mark.usefixtures("healed")
async def test_a_dead_bridge_hangs_and_comes_back(sim: Sim, bridge: HueBridgeV2) -> None:
    await sim.fault("hue_bridge", "dead")
    await until(lambda: not bridge.events.connected)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await raw(sim, "GET", "/api/config")
    await sim.fault("hue_bridge", None)
    assert (await raw(sim, "GET", "/api/config"))[0] == 200


async def test_a_control_error_names_the_nearest_device(sim: Sim, anyio_backend: str) -> None:
    assert "'desk_lamp'" in (await sim.ask("POST", "/faults", {"device": "desk_lam", "fault": None}))["error"]
    assert (
        "brightness" in (await sim.ask("POST", "/truth", {"device": "desk_lamp", "state": {"brightnes": 3}}))["error"]
    )
