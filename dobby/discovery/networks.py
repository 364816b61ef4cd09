"""Where Dobby may look: the networks of interfaces the owner named, or the simulated home's own /24; nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

import ifaddr

from dobby.settings import NetworkSettings

Network = ipaddress.IPv4Network
# homes live in these; what else an interface has is the world, a provider's or a VPN's
PRIVATE = tuple(map(Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")))
NOT_A_HOME = ("docker", "br-", "veth", "virbr", "vmnet", "vbox", "podman", "cni", "flannel", "cali", "lxc", "lxd",
              "tun", "tap", "utun", "ppp", "wg", "nordlynx", "proton", "ipsec", "tailscale", "zt")


@dataclass(frozen=True, slots=True)
class Reach:
    """addresses: Dobby's own on the allowed interfaces, for listeners; networks: what may be heard and asked;
    everybody: the broadcast address of the wire that a network is on, where it is not the network's own last."""

    addresses: tuple[str, ...]
    networks: tuple[Network, ...]
    problems: tuple[str, ...] = ()
    everybody: Mapping[Network, str] = field(default_factory=dict)

    def allows(self, host: str) -> bool:
        """Whether this IPv4 address lies in a network the owner named."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def elsewhere(self, host: str) -> bool:
        """Whether it lies there and is not this machine."""
        return self.allows(host) and host not in self.addresses

    def broadcast(self, network: Network) -> str:
        """Where a datagram for everybody of a network goes."""
        return self.everybody.get(network) or str(network.broadcast_address)

    def source(self, network: Network) -> str:
        """Dobby's own address in a network, "" where he has none."""
        return next((one for one in self.addresses if ipaddress.ip_address(one) in network), "")


def reach(settings: NetworkSettings) -> Reach:
    """The configured interfaces (by name or address) as addresses and networks; loopback only when simulated."""
    if settings.simulated:
        network = ipaddress.ip_network(settings.simulated_network or "127.0.0.1/32")
        return Reach(("127.0.0.1",), (ipaddress.IPv4Network(network),))
    addresses: list[str] = []
    everybody: dict[Network, str] = {}
    problems: list[str] = []
    here = _here(settings.widest)
    for wanted in settings.interfaces:
        found = [one for one in here if wanted in (one[0], one[1])]
        if not found:
            known = ", ".join(f"{name} ({address})" for name, address, *_ in here) or "none"
            problems.append(f"network.interfaces: there is no {wanted} here. Usable: {known}.")
        addresses += [address for _, address, *_ in found if address not in addresses]
        everybody |= {network: broadcast for *_, network, broadcast in found}
    return Reach(tuple(addresses), tuple(everybody), tuple(problems), everybody)


def own_networks() -> list[tuple[str, str, Network]]:
    """(interface, address, network) of each private IPv4 network this machine is in, no loopback, VPN or containers."""
    return [(name, address, network) for name, address, network, _ in _here(24)]


def _here(widest: int) -> list[tuple[str, str, Network, str]]:
    """The same with the wire's real broadcast address; of a network wider than `widest` bits, the part around Dobby."""
    found: list[tuple[str, str, Network, str]] = []
    for adapter in ifaddr.get_adapters():
        if adapter.name.startswith(NOT_A_HOME):
            continue
        for ip in adapter.ips:
            if not isinstance(ip.ip, str) or ip.network_prefix > 30:  # a line with two ends is no home
                continue
            wire = Network(f"{ip.ip}/{ip.network_prefix}", strict=False)
            network = Network(f"{ip.ip}/{max(ip.network_prefix, widest)}", strict=False)
            if any(network.subnet_of(one) for one in PRIVATE):
                found.append((adapter.name, ip.ip, network, str(wire.broadcast_address)))
    return found
