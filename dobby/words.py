"""Every sentence that code says, by language: words are data, and what a language lacks is said in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

LANGUAGES = ("en", "de", "es", "fr", "nl")
Entry = str | list[str] | dict[str, "str | list[str]"]


def flatten(tree: Mapping[str, object], before: str = "") -> dict[str, Entry]:
    """Tables by subject to dotted keys; a table with `other` is a plural and stays whole."""
    flat: dict[str, Entry] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and "other" not in value:
            flat |= flatten(value, f"{before}{key}.")
        else:
            flat[before + key] = value  # type: ignore[assignment]  # TOML holds text, lists and tables here
    return flat


@cache
def catalogue(language: str) -> Mapping[str, Entry]:
    """The sentences of one language by dotted key: answers in words.toml, what the house itself says in house.toml,
    of devices that it learns in learn.toml, and of what it remembers and is taught in mind.toml."""
    folder = resources.files("dobby") / "languages" / language
    flat: dict[str, Entry] = {}
    for part in (folder / name for name in ("words.toml", "house.toml", "learn.toml", "mind.toml", "plans.toml")):
        if part.is_file():
            flat |= flatten(tomllib.loads(part.read_text(encoding="utf-8")))
    return flat


class Words:
    """One language's sentences in the manner that SOUL.md asks for.

    dryness: 0 plain, 1 dry, 2 drier: picks among the variants of a sentence. address: how the person is spoken to
    ("sir"), "" for none; {address} in a sentence becomes ", sir" or nothing.
    """

    def __init__(self, language: str = "en", *, address: str = "", dryness: int = 1, name: str = "Dobby") -> None:
        self.language = language if language in LANGUAGES else "en"
        self.name = name
        self._address = f", {address}" if address else ""
        self._dryness = dryness
        self._own = catalogue(self.language)

    def say(self, key: str, **slots: object) -> str:
        """The sentence for a key with its slots filled; `count` picks the plural; KeyError for an unknown key."""
        entry = self._own.get(key)
        if entry is None:
            entry = catalogue("en")[key]
        if isinstance(entry, dict):
            entry = entry["one"] if slots.get("count") == 1 and "one" in entry else entry["other"]
        if isinstance(entry, list):
            entry = entry[min(self._dryness, len(entry) - 1)]
        return entry.format(**{"address": self._address, "me": self.name} | slots)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence, here or in English."""
        return key in self._own or key in catalogue("en")

    def join(self, items: Sequence[str]) -> str:
        """A, B and C."""
        if len(items) < 2:
            return "".join(items)
        return self.say("list.two", first=", ".join(items[:-1]), last=items[-1])

    def kind(self, kind: str, count: int = 1) -> str:
        """What a kind of device is called, one or many."""
        return self.say(f"kind.{kind}", count=count)

    def kind_in(self, kind: str, place: str, count: int = 2) -> str:
        """A kind of device in a place: "Kitchen lights"."""
        return self.say("about.kind_in", kind=self.kind(kind, count), place=place)

    def upper(self, text: str) -> str:
        """The first letter large, the rest as it is."""
        return text[:1].upper() + text[1:]
