"""Who is meant by "Sam", "everyone", "I" and "he" in a plan, and what is said where that is nobody of the household."""

from __future__ import annotations

from dataclasses import replace

from dobby.agent.meaning import EVERYONE, THEY, Timed
from dobby.jobs.conditions import PRESENCE
from dobby.messages import Letter, Person
from dobby.post import queued
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


async def passed_on(hands: Hands, part: Timed) -> str:
    """ "Tell everyone dinner is ready": a letter to each of them at once, with the name of who asked. Its keys are of
    this turn, so that one that is taken up again sends nothing twice."""
    words, house, person = hands.house.words, hands.house, hands.asker.person
    part, wrong = filled(hands, part)
    if wrong or person is None:
        return wrong or words.say("policy.stranger")
    others = {one.name: one for one in house.people if one.name in part.to and one.name != person.name}
    if not others:
        return words.say("time.nobody_else")
    now = house.clock.now()
    letters = []
    for name, one in others.items():
        channel, to = one.addresses[0].split(":", 1)
        text = words.say("time.says", who=person.name, text=part.text)
        letters.append(queued(Letter(f"said:{hands.turn}:{name}", channel, to, text), now))
    await house.store.together(letters)
    return words.say("time.passed_on", who=words.join(list(others)), text=part.text)


def no_person(hands: Hands, name: str) -> str:
    """That somebody is not of the household, and who is."""
    words, person = hands.house.words, hands.asker.person
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    members = [one.name for one in hands.house.people if one.role != "guest"]
    return words.say("time.no_person", who=name, people=words.join(members))
