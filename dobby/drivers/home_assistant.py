"""Home Assistant as a hub: whatever it drives, with its rooms and names, over its websocket API.

Source: developers.home-assistant.io/docs/api/websocket. Its states are pushed; the answer to a service call proves
nothing, a state that comes after it does. It has no identity that it tells without a token, and a token is known only
where it was made: who takes ours is the one that was paired. TXT records name a base_url, which may lead out of the
house; only the address that was heard is talked to. Not covered: TLS, helpers, groups, cameras, catalogues of music.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.device import (
    About,
    Command,
    Device,
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
from dobby.tasks import ended

if TYPE_CHECKING:
    from dobby.wire.home_assistant.line import HassLine

SERVICE = "_home-assistant._tcp.local."
GATHER = 0.3  # seconds in which changes of names, rooms and entities are taken together
SEND_LIMIT = 2.5  # seconds; Home Assistant answers a service call once the device has it, which may take longer
REGISTRIES = ("area", "device", "entity")
HOW_TO_ENTER = ("Home Assistant wants a long-lived access token: in its app, your name at the bottom left > Security > "
                "Create token.")


def claim(sighting: Sighting) -> Found | None:
    """Home Assistant announces `_home-assistant._tcp` with its instance id in the TXT record."""
    uuid = sighting.facts.get("uuid", "").lower()
    if sighting.kind != SERVICE or len(uuid) != 32 or not set(uuid) <= set("0123456789abcdef"):
        return None
    name = sighting.facts.get("location_name") or sighting.name
    return Found(f"home_assistant:{uuid}", "home_assistant", name, sighting.host, sighting.port, "login",
                 model=f"Home Assistant {sighting.facts.get('version', '')}".strip(),
                 why="it announces Home Assistant by mDNS")


async def pair(found: Found, code: str) -> Secret:
    """Try the token; PairingError when it is refused."""
    await asyncio.to_thread(import_module, "dobby.wire.home_assistant.line")
    from dobby.wire.home_assistant.line import open_line

    try:
        async with open_line(found.host, found.port, code.strip(), Settings().timeout, lambda error: None):
            return {"token": code.strip()}
    except Refused:
        raise PairingError(HOW_TO_ENTER, "login") from None


class HassLink:
    """One Home Assistant and every device in it."""

    def __init__(self, found: Found, secret: Secret, settings: Settings) -> None:
        from dobby.wire.home_assistant.house import House

        self._code = secret.get("alarm_code", "")
        self._line: HassLine | None = None
        self._house = House(found.key)
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)
        self._ready = asyncio.Event()
        self._new = asyncio.Event()
        self._refiled = True  # the registries must be read anew

    async def open(self, line: HassLine) -> None:
        """Learn names, rooms and states."""
        self._line = line
        config = await line.ask("get_config")
        try:
            self._house.fahrenheit = config["unit_system"]["temperature"] == "°F"
        except (TypeError, KeyError):
            raise Garbage("Its answer made no sense.") from None
        for registry in REGISTRIES:
            await line.subscribe("subscribe_events", self._changed, event_type=f"{registry}_registry_updated")
        await line.subscribe("subscribe_entities", self._heard)
        await self._ready.wait()
        await self._arrange()

    def lost(self, error: DeviceError) -> None:
        """The line broke."""
        self._ready.set()
        self._stream.broken(error)

    # --- what it says -------------------------------------------------------------------------------------------------

    def _changed(self, event: Any) -> None:
        """Something was renamed, moved, added or removed."""
        self._refiled = True
        self._new.set()

    def _heard(self, event: Any) -> None:
        """States, at first of everything."""
        told, reshaped = self._house.take(event)
        if reshaped:
            self._new.set()
        for reading in self._house.readings(told):
            self._stream.push(reading)
        self._ready.set()

    async def _arrange(self) -> None:
        """Read the registries where they changed, and tell which devices are new, different or gone."""
        from dobby.wire.home_assistant.registry import filed

        self._new.clear()
        if self._refiled and self._line is not None:
            self._refiled = False
            rows = [await self._line.ask(f"config/{registry}_registry/list") for registry in REGISTRIES]
            self._house.filed = await asyncio.to_thread(filed, *rows)
        fresh, gone = self._house.arrange()
        for device in fresh:
            self._stream.push(device)
        for reading in self._house.readings(dict.fromkeys(part for device in fresh
                                                          for part in self._house.members(device.id))):
            self._stream.push(reading)
        for id_ in gone:
            self._stream.push(Reading(id_, "reachable", False))

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """What is shown once a pong is here: Home Assistant sends in order, so it is no older than the ping."""
        if self._line is None:
            raise Unreachable("The line was closed.")
        await self._line.ask("ping")
        return [] if device is None else self._house.readings(self._house.members(device))

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then their readings."""
        keeping = asyncio.create_task(self._keep_arranging())
        try:
            async for item in self._stream.readings():
                yield item
        finally:
            await ended(keeping)

    async def _keep_arranging(self) -> None:
        try:
            while True:
                await self._new.wait()
                await asyncio.sleep(GATHER)
                await self._arrange()
        except DeviceError as error:
            self.lost(error)
        except TimeoutError:
            self.lost(Unreachable("It did not answer in time."))

    # --- orders -------------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """Call the service. Its answer may come when the device has obeyed; what it shows then is the proof."""
        from dobby.wire.home_assistant.table import AWAY, call

        house, device = self._house, self._house.devices.get(command.device)
        shown = house.shown.get(house.parts.get((command.device, command.trait), ""))
        order = call(shown, command.trait, command.value, self._code) if shown else None
        if shown is None or order is None or device is None or self._line is None:
            raise Refused(f"It cannot set {command.trait}.")
        if shown.state == AWAY:
            raise Unreachable("It does not answer Home Assistant.")
        with suppress(TimeoutError):
            await self._line.ask("call_service", SEND_LIMIT, domain=shown.domain, service=order.service,
                                 service_data=dict(order.data), target={"entity_id": shown.id})
        self._stream.sent(command, device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one Home Assistant."""
    for module in ("line", "table"):
        await asyncio.to_thread(import_module, f"dobby.wire.home_assistant.{module}")
    from dobby.wire.home_assistant.line import STRANGER, open_line

    if not secret.get("token"):
        raise Refused(STRANGER)
    link = HassLink(found, secret, settings)
    async with open_line(found.host, found.port, secret["token"], settings.timeout, link.lost) as line:
        try:
            async with asyncio.timeout(settings.timeout * 3):
                await link.open(line)
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        yield link


ABOUT = About(
    covers="whatever a Home Assistant drives, with its rooms and names: lights, plugs, heating, shades, doors, locks, "
           "alarm panels, fans, valves, water heaters, media players, vacuum cleaners, sensors, scenes and scripts",
    credentials="a long-lived access token, made in its app", updates="push: its websocket", library="own",
    judged=("a: Home Assistant 2024.3.3 with its demo integration", "c: what that one sent, served by a double"),
    lacks="TLS, helpers, cameras, people, groups of speakers, codes of locks, lawn mowers")
DRIVER = Driver("home_assistant", "Home Assistant", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
