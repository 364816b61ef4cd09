"""A file lent to a device in the house for a moment: a listener of our own, one path that nobody can guess.

For what a device fetches itself (a clip that a speaker plays). Gone when the block ends.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dobby.errors import ChannelError


@asynccontextmanager
async def lending(host: str, data: bytes, kind: str, ending: str) -> AsyncIterator[str]:
    """The address of the data while the block lasts. host: an address of this machine that devices reach. ChannelError
    when it is not ours."""
    path = f"/{secrets.token_urlsafe(24)}.{ending}"

    async def get(_request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=kind)

    app = web.Application()
    app.router.add_get(path, get)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0)
        try:
            await site.start()
        except OSError:
            raise ChannelError(f"Nothing can be lent from {host}.", "Is network.callbacks mine?") from None
        yield f"http://{host}:{runner.addresses[0][1]}{path}"
    finally:
        await runner.cleanup()
