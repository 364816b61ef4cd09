"""What is answered to a wish about texts: what was kept, when it holds, and what is not known yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from dobby.agent.eye_talk import read
from dobby.agent.sight_replies import sight
from dobby.clock import Clock
from dobby.eyes.cameras import ZONE
from dobby.eyes.eyes import Watched
from dobby.eyes.seen import Zone
from dobby.eyes.sights import Sights
from dobby.eyes.watch import Watch
from dobby.home.device import Device
from dobby.messages import Person
from dobby.pictures import Pictures
from dobby.policy import Asker
from dobby.store import Store
from dobby.tools.hands import Hands, House
from dobby.tools.sights import camera_texts
from dobby.words import Words
from tests.agent.home import MadeHome

pytestmark = pytest.mark.anyio
ROBIN = Person("Robin", "owner", ("whatsapp:+1",))
DRIVE = Device("camera:drive", "Driveway", "camera", "Driveway", "camera", (ZONE.but(choices=("street",)),))
GARDEN = Device("camera:garden", "Garden", "camera", "Garden", "camera", (ZONE.but(choices=("flower bed",)),))
VIEW = MadeHome({device.id: device for device in (DRIVE, GARDEN)}, {})


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[Hands]:
    """Robin's hands in a house with two cameras, at noon."""
    store = await Store.open(tmp_path / "dobby.db")
    clock, words = Clock(manual=True), await asyncio.to_thread(Words, "en")
    clock.set((clock.now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0))
    zone = await asyncio.to_thread(ZoneInfo, "UTC")
    pictures = Pictures(tmp_path / "pictures", clock.now, "", b"key")
    watch = Watch(store, cast(Any, None), pictures, clock.now, lambda: words, (ROBIN,), zone)
    watch.open([Watched(one.name, "rtsp://x", id=one.id, zones=tuple(Zone(name, ()) for name in one.traits[0].choices))
                for one in (DRIVE, GARDEN)])
    none = cast(Any, None)
    house = House(none, store, none, clock, words, [], none, none, Sights(watch))
    yield Hands(house, Asker(ROBIN, "phrase"), 1, "owner")
    await store.close()


async def say(hands: Hands, text: str) -> str:
    part = await asyncio.to_thread(read, text, VIEW, "en")  # it may have the sentences to read first
    assert part is not None, text
    return (await sight(hands, part))[0]


async def test_wishes_are_kept_and_listed_as_they_were_understood(hands: Hands) -> None:
    assert "no rules" in await say(hands, "what are my rules?")
    assert await say(hands, "only people in the flower bed") == (
        "Garden, flower bed: from now on only people. The rest I keep to myself; “what did you skip?” lists it.")
    assert (await say(hands, "ignore cars on the street at night")).startswith(
        "Driveway, street: at night nothing about vehicles.")
    assert await say(hands, "mute until 6 pm") == "Not a word about all cameras until 18:00. I keep watching."
    assert "until 13:30" in await say(hands, "mute the driveway for an hour and a half")
    assert (await say(hands, "what are my rules?")).splitlines() == [
        "Garden, flower bed: only people (from now on).", "Driveway, street: nothing about vehicles (at night).",
        "All cameras: nothing (until 18:00).", "Driveway: nothing (until 13:30)."]
    assert await say(hands, "unmute the street") == "You hear about Driveway, street again."
    assert await say(hands, "tell me about cats in the flower bed again") == (
        "You hear about animals again (Garden, flower bed).")
    assert await say(hands, "tell me about cats in the driveway again") == (
        "There was nothing to take back about animals (Driveway).")
    assert "again" in await say(hands, "tell me everything again")
    assert "no rules" in await say(hands, "what are my rules?")


@pytest.mark.parametrize(("text", "until"), [
    ("mute the driveway until 6", "18:00"), ("mute the driveway until 11", "23:00"),
    ("mute the driveway until 6 am", "06:00"), ("mute the driveway until half past twelve", "12:30"),
    ("mute the driveway until midnight", "00:00"), ("mute the driveway until tomorrow", "07:00")])
async def test_a_time_of_day_is_the_next_one(hands: Hands, text: str, until: str) -> None:
    assert f"until {until}." in await say(hands, text)


async def test_a_wish_about_who_is_home_says_that_this_is_not_known_yet(hands: Hands) -> None:
    assert hands.house.sights
    unknown = "I do not know yet who is home; until I do, I tell you anyway."
    assert await say(hands, "text me only when nobody is home") == (
        f"Not a word about all cameras while somebody is home. I keep watching. {unknown}")
    assert (await say(hands, "what are my rules?")).endswith(unknown)
    hands.house.sights.watch.home_of = lambda: {"Robin": True}
    assert unknown not in await say(hands, "what are my rules?")
    assert unknown not in await say(hands, "only people when I'm away")


async def test_the_model_can_wish_for_a_person_too(hands: Hands) -> None:
    kept = json.loads(await camera_texts(hands, "except", zone="Street", subjects=["vehicle"], presence="nobody"))
    assert (kept["cameras"], kept["who_is_home_is_known"]) == (["Driveway"], False)
    assert "Driveway, Street: nothing about vehicles (while nobody is home)." in await say(hands, "what are my rules?")
    wrong = json.loads(await camera_texts(hands, "mute", zone="pond"))
    assert wrong["cameras"] == {"Driveway": {"zones": ["street"]}, "Garden": {"zones": ["flower bed"]}}
    assert "error" in json.loads(await camera_texts(hands, "except"))
    await camera_texts(hands, "everything", zone="street")
    assert "no rules" in await say(hands, "what are my rules?")
