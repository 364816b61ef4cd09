"""SOUL.md by a person's hand: whatever is wrong in it is told, and Dobby goes on."""

from __future__ import annotations

import pytest

from dobby.soul import parse


@pytest.mark.parametrize("head", ["name: 2024-13-45", "name: [", "name: " + "[" * 3000, "- a", "name: 5", "dryness: 9",
                                  "nam: Winky"])
def test_a_broken_head_is_told_and_the_rest_stands(head: str) -> None:
    soul, problems = parse(f"---\n{head}\n---\nQuick.\n")
    assert problems
    assert (soul.name, soul.text) == ("Dobby", "Quick.")


def test_a_good_one_is_read() -> None:
    soul, problems = parse("---\nname: Winky\naddress: boss\ndryness: 2\n---\nQuick.\n")
    assert problems == []
    assert (soul.name, soul.address, soul.dryness, soul.text) == ("Winky", "boss", 2, "Quick.")
