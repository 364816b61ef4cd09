"""The console: a person at the terminal that the daemon runs in, speaking as the owner. Not reached from outside."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import uuid
from collections.abc import AsyncIterator

from dobby.agent.receive import Gateway
from dobby.agent.turn import local_message


async def lines(prompt: str) -> AsyncIterator[str]:
    """Lines from standard input until its end; a thread of its own reads, so nothing waits for it."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()
    asked = threading.Semaphore(0)

    def read() -> None:
        while asked.acquire():
            line = sys.stdin.readline()
            loop.call_soon_threadsafe(queue.put_nowait, line or None)

    threading.Thread(target=read, daemon=True, name="console").start()
    while True:
        if sys.stdin.isatty():
            print(prompt, end="", flush=True)
        asked.release()
        line = await queue.get()
        if line is None:
            return
        yield line.strip()


async def chat(gateway: Gateway, name: str) -> None:
    """Talk until the end of input, or until "bye"."""
    async for text in lines("you> "):
        if text.casefold() in ("bye", "exit", "quit"):
            return
        if text:
            print(f"{name}> {await say(gateway, text)}", flush=True)


async def say(gateway: Gateway, text: str) -> str:
    """One message and its answer; below it where its pictures lie."""
    id_ = await gateway.receive(local_message("console", text, str(uuid.uuid4())))
    await gateway.inbox.wait(id_)
    turn = await gateway.agent.house.store.one("turn_of_message", message=id_)
    if turn is None:
        return ""
    sights = gateway.agent.house.sights
    files = [await asyncio.to_thread(sights.file, name) for name in json.loads(turn["pictures"])] if sights else []
    return "\n".join([str(turn["reply"]), *(f"  [{path}]" for path in files if path is not None)])
