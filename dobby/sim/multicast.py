"""The ears of what is asked for by multicast."""

import socket
import struct
import sys


def ears(group: str, port: int, host: str) -> socket.socket:
    """A UDP socket that hears what is sent to a group, on the interface that `host` is of; shared with other homes."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform != "linux":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((group, port))  # to the group, so that only what was sent to it arrives
    membership = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(host))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return sock
