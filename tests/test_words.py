"""Every language says everything that English says, with the same slots."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

from dobby.approvals import Answer
from dobby.home.device import DeviceKind
from dobby.jobs.when import WEEKDAYS
from dobby.words import LANGUAGES, Entry, Words, catalogue

SOURCES = sorted(Path(__file__).parents[1].glob("dobby/**/*.py"))
FILES = ("toml", "md", "json")  # what stands behind the point of a name that is no key
# Keys that code makes of pieces, and what the piece may be. No search finds a key that is made: name it whole where
# that is simple, else write it down here ("" = the code asks first whether there is one, or adds the section).
MADE: Mapping[str, str] = {
    "alert.*": "leak smoke carbon_monoxide gas triggered thaw frost",
    "alert.over_*": "leak smoke carbon_monoxide gas triggered thaw frost",
    "ask.*": "plain secure secure_no_pin", "asked.*": "clock date sunset sunrise",
    "cardio.*": "today yesterday month week year last_month last_week last_year",
    "comfort.*": "warm volume compressor pump garage", "consent.*": " ".join({*get_args(Answer)} - {"yes"}),
    "eyes.*": "left taken down black covered frozen well busy",
    "eyes.size_*": "thing small person car", "eyes.size_*_known": "small person car", "find.needs_*": "button pin",
    "help.*": "", "hint.*": "", "kind.*": " ".join(get_args(DeviceKind)),
    "manners.*": "how sorry thanks praise evening hello bye", "month.*": " ".join(map(str, range(1, 13))),
    "net.needs_*": "button pin login", "net.sure_*": "certain strong likely hint", "order.*": "pair end",
    "policy.*": "waiting stranger guest voice tainted no_pin", "reason.*": "", "sight.*": "",
    "state.*": "play next previous", "state.*_*": "", "state.on.*": "yes no",
    "state.armed_*": "home away night disarmed",
    "subject_*": "person vehicle animal parcel", "subjects_*": "person vehicle animal parcel",
    "hours_*": "night day", "presence_*": "nobody somebody me_away me_home",
    "time.*": "how_before which_date no_place too_far no_clock no_day by_days past date date_year today tomorrow later "
              "mine theirs every_n_days every_n_weeks heat_start heat_guess",
    "time.*_*": "at_sunset before_sunset after_sunset at_sunrise before_sunrise after_sunrise",
    "time.*_again": "comes leaves", "time.every_*": "all work free", "time.wake_*": "now late missed",
    "time.when_*": "finished reached all_away someone comes leaves open closed on off locked unlocked above below",
    "trait.*": "", "turn.cut_*": "steps tokens seconds refusal max_tokens context_full",
    "weekday.*": " ".join(WEEKDAYS), "white.*": "daylight cool neutral warm"}


def texts(entry: Entry) -> Iterator[str]:
    """Every sentence of an entry."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        yield from entry
    else:
        for value in entry.values():
            yield from texts(value)


def slots(entry: Entry) -> set[str]:
    """Every slot that any of its sentences has."""
    return {slot for text in texts(entry) for slot in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_sentence_is_missing_and_none_has_other_slots(language: str) -> None:
    english, own = catalogue("en"), catalogue(language)
    assert set(own) - set(english) == set()
    assert set(english) - set(own) == set()
    optional = {"count", "number", "address", "state"}
    assert {key: (slots(english[key]), slots(own[key])) for key in english
            if slots(english[key]) - optional != slots(own[key]) - optional} == {}


def test_lists_plurals_dryness_and_address() -> None:
    plain, dry = Words("en", dryness=0, address="sir"), Words("en", dryness=2)
    assert plain.join(["A", "B", "C"]) == "A, B and C"
    assert plain.join(["A"]) == "A"
    assert plain.kind("light", 1) == "light"
    assert plain.kind("light", 3) == "lights"
    assert plain.say("help.head").startswith("At your service, sir.")
    assert plain.say("answer.failed", reasons="x") != dry.say("answer.failed", reasons="x")
    assert Words("de").join(["A", "B"]) == "A und B"


def test_an_unknown_language_speaks_english_and_an_unknown_key_is_an_error() -> None:
    assert Words("tlh").say("ask.yes") == "yes"
    with pytest.raises(KeyError):
        Words("en").say("no.such.key")


def test_braces_in_a_name_are_only_text() -> None:
    assert "{x}" in Words("en").say("refuse.no_thing", thing="{x}")


def test_every_key_that_the_code_names_has_its_sentence() -> None:
    known = catalogue("en")
    sections = {key.partition(".")[0] for key in known}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(
                    r"[a-z]+(\.[a-z0-9]\w*)+", node.value):
                section, _, rest = node.value.partition(".")
                if section in sections and rest not in FILES and not node.value.endswith("_"):
                    assert node.value in known, f"{path.name}:{node.lineno}"


def test_every_key_that_is_made_of_pieces_is_written_down_and_has_its_sentences() -> None:
    known, seen = catalogue("en"), set[str]()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say" \
                    and node.args:
                for made in (one for one in ast.walk(node.args[0]) if isinstance(one, ast.JoinedStr)):
                    seen.add("".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in made.values))
    assert seen == set(MADE)
    for key, pieces in MADE.items():
        section = "" if "." in key else "sight."
        keys = {section + key.replace("*_*", "*").replace("*", piece) for piece in pieces.split()}
        assert keys - set(known) == set(), key
