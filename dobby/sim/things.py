"""What the control port sees of a device: its place in the home, its true state, and what is wrong with it."""

import asyncio
import difflib
import itertools
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

State = dict[str, Any]

FAULTS = frozenset({"dead", "slow", "lies", "refuses", "garbage"})
SLOW_SECONDS = 20.0
_RUBBISH = itertools.cycle(
    [b"\x00\xff\xfe\x80garbage\xc3\x28", b'{"state": {"on": tr', b"<<<>>&&& not markup", b'["wrong", 3.7, null]', b""]
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a device; `over` is set when it is cleared."""

    name: str
    seconds: float = SLOW_SECONDS
    code: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


async def nothing(_fault: Fault | None) -> None:
    """What a device does about its fault when its server only looks at `Thing.fault`."""


def read_only(_state: State) -> None:
    """The `write` of a device that no hand can change."""
    raise ValueError("nothing about this device can be set")


@dataclass(slots=True)
class Thing:
    """A device as `/truth` shows it; `read` and `write` reach inside it, past its protocol.

    `write` raises ValueError in words for a state the device cannot have.
    """

    key: str
    name: str
    room: str
    make: str
    kind: str
    native_id: str
    read: Callable[[], State]
    write: Callable[[State], None] = read_only
    hub: str | None = None
    faulted: Callable[[Fault | None], Awaitable[None]] = nothing
    press: Callable[[], None] | None = None
    faults: frozenset[str] = FAULTS
    listed: bool = True
    fault: Fault | None = None
    late: int = 0  # requests that its slowness holds back, until they are answered
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)  # none of them is left

    def hold(self, slow: bool) -> None:
        """A request came in, to be answered late or not."""
        self.late += slow
        if self.late:
            self.caught_up.clear()

    def let_go(self, slow: bool) -> None:
        """It was answered."""
        self.late -= slow
        if not self.late:
            self.caught_up.set()

    def has(self, fault: str) -> bool:
        """Whether this fault is on now."""
        return self.fault is not None and self.fault.name == fault

    async def set_fault(self, fault: Fault | None) -> None:
        """Put a fault in place of the one before; None heals."""
        before, self.fault = self.fault, fault
        if before is not None:
            before.over.set()
        await self.faulted(fault)


async def wait_while_slow(thing: Thing) -> None:
    """Hold an answer back as long as the device's slowness says, or until it is healed."""
    fault = thing.fault
    if fault is None or fault.name != "slow":
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(fault.over.wait(), fault.seconds)


def rubbish() -> bytes:
    """Bytes that are no protocol at all, different each time."""
    return next(_RUBBISH)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; the nearest is 'x'`, or what there is when nothing is near."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; the nearest is '{close[0]}'" if close else f"; there are {', '.join(names)}"


def check_words(state: State, known: Iterable[str]) -> None:
    """Raise ValueError for a state word that the device does not have."""
    names = set(known)
    for word in state:
        if word not in names:
            raise ValueError(f"no state word '{word}'{nearest(word, names)}")


def want_bool(state: State, word: str) -> bool:
    """The boolean under `word`, or ValueError."""
    value = state[word]
    if not isinstance(value, bool):
        raise ValueError(f"'{word}' is true or false, not {value!r}")
    return value


def want_number(state: State, word: str, low: float, high: float) -> float:
    """The number under `word` within its range, or ValueError."""
    value = state[word]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"'{word}' is a number from {low:g} to {high:g}, not {value!r}")
    return float(value)
