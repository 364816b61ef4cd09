"""SSDP (UPnP Device Architecture 2.0, section 1): searches and announcements, and the description each points to.

Only what lies in an allowed network is heard; a description is fetched only from the host that announced it, with GET,
without redirects, within small limits of size and time.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from dobby.discovery import clean
from dobby.discovery.multicast import asking
from dobby.discovery.networks import Reach
from dobby.home.device import Sighting
from dobby.tasks import ended
from dobby.wire.one_host import some_of, web_to

GROUP, PORT = "239.255.255.250", 1900
DESCRIPTION_LIMIT = 65_536  # bytes
FETCH_LIMIT = 3.0  # seconds
AT_ONCE = 8  # descriptions fetched at a time
EVERYTHING = "ssdp:all"
KINDS_LIMIT = 12  # kinds that one place is heard for
PLACES, EACH = 2000, 20  # descriptions that are heard of, and of one host
TAGS = ("friendlyName", "manufacturer", "modelName", "modelNumber", "roomName", "displayName", "UDN")


def parse(datagram: bytes) -> dict[str, str]:
    """Header fields of an SSDP answer or NOTIFY, keys in lower case; {} for anything else. LF alone is tolerated."""
    lines = datagram[:4096].decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].upper().startswith(("HTTP/1.1 200", "NOTIFY ")):
        return {}
    return clean.facts(dict(line.split(":", 1) for line in lines[1:] if ":" in line))


def search(target: str) -> bytes:
    """An M-SEARCH for one target."""
    return (f"M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:{PORT}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
            f"ST: {target}\r\n\r\n").encode()


def describe(xml: str) -> dict[str, str]:
    """The few fields of a device description that say what it is (no XML parser meets a stranger's document)."""
    found = {}
    for tag in TAGS:
        match = re.search(rf"<{tag}>([^<]{{0,200}})</{tag}>", xml)
        if match:
            found[tag.lower()] = clean.text(match.group(1))
    return found


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[dict[str, str], str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if fields := parse(data):
            self._heard(fields, addr[0])


class Ssdp:
    """Searches on demand, listens all the time."""

    def __init__(self, reach: Reach, targets: Sequence[str], found: Callable[[Sighting], None]) -> None:
        self._reach, self._targets, self._found = reach, targets, found
        self._transports: list[asyncio.DatagramTransport] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: dict[str, set[str]] = {}
        self._read: dict[str, asyncio.Task[str]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def watch(self) -> None:
        """Listen until cancelled, searching once at the start."""
        loop = asyncio.get_running_loop()
        try:
            for address in self._reach.addresses:
                for sock in (asking(address), _listening(address)):
                    transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self._heard), sock=sock)
                    self._transports.append(transport)
            self.search()
            await asyncio.Event().wait()
        finally:
            await ended(*self._tasks, *self._read.values())
            for transport in self._transports:
                transport.close()
            self._transports.clear()

    def search(self) -> None:
        """Ask everybody to speak up; what was known is looked at again."""
        self._known.clear()
        self._read = {place: task for place, task in self._read.items() if not task.done()}
        for transport in self._transports[::2]:
            for target in (*self._targets, EVERYTHING):
                transport.sendto(search(target), (GROUP, PORT))

    def _heard(self, fields: dict[str, str], sender: str) -> None:
        location = fields.get("location", "")
        try:
            host, port = urlsplit(location).hostname, urlsplit(location).port or 80
        except ValueError:
            return
        kind = fields.get("st") or fields.get("nt", "")
        telling = kind in self._targets or kind == "upnp:rootdevice" or ":device:" in kind
        if host != sender or not self._reach.allows(sender) or not telling:
            return
        if location not in self._known and (len(self._known) >= PLACES or sum(
                one.startswith(f"http://{sender}") for one in self._known) >= EACH):
            return
        known = self._known.setdefault(location, set())
        if kind in known or (len(known) >= KINDS_LIMIT and kind not in self._targets):
            return
        known.add(kind)
        task = asyncio.create_task(self._look(location, sender, port, kind, fields))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, location: str, host: str, port: int, kind: str, fields: dict[str, str]) -> None:
        if location not in self._read:
            self._read[location] = asyncio.create_task(self._described(location))
        xml = await asyncio.shield(self._read[location])
        facts = fields | describe(xml)
        self._found(Sighting("ssdp", host, port, kind, facts.get("friendlyname", ""), facts))

    async def _described(self, location: str) -> str:
        """The description at a place, read once for all kinds that it is announced as."""
        async with self._slots:
            try:
                return await _fetch(location)
            except Exception:  # whatever a stranger's server does, its description is empty then
                return ""


async def _fetch(location: str) -> str:
    async with web_to(urlsplit(location).hostname or "", seconds=FETCH_LIMIT) as web, web.get(
            location, allow_redirects=False) as answer:
        return (await some_of(answer, DESCRIPTION_LIMIT)).decode("utf-8", "replace") if answer.status == 200 else ""


def _listening(address: str) -> socket.socket:
    """A socket in the multicast group, for announcements; shared with other listeners of this machine."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((GROUP, PORT))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(address))
    sock.setblocking(False)
    return sock
