"""The store: one file, private, append-only where it must be, and never half a transaction."""

from __future__ import annotations

import sqlite3
import stat
from importlib.resources import files
from pathlib import Path

import pytest

from dobby.errors import StoreError
from dobby.store import Last, Store

pytestmark = pytest.mark.anyio
AUDIT = {"at": "t", "turn": 1, "person": "Ann", "source": "phrase", "device": "d", "trait": "on", "value": "true",
         "verdict": "now", "approval": None, "result": "confirmed"}
MESSAGE = {"channel": "sms", "external": "SM1", "conversation": "c", "sender": "s", "text": "hi", "pictures": "[]",
           "here": "", "pin": None, "received": "t", "media": "[]", "forwarded": False}


async def test_the_file_is_private(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    await store.close()
    assert stat.S_IMODE((tmp_path / "dobby.db").stat().st_mode) == 0o600


async def test_a_message_is_taken_once(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    assert await store.do("message_add", **MESSAGE) == 1
    assert await store.do("message_add", **MESSAGE) == 0
    assert await store.do("message_add", **MESSAGE | {"external": "SM2"}) == 2
    await store.close()
    store = await Store.open(tmp_path / "dobby.db")
    assert await store.do("message_add", **MESSAGE) == 0
    await store.close()


async def test_audit_rows_never_change_nor_go(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    await store.do("audit_add", **AUDIT)
    await store.close()
    with sqlite3.connect(tmp_path / "dobby.db") as raw:
        for statement in ("UPDATE audit SET verdict = 'x'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError):
                raw.execute(statement)
    raw.close()


async def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    with pytest.raises(sqlite3.Error):
        await store.together([("message_add", MESSAGE), ("turn_start", {"message": Last(0), "person": None})])
    assert await store.all("messages_open") == []
    made = await store.together([("message_add", MESSAGE), ("turn_start", {
        "message": Last(0), "person": "Ann", "channel": "sms", "conversation": "c", "text": "hi", "started": "t"})])
    assert made == [1, 1]
    await store.close()


async def test_small_facts(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    assert await store.fact("x", 3) == 3
    await store.set_fact("x", ["a"])
    assert await store.fact("x") == ["a"]
    await store.do("tokens_add", name="tokens:1", tokens=5)
    await store.do("tokens_add", name="tokens:1", tokens=7)
    assert await store.fact("tokens:1") == 12
    await store.close()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as a header of one....." * 9])
async def test_a_foreign_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dobby.db").write_bytes(content)
    with pytest.raises(StoreError, match="cannot be opened"):
        await Store.open(tmp_path / "dobby.db")
    assert (tmp_path / "dobby.db").read_bytes() == content


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "dobby.db")
    await store.close()
    with sqlite3.connect(tmp_path / "dobby.db") as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreError, match="newer Dobby"):
        await Store.open(tmp_path / "dobby.db")


async def test_wishes_of_an_older_file_are_kept_and_end_when_they_did(tmp_path: Path) -> None:
    schema = files("dobby").joinpath("schema.sql").read_text("utf-8").partition("-- migration: 3")[0]
    with sqlite3.connect(tmp_path / "dobby.db") as raw:
        raw.executescript(f"{schema}; PRAGMA user_version=2;")
        raw.executemany("INSERT INTO eye_rules (person, camera, kind, subjects, hours, until, made, said_by) "
                        "VALUES ('Robin', 'Drive', ?, '[]', '', ?, '', 'Robin')",
                        [("mute", "2026-05-04T20:00:00.123456+02:00"), ("only", "")])
    raw.close()
    store = await Store.open(tmp_path / "dobby.db")
    rows = [(row["kind"], row["zone"], row["presence"], row["until"]) for row in await store.all("eye_rules")]
    assert rows == [("mute", "", "", "2026-05-04T18:00:00.123+00:00"), ("only", "", "", "")]
    await store.close()
