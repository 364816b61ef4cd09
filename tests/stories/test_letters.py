"""Letters out: long ones, a provider that fails, the closed window, and events that resume."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.stories.house import OWNER, House, lived_in, until

pytestmark = pytest.mark.anyio


async def test_a_long_answer_comes_in_parts(house: House) -> None:
    saga = " ".join(f"word{number}" for number in range(500))
    since = await house.last_id()
    await house.script({"text": saga})
    await house.text("tell me the saga of the dragon", OWNER)
    parts = await house.texts(3, since, OWNER)
    assert " ".join(parts).split() == saga.split()
    assert all(len(part) <= 1600 for part in parts)


async def test_a_provider_that_was_away_gets_it_later_and_once(house: House) -> None:
    since = await house.last_id()
    await house.fault("handset", "refuses", code=20429)
    await house.text("turn off the desk lamp", OWNER)

    async def tried() -> bool:
        return not (await house.state("desk_lamp"))["on"]
    await until(tried)
    await house.fault("handset", None)
    assert len(await house.texts(1, since, OWNER)) == 1


async def test_a_closed_window_falls_back_to_the_template(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.fault("handset", "refuses", code=63016)
        await house.text("let me in", "whatsapp:+19995551234")

        async def templated() -> list[str]:
            return [row["content_variables"] for row in await house.received(0, OWNER) if row.get("content_sid")]
        [variables] = await until(templated)
        assert "+19995551234" in str(variables)


async def test_events_resume_where_they_were_left(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.ready['token']}"}
    url = house.ready["dashboard"] + "/api/events"

    async def read(last: str, wanted: str) -> str:
        more = {"Last-Event-ID": last} if last else {}
        async with house.web.get(url, headers=headers | more) as answer:
            assert answer.status == 200
            id_ = ""
            async for line in answer.content:
                text = line.decode().strip()
                id_ = text[4:] if text.startswith("id: ") else id_
                if wanted in text:
                    return id_
        raise AssertionError("the stream ended")

    first = await asyncio.wait_for(read("", "event: hello"), 10)
    device = await house.device("sofa_lamp")
    await house.hand("sofa_lamp", on=False)

    async def off() -> bool:
        return {row["name"]: row["value"] for row in (await house.device("sofa_lamp"))["traits"]}["on"] is False
    await until(off)
    later = await asyncio.wait_for(read(first, device["id"]), 10)
    assert int(later) > int(first)
