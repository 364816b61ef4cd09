"""What a fact claims, as far as rules can tell: enough to know that a newer one corrects an older one although it says
no "now" and no "no longer". By a table a language (languages/<xx>/matters.toml); a fact is read in each of them.

A newer fact corrects an older one
- when both say the same with the opposite sign: "Kim hates jazz", "Kim loves jazz";
- when both say the same with another time, day, date or amount: "school starts at 8", "school begins at half past
  eight", for what happens once a day or week (a person may do the same thing on two days);
- when both say what one has one of at a time: where one lives, what one drives, a birthday, where a thing is.
Where both may be true, both stand: whatever is retired wrongly is lost to people. Not covered: what needs knowledge of
the world ("owns a Skoda", "drives a Fiat").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from dobby.memory.stemming import flat, listed, stem, stems
from dobby.memory.tables import any_of, tables, words


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language's table, compiled. one: by the name of a matter of which there is one at a time."""

    negation: re.Pattern[str]
    dropped: re.Pattern[str]
    too: re.Pattern[str]
    likes: re.Pattern[str]
    hates: re.Pattern[str]
    unclear: re.Pattern[str]
    person: re.Pattern[str]
    values: Mapping[str, re.Pattern[str]]
    being: re.Pattern[str]
    place: re.Pattern[str]
    named: re.Pattern[str]
    several: re.Pattern[str]
    opposite: frozenset[frozenset[str]]
    single: re.Pattern[str]
    roles: re.Pattern[str]
    routines: frozenset[str]
    edges: frozenset[str]
    makes: re.Pattern[str]
    naming: str
    definite: tuple[str, ...]
    same: tuple[tuple[str, re.Pattern[str]], ...]
    one: Mapping[str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact, read. sign: -1 for what is denied or disliked; bag: its words of content without the values;
    values: times ("clock"), "days", "date" and "amount" in it; said: the sentence as rules see it."""

    said: str
    text: str
    sign: int
    liking: bool
    bag: frozenset[str]
    values: Mapping[str, frozenset[str]]
    person: bool


@cache
def grammars() -> tuple[Grammar, ...]:
    """Of all languages of the house."""
    return tuple(_compiled(table) for table in tables().values())


def _compiled(table: Mapping[str, Any]) -> Grammar:
    number = rf"(?:\d{{1,2}}|{'|'.join(table['numbers'])})"
    month = rf"(?:{'|'.join(table['months'])})"
    values = {"date": any_of(one.replace("{month}", month) for one in table["date"]),
              "clock": any_of(one.replace("{n}", number) for one in table["clock"]), "days": any_of(table["days"]),
              "amount": re.compile(rf"(?<!\S)\d+(?:[.,]\d+)? ?(?:°|%|{'|'.join(table['units'])})(?!\S)")}
    same = tuple((name, any_of(forms)) for name, forms in table["same"].items())
    one = {name: re.compile(rf"(?<!\S){form}(?!\w)") for name, form in table["one"].items()}
    return Grammar(any_of(table["not"]), any_of(table["dropped"]), any_of(table["too"]), any_of(table["for"]),
                   any_of(table["against"]), any_of(table["unclear"]), re.compile(table["person"]), values,
                   any_of(table["is"]), re.compile(rf"(?:{'|'.join(table['place'])})(?!\S)"), any_of(table["title"]),
                   re.compile(rf"(?:.*\s)?(?:{'|'.join(words('several'))})"),  # "is" is Dutch too
                   frozenset(frozenset(map(stem, pair.split())) for pair in table["opposite"]),
                   re.compile(rf"(?:.*\s)?(?:{'|'.join(table['single'])})"),
                   re.compile(rf"(?:.*\s)?(?:{'|'.join(table['roles'])})"),
                   frozenset(stem(one) for one in table["routines"]), frozenset(table["edges"]),
                   re.compile(rf"(?:.*\s)?(?:{'|'.join(table['makes'])})"), table["naming"],
                   tuple(f"{article} " for article in table["definite"]), same, one)


def plain(text: str) -> str:
    """A sentence in small letters without accents and signs: "Tom's" is two words, "can't" is "cant"."""
    said = re.sub(r"n't\b", "nt", flat(text.replace("’", "'")))
    return " ".join(re.findall(r"'s|\w+(?:[:.,/]\w+)*|[°%]", re.sub(r"'s\b", " 's", said)))


@lru_cache(4096)
def read(text: str, grammar: int, own: frozenset[str] = frozenset()) -> Claim:
    """A fact in the words of one language. own: stems of the names of the house."""
    g, said = grammars()[grammar], plain(text)
    hates = g.hates.search(said) is not None
    said = g.hates.sub("+", said)
    said, denied = g.negation.subn(" ", said)
    liking = hates or g.likes.search(said) is not None
    said = " ".join(g.dropped.sub(" ", g.likes.sub("+", said)).split())
    for name, forms in g.same:
        said = forms.sub(name, said)
    rest, values = said, {}
    for kind, value in g.values.items():
        values[kind] = frozenset(_bare(one) for one in value.findall(rest))
        rest = value.sub(" ", rest)
    person = g.person.match(text) is not None or (
        stem(flat(text.split()[0])) in own and not text.split()[0].endswith("s") if text.split() else False)
    return Claim(" ".join(said.split()), text, -1 if hates != bool(denied % 2) else 1, liking,
                 frozenset(stems(rest)), values, person)


def _bare(value: str) -> str:
    return " ".join(sorted(stem(word) for word in re.findall(r"\w+(?::\w+)?", value)))


def corrects(new: str, old: str, own: frozenset[str] = frozenset()) -> bool:
    """Whether the newer of two facts of one subject makes the older one untrue, in any language of the house."""
    return any(_corrects(g, read(new, at, own), read(old, at, own)) for at, g in enumerate(grammars()))


def _corrects(g: Grammar, new: Claim, old: Claim) -> bool:
    if g.unclear.match(new.said) or g.unclear.match(old.said):
        return False
    if new.sign != old.sign:
        return bool(new.bag) and new.bag == old.bag and new.values == old.values and new.liking == old.liking
    if g.too.search(new.said) or new.sign < 0:
        return False
    return _other_value(g, new, old) or _opposite(g, new, old) or _other_of_one(g, new, old) or _is_else(g, new, old)


def _other_value(g: Grammar, new: Claim, old: Claim) -> bool:
    """The same words with another time, day, date or amount."""
    if new.bag != old.bag or not new.bag or any(bool(new.values[kind]) != bool(old.values[kind]) for kind in g.values):
        return False
    if set(new.said.split()) & g.edges != set(old.said.split()) & g.edges:
        return False  # from six, and until ten
    other = {kind for kind in g.values if new.values[kind] != old.values[kind]}
    if "amount" in other or "date" in other:
        return len(other) == 1 and _units(new) == _units(old)
    if new.person or old.person:
        return other == {"clock"} and bool(new.bag & g.routines)
    return bool(other)


def _opposite(g: Grammar, new: Claim, old: Claim) -> bool:
    """The same words but for one, which is the opposite: soft and hard, left and right."""
    mine, yours = (frozenset(map(stem, claim.said.split())) for claim in (new, old))
    return mine ^ yours in g.opposite and len(mine - yours) == 1


def _units(claim: Claim) -> set[str]:
    return {" ".join(re.findall(r"[^\W\d]\w*|[°%]", one)) for one in claim.values["amount"]}


def _other_of_one(g: Grammar, new: Claim, old: Claim) -> bool:
    """What somebody has one of at a time, said of the same one under the same circumstances."""
    for matter in g.one.values():
        one, two = matter.search(new.said), matter.search(old.said)
        if (one and two and _head(new.said[: one.start()]) == _head(old.said[: two.start()])
                and one.groupdict() == two.groupdict() and new.values["days"] == old.values["days"]):
            mine, yours = new.said[one.end():].split(), old.said[two.end():].split()
            with_both = bool(one.groupdict()) and mine[:1] == yours[:1]  # with milk, and with sugar
            within = all(one == two for one, two in zip(mine, yours, strict=False))  # in Utrecht, and there with Kim
            return bool(mine and yours) and not within and not with_both
    return False


def _is_else(g: Grammar, new: Claim, old: Claim) -> bool:
    """A thing of which there is one is something else, or somewhere else."""
    one, two = g.being.search(new.said), g.being.search(old.said)
    if one is None or two is None or len({said[0].replace(g.naming, g.naming.split()[0]) for said in (one, two)}) > 1:
        return False
    head, theirs = new.said[: one.start()].strip(), old.said[: two.start()].strip()
    if not stems(head) or _head(head) != _head(theirs) or new.values["days"] != old.values["days"]:
        return False
    mine, yours = (_kind(g, claim, said.end()) for claim, said in ((new, one), (old, two)))
    if new.said[one.end():] == old.said[two.end():]:
        return False
    if g.single.fullmatch(head):
        return _OTHER.get(mine, mine) == _OTHER.get(yours, yours)
    if mine != yours:
        return False
    if g.several.fullmatch(head):
        return mine == "name" and one[0] == two[0] == g.naming and head.startswith(g.definite)
    if mine == "make":
        return g.makes.fullmatch(head) is not None
    if mine == "colour":
        return one[0] in ("is", *_SINGULAR) and (" 's " in head or not new.person) and len(head.split()) > 1
    if g.roles.fullmatch(head) or mine in ("name", "number"):
        return mine != "other"
    return mine == "place" and one[0] in ("is", *_SINGULAR) and not new.person and len(head.split()) > 1


_OTHER = {"colour": "other", "make": "other"}  # of a password it is no matter
_SINGULAR = ("ist", "es", "esta", "est")


def _kind(g: Grammar, claim: Claim, at: int) -> str:
    """What a thing is said to be: of which kind the words after "is" are."""
    value = claim.said[at:].strip()
    if any(claim.values[kind] for kind in ("clock", "date", "amount")):
        return "value"
    if g.place.match(value):
        return "place"
    if value[:1].isdigit():
        return "number"
    if g.named.match(value):
        return "name"
    if (shades := stems(value)) and shades <= COLOURS:
        return "colour"
    word, _, after = value.partition(" ")
    if word in _A and after and " " not in after and after not in _SORTS and _capital(after, claim.text):
        return "make"
    return "name" if word and _capital(word, claim.text) else "other"


COLOURS = listed("colours")
_A, _SORTS = frozenset(words("a")), frozenset(words("sorts"))


def _capital(word: str, text: str) -> bool:
    """Whether a word, in small letters here, has a capital in the text."""
    return any(flat(one) == word and one[:1].isupper() for one in re.findall(r"\w+", text))


def _head(said: str) -> tuple[frozenset[str], bool]:
    """Whom or what a sentence is about."""
    return frozenset(stems(said.replace(" 's", " ")) or said.split()), " 's" in f" {said} "
