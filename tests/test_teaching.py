"""Teaching writes files that people can read: a new skill, a step more, a thing left out; what was there stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dobby.agent.teach_talk import read
from dobby.home.device import Command
from dobby.skills import commands, load_skills
from dobby.store import Store
from dobby.teaching import Draft, Teaching, folder_name, steps_of, write
from tests.agent.home import NAMES, made_home

HOME = made_home(NAMES)
ORDER = (Command("l1", "on", False), Command("l2", "on", False), Command("sh2", "position", 40))


def loaded(folder: Path, name: str) -> set[tuple[str, str, object]]:
    """What a skill of a folder comes to in the made home."""
    skills, problems = load_skills(folder)
    assert problems == []
    return {(one.device, one.trait, one.value) for one in commands(next(s for s in skills if s.name == name), HOME)}


def test_a_new_skill_does_exactly_what_was_ordered(tmp_path: Path) -> None:
    write(tmp_path, Draft("new", "reading-time", "reading: “time”", "en", steps_of(ORDER, HOME)))
    assert loaded(tmp_path, "reading-time") == {(one.device, one.trait, one.value) for one in ORDER}


def test_a_step_more_and_a_thing_less_leave_the_rest_of_the_file_alone(tmp_path: Path) -> None:
    before = (Path(__file__).parents[1] / "skills" / "sleepy-time" / "SKILL.md").read_text("utf-8")
    path = tmp_path / "sleepy-time" / "SKILL.md"
    path.parent.mkdir()
    path.write_text(before, encoding="utf-8")
    was = loaded(tmp_path, "sleepy-time")
    write(tmp_path, Draft("also", "sleepy-time", steps=({"name": ["Counter Strip"], "set": {"on": True}},)))
    write(tmp_path, Draft("except", "sleepy-time", excepted=HOME.devices["k1"].name))
    write(tmp_path, Draft("except", "sleepy-time", excepted="lock"))
    after = path.read_text("utf-8")
    assert all(line in after.splitlines() for line in before.splitlines())
    left = {id_ for id_, one in HOME.devices.items() if one.name == HOME.devices["k1"].name or one.kind == "lock"}
    changed = {id_ for id_, one in HOME.devices.items() if one.name == "Counter Strip"}
    now = loaded(tmp_path, "sleepy-time")
    assert {one for one in now if one[0] not in changed} == {one for one in was if one[0] not in left | changed}
    assert ("k2", "on", True) in now
    write(tmp_path, Draft("drop", "sleepy-time"))
    assert not path.parent.exists()


def test_a_skill_of_another_agent_is_knowledge(tmp_path: Path) -> None:
    path = tmp_path / "boiler-care" / "SKILL.md"
    path.parent.mkdir()
    path.write_text("---\nname: boiler-care\ndescription: How to look after the boiler.\nversion: 1.2\ntags: [home]\n"
                    "metadata:\n  other: {run: rm -rf /}\n---\nBleed it in autumn.\n", encoding="utf-8")
    (skill,), problems = load_skills(tmp_path)
    assert problems == []
    assert skill.body == "Bleed it in autumn."
    assert not skill.steps


SAID = [
    ("When I say movie night, dim the living room to 20 and close the shades", "when", "movie night"),
    ("Dobby, whenever I say “sleepy time”, everything off", "when", "sleepy time"),
    ("sleepy time should also turn off the pool heater", "also", ""),
    ("how do you do sleepy time?", "how", ""),
    ("sleepy time without the porch", "once", ""),
    ("sleepy time, but not the porch tonight", "once", ""), ("from now on sleepy time without the porch", "except", ""),
    ("sleepy time without the porch, always", "except", ""),
    ("forget the skill sleepy time", "drop", ""),
]


@pytest.mark.parametrize(("text", "verb", "phrase"), SAID)
def test_what_teaches_is_known_as_teaching(text: str, verb: str, phrase: str) -> None:
    skills, _ = load_skills(Path(__file__).parents[1] / "skills")
    lesson = read(text, "en", skills)
    assert lesson is not None
    assert (lesson.verb, lesson.phrase) == (verb, phrase)


@pytest.mark.parametrize("text", ["turn off the lights", "when is dinner?", "the kitchen should also be dark",
                                  "forget the milk", "what is love?", "how do you do?"])
def test_what_does_not_teach_is_left_to_others(text: str) -> None:
    skills, _ = load_skills(Path(__file__).parents[1] / "skills")
    assert read(text, "en", skills) is None


def test_a_folder_has_a_plain_name_that_is_not_taken() -> None:
    assert folder_name("Açaí ../ bowl!", []) == "a-a-bowl"
    assert folder_name("party", ["party"]) == "party-2"
    assert folder_name("***", []) == "taught"


async def _nothing() -> None:
    """Nobody reads them again."""


async def _kept(teaching: Teaching, draft: Draft) -> str:
    """A draft that somebody said yes to; its token."""
    token = teaching.hold(draft, "Robin")
    outcome = await teaching.keep(Command(token, "teach", True))
    assert outcome.result == "confirmed", outcome
    return token


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _film_night(folder: Path) -> Path:
    """A taught skill with a file of a person's own beside it; that file."""
    write(folder, Draft("new", "film-night", "film night", "en", steps_of(ORDER, HOME)))
    notes = folder / "film-night" / "notes.md"
    notes.write_text("mine", "utf-8")
    return notes


@pytest.mark.anyio
async def test_what_is_undone_is_as_it_was(tmp_path: Path) -> None:
    store, folder = await Store.open(tmp_path / "dobby.db"), tmp_path / "skills"
    teaching, notes = Teaching(folder, store, _nothing), await asyncio.to_thread(_film_night, folder)
    page = notes.with_name("SKILL.md")
    before = await asyncio.to_thread(_text, page)
    await teaching.strange([])
    assert await teaching.undo(await _kept(teaching, Draft("accept", "film-night")))
    assert not await store.fact("skills accepted", []), "a yes that was taken back is none"
    token = await _kept(teaching, Draft("rename", "film-night", "cinema", "en", name="cinema", before="film night"))
    assert await asyncio.to_thread(_text, folder / "cinema" / "notes.md") == "mine"
    assert await teaching.undo(token)
    assert [await asyncio.to_thread(_text, one) for one in (notes, page)] == ["mine", before]
    with pytest.raises(ValueError, match="name"):
        await asyncio.to_thread(write, folder, Draft("rename", "film-night", "2001", "en", name="2001",
                                                     before="film night"))
    assert await asyncio.to_thread(_text, notes) == "mine", "what cannot be renamed stays where it is"
    await store.close()
