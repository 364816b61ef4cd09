"""Care: what was logged, backup and restore of the workspace, starting anew. Doctor's word is /api/health."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from dobby import backup
from dobby.errors import DobbyError
from dobby.web.guard import ApiError
from dobby.web.logs import Lately

UPLOAD_LIMIT = 256 * 1024 * 1024  # bytes
UPLOAD_SECONDS = 300.0
PIECE = 1024 * 1024  # bytes read or written at once


@dataclass(frozen=True, slots=True)
class CareApi:
    """The handlers over one workspace. again: has the daemon close and open once more."""

    workspace: Path
    now: Callable[[], datetime]
    lately: Lately
    again: Callable[[], None]
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.get("/api/logs", self.logs), web.get("/api/backup", self.backup),
                web.post("/api/restore", self.restore), web.post("/api/restart", self.restart)]

    async def logs(self, request: web.Request) -> web.Response:
        """GET /api/logs: the last lines, the oldest first."""
        return web.json_response({"lines": list(self.lately.lines)})

    async def backup(self, request: web.Request) -> web.StreamResponse:
        """GET /api/backup: the workspace as one file."""
        at = self.now()
        path = self.workspace / f".backup-{uuid.uuid4().hex}.tar.gz"
        try:
            await asyncio.to_thread(backup.pack, self.workspace, path, at)
            file = await asyncio.to_thread(path.open, "rb")
        except DobbyError as error:
            raise ApiError(500, "backup", str(error)) from None
        finally:
            path.unlink(missing_ok=True)  # what is open can be read to its end; nothing of it stays
        with file:
            response = web.StreamResponse(headers={
                "Content-Type": "application/gzip", "Content-Length": str(os.fstat(file.fileno()).st_size),
                "Content-Disposition": f'attachment; filename="dobby-{at:%Y-%m-%d-%H%M}.tar.gz"'})
            await response.prepare(request)
            while piece := await asyncio.to_thread(file.read, PIECE):
                await response.write(piece)
            await response.write_eof()
        return response

    async def restore(self, request: web.Request) -> web.Response:
        """POST /api/restore, the file as the body: looked through and laid aside; it counts from the next start."""
        path = self.workspace / f".restore-{uuid.uuid4().hex}.tar.gz"
        try:
            await _take(request, path)
            async with self.one_at_a_time:
                about = await asyncio.to_thread(backup.stage, self.workspace, path)
        except DobbyError as error:
            raise ApiError(422, "backup", str(error)) from None
        finally:
            path.unlink(missing_ok=True)
        return web.json_response({"staged": True, "made": about.get("made", "")})

    async def restart(self, request: web.Request) -> web.Response:
        """POST /api/restart: close everything and open it again."""
        asyncio.get_running_loop().call_later(0.3, self.again)
        return web.json_response({"restarting": True})


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _take(request: web.Request, path: Path) -> None:
    """Write the body to a file, in pieces."""
    size = 0
    file = await asyncio.to_thread(_private, path)
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in request.content.iter_chunked(PIECE):
                size += len(piece)
                if size > UPLOAD_LIMIT:
                    raise ApiError(413, "large", "This file is larger than any backup of mine.")
                await asyncio.to_thread(file.write, piece)
    except TimeoutError:
        raise ApiError(408, "slow", "The file took too long to come.") from None
    except web.RequestPayloadError:
        raise ApiError(422, "body", "The file is broken, or its end did not come.") from None
    finally:
        await asyncio.to_thread(file.close)
