"""The reflex before a judge: his own sentences, his own names for everything, in five languages."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest

from dobby.agent.reflex import Reflex
from dobby.skills import load_skills
from tests.agent.judge import LANGUAGES, acts, file, judge, judged_home, listed

SKILLS = load_skills(Path(__file__).parents[2] / "skills")[0]
LISTS = ("judge", "judge2", "judge3", "judge4")


@cache
def warmed(language: str) -> Reflex:
    """A reflex of one language."""
    made = Reflex(language, SKILLS)
    made.warm(judged_home(file(language)["names"]))
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("names", ["names", "other"])
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("stem", LISTS)
def test_no_wrong_action_and_nine_in_ten_understood(stem: str, names: str, language: str, plain: bool) -> None:
    content = file(language, stem)
    count = judge(language, warmed(language), stem, names, plain)
    assert count.wrong == []
    assert len(count.missed) <= 0.1 * len(listed(content)), count.missed
    asked = len(content["refuse"]["say"]) + len(content["questions"]["say"])
    assert len(count.unrefused) + len(count.unanswered) <= 0.15 * asked, (count.unrefused, count.unanswered)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_list_is_long_enough_to_judge_by(language: str) -> None:
    content = file(language)
    assert len(listed(content)) >= 120
    assert len(content["never"]["say"]) >= 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_order_of_the_judge_acts_in_a_question_a_denial_a_plan_or_a_report(language: str) -> None:
    called = file(language)["names"]
    home = judged_home(called)
    frames = tomllib.loads((Path(__file__).parent / "sentences" / "around.toml").read_text(encoding="utf-8"))[language]
    said = [one.text.format(**called) for one in listed(file(language, "judge2")) if not set(one.text) & set(">@")]
    told = [text for order in said for frame in frames
            if acts(warmed(language).read(text := frame.format(order), home, None, now=0.0))]
    assert told == []
