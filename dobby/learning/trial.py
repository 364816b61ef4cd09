"""Trying a draft once, with its owner watching: one harmless setting, read back, and put back as it was.

The ways in which the device might be set are tried one after another, what it says itself first; the first that the
device is seen to follow is the recipe's. A way that the device refuses costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dobby.errors import ConfigError, DeviceError, OutOfRange
from dobby.home.device import Command, Found, Reading, Secret, Settings
from dobby.home.traits import Value
from dobby.learning.draft import Draft, Seen, other
from dobby.learning.link import RecipeLink, drive
from dobby.wire.recipe.data import Recipe

log = logging.getLogger(__name__)
PATIENCE = 6.0  # seconds until a device that took an order shows it
LOOK_EVERY = 0.3
SECONDS = 75.0  # for a whole trial
FIELDS = 2  # fields tried a way: one may be deaf while the device is off


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. recipe: the proven one, None when nothing worked; said: what stood in the way."""

    recipe: Recipe | None
    trait: str = ""
    before: Value = None
    tried: Value = None
    back: bool = False
    said: str = ""


async def attempt(draft: Draft, host: str, secret: Secret, settings: Settings) -> Trial:
    """Try the ways of a draft until one is seen to work; never raises for what the device does."""
    until = time.monotonic() + SECONDS
    said, shift = "", 0
    reading_only: Recipe | None = None
    for way in draft.ways:
        fields = draft.settable(way)
        if not fields:
            continue
        try:
            recipe = draft.recipe(way)
        except ConfigError as error:
            log.debug("a way that may not be: %s", error)
            continue
        if time.monotonic() > until:
            return Trial(None, said=said or "It took too long.")
        try:
            async with drive(recipe, _found(draft, host), secret, settings, _nothing) as link:
                for one in fields[:FIELDS]:
                    shift += 1
                    found, said = await _try(draft, recipe, link, one, shift)
                    if found is not None:
                        return found
        except (DeviceError, TimeoutError) as error:
            said = str(error)
    with contextlib.suppress(ConfigError):
        reading_only = draft.recipe(None)
    if reading_only is not None and all(one.meant.sensed for one in draft.fields):
        return await _only_read(draft, reading_only, host, secret, settings)
    return Trial(None, said=said or "I found no way to set anything.")


def _nothing(_: str) -> None:
    """Nobody is told while it is tried."""


def _found(draft: Draft, host: str) -> Found:
    return Found(f"learned:{draft.slug}", "learned", draft.name, host, draft.port)


async def _shown(link: RecipeLink) -> Mapping[str, Reading]:
    return {reading.trait: reading for reading in await link.fetch()} or link.last


async def _try(draft: Draft, recipe: Recipe, link: RecipeLink, one: Seen, shift: int) -> tuple[Trial | None, str]:
    """One field by one way. A number is another each time, so that what a slow device shows late proves nothing."""
    ability = recipe.ability(one.meant.trait)
    if ability is None:
        return None, ""
    now = await _first(link, one.meant.trait)
    if now is None:
        return None, "It does not show what I would set."
    trait = ability.trait
    tried = other(draft, one, now, (trait.min, trait.max), trait.choices)
    if isinstance(tried, float | int) and not isinstance(tried, bool) and trait.name not in ("target", "locked"):
        span = (trait.max or 100) - (trait.min or 0)
        step = one.meant.limits.get("step") or span / 50
        moved = tried + (shift % 4) * step * (1 if tried > now else -1)  # type: ignore[operator]  # a number's reading is one
        tried = moved if (trait.min or 0) <= moved <= (trait.max or 100) else tried
    if tried is None:
        return None, ""
    try:
        tried = trait.check(tried)
        await link.send(Command(recipe.key, trait.name, tried))
    except OutOfRange:
        return None, ""
    except DeviceError as error:
        return None, error.text
    if not await _shows(link, trait.name, lambda value: trait.shows(tried, value)):
        return None, "It took the order, but shows no change."
    with contextlib.suppress(DeviceError):
        await link.send(Command(recipe.key, trait.name, now))
    back = await _shows(link, trait.name, lambda value: trait.shows(now, value))
    return Trial(recipe, trait.name, now, tried, back), ""


async def _first(link: RecipeLink, trait: str) -> Value:
    """The present value; waited for where the device tells by itself."""
    until = time.monotonic() + PATIENCE / 2
    while time.monotonic() < until:
        reading = (await _shown(link)).get(trait)
        if reading is not None:
            return reading.value
        await asyncio.sleep(LOOK_EVERY)
    return None


async def _shows(link: RecipeLink, trait: str, good: Callable[[Value], bool]) -> bool:
    """Whether the device comes to show it, within patience."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY)
        with contextlib.suppress(DeviceError):
            reading = (await _shown(link)).get(trait)
            if reading is not None and good(reading.value):
                return True
    return False


async def _only_read(draft: Draft, recipe: Recipe, host: str, secret: Secret, settings: Settings) -> Trial:
    """A device that only shows: read it once."""
    try:
        async with drive(recipe, _found(draft, host), secret, settings, _nothing) as link:
            shown = await _shown(link)
    except DeviceError as error:
        return Trial(None, said=error.text)
    return Trial(recipe) if shown else Trial(None, said="It shows nothing.")
