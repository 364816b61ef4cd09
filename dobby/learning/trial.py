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
from dobby.home.entrance import lets_in
from dobby.home.traits import Risk, Trait, Value
from dobby.learning.draft import Draft, harm
from dobby.learning.link import RecipeLink, drive
from dobby.wire.recipe.data import Ability, Recipe

log = logging.getLogger(__name__)
PATIENCE = 6.0  # seconds until a device that took an order shows it
LOOK_EVERY = 0.3
SECONDS = 40.0  # after which no further way is begun: somebody waits for the answer
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


async def attempt(draft: Draft, host: str, secret: Secret, settings: Settings, patience: float = PATIENCE) -> Trial:
    """Try the ways of a draft until one is seen to work; never raises for what the device does."""
    until = time.monotonic() + SECONDS
    said, shift = "", 0
    for way in draft.ways:
        if not draft.settable(way):
            continue
        try:
            recipe = draft.recipe(way)
        except ConfigError as error:
            log.debug("a way that may not be: %s", error)
            continue
        if not way.told and not careful(recipe):
            continue  # nothing of it is tried, so only what the device says of itself is believed
        if time.monotonic() > until:
            return Trial(None, said=said or "It took too long.")
        trial = await prove(recipe, host, secret, settings, shift, patience)
        if trial.recipe is not None:
            return trial
        said, shift = trial.said or said, shift + FIELDS
    if not said:
        with contextlib.suppress(ConfigError):
            return await prove(draft.recipe(None), host, secret, settings)
    return Trial(None, said=said or "I found no way to set anything.")


async def prove(recipe: Recipe, host: str, secret: Secret, settings: Settings, shift: int = 0,
                patience: float = PATIENCE) -> Trial:
    """Try one recipe: one harmless setting and back; of a device that only shows, one reading. patience: seconds until
    what took an order shows it."""
    said = ""
    found = Found(recipe.key, "learned", recipe.name, host, recipe.port)
    try:
        async with drive(recipe, found, secret, settings, _nothing) as link:
            harmless = careful(recipe)
            if not harmless:
                return Trial(recipe) if await _shown(link) else Trial(None, said="It shows nothing.")
            for at, one in enumerate(harmless[:FIELDS]):
                trial = await _try(recipe, link, one, shift + at, patience)
                if trial.recipe is not None:
                    return trial
                said = trial.said or said
    except (DeviceError, TimeoutError) as error:
        said = error.text if isinstance(error, DeviceError) else "It does not answer."
    return Trial(None, said=said)


def careful(recipe: Recipe) -> list[Ability]:
    """What of a recipe may be tried, the harmless first: nothing that could let somebody into the house."""
    device = recipe.device()
    return sorted((one for one in recipe.abilities if one.set and not any(
        one.trait.risk(value) >= Risk.SECURE or lets_in(Command(device.id, one.trait.name, value), device)
        for value in (True, False, *one.trait.choices, one.trait.min, one.trait.max))),
                  key=lambda one: harm(one.trait.name))


def _nothing(_: str) -> None:
    """Nobody is told while it is tried."""


async def _shown(link: RecipeLink) -> Mapping[str, Reading]:
    return {reading.trait: reading for reading in await link.fetch()} or link.last


async def _try(recipe: Recipe, link: RecipeLink, one: Ability, shift: int, patience: float) -> Trial:
    """One setting of a recipe, seen, and put back. What cannot be read back is said, and counts if its owner saw it."""
    trait = one.trait
    if one.read is None:
        return await _blind(recipe, link, one)
    now = await _first(link, trait.name)
    if now is None:
        return Trial(None, said="It does not show what I would set.")
    tried = other(trait, now, shift)
    if tried is None:
        return Trial(None)
    try:
        await link.send(Command(recipe.key, trait.name, trait.check(tried)))
    except OutOfRange:
        return Trial(None)
    except DeviceError as error:
        return Trial(None, said=error.text)
    if not await _shows(link, trait.name, lambda value: trait.shows(tried, value), patience):
        return Trial(None, said="It took the order, but shows no change.")
    with contextlib.suppress(DeviceError):
        await link.send(Command(recipe.key, trait.name, now))
    back = await _shows(link, trait.name, lambda value: trait.shows(now, value), patience)
    return Trial(recipe, trait.name, now, tried, back)


async def _blind(recipe: Recipe, link: RecipeLink, one: Ability) -> Trial:
    value = other(one.trait, False if one.trait.kind == "switch" else one.trait.min or 0.0, 0)
    try:
        await link.send(Command(recipe.key, one.trait.name, one.trait.check(value)))
    except DeviceError as error:
        return Trial(None, said=error.text)
    return Trial(recipe, one.trait.name, None, value)


def other(trait: Trait, now: Value, shift: int) -> Value:
    """A value to try that is near the present one; another number for each `shift`, so that what a slow device shows
    late of an earlier try proves nothing. None where there is none."""
    if isinstance(now, bool):
        return not now
    if isinstance(now, str):
        rest = [choice for choice in trait.choices if choice != now]
        return next((choice for choice in rest if choice.casefold() != "off"), rest[0] if rest else None)
    if not isinstance(now, int | float):
        return None
    low, high = trait.min if trait.min is not None else 0.0, trait.max if trait.max is not None else 100.0
    if trait.name == "target":
        return now - 1 if now - 1 >= low else now + 1 if now + 1 <= high else None
    step = trait.step if trait.step > (high - low) / 50 else (high - low) / 10 + (shift % 4) * (high - low) / 50
    down = trait.name == "volume" or now + step > high
    tried = round(now - step if down and now - step >= low else now + step, 2)
    return tried if low <= tried <= high else None


async def _first(link: RecipeLink, trait: str) -> Value:
    """The present value; waited for where the device tells by itself."""
    until = time.monotonic() + PATIENCE / 2
    while time.monotonic() < until:
        reading = (await _shown(link)).get(trait)
        if reading is not None:
            return reading.value
        await asyncio.sleep(LOOK_EVERY)
    return None


async def _shows(link: RecipeLink, trait: str, good: Callable[[Value], bool], patience: float) -> bool:
    """Whether the device comes to show it, within patience."""
    until, wait = time.monotonic() + patience, LOOK_EVERY
    while time.monotonic() < until:
        await asyncio.sleep(wait)
        wait = min(1.2 * wait, 1.0)  # who follows, follows soon; a small device is not to be worn out
        with contextlib.suppress(DeviceError):
            reading = (await _shown(link)).get(trait)
            if reading is not None and good(reading.value):
                return True
    return False
