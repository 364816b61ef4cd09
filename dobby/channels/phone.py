"""The telephone, through Twilio Voice: call Dobby, speak, he answers.

https://www.twilio.com/docs/voice/twiml/gather: what was said comes as SpeechResult with a Confidence. Speaking while he
speaks stops him (the words of a Gather can be interrupted). A caller nobody knows is refused before a word. A caller's
number is no proof of who calls, and a voice carries through a door: nothing that opens or disarms is done by voice,
whoever asks and whatever code is said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from dobby.channels.channel import Channel, Context
from dobby.channels.twilio import signed
from dobby.errors import ChannelError
from dobby.messages import Letter, Message
from dobby.settings import Config, Secrets
from dobby.voice.mouth import SPOKEN

PATIENCE = 9.0  # seconds that a caller waits for an answer; Twilio gives a webhook fifteen
SURE = 0.45  # confidence below which nothing is done with what was heard
SILENCES = 2  # in a row, then the call ends
TONGUES = {"en": "en-US", "de": "de-DE", "es": "es-ES", "fr": "fr-FR", "nl": "nl-NL"}


class PhoneDoor:
    """The open line for calls. Letters are never sent through it: what comes later is texted."""

    names = ("phone",)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._public = context.config.twilio.public_url.rstrip("/")
        path = urlsplit(self._public).path
        self.routes = [web.post(f"{path}/voice", self._called), web.post(f"{path}/voice/heard", self._heard)]
        self._tongue = TONGUES.get(context.config.home.language, "en-US")

    async def send(self, letter: Letter) -> str:
        """Nothing is said into a line that may be closed."""
        raise ChannelError("A call cannot be written to.", permanent=True)

    async def find(self, letter: Letter) -> list[str]:
        """Nothing was ever sent."""
        return []

    async def _called(self, request: web.Request) -> web.Response:
        form = await signed(self._context, request, f"{self._public}/voice")
        if f"phone:{form.get('From', '')}" not in self._context.callers():
            return _twiml("<Reject/>")
        return self._listen(self._context.say("phone.hello"), 0, 0)

    async def _heard(self, request: web.Request) -> web.Response:
        query = request.query_string
        form = await signed(self._context, request, f"{self._public}/voice/heard" + (f"?{query}" if query else ""))
        caller, call = f"phone:{form.get('From', '')}", form.get("CallSid", "")
        if caller not in self._context.callers() or not call:
            return _twiml("<Reject/>")
        turn, silences = _count(request, "turn"), _count(request, "silent")
        said = form.get("SpeechResult", "").strip()
        if not said:
            if silences + 1 >= SILENCES:
                return _twiml(self._say(self._context.say("phone.bye")) + "<Hangup/>")
            return self._listen(self._context.say("phone.silence"), turn + 1, silences + 1)
        if _confidence(form.get("Confidence", "")) < SURE:
            return self._listen(self._context.say("phone.unclear"), turn + 1, 0)
        id_ = await self._context.receive(Message("phone", f"{call}:{turn}", caller, said, caller))
        answer = await self._context.answer("phone", id_ if id_ else f"{call}:{turn}", PATIENCE)
        return self._listen(answer if answer is not None else self._context.say("phone.later"), turn + 1, 0)

    def _listen(self, text: str, turn: int, silences: int) -> web.Response:
        """Say something and listen; silence comes back too."""
        action = quoteattr(f"{self._public}/voice/heard?turn={turn}&silent={silences}")
        return _twiml(f'<Gather input="speech" action={action} method="POST" language="{self._tongue}" '
                      f'speechTimeout="2" actionOnEmptyResult="true">{self._say(text)}</Gather>')

    def _say(self, text: str) -> str:
        return f'<Say language="{self._tongue}">{escape(text[:SPOKEN])}</Say>'


def _twiml(inside: str) -> web.Response:
    return web.Response(text=f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>',
                        content_type="text/xml")


def _count(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _confidence(text: str) -> float:
    """How sure the ears are; where they do not say, sure enough."""
    try:
        return float(text)
    except ValueError:
        return 1.0


@asynccontextmanager
async def _open(context: Context) -> AsyncIterator[PhoneDoor]:
    yield PhoneDoor(context)


def _wanted(config: Config, secrets: Secrets) -> bool:
    return bool(config.twilio.account_sid and secrets.twilio_auth_token)


CHANNEL = Channel("phone", _wanted, _open)
