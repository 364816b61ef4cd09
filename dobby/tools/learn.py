"""Learning a device that nobody wrote a driver for: what is said of it, and the question whether to try it.

Everything here that comes from the device is a stranger's words: the turn is tainted, the question is made by code, and
what is tried is the recipe that code holds, whatever anybody says of it.
"""

from __future__ import annotations

from dobby.home.device import Command
from dobby.home.verdict import KEEP, TRY, Choice
from dobby.learning.learner import Studied
from dobby.tools.fence import clean
from dobby.tools.hands import Done, Hands


async def offer_to_learn(hands: Hands, studied: Studied) -> str:
    """Say what an unknown device seems to be, and ask whether to try it; to owners and members only."""
    words = hands.house.words
    hands.taint()
    recipe, draft = studied.given, studied.draft
    if recipe is not None:
        name, kind = recipe.name, recipe.kind
        sets = [one.trait.name for one in recipe.abilities if one.set]
        shows = [one.trait.name for one in recipe.abilities if not one.set]
        ways = recipe.touches()
    elif draft is not None:
        name, kind = draft.name, draft.kind  # type: ignore[assignment]  # one of the kinds, as the recipe will check
        sets = [one.meant.trait for one in draft.fields if not one.meant.sensed]
        shows = [one.meant.trait for one in draft.fields if one.meant.sensed]
        ways = []
    else:
        return _unknown(hands, studied)
    said = words.say("learn.looks_like", kind=words.kind(kind), name=clean(name, 60), host=studied.host)
    parts = [said]
    if shows:
        parts.append(words.say("learn.shows", traits=words.join([trait_name(hands, one) for one in shows])))
    if sets:
        parts.append(words.say("learn.sets", traits=words.join([trait_name(hands, one) for one in sets])))
    if ways:
        parts.append(words.say("learn.ways", ways=clean("; ".join(ways), 300)))
    person = hands.asker.person
    if person is None or person.role == "guest":
        return " ".join(parts)
    question = words.say("learn.try" if sets else "learn.try_reading")
    await hands.offer(" ".join([*parts, question]), [Choice(clean(name, 60), (Command(studied.key, TRY, None),))])
    return " ".join([*parts, question])


async def offer_foreign(hands: Hands) -> str:
    """A recipe that came from elsewhere: all that it may say, and the question whether to use it; "" where none waits.
    Asked of owners only."""
    learner, person, words = hands.house.learner, hands.asker.person, hands.house.words
    foreign = learner.shelf.foreign() if learner else []
    if not foreign or person is None or person.role != "owner":
        return ""
    hands.taint()
    recipe = foreign[0]
    ways = [f"{recipe.by}, {words.join([trait_name(hands, one.trait.name) for one in recipe.abilities if one.set])}",
            *recipe.touches()]
    text = words.say("learn.foreign", name=clean(recipe.name, 60), ways=clean("; ".join(ways), 600))
    await hands.offer(text, [Choice(clean(recipe.name, 60), (Command(recipe.key, KEEP, None),))])
    return text


def _unknown(hands: Hands, studied: Studied) -> str:
    words = hands.house.words
    pages = [page for page in studied.seen.pages if page.status < 400]
    if not pages and not studied.seen.sockets and not studied.seen.pages and not studied.seen.banners:
        return words.say("learn.silent", host=studied.host)
    if any(page.status in (401, 403) for page in studied.seen.pages):
        return words.say("learn.locked", host=studied.host)
    return words.say("learn.unclear", host=studied.host)


def trait_name(hands: Hands, trait: str) -> str:
    """A trait in the person's language, or as it stands."""
    words = hands.house.words
    return words.say(f"trait.{trait}") if words.has(f"trait.{trait}") else trait.replace("_", " ")


async def tell_tried(hands: Hands, done: Done) -> str:
    """After a trial: what was seen, and the question whether it moved; after keeping: that it is part of the home."""
    house, words = hands.house, hands.house.words
    parts: list[str] = []
    for outcome in done.outcomes:
        key, trait = outcome.command.device, outcome.command.trait
        studied = house.learner.studied.get(key) if house.learner else None
        if trait == TRY and outcome.result != "confirmed":
            why = outcome.error.text if outcome.error else ""
            parts.append(words.say("learn.did_not", why=clean(why, 200)))
        elif trait == TRY and studied is not None and studied.trial is not None and studied.trial.recipe is not None:
            parts.append(await _did_it_move(hands, studied))
        elif trait == KEEP and outcome.result == "confirmed" and house.learner and house.learner.waits(key):
            recipe = house.learner.shelf.recipes.get(key.partition(":")[2])
            parts.append(words.say("learn.foreign_kept", name=clean(recipe.name if recipe else key, 60)))
            house.learner.look_for(one for host in house.scout.hosts() for one in host.every_sign())
        elif trait == KEEP and outcome.result == "confirmed":
            device = house.home.devices.get(key)
            recipe = house.learner.shelf.recipes.get(key.partition(":")[2]) if house.learner else None
            name = device.name if device else recipe.name if recipe else key
            parts.append(words.say("learn.kept", name=clean(name, 60)))
        elif trait == KEEP:
            parts.append(outcome.error.text if outcome.error else "")
    return "\n".join(one for one in parts if one)


async def _did_it_move(hands: Hands, studied: Studied) -> str:
    words, trial = hands.house.words, studied.trial
    if trial is None or trial.recipe is None:
        return ""
    keep = Choice(clean(trial.recipe.name, 60), (Command(trial.recipe.key, KEEP, None),))
    if not trial.trait:
        text = words.say("learn.read_well")
    else:
        key = "learn.tried" if trial.before is not None and trial.back else (
            "learn.tried_not_back" if trial.before is not None else "learn.tried_blind")
        text = words.say(key, trait=trait_name(hands, trial.trait), before=plain(hands, trial.before),
                         tried=plain(hands, trial.tried))
    await hands.offer(text, [keep])
    return text


def plain(hands: Hands, value: object) -> str:
    """A value as people say it."""
    if isinstance(value, bool):
        return hands.house.words.say("learn.on" if value else "learn.off")
    if isinstance(value, int | float):
        return f"{value:.0f}" if abs(value) >= 25 else f"{round(value, 1):g}"
    return clean(str(value), 40)
