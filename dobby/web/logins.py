"""Who is at the page: the token that `dobby run` printed (the owner), or a session that a code to one's phone opened.

A session is a random key in a cookie that no script can read; the database keeps its hash. A code has six digits, lives
five minutes and dies after five wrong tries; nobody learns from the answer whether a name is known. Whoever keeps
guessing is refused for a minute, by the address they come from.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dobby.messages import Letter, Person
from dobby.store import Store, stamp

SESSION_DAYS = 90  # without use
FRESH = timedelta(hours=1)  # a use is written down, and the cookie made anew, at most this often
CODE_SECONDS, CODE_TRIES, CODES_AN_HOUR = 300.0, 5, 4
GUESSES, GUESS_SECONDS = 10, 60.0  # wrong tokens, keys and codes from one address
CALLS, CALLS_SECONDS = 3000, 10.0  # requests from one address
PEERS = 1000  # addresses remembered


@dataclass(frozen=True, slots=True)
class _Session:
    person: str
    used: datetime


@dataclass(slots=True)
class _Code:
    digits: str = field(repr=False)
    until: float
    tries: int = 0


@dataclass(slots=True)
class Logins:
    """Checks keys and codes. people: by name; tell: sends a letter; say: a sentence of the house with a value in it."""

    store: Store
    token: str = field(repr=False)
    owner: Person
    people: Mapping[str, Person]
    now: Callable[[], datetime]
    tell: Callable[[Letter], Awaitable[None]]
    say: Callable[[str, str], str]
    clock: Callable[[], float] = time.monotonic
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _sent: dict[str, list[float]] = field(default_factory=dict)
    _wrong: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    _calls: dict[str, tuple[float, int]] = field(default_factory=dict)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Know the sessions of the last run."""
        await self.store.do("logins_tidy", before=stamp(self.now() - timedelta(days=SESSION_DAYS)))
        self._sessions = {row["key"]: _Session(row["person"], datetime.fromisoformat(row["used"]))
                          for row in await self.store.all("logins_keys")}

    def who(self, bearer: str, cookie: str) -> Person | None:
        """Whose key this is, None for nobody's. The token acts as the owner, by header or cookie."""
        for given in (bearer, cookie):
            if given and hmac.compare_digest(_bytes(given), self.token.encode()):
                return self.owner
            session = self._sessions.get(_hash(given)) if given else None
            if session is not None and self.now() - session.used < timedelta(days=SESSION_DAYS) and (
                    person := self._named(session.person)) is not None:
                return person
        return None

    def still(self, bearer: str, cookie: str) -> bool:
        """Whether a line that was opened with these keys may stay open: nobody ended the session since."""
        return any(given and (hmac.compare_digest(_bytes(given), self.token.encode()) or _hash(given) in self._sessions)
                   for given in (bearer, cookie))

    def _named(self, name: str) -> Person | None:
        return self.owner if name == self.owner.name else self.people.get(name)

    async def begin(self, person: Person) -> str:
        """A new session's key."""
        key = secrets.token_urlsafe(32)
        now = self.now()
        await self.store.do("login_add", key=_hash(key), person=person.name, made=stamp(now), used=stamp(now))
        self._sessions[_hash(key)] = _Session(person.name, now)
        return key

    async def used(self, key: str) -> bool:
        """A session that is alive was used: it lives on. Whether that was worth writing down."""
        session, now = self._sessions.get(_hash(key)) if key else None, self.now()
        if session is None or now - session.used < FRESH:
            return False
        self._sessions[_hash(key)] = _Session(session.person, now)
        await self.store.do("login_used", key=_hash(key), used=stamp(now))
        return True

    async def end(self, *, key: str = "", id_: int = 0) -> None:
        """End the session of this key, or the one with this id."""
        for row in await self.store.all("logins_keys"):
            if row["id"] == id_ or (key and row["key"] == _hash(key)):
                await self.store.do("login_drop", id=row["id"])
                self._sessions.pop(row["key"], None)

    # --- codes --------------------------------------------------------------------------------------------------------

    def ask_for_code(self, name: str) -> None:
        """Send a code, but not while the asker waits: how long it takes would tell whether the name is known."""
        task = asyncio.create_task(self.send_code(name))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def send_code(self, name: str) -> None:
        """Send a code to the phone of the person of that name; silence for anybody else."""
        person = next((one for one in self.people.values() if one.name.casefold() == name.strip().casefold()), None)
        if person is None or not person.addresses:
            return
        now = self.clock()
        sent = self._sent[person.name] = [at for at in self._sent.get(person.name, ()) if now - at < 3600.0]
        if len(sent) >= CODES_AN_HOUR:
            return
        sent.append(now)
        digits = f"{secrets.randbelow(10 ** 6):06d}"
        self._codes[person.name] = _Code(digits, now + CODE_SECONDS)
        channel, to = person.addresses[0].split(":", 1)
        text = self.say("web.code", digits)
        await self.tell(Letter(f"code:{secrets.token_hex(8)}", channel, to, text, kind="alert"))

    async def enter(self, name: str, digits: str) -> str | None:
        """The key of a new session for the right code; a code opens one door once."""
        person = next((one for one in self.people.values() if one.name.casefold() == name.strip().casefold()), None)
        code = self._codes.get(person.name) if person else None
        if person is None or code is None or self.clock() > code.until:
            return None
        code.tries += 1
        right = hmac.compare_digest(_bytes(digits.strip()), code.digits.encode())
        if right or code.tries >= CODE_TRIES:
            del self._codes[person.name]
        return await self.begin(person) if right else None

    # --- limits -------------------------------------------------------------------------------------------------------

    def wrong(self, peer: str, key: str = "") -> None:
        """Somebody guessed. The same key once more is no new guess: a page whose session was ended may go on asking."""
        if len(self._wrong) > PEERS:
            self._wrong.clear()
        guesses, hashed = self._wrong.setdefault(peer, []), _hash(key) if key else ""
        if not hashed or all(hashed != before for _, before in guesses):
            guesses.append((self.clock(), hashed))

    def barred(self, peer: str) -> bool:
        """Whether this address guessed too often lately, and may not try now."""
        if peer not in self._wrong:
            return False
        now = self.clock()
        kept = self._wrong[peer] = [one for one in self._wrong[peer] if now - one[0] < GUESS_SECONDS][-GUESSES:]
        return len(kept) >= GUESSES

    def too_many(self, peer: str) -> bool:
        """Count a request; whether this address asks more than any page would."""
        now = self.clock()
        began, count = self._calls.get(peer, (now, 0))
        if now - began > CALLS_SECONDS:
            began, count = now, 0
        if len(self._calls) > PEERS:
            self._calls.clear()
        self._calls[peer] = began, count + 1
        return count >= CALLS


def _bytes(given: str) -> bytes:
    return given.encode("utf-8", "surrogateescape")  # a header may hold bytes that are no text


def _hash(key: str) -> str:
    return hashlib.sha256(_bytes(key)).hexdigest()
