"""A learned device driven: its recipe over an open line, as a Link like any other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from dobby.errors import Garbage, OutOfRange, Refused
from dobby.home.device import Command, Device, Found, Reading, Secret, Settings
from dobby.home.stream import Stream
from dobby.wire.neighbours import gateways, neighbours
from dobby.wire.recipe.data import Ability, Recipe
from dobby.wire.recipe.line import Line, opened
from dobby.wire.recipe.values import NOT_THERE, find

log = logging.getLogger(__name__)
TRIES = 3  # orders in a row that a device took and did not show: then its recipe is set aside
PATIENT = 2.0  # times as long as an answer may take, until what took an order shows it

Aside = Callable[[str], None]


class RecipeLink:
    """One learned device. aside: told, once, when the recipe no longer fits the device."""

    def __init__(self, recipe: Recipe, settings: Settings, aside: Aside) -> None:
        self._recipe, self._aside = recipe, aside
        self._line: Line | None = None
        self._missed, self._checks, self._within = 0, set[asyncio.Task[None]](), settings.timeout * PATIENT
        self.last: dict[str, Reading] = {}
        self._told: dict[str, tuple[float, int]] = {}  # when each trait was ordered last, how often since it was shown
        self.stream = Stream(self.fetch, poll=recipe.every, timeout=settings.timeout)

    def open(self, line: Line) -> None:
        """The line is there."""
        self._line = line

    def close(self) -> None:
        """Leave nothing running."""
        for task in self._checks:
            task.cancel()

    async def answer(self, name: str) -> bytes:
        """What it answers to one request of its recipe."""
        if self._line is None:
            raise Garbage("It was never opened.")
        return await self._line.ask(self._recipe.requests[name])

    async def fetch(self, device: str | None = None) -> Iterable[Reading]:
        """What it shows now; DeviceError when it shows nothing that the recipe understands."""
        if self._recipe.hello:
            await self.answer(self._recipe.hello)
        wanted = {one.read.request for one in self._recipe.abilities if one.read and one.read.request}
        readings: list[Reading] = []
        odd: Garbage | None = None
        for name in sorted(wanted):
            began = time.monotonic()
            answer = await self.answer(name)
            for ability in self._recipe.abilities:
                if ability.read is not None and ability.read.request == name and answer:
                    try:
                        readings += self._reading(ability, answer, began)
                    except Garbage as error:
                        odd = error
        if wanted and not readings and odd is not None:
            raise odd
        return readings

    def _reading(self, ability: Ability, answer: bytes, tick: float) -> list[Reading]:
        assert ability.read is not None  # noqa: S101  # only abilities that are read come here
        try:
            raw = find(ability.read, answer)
            if raw is NOT_THERE:
                return []
            value = ability.turn.ours(raw, ability.trait.kind)
        except (ArithmeticError, LookupError, ValueError, RecursionError):  # a stranger's number without end, or worse
            raise Garbage("Its answer made no sense.") from None
        reading = Reading(self._recipe.key, ability.trait.name, value, tick=tick)
        self.last[ability.trait.name] = reading
        return [reading]

    def pushed(self, message: bytes) -> None:
        """Something came unasked: whatever places it holds are readings; most messages hold few."""
        if self._recipe.by == "mqtt":
            self.stream.hurry()
            return
        tick = time.monotonic()
        for ability in self._recipe.abilities:
            if ability.read is None or (ability.read.request and ability.read.kind != "text"):
                continue
            try:
                for reading in self._reading(ability, message, tick):
                    self.stream.push(reading)
            except Garbage:
                continue  # a message about something else

    async def identify(self) -> None:
        """Refused when another device answers."""
        place, known = self._recipe.ask, self._recipe.known_by
        if place is not None and place.request:
            said = str(find(place, await self.answer(place.request))).strip().casefold()
            if said not in (known.get("serial", "").casefold(), known.get("udn", "").casefold()):
                raise Refused("Another device answers at this address.")

    def watch(self) -> AsyncIterator[Device | Reading]:
        """The device, then its readings."""
        return self.stream.readings([self._recipe.device()])

    async def send(self, command: Command) -> None:
        """Say what sets this trait."""
        ability = self._recipe.ability(command.trait)
        if ability is None or not ability.set or self._line is None:
            raise Refused("It cannot be told that.")
        word = ability.turn.theirs(command.value)
        if isinstance(word, str) and not word.isprintable():
            raise OutOfRange("That cannot be said to this device.")
        await self._line.ask(self._recipe.requests[ability.set], word)
        self.stream.sent(command, ability.trait)
        if ability.read is not None:
            sent = time.monotonic()
            self._told[command.trait] = sent, self._told.get(command.trait, (0.0, 0))[1] + 1
            task = asyncio.create_task(self._check(command, ability, sent))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    async def _check(self, command: Command, ability: Ability, sent: float) -> None:
        """Count orders that the device took and did not show, in a row."""
        await asyncio.sleep(self._within)
        last = self.last.get(command.trait)
        newest, often = self._told.get(command.trait, (0.0, 0))
        if last is None or last.tick < sent or newest != sent:
            return  # it says nothing at all, which is another trouble; or it was told something else since
        self._told[command.trait] = sent, 0
        self._missed = 0 if ability.trait.shows(command.value, last.value) else self._missed + often
        if self._missed >= TRIES:
            self._aside("it no longer does what its recipe says")
            self.stream.broken(Refused("Its recipe no longer fits it, so I set it aside."))


@asynccontextmanager
async def drive(recipe: Recipe, found: Found, secret: Secret, settings: Settings,
                aside: Aside) -> AsyncIterator[RecipeLink]:
    """A link to the learned device at an address; Refused when another device answers there."""
    if found.host in await asyncio.to_thread(gateways):
        raise Refused("That is the way out of the house, which I leave alone.")
    mac = recipe.known_by.get("mac", "").lower()
    link = RecipeLink(recipe, settings, aside)
    if mac and await asyncio.to_thread(_card, found.host, mac) != mac:
        raise Refused("Another device answers at this address.")
    async with opened(recipe, found.host, secret, link.pushed, link.stream.broken, found.port) as line:
        link.open(line)
        try:
            await link.identify()
            yield link
        finally:
            link.close()


def _card(host: str, wanted: str) -> str:
    """The hardware address behind an address; asked for where the kernel has not met it. The wanted one where there is
    none to be had: on a loopback, or on systems that do not tell. Blocking, up to half a second."""
    if ip_address(host).is_loopback:
        return wanted
    for _ in range(5):
        if here := neighbours().get(host):
            return here
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (host, 9))
        time.sleep(0.1)
    return wanted
