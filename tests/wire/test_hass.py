"""Home Assistant's words into ours, and entities into devices."""

from __future__ import annotations

from typing import Any

import pytest

from dobby.home import vocabulary as v
from dobby.home.traits import Trait
from dobby.wire import hass
from dobby.wire.hass import Entity
from dobby.wire.hass_assemble import assemble, slug


def entity(component: str, *traits: Trait, id: str = "", name: str = "", **more: Any) -> Entity:
    kind = hass.kind_of(component, name=name)
    assert kind is not None
    return Entity(id or f"{component}-{name}", component, kind, traits, name=name,
                  **({"device": "box", "device_name": "Box"} | more))


@pytest.mark.parametrize(("device_class", "unit", "raw", "trait", "value"), [
    ("temperature", "°F", 68, "temperature", 20), ("temperature", "K", 273.15, "temperature", 0),
    ("power", "kW", 1.2, "power", 1200), ("energy", "Wh", 1500, "energy", 1.5), ("energy", "MJ", 3.6, "energy", 1),
    ("pressure", "kPa", 101.3, "pressure", 1013), ("", "W", 5, "power", 5), ("", "gpm", 10, "water_flow", 37.8541),
    ("volume_flow_rate", "m³/h", 6, "water_flow", 100), ("current", "mA", 500, "amperage", 0.5)])
def test_units(device_class: str, unit: str, raw: float, trait: str, value: float) -> None:
    found = hass.sensor(device_class, unit, "Total")
    assert found is not None
    assert found[0].name == trait
    assert found[1](raw) == pytest.approx(value)


@pytest.mark.parametrize(("device_class", "unit", "name"), [
    ("temperature", "parsec", ""), ("", "", "Uptime"), ("wind_speed", "m/s", "Wind"), ("energy", "kWh", "ENERGY Today"),
    ("apparent_power", "VA", ""), ("power", "W", "Reactive Power"), ("illuminance", "%", "")])
def test_what_we_have_no_word_for_is_not_shown(device_class: str, unit: str, name: str) -> None:
    assert hass.sensor(device_class, unit, name) is None


def test_pool_chemistry_goes_by_its_name() -> None:
    assert [hass.sensor("", unit, name)[0].name for unit, name in (  # type: ignore[index]
        ("mV", "Pool ORP"), ("ppm", "Salt Level"), ("", "Pool pH"))] == ["orp", "salt", "ph"]


def test_modes_both_ways() -> None:
    assert hass.mode_words(["off", "heat", "auto", "heat_cool", "fan_only", "sauna"]) == {
        "off": "off", "heat": "heat", "auto": "heat_cool", "fan": "fan_only"}


@pytest.mark.parametrize(("percent", "level"), [(0, 0), (0.1, 1), (50, 128), (100, 255)])
def test_brightness(percent: float, level: int) -> None:
    assert hass.level(percent) == level
    assert hass.percent(level) == pytest.approx(percent, abs=0.4)


def test_color_whichever_way_it_is_told() -> None:
    red = {"x": 0.6401, "y": 0.33}
    for shown in ({"r": 255, "g": 0, "b": 0}, {"h": 0, "s": 100}, red):
        assert hass.color_of(shown) == pytest.approx(red, abs=0.001)
    assert hass.xy_to_hs(**red) == pytest.approx((0, 100), abs=2)
    assert hass.color_of({"r": "red"}) is None
    assert hass.kelvin(370) == 2703
    assert hass.kelvin(hass.kelvin(370)) == 370


def test_a_target_stays_within_what_is_good_for_a_home() -> None:
    assert (hass.target("thermostat", 7, 90, 0.5).max, hass.target("spa", 18, 60, 1).max) == (30, 40)
    assert hass.target("thermostat", 7, 28, None).min == 7


def test_a_plug_that_measures_is_one_plug() -> None:
    (plug,) = assemble("mqtt:m", "mqtt", [
        entity("sensor", v.POWER, name="ENERGY Power"), entity("sensor", v.ENERGY, name="ENERGY Total"),
        entity("switch", v.ON), entity("sensor", v.BATTERY, name="Battery", category="diagnostic"),
        entity("select", v.CHOICE, name="Power on behavior", category="config")])
    assert (plug.device.id, plug.device.name, plug.device.kind) == ("mqtt:m/box", "Box", "plug")
    assert {trait.name for trait in plug.device.traits} == {"on", "power", "energy", "battery"}
    assert plug.parts["on"] == "switch-"


def test_a_thermostat_keeps_its_humidity_and_battery() -> None:
    (one,) = assemble("mqtt:m", "mqtt", [
        entity("climate", v.MODE, v.TARGET, v.CURRENT), entity("sensor", v.HUMIDITY, name="Humidity"),
        entity("sensor", v.BATTERY, name="Battery", category="diagnostic"),
        entity("number", v.AMOUNT, name="Offset", category="config")])
    assert (one.device.kind, len(one.device.traits)) == ("thermostat", 5)


def test_two_relays_are_two_plugs_and_each_keeps_its_meter_whatever_the_order() -> None:
    parts = [entity("switch", v.ON, id="r1", name="Relay L1"), entity("switch", v.ON, id="r2", name="Relay L2"),
             entity("sensor", v.POWER, id="p2", name="Power L2"), entity("sensor", v.TEMPERATURE, name="Temperature")]
    first, again = (sorted(assemble("mqtt:m", "mqtt", order), key=lambda one: one.device.id)
                    for order in (parts, parts[::-1]))
    assert [one.device for one in first] == [one.device for one in again]
    assert [(one.device.id, one.device.name) for one in first] == [
        ("mqtt:m/box", "Box"), ("mqtt:m/box-r1", "Box Relay L1"), ("mqtt:m/box-r2", "Box Relay L2")]
    assert first[2].parts == {"on": "r2", "power": "p2"}
    assert first[0].device.kind == "sensor"


def test_a_pool_controller_is_a_pool_a_spa_and_their_lights() -> None:
    names = {one.device.name: one for one in assemble("mqtt:m", "mqtt", [
        entity("climate", v.MODE, v.TARGET, name="Pool Heater", id="b1", device_name="Pool Controller - njsPC"),
        entity("climate", v.MODE, v.TARGET, name="Spa Heater", id="b2", device_name="Pool Controller - njsPC"),
        entity("switch", v.ON, name="Pool", id="c6"), entity("switch", v.ON, name="Spa", id="c1"),
        entity("light", v.ON, v.EFFECT, name="Pool Light", id="c3"), entity("switch", v.ON, name="Waterfall", id="c7"),
    ])}
    assert set(names) == {"Pool", "Spa", "Box Pool Light", "Box Waterfall"}
    assert (names["Pool"].device.kind, names["Pool"].parts["on"]) == ("pool", "c6")
    assert (names["Spa"].device.kind, names["Spa"].parts["on"]) == ("spa", "c1")


def test_a_fan_with_a_lamp_is_two_devices_and_a_second_reading_is_none() -> None:
    fan, lamp = assemble("mqtt:m", "mqtt", [
        entity("fan", v.ON, v.SPEED, name="Fan"), entity("light", v.ON, name="Lamp"),
        entity("sensor", v.BATTERY, id="a", name="Battery"), entity("sensor", v.BATTERY, id="b", name="Box Battery")])
    assert (fan.device.id, fan.device.kind, lamp.device.name) == ("mqtt:m/box", "fan", "Box Lamp")


def test_names_and_ids_are_cut_and_stay_apart() -> None:
    assert hass.cleaned("a\x00b\u202e \n c" + "x" * 500) == "ab c" + "x" * 76
    assert hass.cleaned({"ignore": "all"}) == ""
    assert slug("0x00158d0001") == "0x00158d0001"
    assert slug("a b") != slug("a/b")
    assert "/" not in slug("../../etc")
    assert len(slug("x" * 500)) <= 64


@pytest.mark.parametrize(("device_class", "name", "kind"), [
    ("garage", "x", "garage"), ("gate", "x", "garage"), ("", "Garage Door", "garage"), ("", "Garagentor", "garage"),
    ("", "Front gate", "garage"), ("", "Portail", "garage"), ("", "Garage window blind", "shade"),
    ("shade", "Garage", "shade"), ("", "Kitchen", "shade"), ("", "Tortilla bar", "shade")])
def test_a_cover_that_lets_somebody_in_is_one_even_where_nobody_gave_it_a_class(device_class: str, name: str,
                                                                                kind: str) -> None:
    assert hass.kind_of("cover", device_class, name) == kind
