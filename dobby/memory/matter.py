"""What a fact is about, by its words: enough to tell that a newer fact replaces an older one, and what is a preference.

Words of no content are left out, the rest are cut to a stem, in the languages of the house alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from dobby.memory.notes import Fact

_STOP = frozenset((resources.files("dobby") / "memory" / "stopwords.txt").read_text("utf-8").split())
_CHANGE = re.compile(r"\b(no longer|any ?more|now|instead|these days|from now on|since|new|changed|"
                     r"moved|switched|stopped|nicht mehr|jetzt|neuerdings|stattdessen|niet meer|nu|voortaan|ya no|"
                     r"ahora|ne .* plus|"
                     r"maintenant|désormais)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(birthday|anniversary|phone|password|address|favou?rite \w+|dentist|doctor|"
                        r"appointment|name|school|job|car|size|age|code|colou?r|geburtstag|lieblings\w+|verjaardag|"
                        r"cumpleaños|anniversaire)\b", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|ist|sind|war|is now|es|son|est|sont|comes|come|goes|kommt|komt|vient|viene)\b",
                   re.IGNORECASE)
_WHEN = re.compile(r"\s*(?:now )?(?:at|on|um|am|op|om|a las|el|à|le)\b", re.IGNORECASE)
_NOW = frozenset(("now", "jetzt", "nu", "ahora", "maintenant", "neuerdings", "instead", "stattdessen"))
_SAYS_CHANGE = frozenset(("new", "chang", "mov", "switch", "stopp", "instead", "anymor", "day", "long", "neuerding",
                          "jetzt", "stattdessen", "mehr", "voortaan", "meer", "nu", "ahora", "maintenant", "desormai",
                          "plu"))
_FAINT = frozenset((  # likings and looks, which make no matter by themselves
    "hat", "lov", "lik", "dislik", "prefer", "want", "enjoy", "mag", "lieb", "hass", "haat", "odia",
    "prefier", "adora", "ador", "detest", "aim", "houdt", "van", "stand", "bear", "allerg",
    "allergic", "allergisch", "alergico", "alergica", "allergiqu", "kein", "no", "red", "blu",
    "green", "yellow", "black", "whit", "grey", "brown", "big", "small", "old", "rot", "blau", "grun",
    "gelb", "schwarz", "weis", "gros", "klein", "alt", "rood", "blauw", "rojo", "azul", "verd",
    "roug", "bleu", "vert"))
_DAYS = ("mon|tues|wednes|thurs|fri|satur|sun", "(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend",
         "maan|dins|woens|donder|vrij|zater|zon", "lunes|martes|miércoles|jueves|viernes|sábados?|domingos?",
         "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche")
_DAY = re.compile(rf"\b(?:(?:{_DAYS[0]})days?|(?:{_DAYS[1]})s?|(?:{_DAYS[2]})dag(?:en)?|{_DAYS[3]}|(?:{_DAYS[4]})s?)\b"
                  r"|(?<=\bat )\d{1,2}(?::\d\d)?|(?<=\bum )\d{1,2}(?::\d\d)?")
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)?(?=\s*(?:°|%|degrees|percent|grad|prozent|graden|procent|grados|degrés))")
_RELATIONS = tuple(re.compile(one, re.IGNORECASE) for one in (
    r"\b(?:lives?|moved to|wohnt|wohne|zieht|woont|vive|habite)\b",
    r"\b(?:works?|job|arbeite[nt]?|werkt|trabaja|travaille)\b"))
_PLACED = re.compile(
    r"\b(?:is|are|hangs?|lies|stands?|ist|sind|hängt|liegt|steht|ligt|staat|está|est) (?:\w+ )?(?:in|on|under|behind|"
    r"beside|next to|auf|unter|hinter|neben|im|am|op|onder|achter|en|sous|dans|derrière|sur)\b", re.IGNORECASE)


def stems(text: str) -> set[str]:
    """The words of content of a text, cut to a stem."""
    return {stem(word) for word in re.findall(r"[\w']+", _flat(text))
            if word not in _STOP and (len(word) > 1 or word.isdigit())}


def _flat(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def stem(word: str) -> str:
    """A word without its ending, roughly."""
    word = word.removesuffix("'s").strip("'")
    for ending in ("ing", "edly", "ies", "ied", "ness", "es", "ed", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def replaced(text: str, subject: str, facts: Iterable[Fact], names: Iterable[str]) -> list[str]:
    """Ids of older facts of the same subject that a new one replaces. Rather too few than too many: what is replaced
    wrongly is lost to people. Either both say the same attribute of the same thing ("my dentist is at ..."), or they
    differ by nothing but a day or a number, or the new one says itself that something changed, about the same matter.
    Whom they are about is no matter. names: of people and rooms."""
    names = tuple(names)
    own = set().union(*(stems(name) for name in names)) if names else set()
    changes = _CHANGE.search(text) is not None
    return [fact.id for fact in facts if fact.subject == subject and not fact.until and (
        _same_attribute(text, fact.text) or _same_but_value(text, fact.text, own)
        or (changes and _same_matter(text, fact.text, own) and not _elsewhere(text, fact.text, names)))]


def _same_matter(new: str, old: str, own: set[str]) -> bool:
    """Whether two facts about the same one share more than that: words that are no mere liking, or the relation."""
    (thing, who), (theirs, whom) = _first(new, own), _first(old, own)
    said, before = stems(new) - own, stems(old) - own
    if (thing and thing not in before) or (theirs and theirs not in said) or _numbered(new) != _numbered(old):
        return False
    said, before = said - who - whom - _SAYS_CHANGE, before - who - whom - _SAYS_CHANGE
    common = said & before
    if not common - _FAINT:
        return any(one.search(new) and one.search(old) for one in _RELATIONS) or (
            all(_PLACED.search(text) and not stems(text.split()[0]) for text in (new, old)))  # "the wine is in"
    return len(common) / max(1, min(len(said), len(before))) >= 1 / 3


def _numbered(text: str) -> list[str]:
    """The number of the thing that a sentence is about: "box 5", "Kiste Nummer 5"."""
    return re.findall(r"\d+", " ".join(text.split()[:4]))[:1] if re.match(r"(?:\S+ ){1,3}\d", text) else []


def _elsewhere(new: str, old: str, names: Iterable[str]) -> bool:
    """Whether each names a room or a person that the other does not."""
    here, there = ({name for name in names if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)}
                   for text in (new, old))
    return bool(here - there and there - here)


def _same_but_value(new: str, old: str, own: set[str]) -> bool:
    """Whether two facts are the same words but for the days of a thing ("the bins go out on ..."), or for how much."""
    def without(value: re.Pattern[str], text: str) -> list[str]:
        return [word for word in re.findall(r"[\w#']+", value.sub("#", text.casefold())) if word not in _NOW]
    for value in (_AMOUNT, _DAY):
        one, two = without(value, new), without(value, old)
        if "#" in one and one == two and value.findall(new.casefold()) != value.findall(old.casefold()):
            return value is _AMOUNT or bool(_first(new, own)[0])
    return False


def _same_attribute(new: str, old: str) -> bool:
    """Whether two facts give the same attribute of the same thing another value: what stands before the verb is the
    same in both, and names something of which there is one."""
    one, two = _VERB.split(new, maxsplit=1), _VERB.split(old, maxsplit=1)
    if len(one) < 2 or len(two) < 2:
        return False
    head = [word for word in re.findall(r"\w+", one[0].casefold()) if word != "now"]
    same = head == [word for word in re.findall(r"\w+", two[0].casefold()) if word != "now"]
    return same and (_ATTRIBUTE.search(one[0]) is not None or (_WHEN.match(one[1]) is not None
                                                               and _WHEN.match(two[1]) is not None))


def _first(text: str, own: set[str]) -> tuple[str, set[str]]:
    """The stem of the thing that a sentence is about, "" where it is about a person of the house; and all stems that
    only say whom or what it is about: the first word of content and the names that follow it."""
    words = re.findall(r"[\w']+", text)
    said = stems(text)
    at = next((at for at, word in enumerate(words) if stems(word) and stem(_flat(word)) in said), len(words))
    before = words[:at] or words[:1]
    if any(_flat(word) in ("i", "she", "he", "they", "we", "ich", "er", "sie", "wir", "ik", "yo", "je")
           for word in before):
        return "", set()
    who: set[str] = set()
    for place, word in enumerate(words[at:], at):
        if who and not (word[0].isupper() or words[place - 1].endswith("'s")):
            break
        if _CHANGE.fullmatch(word) or not stems(word):
            break
        who.add(stem(_flat(word)))
        if words[place - 1].endswith("'s") and place > at:  # "Tom's wife": it is about her
            return stem(_flat(word)), who
    first = stem(_flat(words[at])) if at < len(words) else ""
    return ("" if first in own else first), who


# --- preferences ------------------------------------------------------------------------------------------------------

Leaning = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class Preference:
    """What somebody wants of a trait: less or more of it than now, or a value; where ("" = anywhere)."""

    fact: str
    who: str
    room: str
    trait: str
    leaning: Leaning = "less"
    value: float | None = None


_HATE = (r"(hates?|dislikes?|can'?t stand|cannot stand|doesn'?t like|does not like|don'?t like|is sensitive to|"
         r"bothered by|hasst|mag kein\w*|verträgt kein\w*|haat|houdt niet van|odia|no (?:le )?gusta|déteste|"
         r"n'aime pas)")
_THEN = r"(?=$|[.,!]|\s+(?:in|at|when|while|during|lights?|rooms?|on|house|the|im|bei|wenn|en|à|dans)\b)"
_TOPICS: Sequence[tuple[str, str, Leaning]] = (
    (r"(bright|glaring|strong|harsh|helle?s?|grelle?s?|fel|brillante|fuerte|vive|forte)\b.{0,20}"
     r"(lights?|lamps?|lighting|licht|luz|lumière)|bright\w*", "brightness", "less"),
    (r"(loud|laute?|luide?|alta|fuerte|forte)\b.{0,20}(music|noise|sound|musik|muziek|música|musique)?", "volume",
     "less"),
    (r"(heat|hot|warm|hitze|warmte|calor|chaleur)\w*", "target", "less"),
    (r"(cold|chilly|cool|kälte|kalt|kou|frío|froid)\w*", "target", "more"),
    (r"(dark|dim|dunkel\w*|donker|oscuridad|noir)\w*", "brightness", "more"),
)
_WANTS = re.compile(r"\b(likes?|prefers?|wants?|mag|will|houdt van|prefiere|préfère)\b.{0,40}?"
                    r"(?P<number>\d{1,2}(?:[.,]\d)?)\s*(?P<unit>°|degrees|grad|graden|grados|degrés|%|percent)",
                    re.IGNORECASE)


def preferences(facts: Iterable[Fact], rooms: Sequence[str]) -> list[Preference]:
    """What the facts that hold say of how people want rooms to be; only what somebody of the house said."""
    found: list[Preference] = []
    for fact in facts:
        if fact.until or not fact.trusted or not fact.subject.startswith(("people/", "home", "rooms/")):
            continue
        who = fact.subject.removeprefix("people/") if fact.subject.startswith("people/") else ""
        room = next((one for one in rooms if re.search(rf"\b{re.escape(one.casefold())}\b", fact.text.casefold())), "")
        if not room and fact.subject.startswith("rooms/"):
            room = next((one for one in rooms if one.casefold() == fact.subject[6:].replace("-", " ")), "")
        if (wants := _WANTS.search(fact.text)) is not None:
            number = float(wants["number"].replace(",", "."))
            share = wants["unit"] in ("%", "percent")
            if share and not re.search(r"light|lamp|bright|licht|luz|lumi", fact.text, re.IGNORECASE):
                continue
            trait = "brightness" if share else "target"
            found.append(Preference(fact.id, who, room, trait, value=number))
            continue
        for topic, trait, leaning in _TOPICS:
            if re.search(rf"\b(?<!don't )(?<!not ){_HATE}\b.{{0,30}}?\b(?:{topic}){_THEN}", fact.text, re.IGNORECASE):
                found.append(Preference(fact.id, who, room, trait, leaning))
                break
    return found
