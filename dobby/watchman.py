"""Life safety, unasked: water, smoke, gas, an alarm that sounds, a freezer that thaws, frost indoors. Every resident is
told at once, through quiet hours and caps, and again until one of them says that they know. Low batteries come once a
week in one line.

An alarm lives in the database from its first reading on, so a restart neither forgets nor repeats it. What begins and
ends again and again is told twice in ten minutes; beyond that only when it goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dobby.home.device import Device, Reading, View
from dobby.home.home import Changed, Home
from dobby.home.traits import Value
from dobby.home.vocabulary import SAFETY
from dobby.messages import Letter, Person
from dobby.store import Store
from dobby.words import Words

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=3)  # between two texts about an alarm that nobody has acknowledged
TIMES = 20  # texts about one alarm to one person at most: an hour
TICK = 5.0  # seconds between looks at what is due
FLAPS, FLAPPING = 2, timedelta(minutes=10)  # begins of one alarm that are told at once within that time
NOTICED = SAFETY  # traits that read true when it is so
TELLING = NOTICED | {"temperature", "current"}  # traits whose readings can mean danger at all
THAWED, FROZEN = -10.0, 4.0  # °C: a freezer warmer than this, a room colder
LOW = 15.0  # % of a battery
BATTERIES_EVERY, BATTERIES_HOURS = timedelta(days=7), range(9, 20)  # local hours in which a mere battery may be told


def danger(device: Device, trait: str, value: Value, freezers: Sequence[str]) -> str:
    """What a reading means for life and home: the kind of alarm, "" for none, where it has anything to say at all.
    freezers: words that name one."""
    if trait in NOTICED and value is True:
        return trait
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if trait == "temperature" and _is_freezer(device, freezers) and value > THAWED:
        return "thaw"
    if trait == "current" and device.kind == "thermostat" and value < FROZEN:
        return "frost"
    return ""


def watched(device: Device, trait: str, freezers: Sequence[str]) -> bool:
    """Whether readings of this trait can mean danger."""
    return trait in NOTICED or (trait == "temperature" and _is_freezer(device, freezers)) or (
        trait == "current" and device.kind == "thermostat")


def low_battery(home: View, id_: str) -> bool:
    """Whether a device says that its battery is low, or only how full it is, and that is little."""
    level = home.value(id_, "battery")
    return home.value(id_, "low_battery") is True or (
        isinstance(level, int | float) and not isinstance(level, bool) and level < LOW)


def _is_freezer(device: Device, words: Sequence[str]) -> bool:
    named = " ".join((device.name, *device.aliases)).casefold()
    return any(word in named for word in words)


@dataclass(slots=True)
class Watchman:
    """Listens to the home for ever. `tell` queues letters; `local` is the house's own time."""

    home: Home
    store: Store
    people: Sequence[Person]
    tell: Callable[[Letter], Awaitable[None]]
    local: Callable[[], datetime]
    words: Callable[[], Words]
    tick: float = TICK
    _open: dict[int, tuple[str, str]] = field(default_factory=dict)  # alarms that go on: device (as it was), trait
    _began: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)  # when one was told to begin of late
    _quiet: set[int] = field(default_factory=set)  # alarms that go on and were told to nobody yet

    async def run(self) -> None:
        """Watch every reading, and every TICK, however much there is to read, repeat what nobody has acknowledged."""
        self._open = {row["id"]: (row["device"], row["trait"]) for row in await self.store.all("alarms_open")}
        clock = asyncio.get_running_loop().time
        with self.home.listen() as changes:
            await self._all()
            last = clock()
            while True:
                if clock() >= last + self.tick:
                    await self._due()
                    last = clock()
                try:
                    async with asyncio.timeout_at(last + self.tick):
                        change = await changes.get()
                except TimeoutError:
                    continue
                await self._take(change)

    async def _take(self, change: Changed | None) -> None:
        """One change of the home; where a device or a way to it came or went, all that it shows is looked at again."""
        if change is None:
            await self._all()
        elif change.trait in ("", "reachable"):
            await self._every_trait(self.home.lead(change.device))
        elif not change.pending:
            await self._look(self.home.lead(change.device), change.trait)

    async def _all(self) -> None:
        for id_ in list(self.home.devices):
            await self._every_trait(id_)

    async def _every_trait(self, id_: str) -> None:
        device = self.home.devices.get(id_)
        for trait in device.traits if device else ():
            await self._look(id_, trait.name)

    def _going_on(self, id_: str, trait: str) -> list[int]:
        """The open alarms of a device's trait, under whichever way to it they began."""
        return [alarm for alarm, (way, its) in self._open.items() if its == trait and self.home.lead(way) == id_]

    async def _look(self, id_: str, trait: str) -> None:
        """What one reading means now: an alarm that begins, goes on or ends."""
        if trait not in TELLING:  # most readings: no look at anything more
            return
        device, reading = self.home.devices.get(id_), self.home.reading(id_, trait)
        freezers = self.words().say("alert.freezers").split("|")
        if device is None or reading is None or not watched(device, trait, freezers):
            return
        kind = danger(device, trait, reading.value, freezers)
        going_on = self._going_on(id_, trait)
        if kind and not going_on:
            await self._begin(device, reading, kind)
        elif not kind and going_on:
            await self._end(device, going_on)

    async def _begin(self, device: Device, reading: Reading, kind: str) -> None:
        now = self.local()
        alarm = await self.store.do("alarm_add", device=device.id, trait=reading.trait, kind=kind,
                                    began=now.isoformat(), told=now.isoformat())
        self._open[alarm] = device.id, reading.trait
        if self._flaps(device.id, reading.trait, now):
            self._quiet.add(alarm)
        else:
            await self._text(f"alarm:{alarm}:1", self._sentence(device, kind, reading.value))

    def _flaps(self, id_: str, trait: str, now: datetime) -> bool:
        """Whether this alarm was told to begin so often of late that the next one waits until it goes on."""
        began = [at for at in self._began.get((id_, trait), ()) if timedelta() <= now - at < FLAPPING]
        flaps = len(began) >= FLAPS
        self._began[id_, trait] = began if flaps else [*began, now]
        return flaps

    async def _end(self, device: Device, alarms: Sequence[int]) -> None:
        """The alarms of one trait (several where ways were joined meanwhile) are over: one text, if one was told."""
        rows = [row for alarm in alarms if (row := await self.store.one("alarm", id=alarm)) is not None]
        for alarm in alarms:
            await self.store.do("alarm_end", id=alarm, ended=self.local().isoformat())
            self._open.pop(alarm, None)
        told = [row for row in rows if row["id"] not in self._quiet]
        self._quiet.difference_update(alarms)
        for row in told[:1]:
            await self._text(f"alarm:{row['id']}:over", self.words().say(f"alert.over_{row['kind']}", name=device.name))

    def _sentence(self, device: Device, kind: str, value: Value) -> str:
        words = self.words()
        place = f" ({device.room})" if device.room and device.room.casefold() not in device.name.casefold() else ""
        shown = f"{value:.1f}" if isinstance(value, float) else str(value)
        return words.say(f"alert.{kind}", name=f"{device.name}{place}", value=shown)

    async def _due(self) -> None:
        """Say again what nobody has acknowledged, and once a week which batteries are low."""
        now = self.local()
        one_each = {(self.home.lead(row["device"]), row["trait"]): row
                    for row in reversed(await self.store.all("alarms_open"))}  # of ways joined meanwhile the first
        for (id_, trait), row in reversed(one_each.items()):
            device = self.home.devices.get(id_)
            if row["acknowledged"] or device is None or row["times"] >= TIMES:
                continue
            if now - datetime.fromisoformat(row["told"]) < AGAIN:
                continue
            await self.store.do("alarm_told", id=row["id"], told=now.isoformat())
            self._quiet.discard(row["id"])
            reading = self.home.reading(id_, trait)
            text = self._sentence(device, row["kind"], reading.value if reading else None)
            await self._text(f"alarm:{row['id']}:{row['times'] + 1}", self.words().say("alert.still", text=text))
        await self._batteries(now)

    async def _batteries(self, now: datetime) -> None:
        told = await self.store.fact("batteries_told", "")
        if now.hour not in BATTERIES_HOURS or (told and now - datetime.fromisoformat(told) < BATTERIES_EVERY):
            return
        low = [device.name for device in self.home.devices.values() if low_battery(self.home, device.id)]
        if not low:
            return
        await self.store.set_fact("batteries_told", now.isoformat())
        words = self.words()
        await self._text(f"batteries:{now:%Y-%m-%d}", words.say("alert.batteries", names=words.join(low),
                                                                count=len(low)), roles=("owner",))

    async def acknowledge(self, person: Person, text: str) -> str:
        """ "Got it": nobody is told again of the alarms that go on. What is said to it; "" where it is none, or where
        nothing is open."""
        words = self.words()
        said = " ".join(text.casefold().strip(" .!").split())
        if person.role == "guest" or said not in words.say("alert.ack").split("|"):
            return ""
        rows = [row for row in await self.store.all("alarms_open") if not row["acknowledged"]]
        for row in rows:
            await self.store.do("alarm_acknowledge", id=row["id"], person=person.name, at=self.local().isoformat())
            self._quiet.discard(row["id"])  # who sees to it is told when it is over
        for other in self.people if rows else ():
            if other.name != person.name and other.addresses and other.role != "guest":
                await self._send(other, f"alarm:{rows[0]['id']}:seen:{person.name}",
                                 words.say("alert.seen", who=person.name))
        return words.say("alert.acknowledged") if rows else ""

    async def _text(self, key: str, text: str, roles: tuple[str, ...] = ("owner", "member")) -> None:
        for person in self.people:
            if person.role in roles and person.addresses:
                await self._send(person, key, text)

    async def _send(self, person: Person, key: str, text: str) -> None:
        channel, to = person.addresses[0].split(":", 1)
        await self.tell(Letter(f"{key}:{person.name}", channel, to, text, kind="alarm"))
