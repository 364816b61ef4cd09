"""A broker in the house: what hangs on it is driven, read and left alone like everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.house import House, lived_in, until

pytestmark = pytest.mark.anyio
LEFT_ALONE = ("treadmill", "washer", "pool", "spa", "freezer", "kitchen_window", "aquarium")


async def test_sleepy_time_leaves_plugs_and_the_pool_alone(house: House) -> None:
    await house.hand("treadmill", on=True, power=640.0)
    await house.hand("washer", on=True)
    await house.hand("pool_light", on=True)
    before = {key: await house.state(key) for key in LEFT_ALONE}
    await house.say("Dobby, it's sleepy time")
    assert {key: await house.state(key) for key in LEFT_ALONE} == before
    assert (await house.state("pool_light"))["on"] is False


async def test_a_thing_on_the_broker_obeys_and_is_undone(house: House) -> None:
    await house.hand("pool_light", on=False)
    answer = await house.say("turn on the pool light")
    assert [one["result"] for one in answer["outcomes"]] == ["confirmed"]
    assert (await house.state("pool_light"))["on"] is True
    await house.say("undo")
    assert (await house.state("pool_light"))["on"] is False


async def test_a_broker_wants_its_login_and_is_there_after_a_restart(tmp_path: Path) -> None:
    async with lived_in(tmp_path, "--fresh") as house:
        async def seen() -> bool:
            _, network = await house.api("GET", "/api/network?what=mqtt")
            return bool(network["found"])
        await until(seen)
        _, network = await house.api("GET", "/api/network?what=mqtt")
        (found,) = network["found"]
        assert (found["needs"], found["linked"]) == ("login", False)
        for login, linked in (("dobby:wrong", False), ("dobby:simulated-mqtt-1883", True)):
            _, asked = await house.api("POST", "/api/commands", [{"device": found["key"], "trait": "pair",
                                                                  "value": None}])
            _, answer = await house.api("POST", f"/api/questions/{asked['question']['id']}", {"answer": "yes",
                                                                                             "pin": login})
            assert (answer["outcomes"][0]["result"] == "confirmed") is linked, answer

        async def there() -> bool:
            _, home = await house.api("GET", "/api/home")
            return any((one["name"], one["kind"], one["reachable"]) == ("Treadmill", "plug", True)
                       for one in home["devices"])
        await until(there)
        await house.kill()
        await house.again()
        await until(there)
