"""The doors of an Apple TV, without what is inside: unicast mDNS, AirPlay 2 with the tunnel that carries its remote
protocol (MRP), and a port for Companion. Pairing and ciphers are the server halves that pyatv brings along (not ours);
the tunnel is told after pyatv's client half and its proxy. Knows nothing of Dobby, so that tests/peers can put the fake
Apple TV of pyatv's own repository behind the same doors."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any, Protocol

from pyatv.auth.hap_session import HAPSession
from pyatv.auth.hap_srp import hkdf_expand
from pyatv.protocols.airplay.ap2_session import DATASTREAM_INPUT_INFO, DATASTREAM_OUTPUT_INFO, DATASTREAM_SALT
from pyatv.protocols.airplay.channels import BaseDataStreamChannel, DataStreamMessage
from pyatv.protocols.airplay.server_auth import BaseAirPlayServerAuth, generate_keys
from pyatv.protocols.airplay.utils import decode_plist_body, encode_plist_body
from pyatv.support.http import BasicHttpServer, HttpResponse
from zeroconf import DNSOutgoing, ServiceInfo  # type: ignore[attr-defined]  # not in __all__

HOST, NAME, UNICAST = "127.0.0.1", "Living Room", "PYATV_UDNS_PORT"  # where pyatv asks instead of 5353
ANSWER = 0x8400  # an authoritative response (RFC 6762, section 18)
AIRPLAY = {"deviceid": "A8:51:AB:01:02:0F", "model": "AppleTV14,1", "osvers": "18.2", "flags": "0x244", "acl": "0",
           "features": "0x4A7FDFD5,0x3C177FDE", "pi": "2e6f9d3c-2a0f-4a43-9d0c-6b2f8f1f4a11"}
COMPANION = {"rpMd": "AppleTV14,1", "rpFl": "0x36782", "rpMRtID": "55D0A1B2-0001-4C1B-9C6A-0A0B0C0D0E0F"}


class Inside(Protocol):
    """What is behind the doors."""

    pin: str  # that AirPlay shows
    seed: bytes  # of its keys

    def remote(self, send: Callable[[Any], None]) -> Any:
        """One visitor of MRP: has received(message) and gone()."""

    def companion(self) -> Any:
        """One visitor of Companion: an asyncio protocol."""

    def shows(self, pin: str) -> None:
        """A code appears on the screen, "" when it goes."""


class Visit(asyncio.Protocol):
    """One connection. To the protocol inside it is the transport, so that its front may drop or garble what it says."""

    def __init__(self, front: Front, inside: Any) -> None:
        self.front, self.inside, self.transport = front, inside, asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.front.visits.add(self)
        self.inside.connection_made(self)

    def data_received(self, data: bytes) -> None:
        """Somebody says something."""
        self.front.passed += len(data)
        self.inside.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody went."""
        self.front.visits.discard(self)
        self.inside.connection_lost(exc)

    def write(self, data: bytes) -> None:
        """What the inside says."""
        if self.front.way != "slow":
            self.transport.write(b"?" * len(data) if self.front.way == "garbage" else data)

    def close(self) -> None:
        """The inside hangs up."""
        self.transport.close()

    def get_extra_info(self, name: str) -> Any:
        """As the transport says."""
        return self.transport.get_extra_info(name)


class Control(BasicHttpServer, BaseAirPlayServerAuth):  # type: ignore[misc]  # pyatv is an extra
    """The control channel of AirPlay 2."""

    def __init__(self, front: Front) -> None:
        BaseAirPlayServerAuth.__init__(self, NAME, pin=front.inside.pin)
        BasicHttpServer.__init__(self, self)
        self.front, self.keys = front, generate_keys(front.inside.seed)
        self.shows_code, self.sealed = False, False
        self.cipher: Any = None
        for method, path, target in (("SETUP", ".*", self.set_up), ("RECORD", ".*", self.fine),
                                     ("POST", "^/feedback$", self.fine), ("TEARDOWN", ".*", self.fine)):
            self.add_route(method, path, target)

    def enable_encryption(self, output_key: bytes, input_key: bytes) -> None:
        """From the next request on."""
        self.cipher = HAPSession()
        self.cipher.enable(output_key, input_key)

    def process_received(self, data: bytes) -> bytes:
        """What came, readable."""
        self.sealed = self.cipher is not None
        return bytes(self.cipher.decrypt(data)) if self.sealed else data

    def process_sent(self, data: bytes) -> bytes:
        """What goes, sealed."""
        return bytes(self.cipher.encrypt(data)) if self.sealed else data

    def handle_pair_pin_start(self, request: Any) -> Any:
        """A code on the screen."""
        self.shows_code = True
        self.front.inside.shows(self.pin)
        return super().handle_pair_pin_start(request)

    def connection_lost(self, exc: Exception | None) -> None:
        """The code goes with who asked for it."""
        if self.shows_code:
            self.front.inside.shows("")

    def answer(self, request: Any, body: bytes = b"") -> Any:
        """Yes, and this."""
        headers = {"CSeq": request.headers.get("CSeq", "0")}
        if body:
            headers["Content-Type"] = "application/x-apple-binary-plist"
        return HttpResponse("RTSP", "1.0", 200, "OK", headers, body)

    def fine(self, request: Any) -> Any:
        """Yes."""
        return self.answer(request)

    def set_up(self, request: Any) -> Any:
        """First the event channel, then a stream of remote control."""
        asked = decode_plist_body(request.body)
        if "streams" not in asked:
            return self.answer(request, encode_plist_body({"eventPort": self.front.ports[1]}))
        salt = DATASTREAM_SALT + str(asked["streams"][0]["seed"])
        self.front.keys = tuple(hkdf_expand(salt, info, self.shared_key)
                                for info in (DATASTREAM_INPUT_INFO, DATASTREAM_OUTPUT_INFO))
        return self.answer(request, encode_plist_body({"streams": [
            {"type": 130, "streamID": 1, "dataPort": self.front.ports[2]}]}))


class Data(BaseDataStreamChannel):  # type: ignore[misc]  # pyatv is an extra
    """The channel that carries MRP."""

    def __init__(self, front: Front) -> None:
        super().__init__(*front.keys)
        self.buffer: bytes
        self.transport: Any
        self.number = 0
        self.remote = front.inside.remote(self.say)

    def handle_received(self) -> None:
        """Every message that is whole."""
        while True:
            message, _, self.buffer = self.decode_message(self.buffer)
            if message is None:
                return
            if message.message_type.startswith(b"sync"):
                self.send(self.encode_reply(message.seqno))
                for one in self.decode_protobufs(self.decode_payload(message.payload)["params"]["data"]):
                    self.remote.received(one)

    def say(self, message: Any) -> None:
        """One message of MRP."""
        if self.transport is not None:
            self.number += 1
            payload = self.encode_payload({"params": {"data": self.encode_protobufs([message])}})
            self.send(self.encode_message(DataStreamMessage(b"sync" + bytes(8), b"comm", self.number, 0, payload)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody listens any more."""
        self.transport = None
        self.remote.gone()


class Front(asyncio.DatagramProtocol):
    """One address of it. way: "" = well; dead = nobody is there; slow = it says nothing; garbage = it says rubbish."""

    def __init__(self, inside: Inside) -> None:
        self.inside, self.way, self.passed = inside, "", 0
        self.keys: tuple[bytes, ...] = ()
        self.ports = [0, 0, 0, 0]  # control, events, data, Companion
        self.airplay, self.other = dict(AIRPLAY), dict(COMPANION)  # what mDNS says of them
        self.unicast = 0
        self.visits: set[Visit] = set()
        self.servers: list[asyncio.Server] = []
        self.ear: Any = None
        self.before: str | None = None

    @property
    def port(self) -> int:
        """Where AirPlay is, also while it is dead."""
        return self.ports[0]

    async def open(self) -> None:
        """Be there, at the same ports as before."""
        loop = asyncio.get_running_loop()
        rooms: list[Callable[[], Any]] = [lambda: Control(self), asyncio.Protocol, lambda: Data(self),
                                          self.inside.companion]
        self.servers = [await loop.create_server(self._door(room), HOST, port)
                        for room, port in zip(rooms, self.ports, strict=True)]
        self.ports = [server.sockets[0].getsockname()[1] for server in self.servers]
        self.ear, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, self.unicast))
        self.unicast = self.ear.get_extra_info("sockname")[1]

    def _door(self, room: Callable[[], Any]) -> Callable[[], Visit]:
        return lambda: Visit(self, room())

    async def shut(self) -> None:
        """Be gone."""
        for server in self.servers:
            server.close()
        self.cut()
        if self.ear is not None:
            self.ear.close()
        self.servers, self.ear = [], None
        await asyncio.sleep(0)

    def cut(self) -> None:
        """End every connection."""
        for visit in list(self.visits):
            visit.transport.abort()

    async def turn(self, way: str) -> None:
        """Break or heal it; a sealed line of which something is missing does not go on."""
        if self.way:
            self.cut()
        self.way = way
        if way == "dead":
            await self.shut()
        elif not self.servers:
            await self.open()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A question; the answer holds all that there is."""
        if self.ear is None or self.way == "slow":
            return
        answer = DNSOutgoing(ANSWER, multicast=False)
        for kind, port, facts in (("_airplay", self.ports[0], self.airplay),
                                  ("_companion-link", self.ports[3], self.other)):
            info = ServiceInfo(f"{kind}._tcp.local.", f"{NAME}.{kind}._tcp.local.", port, properties=facts,
                               addresses=[socket.inet_aton(HOST)], server="living-room.local.")
            for record in (info.dns_pointer(), info.dns_service(), info.dns_text(), *info.dns_addresses()):
                answer.add_answer_at_time(record, 0)
        for packet in answer.packets():
            self.ear.sendto(b"?" * len(packet) if self.way == "garbage" else packet, addr)

    async def __aenter__(self) -> Front:
        """Open, and where the driver asks by mDNS."""
        await self.open()
        self.before = os.environ.get(UNICAST)
        os.environ[UNICAST] = str(self.unicast)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Gone, and what was asked before is asked again."""
        await self.shut()
        os.environ.pop(UNICAST)
        if self.before is not None:
            os.environ[UNICAST] = self.before
