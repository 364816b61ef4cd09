"""Hue beyond the contract: the button, the pinned bridge, names and rooms, and what real bridges say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from dobby.drivers import hue
from dobby.errors import DeviceError, PairingError
from dobby.home.device import Command, Device, Found
from tests.drivers.house import QUICK, House, Street, detoured, until

pytestmark = pytest.mark.anyio

# a color lamp, a device and a room as a bridge lists them (shape: developers.meethue.com, CLIP v2 reference)
LIGHT: dict[str, Any] = {
    "id": "l1", "owner": {"rid": "d1", "rtype": "device"}, "metadata": {"name": "Lamp", "archetype": "sultan_bulb"},
    "on": {"on": True}, "dimming": {"brightness": 72.83, "min_dim_level": 0.2},
    "color_temperature": {"mirek": None, "mirek_valid": False,
                          "mirek_schema": {"mirek_minimum": 153, "mirek_maximum": 454}},
    "color": {"xy": {"x": 0.5614, "y": 0.4156}, "gamut_type": "C"}, "type": "light"}
DEVICE = {"id": "d1", "type": "device", "product_data": {"product_archetype": "sultan_bulb"},
          "metadata": {"name": "Lamp"}, "services": [{"rid": "z1", "rtype": "zigbee_connectivity"},
                                                     {"rid": "l1", "rtype": "light"}]}
ROOM = {"id": "r1", "type": "room", "metadata": {"name": "Study"}, "children": [{"rid": "d1", "rtype": "device"}]}


def lamp() -> hue.Lamp:
    return hue.lamps("hue:b", [LIGHT, DEVICE, ROOM], {})["l1"]


def test_a_lamp_has_its_own_range_room_and_radio() -> None:
    white = lamp().device.trait("color_temperature")
    assert white is not None
    assert (white.min, white.max) == (2203, 6535)
    assert (lamp().device.id, lamp().device.room, lamp().radio) == ("hue:b/l1", "Study", "z1")


def test_a_lamp_is_known_by_its_ids_and_its_radio() -> None:
    radio = {"id": "z1", "type": "zigbee_connectivity", "owner": {"rid": "d1", "rtype": "device"},
             "mac_address": "00:17:88:01:0b:aa:bb:cc"}
    (found,) = hue.lamps("hue:b", [LIGHT, DEVICE, ROOM, radio], {}).values()
    assert found.device.marks == ("hue:l1", "hue:d1", "mac:001788010baabbcc")
    assert lamp().device.marks == ("hue:l1", "hue:d1")


def test_a_lamp_that_shows_a_color_has_no_white() -> None:
    shown = {reading.trait: reading.value for reading in hue.readings(lamp(), LIGHT)}
    assert shown == {"on": True, "brightness": 72.83, "color_temperature": None, "color": {"x": 0.5614, "y": 0.4156}}


@pytest.mark.parametrize("part", [{"dimming": "much"}, {"on": {"on": 1}}, {"color": 7},
                                  {"color": {"xy": {"x": 3, "y": 0}}}, {"color_temperature": {"mirek": 0}},
                                  {"dimming": {"brightness": None}}])
def test_rubbish_proves_nothing(part: dict[str, Any]) -> None:
    with pytest.raises(DeviceError):
        hue.readings(lamp(), {"on": {"on": True}} | part)


def test_a_garbled_lamp_stays_what_it_was() -> None:
    before = hue.lamps("hue:b", [LIGHT, DEVICE, ROOM], {})
    assert hue.lamps("hue:b", [LIGHT | {"dimming": "much"}, DEVICE, ROOM], before) == before
    (fresh,) = hue.lamps("hue:b", [LIGHT | {"dimming": "much"}, "rubbish", {"type": "light"}], {}).values()  # type: ignore[list-item]
    assert [trait.name for trait in fresh.device.traits] == ["on", "color_temperature", "color"]


def test_every_order_lights_the_lamp_and_keeps_to_its_white() -> None:
    assert hue.order(lamp(), Command("hue:b/l1", "color_temperature", 2203)) == {
        "on": {"on": True}, "color_temperature": {"mirek": 454}}
    assert hue.order(lamp(), Command("hue:b/l1", "brightness", 40)) == {
        "on": {"on": True}, "dimming": {"brightness": 40}}
    assert hue.order(lamp(), Command("hue:b/l1", "brightness", 0)) == {"on": {"on": False}}
    with pytest.raises(DeviceError):
        hue.order(lamp(), Command("hue:b/l1", "volume", 3))


async def test_pairing_wants_the_button(street: Street) -> None:
    from tests.sim.conftest import start, stop

    (found,) = street.of("hue")
    state = street.sim.state.parent / "unpaired"
    other = await asyncio.to_thread(start, state)
    try:
        (row,) = [row for row in (await other.ask("GET", "/truth"))["devices"].values() if row["make"] == "hue"
                  and row["kind"] == "hub"]
        fresh = replace(found, key=f"hue:{row['native_id'].lower()}", host=other.host(10))
        with pytest.raises(PairingError, match="Press the round button"):
            await hue.pair(fresh, "")
        with pytest.raises(PairingError, match="not the bridge that announced itself"):
            await hue.pair(replace(fresh, key=found.key), "")
        with pytest.raises(DeviceError, match="another certificate"):  # another bridge at the paired one's address
            async with street.connect(replace(found, host=other.host(10))):
                pass
        await other.ask("POST", "/button", {"device": "hue_bridge"})
        async with hue.connect(fresh, await hue.pair(fresh, ""), QUICK):
            pass
    finally:
        await asyncio.to_thread(stop, other)


async def test_something_that_is_no_bridge_is_told_in_our_words(street: Street) -> None:
    (found,) = street.of("hue")
    (strip, *_) = street.of("wled")
    nobody: Found = replace(found, host=street.sim.host(250))
    for wrong in (replace(found, host=strip.host, port=strip.port), nobody):
        with pytest.raises(DeviceError) as told:
            await hue.pair(wrong, "")
        assert told.value.text in ("The bridge does not answer.", "Its answer made no sense.")


async def test_names_and_rooms_follow_the_hue_app(house: House) -> None:
    (found,) = house.street.of("hue")
    lamp_id = house.keys["porch_light"]
    device = house.device("porch_light")
    key = house.street.secrets[found.key]["app_key"]
    base, rid = f"https://{found.host}:{found.port}/clip/v2/resource", lamp_id.rpartition("/")[2]
    async with aiohttp.ClientSession(headers={"hue-application-key": key}) as web:
        for name in ("Moon Lamp", device.name):
            async with web.put(f"{base}/light/{rid}", json={"metadata": {"name": name}}, ssl=False) as answer:
                assert answer.status == 200
            await until(lambda name=name: house.home.devices[lamp_id].name == name)
        async with web.get(f"{base}/room", ssl=False) as answer:
            (room,) = [one for one in (await answer.json())["data"] if one["metadata"]["name"] == device.room]
        for name in ("Veranda", device.room):
            async with web.put(f"{base}/room/{room['id']}", json={"metadata": {"name": name}}, ssl=False) as answer:
                assert answer.status == 200
            await until(lambda name=name: house.home.devices[lamp_id].room == name)


async def test_a_plug_is_a_plug(house: House) -> None:
    assert house.device("aquarium").kind == "plug"
    assert [trait.name for trait in house.device("aquarium").traits] == ["on"]


async def test_a_lamp_without_power_is_unreachable_and_its_last_word_proves_nothing(house: House) -> None:
    id_ = house.keys["porch_light"]
    await house.hand("porch_light", "on", True)
    await house.sim.fault("porch_light", "dead")
    await until(lambda: not house.home.reachable(id_))
    (outcome,) = await house.do(house.order("porch_light", "on", True))  # the bridge still remembers it as on
    assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", "unreachable")
    await house.sim.fault("porch_light", None)
    await until(lambda: house.home.reachable(id_))


async def test_a_garbled_lamp_at_the_start_spoils_no_other(street: Street) -> None:
    (found,) = street.of("hue")
    await street.sim.fault("floor_lamp", "garbage")
    try:
        async with street.connect(found) as link:
            watching, devices, lit = link.watch(), set(), set()
            async with asyncio.timeout(5):
                async for item in watching:
                    if isinstance(item, Device):
                        devices.add(item.id)
                    elif item.trait == "on":
                        lit.add(item.device)
                    if len(lit) == 12:
                        break
            await watching.aclose()
            assert len(devices) == 13
    finally:
        await street.sim.fault("floor_lamp", None)


async def test_the_heartbeat_sees_what_the_stream_missed(street: Street) -> None:
    """Through an address that is gone for a moment: the line drops, comes back, and nothing was lost."""
    (found,) = street.of("hue")
    there, detour = detoured(street, found, 93)
    async with detour.at(there.host, there.port), street.connect(there) as link:
        watching = link.watch()
        async with asyncio.timeout(5):
            async for item in watching:
                if not isinstance(item, Device):
                    break
        for _ in range(2):
            detour.hang_up()
            async with asyncio.timeout(5):
                while isinstance(await anext(watching), Device):
                    pass
        await watching.aclose()
