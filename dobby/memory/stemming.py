"""Words of content, cut to a stem, in the languages of the house alike; words of no content are left out."""

from __future__ import annotations

import re
import unicodedata
from importlib import resources

_STOP = frozenset((resources.files("dobby") / "memory" / "stopwords.txt").read_text("utf-8").split())


def stems(text: str) -> set[str]:
    """The words of content of a text, cut to a stem."""
    return {stem(word) for word in re.findall(r"[\w']+", flat(text))
            if word not in _STOP and (len(word) > 1 or word.isdigit())}


def flat(text: str) -> str:
    """A text in small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def stem(word: str) -> str:
    """A word without its ending, roughly."""
    word = word.removesuffix("'s").strip("'")
    for ending in ("ing", "edly", "ies", "ied", "ness", "es", "ed", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
