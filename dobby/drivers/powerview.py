"""Hunter Douglas PowerView hubs and gateways, second and third generation: shades, their batteries, scenes. Plain HTTP.

Found by mDNS, `_powerview._tcp` (second) and `_PowerView-G3._tcp` (third), which tell no serial number: the key is the
instance name, which stays when the address changes, and pairing remembers the serial that the hub itself tells. A hub
answers from memory, and its memory is what it was told: after an order the shade itself is asked by radio (`refresh`).
The third generation pushes what moves. Not covered: the upper rail and the second cloth of shades that have two, first
generation hubs, secondary gateways, schedules.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.tasks import ended
from dobby.wire.powerview import Generation, Shade, battery, goal, identity, listed, name_of, scene, shade, shown
from dobby.wire.web import ask, ask_json

SECOND, THIRD = "_powerview._tcp.local.", "_PowerView-G3._tcp.local."
PATHS: Mapping[str, str] = {SECOND.casefold(): "/api/userdata", THIRD.casefold(): "/gateway"}
RADIO = 0.6  # seconds between two questions to one shade by radio: each costs its battery
TRAVEL = 90.0  # seconds after an order in which a shade may be on its way
START = 3.0  # seconds in which a motor may not have begun yet
LISTEN_AGAIN = 1.0  # seconds until a lost event stream is opened anew
EVENT_LIMIT = 64 * 1024


def claim(sighting: Sighting) -> Found | None:
    """A hub of either generation, by its instance name."""
    path = PATHS.get(sighting.kind.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", sighting.name.casefold()).strip("-")
    if path is None or not slug:
        return None
    return Found(f"powerview:{slug}", "powerview", sighting.name, sighting.host, sighting.port, path=path,
                 model=f"generation {3 if path == '/gateway' else 2}", why="it announces a PowerView hub by mDNS")


def _generation(found: Found) -> Generation:
    return 3 if found.path == PATHS[THIRD.casefold()] else 2


async def _known(web: aiohttp.ClientSession, found: Found) -> tuple[str, str]:
    """(serial number, name) that it tells."""
    answer = await ask_json(web, "GET", f"http://{found.host}:{found.port}{found.path}")
    return identity(answer, _generation(found))


async def pair(found: Found, _pin: str) -> Secret:
    """Nothing is asked; its serial number is kept, so that another hub is not taken for it."""
    async with _session(Settings()) as web:
        serial, _ = await _known(web, found)
        return {"serial": serial}


class PowerviewLink:
    """One hub and its shades."""

    def __init__(self, found: Found, web: aiohttp.ClientSession, settings: Settings) -> None:
        self._key, self._web, self._generation = found.key, web, _generation(found)
        self._patience = settings.timeout
        self._base = f"http://{found.host}:{found.port}/{'home' if self._generation == 3 else 'api'}"
        self._shades: dict[str, Shade] = {}
        self._scenes: dict[str, tuple[Device, int]] = {}
        self._told: dict[str, object] = {}  # positions as the hub told them last
        self._asked: dict[str, float] = {}  # when a shade was last asked by radio
        self._going: dict[str, tuple[float, object]] = {}  # until when, and where it was seen last
        self.stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self) -> None:
        """Learn its rooms, shades and scenes."""
        generation = self._generation
        rooms_of, scenes, rows = await asyncio.gather(self._get("rooms"), self._get("scenes"), self._shade_rows())
        rooms = {row["id"]: name_of(row) for row in listed(rooms_of, "roomData", generation)}
        shades = [shade(self._key, row, rooms, generation) for row in rows]
        self._shades = {one.device.id: one for one in shades}
        for row in listed(scenes, "sceneData", generation):
            device = scene(self._key, row, rooms, generation)
            self._scenes[device.id] = (device, row["id"])

    async def _get(self, path: str, **params: str) -> Any:
        return await ask_json(self._web, "GET", f"{self._base}/{path}", params=params)

    async def _put(self, path: str, body: object = None, **params: str | int) -> None:
        await ask(self._web, "PUT", f"{self._base}/{path}", json=body, params=params)

    async def _shade_rows(self) -> list[Mapping[str, Any]]:
        return listed(await self._get("shades"), "shadeData", self._generation)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        if device is not None:
            return await self._look(device) if device in self._shades else []
        rows = {row["id"]: row for row in await self._shade_rows()}
        self._going = {id_: going for id_, going in self._going.items() if going[0] > time.monotonic()}
        readings = [Reading(id_, "reachable", True) for id_ in self._scenes]
        for looked in await asyncio.gather(*(self._glance(id_) for id_ in list(self._going))):
            readings += looked
        for id_, one in self._shades.items():
            row = rows.get(one.number)
            if row is None:
                readings.append(Reading(id_, "reachable", False))
            elif id_ not in self._going:  # the hub's memory of one on its way is where it goes
                readings += [*self._read(one, row), Reading(id_, "moving", False)]
        return readings

    async def _glance(self, id_: str) -> list[Reading]:
        """A look that may fail: one shade that is slow to answer by radio leaves the others theirs."""
        with contextlib.suppress(DeviceError, TimeoutError):
            async with asyncio.timeout(self._patience / 2):
                return await self._look(id_)
        return []

    def _read(self, one: Shade, row: Mapping[str, Any]) -> list[Reading]:
        """What a row tells; a shade that is told in rubbish is out of reach, the others are not."""
        id_ = one.device.id
        try:
            values: dict[str, Value] = {"reachable": True} | shown(one, row.get("positions"))
        except Garbage:
            return [Reading(id_, "reachable", False)]
        self._told[id_] = row.get("positions")
        level = battery(row)
        if level is not None:
            values["battery"] = level
        return [Reading(id_, name, value) for name, value in values.items()]

    async def _look(self, id_: str) -> list[Reading]:
        """Ask one shade by radio, not too often; whether it moves shows from two looks."""
        if time.monotonic() - self._asked.get(id_, 0.0) < RADIO:
            return []
        self._asked[id_] = time.monotonic()
        one = self._shades[id_]
        answer = await self._get(f"shades/{one.number}", refresh="true")
        row = answer.get("shade") if self._generation == 2 and isinstance(answer, Mapping) else answer
        if not isinstance(row, Mapping):
            raise Garbage("Its answer made no sense.")
        if row.get("timedOut"):
            return [Reading(id_, "reachable", False)]
        readings = self._read(one, row)
        if id_ in self._going:
            until, before = self._going[id_]
            now = self._told.get(id_)
            self._going[id_] = (until, now)
            if self._generation == 2 and before not in (None, now):
                readings.append(Reading(id_, "moving", True))
            elif before == now and until - TRAVEL + START < time.monotonic():
                del self._going[id_]
                readings.append(Reading(id_, "moving", False))
        return readings

    async def listen(self) -> None:
        """The third generation tells what moves; without that, looking alone keeps the state."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
                limits = aiohttp.ClientTimeout(total=None, sock_connect=self._web.timeout.total)
                async with self._web.get(f"{self._base}/shades/events", timeout=limits,
                                         allow_redirects=False) as answer:
                    async for line in answer.content:
                        self._heard(line)
            await asyncio.sleep(LISTEN_AGAIN)

    def _heard(self, line: bytes) -> None:
        try:
            event = json.loads(line.removeprefix(b"data:"))
        except ValueError:
            return
        number = event.get("id") if isinstance(event, Mapping) else None
        one = next((one for one in self._shades.values() if one.number == number), None)
        if one is None:
            return
        id_, what = one.device.id, event.get("evt")
        if what in ("motion-started", "motion-stopped"):
            started = what == "motion-started"
            if started:
                self._going[id_] = (time.monotonic() + TRAVEL, None)
            else:
                self._going.pop(id_, None)
            self.stream.push(Reading(id_, "moving", started))
            with contextlib.suppress(Garbage):
                for name, value in shown(one, event.get("currentPositions")).items():
                    self.stream.push(Reading(id_, name, value))
        elif what in ("shade-online", "shade-offline"):
            self.stream.push(Reading(id_, "reachable", what == "shade-online"))

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """Shades and scenes, then what the shades show."""
        listening = asyncio.create_task(self.listen()) if self._generation == 3 else None
        devices = [one.device for one in self._shades.values()] + [device for device, _ in self._scenes.values()]
        try:
            async for item in self.stream.readings(devices):
                yield item
        finally:
            if listening is not None:
                await ended(listening)

    async def send(self, command: Command) -> None:
        """One order to a shade, or a scene."""
        if command.device in self._scenes:
            await self._activate(self._scenes[command.device][1])
            return
        one = self._shades.get(command.device)
        if one is None:
            raise Refused("It is not there any more.")
        if command.trait == "stop":
            if self._generation == 3:
                await self._put("shades/stop", ids=one.number)
            else:
                await self._put(f"shades/{one.number}", {"shade": {"motion": "stop"}})
                self._going[command.device] = (time.monotonic() + TRAVEL - START, None)  # two looks alike will do
        else:
            positions = goal(one, command, self._told.get(command.device))
            if self._generation == 3:
                await self._put("shades/positions", {"positions": positions}, ids=one.number)
            else:
                await self._put(f"shades/{one.number}", {"shade": {"id": one.number, "positions": positions}})
            self._going[command.device] = (time.monotonic() + TRAVEL, None)
        self._asked.pop(command.device, None)
        self.stream.sent(command, one.device.trait(command.trait))

    async def _activate(self, number: int) -> None:
        if self._generation == 3:
            await self._put(f"scenes/{number}/activate")
        else:
            await self._get("scenes", sceneId=str(number))


def _session(settings: Settings) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=settings.timeout), read_bufsize=EVENT_LIMIT)


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one hub."""
    async with _session(settings) as web:
        serial, _ = await _known(web, found)
        if secret.get("serial", serial) != serial:
            raise Refused("Another hub answers at this address.")
        link = PowerviewLink(found, web, settings)
        await link.open()
        yield link


ABOUT = About(
    covers="hubs of the second and gateways of the third generation: shades with position, tilt and battery, rooms, "
           "scenes",
    credentials="none", updates="push: the third generation's events; the second is polled", library="own",
    judged=("b: servers of ours for both generations are accepted by aiopvapi", "c: answers of real hubs"),
    lacks="the upper rail and second cloth of shades with two, hubs of the first generation, secondary gateways")
DRIVER = Driver("powerview", "Hunter Douglas PowerView", LooksFor(mdns=(SECOND, THIRD)), claim, connect, pair, ABOUT)
