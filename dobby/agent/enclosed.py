"""What a message carries besides its text: voice notes through the same ears, pictures through the same eyes.

The sound is never kept; a picture is, like those of the cameras, and stands in the thread. A voice note is its
sender's words, but said aloud: it opens and disarms nothing. What a model says about a picture is a stranger's word (a
sign in it may have put it there), and what was forwarded is a stranger's from beginning to end: it is told, never
carried out, and answers no question.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dobby.agent import consent
from dobby.agent.meaning import Do, RunSkill, Timed, Understood
from dobby.agent.replies import Reply
from dobby.errors import ChannelError
from dobby.eyes.seen import Glance, Seen
from dobby.eyes.vision import Vision
from dobby.store import Row
from dobby.tools.fence import clean
from dobby.tools.hands import Hands
from dobby.voice.child import NotHeard
from dobby.voice.ears import Hearing
from dobby.words import Words

log = logging.getLogger(__name__)
NOTE_LIMIT = 60.0  # seconds of a voice note
QUOTED = 600  # characters of a stranger's words that are repeated
MOST = 4  # pictures of one message that are kept
BESIDE = 3.0  # seconds that an order waits for the picture beside it
JPEG = b"\xff\xd8\xff"


@dataclass(slots=True)
class Enclosures:
    """Opens them. fetch: the bytes behind a link of a channel's; now: local time."""

    fetch: Callable[[str, str], Awaitable[bytes]]
    hearing: Hearing | None
    vision: Vision | None
    now: Callable[[], datetime]

    async def open(self, hands: Hands, row: Row) -> tuple[str, Reply | None]:
        """The text of a message with its voice notes in it, or the answer when there is nothing more to think about."""
        words, text = hands.house.words, row["text"].strip()
        media = [(url, kind) for url, kind in json.loads(row["media"])]
        try:
            heard = [await self._heard(row["channel"], url, words) for url, kind in media if kind.startswith("audio/")]
        except (ChannelError, NotHeard) as error:
            return text, Reply(str(error), "none")
        if heard:
            said = consent.without_codes(" ".join(heard))
            text = f"{text} {said}".strip()
            hands.asker = replace(hands.asker, by_voice=True)
            await hands.house.store.together([("message_heard", {"id": row["id"], "text": text}),
                                              ("turn_heard", {"id": hands.turn, "text": text})])
        ordered = _orders(hands, text)
        links = [url for url, kind in media if kind.startswith("image/")][:MOST]
        pictures = await asyncio.gather(*(self._fetched(row["channel"], one, BESIDE if ordered else None)
                                          for one in links))
        await _keep(hands, [one for one in pictures if isinstance(one, bytes)])
        if row["forwarded"]:
            hands.tainted = True
            told = [words.say("enclosed.forwarded", text=clean(text, QUOTED))] if text else []
            told += [await self._seen(pictures[0], "", words)] if pictures else []
            return text, Reply("\n".join([*told, words.say("enclosed.own_words")]), "none")
        if pictures and not ordered:
            hands.tainted = True
            return text, Reply(await self._seen(pictures[0], text, words), "none")
        if media and not heard and not pictures:
            return text, Reply(words.say("enclosed.unknown"), "none") if not text else None
        return text, None

    async def _heard(self, channel: str, url: str, words: Words) -> str:
        if self.hearing is None or self.hearing.ears is None:
            raise NotHeard(words.say("enclosed.no_ears"))
        sound = await self.hearing.decoded(await self.fetch(channel, url), NOTE_LIMIT)
        heard = await self.hearing.hear(sound)
        if heard is None or not heard.text:
            raise NotHeard(words.say("voice.unclear"))
        return heard.text

    async def _fetched(self, channel: str, url: str, seconds: float | None) -> bytes | ChannelError:
        """A picture, or why it is not to be had (so soon)."""
        try:
            async with asyncio.timeout(seconds):
                return await self.fetch(channel, url)
        except (ChannelError, TimeoutError) as error:
            return error if isinstance(error, ChannelError) else ChannelError("It did not come in time.")

    async def _seen(self, picture: bytes | ChannelError, question: str, words: Words) -> str:
        """What is on a picture, in a sentence; or why nobody can say."""
        if self.vision is None:
            return words.say("enclosed.no_eyes")
        if isinstance(picture, ChannelError):
            return str(picture)
        if not picture.startswith(JPEG):
            return words.say("enclosed.no_picture")
        word = await self.vision.see(Glance(words.say("enclosed.phone"), self.now(), picture, kind="look", weight=2,
                                            question=question, language=words.language))
        return _sentence(word.seen) if word.seen is not None else words.say("enclosed.unseen")


async def _keep(hands: Hands, pictures: Sequence[bytes]) -> None:
    """Keep pictures of a kind that a page can show; the turn knows their names."""
    sights, kinds = hands.house.sights, [_kind(one) for one in pictures]
    if sights is None or not any(kinds):
        return
    try:
        names = [await sights.keep(one, kind) for one, kind in zip(pictures, kinds, strict=True) if kind]
    except OSError as error:  # a full disk keeps no picture, and stops no order
        log.warning("a picture that was sent could not be kept (%s)", type(error).__name__)
        return
    await hands.house.store.do("turn_sent", id=hands.turn, sent=json.dumps(names))


def _kind(picture: bytes) -> str:
    """What kind of file a picture is, by its first bytes; "" for another."""
    if picture.startswith(JPEG):
        return "jpg"
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" else ""


def _orders(hands: Hands, text: str) -> bool:
    """Whether the words beside a picture are an order that needs no look at it."""
    house = hands.house
    meant = house.reflex.read(text, house.home, None, now=time.monotonic()) if text else None
    return isinstance(meant, Understood) and any(isinstance(part, Do | RunSkill | Timed) for part in meant.parts)


def _sentence(seen: Seen) -> str:
    """What was seen, with what could be read in it quoted behind it."""
    text = clean(seen.text, QUOTED)
    return f"{seen.what} “{text}”" if text and text.casefold() not in seen.what.casefold() else seen.what
