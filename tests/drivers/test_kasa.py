"""Kasa beyond the laws: the disguise, the search, both generations of meters, strips and bulbs."""

from __future__ import annotations

import asyncio
import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from dobby.discovery.networks import Reach
from dobby.discovery.probes import Probes
from dobby.drivers import kasa as driver
from dobby.errors import Garbage, Refused
from dobby.home.device import Command, Probe, Sighting
from dobby.wire import kasa
from dobby.wire.kasa_table import order, outlets, shown
from tests.drivers.house import until
from tests.drivers.rig import HOST, kept
from tests.drivers.rigs.kasa import BULB, DIMMER, METER, OLD_METER, PLUG, STRIP, outlet, xor

pytestmark = pytest.mark.anyio

KEY = "kasa:50c7bf010203"
# "turn it on", as public shell scripts for these plugs send it in Base64: AAAAKtDygfiL/5r31e+UtsWg1Iv5nPCR6LfEs...
PUBLIC = bytes.fromhex("0000002ad0f281f88bff9af7d5ef94b6c5a0d48bf99cf091e8b7c4b0d1a5c0e2d8a381f286e793f6d4eedfa2dfa2")


def test_the_disguise_is_the_one_that_others_use() -> None:
    assert kasa.frame({"system": {"set_relay_state": {"state": 1}}}) == PUBLIC
    assert kasa.decrypt(PUBLIC[4:]) == b'{"system":{"set_relay_state":{"state":1}}}'
    assert kasa.encrypt(b"Dobby") == xor(b"Dobby", cipher=False)
    assert kasa.decrypt(kasa.encrypt(bytes(range(256)))) == bytes(range(256))


@pytest.mark.parametrize("told", [{}, {"system": 3}, {"system": {"get_sysinfo": {}}}, {"system": {"err_code": -1}}])
def test_what_is_no_answer_is_told(told: dict[str, object]) -> None:
    with pytest.raises((Garbage, Refused)):
        kasa.result(told, "system", "get_sysinfo")
    assert driver.answered(kasa.encrypt(json.dumps(told).encode())) == ("", {})
    with pytest.raises(Garbage):
        kasa.read(b"rubbish")


def test_both_generations_of_meters_say_watts_and_kilowatt_hours() -> None:
    (plug,) = outlets(KEY, PLUG)
    assert (plug.device.name, plug.device.kind, plug.device.marks) == ("Treadmill", "plug", ("mac:50c7bf010203",))
    for meter in (METER, OLD_METER):
        assert shown(plug, PLUG, meter) == {"on": False, "power": 3.14, "energy": 51.493}


def test_a_strip_is_its_outlets_and_a_dimmer_is_a_light() -> None:
    strip = outlets(KEY, STRIP)
    assert [(one.device.id, one.device.name) for one in strip] == [(f"{KEY}/00", "Screen"), (f"{KEY}/01", "Printer")]
    assert shown(strip[1], STRIP, METER)["on"] is True
    short = STRIP | {"children": [{"id": "00", "state": 1, "alias": "Screen"}]}  # as some firmwares put it
    (outlet,) = outlets(KEY, short)
    assert outlet.child == f"{STRIP['deviceId']}00"
    assert shown(outlet, short, None) == {"on": True}
    (dimmer,) = outlets(KEY, DIMMER)
    assert (dimmer.device.kind, [trait.name for trait in dimmer.device.traits]) == ("light", ["on", "brightness"])


def test_a_bulb_that_is_off_shows_what_it_would_show() -> None:
    (bulb,) = outlets(KEY, BULB)
    assert shown(bulb, BULB, {"power_mw": 10800}) | {"color": None} == {
        "on": False, "brightness": 100, "color_temperature": 2700, "power": 10.8, "color": None}
    colored = BULB | {"light_state": {"on_off": 1, "hue": 120, "saturation": 100, "color_temp": 0, "brightness": 40}}
    seen = shown(bulb, colored, None)
    assert (seen["color_temperature"], seen["color"]) == (None, {"x": 0.3, "y": 0.6})
    for state in ({}, {"on_off": 2}, {"on_off": 1, "brightness": "much"}, None):
        with pytest.raises(Garbage):
            shown(bulb, BULB | {"light_state": state}, None)


def test_a_light_strip_has_a_service_of_its_own() -> None:
    strip = BULB | {"length": 16, "model": "KL430(US)"}
    (one,) = outlets(KEY, strip)
    assert order(strip, one, Command(KEY, "brightness", 20.4)) == [("smartlife.iot.lightStrip", "set_light_state", {
        "ignore_default": 1, "transition_period": 0, "on_off": 1, "brightness": 20})]
    (plug,) = outlets(KEY, PLUG)
    with pytest.raises(Refused):
        order(PLUG, plug, Command(KEY, "brightness", 20))


class Answers(asyncio.DatagramProtocol):
    """Answers the search as a plug does."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the way back."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A search."""
        assert json.loads(xor(data, cipher=True)) == {"system": {"get_sysinfo": {}}}
        for told in ({"system": {"get_sysinfo": PLUG}}, {"rubbish": 1}):
            self.transport.sendto(xor(json.dumps(told).encode(), cipher=False), addr)


async def test_a_device_answers_the_search() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Answers, local_addr=("127.77.247.255", 0))
    probe = Probe(driver.KIND, transport.get_extra_info("sockname")[1], driver.SEARCH, driver.answered)
    seen: list[Sighting] = []
    watching = asyncio.create_task(Probes(Reach((HOST,), (IPv4Network("127.77.247.0/24"),)), [probe],
                                          seen.append).watch())
    await until(lambda: bool(seen))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    transport.close()
    found = driver.claim(seen[0])
    assert found is not None
    assert (found.key, found.name, found.model) == (KEY, "Treadmill", "HS110(EU)")


async def test_one_outlet_is_switched_and_the_other_is_not(tmp_path: Path) -> None:
    async with outlet() as rig, kept(rig, tmp_path) as house:
        first = f"{KEY}/00"
        assert (await house.do("on", True, first)).result == "confirmed"
        assert (await house.do("on", False)).result == "confirmed"
        await until(lambda: house.value("on", first) is True and house.value("power", first) == 3.14)
