"""UPnP events (GENA, UPnP Device Architecture 1.0 chapter 4): a listener of our own on a free port, and subscriptions.

An event is taken as a hint that something changed, nothing more: what it says is not read, the device is asked. So a
forged NOTIFY can cost a request and prove nothing. Each subscription has a path that only its device was told.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web

from dobby.tasks import ended

log = logging.getLogger(__name__)

SECONDS = 300  # asked for with each subscription; renewed at half of it
TRY_AGAIN = 30.0  # seconds after a refused subscription
LIMIT = 256 * 1024  # bytes in one NOTIFY
CALL_LIMIT = 4.0  # seconds for one SUBSCRIBE


@asynccontextmanager
async def listening(host: str, event_urls: Sequence[str], hint: Callable[[], None]) -> AsyncIterator[None]:
    """While open, `hint` is called whenever one of the services behind `event_urls` sends an event to `host`.

    Nothing is raised when the host is not ours or a device refuses: then it is silent, and the caller's polling serves.
    """
    app = web.Application(client_max_size=LIMIT)
    paths = {f"/{secrets.token_urlsafe(16)}": url for url in event_urls}

    async def notify(request: web.Request) -> web.Response:
        with suppress(web.HTTPException):
            await request.read()
        hint()
        return web.Response()

    for path in paths:
        app.router.add_route("NOTIFY", path, notify)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0)
        try:
            await site.start()
        except OSError:
            log.warning("cannot listen on %s for events; polling instead", host)
            yield
            return
        port = runner.addresses[0][1]
        tasks = [asyncio.create_task(_subscribed(url, f"http://{host}:{port}{path}")) for path, url in paths.items()]
        try:
            yield
        finally:
            await ended(*tasks)
    finally:
        await runner.cleanup()


async def _subscribed(url: str, callback: str) -> None:
    """Keep one subscription up until cancelled, then end it."""
    sid = ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_LIMIT)) as session:
        try:
            while True:
                asked = {"SID": sid} if sid else {"CALLBACK": f"<{callback}>", "NT": "upnp:event"}
                sid = await _ask(session, "SUBSCRIBE", url, asked | {"TIMEOUT": f"Second-{SECONDS}"})
                await asyncio.sleep(SECONDS / 2 if sid else TRY_AGAIN)
        finally:
            if sid:
                await _ask(session, "UNSUBSCRIBE", url, {"SID": sid})


async def _ask(session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str]) -> str:
    """The SID of the answer, "" when it was refused."""
    try:
        async with session.request(method, url, headers=headers, allow_redirects=False) as answer:
            return answer.headers.get("SID", "") if answer.status == 200 else ""
    except (aiohttp.ClientError, TimeoutError, OSError):
        return ""
