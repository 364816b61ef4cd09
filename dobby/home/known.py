"""A device as it is known by one way: its line, what it last showed, and how a command by that way is proven.

A command is confirmed by a reading newer than the send that shows it, or by a change of what its trait is confirmed by.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from dobby.errors import DeviceError
from dobby.home.device import Command, Device, Fault, Link, Outcome, Reading
from dobby.home.traits import Trait, Value
from dobby.home.vocabulary import SAFETY, limited

log = logging.getLogger(__name__)
NAME_LIMIT = 80
SILENT = Fault("unreachable", "It does not answer.")


@dataclass(slots=True)
class Waiter:
    """One sent command that waits for a reading to prove it."""

    command: Command
    trait: Trait
    watched: str
    before: Value
    since: float
    proof: asyncio.Future[Reading]
    last: Reading | None = None

    def offer(self, reading: Reading) -> None:
        """A reading came in: it may be the proof."""
        if reading.tick < self.since or self.proof.done():
            return
        self.last = reading
        if self._proves(reading.value):
            self.proof.set_result(reading)

    def _proves(self, value: Value) -> bool:
        trait = self.trait
        if trait.confirmed_by == "":
            return trait.shows(self.command.value, value)
        return value == trait.confirmed_as if trait.confirmed_as is not None else value != self.before


@dataclass(slots=True)
class Known:
    """One way to a device and all that is held about it."""

    own: Device
    link: Link | None = None
    lost: Fault = SILENT
    met: asyncio.Event = field(default_factory=asyncio.Event)  # its line was up in this run
    readings: dict[str, Reading] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)  # time.monotonic() of the last change seen, by trait
    pending: dict[str, Value] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiters: defaultdict[str, list[Waiter]] = field(default_factory=lambda: defaultdict(list))

    @property
    def answers(self) -> bool:
        """Whether the line is up and the device is on it."""
        return self.link is not None and self.value("reachable") is not False

    def value(self, trait: str) -> Value:
        """The value last read, None when nothing was."""
        reading = self.readings.get(trait)
        return None if reading is None else reading.value

    def take(self, reading: Reading) -> bool:
        """A reading came in; whether it is another value than before. One older than the last is passed over."""
        last = self.readings.get(reading.trait)
        if last is not None and last.tick > reading.tick:
            return False
        self.readings[reading.trait] = reading
        for waiter in self.waiters.get(reading.trait, ()):
            waiter.offer(reading)
        changed = last is None or last.value != reading.value
        if changed and last is not None:
            self.changed[reading.trait] = time.monotonic()
        return changed

    async def send(self, command: Command, trait: Trait, patience: float, sent: asyncio.Event) -> Outcome:
        """Hand a checked command over and wait for its proof, `patience` seconds at most; `sent` when it has left."""
        link = self.link
        if link is None:
            return failed(command, self.lost)
        watched = trait.confirmed_by if trait.confirmed_by not in ("", "-") else trait.name
        waiter = Waiter(command, trait, watched, self.value(watched), time.monotonic(),
                        asyncio.get_running_loop().create_future())
        self.waiters[watched].append(waiter)
        handed_over = False
        try:
            async with asyncio.timeout(patience):
                await link.send(command)
                handed_over = True
                sent.set()
                if trait.confirmed_by == "-":
                    return Outcome(command, "sent", at=datetime.now(UTC))
                reading = await waiter.proof
            return Outcome(command, "confirmed", reading.value if watched == trait.name else self.value(trait.name),
                           reading.at)
        except TimeoutError:
            return self._not_shown(command, waiter, handed_over, f"within {patience:g} seconds.")
        except DeviceError as error:
            return failed(command, Fault(error.kind, error.text, error.hint), waiter.last)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return failed(command, self._broken(link), waiter.last)  # a library's stray one
        except Exception:  # a driver's bug or a library's surprise: this device failed, the others go on
            if self.link is link:
                log.exception("driver of %s failed on %s", self.own.make, command.trait)
            return failed(command, self._broken(link), waiter.last)
        finally:
            self.waiters[watched].remove(waiter)

    def _broken(self, link: Link) -> Fault:
        """Why a send ended oddly: its line was given up meanwhile, or the answer made no sense."""
        return Fault("unknown", "Its answer made no sense.") if self.link is link else self.lost

    def _not_shown(self, command: Command, waiter: Waiter, handed_over: bool, after: str) -> Outcome:
        moves = self.readings.get(waiter.trait.travels)
        if handed_over and moves is not None and moves.value is True and moves.tick >= waiter.since:
            return Outcome(command, "sent", self.value(command.trait), moves.at, on_its_way=True)
        if not self.answers:
            fault = SILENT
        elif not handed_over:
            fault = Fault("timeout", f"It did not answer {after}")
        elif waiter.last is None:
            fault = Fault("timeout", f"It took the order and showed nothing {after}")
        else:
            fault = Fault("mismatch", "It said yes, but does not show it.")
        return failed(command, fault, waiter.last)


def first_way(ways: Sequence[Known], trait: str) -> Known | None:
    """Of the ways to a device, in order, the one that speaks for a trait: the first that has it; of water, smoke and
    such the first that says so, among those that answer (a lost line takes no alarm back)."""
    able = [one for one in ways if one.own.trait(trait)] or ways
    heard = [one for one in able if one.answers] or able
    told = [one for one in heard if trait in SAFETY and one.value(trait) is True]
    return next(iter(told or able), None)


def tidy(device: Device) -> Device:
    """A device as the home takes it in: its names on one line each, its ranges within what is good for a home."""
    return replace(device, name=_line(device.name) or device.kind, room=_line(device.room),
                   traits=tuple(limited(one, device.kind) for one in device.traits))


def _line(name: str) -> str:
    """A stranger's name without what would break a line, turn it round or steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())[:NAME_LIMIT].rstrip()


def failed(command: Command, fault: Fault, last: Reading | None = None) -> Outcome:
    """An outcome that says why, and what was read last."""
    return Outcome(command, "failed", last.value if last else None, last.at if last else None, fault)


async def first_of(sent: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Wait until the command left the house, or was over before that."""
    waiting = asyncio.create_task(sent.wait())
    try:
        await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
