"""Claim: the model's first request is small and does not grow with the home. Bytes with 10 and with 1,000 devices."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from _house import show

from dobby.agent import prompt
from dobby.clock import Clock
from dobby.soul import read
from dobby.tools import all_tools


async def size(devices: int) -> int:
    """Bytes of the first request. The home's devices are not in it, which is the point; they are made all the same."""
    soul, _ = read(Path(__file__).parent.parent / "SOUL.md")
    names = [f"Lamp {number}" for number in range(devices)]
    moment = prompt.Moment(Clock().now(), "Robin", "owner", "home")
    with tempfile.TemporaryDirectory():
        body = {"system": prompt.system(soul), "tools": [one.schema for one in all_tools().values()],
                "messages": prompt.conversation([], f"make it cosy around {names[0]}", moment)}
    return len(json.dumps(body, ensure_ascii=False).encode())


def main() -> None:
    """Print one line."""
    small, large = asyncio.run(size(10)), asyncio.run(size(1000))
    show(benchmark="request", bytes_10_devices=small, bytes_1000_devices=large, ratio=round(large / small, 3))


if __name__ == "__main__":
    main()
