"""Memory as the rest of the house uses it: files and index behind one thread, so that nothing waits for the disk and
two changes never meet. What is awaited here is on the disk."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dobby.memory.journal import Journal
from dobby.memory.matter import replaced
from dobby.memory.notes import (
    AGENT,
    TRUSTED,
    Fact,
    Notes,
    Origin,
    Role,
    moment,
    new_id,
    said_in,
    slug,
    unnamed,
    write,
)
from dobby.memory.preferences import Preference, preferences
from dobby.memory.recall import Entry, EntryKind, Hit, Recall
from dobby.memory.vectors import Embed, Vectors
from dobby.messages import Person
from dobby.store import Row, Store, mentions

T = TypeVar("T")
log = logging.getLogger(__name__)
TURNS_AT_ONCE = 500
EMBED_AT_ONCE = 8  # so many block a question for some twenty milliseconds
OWN = re.compile(r"\b(i|i'm|im|my|me|mine|ich|mein\w*|mir|ik|mijn|yo|mi|mis|je|j|mon|ma|mes|moi)\b")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A fact that was written down, and those it replaced; known: it was there already."""

    fact: Fact
    replaced: tuple[Fact, ...] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Facts that were told or taken down in a turn, and when."""

    facts: tuple[str, ...]
    turn: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A sentence that somebody was asked about in a turn: shall it be remembered?"""

    text: str
    person: str
    turn: int
    at: datetime


class Memory:
    """All that Dobby remembers. Open with `open`, close with `close`."""

    def __init__(self, folder: Path, index: Path, store: Store, now: Callable[[], datetime], people: Sequence[str],
                 rooms: Callable[[], Sequence[str]]) -> None:
        """now: with the home's zone; people: names of the household; rooms: names of the rooms, as they are now."""
        self._notes, self._journal = Notes(folder), Journal(folder / "journal")
        self._index, self._store, self._now = index, store, now
        self.people, self._rooms = tuple(people), rooms
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory")
        self._recall: Recall | None = None
        self._stamps: dict[str, float] = {}
        self.preferred: tuple[Preference, ...] = ()  # what people want of rooms, as the facts say it now
        self.latest: dict[str, Told] = {}  # what was told or taken down last, by conversation
        self.offered: dict[str, Offered] = {}  # what the question said last is about, by conversation
        self._erasing: dict[str, str] = {}

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def open(self) -> None:
        """Read the files, and bring the index up to date."""
        def work() -> None:
            self._recall = Recall(self._index)
            self._notes.load()
        await self._run(work)
        await self.sync()

    async def close(self) -> None:
        """Let the index go."""
        await self._run(lambda: self._recall.close() if self._recall else None)
        self._thread.shutdown(wait=False)

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files, with place and mend."""
        return list(self._notes.problems)

    @property
    def knows_paraphrases(self) -> bool:
        """Whether it finds what was said in other words."""
        return self._recall is not None and self._recall.knows_paraphrases

    def local(self, at: datetime) -> datetime:
        """A moment on the clock of the home."""
        return at.astimezone(self._now().tzinfo)

    def _open_index(self) -> Recall:
        if self._recall is None:
            raise RuntimeError("memory was never opened")
        return self._recall

    # --- facts --------------------------------------------------------------------------------------------------------

    def facts(self) -> list[Fact]:
        """All facts, those that hold and those that do not, by file and line."""
        return sorted(self._notes.facts.values(), key=lambda one: (one.subject, one.line))

    def fact(self, id_: str) -> Fact | None:
        """One fact."""
        return self._notes.facts.get(id_)

    async def remember(self, text: str, who: str, role: Role, message: int = 0) -> Remembered:
        """Write a fact down, in the file of whom or what it is about; what it replaces is retired. A
        remark of the agent's is its own, in whosever talk. DobbyError when it is none."""
        subject = self.subject_of(text, who)
        origin = Origin(AGENT if role == "agent" else who.replace(",", " "), role, moment(self._now()), message)

        def work() -> Remembered:
            self._sync_files()  # what a person changed a moment ago counts
            known = next((one for one in self._notes.facts.values() if one.subject == subject and not one.until
                          and one.text.casefold().rstrip(".") == text.casefold().rstrip(".")), None)
            if known is not None:
                return Remembered(known, known=True)
            own = (*self.people, *self._rooms())
            old = replaced(text, subject, self._notes.facts.values(), own) if role in TRUSTED else []
            former = tuple(self._notes.facts[id_] for id_ in old)
            fact = self._notes.add(subject, text, origin, old)
            self._open_index().put([_entry(one) for one in (fact, *(self._notes.facts[id_] for id_ in old))])
            self._learned()
            return Remembered(fact, former)
        return await self._run(work)

    def subject_of(self, text: str, who: str) -> str:
        """The file that a fact belongs into: a person's who is named in it or who speaks of themselves, a room's, else
        the home's."""
        flat = text.casefold()
        for name in self.people:
            if re.search(rf"\b{re.escape(name.casefold())}\b", flat):
                return f"people/{slug(name)}"
        if who and OWN.search(flat):
            return f"people/{slug(who)}"
        for room in self._rooms():
            if re.search(rf"\b{re.escape(room.casefold())}\b", flat):
                return f"rooms/{slug(room)}"
        return "home"

    async def about(self, name: str) -> list[Fact]:
        """What holds about a person or a room, or of which the words speak."""
        wanted = slug(name)

        def work() -> list[Fact]:
            own = [fact for fact in self._notes.facts.values() if fact.subject.rpartition("/")[2] == wanted]
            other = [fact for fact in self._notes.facts.values() if fact not in own
                     and re.search(rf"\b{re.escape(name.casefold())}\b", fact.text.casefold())]
            return [fact for fact in (*own, *other) if not fact.until]
        return await self._run(work)

    async def retire(self, id_: str) -> Fact | None:
        """A fact is no longer true; it stays, marked."""
        def work() -> Fact | None:
            self._sync_files()
            if not self._notes.retire(id_, moment(self._now())):
                return None
            self._open_index().put([_entry(self._notes.facts[id_])])
            self._learned()
            return self._notes.facts[id_]
        return await self._run(work)

    async def restore(self, id_: str) -> bool:
        """A retired fact holds again."""
        def work() -> bool:
            self._sync_files()
            done = self._notes.restore(id_)
            if done:
                self._open_index().put([_entry(self._notes.facts[id_])])
                self._learned()
            return done
        return await self._run(work)

    async def drop(self, ids: Sequence[str]) -> int:
        """Remove facts without a trace in files and index."""
        def work() -> int:
            self._sync_files()
            self._open_index().drop([f"fact:{id_}" for id_ in ids])
            count = self._notes.drop(ids)
            self._learned()
            return count
        return await self._run(work)

    def _learned(self) -> None:
        self.preferred = tuple(preferences(self._notes.facts.values(), self._rooms()))
        self._stamps = self._notes.stamps()

    # --- the journal --------------------------------------------------------------------------------------------------

    async def note(self, text: str) -> None:
        """A line in today's journal."""
        at = self._now()
        await self._run(lambda: self._journal.add(at, text))

    async def day(self, day: str) -> list[str]:
        """The lines of one day's journal ("2026-11-22")."""
        def work() -> list[str]:
            path = self._journal.folder / f"{day}.md"
            return [entry.text for entry in self._journal.entries(path)] if path.exists() else []
        return await self._run(work)

    # --- recall -------------------------------------------------------------------------------------------------------

    async def ask(self, question: str, *, limit: int = 10, who: str = "", kinds: Sequence[EntryKind] = (),
                  since: str = "", until: str = "", holding: bool = False) -> list[Hit]:
        """What answers a question best (see Recall.ask)."""
        return await self._run(lambda: self._open_index().ask(question, limit=limit, who=who, kinds=kinds, since=since,
                                                              until=until, holding=holding))

    async def near(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The same, each fact with its likeness as it is without the names of people: two sentences about one person
        are alike by the name alone. A question that names nobody stands as it is."""
        names = [name for name in dict.fromkeys((*self.people, *(hit.entry.who for hit in hits))) if name]
        anybody = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b" if names else r"(?!)", re.IGNORECASE)
        if anybody.search(question) is None:
            return list(hits)

        def work() -> list[Hit]:
            vectors = self._open_index().vectors
            facts = [hit for hit in hits if hit.likeness and hit.entry.kind == "fact"]
            if vectors is None or not facts:
                return list(hits)
            found = vectors.likeness(anybody.sub("someone", question),
                                     [anybody.sub("someone", hit.entry.text) for hit in facts])
            fresh = {hit.entry.key: value for hit, value in zip(facts, found, strict=True)}
            return [replace(hit, likeness=fresh.get(hit.entry.key, hit.likeness)) for hit in hits]
        return await self._run(work)

    async def sync(self) -> bool:
        """Bring the index up to what files and conversations say now; whether a person changed a file."""
        changed = await self._run(self._sync_files)
        while rows := await self._store.all("turns_after", id=await self._run(
                lambda: self._open_index().newest("turn")), limit=TURNS_AT_ONCE):
            entries = [_turn(row, self.local(datetime.fromisoformat(row["started"]))) for row in rows]
            await self._run(lambda entries=entries: self._open_index().put(entries))  # type: ignore[misc]  # a default binds it
        return changed

    def _sync_files(self) -> bool:
        recall = self._open_index()
        stamps = self._notes.stamps()
        if stamps == self._stamps:
            return False
        self._notes.load()
        entries = {entry.key: entry for entry in map(_entry, self._notes.facts.values())}
        known = recall.keys("fact")
        recall.put([entry for key, entry in entries.items()
                    if known.get(key) != f"{entry.text}\n{entry.until}\n{entry.by}"])
        recall.drop([key for key in known if key not in entries])
        for path in self._journal.changed():
            lines = {entry.key: entry for entry in self._journal.entries(path)}
            recall.drop([key for key in recall.keys("journal") if key.startswith(f"journal:{path.stem}:")
                         and key not in lines])
            recall.put(lines.values())
        pages = {path.stem for path in self._journal.pages()}
        recall.drop([key for key in recall.keys("journal") if key.split(":")[1] not in pages])
        first = not self._stamps
        self._learned()
        return not first

    async def learn_meanings(self, embed: Embed, asked: Embed, path: Path) -> int:
        """Take a model of meanings in use: every entry that has no vector gets one, some at a time, so that nothing
        waits long; how many got one."""
        def first() -> list[int]:
            recall = self._open_index()
            if recall.vectors is None:
                recall.vectors = Vectors(path, embed, asked, recall.born)
            return recall.without_vectors()
        ids = await self._run(first)
        for at in range(0, len(ids), EMBED_AT_ONCE):
            part = ids[at : at + EMBED_AT_ONCE]
            await self._run(lambda part=part: self._open_index().embed(part))  # type: ignore[misc]  # a default binds it
        if ids:
            await self._run(lambda: vectors.save() if (vectors := self._open_index().vectors) else None)
        return len(ids)

    def to_erase(self, words: str) -> str:
        """A token for words that are to be erased once the owner said yes: commands and audit hold it, not them."""
        token = f"memory:{new_id()}"
        self._erasing = {token: words}  # a newer wish replaces an older one
        return token

    def erasing(self, token: str) -> str:
        """The words behind a token, "" when they are gone."""
        return self._erasing.pop(token, "")

    # --- forgetting ---------------------------------------------------------------------------------------------------

    async def mentions(self, words: str) -> list[str]:
        """Ids of all facts that speak of these words or are about the person of that name."""
        return await self._run(lambda: [fact.id for fact in self._notes.facts.values() if _speaks(fact, words)])

    async def erase(self, words: str) -> int:
        """Leave no byte of what speaks of these words in files and index: facts, journal lines, whole files about it;
        how many lines there were. The conversations in the database are the caller's."""
        self.offered.clear()

        def work() -> int:
            self._notes.load()
            gone = self._notes.drop([fact.id for fact in self._notes.facts.values() if _speaks(fact, words)])
            folder = self._notes.folder
            for path in [*folder.glob("people/*.md"), *folder.glob("rooms/*.md")]:
                if path.stem == slug(words) and path.is_file():
                    gone += 1
                    path.unlink()
            for path in [folder / "home.md", *folder.glob("people/*.md"), *folder.glob("rooms/*.md"),
                         *self._journal.pages()]:
                if path.is_file():
                    lines = path.read_text("utf-8", errors="surrogateescape").splitlines()
                    kept = [unnamed(line, words) for line in lines if not mentions(said_in(line), words)]
                    if kept != lines:
                        gone += len(lines) - len(kept)
                        write(path, "\n".join(kept) + "\n")
            recall = self._open_index()
            recall.drop(recall.matching(words))
            self._notes.load()
            self._stamps = {}
            self._sync_files()
            if recall.vectors is not None:
                recall.vectors.save()
            recall.scrub()
            return gone
        return await self._run(work)


def told_to(fact: Fact, person: Person | None) -> bool:
    """Whether somebody may hear a fact: the owner all, a member what is about the house, about themselves, or was not
    said by somebody of themselves ("my doctor ..."); a guest nothing."""
    if person is None or person.role == "guest":
        return False
    own = fact.subject == f"people/{slug(person.name)}" or not fact.subject.startswith("people/")
    return person.role == "owner" or own or OWN.search(fact.text.casefold()) is None


def _speaks(fact: Fact, words: str) -> bool:
    return fact.subject.rpartition("/")[2] == slug(words) or mentions(fact.text, words)


def _entry(fact: Fact) -> Entry:
    name = fact.subject.rpartition("/")[2].replace("-", " ")
    who = name if fact.subject.startswith("people/") else ""
    return Entry(f"fact:{fact.id}", "fact", who, fact.origin.at, fact.text, name, fact.trusted, fact.until, fact.line,
                 f"fact:{fact.by}" if fact.by else "")


def _turn(row: Row, at: datetime) -> Entry:
    return Entry(f"turn:{row['id']}", "turn", row["person"], moment(at), row["text"],
                 row["reply"], not row["tainted"], place=row["id"])
