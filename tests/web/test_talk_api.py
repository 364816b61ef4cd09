"""What the page is told besides the home: one thread from every door, charts, care, the mind; on one house."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from dobby.web.logs import LINE, LINES, Lately, listening_in
from tests.stories.house import MEMBER, OWNER, House, until
from tests.web.visitors import Visitor, home_with_a_guest_room, login

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A house with a scripted model, whose clock moves when told."""
    async with home_with_a_guest_room(tmp_path_factory.mktemp("talk"), "--model", "--clock", "manual") as one:
        yield one


@pytest.fixture(scope="module")
async def sam(house: House) -> Visitor:
    """The member, at the page."""
    return await login(house, "Sam")


# --- the thread -------------------------------------------------------------------------------------------------------

async def test_one_thread_from_every_door(house: House, sam: Visitor) -> None:
    before = await house.last_id()
    await house.text("which lights are on?", OWNER)
    await house.texts(1, before, OWNER)
    await house.say("turn the desk lamp on")
    await house.text("turn the sofa lamp on", MEMBER)
    await sam.api("POST", "/api/say", {"text": "turn the sofa lamp off"})

    async def all_there() -> list[tuple[str, str]]:
        rows = (await house.api("GET", "/api/talk"))[1]["turns"]
        found = [(one["who"], one["channel"]) for one in rows]
        return found if len(found) >= 4 else []
    found = await until(all_there)
    assert {("Robin", "whatsapp"), ("Robin", "page"), ("Sam", "whatsapp"), ("Sam", "page")} <= set(found)
    rows = (await house.api("GET", "/api/talk"))[1]["turns"]
    assert [one["id"] for one in rows] == sorted(one["id"] for one in rows), "the oldest first"
    assert all(one["reply"] and one["text"] for one in rows)
    hers = (await sam.api("GET", "/api/talk"))[1]
    assert {one["who"] for one in hers["turns"]} == {"Sam"}
    assert len(hers["turns"]) == 2
    mine = [one["id"] for one in rows if one["who"] == "Robin"]
    assert (await sam.api("GET", f"/api/turns/{mine[0]}"))[0] == 404
    assert {one["who"] for one in (await sam.api("GET", "/api/turns"))[1]["turns"]} == {"Sam"}


async def test_what_dobby_told_unasked_stands_in_it_and_a_code_does_not(house: House, sam: Visitor) -> None:
    await house.say("remind me in 5 minutes to water the plants")
    await house.api("POST", "/api/clock", {"advance_s": 400})

    async def told() -> bool:
        letters = (await house.api("GET", "/api/talk"))[1]["letters"]
        return any("plants" in one["text"] and one["to"] == OWNER.partition(":")[2] for one in letters)
    await until(told)
    letters = (await house.api("GET", "/api/talk"))[1]["letters"]
    assert not [one for one in letters if one["key"].startswith("code:")]
    assert all(set(one) >= {"key", "channel", "to", "text", "at", "kind", "pictures", "state"} for one in letters)
    assert not [one for one in (await sam.api("GET", "/api/talk"))[1]["letters"] if "plants" in one["text"]]


async def test_a_page_that_is_used_stays_logged_in(house: House, sam: Visitor) -> None:
    async def cookie() -> str:
        async with house.web.get(f"{house.ready['dashboard']}/api/home", headers=sam.headers()) as answer:
            assert answer.status == 200
            return answer.headers.get("Set-Cookie", "")
    await cookie()
    assert await cookie() == ""
    assert (await house.api("POST", "/api/clock", {"advance_s": 7200}))[0] == 200
    renewed = await cookie()
    assert sam.key in renewed
    assert {"HttpOnly", "Max-Age=7776000", "SameSite=Strict"} <= set(renewed.split("; "))
    assert await cookie() == ""


# --- charts -----------------------------------------------------------------------------------------------------------

async def test_a_reading_becomes_a_point_in_its_chart(house: House) -> None:
    truth = await house.truth()
    key = next(key for key, row in truth.items() if row["kind"] == "thermostat")
    device = await house.device(key)
    await house.hand(key, current=23.5)

    async def series() -> list[dict[str, str]]:
        _, charts = await house.api("GET", "/api/charts")
        return [one for one in charts["series"].get("temperature", ()) if one["device"] == device["id"]]
    found = await until(series)
    assert {one["trait"] for one in found} <= {"current", "target", "temperature", "humidity"}
    assert all(one["name"] and "unit" in one for one in found)
    trait = next(one["trait"] for one in found if one["trait"] in ("current", "temperature"))

    async def points() -> list[list[float]]:
        _, answer = await house.api("GET", "/api/history", params={"device": device["id"], "trait": trait})
        return [one for one in answer["points"] if one[3] == 23.5]
    [at, low, mean, high] = (await until(points))[-1]
    assert low <= mean <= high
    assert at % 60 == 0 or at > 0
    for span, status in (("week", 200), ("year", 200), ("decade", 422)):
        assert (await house.api("GET", f"/api/charts?span={span}"))[0] == status
    _, nothing = await house.api("GET", "/api/history?device=nobody&trait=power")
    assert nothing["points"] == []


# --- care -------------------------------------------------------------------------------------------------------------

def test_what_was_logged_is_kept_without_secrets() -> None:
    lately, log = Lately(("hush-hush", "", "abc")), logging.getLogger("tests.lately")
    with listening_in(lately):
        log.warning("the key is %s, said %s twice", "hush-hush", "hush-hush")
        try:
            raise ValueError("hush-hush inside")
        except ValueError:
            log.exception("broke")
        lately.emit(logging.LogRecord("x", logging.WARNING, "", 0, "%d is no %d", (1,), None))  # cannot be written out
        log.warning("x" * 5000)
        for n in range(LINES):
            log.warning("abc <script> %d", n)
    log.warning("after")
    lines = list(lately.lines)
    assert len(lines) == LINES
    assert lines[-1]["text"] == f"abc <script> {LINES - 1}", "a secret of three letters would blot out every word"
    assert not any("hush" in one["text"] or len(one["text"]) > LINE for one in lines)
    datetime.fromisoformat(lines[0]["at"])
    few = Lately(("hush-hush",))
    with listening_in(few):
        log.error("hush-hush")
        try:
            raise ValueError("hush-hush inside")
        except ValueError:
            log.exception("broke")
    assert [one["level"] for one in few.lines] == ["ERROR", "ERROR"]
    assert "***" in few.lines[0]["text"]
    assert "*** inside" in few.lines[1]["text"]


async def test_care_says_what_is_unwell_and_stop_halts(house: House) -> None:
    _, health = await house.api("GET", "/api/health")
    assert {"parts", "links", "unreachable", "problems", "letters_not_sent"} <= set(health)
    await house.script({"text": "a long thought", "delay_s": 60})
    asked = asyncio.create_task(house.api("POST", "/api/say", {"text": "tell me the saga of the dragon"}))

    async def thinking() -> bool:
        return len(await house.asked()) > 0
    await until(thinking)
    assert (await house.api("POST", "/api/stop"))[1] == {"stopped": True}
    status, _ = await asyncio.wait_for(asked, 20)
    assert status == 200


# --- the mind ---------------------------------------------------------------------------------------------------------

async def test_a_skill_remembers_what_it_said_before(house: House) -> None:
    robin = await login(house, "Robin")
    skill = next(one for one in (await robin.api("GET", "/api/skills"))[1]["skills"] if one["name"] == "movie-night")
    texts = [skill["text"].replace("brightness: 20", f"brightness: {n}") for n in (31, 32)]
    for text in texts:
        assert (await robin.api("PUT", "/api/skills/movie-night", {"text": text}))[0] == 200
    rows = (await robin.api("GET", "/api/skills/movie-night/versions"))[1]["versions"]
    assert [one["text"] for one in rows[:2]] == [texts[0], skill["text"]], "the latest first"
    assert {one["who"] for one in rows} == {"Robin"}
    wrong = skill["text"].replace("name: movie-night", "name: other")
    assert (await robin.api("PUT", "/api/skills/movie-night", {"text": wrong}))[0] == 422
    assert len((await robin.api("GET", "/api/skills/movie-night/versions"))[1]["versions"]) == len(rows)
    assert (await robin.api("PUT", "/api/skills/movie-night", {"text": skill["text"]}))[0] == 200


async def test_a_fact_is_said_anew_and_the_old_one_is_kept_as_past(house: House, sam: Visitor) -> None:
    _, made = await sam.api("POST", "/api/memory", {"text": "The bins go out on Tuesday"})
    id_ = made["fact"]["id"]
    status, changed = await house.api("POST", f"/api/memory/{id_}", {"text": "The bins go out on Wednesday"})
    assert status == 200
    facts = {one["id"]: one for one in (await house.api("GET", "/api/memory"))[1]["facts"]}
    assert "Wednesday" in facts[changed["fact"]["id"]]["text"]
    assert not facts[changed["fact"]["id"]]["until"]
    assert id_ == changed["fact"]["id"] or facts[id_]["until"], "what it said is past"
    for body, code in (({}, 422), ({"now": "x"}, 422), ({"text": "  "}, 422), ([], 422)):
        assert (await house.api("POST", f"/api/memory/{changed['fact']['id']}", body))[0] == code
    assert (await house.api("POST", "/api/memory/none", {"now": "past"}))[0] == 404


async def test_tokens_are_counted_by_day(house: House) -> None:
    await house.script({"text": "Hm."})
    await house.say("who slew the dragon of the north")
    _, budget = await house.api("GET", "/api/budget")
    assert budget["daily_tokens"] > 0
    assert budget["days"][0]["tokens"] > 0
    datetime.fromisoformat(budget["days"][0]["day"])
