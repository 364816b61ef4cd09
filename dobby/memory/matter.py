"""What a fact is about, by its words: enough to tell that a newer fact replaces an older one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dobby.memory.claims import corrects
from dobby.memory.notes import Fact
from dobby.memory.stemming import flat, listed, stem, stems
from dobby.memory.tables import words

_CHANGE = re.compile(rf"\b(?:{'|'.join(words('change'))})\b", re.IGNORECASE)
_SAYS_CHANGE = listed("change")
_FAINT = listed("faint")  # likings and looks, which make no matter by themselves
_ENDS = re.compile(rf"\b(?:{'|'.join(words('ends'))})\b", re.IGNORECASE)


def replaced(text: str, subject: str, facts: Iterable[Fact], names: Iterable[str]) -> list[str]:
    """Ids of older facts that a new one replaces: of the same person, or of the home and its rooms, for a thing may
    move from one room to another. Rather too few than too many: what is replaced wrongly is lost to people. Either the
    new one corrects the older (claims.py), or it says itself that something changed, about the same matter. Whom they
    are about is no matter. names: of people and rooms."""
    names = tuple(names)
    own = set().union(*(stems(name) for name in names)) if names else set()
    changes, known = _CHANGE.search(text) is not None, frozenset(own)
    return [fact.id for fact in facts if _beside(fact, subject) and not fact.until and (
        corrects(text, fact.text, known)
        or (changes and _same_matter(text, fact.text, own) and not _elsewhere(text, fact.text, names)))]


def _beside(fact: Fact, subject: str) -> bool:
    """Whether a fact stands in this file, or in another that may speak of the same thing: not of a person, and not a
    line of a room that only its file names."""
    folder, _, room = fact.subject.partition("/")
    return fact.subject == subject or (folder != "people" and not subject.startswith("people/")
                                       and room.replace("-", " ") in fact.text.casefold())


def _same_matter(new: str, old: str, own: set[str]) -> bool:
    """Whether two facts about the same one share more than that: words that are no mere liking, or the relation."""
    (thing, who), (theirs, whom) = _first(new, own), _first(old, own)
    said, before = stems(new) - own, stems(old) - own
    if (thing and thing not in before) or (theirs and theirs not in said) or _numbered(new) != _numbered(old):
        return False
    said, before = said - who - whom - _SAYS_CHANGE, before - who - whom - _SAYS_CHANGE
    common = said & before
    if bool(thing) != bool(theirs):  # "Leo's piano lesson is", "Leo has piano": of one it is the thing itself
        common |= {thing or theirs}
    if not common - _FAINT or (_ENDS.search(new) and len(common) < min(2, len(said))):
        return False  # "no longer eats meat" ends no "eats fish"
    return len(common) / max(1, min(len(said), len(before))) >= 1 / 3


def _numbered(text: str) -> list[str]:
    """The number of the thing that a sentence is about: "box 5", "Kiste Nummer 5"."""
    return re.findall(r"\d+", " ".join(text.split()[:4]))[:1] if re.match(r"(?:\S+ ){1,3}\d", text) else []


def _elsewhere(new: str, old: str, names: Iterable[str]) -> bool:
    """Whether each names a room or a person that the other does not."""
    here, there = ({name for name in names if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)}
                   for text in (new, old))
    return bool(here - there and there - here)


def _first(text: str, own: set[str]) -> tuple[str, set[str]]:
    """The stem of the thing that a sentence is about, "" where it is about a person of the house; and all stems that
    only say whom or what it is about: the first word of content and the names that follow it."""
    spoken = re.findall(r"[\w']+", text)
    said = stems(text)
    at = next((at for at, word in enumerate(spoken) if stems(word) and stem(flat(word)) in said), len(spoken))
    before = spoken[:at] or spoken[:1]
    if any(flat(word) in ("i", "she", "he", "they", "we", "ich", "er", "sie", "wir", "ik", "yo", "je")
           for word in before):
        return "", set()
    who: set[str] = set()
    for place, word in enumerate(spoken[at:], at):
        if who and not (word[0].isupper() or spoken[place - 1].endswith("'s")):
            break
        if _CHANGE.fullmatch(word) or not stems(word):
            break
        who.add(stem(flat(word)))
        if spoken[place - 1].endswith("'s") and place > at:  # "Tom's wife": it is about her
            return stem(flat(word)), who
    first = stem(flat(spoken[at])) if at < len(spoken) else ""
    return ("" if first in own else first), who
