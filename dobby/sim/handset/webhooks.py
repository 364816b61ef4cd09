"""Twilio's own requests: signed webhooks, status callbacks, and fetching media; only ever to loopback."""

import base64
import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

import aiohttp

from .messages import Blob, Message

ANSWER_SECONDS = 15.0
USER_AGENT = "TwilioProxy/1.1"
LARGEST = 16 * 1024 * 1024


def sign(token: str, url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature: base64 HMAC-SHA1 of the URL with the sorted form behind it."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def on_loopback(url: str) -> bool:
    """Whether an address may be called at all."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def post_signed(session: aiohttp.ClientSession, token: str, url: str, form: dict[str, str]) -> int:
    """Deliver a form and give the status; 0 when nobody answered in time, as Twilio's error 11200."""
    if not on_loopback(url):
        return 0
    signed_url = url.split("#", 1)[0]
    headers = {"X-Twilio-Signature": sign(token, signed_url, form), "User-Agent": USER_AGENT}
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with session.post(signed_url, data=form, headers=headers, timeout=timeout) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def fetch_media(session: aiohttp.ClientSession, url: str) -> Blob | None:
    """The bytes behind a media link, None when they cannot be had as they must be."""
    if not on_loopback(url):
        return None
    try:
        async with session.get(
            url, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), headers={"User-Agent": USER_AGENT}
        ) as answer:
            data = b""
            async for piece in answer.content.iter_chunked(65536):  # read(n) gives what has come, not the whole
                data += piece
                if len(data) > LARGEST:
                    break
            kind = answer.content_type
            usable = kind.startswith(("image/", "audio/", "video/")) or kind == "application/pdf"
            return Blob(kind, data) if answer.status == 200 and usable and 0 < len(data) <= LARGEST else None
    except (aiohttp.ClientError, TimeoutError):
        return None


def inbound_form(message: Message, media: list[tuple[str, str]], *, forwarded: bool = False) -> dict[str, str]:
    """The form of an incoming message; media are links and types. WhatsApp says of a message that it was forwarded."""
    form = {
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageSid": message.sid,
        "AccountSid": message.account,
        "From": message.sender,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(len(media)),
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    if message.sender.startswith("whatsapp:"):
        kind = media[0][1].split("/")[0] if media else "text"
        form |= {"WaId": message.sender.removeprefix("whatsapp:+"), "MessageType": kind}
        form |= {"Forwarded": "true"} if forwarded else {}
    for number, (link, kind) in enumerate(media):
        form |= {f"MediaUrl{number}": link, f"MediaContentType{number}": kind}
    return form


def status_form(message: Message) -> dict[str, str]:
    """The form of a status callback."""
    form = {
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "AccountSid": message.account,
        "From": message.sender,
        "To": message.to,
        "ApiVersion": "2010-04-01",
    }
    return form | ({"ErrorCode": str(message.error)} if message.error else {})
