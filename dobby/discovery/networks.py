"""Where Dobby may look: the networks of interfaces the owner named, or the simulated home's own /24; nothing else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import ifaddr

from dobby.settings import NetworkSettings

Network = ipaddress.IPv4Network


@dataclass(frozen=True, slots=True)
class Reach:
    """addresses: Dobby's own on the allowed interfaces, for listeners; networks: what may be heard and asked."""

    addresses: tuple[str, ...]
    networks: tuple[Network, ...]
    problems: tuple[str, ...] = ()

    def allows(self, host: str) -> bool:
        """Whether this IPv4 address lies in a network the owner named."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


def reach(settings: NetworkSettings) -> Reach:
    """The configured interfaces (by name or address) as addresses and networks; loopback only when simulated."""
    if settings.simulated:
        network = ipaddress.ip_network(settings.simulated_network or "127.0.0.1/32")
        return Reach(("127.0.0.1",), (ipaddress.IPv4Network(network),))
    addresses: list[str] = []
    networks: list[Network] = []
    problems: list[str] = []
    here = own_networks()
    for wanted in settings.interfaces:
        found = [(name, address, network) for name, address, network in here if wanted in (name, address)]
        if not found:
            known = ", ".join(f"{name} ({address})" for name, address, _ in here) or "none"
            problems.append(f"network.interfaces: there is no {wanted} here. Usable: {known}.")
        addresses += [address for _, address, _ in found]
        networks += [network for _, _, network in found]
    return Reach(tuple(addresses), tuple(networks), tuple(problems))


def own_networks() -> list[tuple[str, str, Network]]:
    """(interface, address, network) of each private IPv4 network this machine is in, not loopback nor containers."""
    found: list[tuple[str, str, Network]] = []
    for adapter in ifaddr.get_adapters():
        if adapter.name.startswith(("docker", "br-", "veth", "virbr", "tun", "tap", "wg", "tailscale", "zt")):
            continue
        for ip in adapter.ips:
            if not isinstance(ip.ip, str):
                continue
            network = ipaddress.IPv4Network(f"{ip.ip}/{max(ip.network_prefix, 24)}", strict=False)
            if network.is_private and not network.is_loopback:
                found.append((adapter.name, ip.ip, network))
    return found

