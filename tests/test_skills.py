"""Skills are files: what they do in a home, and what is said of a broken one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dobby.skills import commands, load_skills, one_phrase_each
from tests.agent.home import NAMES, made_home

SHIPPED = Path(__file__).parents[1] / "skills"
LANGUAGES = ("en", "de", "es", "fr", "nl")


def told(name: str, here: str = "", **called: str) -> set[tuple[str, str, object]]:
    """The commands of a shipped skill in the made home."""
    skills, problems = load_skills(SHIPPED)
    assert problems == []
    skill = next(skill for skill in skills if skill.name == name)
    return {(one.device, one.trait, one.value) for one in commands(skill, made_home({**NAMES, **called}), here)}


def test_the_skills_that_ship_have_phrases_in_five_languages() -> None:
    skills, problems = load_skills(SHIPPED)
    assert problems == []
    assert {skill.name for skill in skills} == {"sleepy-time", "movie-night", "good-morning", "leaving-home", "party",
                                               "coming-home", "pool-party", "vacation", "cardio"}
    assert all(skill.phrases.get(language) and skill.body for skill in skills for language in LANGUAGES)


def test_sleepy_time_puts_the_house_to_bed_and_spares_the_fridge() -> None:
    done = told("sleepy-time")
    assert {("k1", "on", False), ("sp1", "playing", False), ("sh1", "position", 0), ("d1", "locked", True),
            ("h1", "target", 17), ("g2", "on", False)} <= done
    assert not any(device in ("g1", "f1") for device, _, _ in done)


@pytest.mark.parametrize(("readings", "told_to"), [
    ({"target": 21.0}, True), ({"target": 17.0}, False), ({"target": 11.0}, False), ({}, True),
    ({"target": 24.0, "mode": "cool"}, False), ({"target": 21.0, "mode": "off"}, False),
    ({"target": 21.0, "mode": "heat"}, True)])
def test_heating_is_only_ever_turned_down(readings: dict[str, float | str], told_to: bool) -> None:
    skill = next(skill for skill in load_skills(SHIPPED)[0] if skill.name == "leaving-home")
    home = made_home(NAMES)
    home.readings.update({("h1", trait): value for trait, value in readings.items()})
    for trait in ("target", "mode"):
        if trait not in readings:
            home.readings.pop(("h1", trait), None)
    assert any((one.device, one.trait) == ("h1", "target") for one in commands(skill, home)) is told_to


def test_movie_night_stays_in_its_room() -> None:
    assert {device for device, _, _ in told("movie-night")} == {"l1", "l2", "sh2", "sp1"}
    assert ("l1", "brightness", 20) in told("movie-night")


def test_movie_night_in_a_home_without_a_living_room_dims_everywhere_or_here() -> None:
    assert ("k1", "brightness", 20) in told("movie-night", living="Blue Nook")
    here = told("movie-night", "Blue Nook", living="Blue Nook")
    assert {device for device, _, _ in here} == {"l1", "l2", "sh2", "sp1"}


HEAD = "---\nname: odd\ndescription: x\nmetadata:\n  dobby:\n"


@pytest.mark.parametrize(("text", "hint"), [
    ("no head", "line 1"),
    ("---\nname: odd\n", "no closing"),
    ("---\nname: [odd\n---\n", "line"),
    ("---\nname: 2024-13-45\n---\n", "cannot be read"),
    ("---\nname: " + "[" * 3000 + "\n---\n", "cannot be read"),
    ("---\nnam: odd\ndescription: x\n---\n", "did you mean name?"),
    ("---\nname: other\ndescription: x\n---\n", "folder"),
    (HEAD + "    phrazes: {}\n---\n", "did you mean phrases?"),
    (HEAD + "    steps: [{kind: ligth, set: {on: true}}]\n---\n", "did you mean light?"),
    (HEAD + "    steps: [{kind: light, set: {brightnes: 3}}]\n---\n", "did you mean brightness?"),
    (HEAD + "    steps: [{kind: light, set: {brightness: 300}}]\n---\n", "0 to 100"),
    (HEAD + "    steps: [{kind: light, set: {on: 3}}]\n---\n", "steps[1]"),
    (HEAD + "    steps: [{set: {on: true}}]\n---\n", "needs kind"),
    (HEAD + "    phrases: {en: 3}\n---\n", "phrases.en"),
])
def test_a_broken_skill_is_named_and_stops_no_other(tmp_path: Path, text: str, hint: str) -> None:
    for name, content in (("odd", text), ("good", "---\nname: good\ndescription: fine\n---\nbody\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "SKILL.md").write_text(content, encoding="utf-8")
    skills, problems = load_skills(tmp_path)
    assert [skill.name for skill in skills] == ["good"]
    assert len(problems) == 1
    assert "odd/SKILL.md" in problems[0]
    assert hint in problems[0]


def test_a_file_that_comes_later_takes_no_phrase_over(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "clash").mkdir()
    (tmp_path / "clash" / "SKILL.md").write_text(
        "---\nname: clash\ndescription: All lights on.\nmetadata:\n  dobby:\n    phrases:\n"
        "      en: [Good night!, light up]\n    steps:\n      - kind: light\n        set: {on: true}\n---\n")
    loaded, problems = load_skills(tmp_path)
    assert problems == []
    skills, clashes = one_phrase_each(loaded, {one.name for one in loaded} - {"clash"})
    assert [one.name for one in skills] == [one.name for one in loaded]
    held = {one.name: one.phrases["en"] for one in skills}
    assert held["clash"] == ("light up",)
    assert "good night" in held["sleepy-time"]
    assert len(clashes) == 1
    assert "clash" in clashes[0]
    assert "“sleepy-time”" in clashes[0]
