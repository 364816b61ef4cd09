"""The devices' side of the LAN lab, a process in a network namespace of its own: small stand-ins, each with an address
and a hardware address of its maker's, that announce themselves by mDNS, SSDP, WS-Discovery or a broadcast answer, and
serve pages. Nothing of Dobby's is imported here. Orders come as JSON lines on stdin, one answer each on stdout.

A device is {"address", "mac", "host", "mdns": [{"type", "name", "port", "txt"}], "ssdp": [{"st", "usn", "location",
"server"}], "pages": {port: {path: [type, body]}}, "wsd": {...}, "kasa": {...}, "mute": [ports], "gadget": {...},
"omnilogic": {kind of question: answer}}.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

from zeroconf import (  # type: ignore[attr-defined]  # exported, though not in its __all__
    DNSAddress,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSRecord,
    DNSService,
    DNSText,
)

MDNS, SSDP, WSD = ("224.0.0.251", 5353), ("239.255.255.250", 1900), ("239.255.255.250", 3702)
PTR, ANY, IN, UNIQUE = 12, 255, 1, 0x8000
META = "_services._dns-sd._udp.local."
BIND_TO_DEVICE = 25
Json = dict[str, Any]


def ip(*lines: str) -> None:
    """Run lines of iproute2."""
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines).encode(), check=True, capture_output=True)


class Ear(asyncio.DatagramProtocol):
    """Hands datagrams on."""

    def __init__(self, heard: Callable[[bytes, Any], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._heard(data, addr)


class Thing:
    """One device while it is there."""

    def __init__(self, at: int, row: Json) -> None:
        self.card, self.row, self.address = f"d{at}", row, row["address"]
        self._stack = AsyncExitStack()
        self._talk: Any = None
        self._names: Any = None
        self.state: Json = {}

    def socket(self, kind: int, where: tuple[str, int], group: str = "") -> socket.socket:
        """A socket on this device's own network card."""
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, BIND_TO_DEVICE, self.card.encode())
        if group:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            socket.inet_aton(group) + socket.inet_aton(self.address))
        if kind == socket.SOCK_DGRAM:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.address))
        sock.bind(where)
        sock.setblocking(False)
        return sock

    async def udp(self, heard: Callable[[bytes, Any], None], where: tuple[str, int], group: str = "") -> Any:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Ear(heard), sock=self.socket(
            socket.SOCK_DGRAM, where, group))
        self._stack.callback(transport.close)
        return transport

    async def open(self) -> None:
        """Speak up and serve."""
        row = self.row
        if row.get("mdns") or row.get("host"):
            self._talk = await self.udp(self.asked, (self.address, 5353))
            await self.udp(self.asked, MDNS, MDNS[0])
        if row.get("names"):
            self._names = await self.udp(self.looked_up, (self.address, 53))
        if row.get("ssdp"):
            self._ssdp = await self.udp(lambda data, addr: None, (self.address, 0))
            await self.udp(self.searched, SSDP, SSDP[0])
        if row.get("wsd"):
            self._wsd = await self.udp(lambda data, addr: None, (self.address, 3702))
            await self.udp(self.probed, WSD, WSD[0])
        if row.get("kasa"):
            self._kasa = await self.udp(lambda data, addr: None, (self.address, 9999))
            await self.udp(self.called, (self.address.rpartition(".")[0] + ".255", 9999))
        if row.get("omnilogic"):
            self._pool = await self.udp(self.pooled, (self.address, 10444))
        for port, pages in row.get("pages", {}).items():
            await self.serve(int(port), partial(page, pages=pages))
        if row.get("gadget"):
            self.state = dict(row["gadget"]["state"])
            await self.serve(row["gadget"]["port"], self.gadget)
        for port in row.get("mute", ()):
            await self.serve(port, silent)
        if row.get("mdns"):
            self.announce()
        if row.get("flood"):
            self.flood(row["flood"])

    async def serve(self, port: int, visit: Callable[..., Any]) -> None:
        sock = self.socket(socket.SOCK_STREAM, (self.address, port))
        server = await asyncio.start_server(visit, sock=sock, backlog=200)
        self._stack.callback(server.close)

    async def close(self) -> None:
        """Be gone without a word, as who pulls the plug."""
        await self._stack.aclose()

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, what)

    # --- mDNS ---------------------------------------------------------------------------------------------------------

    def records(self, one: Json) -> list[DNSRecord]:
        name, host = f"{one['name']}.{one['type']}", self.row["host"]
        text = b"".join(bytes([len(pair)]) + pair for key, value in one.get("txt", {}).items()
                        if (pair := f"{key}={value}".encode()[:255]))
        return [DNSPointer(one["type"], PTR, IN, 4500, name),
                DNSService(name, 33, IN | UNIQUE, 120, 0, 0, one["port"], host),
                DNSText(name, 16, IN | UNIQUE, 4500, text or b"\0"), self.here()]

    def here(self) -> DNSRecord:
        return DNSAddress(self.row["host"], 1, IN | UNIQUE, 120, socket.inet_aton(self.address))

    def say(self, records: list[DNSRecord], to: tuple[str, int] = MDNS, id_: int = 0) -> None:
        if self._talk is None or not records:
            return
        out = DNSOutgoing(0x8400, multicast=True, id_=id_)
        for record in records:
            out.add_answer_at_time(record, 0)
        for packet in out.packets():
            self._talk.sendto(packet, to)

    def announce(self) -> None:
        for one in self.row.get("mdns", ()):
            self.say([*self.records(one), DNSPointer(META, PTR, IN, 4500, one["type"])])

    def asked(self, data: bytes, addr: Any) -> None:
        message = DNSIncoming(data)
        if not message.valid or message.is_response():
            return
        answers: list[DNSRecord] = []
        for question in message.questions:
            name = question.name.lower()
            if name.endswith("in-addr.arpa."):
                if name == ".".join(reversed(self.address.split("."))) + ".in-addr.arpa.":
                    self.say([DNSPointer(question.name, PTR, IN, 120, self.row["host"])], addr, message.id)
                continue
            for one in self.row.get("mdns", ()):
                if name == META.lower():
                    answers.append(DNSPointer(META, PTR, IN, 4500, one["type"]))
                elif name in (one["type"].lower(), f"{one['name']}.{one['type']}".lower()):
                    answers += self.records(one)
            if name == self.row["host"].lower():
                answers.append(self.here())
        if answers:  # shared records are answered after 20 to 120 ms (RFC 6762, section 6)
            self.later(random.uniform(0.02, 0.12), lambda: self.say(answers))

    def looked_up(self, data: bytes, addr: Any) -> None:
        """The answer of a router that knows names."""
        message = DNSIncoming(data)
        for question in message.questions:
            address = ".".join(reversed(question.name.removesuffix(".in-addr.arpa.").split(".")))
            if address in self.row["names"]:
                out = DNSOutgoing(0x8580, multicast=False, id_=message.id)
                out.add_answer_at_time(DNSPointer(question.name, PTR, IN, 60, self.row["names"][address]), 0)
                self._names.sendto(out.packets()[0], addr)

    def flood(self, count: int) -> None:
        """Announce thousands of services in bursts; every tenth as a make that somebody looks for."""
        def burst(at: int) -> None:
            for number in range(at, min(at + 50, count)):
                name, kind = (f"RINCON_{number:012X}@x", "_sonos") if number % 10 == 0 else (f"x{number}", "_http")
                self.say(self.records({"type": f"{kind}._tcp.local.", "name": name, "port": 80}))
            if at + 50 < count:
                self.later(0.01, lambda: burst(at + 50))
        burst(0)

    # --- SSDP, WS-Discovery, broadcast --------------------------------------------------------------------------------

    def searched(self, data: bytes, addr: Any) -> None:
        wanted = next((line[3:].strip() for line in data.decode(errors="replace").splitlines()
                       if line.upper().startswith("ST:")), "")
        for one in self.row["ssdp"]:
            if wanted in ("ssdp:all", one["st"]):
                text = (f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {one['location']}\r\n"
                        f"SERVER: {one.get('server', 'UPnP/1.0')}\r\nST: {one['st']}\r\nUSN: {one['usn']}\r\n\r\n")
                self.later(random.uniform(0, 0.4), partial(self._ssdp.sendto, text.encode(), addr))

    def probed(self, data: bytes, addr: Any) -> None:
        if b"Probe" not in data or b"ProbeMatch" in data:
            return
        one = self.row["wsd"]
        text = (f'<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://schemas'
                f'.xmlsoap.org/ws/2005/04/discovery" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><e:Body>'
                f"<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{one['uuid']}</a:Address>"
                f"</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/"
                f"{one['name']} onvif://www.onvif.org/hardware/{one['hardware']}</d:Scopes><d:XAddrs>http://{self.address}"
                f"/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>")
        self.later(random.uniform(0, 0.3), lambda: self._wsd.sendto(text.encode(), addr))

    def called(self, data: bytes, addr: Any) -> None:
        """The answer of a plug under its running XOR."""
        key, cipher = 171, bytearray()
        for byte in json.dumps({"system": {"get_sysinfo": self.row["kasa"]}}).encode():
            key ^= byte
            cipher.append(key)
        self._kasa.sendto(bytes(cipher), addr)

    def pooled(self, data: bytes, addr: Any) -> None:
        """A pool controller of an older firmware: it acknowledges everything, and tells nothing of who it is."""
        number, _, version, kind = struct.unpack(">IQ4sI", data[:20])
        if kind == 0:
            return
        self._pool.sendto(struct.pack(">IQ4sIBBBB", number, 1, version, 1002, 3, 0, 0, 0), addr)
        if (told := self.row["omnilogic"].get(str(kind))) is not None:
            head = struct.pack(">IQ4sIBBBB", number + 1, 1, version, {1: 1003, 300: 1004}[kind], 3, 0, 1, 0)
            self._pool.sendto(head + zlib.compress(told.encode()), addr)

    # --- what can be learned ------------------------------------------------------------------------------------------

    async def gadget(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A JSON device: GET shows it, PUT of a field changes it."""
        try:
            head, body = await request_of(reader)
        except (OSError, EOFError):
            writer.close()
            return
        method, path = head.split(" ")[:2]
        spec = self.row["gadget"]
        status, answer = "404 Not Found", b""
        if path == spec["path"] and method == "PUT":
            change = json.loads(body)
            self.state.update({key: value for key, value in change.items() if key in self.state})
            status = "204 No Content"
        elif path == spec["path"] and method == "GET":
            status, answer = "200 OK", json.dumps({**spec["about"], **self.state}).encode()
        await reply(writer, status, "application/json", answer)


async def request_of(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
    length = next((int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
    return head, await reader.readexactly(length)


async def reply(writer: asyncio.StreamWriter, status: str, kind: str, body: bytes) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    try:
        await writer.drain()
    finally:
        writer.close()


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pages: dict[str, list[str]]) -> None:
    try:
        head, _ = await request_of(reader)
        kind, body = pages.get(head.split(" ")[1], ["", ""])
        if kind == "away":
            await reply(writer, f"302 Found\r\nLocation: {body}", "text/html", b"")
            return
        await reply(writer, "200 OK" if kind else "404 Not Found", kind or "text/plain", body.encode())
    except (OSError, EOFError, asyncio.LimitOverrunError):
        writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every visitor and say nothing."""
    with suppress(OSError):
        await reader.read()
    writer.close()


def card(name: str, row: Json) -> list[str]:
    return [f"link add {name} link street address {row['mac']} type macvlan mode private",
            f"addr add {row['address']}/24 brd + dev {name}", f"link set {name} up"]


async def main() -> None:
    """Say that the namespace is there, then obey."""
    things: dict[str, Thing] = {}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps("here"), flush=True)
    count = 0
    while line := await reader.readline():
        order = json.loads(line)
        answer: Any = "done"
        if order["do"] == "appear":
            fresh = [Thing(count + at, row) for at, row in enumerate(order["devices"])]
            count += len(fresh)
            await asyncio.to_thread(ip, *(text for one in fresh for text in card(one.card, one.row)))
            for one in fresh:
                things[one.row["mac"]] = one
                await one.open()
        elif order["do"] == "vanish":
            gone = things.pop(order["mac"])
            await gone.close()
            await asyncio.to_thread(ip, f"link del {gone.card}")
        elif order["do"] == "move":
            thing = things[order["mac"]]
            await thing.close()
            await asyncio.to_thread(ip, f"addr flush dev {thing.card}",
                                    f"addr add {order['address']}/24 brd + dev {thing.card}")
            moved = Thing(0, {**thing.row, "address": order["address"]})
            moved.card = thing.card
            await moved.open()
            moved.state = thing.state
            things[order["mac"]] = moved
        elif order["do"] == "state":
            answer = things[order["mac"]].state
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
