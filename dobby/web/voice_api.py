"""Push-to-talk: sound from the page to the same ears, and answers as sound. Nothing of it is kept.

Who is at the page is known, but a voice carries through a door: what is said here never opens or disarms anything.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from dobby.agent.receive import Gateway
from dobby.agent.turn import local_message
from dobby.messages import Person
from dobby.voice.child import NotHeard
from dobby.voice.ears import Heard
from dobby.voice.opening import Voice
from dobby.voice.sound import LONGEST, wav
from dobby.web.guard import BODY_SECONDS, PERSON, ApiError, body

SOUND_LIMIT = 2 * 1024 * 1024  # bytes of a sentence
ANSWER_LIMIT = 60.0  # seconds that /api/voice waits for the answer
TEXT_LIMIT = 2000  # characters of a text that is to be said
CHANNEL = "voice"


@dataclass(frozen=True, slots=True)
class VoiceApi:
    """The handlers. said: the answer to a message as /api/say gives it; owner: whose page it is."""

    voice: Voice
    gateway: Gateway
    owner: Person
    said: Callable[[int], Awaitable[dict[str, Any]]]

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.post("/api/voice", self.hear), web.post("/api/voice/speech", self.speak)]

    async def hear(self, request: web.Request) -> web.Response:
        """POST /api/voice, the body a sound (WAV, or what a browser records): as /api/say, and what was heard."""
        heard = await self._heard(await _sound(request))
        person: Person = request[PERSON]
        message = local_message("page", heard.text, str(uuid.uuid4()),
                                person=None if person.name == self.owner.name else person)
        id_ = await self.gateway.receive(replace(message, channel=CHANNEL))
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                await self.gateway.inbox.wait(id_)
        except TimeoutError:
            raise ApiError(504, "slow", "Still at it; the answer will stand in the conversation.") from None
        return web.json_response(await self.said(id_) | {"heard": heard.text})

    async def _heard(self, file: bytes) -> Heard:
        say = self.gateway.agent.house.words.say
        began = time.monotonic()
        try:
            heard = await self.voice.hearing.hear(await self.voice.hearing.decoded(file, LONGEST))
        except NotHeard as error:
            raise ApiError(422, "ears", str(error)) from None
        if heard is None or not heard.text or self.voice.echo.own(heard.text, began):
            raise ApiError(422, "unheard", say("voice.unclear"))
        return heard

    async def speak(self, request: web.Request) -> web.Response:
        """POST /api/voice/speech {"text"}: the text as a WAV file."""
        given = await body(request)
        text = given.get("text") if isinstance(given, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= TEXT_LIMIT:
            raise ApiError(422, "body", f'The body must be {{"text": "..."}}, at most {TEXT_LIMIT} characters.')
        try:
            sound = await self.voice.speech.say(text)
        except NotHeard as error:
            raise ApiError(422, "mouth", str(error)) from None
        self.voice.echo.speaks(f"page:{request[PERSON].name}", text, time.monotonic(), sound.seconds)
        return web.Response(body=await asyncio.to_thread(wav, sound), content_type="audio/wav")


async def _sound(request: web.Request) -> bytes:
    """The body, which may be larger than that of other addresses; ApiError when it is too large or is no sound."""
    if not request.content_type.startswith("audio/"):
        raise ApiError(422, "body", "The body must be sound, such as audio/wav.")
    if (request.content_length or 0) > SOUND_LIMIT:
        raise ApiError(413, "large", f"At most {SOUND_LIMIT // 1024 // 1024} MB and {LONGEST:g} seconds.")
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_chunked(65536):
                data += piece
                if len(data) > SOUND_LIMIT:
                    raise ApiError(413, "large", f"At most {SOUND_LIMIT // 1024 // 1024} MB and {LONGEST:g} seconds.")
    except TimeoutError:
        raise ApiError(408, "slow", "The body took too long to come.") from None
    if not data:
        raise ApiError(422, "body", "The body is empty.")
    return bytes(data)
