"""From a change in front of a camera to a text with a picture: kept, shown to a vision model, judged, told.

A picture waits a few seconds for its words; then it goes out with what the detector itself knows, and the words follow
in the same thread. What a vision model says is a stranger's word: shown to people, cleaned and capped, never obeyed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dobby.eyes import wishes
from dobby.eyes.cameras import Cameras
from dobby.eyes.eyes import Eyes, Watched
from dobby.eyes.line import Note
from dobby.eyes.seen import Box, Glance, Seen, Word
from dobby.eyes.shelf import Shelf
from dobby.eyes.telling import Event, Home, Limits, alike, reason_not, size_of
from dobby.eyes.vision import End
from dobby.messages import Letter, Person, Picture
from dobby.store import Row, Store, stamp
from dobby.tasks import ended
from dobby.words import Words

log = logging.getLogger(__name__)
PROMPT = 4.0  # seconds a picture waits for its words before it goes out without
KEEP_LIMIT = 10.0  # seconds for a picture to be written
UNTOLD = timedelta(minutes=15)  # how old an event may be to be told after a restart
AGAIN = timedelta(minutes=30)  # the same trouble of a camera is not told again before this
LOOK_BACK = timedelta(hours=2)  # how far back the same thing may have been seen
WEIGHTS = {"small": 0, "thing": 1, "car": 1, "person": 2}
LEARNED_DAYS, LEARNED_OVER = 4, timedelta(days=30)  # a car seen on so many other days in that time is usual
TROUBLES = ("down", "black", "covered", "frozen")
NO_WORD = Word(None, why="none")


class Mind(Protocol):
    """The vision seam as the watch sees it."""

    @property
    def ends(self) -> Sequence[End]:
        """Who is asked, in this order."""
        ...

    async def see(self, glance: Glance) -> Word:
        """What is in a picture; always a Word, within the seam's own deadline."""
        ...


class Mail(Protocol):
    """The way to people."""

    async def tell(self, letter: Letter) -> None:
        """Queue a letter and send it soon."""
        ...


@dataclass(slots=True)
class Watch:
    """Who watches the cameras' doings. `on_seen` is told of every event for the page; mind is None without vision."""

    store: Store
    post: Mail
    shelf: Shelf
    now: Callable[[], datetime]
    words: Callable[[], Words]
    people: Sequence[Person]
    zone: ZoneInfo
    limits: Limits = field(default_factory=Limits)
    mind: Mind | None = None
    prompt: float = PROMPT
    on_seen: Callable[[Mapping[str, Any]], None] = lambda seen: None
    home_of: Callable[[], Home] = dict  # who is at home, by name; who is not named, nobody knows of
    eyes: Eyes = field(init=False)
    link: Cameras = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _kept: dict[str, asyncio.Event] = field(default_factory=dict)  # by event that is not over: whether it is in the log
    _going_on: dict[str, set[str]] = field(default_factory=dict)  # the events of each camera that are not over
    _troubles: dict[tuple[str, str], datetime] = field(default_factory=dict)  # when they were last told

    def open(self, cameras: Sequence[Watched]) -> None:
        """These are the cameras."""
        self.eyes = Eyes(cameras, self.heard)
        self.link = Cameras(self.eyes, self.store, lambda: stamp(self.now()))

    def idle(self) -> bool:
        """Whether no event is being dealt with."""
        return not self._tasks

    def local(self) -> datetime:
        """Now, in the time of the house."""
        return self.now().astimezone(self.zone)

    def home(self) -> Home:
        """Who of the household is at home."""
        return {person.name: None for person in self.people if person.role != "guest"} | dict(self.home_of())

    async def heard(self, note: Note) -> None:
        """What the eyes' process says."""
        camera = self.eyes.cameras.get(str(note.head.get("camera", "")))
        if camera is None:
            return
        match note.type:
            case "event" if note.head.get("phase") == "picture":
                if camera.watching:
                    self._moves(camera, str(note.head.get("event")), True)
                    if camera.places:
                        self.link.spoken(camera.name, {"zone": str(note.head.get("zone", ""))})
                    self._spawn(self._deal(note, camera))
            case "event":
                self._moves(camera, str(note.head.get("event")), False)
                if camera.watching or note.head.get("event") in self._kept:  # not what nobody watched begin
                    self._spawn(self._ended(note))
            case "health":
                self._going_on.pop(camera.name, None)  # its picture was lost, or is there again: what went on is over
                self.link.spoken(camera.name, {"motion": False})
                await self._health(camera, str(note.head.get("state", "")))
            case "trouble":
                camera.trouble = f"{note.head.get('text', '')} {note.head.get('mend', '')}".strip()
            case "clip":
                await self._missed(note)
            case "mode":
                camera.night = bool(note.head.get("night"))
                self.link.spoken(camera.name, {"night": camera.night})
                self.on_seen({"camera": camera.name, "kind": "mode", "night": camera.night})
            case "busy" | "calm":
                await self._busy(camera, note.type == "busy")

    def _moves(self, camera: Watched, event: str, goes_on: bool) -> None:
        """Something moves before a camera for as long as one of its events goes on."""
        open_ = self._going_on.setdefault(camera.name, set())
        (open_.add if goes_on else open_.discard)(event)
        self.link.spoken(camera.name, {"motion": bool(open_)})

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:  # one event's surprise must not end the eyes; it is in the log, the next one is told
                log.exception("an event")

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way (the daemon is closing)."""
        await ended(*self._tasks)

    # --- an event ---------------------------------------------------------------------------------------------------

    async def _deal(self, note: Note, camera: Watched) -> None:
        head = note.head
        at = self.local() - timedelta(seconds=max(0.0, time.time() - float(head["at"])))
        box = Box(*(float(edge) for edge in head["box"]))
        size = size_of(box.right - box.left, box.bottom - box.top)
        names = [await asyncio.to_thread(self.shelf.keep, blob) for blob in note.blobs[:3] if blob]
        camera.night = bool(head["night"])
        await self.store.do("seen_add", event=head["event"], camera=camera.name, kind=head["kind"],
                            at=stamp(at), zone=head["zone"], box=json.dumps(head["box"]), size=size,
                            night=bool(head["night"]), known=bool(head["known"]), pictures=json.dumps(names),
                            look=str(head.get("look", "")))
        self._kept.setdefault(head["event"], asyncio.Event()).set()
        full, crop, before, small = (*note.blobs, b"", b"", b"", b"")[:4]
        glance = Glance(camera.name, at, small or full, crop, before, head["kind"], head["zone"], bool(head["night"]),
                        WEIGHTS[size], normal=await self._usual(camera.name),
                        language=self.words().language)
        looking = asyncio.create_task(self.mind.see(glance)) if self.mind else None
        try:
            word = await self._wait(looking, self.prompt)
            told = await self._tell(head["event"], word, ())
            if word is None and looking is not None:
                await self._tell(head["event"], await looking, told)
        finally:
            if looking is not None:
                looking.cancel()

    async def _wait(self, looking: asyncio.Task[Word] | None, seconds: float) -> Word | None:
        """The words, NO_WORD without a vision end, None when they are not there in time."""
        if looking is None:
            return NO_WORD
        done, _ = await asyncio.wait({looking}, timeout=seconds)
        return looking.result() if done else None

    async def _tell(self, id_: str, word: Word | None, told: Sequence[str]) -> list[str]:
        """Judge an event for each person and send what is to be sent; who was told. told: who has the picture
        already, for whom only the words are news."""
        if word is not None and word.seen is not None:
            await self._keep_words(id_, word.seen, word.mind)
        elif told:
            return list(told)
        row = await self.store.one("seen_event", event=id_)
        if row is None:
            return []
        event = self._past(row)
        if word is not None and word.seen is not None:
            event = replace(event, same_as_before=word.seen.same_as_before)
        since = stamp(event.at - LOOK_BACK)
        earlier = [one for one in await self.store.all("seen_since", since=since, camera="") if one["id"] < row["id"]]
        rules, home = await wishes.kept(self.store), self.home()
        normals = [one for one in await self.store.all("eye_normals") if one["camera"] == row["camera"]
                   and one["subject"] in ("", row["subject"]) and alike(one["look"], row["look"])]
        household = await self._comes_often(row)
        now_told, skipped = list(told), {}
        for person in self.people:
            if person.role == "guest" or not person.addresses:
                continue
            if person.name in told:
                if row["what"]:  # that a closer look showed nothing is in "what did you skip?", it is no second text
                    await self._send(person, row, "words")
                continue
            event = replace(event, normal=household or any(one["person"] == person.name for one in normals))
            before = [self._past(one) for one in earlier if person.name in json.loads(one["told"])]
            reason = reason_not(event, before, rules, person.name, self.limits, home)
            if reason is None:
                now_told.append(person.name)
                await self._send(person, row, "picture")
            else:
                skipped[person.name] = reason
        await self.store.do("seen_told", event=id_, told=json.dumps(now_told), skipped=json.dumps(skipped))
        if (shown := await self.store.one("seen_event", event=id_)) is not None:
            self.on_seen(view(shown))
        return now_told

    async def _keep_words(self, id_: str, seen: Seen, mind: str) -> None:
        await self.store.do("seen_words", event=id_, mind=mind, subject=seen.subject, what=seen.what,
                            carrier=seen.carrier, parcel=seen.parcel, alert=seen.alert)

    def _past(self, row: Row) -> Event:
        at = datetime.fromisoformat(row["at"]).astimezone(self.zone)
        return Event(row["event"], row["camera"], at, row["kind"], row["subject"], row["carrier"], row["parcel"],
                     row["size"], row["alert"], bool(row["night"]), look=row["look"], zone=row["zone"])

    async def _comes_often(self, row: Row) -> bool:
        """Whether it is a car that came on several days: the household's own (a carrier's van is never usual)."""
        car = row["subject"] == "vehicle" or (not row["subject"] and row["size"] == "car")
        if not car or row["carrier"] or not row["look"]:
            return False
        at = datetime.fromisoformat(row["at"])
        since = stamp(at - LEARNED_OVER)
        days = {one["at"][:10] for one in await self.store.all("seen_since", since=since, camera=row["camera"])
                if one["id"] < row["id"] and not one["carrier"] and one["subject"] == row["subject"]
                and alike(one["look"], row["look"])} - {row["at"][:10]}
        return len(days) >= LEARNED_DAYS

    async def _usual(self, camera: str) -> tuple[str, ...]:
        rows = await self.store.all("eye_normals")
        return tuple(dict.fromkeys(row["name"] for row in rows if row["camera"] == camera and row["name"]))[:5]

    async def _send(self, person: Person, row: Row, part: str) -> None:
        channel, to = person.addresses[0].split(":", 1)
        pictures = tuple(Picture(name) for name in json.loads(row["pictures"])[:1]) if part == "picture" else ()
        await self.post.tell(Letter(f"seen:{row['event']}:{person.name}:{part}", channel, to,
                                    sentence(row, self.words()), pictures, kind="alert"))

    async def take_up(self) -> None:
        """Tell what was seen before the daemon was ended and nobody was told of yet, with what is known of it."""
        for row in await self.store.all("seen_untold", since=stamp(self.now() - UNTOLD)):
            self._spawn(self._tell_again(row["event"]))

    async def _tell_again(self, event: str) -> None:
        await self._tell(event, NO_WORD, ())

    async def _ended(self, note: Note) -> None:
        event = str(note.head["event"])
        with contextlib.suppress(TimeoutError):  # its picture may still be on the way to the disk
            async with asyncio.timeout(KEEP_LIMIT):
                await self._kept.setdefault(event, asyncio.Event()).wait()
        self._kept.pop(event, None)
        clip = str(note.head.get("clip", ""))
        ended = await self.store.do("seen_end", event=event, ended=stamp(self.local()),
                                    why=str(note.head.get("why", "")), clip=clip)
        if not ended and clip:  # forgotten while it went on
            await asyncio.to_thread(self.shelf.drop, clip)

    async def _missed(self, note: Note) -> None:
        """Something that was not noticed, kept with its clip for tuning."""
        event, now = str(note.head["event"]), stamp(self.local())
        await self.store.do("seen_add", event=event, camera=str(note.head["camera"]), kind="start", at=now, zone="",
                            box="[0, 0, 1, 1]", size="person", night=False, known=False, pictures="[]", look="")
        await self.store.do("seen_end", event=event, ended=now, why="missed", clip=str(note.head["clip"]))
        await self.store.do("seen_label", event=event, label="missed")

    # --- how the cameras are ----------------------------------------------------------------------------------------

    async def _health(self, camera: Watched, state: str) -> None:
        """A camera that is down, black, covered or frozen is told once, and once when it is well again."""
        camera.state = state
        self.link.spoken(camera.name, {"picture": state, "reachable": state != "down"})
        if state == "up":
            camera.trouble = ""
        key = f"camera_told:{camera.name}"
        before = await self.store.fact(key, "up")
        if state == before or state not in (*TROUBLES, "up"):
            return
        last = self._troubles.get((camera.name, state))
        if state != "up":
            self._troubles[camera.name, state] = self.now()
        if state != "up" and last is not None and self.now() - last < AGAIN:
            return  # it comes and goes: said once, doctor shows the rest
        await self.store.set_fact(key, state)
        await self._tell_owners(f"eyes.{'well' if state == 'up' else state}", camera)
        self.on_seen({"camera": camera.name, "kind": "health", "state": state})

    async def _busy(self, camera: Watched, busy: bool) -> None:
        camera.busy = busy
        if busy:
            await self._tell_owners("eyes.busy", camera)

    async def _tell_owners(self, key: str, camera: Watched) -> None:
        for person in self.people:
            if person.role == "owner" and person.addresses:
                channel, to = person.addresses[0].split(":", 1)
                await self.post.tell(Letter(f"{key}:{camera.name}:{stamp(self.local())}", channel, to,
                                            self.words().say(key, camera=camera.name), kind="alert"))


def sentence(row: Row, words: Words) -> str:
    """What the phone says about an event: the model's sentence, or what the detector itself knows and no more."""
    place = f"{row['camera']}, {row['zone']}" if row["zone"] else row["camera"]
    if row["what"]:
        return f"{place}: {row['what']}"
    if row["kind"] in ("left", "taken"):
        return words.say(f"eyes.{row['kind']}", place=place)
    return words.say(f"eyes.size_{row['size']}_known" if row["known"] else f"eyes.size_{row['size']}", place=place)


def view(row: Row) -> dict[str, Any]:
    """An event as the page shows it."""
    return {"event": row["event"], "camera": row["camera"], "kind": row["kind"], "at": row["at"],
            "zone": row["zone"], "subject": row["subject"], "what": row["what"], "carrier": row["carrier"],
            "size": row["size"], "night": bool(row["night"]), "pictures": json.loads(row["pictures"]),
            "told": json.loads(row["told"]), "skipped": json.loads(row["skipped"]), "label": row["label"]}
