"""For each device and each way to break: "everything off" names that device as not confirmed, and no other."""

from __future__ import annotations

import asyncio

import pytest

from tests.stories.conftest import settled
from tests.stories.house import House, until

pytestmark = pytest.mark.anyio
FAULTS = ("dead", "slow", "lies", "refuses", "garbage")
TRIED = {"desk_lamp": ("dead", "lies", "refuses"), "study_speaker": ("slow",), "pool_light": ("garbage",),
         "bedroom_shades": ("dead", "refuses"), "house_alarm": ("lies",)}


def _marks(key: str, fault: str) -> tuple[pytest.MarkDecorator, ...]:
    """All of them with --all; one of each class otherwise."""
    return () if fault in TRIED.get(key, ()) else (pytest.mark.full,)


MATRIX = [pytest.param(key, fault, marks=_marks(key, fault))
          for key in ("kitchen_ceiling", "counter_lights", "dining_pendant", "floor_lamp", "sofa_lamp", "study_lamp",
                      "desk_lamp", "bedroom_ceiling", "bedside_lamp", "bathroom_light", "hallway_light", "porch_light",
                      "study_speaker", "kitchen_speaker", "shelf_strip", "bed_strip", "pool_light")
          for fault in FAULTS]


@pytest.mark.parametrize(("key", "fault"), MATRIX)
async def test_only_the_broken_one_is_named(house: House, key: str, fault: str) -> None:
    device = await house.device(key)
    await house.fault(key, fault)
    answer = await house.say("everything off")
    truth = await house.truth()
    failed = {outcome["device"] for outcome in answer["outcomes"] if outcome["result"] != "confirmed"}
    assert failed == {device["id"]}, answer["reply"]
    assert device["name"] in answer["reply"]
    _, home = await house.api("GET", "/api/home")
    others = [one["name"] for one in home["devices"]
              if one["id"] != device["id"] and one["kind"] in ("light", "speaker")]
    blamed = answer["reply"].partition(device["name"])
    assert not [name for name in others if name in blamed[0].rpartition(".")[2] + blamed[2]], answer["reply"]
    for name, row in truth.items():
        if row["kind"] in ("light", "speaker") and name != key:
            assert not row["state"]["on" if row["kind"] == "light" else "playing"], name


SLEEPY, LEAVING = "Dobby, it's sleepy time", "I'm leaving"
# a thing of the house -> what is said, its state before (by outside hands), and what it must not be said to be
HOUSE: dict[str, tuple[str, dict[str, object]]] = {
    "bedroom_shades": (SLEEPY, {"position": 100}), "living_room_shades": (SLEEPY, {"position": 100}),
    "bedroom_heating": (SLEEPY, {"target": 21}), "living_room_heating": (LEAVING, {"target": 21}),
    "garage_door": (LEAVING, {"position": 100}), "front_door": (LEAVING, {"locked": False}),
    "house_alarm": (LEAVING, {"armed": "disarmed"})}


@pytest.mark.parametrize(("key", "fault"), [
    pytest.param(key, fault, marks=_marks(key, fault)) for key in HOUSE for fault in FAULTS])
async def test_of_a_whole_house_only_the_broken_one_is_named(house: House, key: str, fault: str) -> None:
    said, before = HOUSE[key]
    device = await house.device(key)
    await house.hand(key, **before)

    async def seen() -> bool:
        shown = {one["name"]: one["value"] for one in (await house.device(key))["traits"]}
        return all(shown.get({"position": "open"}.get(word, word) if key == "garage_door" else word) in (value, True)
                   for word, value in before.items() if word != "locked") and shown.get("locked") is not True
    await until(seen)
    await house.fault(key, fault)
    answer = await house.say(said)
    failed = {outcome["device"] for outcome in answer["outcomes"] if outcome["result"] != "confirmed"}
    assert failed == {device["id"]}, answer["reply"]
    assert device["name"] in answer["reply"].partition("ot confirmed")[2], answer["reply"]


async def test_a_sonos_with_upnp_off_is_told_with_the_switch_to_flip(house: House) -> None:
    await house.fault("study_speaker", "upnp_off")
    answer = await house.say("play jazz radio in the study")
    assert "UPnP" in answer["reply"]
    assert answer["outcomes"][0]["error"]["kind"] == "refused"


@pytest.mark.parametrize(("hub", "fault"), [
    pytest.param(hub, fault, marks=() if (hub, fault) in (("hue_bridge", "dead"), ("mqtt_broker", "garbage"))
                 else pytest.mark.full)
    for hub in ("hue_bridge", "mqtt_broker") for fault in ("dead", "refuses", "garbage")])
async def test_a_broken_hub_costs_its_own_devices_only(house: House, hub: str, fault: str) -> None:
    truth = await house.truth()
    behind = {row["native_id"] for row in truth.values() if row.get("hub") == hub and row["kind"] == "light"}
    await house.fault(hub, fault)
    answer = await house.say("everything off")
    failed = {one["device"].rpartition("/")[2] for one in answer["outcomes"] if one["result"] != "confirmed"}
    assert failed == behind, answer["reply"]


async def test_a_dead_device_is_shown_so_and_comes_back_by_itself(house: House) -> None:
    for key in ("desk_lamp", "shelf_strip", "study_speaker", "front_door"):
        await house.fault(key, "dead")

    async def gone(key: str, reachable: bool) -> None:
        async def so() -> bool:
            return bool((await house.device(key))["reachable"]) is reachable
        await until(so)
    await asyncio.gather(*(gone(key, False) for key in ("desk_lamp", "shelf_strip", "study_speaker", "front_door")))
    for key in ("desk_lamp", "shelf_strip", "study_speaker", "front_door"):
        await house.fault(key, None)
    await settled(house)
