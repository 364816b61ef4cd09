"""Philips Hue: the bridge's lamps and plugs over CLIP v2, the event stream, and the link button.

Source: developers.meethue.com (CLIP API v2 reference). The bridge answers for its lamps from memory, so a lamp whose
`zigbee_connectivity` is not "connected" proves nothing and is only shown as unreachable. Each resource is read by
itself: what one lamp garbles spoils no other. Not covered: scenes, zones, sensors, buttons, entertainment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.home.colors import color
from dobby.home.device import (
    About,
    Command,
    Device,
    DeviceKind,
    Driver,
    Found,
    Link,
    LooksFor,
    Reading,
    Secret,
    Settings,
    Sighting,
)
from dobby.home.stream import Stream
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import BRIGHTNESS, COLOR, COLOR_TEMPERATURE, ON
from dobby.tasks import ended
from dobby.wire.hass import mac_mark

if TYPE_CHECKING:
    from dobby.wire.hue import HueLine

SERVICE = "_hue._tcp.local."
SEND_LIMIT = 3.0  # seconds for one order; few run at a time, and a stuck one must leave the others theirs
LISTEN_AGAIN = 1.0  # seconds until a lost event stream is opened anew
MIREK = (153, 500)  # where a lamp does not tell its own range
PARTS = {"on": "on", "dimming": "brightness", "color_temperature": "color_temperature", "color": "color"}
SHAPE = {"device", "room"}  # resources whose change may give a lamp another name, room or trait
Json = dict[str, Any]


def claim(sighting: Sighting) -> Found | None:
    """A bridge announces `_hue._tcp` with its bridge id in the TXT record."""
    bridge = sighting.facts.get("bridgeid", "").lower()
    if sighting.kind != SERVICE or len(bridge) != 16 or not set(bridge) <= set("0123456789abcdef"):
        return None
    return Found(f"hue:{bridge}", "hue", sighting.name, sighting.host, sighting.port, needs="button",
                 model=sighting.facts.get("modelid", ""), why="it announces a Hue bridge by mDNS")


async def pair(found: Found, pin: str) -> Secret:
    """An application key and the fingerprint of the bridge that gave it."""
    await asyncio.to_thread(import_module, "dobby.wire.hue")
    from dobby.wire.hue import certificate, make_key

    bridge, timeout = found.key.partition(":")[2], Settings().timeout
    fingerprint = await certificate(found.host, found.port, bridge, timeout)
    key = await make_key(found.host, found.port, bridge, fingerprint, timeout)
    return {"app_key": key, "fingerprint": fingerprint.hex()}


@dataclass(frozen=True, slots=True)
class Lamp:
    """One light service: Dobby's device, the radio that carries it, and its white in mireds."""

    device: Device
    radio: str
    mirek: tuple[int, int] = MIREK


def lamps(key: str, resources: Sequence[Json], before: Mapping[str, Lamp]) -> dict[str, Lamp]:
    """Every lamp of a resource list by its rid; one that is garbled now stays what it was before."""
    rooms: dict[str, str] = {}
    owners: dict[str, Json] = {}
    radios: dict[str, str] = {}  # their addresses, by the device they are in
    for item in resources:
        match item:
            case {"type": "room", "metadata": {"name": str(name)}, "children": list(children)}:
                rooms |= {str(child["rid"]): name for child in children if isinstance(child, dict) and "rid" in child}
            case {"type": "device", "id": str(rid)}:
                owners[rid] = item
            case {"type": "zigbee_connectivity", "mac_address": str(address), "owner": {"rid": str(rid)}}:
                radios[rid] = address
    found: dict[str, Lamp] = {}
    for item in resources:
        match item:
            case {"type": "light", "id": str(rid), "owner": {"rid": str(owner)}}:
                garbled = rid in before and not _sound(item)
                found[rid] = before[rid] if garbled else _lamp(key, item, owners.get(owner, {}), rooms.get(owner, ""),
                                                               _marks(rid, owner, radios.get(owner, "")))
    return found


def _marks(light: str, owner: str, radio: str) -> tuple[str, ...]:
    """What other hubs know a lamp by: the bridge's ids for its light and for the product, and its Zigbee address."""
    return tuple(mark for mark in (f"hue:{light}", f"hue:{owner}", mac_mark(radio)) if mark)


def _sound(light: Json) -> bool:
    return all(isinstance(light.get(part), dict | None) for part in PARTS)


def _lamp(key: str, light: Json, owner: Json, room: str, marks: tuple[str, ...]) -> Lamp:
    rid, limits = light["id"], _limits(light)
    traits: list[Trait] = [ON]
    if isinstance(light.get("dimming"), dict):
        traits.append(BRIGHTNESS)
    if isinstance(light.get("color_temperature"), dict):
        traits.append(COLOR_TEMPERATURE.but(min=ceil(1e6 / limits[1]), max=floor(1e6 / limits[0])))
    if isinstance(light.get("color"), dict):
        traits.append(COLOR)
    archetypes = (_at(light, "metadata", "archetype"), _at(owner, "product_data", "product_archetype"))
    name = str(_at(light, "metadata", "name") or _at(owner, "metadata", "name") or "Hue light")[:80]
    radio = next((str(service.get("rid")) for service in _at(owner, "services") or ()
                  if isinstance(service, dict) and service.get("rtype") == "zigbee_connectivity"), "")
    kind: DeviceKind = "plug" if "plug" in archetypes else "light"
    return Lamp(Device(f"{key}/{rid}", name, kind, room[:80], "hue", tuple(traits), marks=marks), radio, limits)


def _limits(light: Json) -> tuple[int, int]:
    match _at(light, "color_temperature", "mirek_schema"):
        case {"mirek_minimum": int(low), "mirek_maximum": int(high)} if 0 < low < high:
            return low, high
    return MIREK


def _at(item: Any, *path: str) -> Any:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def readings(lamp: Lamp, light: Json) -> list[Reading]:
    """What a light resource (whole, or the changed parts) shows; Garbage when any part of it makes no sense."""
    shown: dict[str, Value] = {}
    for part in PARTS:
        match part, light.get(part):
            case _, None:
                continue
            case "on", {"on": bool(on)}:
                shown["on"] = on
            case "dimming", {"brightness": int() | float() as percent}:
                shown["brightness"] = percent
            case "color_temperature", {"mirek": None}:
                shown["color_temperature"] = None  # it shows a color
            case "color_temperature", {"mirek": int(mirek)} if mirek > 0:
                shown["color_temperature"] = round(1e6 / mirek)
            case "color", {"xy": {"x": int() | float() as x, "y": int() | float() as y}}:
                shown["color"] = color({"x": x, "y": y})
            case _:
                raise Garbage("Its answer made no sense.")
    return [Reading(lamp.device.id, trait, value) for trait, value in shown.items() if lamp.device.trait(trait)]


def order(lamp: Lamp, command: Command) -> Json:
    """The body of the PUT for a command. Brightness, white and color switch the lamp on, as they do in Hue's app."""
    lit = {"on": {"on": True}}
    match command:
        case Command(trait="on", value=bool() as on):
            return {"on": {"on": on}}
        case Command(trait="brightness", value=int() | float() as percent):
            return lit | {"dimming": {"brightness": percent}} if percent > 0 else {"on": {"on": False}}
        case Command(trait="color_temperature", value=int() | float() as kelvin) if kelvin > 0:
            mirek = min(max(round(1e6 / kelvin), lamp.mirek[0]), lamp.mirek[1])
            return lit | {"color_temperature": {"mirek": mirek}}
        case Command(trait="color", value={"x": x, "y": y}):
            return lit | {"color": {"xy": {"x": x, "y": y}}}
    raise Refused(f"It cannot set {command.trait}.")


class HueLink:
    """One bridge and its lamps."""

    def __init__(self, found: Found, line: HueLine, settings: Settings) -> None:
        self._key, self._line = found.key, line
        self._lamps: Mapping[str, Lamp] = {}
        self._lost: set[str] = set()  # radios that the bridge does not hear
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn the lamps; DeviceError when this is not the bridge that was paired."""
        if await self._line.identity() != self._key.partition(":")[2]:
            raise Refused("Another bridge answers at this address.")
        self._lamps = lamps(self._key, await self._line.ask("get", "resource"), {})

    async def _learn_again(self) -> None:
        """Names, rooms and lamps may have changed: tell those that did."""
        before = self._lamps
        self._lamps = lamps(self._key, await self._line.ask("get", "resource"), before)
        for rid, lamp in self._lamps.items():
            if rid not in before or before[rid].device != lamp.device:
                self._stream.push(lamp.device)
        for rid in before.keys() - self._lamps.keys():
            self._stream.push(Reading(before[rid].device.id, "reachable", False))

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """One lamp, or all of them with their radios; lamps that came, went or changed are learned on the way."""
        if device is not None:
            rid = device.rpartition("/")[2]
            return [reading for light in await self._line.ask("get", f"resource/light/{rid}")
                    for reading in self._shown(light)]
        radios, lights = await asyncio.gather(self._line.ask("get", "resource/zigbee_connectivity"),
                                              self._line.ask("get", "resource/light"))
        self._lost = {str(radio.get("id")) for radio in radios if radio.get("status") != "connected"}
        if self._reshaped(lights):
            await self._learn_again()
        alive = [Reading(lamp.device.id, "reachable", lamp.radio not in self._lost) for lamp in self._lamps.values()]
        return alive + [reading for light in lights for reading in self._shown(light)]

    def _reshaped(self, lights: Sequence[Json]) -> bool:
        """Whether a list of lights has other lamps, names or traits than are known."""
        if {light.get("id") for light in lights} != self._lamps.keys():
            return True
        return any({trait for part, trait in PARTS.items() if part in light}
                   != {trait.name for trait in self._lamps[light["id"]].device.traits} for light in lights
                   if _sound(light))

    def _shown(self, light: Json) -> list[Reading]:
        """A light's readings; none while the bridge does not hear it, or from rubbish."""
        lamp = self._lamps.get(str(light.get("id")))
        if lamp is None or lamp.radio in self._lost:
            return []
        try:
            return readings(lamp, light)
        except DeviceError:
            return []

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The lamps, then their readings: by the event stream, and fetched every few seconds as the heartbeat."""
        pushing = asyncio.create_task(self._push())
        try:
            async for item in self._stream.readings([lamp.device for lamp in self._lamps.values()]):
                yield item
        finally:
            await ended(pushing)

    async def _push(self) -> None:
        """Feed the event stream into ours; without it the polling alone keeps the state."""
        while True:
            with suppress(DeviceError):
                async for kind, resource in self._line.events():
                    await self._heard(kind, resource)
            self._stream.hurry()
            await asyncio.sleep(LISTEN_AGAIN)

    async def _heard(self, kind: str, resource: Json) -> None:
        match kind, resource:
            case "update", {"type": "zigbee_connectivity", "id": str(radio), "status": str(status)}:
                (self._lost.discard if status == "connected" else self._lost.add)(radio)
                for lamp in self._lamps.values():
                    if lamp.radio == radio:
                        self._stream.push(Reading(lamp.device.id, "reachable", status == "connected"))
            case "update", {"type": "light"} if "metadata" not in resource:
                for reading in self._shown(resource):
                    self._stream.push(reading)
            case _, {"type": str(type_)} if type_ in SHAPE or type_ == "light":
                with suppress(DeviceError, TimeoutError):
                    await self._learn_again()

    async def send(self, command: Command) -> None:
        """One PUT to one lamp, with its own outcome."""
        rid = command.device.rpartition("/")[2]
        lamp = self._lamps.get(rid)
        if lamp is None:
            raise Refused("The bridge has no such lamp any more.")
        try:
            async with asyncio.timeout(SEND_LIMIT):
                await self._line.ask("put", f"resource/light/{rid}", order(lamp, command))
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        self._stream.sent(command, lamp.device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one bridge."""
    await asyncio.to_thread(import_module, "dobby.wire.hue")
    from dobby.wire.hue import HueLine

    try:
        key, fingerprint = secret["app_key"], bytes.fromhex(secret["fingerprint"])
    except (KeyError, ValueError):
        raise Refused("What the bridge gave me at pairing is lost; pair it again.") from None
    line = HueLine(found.host, found.port, key, fingerprint, settings.timeout)
    try:
        link = HueLink(found, line, settings)
        await link.open()
        yield link
    finally:
        await line.close()


ABOUT = About(
    covers="lamps, plugs and strips of a bridge, with their rooms",
    credentials="press the round button on the bridge",
    updates="push: its event stream", library="aiohue (Apache-2.0)",
    judged=("b: the simulated bridge is accepted by aiohue",),
    lacks="motion sensors, switches and scenes of the bridge")
DRIVER = Driver("hue", "Philips Hue", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
