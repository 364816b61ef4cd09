"""Pentair pools behind a ScreenLogic protocol adapter, over screenlogicpy. An extra: `pip install dobby[screenlogic]`.

screenlogicpy is under the GPL, so Dobby does not bring it along and never imports it before such a pool is paired.
Found by a question to UDP 1444; the adapter asks nobody for a password at home. Only the library's requests are used,
each once: its own gateway class repeats an order that was refused. The adapter pushes its status, and is asked too.
Water that does not circulate is not measured: its temperature is the last one. Not covered: chlorinators, IntelliChem,
cooling, schedules, speeds of pumps; what show the lamps play, which they cannot tell.
"""

from __future__ import annotations

import asyncio
import random
import re
import struct
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from dobby.errors import Garbage, PairingError, Refused, Unreachable
from dobby.home.device import (
    About,
    Command,
    Device,
    DeviceKind,
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
from dobby.home.traits import Risk, Trait, Value
from dobby.home.vocabulary import ACTIVITY, CURRENT, EFFECT, MODE, ON, ORP, PH, POWER, SALT, TARGET, TEMPERATURE
from dobby.tasks import ended
from dobby.wire.hass import cleaned

KIND, PORT = "screenlogic", 1444
SEARCH, FOUND = bytes((1, 0, 0, 0, 0, 0, 0, 0)), 2
HEAD = struct.Struct("<I4BHBB")  # 2, address, port, type, subtype; then the name, "Pentair: " and half of the MAC
STATUS_CHANGED, COLOURED = 12500, (9, 10, 11, 12, 16, 17)
NEEDS_EXTRA = "It needs an extra that is not installed: pip install dobby[screenlogic]"
BODIES: Mapping[int, tuple[DeviceKind, tuple[int, ...]]] = {0: ("pool", (2, 4)), 1: ("spa", (1, 3))}  # their circuits
LIGHTS = (7, 8, *COLOURED, 18)
KNOWN = (5, 6, 14, 15)  # cleaners and spillways; what other circuits switch, nobody said
HIDDEN = 5  # a circuit that its owner shows nowhere
MODES = {"off": 0, "solar": 1, "solar preferred": 2, "heat": 3}
SHOWS = {"party": 5, "romance": 6, "caribbean": 7, "american": 8, "sunset": 9, "royal": 10, "blue": 13, "green": 14,
         "red": 15, "white": 16, "magenta": 17}
SHOW = EFFECT.but(choices=tuple(SHOWS), confirmed_by="-")
UNNAMED = ON.but(base_risk=Risk.ASK)
NONSENSE = (struct.error, ValueError, LookupError, TypeError, AttributeError)  # it trusts what it reads
WATER = {"ph": PH, "orp": ORP, "salt_ppm": SALT}


def answered(data: bytes) -> tuple[str, dict[str, str]]:
    """The name and facts in an answer to the search; nothing for anything else."""
    if len(data) < HEAD.size or HEAD.unpack_from(data)[0] != FOUND:
        return "", {}
    name = data[HEAD.size:].split(b"\0")[0].decode("ascii", "replace")
    half = re.fullmatch(r"Pentair: ([0-9A-F]{2})-([0-9A-F]{2})-([0-9A-F]{2})", name, re.IGNORECASE)
    port = HEAD.unpack_from(data)[5]
    return ("Pentair pool", {"id": "".join(half.groups()).lower(), "port": str(port)}) if half else ("", {})


def claim(sighting: Sighting) -> Found | None:
    """An adapter answers with the second half of its MAC."""
    id_, port = sighting.facts.get("id", ""), sighting.facts.get("port", "")
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{6}", id_) or not port.isdigit():
        return None
    told = int(port) if sighting.port == PORT else sighting.port
    return Found(f"screenlogic:{id_}", "screenlogic", sighting.name or "Pentair pool", sighting.host, told,
                 why="it answers as a ScreenLogic adapter by UDP")


async def _library() -> Any:
    """The requests of screenlogicpy, loaded in a thread; PairingError where the extra is not installed."""
    try:
        return await asyncio.to_thread(import_module, "screenlogicpy.requests")
    except ImportError:
        raise PairingError(NEEDS_EXTRA, "needs_screenlogic") from None


async def pair(_found: Found, _pin: str) -> Secret:
    """Nothing is asked; that the extra is there is looked at."""
    await _library()
    return {}


async def _asked(library: Any, what: Coroutine[Any, Any, Any], timeout: float) -> Any:
    """The library's answer, or its error in our words. It swallows a cancel, so it runs apart and is left in time."""
    task = asyncio.create_task(what)
    try:
        await asyncio.wait({task}, timeout=timeout)
        if not task.done():
            raise Unreachable("It did not answer in time.")
        return task.result()
    except (library.request.ScreenLogicRequestError, library.request.ScreenLogicLoginError):
        raise Refused("It refused.") from None
    except (library.request.ScreenLogicConnectionError, OSError):
        raise Unreachable("It does not answer.") from None
    except (library.request.ScreenLogicResponseError, library.protocol.ScreenLogicError, *NONSENSE):
        raise Garbage("Its answer made no sense.") from None
    finally:
        await ended(task)


class PoolLink:
    """One adapter and the pool behind it."""

    def __init__(self, library: Any, found: Found, settings: Settings) -> None:
        self._library, self._key, self._timeout = library, found.key, settings.timeout
        self._data: dict[str, Any] = {}
        self._protocol: Any = None
        self._transport: asyncio.Transport | None = None
        self._devices: dict[str, Device] = {}
        self._one = asyncio.Lock()  # decoded into one place
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=3 * settings.timeout)  # one request a pump

    async def open(self, found: Found) -> None:
        """Connect, log in, learn what there is, ask to be told."""
        login = self._library.login
        self._transport, self._protocol = await self._ask(
            login.async_create_connection(found.host, found.port, self._lost))
        mac = await self._ask(login.async_gateway_connect(self._transport, self._protocol, 0))
        mac = re.sub("[^0-9a-f]", "", str(mac).lower())
        if not mac.endswith(found.key.partition(":")[2]):
            raise Refused("Another device answers at this address.")
        await self._ask(login.async_gateway_login(self._protocol, 0))
        for query in (self._library.async_request_gateway_version, self._library.async_request_pool_config,
                      self._library.async_request_pool_status):
            await self._do(query, self._data)
        self._protocol.register_async_message_callback(STATUS_CHANGED, self._told)
        await self._do(self._library.async_request_add_client, random.randrange(32768, 65535))  # noqa: S311 (a number to be called by)
        try:
            self._learn(f"mac:{mac}")
        except NONSENSE:
            raise Garbage("Its answer made no sense.") from None

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _lost(self) -> None:
        self._stream.broken(Unreachable("It hung up."))

    async def _ask(self, what: Coroutine[Any, Any, Any]) -> Any:
        return await _asked(self._library, what, self._timeout)

    async def _do(self, request: Any, *arguments: Any) -> None:
        await self._ask(request(self._protocol, *arguments, 0))

    def _learn(self, mark: str) -> None:
        """Its devices."""
        flags, bodies = int(self._data["controller"]["equipment"]["flags"]), self._data["body"]
        modes = tuple(mode for mode in MODES if flags & 1 or "solar" not in mode)
        used: set[int] = set()
        for number, body in bodies.items():
            kind, functions = BODIES[body["body_type"]]
            circuits = [id_ for id_, one in self._circuits().items() if one["function"] in functions]
            used.update(circuits)
            low, high = self._celsius(body["min_setpoint"]), self._celsius(body["max_setpoint"])
            traits = [*([ON] if circuits else []), TARGET.but(min=low, max=high, tolerance=0.6),
                      MODE.but(choices=modes), CURRENT, ACTIVITY]
            if not number:
                traits += [trait for name, trait in WATER.items() if self._sensor(name)]
            self._add(f"body-{number}", body["name"], kind, traits, (f"{mark}/body-{number}",))
        for id_, one in self._circuits().items():
            if id_ not in used and one["interface"] != HIDDEN:
                lamp, coloured = one["function"] in LIGHTS, one["function"] in COLOURED
                on = ON if lamp or one["function"] in KNOWN else UNNAMED
                self._add(f"circuit-{id_}", cleaned(one["name"]) or f"Circuit {id_}", "light" if lamp else "plug",
                          [on, *([SHOW] if coloured else [])])
        for number in range(8):
            if flags & (0x10 << number):
                self._add(f"pump-{number}", f"Pool pump {number + 1}", "sensor", [POWER])
        self._add("air", "Pool air", "sensor", [TEMPERATURE])

    def _add(self, tail: str, name: str, kind: DeviceKind, traits: Iterable[Trait], marks: tuple[str, ...] = ()
             ) -> None:
        id_ = f"{self._key}/{tail}"
        self._devices[id_] = Device(id_, name, kind, "", "screenlogic", tuple(traits), marks=marks)

    def _circuits(self) -> dict[int, Any]:
        return {id_: one for id_, one in self._data["circuit"].items() if "function" in one}

    def _sensor(self, name: str) -> Any:
        return self._data["controller"]["sensor"][name]["value"]

    def _celsius(self, degrees: float) -> float:
        whole = self._data["controller"]["configuration"]["is_celsius"]["value"]
        return float(degrees) if whole else round((degrees - 32) / 1.8, 1)

    async def _told(self, data: bytes) -> None:
        """It tells its status."""
        try:
            self._library.status.decode_pool_status(data, self._data)
            readings = self._shown()
        except NONSENSE:
            return  # it is asked again anyway
        for reading in readings:
            if not reading.device.rpartition("/")[2].startswith("pump-"):  # of pumps it tells nothing
                self._stream.push(reading)

    async def _fetch(self, _device: str | None) -> Iterable[Reading]:
        async with self._one:
            await self._do(self._library.async_request_pool_status, self._data)
            for id_ in self._devices:
                number = id_.rpartition("/pump-")[2]
                if number.isdigit() and _device in (None, id_):
                    await self._do(self._library.async_request_pump_status, self._data, int(number))
            try:
                return self._shown()
            except NONSENSE:
                raise Garbage("Its answer made no sense.") from None

    def _shown(self) -> list[Reading]:
        values: dict[str, dict[str, Value]] = {"air": {"temperature": self._celsius(self._sensor("air_temperature"))}}
        circuits = self._circuits()
        for number, body in self._data["body"].items():
            runs = [one["value"] for one in circuits.values() if one["function"] in BODIES[body["body_type"]][1]]
            mode = body["heat_mode"]["value"]
            values[f"body-{number}"] = {
                "target": self._celsius(body["heat_setpoint"]["value"]),
                "mode": next((name for name, code in MODES.items() if code == mode), None),
                "current": self._celsius(body["last_temperature"]["value"]),
                "activity": "heating" if body["heat_state"]["value"] else "idle",
                "on": any(runs)} | {trait.name: self._sensor(name) for name, trait in WATER.items()}
        values |= {f"circuit-{id_}": {"on": bool(one["value"])} for id_, one in circuits.items()}
        values |= {f"pump-{number}": {"power": one["watts_now"]["value"]} for number, one in self._data["pump"].items()
                   if "watts_now" in one}
        return [Reading(id_, trait.name, values[tail][trait.name]) for id_, device in self._devices.items()
                for trait in device.traits if trait.name in values.get(tail := id_.rpartition("/")[2], ())]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """What there is, then its readings."""
        async for item in self._stream.readings(self._devices.values()):
            yield item

    async def send(self, command: Command) -> None:
        """One order. A show is every coloured lamp's: the adapter knows no other."""
        device = self._devices.get(command.device)
        if device is None:
            raise Refused("It is not there any more.")
        what, _, number = command.device.rpartition("/")[2].partition("-")
        match what, command.trait, command.value:
            case "circuit", "on", bool() as on:
                await self._do(self._library.async_request_pool_button_press, int(number), int(on))
            case "body", "on", bool() as on:
                functions = BODIES[self._data["body"][int(number)]["body_type"]][1]
                circuit = next(id_ for id_, one in self._circuits().items() if one["function"] in functions)
                await self._do(self._library.async_request_pool_button_press, circuit, int(on))
            case "body", "target", int() | float() as degrees:
                whole = self._data["controller"]["configuration"]["is_celsius"]["value"]
                goal = round(degrees if whole else degrees * 1.8 + 32)
                await self._do(self._library.async_request_set_heat_setpoint, int(number), goal)
            case "body", "mode", str() as mode if mode in MODES:
                await self._do(self._library.async_request_set_heat_mode, int(number), MODES[mode])
            case "circuit", "effect", str() as show if show in SHOWS:
                await self._do(self._library.async_request_pool_lights_command, SHOWS[show])
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, _secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one adapter."""
    try:
        library = await _library()
    except PairingError as error:
        raise Refused(error.text, error.hint) from None
    link = PoolLink(library, found, settings)
    try:
        await link.open(found)
        yield link
    finally:
        link.close()


ABOUT = About(
    covers="Pentair EasyTouch, IntelliTouch and SunTouch pools with a ScreenLogic adapter: pool and spa with heating, "
           "circuits, lamps and their shows, power of the pumps, pH, ORP and salt",
    credentials="none", updates="push: its status to clients; pumps polled",
    library="screenlogicpy (GPL-3.0), an extra: `pip install dobby[screenlogic]`",
    judged=("b: an adapter of ours is accepted by screenlogicpy",),
    lacks="chlorinators, IntelliChem, cooling, schedules, speeds of pumps, which show is playing, adapters with a "
          "password")
DRIVER = Driver("screenlogic", "Pentair ScreenLogic", LooksFor(probes=(Probe(KIND, PORT, SEARCH, answered),)), claim,
                connect, pair, ABOUT)
