"""The way in for every door: what a channel authenticated becomes an accepted message, and "stop" acts at once.

PINs and setup codes are taken out of the text here, before it is kept anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dobby.agent import consent
from dobby.agent.inbox import Inbox
from dobby.agent.turn import Agent
from dobby.messages import TEXT_LIMIT, Message, Person
from dobby.policy import PAIR


@dataclass(slots=True)
class Gateway:
    """Takes messages from all doors."""

    agent: Agent
    inbox: Inbox

    async def receive(self, message: Message) -> int:
        """Commit a message and see to it; its id, or 0 for one that was taken before. Returns when it is on disk."""
        person = self.agent.people.get(message.sender)
        language, name = self.agent.house.words.language, self.agent.soul.name
        text, code = consent.take_code(message.text[:TEXT_LIMIT], language, name)
        pin_right = await self._code(person, code) if code and person else None
        message = replace(message, text=text)
        if person is not None and consent.is_stop(text, language, name):
            id_ = await self.inbox.accept(message, queue=False)
            if id_:
                await self.stop(person, message.conversation, id_)
            return id_
        return await self.inbox.accept(message, pin_right)

    async def stop(self, person: Person, conversation: str, id_: int = 0) -> None:
        """Cancel what runs and waits in a conversation ("" = in all), close the person's questions, say so."""
        dropped = await self.inbox.stop(conversation)
        await self.agent.house.approvals.drop_all(person.name)
        for row in dropped:
            await self.agent.close_stopped(row)
        said = await self.agent.house.store.one("message", id=id_)
        if said is not None:
            await self.agent.say_stopped(said, [one["text"] for one in dropped])

    async def _code(self, person: Person, code: str) -> bool | None:
        """A code is a device's setup code when only such a question is open, else the person's PIN: right or wrong."""
        approvals = self.agent.house.approvals
        questions = await approvals.open(person.name)
        if not any(question.needs_pin for question in questions):
            for command in (c for q in questions for choice in q.choices for c in choice.commands if c.trait == PAIR):
                self.agent.house.scout.keep_code(command.device, code)
            return None
        return await approvals.check_pin(person, code)
