"""Every language says everything that English says, with the same slots."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dobby.words import LANGUAGES, Entry, Words, catalogue


def texts(entry: Entry) -> Iterator[str]:
    """Every sentence of an entry."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        yield from entry
    else:
        for value in entry.values():
            yield from texts(value)


def slots(entry: Entry) -> set[str]:
    """Every slot that any of its sentences has."""
    return {slot for text in texts(entry) for slot in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_sentence_is_missing_and_none_has_other_slots(language: str) -> None:
    english, own = catalogue("en"), catalogue(language)
    assert set(own) - set(english) == set()
    assert set(english) - set(own) == set()
    optional = {"count", "number", "address", "state"}
    assert {key: (slots(english[key]), slots(own[key])) for key in english
            if slots(english[key]) - optional != slots(own[key]) - optional} == {}


def test_lists_plurals_dryness_and_address() -> None:
    plain, dry = Words("en", dryness=0, address="sir"), Words("en", dryness=2)
    assert plain.join(["A", "B", "C"]) == "A, B and C"
    assert plain.join(["A"]) == "A"
    assert plain.kind("light", 1) == "light"
    assert plain.kind("light", 3) == "lights"
    assert plain.say("help.head").startswith("At your service, sir.")
    assert plain.say("answer.failed", reasons="x") != dry.say("answer.failed", reasons="x")
    assert Words("de").join(["A", "B"]) == "A und B"


def test_an_unknown_language_speaks_english_and_an_unknown_key_is_an_error() -> None:
    assert Words("tlh").say("ask.yes") == "yes"
    with pytest.raises(KeyError):
        Words("en").say("no.such.key")


def test_braces_in_a_name_are_only_text() -> None:
    assert "{x}" in Words("en").say("refuse.no_thing", thing="{x}")
