"""kill -9 at the worst moment: nothing accepted is lost, nothing is done or said twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.house import MEMBER, OWNER, lived_in, until

pytestmark = pytest.mark.anyio


async def test_three_accepted_messages_are_answered_once_each(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--model") as house:
        await house.script({"text": "a long thought", "delay_s": 60})
        await house.text("tell me the saga of the dragon", OWNER, "SMrunning")
        await until(lambda: reached(house))
        await house.text("turn off the desk lamp", OWNER, "SMqueued")
        await house.script({"text": "another long thought", "delay_s": 60})
        await house.text("tell me the saga of the elf", MEMBER, "SMother")
        await until(lambda: reached(house, 2))
        await house.kill()
        async with house.web.delete(house.ready["model"] + "/script") as answer:
            await answer.read()
        await house.script({"text": "The dragon slept."}, {"text": "The dragon slept."})
        await house.again()
        await house.texts(3)
        owner = [row["body"] for row in await house.received(0, OWNER)]
        member = [row["body"] for row in await house.received(0, MEMBER)]
        assert len(owner) == 2
        assert owner[0].startswith("The dragon slept")
        assert "Desk Lamp" in owner[1]
        assert [one.startswith("The dragon slept") for one in member] == [True]
        for sid, sender in (("SMrunning", OWNER), ("SMqueued", OWNER), ("SMother", MEMBER)):
            await house.text("tell me the saga again", sender, sid)
        await house.say("which lights are on?")
        assert len(await house.received()) == 3
        assert not (await house.state("desk_lamp"))["on"]


async def reached(house, count: int = 1) -> bool:  # type: ignore[no-untyped-def]
    return len(await house.asked()) >= count


async def test_a_deed_that_was_under_way_is_read_again_not_repeated(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.fault("desk_lamp", "slow")
        await house.text("turn off the desk lamp", OWNER, "SMslow")
        await until(lambda: pending(house))
        await house.kill()
        await house.fault("desk_lamp", None)
        await until(lambda: is_off(house))
        await house.hand("desk_lamp", on=True)
        await house.again()
        [answer] = await house.texts(1, 0, OWNER)
        assert "interrupted" in answer
        assert "Desk Lamp" in answer
        assert (await house.state("desk_lamp"))["on"], "the order was not given a second time"


async def pending(house) -> bool:  # type: ignore[no-untyped-def]
    return any(row["pending"] for row in (await house.device("desk_lamp"))["traits"])


async def is_off(house) -> bool:  # type: ignore[no-untyped-def]
    return not (await house.state("desk_lamp"))["on"]


async def test_an_answer_that_was_being_sent_is_looked_up_first(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.fault("handset", "slow", seconds=3)
        await house.text("turn off the desk lamp", OWNER, "SMsend")
        await until(lambda: attempting(house))
        await house.kill()
        await house.fault("handset", None)
        await house.again()
        await house.texts(1, 0, OWNER)
        await house.text("which lights are on?", OWNER)
        answers = await house.texts(2, 0, OWNER)
        assert sum("Desk Lamp is off" in one for one in answers) == 1


async def test_an_answer_that_the_provider_had_is_not_sent_again(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.fault("handset", "lost_answer")
        await house.text("turn off the desk lamp", OWNER, "SMlost")
        await until(lambda: attempting(house))
        await house.texts(1, 0, OWNER)
        await house.kill()
        await house.fault("handset", None)
        await house.again()
        await house.text("is the desk lamp on?", OWNER, "SMafter")
        answers = await house.texts(2, 0, OWNER)
        assert sum("Desk Lamp is off" in one for one in answers) == 1
        assert not any("repeat" in one for one in answers)


async def attempting(house) -> bool:  # type: ignore[no-untyped-def]
    import sqlite3

    with sqlite3.connect(f"{house.ready['workspace']}/dobby.db") as raw:
        [count] = raw.execute("SELECT count(*) FROM outbox WHERE state = 'attempting'").fetchone()
    raw.close()
    return int(count) > 0


async def test_an_order_accepted_just_before_the_end_is_carried_out_after_it(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.text("turn on the porch light", OWNER)
        await house.texts(1)
        await house.text("undo", OWNER, "SMlast")
        await house.kill()
        await house.again()
        answers = await house.texts(2)
        assert "did not answer" not in answers[1]
        assert not (await house.state("porch_light"))["on"]
