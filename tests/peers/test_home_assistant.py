"""Our driver against Home Assistant 2024.3.3 with its demo integration: let in, read, driven, pushed, lost and back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dobby.drivers.home_assistant import DRIVER, SERVICE
from dobby.errors import PairingError
from dobby.home.device import Found, Sighting
from dobby.home.traits import Value
from tests.drivers.followed import Followed, followed
from tests.drivers.house import until
from tests.peers.hass import PYTHON, RealHass, real_hass

pytestmark = [pytest.mark.anyio,
              pytest.mark.skipif(not PYTHON.exists(), reason="apart from the suite: sh scripts/peers")]

# device, trait, value, and under which entity and attribute ("" = the state) it must be held then, as what
SETTINGS: list[tuple[str, str, Value, str, str, object]] = [
    ("Bed Light", "on", True, "light.bed_light", "", "on"),
    ("Bed Light", "brightness", 30, "light.bed_light", "brightness", 76),
    ("Bed Light", "color", {"x": 0.4, "y": 0.4}, "light.bed_light", "color_mode", "hs"),
    ("Bed Light", "color_temperature", 4000, "light.bed_light", "color_mode", "color_temp"),
    ("Bed Light", "effect", "rainbow", "light.bed_light", "effect", "rainbow"),
    ("AC", "on", True, "switch.ac", "", "on"),
    ("HeatPump", "target", 22.5, "climate.heatpump", "temperature", 22.5),
    ("HeatPump", "mode", "off", "climate.heatpump", "", "off"),
    ("Ecobee", "target_low", 19, "climate.ecobee", "target_temp_low", 19),
    ("Ecobee", "target_high", 25, "climate.ecobee", "target_temp_high", 25),
    ("Ecobee", "preset", "away", "climate.ecobee", "preset_mode", "away"),
    ("Hvac", "fan_mode", "auto_low", "climate.hvac", "fan_mode", "auto_low"),
    ("Hvac", "target_humidity", 50, "climate.hvac", "humidity", 50),
    ("Front Door", "locked", False, "lock.front_door", "", "unlocked"),
    ("Front Door", "locked", True, "lock.front_door", "", "locked"),
    ("Garage Door", "open", True, "cover.garage_door", "", "open"),
    ("Kitchen Window", "position", 100, "cover.kitchen_window", "", "open"),
    ("Hall Window", "position", 30, "cover.hall_window", "current_position", 30),  # ten per cent a second
    ("Living Room Window", "tilt", 60, "cover.living_room_window", "current_tilt_position", 60),
    ("Walkman", "playing", False, "media_player.walkman", "", "paused"),
    ("Walkman", "volume", 20, "media_player.walkman", "volume_level", 0.2),
    ("Walkman", "muted", True, "media_player.walkman", "is_volume_muted", True),
    ("Walkman", "playing", True, "media_player.walkman", "", "playing"),
    ("Lounge room", "source", "youtube", "media_player.lounge_room", "source", "youtube"),
    ("Lounge room", "on", False, "media_player.lounge_room", "", "off"),
    ("Living Room", "play", "http://music.invalid/a.mp3", "media_player.living_room", "media_content_id",
     "http://music.invalid/a.mp3"),
    ("0_Ground_floor", "task", "clean", "vacuum.0_ground_floor", "", "cleaning"),
    ("0_Ground_floor", "task", "pause", "vacuum.0_ground_floor", "", "paused"),
    ("0_Ground_floor", "fan_mode", "max", "vacuum.0_ground_floor", "fan_speed", "max"),
    ("Living Room Fan", "speed", 67, "fan.living_room_fan", "percentage", 67),
    ("Living Room Fan", "oscillating", True, "fan.living_room_fan", "oscillating", True),
    ("Living Room Fan", "on", False, "fan.living_room_fan", "", "off"),
    ("Humidifier", "target_humidity", 40, "humidifier.humidifier", "humidity", 40),
    ("Hygrostat", "preset", "eco", "humidifier.hygrostat", "mode", "eco"),
    ("Demo Water Heater Celsius", "target", 50, "water_heater.demo_water_heater_celsius", "temperature", 50),
    ("Demo Water Heater", "preset", "gas", "water_heater.demo_water_heater", "", "gas"),
    ("Siren", "on", False, "siren.siren", "", "off"),
    ("Large Range", "amount", 20, "number.large_range", "", "20.0"),
    ("Speed", "choice", "light_speed", "select.speed", "", "light_speed"),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One Home Assistant for the file."""
    return "asyncio"


@pytest.fixture(scope="module")
async def hass(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[RealHass]:
    """It runs, and knows us."""
    async with real_hass(tmp_path_factory.mktemp("hass")) as one:
        yield one


def claimed(hass: RealHass) -> Found:
    """As homeassistant/components/zeroconf announces it; here it has no network with multicast."""
    facts = {"uuid": hass.uuid, "location_name": "Peer", "version": "2024.3.3", "external_url": "",
             "internal_url": "", "base_url": "", "requires_api_password": "True"}
    found = DRIVER.claim(Sighting("mdns", "127.0.0.1", hass.port, SERVICE, "Peer", facts))
    assert found is not None
    return found


async def at_home(hass: RealHass) -> Followed:
    """Paired with it."""
    assert DRIVER.pair is not None
    secret = dict(await DRIVER.pair(claimed(hass), hass.token)) | {"alarm_code": "1234"}
    return followed(DRIVER, claimed(hass), secret, patience=5)


async def test_it_lets_in_by_token_only(hass: RealHass) -> None:
    assert DRIVER.pair is not None
    with pytest.raises(PairingError):
        await DRIVER.pair(claimed(hass), hass.token[:-2])


async def test_it_is_read_with_rooms_and_every_setting_is_confirmed_and_true(hass: RealHass) -> None:
    home = await at_home(hass)
    async with home.connected():
        assert len(home.home.devices) > 50
        assert home.named("Bed Light").room == "Kitchen"
        for name, trait, value, entity, attribute, wanted in SETTINGS:
            outcome = await home.do(name, trait, value)
            assert outcome.result == "confirmed", (name, trait, outcome)
            state, attributes = await hass.state(entity)
            assert (attributes[attribute] if attribute else state) == wanted, (name, trait)
        assert (await home.do("Push", "press")).result == "sent"
        leaving = await home.do("Security", "armed", "night")  # it gives a minute to leave
        assert (leaving.result, leaving.on_its_way) == ("sent", True)
        assert (await home.do("Security", "armed", "disarmed")).result == "confirmed"


async def test_what_it_refuses_and_what_it_ignores_is_said(hass: RealHass) -> None:
    home = await at_home(hass)
    async with home.connected():
        outcome = await home.do("Poorly Installed Door", "locked", True)  # it jams
        assert outcome.result == "failed"
        await until(lambda: home.value("Poorly Installed Door", "jammed") is True)
    home.secret = dict(home.secret) | {"alarm_code": "9999"}
    home.home.patience = 1.5
    async with home.connected():
        await hass.outside("alarm_control_panel.alarm_arm_away", "alarm_control_panel.security", code="1234")
        await until(lambda: home.value("Security", "arming") is True)
        assert (await home.do("Security", "armed", "disarmed")).result == "failed"
        assert (await hass.state("alarm_control_panel.security"))[0] == "arming"


async def test_what_happens_there_is_shown_here(hass: RealHass) -> None:
    home = await at_home(hass)
    async with home.connected():
        await hass.outside("light.turn_on", "light.kitchen_lights", brightness=51)
        await until(lambda: home.value("Kitchen Lights", "brightness") == 20)
        await hass.outside("light.turn_off", "light.kitchen_lights")
        await until(lambda: home.value("Kitchen Lights", "on") is False)


async def test_it_dies_and_comes_back_the_same(hass: RealHass) -> None:
    home = await at_home(hass)
    async with home.connected():
        before = set(home.home.devices)
        await hass.stop()
        await until(lambda: bool(home.lost))
        assert not home.reachable("Ceiling Lights")
    home.lost.clear()
    await hass.start()
    async with home.connected():
        await until(lambda: home.reachable("Ceiling Lights"))
        assert set(home.home.devices) == before
        assert (await home.do("Ceiling Lights", "on", False)).result == "confirmed"


