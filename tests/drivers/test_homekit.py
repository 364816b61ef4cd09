"""HomeKit beyond the contract: setup codes, whose accessory it is, and what a lock's states mean."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from dobby.drivers import homekit
from dobby.errors import Garbage, PairingError
from dobby.home.device import Command, Sighting
from dobby.wire.homekit_table import inventory
from tests.drivers.house import House, Street, until
from tests.sim.conftest import start, stop

pytestmark = pytest.mark.anyio

APPLE = "-0000-1000-8000-0026BB765291"


def accessory(*services: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    iid, made = 1, []
    for type_, values in services:
        made.append({"type": type_ + APPLE, "iid": iid, "characteristics": [
            {"type": one + APPLE, "iid": iid + number, "value": value}
            for number, (one, value) in enumerate(values.items(), 1)]})
        iid += 10
    return {"aid": 7, "services": made}


LOCK = accessory(("0000003E", {"00000023": "Back Door"}), ("00000045", {"0000001D": 1, "0000001E": 1}))


def test_things_are_found_among_accessories() -> None:
    bulb = accessory(("0000003E", {"00000023": "Bulb"}), ("00000043", {"00000025": True}))
    found = inventory("homekit:a", [LOCK, bulb | {"aid": 8}])
    assert [(one.id, one.name, one.kind) for one in found.devices] == [
        ("homekit:a/7", "Back Door", "lock"), ("homekit:a/8", "Bulb", "light")]
    assert [trait.name for trait in found.devices[0].traits] == ["locked", "jammed", "moving"]
    rubbish: list[Any] = [[{}], ["x"], [{"aid": 1, "services": None}]]
    for accessories in rubbish:
        with pytest.raises(Garbage):
            inventory("homekit:a", accessories)


@pytest.mark.parametrize(("switch", "speed", "on"), [(1, 40, True), (1, 0, False), (0, 40, False)])
def test_a_fan_that_does_not_turn_is_off(switch: int, speed: float, on: bool) -> None:
    fan = accessory(("0000003E", {"00000023": "Fan"}), ("000000B7", {"000000B0": switch, "00000029": speed}))
    found = inventory("homekit:a", [fan])
    values = {key: {"B0": switch, "29": speed}[type_] for slot in found.slots for type_, key in slot.reads.items()}
    assert {one.trait: one.value for one in found.readings(values)[0]} == {"on": on, "speed": speed}
    slot = found.slot("homekit:a/7", "on")
    assert slot
    assert list(slot.orders(Command("homekit:a/7", "on", False)).values()) == [0]


@pytest.mark.parametrize(("serial", "marks"), [
    ("X7-4410-B", ("serial:x7-4410-b",)), ("104412", ("serial:104412",)), ("A1-55", ()), ("000000", ()),
    ("xxxxxxxx", ()), ("Default", ()), ("Default-SerialNumber", ()), ("DefaultSerialNumber", ()), ("unknown", ()),
    ("1234567890", ()), ("0123456789", ()), ("987654", ()), ("00-00-00", ()), ("", ())])
def test_a_serial_number_that_many_have_tells_nothing_apart(serial: str, marks: tuple[str, ...]) -> None:
    (found,) = inventory("homekit:a", [accessory(("0000003E", {"00000030": serial}), ("00000043", {"00000025": True}))]
                         ).devices
    assert found.marks == marks


def test_only_paired_by_nobody_asks_for_the_code() -> None:
    def seen(flags: str) -> Sighting:
        facts = {"id": "AA:BB:CC:00:11:22", "ci": "6", "sf": flags, "md": "Bolt"}
        return Sighting("mdns", "10.0.0.5", 51826, homekit.SERVICE, "Front Door", facts)

    free, taken = homekit.claim(seen("1")), homekit.claim(seen("0"))
    assert free is not None
    assert taken is not None
    assert (free.key, free.needs, taken.needs) == ("homekit:aa:bb:cc:00:11:22", "pin", "nothing")
    assert "paired with somebody already" in taken.why


@pytest.mark.parametrize(("code", "words"), [("", "eight digits"), ("1234", "eight digits"),
                                             ("031-45-154", "Remove it there")])
async def test_pairing_says_what_the_person_must_do(street: Street, code: str, words: str) -> None:
    found = street.of("homekit")[0]
    with pytest.raises(PairingError, match=words):
        await homekit.pair(found, code)


async def test_a_wrong_code_is_a_wrong_code(tmp_path: Any) -> None:
    other = await asyncio.to_thread(start, tmp_path)
    try:
        found = homekit.claim(Sighting("mdns", other.host(41), 51826, homekit.SERVICE, "Front Door",
                                       {"id": "00:00:00:00:00:00", "ci": "6", "sf": "1"}))
        assert found is not None
        with pytest.raises(PairingError, match="wrong"):
            await homekit.pair(found, "111-22-333")
        with pytest.raises(PairingError, match="not the accessory that announced itself"):
            await homekit.pair(found, other.ready["homekit_pin"])
    finally:
        await asyncio.to_thread(stop, other)


async def test_a_turn_by_hand_is_pushed(house: House) -> None:
    for locked in (False, True):
        began = time.monotonic()
        await house.sim.set("front_door", locked=locked)
        await until(lambda locked=locked: house.shows("front_door", "locked", locked))
        assert time.monotonic() - began < 3
    await house.hand("front_door", "battery", 12)
    assert house.device("front_door").kind == "lock"
