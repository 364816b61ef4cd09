"""How a sentence opens: manners put aside, a question told from an order, words to Dobby himself found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dobby.agent.grammar import Grammar
from dobby.agent.meaning import Control, Verb
from dobby.agent.names import LONGEST, Names
from dobby.agent.text import Token

_VERBS: Mapping[str, Verb] = {"undo": "undo", "stop": "stop", "help": "help", "why": "why", "again": "again"}


LONGEST_THING = 4  # words of what is to be let in
_LEFT_OUT = 6  # words of an exception at most


@dataclass(frozen=True, slots=True)
class Opening:
    """What is left to read once manners are put aside."""

    said: tuple[Token, ...]
    question: bool = False
    doubtful: bool = False  # "can you ...?" without a please: asked back before anything is done
    follows: bool = False
    polite: bool = False  # with a please
    wants: bool = False  # "I would like ...": what has no deed of its own is to be on
    control: Control | None = None
    skill: str = ""


def opening(said: Sequence[Token], text: str, grammar: Grammar, names: Names, phrases: Mapping[str, str]) -> Opening:
    """Put manners aside and say what sort of sentence is left."""
    marked = "?" in text
    begins, said = _trim(said), _trim(said)
    kind = False
    doubtful = wants = False
    follow: tuple[str, ...] = ()
    while True:
        if found := _whole(said, grammar, phrases):
            return found
        follow = _begins(said, grammar.follow)
        if _asks(said[len(follow) :], grammar):
            return Opening(tuple(said), question=True)
        prefix = _prefix(said, grammar, names)
        if not prefix:
            break
        kind = kind or (prefix not in grammar.doubtful and prefix in grammar.modal)
        doubtful = doubtful or prefix in grammar.doubtful
        wants = wants or prefix in grammar.want
        said = _trim(said[len(prefix) :])
    if marked and not (kind or doubtful or follow):
        return Opening(tuple(begins), question=True)
    polite = any(token.text in grammar.please for token in begins)
    if follow:
        return Opening(tuple(_trim(said[len(follow) :])), follows=True, question=False)
    said = _left_out(said, grammar)
    follows = any(_ends_with(said, phrase) for phrase in grammar.also)
    return Opening(tuple(said), doubtful=doubtful and marked and not polite, wants=wants, polite=polite,
                   follows=follows)


def _ends_with(said: Sequence[Token], phrase: tuple[str, ...]) -> bool:
    return len(said) > len(phrase) and tuple(token.text for token in said[-len(phrase) :]) == phrase


def _left_out(said: Sequence[Token], grammar: Grammar) -> Sequence[Token]:
    """ "alles aus, nur die Lampe nicht" with the exception in the order that other words for it have."""
    for opens, closes in grammar.around:
        first, last = tuple(opens.split()), tuple(closes.split())
        for at in range(len(said) - len(first) - len(last) - 1, 1, -1):
            between = said[at + len(first) : -len(last)]
            starts = tuple(token.text for token in said[at : at + len(first)]) == first
            if starts and _ends_with(said, last) and 0 < len(between) <= _LEFT_OUT:
                return (*said[:at], Token(grammar.but, grammar.but), *between)
    return said


def _trim(said: Sequence[Token]) -> Sequence[Token]:
    start, end = 0, len(said)
    while start < end and said[start].text == ",":
        start += 1
    while end > start and said[end - 1].text == ",":
        end -= 1
    return said[start:end]


def _begins(said: Sequence[Token], phrases: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest of these phrases that a sentence begins with, something following it."""
    for phrase in phrases:
        if len(said) > len(phrase) and tuple(token.text for token in said[: len(phrase)]) == phrase:
            return phrase
    return ()


def _believed(words: list[str], grammar: Grammar) -> str:
    """What is to be looked for in "I think I have Sonos at home, can you find it?", "" for any other sentence."""
    while words and (words[-1] in grammar.please or words[-1] in grammar.closing):
        words = words[:-1]
    start = next((len(p) for p in grammar.belief["have"] if tuple(words[: len(p)]) == p), 0)
    end = next((len(p) for p in grammar.belief["find"] if tuple(words[-len(p) :]) == p), 0)
    what = words[start : len(words) - end] if start and end else []
    while tail := next((len(p) for p in grammar.belief["around"] if tuple(what[-len(p) :]) == p), 0):
        what = what[:-tail]
    return " ".join(what) if len(what) <= 4 else ""


def connecting(said: Sequence[Token], grammar: Grammar) -> str:
    """What is to be let into the home in "connect the Sonos", "let the Hue in"; "" for any other sentence."""
    words = [token.text for token in said if token.text != "," and token.text not in grammar.please]
    for head, tail in grammar.connect:
        end = len(words) - len(tail)
        what = words[len(head) : end]
        if tuple(words[: len(head)]) != head or tuple(words[end:]) != tail or set(what) & set(grammar.ands):
            continue
        while around := next((len(p) for p in grammar.belief["around"] if tuple(what[-len(p) :]) == p), 0):
            what = what[:-around]
        if 0 < len(what) <= LONGEST_THING:
            return " ".join(what)
    return ""


def _prefix(said: Sequence[Token], grammar: Grammar, names: Names) -> tuple[str, ...]:
    prefix = _begins(said, grammar.prefixes)
    for size in range(min(LONGEST, len(said)), len(prefix), -1):
        if names.at("".join(token.text for token in said[:size])):
            return ()
    return prefix


def _asks(said: Sequence[Token], grammar: Grammar) -> bool:
    """Whether a question word opens it, unless that is the start of a longer phrase: "can we have"."""
    opens = [" ".join(token.text for token in said[:size]) for size in range(1, min(len(said), grammar.longest) + 1)]
    asking = max((size for size, phrase in enumerate(opens) if phrase in grammar.questions), default=-1)
    longer = any(phrase in grammar.words for phrase in opens[asking + 1 :])
    return asking >= 0 and not longer and len(_begins(said, grammar.prefixes)) <= asking + 1


def _whole(said: Sequence[Token], grammar: Grammar, phrases: Mapping[str, str]) -> Opening | None:
    """A sentence that is a skill's phrase or a word to Dobby as a whole; courtesy at its end is put aside."""
    words = [token.text for token in said if token.text != ","]
    while words:
        bare = [word for word in words if word not in grammar.please]
        if skill := phrases.get("".join(words)) or phrases.get("".join(bare)):
            return Opening(tuple(said), skill=skill)
        verb = grammar.control.get(" ".join(words)) or grammar.control.get(" ".join(bare))
        if verb == "network":
            return Opening(tuple(said), control=Control("find"))
        if verb is not None and verb in _VERBS:
            return Opening(tuple(said), control=Control(_VERBS[verb]))
        if not (words[-1] in grammar.please or words[-1] == "dobby" or words[-1] in grammar.closing):
            break
        words = words[:-1]
    if what := _believed([token.text for token in said if token.text != ","], grammar):
        return Opening(tuple(said), control=Control("find", what, supposed=True))
    find = _begins(said, grammar.find)
    if find:
        rest = [token.typed for token in said[len(find) :] if token.text != "," and token.text not in grammar.please]
        never = any(bit.type == "never" for word in rest for bit in grammar.phrase([word.casefold()]))
        if 0 < len(rest) <= 4 and not never:
            return Opening(tuple(said), control=Control("find", " ".join(rest).casefold()))
    return None
