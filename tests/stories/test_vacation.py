"""A vacation: lamps go on and off in the evenings as if somebody were home, and the home agrees; then all are back."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stories.clocks import BERLIN, change_after, idle, noon, now, to
from tests.stories.house import House, lived_in, until

pytestmark = pytest.mark.anyio


async def lamps(house: House) -> dict[str, dict[str, Any]]:
    """The lamps of the simulated home, by key."""
    return {key: row for key, row in (await house.truth()).items() if row["kind"] == "light"}


async def lit(house: House) -> set[str]:
    return {key for key, row in (await lamps(house)).items() if row["state"]["on"]}


def kept(house: House) -> dict[str, Any]:
    """What the plan remembers."""
    with contextlib.closing(sqlite3.connect(f"{house.ready['workspace']}/dobby.db")) as raw:
        rows = raw.execute("SELECT lived FROM jobs WHERE lived != '' ORDER BY id DESC LIMIT 1").fetchall()
    found: dict[str, Any] = json.loads(rows[0][0])
    return found


async def to_switch(house: House, number: int = 0) -> None:
    """Let time pass until a switch of this evening was due."""
    await to(house, datetime.fromisoformat(kept(house)["switches"][number]["at"]) + timedelta(seconds=2))


async def dark(house: House) -> None:
    """Every lamp is out, and Dobby knows."""
    for key in await lit(house):
        await house.hand(key, on=False)

    async def known() -> bool:
        _, home = await house.api("GET", "/api/home")
        return not any(trait["value"] for one in home["devices"] if one["kind"] == "light"
                       for trait in one["traits"] if trait["name"] == "on")
    await until(known)


async def one_evening(house: House, midday: datetime, die: bool = False) -> tuple[list[str], set[str]]:
    """From noon to three at night, one switch at a time: at which minutes lamps changed, and which were ever lit."""
    await to(house, midday)
    minutes, rooms = [], set()
    switches = [datetime.fromisoformat(one["at"]) for one in kept(house)["switches"]]
    for at in sorted(set(switches)):
        before = await lit(house)
        if die and at == switches[len(switches) // 2]:
            await house.kill()
            await house.again()
            await until(lambda: idle(house))
            assert await lit(house) == before
        await to(house, at + timedelta(seconds=1))
        now = await lit(house)
        assert len(now) <= 2
        if now != before:
            minutes.append(f"{at.astimezone(BERLIN):%H:%M}")
        rooms |= {str((await lamps(house))[key]["room"]) for key in now}
    await to(house, midday + timedelta(hours=15))
    assert await lit(house) == set()
    return minutes, rooms


async def test_three_evenings_as_if_lived_in_over_a_restart_and_a_change_of_the_clocks(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        first = (change_after(await now(house)) - timedelta(days=1)).replace(hour=12)
        await house.api("POST", "/api/clock", {"set": (first - timedelta(hours=2)).astimezone(UTC).isoformat()})
        await until(lambda: idle(house))
        last = await house.last_id()
        told = await house.say("we are on vacation")
        assert "as if somebody were home" in told["reply"]
        assert told["mind"] == "reflex"
        assert "Porch" in (await house.say("not the porch light"))["reply"]
        await house.say("yes")
        planned = (await house.say("what is planned?"))["reply"]
        assert len(planned.splitlines()) == 1
        assert "vacation" in planned
        evenings = []
        for day in range(3):
            minutes, rooms = await one_evening(house, (first + timedelta(days=day)).replace(hour=12), die=day == 1)
            assert len(minutes) > 5
            assert len(rooms) > 1
            assert not {"Porch", "Garden", "Garage"} & rooms
            evenings.append(minutes)
        assert len({tuple(one) for one in evenings}) == 3
        assert await house.received(last) == []
        journal = "".join(path.read_text("utf-8") for path in (tmp_path / "memory" / "journal").glob("*.md"))
        assert journal.count("Lights as if somebody were home") == 3


async def test_it_ends_when_somebody_is_back_and_only_its_own_lamps_go_out(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        await noon(house)
        await house.say("I'm home")
        sunday = await house.say("we're on vacation until Sunday")
        assert "Until Sunday" in sunday["reply"]
        assert "until Sunday" in (await house.say("what is planned?"))["reply"]
        await dark(house)
        await to_switch(house)
        ours = await lit(house)
        assert len(ours) == 1
        other = next(key for key in sorted(await lamps(house)) if key not in ours)
        await house.hand(other, on=True)
        ended = await house.say("end the vacation")
        assert "over" in ended["reply"]
        assert [one["result"] for one in ended["outcomes"]] == ["confirmed"]
        assert await lit(house) == {other}
        assert (await house.say("what is planned?"))["reply"] == "Nothing is planned."
        assert "Planned again" in (await house.say("undo that"))["reply"]
        await house.hand(other, on=False)
        last = await house.last_id()
        await house.text("I'm home", "whatsapp:+15550101")
        assert "over" in (await house.texts(1, last))[0]
        assert (await house.say("end the vacation"))["reply"] == "There is no vacation to end."


async def test_while_somebody_is_home_nothing_is_sent_and_it_is_asked_once(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        await noon(house)
        await house.say("we're on vacation")
        await dark(house)
        await house.say("Sam is home")
        for answer in ("no", "yes"):
            last = await house.last_id()
            await to_switch(house)
            [asked] = await house.texts(1, last)
            assert "Sam is home" in asked
            last = await house.last_id()
            await house.text(answer)
            [told] = await house.texts(1, last)
            assert ("over" in told) is (answer == "yes")
            for number in (1, 2, 3) if answer == "no" else ():
                await to_switch(house, number)
                assert await lit(house) == set()
            if answer == "no":
                await house.say("end the vacation")
                await house.say("we're on vacation")
                await house.say("Sam is home")
        assert len(await house.received(last)) == 1
        assert (await house.say("what is planned?"))["reply"] == "Nothing is planned."


async def test_ended_on_the_page_it_puts_out_what_it_lit(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--clock", "manual") as house:
        await noon(house)
        await house.say("vacation mode")
        await dark(house)
        await to_switch(house)
        assert len(await lit(house)) == 1
        _, found = await house.api("GET", "/api/plans")
        assert (await house.api("DELETE", f"/api/plans/{found['plans'][0]['id']}"))[0] == 200

        async def out() -> bool:
            return await lit(house) == set()
        await until(out)
