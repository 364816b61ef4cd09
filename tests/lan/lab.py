"""The LAN lab: two network namespaces that an ordinary user may make. In one, devices (street.py), each with a network
card of its own; in the other, where this runs, Dobby, and an ear that hears every packet that leaves.

Run inside `unshare -Urn`; `reason()` says why it cannot be, on machines where it cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any

from tests.lan.street import ip

ROOT = Path(__file__).parent.parent.parent
HOME, MINE, WIRE = IPv4Network("10.77.0.0/24"), "10.77.0.2", "home0"
SECOND, MINE_TOO, WIRE_TOO = IPv4Network("10.78.0.0/24"), "10.78.0.2", "home1"
GROUPS = ("224.0.0.251", "239.255.255.250")
OUTGOING, IGMP = 4, "224.0.0.22"  # membership reports of the kernel itself go there (RFC 3376, 4.2.14)


@cache
def reason() -> str:
    """Why there can be no lab on this machine; "" where it can be."""
    if shutil.which("ip", path=path()) is None:
        return "no iproute2 here for the LAN lab"
    made = subprocess.run(["unshare", "-Urn", "ip", "link", "add", "veth0", "type", "veth", "peer",
                           "name", "veth1"],
                          capture_output=True, env={"PATH": path()})
    if made.returncode:
        return "no user and network namespaces here for the LAN lab"
    made = subprocess.run(["unshare", "-Urn", "sh", "-c", "ip link add veth0 type veth peer name veth1 "
                           "&& ip link add mac0 link veth1 type macvlan mode private"], capture_output=True,
                          env={"PATH": path()})
    return "no macvlan here for the LAN lab" if made.returncode else ""


def path() -> str:
    """Where system programs are."""
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@dataclass(slots=True)
class Capture:
    """Every packet that left, on every wire but loopback: (wire, protocol, destination)."""

    left: dict[tuple[str, str, str], int] = field(default_factory=dict)
    dropped: int = 0

    def outside(self, networks: tuple[IPv4Network, ...] = (HOME, SECOND)) -> list[str]:
        """What went anywhere but into these networks, to their broadcast address, or to the groups of discovery."""
        return [f"{wire}: {protocol} to {to} ({count})" for (wire, protocol, to), count in self.left.items()
                if to not in GROUPS and not (protocol == "igmp" and to == IGMP) and (
                    not to or not any(ip_address(to) in network for network in networks))]


@contextmanager
def capturing() -> Iterator[Capture]:
    """Hear what leaves while the block runs; in a thread of its own, so that nothing is missed."""
    heard, over = Capture(), threading.Event()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
    rows = b"".join(struct.pack("HBBI", *row) for row in (
        (0x20, 0, 0, 0xFFFFF004), (0x15, 0, 1, OUTGOING), (0x06, 0, 0, 128), (0x06, 0, 0, 0)))
    kept = ctypes.create_string_buffer(rows)  # keep only what leaves, so that no flood drowns it
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 4, ctypes.addressof(kept)))  # SO_ATTACH_FILTER
    sock.settimeout(0.2)

    def read() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                data, where = sock.recvfrom(128)
                if where[2] == OUTGOING and where[0] != "lo":
                    key = (where[0], *parsed(data))
                    heard.left[key] = heard.left.get(key, 0) + 1
    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()
        heard.dropped = struct.unpack("II", sock.getsockopt(263, 6, 8))[1]  # PACKET_STATISTICS
        sock.close()


def parsed(frame: bytes) -> tuple[str, str]:
    """(protocol, destination) of an Ethernet frame."""
    kind = struct.unpack(">H", frame[12:14])[0]
    if kind == 0x0806:
        return "arp", socket.inet_ntoa(frame[38:42])
    if kind != 0x0800:
        return f"ethertype {kind:#06x}", ""
    protocol = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp"}.get(frame[23], str(frame[23]))
    return protocol, socket.inet_ntoa(frame[30:34])


class Street:
    """The other namespace, and orders to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def hears(self) -> Any:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, "the street is gone"
        return json.loads(line)

    async def order(self, do: str, **more: Any) -> Any:
        """Tell the street, and wait until it is so."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        await self.process.stdin.drain()
        return await self.hears()


@asynccontextmanager
async def lab() -> AsyncIterator[Street]:
    """Two wires: home0 to the street, home1 to a namespace that answers to nothing but ARP, at 250 addresses."""
    await asyncio.to_thread(Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text, "1")
    process = await asyncio.create_subprocess_exec(
        "unshare", "-n", sys.executable, "-m", "tests.lan.street", cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, limit=16 * 1024 * 1024, env={**os.environ, "PATH": path()})
    street = Street(process)
    try:
        assert await street.hears() == "here"
        await asyncio.to_thread(wires, process.pid)
        yield street
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def wires(pid: int) -> None:
    """The cables, from here into the street."""
    ip("link set lo up", f"link add {WIRE} type veth peer name street netns {pid}",
       f"addr add {MINE}/24 brd + dev {WIRE}", f"link set {WIRE} up", "route add default via 10.77.0.1")
    settings = [f"echo {value} > /proc/sys/net/ipv4/conf/{which}/{key}" for which in ("all", "default")
                for key, value in (("rp_filter", 0), ("arp_ignore", 1), ("arp_announce", 2))]
    inside(pid, "\n".join(["echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6", *settings, "ip link set lo up",
                           "ip link set street up"]))


def silent_hosts(pid: int) -> None:
    """A second wire with 250 hosts that answer ARP and nothing else: what they would say has no way out."""
    ip(f"link add {WIRE_TOO} type veth peer name quiet netns {pid}", f"addr add {MINE_TOO}/24 brd + dev {WIRE_TOO}",
       f"link set {WIRE_TOO} up")
    lines = [f"addr add 10.78.0.{at}/32 dev quiet" for at in range(4, 254)]
    inside(pid, "ip -batch - && ip link set quiet up && ip route add blackhole 10.78.0.2/32", "\n".join(lines))


def inside(pid: int, script: str, said: str = "") -> None:
    """A shell script in the street's namespace."""
    subprocess.run(["nsenter", "-t", str(pid), "-n", "sh", "-ec", script], input=said.encode(), check=True,
                   capture_output=True, env={"PATH": path()})


async def until(good: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait until something is so; how long that took. AssertionError when it never is."""
    began = time.monotonic()
    while not good():
        assert time.monotonic() - began < seconds, "it never came"
        await asyncio.sleep(0.02)
    return time.monotonic() - began
