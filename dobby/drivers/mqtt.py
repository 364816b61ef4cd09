"""MQTT: everything that announces itself to Home Assistant on a broker (Zigbee2MQTT, Tasmota, ESPHome, Valetudo,
Alarmo, njsPC, Z-Wave JS UI ...), by one table.

Source: home-assistant.io/integrations/mqtt. A broker has no serial number; its key is its instance name in mDNS, which
no two services on a link share (RFC 6763, 4.1.1), which mostly holds the host's name, and which stays when the address
changes. The broker only carries: what it retained from before is shown, and never proves an order; a message that
arrives after the order does. Not covered: camera pictures, device triggers, text, update; TLS.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.tasks import ended
from dobby.wire.hass_assemble import slug

if TYPE_CHECKING:
    from dobby.wire.mqtt.discovery import Wired
    from dobby.wire.mqtt.line import Line
    from dobby.wire.mqtt.parts import Source
    from dobby.wire.mqtt.template import Payload

log = logging.getLogger(__name__)
SERVICE = "_mqtt._tcp.local."
ENTITIES_LIMIT = 8000  # a thousand devices have about six each
PROBLEMS_LIMIT = 200  # that are remembered and logged
GATHER = 0.2  # seconds in which configs that arrive one after the other are taken together
OLD = 5.0  # seconds; no order waits longer for its proof (home.PATIENCE)
WANTS_LOGIN = 'The broker wants its "user:password".'


def claim(sighting: Sighting) -> Found | None:
    """A broker that is announced as `_mqtt._tcp`."""
    if sighting.kind != SERVICE or not sighting.name:
        return None
    return Found(f"mqtt:{slug(sighting.name)}", "mqtt", sighting.name, sighting.host, sighting.port, "login",
                 why="it announces an MQTT broker by mDNS")


async def pair(found: Found, code: str) -> Secret:
    """Try the login ("user:password", empty for a broker that asks nobody); PairingError when it is refused."""
    await asyncio.to_thread(import_module, "dobby.wire.mqtt.line")
    from dobby.wire.mqtt.line import open_line

    user, _, password = code.partition(":")
    try:
        async with open_line(found.host, found.port, user, password, Settings().timeout, _ignore, _ignore):
            return {"user": user, "password": password}
    except Refused:
        raise PairingError(WANTS_LOGIN, "login") from None


def _ignore(*_what: object) -> None:
    """Nothing is listened to while pairing."""


class MqttLink:
    """One broker and every device that is announced on it."""

    def __init__(self, found: Found, secret: Secret, settings: Settings) -> None:
        from dobby.wire.mqtt.wiring import Wiring

        self._key, self._code, self._poll = found.key, secret.get("alarm_code", ""), settings.poll
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)
        self._line: Line | None = None
        self._configs: dict[str, list[str]] = {}  # discovery topic -> entities that it told
        self._entities: dict[str, Wired] = {}  # by id
        self._wiring = Wiring()
        self._subscribed: set[str] = set()
        self._here: defaultdict[str, dict[str, bool]] = defaultdict(dict)  # entity -> topic -> whether it is there
        self._shown: dict[str, bool] = {}  # device -> whether it was said to be reachable
        self._retained: dict[tuple[str, str], Value] = {}  # told from memory, and by nobody since
        self._fading: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._translated: dict[str, str] = {}  # discovery topic -> what an old Shelly would have said there
        self._unasked = False  # an old Shelly is new, and was not asked how it is
        self._new = asyncio.Event()
        self._asked = self._heard = time.monotonic()  # when the retained was asked for last; when a message came last
        self.problems: dict[str, str] = {}

    async def open(self, line: Line) -> None:
        """Learn what is announced, and what it showed last."""
        from dobby.wire.mqtt import shelly_first
        from dobby.wire.mqtt.discovery import FILTERS
        from dobby.wire.mqtt.parts import Message

        self._line = line
        await line.subscribe((*FILTERS, *shelly_first.FILTERS))
        await line.publish(Message(shelly_first.COMMAND, shelly_first.ANNOUNCE))
        await line.beat()
        await self._arrange()
        await line.beat()

    # --- what arrives -------------------------------------------------------------------------------------------------

    def heard(self, topic: str, text: str, retained: bool) -> None:
        """A message of the broker."""
        self._heard = time.monotonic()
        if topic.startswith("homeassistant/") and topic.endswith("/config"):
            self._configured(topic, text)
        elif topic.startswith("shellies/") and topic.endswith("announce"):
            self._announced(text)
        else:
            self._stated(topic, text, retained)

    def lost(self, why: DeviceError) -> None:
        """The line broke."""
        self._stream.broken(why)

    def _configured(self, topic: str, text: str) -> None:
        """A device says what it is, or that it is no more."""
        from dobby.wire.mqtt.discovery import read
        from dobby.wire.mqtt.parts import Broken

        for id_ in self._configs.pop(topic, ()):
            self._entities.pop(id_, None)
        self._new.set()
        if not text:
            return
        try:
            found, problems = read(topic, text, self._code)
        except Broken as error:
            self._problem(topic, str(error))
            return
        for name, why in problems.items():
            self._problem(name, why)
        self._configs[topic] = [wired.entity.id for name, wired in found.items() if self._admit(name, wired)]

    def _announced(self, text: str) -> None:
        """An old Shelly, which speaks of itself in words of its own, and again whenever anybody asks."""
        from dobby.wire.mqtt.shelly_first import announced

        for topic, config in announced(text).items():
            if self._translated.get(topic) != config:
                self._translated[topic] = config
                self._configured(topic, config)
                self._unasked = True

    def _admit(self, name: str, wired: Wired) -> bool:
        if wired.entity.id in self._entities:
            self._problem(name, "another has its unique_id")
        elif len(self._entities) >= ENTITIES_LIMIT:
            self._problem(name, f"there are more than {ENTITIES_LIMIT} entities")
        else:
            self._entities[wired.entity.id] = wired
            return True
        return False

    def _problem(self, name: str, why: str) -> None:
        """What is wrong with one entity: said once, in the log; the others live."""
        if name not in self.problems and len(self.problems) < PROBLEMS_LIMIT:
            self.problems[name] = why
            log.warning("%s: %.200r cannot be used: %s", self._key, name, why)

    def _stated(self, topic: str, text: str, retained: bool) -> None:
        """A state, or whether a device is there."""
        from dobby.wire.mqtt.template import Payload

        payload, wiring = Payload(text), self._wiring
        for id_, source in wiring.sources.get(topic, ()):
            for trait, value in self._read(id_, source, payload).items():
                if (id_, trait) in wiring.places:
                    self._show(wiring.places[id_, trait], trait, value, retained)
        for id_, presence in wiring.presences.get(topic, ()):
            here, wired = presence.reads(payload), self._entities.get(id_)
            if here is not None and wired is not None:
                if wired.mode == "latest":
                    self._here[id_].clear()
                self._here[id_][topic] = here
                self._meet({wiring.places[id_, one.name] for one in wired.entity.traits
                            if (id_, one.name) in wiring.places})

    def _read(self, id_: str, source: Source, payload: Payload) -> Mapping[str, Value]:
        try:
            return source.read(payload)
        except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError) as error:
            self._problem(id_, str(error))  # rubbish proves nothing
            return {}

    def _show(self, device: str, trait: str, value: Value, retained: bool = False) -> None:
        """A reading. What the broker remembered is as old as can be: it must prove no order that is under way."""
        fading = self._fading.pop((device, trait), None)
        if fading is not None:
            fading.cancel()
        if retained:
            self._retained[device, trait] = value
            self._stream.push(Reading(device, trait, value, tick=self._asked - OLD))
            return
        self._retained.pop((device, trait), None)
        self._stream.push(Reading(device, trait, value))
        if value is True and (device, trait) in self._wiring.delays:
            self._fading[device, trait] = asyncio.get_running_loop().call_later(
                self._wiring.delays[device, trait], self._show, device, trait, False)

    def _meet(self, devices: Iterable[str]) -> None:
        """Say of these devices whether they are there, where that is new."""
        from dobby.wire.mqtt.wiring import there

        for id_ in devices:
            told = [there(self._entities[part], self._here[part]) for part in self._wiring.members[id_]
                    if part in self._entities and self._entities[part].presences]
            here = any(told) if told else True
            if self._shown.get(id_) != here:
                self._shown[id_] = here
                self._stream.push(Reading(id_, "reachable", here))

    # --- devices ------------------------------------------------------------------------------------------------------

    async def _arrange(self) -> None:
        """Put the entities together, tell what is new, different or gone, and listen to what they say."""
        from dobby.wire.mqtt import shelly_first
        from dobby.wire.mqtt.parts import Message
        from dobby.wire.mqtt.wiring import plan

        if self._line is None:
            raise Unreachable("The line was closed.")
        self._new.clear()
        unasked, self._unasked = self._unasked, False
        before, self._wiring = self._wiring.devices, plan(self._key, self._entities)
        for id_, device in self._wiring.devices.items():
            if before.get(id_) != device:
                self._stream.push(device)
        for id_ in before.keys() - self._wiring.devices.keys():
            self._shown.pop(id_, None)
            self._stream.push(Reading(id_, "reachable", False))
        self._meet(self._wiring.devices)
        topics = self._wiring.topics() - self._subscribed
        self._asked = time.monotonic()
        self._subscribed |= topics
        await self._line.subscribe(topics)
        if unasked:
            await self._line.publish(Message(shelly_first.COMMAND, shelly_first.UPDATE))

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """Nothing can be asked of a device; where the broker was silent it is asked whether it lives."""
        if device is None and self._line is not None and time.monotonic() - self._heard >= self._poll:
            await self._line.beat()
        return []

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then what they say."""
        keeping = [asyncio.create_task(self._keep_arranging()), asyncio.create_task(self._age())]
        try:
            async for item in self._stream.readings():
                yield item
        finally:
            for timer in self._fading.values():
                timer.cancel()
            await ended(*keeping)

    async def _keep_arranging(self) -> None:
        try:
            while True:
                await self._new.wait()
                await asyncio.sleep(GATHER)
                await self._arrange()
        except DeviceError as error:
            self.lost(error)

    async def _age(self) -> None:
        """Once no order from before can be waiting any more, what was retained counts as told when it was asked for."""
        while True:
            await asyncio.sleep(max(0.1, self._asked + OLD - time.monotonic()))
            if self._retained and time.monotonic() >= self._asked + OLD:
                for (device, trait), value in self._retained.items():
                    self._stream.push(Reading(device, trait, value, tick=self._asked))
                self._retained.clear()

    # --- orders -------------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """Publish an order; the state that the device tells then is the proof."""
        from dobby.wire.mqtt.parts import Broken
        from dobby.wire.mqtt.template import TemplateProblem

        order = self._wiring.orders.get((command.device, command.trait))
        if order is None or self._line is None:
            raise Refused(f"It cannot set {command.trait}.")
        if not self._shown.get(command.device, True):
            raise Unreachable("It does not answer its broker.")
        try:
            messages = order(command.value)
        except Broken as error:
            raise Refused(str(error)) from None
        except TemplateProblem:
            raise Garbage("What it said about itself makes no sense.") from None
        for message in messages:
            await self._line.publish(message)


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one broker."""
    await asyncio.to_thread(import_module, "dobby.wire.mqtt.discovery")
    await asyncio.to_thread(import_module, "dobby.wire.mqtt.line")
    from dobby.wire.mqtt.line import open_line

    link = MqttLink(found, secret, settings)
    async with open_line(found.host, found.port, secret.get("user", ""), secret.get("password", ""),
                         settings.timeout, link.heard, link.lost) as line:
        await link.open(line)
        yield link


ABOUT = About(
    covers="whatever announces itself to Home Assistant on a broker: Zigbee2MQTT, Tasmota, ESPHome, "
           "Valetudo, Alarmo, Z-Wave JS UI, njsPC, Frigate, ratgdo; Shelly of the first generation",
    credentials="name and password of the broker, if it wants any",
    updates="push", library="aiomqtt (BSD-3-Clause), jinja2 (BSD-3-Clause)",
    judged=("a: the brokers amqtt (in the suite) and mosquitto",
            "c: public announcements of Zigbee2MQTT, Tasmota, Valetudo, ESPHome, Z-Wave JS UI, Shelly Gen1",),
    lacks="brokers that mDNS does not announce, TLS")
DRIVER = Driver("mqtt", "MQTT", LooksFor(mdns=(SERVICE,)), claim, connect, pair, ABOUT)
