"""Words of content, cut to a stem, in the languages of the house alike; words of no content are left out."""

from __future__ import annotations

import re
import unicodedata
from importlib import resources

from dobby.memory.tables import words

_STOP = frozenset((resources.files("dobby") / "memory" / "stopwords.txt").read_text("utf-8").split())
_FORMS = {form: several.split()[0] for several in words("irregular") for form in several.split()[1:]}


def stems(text: str) -> set[str]:
    """The words of content of a text, cut to a stem."""
    return {stem(word) for word in re.findall(r"[\w']+", flat(text))
            if word not in _STOP and (len(word) > 1 or word.isdigit())}


def listed(*names: str) -> set[str]:
    """The stems of lists of words in all languages (tables.words)."""
    return set().union(*(stems(one) for name in names for one in words(name)))


def bare(text: str) -> str:
    """A text as its words alone, in small letters."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def flat(text: str) -> str:
    """A text in small letters without accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def stem(word: str) -> str:
    """A word without its ending, roughly; an irregular form of a verb as the verb (languages/<xx>/matters.toml)."""
    word = word.removesuffix("'s").strip("'")
    word = _FORMS.get(word, word)  # what was sold was to sell
    for ending in ("ing", "edly", "ies", "ied", "ness", "es", "ed", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
