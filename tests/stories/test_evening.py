"""The main job: a text comes in, the home changes, the devices confirm it, the answer goes back."""

from __future__ import annotations

import aiohttp
import pytest

from tests.stories.house import GUEST, MEMBER, OWNER, House, until

pytestmark = pytest.mark.anyio


async def lights(house: House) -> set[str]:
    return {key for key, row in (await house.truth()).items() if row["kind"] == "light" and row["state"]["on"]}


async def test_sleepy_time_does_what_it_says(house: House) -> None:
    answer = await house.say("Dobby, it's sleepy time")
    assert answer["mind"] == "reflex"
    assert {outcome["result"] for outcome in answer["outcomes"]} == {"confirmed"}
    truth = await house.truth()
    assert not await lights(house)
    assert not any(row["state"]["playing"] for row in truth.values() if row["kind"] == "speaker")
    assert truth["front_door"]["state"]["locked"]
    assert truth["aquarium"]["state"]["on"], "an outlet whose purpose nobody told is not switched"
    told = {(outcome["device"], outcome["trait"]) for outcome in answer["outcomes"]}
    asleep = ("light", "speaker", "lock", "shade", "thermostat", "garage")
    assert len(told) == len(answer["outcomes"]) == sum(row["kind"] in asleep for row in truth.values())


async def shows(house: House, key: str, trait: str, value: float) -> bool:
    found = {row["name"]: row["value"] for row in (await house.device(key))["traits"]}
    return bool(abs(found[trait] - value) < 0.5)


async def test_leaving_home_shuts_the_house(house: House) -> None:
    await house.hand("garage_door", position=100)
    await house.hand("house_alarm", armed="disarmed")
    answer = await house.say("I'm leaving")
    assert {outcome["result"] for outcome in answer["outcomes"]} == {"confirmed"}, answer
    truth = await house.truth()
    assert not await lights(house)
    assert truth["front_door"]["state"]["locked"]
    assert truth["garage_door"]["state"]["position"] == 0
    assert truth["house_alarm"]["state"]["armed"] == "away"
    assert {row["state"]["target"] for row in truth.values() if row["kind"] == "thermostat"} == {17}


async def test_what_opens_asks_and_what_shuts_does_not(house: House) -> None:
    await house.hand("garage_door", position=0)
    asked = await house.say("open the garage")
    assert asked["question"]
    assert (await house.state("garage_door"))["position"] == 0
    opened = await house.say("yes 2468")
    assert [one["result"] for one in opened["outcomes"]] == ["confirmed"], opened
    assert "open" in (await house.say("is the garage open?"))["reply"]
    shut = await house.say("close the garage door")
    assert shut["question"] is None
    assert [one["result"] for one in shut["outcomes"]] == ["confirmed"], shut
    armed = await house.say("arm the house for the night")
    assert armed["question"] is None
    assert (await house.state("house_alarm"))["armed"] == "night"
    assert (await house.say("disarm the alarm"))["question"]
    assert (await house.state("house_alarm"))["armed"] == "night"


async def test_heating_in_plain_words(house: House) -> None:
    await house.hand("bedroom_heating", target=19, current=18.5, mode="heat")
    await until(lambda: shows(house, "bedroom_heating", "target", 19))
    await house.say("it's too cold in the bedroom")
    assert (await house.state("bedroom_heating"))["target"] == 20
    await house.say("set the bedroom to 20.5")
    assert (await house.state("bedroom_heating"))["target"] == 20.5
    assert "18.5 °C" in (await house.say("how warm is it in the bedroom?"))["reply"]
    assert (await house.say("set the bedroom heating to 45 degrees"))["outcomes"] == []
    assert (await house.state("bedroom_heating"))["target"] == 20.5


async def test_by_text_and_back(house: House) -> None:
    since = await house.last_id()
    sent = await house.text("Dobby, it's sleepy time", sid="SMstory1")
    assert sent["status"] == 200
    [answer] = await house.texts(1, since, OWNER)
    assert "off" in answer
    assert not await lights(house)


async def test_the_same_text_twice_is_one_deed_and_one_answer(house: House) -> None:
    since = await house.last_id()
    for _ in range(2):
        assert (await house.text("turn off the desk lamp", sid="SMstory2"))["status"] == 200
    await house.texts(1, since, OWNER)
    await house.hand("desk_lamp", on=True)
    assert (await house.text("turn off the desk lamp", sid="SMstory2"))["status"] == 200
    await house.text("turn off the study lamp", sid="SMstory3")
    answers = await house.texts(2, since, OWNER)
    assert len(answers) == 2
    assert (await house.state("desk_lamp"))["on"]


async def test_a_forged_signature_is_turned_away(house: House) -> None:
    form = {"MessageSid": "SMforged", "From": OWNER, "To": "whatsapp:+15550199", "Body": "everything off"}
    for headers in ({}, {"X-Twilio-Signature": "Zm9yZ2Vk"}):
        async with house.web.post(house.ready["webhook"], data=form, headers=headers) as answer:
            assert answer.status == 403
    assert "desk_lamp" in await lights(house)


async def test_a_stranger_gets_nothing_and_the_owner_hears_once(house: House) -> None:
    since = await house.last_id()
    for number in range(2):
        await house.text("everything off", sender="whatsapp:+19995550000", sid=f"SMstranger{number}")
    [told] = await house.texts(1, since, OWNER)
    assert "+19995550000" in told
    await house.say("which lights are on?")
    assert [row["to"] for row in await house.received(since)] == [OWNER]
    assert "desk_lamp" in await lights(house)


async def test_a_guest_has_light_and_music_and_no_more(house: House) -> None:
    since = await house.last_id()
    await house.text("turn off the desk lamp", GUEST)
    await house.texts(1, since, GUEST)
    assert not (await house.state("desk_lamp"))["on"]
    await house.text("unlock the front door", GUEST)
    answers = await house.texts(2, since, GUEST)
    assert "guest" in answers[1].lower()
    assert (await house.state("front_door"))["locked"]


async def test_what_was_meant_a_moment_ago(house: House) -> None:
    await house.say("turn off the kitchen lights")
    answer = await house.say("and the bedroom")
    assert {outcome["result"] for outcome in answer["outcomes"]} == {"confirmed"}
    truth = await house.truth()
    for row in truth.values():
        if row["kind"] == "light":
            assert row["state"]["on"] == (row["room"] not in ("Kitchen", "Bedroom")), row["name"]


async def test_undo_puts_it_back(house: House) -> None:
    await house.hand("desk_lamp", brightness=77)
    await until(lambda: shows(house, "desk_lamp", "brightness", 77))
    await house.say("desk lamp to 20 percent")
    assert abs((await house.state("desk_lamp"))["brightness"] - 20) < 2
    answer = await house.say("undo")
    assert {outcome["result"] for outcome in answer["outcomes"]} == {"confirmed"}
    assert abs((await house.state("desk_lamp"))["brightness"] - 77) < 2


async def test_a_question_never_acts(house: House) -> None:
    before = await house.truth()
    for text in ("which lights are on?", "is the desk lamp off?", "what is playing?", "is everything off?",
                 "is the front door locked?"):
        answer = await house.say(text)
        assert answer["outcomes"] == []
        assert answer["mind"] == "reflex", text
    after = await house.truth()
    assert {key: row["state"].get("on") for key, row in before.items()} == {
        key: row["state"].get("on") for key, row in after.items()}


async def test_a_wall_switch_shows_within_a_moment(house: House) -> None:
    await house.hand("desk_lamp", on=False)
    answer = await until(lambda: off(house, "desk_lamp"))
    assert answer


async def off(house: House, key: str) -> bool:
    return {row["name"]: row["value"] for row in (await house.device(key))["traits"]}["on"] is False


async def test_two_conversations_do_not_mix(house: House) -> None:
    since = await house.last_id()
    await house.text("turn off the desk lamp", OWNER)
    await house.text("turn off the study lamp", MEMBER)
    await house.texts(2, since)
    assert "Desk Lamp" in (await house.received(since, OWNER))[0]["body"]
    assert "Study Lamp" in (await house.received(since, MEMBER))[0]["body"]
    await house.text("undo", MEMBER)
    await house.texts(2, since, MEMBER)
    assert (await house.state("study_lamp"))["on"]
    assert not (await house.state("desk_lamp"))["on"]


async def test_the_page_is_kept_to_itself(house: House) -> None:
    base = house.ready["dashboard"]
    good = {"Authorization": f"Bearer {house.ready['token']}"}
    for headers, status in (({}, 401), ({"Authorization": "Bearer x"}, 401), (good | {"Origin": "http://evil"}, 403),
                            (good | {"Host": "evil.example:8700"}, 403), (good, 200)):
        async with house.web.get(f"{base}/api/home", headers=headers) as answer:
            assert answer.status == status
            if status != 200:
                assert set((await answer.json())["error"]) == {"code", "text"}
    for bad in ("nonsense", [{"device": 1}], {"device": "x"}, [{"device": "x", "trait": "on", "value": [1]}]):
        status, answer = await house.api("POST", "/api/commands", bad)
        assert status == 422, answer
    outside = house.ready["webhook"].rpartition("/")[0]
    async with aiohttp.ClientSession() as web, web.get(f"{outside}/api/home", headers=good) as answer:
        assert answer.status == 404, "the webhook port knows no dashboard"


async def test_names_rooms_and_floors_are_the_owners_and_stay(house: House) -> None:
    lamp, tank = await house.device("desk_lamp"), await house.device("aquarium")
    path = "/api/devices/" + lamp["id"].replace("/", "%2F")
    status, _ = await house.api("POST", path, {"name": "Reading Owl", "room": "Library", "aliases": ["the owl"]})
    assert status == 200
    assert (await house.say("turn off the owl"))["outcomes"][0]["result"] == "confirmed"
    assert not (await house.state("desk_lamp"))["on"]
    for room in ("Library", "Bedroom"):
        assert (await house.api("POST", "/api/rooms", {"name": room, "floor": "top floor"}))[0] == 200
    answer = await house.say("turn on the lights on the top floor")
    rooms = {row["native_id"]: row["room"] for row in (await house.truth()).values() if row.get("native_id")}
    touched = {outcome["device"].rpartition("/")[2].removeprefix("wled:") for outcome in answer["outcomes"]}
    assert {rooms[one] for one in touched} == {"Study", "Bedroom"}, answer
    path = "/api/devices/" + tank["id"].replace("/", "%2F")
    await house.api("POST", path, {"in_everything": True})
    await house.say("everything off")
    assert not (await house.state("aquarium"))["on"], "the owner counts this outlet among everything"
    await house.api("POST", path, {"in_everything": False})
    await house.api("POST", "/api/devices/" + lamp["id"].replace("/", "%2F"), {"name": "Desk Lamp", "room": "Study",
                                                                              "aliases": []})


async def test_manners_answer_no_question_and_dismiss_none(house: House) -> None:
    await house.say("open the garage")
    for said in ("hello", "hi Dobby", "good evening", "thanks", "thank you Dobby", "well done", "sorry",
                 "how are you?"):
        answer = await house.say(said)
        assert (answer["mind"], answer["outcomes"], answer["question"]) == ("reflex", [], None), said
        assert answer["reply"], said
    _, found = await house.api("GET", "/api/questions")
    assert len(found["questions"]) == 1
    assert (await house.state("garage_door"))["position"] == 0
    await house.say("no")
