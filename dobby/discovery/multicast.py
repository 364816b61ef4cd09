"""The socket to ask a whole network from."""

from __future__ import annotations

import ipaddress
import socket


def asking(address: str) -> socket.socket:
    """A UDP socket at one of Dobby's own addresses that sends to groups; answers come back to it."""
    interface = "127.0.0.1" if ipaddress.ip_address(address).is_loopback else address
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
    sock.bind((address, 0))
    sock.setblocking(False)
    return sock
