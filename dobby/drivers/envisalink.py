"""EnvisaLink 3, 4 and Duo modules on DSC alarm panels, over their TPI: partitions as alarms, zones that open and close.

Found by the name `envisalink.local` that a module answers to in mDNS; it tells no serial number, so that name is its
key and its password what tells it from others. It pushes; it is polled as the heartbeat and asked for a report after an
order. It tells neither names nor kinds of zones: one is shown once it was open, as a contact, to be named by its owner.
Not covered: modules on Honeywell panels, which speak another language, bypassing, outputs, chime.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from dobby.errors import DeviceError, Garbage, PairingError, Refused
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.home.vocabulary import ARMED, ARMING, OPENED, TRIGGERED
from dobby.wire import envisalink as tpi

NAME = "envisalink.local."
PORT = 4025
OPEN = {"609": True, "610": False}
JUDGED_WITHIN = 0.7  # seconds in which the panel says what came of an order
REPORT_EVERY = 0.6  # seconds between reports after an order: each is a line for every zone
NO_CODE = "It wants the code of the alarm: put it into secrets.toml as alarm_code."
WRONG_CODE = "It does not take the alarm's code."


def claim(sighting: Sighting) -> Found | None:
    """A module answers to its name."""
    if sighting.kind != NAME or not sighting.name:
        return None
    return Found("envisalink:envisalink", "envisalink", "EnvisaLink", sighting.host, sighting.port or PORT, "login",
                 why="a host of the network is called envisalink")


async def pair(found: Found, code: str) -> Secret:
    """Try its password; PairingError when it is not taken."""
    if not code:
        raise PairingError(tpi.PASSWORD, "login")
    async with tpi.open_line(found.host, found.port, code, Settings().timeout, lambda *_: None, lambda _: None):
        return {"password": code}


class EnvisalinkLink:
    """One module and the panel behind it."""

    def __init__(self, found: Found, secret: Secret, settings: Settings) -> None:
        self._key, self._code = found.key, secret.get("alarm_code", "")
        self._line: tpi.TpiLine | None = None
        self._devices: dict[str, Device] = {}
        self._shown: dict[str, Value] = {}  # how each partition is armed
        self._reported = 0.0
        self.stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    async def open(self, line: tpi.TpiLine) -> None:
        """Learn which zones are in use, and have it tell how all is."""
        self._line = line
        self._partition("1")
        for number in tpi.used(await line.read(tpi.TIMERS, tpi.TIMERS_TOLD)):
            self._zone(number)
        await self._report()

    async def _report(self) -> None:
        self._reported = time.monotonic()
        await self._opened().command(tpi.STATUS)

    def _opened(self) -> tpi.TpiLine:
        if self._line is None:
            raise Garbage("It was never opened.")
        return self._line

    def _partition(self, number: str) -> str:
        traits = (ARMED, ARMING, TRIGGERED)
        return self._known(Device(f"{self._key}/partition-{number}", "Alarm" if number == "1" else f"Alarm {number}",
                                  "alarm", "", "envisalink", traits))

    def _zone(self, number: int) -> str:
        id_ = f"{self._key}/zone-{number}"
        return self._known(Device(id_, f"Zone {number}", "sensor", "", "envisalink", (OPENED,)))

    def _known(self, device: Device) -> str:
        if device.id not in self._devices:
            self._devices[device.id] = device
            self.stream.push(device)
        return device.id

    def heard(self, code: str, data: str) -> None:
        """What the module tells."""
        if code in OPEN and data[-3:].isdigit():
            number = int(data[-3:])
            if OPEN[code] or f"{self._key}/zone-{number}" in self._devices:  # a closed one may be no zone at all
                self.stream.push(Reading(self._zone(number), "opened", OPEN[code]))
        elif code.startswith("65") and data[:1].isdigit():
            id_ = f"{self._key}/partition-{data[0]}"
            values = tpi.partition(code, data, self._shown.get(id_))
            if values:
                self._partition(data[0])
                self._shown[id_] = values.get("armed", self._shown.get(id_))
            for name, value in values.items():
                self.stream.push(Reading(id_, name, value))

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        """A poll, or after an order a report, whose lines are heard as they come."""
        if device is None:
            await self._opened().command(tpi.POLL)
        elif time.monotonic() - self._reported >= REPORT_EVERY:
            await self._report()
        return [Reading(id_, "reachable", True) for id_ in self._devices] if device is None else []

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then what they show."""
        async for item in self.stream.readings(list(self._devices.values())):
            yield item

    async def send(self, command: Command) -> None:
        """Arm or disarm a partition."""
        device, line = self._devices.get(command.device), self._opened()
        if device is None:
            raise Refused("It is not there any more.")
        if command.trait != "armed" or command.value not in tpi.ARM:
            raise Refused(f"It cannot set {command.trait}.")
        number = command.device.rpartition("-")[2]
        if not self._code.isdigit() or not 4 <= len(self._code) <= 6:
            raise Refused(NO_CODE, "alarm_code_missing")
        line.code = self._code  # told when the panel asks for it
        try:
            told = await line.order(tpi.ARM[str(command.value)],
                                    number + (self._code if command.value == "disarmed" else ""), *tpi.DONE,
                                    tpi.WRONG_CODE, *tpi.NOT_NOW, patience=JUDGED_WITHIN)
        finally:
            line.code = ""
        if told == tpi.WRONG_CODE:
            raise Refused(WRONG_CODE, "alarm_code_wrong")
        if told in tpi.NOT_NOW:
            raise Refused("The panel refused: something may be open.")
        self.stream.sent(command, device.trait("armed"))


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a line to one module."""
    link = EnvisalinkLink(found, secret, settings)

    def lost(error: DeviceError) -> None:
        link.stream.broken(error)

    try:
        async with tpi.open_line(found.host, found.port, secret.get("password", ""), settings.timeout, link.heard,
                                 lost) as line:
            await link.open(line)
            yield link
    except PairingError as error:
        raise Refused(error.text, error.hint) from None


ABOUT = About(
    covers="EnvisaLink modules on DSC panels: partitions as alarms, zones as contacts",
    credentials="the module's password; a user's code as `alarm_code` to arm and disarm", updates="push: its TPI",
    library="own", judged=("b: a module of ours is accepted by pyenvisalink",),
    lacks="modules on Honeywell panels, names and kinds of zones (the module does not tell them), bypassing, outputs")
DRIVER = Driver("envisalink", "EnvisaLink (DSC)", LooksFor(mdns=(NAME,)), claim, connect, pair, ABOUT)
