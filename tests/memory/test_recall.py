"""Remembering: exact words, people, times, what was replaced, and an index that can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dobby.memory.recall import Entry, Recall
from dobby.memory.vectors import Vectors


@pytest.fixture
def recall(tmp_path: Path) -> Iterator[Recall]:
    """An empty index."""
    one = Recall(tmp_path / "recall.db")
    yield one
    one.close()


def fact(key: str, text: str, at: str = "2026-01-01 10:00", who: str = "", until: str = "") -> Entry:
    return Entry(f"fact:{key}", "fact", who, at, text, who, until=until)


def turn(place: int, text: str, reply: str = "", at: str = "2026-01-01 10:00") -> Entry:
    return Entry(f"turn:{place}", "turn", "greg", at, text, reply, place=place)


def texts(recall: Recall, question: str, **more: object) -> list[str]:
    return [hit.entry.text for hit in recall.ask(question, **more)]  # type: ignore[arg-type]


def test_exact_words_among_thousands(recall: Recall) -> None:
    recall.put(turn(at, f"please turn number {at} of the lights in room {at % 17} off") for at in range(1, 3000))
    recall.put([turn(3000, "the plumber's name is Vandersloot, he costs 84 euros")])
    assert "Vandersloot" in texts(recall, "who was that Vandersloot?")[0]
    assert "Vandersloot" in texts(recall, "what does the plumber cost")[0]


def test_the_newer_comes_before_what_it_replaced(recall: Recall) -> None:
    recall.put([fact("a", "Anna takes her coffee black", "2026-01-01 10:00", "anna", until="2026-02-01 10:00"),
                fact("b", "Anna drinks coffee with milk these days", "2026-02-01 10:00", "anna")])
    assert texts(recall, "how does Anna take her coffee?")[0] == "Anna drinks coffee with milk these days"
    assert texts(recall, "how does Anna take her coffee?", holding=True) == ["Anna drinks coffee with milk these days"]


def test_of_the_same_minute_the_later_line_comes_first(recall: Recall) -> None:
    one, two = fact("a", "bins go out on Tuesday"), fact("b", "bins go out on Wednesday")
    recall.put([replace(one, place=3), replace(two, place=4)])
    assert texts(recall, "when do the bins go out?") == ["bins go out on Wednesday", "bins go out on Tuesday"]


def test_filters_before_ranking(recall: Recall) -> None:
    recall.put([fact(f"x{at}", f"coffee note {at}", who="leo") for at in range(200)])
    recall.put([fact("a", "coffee: black", "2026-03-05 08:00", "anna")])
    assert texts(recall, "coffee", who="Anna") == ["coffee: black"]
    assert texts(recall, "coffee", since="2026-03-05", until="2026-03-05") == ["coffee: black"]
    assert texts(recall, "coffee", kinds=("turn",)) == []


def test_the_turn_beside_a_matching_one_is_found_too(recall: Recall) -> None:
    recall.put([turn(1, "what was the name of that restaurant"), turn(2, "it was La Cucaracha, remember?"),
                turn(3, "thanks")])
    assert "it was La Cucaracha, remember?" in texts(recall, "name of the restaurant")


def test_what_was_asked_before_stands_behind_what_answers(recall: Recall) -> None:
    recall.put([turn(1, "the sledge hangs in the carport"), *(turn(at, "where is the sledge?") for at in range(2, 40))])
    assert texts(recall, "where is the sledge?")[0] == "the sledge hangs in the carport"


def test_hostile_questions_are_only_words(recall: Recall) -> None:
    recall.put([fact("a", "the key is under the mat")])
    for question in ('key" OR 1=1 --', "NEAR(key mat)", "key*", '"', "", "()", "text:key", "a" * 5000, "kéy\x00 mat"):
        recall.ask(question)
    assert texts(recall, "KEY mat?") == ["the key is under the mat"]


def test_an_index_that_is_rubbish_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "recall.db"
    path.write_bytes(b"this is no database" * 100)
    one = Recall(path)
    assert one.count() == 0
    one.close()


def test_scrubbed_words_are_in_no_byte_of_the_file(tmp_path: Path) -> None:
    one = Recall(tmp_path / "recall.db")
    one.put([fact("a", "the safe opens with Xylophone"), fact("b", "the boiler is old")])
    one.drop(one.matching("Xylophone"))
    one.scrub()
    assert texts(one, "boiler") == ["the boiler is old"]
    for path in tmp_path.iterdir():
        assert b"ylophone" not in path.read_bytes(), path
    one.close()


def test_paraphrases_are_found_with_vectors_and_without_them_words_still_serve(tmp_path: Path) -> None:
    """A made-up model of meanings: one number for light, one for sound."""
    def embed(several: Sequence[str]) -> list[list[float]]:
        light, sound = ("bright", "glare", "lamp", "sensitive"), ("loud", "noise", "music")
        rows = [[sum(word in text.casefold() for word in group) + 0.01 for group in (light, sound)] for text in several]
        return [[one / sum(part * part for part in row) ** 0.5 for one in row] for row in rows]

    recall = Recall(tmp_path / "recall.db")
    recall.put([fact("a", "Anna can't bear glare"), fact("b", "Leo loves noise")])
    assert texts(recall, "who is sensitive to brightness?") == []
    recall.vectors = Vectors(tmp_path / "vectors.npz", embed)
    recall.embed(recall.without_vectors())
    assert recall.knows_paraphrases
    assert texts(recall, "who is sensitive to brightness?")[0] == "Anna can't bear glare"
    recall.drop(["fact:a"])
    assert "Anna can't bear glare" not in texts(recall, "who is sensitive to brightness?")
    recall.close()


def test_what_replaced_something_is_found_in_whatever_words_it_was_said(recall: Recall) -> None:
    """The question has no word of the newer; it stands first all the same, and the older is kept behind it."""
    recall.put([fact("a", "Leo goes to the swimming club", "2026-01-01 10:00", "leo", until="2026-02-01 10:00"),
                fact("b", "Mondays are for judo", "2026-02-01 10:00", "leo"),
                *(fact(f"x{at}", f"The swimming bag number {at} is blue") for at in range(30))])
    recall.put([replace(fact("a", "Leo goes to the swimming club", "2026-01-01 10:00", "leo"),
                        until="2026-02-01 10:00", by="fact:b")])
    found = texts(recall, "which swimming club does Leo go to?", limit=10)
    assert found[:2] == ["Mondays are for judo", "Leo goes to the swimming club"]


def test_an_edited_entry_and_a_new_index_keep_no_old_meaning(tmp_path: Path) -> None:
    def embed(several: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "light" in text else [0.0, 1.0] for text in several]

    recall = Recall(tmp_path / "recall.db")
    recall.vectors = Vectors(tmp_path / "vectors.npz", embed, born=recall.born)
    recall.put([fact("a", "a light thing")])
    recall.embed(recall.without_vectors())
    recall.vectors.save()
    recall.put([fact("a", "a loud thing")])
    assert len(recall.without_vectors()) == 1, "its words are others: so is its meaning"
    recall.close()
    (tmp_path / "recall.db").unlink()
    again = Recall(tmp_path / "recall.db")
    assert not Vectors(tmp_path / "vectors.npz", embed, born=again.born).ready
    again.close()
