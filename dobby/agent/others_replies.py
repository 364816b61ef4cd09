"""Who is meant by "Sam", "everyone", "I" and "he" in a plan, and what is said where that is nobody of the household."""

from __future__ import annotations

from dataclasses import replace

from dobby.agent.meaning import EVERYONE, THEY, Timed
from dobby.jobs.conditions import PRESENCE
from dobby.messages import Person
from dobby.tools.hands import Hands


def filled(hands: Hands, part: Timed) -> tuple[Timed, str]:
    """The plan with exact names, and in words why it is none ("" where it is one)."""
    words, person = hands.house.words, hands.asker.person
    if person is None:
        return part, words.say("policy.stranger")
    whom, wrong = _whom(hands, part.to, person)
    if wrong:
        return part, wrong
    condition = part.condition
    if condition is not None and condition.kind in ("comes", "leaves") and condition.person in ("", THEY):
        if condition.person == THEY and len(whom) != 1:
            return part, words.say("time.who_they")
        condition = replace(condition, person=person.name if not condition.person else whom[0])
    if condition is not None and condition.kind in PRESENCE and (
            person.role == "guest" and condition.person != person.name):
        return part, words.say("policy.guest")
    return replace(part, to=() if whom == (person.name,) else whom, condition=condition), ""


def _whom(hands: Hands, to: tuple[str, ...], person: Person) -> tuple[tuple[str, ...], str]:
    words = hands.house.words
    if not to:
        return (), ""
    if person.role == "guest":
        return (), words.say("policy.guest")
    members = {one.name: one for one in hands.house.people if one.role != "guest"}
    names = tuple(members) if EVERYONE in to else tuple(dict.fromkeys(one or person.name for one in to))
    if others := [one for one in names if one not in members]:
        return (), no_person(hands, words.join(others))
    if EVERYONE not in to and (silent := [one for one in names if not members[one].addresses]):
        return (), words.say("time.no_address", who=words.join(silent))
    return tuple(one for one in names if members[one].addresses), ""


def no_person(hands: Hands, name: str) -> str:
    """That somebody is not of the household, and who is."""
    words, person = hands.house.words, hands.asker.person
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    members = [one.name for one in hands.house.people if one.role != "guest"]
    return words.say("time.no_person", who=name, people=words.join(members))
