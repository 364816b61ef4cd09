"""What is to be forgotten, and what of what was said tells something."""

from __future__ import annotations

import pytest

from dobby.agent import memory_talk
from dobby.agent.text import quotes

FORGETS = [
    ("en", "forget about the spare key", "the spare key"), ("en", "forget my anniversary", "my anniversary"),
    ("en", "Please forget that Tom likes sushi.", "Tom likes sushi"), ("en", "forgetful people are fun", ""),
    ("en", "forget: the spare key", "the spare key"), ("de", "vergiss: den Schlüssel", "den Schlüssel"),
    ("en", "forget what I said about the key", "the key"), ("de", "Vergiss, dass Tom Sushi mag", "Tom Sushi mag"),
    ("de", "vergiss den Ersatzschlüssel", "den Ersatzschlüssel"), ("es", "olvida la llave", "la llave"),
    ("fr", "oublie que Tom aime les sushis", "Tom aime les sushis"), ("nl", "vergeet de sleutel", "de sleutel")]
TELLS = [
    ("en", "the plumber was here and fixed the sink", True), ("en", "why is the sky blue", False),
    ("en", "the sky is blue, isn't it?", False), ("en", "turn on the sky lamp", False),
    ("en", "remember that the sky is blue", False), ("en", "forget that", False), ("en", "undo last night", False),
    ("en", "when I say sky, turn on the blue light", False), ("en", "please tell me when the sky clears", False),
    ("de", "der Klempner war heute da", True), ("de", "warum ist der Himmel blau", False),
    ("de", "mach das Licht an", False), ("de", "wenn ich Himmel sage, mach Licht", False),
    ("fr", "le plombier est venu", True), ("fr", "allume la lampe", False), ("es", "vino el fontanero", True),
    ("es", "apaga la luz", False), ("nl", "de loodgieter was hier", True), ("nl", "doe het licht aan", False)]


KEPT = [
    ("en", "Remember: the boiler code is on the shelf", "the boiler code is on the shelf"),
    ("en", "note that the boiler is old", "the boiler is old"), ("en", "Please note: Tom is here", "Tom is here"),
    ("en", "remember - Tom likes sushi", "Tom likes sushi"), ("en", "remember: to call Tom", ""),
    ("en", "at 7:30 remember Tom", ""), ("en", "movie night: dim the lights", ""),
    ("de", "Merk dir: der Boiler ist alt", "der Boiler ist alt"),
    ("nl", "Onthoud: de boiler is oud", "de boiler is oud"),
    ("es", "Recuerda: la caldera es vieja", "la caldera es vieja"),
    ("fr", "Note : la chaudière est vieille", "la chaudière est vieille")]


@pytest.mark.parametrize(("language", "text", "what"), KEPT)
def test_what_is_to_be_remembered(language: str, text: str, what: str) -> None:
    found = memory_talk.read(text, language)
    assert (found.what if found is not None and found.verb == "remember" else "") == what


@pytest.mark.parametrize(("language", "text", "what"), FORGETS)
def test_what_is_to_be_forgotten(language: str, text: str, what: str) -> None:
    assert memory_talk.forgets(text, language) == what


@pytest.mark.parametrize(("language", "text", "told"), TELLS)
def test_only_what_tells_something_is_ever_told_again(language: str, text: str, told: bool) -> None:
    assert memory_talk.tells(text, language) is told


@pytest.mark.parametrize(("text", "somebodys"), [
    ("the dogs' food is in the cellar", False), ("onthoud dat Kim 's avonds leest", False),
    ("zet 's avonds 't licht aan", False), ("he said 'open the doors' to me", True), ("the sign says 'stop'", True),
    ("“open the doors”, said the post", True)])
def test_an_apostrophe_is_no_quotation(text: str, somebodys: bool) -> None:
    assert quotes(text) is somebodys


@pytest.mark.parametrize(("language", "text", "wonders"), [
    ("en", "when is Anna's birthday?", True), ("en", "who is sensitive to light", True),
    ("en", "could you feed the parrot?", False), ("en", "turn on the moon", False), ("de", "wann kommt Oma?", True)])
def test_a_question_for_what_is_known_is_no_order_said_as_one(language: str, text: str, wonders: bool) -> None:
    assert memory_talk.wonders(text, language) is wonders
