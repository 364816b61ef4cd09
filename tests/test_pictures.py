"""Pictures: kept under names nobody can guess, lent by a link that is signed and short-lived, and gone after days."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from dobby.clock import Clock
from dobby.pictures import KEPT_FOR, LENT_FOR, Pictures


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


def test_old_pictures_go(tmp_path: Path) -> None:
    clock = Clock(manual=True)
    pictures = Pictures(tmp_path / "pictures", clock.now, "", b"key")
    assert pictures.tidy() == 0
    name = pictures.keep(b"jpeg")
    assert pictures.tidy() == 0
    old = clock.now().timestamp() - KEPT_FOR.total_seconds() - 10
    os.utime(tmp_path / "pictures" / name, (old, old))
    assert pictures.tidy() == 1
