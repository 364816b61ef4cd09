"""What comes of teaching: Dobby shows what it understood, asks, and after a yes writes the skill's file, which works
from then on without a model. What is risky in it is named in the question, and judged again whenever it runs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from dobby.agent import net_talk
from dobby.agent.consent import is_stop
from dobby.agent.consent import read as consent
from dobby.agent.meaning import Context, Do, Lesson, Miss, Refuse, RunSkill, Understood
from dobby.agent.presence_replies import COMING, LEAVING
from dobby.home.device import Command, View
from dobby.home.traits import Risk
from dobby.home.verdict import TEACH, Choice
from dobby.policy import risk_of
from dobby.skills import Skill
from dobby.skills import commands as skill_commands
from dobby.teaching import Draft, folder_name, steps_of
from dobby.tools.fence import clean
from dobby.tools.hands import Hands
from dobby.tools.wording import grouped_text, orders_text

_PASSING = frozenset(("before", "again", "that", "this", "same", "opposite", "other", "now", "instead", "ones", "them"))


class Reads(Protocol):
    """What understands orders without a model."""

    def read(self, text: str, view: View, context: Context | None, *, now: float) -> Understood | Miss:
        """What a sentence means in this home."""
        ...


async def teach(hands: Hands, part: Lesson, reflex: Reads) -> str:
    """Answer one sentence that teaches or asks about a skill. reflex: what reads the orders in it."""
    words, house, person = hands.house.words, hands.house, hands.asker.person
    skill = next((one for one in house.skills if one.name == part.skill), None)
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    if part.verb == "how":
        return how(hands, skill) if skill else words.say("skill.none")
    match part.verb:
        case "list":
            return _listed(hands)
        case "once":  # it runs as an order, see this_once
            return words.say("skill.none")
        case "when":
            part = part if part.phrase else _parted(hands, part, reflex)
            commands = _read(hands, part.order, reflex)
            if not commands:
                return words.say("skill.not_understood", order=clean(part.order, 120))
            if (own := _skill_of(hands, part.phrase, reflex)) is not None:
                return await _offer_instead(hands, part.phrase, own, commands)
            if means_something(hands, part.phrase, reflex):
                return words.say("skill.taken", phrase=clean(part.phrase, 60))
            return await offer_to_keep(hands, part.phrase, commands)
        case "also":
            commands = _read(hands, part.order, reflex)
            if not commands or skill is None:
                return words.say("skill.not_understood", order=clean(part.order, 120))
            house.ran[hands.conversation] = skill.name  # "not the porch" is said of it then
            return await _offer(hands, Draft("also", skill.name, steps=steps_of(commands, house.home)),
                                words.say("skill.also", name=title(skill), orders=grouped_text(
                                    commands, house.home, words)), commands)
        case "except":
            thing = _thing(hands, part.thing)
            waits = await _waiting(hands)
            if thing and waits is not None and part.skill in ("", waits.skill):  # of what was just taught
                return await _offer(hands, replace(waits, excepted=thing), words.say(
                    "skill.without", name=waits.phrase or waits.skill.replace("-", " "), thing=thing), ())
            name = part.skill or house.ran.get(hands.conversation, "")
            if not name:
                return words.say("miss.no_model")
            skill = next((one for one in house.skills if one.name == name), None)
            if skill is None or not thing:
                return words.say("skill.which", thing=clean(part.thing, 60))
            return await _offer(hands, Draft("except", skill.name, excepted=thing),
                                words.say("skill.without", name=title(skill), thing=thing), ())
        case "rename":
            return await _offer_name(hands, skill, part.phrase, reflex)
        case "drop":
            return await _offer_to_drop(hands, skill)


async def _offer_to_drop(hands: Hands, skill: Skill | None) -> str:
    """A skill that goes, for the owner to say."""
    words, person = hands.house.words, hands.asker.person
    if skill is None or person is None or person.role != "owner":
        return words.say("policy.guest" if skill else "skill.none")
    return await _offer(hands, Draft("drop", skill.name), words.say("skill.drop", name=title(skill)), ())


async def _offer_name(hands: Hands, skill: Skill | None, phrase: str, reflex: Reads) -> str:
    """Another name for a skill: its folder, and what is said to run it."""
    words = hands.house.words
    if skill is None:
        return words.say("skill.none")
    own = _skill_of(hands, phrase, reflex)
    if (own is None or own.name != skill.name) and means_something(hands, phrase, reflex):
        return words.say("skill.taken", phrase=clean(phrase, 60))
    phrase = " ".join(re.findall(r"[\w'’\-]+", clean(phrase, 60)))
    taken = [one.name for one in hands.house.skills]
    name = "" if skill.name in (LEAVING, COMING) else folder_name(phrase, taken)  # presence hangs on those two
    return await _offer(hands, Draft("rename", skill.name, phrase=phrase, language=words.language, before=title(skill),
                                     name=name), words.say("skill.rename", name=title(skill), phrase=phrase), ())


async def untaught(hands: Hands) -> str:
    """What was taught last is as it was before; "" where the last thing done was none of it."""
    house, row = hands.house, await hands.house.store.one("last_action", conversation=hands.conversation)
    commands = json.loads(row["commands"]) if row is not None else []
    if house.teaching is None or row is None or not commands or commands[0]["trait"] != TEACH:
        return ""
    person = hands.asker.person
    if person is None or person.role == "guest":
        return house.words.say("policy.guest")
    draft = await house.teaching.undo(commands[0]["device"])
    if draft is None:
        return house.words.say("skill.undo_gone")
    await house.store.do("mark_undone", id=row["id"])
    name = (draft.phrase if draft.change == "new" else "") or draft.skill.replace("-", " ")
    return house.words.say("skill.forgotten" if draft.change == "new" else "skill.undone", name=name)


def this_once(hands: Hands, part: Lesson) -> Lesson | RunSkill | Refuse:
    """ "Movie night without the shades" runs now and is judged like any order; its file stays as it is."""
    if part.verb != "once":
        return part
    thing = _thing(hands, part.thing)
    return RunSkill(part.skill, thing) if thing else Refuse(
        hands.house.words.say("skill.which", thing=clean(part.thing, 60)))


async def _waiting(hands: Hands) -> Draft | None:
    """The change to a skill's steps that this person was just asked about, and has not answered."""
    house, person = hands.house, hands.asker.person
    before = await hands.turn_before()
    asked = [one for one in await house.approvals.open(person.name if person else "")
             if before and before["question"] == one.id and one.choices[0].commands[0].trait == TEACH]
    draft = house.teaching.held(asked[0].choices[0].commands[0].device) if asked and house.teaching else None
    return draft if draft is not None and draft.change in ("new", "instead", "also") and not draft.excepted else None


def _skill_of(hands: Hands, phrase: str, reflex: Reads) -> Skill | None:
    """The skill that a phrase runs now, and nothing else."""
    read = reflex.read(phrase.strip(" .!?"), hands.house.home, None, now=time.monotonic())
    part = read.parts[0] if isinstance(read, Understood) and len(read.parts) == 1 else None
    return next((one for one in hands.house.skills if isinstance(part, RunSkill) and one.name == part.name), None)


async def _offer_instead(hands: Hands, phrase: str, skill: Skill, commands: Sequence[Command]) -> str:
    """A phrase that runs a skill already would do something else from now on."""
    words, home = hands.house.words, hands.house.home
    before = skill_commands(skill, home)
    hands.house.ran[hands.conversation] = skill.name
    return await _offer(hands, Draft("instead", skill.name, steps=steps_of(commands, home)), words.say(
        "skill.instead", phrase=clean(phrase, 60), orders=grouped_text(commands, home, words),
        before=grouped_text(before, home, words) if before else words.say("skill.nothing_here")), commands)


def means_something(hands: Hands, phrase: str, reflex: Reads) -> bool:
    """Whether a phrase is understood already: as an order, a question, a word to Dobby or another skill's phrase."""
    words = hands.house.words
    flat = phrase.strip(" .!?")
    taken = is_stop(flat, words.language, words.name) or consent(flat, words.language, words.name) is not None
    read = reflex.read(flat, hands.house.home, None, now=time.monotonic())
    return taken or (isinstance(read, Understood) and not any(isinstance(part, Refuse) for part in read.parts))


def _parted(hands: Hands, part: Lesson, reflex: Reads) -> Lesson:
    """ "Movie night dim the living room to 20": the phrase ends where the rest is understood as an order; at a phrase
    that is known already rather than before it."""
    words = part.order.split()
    splits = [Lesson("when", " ".join(words[:at]), " ".join(words[at:])) for at in range(1, min(len(words), 9))]
    whole = [one for one in splits if _read(hands, one.order, reflex)]
    return next((one for one in whole if _skill_of(hands, one.phrase, reflex)), whole[0] if whole else part)


def _read(hands: Hands, order: str, reflex: Reads) -> tuple[Command, ...]:
    """The commands that an order comes to, () when it is not understood as a whole."""
    read = reflex.read(order, hands.house.home, None, now=time.monotonic())
    if isinstance(read, Miss) and order[-1:].isdigit():  # "turn the bedside lamp on at 30"
        read = reflex.read(f"{order} %", hands.house.home, None, now=time.monotonic())
    if not isinstance(read, Understood):
        return ()
    commands: list[Command] = []
    for part in read.parts:
        if isinstance(part, RunSkill):
            skill = next(one for one in hands.house.skills if one.name == part.name)
            commands += skill_commands(skill, hands.house.home)
        elif isinstance(part, Do):
            commands += part.commands
        else:
            return ()
    return tuple(commands)


async def offer_to_keep(hands: Hands, phrase: str, commands: Sequence[Command], *, asked: bool = True) -> str:
    """Show what a phrase would do from now on, and ask. asked: whether the person wanted to teach, or it is our
    idea."""
    words, house = hands.house.words, hands.house
    phrase = " ".join(re.findall(r"[\w'’\-]+", clean(phrase, 60)))  # phrases are known without their signs
    draft = Draft("new", folder_name(phrase, [one.name for one in house.skills]), phrase=phrase,
                  language=words.language, steps=steps_of(commands, house.home))
    orders = grouped_text(commands, house.home, words)
    return await _offer(hands, draft, words.say("skill.when" if asked else "skill.keep_it", phrase=draft.phrase,
                                                orders=orders), commands)


async def offer_strange(hands: Hands, skill: Skill) -> str:
    """A skill from elsewhere was asked for: what it would do here, and the question whether it may; nothing is done."""
    words, person = hands.house.words, hands.asker.person
    commands = skill_commands(skill, hands.house.home)
    if person is None or person.role != "owner":
        return words.say("skill.strange_wait", name=title(skill))
    text = words.say("skill.strange", name=title(skill), orders=grouped_text(commands, hands.house.home, words))
    return await _offer(hands, Draft("accept", skill.name), text, commands)


async def _offer(hands: Hands, draft: Draft, text: str, commands: Sequence[Command]) -> str:
    words, house = hands.house.words, hands.house
    risky = [one for one in commands if risk_of(one, house.home) > Risk.FREE]
    parts = [text]
    if risky:
        parts.append(words.say("skill.risky", orders=orders_text(risky, house.home, words)))
    if draft.change != "drop":
        parts.append(words.say("skill.shall_i"))
    who = hands.asker.person.name if hands.asker.person else ""
    token = house.teaching.hold(draft, who) if house.teaching else ""
    await hands.offer(" ".join(parts), [Choice("", (Command(token, TEACH, None),))])
    return " ".join(parts)


def _thing(hands: Hands, said: str) -> str:
    """A device, a room or a kind that words name, as a skill's file writes it; "" for none."""
    home, words = hands.house.home, hands.house.words
    known = net_talk.talk(words.language)
    flat = said.casefold().strip()
    for article in known.tables["articles"] if known else ():
        flat = flat.removeprefix(f"{article} ")
    for device in home.devices.values():
        if flat in (name.casefold() for name in (device.name, *device.aliases)):
            return device.name
    for room in home.rooms.values():
        if flat in (name.casefold() for name in (room.name, *room.aliases)):
            return room.name
    for kind in dict.fromkeys(device.kind for device in home.devices.values()):
        if flat in (words.kind(kind).casefold(), words.kind(kind, 2).casefold()):
            return kind
    near = [device.name for device in home.devices.values() if flat and flat in device.name.casefold()]
    return near[0] if len(near) == 1 else ""


def how(hands: Hands, skill: Skill) -> str:
    """What a skill does in this home, now, in words from its file."""
    words, house = hands.house.words, hands.house
    commands = skill_commands(skill, house.home)
    if not commands:
        return f"{skill.description} {words.say('skill.nothing_here')}"
    return words.say("skill.how", name=title(skill), description=skill.description, orders=grouped_text(
        commands, house.home, words))


def _listed(hands: Hands) -> str:
    """Every skill that is here, by name."""
    words, names = hands.house.words, [f"“{title(one)}”" for one in hands.house.skills]
    return words.say("skill.list", names=words.join(names)) if names else words.say("skill.list_none")


def title(skill: Skill) -> str:
    """What people call a skill."""
    return skill.name.replace("-", " ")


async def again(hands: Hands, text: str) -> str:
    """After the model worked the same order out a second time: the offer to keep it; "" when there is none to make."""
    store = hands.house.store
    if hands.tainted or hands.questions or not hands.outcomes or any(
            one.result == "failed" for one in hands.outcomes) or len(text.split()) > 8 or len(text) > 55:
        return ""
    if set(re.findall(r"\w+", text.casefold())) & _PASSING:  # what it means hangs on what was before
        return ""
    now = {json.dumps([one.command.device, one.command.trait, one.command.value]) for one in hands.outcomes}
    for row in await store.all("calls_of_same_text", text=text.strip(), turn=hands.turn):
        then = {json.dumps([one["device"], one["trait"], one["value"]]) for one in json.loads(row["commands"] or "[]")}
        if then == now:
            return await offer_to_keep(hands, text.strip(" .!?"), [one.command for one in hands.outcomes], asked=False)
    return ""
