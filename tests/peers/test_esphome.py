"""Our driver against ESPHome's real firmware 2026.6.5, built for this machine: read, driven, pushed, lost and back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioesphomeapi import model as m
from aioesphomeapi.client import APIClient

from dobby.drivers.esphome import DRIVER
from dobby.home.traits import Value
from tests.drivers.followed import Followed, followed
from tests.drivers.house import until
from tests.drivers.rigs.esphome import sighting
from tests.ports import listens

BOX = Path(os.environ.get("DOBBY_PEERS", "/nowhere")) / "esphome" / "box"
pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not BOX.exists(), reason="apart from the suite: sh scripts/peers")]

PORT = 16053  # it is built in
# device, trait, value, and what a second client then sees: entity, field, value
SETTINGS: list[tuple[str, str, Value, str, str, object]] = [
    ("Lamp", "on", True, "lamp", "state", True),
    ("Lamp", "brightness", 40, "lamp", "brightness", 0.4),
    ("Lamp", "color", {"x": 0.4, "y": 0.4}, "lamp", "color_mode", m.ColorMode.RGB),
    ("Lamp", "color_temperature", 4000, "lamp", "color_mode", m.ColorMode.COLOR_TEMPERATURE),
    ("Lamp", "effect", "Strobe", "lamp", "effect", "Strobe"),
    ("Lamp", "on", False, "lamp", "state", False),
    ("Pump", "on", True, "pump", "state", True), ("Pump", "on", True, "pump", "state", True),
    ("Gate", "open", False, "gate", "position", 0.0), ("Gate", "open", True, "gate", "position", 1.0),
    ("Blind", "position", 30, "blind", "position", 0.3),
    ("Bolt", "locked", True, "bolt", "state", m.LockState.LOCKED),
    ("Bolt", "locked", False, "bolt", "state", m.LockState.UNLOCKED),
    ("Lawn", "on", False, "lawn", "position", 0.0), ("Lawn", "on", True, "lawn", "position", 1.0),
    ("Breeze", "on", True, "breeze", "state", True), ("Breeze", "speed", 75, "breeze", "speed_level", 3),
    ("Breeze", "oscillating", True, "breeze", "oscillating", True),
    ("Breeze", "preset", "Night", "breeze", "preset_mode", "Night"),
    ("Study", "mode", "heat", "study", "mode", m.ClimateMode.HEAT),
    ("Study", "target", 23, "study", "target_temperature", 23.0),
    ("Parlour", "mode", "auto", "parlour", "mode", m.ClimateMode.HEAT_COOL),
    ("Parlour", "target_low", 19, "parlour", "target_temperature_low", 19.0),
    ("Parlour", "target_high", 26, "parlour", "target_temperature_high", 26.0),
    ("", "armed", "night", "panel", "state", m.AlarmControlPanelState.ARMED_NIGHT),
    ("", "armed", "disarmed", "panel", "state", m.AlarmControlPanelState.DISARMED),
    ("", "amount", 4.5, "dose", "state", 4.5), ("", "choice", "Wild", "show", "state", "Wild"),
]


@asynccontextmanager
async def firmware(folder: Path) -> AsyncIterator[Any]:
    """The box, from where it keeps its preferences."""
    process = await asyncio.create_subprocess_exec(BOX, cwd=folder, env={"HOME": str(folder)},
                                                   stdout=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: listens(process, PORT))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def second_client() -> AsyncIterator[tuple[APIClient, dict[str, Any], dict[str, Any]]]:
    """Another client of the box, with its infos and states by object id."""
    client = APIClient("127.0.0.1", PORT, None, provide_time=False, timezone="UTC")
    await client.connect()
    rows, _ = await client.list_entities_services()
    names, states = {row.key: row.object_id for row in rows}, {}
    client.subscribe_states(lambda state: states.update({names.get(state.key, ""): state}))
    try:
        yield client, {row.object_id: row for row in rows}, states
    finally:
        await client.disconnect()


async def at_home() -> Followed:
    """Paired with it."""
    found = DRIVER.claim(sighting(PORT))
    assert found is not None
    assert DRIVER.pair is not None
    secret = dict(await DRIVER.pair(found, "")) | {"alarm_code": "1234"}
    return followed(DRIVER, found, secret, patience=3)


def name(short: str) -> str:
    """As Dobby calls a part of the box."""
    return f"Peer Box {short}".strip()


async def test_it_is_read_and_every_setting_is_confirmed_and_true(tmp_path: Path) -> None:
    async with firmware(tmp_path), second_client() as (_, _, truth):
        home = await at_home()
        async with home.connected():
            await until(lambda: [home.value("Peer Box", one) for one in ("temperature", "power", "motion")]
                        == [21.5, 1500, True])
            for short, trait, value, entity, field, wanted in SETTINGS:
                outcome = await home.do(name(short), trait, value)
                assert outcome.result == "confirmed", (short, trait, outcome)
                await until(lambda entity=entity, field=field, wanted=wanted:
                            getattr(truth[entity], field) == pytest.approx(wanted, abs=0.01)
                            if isinstance(wanted, float) else getattr(truth[entity], field) == wanted)
            assert (await home.do("Peer Box", "press")).result == "sent"
            assert (await home.do(name("Guess"), "on", True)).result == "sent"
            assert home.value(name("Guess"), "on") is None
            deaf = await home.do(name("Deaf"), "on", True)  # it takes the order, and shows that it is off
            assert (deaf.result, deaf.error and deaf.error.kind) == ("failed", "mismatch")


async def test_an_alarm_wants_its_code(tmp_path: Path) -> None:
    async with firmware(tmp_path):
        home = await at_home()
        for code, kind in (("", "refused"), ("9999", "mismatch")):
            home.secret = {"alarm_code": code}
            async with home.connected():
                outcome = await home.do("Peer Box", "armed", "away")
                assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", kind)


async def test_what_others_do_is_shown_and_the_box_may_die_and_come_back(tmp_path: Path) -> None:
    home: Followed | None = None
    async with firmware(tmp_path) as box:
        home = await at_home()
        async with home.connected(), second_client() as (other, rows, _):
            other.switch_command(rows["pump"].key, True)
            await until(lambda: home.value(name("Pump"), "on") is True)
            before = set(home.home.devices)
            box.kill()
            await until(lambda: bool(home.lost))
            assert not home.reachable(name("Pump"))
    home.lost.clear()
    async with firmware(tmp_path), home.connected():
        await until(lambda: home.reachable(name("Pump")))
        assert set(home.home.devices) == before
        assert (await home.do(name("Pump"), "on", True)).result == "confirmed"
