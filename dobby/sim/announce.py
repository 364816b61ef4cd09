"""Multicast DNS for the home: one responder on loopback that can fall silent about one device without a goodbye."""

import asyncio
import socket
from dataclasses import dataclass, field

from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from .net import Address


@dataclass(slots=True)
class Announcer:
    """Registers services and takes them off the air.

    Names come from the home's seed and cannot collide, so nothing is probed: a service answers as soon as it is added
    and is announced three times within the next second.
    """

    zeroconf: AsyncZeroconf
    _announcing: set[asyncio.Future[None]] = field(default_factory=set)

    async def add(self, info: ServiceInfo) -> None:
        """Answer for a service and announce it."""
        sending = await self.zeroconf.async_register_service(info, cooperating_responders=True)
        task = asyncio.ensure_future(sending)
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    def speaks(self, info: ServiceInfo) -> bool:
        """Whether this service is on the air."""
        return self.zeroconf.zeroconf.registry.async_get_info_name(info.key) is not None

    def silence(self, info: ServiceInfo) -> None:
        """Answer no more, and say no goodbye: the device lost power."""
        if self.speaks(info):
            self.zeroconf.zeroconf.registry.async_remove(info)

    async def close(self) -> None:
        """Say goodbye for every service and leave."""
        for task in list(self._announcing):
            task.cancel()
        await asyncio.gather(*self._announcing, return_exceptions=True)
        await self.zeroconf.async_unregister_all_services()
        await self.zeroconf.async_close()


def open_announcer(interface: str) -> Announcer:
    """A responder on one loopback address."""
    return Announcer(AsyncZeroconf(interfaces=[interface], ip_version=IPVersion.V4Only))


def service(kind: str, name: str, host: str, address: Address, properties: dict[str, str]) -> ServiceInfo:
    """A service of `kind` (`_hue._tcp`) under an instance name and a host name."""
    return ServiceInfo(
        f"{kind}.local.",
        f"{name}.{kind}.local.",
        addresses=[socket.inet_aton(address.host)],
        port=address.port,
        properties=properties,
        server=f"{host}.local.",
    )
