"""Ports of this machine for servers that a test starts: a free one, and whether its server answers there yet."""

from __future__ import annotations

import asyncio
import socket

HERE = "127.0.0.1"


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind((HERE, 0))
        return int(one.getsockname()[1])


async def listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Whether a program answers at its port; it must not have ended."""
    assert process.returncode is None, "it ended before it answered: is its port taken?"
    try:
        _, writer = await asyncio.open_connection(HERE, port)
    except OSError:
        return False
    writer.close()
    return True
