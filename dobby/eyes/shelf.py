"""What is kept of what was seen: pictures and clips, for as long and as much as the settings say, and forgotten on a
word. Those that no event holds (somebody only looked, a message brought them) count like the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from dobby.eyes import wishes
from dobby.store import Row, Store, stamp


class Shelf(Protocol):
    """Where pictures and clips lie. Every call blocks."""

    def keep(self, data: bytes, kind: str = "jpg") -> str:
        """Keep a picture; its name."""
        ...

    def read(self, name: str) -> bytes:
        """A kept picture; b"" when it is gone."""
        ...

    def drop(self, name: str) -> None:
        """Remove a picture or a clip."""
        ...

    def path(self, name: str) -> Path | None:
        """The file of a picture or a clip, None when there is none of that name."""
        ...

    def all(self) -> list[tuple[str, int, datetime]]:
        """Every picture and clip: its name, its bytes, and when it was made."""
        ...


@dataclass(frozen=True, slots=True)
class _Lot:
    """What goes together: an event's pictures and clip, or one that no event holds. labelled ones go last."""

    event: str
    names: tuple[str, ...]
    size: int
    at: str
    labelled: bool


async def keep_tidy(store: Store, shelf: Shelf, now: datetime, days: int, megabytes: int) -> int:
    """Old pictures go, then the oldest until the rest fits, labelled ones last; how many went."""
    lots = await _lots(store, shelf)
    oldest = stamp(now - timedelta(days=days))
    over = sum(lot.size for lot in lots) - megabytes * 1024 * 1024
    gone = 0
    for lot in sorted(lots, key=lambda lot: (lot.labelled, lot.at)):
        if over > 0 or (lot.at < oldest and not lot.labelled):
            over -= lot.size
            gone += await _drop(store, shelf, lot.event, lot.names)
    return gone


async def upkeep(store: Store, shelf: Shelf, now: datetime, days: int, megabytes: int) -> None:
    """What is done every hour: room is made, and wishes that are over go."""
    await keep_tidy(store, shelf, now, days, megabytes)
    await wishes.tidy(store, now)


async def forget(store: Store, shelf: Shelf, since: datetime, until: datetime) -> int:
    """Remove the pictures and clips of a time, and what was said of them; how many pictures went."""
    span = {"since": stamp(since), "until": stamp(until)}
    gone = 0
    for lot in await _lots(store, shelf):
        if span["since"] <= lot.at < span["until"]:
            gone += await _drop(store, shelf, lot.event, lot.names)
    await store.together([(query, span) for query in ("seen_forget", "eye_normals_forget", "turns_forget_pictures",
                                                      "letters_forget_pictures")])
    await store.scrub()
    return gone


async def drop_erased(store: Store, shelf: Shelf) -> None:
    """The pictures that people sent with words that were erased go with them."""
    names = [name for row in await store.all("sent_erased") for name in json.loads(row["sent"])]
    await _drop(store, shelf, "", names)
    await store.do("sent_dropped")


async def _lots(store: Store, shelf: Shelf) -> list[_Lot]:
    kept = {name: (size, stamp(at)) for name, size, at in await asyncio.to_thread(shelf.all)}
    lots = []
    for row in await store.all("seen_pictures"):
        names = _names(row)
        size = sum(kept.pop(name, (0, ""))[0] for name in names)
        lots.append(_Lot(row["event"], names, size, row["at"], bool(row["label"])))
    return [*lots, *(_Lot("", (name,), size, at, False) for name, (size, at) in kept.items())]


def _names(row: Row) -> tuple[str, ...]:
    return (*json.loads(row["pictures"]), *([row["clip"]] if row["clip"] else []))


async def _drop(store: Store, shelf: Shelf, event: str, names: Sequence[str]) -> int:
    for name in names:
        await asyncio.to_thread(shelf.drop, name)
    if event:
        await store.do("seen_no_pictures", event=event)
    return len(names)
