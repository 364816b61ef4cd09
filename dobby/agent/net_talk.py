"""What is said about the network and what is on it, by known sentences: "what is 192.168.1.23?", "anything new?",
"forget that device". A table of sentences a language (languages/<xx>/network.toml); a sentence fits whole or not at
all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from dobby.agent.eye_talk import plain
from dobby.agent.meaning import Network, NetworkVerb
from dobby.agent.sentences import pattern
from dobby.agent.text import quotes
from dobby.home.device import View

_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_MARK = "xaddressx"
LONGEST = 16  # words


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's sentences, compiled, and the tables its slots are read by."""

    sentences: tuple[tuple[NetworkVerb, re.Pattern[str]], ...]
    tables: Mapping[str, Any]


@cache
def talk(language: str) -> Talk | None:
    """The sentences of a language; None where it has none."""
    file = resources.files("dobby") / "languages" / language / "network.toml"
    if not file.is_file():
        return None
    tables = tomllib.loads(file.read_text("utf-8"))
    slots = {"address": f"{_MARK} ", "what": r"(?:\S+ ){1,3}"}
    return Talk(tuple((cast(NetworkVerb, verb), re.compile(pattern(one, slots)))
                      for verb, several in tables["sentences"].items() for one in several), tables)


def read(text: str, view: View, language: str) -> Network | None:
    """What is asked about the network, None when this is something else."""
    known = talk(language)
    if known is None or quotes(text):
        return None
    address = _ADDRESS.search(text)
    words = plain(_ADDRESS.sub(f" {_MARK} ", text, count=1), known.tables.get("apostrophe", ""))
    manners = set(known.tables["manners"])
    while words and words[0] in manners:
        words = words[1:]
    while words and words[-1] in manners:
        words = words[:-1]
    if not words or len(words) > LONGEST:
        return None
    said = "".join(f"{word} " for word in words)
    for verb, sentence in known.sentences:
        match = sentence.fullmatch(said)
        if match is None:
            continue
        thing = (match.groupdict().get("thing") or "").strip()
        device = _device(thing, view, known.tables) if thing else ""
        if thing and not device:
            continue
        return Network(verb, address[0] if address else "", device, (match.groupdict().get("what") or "").strip())
    return None


def _device(said: str, view: View, tables: Mapping[str, Any]) -> str:
    words = said.split()
    while len(words) > 1 and words[0] in tables["articles"]:
        words = words[1:]
    named = [id_ for id_, one in view.devices.items()
             if words in [plain(name, tables.get("apostrophe", "")) for name in (one.name, *one.aliases)]]
    return named[0] if len(named) == 1 else ""
