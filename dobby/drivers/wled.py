"""WLED: LED strips and lamps with the WLED firmware, over its own JSON API and WebSocket.

Sources: https://kno.wled.ge/interfaces/json-api/ and /interfaces/websocket/. State and info come by WebSocket at
connect and after every change; sets go over HTTP so that a refusal is seen; brightness is 0..255 (`bri`), color and
effect are those of the first segment. Nothing to pair. The public client library fixes port 80, hence our own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dobby.errors import DeviceError, Garbage, Refused, Unreachable
from dobby.home.colors import rgb_to_xy, xy_to_rgb
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.home.vocabulary import BRIGHTNESS, COLOR, EFFECT, ON
from dobby.tasks import ended

SERVICE = "_wled._tcp.local."
ANSWER_LIMIT = 512 * 1024  # bytes; /json of a strip with all effects is about 40 kB
COLOR_DEVICE = COLOR.but(tolerance=0.03)  # eight bits a channel
PING = 3.0  # seconds between pings; a WebSocket that does not pong is lost


def claim(sighting: Sighting) -> Found | None:
    """WLED announces `_wled._tcp` with its MAC in the TXT record."""
    mac = sighting.facts.get("mac", "").lower()
    if sighting.kind != SERVICE or len(mac) != 12 or not mac.isalnum():
        return None
    return Found(f"wled:{mac}", "wled", sighting.name, sighting.host, sighting.port, why="it announces WLED by mDNS")


class WledLink:
    """One WLED controller."""

    def __init__(self, found: Found, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._id, self._found, self._web = found.key, found, session
        self._base = f"http://{found.host}:{found.port}"
        self._device: Device | None = None
        self._effects: list[str] = []
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def _json(self, path: str, body: object = None) -> Any:
        """GET or POST; DeviceError for anything but a JSON answer with status 200."""
        try:
            async with self._web.request("GET" if body is None else "POST", self._base + path, json=body,
                                         allow_redirects=False) as answer:
                raw = await answer.content.read(ANSWER_LIMIT)
                if answer.status >= 400:
                    raise Refused("It refused.")
                return json.loads(raw)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unreachable("It does not answer.") from None
        except RuntimeError:  # aiohttp's word for a session that was closed meanwhile
            raise Unreachable("The line was closed.") from None
        except ValueError:
            raise Garbage("Its answer made no sense.") from None

    async def open(self) -> None:
        """Learn name and effects; DeviceError when it is not a WLED that answers."""
        found = await self._json("/json")
        try:
            self._effects = [str(name) for name in found["effects"]]
            info = found["info"]
            if str(info["mac"]).lower() != self._id.partition(":")[2]:
                raise Refused("Another device answers at this address.")
            name = str(info["name"])[:80]
        except (KeyError, TypeError):
            raise Garbage("Its answer made no sense.") from None
        effects = tuple(name for name in self._effects if name not in ("RSVD", "-"))
        self._device = Device(self._id, name, "light", "", "wled", (ON, BRIGHTNESS, COLOR_DEVICE,
                                                                    EFFECT.but(choices=effects)),
                              marks=(f"mac:{self._id.partition(':')[2]}",))

    def readings(self, state: Any) -> list[Reading]:
        """A `state` object as readings; Garbage when it is not one."""
        try:
            segment = state["seg"][0]
            red, green, blue = (int(c) for c in segment["col"][0][:3])
            values: dict[str, Value] = {"on": bool(state["on"]) if isinstance(state["on"], bool) else _garbage(),
                      "brightness": round(int(state["bri"]) / 2.55, 1),
                      "color": rgb_to_xy(red / 255, green / 255, blue / 255),
                      "effect": self._effects[int(segment["fx"])]}
        except (KeyError, TypeError, ValueError, IndexError):
            raise Garbage("Its answer made no sense.") from None
        return [Reading(self._id, trait, value) for trait, value in values.items()]

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        return self.readings(await self._json("/json/state"))

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The strip, then its readings: pushed over the WebSocket, fetched every few seconds as the heartbeat."""
        if self._device is None:
            raise Garbage("It was never opened.")
        pushing = asyncio.create_task(self._push())
        try:
            async for item in self._stream.readings([self._device]):
                yield item
        finally:
            await ended(pushing)

    async def _push(self) -> None:
        """Feed the WebSocket into the stream; without one the polling alone keeps the state."""
        try:
            async with self._web.ws_connect(f"{self._base}/ws", heartbeat=PING, max_msg_size=ANSWER_LIMIT) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        self._heard(message.data)
            self._stream.broken(Unreachable("It hung up."))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return

    def _heard(self, text: str) -> None:
        try:
            for reading in self.readings(json.loads(text)["state"]):
                self._stream.push(reading)
        except (DeviceError, ValueError, KeyError, TypeError):
            return  # rubbish proves nothing; the heartbeat tells whether the strip is well

    async def send(self, command: Command) -> None:
        """Set one trait. Color, brightness and effect switch the strip on, as they do in its own app."""
        state: dict[str, Any]
        match command:
            case Command(trait="on", value=bool() as on):
                state = {"on": on}
            case Command(trait="brightness", value=int() | float() as percent):
                state = {"on": percent > 0} | ({"bri": max(1, round(percent * 2.55))} if percent > 0 else {})
            case Command(trait="color", value={"x": float(x), "y": float(y)}):
                state = {"on": True, "seg": [{"col": [list(xy_to_rgb(x, y))], "fx": 0}]}
            case Command(trait="effect", value=str() as name) if name in self._effects:
                state = {"on": True, "seg": [{"fx": self._effects.index(name)}]}
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        await self._json("/json/state", state)
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)


def _garbage() -> bool:
    raise ValueError


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one controller."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        link = WledLink(found, session, settings)
        await link.open()
        yield link


ABOUT = About(
    covers="LED strips: colour, brightness, effects",
    credentials="none", updates="push: its WebSocket", library="own",
    judged=("b: the simulated strips are accepted by the client library wled",),
    lacks="segments of one strip, presets, playlists")
DRIVER = Driver("wled", "WLED", LooksFor(mdns=(SERVICE,)), claim, connect, about=ABOUT)
