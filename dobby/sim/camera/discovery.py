"""WS-Discovery for the cameras of one home: answers to Probe, on loopback only (WS-Discovery 1.0, April 2005, 5.2-5.3).

All simulated homes of a machine hear each other's probes; a home answers only those that come from its own network
(where homes share one address, as on macOS, all of them answer).
"""

import asyncio
import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ..multicast import ears
from .onvif import Device

GROUP, PORT = "239.255.255.250", 3702
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES = ("NetworkVideoTransmitter", "Device")


@dataclass(frozen=True, slots=True)
class Probe:
    """A question: its message id, the types (local names) and scopes that an answer must have."""

    message_id: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]


def parse(data: bytes) -> Probe | None:
    """The probe in a datagram; None for anything else."""
    try:
        tree = ElementTree.fromstring(data)  # noqa: S314  # only loopback talks to the simulated home
    except ElementTree.ParseError:
        return None
    probe = tree.find(f"{{{_SOAP}}}Body/{{{_DISCOVERY}}}Probe")
    if probe is None:
        return None
    types = probe.findtext(f"{{{_DISCOVERY}}}Types", "").split()
    return Probe(
        tree.findtext(f".//{{{_ADDRESSING}}}MessageID", "").strip(),
        tuple(name.rpartition(":")[2] for name in types),
        tuple(probe.findtext(f"{{{_DISCOVERY}}}Scopes", "").split()),
    )


def match(probe: Probe, device: Device) -> str | None:
    """The ProbeMatches message of a camera; None when it is not what is looked for."""
    scopes = device.scopes()
    if any(name not in _TYPES for name in probe.types):
        return None
    if any(not any(own.startswith(wanted) for own in scopes) for wanted in probe.scopes):
        return None
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" '
        f'xmlns:d="{_DISCOVERY}" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(probe.message_id)}</a:RelatesTo>"
        f"<a:To>{_ADDRESSING}/role/anonymous</a:To><a:Action>{_DISCOVERY}/ProbeMatches</a:Action></s:Header><s:Body>"
        f"<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{device.uuid}</a:Address>"
        "</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>"
        f"<d:Scopes>{' '.join(scopes)}</d:Scopes><d:XAddrs>{device.at('device_service')}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    )


class Discovery(asyncio.DatagramProtocol):
    """The ears of the home's cameras; each answers from its own address."""

    def __init__(self, network: IPv4Network, devices: Sequence[Device]) -> None:
        self._network, self._devices = network, devices
        self._ears: asyncio.DatagramTransport | None = None
        self._mouths = {host: _mouth(host) for host in {device.page.host for device in devices}}

    async def open(self) -> None:
        """Listen."""
        bound = ears(GROUP, PORT, self._devices[0].page.host)
        self._ears, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=bound)

    def close(self) -> None:
        """Listen no more."""
        if self._ears is not None:
            self._ears.close()
        for mouth in self._mouths.values():
            mouth.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a probe from this home's own network."""
        if IPv4Address(addr[0]) not in self._network:
            return
        probe = parse(data)
        for device in self._devices if probe else ():
            answer = match(probe, device) if probe and not device.thing.has("dead") else None
            if answer is not None:
                with suppress(OSError):
                    self._mouths[device.page.host].sendto(answer.encode(), addr)


def _mouth(host: str) -> socket.socket:
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setblocking(False)
    mouth.bind((host, 0))
    return mouth
