"""What is said to Dobby's memory, by known beginnings and sentences: "remember that ...", "what do you know about
Anna?", "forget that", "why do you think so?". A table a language (languages/<xx>/memory.toml).

What is to be remembered is taken down as it was said, with its capitals and signs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from dobby.agent.eye_talk import plain
from dobby.agent.meaning import Recollect, RecollectVerb
from dobby.agent.sentences import any_of, pattern

LONGEST = 600  # letters of what is remembered
SHORTEST = 2  # words of it


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's beginnings ("remember that"), as words, and its whole sentences."""

    beginnings: tuple[tuple[str, ...], ...]
    sentences: tuple[tuple[RecollectVerb, re.Pattern[str]], ...]
    tables: Mapping[str, Any]


@cache
def talk(language: str) -> Talk | None:
    """The sentences of a language; None where it has none."""
    file = resources.files("dobby") / "languages" / language / "memory.toml"
    if not file.is_file():
        return None
    tables = tomllib.loads(file.read_text("utf-8"))
    slots = {"who": r"(?:\S+ ){1,5}?"}
    sentences = [(cast(RecollectVerb, verb), re.compile(pattern(one, slots)))
                 for verb, several in tables["sentences"].items() for one in several]
    beginnings = sorted((tuple(one.split()) for one in tables["remember"]), key=len, reverse=True)
    return Talk(tuple(beginnings), tuple(sentences), tables)


def read(text: str, language: str) -> Recollect | None:
    """What is asked of the memory, None when this is something else."""
    known = talk(language)
    if known is None:
        return None
    if fact := _kept(_behind_colon(text, known, (*known.tables["remember"], *known.tables["noted"])), known):
        return Recollect("remember", fact)
    words, skipped = _spoken(text, known)
    for beginning in known.beginnings:
        if (tuple(words[: len(beginning)]) == beginning
                and (fact := _kept(_rest(text, skipped + len(beginning), known), known))):
            return Recollect("remember", fact)
    while words and words[-1] in known.tables["manners"]:
        words = words[:-1]
    said = "".join(f"{word} " for word in words)
    for verb, sentence in known.sentences:
        match = sentence.fullmatch(said)
        if match is not None:
            who = _who(match.groupdict().get("who") or "", known.tables)
            written = re.search(r"\W+".join(map(re.escape, who.split())), text, re.IGNORECASE) if who else None
            return Recollect(verb, written[0] if written else who)
    return None


def _spoken(text: str, known: Talk) -> tuple[list[str], int]:
    """The words of a text behind its first manners, and how many of those there were."""
    words = plain(text, known.tables.get("apostrophe", ""))
    skipped = next((at for at, word in enumerate(words) if word not in known.tables["manners"]), len(words))
    return words[skipped:], skipped


def _kept(fact: str, known: Talk) -> str:
    """What is to be remembered, "" when it is none: "remember to call" is a thing to do."""
    while fact.split() and plain(fact.split()[0]) and plain(fact.split()[0])[0] in (*known.tables["manners"], "always"):
        fact = fact.partition(" ")[2]
    other = set(plain(fact)[:1]) & set(known.tables["not_first"])
    return fact if len(fact.split()) >= SHORTEST and len(fact) <= LONGEST and not other else ""


def _behind_colon(text: str, known: Talk, beginnings: Sequence[str]) -> str:
    """What follows a colon behind one of these beginnings ("Remember: ..."), "" where there is none."""
    head, _, rest = text.partition(":")
    words, _ = _spoken(head, known)
    return rest.strip() if rest[:1].isspace() and " ".join(words) in beginnings else ""


def states(text: str, language: str, people: Sequence[str]) -> bool:
    """Whether a sentence that is no order plainly states something worth keeping: "my dentist is at 3 on Thursday",
    "Anna loves tulips". One clause, of somebody's likes or of an appointment or name: small talk, and how things are
    just now, is no fact."""
    known = talk(language)
    if known is None or re.search(r"[?,;:!…]|\.\s+\S", text):
        return False
    words, _ = _spoken(text, known)
    said = "".join(f"{word} " for word in words)
    who = [*known.tables["own"], *(" ".join(plain(name)) for name in people)]
    slots = {"who": f"{any_of(who)}", "what": r"(?:\S+ ){1,3}?", "rest": r"(?:\S+ ){1,10}"}
    return 4 <= len(words) <= 16 and any(re.fullmatch(pattern(one, slots), said) for one in known.tables["states"])


DONE = {"en": r"\S{2,}ed ", "de": r"(?:\S*ge\S+|ver\S+)(?:t|en) ", "es": r"\S{2,}[ai]do ",
        "fr": r"\S{2,}(?:é|ée|i|u|is|it) ", "nl": r"(?:\S*ge\S+|ver\S+)(?:t|d|en) "}  # what is over, by its form


def fact(text: str, language: str, people: Sequence[str]) -> str:
    """Of whom or what a sentence plainly tells where it is, what it does or has ("the spare key is under the mat"): its
    subject; "" for any other sentence, such as an order, a wish, small talk, or how things are just now."""
    known = talk(language)
    table = known.tables.get("facts") if known else None
    if known is None or table is None or re.search(r"[?,;:!…\"“”„«»]|\.\s+\S", text):
        return ""
    words, _ = _spoken(text, known)
    if not 4 <= len(words) <= 18 or words[0] in (*known.tables["orders"], *known.tables["asking"]) or (
            set(words) & set(table["never"]) or words[-1] in table["never_last"]):
        return ""
    said = "".join(f"{word} " for word in words)
    who = [" ".join(plain(name)) for name in people]
    begins = f"(?:{any_of(table['begins'])}(?:\\S+ ){{1,3}}?|{any_of(who)})" if who else (
        f"{any_of(table['begins'])}(?:\\S+ ){{1,3}}?")
    slots = {"who": begins, "name": r"\S+ ", "placed": any_of(table["placed"]), "rest": r"(?:\S+ ){1,12}"}
    kin = f"(?:{any_of(table['begins'])}{any_of(table['kin'])}{'|' + any_of(who) if who else ''})"
    over = {**slots, "kin": kin, "done": DONE[language], "rest": r"(?:\S+ ){1,12}"}
    if any(re.fullmatch(pattern(one, over), said) for one in table["passing"]):
        return ""
    found = [match for one in table["sentences"] if (match := re.fullmatch(pattern(one, slots), said))]
    return next((value.strip() for match in found for value in match.groups() if value), "")


def asks(text: str, language: str) -> bool:
    """Whether this looks like a question that memory might answer: an asking word first, or a question mark."""
    known = talk(language)
    words = plain(text)
    return known is not None and len(words) > 2 and (text.rstrip().endswith("?") or words[0] in known.tables["asking"])


def wonders(text: str, language: str) -> bool:
    """Whether this is a question for what is known, and no order said as one ("could you ...?")."""
    known = talk(language)
    if known is None or not asks(text, language):
        return False
    first = plain(text)[0]
    return first in known.tables["asking"] or first not in known.tables["orders"]  # "when" begins both


def tells(text: str, language: str) -> bool:
    """Whether what was said tells something: no question, no order, nothing said to the memory."""
    known = talk(language)
    if known is None or "?" in text or asks(text, language) or read(text, language) is not None:
        return False
    words, _ = _spoken(text, known)
    return bool(words) and words[0] not in (*known.tables["orders"], *known.tables["asking"])


def forgets(text: str, language: str) -> str:
    """What is to be forgotten ("forget about the spare key", "forget that Tom likes sushi"), "" for anything else."""
    known = talk(language)
    if known is None or len(text) > LONGEST:
        return ""
    if what := _behind_colon(text, known, known.tables["forget"]):
        return what.rstrip(" .!?")
    words, skipped = _spoken(text, known)
    for beginning in sorted((tuple(one.split()) for one in known.tables["forget"]), key=len, reverse=True):
        if tuple(words[: len(beginning)]) == beginning:
            return _rest(text, skipped + len(beginning), known).rstrip(" .!?")
    return ""


def _who(said: str, tables: Mapping[str, Any]) -> str:
    words = said.split()
    while len(words) > 1 and words[0] in tables["articles"]:
        words = words[1:]
    return " ".join(words)


def _rest(text: str, count: int, known: Talk) -> str:
    """What follows the first so many words of a text, as it was written."""
    apostrophe = known.tables.get("apostrophe", "")
    spans = [found.span() for found in re.finditer(r"[\w'’´`%:]+", text)]
    seen = 0
    for start, end in spans:
        seen += len(plain(text[start:end], apostrophe))
        if seen >= count:
            return text[end:].strip(" ,;:–-").strip()
    return ""


def names(said: str, people: Sequence[str]) -> str:
    """A person's name as the house writes it, or the words as they are."""
    return next((one for one in people if one.casefold() == said.casefold()), said)
