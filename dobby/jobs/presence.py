"""Who is at home: told, seen by their phone on the network, or shown by a device. What nobody knows stays unknown.

Coming counts at once, leaving only after a while unseen. A phone that is still in reach while its owner says goodbye
brings nobody back: it counts again once it was gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dobby.home.device import View
from dobby.store import Store, stamp

GONE = timedelta(minutes=10)  # unseen for so long is away
EVERY = 60.0  # seconds between looks


@dataclass(frozen=True, slots=True)
class Habit:
    """How a person is noticed: the phone (MAC or host name) and a device with a reading "occupied" (id or name)."""

    name: str
    phone: str = ""
    device: str = ""


@dataclass(slots=True)
class Presence:
    """seen: whether a phone answers on the network now, None where that cannot be looked at. on_change: somebody came
    or went."""

    store: Store
    view: View
    now: Callable[[], datetime]
    people: Sequence[Habit]
    seen: Callable[[str], Awaitable[bool | None]]
    on_change: Callable[[], Awaitable[None]]
    _home: dict[str, bool | None] = field(default_factory=dict)
    _unseen: dict[str, datetime] = field(default_factory=dict)  # since when somebody was not noticed any more
    _goodbye: set[str] = field(default_factory=set)  # told to be away, and their phone is still there

    async def open(self) -> None:
        """What was known in the last run."""
        known = {row["person"]: row["home"] for row in await self.store.all("presence")}
        self._home = {one.name: None if known.get(one.name) is None else bool(known[one.name]) for one in self.people}

    def names(self) -> tuple[str, ...]:
        """The people of the house."""
        return tuple(one.name for one in self.people)

    def noticed(self) -> bool:
        """Whether anybody would be noticed without a word, by their phone or a device."""
        return any(one.phone or one.device for one in self.people)

    def home(self) -> Mapping[str, bool | None]:
        """Who is at home, by name."""
        return self._home

    async def told(self, name: str, home: bool) -> None:
        """Somebody says that they come or go."""
        self._unseen.pop(name, None)
        if home:
            self._goodbye.discard(name)
        else:
            self._goodbye.add(name)
        await self._set(name, home, "told")

    async def all_gone(self, name: str) -> None:
        """Somebody says that everybody goes: they do, and who is noticed by nothing but words does too."""
        for one in self.people:
            if one.name == name or not (one.phone or one.device):
                await self.told(one.name, False)

    async def look(self) -> None:
        """Look for everybody who can be noticed."""
        for one in self.people:
            here = await self.seen(one.phone) if one.phone else None
            shown = self._shown(one.device) if one.device else None
            if here is None and shown is None:
                continue
            how = "phone" if here is not None else "device"
            await self._notice(one.name, bool(here) or bool(shown), how)

    async def _notice(self, name: str, here: bool, how: str) -> None:
        now = self.now()
        if here:
            self._unseen.pop(name, None)
            if name not in self._goodbye:
                await self._set(name, True, how)
            return
        self._goodbye.discard(name)
        if self._home.get(name) is None:
            return  # never noticed: a phone that is not in the house, or a wrong address
        since = self._unseen.setdefault(name, now)
        if now - since >= GONE:
            await self._set(name, False, how)

    def _shown(self, device: str) -> bool | None:
        found = [id_ for id_, one in self.view.devices.items() if device in (id_, one.name)]
        value = self.view.value(found[0], "occupied") if found else None
        return value if isinstance(value, bool) else None

    async def _set(self, name: str, home: bool, how: str) -> None:
        if self._home.get(name) is home:
            return
        self._home[name] = home
        await self.store.do("presence_put", person=name, home=home, how=how, at=stamp(self.now()))
        await self.on_change()

    def due(self) -> datetime | None:
        """When somebody who is unseen now counts as away (UTC)."""
        waiting = [since + GONE for name, since in self._unseen.items() if self._home.get(name) is not False]
        return min(waiting, default=None)
