"""Lutron beyond the laws: both kinds of bridge, every kind of zone, pairing, and what pylutron-caseta makes of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pylutron_caseta.leap import open_connection
from pylutron_caseta.smartbridge import Smartbridge

from dobby.drivers import lutron as driver
from dobby.errors import Garbage, PairingError, Refused
from dobby.home.device import Sighting
from dobby.home.traits import Value
from dobby.wire.lutron import Trust, certificate, open_line, tls
from dobby.wire.lutron_table import shown
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.lutron import MAC, Bridge, authorities, level, secret, served

pytestmark = pytest.mark.anyio


async def truth(_trait: str) -> None:
    """Nobody asks."""


@pytest.mark.parametrize("processor", [False, True])
async def test_a_client_that_is_not_ours_accepts_the_bridge(processor: bool) -> None:
    bridge = Bridge(processor=processor)
    trust = Trust(**secret())

    async with served(bridge) as (port, _):
        async def line() -> Any:
            return await open_connection(HOST, port, server_hostname="", ssl=await asyncio.to_thread(tls, trust))

        theirs = Smartbridge(line)
        try:
            await theirs.connect()
            lamp = next(one for one in theirs.get_devices_by_domain("light") if one["zone"] in ("1", "1361"))
            await theirs.set_value(lamp["device_id"], 42)
            await until(lambda: theirs.get_device_by_id(lamp["device_id"])["current_state"] == 42)
            group = "547" if processor else "2"
            assert theirs.occupancy_groups[group]["status"] == "Unoccupied"
            bridge.enter("Occupied")
            await until(lambda: theirs.occupancy_groups[group]["status"] == "Occupied")
            assert bool(theirs.get_devices_by_domain("cover")) is not processor
        finally:
            await theirs.close()


@pytest.mark.parametrize(("processor", "orders"), [
    (False, [("2", "speed", 70), ("2", "on", False), ("2", "on", True), ("3", "tilt", 0), ("3", "tilt", 80),
             ("6", "position", 35), ("7", "on", True), ("1", "brightness", 40), ("1", "on", False), ("1", "on", True)]),
    (True, [("1361", "brightness", 30), ("1393", "on", True), ("1377", "brightness", 55), ("1377", "on", False)])])
async def test_every_kind_of_zone_obeys_and_shows_it(tmp_path: Path, processor: bool,
                                                     orders: list[tuple[str, str, Value]]) -> None:
    bridge = Bridge(processor=processor)

    async with served(bridge) as (port, _), piped((HOST, port)) as pipe:
        first = "/zone-1361" if processor else "/zone-1"
        rig = rigged(bridge.sighting(), pipe, first, [], ("on", "x"), truth, secret=secret())
        async with kept(rig, tmp_path) as house:
            key = rig.found.key
            for zone, trait, value in orders:
                outcome = await house.do(trait, value, f"{key}/zone-{zone}")
                assert outcome.result == "confirmed", outcome
                held = level(bridge.zones[zone], trait)
                assert held == (75 if trait == "speed" else value), outcome
            if not processor:
                assert bridge.zones["1"] == {"Level": 40}  # back to where it was
                assert (await house.do("stop", None, f"{key}/zone-6")).result == "sent"
            presence = f"{key}/occupancy-{'547' if processor else '2'}"
            assert house.value("occupied", presence) is False
            bridge.enter("Occupied")
            await until(lambda: house.value("occupied", presence) is True)
            rooms = {house.home.devices[rig.device].room, house.home.devices[presence].room}
            assert rooms == ({"Primary Bath"} if processor else {"Hallway", "Living Room"})


async def test_a_zone_that_the_bridge_does_not_hear_is_out_of_reach_and_the_others_are_not(tmp_path: Path) -> None:
    bridge = Bridge()

    async with served(bridge) as (port, _), piped((HOST, port)) as pipe:
        rig = rigged(bridge.sighting(), pipe, "/zone-1", [], ("on", "x"), truth, secret=secret())
        other = f"{rig.found.key}/zone-7"
        async with kept(rig, tmp_path) as house:
            await until(lambda: house.home.reachable(other))
            bridge.change("7", StatusAccuracy="Bad")
            await until(lambda: not house.home.reachable(other))
            bridge.change("6", Level="perhaps")
            await until(lambda: not house.home.reachable(f"{rig.found.key}/zone-6"))
            assert (await house.do("on", True)).result == "confirmed"
            bridge.change("7", StatusAccuracy="Good")
            await until(lambda: house.home.reachable(other))


async def test_pairing_waits_for_the_button_and_the_certificate_opens_the_bridge() -> None:
    bridge = Bridge()
    lap = authorities()[1].trust("app")

    async with served(bridge) as (port, door):
        with pytest.raises(PairingError, match="button"):
            await certificate(HOST, door, lap, patience=0.3)
        bridge.pressed.set()
        trust = await certificate(HOST, door, lap)
        async with open_line(HOST, port, trust, 1.0, lambda body: None, lambda error: None) as line:
            assert "PingResponse" in await line.read("/server/1/status/ping")
        stranger = authorities()[1].trust("stranger")
        found = driver.claim(Sighting("mdns", HOST, port, driver.SERVICE, "Lutron Status", {"macaddr": MAC}))
        assert found is not None
        for spoilt in ({}, {"key": "x", "cert": "y", "ca": "z"},
                       {"key": stranger.key, "cert": stranger.cert, "ca": trust.ca}):
            with pytest.raises(Refused, match="pair"):
                async with driver.connect(found, spoilt, QUICK):
                    pass


def test_the_port_of_its_ssh_is_not_taken_for_leap() -> None:
    found = driver.claim(Bridge().sighting())
    assert found is not None
    assert (found.key, found.port, found.needs) == ("lutron:a0f6fd010203", 8081, "button")
    assert driver.claim(Sighting("mdns", HOST, 22, driver.SERVICE, "Lutron Status", {"macaddr": "no"})) is None


def test_rubbish_is_told_from_a_level() -> None:
    for status in ({}, {"Level": "much"}, {"Level": 140}, {"Level": True}):
        with pytest.raises(Garbage):
            shown("dimmed", status)
