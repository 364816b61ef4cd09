"""A sweep of the allowed networks that needs no root: one empty datagram to each address makes the kernel ask who has
it; its neighbour table then says who answered, and only those are visited. Nothing is sent that could change anything.

One scan at a time, at most so many packets a second, and a log of what was touched.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from dobby.discovery import clean
from dobby.discovery.hosts import Hosts
from dobby.discovery.networks import Network, Reach
from dobby.discovery.visits import Visits
from dobby.wire.neighbours import neighbours
from dobby.wire.one_host import some_of, web_to

log = logging.getLogger(__name__)
PORTS = (80, 443, 8080, 8000, 8081, 8888, 5000, 3000, 81, 22, 53, 139, 554, 631, 1400, 1883, 4025, 5900, 6053, 7000,
         8008, 8009, 8060, 8123, 8443, 9100, 9999, 2101, 32400, 49152)
WEB = frozenset({80, 81, 3000, 5000, 8000, 8008, 8060, 8080, 8081, 8123, 8888, 1400, 49152})
ROUNDS = (0.25, 0.35)  # seconds after each round of pokes until the neighbour table is read
FULL = 3.0  # seconds until the kernel has forgotten whom it asked for in vain
PART, SLOW_ROUNDS = 256, (0.6, 0.9)  # addresses asked for at a time, and the waits where there are many such parts
BURST, PAUSE = 64, 0.02  # datagrams at once, and seconds between bursts
VISITS, VISIT_SECONDS = 256, 0.8  # connections at a time, and seconds until one counts as refused
DEAF, DEAF_SECONDS = 6, 0.2  # a host that left so many visits without any answer gets less time at its other ports
SILENT_PORTS = 3  # a host that takes visitors at this many ports and says nothing at any is not visited further
PAGE_LIMIT, PAGE_SECONDS = 16 * 1024, 1.5
NAMES, NAME_SECONDS = 128, 1.0  # asked at a time, and seconds for one
LOG_LIMIT = 256 * 1024  # bytes of the log of scans
RESOLV_CONF = Path("/etc/resolv.conf")


class Sweep:
    """Scans on demand, one at a time; who asks while one runs waits for that one."""

    def __init__(self, reach: Reach, hosts: Hosts, now: Callable[[], datetime], logbook: Path | None = None,
                 own_ports: Iterable[int] = (), visits: Visits | None = None, resolvers: Path = RESOLV_CONF) -> None:
        """own_ports: Dobby's own listeners, which are never visited where a loopback is the network; elsewhere none of
        his own addresses is. visits: the drivers' own questions to single hosts; resolvers: the file that
        names resolvers."""
        self._reach, self._hosts, self._now, self._logbook = reach, hosts, now, logbook
        self._visits, self._resolvers = visits, resolvers
        self._own, self._own_ports = set(reach.addresses), frozenset(own_ports)
        self._unanswered: dict[str, int] = {}  # visits of this scan that nobody answered, not even with a no
        self._running: asyncio.Task[dict[str, int]] | None = None
        self._rest: asyncio.Task[None] | None = None  # what of the last scan goes on when hosts and ports are known

    async def run(self) -> dict[str, int]:
        """One scan: what was touched, counted (poked, alive, visited, opened, milliseconds), once all hosts and their
        open ports are known."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._scan())
        return await asyncio.shield(self._running)

    async def settled(self) -> None:
        """Until the hosts of the last scan have answered the drivers' own questions, or have not."""
        if self._rest is not None:
            await asyncio.shield(self._rest)

    async def ask(self, address: str) -> None:
        """The drivers' own questions to one host, whose address a person named."""
        if self._visits is not None:
            await self._visits.pay([address])

    async def _scan(self) -> dict[str, int]:
        await self.settled()
        began = time.monotonic()
        self._unanswered.clear()
        networks = [network for network in self._reach.networks if not network.is_loopback]
        found = await self._alive(networks)
        heard = [host.address for host in self._hosts.all() if host.address not in found]
        there = [*found, *heard]
        asking = asyncio.create_task(self._visits.pay(there) if self._visits else _none())
        opened, _ = await asyncio.gather(self._visit(there), self._ask_names(there))
        counted = {"poked": sum(network.num_addresses - 2 for network in networks), "alive": len(found) + len(heard),
                   "visited": len(there) * len(PORTS), "opened": opened,
                   "milliseconds": round((time.monotonic() - began) * 1000)}
        self._rest = asyncio.create_task(self._end(networks, counted, asking))
        return counted

    async def _end(self, networks: Sequence[Network], counted: Mapping[str, int], asking: asyncio.Task[int]) -> None:
        await asyncio.to_thread(self._write, networks, {**counted, "asked": await asking})

    # --- who is there -------------------------------------------------------------------------------------------------

    async def _alive(self, networks: Sequence[Network]) -> list[str]:
        """Addresses that answered, told to the hosts as they come; a few hundred at a time, as the kernel's neighbour
        table holds a thousand, those that nobody answered for among them."""
        vendor = await _vendors()
        found: dict[str, str] = {}
        asked = [(network, [str(one) for one in network.hosts()]) for network in networks]
        parts = [(network, all_[at : at + PART]) for network, all_ in asked for at in range(0, len(all_), PART)]
        for at in range(0, len(parts), 2):
            rounds = list(ROUNDS if len(parts) <= 2 else SLOW_ROUNDS)
            while rounds:
                full = False
                for network, some in parts[at : at + 2]:
                    full |= await self._poke(self._reach.source(network), [one for one in some if one not in found])
                await asyncio.sleep(wait := rounds.pop(0))
                if full and not rounds and wait < FULL:
                    rounds = [FULL / 2, FULL]  # the kernel's table had no room: again, when it has forgotten some
                for address, mac in (await asyncio.to_thread(neighbours)).items():
                    if self._reach.allows(address) and address not in self._own and found.get(address) != mac:
                        found[address] = mac
                        self._hosts.alive(address, mac, vendor(mac))
        return list(found)

    async def _poke(self, source: str, addresses: Sequence[str]) -> bool:
        """An empty datagram to the discard port of every address, from Dobby's own in that network. Whether the kernel
        had no room to ask for them all."""
        full = False
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind((source, 0))
            for at, address in enumerate(addresses, 1):
                if address not in self._own:
                    try:
                        sock.sendto(b"", (address, 9))
                    except OSError as error:
                        full |= error.errno == errno.ENOBUFS
                if at % BURST == 0:
                    await asyncio.sleep(PAUSE)
        finally:
            sock.close()
        return full

    # --- what is open -------------------------------------------------------------------------------------------------

    async def _visit(self, addresses: Sequence[str]) -> int:
        slots = asyncio.Semaphore(VISITS)
        counts = await asyncio.gather(*(self._host(address, slots) for address in addresses))
        return sum(counts)

    async def _host(self, address: str, slots: asyncio.Semaphore) -> int:
        host = self._hosts[address]
        known = sorted(host.ports) if host else []
        open_: list[int] = []
        for some in (PORTS[:DEAF], PORTS[DEAF:]):
            open_ += [port for port, is_open in zip(some, await asyncio.gather(
                *(self._knock(address, port, slots) for port in some)), strict=True) if is_open]
        silent = 0
        for port in [*open_, *(port for port in known if port in WEB and port not in open_)]:
            banner = await _front_page(address, port) if port in WEB and silent < SILENT_PORTS else ""
            silent += not banner
            self._hosts.opened(address, port, banner)
        return len(open_)

    async def _knock(self, address: str, port: int, slots: asyncio.Semaphore) -> bool:
        if address in self._own or (port in self._own_ports and ip_address(address).is_loopback):
            return False
        async with slots:
            deaf = self._unanswered.get(address, 0) >= DEAF
            try:
                async with asyncio.timeout(DEAF_SECONDS if deaf else VISIT_SECONDS):
                    _, writer = await asyncio.open_connection(address, port)
            except TimeoutError:
                self._unanswered[address] = self._unanswered.get(address, 0) + 1
                return False
            except OSError:
                return False
            writer.close()
            return True

    # --- names --------------------------------------------------------------------------------------------------------

    async def _ask_names(self, addresses: Sequence[str]) -> None:
        """Names from resolvers inside the allowed networks, and from the hosts themselves (mDNS, asked directly)."""
        named = await asyncio.to_thread(_named_in, self._resolvers)
        resolvers = [(one, 53) for one in named if self._reach.allows(one)][:2]
        slots = asyncio.Semaphore(NAMES)

        async def ask(address: str) -> None:
            async with slots:
                self._hosts.named(address, await _reverse(address, [*resolvers, (address, 5353)]))
        await asyncio.gather(*(ask(one) for one in addresses if not ip_address(one).is_loopback))

    def _write(self, networks: Sequence[Network], counted: Mapping[str, int]) -> None:
        """One line a scan, for whoever wants to know what Dobby touched."""
        if self._logbook is None:
            return
        row = {"at": self._now().isoformat(), "networks": [str(one) for one in networks], **counted,
               "hosts": [host.address for host in self._hosts.all()]}
        try:
            old = self._logbook.read_bytes()[-LOG_LIMIT:] if self._logbook.exists() else b""
            self._logbook.write_bytes(old + json.dumps(row).encode() + b"\n")
        except OSError as wrong:
            log.warning("the log of scans could not be written: %s", wrong.strerror)


async def _none() -> int:
    return 0


async def _vendors() -> Callable[[str], str]:
    """Who made a network card, by the first half of its address; "" for those made up by the device itself."""
    import aiooui

    if not aiooui.is_loaded():
        await aiooui.async_load()

    def vendor(mac: str) -> str:
        made_up = bool(mac) and int(mac[1], 16) & 2
        return "" if made_up else clean.text(aiooui.get_vendor(mac) or "", clean.NAME_LIMIT)
    return vendor


async def _front_page(address: str, port: int) -> str:
    """The title of a page, else the server's name; "" where neither is. GET, no redirect, little of it."""
    try:
        async with web_to(address, port, PAGE_SECONDS) as web, web.get(
                f"http://{address}:{port}/", allow_redirects=False) as answer:
            text = (await some_of(answer, PAGE_LIMIT)).decode("utf-8", "replace")
            title = re.search(r"<title>([^<]{1,120})</title>", text, re.IGNORECASE)
            return title[1] if title else answer.headers.get("Server", "")
    except Exception:  # whatever a stranger's server does, the scan goes on
        return ""


def _named_in(resolvers: Path) -> list[str]:
    try:
        return re.findall(r"^nameserver\s+(\S+)", resolvers.read_text(), re.MULTILINE)
    except OSError:
        return []


async def _reverse(address: str, asked: Sequence[tuple[str, int]]) -> str:
    """The first name that any of these has for an address (a PTR query, RFC 1035 3.5; RFC 6762 5.5 for mDNS)."""
    loop = asyncio.get_running_loop()
    for where in asked:
        got: asyncio.Future[str] = loop.create_future()
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda got=got: _Answer(got), remote_addr=where)  # type: ignore[misc]  # a default binds it
        except OSError:
            continue
        try:
            transport.sendto(question(address))
            async with asyncio.timeout(NAME_SECONDS / len(asked)):
                return await got
        except (TimeoutError, OSError):
            continue
        finally:
            transport.close()
    return ""


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, got: asyncio.Future[str]) -> None:
        self._got = got

    def datagram_received(self, data: bytes, addr: object) -> None:
        name = answered(data)
        if name and not self._got.done():
            self._got.set_result(name)

    def error_received(self, exc: Exception) -> None:
        if not self._got.done():
            self._got.set_exception(OSError("refused"))


def question(address: str) -> bytes:
    """A DNS question for the name of an IPv4 address."""
    labels = b"".join(bytes([len(one)]) + one.encode() for one in [*reversed(address.split(".")), "in-addr", "arpa"])
    return struct.pack(">HHHHHH", 0x0DB1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 12, 1)


def answered(data: bytes) -> str:
    """The name in a DNS answer, "" where there is none; a stranger's bytes, so nothing is taken on trust."""
    from zeroconf import DNSIncoming, DNSPointer  # type: ignore[attr-defined]  # exported, though not in its __all__

    try:
        records = DNSIncoming(data).answers()
    except Exception:  # not a DNS message
        return ""
    return next((clean.text(one.alias, clean.NAME_LIMIT) for one in records if isinstance(one, DNSPointer)), "")
