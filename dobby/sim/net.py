"""Where everything in the simulated home listens, and how one home claims a network that no other home uses."""

import errno
import socket
from dataclasses import dataclass
from ipaddress import IPv4Network

CLAIM_HOST = 254
CLAIM_PORT = 7077
PORT_STEP = 100


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; hosts and ports both differ from device to device, so both are always carried."""

    host: str
    port: int

    def __str__(self) -> str:
        """`host:port`, as it stands in a URL."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Every listening address of one home; `mdns` is the interface that announces it.

    `cameras` are their RTSP addresses, `camera_pages` the same cameras' HTTP and ONVIF addresses.
    """

    network: IPv4Network
    number: int
    mdns: str
    control: Address
    hue: Address
    sonos: tuple[Address, ...]
    wled: tuple[Address, ...]
    lock: Address
    home_bridge: Address
    mqtt: Address
    twilio: Address
    model: Address
    cameras: tuple[Address, ...]
    camera_pages: tuple[Address, ...]


def claim(wanted: IPv4Network | None = None) -> tuple[socket.socket, IPv4Network]:
    """Bind the claim of a free 127.77.N.0/24 (or of `wanted`) and return it open; close it to give the network back.

    Where 127.77.x.y cannot be bound (macOS) the network is 127.0.0.1/32 and the claim's port tells homes apart.
    Raises OSError when nothing is free.
    """
    candidates = [wanted] if wanted else [IPv4Network(f"127.77.{n}.0/24") for n in range(1, 255)]
    for network in candidates:
        if network.prefixlen == 32:
            break
        try:
            return _bind(str(network[CLAIM_HOST]), CLAIM_PORT), network
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                break
            if error.errno != errno.EADDRINUSE:
                raise
    else:
        raise OSError(errno.EADDRINUSE, f"no free network among {len(candidates)} tried, the first {candidates[0]}")
    return _claim_by_port()


def _claim_by_port() -> tuple[socket.socket, IPv4Network]:
    for slot in range(100):
        try:
            return _bind("127.0.0.1", CLAIM_PORT + slot), IPv4Network("127.0.0.1/32")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no free claim port on 127.0.0.1")


def _bind(host: str, port: int) -> socket.socket:
    claimed = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        claimed.bind((host, port))
    except OSError:
        claimed.close()
        raise
    return claimed


def make_plan(claimed: socket.socket, network: IPv4Network) -> Plan:
    """The addresses of the home that holds this claim."""
    if network.prefixlen == 32:
        return _plan_by_port(network, claimed.getsockname()[1] - CLAIM_PORT)

    def at(host: int, port: int) -> Address:
        return Address(str(network[host]), port)

    return Plan(
        network=network,
        number=int(str(network.network_address).split(".")[2]),
        mdns=str(network[2]),
        control=at(2, 8900),
        hue=at(10, 8443),
        sonos=(at(21, 1400), at(22, 1400)),
        wled=(at(31, 8080), at(32, 8080)),
        lock=at(41, 51826),
        mqtt=at(45, 1883),
        home_bridge=at(42, 51826),
        twilio=at(51, 8951),
        model=at(61, 8961),
        cameras=(at(71, 8554), at(72, 8554), at(73, 8554)),
        camera_pages=(at(71, 8080), at(72, 8080), at(73, 8080)),
    )


def _plan_by_port(network: IPv4Network, slot: int) -> Plan:
    def at(port: int) -> Address:
        return Address(str(network[0]), port + slot * PORT_STEP)

    return Plan(
        network=network,
        number=slot,
        mdns=str(network[0]),
        control=at(8900),
        hue=at(8443),
        sonos=(at(1400), at(1401)),
        wled=(at(8031), at(8032)),
        lock=at(51826),
        mqtt=at(11883),
        home_bridge=at(51827),
        twilio=at(8951),
        model=at(8961),
        cameras=(at(8554), at(8555), at(8556)),
        camera_pages=(at(8571), at(8572), at(8573)),
    )
