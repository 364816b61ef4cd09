"""Kasa and Tapo devices that ask for the TP-Link account: KLAP, over python-kasa. An extra: `pip install dobby[tapo]`.

python-kasa is under the GPL, so Dobby does not bring it along and never imports it before such a device is paired. The
account's e-mail and password are checked by the device itself; nothing is asked of the cloud. Found by a question to
UDP 20002. It never tells by itself, so it is asked. Not covered: hubs and what hangs on them, cameras, vacuum cleaners,
fans, effects, devices that want the older AES login.
"""

from __future__ import annotations

import asyncio
import colorsys
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import aiohttp

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
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
from dobby.home.vocabulary import BRIGHTNESS, COLOR, COLOR_TEMPERATURE, ENERGY, ON, POWER
from dobby.wire.hass import cleaned

KIND, PORT = "tapo", 20002
SEARCH = bytes.fromhex("020000010000000000000000463cb5d3")
HEAD = 16  # bytes before the JSON of an answer
HTTP = 80
FAMILIES = re.compile(r"(IOT\.(SMARTPLUGSWITCH|SMARTBULB)|SMART\.(KASAPLUG|KASASWITCH|TAPOPLUG|TAPOBULB|TAPOSWITCH))")
NEEDS_EXTRA = "It needs an extra that is not installed: pip install dobby[tapo]"
WANTS_ACCOUNT = "It wants the e-mail and password of the TP-Link account, as in `--pin me@example.com:password`."
NO = "Error on "  # how the library words an error code of the older language
LIGHT = BRIGHTNESS.but(min=1)


def answered(data: bytes) -> tuple[str, dict[str, str]]:
    """The model and facts in an answer to the search; nothing for anything else."""
    try:
        told = json.loads(data[HEAD:])["result"]
        scheme = told["mgt_encrypt_schm"]
        facts = {"mac": re.sub("[^0-9a-f]", "", told["mac"].lower()), "family": str(told["device_type"]),
                 "model": str(told["device_model"]), "encryption": str(scheme["encrypt_type"]),
                 "login": str(scheme.get("lv") or 0), "port": str(scheme.get("http_port") or HTTP)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", {}
    return f"TP-Link {facts['model']}", facts if scheme.get("is_support_https") is not True else {}


def claim(sighting: Sighting) -> Found | None:
    """A plug, switch or lamp that answers with its MAC, family and KLAP."""
    facts = sighting.facts
    if sighting.kind != KIND or not re.fullmatch("[0-9a-f]{12}", facts.get("mac", "")) or (
            facts.get("encryption") != "KLAP" or not FAMILIES.fullmatch(facts.get("family", ""))):
        return None
    port = int(facts.get("port", "0")) if sighting.port == PORT else sighting.port
    return Found(f"tapo:{facts['mac']}", "tapo", sighting.name, sighting.host, port, "login",
                 model=facts.get("model", ""), path=f"{facts['family']}/{facts.get('login', '0')}",
                 why="it answers as a TP-Link device that wants its account")


async def _library() -> Any:
    """python-kasa, loaded in a thread; PairingError where the extra is not installed."""
    try:
        return await asyncio.to_thread(import_module, "kasa")
    except ImportError:
        raise PairingError(NEEDS_EXTRA, "needs_tapo") from None


async def _asked(kasa: Any, what: Awaitable[Any], timeout: float) -> Any:
    """The library's answer, or its error in our words."""
    try:
        async with asyncio.timeout(timeout):
            return await what
    except kasa.exceptions.AuthenticationError:
        raise PairingError(WANTS_ACCOUNT, "tapo_account") from None
    except (TimeoutError, kasa.exceptions._ConnectionError):
        raise Unreachable("It does not answer.") from None
    except kasa.exceptions.DeviceError:
        raise Refused("It refused.") from None
    except kasa.exceptions.KasaException as error:  # one for all that is left; what lies under it tells them apart
        if any(isinstance(one, aiohttp.ClientConnectionError | OSError | TimeoutError) for one in _under(error)):
            raise Unreachable("It does not answer.") from None
        if str(error).startswith(NO):
            raise Refused("It refused.") from None
        raise Garbage("Its answer made no sense.") from None
    except (KeyError, TypeError, ValueError, AttributeError):  # it trusts what it reads
        raise Garbage("Its answer made no sense.") from None


def _under(error: BaseException) -> Iterator[BaseException]:
    """What an error came of, and that of what."""
    while error.__cause__ is not None:
        error = error.__cause__
        yield error


async def _open(kasa: Any, found: Found, secret: Secret, timeout: float) -> Any:
    """The device, asked for all that it has; Refused when it is another."""
    family, _, login = found.path.partition("/")
    kind = kasa.DeviceConnectionParameters.from_values(family, "KLAP", login_version=int(login or 0) or None)
    config = kasa.DeviceConfig(
        found.host, timeout=max(1, round(timeout)), port_override=found.port, connection_type=kind,
        credentials=kasa.Credentials(secret.get("user", ""), secret.get("password", "")))
    device = await _asked(kasa, kasa.Device.connect(config=config), timeout)
    if f"tapo:{re.sub('[^0-9a-f]', '', str(device.mac).lower())}" != found.key:
        await device.disconnect()
        raise Refused("Another device answers at this address.")
    return device


async def pair(found: Found, code: str) -> Secret:
    """Try the account ("e-mail:password"); PairingError when the device does not take it, or the extra is missing."""
    kasa = await _library()
    user, _, password = code.partition(":")
    if not password:
        raise PairingError(WANTS_ACCOUNT, "tapo_account")
    secret = {"user": user, "password": password}
    await (await _open(kasa, found, secret, Settings().timeout)).disconnect()
    return secret


class TapoLink:
    """One device, or a strip of several."""

    def __init__(self, kasa: Any, found: Found, theirs: Any, settings: Settings) -> None:
        self._kasa, self._key, self._theirs, self._timeout = kasa, found.key, theirs, settings.timeout
        self._one = asyncio.Lock()  # the library keeps state that one update at a time may touch
        mark = f"mac:{found.key.partition(':')[2]}"
        children = list(theirs.children)
        self._parts: dict[str, tuple[Device, Any]] = {}
        for number, part in enumerate(children or [theirs]):
            device = self._device(part, f"/{number}" if children else "", () if children else (mark,))
            self._parts[device.id] = (device, part)
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    def _device(self, part: Any, tail: str, marks: tuple[str, ...]) -> Device:
        light, lamp = self._light(part), part.device_type.name in ("Bulb", "LightStrip", "Dimmer", "WallSwitch")
        traits: list[Trait] = [ON]
        if light is not None and light.has_feature("brightness"):
            traits.append(LIGHT)
        if light is not None and light.has_feature("hsv"):
            traits.append(COLOR.but(tolerance=0.03))
        if light is not None and light.has_feature("color_temp"):
            white = light.get_feature("color_temp")
            traits.append(COLOR_TEMPERATURE.but(min=white.minimum_value, max=white.maximum_value))
        if self._kasa.Module.Energy in part.modules:
            traits += [POWER, ENERGY]
        name = cleaned(part.alias) or cleaned(part.model) or "TP-Link"
        return Device(f"{self._key}{tail}", name, "light" if lamp else "plug", "", "tapo", tuple(traits), marks=marks)

    def _light(self, part: Any) -> Any:
        return part.modules.get(self._kasa.Module.Light)

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        async with self._one:
            await _asked(self._kasa, self._theirs.update(), self._timeout)
        readings = []
        for one, part in self._parts.values():
            if device in (None, one.id):
                try:
                    values = self._shown(part)
                except (KeyError, TypeError, ValueError, AttributeError, self._kasa.exceptions.KasaException):
                    raise Garbage("Its answer made no sense.") from None
                readings += [Reading(one.id, name, value) for name, value in values.items()
                             if one.trait(name) is not None and (value is not None or name == "color_temperature")]
        return readings

    def _shown(self, part: Any) -> dict[str, Value]:
        values: dict[str, Value] = {"on": bool(part.is_on)}
        light = self._light(part)
        if light is not None and light.has_feature("brightness"):
            values["brightness"] = int(light.brightness)
        if light is not None and light.has_feature("color_temp"):
            values["color_temperature"] = int(light.color_temp) or None
        if light is not None and light.has_feature("hsv"):
            hue, saturation, _ = light.hsv
            colored = 0.0 if values.get("color_temperature") else saturation / 100
            values["color"] = rgb_to_xy(*colorsys.hsv_to_rgb(hue / 360 % 1, colored, 1.0))
        energy = part.modules.get(self._kasa.Module.Energy)
        if energy is not None:
            values |= {"power": energy.current_consumption, "energy": energy.consumption_total}
        return values

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then their readings: they never tell by themselves, so they are asked every few seconds."""
        async for item in self._stream.readings([device for device, _ in self._parts.values()]):
            yield item

    async def send(self, command: Command) -> None:
        """One order; what makes a lamp look different switches it on."""
        if command.device not in self._parts:
            raise Refused("It is not there any more.")
        device, part = self._parts[command.device]
        light = self._light(part)
        match command:
            case Command(trait="on", value=bool() as on):
                orders = [part.turn_on] if on else [part.turn_off]
            case Command(trait="brightness", value=int() | float() as percent) if light is not None:
                orders = [lambda: light.set_brightness(round(percent)), part.turn_on]
            case Command(trait="color_temperature", value=int() | float() as kelvin) if light is not None:
                orders = [lambda: light.set_color_temp(round(kelvin)), part.turn_on]
            case Command(trait="color", value={"x": float(x), "y": float(y)}) if light is not None:
                hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in xy_to_rgb(x, y)))
                orders = [lambda: light.set_hsv(round(hue * 360), round(saturation * 100)), part.turn_on]
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        async with self._one:
            for order in orders:
                await _asked(self._kasa, order(), self._timeout)
        self._stream.sent(command, device.trait(command.trait))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one device."""
    try:
        kasa = await _library()
        theirs = await _open(kasa, found, secret, settings.timeout)
    except PairingError as error:
        raise Refused(error.text, error.hint) from None
    try:
        yield TapoLink(kasa, found, theirs, settings)
    finally:
        with contextlib.suppress(DeviceError, OSError):
            await theirs.disconnect()


ABOUT = About(
    covers="Kasa devices with newer firmware and Tapo: plugs, strips, switches, dimmers, lamps, with power and energy",
    credentials="the e-mail and password of the TP-Link account", updates="polled",
    library="python-kasa (GPL-3.0-or-later), an extra: `pip install dobby[tapo]`",
    judged=("b: a server of ours, KLAP of both versions, is accepted by python-kasa",),
    lacks="hubs and their sensors, cameras, vacuum cleaners, fans, effects, the older AES login")
DRIVER = Driver("tapo", "Kasa and Tapo (account)", LooksFor(probes=(Probe(KIND, PORT, SEARCH, answered),)), claim,
                connect, pair, ABOUT)
