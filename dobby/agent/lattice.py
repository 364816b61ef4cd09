"""From words to slots: each stretch of a sentence with everything it can mean, longest stretch first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from dobby.agent.grammar import Bit, Grammar, correctable
from dobby.agent.names import LONGEST, Names, split
from dobby.agent.text import Token, fold

Slot = tuple[Bit, ...]
_ORDER_ONLY = frozenset({"ask", "state"})


_READINGS = 192  # ways to read one sentence that are tried at most
_MUTE = frozenset({"never", "unknown"})


@dataclass(frozen=True, slots=True)
class Lattice:
    """The slots of a sentence and the typing mistakes that were put right (typed, meant)."""

    slots: tuple[Slot, ...]
    corrected: tuple[tuple[str, str], ...] = ()


def lattice(said: Sequence[Token], grammar: Grammar, names: Names, *, question: bool = False) -> Lattice:
    """Cut a sentence into slots; a word that means nothing is put right if exactly one known word is near."""
    said, corrected = _correct(list(said), grammar, names, question)
    slots: list[Slot] = []
    playing = any(bit.type == "act" and bit.value == "play" for start in range(len(said)) for size in (1, 2)
                  for bit in _grown(said[start : start + size], grammar))
    named = [_named(said, at, names, grammar, playing) for at in range(len(said))]
    at = 0
    while at < len(said):
        size, bits = _slot(said, at, grammar, question, named, names)
        if size == 1 and (particle := grammar.final.get(said[at].text)) and _ends(said, at + 1, grammar):
            bits = [particle]
        text = " ".join(token.typed for token in said[at : at + size])
        slots.append(tuple(Bit(bit.type, bit.value, bit.how, text) for bit in bits))
        at += size
    return Lattice(_pruned(slots, grammar.beside), corrected)


_RELATIONS = frozenset({"in", "to", "at", "by", "till"})
_NOT_A_NAME = frozenset({"never", "place", "thing", "number", "level", "white", "color", "little", "lot"})
_NOT_A_PLACE = frozenset({"and", "be", "except", "leave", "act"})
_VALUES = frozenset({"number", "level", "color", "white"})


def _pruned(slots: Sequence[Slot], beside: frozenset[str]) -> tuple[Slot, ...]:
    """Drop what a word cannot mean where it stands: a preposition needs something after it, "to" a value or a place;
    "back" in front of a noun tells one thing from another and is no mere "again"."""
    done: list[Slot] = []
    for at, slot in enumerate(slots):
        after = slots[at + 1] if at + 1 < len(slots) else ()
        types = {bit.type for bit in slot}
        if slot[0].typed.casefold() in beside and any(bit.type in ("kind", "thing", "place") for bit in after):
            slot = (Bit("unknown", slot[0].typed, "", slot[0].typed),)
        if len(slot) > 1 and types & _RELATIONS:
            if not after or all(bit.type in _NOT_A_PLACE for bit in after):
                slot = tuple(bit for bit in slot if bit.type not in _RELATIONS) or slot
            elif "to" in types and any(bit.type in _VALUES for bit in after):
                slot = tuple(bit for bit in slot if bit.type == "to")
            elif "to" in types and types & {"in", "filler"}:
                slot = tuple(bit for bit in slot if bit.type != "to")
        done.append(slot)
    return tuple(done)


def _ends(said: Sequence[Token], at: int, grammar: Grammar) -> bool:
    """Whether a clause ends here: nothing more, an "and", or only a courtesy."""
    return at >= len(said) or any(bit.type == "and" for bit in grammar.phrase((said[at].text,))) \
        or said[at].text in grammar.please


def _lexical(said: Sequence[Token], grammar: Grammar, question: bool) -> tuple[Bit, ...]:
    if grammar.accented and any(_otherwise(token, grammar) for token in said):
        return ()
    phrase = " ".join(token.text for token in said)
    bits = grammar.words.get(phrase, ())
    if question:
        return (*bits, *grammar.ask.get(phrase, ()))
    return tuple(bit for bit in bits if bit.type not in _ORDER_ONLY)


def _named(said: Sequence[Token], at: int, names: Names, grammar: Grammar, playing: bool) -> tuple[int, list[Bit]]:
    """The longest name that starts here, and what it can mean."""
    for size in range(min(LONGEST, len(said) - at), 0, -1):
        if said[at].text == "," or said[at + size - 1].text == ",":
            continue
        joined = "".join(token.text for token in said[at : at + size])
        bits = list(names.at(joined))
        if joined in names.titles and (playing or (not bits and _distinct(said[at : at + size], grammar))):
            bits.append(Bit("title", joined))
        if joined in names.effects:
            bits.append(Bit("effect", joined))
        if bits:
            return size, bits
    return 0, []


def _distinct(said: Sequence[Token], grammar: Grammar) -> bool:
    """Whether words are a title even where nobody said "play": they hold a word that no order has, or a number."""
    if len(said) == 1:
        return said[0].text not in grammar.parts
    meant = [grammar.phrase((token.text,)) for token in said]
    return any(not bits or any(bit.type in ("number", "one") for bit in bits) for bits in meant)


def _grown(said: Sequence[Token], grammar: Grammar) -> tuple[Bit, ...]:
    """What words mean, a verb with a pronoun grown on included."""
    bits = grammar.phrase(token.text for token in said)
    return bits or (tuple(bit for bit in _clitic(said[0], grammar, False)) if len(said) == 1 else ())


def _slot(said: Sequence[Token], at: int, grammar: Grammar, question: bool,
          named: Sequence[tuple[int, list[Bit]]], names: Names) -> tuple[int, Sequence[Bit]]:
    """The longest stretch from here that means something, and what; a name wins over a phrase that would cut it."""
    size, called = named[at]
    for length in range(min(grammar.longest, len(said) - at), max(size, 1) - 1, -1):
        within = (later for later in range(at + 1, at + length) if named[later][0])
        if any(_cut(said, at, later, length, named, grammar) for later in within):
            continue
        bits = _lexical(said[at : at + length], grammar, question)
        if not bits:
            continue
        if length > size or (length == 1 and any(bit.type == "never" and bit.how == "hard" for bit in bits)):
            return length, bits
        if any(bit.how == "full" or bit.type in ("room", "floor", "title", "effect") for bit in called):
            bits = tuple(bit for bit in bits if bit.type not in _NOT_A_NAME)
        return size, [*called, *bits]
    if size:
        return size, called
    return 1, _lone(said[at], grammar, names, question)


def _cut(said: Sequence[Token], at: int, later: int, length: int, named: Sequence[tuple[int, list[Bit]]],
         grammar: Grammar) -> bool:
    """Whether a phrase from `at` would cut a name that starts within it, or swallow one after mere articles."""
    end = later + named[later][0]
    if end > at + length:
        return True
    whole = any(bit.how == "full" or bit.type == "room" for bit in named[later][1])
    small = all(any(bit.type == "filler" for bit in grammar.phrase((token.text,))) for token in said[at:later])
    return end == at + length and whole and small


def _otherwise(token: Token, grammar: Grammar) -> bool:
    """Whether an accent that was typed makes it another word than the one in the lists."""
    spelled = token.typed.casefold()
    return spelled != token.text and spelled not in grammar.accented and fold(spelled) == token.text


def _lone(token: Token, grammar: Grammar, names: Names, question: bool) -> Sequence[Bit]:
    """What a single word outside the lists can mean: a number, a compound, a verb with a pronoun grown on."""
    word = token.text
    try:
        return [Bit("number", float(word.replace(",", ".")))]
    except ValueError:
        pass
    if compound := _compound(word, grammar, names):
        return compound
    return _clitic(token, grammar, question) or [Bit("unknown", word)]


def _clitic(token: Token, grammar: Grammar, question: bool) -> list[Bit]:
    for clitic in grammar.clitics:
        if token.text.endswith(clitic):
            alone = Token(token.text[: -len(clitic)], token.text[: -len(clitic)])
            stem = [bit for bit in _lexical([alone], grammar, question) if bit.type in ("act", "carrier")]
            if stem:
                return stem
    return []


def _compound(word: str, grammar: Grammar, names: Names) -> list[Bit]:
    for stem, kind in split(word, grammar):
        rooms = [bit for bit in names.at(stem) if bit.type == "room"]
        if rooms:
            return [Bit("place kind", (bit.value, kind.value), kind.how) for bit in rooms]
        fits = [bit for bit in names.at(stem) if bit.type == "device" and bit.how in ("full", "kind")]
        if fits:
            return [Bit("named kind", (bit.value, kind.value), bit.how) for bit in fits]
        if any(bit.type == "place" for bit in grammar.words.get(stem, ())):
            return [Bit("absent kind", (stem, kind.value), kind.how)]
    return []


def _correct(said: list[Token], grammar: Grammar, names: Names,
             question: bool) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
    corrected: list[tuple[str, str]] = []
    for at, token in enumerate(said):
        if not token.text.isalpha() or _known(said, at, grammar, names, question):
            continue
        meant = _meant(token.text, grammar, names)
        if meant:
            corrected.append((token.typed, names.written.get(meant, meant)))
            said[at] = Token(meant, names.written.get(meant, meant))
    return said, tuple(corrected)


def _known(said: Sequence[Token], at: int, grammar: Grammar, names: Names, question: bool) -> bool:
    """Whether a word is known by itself, or as a part of a phrase or of a name as it stands."""
    word = said[at].text
    if any(word in words for words in (grammar.parts, grammar.known, names.heard, names.found, names.titles)):
        return True
    return _lone(said[at], grammar, names, question)[0].type != "unknown"


def _meant(word: str, grammar: Grammar, names: Names) -> str:
    """The one known word that is near, "" where there is none or more than one."""
    near = dict(names.spelling.near(word)) | dict(grammar.spelling.near(word))
    if not near:
        return ""
    lexical = {known: grammar.words.get(known, ()) for known in near if known not in names.heard}
    if len(near) == len(lexical) > 1:
        senses = {tuple((bit.type, bit.value) for bit in bits) for bits in lexical.values()}
        nearest = min(near.values())
        first = [known for known, apart in near.items() if apart == nearest]
        return first[0] if len(senses) == 1 and correctable(first[0], lexical[first[0]]) else ""
    if len(near) > 1:
        return ""
    only = next(iter(near))
    return only if only in names.heard or correctable(only, grammar.words.get(only, ())) else ""


def readings(slots: Sequence[Slot]) -> list[tuple[Bit, ...]]:
    """Every way to read the slots; none where a word means nothing or there are too many to be sure."""
    able = [tuple(bit for bit in slot if bit.type not in _MUTE) for slot in slots]
    if not all(able) or math.prod(len(slot) for slot in able) > _READINGS:
        return []
    return list(itertools.product(*able))
