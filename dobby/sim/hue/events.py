"""The event stream of the bridge: server-sent events, each an array of updates, as real bridges send them."""

import asyncio
import datetime
import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from ..things import rubbish
from .bulbs import Json

BATCH_SECONDS = 0.04
HISTORY = 200


@dataclass(slots=True)
class EventStream:
    """Fans changes out to every open stream; a client that names the last id it saw gets what it missed."""

    _queues: set[asyncio.Queue[bytes | None]] = field(default_factory=set)
    _history: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HISTORY))
    _batch: list[tuple[str, Json]] = field(default_factory=list)
    _serial: int = 0

    def push(self, resource: Json, kind: str = "update") -> None:
        """Send one (partial) resource within BATCH_SECONDS."""
        if not self._batch:
            asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)
        self._batch.append((kind, resource))

    def push_rubbish(self) -> None:
        """Send bytes that are no event."""
        for queue in self._queues:
            queue.put_nowait(b"data: " + rubbish().replace(b"\n", b" ") + b"\n\n")

    def drop_all(self) -> None:
        """End every stream."""
        for queue in self._queues:
            queue.put_nowait(None)

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        self._serial += 1
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        events = [
            {"creationtime": stamp, "data": [resource], "id": str(uuid.uuid4()), "type": kind}
            for kind, resource in batch
        ]
        name = f"{int(time.time())}:{self._serial}"
        message = f"id: {name}\ndata: {json.dumps(events)}\n\n".encode()
        self._history.append((name, message))
        for queue in self._queues:
            queue.put_nowait(message)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /eventstream/clip/v2 until the client goes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        await response.write(b": hi\n\n")
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        for message in self._missed(request.headers.get("last-event-id", "").strip()):
            queue.put_nowait(message)
        self._queues.add(queue)
        try:
            while (due := await queue.get()) is not None:
                await response.write(due)
        except ConnectionError:
            pass
        finally:
            self._queues.discard(queue)
        return response

    def _missed(self, last: str) -> list[bytes]:
        names = [name for name, _message in self._history]
        return [message for _name, message in list(self._history)[names.index(last) + 1 :]] if last in names else []
