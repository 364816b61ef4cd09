"""Whether what was found answers a question: rather no answer than another matter's, or somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dobby.memory import asked as asking
from dobby.memory.notes import Fact, slug
from dobby.memory.stemming import bare, listed, stems

ENOUGH = 0.8  # share of a question's words of content that an answer must hold to be given without being asked for
NEAR = 0.42  # likeness, without names, from which a fact answers in other words; of 46 questions 21 right, 4 amiss

_ASKED, _KINDS, _SAID, _LIKING = map(listed, ("asked", "kinds", "said", "liking"))
_LIGHT, _WEAK = listed("kinds", "light"), listed("kinds", "light", "weak")
_POSSESSIVE = re.compile(r"\b(my|mine|mein\w*|mijn|mi|mis|mon|ma|mes)\b")
_NAMES_OWN = re.compile(r"\b[^\W\d_a-zäöü]\w+['’]s\b|^\W*[A-ZÄÖÜ]\w+s [A-ZÄÖÜ]\w|"
                        r"\b(?:von|van|de) [A-ZÄÖÜ]\w|\bd['’][A-Z]")  # "Anna's birthday", in five languages
_WHEREABOUTS = re.compile(
    r"\W*(?:who|where|how|wer|wo|wie|waar|hoe|quién|dónde|cómo|qui|où|comment)(?:['’]s| is| ist| es| está| est|"
    r" geht es)\s+[\w-]+(?: (?:now|right now|today|jetzt|gerade|heute))?\W*", re.IGNORECASE)
_AGAINST = re.compile(
    r"\b(?:hat(?:es?|ed|ing)|dislik\w+|loath\w+|can(?:'|’)?t (?:stand|bear)|cannot (?:stand|bear)|hasst|hasse|hassen|"
    r"(?:mag|mögen) (?:\w+ )?(?:kein\w*|nicht)|haat|haten|hou\w* niet van|odi[ao]n?|déteste(?:nt)?|n['’ ]aime\w* pas|"
    r"(?:not|n['’]t|dont|doesnt|never|no longer) (?:really )?(?:like|love|enjoy|want)s?|no (?:me|te|le|les) gustan?)\b",
    re.IGNORECASE)
_FOR = re.compile(r"\b(?:favou?rite|lieblings\w*|lov(?:es?|ed|ing)|likes?|enjoys?|prefers?|liebt?|lieben|mag|mögen|"
                  r"hou\w* van|gustan?|encantan?|prefiere|aim(?:e|es|ent)|adorent?|adore|préfère)\b", re.IGNORECASE)


def leaning(text: str) -> str:
    """Whether somebody likes ("for") or dislikes ("against") something by these words, "" where neither is said."""
    return "against" if _AGAINST.search(text) else "for" if _FOR.search(text) else ""


def matter(question: str, people: Iterable[str] = ()) -> set[str]:
    """What a question is about: its words of content without the asking, the liking and the people."""
    named = set().union(*(stems(name) for name in people))
    return stems(question) - _ASKED - _LIKING - named


def answers(question: str, text: str, who: str, *, people: Sequence[str] = (), likeness: float = 0.0) -> bool:
    """Whether a text (about that person; "" = nobody of the house) answers a question: about the people it names, with
    its numbers and names, of the same liking, and by nearly all of its words, or by its meaning."""
    said = stems(f"{text} {who}")
    named = [name for name in people if stems(name) & stems(question)]
    if not all(stems(name) & said for name in named) or not _given(question) <= said:
        return False
    if _WHEREABOUTS.fullmatch(question):
        return False  # "where is Anna?" is no question for what she likes
    asked, told = leaning(question), leaning(text)
    if {asked, told} == {"for", "against"}:
        return False
    kind = asking.kind(question)
    if kind == "when" and not asking.holds(kind, text):
        return False  # when he comes is not answered by what he costs
    if likeness >= NEAR:
        return True
    wanted = matter(question, people)
    wanted = wanted - _LIGHT or wanted
    if asked != told and asked:
        return False  # "who likes the piano?" is not answered by who plays it
    if not wanted:
        return bool(asked and named)  # "what does Anna hate?"
    found = asking.covered(wanted, said)
    given = bool(named or _given(question))
    strong = {word for word in (found if given else wanted & said) if word not in _WEAK and not word.isdigit()}
    strong |= {kind} if given and kind == "colour" and asking.holds(kind, text) else set()
    return bool(strong) and len(found) / len(wanted) >= ENOUGH


def _given(question: str) -> set[str]:
    """Numbers and names in a question, which an answer must hold."""
    words = re.findall(r"[\w'’]+", question)
    return {one for at, word in enumerate(words) if word.isdigit() or (at and word[0].isupper())
            for one in stems(word)} - _ASKED - _KINDS


def somebody_elses(question: str, fact: Fact, asker: str, people: Sequence[str] = ()) -> bool:
    """Whether a question for one's own ("my dentist") would be answered by what is another person's."""
    if _POSSESSIVE.search(question.casefold()) is None:
        return False
    if any(stems(name) & stems(question) and stems(name) & stems(f"{fact.text} {fact.subject}") for name in people):
        return False
    own = fact.subject == f"people/{slug(asker)}"
    return (fact.subject.startswith("people/") and not own) or (_NAMES_OWN.search(fact.text) is not None
                                                               and not stems(asker) & stems(fact.text))


def repeats(text: str, past: Iterable[Fact]) -> bool:
    """Whether what was said once is a fact that holds no longer."""
    said = stems(text)
    return any(fact.until and (words := stems(fact.text)) and len(words & said) / len(words) >= ENOUGH for fact in past)


def fitting(what: str, facts: Iterable[Fact], asker: str) -> list[Fact]:
    """The facts that hold and that somebody means by words of theirs ("the spare key", "Tom likes sushi"): the very
    same, else all that hold all of the words."""
    holding = [fact for fact in facts if not fact.until and not somebody_elses(what, fact, asker)]
    same = [fact for fact in holding if bare(fact.text) == bare(what)]
    words = stems(what) - _ASKED - _SAID
    return same or [fact for fact in holding if words and leaning(what) in ("", leaning(fact.text))
                    and words <= stems(f"{fact.text} {fact.subject.partition('/')[2]}")]
