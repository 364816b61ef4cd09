"""The way in for every door: what a channel authenticated becomes an accepted message, and "stop" acts at once.

PINs and setup codes are taken out of the text here, before it is kept anywhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from dobby.agent import consent
from dobby.agent.inbox import Inbox
from dobby.agent.meaning import Clarify, Do, Timed, Understood
from dobby.agent.turn import Agent
from dobby.home.device import Command
from dobby.home.traits import Risk
from dobby.messages import TEXT_LIMIT, Message, Person
from dobby.policy import PAIR, risk_of


@dataclass(slots=True)
class Gateway:
    """Takes messages from all doors."""

    agent: Agent
    inbox: Inbox

    async def receive(self, message: Message) -> int:
        """Commit a message and see to it; its id, or 0 for one that was taken before. Returns when it is on disk."""
        if message.forwarded:  # a stranger's words: no PIN, no stop, no yes
            return await self.inbox.accept(replace(message, text=consent.without_codes(message.text[:TEXT_LIMIT])))
        person = self.agent.people.get(message.sender)
        language, name = self.agent.house.words.language, self.agent.soul.name
        text, code = consent.take_code(message.text[:TEXT_LIMIT], language, name)
        pin_right = await self._code(person, code) if code and person else None
        if not code and person is not None and consent.CODE.search(text):
            text = await self._without_pin(text, person, message)
        message = replace(message, text=text)
        if person is not None and consent.is_stop(text, language, name) and not await self._cancels(text, person,
                                                                                                   message):
            id_ = await self.inbox.accept(message, queue=False)
            if id_:
                await self.stop(person, message.conversation, id_)
            return id_
        return await self.inbox.accept(message, pin_right)

    async def _cancels(self, text: str, person: Person, message: Message) -> bool:
        """Whether "cancel that" means a plan: one was spoken of just now, nothing runs here, and no question waits for
        a yes that was asked after that."""
        house = self.agent.house
        topic = house.plans.topic(message.conversation) if house.plans else None
        if topic is None or self.inbox.works_on(message.conversation):
            return False
        if any(question.asked >= topic for question in await house.approvals.open(person.name)):
            return False
        meant = self.agent.reflex.read(text, house.home, None, now=time.monotonic())
        return isinstance(meant, Understood) and isinstance(meant.parts[0], Timed) and meant.parts[0].verb == "cancel"

    async def stop(self, person: Person, conversation: str, id_: int = 0) -> None:
        """Cancel what runs and waits in a conversation ("" = in all), close the person's questions (in all:
        everybody's, and end the plans that run), say so."""
        house = self.agent.house
        if not conversation and house.plans is not None:
            await house.plans.halt()
        dropped = await self.inbox.stop(conversation)
        asked = set() if conversation else {question.person for question in await house.approvals.open()}
        for name in {person.name} | asked:
            await house.approvals.drop_all(name)
        came = [(row["text"], await self.agent.close_stopped(row)) for row in dropped]
        said = await self.agent.house.store.one("message", id=id_)
        if said is not None:
            await self.agent.say_stopped(said, [text for text, begun in came if not begun],
                                         [begun for _, begun in came if begun])

    async def _without_pin(self, text: str, person: Person, message: Message) -> str:
        """The text without what may be the PIN, said with an order ("unlock the door 2468") or near a question for it:
        it opens nothing there, must be kept nowhere and reach no model. Right and wrong numbers are treated alike, so
        that nobody can try numbers this way."""
        house, reflex = self.agent.house, self.agent.reflex
        if person.pin_needed:
            bare = consent.without_codes(text, "")
            meant = reflex.read(bare, house.home, self.agent.contexts.get(message.conversation), now=time.monotonic(),
                                here=message.here)
            if isinstance(meant, Understood) and any(
                    risk_of(command, house.home) is Risk.SECURE for command in told(meant)):
                return bare
        asked = any(question.needs_pin for question in await house.approvals.open(person.name))
        spoken = consent.speaks_of_a_code(text, house.words.language) or consent.speaks_of_a_code(text, "en")
        return consent.without_codes(text) if asked or spoken else text

    async def _code(self, person: Person, code: str) -> bool | None:
        """A code is a device's setup code when only such a question is open, else the person's PIN: right or wrong."""
        approvals = self.agent.house.approvals
        questions = await approvals.open(person.name)
        if not any(question.needs_pin for question in questions):
            for command in (c for q in questions for choice in q.choices for c in choice.commands if c.trait == PAIR):
                self.agent.house.scout.keep_code(command.device, code)
            return None
        return await approvals.check_pin(person, code)


def told(meant: Understood) -> list[Command]:
    """Every command that a sentence would give, at once or after asking which was meant."""
    orders = [command for part in meant.parts if isinstance(part, Do) for command in part.commands]
    orders += [command for part in meant.parts if isinstance(part, Timed) for command in part.commands]
    return orders + [command for part in meant.parts if isinstance(part, Clarify)
                     for _, commands in part.choices for command in commands]
