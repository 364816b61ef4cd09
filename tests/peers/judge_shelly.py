"""aioshelly as the judge of our Shelly: run by an interpreter that has it, with the port of a box and its password.

Prints one JSON object: what aioshelly made of the box before and after it switched it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp
from aioshelly.common import ConnectionOptions
from aioshelly.rpc_device import RpcDevice


async def main(port: int, password: str) -> dict[str, Any]:
    """Connect as Home Assistant does, switch the first relay off, and wait to be told."""
    async with aiohttp.ClientSession() as web:
        options = ConnectionOptions("127.0.0.1", "admin" if password else None, password or None, port=port)
        device = await RpcDevice.create(web, None, options)
        told = asyncio.Event()
        try:
            await device.initialize()
            before = dict(device.status["switch:0"])
            device.subscribe_updates(lambda *_: told.set())
            await device.call_rpc("Switch.Set", {"id": 0, "on": False})
            async with asyncio.timeout(5):
                while device.status["switch:0"]["output"]:
                    told.clear()
                    await told.wait()
            return {"model": device.model, "name": device.name, "before": before["output"], "power": before["apower"],
                    "after": device.status["switch:0"]["output"]}
        finally:
            await device.shutdown()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), *sys.argv[2:] or [""]))))
