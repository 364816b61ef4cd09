"""Home Assistant's websocket, over a double of it that speaks as 2024.3.3 was recorded: inventory, every setting, push,
faults, names and rooms, marks, and a thousand entities."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from dobby.drivers import home_assistant as driver
from dobby.errors import DeviceError, PairingError
from dobby.home import vocabulary as v
from dobby.home.device import Device, Found, Settings, Sighting
from dobby.home.home import Home
from dobby.home.traits import Trait, Value
from dobby.home.twins import OwnersWord, twins
from dobby.home.verdict import gatekeeper
from dobby.wire.home_assistant import air, doors
from dobby.wire.home_assistant.shown import Shown
from tests.drivers.followed import Followed
from tests.drivers.hass_double import TOKEN, HassDouble, hass_double
from tests.drivers.house import QUICK, until

pytestmark = pytest.mark.anyio

UUID = "0123456789abcdef0123456789abcdef"
KEY = f"home_assistant:{UUID}"
SECRET = {"token": TOKEN, "alarm_code": "1234"}


def found(double: HassDouble) -> Found:
    return Found(KEY, "home_assistant", "Peer", double.host, double.port, "login")


@dataclass(slots=True)
class Bench(Followed):
    """A Home Assistant and a home that follows it."""

    double: HassDouble = field(kw_only=True)


@asynccontextmanager
async def benched(**more: Any) -> AsyncIterator[Bench]:
    """A Home Assistant of the test's own."""
    mint, check = gatekeeper()
    async with hass_double(**more) as double:
        yield Bench(driver.DRIVER, found(double), SECRET, Home(check, patience=0.8), mint, double=double)


@pytest.fixture
async def bench(anyio_backend: str) -> AsyncIterator[Bench]:
    """The recorded demo home, followed."""
    async with benched() as one, one.connected():
        yield one


# --- finding and letting in -------------------------------------------------------------------------------------------


def test_it_is_claimed_by_its_id_wherever_it_is_and_whatever_address_it_names() -> None:
    facts = {"uuid": UUID, "location_name": "Home", "version": "2024.3.3", "base_url": "https://evil.invalid:1",
             "internal_url": "", "external_url": "", "requires_api_password": "True"}
    seen = [driver.claim(Sighting("mdns", host, 8123, driver.SERVICE, "Home", facts))
            for host in ("10.0.0.1", "10.0.0.2")]
    assert {one and (one.key, one.needs, one.name, one.port) for one in seen} == {(KEY, "login", "Home", 8123)}
    assert "evil" not in str(seen)
    for wrong in ({}, facts | {"uuid": "x"}, facts | {"uuid": ""}):
        assert driver.claim(Sighting("mdns", "10.0.0.1", 8123, driver.SERVICE, "Home", wrong)) is None
    assert driver.claim(Sighting("mdns", "10.0.0.1", 8123, "_http._tcp.local.", "Home", facts)) is None


async def test_a_token_lets_in_and_another_is_told_what_to_do() -> None:
    async with hass_double() as double:
        assert await driver.pair(found(double), f" {TOKEN}\n") == {"token": TOKEN}
        for wrong in ("", "nonsense"):
            with pytest.raises(PairingError, match="long-lived access token"):
                await driver.pair(found(double), wrong)
        for secret in ({}, {"token": "revoked"}):
            with pytest.raises(DeviceError, match="pair it again") as told:
                async with driver.connect(found(double), secret, QUICK):
                    pass
            assert told.value.kind == "refused"
            assert "revoked" not in str(told.value)


@pytest.mark.parametrize(("fault", "kind"), [("slow", "unreachable"), ("garbage", "unknown")])
async def test_one_that_is_ill_at_the_start_is_no_line(fault: str, kind: str) -> None:
    async with hass_double() as double:
        double.fault = fault
        with pytest.raises(DeviceError) as told:
            async with driver.connect(found(double), SECRET, Settings(timeout=0.3, poll=1)):
                pass
        assert told.value.kind == kind
        await double.close()
        with pytest.raises(DeviceError) as told:
            async with driver.connect(found(double), SECRET, QUICK):
                pass
        assert told.value.kind == "unreachable"


# --- devices and states -----------------------------------------------------------------------------------------------


def test_what_is_ajar_is_open_and_what_does_not_turn_is_off() -> None:
    def cover(position: int, state: str) -> object:
        return doors.COVER.values(Shown("cover.x", state, {"current_position": position}))["open"]
    assert [cover(0, "closed"), cover(1, "closed"), cover(0, "open"), cover(100, "open")] == [False, True, True, True]

    def fan(percentage: int) -> dict[str, Value]:
        shown = air.FAN.values(Shown("fan.x", "on", {"percentage": percentage, "supported_features": 1}))
        return {name: shown[name] for name in ("on", "speed")}
    assert (fan(0), fan(50)) == ({"on": False, "speed": 0}, {"on": True, "speed": 50})


async def test_the_recorded_home_is_read(bench: Bench) -> None:
    kinds = {device.name: device.kind for device in bench.home.devices.values()}
    assert {"Ceiling Lights": "light", "HeatPump": "thermostat", "Garage Door": "garage", "Front Door": "lock",
            "Security": "alarm", "AC": "plug", "Lounge room": "tv", "Walkman": "speaker",
            "Movement Backyard": "sensor", "Hall Window": "shade"}.items() <= kinds.items()
    assert (bench.value("Ceiling Lights", "brightness"), bench.value("HeatPump", "target")) == (70.6, 20)
    assert (bench.value("Ecobee", "mode"), bench.value("Ecobee", "target_low")) == ("auto", 21)
    assert (bench.value("Movement Backyard", "motion"), bench.value("Basement Floor Wet", "leak")) == (True, False)
    assert bench.value("Outside Temperature", "temperature") == 15.6
    assert not {"Paulus", "Home", "Group"} - {"Group"} & kinds.keys()
    assert all(device.id.startswith(f"{KEY}/") for device in bench.home.devices.values())
    assert not {one for one in bench.double.asked if one == "get_states"}  # nothing is asked for each entity
    assert len(bench.double.asked) < 12


SETTINGS: list[tuple[str, str, Value]] = [
    ("Bed Light", "on", True), ("Bed Light", "brightness", 30), ("Ceiling Lights", "color_temperature", 4000),
    ("Bed Light", "color", {"x": 0.3, "y": 0.3}), ("Bed Light", "effect", "rainbow"), ("Ceiling Lights", "on", False),
    ("AC", "on", True), ("Front Door", "locked", False), ("Kitchen Door", "locked", True),
    ("Garage Door", "open", True), ("Hall Window", "position", 55), ("Kitchen Window", "position", 100),
    ("Living Room Window", "tilt", 20), ("HeatPump", "target", 22.5), ("HeatPump", "mode", "off"),
    ("Ecobee", "target_low", 19), ("Ecobee", "target_high", 25), ("Ecobee", "mode", "cool"),
    ("Ecobee", "preset", "away"), ("Hvac", "fan_mode", "auto_low"), ("Hvac", "target_humidity", 50),
    ("Security", "armed", "night"), ("Walkman", "playing", False), ("Walkman", "volume", 20),
    ("Walkman", "muted", True), ("Walkman", "next", None), ("Lounge room", "source", "youtube"),
    ("Living Room", "play", "http://music.invalid/a.mp3"), ("0_Ground_floor", "task", "clean"),
    ("0_Ground_floor", "fan_mode", "max"), ("Living Room Fan", "speed", 66), ("Living Room Fan", "oscillating", True),
    ("Humidifier", "target_humidity", 40), ("Demo Water Heater", "target", 50), ("Demo Water Heater", "preset", "gas"),
    ("Demo Water Heater", "on", False), ("Siren", "on", False), ("Large Range", "amount", 20),
    ("Speed", "choice", "light_speed")]


async def test_every_setting_is_confirmed_by_a_state(bench: Bench) -> None:
    for name, trait, value in SETTINGS:
        outcome = await bench.do(name, trait, value)
        assert outcome.result == "confirmed", (name, trait, outcome, bench.double.called[-1:])
        assert bench.double.called[-1][1] in bench.double.states
    tried = {trait for _, trait, _ in SETTINGS}
    settable = {trait.name for device in bench.home.devices.values() for trait in device.traits
                if trait.kind != "sensor" and not trait.confirmed_by}
    assert settable <= tried, settable - tried


async def test_what_only_assumes_or_cannot_be_read_is_sent(bench: Bench) -> None:
    assert bench.value("Decorative Lights", "on") is None
    assert (await bench.do("Decorative Lights", "on", False)).result == "sent"
    assert (await bench.do("Push", "press", None)).result == "sent"
    assert bench.double.called[-1][0] == "button.press"


async def test_orders_out_of_range_stay_here(bench: Bench) -> None:
    orders: list[tuple[str, str, Value]] = [("HeatPump", "target", 90), ("Large Range", "amount", 5000),
                                            ("Speed", "choice", "warp")]
    for name, trait, value in orders:
        outcome = await bench.do(name, trait, value)
        assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", "range")
    assert bench.double.called == []


async def test_what_happens_there_is_shown_here(bench: Bench) -> None:
    await bench.double.set("light.kitchen_lights", "off", brightness=None)
    await until(lambda: bench.value("Kitchen Lights", "on") is False)
    await bench.double.set("sensor.outside_temperature", "21.5")
    await until(lambda: bench.value("Outside Temperature", "temperature") == 21.5)
    await bench.double.set("sensor.outside_temperature", "unknown")
    await until(lambda: bench.value("Outside Temperature", "temperature") is None)
    lamp = bench.named("Kitchen Lights").id
    await bench.double.set("light.kitchen_lights", "unavailable")
    await until(lambda: not bench.home.reachable(lamp))
    outcome = await bench.do("Kitchen Lights", "on", True)
    assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", "unreachable")
    assert bench.double.called == []
    await bench.double.set("light.kitchen_lights", "on", brightness=255)
    await until(lambda: bench.home.reachable(lamp) and bench.value("Kitchen Lights", "brightness") == 100)


@pytest.mark.parametrize(("fault", "kind"), [("refuses", "refused"), ("lies", "mismatch"), ("late", "mismatch")])
async def test_one_that_fails_fails_alone(bench: Bench, fault: str, kind: str) -> None:
    bench.double.faults["light.bed_light"] = fault
    outcome, other = await asyncio.gather(bench.do("Bed Light", "on", True), bench.do("Ceiling Lights", "on", False))
    assert outcome.result == "failed"
    assert outcome.error is not None
    assert outcome.error.kind in (kind, "timeout")
    assert "hates" not in outcome.error.text  # never a library's or a stranger's words
    assert other.result == "confirmed"
    bench.double.faults.clear()
    assert (await bench.do("Bed Light", "on", True)).result == "confirmed"


@pytest.mark.parametrize("fault", ["dead", "slow", "garbage", "lies", "refuses"])
async def test_a_broken_hub_confirms_nothing_and_is_noticed(fault: str) -> None:
    async with benched() as bench:
        async with bench.connected():
            if fault == "dead":
                await bench.double.close()
            else:
                bench.double.fault = fault
            outcome = await bench.do("Bed Light", "on", True)
            assert outcome.result == "failed"
            if fault in ("dead", "slow", "garbage"):
                await until(lambda: bool(bench.lost), 10)
                assert not bench.home.reachable(bench.named("Bed Light").id)
        bench.double.fault = ""
        if fault == "dead":
            await bench.double.open()
        async with bench.connected():
            await until(lambda: bench.home.reachable(bench.named("Bed Light").id))
            assert (await bench.do("Bed Light", "on", True)).result == "confirmed"


async def test_the_alarms_code_goes_along_and_without_one_nothing_does() -> None:
    async with benched() as bench:
        async with bench.connected():
            assert (await bench.do("Security", "armed", "disarmed")).result == "confirmed"
            assert bench.double.called == [("alarm_control_panel.alarm_disarm", "alarm_control_panel.security",
                                            {"code": "1234"})]
        async with bench.connected(secret={"token": TOKEN}):
            outcome = await bench.do("Security", "armed", "away")
            assert outcome.error is not None
            assert outcome.error.text == "It wants its code, and I was not given it."
            assert len(bench.double.called) == 1


# --- names, rooms, devices of several entities, marks -----------------------------------------------------------------


def row(entity: str, device: str | None = "box", **more: Any) -> dict[str, Any]:
    """A row of the entity registry."""
    return {"area_id": None, "device_id": device, "disabled_by": None, "entity_category": None, "entity_id": entity,
            "has_entity_name": True, "hidden_by": None, "name": None, "original_name": None, "platform": "demo",
            "unique_id": entity} | more


def box(id_: str = "box", **more: Any) -> dict[str, Any]:
    """A row of the device registry."""
    return {"area_id": None, "connections": [], "disabled_by": None, "id": id_, "identifiers": [], "name": "Box",
            "name_by_user": None, "serial_number": None} | more


def state(value: str = "on", **attrs: Any) -> dict[str, Any]:
    """A state as subscribe_entities tells it."""
    return {"s": value, "a": attrs, "c": "01J", "lc": 1.0}


def registries(devices: list[Any], entities: list[Any], areas: list[Any] | None = None) -> dict[str, Any]:
    """Answers in place of the recorded."""
    return {"config/area_registry/list": areas or [], "config/device_registry/list": devices,
            "config/entity_registry/list": entities}


async def test_entities_of_one_device_are_one_with_its_name_room_and_marks() -> None:
    areas = [{"area_id": "kitchen", "name": "Kitchen\x00 \u202e"}, {"area_id": "attic", "name": "Attic"}]
    connections = [["mac", "AA:BB:CC:00:11:22"], ["upnp", "u"]]
    devices = [box(name_by_user="Treadmill", area_id="kitchen", connections=connections,
                   identifiers=[["hue", "0a1b"], ["zha", "x"], ["three", "of", "them"], 7], serial_number="SN-0815")]
    entities = [row("switch.plug", platform="hue", unique_id="rid-1"), row("sensor.power", original_name="Power"),
                row("sensor.hidden", hidden_by="user"), row("switch.off", disabled_by="user"),
                row("select.mode", entity_category="config"), row("light.alone", None, area_id="attic", name="Lamp"),
                {"garbage": 1}, None]
    states = {"switch.plug": state(), "sensor.power": state("12.5", device_class="power", unit_of_measurement="W"),
              "sensor.hidden": state("1", device_class="power", unit_of_measurement="W"),
              "select.mode": state("a", options=["a", "b"]), "light.alone": state("off"), "sun.sun": state(),
              "light.everything": state(entity_id=["light.alone"]), "light.odd": {"s": "on", "a": None},
              "climate.odd": state("heat", hvac_modes=7, supported_features="x", min_temp=[], temperature={})}
    async with benched(states=states, **registries(devices, entities, areas)) as bench, bench.connected():
        plug = bench.named("Treadmill")
        assert (plug.id, plug.kind, plug.room) == (f"{KEY}/box", "plug", "Kitchen")
        assert {trait.name for trait in plug.traits} == {"on", "power"}
        assert plug.marks == ("mac:aabbcc001122", "hue:0a1b", "hue:rid-1", "serial:sn-0815")
        assert bench.value("Treadmill", "power") == 12.5
        lamp = bench.named("Lamp")
        assert (lamp.id, lamp.room, lamp.marks) == (f"{KEY}/light.alone", "Attic", ())
        assert len(bench.home.devices) == 3  # and light.odd, which is on and nothing else


# what Home Assistant's integrations file their devices under, and the marks of the same things by our own drivers
@pytest.mark.parametrize(("registered", "entity", "marks"), [
    ({"identifiers": [["hue", "dev-1"]], "connections": [["mac", "00:17:88:01:0b:aa:bb:cc"]]},
     {"platform": "hue", "unique_id": "rid-1"}, ("hue:rid-1", "hue:dev-1", "mac:001788010baabbcc")),
    ({"identifiers": [["sonos", "RINCON_949F3EC1AABB01400"]]}, {"platform": "sonos"},
     ("sonos:RINCON_949F3EC1AABB01400", "mac:949f3ec1aabb")),
    ({"connections": [["mac", "AA:BB:CC:DD:EE:FF"]]}, {"platform": "wled"}, ("mac:aabbccddeeff",)),
    ({"identifiers": [["mqtt", "zigbee2mqtt_0x00158d0001d82a2b"]]}, {"platform": "mqtt"},
     ("mqtt:zigbee2mqtt_0x00158d0001d82a2b", "mac:00158d0001d82a2b")),
    ({"identifiers": [["zha", "x"]], "connections": [["zigbee", "00:15:8d:00:01:d8:2a:2b"]]}, {"platform": "zha"},
     ("mac:00158d0001d82a2b",)),
    ({"connections": [["mac", "06:35:69:ab:f6:79"]]},
     {"platform": "esphome", "unique_id": "06:35:69:AB:F6:79-light-lamp"}, ("esphome:06:35:69:AB:F6:79-light-lamp",)),
    ({"serial_number": "HK-00815"}, {"platform": "homekit_controller"}, ("serial:hk-00815",))])
async def test_what_dobby_drives_itself_is_not_shown_twice(registered: dict[str, Any], entity: dict[str, Any],
                                                           marks: tuple[str, ...]) -> None:
    answers = registries([box(**registered)], [row("light.lamp", **entity)])
    async with benched(states={"light.lamp": state()}, **answers) as bench, bench.connected():
        (theirs,) = bench.home.devices.values()
    ours = Device("own:1", "Lamp", "light", "", "hue", (v.ON,), marks=marks)
    assert twins({one.id: one for one in (theirs, ours)}, OwnersWord()) == {"own:1": ("own:1", theirs.id)}


async def test_what_is_renamed_moved_added_or_removed_there_is_so_here() -> None:
    answers = registries([box()], [row("switch.plug")], [{"area_id": "attic", "name": "Attic"}])
    async with benched(states={"switch.plug": state()}, **answers) as bench, bench.connected():
        bench.double.answers["config/device_registry/list"] = [box(name_by_user="Kettle", area_id="attic")]
        await bench.double.tell("device_registry_updated", {"event_type": "device_registry_updated", "data": {}})
        await until(lambda: {(one.name, one.room) for one in bench.home.devices.values()} == {("Kettle", "Attic")})
        await bench.double.add("switch.more", "off", {"friendly_name": "More"})
        await until(lambda: len(bench.home.devices) == 2 and bench.value("More", "on") is False)
        more = bench.named("More").id
        await bench.double.remove("switch.more")
        await until(lambda: not bench.home.reachable(more))
        assert bench.home.reachable(bench.named("Kettle").id)


async def test_where_it_speaks_fahrenheit_we_still_speak_celsius() -> None:
    states = {"climate.hall": state("heat", friendly_name="Hall", hvac_modes=["heat", "off"], supported_features=1,
                                    min_temp=45, max_temp=95, temperature=68, current_temperature=70)}
    config = {"unit_system": {"temperature": "°F"}}
    async with benched(states=states, get_config=config, **registries([], [])) as bench, bench.connected():
        assert (bench.value("Hall", "target"), bench.value("Hall", "current")) == (20, 21.1)
        assert (await bench.do("Hall", "target", 21)).result == "confirmed"
        assert bench.double.called[-1] == ("climate.set_temperature", "climate.hall", {"temperature": 69.8})


def thousand() -> tuple[dict[str, Any], dict[str, Any]]:
    """Five hundred devices of a lamp and a sensor each."""
    devices = [box(f"d{n}", name=f"Lamp {n}", area_id="a", connections=[["mac", f"{n:012x}"]]) for n in range(500)]
    entities = [row(f"{kind}.x{n}", f"d{n}") for n in range(500) for kind in ("light", "sensor")]
    lamp = {"supported_color_modes": ["brightness"], "brightness": 128}
    meter = {"device_class": "power", "unit_of_measurement": "W"}
    states = {f"light.x{n}": state("on", **lamp) for n in range(500)} | {
        f"sensor.x{n}": state("5", **meter) for n in range(500)}
    return states, registries(devices, entities, [{"area_id": "a", "name": "Hall"}])


async def test_a_thousand_entities_are_there_at_once() -> None:  # how fast: benchmarks/many.py
    states, answers = thousand()
    async with benched(states=states, **answers) as bench, bench.connected():
        assert len(bench.home.devices) == 500
        assert len(bench.double.asked) < 12, "not one question an entity"


def test_traits_of_the_table_are_rows_of_the_vocabulary() -> None:
    from dobby.home.vocabulary import known
    from dobby.wire.home_assistant.media import FEATURES

    assert all(isinstance(known(one.name), Trait) for _, rows in FEATURES for one in rows)
