"""A lamp and a thermostat of the recorded Home Assistant (tests/drivers/hass_double.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dobby.drivers.home_assistant import SERVICE
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.hass_double import TOKEN, HassDouble, hass_double
from tests.drivers.rig import HOST, Rig, piped, rigged

FACTS = {"uuid": "0123456789abcdef0123456789abcdef", "location_name": "Peer", "version": "2024.3.3",
         "base_url": "http://elsewhere.invalid:8123"}
Words = dict[str, str]  # trait -> attribute, "" = the state itself


def held(double: HassDouble, entity: str, trait: str, words: Words) -> Value:
    """What an entity is there, in our words."""
    row = double.states[entity]
    if trait == "on":
        return bool(row["s"] == "on")
    value = row["a"].get(words[trait]) if words[trait] else row["s"]
    if trait == "color":
        return dict(zip("xy", value, strict=True))
    return value / 2.55 if trait == "brightness" else value  # type: ignore[no-any-return]  # as JSON had it


@asynccontextmanager
async def _rig(entity: str, settings: list[tuple[str, Value]], wrong: tuple[str, Value],
               words: Words) -> AsyncIterator[Rig]:
    async with hass_double() as double, piped((HOST, double.port)) as pipe:
        (row,) = [one for one in double.answers["config/entity_registry/list"] if one["entity_id"] == entity]

        async def truth(trait: str) -> Value:
            return held(double, entity, trait, words)

        async def hand(trait: str, value: Value) -> None:
            if trait == "on":
                await double.set(entity, "on" if value else "off")
            else:
                await double.set(entity, None, **{words[trait]: value})

        yield rigged(Sighting("mdns", HOST, 8123, SERVICE, "Peer", FACTS), pipe, f"/{row['device_id']}", settings,
                     wrong, truth, secret={"token": TOKEN}, hand=hand,
                     trouble=lambda way: double.faults.update({entity: way}), again=lambda: piped((HOST, double.port)),
                     nameless=True)


def lamp() -> Any:
    """A lamp with color, white and effects."""
    return _rig("light.bed_light", [("on", True), ("brightness", 37), ("color_temperature", 4000),
                                    ("color", {"x": 0.4, "y": 0.4}), ("effect", "rainbow"), ("on", False)],
                ("brightness", 101), {"on": "", "brightness": "brightness", "color_temperature": "color_temp_kelvin",
                                      "color": "xy_color", "effect": "effect"})


def thermostat() -> Any:
    """A heat pump."""
    return _rig("climate.heatpump", [("target", 22.5), ("mode", "off")], ("target", 60),
                {"target": "temperature", "mode": ""})
