"""Long texts in parts: nothing is lost, nothing is too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dobby.channels.split import split


@given(st.text(), st.integers(1, 50))
def test_every_word_arrives_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_it_breaks_where_a_reader_would() -> None:
    assert split("One two. Three four.\nFive", 21) == ["One two. Three four.", "Five"]
    assert split("One two. Three four", 12) == ["One two.", "Three four"]
    assert split("", 5) == [""]
