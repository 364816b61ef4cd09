"""Questions that wait for a person: asked in words made by code, for one person, one use, a few minutes.

An approval holds the exact commands. Ten minutes for what asks, two for doors and alarm, which also want the PIN; three
wrong PINs close a question, and five in a quarter of an hour close this door for that long.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dobby.home.device import Command
from dobby.home.traits import Risk
from dobby.home.verdict import Approval, Choice
from dobby.messages import Person
from dobby.store import Row, Store

LIFE = {Risk.FREE: timedelta(minutes=10), Risk.ASK: timedelta(minutes=10), Risk.SECURE: timedelta(minutes=2)}
WRONG_PINS_PER_QUESTION = 3
WRONG_PINS_PER_SPELL = 5
SPELL = timedelta(minutes=15)
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


def hash_pin(pin: str) -> str:
    """A PIN as `scrypt$salt$hash`, for config.toml."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **SCRYPT).hex()}"


def pin_is(pin: str, hashed: str) -> bool:
    """Whether this PIN made that hash; a malformed hash fits nothing."""
    try:
        _, salt, digest = hashed.split("$")
        made = hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), dklen=32, **SCRYPT)
        return hmac.compare_digest(made, bytes.fromhex(digest))
    except ValueError:
        return False


Answer = Literal["yes", "no", "gone", "used", "wrong_pin", "pin_needed", "locked_out", "not_yours"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer; `approval` is there when the question was found."""

    answer: Answer
    approval: Approval | None = None


def _about(choices: Sequence[Choice]) -> list[set[tuple[str, str]]]:
    """What a question is about: the traits of devices that each of its choices would set, to whatever value."""
    return sorted(({(one.device, one.trait) for one in choice.commands} for choice in choices), key=sorted)


class Approvals:
    """The open questions of the house, kept in the store."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._one_at_a_time = asyncio.Lock()  # guesses that come together are counted one by one

    async def ask(self, person: Person, conversation: str, text: str, choices: Sequence[Choice],
                  risk: Risk) -> Approval:
        """Open a question. One that asks the same person about the same things is replaced, so that only the newest
        counts."""
        asks = _about(choices)
        for old in await self.open(person.name):
            if _about(old.choices) == asks:
                await self._store.do("approval_close", id=old.id, state="replaced")
        asked = self._now()
        needs_pin = risk == Risk.SECURE and person.pin_needed
        rows = [[c.name, [[k.device, k.trait, k.value] for k in c.commands]] for c in choices]
        id_ = await self._store.do("approval_add", person=person.name, conversation=conversation, text=text,
                                   choices=json.dumps(rows), needs_pin=needs_pin, asked=asked.isoformat(),
                                   expires=(asked + LIFE[risk]).isoformat())
        return Approval(id_, person.name, conversation, text, tuple(choices), needs_pin, asked, asked + LIFE[risk])

    async def open(self, person: str = "") -> list[Approval]:
        """Open questions, of one person or of all, the newest last; those whose time is over are closed on the way."""
        found = []
        for row in await self._store.all("approvals_open", person=person):
            approval = _approval(row)
            if approval.expires <= self._now():
                await self._store.do("approval_close", id=approval.id, state="expired")
            else:
                found.append(approval)
        return found

    async def get(self, id_: int) -> Approval | None:
        """A question by number, open or not."""
        row = await self._store.one("approval", id=id_)
        return _approval(row) if row else None

    async def check_pin(self, person: Person, pin: str) -> bool:
        """Whether this is the person's PIN (in a thread: a hash is slow on purpose)."""
        return await asyncio.to_thread(pin_is, pin, person.pin_hash)

    async def answer(self, person: Person, id_: int, yes: bool, *, pin_right: bool | None = None) -> Answered:
        """Use a question up. pin_right: None when no PIN was given. Only "yes" may be acted upon, and only once."""
        async with self._one_at_a_time:
            return await self._answer(person, id_, yes, pin_right)

    async def _answer(self, person: Person, id_: int, yes: bool, pin_right: bool | None) -> Answered:
        row = await self._store.one("approval", id=id_)
        if row is None:
            return Answered("gone")
        approval = _approval(row)
        if approval.person != person.name:
            return Answered("not_yours")
        if row["state"] not in ("open", "expired"):
            return Answered("used", approval)
        if row["state"] == "expired" or approval.expires <= self._now():
            return Answered("gone", approval)
        if not yes:
            await self._store.do("approval_close", id=id_, state="no")
            return Answered("no", approval)
        if approval.needs_pin:
            refused = await self._pin_problem(person, row, pin_right)
            if refused is not None:
                return Answered(refused, approval)
        if await self._store.do("approval_close", id=id_, state="yes") != 1:
            return Answered("used", approval)
        return Answered("yes", approval)

    async def _pin_problem(self, person: Person, row: Row, pin_right: bool | None) -> Answer | None:
        name = f"wrong_pins:{person.name}"
        since = (self._now() - SPELL).isoformat()
        wrong = [at for at in await self._store.fact(name, []) if at > since]
        if len(wrong) >= WRONG_PINS_PER_SPELL:
            return "locked_out"
        if pin_right is None:
            return "pin_needed"
        if pin_right:
            return None
        await self._store.set_fact(name, [*wrong, self._now().isoformat()])
        await self._store.do("approval_wrong_pin", id=row["id"])
        if row["wrong_pins"] + 1 >= WRONG_PINS_PER_QUESTION:
            await self._store.do("approval_close", id=row["id"], state="no")
        return "wrong_pin"

    async def drop_all(self, person: str) -> int:
        """Close all questions of a person unanswered (stop was said); how many there were."""
        still = await self.open(person)
        for approval in still:
            await self._store.do("approval_close", id=approval.id, state="no")
        return len(still)


def _approval(row: Row) -> Approval:
    choices = tuple(Choice(name, tuple(Command(*command) for command in commands))
                    for name, commands in json.loads(row["choices"]))
    return Approval(row["id"], row["person"], row["conversation"], row["text"], choices, bool(row["needs_pin"]),
                    datetime.fromisoformat(row["asked"]), datetime.fromisoformat(row["expires"]))
