"""GENA: who subscribed to which service, and NOTIFY to each in order (UDA 1.0, chapter 4)."""

import asyncio
import ipaddress
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

log = logging.getLogger(__name__)

NOTIFY_SECONDS = 3.0
LONGEST = 86400
DEFAULT_SECONDS = 1800


@dataclass(slots=True)
class Subscription:
    """One subscriber of one service; bodies leave in the order they were put."""

    sid: str
    service: str
    callback: str
    expires: float
    bodies: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    task: asyncio.Future[None] | None = None


@dataclass(slots=True)
class Subscribers:
    """All subscriptions of one player."""

    uid: str
    session: aiohttp.ClientSession
    by_sid: dict[str, Subscription] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)
    count: int = 0

    def subscribe(self, service: str, callback: str, seconds: int) -> Subscription:
        """A new subscription; the caller puts the first body."""
        self.count += 1
        sid = f"uuid:{self.uid}_sub{self.count:010d}"
        subscription = Subscription(sid, service, callback, time.monotonic() + seconds)
        subscription.task = asyncio.ensure_future(self._deliver(subscription))
        self.by_sid[sid] = subscription
        return subscription

    def end(self, sid: str) -> bool:
        """Forget a subscription; False when there is none."""
        subscription = self.by_sid.pop(sid, None)
        if subscription is None:
            return False
        if subscription.task is not None:
            subscription.task.cancel()
        return True

    def end_all(self) -> None:
        """Forget everybody, as a player that lost power does."""
        for sid in list(self.by_sid):
            self.end(sid)

    def send(self, service: str, body: bytes) -> None:
        """Send to every subscriber of a service, unless it is what they had last."""
        if self.last.get(service) == body:
            return
        self.last[service] = body
        now = time.monotonic()
        for subscription in list(self.by_sid.values()):
            if subscription.expires < now:
                self.end(subscription.sid)
            elif subscription.service == service:
                subscription.bodies.put_nowait(body)

    async def _deliver(self, subscription: Subscription) -> None:
        sequence = 0
        while True:
            body = await subscription.bodies.get()
            headers = {
                "CONTENT-TYPE": "text/xml",
                "NT": "upnp:event",
                "NTS": "upnp:propchange",
                "SID": subscription.sid,
                "SEQ": str(sequence),
                "X-SONOS-SERVICETYPE": subscription.service,
            }
            sequence += 1
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self.session.request(
                    "NOTIFY", subscription.callback, data=body, headers=headers,
                    timeout=aiohttp.ClientTimeout(total=NOTIFY_SECONDS),
                ) as answer:  # fmt: skip
                    log.debug("NOTIFY %s: %s", subscription.callback, answer.status)


def callback_of(request: web.Request) -> str | None:
    """The first callback address, if it is an http address on loopback."""
    found = re.findall(r"<(http://[^>]+)>", request.headers.get("CALLBACK", ""))
    if not found:
        return None
    try:
        loopback = ipaddress.ip_address(urlsplit(found[0]).hostname or "").is_loopback
    except ValueError:
        return None
    return found[0] if loopback else None


def seconds_of(request: web.Request) -> int:
    """The asked duration: `Second-N`, capped; the default for anything else."""
    asked = request.headers.get("TIMEOUT", "").lower().removeprefix("second-")
    return min(LONGEST, int(asked)) if asked.isdigit() else DEFAULT_SECONDS
