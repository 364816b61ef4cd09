"""From an unknown address to a part of the home: look, say what it seems to be, try it once, keep it.

Trying and keeping are commands, so they pass the gate like any other; nothing but GET is sent before a person said yes
to `try`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from dobby.errors import ConfigError, DeviceError
from dobby.home.device import Command, Driver, Fault, Found, Outcome, Secret, Settings, Sighting
from dobby.home.home import Home
from dobby.home.verdict import KEEP, TRY
from dobby.learning.draft import Draft
from dobby.learning.guess import guess
from dobby.learning.link import drive
from dobby.learning.look import Look, look
from dobby.learning.shelf import Shelf
from dobby.learning.trial import Trial, attempt, prove
from dobby.store import Store
from dobby.wire.neighbours import gateways
from dobby.wire.recipe.data import Recipe
from dobby.wire.recipe.reader import parse

log = logging.getLogger(__name__)
DRAFTS = 20  # held at a time
FACT = "learned"  # where the store holds what was said yes to


class Joins(Protocol):
    """Where links are kept up."""

    async def accept(self, driver: Driver, found: Found, secret: Secret) -> None:
        """Keep a link from now on."""
        ...


AskModel = Callable[["Studied", Any], Awaitable["Studied | None"]]  # takes the hands of the turn that asks


@dataclass(slots=True)
class Studied:
    """What is known of an unknown device while it is not kept. trial: what came of trying it."""

    host: str
    seen: Look
    draft: Draft | None = None
    trial: Trial | None = None
    secret: Secret = field(default_factory=dict)
    given: Recipe | None = None  # written by the model or brought from another home, instead of the draft's own

    @property
    def key(self) -> str:
        """The key of the link it would be; "" while nothing can be said of it."""
        recipe = self.given or (self.trial.recipe if self.trial else None)
        return recipe.key if recipe else f"learned:{self.draft.slug}" if self.draft else ""


class Learner:
    """All that is being learned, and the shelf of what was."""

    def __init__(self, shelf: Shelf, home: Home, store: Store, joins: Joins, settings: Settings,
                 allows: Callable[[str], bool]) -> None:
        """allows: whether an address lies in a network that the owner named."""
        self.shelf, self._home, self._store, self._joins = shelf, home, store, joins
        self._settings, self._allows = settings, allows
        self.studied: dict[str, Studied] = {}
        self.ask_model: AskModel | None = None  # what helps where no rule knows; None without a model
        self._driver = shelf.driver()
        self._waiting, self._joining = set[str](), set[asyncio.Task[None]]()
        self._exits: frozenset[str] = frozenset()  # what leads out of the house
        shelf.on_met = self._met
        home.also_does(TRY, self.try_it)
        home.also_does(KEEP, self.keep)

    async def open(self) -> None:
        """Read what was said yes to in earlier runs."""
        kept = await self._store.fact(FACT, {})
        self.shelf.approved = {slug: row["hash"] for slug, row in kept.items()}
        self.shelf.aside = {slug: row["aside"] for slug, row in kept.items() if row.get("aside")}
        self._waiting |= {slug for slug, row in kept.items() if row.get("waiting")}
        await asyncio.to_thread(self.shelf.load)

    async def _write(self) -> None:
        await self._store.set_fact(FACT, {slug: {"hash": hash_, "aside": self.shelf.aside.get(slug, ""),
                                                 "waiting": slug in self._waiting}
                                          for slug, hash_ in self.shelf.approved.items()})

    async def study(self, host: str, ports: Sequence[int] = (), *, mac: str = "",
                    facts: Mapping[str, str] | None = None, more: Sequence[tuple[int, str]] = ()) -> Studied | None:
        """Look at an address and guess; None where it may not be looked at."""
        if not self._allows(host):
            return None
        seen = await look(host, ports, mac=mac, facts=facts, more=more)
        self._exits = await asyncio.to_thread(gateways)
        draft = None if host in self._exits else await asyncio.to_thread(guess, seen)
        if draft is not None:
            draft.name = self._free(draft.name)
        studied = Studied(host, seen, draft)
        self._hold(studied)
        return studied

    def _hold(self, studied: Studied) -> None:
        if studied.key:
            self.studied.pop(studied.key, None)
            self.studied[studied.key] = studied
            while len(self.studied) > DRAFTS:
                self.studied.pop(next(iter(self.studied)))

    def _free(self, name: str) -> str:
        """A name that nothing in the home has: a stranger may not take another's."""
        taken = {one.casefold() for device in self._home.devices.values() for one in (device.name, *device.aliases)}
        names = [name, *(f"{name} {number}" for number in range(2, 99))]
        return next((one for one in names if one.strip().casefold() not in taken), name)

    def propose(self, host: str, text: str, slug: str, seen: Look) -> Studied:
        """A recipe that somebody else wrote, to be tried; ConfigError says what is wrong with it. By its words it may
        do no more than any recipe."""
        if not self._allows(host):
            raise ConfigError([f"{host} is not in a network that the owner named"])
        if host in self._exits:
            raise ConfigError([f"{host} is the way out of the house, which is left alone"])
        recipe = parse(text, slug)
        if self._free(recipe.name) != recipe.name:
            raise ConfigError([f"name: there is a {recipe.name!r} in the home already; call it otherwise"])
        if seen.mac and recipe.known_by.get("mac", seen.mac).lower() != seen.mac.lower():
            raise ConfigError([f"known_by.mac: its hardware address is {seen.mac}"])
        invented = [value for value in recipe.known_by.values() if recipe.ask is None and not seen.holds(value)]
        if invented:
            raise ConfigError([f"known_by: the device never said {invented[0]!r} of itself; give what it says, or ask "
                               "for it"])
        studied = Studied(host, seen, given=recipe)
        self._hold(studied)
        return studied

    # --- commands -----------------------------------------------------------------------------------------------------

    async def try_it(self, command: Command) -> Outcome:
        """The command `try`: set one thing, see it, put it back."""
        studied = self.studied.get(command.device)
        if studied is None:
            return _failed(command, "I no longer have it before me; ask me to look at it again.")
        before = studied.key
        if studied.given is not None:
            studied.trial = await prove(studied.given, studied.host, studied.secret, self._settings)
        elif studied.draft is not None:
            studied.trial = await attempt(studied.draft, studied.host, studied.secret, self._settings)
        else:
            return _failed(command, "I do not know how it might be driven.")
        if studied.key != before:
            self._hold(studied)
        if studied.trial.recipe is None:
            return _failed(command, studied.trial.said)
        return Outcome(command, "confirmed", studied.trial.tried, datetime.now(UTC))

    async def keep(self, command: Command) -> Outcome:
        """The command `keep`: from now on it is part of the home."""
        studied = self.studied.get(command.device)
        recipe = studied.trial.recipe if studied and studied.trial else None
        if studied is None or recipe is None:
            recipe = next((one for one in self.shelf.foreign() if one.key == command.device), None)
            if recipe is None:
                return _failed(command, "I no longer have it before me; ask me to look at it again.")
            if wrong_one := self._claimed(recipe):
                return _failed(command, wrong_one)
            self.shelf.approved[recipe.slug] = recipe.hash
            self.shelf.aside.pop(recipe.slug, None)
            self._waiting.add(recipe.slug)
            await self._write()
            return Outcome(command, "confirmed", True, datetime.now(UTC))
        if wrong_one := self._claimed(recipe):
            return _failed(command, wrong_one)
        found = Found(recipe.key, "learned", recipe.name, studied.host, recipe.port)
        answers = await self._answers(recipe, found, studied.secret)
        try:
            await asyncio.to_thread(self.shelf.keep, recipe, answers)
        except OSError as wrong:
            return _failed(command, f"Its folder could not be written: {wrong.strerror}.")
        await self._write()
        await self._joins.accept(self._driver, found, studied.secret)
        self.studied.pop(command.device, None)
        return Outcome(command, "confirmed", True, datetime.now(UTC))

    def _claimed(self, recipe: Recipe) -> str:
        """Why a recipe may not be kept: another is for the same device, or has its name; "" when it may."""
        ids = {value.casefold() for value in recipe.known_by.values()}
        other = next((one for slug, one in self.shelf.recipes.items() if slug != recipe.slug and ids & {
            value.casefold() for value in one.known_by.values()} and self.shelf.approved.get(slug) == one.hash), None)
        if other is not None:
            return f"“{other.name}” is that device already; forget it first."
        mine = self._home.devices.get(recipe.key)
        if mine is None and self._free(recipe.name) != recipe.name:
            return f"There is a “{recipe.name}” in the home already; give it another name in its device.toml."
        return ""

    def _met(self, recipe: Recipe, found: Found) -> None:
        """A device of a recipe from elsewhere, which was said yes to, is on the network: it joins now."""
        if recipe.slug in self._waiting:
            self._waiting.discard(recipe.slug)
            task = asyncio.get_running_loop().create_task(self._join(found))
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    def waits(self, key: str) -> bool:
        """Whether a recipe was said yes to and its device was not seen yet."""
        return key.partition(":")[2] in self._waiting

    def look_for(self, sightings: Iterable[Sighting]) -> None:
        """Look for what is waited for among what was seen before."""
        for one in sightings:
            self.shelf.claim(one)

    async def _join(self, found: Found) -> None:
        await self._write()
        await self._joins.accept(self._driver, found, {})

    async def _answers(self, recipe: Recipe, found: Found, secret: Secret) -> dict[str, bytes]:
        """What it answers to each question of its recipe, for the test that is kept with it."""
        answers: dict[str, bytes] = {}
        names = {one.read.request for one in recipe.abilities if one.read and one.read.request}
        try:
            async with drive(recipe, found, secret, self._settings, lambda _: None) as link:
                for name in names:
                    answers[name] = await link.answer(name)
        except (DeviceError, TimeoutError):
            log.warning("%s was kept without all its exchanges", recipe.slug)
        return answers

    async def drop(self, key: str) -> None:
        """Everything that is known of a learned device besides its link: its folder and its approval."""
        self._waiting.discard(key.partition(":")[2])
        await asyncio.to_thread(self.shelf.forget, key.partition(":")[2])
        self.studied.pop(key, None)
        await self._write()

    async def set_aside(self, recipe: Recipe) -> None:
        """Remember, over restarts too, that a recipe no longer fits."""
        log.warning("the recipe %s is set aside: %s", recipe.slug, self.shelf.aside.get(recipe.slug))
        await self._write()


def _failed(command: Command, text: str) -> Outcome:
    return Outcome(command, "failed", error=Fault("unknown", text))
