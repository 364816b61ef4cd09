"""A door of the house: one file beside this one, ending in CHANNEL = Channel(...).

`opens(config, secrets)` says whether the settings ask for it; `open(context)` yields the open door. A door that is
reached from outside has routes; they are served on the webhook listener, never on the dashboard's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from dobby.messages import Letter, Message
from dobby.settings import Config, Secrets
from dobby.voice.opening import Voice
from dobby.voice.sound import Sound


class OpenDoor(Protocol):
    """An open channel. One whose messages bring voice notes and pictures has `async fetch(url) -> bytes` as well."""

    @property
    def names(self) -> tuple[str, ...]:
        """The address prefixes it serves ("whatsapp")."""
        ...

    @property
    def routes(self) -> Sequence[web.RouteDef]:
        """Its addresses on the webhook listener."""
        ...

    async def send(self, letter: Letter) -> str:
        """Hand a letter over; the provider's id. ChannelError says whether trying again is of use."""
        ...

    async def find(self, letter: Letter) -> list[str]:
        """The provider's ids of messages that may be this letter, the newest first; [] when it has none."""
        ...


class Delivery(Protocol):
    """Where a door reports what became of a letter."""

    async def __call__(self, provider_id: str, status: str, *, window_closed: bool = False) -> None:
        """Take a report; an unknown id is no news."""
        ...


async def _no_answer(channel: str, message: int | str, seconds: float) -> str | None:
    """Nobody answers."""
    return None


async def _no_speaker(speaker: str, text: str, sound: Sound) -> bool:
    """There is no speaker."""
    return False


@dataclass(frozen=True, slots=True)
class Context:
    """What a door gets: the settings, where messages and delivery reports go, how a picture is lent, and its words.

    answer: waits so many seconds for the answer to a message (by its id, or the provider's), None when it takes longer;
    callers: addresses of people who may call; say: a sentence of the house by its key; voice: ears and mouth; aloud:
    has a speaker (by name) say a text whose sound is given, False when it cannot.
    """

    config: Config
    secrets: Secrets
    receive: Callable[[Message], Awaitable[int]]
    delivery: Delivery
    lend: Callable[[str], str]
    repeat_note: str
    answer: Callable[[str, int | str, float], Awaitable[str | None]] = _no_answer
    callers: Callable[[], frozenset[str]] = frozenset
    say: Callable[[str], str] = str
    voice: Voice | None = None
    aloud: Callable[[str, str, Sound], Awaitable[bool]] = _no_speaker


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of door."""

    name: str
    opens: Callable[[Config, Secrets], bool]
    open: Callable[[Context], AbstractAsyncContextManager[OpenDoor]]
