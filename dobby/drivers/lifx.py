"""LIFX lamps over their LAN protocol: on, brightness, color, white; no bridge, no account, nothing to pair.

A lamp does not announce itself: it answers a search that is sent to the whole network. Its room is its LIFX group. Not
covered: switches, zones of strips and tiles, effects, infrared.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from dobby.errors import Garbage, Refused
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import (
    About,
    Command,
    Device,
    Driver,
    Found,
    Link,
    LooksFor,
    Probe,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import BRIGHTNESS, COLOR, COLOR_TEMPERATURE, ON
from dobby.wire import lifx
from dobby.wire.lifx import FULL, LifxLine, Light

KIND = "lifx"
LIGHT = BRIGHTNESS.but(min=1)


def answered(data: bytes) -> tuple[str, dict[str, str]]:
    """The name and facts in an answer to the search; nothing for anything else."""
    serial = lifx.found(data)
    return (f"LIFX {serial[-6:]}", {"serial": serial}) if serial else ("", {})


def claim(sighting: Sighting) -> Found | None:
    """A lamp answers the search with its serial number, which is its MAC."""
    serial = sighting.facts.get("serial", "")
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{12}", serial):
        return None
    return Found(f"lifx:{serial}", "lifx", sighting.name, sighting.host, sighting.port,
                 why="it answers as a LIFX lamp")


def shown(lamp: Light, colored: bool) -> dict[str, Value]:
    """A lamp's state by trait; its white is None while it shows a color."""
    white = lamp.kelvin if not colored or not lamp.saturation else None
    color = rgb_to_xy(*colorsys.hsv_to_rgb(lamp.hue / FULL, lamp.saturation / FULL, 1.0))
    return {"on": lamp.power > 0, "brightness": round(lamp.brightness / FULL * 100, 1), "color": color,
            "color_temperature": white}


class LifxLink:
    """One lamp."""

    def __init__(self, found: Found, line: LifxLine, settings: Settings) -> None:
        self._id, self._line = found.key, line
        self._colored, self._room = False, ""
        self._traits: tuple[Trait, ...] = ()
        self._device: Device | None = None
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn what it is; DeviceError when it is another."""
        await self._line.identify()
        number = lifx.product(await self._line.ask(lifx.GET_VERSION, lifx.STATE_VERSION))
        if number in lifx.SWITCHES:
            raise Refused("It is a LIFX switch, which is not covered yet.")
        self._colored, (low, high) = lifx.able(number)
        self._traits = (ON, LIGHT, *((COLOR.but(tolerance=0.03),) if self._colored else ()),
                        *((COLOR_TEMPERATURE.but(min=low, max=high),) if low < high else ()))
        self._room = lifx.group(await self._line.ask(lifx.GET_GROUP, lifx.STATE_GROUP))[:80]
        await self._look()

    async def _look(self) -> Light:
        """The lamp as it is now; a new label makes it a device with another name."""
        lamp = lifx.light(await self._line.ask(lifx.GET, lifx.STATE))
        serial = self._id.partition(":")[2]
        device = Device(self._id, lamp.label[:80] or f"LIFX {serial[-6:]}", "light", self._room, "lifx", self._traits,
                        marks=(f"mac:{serial}",))
        if self._device not in (None, device):
            self._stream.push(device)
        self._device = device
        return lamp

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        values = shown(await self._look(), self._colored)
        return [Reading(self._id, trait.name, values[trait.name]) for trait in self._traits]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The lamp, then its readings: it never tells by itself, so it is asked every few seconds."""
        if self._device is None:
            raise Garbage("It was never opened.")
        async for item in self._stream.readings([self._device]):
            yield item

    async def send(self, command: Command) -> None:
        """One order; brightness and color switch the lamp on. What is not ordered stays as the lamp has it now."""
        trait = next((trait for trait in self._traits if trait.name == command.trait), None)
        if trait is None:
            raise Refused(f"It cannot set {command.trait}.")
        if command.trait == "on":
            await self._line.order(lifx.SET_POWER, lifx.power(bool(command.value)))
        else:
            lamp = await self._look()
            await self._line.order(lifx.SET_COLOR, _after(lamp, command).colored())
            if not lamp.power:
                await self._line.order(lifx.SET_POWER, lifx.power(True))
        self._stream.sent(command, trait)


def _after(lamp: Light, command: Command) -> Light:
    """The lamp as a command wants it."""
    match command:
        case Command(trait="brightness", value=int() | float() as percent):
            return replace(lamp, brightness=round(percent / 100 * FULL))
        case Command(trait="color_temperature", value=int() | float() as kelvin):
            return replace(lamp, saturation=0, kelvin=round(kelvin))
        case Command(trait="color", value={"x": float(x), "y": float(y)}):
            hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in xy_to_rgb(x, y)))
            return replace(lamp, hue=round(hue * FULL), saturation=round(saturation * FULL))
    raise Refused(f"It cannot set {command.trait}.")


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one lamp."""
    async with lifx.open_line(found.host, found.port, found.key.partition(":")[2], settings.timeout) as line:
        link = LifxLink(found, line, settings)
        await link.open()
        yield link


ABOUT = About(
    covers="lamps of every kind: brightness, colour, white", credentials="none", updates="polled", library="own",
    judged=("a: lifx-emulator",), lacks="switches, zones of strips and tiles, effects, infrared")
DRIVER = Driver("lifx", "LIFX", LooksFor(probes=(Probe(KIND, lifx.PORT, lifx.search(), answered),)), claim, connect,
                about=ABOUT)
