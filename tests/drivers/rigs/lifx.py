"""lifx-emulator: LIFX lamps that are not ours, of the make's own product list."""

from __future__ import annotations

import colorsys
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from lifx_emulator import EmulatedLifxDevice, EmulatedLifxServer, create_color_light, create_color_temperature_light
from lifx_emulator.devices import DeviceManager
from lifx_emulator.repositories import DeviceRepository

from dobby.home.colors import rgb_to_xy
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, rigged, udp_piped

SERIAL = "d073d5000a1b"


def server(*devices: EmulatedLifxDevice, host: str = HOST) -> EmulatedLifxServer:
    """Lamps on a free port; the emulator insists on IPv6 beside it, which not every container has."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as tried:
            tried.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here for lifx-emulator")
    return EmulatedLifxServer(list(devices), DeviceManager(DeviceRepository()), bind_address=host, port=0)


def held(device: EmulatedLifxDevice, trait: str) -> Value:
    """What is true inside a lamp, in core units."""
    state, color = device.state, device.state.color
    hue, saturation = color.hue / 65535, color.saturation / 65535
    values: dict[str, Value] = {
        "on": state.power_level > 0, "brightness": color.brightness / 655.35, "color_temperature": color.kelvin,
        "color": rgb_to_xy(*colorsys.hsv_to_rgb(hue, saturation, 1.0))}
    return values[trait]


@asynccontextmanager
async def _rig(device: EmulatedLifxDevice, settings: list[tuple[str, Value]]) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        return held(device, trait)

    async def hand(trait: str, value: Value) -> None:
        assert trait == "on"
        device.state.power_level = 65535 if value else 0

    async with server(device) as lamp:
        assert lamp.ipv4_endpoint is not None
        at = lamp.ipv4_endpoint
        sighting = Sighting("probe", HOST, at[1], "lifx", "LIFX 000a1b", {"serial": SERIAL})
        async with udp_piped(at) as pipe:
            yield rigged(sighting, pipe, "", settings, ("brightness", 250), truth, hand=hand,
                         again=lambda: udp_piped(at))


def color() -> Any:
    """A lamp of all colors."""
    return _rig(create_color_light(SERIAL, group_label="Landing"), [
        ("on", False), ("brightness", 37), ("color", {"x": 0.6, "y": 0.32}), ("color_temperature", 2700), ("on", True)])


def white() -> Any:
    """A lamp of all whites."""
    return _rig(create_color_temperature_light(SERIAL), [
        ("on", False), ("color_temperature", 4000), ("brightness", 100), ("brightness", 1)])
