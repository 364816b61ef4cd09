"""Greetings, thanks and the like: answered in a few words, by a table a language (languages/<xx>/manners.toml). They
ask for nothing, so they answer no open question and dismiss none."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from dobby.agent import text as plain
from dobby.home.home import Home
from dobby.words import Words

LONGEST = 12  # words of a sentence that is nothing but manners
RANK = ("how", "sorry", "thanks", "praise", "evening", "hello", "bye")  # which of several is answered


@cache
def _phrases(language: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Every phrase with its kind ("" for words that say nothing), the longest first."""
    file = resources.files("dobby") / "languages" / language / "manners.toml"
    table = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    found = [(tuple(plain.words(one, language)), "" if kind == "fillers" else kind)
             for kind, several in table.items() for one in several]
    return tuple(sorted(found, key=lambda one: -len(one[0])))


def read(text: str, language: str, name: str) -> str:
    """The kind of manners that a text is made of, "" for any other text. name: Dobby's own."""
    said = tuple(plain.words(text, language))
    if not 0 < len(said) <= LONGEST:
        return ""
    phrases = (*_phrases(language), (tuple(plain.words(name, language)), ""), (("dobby",), ""))
    kinds, at = set[str](), 0
    while at < len(said):
        found = next(((one, kind) for one, kind in phrases if one and said[at:at + len(one)] == one), None)
        if found is None:
            return ""
        kinds.add(found[1])
        at += len(found[0])
    return next((kind for kind in RANK if kind in kinds), "")


def reply(kind: str, home: Home, words: Words) -> str:
    """What is said to it; to "how are you?" what the house itself shows."""
    if kind != "how":
        return words.say(f"manners.{kind}")
    silent = sum(not home.reachable(id_) for id_ in home.devices)
    return words.say("manners.how_some", count=silent) if silent else words.say("manners.how")
