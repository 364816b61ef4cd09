"""A whole demo in processes of its own, driven over its outer faces only: what the stories hold on to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

LIMIT = 30.0  # seconds until a condition that never comes is a failure
OWNER, MEMBER, GUEST = "whatsapp:+15550100", "whatsapp:+15550101", "whatsapp:+15550102"


@dataclass(slots=True)
class House:
    """A running demo: its ready line, a session, and its processes."""

    ready: dict[str, Any]
    web: aiohttp.ClientSession
    process: asyncio.subprocess.Process
    extra: list[asyncio.subprocess.Process] = field(default_factory=list)

    # --- Dobby --------------------------------------------------------------------------------------------------------

    async def api(self, method: str, path: str, body: object = None, **values: Any) -> tuple[int, Any]:
        """One call of the dashboard API as the owner: status and JSON."""
        headers = {"Authorization": f"Bearer {self.ready['token']}"} | values.pop("headers", {})
        async with self.web.request(method, self.ready["dashboard"] + path, json=body, headers=headers,
                                    **values) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str) -> dict[str, Any]:
        """Say something as the owner and wait for the answer."""
        status, answer = await self.api("POST", "/api/say", {"text": text})
        assert status == 200, answer
        result: dict[str, Any] = answer
        return result

    # --- the simulated home -------------------------------------------------------------------------------------------

    async def sim(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control port."""
        async with self.web.request(method, self.ready["sim"] + path, json=body) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def truth(self) -> dict[str, Any]:
        """What is so, device by device."""
        found: dict[str, Any] = (await self.sim("GET", "/truth"))["devices"]
        return found

    async def state(self, key: str) -> dict[str, Any]:
        """What is so with one device."""
        found: dict[str, Any] = (await self.truth())[key]["state"]
        return found

    async def hand(self, key: str, **state: object) -> None:
        """Outside hands: a wall switch, a key in the door."""
        await self.sim("POST", "/truth", {"device": key, "state": state})

    async def fault(self, key: str, fault: str | None, **more: object) -> None:
        """Break a device, or mend it."""
        await self.sim("POST", "/faults", {"device": key, "fault": fault, **more})

    async def text(self, body: str, sender: str = OWNER, sid: str = "") -> dict[str, Any]:
        """A text from somebody's phone to Dobby; sid and the webhook's status."""
        row = {"from": sender, "body": body} | ({"sid": sid} if sid else {})
        found: dict[str, Any] = await self.sim("POST", "/phone", row)
        return found

    async def received(self, since: int = 0, to: str = "") -> list[dict[str, Any]]:
        """What the phones received."""
        rows: list[dict[str, Any]] = (await self.sim("GET", f"/phone?since={since}"))["received"]
        return [row for row in rows if not to or row["to"] == to]

    async def last_id(self) -> int:
        """The id of the newest text received, 0 when there is none."""
        return max([row["id"] for row in await self.received()], default=0)

    async def texts(self, count: int, since: int = 0, to: str = "") -> list[str]:
        """Wait until this many texts came; their words."""
        async def there() -> list[str] | None:
            rows = await self.received(since, to)
            return [row["body"] for row in rows] if len(rows) >= count else None
        bodies: list[str] = await until(there)
        return bodies

    async def script(self, *replies: dict[str, Any]) -> None:
        """What the stand-in model answers next."""
        async with self.web.post(self.ready["model"] + "/script", json={"replies": list(replies)}) as answer:
            assert answer.status < 400, await answer.text()

    async def asked(self) -> list[dict[str, Any]]:
        """The requests that reached the stand-in model."""
        async with self.web.get(self.ready["model"] + "/script") as answer:
            found: list[dict[str, Any]] = (await answer.json())["requests"]
            return found

    # --- devices as Dobby knows them ----------------------------------------------------------------------------------

    async def device(self, key: str) -> dict[str, Any]:
        """The device of the simulated home with this key, as /api/home shows it."""
        native = (await self.truth())[key]["native_id"]
        _, home = await self.api("GET", "/api/home")
        return next(one for one in home["devices"] if one["id"].endswith((f"/{native}", f":{native}")))

    # --- life and death -----------------------------------------------------------------------------------------------

    async def kill(self) -> None:
        """kill -9 of the daemon; the simulated home lives on."""
        last = self.extra[-1] if self.extra else None
        os.kill(last.pid if last else self.ready["pid"], signal.SIGKILL)
        await (last or self.process).wait()

    async def again(self) -> None:
        """`dobby run` over the same workspace; returns when the dashboard answers."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dobby", "run", "--workspace", self.ready["workspace"],
            *(["--clock", "manual"] if self.ready.get("manual") else []), stdout=asyncio.subprocess.PIPE)
        self.extra.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), LIMIT)
        assert b"Dobby is up" in line, line


async def until(found: Callable[[], Any], limit: float = LIMIT) -> Any:
    """Ask again and again until the answer is true; that answer."""
    end = time.monotonic() + limit
    while True:
        value = await found()
        if value:
            return value
        assert time.monotonic() < end, "this never came true"
        await asyncio.sleep(0.03)


@asynccontextmanager
async def lived_in(workspace: Path, *arguments: str, cameras: bool = False) -> AsyncIterator[House]:
    """A demo over a workspace of the test's, ended with everything it started. Without cameras unless they are asked
    for: most stories need none, and looking costs."""
    arguments = (*arguments, *(() if cameras else ("--no-cameras",)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dobby", "demo", "--ready-json", "--workspace", str(workspace), *arguments,
        stdout=asyncio.subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    sim_pid = 0
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line, "the demo did not start"
        ready = json.loads(line) | {"manual": "manual" in arguments}
        async with aiohttp.ClientSession() as web:
            house = House(ready, web, process)
            sim_pid = await asyncio.to_thread(child_of, process.pid, "dobby.sim")
            try:
                yield house
            finally:
                for one in house.extra:
                    await _end(one)
    finally:
        await _end(process)
        if sim_pid:
            _end_sim(sim_pid)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def child_of(parent: int, module: str) -> int:
    """The child of a process that runs a module, 0 when there is none; blocks."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and module.encode() in command:
            return int(path.parent.name)
    return 0


def _end_sim(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
