"""Pictures: kept under names nobody can guess, lent by a link that is signed and short-lived, and gone after days."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from dobby.clock import Clock
from dobby.pictures import LENT_FOR, Pictures


def lent(pictures: Pictures, link: str, **changed: str) -> Path | None:
    query = {key: value[0] for key, value in parse_qs(urlsplit(link).query).items()} | changed
    name = changed.get("name", urlsplit(link).path.rpartition("/")[2])
    return pictures.lent(name, query["until"], query["sig"])


def test_a_link_works_until_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    pictures = Pictures(tmp_path / "pictures", clock.now, "https://dobby.example.org", b"key")
    name, other = pictures.keep(b"jpeg"), pictures.keep(b"other")
    link = pictures.lend(name)
    assert link.startswith(f"https://dobby.example.org/pictures/{name}?")
    found = lent(pictures, link)
    assert found is not None
    assert found.read_bytes() == b"jpeg"
    for forged in ({"sig": "0" * 64}, {"name": other}, {"name": "../config.toml"}, {"until": "99999999999"}):
        assert lent(pictures, link, **forged) is None
    assert Pictures(tmp_path / "pictures", clock.now, "", b"other key").lent(name, "1", "x") is None
    clock.advance(LENT_FOR.total_seconds() + 1)
    assert lent(pictures, link) is None


def test_pictures_and_clips_are_found_and_dropped_by_name_and_nothing_else_is(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "pictures", Clock(manual=True).now, "", b"key")
    name = pictures.keep(b"jpeg")
    (pictures.clips / "0123456789ab.mkv").write_bytes(b"film")
    (tmp_path / "secrets.toml").write_text("x")
    assert pictures.read(name) == b"jpeg"
    (pictures.clips / "notes.mkv").write_bytes(b"not ours")
    assert {(one, size) for one, size, _ in pictures.all()} == {(name, 4), ("0123456789ab.mkv", 4)}
    pictures.drop("../secrets.toml")
    pictures.drop(name)
    pictures.drop("0123456789ab.mkv")
    assert (tmp_path / "secrets.toml").exists()
    assert pictures.read(name) == b""
    assert pictures.all() == []
