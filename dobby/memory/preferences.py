"""How people want rooms to be, by what the facts say of their likings: "Anna hates bright light in the study"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dobby.memory.notes import Fact

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
