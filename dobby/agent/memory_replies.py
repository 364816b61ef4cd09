"""Answers of the memory: what was taken down, what is known, who said so, and what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dobby.agent import memory_talk
from dobby.agent.consent import CODE, HIDDEN
from dobby.agent.consent import read as says
from dobby.agent.forgetting import along
from dobby.agent.meaning import Recollect
from dobby.agent.memory_talk import names
from dobby.errors import DobbyError
from dobby.home.device import Command, Outcome
from dobby.home.verdict import ERASE, Choice
from dobby.memory.answering import answers, fitting, repeats, somebody_elses
from dobby.memory.asked import for_skill, holds, kind, read
from dobby.memory.memory import Memory, Offered, Told, told_to
from dobby.memory.nights import take_back
from dobby.memory.notes import SOMEBODY, Fact, moment
from dobby.memory.preferences import Preference
from dobby.memory.recall import Entry, Hit, as_well
from dobby.memory.stemming import stems
from dobby.messages import Person
from dobby.store import mentions
from dobby.tools.fence import clean
from dobby.tools.hands import Hands
from dobby.words import Words

SHOWN = 8  # facts in one answer
FOUND, NEARBY = 24, 6  # facts looked at, and of those how many that hold; replaced ones stand behind
TALK = 40  # turns among which an answer is sought; most are the same question, asked before
LATELY = timedelta(minutes=5)  # how long "forget that" and "that's no longer true" mean what was told last
BRIGHT, LOUD, WARM, COLD = 60.0, 40.0, 22.5, 18.5  # from where on a preference is crossed


async def recollect(hands: Hands, part: Recollect) -> str:
    """Do one thing with the memory."""
    house, words = hands.house, hands.house.words
    memory, person = house.memory, hands.asker.person
    if memory is None or person is None:
        return words.say("memory.none")
    if person.role == "guest":
        return words.say("policy.guest")
    match part.verb:
        case "remember":
            return await _remember(hands, memory, part.what)
        case "about":
            return await _about(hands, memory, names(part.what, memory.people))
        case "forget_that" | "wrong":
            return await _wrong(hands, memory, erase=part.verb == "forget_that")
        case "why":
            return await _why(hands, memory)
        case "undo_night":
            return await _undo_night(hands, memory)
        case "forget_all":
            return await _forget_all(hands, memory, names(part.what, memory.people))


async def _remember(hands: Hands, memory: Memory, text: str) -> str:
    words, person = hands.house.words, hands.asker.person
    if person is None or person.role == "guest":
        return words.say("policy.guest")
    if HIDDEN in text:  # a code that was taken out before anything kept it
        return words.say("memory.no_codes")
    row = await hands.house.store.one("turn", id=hands.turn)
    try:
        done = await memory.remember(text, person.name, person.role, row["message"] if row else 0)
    except DobbyError as wrong:
        return str(wrong)
    _tell(hands, memory, [done.fact])
    if done.known:
        return words.say("memory.known", text=done.fact.text)
    parts = [words.say("memory.kept", text=done.fact.text)]
    if done.replaced:
        parts.append(words.say("memory.instead", old=words.join([f"“{one.text}”" for one in done.replaced[:3]])))
    return " ".join(parts)


def ask_to_keep(hands: Hands, text: str, name: str) -> str:
    """Ask whether to remember what somebody of the house plainly told; "" where there is nothing to ask. The next thing
    said in this conversation answers it, or lets it go. name: Dobby's own."""
    memory, house, person = hands.house.memory, hands.house, hands.asker.person
    if memory is None or person is None or person.role == "guest" or house.reflex is None or HIDDEN in text or (
            CODE.search(text)):  # what could open something is written down only where somebody asks for it
        return ""
    who = memory_talk.fact(text, house.words.language, memory.people)
    if not who or house.reflex.speaks_of(who, house.home) or says(text, house.words.language, name) is not None:
        return ""
    memory.offered[hands.conversation] = Offered(text.strip().rstrip("."), person.name, hands.turn, house.clock.now())
    return house.words.say("memory.shall_i")


async def taken_up(hands: Hands, text: str, name: str) -> str:
    """The answer to a yes or no that follows on such a question; "" for anything else, and then it is let go."""
    house, person = hands.house, hands.asker.person
    asked = house.memory.offered.pop(hands.conversation, None) if house.memory else None
    said = says(text, house.words.language, name) if asked else None
    if asked is None or said is None or said.rest or said.number or person is None or person.name != asked.person or (
            house.clock.now() - asked.at > LATELY):
        return ""
    before = await hands.turn_before()
    if before is None or before["id"] != asked.turn:
        return ""
    return await recollect(hands, Recollect("remember", asked.text)) if said.yes else house.words.say("consent.no")


async def _about(hands: Hands, memory: Memory, name: str) -> str:
    words, person = hands.house.words, hands.asker.person
    if person is not None and name.casefold() in words.say("memory.me").split("|"):
        name = person.name
    facts = await memory.about(name)
    facts = [fact for fact in facts if told_to(fact, person)]
    if not facts and person is not None:
        talk = await memory.ask(name, limit=TALK, kinds=("turn",), who=person.name)
        told = await _back_then(hands, memory, [hit.entry for hit in talk if mentions(hit.entry.text, name)])
        return told or words.say("memory.nothing", who=name)
    _tell(hands, memory, facts[:SHOWN])
    if any(not fact.trusted for fact in facts):
        hands.taint()
    lines = [f"- {_shown(fact, words)}" for fact in facts[:SHOWN]]
    more = [f"- {words.say('net.more', count=len(facts) - SHOWN)}"] if len(facts) > SHOWN else []
    return "\n".join([words.say("memory.about", who=name), *lines, *more])


def _shown(fact: Fact, words: Words) -> str:
    if fact.trusted:
        return fact.text
    return words.say("memory.remark" if fact.origin.role == "agent" else "memory.strangers", text=clean(fact.text, 300))


async def _wrong(hands: Hands, memory: Memory, *, erase: bool) -> str:
    """Take back what was said last in this conversation: gone without a trace, or marked as no longer true."""
    words = hands.house.words
    ids = await _meant(hands, memory)
    if not ids:
        return words.say("memory.what")
    facts = [fact for id_ in ids if (fact := memory.fact(id_))]
    if len(facts) > 1:
        return _which(facts, words)
    memory.latest.pop(hands.conversation, None)
    if not facts:
        return words.say("memory.what")
    if not erase:
        await memory.retire(facts[0].id)
        return words.say("memory.no_longer", text=facts[0].text)
    return await _erased(memory, facts[0], words)


async def _erased(memory: Memory, fact: Fact, words: Words, too: Sequence[Fact] = ()) -> str:
    """Remove one fact, and say which; what it had replaced holds again. too: older ones that go with it."""
    gone = [one.id for one in too]
    back = [one for one in memory.facts() if one.by == fact.id and one.id not in gone]
    await memory.drop([fact.id, *gone])
    for one in back:
        await memory.restore(one.id)
    again = [words.say("memory.again", old=words.join([f"“{one.text}”" for one in back[:3]]))] if back else []
    forgot = [words.say("memory.forgot", text=one.text) for one in (fact, *too)]
    return " ".join([*forgot, *again])


def _which(facts: Sequence[Fact], words: Words) -> str:
    return "\n".join([words.say("memory.which"), *(f"- {_shown(fact, words)}" for fact in facts[:SHOWN])])


def _tell(hands: Hands, memory: Memory, facts: Sequence[Fact]) -> None:
    """These were told in this turn: the next may mean them by "that"."""
    memory.latest[hands.conversation] = Told(tuple(fact.id for fact in facts), hands.turn, hands.house.clock.now())


async def _meant(hands: Hands, memory: Memory) -> tuple[str, ...]:
    """Facts that the turn just before this one told, a few minutes ago at most: what "that" may mean."""
    told = memory.latest.get(hands.conversation)
    if told is None or hands.house.clock.now() - told.at > LATELY:
        return ()
    before = await hands.turn_before()
    return told.facts if before is None or before["id"] <= told.turn else ()


async def forget(hands: Hands, what: str) -> str:
    """Forget the fact that somebody means by its words; which of several is asked. "" when nothing fits."""
    memory, person = hands.house.memory, hands.asker.person
    if memory is None or person is None or person.role == "guest":
        return ""
    if not stems(what):
        return hands.house.words.say("memory.what")
    facts = [fact for fact in fitting(what, memory.facts(), person.name) if told_to(fact, person)]
    if len(facts) == 1:
        past = [replace(one, until="") for one in memory.facts() if one.by == facts[0].id]
        return await _erased(memory, facts[0], hands.house.words, fitting(what, past, person.name))
    if any(not fact.trusted for fact in facts[:SHOWN]):
        hands.taint()
    return _which(facts, hands.house.words) if facts else ""


async def _why(hands: Hands, memory: Memory) -> str:
    """Who said what was told last, and when."""
    words = hands.house.words
    told = memory.latest.get(hands.conversation)
    facts = [fact for id_ in (told.facts if told else ()) if (fact := memory.fact(id_))]
    if not facts:
        return ""
    if await _meant(hands, memory):
        _tell(hands, memory, facts)
    return "\n".join(said_by(fact, words) for fact in facts[:SHOWN])


def said_by(fact: Fact, words: Words) -> str:
    """A fact with its origin in words."""
    origin = fact.origin
    if origin.role == "hand":
        return words.say("memory.by_hand", text=fact.text, file=f"memory/{fact.subject}.md")
    key = "memory.by_agent" if origin.role == "agent" else "memory.by"
    who = words.say("memory.somebody") if origin.who in ("", SOMEBODY) else origin.who
    return words.say(key, text=fact.text, who=who[:1].upper() + who[1:], at=origin.at)


async def _forget_all(hands: Hands, memory: Memory, what: str) -> str:
    words, person = hands.house.words, hands.asker.person
    if person is None or person.role != "owner":
        return words.say("policy.guest")
    if what.casefold() in words.say("memory.me").split("|"):
        what = person.name
    if len(what) < 3 or not stems(what):
        return words.say("memory.what")
    count = len(await memory.mentions(what))
    token = memory.to_erase(what)
    text = words.say("memory.erase_ask", what=what, count=count)
    found = await along(hands.house, what)
    text = " ".join([text, *(words.say(key, count=len(several)) for key, several in (
        ("memory.erase_plans", found.jobs), ("memory.erase_skills", found.taught)) if several)])
    if found.kept:
        text = f"{text} {words.say('memory.erase_kept', names=words.join([f'“{one}”' for one in found.kept]))}"
    if found.named:
        text = f"{text} {words.say('memory.erase_named', names=words.join([f'“{one}”' for one in found.named]))}"
    await hands.offer(text, [Choice("", (Command(token, ERASE, None),))])
    return text


async def _undo_night(hands: Hands, memory: Memory) -> str:
    """Take back what was tidied last night; for owners and members."""
    words, count = hands.house.words, await take_back(memory, hands.house.store)
    return words.say("memory.no_night") if count is None else words.say("memory.night_undone", count=count)


# --- unasked ----------------------------------------------------------------------------------------------------------


async def answered(hands: Hands, text: str, *, surely: bool = False) -> str:
    """What memory knows of a question that nothing else understood; "" when nothing fits well. surely: only a fact that
    somebody of the house said and that holds everything that was asked."""
    memory, words = hands.house.memory, hands.house.words
    if memory is None or hands.asker.person is None or hands.asker.person.role == "guest":
        return ""
    if for_skill(text):  # no fact says how he does something
        return "" if surely else words.say("skill.none")
    person = hands.asker.person
    own = [fact.subject[7:].replace("-", " ") for fact in memory.facts() if fact.subject.startswith("people/")]
    people = tuple(dict.fromkeys((*memory.people, *own)))
    found = await memory.ask(text, limit=FOUND, kinds=("fact",))
    found = [*await memory.near(text, found[:NEARBY]), *(replace(hit, likeness=0.0) for hit in found[NEARBY:]
                                                         if hit.entry.until)]
    fits = [fact for hit in found if _fits(text, hit, people) and (fact := memory.fact(hit.entry.key[5:]))
            and (not surely or stems(text) <= stems(f"{fact.text} {fact.subject}"))]
    facts = [fact for fact in _as_it_is_now(memory, fits)
             if told_to(fact, person) and not somebody_elses(text, fact, person.name, people)]
    facts.sort(key=lambda fact: not holds(kind(text), fact.text))  # who he is stands before what he costs
    if surely and not (facts and facts[0].trusted):
        return ""
    if facts:
        facts = _newest(text, facts, found, memory)
        _tell(hands, memory, facts[:1])
        if not facts[0].trusted:
            hands.taint()
        return said_by(facts[0], words)
    talk = await memory.ask(text, limit=TALK, kinds=("turn",), who=person.name)  # what others said is theirs
    return await _back_then(hands, memory, [hit.entry for hit in talk if _fits(text, hit, people)])


def _newest(question: str, facts: list[Fact], found: Sequence[Hit], memory: Memory) -> list[Fact]:
    """The fact to tell; before it the newer one about the same that recall put before it, though in other words."""
    at = next((at for at, hit in enumerate(found) if hit.entry.key == f"fact:{facts[0].id}"), 0)
    for hit in found[:at]:
        newer = memory.fact(hit.entry.key[5:])
        same = newer and not newer.until and newer.subject == facts[0].subject
        if newer and same and newer.origin.at >= facts[0].origin.at and as_well(
                read(question), hit.entry, found[at].entry):
            return [newer, *facts]
    return facts


async def _back_then(hands: Hands, memory: Memory, talk: Sequence[Entry]) -> str:
    """The first of these turns in which somebody told something that holds, "" where there is none."""
    words, past = hands.house.words, [fact for fact in memory.facts() if fact.until]
    for entry in talk:
        row = await hands.house.store.one("turn", id=entry.place)
        if row is None or row["mind"] == "reflex" or not memory_talk.tells(entry.text, words.language) or repeats(
                entry.text, past):
            continue  # orders, questions and what was taken down are no answers, nor is what holds no longer
        hands.taint()  # what was answered then may hold anybody's words
        return words.say("memory.back_then", at=moment(memory.local(datetime.fromisoformat(row["started"]))),
                         text=clean(entry.text, 300), who=entry.who.title() or words.say("memory.somebody"))
    return ""


def unknown(memory: Memory, words: Words) -> str:
    """That nothing of what was asked is known; and, without a model of meanings, why other words may help."""
    return words.say("memory.unknown") + ("" if memory.knows_paraphrases else f" {words.say('memory.by_words')}")


def _fits(question: str, hit: Hit, people: Sequence[str]) -> bool:
    """Whether an entry answers a question, by its words or, of a fact, by its meaning."""
    entry, fact = hit.entry, hit.entry.kind == "fact"
    about = f"{entry.who} {entry.context if entry.context != 'home' else ''}" if fact else ""
    return answers(question, entry.text, about, people=people, likeness=hit.likeness if fact else 0)


def _as_it_is_now(memory: Memory, facts: Sequence[Fact]) -> list[Fact]:
    """The facts that hold; behind them those that replaced one that fits, in whatever words they were said."""
    newer: list[Fact] = []
    for fact in facts:
        seen: set[str] = set()
        while fact.until and fact.id not in seen and (after := memory.fact(fact.by)) is not None:
            seen.add(fact.id)
            fact = after
        newer.append(fact)
    holding = [fact for fact in (*facts, *newer) if not fact.until]
    return list({fact.id: fact for fact in holding}.values())


def remarks(hands: Hands, outcomes: Sequence[Outcome]) -> str:
    """What somebody of the house said against what was just done, in the words it was said in; "" for nothing."""
    memory, house = hands.house.memory, hands.house
    person = hands.asker.person
    if memory is None or not memory.preferred or person is None or person.role == "guest":
        return ""
    found: dict[str, Fact] = {}
    for outcome in outcomes:
        device = house.home.devices.get(outcome.command.device)
        if device is None or outcome.result == "failed":
            continue
        for preference in memory.preferred:
            fact = memory.fact(preference.fact)
            here = not preference.room or preference.room == device.room
            if fact is not None and here and crosses(preference, outcome, house.home.value(device.id, "brightness"),
                                                     device.kind):
                found[fact.id] = fact
    if not found:
        return ""
    somebody = house.words.say("memory.somebody")
    return "\n".join(house.words.say("memory.mind", text=fact.text, who=fact.origin.who or somebody)
                     for fact in list(found.values())[:2])


def crosses(preference: Preference, outcome: Outcome, shown: object, kind: str) -> bool:
    """Whether an order goes against a preference. shown: the brightness that the device shows now, if any."""
    trait, value = outcome.command.trait, outcome.command.value
    if preference.trait == "target" and kind in ("pool", "spa") and not preference.room:
        return False  # "likes it at 19 degrees" is no word about water
    if preference.trait == "brightness" and kind == "light" and trait == "on" and value is True:
        trait, value = "brightness", shown if isinstance(shown, int | float) else 100.0
    if trait != preference.trait or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if preference.value is not None:
        return value > preference.value + 0.5 if trait == "brightness" else abs(value - preference.value) > 0.5
    more = {"brightness": BRIGHT, "volume": LOUD, "target": WARM}
    return value > more[trait] if preference.leaning == "less" else value < {"target": COLD, "brightness": 30.0}.get(
        trait, -1.0)


async def context(memory: Memory | None, text: str, person: Person) -> list[str]:
    """The few memories that a model should have before it for this message: only what people of the house said, and
    what the one who asks may hear."""
    if memory is None or person.role == "guest":
        return []
    hits = await memory.ask(text, limit=8, kinds=("fact",), holding=True)
    facts = [fact for hit in hits if (fact := memory.fact(hit.entry.key.partition(":")[2])) and fact.trusted
             and told_to(fact, person)]
    return [f"{fact.text} ({fact.origin.who or 'written by hand'}, {fact.origin.at or 'undated'})"
            for fact in facts[:6]]
