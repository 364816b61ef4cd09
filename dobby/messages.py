"""Who speaks and what is said: Person, Message, Picture. Made by a channel, kept by the store, read by the agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Role = Literal["owner", "member", "guest"]
Mind = Literal["reflex", "claude", "scripted", "none"]

TEXT_LIMIT = 4000  # characters of one message that are read; the rest is cut, and the person is told


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the house. addresses: `channel:number` ("whatsapp:+15550100"); pin_hash: "" where none is set;
    rooms: those that the owner shares with a guest."""

    name: str
    role: Role
    addresses: tuple[str, ...] = ()
    pin_hash: str = field(default="", repr=False)
    pin_needed: bool = True
    rooms: tuple[str, ...] = ()

    def shares(self, room: str) -> bool:
        """Whether the owner shares a room with this guest."""
        return room.casefold() in (one.casefold() for one in self.rooms)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the workspace's pictures folder, by file name."""

    name: str
    content_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Medium:
    """A voice note or a picture that was sent to Dobby: the provider's link to it, and its type."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said to Dobby. `external` is the channel's own id: the same one is never taken twice.

    sender: the address as the channel authenticated it; here: the room it was said in, "" where nobody knows; media:
    what came with it and still lies at the provider; forwarded: the words are not the sender's own.
    """

    channel: str
    external: str
    sender: str
    text: str
    conversation: str
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    pictures: tuple[Picture, ...] = ()
    here: str = ""
    media: tuple[Medium, ...] = ()
    forwarded: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """Something that goes out. `key` makes it unique: the same key is never queued twice.

    kind "answer" is kept for a day, "alert" and "alarm" for an hour; older ones are dropped, with a note, rather than
    sent stale. An alarm goes before everything else.
    """

    key: str
    channel: str
    to: str
    text: str
    pictures: tuple[Picture, ...] = ()
    kind: Literal["answer", "alert", "alarm"] = "answer"
    id: int = 0
    attempts: int = 0
    maybe_repeat: bool = False
    as_template: bool = False  # the free-text window is closed: only an approved template gets through
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
