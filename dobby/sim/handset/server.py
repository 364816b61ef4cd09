"""Twilio's REST API for messages, and the delivery of what it accepted."""

import asyncio
import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from ..door import Door, faulty, web_door
from ..net import Address
from ..things import Fault, Thing
from .messages import Exchange, Json, Message, error_json, resource, wrong_with
from .webhooks import fetch_media, post_signed, status_form

KEY = "handset"
FAULTS = frozenset({"dead", "slow", "refuses", "garbage", "lost_answer"})
OUTSIDE_WINDOW = 63016
MEDIA_FAILED = 63019
STEP_SECONDS = 0.03
DEFAULT_REFUSAL = 21610


@dataclass(slots=True)
class Twilio:
    """The exchange on the network."""

    exchange: Exchange
    session: aiohttp.ClientSession
    thing: Thing
    tasks: set[asyncio.Future[None]] = field(default_factory=set)

    def begin(self, message: Message) -> None:
        """Deliver in the background."""
        task = asyncio.ensure_future(self._deliver(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """Stop delivering."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.session.close()

    async def _deliver(self, message: Message) -> None:
        await self._tell(message, "queued")
        if self._outside_window(message):
            message.error = OUTSIDE_WINDOW
            await self._tell(message, "failed")
            return
        fetched = [await fetch_media(self.session, link) for link in message.media]
        media = [blob for blob in fetched if blob is not None]
        if len(media) < len(fetched):
            message.error = MEDIA_FAILED
            await self._tell(message, "failed")
            return
        message.sent = datetime.now(UTC)
        self.exchange.arrive(message, media)
        await self._tell(message, "sent")
        await asyncio.sleep(STEP_SECONDS)
        await self._tell(message, "delivered")

    def _outside_window(self, message: Message) -> bool:
        """The 24-hour rule of WhatsApp, kept only while a test asks for it."""
        fault = self.thing.fault
        asked = fault is not None and fault.name == "refuses" and fault.code == OUTSIDE_WINDOW
        free = message.to.startswith("whatsapp:") and message.content_sid is None
        return asked and free and not self.exchange.window_open(message.to)

    async def _tell(self, message: Message, status: str) -> None:
        message.status = status
        if message.callback:
            await post_signed(self.session, self.exchange.token, message.callback, status_form(message))


def open_twilio(exchange: Exchange, address: Address) -> tuple[Door, Twilio]:
    """The API's door, still shut, and Twilio behind it."""
    thing = Thing(KEY, "Handset", "", "twilio", "handset", exchange.account, dict, faults=FAULTS, listed=False)
    twilio = Twilio(exchange, aiohttp.ClientSession(), thing)
    door = web_door(_app(twilio), address)

    async def faulted(fault: Fault | None) -> None:
        if fault is not None and fault.name == "dead":
            door.cut()
        else:
            await door.open()

    thing.faulted = faulted
    return door, twilio


def _app(twilio: Twilio) -> web.Application:
    thing = twilio.thing

    def refuse(request: web.Request) -> web.Response | None:
        code = (thing.fault.code if thing.fault else None) or DEFAULT_REFUSAL
        # Twilio accepts what is outside the window and reports it as failed later
        return None if code == OUTSIDE_WINDOW or request.method != "POST" else _error(code)

    app = web.Application(middlewares=[faulty(thing, refuse)])
    api = TwilioApi(twilio)
    base = "/2010-04-01/Accounts/{account}/Messages"
    app.router.add_post(f"{base}.json", api.create)
    app.router.add_get(f"{base}.json", api.listing)
    app.router.add_get(f"{base}/{{sid}}.json", api.one)
    app.router.add_get(f"{base}/{{sid}}/Media/{{media}}", api.media)
    return app


def _error(code: int) -> web.Response:
    status, body = error_json(code)
    headers = {"Retry-After": "1"} if status == 429 else None
    return web.json_response(body, status=status, headers=headers)


@dataclass(frozen=True, slots=True)
class TwilioApi:
    """The handlers of the Messages resource."""

    twilio: Twilio

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Accept a message, or say what is wrong with it."""
        if not self._known(request):
            return _error(20003)
        form = await request.post()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        media = [value for value in form.getall("MediaUrl", []) if isinstance(value, str)]
        code = wrong_with(fields, media)
        if code is not None:
            return _error(code)
        message = self._accept(fields, media)
        shown = resource(message)
        self.twilio.begin(message)
        if self.twilio.thing.has("lost_answer"):
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        return web.json_response(shown, status=201)

    def _accept(self, fields: dict[str, str], media: list[str]) -> Message:
        exchange = self.twilio.exchange
        content = fields.get("ContentSid")
        message = Message(
            sid=("MM" if media else "SM") + secrets.token_hex(16),
            account=exchange.account,
            sender=fields.get("From", ""),
            to=fields["To"],
            # a template's words are at Twilio; the phone shows the variables
            body=fields.get("Body", "") if content is None else f"[{content}] {fields.get('ContentVariables', '{}')}",
            direction="outbound-api",
            status="queued",
            media=media,
            content_sid=content,
            content_variables=fields.get("ContentVariables"),
            callback=fields.get("StatusCallback"),
        )
        exchange.messages[message.sid] = message
        return message

    async def listing(self, request: web.Request) -> web.Response:
        """A page of messages, the newest first."""
        if not self._known(request):
            return _error(20003)
        query = request.query
        wanted = [m for m in reversed(self.twilio.exchange.messages.values()) if _matches(m, query)]
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        shown = wanted[page * size : (page + 1) * size]
        more = len(wanted) > (page + 1) * size
        following = request.rel_url.update_query(Page=str(page + 1), PageSize=str(size))
        body: Json = {
            "messages": [resource(message) for message in shown],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(0, len(shown) - 1),
            "uri": str(request.rel_url),
            "first_page_uri": str(request.rel_url.update_query(Page="0")),
            "next_page_uri": str(following) if more else None,
            "previous_page_uri": None,
        }
        return web.json_response(body)

    async def one(self, request: web.Request) -> web.Response:
        """One message."""
        if not self._known(request):
            return _error(20003)
        message = self.twilio.exchange.messages.get(request.match_info["sid"])
        return web.json_response(resource(message)) if message else _error(20404)

    async def media(self, request: web.Request) -> web.Response:
        """Media of an incoming message; as Twilio does by default, without asking who wants it."""
        blob = self.twilio.exchange.inbound_media.get(request.match_info["media"])
        return web.Response(body=blob.data, content_type=blob.content_type) if blob else _error(20404)

    def _known(self, request: web.Request) -> bool:
        exchange = self.twilio.exchange
        expected = base64.b64encode(f"{exchange.account}:{exchange.token}".encode()).decode()
        right = secrets.compare_digest(request.headers.get("Authorization", ""), f"Basic {expected}")
        return right and request.match_info["account"] == exchange.account


def _matches(message: Message, query: Mapping[str, str]) -> bool:
    get = query.get
    when = (message.sent or message.created).date().isoformat()
    return (
        get("To", message.to) == message.to
        and get("From", message.sender) == message.sender
        and get("DateSent", when)[:10] == when
        and get("DateSent>", when)[:10] <= when
        and get("DateSent<", when)[:10] >= when
    )
