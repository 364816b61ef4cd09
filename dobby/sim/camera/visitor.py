"""RTSP clients of one camera: what they may, what they are sent, and what the camera's faults do to it."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..net import Address
from ..things import Thing, wait_while_slow
from . import rtp, rtsp
from .auth import Gate
from .stream import Stream

REPORT_EVERY = 5.0
FULL = 2_000_000  # bytes that may wait for a slow reader; then pictures are left out until the next key picture
DRIP_BYTES, DRIP_EVERY = 4000, 0.25  # a slow camera
Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Session:
    """What a client has set up."""

    id: str
    stream: Stream
    channels: tuple[int, int]
    sender: rtp.Sender
    playing: bool = False
    waits_for_key: bool = True
    reported: float = 0.0


class Visitor(asyncio.Protocol):
    """One RTSP connection."""

    def __init__(self, server: "RtspServer") -> None:
        self._server = server
        self._buffer = bytearray()
        self._requests: asyncio.Queue[rtsp.Request] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._late = bytearray()
        self._drip: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a TCP server makes no other
        self.transport = transport
        self._server.visitors.add(self)
        self._task = asyncio.ensure_future(self._answer_all())

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        self._stop()
        self._server.visitors.discard(self)
        if self._task is not None:
            self._task.cancel()
        if self._drip is not None:
            self._drip.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, and RTCP that nobody reads."""
        self._buffer += data
        try:
            while (request := rtsp.take(self._buffer)) is not None:
                self._requests.put_nowait(request)
        except rtsp.Broken:
            self._hang_up()

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    async def _answer_all(self) -> None:
        while True:
            request = await self._requests.get()
            await wait_while_slow(self._server.thing)
            status, headers, body = await self._carry_out(request)
            if self.transport is None or self.transport.is_closing():
                return
            self.transport.write(rtsp.answer(request, status, headers, body))
            if status == 200 and request.method == "PLAY":
                self._begin()
            if status == 200 and request.method == "TEARDOWN":
                self.transport.close()
                return

    async def _carry_out(self, request: rtsp.Request) -> tuple[int, Headers, str]:
        if "cseq" not in request.headers:
            return 400, [], ""
        if request.method not in rtsp.METHODS:
            return 501, [("Public", ", ".join(rtsp.METHODS))], ""
        if request.method == "OPTIONS":
            return 200, [("Public", ", ".join(rtsp.METHODS))], ""
        server = self._server
        allowed = server.gate.lets_in(request.headers.get("authorization"), request.method)
        if server.thing.has("refuses") or not allowed:
            return 401, [("WWW-Authenticate", value) for value in server.gate.challenges()], ""
        if request.method == "DESCRIBE":
            return await self._describe(request)
        if request.method == "SETUP":
            return self._set_up(request)
        return self._on_session(request)

    async def _describe(self, request: rtsp.Request) -> tuple[int, Headers, str]:
        stream = self._server.streams.get(request.path)
        if stream is None:
            return 404, [], ""
        sps, pps = await stream.headers()
        text = rtp.description(stream.camera.spec.name, self._server.address.host, sps, pps, stream.rate)
        return 200, [("Content-Base", request.url.rstrip("/") + "/"), ("Content-Type", "application/sdp")], text

    def _set_up(self, request: rtsp.Request) -> tuple[int, Headers, str]:
        stream = self._server.streams.get(request.path)
        if stream is None:
            return 404, [], ""
        pair = rtsp.channels(request.headers.get("transport", ""))
        if pair is None:
            return 461, [], ""
        self._stop()
        self._session = made = Session(secrets.token_hex(8), stream, pair, rtp.Sender())
        transport = f"RTP/AVP/TCP;unicast;interleaved={pair[0]}-{pair[1]};ssrc={made.sender.ssrc:08X}"
        return 200, [("Transport", transport), ("Session", f"{made.id};timeout={rtsp.SESSION_SECONDS}")], ""

    def _on_session(self, request: rtsp.Request) -> tuple[int, Headers, str]:
        session, named = self._session, request.headers.get("session", "").partition(";")[0]
        if session is None:
            # clients keep a connection alive before they set anything up
            return (200, [], "") if request.method.endswith("_PARAMETER") else (455, [], "")
        if named and named != session.id:
            return 454, [], ""
        headers: Headers = [("Session", session.id)]
        if request.method == "PLAY":
            url, sender = request.url.rstrip("/"), session.sender
            info = f"url={url}/trackID=0;seq={sender.sequence};rtptime={sender.stamp(time.time())}"
            headers += [("Range", "npt=now-"), ("RTP-Info", info)]
        elif request.method == "PAUSE":
            self._stop(forget=False)
        elif request.method == "TEARDOWN":
            self._stop()
        return 200, headers, ""

    def _begin(self) -> None:
        session = self._session
        if session is not None and not session.playing:
            session.playing, session.waits_for_key, session.reported = True, True, 0.0
            session.stream.join(self._show)

    def _stop(self, forget: bool = True) -> None:
        session = self._session
        if session is not None and session.playing:
            session.playing = False
            session.stream.leave(self._show)
        if forget:
            self._session = None

    def _show(self, unit: rtp.Unit, at: float) -> None:
        session = self._session
        if session is None or self.transport is None or self.transport.is_closing():
            return
        waiting = self.transport.get_write_buffer_size() + len(self._late)
        session.waits_for_key = (session.waits_for_key and not unit.key) or waiting > FULL
        if session.waits_for_key:
            return
        data = bytearray()
        if at - session.reported >= REPORT_EVERY:
            session.reported = at
            data += rtp.interleaved(session.channels[1], session.sender.report(at))
        garbage = self._server.thing.has("garbage")
        for packet in session.sender.pack(unit, at):
            # the framing stays right: what is garbled is what the camera films
            whole = packet[:12] + os.urandom(len(packet) - 12) if garbage else packet
            data += rtp.interleaved(session.channels[0], whole)
        self._send(data)

    def _send(self, data: bytearray) -> None:
        if self.transport is None:
            return
        if not self._late and not self._server.thing.has("slow"):
            self.transport.write(bytes(data))
            return
        self._late += data
        if self._drip is None:
            self._drip = asyncio.get_running_loop().call_later(DRIP_EVERY, self._let_drip)

    def _let_drip(self) -> None:
        """Send a little of what waits, or all of it once the camera is healed."""
        self._drip = None
        if self.transport is None or self.transport.is_closing():
            return
        number = DRIP_BYTES if self._server.thing.has("slow") else len(self._late)
        self.transport.write(bytes(self._late[:number]))
        del self._late[:number]
        if self._late:
            self._drip = asyncio.get_running_loop().call_later(DRIP_EVERY, self._let_drip)


class RtspServer:
    """The RTSP server of one camera, to stand behind a door; `streams` by path."""

    def __init__(self, thing: Thing, gate: Gate, address: Address, streams: dict[str, Stream]) -> None:
        self.thing, self.gate, self.address, self.streams = thing, gate, address, streams
        self.visitors: set[Visitor] = set()

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Nothing is opened before somebody calls."""
        return lambda: Visitor(self)

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """The open connections."""
        return [visitor.transport for visitor in self.visitors]

    def throw_out(self) -> None:
        """End every connection."""
        for visitor in list(self.visitors):
            if visitor.transport is not None:
                visitor.transport.abort()

    async def clean(self) -> None:
        """End the streams."""
        for stream in self.streams.values():
            await stream.close()
