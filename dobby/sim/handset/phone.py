"""The phones' part of the control port: texts to Dobby, and what came back."""

import base64
import binascii
import secrets
import time
from dataclasses import dataclass

from aiohttp import web

from ..control import Json, Wrong, read_json
from ..house import DOBBY_NUMBER, RESIDENTS
from .messages import ADDRESS, Blob, Message
from .server import Twilio
from .webhooks import inbound_form, on_loopback, post_signed


@dataclass(slots=True)
class Phones:
    """All telephones; `webhook` is where Twilio delivers what they send, `base` its own address."""

    twilio: Twilio
    webhook: str | None
    base: str

    def add_routes(self, app: web.Application) -> None:
        """Put the phones on the control port."""
        app.router.add_post("/phone", self.text)
        app.router.add_get("/phone", self.received)
        app.router.add_get("/phone/media/{sha256}", self.media)
        app.router.add_post("/phone/webhook", self.aim)

    async def text(self, request: web.Request) -> web.Response:
        """A text to Dobby, delivered before this answers; `status` is the webhook's, 0 when nobody answered."""
        body = await read_json(request)
        message = self._message(body)
        if self.webhook is None:
            raise Wrong("no webhook: start with --webhook, or POST /phone/webhook {'url'}", 409)
        exchange = self.twilio.exchange
        media = [self._lend(message, item) for item in body.get("media") or []]
        exchange.messages[message.sid] = message
        exchange.texted[message.sender] = time.monotonic()
        form = inbound_form(message, media, forwarded=body.get("forwarded") is True)
        names = {resident.address: resident.name for resident in RESIDENTS}
        if message.sender.startswith("whatsapp:"):
            form["ProfileName"] = body.get("profile_name") or names.get(message.sender, "Stranger")
        status = await post_signed(self.twilio.session, exchange.token, self.webhook, form)
        return web.json_response({"sid": message.sid, "status": status})

    def _message(self, body: Json) -> Message:
        sender, text = body.get("from"), body.get("body")
        if not isinstance(sender, str) or not ADDRESS.fullmatch(sender):
            raise Wrong(f"'from' is a number like {RESIDENTS[0].address}, not {sender!r}")
        if not isinstance(text, str):
            raise Wrong("'body' is the text")
        dobby = DOBBY_NUMBER if sender.startswith("whatsapp:") else DOBBY_NUMBER.removeprefix("whatsapp:")
        return Message(
            sid=body.get("sid") or "SM" + secrets.token_hex(16),
            account=self.twilio.exchange.account,
            sender=sender,
            to=body.get("to") or dobby,
            body=text,
            direction="inbound",
            status="received",
        )

    def _lend(self, message: Message, item: object) -> tuple[str, str]:
        """Media of a text: {"content_type", "base64"}, or {"content_type", "url"} of a link of its own."""
        if not isinstance(item, dict) or not isinstance(item.get("content_type"), str):
            raise Wrong("media are objects with 'content_type' and 'base64' or 'url'")
        if isinstance(item.get("url"), str):
            return item["url"], item["content_type"]
        try:
            data = base64.b64decode(item["base64"], validate=True)
        except (KeyError, TypeError, binascii.Error) as error:
            raise Wrong("'base64' of a medium is missing or wrong") from error
        name = "ME" + secrets.token_hex(16)
        message.media.append(name)
        self.twilio.exchange.inbound_media[name] = Blob(item["content_type"], data)
        link = f"{self.base}/2010-04-01/Accounts/{message.account}/Messages/{message.sid}/Media/{name}"
        return link, item["content_type"]

    async def received(self, request: web.Request) -> web.Response:
        """What the phones got after an id."""
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise Wrong("'since' is the id of a received message")
        shown = [item for item in self.twilio.exchange.received if item["id"] > int(since)]
        return web.json_response({"received": shown})

    async def media(self, request: web.Request) -> web.Response:
        """The bytes of a received medium."""
        blob = self.twilio.exchange.blobs.get(request.match_info["sha256"])
        if blob is None:
            raise Wrong(f"no medium {request.match_info['sha256']}", 404)
        return web.Response(body=blob.data, content_type=blob.content_type)

    async def aim(self, request: web.Request) -> web.Response:
        """Change where texts are delivered."""
        url = (await read_json(request)).get("url")
        if url is not None and (not isinstance(url, str) or not on_loopback(url)):
            raise Wrong("'url' is an address on loopback, or null")
        self.webhook = url
        return web.json_response({"url": url})
