"""WhatsApp and SMS through Twilio: signed webhooks in, the Messages resource out.

Inbound: https://www.twilio.com/docs/usage/webhooks/webhooks-security (signature over the public address as configured,
never as the request claims). The message is on disk before the 2xx, its MessageSid is taken once. Outbound: long texts
are split, pictures are lent by short-lived link, and WhatsApp's closed 24-hour window (error 63016, by answer or by
status callback) falls back to the approved template. The SDK does not repeat a POST: repeats are the outbox's business.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import BasicAuth, ClientConnectorError, ClientError, ClientSession, web

from dobby.channels.channel import Channel, Context
from dobby.channels.split import split
from dobby.errors import ChannelError
from dobby.messages import Letter, Medium, Message
from dobby.settings import Config, Secrets

if TYPE_CHECKING:
    from twilio.rest import Client

log = logging.getLogger(__name__)
BODY_LIMIT = 64 * 1024  # bytes of one webhook
TEXT_LIMITS = {"whatsapp": 1600, "sms": 1600}  # characters of one message, error 21617 beyond
TEMPLATE_LIMIT = 1024  # characters of a template's variables, error 63021
API = "https://api.twilio.com"
MEDIA_MOST = 10  # of one message, as many as Twilio sends
MEDIA_LIMIT = 8 * 1024 * 1024  # bytes of one
CALL_LIMIT = 15.0  # seconds; the SDK's own timeout is not honoured by its async client
WINDOW_CLOSED = 63016
PERMANENT = {21211, 21408, 21610, 21614, 63003, 63016, 63024}  # invalid or unwilling recipients
SLACK = timedelta(seconds=5)  # Twilio's times have whole seconds


class TwilioDoor:
    """The open line to Twilio."""

    names = ("whatsapp", "sms")

    def __init__(self, context: Context, client: Client) -> None:
        self._context, self._client = context, client
        self._settings = context.config.twilio
        path = urlsplit(self._settings.public_url).path or "/"
        self._path = path.rstrip("/")
        self.routes = [web.post(path, self._inbound), web.post(f"{self._path}/status", self._status)]

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _inbound(self, request: web.Request) -> web.Response:
        form = await signed(self._context, request, self._settings.public_url)
        sid, sender = form.get("MessageSid", ""), form.get("From", "")
        if not sid or not sender:
            raise web.HTTPBadRequest(text="MessageSid and From are needed.")
        if ":" not in sender:
            sender = f"sms:{sender}"
        forwarded = "true" in (form.get("Forwarded", "").lower(), form.get("FrequentlyForwarded", "").lower())
        await self._context.receive(Message(sender.split(":", 1)[0], sid, sender, form.get("Body", ""), sender,
                                            media=self._media(form), forwarded=forwarded))
        return web.Response(text="<Response/>", content_type="text/xml")

    def _media(self, form: Mapping[str, str]) -> tuple[Medium, ...]:
        """What came with a text, as links to Twilio's own server; they are fetched when the message's turn comes."""
        count = form.get("NumMedia", "0")
        rows = range(min(int(count), MEDIA_MOST)) if count.isdecimal() and len(count) < 4 else ()
        found = [Medium(form.get(f"MediaUrl{at}", ""), form.get(f"MediaContentType{at}", "")) for at in rows]
        return tuple(one for one in found if self._own(one.url))

    def _own(self, url: str) -> bool:
        """Whether a link leads to Twilio, which is asked with our password."""
        try:
            asked, own = urlsplit(url), urlsplit(self._settings.api_url or API)
            return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
        except ValueError:
            return False

    async def fetch(self, url: str) -> bytes:
        """The bytes behind the link of a medium; ChannelError when they cannot be had, or are too many."""
        if not self._own(url):
            raise ChannelError("That does not lie at Twilio.", permanent=True)
        auth = BasicAuth(self._settings.account_sid, self._context.secrets.twilio_auth_token)
        data = bytearray()
        try:
            async with asyncio.timeout(CALL_LIMIT), ClientSession() as session, session.get(
                    url, auth=auth, max_redirects=3) as answer:  # on to its store, without the password
                if answer.status != 200:
                    raise ChannelError(f"What came with it could not be fetched ({answer.status}).")
                async for piece in answer.content.iter_chunked(65536):
                    data += piece
                    if len(data) > MEDIA_LIMIT:
                        raise ChannelError("What came with it is too large.", permanent=True)
        except (ClientError, OSError, TimeoutError) as error:
            raise ChannelError(f"What came with it could not be fetched ({type(error).__name__}).") from None
        return bytes(data)

    async def _status(self, request: web.Request) -> web.Response:
        form = await signed(self._context, request, f"{self._settings.public_url.rstrip('/')}/status")
        closed = form.get("ErrorCode", "") == str(WINDOW_CLOSED) and bool(self._settings.template_sid)
        await self._context.delivery(form.get("MessageSid", ""), form.get("MessageStatus", ""), window_closed=closed)
        return web.Response(status=204)

    # --- out ----------------------------------------------------------------------------------------------------------

    async def send(self, letter: Letter) -> str:
        """Send a letter, in parts when it is long; the id of the last part."""
        text = f"{self._context.repeat_note}\n{letter.text}" if letter.maybe_repeat else letter.text
        media = [self._context.lend(picture.name) for picture in letter.pictures]
        sid = ""
        for at, part in enumerate(split(text, TEXT_LIMITS[letter.channel])):
            sid = await self._part(letter, part, media if at == 0 else [])
        return sid

    async def _part(self, letter: Letter, body: str, media: list[str]) -> str:
        values: dict[str, Any] = {"status_callback": f"{self._settings.public_url.rstrip('/')}/status"}
        flat = " ".join(body.split())[:TEMPLATE_LIMIT]
        template = {"content_sid": self._settings.template_sid, "content_variables": json.dumps({"1": flat})}
        if letter.as_template:
            return await self._create(letter, values | template)
        try:
            return await self._create(letter, values | {"body": body} | ({"media_url": media} if media else {}))
        except ChannelError as error:
            if error.code != WINDOW_CLOSED or not self._settings.template_sid:
                raise
        return await self._create(letter, values | template)

    async def _create(self, letter: Letter, values: dict[str, Any]) -> str:
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            async with asyncio.timeout(CALL_LIMIT):
                message = await self._client.messages.create_async(
                    to=_address(letter.channel, letter.to), from_=self._from(letter.channel), **values)
        except TwilioRestException as error:
            raise ChannelError(f"Twilio refused it ({error.status}, code {error.code}).", _mend(error.code),
                               permanent=error.code in PERMANENT or error.status in (400, 404),
                               code=error.code) from None
        except ClientConnectorError:
            raise ChannelError("Twilio could not be reached.") from None
        except (TwilioException, ClientError, OSError, ValueError) as error:
            raise ChannelError(f"The line to Twilio broke ({type(error).__name__}).", unsure=True) from None
        return str(message.sid)

    async def find(self, letter: Letter) -> list[str]:
        """The recipient's latest messages that end as this letter does and were made after it."""
        from twilio.base.exceptions import TwilioException

        ends = split(letter.text, TEXT_LIMITS[letter.channel])[-1].strip()
        since = letter.created - SLACK
        try:
            async with asyncio.timeout(CALL_LIMIT):
                messages = await self._client.messages.list_async(
                    to=_address(letter.channel, letter.to), limit=50)
        except (TwilioException, ClientError, OSError, ValueError, TimeoutError) as error:
            raise ChannelError(f"Twilio could not be asked ({type(error).__name__}).") from None
        return [str(one.sid) for one in messages if str(one.body or "").strip() == ends
                and (one.date_created or since) >= since]

    def _from(self, channel: str) -> str:
        for address in self._settings.from_:
            if (channel == "whatsapp") == address.startswith("whatsapp:"):
                return address.removeprefix("sms:")
        raise ChannelError(f"twilio.from has no number for {channel}.", "Add one in config.toml.", permanent=True)


async def signed(context: Context, request: web.Request, url: str) -> dict[str, str]:
    """The form of a request whose signature fits the configured public address; 403 for any other."""
    from twilio.request_validator import RequestValidator

    if (request.content_length or 0) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, request.content_length or 0)
    form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    validator = RequestValidator(context.secrets.twilio_auth_token)
    if not validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
        raise web.HTTPForbidden(text="The signature does not fit.")
    return form


def _address(channel: str, to: str) -> str:
    return to if channel == "sms" else f"{channel}:{to}"


def _mend(code: int | None) -> str:
    if code == WINDOW_CLOSED:
        return "The person has not written for a day; set twilio.template_sid to reach them anyway."
    return "Check account_sid and TWILIO_AUTH_TOKEN." if code == 20003 else ""


@asynccontextmanager
async def _open(context: Context) -> AsyncIterator[TwilioDoor]:
    from twilio.http.async_http_client import AsyncTwilioHttpClient
    from twilio.rest import Client

    settings = context.config.twilio
    http = _elsewhere(settings.api_url) if settings.api_url else AsyncTwilioHttpClient()
    try:
        yield TwilioDoor(context, Client(settings.account_sid, context.secrets.twilio_auth_token, http_client=http))
    finally:
        await http.close()


def _elsewhere(api_url: str) -> Any:
    """The SDK's client, pointed at another server that speaks the same API (the simulated home's)."""
    from twilio.http.async_http_client import AsyncTwilioHttpClient

    class Elsewhere(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK carries no types
        async def request(self, method: str, url: str, *args: Any, **values: Any) -> Any:
            parts = urlsplit(url)
            return await super().request(method, f"{api_url.rstrip('/')}{parts.path}"
                                         + (f"?{parts.query}" if parts.query else ""), *args, **values)

    return Elsewhere()


def _wanted(config: Config, secrets: Secrets) -> bool:
    return bool(config.twilio.account_sid and secrets.twilio_auth_token)


CHANNEL = Channel("twilio", _wanted, _open)
