"""The shelf of learned devices, watched while Dobby runs: the owner is told when a recipe no longer fits its device,
and once of each recipe that came from elsewhere and waits for a yes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from dobby.learning.learner import Learner
from dobby.messages import Letter, Person
from dobby.tools.fence import clean
from dobby.wire.recipe.data import Recipe
from dobby.words import Words

EVERY = 2.0  # seconds between looks at the folders


async def watch_shelf(learner: Learner, owner: Person, words: Callable[[], Words],
                      tell: Callable[[Letter], Awaitable[None]]) -> None:
    """Watch until cancelled. tell: queues a letter, each key once."""
    unfit: asyncio.Queue[Recipe] = asyncio.Queue()
    learner.shelf.on_aside = lambda recipe, _: unfit.put_nowait(recipe)

    async def say(key: str, word: str, recipe: Recipe) -> None:
        if owner.addresses:
            channel, to = owner.addresses[0].split(":", 1)
            text = words().say(word, name=clean(recipe.name, 60))
            await tell(Letter(key, channel, to, text, kind="alert"))

    seen: dict[str, float] | None = None
    while True:
        now = await asyncio.to_thread(learner.shelf.stamps)
        if now != seen:
            if seen is not None:
                await asyncio.to_thread(learner.shelf.load)
            seen = now
            for recipe in learner.shelf.foreign():
                await say(f"recipe:{recipe.slug}:{recipe.hash[:16]}", "learn.foreign_there", recipe)
        try:
            async with asyncio.timeout(EVERY):
                recipe = await unfit.get()
        except TimeoutError:
            continue
        await learner.set_aside(recipe)
        await say(f"aside:{recipe.slug}:{time.time():.0f}", "learn.aside", recipe)
