"""The home in memory: devices, what they last showed, and the one function that commands them.

`do` sends side by side across devices and in order on one, and calls a command confirmed only when a reading newer
than the send shows it. `follow` feeds a link's devices and readings in. Nothing here knows a make or a protocol.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dobby.errors import OutOfRange
from dobby.home.device import Command, Device, Fault, Link, Outcome, Reading, Room
from dobby.home.known import Known, failed, first_of, first_way, tidy
from dobby.home.traits import Value
from dobby.home.twins import OwnersWord, twins, united
from dobby.home.verdict import Check, Permit
from dobby.home.vocabulary import SAFETY

log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds until a command that nothing confirmed counts as failed
SETTLING = 10.0  # seconds after a start in which a device of the last run may still be on its way
LISTENER_LIMIT = 2000  # events a slow listener may fall behind before it is told that it lost some


@dataclass(frozen=True, slots=True)
class Given:
    """What the owner gave a device: "" or None leaves the device's own."""

    name: str = ""
    room: str | None = None
    aliases: tuple[str, ...] = ()
    in_everything: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """An event for listeners: a device appeared or changed (trait ""), or a trait was read or is now pending."""

    device: str
    trait: str = ""
    value: Value = None
    at: datetime | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """An order that may not be carried out now, and why; wait: seconds after which it may (0 = waiting is no use)."""

    why: Fault
    wait: float = 0.0


Guard = Callable[[Command, Device], Held | None]
WAIT = 4.0  # seconds that a rest may still take for an order to wait for it instead of failing


class Home:
    """Devices and readings. Only commands with a permit from the gate are executed."""

    def __init__(self, check: Check, *, patience: float = PATIENCE,
                 guard: Guard = lambda _command, _device: None) -> None:
        """guard: why an order may not be carried out now, whoever gives it."""
        self._check, self.guard = check, guard
        self._began = time.monotonic()
        self.patience = patience
        self._known: dict[str, Known] = {}
        self._given: dict[str, Given] = {}
        self._word = OwnersWord()
        self._paths: dict[str, tuple[str, ...]] = {}  # the ways to each device shown, the preferred one first
        self._leads: dict[str, str] = {}  # the device that each way leads to
        self._shown: dict[str, Device] = {}
        self._stale = False  # what is shown must be made anew
        self._rooms: dict[str, Room] = {}
        self._room_facts: dict[str, Room] = {}
        self._listeners: set[asyncio.Queue[Changed | None]] = set()
        self._doers: dict[str, Callable[[Command], Awaitable[Outcome]]] = {}

    # --- what can be read -------------------------------------------------------------------------------------------

    @property
    def devices(self) -> Mapping[str, Device]:
        """Devices by id with the owner's names. The mapping object is replaced whenever anything in it changes."""
        if self._stale:
            self._show()
        return self._shown

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Rooms by name: those that devices are in and those the owner described. Replaced when it changes."""
        if self._stale:
            self._show()
        return self._rooms

    def paths(self, device: str) -> tuple[str, ...]:
        """The ids under which hubs know this device, the preferred one first."""
        return self._paths.get(device, (device,)) if self.devices else ()

    def lead(self, device: str) -> str:
        """The id under which a way to a device is shown now."""
        return self._leads.get(device, device) if self.devices else device

    def _ways(self, device: str) -> list[Known]:
        """The ways to a device: those that answer first, the preferred ones first among each."""
        ways = [self._known[id_] for id_ in self.paths(device) if id_ in self._known]
        return sorted(ways, key=lambda one: not one.answers) if len(ways) > 1 else ways

    def _via(self, device: str, trait: str = "") -> Known | None:
        """The way by which a device is reached now, or that speaks for one of its traits."""
        return first_way(self._ways(device), trait)

    def value(self, device: str, trait: str) -> Value:
        """The value last read, None when nothing was."""
        reading = self.reading(device, trait)
        return None if reading is None else reading.value

    def reading(self, device: str, trait: str) -> Reading | None:
        """The last reading of a trait."""
        known = self._via(device, trait)
        return known.readings.get(trait) if known else None

    def since(self, device: str, trait: str) -> float | None:
        """Seconds since a reading last changed under our eyes; None when it never did."""
        known = self._via(device, trait)
        at = known.changed.get(trait) if known else None
        return None if at is None else time.monotonic() - at

    def reachable(self, device: str) -> bool:
        """Whether the line is up and the device answers."""
        known = self._via(device)
        return known is not None and known.answers

    def pending(self, device: str, trait: str) -> bool:
        """Whether a command for this trait is under way."""
        known = self._via(device, trait)
        return known is not None and trait in known.pending

    # --- the owner's words ------------------------------------------------------------------------------------------

    def restore(self, devices: Sequence[Device], given: Mapping[str, Given], rooms: Sequence[Room]) -> None:
        """Know the devices of the last run before their links are up; they count as unreachable until then."""
        self._given = dict(given)
        self._room_facts = {room.name: room for room in rooms}
        for device in devices:
            self._known.setdefault(device.id, Known(tidy(device)))
        self._stale = True

    def changed_before(self, device: str, trait: str, seconds: float) -> None:
        """A reading last changed so long ago, in the run before."""
        if (known := self._known.get(device)) is not None:
            known.changed.setdefault(trait, time.monotonic() - seconds)

    def told_apart(self, word: OwnersWord) -> None:
        """The owner says what is one thing and what is not."""
        self._word, self._stale = word, True
        for id_ in self.devices:  # any of them may be another thing now
            self._tell(Changed(id_))

    def give(self, device: str, given: Given) -> None:
        """The owner names a device, puts it in a room, gives it aliases."""
        self._given[device] = given
        self._stale = True
        self._tell(Changed(device))

    def describe_room(self, room: Room) -> None:
        """The owner says on which floor a room is, or what else it is called."""
        self._room_facts[room.name] = room
        self._stale = True

    def given(self, device: str) -> Given:
        """What the owner gave this device so far, under whichever way to it."""
        return self._gift(self.paths(self.lead(device)) or (device,)) or Given()

    def _gift(self, ways: Iterable[str]) -> Given | None:
        return next((found for way in ways if (found := self._given.get(way))), None)

    def _show(self) -> None:
        shown: dict[str, Device] = {}
        self._stale = False
        self._paths = twins({id_: known.own for id_, known in self._known.items()}, self._word)
        self._leads = {way: id_ for id_, ways in self._paths.items() for way in ways}
        for id_, ways in self._paths.items():
            own, given = united([self._known[way].own for way in ways]), self._gift(ways)
            shown[id_] = own if given is None else replace(
                own, name=given.name or own.name, room=own.room if given.room is None else given.room,
                aliases=given.aliases, in_everything=given.in_everything)
        rooms = {device.room for device in shown.values() if device.room} | set(self._room_facts)
        for id_, device in shown.items():
            given = self._gift(self._paths[id_]) or Given()
            if not device.room and given.room is None and (room := _named_after(device.name, rooms)):
                shown[id_] = replace(device, room=room)
        self._shown = shown
        names = dict.fromkeys(device.room for device in shown.values() if device.room)
        self._rooms = {name: self._room_facts.get(name, Room(name)) for name in (*names, *self._room_facts)}

    # --- listening --------------------------------------------------------------------------------------------------

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Changed | None]]:
        """A queue of changes; None in it means that some were lost and the home must be read anew."""
        queue: asyncio.Queue[Changed | None] = asyncio.Queue(LISTENER_LIMIT)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def _tell(self, change: Changed) -> None:
        lead = self.lead(change.device) if change.trait else self._leads.get(change.device, change.device)
        if change.trait in SAFETY or change.trait == "reachable":  # by whichever way: what the whole thing shows now
            value = self.value(lead, change.trait) if change.trait in SAFETY else self.reachable(lead)
            change = replace(change, value=value)
        elif lead != change.device and change.trait:  # by another way, which may not be the one that speaks for it
            via = self._via(lead, change.trait)
            if via is not None and via.own.id != change.device:
                return
        change = replace(change, device=lead)  # listeners know it under one id only
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(change)

    # --- following links --------------------------------------------------------------------------------------------

    async def follow(self, link: Link, on_device: Callable[[Device], None] | None = None) -> None:
        """Take in what a link yields until it ends (its error rises); its devices are unreachable from then on."""
        mine: set[str] = set()
        try:
            async for item in link.watch():
                if isinstance(item, Device):
                    mine.add(item.id)
                    self._adopt(item, link)
                    if on_device is not None:
                        on_device(item)
                elif item.device in mine:
                    self._take(item)
        finally:
            for id_ in mine:
                known = self._known.get(id_)
                if known is not None and known.link is link:
                    known.link = None
                    self._tell(Changed(id_, "reachable", False, datetime.now(UTC)))

    def explain(self, key: str, why: Fault) -> None:
        """Why the devices of a link (its key, or below it) are out of reach: said when somebody commands them."""
        for id_, known in self._known.items():
            if id_ == key or id_.startswith(f"{key}/"):
                known.lost = why

    def forget(self, key: str) -> None:
        """A link is gone for good, and its devices with it."""
        for id_ in [one for one in self._known if one == key or one.startswith(f"{key}/")]:
            del self._known[id_]
            self._given.pop(id_, None)
            self._stale = True
            self._tell(Changed(id_))

    def _adopt(self, device: Device, link: Link) -> None:
        known = self._known.get(device.id)
        if known is None:
            known = self._known[device.id] = Known(device)
        if known.link is not link:
            known.readings.pop("reachable", None)  # what the last line said of it holds for that line
        known.own, known.link = tidy(device), link
        known.met.set()
        self._stale = True
        self._tell(Changed(device.id))

    def _take(self, reading: Reading) -> None:
        known = self._known.get(reading.device)
        if known is None or (reading.trait != "reachable" and known.own.trait(reading.trait) is None):
            return
        if known.take(reading):
            self._tell(Changed(reading.device, reading.trait, reading.value, reading.at))

    # --- doing ------------------------------------------------------------------------------------------------------

    def also_does(self, trait: str, doer: Callable[[Command], Awaitable[Outcome]]) -> None:
        """Commands of this trait (pairing) are no device's: `doer` carries them out, once the permit is checked."""
        self._doers[trait] = doer

    def problem(self, command: Command) -> Fault | None:
        """Why a command cannot be carried out by anybody: no such device, no such trait, a value out of range."""
        if command.trait in self._doers:
            return None
        known, device = self._via(command.device, command.trait), self.devices.get(self.lead(command.device))
        if known is None or device is None:
            return Fault("unknown", "There is no such device in this home.")
        trait = known.own.trait(command.trait)
        if trait is None:
            return Fault("range", f"{device.name} has no {command.trait}.")
        try:
            trait.check(command.value)
        except OutOfRange as error:
            return Fault("range", error.text)
        held = self.guard(command, device)
        return held.why if held is not None and not 0 < held.wait <= WAIT else None

    async def do(self, commands: Sequence[Command], permit: Permit,
                 outcomes: dict[int, Outcome] | None = None) -> list[Outcome]:
        """Carry out commands that the gate let through; one Outcome each, in order. Raises only NoPermit. `outcomes`
        fills on the way, by index, so that a caller who is cancelled knows what came of them until then."""
        self._check(commands, permit)
        by_device: dict[str, list[int]] = {}
        for index, command in enumerate(commands):
            by_device.setdefault(command.device, []).append(index)
        outcomes = {} if outcomes is None else outcomes
        async with asyncio.TaskGroup() as group:
            for indices in by_device.values():
                group.create_task(self._in_order(commands, indices, outcomes))
        return [outcomes[index] for index in range(len(commands))]

    async def _in_order(self, commands: Sequence[Command], indices: list[int], outcomes: dict[int, Outcome]) -> None:
        """One device's commands: sent in order, proofs awaited together, but never two of one trait in flight."""
        known = self._known.get(self._leads.get(commands[indices[0]].device, ""))
        lock = known.lock if known else asyncio.Lock()
        async with lock:
            flying: dict[str, asyncio.Task[None]] = {}
            lost: Fault | None = None
            async with asyncio.TaskGroup() as group:
                for index in indices:
                    command = commands[index]
                    if command.trait in flying:
                        await asyncio.wait([flying[command.trait]])
                    if lost is not None:
                        outcomes[index] = Outcome(command, "failed", error=lost)
                        continue
                    sent = asyncio.Event()
                    flying[command.trait] = task = group.create_task(self._fill(outcomes, index, command, sent))
                    await first_of(sent, task)
                    error = outcomes[index].error if index in outcomes else None
                    lost = error if error is not None and error.kind in ("unreachable", "timeout") else None

    async def _fill(self, outcomes: dict[int, Outcome], index: int, command: Command, sent: asyncio.Event) -> None:
        outcomes[index] = await self._one(command, sent)

    async def _one(self, command: Command, sent: asyncio.Event) -> Outcome:
        if command.trait in self._doers:
            return await self._doers[command.trait](command)
        problem = self.problem(command)
        if problem is not None:
            return failed(command, problem)
        device = self.devices.get(self.lead(command.device))
        if device is not None and (held := self.guard(command, device)) is not None:
            await asyncio.sleep(min(held.wait, WAIT))  # a short rest is waited for; what is longer was a problem
        outcome = failed(command, Fault("unknown", "It is gone."))
        for known in [one for one in self._ways(command.device) if one.own.trait(command.trait)]:
            outcome = await self._by(known, command, sent)
            if outcome.error is None or outcome.error.kind != "unreachable":
                break  # a way that is dead does not keep the other from being tried
        return replace(outcome, command=command)

    async def _by(self, known: Known, command: Command, sent: asyncio.Event) -> Outcome:
        """A command by one way; the outcome is of that way's own device."""
        trait = known.own.trait(command.trait)
        if trait is None:
            return failed(command, Fault("range", f"It has no {command.trait}."))
        try:
            order = Command(known.own.id, command.trait, trait.check(command.value))
        except OutOfRange as error:  # this way has a narrower range than the one that was asked about it
            return failed(command, Fault("range", error.text))
        if order.trait in ("brightness", "speed") and order.value == 0 and known.own.trait("on"):
            off = await self._by(known, Command(command.device, "on", False), sent)  # no light, no wind: that is off
            return replace(off, read=0 if off.result == "confirmed" else off.read)
        await self._met(known)
        if known.link is None:
            return failed(order, known.lost)
        known.pending[order.trait] = order.value
        self._tell(Changed(order.device, order.trait, order.value, pending=True))
        try:
            return await known.send(order, trait, self.patience, sent)
        finally:
            known.pending.pop(order.trait, None)
            reading = known.readings.get(order.trait)
            self._tell(Changed(order.device, order.trait, reading.value if reading else None,
                               reading.at if reading else None))

    async def _met(self, known: Known) -> None:
        """Just after a start, give a device of the last run the time to be back in touch."""
        left = min(self.patience, self._began + SETTLING - time.monotonic())
        if left > 0 and not known.met.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await known.met.wait()


def _named_after(name: str, rooms: Iterable[str]) -> str:
    """The room that a name begins with ("Bedroom Shades"), the longest such; "" for none."""
    said = name.casefold()
    return max((room for room in rooms if said.startswith(f"{room.casefold()} ")), key=len, default="")
