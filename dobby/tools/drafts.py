"""A plan of the person of this turn, before it is checked and kept."""

from __future__ import annotations

from dobby.jobs.job import Job, JobKind
from dobby.jobs.when import When
from dobby.messages import Person
from dobby.tools.hands import Hands

TEXT_LIMIT = 500


def address_of(person: Person, conversation: str) -> str:
    """Where a person is told: where they wrote from, else their first address, "" for none."""
    return conversation if conversation in person.addresses else (person.addresses[0] if person.addresses else "")


def draft(hands: Hands, kind: JobKind, when: When | None, text: str = "") -> Job:
    """A job of the person of this turn, to be filled; PermissionError where there is nobody."""
    person = hands.asker.person
    if person is None:
        raise PermissionError
    return Job(person.name, hands.conversation, address_of(person, hands.conversation), kind, when,
               text=text[:TEXT_LIMIT], made=hands.house.clock.now())
