"""Remembering: one index over facts, journal and past conversations, in a database file of its own that can be made
anew at any time. Exact words by FTS5; paraphrases by vectors where a model for them is installed (embed.py); without
one it works by words alone, and says so.

Asked with a person, a time or a kind, what does not fit is left out before anything is ranked. Among near duplicates
the newest comes first, and nothing that was replaced comes before what replaced it.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dobby.memory.asked import Asked, about_as_well, alike, covered, read
from dobby.memory.stemming import stems
from dobby.memory.vectors import Vectors
from dobby.store import mentions

EntryKind = Literal["fact", "journal", "turn"]
TEXT_LIMIT = 2000
POOL = 80  # entries that are looked at before ranking
RRF = 20.0  # how fast a rank loses weight (reciprocal rank fusion)
NEIGHBOUR = 0.4  # share of a matching turn's weight that goes to the turns beside it
ASKED_BEFORE = 0.3  # weight of a turn that says no more than the question does: it answers nothing
TOP = 30  # hits among which the newest of a matter is put first
ALIKE = 0.7  # share of common stems from which two entries say the same

VERSION = 2  # of the index: an older one is made anew
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL,
    at TEXT NOT NULL, text TEXT NOT NULL, context TEXT NOT NULL DEFAULT '', trusted INTEGER NOT NULL,
    until TEXT NOT NULL DEFAULT '', place INTEGER NOT NULL DEFAULT 0, by TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS entries_by_place ON entries (kind, place);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, context, content='entries', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS words_in AFTER INSERT ON entries BEGIN
    INSERT INTO words (rowid, text, context) VALUES (new.id, new.text, new.context); END;
CREATE TRIGGER IF NOT EXISTS words_out AFTER DELETE ON entries BEGIN
    INSERT INTO words (words, rowid, text, context) VALUES ('delete', old.id, old.text, old.context); END;
CREATE TRIGGER IF NOT EXISTS words_new AFTER UPDATE OF text, context ON entries BEGIN
    INSERT INTO words (words, rowid, text, context) VALUES ('delete', old.id, old.text, old.context);
    INSERT INTO words (rowid, text, context) VALUES (new.id, new.text, new.context); END;
"""
_ASKING = frozenset((
    "what", "when", "where", "who", "whom", "whose", "which", "why", "how", "did", "do", "does", "is", "are", "was",
    "were", "will", "would", "can", "could", "should", "has", "have", "had", "i", "me", "my", "mine", "you", "your",
    "we", "our", "us", "they", "them", "their", "he", "she", "his", "her", "it", "its", "the", "a", "an", "of", "in",
    "on", "at", "to", "for", "with", "about", "from", "by", "and", "or", "that", "this", "these", "those", "tell",
    "remember", "know", "any", "some", "much", "many", "there"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be remembered. key: "fact:f7k2q1", "journal:2026-11-22:4", "turn:17"; who: whose or about
    whom; context: other words that it is found by; place: its order among its kind; until: when it stopped to hold; by:
    the key of what replaced it."""

    key: str
    kind: EntryKind
    who: str
    at: str
    text: str
    context: str = ""
    trusted: bool = True
    until: str = ""
    place: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found, and its weight; likeness: how near its meaning is to the question's, 0 where nobody
    knows."""

    entry: Entry
    score: float
    likeness: float = 0.0


class Recall:
    """The index. All methods block: call them in one thread."""

    def __init__(self, path: Path, vectors: Vectors | None = None) -> None:
        """path: of the index file, which may be deleted at any time; vectors: what knows paraphrases, or None."""
        self.path, self.vectors = path, vectors
        self._db = _opened(path)
        self.took = 0.0  # seconds of the last question

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    @property
    def born(self) -> int:
        """A number that this index got when it was made: what was kept beside another one is of no use to it."""
        return int(self._db.execute("PRAGMA application_id").fetchone()[0])

    @property
    def knows_paraphrases(self) -> bool:
        """Whether more than exact words are found."""
        return self.vectors is not None and self.vectors.ready

    def put(self, entries: Iterable[Entry]) -> int:
        """Take entries in, or their new form; how many."""
        rows = [(e.key, e.kind, e.who.casefold(), e.at, e.text[:TEXT_LIMIT], e.context[:TEXT_LIMIT], int(e.trusted),
                 e.until, e.place, e.by) for e in entries]
        with self._db:  # what says something else is another entry, with another id: vectors go by ids
            self._db.executemany("DELETE FROM entries WHERE key = ? AND text <> ?", [(row[0], row[4]) for row in rows])
            self._db.executemany(
                "INSERT INTO entries (key, kind, who, at, text, context, trusted, until, place, by) "
                "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO UPDATE SET who = excluded.who, at = excluded.at, "
                "text = excluded.text, context = excluded.context, trusted = excluded.trusted, "
                "until = excluded.until, place = excluded.place, by = excluded.by", rows)
        return len(rows)

    def keys(self, kind: EntryKind) -> dict[str, str]:
        """Keys of one kind, with their text and state: what a comparison with the files needs."""
        found = self._db.execute("SELECT key, text || char(10) || until || char(10) || by FROM entries WHERE kind = ?",
                                 (kind,))
        return dict(found.fetchall())

    def drop(self, keys: Sequence[str]) -> None:
        """Take entries out."""
        with self._db:
            ids = [row[0] for key in keys for row in self._db.execute("SELECT id FROM entries WHERE key = ?", (key,))]
            self._db.executemany("DELETE FROM entries WHERE id = ?", [(one,) for one in ids])
        if self.vectors is not None:
            self.vectors.drop(ids)

    def newest(self, kind: EntryKind) -> int:
        """The highest place of a kind that is in the index."""
        row = self._db.execute("SELECT coalesce(max(place), 0) FROM entries WHERE kind = ?", (kind,)).fetchone()
        return int(row[0])

    def count(self) -> int:
        """How many entries there are."""
        return int(self._db.execute("SELECT count(*) FROM entries").fetchone()[0])

    def matching(self, words: str) -> list[str]:
        """Keys of all entries in which these words stand, or that are about the person of that name."""
        found = self._db.execute("SELECT key FROM entries WHERE mentions(text, ?) OR mentions(context, ?) OR who = ?",
                                 (words, words, words.casefold()))
        return [row[0] for row in found]

    def without_vectors(self) -> list[int]:
        """Ids of all entries that have none yet, the newest first."""
        vectors = self.vectors
        if vectors is None:
            return []
        ids = [row[0] for row in self._db.execute("SELECT id FROM entries ORDER BY id DESC")]
        vectors.keep(ids)
        return [id_ for id_ in ids if not vectors.has(id_)]

    def embed(self, ids: Sequence[int]) -> None:
        """Give these entries their vectors."""
        if self.vectors is not None and ids:
            rows = self._rows(ids)
            known = [id_ for id_ in ids if id_ in rows]
            self.vectors.add(known, [rows[id_].text for id_ in known])

    def scrub(self) -> None:
        """Leave no byte of what was taken out in the file or its log."""
        self._db.execute("INSERT INTO words (words) VALUES ('rebuild')")
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._db.commit()
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- asking -------------------------------------------------------------------------------------------------------

    def ask(self, question: str, *, limit: int = 10, who: str = "", kinds: Sequence[EntryKind] = (),
            since: str = "", until: str = "", holding: bool = False) -> list[Hit]:
        """The entries that answer best. who: only about this person; since, until: only from that span ("2026-11-22");
        holding: nothing that was replaced."""
        began = time.perf_counter()
        where, values = _filter(who, kinds, since, until, holding)
        asked = stems(question)
        near_to: dict[int, float] = {}
        by_words = self._by_words(question, where, values)
        rows = self._rows(by_words)
        weights = {id_: _covered(rows[id_], asked) / (RRF + at) for at, id_ in enumerate(by_words)}
        if self.vectors is not None and self.vectors.ready:
            allowed = self._allowed(where, values) if where else None
            for at, (id_, near) in enumerate(self.vectors.nearest(question, POOL, allowed)):
                weights[id_] = weights.get(id_, 0.0) + 1 / (RRF + at)
                near_to[id_] = near
        rows |= self._rows([id_ for id_ in weights if id_ not in rows])
        self._lend_to_neighbours(rows, weights, where, values)
        self._fetch_newer(rows, weights, where, values)
        ranked = self._ranked(question, rows, weights, near_to)
        self.took = time.perf_counter() - began
        return ranked[:limit]

    def _by_words(self, question: str, where: str, values: Sequence[object]) -> list[int]:
        """Ids by how well their words fit: all words first, then any."""
        words = [word for word in re.findall(r"\w+", question.casefold()) if len(word) > 1 or word.isdigit()]
        telling = [word for word in words if word not in _ASKING] or words
        if not telling:
            return []
        found: list[int] = []
        quoted = [f'"{word}"' for word in dict.fromkeys(telling)][:16]
        other = [f"({' OR '.join(several)})" for word in dict.fromkeys(telling)
                 for several in [[f'"{one}"' for one in (word, *alike(word))]]][:16]  # "sleep", "bed" or "bedroom"
        forms = [*([" AND ".join(quoted)] if len(quoted) > 1 else ()), *([" AND ".join(other)] if other != [
            f"({one})" for one in quoted] else ()), " OR ".join(quoted)]
        for form in forms:
            rows = self._db.execute(
                f"SELECT words.rowid FROM words JOIN entries ON entries.id = words.rowid WHERE words MATCH ?{where} "  # noqa: S608  # where is made of our own pieces
                f"ORDER BY bm25(words, 1.0, 0.6), entries.at DESC, entries.place DESC LIMIT {POOL}", (form, *values))
            found += [row[0] for row in rows if row[0] not in found]
            if len(found) >= POOL // 2:
                break
        return found[:POOL]

    def _allowed(self, where: str, values: Sequence[object]) -> set[int]:
        rows = self._db.execute(f"SELECT id FROM entries WHERE 1 = 1{where}", values)  # noqa: S608  # our own pieces
        return {row[0] for row in rows}

    def _rows(self, ids: Sequence[int]) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        for at in range(0, len(ids), 400):
            part = ids[at : at + 400]
            marks = ",".join("?" * len(part))
            for row in self._db.execute(f"SELECT id, {_COLUMNS} FROM entries WHERE id IN ({marks})", part):  # noqa: S608  # marks only
                found[row[0]] = _entry(row[1:])
        return found

    def _lend_to_neighbours(self, rows: dict[int, Entry], weights: dict[int, float], where: str,
                            values: Sequence[object]) -> None:
        """A turn beside a matching one is worth something too: the answer often stands in the next."""
        best = sorted((id_ for id_ in rows if rows[id_].kind == "turn"), key=lambda id_: -weights[id_])[:12]
        for id_ in best:
            place = rows[id_].place
            for row in self._db.execute(
                    f"SELECT id, {_COLUMNS} FROM entries WHERE kind = 'turn' AND place IN (?, ?){where}",  # noqa: S608  # our own pieces
                    (place - 1, place + 1, *values)):
                rows.setdefault(row[0], _entry(row[1:]))
                weights[row[0]] = max(weights.get(row[0], 0.0), weights[id_] * NEIGHBOUR)

    def _fetch_newer(self, rows: dict[int, Entry], weights: dict[int, float], where: str,
                     values: Sequence[object]) -> None:
        """What replaced an entry that was found is found too, in whatever words it was said."""
        known = {entry.key for entry in rows.values()}
        wanted = {entry.by: weights[id_] for id_, entry in rows.items() if entry.by}
        while wanted:
            key, weight = wanted.popitem()
            found = None if key in known else self._db.execute(
                f"SELECT id, {_COLUMNS} FROM entries WHERE key = ?{where}", (key, *values)).fetchone()  # noqa: S608  # our own pieces
            if found is not None:
                entry = _entry(found[1:])
                known.add(key)
                rows[found[0]], weights[found[0]] = entry, weight
                if entry.by:
                    wanted[entry.by] = weight

    def _ranked(self, question: str, rows: Mapping[int, Entry], weights: Mapping[int, float],
                near_to: Mapping[int, float]) -> list[Hit]:
        """By weight; facts a little before talk; the newer of two that say the same before the older."""
        hits, asked = [], stems(question)
        for id_, entry in rows.items():
            weight = weights[id_] * {"fact": 1.25, "journal": 1.0, "turn": 1.0}[entry.kind]
            said = stems(entry.text)
            if entry.kind == "turn" and said and said <= asked:
                weight *= ASKED_BEFORE
            hits.append((Hit(entry, weight, near_to.get(id_, 0.0)), said))
        hits.sort(key=lambda one: (one[0].score, one[0].entry.at, one[0].entry.place), reverse=True)
        return _after_newer([*_newest_first(hits[:TOP], read(question)), *(hit for hit, _ in hits[TOP:])])


_COLUMNS = "key, kind, who, at, text, context, trusted, until, place, by"


def _entry(row: Sequence[object]) -> Entry:
    key, kind, who, at, text, context, trusted, until, place, by = row
    return Entry(str(key), kind, str(who), str(at), str(text), str(context), bool(trusted), str(until), int(place),  # type: ignore[arg-type, call-overload]  # as put
                 str(by))


def _covered(entry: Entry, asked: set[str]) -> float:
    """How much of a question an entry's words hold, from 0.3 to 1; the name of the person it is about counts little,
    for all that is known of them holds it."""
    matter = asked - stems(entry.who)
    said = stems(f"{entry.text} {entry.context}")
    return 0.3 + 0.7 * len(covered(matter, said)) / len(matter) if matter else 1.0


def _newest_first(hits: list[tuple[Hit, set[str]]], asked: Asked) -> list[Hit]:
    """Swap entries about one matter so that the newest of them stands where the best of them stood: those that say
    nearly the same, and facts about the same one that answer the question about as well."""
    order = list(range(len(hits)))
    names = [stems(hit.entry.who) | _name(hit.entry) for hit, _ in hits]
    for at in range(len(hits)):
        one, said = hits[order[at]]
        for later in range(at + 1, len(hits)):
            other, words = hits[order[later]]
            newer = (bool(one.entry.until) and not other.entry.until) or (
                bool(one.entry.until) == bool(other.entry.until) and _age(other) > _age(one))
            if not newer:
                continue
            same = one.entry.kind == other.entry.kind == "fact" and (one.entry.who == other.entry.who or (
                not (one.entry.who and other.entry.who) and bool(asked.things) and asked.things <= said & words))
            common = (said & words) - names[order[at]] - _name(other.entry)  # no person
            twice = len(common) / max(1, len(said | words)) >= ALIKE
            if twice or (same and as_well(asked, other.entry, one.entry)):
                order[at], order[later] = order[later], order[at]
                one, said = hits[order[at]]
    return [hits[at][0] for at in order]


def as_well(asked: Asked, newer: Entry, older: Entry) -> bool:
    """Whether a newer fact about the same one is of the matter that was asked, and as good an answer as the older."""
    both = [covered(asked.words - stems(one.who) - _name(one), stems(one.text)) for one in (newer, older)]
    return (bool(both[0]) and newer.trusted >= older.trusted and (bool(older.who) or bool(both[0] & both[1]))
            and about_as_well(asked, newer.text, older.text, older.who))


def _name(entry: Entry) -> set[str]:
    """The name that a sentence begins with, perhaps of somebody whom the house does not know."""
    first = entry.text.split(" ", 1)[0]
    return stems(first) if first[:1].isupper() else set()


def _after_newer(hits: list[Hit]) -> list[Hit]:
    """What was replaced stands behind what replaced it, which comes forward to its place."""
    by_key, placed = {hit.entry.key: hit for hit in hits}, set()
    order: list[Hit] = []
    for hit in hits:
        chain: list[Hit] = []
        one: Hit | None = hit
        while one is not None and one.entry.key not in placed:
            placed.add(one.entry.key)
            chain.append(one)
            one = by_key.get(one.entry.by)
        order += reversed(chain)
    return order


def _age(hit: Hit) -> tuple[str, int]:
    return hit.entry.at, hit.entry.place  # of two of the same minute the later line


def _filter(who: str, kinds: Sequence[str], since: str, until: str, holding: bool) -> tuple[str, list[object]]:
    pieces: list[str] = []
    values: list[object] = []
    if who:
        pieces.append("entries.who = ?")
        values.append(who.casefold())
    if kinds:
        pieces.append(f"entries.kind IN ({','.join('?' * len(kinds))})")
        values += kinds
    for sign, moment in ((">=", since), ("<=", until)):
        if moment:
            pieces.append(f"entries.at {sign} ?")
            values.append(moment if sign == ">=" else f"{moment}~")  # the whole of that day
    if holding:
        pieces.append("entries.until = ''")
    return "".join(f" AND {piece}" for piece in pieces), values


def _opened(path: Path) -> sqlite3.Connection:
    """The index file (0600); one that cannot be read is thrown away, for it can be made anew."""
    for again in (False, True):
        try:
            path.touch(mode=0o600, exist_ok=True)
            db = sqlite3.connect(path, check_same_thread=False)
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                if db.execute("SELECT 1 FROM sqlite_master").fetchone():
                    db.close()
                    raise sqlite3.DatabaseError("an index of another version")
                db.execute(f"PRAGMA user_version = {VERSION}")
                db.execute(f"PRAGMA application_id = {secrets.randbelow(2**31)}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA secure_delete=ON")
            db.create_function("mentions", 2, mentions, deterministic=True)
            db.executescript(_SCHEMA)
            db.commit()
            return db
        except sqlite3.DatabaseError:
            if again:
                raise
            for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                one.unlink(missing_ok=True)
    raise AssertionError("unreachable")
