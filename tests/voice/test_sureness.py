"""How sure the ears are: a path that the free searches explain as well is sure, one that they explain better is not."""

from __future__ import annotations

from dobby.voice.sureness import WEIGHTS, Path, Piece, enough, marks, sure


def path(text: str, *scores: float, frames: int = 40) -> Path:
    """Words of so many frames each, between two silences."""
    words = text.split()
    pieces = [Piece("<sil>", 0, 19, -0.1)]
    for word, score in zip(words, scores, strict=True):
        first = pieces[-1].last + 1
        pieces.append(Piece(word, first, first + frames - 1, score, -0.1))
    return Path(text, (*pieces, Piece("<sil>", pieces[-1].last + 1, pieces[-1].last + 20, -0.1)))


def length(word: str) -> int:
    """Of how many phones a word is, about."""
    return max(1, len(word) - 1)


SAID = "turn off the lights"


def test_a_grammar_that_explains_as_much_as_anything_is_sure() -> None:
    home = path(SAID, -0.1, -0.1, -0.1, -0.1)
    assert len(marks(home, home, home, length)) == len(WEIGHTS)
    assert sure(home, home, home, length) > 0.9


def test_the_worse_it_explains_the_less_sure_it_is() -> None:
    free = path(SAID, -0.1, -0.1, -0.1, -0.1)
    found = [sure(path(SAID, *(score,) * 4), free, free, length) for score in (-0.1, -0.2, -0.4, -0.8)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.01


def test_nothing_heard_is_not_sure() -> None:
    assert sure(Path("", ()), Path("", ()), Path("", ()), length) == 0.0


def test_fewer_words_must_be_surer() -> None:
    needed = [enough("word " * count) for count in range(8)]
    assert needed == sorted(needed, reverse=True)
