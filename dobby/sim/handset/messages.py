"""Messages as Twilio keeps them and as the phones show them; no network."""

import hashlib
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

Json = dict[str, Any]

ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
LONGEST_BODY = 1600
WINDOW_SECONDS = 24 * 3600.0
ORDER = ("accepted", "queued", "sending", "sent", "delivered", "read")

ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    63016: (400, "Failed to send freeform message because you are outside the allowed window."),
}


@dataclass(slots=True)
class Message:
    """One message at Twilio, in either direction."""

    sid: str
    account: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    media: list[str] = field(default_factory=list)
    content_sid: str | None = None
    content_variables: str | None = None
    callback: str | None = None
    error: int | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that went by as media."""

    content_type: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Their digest in hex."""
        return hashlib.sha256(self.data).hexdigest()

    def shown(self) -> Json:
        """As `GET /phone` shows it."""
        return {"content_type": self.content_type, "size": len(self.data), "sha256": self.sha256}


@dataclass(slots=True)
class Exchange:
    """Everything Twilio knows and everything the phones received."""

    account: str
    token: str
    messages: dict[str, Message] = field(default_factory=dict)
    received: list[Json] = field(default_factory=list)
    blobs: dict[str, Blob] = field(default_factory=dict)
    inbound_media: dict[str, Blob] = field(default_factory=dict)
    texted: dict[str, float] = field(default_factory=dict)

    def window_open(self, number: str) -> bool:
        """Whether this number texted within the last 24 hours."""
        last = self.texted.get(number)
        return last is not None and time.monotonic() - last < WINDOW_SECONDS

    def arrive(self, message: Message, media: list[Blob]) -> None:
        """A message is on the phone it was sent to."""
        for blob in media:
            self.blobs[blob.sha256] = blob
        self.received.append(
            {
                "id": len(self.received) + 1,
                "sid": message.sid,
                "to": message.to,
                "from": message.sender,
                "body": message.body,
                "at": datetime.now(UTC).isoformat(),
                "media": [blob.shown() for blob in media],
                "content_sid": message.content_sid,
                "content_variables": message.content_variables,
            }
        )


def resource(message: Message) -> Json:
    """The Message resource."""
    uri = f"/2010-04-01/Accounts/{message.account}/Messages/{message.sid}"
    stamp = format_datetime(message.created)
    return {
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": stamp,
        "date_sent": format_datetime(message.sent) if message.sent else None,
        "date_updated": stamp,
        "direction": message.direction,
        "error_code": message.error,
        "error_message": ERRORS[message.error][1] if message.error in ERRORS else None,
        "from": message.sender,
        "messaging_service_sid": None,
        "num_media": str(len(message.media)),
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def wrong_with(form: dict[str, str], media: list[str]) -> int | None:
    """The error code that Twilio answers a request to send with, None when it accepts it."""
    sender, to = form.get("From", ""), form.get("To", "")
    found = None
    if not to:
        found = 21604
    elif not sender and not form.get("MessagingServiceSid"):
        found = 21603
    elif not ADDRESS.fullmatch(to):
        found = 21211
    elif sender and sender.startswith("whatsapp:") != to.startswith("whatsapp:"):
        found = 21910
    elif not form.get("Body") and not media and not form.get("ContentSid"):
        found = 21602
    elif len(form.get("Body", "")) > LONGEST_BODY:
        found = 21617
    return found


def error_json(code: int) -> tuple[int, Json]:
    """HTTP status and body of a Twilio error."""
    status, text = ERRORS.get(code, (400, f"error {code}"))
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": text, "more_info": more, "status": status}
