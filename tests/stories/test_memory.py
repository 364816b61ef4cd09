"""A memory that lasts: taken down, told with its origin, corrected, erased without a trace, and never a stranger's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.stories.house import GUEST, House, lived_in, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A house of its own, whose memory is empty at first."""
    async with lived_in(tmp_path_factory.mktemp("memory"), "--model") as one:
        yield one


def traces(house: House, words: str) -> list[str]:
    """Every file of the workspace that holds these words in any writing."""
    return [path.name for path in Path(house.ready["workspace"]).rglob("*")
            if path.is_file() and words.casefold().encode() in path.read_bytes().lower()]


async def test_taken_down_told_and_acted_upon(house: House) -> None:
    assert "remember" in (await house.say("Remember that Anna hates bright light in the study"))["reply"]
    about = await house.say("what do you know about Anna?")
    assert "hates bright light" in about["reply"]
    assert "Robin" in (await house.say("why do you think so?"))["reply"]
    bright = await house.say("set the study lights to 90")
    assert "Anna hates bright light" in bright["reply"]
    assert "Anna" not in (await house.say("set the study lights to 20"))["reply"]
    assert "Anna" not in (await house.say("set the kitchen lights to 90"))["reply"]


async def test_a_newer_fact_stands_before_the_older(house: House) -> None:
    await house.say("my dentist is at 3 on Thursday")
    assert "replaces" in (await house.say("my dentist is now at 4 on Friday"))["reply"]
    assert "Friday" in (await house.say("when is my dentist?"))["reply"]
    assert "no longer true" in (await house.say("that's no longer true"))["reply"]


async def test_the_newer_is_told_in_whatever_words_it_was_said(house: House) -> None:
    for said in ("the heating engineer is Mr Braun", "the landlord is Herr Busch", "the piano tuner costs 80 euros",
                 "Jonas goes dancing on Fridays", "Mrs Vogel is our heating engineer", "Frau Seidel is our landlady"):
        await house.say(f"remember that {said}")
    assert "Mrs Vogel" in (await house.say("who is our heating engineer?"))["reply"]
    assert "80 euros" in (await house.say("what does the piano tuner cost?"))["reply"]
    assert "80 euros" not in (await house.say("when did the piano tuner come?"))["reply"]
    assert "Fridays" not in (await house.say("how do you do dancing?"))["reply"]


async def test_forgetting_names_what_goes_and_reaches_no_further_back(house: House) -> None:
    await house.say("remember that Quincy likes sushi")
    assert "Quincy likes sushi" in (await house.say("forget that"))["reply"]
    await house.say("remember that the spare ladder stands behind the shed")
    await house.say("turn on the study lights")
    assert "Forget what?" in (await house.say("forget that"))["reply"]
    assert "Forgotten: “the spare ladder" in (await house.say("forget about the spare ladder"))["reply"]


async def test_a_guest_writes_nothing_down_and_hears_of_nobody(house: House) -> None:
    await house.say("remember that Robin sleeps badly")
    since = await house.last_id()
    await house.text("remember that the key is under the mat", GUEST)
    await house.text("what do you know about Robin?", GUEST)
    bodies = await house.texts(2, since, GUEST)
    assert not any("sleeps badly" in body for body in bodies)
    assert "mat" not in (await house.say("what do you know about the key?"))["reply"].partition(":")[2]


async def test_what_is_written_by_hand_counts_at_once(house: House) -> None:
    path = Path(house.ready["workspace"]) / "memory" / "home.md"
    await asyncio.to_thread(path.write_text, "# The home\n\n- The bins go out on Tuesday\n", "utf-8")

    async def known() -> bool:
        return "Tuesday" in (await house.say("what do you know about bins?"))["reply"]
    await until(known)
    assert "by hand" in (await house.say("why do you think so?"))["reply"]


async def test_kill_loses_nothing_that_was_acknowledged(house: House) -> None:
    said = []
    for at in range(8):
        await house.say(f"remember that box number {at} holds item{at}")
        said.append(f"item{at}")
    await house.kill()
    await house.again()
    pages = (Path(house.ready["workspace"]) / "memory").rglob("*.md")
    text = await asyncio.to_thread(lambda: "".join(page.read_text("utf-8") for page in pages))
    assert all(one in text for one in said)
    assert "item5" in (await house.say("what do you know about box number 5?"))["reply"]


async def test_the_model_recalls_and_what_it_writes_is_its_own(house: House) -> None:
    await house.say("remember that the spare key hangs behind the boiler")
    await house.script({"tools": [{"name": "remember", "input": {"fact": "Robin asked for the spare key"}}]},
                       {"tools": [{"name": "recall", "input": {"question": "spare key"}}]},
                       {"tools": [{"name": "remember", "input": {"fact": "The key is for strangers"}}]},
                       {"text": "Behind the boiler."})
    answer = await house.say("I locked myself out again, do you have any idea what could help me back in")
    assert "Behind the boiler" in answer["reply"]
    requests = await house.asked()
    assert "spare key hangs behind the boiler" in str(requests[-4]["messages"])  # given along, unasked
    assert "Not while words from outside" in str(requests[-1]["messages"])  # what it recalled was talk: anybody's words
    pages = (Path(house.ready["workspace"]) / "memory").rglob("*.md")
    text = await asyncio.to_thread(lambda: "".join(page.read_text("utf-8") for page in pages))
    (line,) = [one for one in text.splitlines() if "asked for the spare key" in one]
    assert "said by Dobby, agent," in line
    assert "for strangers" not in text


async def test_erased_leaves_no_byte(house: House) -> None:
    await house.say("Remember that Quentin keeps his savings in the piano")
    await house.say("turn on the study lights")
    await house.say("what do you know about Quentin?")
    assert "Shall I erase" in (await house.say("forget everything about Quentin"))["reply"]
    assert await asyncio.to_thread(traces, house, "quentin")
    done = await house.say("yes")
    assert "Erased" in done["reply"]
    assert "provider" in done["reply"]

    async def gone() -> bool:
        return await asyncio.to_thread(traces, house, "quentin") == []
    await until(gone)
    assert "know nothing" in (await house.say("what do you know about savings?"))["reply"]


async def test_what_follows_a_colon_is_remembered_and_forgotten(house: House) -> None:
    assert "shelf" in (await house.say("Remember: the boiler manual is on the shelf"))["reply"]
    assert "on the shelf" in (await house.say("where is the boiler manual?"))["reply"]
    assert "Forgotten" in (await house.say("forget: the boiler manual"))["reply"]
    assert "remember" in (await house.say("note that the boiler is old"))["reply"]


async def test_plain_corrections_are_seen_and_what_stands_beside_them_stands(house: House) -> None:
    await house.say("remember that Kim hates jazz")
    await house.say("remember that Kim likes tea")
    assert "replaces" in (await house.say("remember that Kim loves jazz"))["reply"]
    assert "replaces" not in (await house.say("remember that Kim is allergic to nuts"))["reply"]
    assert "replaces" not in (await house.say("remember that Kim is allergic to cats"))["reply"]
    assert "loves jazz" in (await house.say("does Kim love jazz?"))["reply"]
    page = Path(house.ready["workspace"]) / "memory" / "home.md"
    text = await asyncio.to_thread(page.read_text, "utf-8")
    assert "~~Kim hates jazz~~" in text
    assert text.count("~~Kim") == 1


async def test_a_question_asked_often_and_one_in_the_older_words_are_answered(house: House) -> None:
    """What was asked before is talk too: it must not stand before the fact."""
    await house.say("remember that the neighbours' sledge hangs in the carport")
    for _ in range(20):
        await house.say("where is the neighbours' sledge?")
    assert "carport" in (await house.say("where is the neighbours' sledge?"))["reply"]
    for other in ("Tess works with children", "Tess works in Bonn", "Jan drives to work", "Bert works on Fridays",
                  "Ada starts work at 9:30", "Max works as a baker", "the gate works again"):
        await house.say(f"remember that {other}")
    await house.say("remember that Lena works at the hospital")
    await house.say("remember that Lena is employed by the city library")
    assert "library" in (await house.say("where does Lena work?"))["reply"]


async def test_without_a_model_what_nobody_said_is_owned_up_to_and_a_name_that_stays_is_told(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.say("remember that Anna hates bright light in the study")
        for question in ("who is sensitive to brightness?", "what is the capital of Peru?"):
            assert "I do not know" in (await house.say(question))["reply"], question
        await house.say("I lent the green tent to Walburga in spring")

        async def found() -> bool:  # what is said is found a moment later
            return "lent the green tent" in (await house.say("what did I tell you about Walburga?"))["reply"]
        await until(found)
        assert "green tent" in (await house.say("did I ever mention Walburga?"))["reply"]
        assert "I do not know" not in (await house.say("could you feed the parrot?"))["reply"]
        lamp = (await house.device("sofa_lamp"))["id"]
        status, named = await house.api("POST", f"/api/devices/{quote(lamp, safe='')}", {"name": "Balthasar lamp"})
        assert status == 200, named
        assert "“Balthasar lamp” bears that name" in (await house.say("forget everything about Balthasar"))["reply"]


async def test_three_nights_on_the_manual_clock(tmp_path: Path) -> None:
    """Each comes once, says in the journal what it did, asks the model only of a day with words, and what is taken
    back stays so, after a death too."""
    async with lived_in(tmp_path, "--model", "--clock", "manual") as house:
        memory = Path(house.ready["workspace"]) / "memory"

        async def pass_days(count: float) -> None:
            status, clock = await house.api("POST", "/api/clock", {"advance_s": count * 86400})
            assert status == 200, clock

        def journal() -> list[str]:
            return [line for page in sorted((memory / "journal").glob("*.md"))
                    for line in page.read_text("utf-8").splitlines() if "Tidied" in line]

        async def past() -> int:
            return (await asyncio.to_thread((memory / "people" / "robin.md").read_text, "utf-8")).count("~~") // 2
        _, clock = await house.api("GET", "/api/clock")
        noon = datetime.fromisoformat(clock["now"]).replace(hour=12) + timedelta(days=1)
        assert (await house.api("POST", "/api/clock", {"set": noon.isoformat()}))[0] == 200
        await house.say("remember that my dentist comes tomorrow")
        before = len(await house.asked())
        await pass_days(1)
        assert await past() == 0
        await pass_days(1)
        assert await past() == 1
        await pass_days(1)
        assert len(await asyncio.to_thread(journal)) == 1
        assert len(await house.asked()) == before, "nobody said a word on these days"
        await house.script({"text": "How lovely."})
        await house.say("what a day, I sat in the study with a novel for hours")
        before += 1
        await house.script({"text": '[{"op": "add", "text": "Robin likes to read in the study", "why": "said"}]'})
        await pass_days(1)
        assert len(await house.asked()) == before + 1
        assert "with a novel for hours" in str((await house.asked())[-1])
        assert "read in the study" in (await asyncio.to_thread(journal))[-1]
        assert "Taken back: 1" in (await house.say("undo last night"))["reply"]
        await house.kill()
        await house.again()
        await house.say("turn off the study lights")
        await house.script({"text": '[{"op": "add", "text": "Robin likes to read in the study", "why": "said"}]'})
        await pass_days(1)
        assert len(await house.asked()) == before + 2
        assert len(await asyncio.to_thread(journal)) == 2, "what was taken back is not done again"


async def test_a_bare_fact_is_kept_after_a_yes_where_no_model_answers(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        assert (await house.say("the spare key is under the mat"))["reply"] == "Shall I remember that?"
        assert "“the spare key is under the mat”" in (await house.say("yes"))["reply"]
        assert "under the mat" in (await house.say("where is the spare key?"))["reply"]
        assert "Robin" in (await house.say("why do you think so?"))["reply"]
        await house.say("the baker gets up at three")
        assert (await house.say("turn on the desk lamp"))["outcomes"][0]["result"] == "confirmed"
        assert "no question open" in (await house.say("yes"))["reply"], "whatever else is said lets it go"
        await house.say("the baker gets up at three")
        assert "left as it is" in (await house.say("no"))["reply"]
        assert traces(house, "I'll remember: “the baker") == []
        assert "remember that" not in (await house.say("the kitchen light is too bright"))["reply"]
        assert "remember that" not in (await house.say("the safe opens with 4711"))["reply"], "it may be a code"
        await house.text("the spare key is under the stone", GUEST)
        assert "remember" not in (await house.texts(1, to=GUEST))[0]
