"""SSDP for players: answers to M-SEARCH from the player's own address, and ssdp:alive (UDA 1.0, chapter 1)."""

import asyncio
import socket
from contextlib import suppress

from ..multicast import ears
from .player import SOFTWARE, Player

GROUP, PORT = "239.255.255.250", 1900
ZONE_PLAYER = "urn:schemas-upnp-org:device:ZonePlayer:1"
MAX_AGE = 1800
ALIVE_EVERY = 60.0


class Ssdp(asyncio.DatagramProtocol):
    """One player's ears and mouth on the multicast group, on loopback only."""

    def __init__(self, player: Player, household: str) -> None:
        self.player = player
        self.household = household
        self.silent = False
        self._mouth = _mouth(player.address.host)
        self._ears: asyncio.DatagramTransport | None = None
        self._again: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Listen, and say that we are alive."""
        loop = asyncio.get_running_loop()
        bound = ears(GROUP, PORT, self.player.address.host)
        self._ears, _protocol = await loop.create_datagram_endpoint(lambda: self, sock=bound)
        self.alive()

    def close(self) -> None:
        """Say goodbye and be quiet for ever."""
        if self._ears is not None:
            if not self.silent:
                self._notify("ssdp:byebye")
            self._ears.close()
        if self._again is not None:
            self._again.cancel()
        self._mouth.close()

    def alive(self) -> None:
        """Announce, now and every ALIVE_EVERY seconds."""
        if self._again is not None:
            self._again.cancel()
        self._again = asyncio.get_running_loop().call_later(ALIVE_EVERY, self.alive)
        if not self.silent:
            self._notify("ssdp:alive")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a search, also one with bare line feeds (soco sends those)."""
        lines = data.decode(errors="replace").splitlines()
        if self.silent or not lines or not lines[0].startswith("M-SEARCH"):
            return
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        for target in self._targets(headers.get("st", "")):
            with suppress(OSError):
                self._mouth.sendto(self._answer(target), addr)

    def _targets(self, wanted: str) -> list[str]:
        mine = ["upnp:rootdevice", f"uuid:{self.player.uid}", ZONE_PLAYER]
        return mine if wanted == "ssdp:all" else [target for target in mine if target == wanted]

    def _usn(self, target: str) -> str:
        own = f"uuid:{self.player.uid}"
        return own if target == own else f"{own}::{target}"

    def _answer(self, target: str) -> bytes:
        return _lines("HTTP/1.1 200 OK", f"CACHE-CONTROL: max-age = {MAX_AGE}", "EXT:", *self._common("ST", target))

    def _notify(self, kind: str) -> None:
        for target in self._targets("ssdp:all"):
            head = ("NOTIFY * HTTP/1.1", f"HOST: {GROUP}:{PORT}", f"CACHE-CONTROL: max-age = {MAX_AGE}", f"NTS: {kind}")
            with suppress(OSError):
                self._mouth.sendto(_lines(*head, *self._common("NT", target)), (GROUP, PORT))

    def _common(self, word: str, target: str) -> tuple[str, ...]:
        return (
            f"LOCATION: http://{self.player.address}/xml/device_description.xml",
            f"SERVER: Linux UPnP/1.0 Sonos/{SOFTWARE} (Z{self.player.spec.model_number})",
            f"{word}: {target}",
            f"USN: {self._usn(target)}",
            f"X-RINCON-HOUSEHOLD: {self.household}",
            "X-RINCON-BOOTSEQ: 7",
            "BOOTID.UPNP.ORG: 7",
            "X-RINCON-WIFIMODE: 1",
            f"X-RINCON-VARIANT: {self.player.generation}",
        )


def _lines(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _mouth(host: str) -> socket.socket:
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setblocking(False)
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    mouth.bind((host, 0))
    return mouth
