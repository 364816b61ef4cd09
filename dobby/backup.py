"""Backup and restore of a workspace in one file: a gzipped tar of what cannot be made again.

In it: SOUL.md, config.toml, skills/, memory/ and a consistent copy of the database (which holds the pairing keys: keep
the file like a key). Not in it: secrets.toml and keys of the environment, drivers/ (programs: nobody brings those in by
the page), pictures, and indexes that are rebuilt. What comes back is looked through before anything is touched, laid
aside, and put in place at the next start; what stood there before is kept in a folder beside it.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import shutil
import sqlite3
import tarfile
import uuid
import zlib
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from dobby import config as configuration
from dobby.errors import ConfigError, DobbyError, StoreError
from dobby.store import bring_up, newest_schema

FILES, FOLDERS, DATABASE = ("SOUL.md", "config.toml"), ("skills", "memory"), "dobby.db"
ALONG = (f"{DATABASE}-wal", f"{DATABASE}-shm", "recall.db", "vectors.npz")  # of a database, nothing without it
ABOUT, CAME = "dobby-backup.json", ".came"  # what a backup says of itself; the names that a restore put in place
STAGED = ".restore"
MEMBER_LIMIT, WHOLE_LIMIT, COUNT_LIMIT = 512 * 1024 * 1024, 1024 * 1024 * 1024, 20_000  # bytes, bytes, files
PIECE_LIMIT = 1024 * 1024  # bytes unpacked into memory at once: a header that says it is larger is none of ours
LEFT_BEHIND = (".backup-*", ".restore-*")  # of a Dobby that died in the middle


def pack(workspace: Path, target: Path, at: datetime) -> None:
    """Write a backup of an open or closed workspace (blocking); the file is new and 0600."""
    if not (workspace / DATABASE).is_file():
        raise DobbyError(f"There is no database in {workspace}.", "Is it the workspace? --workspace names another.")
    copy = target.with_name(f".backup-{uuid.uuid4().hex}.db")  # never a name that something else may have
    try:
        raw = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise DobbyError(f"{target} cannot be made ({error.strerror or error}).",
                         "A backup never overwrites anything.") from None
    try:
        _copy_database(workspace / DATABASE, copy)
        with raw, tarfile.open(fileobj=raw, mode="w:gz") as tar:
            about = json.dumps({"dobby": 1, "made": at.isoformat(), "schema": newest_schema()}).encode()
            head = tarfile.TarInfo(ABOUT)
            head.size = len(about)
            tar.addfile(head, io.BytesIO(about))
            for name in FILES:
                if (workspace / name).is_file():
                    tar.add(workspace / name, name, recursive=False)
            for folder in FOLDERS:
                for path in sorted((workspace / folder).rglob("*")):
                    if path.is_file() and not path.is_symlink():
                        tar.add(path, path.relative_to(workspace).as_posix(), recursive=False)
            tar.add(copy, DATABASE, recursive=False)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise DobbyError(f"The backup could not be written ({error.strerror or error}).", "Is the disk full?") from None
    except DobbyError:
        target.unlink(missing_ok=True)
        raise
    finally:
        raw.close()
        copy.unlink(missing_ok=True)


def _copy_database(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, \
                closing(sqlite3.connect(target)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise DobbyError(f"The database could not be copied ({error}).") from None


def stage(workspace: Path, archive: Path) -> dict[str, str]:
    """Look a backup through and lay it aside for the next start (blocking); what it says of itself.

    DobbyError says what is wrong with it, and nothing was changed then.
    """
    aside = workspace / f"{STAGED}.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        about = _unpack(archive, aside)
        _look_through(aside)
    except BaseException:  # whatever is wrong with it, nothing of it stays
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(workspace / STAGED, ignore_errors=True)
    aside.rename(workspace / STAGED)
    return about


class _Bounded:
    """What a tar reads from, where a few packed bytes may claim to be gigabytes: the whole and a single reading are
    limited. tarfile takes names and notes of any length into memory otherwise."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most PIECE_LIMIT bytes."""
        if not 0 <= size <= PIECE_LIMIT or self._file.tell() > WHOLE_LIMIT + PIECE_LIMIT:
            raise tarfile.ReadError("too large")
        return self._file.read(size)

    def seek(self, at: int) -> int:
        """Go to a place that is not beyond the limit: what lies before it is unpacked on the way."""
        if at > WHOLE_LIMIT + PIECE_LIMIT:
            raise tarfile.ReadError("too large")
        return self._file.seek(at)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()


def _unpack(archive: Path, aside: Path) -> dict[str, str]:
    try:
        with gzip.open(archive, "rb") as whole_file, \
                tarfile.open(fileobj=_Bounded(whole_file), mode="r:") as tar:  # type: ignore[call-overload]
            about: Any = None
            whole = 0
            for count, member in enumerate(tar):
                whole += member.size
                if count > COUNT_LIMIT or member.size > MEMBER_LIMIT or whole > WHOLE_LIMIT:
                    raise DobbyError("This backup is larger than any of mine.")
                if member.isdir():
                    continue
                data = tar.extractfile(member) if member.isfile() else None
                if data is None or not _ours(member.name):
                    raise DobbyError(f"This is no backup of mine: there is “{member.name[:80]}” in it.")
                if member.name == ABOUT:
                    about = json.loads(data.read(PIECE_LIMIT))
                    continue
                path = aside / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    shutil.copyfileobj(data, out)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError) as error:
        raise DobbyError(f"This file is no backup of mine ({type(error).__name__}).",
                         "Take the file as it was.") from None
    if not isinstance(about, dict) or about.get("dobby") != 1:
        raise DobbyError("This file is no backup of mine: it does not say what it is.")
    return {key: str(value)[:60] for key, value in about.items()}


def _ours(name: str) -> bool:
    """Whether a member's name is one that `pack` writes: relative, no steps upward, in the known places."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        return False
    return name in (*FILES, DATABASE, ABOUT) or (len(path.parts) > 1 and path.parts[0] in FOLDERS)


def _look_through(aside: Path) -> None:
    """DobbyError when the settings or the database of a backup could not be opened."""
    if not (aside / DATABASE).is_file():
        raise DobbyError("There is no database in this backup.")
    try:
        with closing(sqlite3.connect(f"file:{aside / DATABASE}?mode=ro", uri=True)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
            schema = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise DobbyError(f"The database in this backup is broken ({error}).") from None
    if sound != "ok":
        raise DobbyError("The database in this backup is broken.")
    if schema < 1:
        raise DobbyError("The database in this backup is empty.")
    if schema > newest_schema():
        raise DobbyError("This backup was made by a newer Dobby.", "Bring this one up to date first.")
    try:
        bring_up(aside / DATABASE)
    except StoreError as error:
        raise DobbyError(f"The database in this backup is none of mine: {error}") from None
    if (aside / "config.toml").is_file():
        try:
            configuration.load(aside / "config.toml")
        except ConfigError as error:
            raise DobbyError(f"The settings in this backup are not right: {error}") from None


def put_in_place(workspace: Path, at: datetime) -> Path | None:
    """Put a backup that was laid aside in place, before anything is opened (blocking); where what stood there before is
    kept, or None when nothing was laid aside. The workspace must not be open. Death in the middle loses nothing: what
    is not in place yet is put there the next time."""
    for path in (one for pattern in LEFT_BEHIND for one in workspace.glob(pattern)):
        if path.is_file():
            path.unlink(missing_ok=True)
    staged = workspace / STAGED
    if not staged.is_dir():
        return None
    before = _unused(workspace / f"before-restore-{at:%Y%m%d-%H%M%S}")
    before.mkdir(mode=0o700)
    database = (staged / DATABASE).exists()
    if database and (workspace / DATABASE).exists():
        _keep_logins(workspace / DATABASE, staged / DATABASE)
    for name in (*FILES, *FOLDERS, *ALONG, DATABASE):
        if (workspace / name).exists() and (database if name in ALONG else (staged / name).exists()):
            (workspace / name).rename(before / name)
    with (before / CAME).open("a", encoding="utf-8") as came:
        for path in sorted(staged.iterdir()):
            came.write(f"{path.name}\n")
            came.flush()
            path.rename(workspace / path.name)
    staged.rmdir()
    return before


def _unused(folder: Path) -> Path:
    """This folder, or the next of its name that is not there: two restores may come within a second."""
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain((folder,), names) if not one.exists())


def put_back(workspace: Path, before: Path) -> None:
    """Undo `put_in_place` in a workspace that nobody has open (blocking): the house could not be opened with what came,
    which is kept in a folder beside it."""
    failed = _unused(before.with_name(before.name.replace("before-restore", "failed-restore")))
    failed.mkdir(mode=0o700)
    came = (before / CAME).read_text("utf-8").split()
    for name in (*came, *(ALONG if DATABASE in came else ())):
        if (workspace / name).exists():
            (workspace / name).rename(failed / name)
    (before / CAME).unlink()
    for path in sorted(before.iterdir()):
        path.rename(workspace / path.name)
    before.rmdir()


def _keep_logins(now: Path, restored: Path) -> None:
    """Who is logged in now stays so; who was when the backup was made, and was shown out since, is not let in again."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(restored, isolation_level=None)) as connection:
        connection.execute("DELETE FROM logins")
        connection.execute("ATTACH ? AS present", (str(now),))
        connection.execute("INSERT INTO main.logins (key, person, made, used) "
                           "SELECT key, person, made, used FROM present.logins")
