"""The grammar of a home: what a person would say is in it, what nobody meant is not."""

from __future__ import annotations

import re

import pytest

from dobby.voice.phrases import Sayable, grammar, number, say
from dobby.voice.spelling import sounds, variants
from tests.voice.measured import OTHERS, Measured, measured


def pattern(jsgf: str) -> re.Pattern[str]:
    """A grammar (one that does not call itself) as a regular expression over words with a space behind each."""
    rules = dict(re.findall(r"^(?:public )?<(\w+)> = (.*);$", jsgf, re.MULTILINE))

    def made(text: str) -> str:
        pieces = re.findall(r"<\w+>|[()\[\]|]|[a-z']+", text)
        whole = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|"}
        return "".join(whole.get(piece) or (f"(?:{made(rules[piece[1:-1]])})" if piece[0] == "<" else piece + " ")
                       for piece in pieces)
    return re.compile(made(rules["top"]))


@pytest.mark.parametrize("one", measured(), ids=lambda one: one.name)
def test_every_measured_order_is_in_the_grammar_and_nothing_else_is(one: Measured) -> None:
    fits = pattern(grammar(one.sayable).jsgf)
    for text in one.orders(100):
        assert fits.fullmatch(say(text) + " "), text
    for text in OTHERS:
        assert not fits.fullmatch(say(text) + " "), text
        assert not one.acts(text), text


def test_names_are_said_as_words_and_written_as_the_owner_writes_them() -> None:
    spoken = grammar(Sayable(("Zimmer 2", "Café & Bar"), (("Lampe №5", "light", "Zimmer 2"), ("Lamp 12", "light", ""))))
    assert "lamp twelve" in spoken.jsgf
    assert spoken.write("turn on lamp twelve") == "turn on Lamp 12"
    assert spoken.write("lights in the cafe and bar off") == "lights in the Café & Bar off"
    assert say("50%") == "fifty percent"
    assert number(421) == "four hundred twenty one"


def test_a_home_with_nothing_in_it_can_still_be_asked() -> None:
    fits = pattern(grammar(Sayable(name="")).jsgf)
    assert fits.fullmatch("what time is it ")
    assert not fits.fullmatch("turn off the lights ")


@pytest.mark.parametrize("name", ["= <x>; #JSGF", "a | b", "(open)", "<order>", "../..", "\n\n", "\x00", "🌈",
                                  "*" * 500])
def test_no_name_breaks_out_of_the_grammar(name: str) -> None:
    spoken = grammar(Sayable((name,), ((name, "light", name),), (name,), (name,)))
    body = spoken.jsgf.partition("grammar home;\n")[2]
    assert re.fullmatch(r"(?:(?:public )?<\w+> = [a-z' |()\[\]<>_]+;\n)+", body)


@pytest.mark.parametrize(("word", "said"), [("dobby", "D AA B IY"), ("sonos", "S AA N OW S"),
                                            ("scullery", "S K AH L ER IY")])
def test_a_word_that_no_dictionary_has_gets_sounds(word: str, said: str) -> None:
    assert sounds(word) == said


def test_britain_drops_its_r() -> None:
    assert variants("party", "P AA R T IY") == ["P AA T IY"]
    assert variants("library", "L AY B R EH R IY") == []
    assert variants("garage", "G ER AA ZH")[0] == "G AE R IH JH"
