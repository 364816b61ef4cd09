"""One message, from the person it came from to the answer that goes back.

stranger? an answer to an open question? known words (reflex)? else the model. What was done is told from Outcomes,
never from anybody's belief. The answer and the letter that carries it are committed together.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dobby.agent import clock_talk, consent, manners, memory_talk, prompt
from dobby.agent.answers import answer
from dobby.agent.cancel_replies import stays
from dobby.agent.enclosed import Enclosures
from dobby.agent.late import arrived
from dobby.agent.loop import Budget, Thought, think
from dobby.agent.meaning import Context, Control, Miss, Recollect, Refuse, Understood
from dobby.agent.memory_replies import answered, ask_to_keep, context, forget, recollect, taken_up, unknown
from dobby.agent.moved import moved
from dobby.agent.recover import interrupted
from dobby.agent.reflex import Reflex
from dobby.agent.replies import Reply, act, consented
from dobby.agent.student import study
from dobby.agent.teach_replies import again
from dobby.brains.brain import Ask, Brain
from dobby.errors import BrainError
from dobby.home.device import Outcome
from dobby.learning.learner import Studied
from dobby.messages import TEXT_LIMIT, Letter, Message, Person
from dobby.policy import Asker
from dobby.post import queued
from dobby.soul import Soul
from dobby.store import Last, Row
from dobby.tasks import ended
from dobby.tools import all_tools
from dobby.tools.hands import Hands, House, load_outcome
from dobby.tools.wording import claims_a_deed
from dobby.watchman import Watchman

log = logging.getLogger(__name__)
LOCAL = ("console", "page")  # doors of this house itself, which act as the owner
SPOKEN = ("phone", "satellite", "voice")  # doors where a voice is heard (the last: push-to-talk on the page)
THEMSELVES = (*LOCAL, *SPOKEN)  # doors that give the answer themselves; the others get a letter


@dataclass(slots=True)
class Agent:
    """The minds of the house and what they share. `on_turn` is told (turn, message) when one ended."""

    house: House
    people: Mapping[str, Person]
    reflex: Reflex
    soul: Soul
    brain: Brain | None = None
    budget: Budget = field(default_factory=Budget)
    home_name: str = "home"
    daily_tokens: int = 500_000
    on_turn: Callable[[int, int], None] = lambda turn, message: None
    on_letter: Callable[[], None] = lambda: None
    watchman: Watchman | None = None
    followed: set[asyncio.Task[None]] = field(default_factory=set)  # what will be told later
    search: str = ""  # the address of a web search, for learning devices
    contexts: dict[str, Context] = field(default_factory=dict)
    enclosures: Enclosures | None = None

    def __post_init__(self) -> None:
        self.house.reflex = self.reflex
        if self.house.learner is not None and self.brain is not None:
            self.house.learner.ask_model = self._study

    async def _study(self, studied: Studied, hands: Hands) -> Studied | None:
        """Let the model work out an unknown device; None when there is no budget left for it, or it could not."""
        spent = f"tokens:{self.house.clock.now():%Y-%m-%d}"
        if self.brain is None or self.house.learner is None or await self.house.store.fact(
                spent, 0) >= self.daily_tokens:
            return None
        try:
            found, tokens = await study(self.brain, self.budget, hands, self.house.learner, studied, self.search)
        except BrainError:
            return None
        await self.house.store.do("tokens_add", name=spent, tokens=tokens)
        return found

    async def think_alone(self, text: str) -> str:
        """One question to the model with no tool in its hand and nobody waiting; "" when there is no budget left."""
        spent = f"tokens:{self.house.clock.now():%Y-%m-%d}"
        if self.brain is None or await self.house.store.fact(spent, 0) >= self.daily_tokens:
            return ""
        try:
            reply = await self.brain.think(Ask("You keep a household's memory tidy.", [], [
                {"role": "user", "content": text}]))
        except BrainError:
            return ""
        await self.house.store.do("tokens_add", name=spent, tokens=reply.tokens)
        return reply.text

    async def take(self, id_: int) -> None:
        """Deal with one accepted message, whatever happens; a cancelled one is said to be stopped."""
        row = await self.house.store.one("message", id=id_)
        if row is None or row["state"] == "done":
            return
        began = time.monotonic()
        person = self.people.get(row["sender"])
        if person is None:
            await self._stranger(row)
            return
        turn, again = await self._turn(row, person)
        asker = Asker(person, "phrase", by_voice=row["channel"] in SPOKEN)
        hands = Hands(self.house, asker, turn["id"], row["conversation"])
        if row["channel"] not in THEMSELVES:
            hands.meanwhile = partial(self._meanwhile, row)
        try:
            reply = await self._reply(hands, row, person, again)
        except Exception:  # whatever broke, the person gets an answer and the next message works
            log.exception("turn %s", turn["id"])
            reply = Reply(self.house.words.say("turn.broke"), "none")
        if len(row["text"]) >= TEXT_LIMIT:
            reply = Reply(f"{reply.text}\n{self.house.words.say('turn.too_long', limit=TEXT_LIMIT)}", reply.mind)
        await self._finish(hands, row, reply, began)

    async def _meanwhile(self, row: Row, text: str) -> None:
        """Something to say before the answer, on long work."""
        letter = Letter(f"meanwhile:{row['id']}", row["channel"], row["sender"].split(":", 1)[1], text)
        await self.house.store.together([queued(letter, self.house.clock.now())])
        self.on_letter()

    async def _turn(self, row: Row, person: Person) -> tuple[Row, bool]:
        """The turn of a message, and whether it had begun before (in a run that was killed)."""
        values = {"message": row["id"], "person": person.name, "channel": row["channel"], "text": row["text"],
                  "conversation": row["conversation"], "started": self.house.clock.now().isoformat()}
        made = await self.house.store.together([("message_running", {"id": row["id"]}), ("turn_start", values)])
        turn = await self.house.store.one("turn_of_message", message=row["id"])
        if turn is None:
            raise RuntimeError("a turn that was just made is not there")
        return turn, not made[1]

    async def _reply(self, hands: Hands, row: Row, person: Person, again: bool) -> Reply:
        if again and (told := await interrupted(hands)) is not None:
            return told
        text, language = row["text"], self.house.words.language
        if (row["forwarded"] or row["media"] != "[]") and self.enclosures is not None:
            text, told = await self.enclosures.open(hands, row)
            if told is not None:
                return told
        if not text.strip():
            return Reply(self.house.words.say("turn.no_text"), "none")
        pin = None if row["pin"] is None else bool(row["pin"])
        if pin is None and (kept := await taken_up(hands, text, self.soul.name)):
            return Reply(kept, "reflex")
        polite = manners.read(text, language, self.soul.name)
        asks = not polite or consent.read(text, language, self.soul.name) is not None  # "ok, thanks" is a yes
        if asks and (answered := await consented(hands, person, text, pin, language, self.soul.name)) is not None:
            return answered
        if self.watchman is not None and (known := await self.watchman.acknowledge(person, text)):
            return Reply(known, "reflex")
        if new := await moved(hands, text):
            return Reply(new, "reflex")
        meaning = self.reflex.read(text, self.house.home, self.contexts.get(row["conversation"]),
                                   now=time.monotonic(), here=row["here"])
        nothing = isinstance(meaning, Miss) or all(isinstance(part, Refuse) for part in meaning.parts)
        if isinstance(meaning, Miss) and self.house.plans is not None and (key := clock_talk.asked(text, language)):
            return Reply(clock_talk.answer(key, self.house.plans, self.house.words), "reflex")
        if polite and nothing:
            return Reply(manners.reply(polite, self.house.home, self.house.words), "reflex")
        if nothing and (what := self.reflex.lets_in(text, self.house.home)) and self.house.scout.fits(what):
            return await act(hands, (Control("find", what),), text)
        if isinstance(meaning, Understood):
            self.contexts[row["conversation"]] = meaning.context
            return await act(hands, meaning.parts, text)
        return await self._model(hands, row, text, person, meaning)

    async def _model(self, hands: Hands, row: Row, text: str, person: Person, miss: Miss) -> Reply:
        words = self.house.words
        nearest = words.say("miss.nearest", nearest=miss.nearest) if miss.nearest else ""
        people = self.house.memory.people if self.house.memory else ()
        if person.role != "guest" and memory_talk.states(text, words.language, people):
            return Reply(await recollect(hands, Recollect("remember", text.strip().rstrip("."))), "reflex")
        if what := memory_talk.forgets(text, words.language):
            if told := await forget(hands, what):
                return Reply(told, "reflex")
            if self.brain is None and person.role != "guest":
                return Reply(words.say("memory.nothing", who=what), "reflex")
        if memory_talk.asks(text, words.language) and (
                known := await answered(hands, text, surely=self.brain is not None)):
            return Reply(known, "reflex")
        if self.brain is None and self.house.memory and person.role != "guest" and memory_talk.wonders(
                text, words.language):
            return Reply(unknown(self.house.memory, words), "none")
        if self.brain is None:
            own = row["channel"] not in SPOKEN and not row["forwarded"] and row["media"] == "[]"  # typed by them
            if own and (asked := ask_to_keep(hands, text, self.soul.name)):
                return Reply(asked, "reflex")
            return Reply(f"{words.say('miss.no_model')} {nearest}".strip(), "none")
        spent = f"tokens:{self.house.clock.now():%Y-%m-%d}"
        if await self.house.store.fact(spent, 0) >= self.daily_tokens:
            return Reply(f"{words.say('miss.budget')} {nearest}".strip(), "none")
        history = await self.house.store.all("turns_of_conversation", conversation=row["conversation"],
                                             before=hands.turn, limit=prompt.HISTORY_TURNS)
        hands.tainted = any(turn["tainted"] for turn in history)
        hands.asker = Asker(person, "model", by_voice=hands.asker.by_voice)
        moment = prompt.Moment(self.house.clock.now(), person.name, person.role, self.home_name, row["here"])
        recalled = await context(self.house.memory, text, person)
        messages = prompt.conversation(history, text, moment, recalled)
        try:
            thought = await think(self.brain, hands, all_tools(), prompt.system(self.soul), messages, self.budget)
        except BrainError as error:
            told = self._told(hands, Thought("")).text if hands.outcomes or hands.questions else ""
            return Reply(f"{told} {error} {nearest}".strip(), self.brain.mind)
        await self.house.store.do("tokens_add", name=spent, tokens=thought.tokens)
        final = self._told(hands, thought)
        offer = await again(hands, text)
        return Reply(f"{final.text}\n{offer}", final.mind) if offer else final

    def _told(self, hands: Hands, thought: Thought) -> Reply:
        """What the person hears after the model: outcomes and questions in code's words, and the model's own words,
        unless something failed or waits (then its cheer would mislead)."""
        words, mind = self.house.words, (self.brain.mind if self.brain else "none")
        parts: list[str] = []
        if hands.outcomes:
            parts.append(answer(hands.outcomes, self.house.home, words))
        sure = all(outcome.result == "confirmed" for outcome in hands.outcomes)
        boasts = claims_a_deed(thought.text, words)
        if thought.text and sure and not (boasts and hands.questions):
            parts.append(thought.text)
            if boasts and not hands.outcomes:
                parts.append(words.say("turn.nothing_changed"))
        if thought.cut:
            parts.append(words.say(f"turn.cut_{thought.cut}"))
        parts += dict.fromkeys(question.text for question in hands.questions)
        return Reply("\n".join(parts) or words.say("turn.no_words"), mind)

    async def _finish(self, hands: Hands, row: Row, reply: Reply, began: float, *, quiet: bool = False) -> None:
        """Commit the answer, the end of the message and the letter together; then let it go out."""
        question = hands.questions[-1].id if hands.questions else None
        now = self.house.clock.now()
        statements = [("turn_end", {"id": hands.turn, "mind": reply.mind, "reply": reply.text, "question": question,
                                    "tainted": hands.tainted, "ended": now.isoformat(),
                                    "elapsed_ms": round((time.monotonic() - began) * 1000),
                                    "pictures": json.dumps([one.name for one in hands.pictures])}),
                      ("message_done", {"id": row["id"]})]
        if row["channel"] not in THEMSELVES and (reply.text or hands.pictures) and not quiet:
            statements.append(queued(Letter(f"answer:{row['id']}", row["channel"], row["sender"].split(":", 1)[1],
                                            reply.text, tuple(hands.pictures)), now))
        await self.house.store.together(statements)
        self.on_turn(hands.turn, row["id"])
        self.on_letter()
        if self.house.memory is not None and not quiet and (line := _journal_line(hands, row["text"], reply)):
            task = asyncio.create_task(self.house.memory.note(line))
            self.followed.add(task)
            task.add_done_callback(self.followed.discard)
        moving = [outcome for outcome in hands.outcomes if outcome.on_its_way]
        if moving and row["channel"] not in THEMSELVES and not quiet:
            task = asyncio.create_task(self._follow_up(moving, row))
            self.followed.add(task)
            task.add_done_callback(self.followed.discard)

    async def _follow_up(self, moving: Sequence[Outcome], row: Row) -> None:
        """A second text, when what was on its way is there or stopped short of it."""
        text = answer(await arrived(self.house.home, moving), self.house.home, self.house.words)
        letter = Letter(f"late:{row['id']}", row["channel"], row["sender"].split(":", 1)[1], text)
        await self.house.store.together([queued(letter, self.house.clock.now())])
        self.on_letter()

    async def close(self) -> None:
        """Wait for nothing any more."""
        await ended(*self.followed)

    async def silent_turn(self, person: Person, channel: str, external: str, conversation: str) -> int:
        """A turn for something done without words (a press on the page); its id."""
        now = self.house.clock.now().isoformat()
        made = await self.house.store.together([
            ("message_add", {"channel": channel, "external": external, "conversation": conversation, "pin": None,
                             "sender": f"{channel}:owner", "text": "", "here": "", "pictures": "[]", "received": now,
                             "media": "[]", "forwarded": False}),
            ("message_done", {"id": Last(0)}),
            ("turn_start", {"message": Last(0), "person": person.name, "channel": channel, "text": "",
                            "conversation": conversation, "started": now})])
        return made[2]

    async def end_silent_turn(self, hands: Hands, reply: str) -> None:
        """Close a turn that `silent_turn` opened."""
        question = hands.questions[-1].id if hands.questions else None
        await self.house.store.do("turn_end", id=hands.turn, mind="none", reply=reply, question=question,
                                  tainted=False, ended=self.house.clock.now().isoformat(), elapsed_ms=0,
                                  pictures=json.dumps([one.name for one in hands.pictures]))
        self.on_turn(hands.turn, 0)

    async def close_stopped(self, row: Row) -> str:
        """A message that stop cancelled or kept from starting: its turn says so, and it is never taken up again. What
        had come of its orders until then, in words; "" when nothing had begun."""
        person = self.people.get(row["sender"])
        if person is None:
            return ""
        turn, _ = await self._turn(row, person)
        hands = Hands(self.house, Asker(person, "phrase"), turn["id"], row["conversation"])
        calls = await self.house.store.all("calls_of_turn", turn=turn["id"])
        outcomes = [load_outcome(one) for call in calls if call["commands"] != "[]"
                    for one in json.loads(call["outcomes"] or "[]")]
        came = answer(outcomes, self.house.home, self.house.words) if outcomes else ""
        reply = Reply(f"{self.house.words.say('turn.stopped')} {came}".strip(), "none")
        await self._finish(hands, row, reply, time.monotonic(), quiet=True)
        return came

    async def say_stopped(self, row: Row, dropped: list[str], begun: list[str]) -> None:
        """The answer to "stop": what will not be done any more, and what had been done of what had begun."""
        words = self.house.words
        texts = ", ".join(f"“{text[:60]}”" for text in dropped)
        text = words.say("turn.stopped_dropped", texts=texts) if dropped else words.say("turn.stopped")
        text = " ".join(filter(None, [text, *begun, stays(self.house, self.people[row["sender"]])]))
        turn, _ = await self._turn(row, self.people[row["sender"]])
        hands = Hands(self.house, Asker(self.people[row["sender"]], "phrase"), turn["id"], row["conversation"])
        await self._finish(hands, row, Reply(text, "reflex"), time.monotonic())

    async def _stranger(self, row: Row) -> None:
        """No answer to a stranger; the owner hears of each of them once."""
        known = await self.house.store.fact("strangers", [])
        statements: list[tuple[str, dict[str, object]]] = [("message_done", {"id": row["id"]})]
        if row["sender"] not in known:
            await self.house.store.set_fact("strangers", [*known[-500:], row["sender"]])
            owner = next((p for p in self.people.values() if p.role == "owner" and p.addresses), None)
            if owner is not None:
                channel, to = owner.addresses[0].split(":", 1)
                text = self.house.words.say("turn.stranger", sender=row["sender"])
                statements.append(queued(Letter(f"stranger:{row['sender']}", channel, to, text, kind="alert"),
                                         self.house.clock.now()))
        await self.house.store.together(statements)
        self.on_letter()


def address_book(people: tuple[Person, ...], owner: Person) -> dict[str, Person]:
    """Persons by the addresses a channel authenticates; console and page act as the owner, and who writes from a number
    may call from it."""
    book = {address: person for person in people for address in person.addresses}
    book |= {f"phone:{number}": person for person in people for address in person.addresses
             if (number := address.partition(":")[2]).startswith("+")}
    book |= {f"page:{person.name}": person for person in people}
    return book | {f"{door}:owner": owner for door in LOCAL}


def local_message(channel: str, text: str, external: str, here: str = "", person: Person | None = None) -> Message:
    """A message at the console or on the page: of the owner, with one conversation for both, or of another person."""
    if person is None:
        return Message(channel, external, f"{channel}:owner", text, "owner", here=here)
    return Message(channel, external, f"{channel}:{person.name}", text, f"page:{person.name}", here=here)


def _journal_line(hands: Hands, text: str, reply: Reply) -> str:
    """A turn's line in the journal: what was done at whose word; or what somebody of the household merely told, for the
    night to make something of. "" for questions that code answered, and for whatever a stranger may have put in."""
    person = hands.asker.person
    who = person.name if person else "?"
    if hands.outcomes:
        return f"{who}: “{text}” — {reply.text}"
    told = text and reply.mind not in ("reflex", "none") and not hands.tainted and person and person.role != "guest"
    return f"{who}: “{text}”" if told else ""
