"""ESPHome beyond the laws: who is let in and by what, names and marks, and boxes that say odd things."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dobby.drivers import esphome as driver
from dobby.errors import DeviceError, PairingError
from dobby.home.device import Found, Secret
from tests.drivers.followed import Followed, followed
from tests.drivers.house import QUICK, until
from tests.drivers.rigs.esphome import LAMP_KEY, MAC, Box, Encrypted, pb, served, sighting

pytestmark = pytest.mark.anyio

KEY = base64.b64encode(bytes(range(32))).decode()


@asynccontextmanager
async def at(box: Box, secret: Secret | None = None) -> AsyncIterator[tuple[Found, Followed]]:
    """A box on a port, and a home for it."""
    encrypted = {"api_encryption": "Noise_NNpsk0_25519_ChaChaPoly_SHA256"} if isinstance(box, Encrypted) else {}
    async with served(box) as port:
        found = driver.claim(sighting(port, **encrypted))
        assert found is not None
        yield found, followed(driver.DRIVER, found, secret or {})


def test_what_it_announces_says_what_it_needs() -> None:
    open_, closed = driver.claim(sighting(6053)), driver.claim(
        sighting(6053, api_encryption="Noise_NNpsk0_25519_ChaChaPoly_SHA256"))
    assert open_ is not None
    assert closed is not None
    assert (open_.key, open_.name, open_.needs) == (f"esphome:{MAC.lower()}", "Desk", "nothing")
    assert (closed.key, closed.needs) == (open_.key, "login")
    for mac in ("", "nonsense", "00:11:22:33:44:55"):
        assert driver.claim(sighting(6053, mac=mac)) is None


async def test_a_password_lets_in_and_a_wrong_one_is_told() -> None:
    async with at(Box(password="sesame")) as (found, home):
        assert await driver.pair(found, "sesame") == {"password": "sesame"}
        for wrong in ("", "nonsense"):
            with pytest.raises(PairingError, match="password"):
                await driver.pair(found, wrong)
        with pytest.raises(DeviceError, match="pair it again"):
            await through(found, {"password": "old"})
        home.secret = {"password": "sesame"}
        async with home.connected():
            await until(lambda: home.value("Desk", "power") == 1500)


async def through(found: Found, secret: Secret) -> None:
    """Follow a link until it is lost."""
    async with driver.connect(found, secret, QUICK) as link:
        async for _ in link.watch():
            pass


async def test_a_key_is_never_shown_to_one_that_is_not_encrypted() -> None:
    box = Box()
    async with at(box) as (found, _):
        with pytest.raises(DeviceError) as told:
            await driver.pair(found, KEY)
        assert told.value.kind in ("refused", "unreachable")
        assert KEY not in str(told.value)
    assert box.asked == []  # not a word that it could read


async def test_an_encrypted_box_is_driven_with_its_key_only() -> None:
    box = Encrypted(key=base64.b64decode(KEY))
    async with at(box) as (found, home):
        for wrong in ("", "nonsense", base64.b64encode(bytes(32)).decode()):
            with pytest.raises(PairingError, match="encryption key"):
                await driver.pair(found, wrong)
        with pytest.raises(DeviceError, match="pair it again"):
            await through(found, {})
        assert box.asked == []
        home.secret = await driver.pair(found, f" {KEY}\n")
        assert home.secret == {"key": KEY}
        async with home.connected():
            assert (await home.do("Desk", "on", True)).result == "confirmed"


async def test_its_name_room_marks_and_values_are_taken_over() -> None:
    async with at(Box()) as (_, home), home.connected():
        await until(lambda: home.value("Desk", "power") == 1500)
        desk = home.named("Desk")
        assert (desk.kind, desk.room, desk.marks[0]) == ("light", "Study", f"mac:{MAC.lower()}")
        assert "esphome:06:35:69:AB:F6:79-light-lamp" in desk.marks  # as Home Assistant's own integration calls it
        assert len(home.home.devices) == 1
        assert home.value("Desk", "color_temperature") is None  # it shows a color


async def test_what_makes_no_sense_is_shown_as_nothing_and_leaves_the_rest() -> None:
    box = Box()
    async with at(box) as (_, home), home.connected():
        await until(lambda: home.value("Desk", "power") == 1500)
        nan = float("nan")
        box.tell(pb.SensorStateResponse(key=12, state=nan), pb.SensorStateResponse(key=999, state=1.0),
                 pb.SwitchStateResponse(key=4711, state=True),
                 pb.LightStateResponse(key=LAMP_KEY, state=True, brightness=nan, color_mode=4711, red=nan,
                                       color_temperature=-3.0, effect="\x00x" * 200))
        await until(lambda: home.value("Desk", "power") is None and home.value("Desk", "on") is True)
        box.set(state=False)
        await until(lambda: home.value("Desk", "on") is False)
        assert not home.lost


async def test_devices_behind_a_box_are_devices_of_their_own() -> None:
    async with at(Behind()) as (found, home), home.connected():
        await until(lambda: "Shed" in {one.name for one in home.home.devices.values()})
        shed = home.named("Shed")
        assert (shed.id, shed.kind) == (f"{found.key}/sub-7", "plug")
        assert not any(mark.startswith("mac:") for mark in shed.marks)


class Behind(Box):
    """A box with another one behind it."""

    def answer(self, ask: Any, writer: Any) -> None:
        """It tells of the other one."""
        if type(ask).__name__ == "DeviceInfoRequest":
            mac = ":".join(MAC[i:i + 2] for i in range(0, 12, 2))
            self.tell(pb.DeviceInfoResponse(name="box", friendly_name="Desk", mac_address=mac, devices=[
                pb.DeviceInfo(device_id=7, name="Shed")]), to=writer)
            return
        super().answer(ask, writer)

    def entities(self) -> list[Any]:
        """And of what that has."""
        relay = pb.ListEntitiesSwitchResponse(object_id="relay", key=LAMP_KEY, name="Relay", device_id=7)
        return [relay, *super().entities()]
