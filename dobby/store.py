"""The one SQLite file of a workspace: numbered migrations (schema.sql), named queries (queries.sql), one thread.

Every call runs in the store's own thread, so the loop never waits for the disk; what is awaited is committed. WAL with
synchronous=FULL: a message that was acknowledged survives the death of the process and of the power.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from dobby.errors import StoreError

T = TypeVar("T")
Row = sqlite3.Row


def _blocks(name: str, mark: str) -> dict[str, str]:
    """The parts of an SQL file, by the word after `-- mark:`."""
    text = files("dobby").joinpath(name).read_text("utf-8")
    parts = re.split(rf"^-- {mark}: *(\S+) *$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


class Store:
    """An open database. Use `Store.open`; close with `close`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self._connection = connection
        self._thread = thread
        self._queries = _blocks("queries.sql", "name")

    @classmethod
    async def open(cls, path: Path) -> Store:
        """Open or make the file (0600), bring it to the newest schema; StoreError says what to do when that fails."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, cls._open, path, thread)
        except BaseException:  # cancelled or failed, the thread must not stay behind
            thread.shutdown(wait=False)
            raise

    @classmethod
    def _open(cls, path: Path, thread: ThreadPoolExecutor) -> Store:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            os.chmod(path, 0o600)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("PRAGMA busy_timeout=4000")
            connection.create_function("mentions", 2, mentions, deterministic=True)
            _migrate(connection, path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path} cannot be opened: {error}.", "Is another Dobby running here?") from error
        return cls(path, connection, thread)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        await self._run(self._connection.close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def all(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query."""
        return await self._run(lambda: self._connection.execute(self._queries[query], values).fetchall())

    async def one(self, query: str, **values: object) -> Row | None:
        """The first row of a named query, or None."""
        rows = await self.all(query, **values)
        return rows[0] if rows else None

    async def do(self, query: str, **values: object) -> int:
        """Run a named statement and commit; the new row's id, or for an update the number of rows it touched."""
        return (await self.together([(query, values)]))[0]

    async def together(self, statements: Sequence[tuple[str, dict[str, Any]]]) -> list[int]:
        """Run named statements in one transaction; all or none. A value `Last(n)` is the id that statement n made."""

        def work() -> list[int]:
            made: list[int] = []
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for query, values in statements:
                    filled = {k: made[v.index] if isinstance(v, Last) else v for k, v in values.items()}
                    cursor = self._connection.execute(self._queries[query], filled)
                    insert = self._queries[query].lstrip().upper().startswith("INSERT")
                    made.append(int(cursor.lastrowid or 0) if insert and cursor.rowcount > 0 else cursor.rowcount
                                if not insert else 0)
                self._connection.execute("COMMIT")
            except BaseException:  # whatever broke, nothing of the transaction may stay
                self._connection.execute("ROLLBACK")
                raise
            return made

        return await self._run(work)

    async def scrub(self) -> None:
        """Write the log into the file and empty it: what was erased stands in neither any more."""
        await self._run(lambda: self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    async def fact(self, name: str, default: Any = None) -> Any:
        """A small thing to remember between runs, by name."""
        row = await self.one("fact", name=name)
        return default if row is None else json.loads(row["value"])

    async def set_fact(self, name: str, value: Any) -> None:
        """Remember a small thing (JSON) by name."""
        await self.do("set_fact", name=name, value=json.dumps(value))


def mentions(text: object, words: object) -> bool:
    """Whether these words stand in a text as whole words, in any script and case, also where JSON wrote them in
    escapes."""
    said, wanted = str(text or ""), rf"(?<!\w){re.escape(str(words or ''))}(?!\w)"
    if "\\u" in said:
        said += " " + re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), said)
    return bool(words) and re.search(wanted, said, re.IGNORECASE) is not None


def stamp(at: datetime) -> str:
    """A moment as the database keeps it: UTC, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


class Last:
    """The id made by an earlier statement of the same `together`."""

    def __init__(self, index: int) -> None:
        self.index = index


def newest_schema() -> int:
    """The number of the newest migration."""
    return max(int(number) for number in _blocks("schema.sql", "migration"))


def bring_up(path: Path) -> None:
    """Bring a database that nobody has open to the newest schema (blocking); StoreError when it is not one that
    Dobby made: a table that lacks a column, or a trigger that nobody here wrote."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        fresh = sqlite3.connect(":memory:", isolation_level=None)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            for one in (connection, fresh):
                one.create_function("mentions", 2, mentions, deterministic=True)
                _migrate(one, path)
            if _shape(connection) != _shape(fresh):
                raise StoreError("its tables are other ones.")
        finally:
            connection.close()
            fresh.close()
    except sqlite3.Error as error:
        raise StoreError(f"{error}.") from None


def _shape(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Tables with their columns, and what acts by itself, as the file says."""
    names = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    columns = {("column", table, *map(str, row[1:4])) for kind, table, _ in names if kind == "table"
               for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))}
    return columns | {(kind, name, " ".join((sql or "").split())) for kind, name, sql in names
                      if kind in ("trigger", "view")}


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    steps = {int(number): sql for number, sql in _blocks("schema.sql", "migration").items()}
    have = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if have > max(steps):
        raise StoreError(f"{path} was made by a newer Dobby (schema {have}).", "Update Dobby, or restore a backup.")
    for number in sorted(steps):
        if number > have:
            connection.executescript(f"BEGIN IMMEDIATE; {steps[number]}; PRAGMA user_version={number}; COMMIT;")
