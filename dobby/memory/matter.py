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
_CHANGE = re.compile(r"\b(no longer|not any ?more|anymore|now|instead|these days|from now on|since|new|changed|"
                     r"moved|switched|stopped|nicht mehr|jetzt|neuerdings|stattdessen|niet meer|nu|voortaan|ya no|"
                     r"ahora|ne .* plus|"
                     r"maintenant|désormais)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(birthday|anniversary|phone|password|address|favou?rite \w+|dentist|doctor|"
                        r"appointment|name|school|job|car|size|age|code|colou?r|geburtstag|lieblings\w+|verjaardag|"
                        r"cumpleaños|anniversaire)\b", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|ist|sind|war|is now|es|son|est|sont|comes|come|goes|kommt|komt|vient|viene)\b",
                   re.IGNORECASE)
_WHEN = re.compile(r"\s*(?:now )?(?:at|on|um|am|op|om|a las|el|à|le)\b", re.IGNORECASE)


def stems(text: str) -> set[str]:
    """The words of content of a text, cut to a stem."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return {stem(word) for word in re.findall(r"[\w']+", flat)
            if word not in _STOP and (len(word) > 1 or word.isdigit())}


def stem(word: str) -> str:
    """A word without its ending, roughly."""
    word = word.removesuffix("'s").strip("'")
    for ending in ("ing", "edly", "ies", "ied", "ness", "es", "ed", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def replaced(text: str, subject: str, facts: Iterable[Fact], names: Iterable[str]) -> list[str]:
    """Ids of older facts of the same subject that a new one replaces. Rather too few than too many: what is replaced
    wrongly is lost to people. Either both say the same attribute of the same thing ("my dentist is at ..."), or the new
    one says itself that something changed, about the same matter."""
    own = set().union(*(stems(name) for name in names)) if names else set()
    new, changes, first = stems(text) - own, _CHANGE.search(text) is not None, _first(text, own)
    found = []
    for fact in facts:
        if fact.subject != subject or fact.until:
            continue
        old = stems(fact.text) - own
        common = new & old
        share = len(common) / max(1, min(len(new), len(old)))
        if _same_attribute(text, fact.text) or (changes and common and share >= 1 / 3 and (
                not first or first in old) and (not (theirs := _first(fact.text, own)) or theirs in new)):
            found.append(fact.id)
    return found


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


def _first(text: str, own: set[str]) -> str:
    """The stem of the thing that a sentence is about, "" where it is about a person."""
    words = [stem(word) for word in re.findall(r"[\w']+", text.casefold())]
    if not words or words[0] in own or words[0] in ("i", "she", "he", "they", "we", "ich", "ik", "yo", "je"):
        return ""
    content = stems(text) - own
    return next((word for word in words if word in content), "")


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
