"""The outbox: what goes out, exactly accounted. pending -> attempting -> sent, or dead with the reason.

A letter that was being handed over when the process died is first looked up at the provider; if it is unknown there it
goes out again, marked as perhaps a repeat. Old letters are dropped, not sent stale: yesterday's truck is no news.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from dobby.errors import ChannelError
from dobby.messages import Letter, Picture
from dobby.store import Row, Store

log = logging.getLogger(__name__)
KEEP = {"answer": timedelta(hours=24), "alert": timedelta(hours=1), "alarm": timedelta(hours=1)}
WAITS = (1.0, 4.0, 15.0, 60.0, 300.0, 900.0)  # seconds between attempts
PAGE = "page"  # what is for the page stands in its thread as soon as it is queued
SEND_LIMIT = 20.0  # seconds for one hand-over


class Door(Protocol):
    """A channel as the post sees it."""

    async def send(self, letter: Letter) -> str:
        """Hand a letter over; the provider's id. ChannelError says whether trying again is of use."""
        ...

    async def find(self, letter: Letter) -> list[str]:
        """The provider's ids of messages that may be this letter, the newest first; [] when it has none."""
        ...


def queued(letter: Letter, now: datetime) -> tuple[str, dict[str, Any]]:
    """The statement that puts a letter into the outbox, to run in the transaction of what caused it."""
    return "letter_add", {"key": letter.key, "channel": letter.channel, "recipient": letter.to, "text": letter.text,
                          "pictures": json.dumps([[p.name, p.content_type] for p in letter.pictures]),
                          "kind": letter.kind, "created": now.isoformat()}


class Post:
    """Carries letters from the outbox to the doors, in order for each recipient."""

    def __init__(self, store: Store, now: Callable[[], datetime], doors: Mapping[str, Door]) -> None:
        self._store, self._now, self.doors = store, now, doors
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.on_tell: Callable[[Letter], None] = lambda letter: None
        self._told: set[int] = set()

    def wake(self) -> None:
        """Something was queued."""
        self._wake.set()

    async def tell(self, letter: Letter) -> None:
        """Queue a letter and send it soon."""
        await self._store.together([queued(letter, self._now())])
        self.wake()

    def idle(self) -> bool:
        """Whether nothing is being handed over."""
        return not self._busy and not self._looking and not self._wake.is_set()

    async def run(self) -> None:
        """Send for ever."""
        await self._look_up_interrupted()
        self._wake.set()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0 if self._waiting else 30.0):
                    await self._wake.wait()
            self._looking = True  # what was queued is not under way yet, and the call for it is forgotten
            self._wake.clear()
            await self._round()
            self._looking = False

    _waiting = _looking = False

    async def _round(self) -> None:
        """Start a hand-over for each recipient that has letters due and none under way."""
        first: dict[str, Row] = {}
        rows = await self._store.all("letters_open")
        self._waiting = bool(rows)
        for row in rows:
            if row["id"] not in self._told and not row["key"].startswith("answer:"):  # an answer is told with its turn
                self.on_tell(_letter(row))
        self._told = {row["id"] for row in rows}
        for row in rows:
            first.setdefault(f"{row['channel']}:{row['recipient']}", row)
        for address, row in first.items():
            if address not in self._busy and row["not_before"] <= time.time():
                self._busy[address] = asyncio.create_task(self._one(address, row))

    async def _one(self, address: str, row: Row) -> None:
        try:
            await self._hand_over(row)
        except Exception:  # one letter's surprise must not stop the post; it is tried again later
            log.exception("letter %s", row["id"])
            await self._again(row, UNSURE)
        finally:
            self._busy.pop(address, None)
            self._wake.set()

    async def _hand_over(self, row: Row) -> None:
        if self._now() - datetime.fromisoformat(row["created"]) > KEEP[row["kind"]]:
            await self._store.do("letter_dead", id=row["id"], error="too old to be of use")
            return
        if row["channel"] == PAGE:
            await self._store.do("letter_sent", id=row["id"], provider_id="", error="")
            return
        door = self.doors.get(row["channel"])
        if door is None:
            await self._store.do("letter_dead", id=row["id"], error=f"there is no channel {row['channel']}")
            return
        if row["error"] == UNSURE and await self._settled(door, row):
            return
        await self._store.do("letter_attempting", id=row["id"])
        try:
            async with asyncio.timeout(SEND_LIMIT):
                provider_id = await door.send(_letter(row))
        except TimeoutError:
            await self._unsure(door, row)
        except ChannelError as error:
            log.warning("letter %s to %s: %s", row["id"], row["channel"], error.text)
            if error.permanent:
                await self._store.do("letter_dead", id=row["id"], error=error.text)
            elif error.unsure:
                await self._unsure(door, row)
            else:
                await self._again(row, error.text)
        else:
            await self._store.do("letter_sent", id=row["id"], provider_id=provider_id,
                                 error=WINDOW if row["error"] == WINDOW else "")

    async def _unsure(self, door: Door, row: Row) -> None:
        """The provider did not answer in time, or the process died: perhaps it has the letter."""
        if not await self._settled(door, row):
            await self._again(row, UNSURE, soon=True)

    async def _settled(self, door: Door, row: Row) -> bool:
        """Look an unsure letter up: True when it is known there, or cannot be asked for now (then it waits)."""
        try:
            async with asyncio.timeout(SEND_LIMIT):
                found = await door.find(_letter(row))
        except (ChannelError, TimeoutError):
            await self._again(row, UNSURE)
            return True
        for provider_id in found:
            if await self._store.one("letter_by_provider", provider_id=provider_id) is None:
                await self._store.do("letter_sent", id=row["id"], provider_id=provider_id, error="")
                return True
        return False

    async def _again(self, row: Row, why: str, *, soon: bool = False) -> None:
        wait = 0.0 if soon else WAITS[min(row["attempts"], len(WAITS) - 1)]
        await self._store.do("letter_again", id=row["id"], not_before=time.time() + wait, error=why)

    async def _look_up_interrupted(self) -> None:
        for row in await self._store.all("letters_open"):
            if row["state"] == "attempting" and (door := self.doors.get(row["channel"])) is not None:
                await self._unsure(door, row)

    async def delivery(self, provider_id: str, status: str, *, window_closed: bool = False) -> None:
        """A provider's report about a letter; reports may come out of order, so it only moves forward. A letter that
        failed because the free-text window is closed goes out again, once, as a template."""
        order = ("", "queued", "sending", "sent", "delivered", "read")
        row = await self._store.one("letter_by_provider", provider_id=provider_id)
        if row is None or row["delivery"] in ("failed", "undelivered"):
            return
        final = status in ("failed", "undelivered") and row["delivery"] not in ("delivered", "read")
        forward = status in order and order.index(status) > order.index(row["delivery"])
        if final or forward:
            await self._store.do("letter_delivery", id=row["id"], delivery=status)
        if final and window_closed and row["error"] != WINDOW:
            await self._store.do("letter_as_template", id=row["id"], error=WINDOW)
            self._wake.set()
        elif final:
            await self._store.do("letter_dead", id=row["id"], error="the provider could not deliver it")


UNSURE = "perhaps sent already"
WINDOW = "the window for free text is closed"


def _letter(row: Row) -> Letter:
    pictures = tuple(Picture(*one) for one in json.loads(row["pictures"]))
    letter = Letter(row["key"], row["channel"], row["recipient"], row["text"], pictures, row["kind"], row["id"],
                    row["attempts"], created=datetime.fromisoformat(row["created"]))
    return replace(letter, maybe_repeat=row["error"] == UNSURE, as_template=row["error"] == WINDOW)
