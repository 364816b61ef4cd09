"""From a meaning to deeds and words: what reflex understood, and answers to the house's own questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from dobby.agent import answers, consent
from dobby.agent.cancel_replies import stays, undone
from dobby.agent.meaning import (
    Clarify,
    Control,
    Do,
    Lesson,
    Network,
    Part,
    Question,
    Recollect,
    Refuse,
    RunSkill,
    Same,
    Sight,
    Timed,
)
from dobby.agent.memory_replies import recollect, remarks
from dobby.agent.net_replies import look_at, network
from dobby.agent.presence_replies import at_the_door
from dobby.agent.sight_replies import sight
from dobby.agent.teach_replies import offer_strange, teach, this_once, untaught
from dobby.agent.time_replies import timed
from dobby.home.device import Command, Outcome
from dobby.home.traits import Risk
from dobby.home.verdict import END, ERASE, FORGET, JOINING, PAIR, TEACH, Approval, Choice
from dobby.messages import Mind, Person
from dobby.skills import commands as skill_commands
from dobby.skills import without
from dobby.tools import neighbourhood, twins
from dobby.tools.fence import clean
from dobby.tools.hands import Done, Hands, House, Offer, load_outcome
from dobby.tools.learn import tell_tried
from dobby.tools.network import offer_to_try
from dobby.tools.wording import join_or

_HUMAN = {"button": "pair.button", "pin": "pair.pin", "login": "pair.login"}  # what a thing needs of somebody
NAMED = 8  # things of the home that are named at most
FIRST_WORDS = 1.0  # seconds after which a long look around says what it sees so far


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the person, and which mind made it."""

    text: str
    mind: Mind


async def act(hands: Hands, parts: Sequence[Part], text: str) -> Reply:
    """Carry out a whole sentence: all orders in one go (side by side across devices), then questions and the rest.

    An answer that repeats a stranger's words (a title, a favourite, a name from the network) taints the turn: it will
    stand in the model's context later. What the person said themselves in `text` is theirs.
    """
    said: list[str] = []
    parts = await at_the_door(hands, [this_once(hands, part) if isinstance(part, Lesson) else part for part in parts])
    orders = [part for part in parts if isinstance(part, Do | RunSkill)]
    if orders:
        said.append(await _orders(hands, orders))
    for part in parts:
        match part:
            case Question():
                said.append(answers.answer_question(part, hands.house.home, hands.house.words))
            case Refuse(text):
                said.append(text)
            case Clarify():
                said.append(await _clarify(hands, part))
            case Same(devices):
                said.append(await _same(hands, devices))
            case Control():
                said.append(await _control(hands, part))
            case Timed():
                said.append(await timed(hands, part))
            case Lesson():
                said.append(await teach(hands, part, hands.house.reflex))
            case Recollect():
                said.append(await recollect(hands, part) or await why(hands))
            case Network():
                said.append(await network(hands, part))
            case Sight():
                answered, done = await sight(hands, part)
                said += [answered, tell(hands, done) if done else ""]
    told = "\n".join(one for one in _asked_last(said, hands) if one)
    if any(one in told and one.casefold() not in text.casefold() for one in _strangers_words(hands)):
        hands.taint()
    return Reply(told, "reflex")


def _asked_last(said: Sequence[str], hands: Hands) -> list[str]:
    """What was said, with the questions that are open at its end."""
    asked = [one.text for one in hands.questions if any(one.text in piece for piece in said[:-1])]
    for text in asked:
        said = [piece.replace(text, "").strip() for piece in said]
    return [*said, *dict.fromkeys(asked)]


async def _same(hands: Hands, devices: tuple[str, ...]) -> str:
    """The owner's word on what is one thing."""
    house, person = hands.house, hands.asker.person
    if person is None or person.role == "guest":
        return house.words.say("policy.guest")
    names = [house.home.devices[id_].name for id_ in devices]
    if len(devices) == 2:
        if not await twins.join(house, *devices):
            return house.words.say("same.kinds", devices=house.words.join(names))
        return house.words.say("same.joined", devices=house.words.join(names), name=names[0])
    if len(house.home.paths(devices[0])) < 2:
        return house.words.say("same.single", name=names[0])
    ways = house.home.paths(devices[0])
    await twins.part(house, devices[0])
    return house.words.say("same.parted", devices=house.words.join([house.home.devices[way].name for way in ways]))


def _strangers_words(hands: Hands) -> set[str]:
    """Titles that play and favourites that could: words that a radio station or a catalogue chose."""
    home = hands.house.home
    titles = {str(home.value(id_, "title") or "") for id_ in home.devices}
    favourites = {one for device in home.devices.values() if (play := device.trait("play")) for one in play.choices}
    return (titles | favourites) - {""}


async def _orders(hands: Hands, orders: Sequence[Do | RunSkill]) -> str:
    commands: list[Command] = []
    corrected: list[tuple[str, str]] = []
    about, tool, after = "", "order", ""
    for order in orders:
        if isinstance(order, Do):
            commands += order.commands
            about, corrected = order.about, [*corrected, *order.corrected]
            continue
        skill = next(one for one in hands.house.skills if one.name == order.name)
        if skill.name in hands.house.strange:
            return await offer_strange(hands, skill)
        skill = without(skill, order.without) if order.without else skill
        commands += skill_commands(skill, hands.house.home)
        tool, about = f"skill {skill.name}", ""
        hands.house.ran[hands.conversation] = skill.name
        after = skill.reply.get(hands.house.words.language, "")
    commands = list(dict.fromkeys(commands)) if all(not isinstance(c.value, dict) for c in commands) else commands
    if not commands:
        return hands.house.words.say("turn.nothing_to_do")
    if not any(isinstance(order, RunSkill) for order in orders):
        hands.house.ran.pop(hands.conversation, None)  # "not the porch" is said of what ran just now
    done = await hands.do(commands, tool=tool)
    text = tell(hands, done, about=about if len(orders) == 1 else "", corrected=tuple(corrected))
    sure = all(outcome.result == "confirmed" for outcome in done.outcomes)
    text = f"{text} {after}".strip() if sure else text
    return "\n".join(one for one in (text, remarks(hands, done.outcomes)) if one)


def tell(hands: Hands, done: Done, *, about: str = "", corrected: tuple[tuple[str, str], ...] = ()) -> str:
    """Outcomes in words, then why something was refused, then the question that is open."""
    house = hands.house
    acted = [o for o in done.outcomes if o not in _held(done) and o.command.trait not in JOINING]
    parts = [_paired(hands, o) for o in done.outcomes if o.command.trait == PAIR and o not in _held(done)]
    parts += [house.words.say("learn.forgotten") if o.result == "confirmed" else o.error.text if o.error else ""
              for o in done.outcomes if o.command.trait == FORGET and o not in _held(done)]
    parts += [house.words.say("skill.kept") if o.result == "confirmed" else o.error.text if o.error else ""
              for o in done.outcomes if o.command.trait == TEACH and o not in _held(done)]
    parts += [house.words.say("lived.over") if o.result == "confirmed" else o.error.text if o.error else ""
              for o in done.outcomes if o.command.trait == END and o not in _held(done)]
    parts += [_erased(house, o) for o in done.outcomes if o.command.trait == ERASE and o not in _held(done)]
    if acted and all(o.result != "failed" or o.command.device in house.home.devices for o in acted):
        parts += [answers.answer(acted, house.home, house.words, about=about, corrected=corrected)]
    parts += dict.fromkeys(hint for o in acted if (hint := _hint(hands, o)))
    parts += dict.fromkeys(o.error.text for o in refused(done) if o.error is not None)
    if done.question is not None:
        parts.append(done.question.text)
    return "\n".join(parts)


def _erased(house: House, outcome: Outcome) -> str:
    """How much was erased; in numbers, since its names are what was to be forgotten."""
    if outcome.result != "confirmed":
        return house.words.say("memory.gone")
    along = [house.words.say(key, count=count) for key, count in zip(
        ("memory.along_plans", "memory.along_skills"), house.taken_along, strict=True) if count]
    return " ".join([house.words.say("memory.erased", count=int(outcome.read or 0)), *along])  # type: ignore[arg-type]  # a count


def _held(done: Done) -> list[Outcome]:
    return [o for o in done.outcomes if o.error is not None and o.error.kind == "policy"]


def _paired(hands: Hands, outcome: Outcome) -> str:
    """What became of letting a thing in, and what the person must do when it did not."""
    words, known = hands.house.words, hands.house.scout.known(outcome.command.device)
    name = (known.name or known.title) if known else outcome.command.device
    if outcome.result == "confirmed":
        return words.say("pair.done", name=clean(name, 60))
    if hint := _hint(hands, outcome):
        return f"{clean(name, 60)}: {hint}"
    kind, needs = outcome.error.kind if outcome.error else "unknown", known.needs if known else ""
    human = _HUMAN.get(needs) if kind == "refused" else None
    reason = human or ("pair.gone" if kind == "unreachable" else "pair.failed")
    return f"{clean(name, 60)}: {words.say(reason)}"


def _hint(hands: Hands, outcome: Outcome) -> str:
    """What the person can do about a failure, in their language, "" when nothing is known."""
    hint = outcome.error.hint if outcome.error else ""
    return hands.house.words.say(f"hint.{hint}") if hint and hands.house.words.has(f"hint.{hint}") else ""


def refused(done: Done) -> list[Outcome]:
    """Outcomes that policy stopped for good (those that wait for a yes are spoken for by the question)."""
    waiting = [command for choice in done.question.choices for command in choice.commands] if done.question else []
    return [o for o in done.outcomes if o.error is not None and o.error.kind == "policy" and o.command not in waiting]


async def _clarify(hands: Hands, part: Clarify) -> str:
    """Ask which was meant; "the study one" then does it. Choices that would ask anyway stay words only."""
    if part.choices:
        choices = [Choice(name, commands) for name, commands in part.choices]
        await hands.offer(part.text, choices, Risk.FREE)
    return part.text


async def _control(hands: Hands, part: Control) -> str:
    house = hands.house
    match part.verb:
        case "undo":
            if again := await undone(hands) or await untaught(hands):
                return again
            done, stuck = await hands.undo()
            if done is None:
                return house.words.say("undo.nothing")
            text = tell(hands, done) if done.outcomes else house.words.say("undo.already")
            names = [f"{house.home.devices[c.device].name}" for c in stuck if c.device in house.home.devices]
            return f"{text} {house.words.say('undo.stuck', names=house.words.join(names))}" if names else text
        case "help":
            known = house.words.join([f"“{one.name.replace('-', ' ')}”" for one in house.skills if one.phrases])
            taught = f"\n{house.words.say('skill.taught', names=known)}" if known else ""
            return answers.help_text(house.home, house.words) + taught
        case "find":
            return await find(hands, part.what, supposed=part.supposed)
        case "why":
            return await why(hands)
        case "stop":
            return f"{house.words.say('turn.stopped')} {stays(house, hands.asker.person)}".strip()
    return house.words.say("miss.no_model")


async def find(hands: Hands, what: str, *, supposed: bool = False) -> str:
    """Look at the network, say what is there, and offer to try what is not part of the home yet (supposed: also
    what is). What nothing on the network speaks for (cameras of the settings) is named as well."""
    words = hands.house.words
    if not what:
        return await _everything(hands)
    offers = await hands.house.scout.look(what)
    if offers:
        hands.taint()
    here = _set_up(hands, what, offers)
    if not offers:
        unknown = [] if here else neighbourhood.fitting(hands, what)
        return here or (await look_at(hands, unknown[0].address) if unknown else words.say("find.nothing", what=what))
    return "\n".join(one for one in (here, await told_of(hands, offers, ask=True, again=supposed)) if one)


def _set_up(hands: Hands, what: str, offers: list[Offer]) -> str:
    """What of the home is called so, by its name or its kind, and who of it does not answer; beside what was found only
    cameras that are behind none of it. "" for nothing."""
    house, words, person = hands.house, hands.house.words, hands.asker.person
    if person is None or person.role == "guest" or house.reflex is None:
        return ""
    told = {id_ for offer in offers for id_ in (offer.key, *offer.devices)}
    here = [one for id_ in house.reflex.called(what, house.home) if id_ not in told
            and ((one := house.home.devices[id_]).kind == "camera" or not offers)]
    if not here:
        return ""
    names, more = [one.name for one in here], len(here) - NAMED
    said = words.say("find.set_up", count=len(here), devices=words.join(names) if more <= 0 else (
        f"{', '.join(names[:NAMED])} {words.say('net.more', count=more)}"))
    gone = [one.name for one in here if not house.home.reachable(one.id)]
    return f"{said} {words.say('question.gone', devices=words.join(gone[:NAMED]))}" if gone else said


async def _everything(hands: Hands) -> str:
    """The whole network: what was seen at once is said at once where that can be, the list follows."""
    looking = asyncio.ensure_future(hands.house.scout.look(""))
    if hands.meanwhile is not None:
        await asyncio.wait([looking], timeout=FIRST_WORDS)
        if not looking.done() and (said := neighbourhood.first_words(hands)):
            await hands.meanwhile(said)
    await looking
    return neighbourhood.listing(hands)


async def told_of(hands: Hands, offers: list[Offer], *, ask: bool, again: bool = False) -> str:
    """What was found on the network, a line each, and the question whether to try what is new (again: or known)."""
    words, lines = hands.house.words, list[str]()
    for offer in offers:
        keys = ("find.here_already", "find.here_already_no_room") if offer.linked else (
            "find.found", "find.found_no_room")
        name = f"{offer.title} “{offer.name}”" if offer.name else offer.title
        lines.append(words.upper(words.say(keys[not offer.room], what=name, room=offer.room, host=offer.host)))
    if offers:
        hands.house.looked_at = offers[0].host  # "why do you think so?" is said of it then
    question = await offer_to_try(hands, offers, again=again) if ask else ""
    return "\n".join([*lines, question]).strip()


async def why(hands: Hands) -> str:
    """What was done last in this conversation: who said what, which mind took it up, what came of it."""
    words, store = hands.house.words, hands.house.store
    row = await store.one("last_done", conversation=hands.conversation)
    turn = await store.one("turn", id=row["turn"]) if row else None
    if row is None or turn is None:
        return words.say("why.nothing")
    outcomes = [one for one in map(load_outcome, json.loads(row["outcomes"])) if one.command.trait not in JOINING]
    source = "source.page" if not turn["text"] else (
        "source.model" if turn["mind"] in ("claude", "scripted") else "source.phrase")
    said = words.say("why.said", who=turn["person"], text=turn["text"] or "…", source=words.say(source))
    return f"{said} {answers.answer(outcomes, hands.house.home, words)}"


async def consented(hands: Hands, person: Person, text: str, pin_right: bool | None, language: str,
                          name: str) -> Reply | None:
    """If the text answers an open question of this person, act on it; None when it is no answer to anything."""
    words, approvals = hands.house.words, hands.house.approvals
    said = consent.read(text, language, name)
    questions = await approvals.open(person.name)
    if said is None:
        if consent.HIDDEN in text:  # a bare code answers only what asked for one
            questions = [one for one in questions if one.needs_pin or _pairs(one)]
        if not questions or not (consent.HIDDEN in text or _names_choice(text, questions)):
            return None
        said = consent.Consent(True, 0, tuple(w for w in consent.plain(text.replace(consent.HIDDEN, " "))))
    if not said.yes and said.rest:
        return None
    if not questions:
        latest = await hands.house.store.one("approval_latest", person=person.name, conversation=hands.conversation)
        if said.rest or latest is None:
            return None if said.rest else Reply(words.say("consent.nothing_open"), "reflex")
        gone = "consent.gone" if latest["state"] in ("expired", "open") else "consent.used"
        return Reply(words.say(gone), "reflex")
    fitting = [one for one in consent.meant(said, questions)
               if not said.yes or not said.rest or consent.choose(said, one)]
    if said.yes and not said.rest and any(len(one.choices) == 1 for one in fitting):
        fitting = [one for one in fitting if len(one.choices) == 1]  # a bare yes answers no "which one?"
    if not fitting:
        return Reply(words.say("consent.which_number"), "reflex") if said.number else None
    if len(fitting) > 1:
        fitting = await _just_asked(hands, fitting) or fitting
    if len(fitting) > 1:
        lines = [f"{consent.number_of(one)}: {one.text}" for one in fitting]
        return Reply("\n".join([words.say("consent.several"), *lines]), "reflex")
    told = await settle(hands, person, fitting[0], said, pin_right)
    hands.questions += [one for one in await approvals.open(person.name) if one.id == fitting[0].id]  # it still waits
    return Reply(told, "reflex")


async def _just_asked(hands: Hands, questions: Sequence[Approval]) -> list[Approval]:
    """Of several open questions the newest, where it was the last thing said in this conversation."""
    before = await hands.turn_before()
    newest = max(questions, key=lambda one: one.id)
    return [newest] if before and before["question"] == newest.id else []


def _pairs(question: Approval) -> bool:
    return any(command.trait == PAIR for choice in question.choices for command in choice.commands)


def _names_choice(text: str, questions: Sequence[Approval]) -> bool:
    """Whether a bare name ("the study") picks one of the choices of an open question."""
    spoken = set(consent.plain(text))
    return any(len(one.choices) > 1 and any(set(consent.plain(c.name)) == spoken for c in one.choices)
               for one in questions)


async def settle(hands: Hands, person: Person, approval: Approval, said: consent.Consent,
                 pin_right: bool | None) -> str:
    """Use a question up with this answer and do what it stood for; the text for the person."""
    words = hands.house.words
    choice = consent.choose(said, approval) if said.yes else approval.choices[0]
    if choice is None:
        return words.say("consent.which", names=join_or([c.name for c in approval.choices], words))
    answered = await hands.house.approvals.answer(person, approval.id, said.yes, pin_right=pin_right)
    if answered.answer != "yes":
        return words.say(f"consent.{answered.answer}")
    done = await hands.accept(answered, choice)
    return "\n".join(one for one in (tell(hands, done), await tell_tried(hands, done)) if one)
