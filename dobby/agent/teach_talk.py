"""Teaching, by known sentences: "when I say movie night, dim the living room to 20 and close the shades", "sleepy time
should also turn off the pool heater", "not the porch", "how do you do sleepy time?". A table of patterns a language
(languages/<xx>/teach.toml); what is ordered inside is for the reflex to read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from dobby.agent.meaning import Lesson, LessonVerb
from dobby.skills import Skill

LONGEST = 300  # letters of a sentence that teaches
PHRASE_WORDS = 8
MEANS = "means"  # patterns that teach only where an order follows
_SLOTS = {"phrase": r"[\"“„«'‘]?(?P<phrase>[^\"“”„»]{2,60}?)[\"”“»'’]?", "order": r"(?P<order>.{3,200}?)",
          "skill": r"[\"“„«'‘]?(?P<skill>[^\"“”„»]{2,60}?)[\"”“»'’]?", "thing": r"(?P<thing>.{2,60}?)"}


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's patterns, in the order in which they are tried, and its tables."""

    patterns: tuple[tuple[LessonVerb, bool, re.Pattern[str]], ...]  # with whether it can be nothing else
    tables: Mapping[str, Any]


@cache
def talk(language: str) -> Talk | None:
    """The patterns of a language; None where it has none."""
    file = resources.files("dobby") / "languages" / language / "teach.toml"
    if not file.is_file():
        return None
    tables = tomllib.loads(file.read_text("utf-8"))
    patterns = [(cast(LessonVerb, "when" if verb == MEANS else verb), verb != MEANS,
                 re.compile(_filled(one), re.IGNORECASE))
                for verb, several in tables["patterns"].items() for one in several]
    return Talk(tuple(patterns), tables)


def _filled(template: str) -> str:
    for name, group in _SLOTS.items():
        template = template.replace(f"{{{name}}}", group)
    return template


def read(text: str, language: str, skills: Sequence[Skill]) -> Lesson | None:
    """What is taught or asked about a skill; None when this is something else. One that names a skill must name one
    that is there."""
    known = talk(language)
    said = " ".join(text.split()).strip(" .!?")
    if known is None or len(said) > LONGEST:
        return None
    said = re.sub(rf"^(?:(?:{'|'.join(known.tables['manners'])})[,\s]+)+", "", said, flags=re.IGNORECASE)
    for verb, sure, pattern in known.patterns:
        match = pattern.fullmatch(said)
        if match is None:
            continue
        found = match.groupdict()
        skill = ""
        if "skill" in found:
            skill = named(found["skill"], skills)
            if not skill:
                continue
        phrase = (found.get("phrase") or "").strip(" ,")
        if verb in ("when", "rename") and "phrase" in found and not 1 <= len(phrase.split()) <= PHRASE_WORDS:
            continue
        return Lesson(verb, phrase, (found.get("order") or "").strip(), skill, (found.get("thing") or "").strip(),
                      sure)
    return None


def runs(text: str, language: str, skills: Sequence[Skill]) -> str:
    """The skill that a sentence orders by its name ("start movie night"), "" for none."""
    known = talk(language)
    said = " ".join(text.split()).strip(" .!")
    for one in known.tables.get("run", ()) if known is not None and len(said) <= LONGEST else ():
        if (match := re.fullmatch(_filled(one), said, re.IGNORECASE)) and (skill := named(match["skill"], skills)):
            return skill
    return ""


def named(said: str, skills: Sequence[Skill]) -> str:
    """The skill of this name or phrase, "" for none."""
    wanted = _plain(said)
    for skill in skills:
        spoken = [skill.name.replace("-", " "), *(one for several in skill.phrases.values() for one in several)]
        if wanted in map(_plain, spoken):
            return skill.name
    return ""


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold().replace("'", "").replace("’", "")))
