"""Apple TV over pyatv: AirPlay 2, with Apple's remote protocol (MRP) within, and Companion. An extra: `pip install
dobby[appletv]`.

pyatv is MIT, but drags much along and cannot pair with srptools 2, so Dobby does not bring it along and never imports
it before an Apple TV is paired. Found by `_airplay._tcp`; where its Companion service listens is asked of that host
alone (unicast mDNS), and nothing else is searched for. Each service shows a code of its own once it is asked to, so a
pairing takes several calls. MRP tells what plays and sends in order: after an order it is pinged, and what it told
until its answer counts. Companion is asked for the power. Nobody tells which app is in front, so starting one is
"sent"; `source` shows the app that plays. Source: pyatv's documentation, https://pyatv.dev/documentation/protocols/.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

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
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import KEY, NEXT, ON, PLAYING, PREVIOUS, SOURCE, TITLE, TRACK, VOLUME
from dobby.tasks import ended
from dobby.wire.appletv import OURS, Pairings, asked, door, library, services_of
from dobby.wire.hass import cleaned, mac_mark

KIND = "_airplay._tcp.local."
OLDEST = 13  # the first tvOS whose AirPlay carries the remote protocol
NO_WEB = SimpleNamespace(session=None)  # pyatv would fetch artwork from the web with it
FAREWELL = 0.5  # seconds that hanging up politely may take
APPS_LIMIT = 200
STATES = {"Playing": True, "Paused": False, "Stopped": False, "Idle": False}  # loading and seeking prove nothing
POWER = {"Asleep": False, "Screensaver": True, "Awake": True, "Idle": True, "On": True, "Off": False}
KEYS = {"Home": "home", "Menu": "menu", "Up": "up", "Down": "down", "Left": "left", "Right": "right",
        "Select": "select", "PlayPause": "play_pause", "Next": "next", "Previous": "previous",
        "SkipForward": "skip_forward", "SkipBackward": "skip_backward"}
MORE_KEYS = {"VolumeUp": "volume_up", "VolumeDown": "volume_down", "ChannelUp": "channel_up",
             "ChannelDown": "channel_down", "Guide": "guide", "Screensaver": "screensaver"}  # over Companion only


def claim(sighting: Sighting) -> Found | None:
    """An Apple TV announces AirPlay with its model, its version and a MAC address."""
    facts = sighting.facts
    mark, version = mac_mark(facts.get("deviceid", "")), facts.get("osvers", "").partition(".")[0]
    if sighting.kind != KIND or len(mark) != len("mac:") + 12 or not facts.get("model", "").startswith("AppleTV") or (
            not re.fullmatch("[0-9]{1,3}", version) or int(version) < OLDEST):
        return None
    return Found(f"appletv:{mark.removeprefix('mac:')}", "appletv", sighting.name or "Apple TV", sighting.host,
                 sighting.port, "pin", model=facts["model"], why="it announces itself as an Apple TV")


# --- the line ---------------------------------------------------------------------------------------------------------


class AppleLink:
    """One Apple TV. The library's own `connect` leaves lines open when it fails half-way, so its parts are set up one
    by one here, and all that was begun is closed."""

    def __init__(self, pyatv: Any, found: Found, settings: Settings) -> None:
        self._pyatv, self._found, self._key, self._timeout = pyatv, found, found.key, settings.timeout
        self._dispatcher = pyatv.core.CoreStateDispatcher()
        self._parts: dict[str, Any] = {}
        self._apps: dict[str, str] = {}  # name -> bundle
        self._loud, self._curious = False, False  # whether it told its volume; whether its apps are to be asked
        self._device: Device | None = None
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self, secret: Secret) -> None:
        """Connect both services, learn what it is, listen; Refused when it is another."""
        self._dispatcher.listen_to(self._pyatv.core.UpdatedState.Volume, self._heard_volume)
        await self._set_up("AirPlay", self._found.port, secret.get("AirPlay", ""))
        if "Companion" in secret:
            services = await services_of(self._pyatv, self._found)
            if "Companion" not in services:
                raise Unreachable("It does not say where it listens.")
            await self._set_up("Companion", services["Companion"].port, secret["Companion"])
            self._of("Companion", "Power").listener = self
            await self._learn()
        updates = self._of("MRP", "PushUpdater")
        updates.listener = self
        updates.start()
        await self._ping()
        self._device = self._described()

    async def _set_up(self, protocol: str, port: int, credentials: str) -> None:
        pyatv, settings = self._pyatv, self._pyatv.settings.Settings()
        settings.info.name, settings.info.rp_id = OURS, credentials.rpartition(":")[2][:12]
        settings.protocols.airplay.mrp_tunnel = pyatv.settings.MrpTunnel.Force  # told by facts that a link has not
        config = door(pyatv, self._found, protocol, port, credentials)
        (service,) = config.services
        core = await pyatv.core.create_core(config, service, settings=settings, device_listener=self,
                                            session_manager=NO_WEB, core_dispatcher=self._dispatcher)
        for part in pyatv.protocols.PROTOCOLS[service.protocol].setup(core):
            self._parts[part.protocol.name] = part
            await asked(pyatv, part.connect(), 3 * self._timeout)

    async def _learn(self) -> None:
        """Which apps it has. One that sleeps may not say; it is asked again when it wakes."""
        self._curious = False
        with suppress(DeviceError):
            apps = await asked(self._pyatv, self._of("Companion", "Apps").app_list(), self._timeout / 2)
            for app in list(apps)[:APPS_LIMIT]:
                if (name := cleaned(app.name)) and app.identifier:
                    self._apps.setdefault(name, app.identifier)

    async def close(self) -> None:
        """Hang up, politely for a moment."""
        going = {task for part in self._parts.values() for task in part.close()}
        try:
            if going:
                await asyncio.wait(going, timeout=FAREWELL)
        finally:
            await ended(*going)

    async def _ask(self, what: Awaitable[Any]) -> Any:
        return await asked(self._pyatv, what, self._timeout)

    def _of(self, protocol: str, interface: str) -> Any:
        """What a part offers: its remote control, its power ..."""
        return self._parts[protocol].interfaces[getattr(self._pyatv.interface, interface)]

    @property
    def _two(self) -> bool:
        return "Companion" in self._parts

    # --- what it tells by itself; the library asks for these names ----------------------------------------------------

    @property
    def listener(self) -> AppleLink:
        """Who hears of the line."""
        return self

    def connection_lost(self, _error: Exception) -> None:
        """The line broke."""
        self._stream.broken(Unreachable("It hung up."))

    def connection_closed(self) -> None:
        """The line was closed."""
        self._stream.broken(Unreachable("It hung up."))

    def playstatus_update(self, _updater: Any, playing: Any) -> None:
        """Something else plays, or it stopped."""
        self._tell(self._played(playing))

    def playstatus_error(self, _updater: Any, _error: Exception) -> None:
        """What plays made no sense: nothing is known, the heartbeat tells whether it is well."""

    def powerstate_update(self, _old: Any, new: Any) -> None:
        """It woke up or fell asleep."""
        on = POWER.get(new.name)
        self._curious = on is True and not self._apps
        self._tell({"on": on})

    def _heard_volume(self, message: Any) -> None:
        if message.protocol.name == "MRP":
            self._loud = True
            self._tell(self._volume())

    def _tell(self, values: Mapping[str, Value]) -> None:
        for reading in self._own(values):
            self._stream.push(reading)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _ping(self) -> None:
        """It answers in order: what was told before its answer is how it is now."""
        mrp = self._pyatv.protocols.mrp
        await self._ask(self._of("MRP", "RemoteControl").protocol.send_and_receive(
            mrp.messages.create(mrp.protobuf.GENERIC_MESSAGE)))

    def _described(self) -> Device:
        audio, protocol = self._of("MRP", "Audio"), self._of("MRP", "RemoteControl").protocol
        told = self._pyatv.protocols.mrp.protobuf.extract_inner(protocol.device_info)
        traits: tuple[Trait, ...] = (
            *((ON,) if self._two else ()), PLAYING, NEXT, PREVIOUS,
            *((VOLUME.but(tolerance=1.0),) if self._loud and audio.is_available and audio.is_volume_absolute else ()),
            *((SOURCE.but(choices=tuple(self._apps), confirmed_by="-"),) if self._apps else ()),
            KEY.but(choices=(*KEYS, *(MORE_KEYS if self._two else ()))), TITLE, TRACK)
        mark = f"mac:{self._key.partition(':')[2]}"
        return Device(self._key, cleaned(told.name) or self._found.name, "tv", "", "appletv", traits, marks=(mark,))

    async def _fetch(self, _device: str | None) -> Iterable[Reading]:
        await self._ping()
        values: dict[str, Value] = {**self._played(await self._of("MRP", "Metadata").playing()), **self._volume()}
        if self._two:
            values["on"] = await self._powered()
            if self._curious:
                await self._learn()
        described = self._described()
        if self._device not in (None, described):
            self._stream.push(described)
        self._device = described
        return self._own(values)

    async def _powered(self) -> Value:
        power = self._of("Companion", "Power")
        try:
            state = await asked(self._pyatv, power.api.fetch_attention_state(), self._timeout / 2)
            return POWER.get(state.name)
        except Unreachable:  # nobody knows; the ping says that it lives
            return None
        except (Refused, Garbage):  # some versions of tvOS know no such question; what it told before its answer counts
            told = POWER.get(power.power_state.name)
            return POWER.get(self._of("MRP", "Power").power_state.name) if told is None else told

    def _volume(self) -> dict[str, Value]:
        return {"volume": self._of("MRP", "Audio").volume} if self._loud else {}

    def _played(self, playing: Any) -> dict[str, Value]:
        state = playing.device_state.name
        title = cleaned(playing.title)
        by = cleaned(playing.artist) or cleaned(playing.series_name)
        app = self._of("MRP", "Metadata").app
        names = [name for name, bundle in self._apps.items() if app is not None and bundle == app.identifier]
        return {"playing": STATES.get(state), "title": f"{by}: {title}" if by and title else title or by,
                "track": "" if state == "Idle" else str(playing.hash)[:200], "source": next(iter(names), None)}

    def _own(self, values: Mapping[str, Value]) -> list[Reading]:
        """Readings of what is known; an app that stopped playing is not shown any more."""
        device = self._device
        return [Reading(self._key, name, value) for name, value in values.items()
                if device is not None and device.trait(name) is not None and (value is not None or name == "source")]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The Apple TV, then its readings: as they change, and fetched every few seconds as the heartbeat."""
        if self._device is None:
            raise Garbage("It was never opened.")
        async for item in self._stream.readings([self._device]):
            yield item

    # --- sending ------------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """One order. Keys go over Companion where it is there: it has all of them."""
        remote = self._of("MRP", "RemoteControl")
        match command:
            case Command(trait="on", value=bool() as on) if self._two:
                power = self._of("Companion", "Power")
                await self._ask(power.turn_on() if on else power.turn_off())
            case Command(trait="playing", value=bool() as wanted):
                await self._play(wanted)
            case Command(trait="next"):
                await self._ask(remote.next())
            case Command(trait="previous"):
                await self._ask(remote.previous())
            case Command(trait="volume", value=int() | float() as percent):
                audio, messages = self._of("MRP", "Audio"), self._pyatv.protocols.mrp.messages
                await self._ask(remote.protocol.send(messages.set_volume(audio.device_uid, percent / 100)))
            case Command(trait="source", value=str() as name) if name in self._apps:
                await self._ask(self._of("Companion", "Apps").launch_app(self._apps[name]))
            case Command(trait="key", value=str() as key) if key in KEYS or (key in MORE_KEYS and self._two):
                keys = self._of("Companion", "RemoteControl") if self._two else remote
                await self._ask(getattr(keys, {**KEYS, **MORE_KEYS}[key])())
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)

    async def _play(self, wanted: bool) -> None:
        remote = self._of("MRP", "RemoteControl")
        state = (await self._of("MRP", "Metadata").playing()).device_state.name
        if state == "Idle":
            if wanted:
                raise Refused("There is nothing on it that could go on.")
            return  # what plays nothing need not pause
        await self._ask(remote.play() if wanted else remote.pause())


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one Apple TV."""
    try:
        pyatv = await library()
    except PairingError as error:
        raise Refused(error.text, error.hint) from None
    link = AppleLink(pyatv, found, settings)
    try:
        await link.open(secret)
        yield link
    finally:
        await link.close()


ABOUT = About(
    covers="Apple TV HD and 4K from tvOS 13: on, play and pause, next, what plays in which app, starting an app, every "
           "key of the remote, volume where it is its own",
    credentials="the code on its screen, and a second one for its other service", updates="push: MRP and Companion",
    library="pyatv (MIT), an extra: `pip install dobby[appletv]`",
    judged=("a: the fake Apple TV that pyatv is tested with, behind a tunnel of ours",
            "b: an Apple TV of ours is accepted by pyatv"),
    lacks="HomePods, tvOS before 13, which app is in front, mute, typing, users, sending music or pictures to it")
DRIVER = Driver("appletv", "Apple TV", LooksFor(mdns=(KIND,)), claim, connect, Pairings().pair, ABOUT)
