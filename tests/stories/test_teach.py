"""Teaching over the outer faces: shown, asked, written, and done from then on without a model; what a model worked out
twice is offered to be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.house import GUEST, MEMBER, House, lived_in, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A house of its own, whose skills are written into."""
    async with lived_in(tmp_path_factory.mktemp("teach"), "--model") as one:
        yield one


async def test_taught_written_done_extended_and_forgotten(house: House) -> None:
    shown = await house.say("when I say reading time, set the study lights to 30 and close the bedroom shades")
    assert shown["mind"] == "reflex"
    assert "Shall I keep that" in shown["reply"]
    assert shown["outcomes"] == []
    await house.say("yes")
    path = Path(house.ready["workspace"]) / "skills" / "reading-time" / "SKILL.md"
    assert path.exists()
    done = await house.say("reading time")
    assert {one["result"] for one in done["outcomes"]} == {"confirmed"}
    assert (await house.state("study_lamp"))["brightness"] == 30
    assert (await house.state("bedroom_shades"))["position"] == 0
    await house.say("reading time should also turn off the kitchen lights")
    await house.say("yes")
    await house.hand("kitchen_ceiling", on=True)
    await house.say("reading time")
    assert (await house.state("kitchen_ceiling"))["on"] is False
    await house.hand("study_lamp", on=False)
    before = path.read_text("utf-8")
    done = await house.say("reading time without the study lamp")
    assert {one["result"] for one in done["outcomes"]} == {"confirmed"}, "this once, and at once"
    assert (await house.state("study_lamp"))["on"] is False
    assert path.read_text("utf-8") == before
    assert (await house.say("from now on reading time without the study lamp"))["outcomes"] == []
    await house.say("yes")
    assert path.read_text("utf-8") != before
    await house.say("reading time")
    assert (await house.state("study_lamp"))["on"] is False
    assert "switch off" in (await house.say("how do you do reading time?"))["reply"]
    await house.say("forget reading time")
    await house.say("yes")
    assert not path.exists()


async def test_what_a_phrase_does_already_can_be_changed_and_added_to(house: House) -> None:
    skills = Path(house.ready["workspace"]) / "skills"
    shown = await house.say("when I say movie night, dim the living room to 20 and close the shades")
    assert "means this now" in shown["reply"]
    assert "to 0 %" not in shown["reply"], "what shuts is closed"
    assert "Shall I keep that" in shown["reply"]
    before = (skills / "movie-night" / "SKILL.md").read_text("utf-8")
    await house.say("yes")
    after = (skills / "movie-night" / "SKILL.md").read_text("utf-8")
    assert before.partition("steps:")[0] == after.partition("steps:")[0]
    assert "brightness: 20" in after
    done = await house.say("movie night")
    assert {one["result"] for one in done["outcomes"]} == {"confirmed"}
    assert "pool" in (await house.say("sleepy time should also turn off the pool heater"))["reply"].lower()
    assert "Porch" in (await house.say("not the porch"))["reply"]
    await house.say("yes")
    both = (skills / "sleepy-time" / "SKILL.md").read_text("utf-8")
    assert '"Porch"]' in both
    assert "Pool" in both


async def test_what_is_risky_in_a_skill_asks_whenever_it_runs(house: House) -> None:
    shown = await house.say("when I say open sesame, unlock the front door")
    assert "ask about each time" in shown["reply"]
    await house.say("yes")
    asked = await house.say("open sesame")
    assert asked["question"] is not None
    assert (await house.state("front_door"))["locked"] is True
    await house.say("no")


async def test_a_risky_skill_from_elsewhere_does_nothing_before_the_owner_saw_it(house: House) -> None:
    folder = Path(house.ready["workspace"]) / "skills"
    for name, state in (("open-house", "kind: lock, set: {locked: false}"), ("tea", "kind: light, set: {on: true}")):
        (folder / name).mkdir()
        (folder / name / "SKILL.md").write_text(
            f"---\nname: {name}\ndescription: From a neighbour.\nmetadata:\n  dobby:\n    phrases:\n"
            f"      en: [{name.replace('-', ' ')} neighbour]\n    steps:\n      - {{kind: light, set: {{on: false}}}}\n"
            f"      - {{{state}}}\n---\nText.\n", "utf-8")
    await house.hand("study_lamp", on=True)

    async def shown() -> str:
        said = await house.say("open house neighbour")
        return str(said["reply"]) if said["mind"] == "reflex" else ""
    told = await until(shown)
    assert "came as a file from elsewhere" in told
    assert "nlock" in told
    assert (await house.state("study_lamp"))["on"], "nothing is done before the yes"
    since = await house.last_id()
    await house.text("open house neighbour", MEMBER)
    assert "owner has to say yes" in (await house.texts(1, since, MEMBER))[0]
    assert (await house.say("tea neighbour"))["outcomes"], "light alone needs nobody's leave"
    await house.hand("study_lamp", on=True)
    await house.say("open house neighbour")
    assert "Done" in (await house.say("yes"))["reply"]
    done = await house.say("open house neighbour")
    assert done["question"] is not None, "what is risky asks whenever it runs"
    assert (await house.state("study_lamp"))["on"] is False
    await house.say("no")


async def test_a_guest_teaches_nothing(house: House) -> None:
    since = await house.last_id()
    await house.text("when I say boo, turn off the kitchen lights", GUEST)
    (said,) = await house.texts(1, since, GUEST)
    assert "Shall I keep" not in said


async def test_what_the_model_worked_out_twice_is_offered_and_then_costs_nothing(house: House) -> None:
    lamp = (await house.device("desk_lamp"))["id"]
    call = {"tools": [{"name": "set_devices", "input": {"commands": [
        {"device": lamp, "trait": "brightness", "value": 20}]}}]}
    words = "make it cosy for my tea, would you"
    for _ in range(2):
        await house.script(call, {"text": ""})
        answer = await house.say(words)
        assert answer["mind"] == "claude", answer
    assert "second time" in answer["reply"], answer["reply"]
    assert "Done" in (await house.say("yes"))["reply"]
    asked = len(await house.asked())
    await house.hand("desk_lamp", brightness=90)
    kept = await house.say(words)
    assert kept["mind"] == "reflex"
    assert (await house.state("desk_lamp"))["brightness"] == 20
    assert len(await house.asked()) == asked


async def test_a_taught_change_can_be_taken_back_and_a_skill_renamed(house: House) -> None:
    folder = Path(house.ready["workspace"]) / "skills"
    before = (folder / "sleepy-time" / "SKILL.md").read_text()
    await house.say("sleepy time should also turn off the hallway light")
    await house.say("yes")
    assert (folder / "sleepy-time" / "SKILL.md").read_text() != before
    assert "as it was before" in (await house.say("undo that"))["reply"]
    assert (folder / "sleepy-time" / "SKILL.md").read_text() == before
    await house.say("do movie night every day at 8 pm")
    assert "“cosy cinema”" in (await house.say("rename movie night to cosy cinema"))["reply"]
    await house.say("yes")
    assert (folder / "cosy-cinema" / "SKILL.md").exists()
    assert not (folder / "movie-night").exists()
    assert "“cosy cinema”" in (await house.say("what is planned?"))["reply"]
    assert (await house.say("cosy cinema"))["outcomes"]
    assert "means something already" in (await house.say("rename cosy cinema to turn off the lights"))["reply"]
    await house.say("undo")
    assert "“movie night” is as it was" in (await house.say("undo"))["reply"]
    assert (folder / "movie-night" / "SKILL.md").exists()
    assert "“movie night”" in (await house.say("what is planned?"))["reply"]
    await house.say("cancel all plans")


async def test_other_ways_to_teach_are_understood(house: House) -> None:
    shown = await house.say("when I say story time turn the bedside lamp on at 30")
    assert "“story time”" in shown["reply"]
    assert "to 30 %" in shown["reply"]
    await house.say("yes")
    await house.hand("bedside_lamp", on=False)
    done = await house.say("story time")
    assert {one["result"] for one in done["outcomes"]} == {"confirmed"}
    assert (await house.state("bedside_lamp"))["brightness"] == 30
    assert "leave out: Bedside Lamp" in (await house.say("remove the bedside lamp from story time"))["reply"]
    await house.say("no")
    for said, phrase in (("turn off the kitchen lights when I say quiet kitchen", "quiet kitchen"),
                         ("if somebody says lamps away, turn off everything", "lamps away"),
                         ("tea time means turn on the kitchen lights", "tea time")):
        shown = await house.say(said)
        assert f"When somebody says “{phrase}”" in shown["reply"], shown["reply"]
        await house.say("no")
    shown = await house.say("good night should mean turn off the kitchen lights")
    assert "“good night” means this now" in shown["reply"]
    await house.say("no")
    for said, name in (("let party mode also turn off the kitchen lights", "party"),
                       ("from now on when I say good morning also turn on the kitchen lights", "good morning"),
                       ("when I say movie night also turn off the kitchen lights", "movie night")):
        shown = await house.say(said)
        assert f"“{name}” will also switch" in shown["reply"], shown["reply"]
        await house.say("no")
    assert "“sleepy time”" in (await house.say("what skills do you have?"))["reply"]
    assert "guests" in await _texted(house, "silence means turn off the kitchen lights", GUEST)
    assert (await house.say("remember that red means stop"))["reply"].startswith("I'll remember")


async def _texted(house: House, text: str, sender: str) -> str:
    last = await house.last_id()
    await house.text(text, sender)
    return (await house.texts(1, last, sender))[0]
