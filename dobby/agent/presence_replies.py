"""Answers about who is at home: somebody comes or goes, and who is there."""

from __future__ import annotations

from collections.abc import Sequence

from dobby.agent.meaning import Part, RunSkill, Timed
from dobby.agent.vacation import with_vacation
from dobby.tools.hands import Hands

LEAVING, COMING = "leaving-home", "coming-home"  # skills whose phrases say that somebody goes or comes


async def at_the_door(hands: Hands, parts: Sequence[Part]) -> Sequence[Part]:
    """Who comes or goes is noted before the house acts on it. While somebody else is known to be at home, one who
    leaves shuts nothing down."""
    presence, person, parts = hands.house.presence, hands.asker.person, with_vacation(hands.house, parts)
    leaving = any(_is(part, "leaving", LEAVING) for part in parts)
    if presence is None or person is None or not (leaving or any(_is(part, "home", COMING) for part in parts)):
        return parts
    await presence.told(person.name, not leaving)
    if not leaving or not _others(hands):
        return parts
    return [Timed("leaving"), *(part for part in parts if not _is(part, "leaving", LEAVING))]


def _is(part: Part, verb: str, skill: str) -> bool:
    return (isinstance(part, Timed) and part.verb == verb) or (isinstance(part, RunSkill) and part.name == skill)


def _others(hands: Hands) -> list[str]:
    """Who else is known to be at home."""
    person, home = hands.asker.person, hands.house.presence.home() if hands.house.presence else {}
    return [name for name, here in home.items() if here and person is not None and name != person.name]


async def presence(hands: Hands, part: Timed) -> str:
    """Somebody comes or goes, or it is asked who is there."""
    words, known, person = hands.house.words, hands.house.presence, hands.asker.person
    if known is None or person is None:
        return words.say("home.nobody_known")
    if part.verb in ("leaving", "home"):
        await known.told(person.name, part.verb == "home")
        said = words.say("home.came" if part.verb == "home" else "home.left", name=person.name)
        others = _others(hands) if part.verb == "leaving" else []
        stays = words.say("home.stays", names=words.join(others), count=len(others)) if others else ""
        return f"{said} {stays}".strip()
    if person.role == "guest":
        return words.say("policy.guest")
    home = {name: here for name, here in known.home().items() if part.person in ("", name)}
    if part.verb in ("came", "went", "all_out"):
        for name in home:
            await known.told(name, part.verb == "came")
        home = {name: known.home()[name] for name in home}
    unknown = not part.person and all(here is None for here in home.values())
    if not home or (unknown and not known.noticed()):
        return words.say("home.nobody_known")
    lines = []
    for key, wanted in (("home.here", True), ("home.away", False), ("home.unknown", None)):
        if names := [name for name, here in home.items() if here is wanted]:
            lines.append(words.say(key, names=words.join(names), count=len(names)))
    return " ".join(lines)
