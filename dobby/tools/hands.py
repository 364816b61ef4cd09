"""The one gate. Whatever asks (phrase, model, page, undo, an answered question), a command reaches the home through
`Hands.do` and no other way: policy first, then a permit, a journal entry before and after, and an audit row for each.

A House is what the tools of every turn share; Hands are made anew for each turn and person.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from dobby.approvals import LIFE, Answered, Approvals
from dobby.clock import Clock
from dobby.discovery.hosts import Host
from dobby.eyes.sights import Sights
from dobby.home import scenes
from dobby.home.device import Command, Fault, Outcome
from dobby.home.home import Home
from dobby.home.traits import Risk, Value
from dobby.home.verdict import Approval, Choice, Mint, NoPermit, Verdict
from dobby.jobs.plans import Plans
from dobby.jobs.presence import Presence
from dobby.learning.learner import Learner
from dobby.memory.memory import Memory
from dobby.messages import Person, Picture
from dobby.policy import Asker, Source, judge, risk_of
from dobby.skills import Skill
from dobby.store import Row, Store
from dobby.teaching import Teaching
from dobby.tools.wording import orders_text
from dobby.words import Words

STOPPED = "stopped"  # with this a turn is cancelled when its person says stop
IMPOSSIBLE = "impossible"  # the reason of a refusal that no policy made: the home itself cannot do it


class Scout(Protocol):
    """Discovery as the tools see it."""

    async def look(self, what: str) -> list[Offer]:
        """Listen to the network now; what was found that fits `what` ("" = everything), best first."""
        ...

    async def ask(self, address: str) -> None:
        """Ask one host what only its own driver would; what it answers is found from then on."""
        ...

    def hosts(self) -> list[Host]:
        """Everything that was seen on the network so far, by address."""
        ...

    def linked(self, host: Host) -> bool:
        """Whether a host is part of the home already."""
        ...

    def key_at(self, address: str) -> str:
        """The key of what is part of the home and answers at an address; "" for nothing."""
        ...

    async def new_since(self, moment: datetime) -> list[Host]:
        """Hosts that first came after a moment; they count as mentioned from now on."""
        ...

    def found(self, what: str = "") -> list[Offer]:
        """What was found so far that fits, without looking again."""
        ...

    def fits(self, what: str) -> bool:
        """Whether something found so far is called that, every word of it."""
        ...

    def known(self, key: str) -> Offer | None:
        """The thing with this key, as it was last seen."""
        ...

    def keep_code(self, key: str, code: str) -> None:
        """Hold a pairing code that the person just gave, for the next pairing of this key."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """Something found that is or could be part of the home: the link's key, its make's title, where, what it needs."""

    key: str
    title: str
    name: str
    room: str
    host: str
    needs: str
    linked: bool
    devices: tuple[str, ...] = ()
    why: str = ""


@dataclass(slots=True)
class House:
    """What the tools of every turn share. Skills and words change when their files do."""

    home: Home
    store: Store
    approvals: Approvals
    clock: Clock
    words: Words
    skills: list[Skill]
    scout: Scout
    mint: Mint
    sights: Sights | None = None  # the cameras, None where there are none
    memory: Memory | None = None
    teaching: Teaching | None = None
    strange: frozenset[str] = frozenset()  # skills from elsewhere that nobody said yes to yet
    ran: dict[str, str] = field(default_factory=dict)  # the skill that ran last, by conversation
    reflex: Any = None  # what reads orders without a model; it stands above us, so it is put in when the house opens
    looked_at: str = ""  # the address that was asked about last
    learner: Learner | None = None  # what is being learned, None where no network may be looked at
    plans: Plans | None = None  # what is due when
    presence: Presence | None = None  # who is at home
    people: tuple[Person, ...] = ()  # the people of the house
    taken_along: tuple[int, int] = (0, 0)  # plans and taught skills that went with what was erased last


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one order: outcomes in the order of the commands, and a question where a person must be asked."""

    outcomes: tuple[Outcome, ...]
    question: Approval | None = None


@dataclass(slots=True)
class Hands:
    """One turn's leave to act; a turn that is stopped is cancelled as a task, so nothing of it starts any more."""

    house: House
    asker: Asker
    turn: int
    conversation: str
    tainted: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    questions: list[Approval] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)  # what goes with the answer
    meanwhile: Callable[[str], Awaitable[None]] | None = None  # says something before the answer; None at local doors

    async def do(self, commands: Sequence[Command], *, tool: str, approval: int | None = None) -> Done:
        """Judge each command, do what may be done now, ask one question for what asks, refuse the rest."""
        verdicts = [self._judge(command) for command in commands]
        now = [command for command, verdict in zip(commands, verdicts, strict=True) if verdict.say == "now"]
        question = await self._ask(commands, verdicts)
        call = await self._journal(tool, commands, verdicts, now)
        permit = self.house.mint(now, Verdict("now"))
        done: dict[int, Outcome] = {}
        try:
            if now:
                await self.house.home.do(now, permit, done)
        except asyncio.CancelledError as told:
            if told.args == (STOPPED,):  # not a daemon that closes: that one reads the devices anew when it is back
                await self._record(call, self._outcomes(commands, verdicts, done), verdicts, approval)
            raise
        outcomes = self._outcomes(commands, verdicts, done)
        await self._record(call, outcomes, verdicts, approval)
        self.outcomes += [o for o, v in zip(outcomes, verdicts, strict=True) if v.say != "ask"]
        return Done(outcomes, question)

    def _outcomes(self, commands: Sequence[Command], verdicts: Sequence[Verdict],
                  done: dict[int, Outcome]) -> tuple[Outcome, ...]:
        """What came of every command: of those done now (by their order among themselves), and of those held."""
        index = iter(range(len(commands)))
        stopped = Fault("unknown", "I was stopped before it showed anything.")
        return tuple(done.get(next(index)) or Outcome(command, "failed", error=stopped) if verdict.say == "now"
                     else self._held(command, verdict) for command, verdict in zip(commands, verdicts, strict=True))

    async def offer(self, text: str, choices: Sequence[Choice], risk: Risk = Risk.ASK) -> Approval:
        """Ask the person of this turn a question whose answers are exact commands (asked by code, never by a model).
        However it is put ("did you mean ...?"), what would open a door wants the PIN, in two minutes; where it is still
        open which door, the choice is an order that asks for it."""
        secure = len(choices) == 1 and any(map(self._secure, choices[0].commands))
        approval = await self.house.approvals.ask(self._person(), self.conversation, text, choices,
                                                  Risk.SECURE if secure else risk)
        self.questions.append(approval)
        return approval

    async def accept(self, answered: Answered, choice: Choice) -> Done:
        """Do what an answered question stood for: exactly its commands, judged again as the person's own order."""
        approval = answered.approval
        if answered.answer != "yes" or approval is None or choice not in approval.choices:
            raise NoPermit("Only an answered question may be acted upon, and only as it was asked.")
        proven = approval.expires - approval.asked <= LIFE[Risk.SECURE] and (
            approval.needs_pin or not self._person().pin_needed)
        secure = any(map(self._secure, choice.commands))
        source: Source = "phrase" if secure and not proven else "answer"  # then it is an order, which asks for the PIN
        hands = replace(self, asker=replace(self.asker, source=source), tainted=False)
        return await hands.do(choice.commands, tool="answer", approval=approval.id)

    async def undo(self) -> tuple[Done | None, list[Command]]:
        """Put back what this conversation's last action changed; None when there is nothing. Goes through the gate."""
        row = await self.house.store.one("last_action", conversation=self.conversation)
        if row is None:
            return None, []
        outcomes = [load_outcome(one) for one in json.loads(row["outcomes"])]
        commands, stuck = scenes.undo(json.loads(row["before"]), outcomes, self.house.home)
        hands = replace(self, asker=replace(self.asker, source="undo"))
        done = await hands.do(commands, tool="undo") if commands else Done(())
        if not commands or done.question or any(one.result != "failed" for one in done.outcomes):
            await self.house.store.do("mark_undone", id=row["id"])  # else the next "undo" tries this one again
        return done, stuck

    def _person(self) -> Person:
        if self.asker.person is None:
            raise NoPermit("There is nobody to ask.")
        return self.asker.person

    def _secure(self, command: Command) -> bool:
        return risk_of(command, self.house.home) is Risk.SECURE

    async def turn_before(self) -> Row | None:
        """The turn just before this one in its conversation, None for none."""
        return await self.house.store.one("turns_of_conversation", conversation=self.conversation, before=self.turn,
                                          limit=1)

    def taint(self) -> None:
        """A stranger's words came into this conversation."""
        self.tainted = True

    def _judge(self, command: Command) -> Verdict:
        """The policy's word; nobody is asked about what cannot be done. (An answer may let a thing in, then use it.)"""
        if self.asker.source != "answer" and self.house.home.problem(command) is not None:
            return Verdict("refuse", reason=IMPOSSIBLE)
        home = (self.house.presence.home() if self.house.presence else {}).values()
        asker = replace(self.asker, tainted=self.tainted, maybe_home=any(home) or all(one is None for one in home))
        return judge(command, asker, self.house.home)

    async def _ask(self, commands: Sequence[Command], verdicts: Sequence[Verdict]) -> Approval | None:
        held = [c for c, v in zip(commands, verdicts, strict=True) if v.say == "ask"]
        if not held:
            return None
        risk = max(v.risk for v in verdicts if v.say == "ask")
        key = "plain" if risk < Risk.SECURE else "secure" if self._person().pin_needed else "secure_no_pin"
        orders = orders_text(held, self.house.home, self.house.words)
        return await self.offer(self.house.words.say(f"ask.{key}", orders=orders), [Choice("", tuple(held))], risk)

    async def _journal(self, tool: str, commands: Sequence[Command], verdicts: Sequence[Verdict],
                       now: Sequence[Command]) -> int:
        before = scenes.before(now, self.house.home)
        return await self.house.store.do(
            "call_start", turn=self.turn, tool=tool, args=json.dumps([dump_command(c) for c in commands]),
            verdict=json.dumps([v.say for v in verdicts]), before=json.dumps(before),
            commands=json.dumps([dump_command(c) for c in now]), at=self.house.clock.now().isoformat())

    async def _record(self, call: int, outcomes: Sequence[Outcome], verdicts: Sequence[Verdict],
                      approval: int | None) -> None:
        at = self.house.clock.now().isoformat()
        name = self.asker.person.name if self.asker.person else ""
        rows = [("audit_add", {"at": at, "turn": self.turn, "person": name, "source": self.asker.source,
                               "device": o.command.device, "trait": o.command.trait,
                               "value": json.dumps(o.command.value)[:100], "verdict": v.say, "approval": approval,
                               "result": o.result if v.say == "now" else "held"})
                for o, v in zip(outcomes, verdicts, strict=True)]
        done = [dump_outcome(outcome) for outcome in outcomes]
        await self.house.store.together([("call_end", {"id": call, "outcomes": json.dumps(done)}), *rows])

    def _held(self, command: Command, verdict: Verdict) -> Outcome:
        if verdict.reason == IMPOSSIBLE:
            problem = self.house.home.problem(command) or Fault("unknown", "It was not there.")
            return Outcome(command, "failed", error=problem)
        key = "waiting" if verdict.say == "ask" else verdict.reason
        return Outcome(command, "failed", error=Fault("policy", self.house.words.say(f"policy.{key}")))


def dump_command(command: Command) -> dict[str, Value]:
    """A command as JSON keeps it."""
    return {"device": command.device, "trait": command.trait, "value": command.value}


def dump_outcome(outcome: Outcome) -> dict[str, object]:
    """An outcome as the API and the journal show it."""
    return {**dump_command(outcome.command), "result": outcome.result, "read": outcome.read,
            "at": outcome.at.isoformat() if outcome.at else None,
            "error": {"kind": outcome.error.kind, "text": outcome.error.text} if outcome.error else None}


def load_outcome(row: dict[str, object]) -> Outcome:
    """The outcome that `dump_outcome` wrote."""
    error, at = row["error"], row["at"]
    fault = Fault(error["kind"], error["text"]) if isinstance(error, dict) else None
    command = Command(str(row["device"]), str(row["trait"]), row["value"])  # type: ignore[arg-type]  # JSON of a Value
    return Outcome(command, row["result"], row["read"],  # type: ignore[arg-type]  # JSON of a Result and a Value
                   datetime.fromisoformat(str(at)) if at else None, fault)
