"""Backup and restore: what comes back is what was, what is broken changes nothing, and nothing is overwritten."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dobby import backup
from dobby.backup import pack, put_in_place, stage
from dobby.errors import DobbyError
from dobby.store import Store, newest_schema
from tests.stories.house import lived_in
from tests.test_cli import dobby
from tests.web.visitors import login, restarted

pytestmark = pytest.mark.anyio
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SKILL = "---\nname: tea\ndescription: Tea.\n---\nPut the kettle on.\n"


def opened(folder: Path, word: str = "first") -> Path:
    """A workspace that was used: files, and a fact in its database."""
    folder.mkdir(exist_ok=True)

    async def fill() -> None:
        store = await Store.open(folder / "dobby.db")
        await store.set_fact("word", word)
        await store.do("login_add", key=f"hash-{word}", person="Robin", made=word, used=word)
        await store.close()
    asyncio.run(fill())
    (folder / "SOUL.md").write_text(f"# Dobby\n{word}\n")
    (folder / "config.toml").write_text('[home]\nname = "Den"\n')
    (folder / "secrets.toml").write_text('twilio_auth_token = "hush"\n')
    for name, text in (("skills/tea/SKILL.md", SKILL), ("memory/people/robin.md", word), ("drivers/own.py", "x"),
                       ("pictures/a.jpg", "x")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def fact(folder: Path, name: str = "word") -> object:
    with contextlib.closing(sqlite3.connect(folder / "dobby.db")) as raw:
        row = raw.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def logins(folder: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(folder / "dobby.db")) as raw:
        return [row[0] for row in raw.execute("SELECT key FROM logins")]


def shape(folder: Path) -> dict[str, bytes]:
    """Every file of a workspace with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_was_packed_comes_back(tmp_path: Path) -> None:
    old, new = opened(tmp_path / "old"), opened(tmp_path / "new", "second")
    pack(old, tmp_path / "b.tar.gz", AT)
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        assert sorted(tar.getnames()) == ["SOUL.md", "config.toml", "dobby-backup.json", "dobby.db",
                                          "memory/people/robin.md", "skills/tea/SKILL.md"]
    (new / "skills" / "newer").mkdir()
    assert stage(new, tmp_path / "b.tar.gz")["made"] == AT.isoformat()
    assert fact(new) == "second", "not before the next start"
    (new / "recall.db").write_text("an index of what is not there any more")
    before = put_in_place(new, AT)
    assert before is not None
    assert fact(new) == "first"
    assert (new / "SOUL.md").read_text() == "# Dobby\nfirst\n"
    assert (new / "memory/people/robin.md").read_text() == "first"
    assert not (new / "skills/newer").exists()
    assert (new / "secrets.toml").exists()
    assert (new / "drivers/own.py").exists()
    assert stat.S_IMODE((new / "dobby.db").stat().st_mode) == 0o600
    assert fact(before) == "second", "what stood there is kept"
    assert (before / "skills/newer").is_dir()
    assert stat.S_IMODE(before.stat().st_mode) == 0o700
    assert not (new / "recall.db").exists()
    assert put_in_place(new, AT) is None


def test_who_was_shown_out_since_stays_out(tmp_path: Path) -> None:
    old = opened(tmp_path / "old")
    pack(old, tmp_path / "b.tar.gz", AT)
    new = opened(tmp_path / "new", "second")
    stage(new, tmp_path / "b.tar.gz")
    put_in_place(new, AT)
    assert logins(new) == ["hash-second"], "who is logged in now, not who was then"
    empty = tmp_path / "empty"
    empty.mkdir()
    stage(empty, tmp_path / "b.tar.gz")
    put_in_place(empty, AT)
    assert fact(empty) == "first"


@pytest.mark.parametrize("moved", range(4))
def test_death_in_the_middle_loses_nothing(tmp_path: Path, moved: int) -> None:
    old, new = opened(tmp_path / "old"), opened(tmp_path / "new", "second")
    pack(old, tmp_path / "b.tar.gz", AT)
    stage(new, tmp_path / "b.tar.gz")
    for path in sorted((new / backup.STAGED).iterdir())[:moved]:  # so far it came
        if (new / path.name).is_dir():
            shutil.rmtree(new / path.name)
        path.replace(new / path.name)
    (new / ".backup-half.tar.gz").write_text("left behind")
    put_in_place(new, AT)
    assert fact(new) == "first"
    assert (new / "memory/people/robin.md").read_text() == "first"
    assert not (new / backup.STAGED).exists()
    assert not (new / ".backup-half.tar.gz").exists()


def test_what_was_put_in_place_can_be_put_back(tmp_path: Path) -> None:
    old, new = opened(tmp_path / "old"), opened(tmp_path / "new", "second")
    pack(old, tmp_path / "b.tar.gz", AT)
    (new / "config.toml").unlink()
    (new / "recall.db").write_text("an index")
    was = shape(new)
    stage(new, tmp_path / "b.tar.gz")
    before = put_in_place(new, AT)
    assert before is not None
    (new / "dobby.db-wal").write_bytes(b"")
    backup.put_back(new, before)
    now = shape(new)
    assert {name: now[name] for name in now if not name.startswith("failed-restore")} == was
    assert not before.exists()
    assert b"first" in now["failed-restore-20260501-120000/SOUL.md"]


@pytest.mark.parametrize("name", ["dobby.db", "config.toml", "dobby.gz", "dobby.tar.gz", "notes.db", "SOUL.md"])
def test_a_backup_never_overwrites_anything(tmp_path: Path, name: str) -> None:
    folder = opened(tmp_path / "w")
    before = shape(folder)
    done = dobby("backup", str(folder / name), "--workspace", str(folder))
    assert done.returncode == (1 if name in before else 0), done.stderr
    after = shape(folder)
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) <= {name, "dobby.db-wal", "dobby.db-shm"}
    assert fact(folder) == "first"


def test_the_command_line_says_what_it_did_and_what_is_wrong(tmp_path: Path) -> None:
    folder = opened(tmp_path / "w")
    target = tmp_path / "b.tar.gz"
    done = dobby("backup", str(target), "--workspace", str(folder))
    assert done.returncode == 0, done.stderr
    assert "keep it like a key" in done.stdout
    done = dobby("restore", str(target), "--workspace", str(folder))
    assert done.returncode == 0, done.stderr
    assert "starts next" in done.stdout
    target.write_bytes(target.read_bytes()[:-200])
    for file, words in ((target, "no backup of mine"), (tmp_path / "none", "no backup of mine")):
        done = dobby("restore", str(file), "--workspace", str(folder))
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert (folder / backup.STAGED).is_dir(), "the good one still waits"
    (tmp_path / "nothing").mkdir()
    done = dobby("backup", str(tmp_path / "c.tar.gz"), "--workspace", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert not (tmp_path / "c.tar.gz").exists()


# --- what is no backup ------------------------------------------------------------------------------------------------

def remade(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """A backup with its files changed."""
    with tarfile.open(source) as tar:
        files = {one.name: found.read() for one in tar if (found := tar.extractfile(one))}
    change(files)
    with tarfile.open(target, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def database(*statements: str) -> Callable[[dict[str, bytes]], None]:
    """Something done to the database of a backup."""
    def change(files: dict[str, bytes]) -> None:
        with contextlib.closing(sqlite3.connect(":memory:")) as raw:
            raw.deserialize(files["dobby.db"].replace(b"\2\2", b"\1\1", 1))  # no log beside it
            for one in statements:
                raw.execute(one)
            raw.commit()
            files["dobby.db"] = raw.serialize()
    return change


def put(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    """One file of a backup replaced."""
    return lambda files: files.__setitem__(name, data)


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    """One file of a backup left out."""
    def change(files: dict[str, bytes]) -> None:
        del files[name]
    return change


WRONG: dict[str, Callable[[dict[str, bytes]], None]] = {
    "no word of what it is": without("dobby-backup.json"), "no database": without("dobby.db"),
    "another's": put("dobby-backup.json", b'{"dobby": 2}'), "a list": put("dobby-backup.json", b"[1]"),
    "a deep word": put("dobby-backup.json", b"[" * 100_000),
    "a text as database": put("dobby.db", b"hello" * 1000), "an empty database": put("dobby.db", b""),
    "half a database": lambda files: files.__setitem__("dobby.db", files["dobby.db"][:9000]),
    "settings with mistakes": put("config.toml", b"[home]\nnam = 1\n"),
    "settings that are none": put("config.toml", b"\xff"),
    "a newer one": database(f"PRAGMA user_version={newest_schema() + 1}"),
    "an older one that is not": database("PRAGMA user_version=1"), "no version": database("PRAGMA user_version=0"),
    "a table less": database("DROP TABLE facts"), "a column more": database("ALTER TABLE facts ADD COLUMN x"),
    "an audit that forgets": database("DROP TRIGGER audit_never_shrinks"),
    "a trigger of another's": database("CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM approvals; END"),
    "a view for a table": database("DROP TABLE series", "CREATE VIEW series AS SELECT 1 id, '' device, '' trait"),
    "a program": put("drivers/own.py", b"import os"), "secrets": put("secrets.toml", b"x"),
    "a path up": put("skills/../../x", b"x"), "a file for a folder": put("skills", b"x"),
    "a folder under a file": put("skills/tea/SKILL.md/x", b"x"), "a hidden name": put("memory/a\nb.md", b"x"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_backup_changes_nothing(tmp_path: Path, wrong: str) -> None:
    old, new = opened(tmp_path / "old"), opened(tmp_path / "new", "second")
    pack(old, tmp_path / "good.tar.gz", AT)
    remade(tmp_path / "good.tar.gz", tmp_path / "b.tar.gz", WRONG[wrong])
    before = shape(new)
    with pytest.raises(DobbyError):
        stage(new, tmp_path / "b.tar.gz")
    assert shape(new) == before
    assert not list(new.glob(".restore*"))


def test_the_same_file_unharmed_is_taken(tmp_path: Path) -> None:
    old, new = opened(tmp_path / "old"), opened(tmp_path / "new", "second")
    pack(old, tmp_path / "good.tar.gz", AT)
    remade(tmp_path / "good.tar.gz", tmp_path / "b.tar.gz", database("UPDATE facts SET value = '\"third\"'"))
    stage(new, tmp_path / "b.tar.gz")
    put_in_place(new, AT)
    assert fact(new) == "third", "the harm above lies in what was changed, not in how"


def bomb(kind: bytes, size: int) -> bytes:
    """A backup whose first member claims a size, and keeps to it in a few packed bytes."""
    head = tarfile.TarInfo("memory/x" if kind == tarfile.REGTYPE else "././@PaxHeader")
    head.size, head.type = size, kind
    out = io.BytesIO()
    with gzip.open(out, "wb", compresslevel=1) as packed:
        packed.write(head.tobuf(tarfile.GNU_FORMAT))
        for _ in range(min(size, 40 * 2**20) // 2**20):
            packed.write(b"\0" * 2**20)
    return out.getvalue()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
                                  tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE])
def test_a_bomb_is_seen_before_it_is_unpacked(tmp_path: Path, kind: bytes) -> None:
    import tracemalloc

    folder = opened(tmp_path / "w")
    (tmp_path / "b.tar.gz").write_bytes(bomb(kind, 2**40))
    tracemalloc.start()
    try:
        with pytest.raises(DobbyError):
            stage(folder, tmp_path / "b.tar.gz")
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert not list(folder.glob(".restore*"))


def test_many_small_files_are_no_backup(tmp_path: Path) -> None:
    folder, out = opened(tmp_path / "w"), io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for n in range(backup.COUNT_LIMIT + 2):
            tar.addfile(tarfile.TarInfo(f"memory/{n}" if n % 2 else "memory"))
    (tmp_path / "b.tar.gz").write_bytes(out.getvalue())
    with pytest.raises(DobbyError):
        stage(folder, tmp_path / "b.tar.gz")


def elsewhere(folder: Path, packed: bytes) -> tuple[Path, Path, Callable[[dict[str, bytes]], None]]:
    """A backup whose settings name an address that is not this machine's (RFC 5737), as arguments for `remade`."""
    (folder / "pictures/b.tar.gz").write_bytes(packed)

    def change(files: dict[str, bytes]) -> None:
        text = files["config.toml"].decode()
        files["config.toml"] = text.replace("[web]\nhost = ", '[web]\nhost = "192.0.2.1"  # ').encode()
    return folder / "pictures/b.tar.gz", folder / "pictures/c.tar.gz", change


# --- a running house --------------------------------------------------------------------------------------------------

async def test_a_running_house_is_packed_restored_and_started_anew(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.say("remember that the bins go out on Tuesday")
        headers = {"Authorization": f"Bearer {house.ready['token']}"}
        async with house.web.get(f"{house.ready['dashboard']}/api/backup", headers=headers) as answer:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            packed = await answer.read()
        await house.say("remember that the cat is called Ada")
        robin, sam = await login(house, "Robin"), await login(house, "Sam")
        soul = tmp_path / "SOUL.md"
        text = await asyncio.to_thread(soul.read_text, "utf-8")
        await asyncio.to_thread(soul.write_text, text + "\nchanged\n", "utf-8")
        async with house.web.post(f"{house.ready['dashboard']}/api/restore", data=packed, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert (await answer.json())["staged"] is True
        done = await asyncio.to_thread(dobby, "run", "--workspace", str(tmp_path))
        assert done.returncode == 1, "another Dobby in the same workspace"
        assert (tmp_path / backup.STAGED).is_dir(), "and it moved nothing under the feet of the one that runs"
        assert (await sam.api("POST", "/api/logout", {}))[0] == 200
        await restarted(house)
        facts = str((await house.api("GET", "/api/memory"))[1])
        assert "bins" in facts
        assert "Ada" not in facts
        assert "changed" not in await asyncio.to_thread(soul.read_text, "utf-8")
        [before] = await asyncio.to_thread(lambda: list(tmp_path.glob("before-restore-*")))
        assert "Ada" in await asyncio.to_thread(lambda: "".join(
            one.read_text("utf-8") for one in before.rglob("memory/**/*.md")))
        assert (await robin.api("GET", "/api/me"))[0] == 200, "who is in stays in"
        assert (await sam.api("GET", "/api/me"))[0] == 401
        assert (await house.say("turn the desk lamp off"))["outcomes"][0]["result"] == "confirmed"

        # settings that are right, and with which this house cannot be opened: its address is another machine's
        await asyncio.to_thread(remade, *await asyncio.to_thread(elsewhere, tmp_path, packed))
        async with house.web.post(f"{house.ready['dashboard']}/api/restore", headers=headers,
                                  data=await asyncio.to_thread((tmp_path / "pictures/c.tar.gz").read_bytes)) as answer:
            assert answer.status == 200, await answer.text()
        await restarted(house)
        assert "could not be opened" in str((await house.api("GET", "/api/health"))[1]["problems"])
        assert (await robin.api("GET", "/api/me"))[0] == 200
        assert (await house.say("turn the desk lamp on"))["outcomes"][0]["result"] == "confirmed"
        assert not await asyncio.to_thread(lambda: list(tmp_path.glob(".restore*")) + list(tmp_path.glob(".backup-*")))
