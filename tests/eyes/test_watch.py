"""From what the eyes' process says to who is told what: over a real database, with a mind and a letter box of a few
lines each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dobby.clock import Clock
from dobby.eyes import tuning
from dobby.eyes.eyes import Watched
from dobby.eyes.line import Note
from dobby.eyes.seen import Glance, Seen, Word, Zone
from dobby.eyes.shelf import keep_tidy, upkeep
from dobby.eyes.sights import Label, Sights
from dobby.eyes.telling import Limits, Rule, alike
from dobby.eyes.vision import End
from dobby.eyes.watch import Watch
from dobby.messages import Letter, Person
from dobby.pictures import Pictures
from dobby.store import Store
from dobby.words import Words
from tests.eyes.test_tune import film
from tests.sim.conftest import until

pytestmark = pytest.mark.anyio
PEOPLE = (Person("Robin", "owner", ("whatsapp:+1",)), Person("Sam", "member", ("sms:+2",)),
          Person("Alex", "guest", ("whatsapp:+3",)), Person("Kim", "member"))
CAR = Seen("vehicle", "A blue car parks.")
TRUCK = Seen("vehicle", "A FedEx truck just pulled up.", "FedEx")
LOOK = "0" * 63 + "f"


@dataclass
class Box:
    """A letter box."""

    letters: list[Letter] = field(default_factory=list)

    async def tell(self, letter: Letter) -> None:
        self.letters.append(letter)


@dataclass
class Seer:
    """A mind that says what it is told to, when it is told to."""

    says: Word = field(default_factory=lambda: Word(CAR, "server"))
    now: asyncio.Event = field(default_factory=asyncio.Event)
    ends: tuple[End, ...] = ()

    async def see(self, glance: Glance) -> Word:
        await self.now.wait()
        return self.says


@dataclass
class Scene:
    """A watch, and all around it."""

    watch: Watch
    box: Box
    seer: Seer
    clock: Clock
    seen: list[Mapping[str, Any]]
    sights: Sights
    clips: Path
    count: int = 0

    async def event(self, look: str = LOOK, kind: str = "start", area: float = 0.3, size: int = 4, **more: Any) -> str:
        """Something happens before the camera, and is dealt with. size: bytes of each of its two pictures."""
        self.count += 1
        id_ = f"{self.count:012x}"
        bottom = 1.0 if area < 0.1 else 0.4  # a standing person, or a car
        head = {"type": "event", "camera": "Drive", "phase": "picture", "event": id_, "kind": kind, "at": 9e9,
                "box": [0.1, 0.1, 0.1 + area, bottom], "zone": "", "night": False, "known": False, "why": "",
                "look": look} | more
        await self.watch.heard(Note(head, (bytes(size), bytes(size), b"", b"small")))
        await self.settled()
        return id_

    async def settled(self) -> None:
        await until(self.watch.idle)

    def texts(self, to: str = "+1") -> list[str]:
        return [letter.text for letter in self.box.letters if letter.to == to]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    store = await Store.open(tmp_path / "dobby.db")
    clock, box, seer, seen = Clock(manual=True), Box(), Seer(), []  # type: ignore[var-annotated]  # said by Scene
    seer.now.set()
    pictures = Pictures(tmp_path / "pictures", clock.now, "", b"key")
    words = await asyncio.to_thread(Words, "en")
    watch = Watch(store, box, pictures, clock.now, lambda: words, PEOPLE, ZoneInfo("UTC"), Limits(), seer, 0.3,
                  seen.append)
    watch.open([Watched("Drive", "rtsp://x", id="camera:drive", zones=(Zone("street", ()), Zone("tree", (), "mask")))])
    yield Scene(watch, box, seer, clock, seen, Sights(watch), pictures.clips)
    await watch.close()
    await store.close()


async def test_owners_and_members_with_an_address_get_the_picture(scene: Scene) -> None:
    await scene.event()
    assert [(letter.channel, letter.to, len(letter.pictures)) for letter in scene.box.letters] == [
        ("whatsapp", "+1", 1), ("sms", "+2", 1)]
    assert set(scene.texts("+2")) == {"Drive: A blue car parks."}
    assert scene.seen[-1]["told"] == ["Robin", "Sam"]


async def test_what_a_closer_look_calls_nothing_is_kept_and_not_told(scene: Scene) -> None:
    scene.seer.says = Word(Seen("nothing", ""), "server")
    await scene.event()
    assert scene.box.letters == []
    [row] = await scene.sights.skipped("Robin", scene.watch.local() - timedelta(hours=1))
    assert "nothing" in row["skipped"]


async def test_words_that_come_late_follow_to_those_who_have_the_picture(scene: Scene) -> None:
    scene.seer.now.clear()
    dealing = asyncio.create_task(scene.event())
    await until(lambda: len(scene.box.letters) == 2)
    assert scene.texts() == ["Drive: something the size of a car came."]
    scene.seer.now.set()
    await dealing
    assert scene.texts() == ["Drive: something the size of a car came.", "Drive: A blue car parks."]
    assert [len(letter.pictures) for letter in scene.box.letters if letter.to == "+1"] == [1, 0]


async def test_no_words_at_all_leave_the_first_text_alone(scene: Scene) -> None:
    scene.seer.says = Word(None, why="broken")
    await scene.event(area=0.04)
    assert scene.texts() == ["Drive: something the size of a person came."]


async def test_the_same_car_on_many_days_is_usual_and_a_carriers_van_never(scene: Scene) -> None:
    for _ in range(4):
        await scene.event()
        scene.clock.advance(86400)
    told = len(scene.texts())
    await scene.event()
    assert len(scene.texts()) == told == 4
    assert scene.seen[-1]["skipped"]["Robin"] == "normal"
    scene.clock.advance(86400)
    await scene.event(look="f" + "0" * 63)
    assert len(scene.texts()) == told + 1
    scene.seer.says = Word(TRUCK, "server")
    for _ in range(6):
        scene.clock.advance(86400)
        await scene.event()
    assert len(scene.texts()) == told + 7


async def test_what_the_owner_calls_usual_is_usual(scene: Scene) -> None:
    id_ = await scene.event()
    row = await scene.watch.store.one("seen_event", event=id_)
    assert row is not None
    await scene.sights.usual("Robin", row, "our car")
    scene.clock.advance(7200)
    await scene.event()
    assert (len(scene.texts()), len(scene.texts("+2"))) == (1, 2)
    assert await scene.watch._usual("Drive") == ("our car",)
    assert await scene.sights.unwish("Robin", "") == 1
    scene.clock.advance(7200)
    await scene.event()
    assert len(scene.texts()) == 2


async def test_a_wish_about_a_zone_holds_there_and_for_who_said_it(scene: Scene) -> None:
    await scene.sights.wish(Rule("Robin", "Drive", "except", ("vehicle",), zone="street"))
    await scene.event(zone="street")
    assert (scene.texts(), scene.texts("+2")) == ([], ["Drive, street: A blue car parks."])
    assert scene.seen[-1]["skipped"] == {"Robin": "zone"}
    await scene.event(zone="")
    assert scene.texts() == ["Drive: A blue car parks."]
    now, hour = scene.watch.local(), timedelta(hours=1)
    assert [row["zone"] for row in await scene.sights.events(now - hour, now + hour, zone="Street")] == ["street"]


async def test_a_wish_about_who_is_home_waits_until_that_is_known(scene: Scene) -> None:
    await scene.sights.wish(Rule("Robin", "", "mute", presence="me_home"))
    assert scene.watch.home() == {"Robin": None, "Sam": None, "Kim": None}
    await scene.event()
    assert len(scene.texts()) == 1
    scene.clock.advance(7200)
    scene.watch.home_of = lambda: {"Robin": True}
    await scene.event()
    assert (len(scene.texts()), len(scene.texts("+2"))) == (1, 2)
    scene.clock.advance(7200)
    scene.watch.home_of = lambda: {"Robin": False}
    await scene.event()
    assert len(scene.texts()) == 2


async def test_the_newest_wish_about_a_place_holds_and_can_be_taken_back(scene: Scene) -> None:
    async def wished() -> list[tuple[str, str, tuple[str, ...]]]:
        return [(rule.kind, rule.zone, rule.subjects) for rule in await scene.sights.wishes_of("Robin")]
    long, short = (scene.watch.local() + timedelta(hours=hours) for hours in (5, 1))
    await scene.sights.wish(Rule("Robin", "Drive", "mute", until=long))
    await scene.sights.wish(Rule("Robin", "Drive", "mute", until=short))
    await scene.sights.wish(Rule("Sam", "Drive", "mute"))
    assert await wished() == [("mute", "", ())]
    scene.clock.advance(3601)
    assert await wished() == []
    await scene.sights.wish(Rule("Robin", "", "except", ("animal",)))
    await scene.sights.wish(Rule("Robin", "", "except", ("animal", "vehicle")))
    await scene.sights.wish(Rule("Robin", "Drive", "only", ("person",), zone="street"))
    assert await wished() == [("except", "", ("animal", "vehicle")), ("only", "street", ("person",))]
    assert await scene.sights.unwish("Robin", "Drive", "Street", ("parcel",)) == 1
    assert await wished() == [("except", "", ("animal", "vehicle")), ("only", "street", ("person", "parcel"))]
    assert await scene.sights.unwish("Robin", "", subjects=("vehicle",)) == 2
    assert await wished() == [("except", "", ("animal",)), ("only", "street", ("person", "parcel", "vehicle"))]
    await scene.sights.wish(Rule("Robin", "", "only", ("animal",)))
    assert await scene.sights.unwish("Robin", "Drive", "street") == 1
    assert await wished() == [("only", "", ("animal",))]
    assert await scene.sights.unwish("Robin", "") == 1 + 1  # and the mute that is over
    assert len(await scene.sights.wishes_of("Sam")) == 1


async def test_left_and_taken_without_a_model(scene: Scene) -> None:
    scene.watch.mind = None
    await scene.event(kind="left", area=0.02)
    await scene.event(kind="taken", area=0.02)
    assert scene.texts() == ["Drive: something was left there.", "Drive: something that stood there is gone."]


async def test_a_camera_in_trouble_is_told_to_the_owner_once(scene: Scene) -> None:
    for state in ("up", "down", "down", "up", "up", "covered", "up"):
        await scene.watch.heard(Note({"type": "health", "camera": "Drive", "state": state}))
    assert [text.rpartition("” ")[2] for text in scene.texts()] == [
        "gives no pictures any more.", "is well again.", "seems to be covered: there is nothing in its picture.",
        "is well again."]
    assert scene.texts("+2") == []
    await scene.watch.heard(Note({"type": "busy", "camera": "Drive"}))
    assert "something move all the time" in scene.texts()[-1]


async def test_what_nobody_was_told_of_when_the_daemon_ended_is_told_when_it_is_back(scene: Scene) -> None:
    scene.seer.now.clear()
    scene.watch.prompt = 60.0
    dealing = asyncio.create_task(scene.event())
    async def kept() -> bool:
        return bool(await scene.watch.store.all("seen_since", since="", camera=""))
    await until(kept)
    await scene.watch.close()
    await asyncio.gather(dealing, return_exceptions=True)
    assert scene.texts() == []
    await scene.watch.take_up()
    await scene.settled()
    assert scene.texts() == ["Drive: something the size of a car came."]


async def test_an_end_that_overtakes_its_picture_is_kept(scene: Scene) -> None:
    end = {"type": "event", "camera": "Drive", "phase": "end", "event": f"{1:012x}", "why": "gone", "clip": "x.mkv"}
    await scene.watch.heard(Note(end))
    id_ = await scene.event()
    row = await scene.watch.store.one("seen_event", event=id_)
    assert row
    assert (row["why"], row["clip"]) == ("gone", "x.mkv")


async def test_a_camera_that_is_not_watched_says_nothing(scene: Scene) -> None:
    scene.watch.eyes.cameras["Drive"].watching = False
    await scene.event()
    assert scene.box.letters == []


async def test_what_began_ends_though_the_camera_is_not_watched_any_more(scene: Scene) -> None:
    def end(id_: str) -> Note:
        return Note({"type": "event", "camera": "Drive", "phase": "end", "event": id_, "why": "gone", "clip": ""})
    id_ = await scene.event()
    scene.watch.eyes.cameras["Drive"].watching = False
    await scene.watch.heard(end(id_))
    await scene.watch.heard(end("never begun"))
    await scene.settled()
    row = await scene.watch.store.one("seen_event", event=id_)
    assert row
    assert row["why"] == "gone"


async def test_a_message_that_makes_no_sense_ends_only_itself(scene: Scene) -> None:
    await scene.watch.heard(Note({"type": "event", "camera": "Drive", "phase": "picture"}))
    await scene.watch.heard(Note({"type": "event", "camera": "Nowhere", "phase": "picture"}))
    await scene.settled()
    await scene.event()
    assert len(scene.texts()) == 1


async def test_room_is_made_by_dropping_the_oldest_and_labelled_ones_last(scene: Scene) -> None:
    async def tidy(days: int, megabytes: int) -> int:
        return await keep_tidy(scene.watch.store, scene.watch.shelf, scene.clock.now(), days, megabytes)

    async def kept() -> list[bool]:
        rows = [await scene.watch.store.one("seen_event", event=id_) for id_ in ids]
        return [bool(row and row["pictures"] != "[]") for row in rows]
    ids = []
    for _ in range(3):
        ids.append(await scene.event(size=300_000))  # of each of its two pictures
        scene.clock.advance(3600)
    await scene.sights.label(ids[0], "false alarm")
    assert await tidy(7, 1) == 2 + 2
    assert await kept() == [True, False, False]
    looked_at = await asyncio.to_thread(scene.watch.shelf.keep, bytes(600_000))
    assert await tidy(7, 1) == 1
    assert await asyncio.to_thread(scene.watch.shelf.path, looked_at) is None
    looked_at = await asyncio.to_thread(scene.watch.shelf.keep, b"small")
    ids.append(await scene.event())
    assert await tidy(7, 1) == 0
    scene.clock.advance(86400 * 8)
    assert await tidy(7, 1) == 1 + 2
    assert await kept() == [True, False, False, False]
    assert await tidy(7, 0) == 2
    assert await asyncio.to_thread(scene.watch.shelf.all) == []


async def test_what_is_forgotten_is_gone_from_disk_and_database(scene: Scene) -> None:
    id_ = await scene.event(look="abc")
    clip = scene.clips / f"{id_}.mkv"
    await asyncio.to_thread(clip.write_bytes, b"film")
    await scene.watch.heard(Note({"type": "event", "camera": "Drive", "phase": "end", "event": id_, "why": "gone",
                                  "clip": clip.name}))
    await scene.settled()
    seen = await scene.watch.store.one("seen_event", event=id_)
    assert seen
    await scene.sights.usual("Robin", seen, seen["what"])
    await asyncio.to_thread(scene.watch.shelf.keep, b"looked at")
    now = scene.watch.local()
    await asyncio.to_thread(os.utime, clip, (now.timestamp(), now.timestamp()))
    scene.clock.advance(60)
    later = await scene.event(look="def")
    assert await scene.sights.forget(now - timedelta(hours=1), now + timedelta(seconds=1)) == 4
    row, other = [await scene.watch.store.one("seen_event", event=event) for event in (id_, later)]
    assert row
    assert (row["what"], row["subject"], row["look"], row["pictures"], row["clip"]) == ("", "", "", "[]", "")
    assert other
    assert (other["what"], len(await asyncio.to_thread(scene.watch.shelf.all))) == (CAR.what, 2)
    assert [one["name"] for one in await scene.sights.usual_to("Robin")] == [""]
    assert not clip.exists()


async def test_what_is_forgotten_while_it_goes_on_leaves_nothing_either(scene: Scene) -> None:
    scene.seer.now.clear()
    dealing = asyncio.create_task(scene.event())
    await until(lambda: len(scene.box.letters) == 2)
    id_, now = f"{1:012x}", scene.watch.local()
    await scene.sights.forget(now - timedelta(hours=1), now + timedelta(seconds=1))
    scene.seer.now.set()
    await dealing
    clip = scene.clips / f"{id_}.mkv"
    await asyncio.to_thread(clip.write_bytes, b"film")
    await scene.watch.heard(Note({"type": "event", "camera": "Drive", "phase": "end", "event": id_, "why": "gone",
                                  "clip": clip.name}))
    await scene.settled()
    row = await scene.watch.store.one("seen_event", event=id_)
    assert row
    assert (row["what"], row["clip"], await asyncio.to_thread(scene.watch.shelf.all)) == ("", "", [])


async def test_wishes_that_are_over_go(scene: Scene) -> None:
    await scene.sights.wish(Rule("Robin", "", "mute", until=scene.watch.local().astimezone(ZoneInfo("Asia/Tokyo"))))
    await scene.sights.wish(Rule("Robin", "", "only", ("person",)))
    scene.clock.advance(1)
    await upkeep(scene.watch.store, scene.watch.shelf, scene.clock.now(), 7, 1)
    assert [row["kind"] for row in await scene.watch.store.all("eye_rules")] == ["only"]


async def labelled(scene: Scene, size: int, label: Label | None, camera: str = "Drive") -> None:
    """An event with a clip of something this large that moves, and what it really was."""
    id_ = await scene.event(look="", camera=camera)
    await asyncio.to_thread(film, scene.clips / f"{id_}.mkv", size, size)
    await scene.watch.heard(Note({"type": "event", "camera": camera, "phase": "end", "event": id_, "why": "gone",
                                  "clip": f"{id_}.mkv"}))
    await scene.settled()
    if label:
        await scene.sights.label(id_, label)
    scene.clock.advance(86400)


async def test_labels_tune_the_camera_and_a_tuning_undone_stays_undone(scene: Scene) -> None:
    await labelled(scene, 60, None)
    await labelled(scene, 16, "false alarm")
    [change] = await tuning.tune(scene.sights, 60.0)
    assert (change.before, change.after, change.of) == (1, 2, 2)
    camera = scene.watch.eyes.cameras["Drive"]
    assert camera.tuning == change.changed
    assert await scene.watch.store.fact("camera_tuning:Drive") == change.changed
    assert await tuning.tune(scene.sights, 60.0) == []
    assert await tuning.undo(scene.sights) == "Drive"
    assert await tuning.tune(scene.sights, 60.0) == []
    assert camera.tuning == {}
    assert await tuning.undo(scene.sights) == ""
    await labelled(scene, 16, "false alarm")
    assert [one.camera for one in await tuning.tune(scene.sights, 60.0)] == ["Drive"]


async def test_a_search_that_fails_stops_no_other(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.watch.eyes.cameras["Yard"] = Watched("Yard", "rtsp://y", id="camera:yard")
    scene.watch.eyes.cameras["Drive"].tuning = {"contrast": "no number"}  # type: ignore[dict-item]  # it breaks there
    for camera in ("Drive", "Yard"):
        await labelled(scene, 60, None, camera)
        await labelled(scene, 16, "false alarm", camera)
    assert [one.camera for one in await tuning.tune(scene.sights, 60.0)] == ["Yard"]
    assert "tuning Drive: The tuning ended badly (1)." in caplog.text
    assert await scene.watch.store.fact("camera_searched:Drive") is None


def test_colours_are_alike_or_not() -> None:
    assert alike(LOOK, LOOK)
    assert not alike(LOOK, "f" + "0" * 63)
    assert not alike("", LOOK)
