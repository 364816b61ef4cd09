"""What a person can ask of the eyes and wish from them: a look at now, what came by, what was not told and why, quiet
for an hour, only people at night, that was a false alarm. Facts only; the words around them are made elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from dobby.eyes import shelf, wishes
from dobby.eyes.eyes import NoPicture, Watched
from dobby.eyes.seen import Glance, Point, Seen
from dobby.eyes.telling import Rule
from dobby.eyes.vision import End
from dobby.eyes.watch import Watch
from dobby.store import Row, stamp

TOLD_FOR = timedelta(hours=6)  # how long "who is it?" and "show me again" mean the last picture
Label = Literal["false alarm", "right", "missed"]


@dataclass(frozen=True, slots=True)
class Look:
    """A look through one camera: the picture's name, what is on it (None where nobody said), or why there is none."""

    camera: str
    picture: str = ""
    seen: Seen | None = None
    trouble: str = ""


class Sights:
    """The eyes as tools and phrases see them."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def cameras(self) -> list[Watched]:
        """Every camera."""
        return list(self.watch.eyes.cameras.values())

    def named(self, ids: Sequence[str]) -> list[Watched]:
        """The cameras with these device ids; all of them for none."""
        return [one for one in self.cameras() if not ids or one.id in ids]

    def ends(self) -> Sequence[End]:
        """Who is shown pictures, in the order they are asked."""
        return self.watch.mind.ends if self.watch.mind is not None else ()

    def file(self, name: str) -> Path | None:
        """The file of a kept picture or clip (blocking), None when there is none."""
        return self.watch.shelf.path(name)

    # --- looking ------------------------------------------------------------------------------------------------------

    async def look(self, ids: Sequence[str], question: str = "", *, words: bool = True,
                   draw: Sequence[Point] = ()) -> list[Look]:
        """A fresh picture of each camera, and what is on it if `words` and a vision end is there. draw: the corners of
        a part of the picture to mark on it."""
        return list(await asyncio.gather(*(self._look(one, question, words, draw) for one in self.named(ids))))

    async def _look(self, camera: Watched, question: str, words: bool, draw: Sequence[Point]) -> Look:
        try:
            data, small, *_ = (*await self.watch.eyes.look(camera.name, draw), b"")
        except NoPicture as error:
            return Look(camera.name, trouble=str(error))
        name = await asyncio.to_thread(self.watch.shelf.keep, data)
        if not words or self.watch.mind is None:
            return Look(camera.name, name)
        glance = Glance(camera.name, self.watch.local(), small or data, kind="look", night=camera.night, weight=2,
                        question=question, language=self.watch.words().language)
        word = await self.watch.mind.see(glance)
        return Look(camera.name, name, _with_text(word.seen))

    async def again(self, row: Row, question: str) -> Seen | None:
        """Look once more at the pictures of an event, with a question."""
        names = json.loads(row["pictures"])
        blobs = [await asyncio.to_thread(self.watch.shelf.read, name) for name in names[:2]]
        if self.watch.mind is None or not any(blobs):
            return None
        full, crop = (*blobs, b"", b"")[:2]
        word = await self.watch.mind.see(Glance(row["camera"], self.watch.local(), full, crop, kind="look", weight=2,
                                                question=question, language=self.watch.words().language))
        return _with_text(word.seen)

    # --- what happened ------------------------------------------------------------------------------------------------

    async def events(self, since: datetime, until: datetime, ids: Sequence[str] = (), subject: str = "",
                     zone: str = "") -> list[Row]:
        """What was seen in a time (in a zone), oldest first; without what turned out to be nothing."""
        names = {one.name for one in self.named(ids)}
        rows = await self.watch.store.all("seen_since", since=stamp(since), camera="")
        return [row for row in rows if row["at"] < stamp(until) and row["camera"] in names
                and row["subject"] != "nothing" and row["label"] != "false alarm"
                and zone.casefold() in ("", row["zone"].casefold())
                and (not subject or _is_of(row, subject))]

    async def skipped(self, person: str, since: datetime) -> list[Row]:
        """What this person was not told of since then."""
        rows = await self.watch.store.all("seen_since", since=stamp(since), camera="")
        return [row for row in rows if person in json.loads(row["skipped"])]

    async def last(self, person: str, ids: Sequence[str] = (), within: timedelta = TOLD_FOR) -> Row | None:
        """The event that "it" means: the last one this person was told of, or the last one seen on these cameras."""
        names = {one.name for one in self.named(ids)}
        rows = await self.watch.store.all("seen_since", since=stamp(self.watch.local() - within), camera="")
        rows = [row for row in rows if row["camera"] in names]
        told = [row for row in rows if person in json.loads(row["told"])]
        found = told or rows
        return found[-1] if found else None

    # --- wishes -------------------------------------------------------------------------------------------------------

    async def wish(self, rule: Rule) -> None:
        """Keep what a person wishes about texts."""
        await wishes.keep(self.watch.store, rule, self.watch.now())

    async def unwish(self, person: str, camera: str, zone: str = "", subjects: Sequence[str] = ()) -> int:
        """Take this person's wishes about a camera ("" = all) back, of a zone or about some subjects where one is
        named; how many there were."""
        return await wishes.take_back(self.watch.store, person, camera, self.watch.now(), zone, subjects)

    async def wishes_of(self, person: str) -> list[Rule]:
        """What this person wishes now, the oldest first."""
        return [rule for rule in await wishes.kept(self.watch.store) if rule.person in ("", person)
                and (rule.until is None or rule.until > self.watch.now())]

    async def usual_to(self, person: str) -> list[Row]:
        """What is usual to this person, the oldest first."""
        return [row for row in await self.watch.store.all("eye_normals") if row["person"] == person]

    async def label(self, event: str, label: Label) -> None:
        """What an event really was; kept, with its clip, for tuning."""
        await self.watch.store.do("seen_label", event=event, label=label)

    def missed(self, camera: str) -> None:
        """Something was there just now that was not told: the last half minute is kept for tuning."""
        self.watch.eyes.missed(camera, secrets.token_hex(6))

    async def usual(self, person: str, row: Row, name: str) -> None:
        """What was seen is usual here: no text to this person about the like of it from now on."""
        await self.watch.store.do("eye_normal_add", person=person, camera=row["camera"],
                                  subject=row["subject"], look=row["look"], name=name, made=stamp(self.watch.local()))

    # --- pictures -----------------------------------------------------------------------------------------------------

    async def forget(self, since: datetime, until: datetime) -> int:
        """Remove the pictures and clips of a time, and what was said of them; how many pictures went."""
        return await shelf.forget(self.watch.store, self.watch.shelf, since, until)

    async def keep(self, picture: bytes, kind: str) -> str:
        """Keep a picture that somebody sent; its name."""
        return await asyncio.to_thread(self.watch.shelf.keep, picture, kind)

    async def drop_erased(self) -> None:
        """Remove the pictures that came with words that were erased."""
        await shelf.drop_erased(self.watch.store, self.watch.shelf)

    async def upkeep(self, days: int, megabytes: int) -> None:
        """Keep to what the settings say, every hour, for ever."""
        while True:
            await shelf.upkeep(self.watch.store, self.watch.shelf, self.watch.now(), days, megabytes)
            await asyncio.sleep(3600.0)


def _with_text(seen: Seen | None) -> Seen | None:
    """What was seen, with what could be read in the picture quoted behind it: who asks may mean the sign. Only where
    somebody asked, a text sent by itself does not carry what a stranger wrote."""
    if seen is None or not seen.text or seen.text.casefold() in seen.what.casefold():
        return seen
    quoted = "“" + seen.text.replace("“", "").replace("”", "") + "”"
    return replace(seen, what=f"{seen.what} {quoted}".strip())


def _is_of(row: Row, subject: str) -> bool:
    if subject == "parcel":
        alone = not row["subject"] and row["kind"] in ("left", "taken")
        return bool(row["subject"] == "parcel" or row["parcel"] != "none" or alone)
    if row["subject"]:
        return bool(row["subject"] == subject)
    sizes = {"person": "person", "vehicle": "car", "animal": "small"}
    return bool(row["size"] == sizes.get(subject))
