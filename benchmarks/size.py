"""Claims that must not depend on the size of the home: from a signed webhook to the first device command on the reflex
path, the time in which a sentence that is not understood is known as such, the bytes of the model's first request.

The home is a made-up make of lamp with 10, 100 and 1,000 lamps (one driver file in the workspace) that notes the moment
at which a command reaches it; the daemon is a process of its own, and so is the stand-in for the model.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from _house import call, cpu, rss, show

from dobby.store import Store

ROUNDS = 40
TOKEN = "simulated-twilio-token"
ROOMS = ("Kitchen", "Study", "Bedroom", "Hall", "Attic", "Cellar", "Porch", "Nursery", "Library", "Garage")
DRIVER = '''
"""A made-up lamp that notes when a command reaches it."""
import asyncio, time
from contextlib import asynccontextmanager
from dobby.home.device import Device, Driver, LooksFor, Reading
from dobby.home.vocabulary import BRIGHTNESS, ON

ROOMS = {rooms}

class Lamps:
    def __init__(self): self.out = asyncio.Queue()
    async def watch(self):
        for n in range({count}):
            id_ = f"bench:1/{{n}}"
            yield Device(id_, f"Lamp {{n}}", "light", ROOMS[n % len(ROOMS)], "bench", (ON, BRIGHTNESS))
            yield Reading(id_, "on", False)
            yield Reading(id_, "brightness", 50)
        while True:
            yield await self.out.get()
    async def send(self, command):
        with open({log!r}, "a") as log: log.write(f"{{time.monotonic()}}\\n")
        self.out.put_nowait(Reading(command.device, command.trait, command.value))

@asynccontextmanager
async def connect(found, secret, settings):
    yield Lamps()

DRIVER = Driver("bench", "Bench", LooksFor(), lambda sighting: None, connect)
'''
CONFIG = """
[home]
name = "bench"
[[people]]
name = "Robin"
role = "owner"
addresses = ["sms:+15550100"]
[brain]
base_url = "{model}"
[web]
host = "127.0.0.1"
port = {port}
[twilio]
account_sid = "ACsimulated0000000000000000000000"
from = ["sms:+15550199"]
public_url = "http://127.0.0.1:{webhook}/twilio"
webhook_port = {webhook}
api_url = "{twilio}"
"""


def main() -> None:
    """One line for each size of home, then the ratios."""
    with subprocess.Popen([sys.executable, "-m", "dobby.sim", "--ready-json", "--model"],
                          stdout=subprocess.PIPE) as sim:
        assert sim.stdout is not None
        ready = json.loads(sim.stdout.readline())
        rows = [measure(count, ready) for count in (10, 100, 1000)]
        sim.terminate()
    for row in rows:
        show(benchmark="size", **row)
    first, last = rows[0], rows[-1]
    show(benchmark="size", case="1,000 against 10 lamps", **{
        f"{key}_ratio": round(last[key] / first[key], 2)
        for key in ("webhook_to_first_command_ms", "miss_known_ms", "first_request_bytes")})


def measure(count: int, sim: dict[str, str]) -> dict[str, Any]:
    """All three figures for a home of this many lamps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token, process = start(folder, count, sim)
        try:
            hits = [hit(folder, number) for number in range(ROUNDS)][5:]
            misses = [miss(folder, token) for _ in range(10)][2:]
            size = first_request(folder, token, sim)
            return {"lamps": count, "webhook_to_first_command_ms": round(statistics.median(hits), 2),
                    "p95_ms": round(sorted(hits)[int(len(hits) * 0.95)], 2),
                    "miss_known_ms": round(statistics.median(misses), 2), "first_request_bytes": size,
                    "rss_mib": round(rss(process.pid), 1), "cpu_s": round(cpu(process.pid), 2)}
        finally:
            process.terminate()
            process.wait(20)


def start(folder: Path, count: int, sim: dict[str, str]) -> tuple[dict[str, str], subprocess.Popen[bytes]]:
    """A daemon over a workspace with that many lamps; what run.json says."""
    (folder / "drivers").mkdir()
    (folder / "drivers" / "bench.py").write_text(DRIVER.format(count=count, rooms=ROOMS, log=str(folder / "log")))
    (folder / "log").touch()
    port = 20000 + count * 2 % 9000
    (folder / "config.toml").write_text(CONFIG.format(model=sim["model"], twilio=sim["twilio"], port=port,
                                                      webhook=port + 1))
    (folder / "secrets.toml").write_text(f'twilio_auth_token = "{TOKEN}"\nanthropic_api_key = "x"\n')
    (folder / "secrets.toml").chmod(0o600)
    asyncio.run(accept(folder))
    process = subprocess.Popen([sys.executable, "-m", "dobby", "run", "--workspace", str(folder)],
                               stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    found: dict[str, str] = json.loads((folder / "run.json").read_text())
    while len(call(found["dashboard"] + "/api/home", token=found["token"])["devices"]) < count:
        time.sleep(0.05)
    time.sleep(3)  # warm-up over: nothing is claimed about the first second
    return found | {"webhook": f"http://127.0.0.1:{port + 1}/twilio"}, process


async def accept(folder: Path) -> None:
    """The link, as if it had been paired."""
    store = await Store.open(folder / "dobby.db")
    await store.do("link_put", key="bench:1", make="bench", name="Bench", host="127.0.0.1", port=1, model="", path="",
                   secret="{}", added="2026-01-01")
    await store.close()


def hit(folder: Path, number: int) -> float:
    """Milliseconds from the posting of a signed webhook to the command at the lamp (one clock for all processes)."""
    url = (folder / "config.toml").read_text().partition('public_url = "')[2].partition('"')[0]
    form = {"MessageSid": f"SM{folder.name}{number}", "From": "+15550100", "To": "+15550199",
            "Body": f"turn {'off' if number % 2 else 'on'} lamp 3"}
    signed = url + "".join(key + form[key] for key in sorted(form))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {"X-Twilio-Signature": signature})
    before = len((folder / "log").read_text().splitlines())
    began = time.monotonic()
    urllib.request.urlopen(request, timeout=10).close()
    while len(lines := (folder / "log").read_text().splitlines()) <= before:
        time.sleep(0.001)
    return (float(lines[before]) - began) * 1000


def miss(folder: Path, found: dict[str, str]) -> float:
    """Milliseconds that Dobby's own part of a sentence beyond reflex took (the scripted model answers at once)."""
    began = time.monotonic()
    call(found["dashboard"] + "/api/say", {"text": "what would a dragon think of the attic on a rainy day"},
         found["token"])
    return (time.monotonic() - began) * 1000


def first_request(folder: Path, found: dict[str, str], sim: dict[str, str]) -> int:
    """Bytes of the body of the model's first request in this home."""
    requests = call(sim["model"] + "/script")["requests"]
    first = next(one for one in reversed(requests) if len(one["messages"]) == 1)
    return len(json.dumps(first, ensure_ascii=False, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
