"""The tool that looks at the network. What it brings back are strangers' words: the turn is tainted from then on, and
the offer to try a device is made by code, to the person."""

from __future__ import annotations

import json

from dobby.home.device import Command
from dobby.home.verdict import Choice
from dobby.policy import PAIR
from dobby.tools.fence import clean, fenced
from dobby.tools.hands import Hands, Offer
from dobby.tools.schema import tool
from dobby.tools.wording import join_or
from dobby.words import Words


async def find_devices(hands: Hands, what: str = "") -> str:
    """Look at the home network for a make or thing ("sonos", "hue", "" for everything). The house itself then offers
    the person to try what was found; you only say what there is."""
    offers = await hands.house.scout.look(what)
    hands.taint()
    approval = await offer_to_try(hands, offers)
    rows = [{"make": one.title, "name": one.name, "room": one.room, "part_of_home": one.linked, "needs": one.needs}
            for one in offers]
    note = "The house asked the person whether to try it." if approval else "Nothing to offer."
    return fenced(json.dumps(rows, ensure_ascii=False)) + "\n" + note


async def offer_to_try(hands: Hands, offers: list[Offer], *, again: bool = True) -> str:
    """Ask "do you want to try it?" about what was found, one choice a thing; "" when there is nothing to try. again:
    also about what is part of the home already and plays.

    Owners and members only: a guest lets nobody in.
    """
    person = hands.asker.person
    logins = [one for one in offers if one.needs == "login" and not one.linked]
    tries = [one for one in offers if (not one.linked or (again and one.devices)) and one not in logins]
    if person is None or person.role == "guest":
        return ""
    makes = dict[str, list[str]]()  # `dobby pair` lets in all of a make
    for one in logins:
        makes.setdefault(one.key.partition(":")[0], []).append(clean(one.name or one.title, 60))
    hints = [hands.house.words.say("find.needs_login", name=hands.house.words.join(names), make=make)
             for make, names in makes.items()]  # no password in a chat
    if not tries:
        return "\n".join(hints)
    choices = []
    for one in tries:
        let_in = () if one.linked else (Command(one.key, PAIR, None),)
        plays = tuple(Command(id_, "play", None) for id_ in _players(one, hands))
        if let_in or plays:
            choices.append(Choice(clean(one.room or one.name, 60), (*let_in, *plays)))
    if not choices:
        return ""
    text = "\n".join([*hints, offer_text(hands.house.words, tries)])
    await hands.offer(text, choices)
    return text


def _players(one: Offer, hands: Hands) -> list[str]:
    """The speakers behind an offer: known ones by their traits, a Sonos that is not linked yet by its key."""
    home = hands.house.home
    known = [id_ for id_ in one.devices if (d := home.devices.get(id_)) and d.trait("play")]
    return known or ([one.key] if one.key.startswith("sonos:") and not one.linked else [])


def offer_text(words: Words, offers: list[Offer]) -> str:
    """ "Do you want to try it?", with what each thing needs first."""
    needs = {one.needs for one in offers if not one.linked}
    parts = [words.say(f"find.needs_{need}") for need in ("button", "pin") if need in needs]
    if len(offers) > 1:
        names = list(dict.fromkeys(clean(one.room or one.name, 60) for one in offers))
        return " ".join([*parts, words.say("find.try_which", names=join_or(names, words))])
    return " ".join([*parts, words.say("find.try")])


TOOLS = (tool(find_devices),)
