"""What a question asks for, and that of two facts that answer it about as well the newer stands first."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dobby.memory import asked
from dobby.memory.answering import answers
from dobby.memory.recall import Entry, Recall

NEWER = tomllib.loads((Path(__file__).parent / "newer.toml").read_text("utf-8"))
HELD_ENOUGH = 27


def first(tmp_path: Path, pairs: list[list[str]]) -> list[str]:
    """The questions to which the newer is put first, among all the pairs, though nothing was replaced."""
    recall = Recall(tmp_path / "recall.db")
    for month, at in (("01", 0), ("02", 1)):
        recall.put(Entry(f"fact:{month}{n}", "fact", "", f"2026-{month}-01 10:00", pair[at])
                   for n, pair in enumerate(pairs))
    right = []
    for old, new, question in pairs:
        found = [hit.entry.text for hit in recall.ask(question, limit=99)]
        if new in found and (old not in found or found.index(new) < found.index(old)):
            right.append(question)
    recall.close()
    return right


def test_of_what_is_kept_beside_the_newer_stands_first(tmp_path: Path) -> None:
    assert first(tmp_path, NEWER["tuned"]) == [question for _, _, question in NEWER["tuned"]]


def test_also_of_pairs_the_rules_were_not_made_for(tmp_path: Path) -> None:
    assert len(first(tmp_path, NEWER["held"])) >= HELD_ENOUGH


@pytest.mark.parametrize(("question", "older", "newer", "well"), [
    ("when does Greta play the violin?", "Greta plays the violin on Mondays", "Greta's violin lesson is on Friday",
     True),
    ("when does Greta play the violin?", "Greta plays the violin on Mondays", "Greta's violin is broken", False),
    ("when is the rent due?", "the rent is due on the 1st", "the insurance is due on the 15th", False),
    ("who is our heating engineer?", "the heating engineer is Mr Braun", "the heating engineer costs 80 euros", False),
    ("where is the car?", "the car is in the garage", "the car needs oil", False)])
def test_a_newer_fact_of_another_matter_is_no_better(question: str, older: str, newer: str, well: bool) -> None:
    assert asked.about_as_well(asked.read(question), newer, older) is well


def test_of_another_matter_the_newer_is_no_answer() -> None:
    for old, new, question in NEWER["other"]:
        assert not asked.about_as_well(asked.read(question), new, old), question


def test_when_is_answered_with_a_time_only() -> None:
    question = "when did the piano tuner come?"
    assert not answers(question, "the piano tuner costs 80 euros", "")
    assert not answers(question, "the piano tuner costs 80 euros", "", likeness=0.6)
    assert answers(question, "the piano tuner came at noon", "")
    assert answers("wann kommt der Klavierstimmer?", "der Klavierstimmer kommt mittags", "")


def test_how_something_is_done_is_no_matter_of_facts() -> None:
    assert all(map(asked.for_skill, ("how do you do dancing?", "Wie machst du Tanzen?", "comment fais-tu la danse ?")))
    assert not any(map(asked.for_skill, ("how do you do?", "how does Anna do her hair?", "what do you know of Anna?")))


def test_what_a_matter_is_called_otherwise_answers_of_the_one_who_is_named() -> None:
    assert answers("where does Jonas sleep?", "Jonas's bedroom is the cellar now", "", people=("Jonas",))
    assert answers("which team does Hugo support?", "Hugo supports Union Berlin", "", people=("Hugo",))
    assert answers("what colour is Mia's room?", "Mia's room is green", "", people=("Mia",))
    assert not answers("where is the office?", "Robin works from home", "", people=("Robin",))
