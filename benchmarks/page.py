"""A page left open in a home of 1,000 devices with 200 changes a second for a minute: no change is lost (what the page
shows last of each device is what the home knows), how long one takes from the device to the page, and what the daemon
and the page use meanwhile.

The home is a `dobby run` with a driver of the benchmark's own (workspace/drivers/), which follows a feed of JSON lines;
the page is the shipped one in Chromium. A value carries the number of its change, so both ends speak of the same one;
times are this machine's clock at both ends. The minute begins when the page was painted (opened_s). Arguments: devices,
changes a second, seconds. Skipped without Chromium.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from _house import call, cpu, rss, show

DEVICES, RATE, SECONDS = (int(one) for one in (*sys.argv[1:4], "1000", "200", "60")[:3]) if len(sys.argv) == 4 else (
    1000, 200, 60)
ROOMS = 40
TICK = 0.02  # seconds between two lots of changes
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]
LIMIT = 60.0  # seconds for what must happen before and after

DRIVER = '''
"""The benchmark's feed as a make of device."""
import asyncio, json
from contextlib import asynccontextmanager
from dobby.home.device import Device, Driver, LooksFor, Reading
from dobby.home.vocabulary import BRIGHTNESS, ON, known


class Feed:
    def __init__(self, reader):
        self.reader = reader

    async def watch(self):
        while line := await self.reader.readline():
            row = json.loads(line)
            if len(row) == 4:
                traits = (ON, BRIGHTNESS) if row[2] == "light" else (ON, known("power", "plug"))
                yield Device(row[0], row[1], row[2], row[3], "bench", traits)
            else:
                yield Reading(*row)

    async def send(self, command):
        pass


@asynccontextmanager
async def connect(found, secret, settings):
    reader, writer = await asyncio.open_connection(found.host, found.port)
    try:
        yield Feed(reader)
    finally:
        writer.close()


DRIVER = Driver("bench", "Benchmark", LooksFor(), lambda sighting: None, connect)
'''

# What the page shows is read where a person reads it: the row of a trait in the card of a device.
WATCH = """
() => {
  const seen = window.benchSeen = [], number = /-?[0-9]+(?:[.,][0-9]+)?/;
  const rows = new Set();
  let asked = false;
  function look(target) {
    const node = target.nodeType === 1 ? target : target.parentElement;
    const row = node && node.closest("[data-trait]"), card = row && row.closest("[data-device], [data-id]");
    if (card) rows.add([card, row]);
  }
  new MutationObserver((changes) => {
    const at = performance.timeOrigin + performance.now();
    rows.clear();
    for (const one of changes) look(one.target);
    const now = [];
    for (const [card, row] of rows) {
      if (row.dataset.trait !== "brightness" && row.dataset.trait !== "power") continue;
      const found = number.exec(row.textContent);
      if (found) now.push([card.dataset.device ?? card.dataset.id, Number(found[0].replace(",", ".")), at, 0]);
    }
    if (!now.length) return;
    seen.push(...now);
    requestAnimationFrame(() => {
      const frame = performance.timeOrigin + performance.now();
      for (const one of now) one[3] = frame;
    });
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}
"""
PAINTED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() =>
  requestIdleCallback(done)))))"""
SHOWN = """
() => Object.fromEntries([...document.querySelectorAll(".device")].map((card) => {
  const row = card.querySelector("[data-trait=brightness], [data-trait=power]");
  const found = row && /-?[0-9]+(?:[.,][0-9]+)?/.exec(row.textContent);
  return [card.dataset.device ?? card.dataset.id, found ? Number(found[0].replace(",", ".")) : null];
}))
"""


def kind(n: int) -> tuple[str, str]:
    """Kind and changing trait of device n: lights and plugs by turns."""
    return ("light", "brightness") if n % 2 else ("plug", "power")


class Feed:
    """The devices: an inventory, then changes at a steady rate."""

    def __init__(self) -> None:
        self.writer: asyncio.StreamWriter | None = None
        self.sent: dict[tuple[str, int], float] = {}  # (device, number of its change) -> when, seconds since 1970
        self.last: dict[str, int] = {}

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The home connected."""
        rows: list[list[object]] = []
        for n in range(DEVICES):
            what, trait = kind(n)
            rows += [[f"bench:hub/{n}", f"Thing {n}", what, f"Room {n % ROOMS}"], [f"bench:hub/{n}", "on", True],
                     [f"bench:hub/{n}", trait, 0]]
        writer.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        await writer.drain()
        self.writer = writer
        await reader.read()

    async def run(self) -> None:
        """All changes, evenly."""
        assert self.writer is not None
        began, done = time.monotonic(), 0
        while done < RATE * SECONDS:
            due = min(RATE * SECONDS, int((time.monotonic() - began) * RATE) + 1)
            now, lines = time.time(), []
            for at in range(done, due):
                device, number = f"bench:hub/{at * 7919 % DEVICES}", at // DEVICES + 1
                self.sent[device, number] = now
                self.last[device] = number
                lines.append(json.dumps([device, kind(at * 7919 % DEVICES)[1], number]).encode() + b"\n")
            self.writer.write(b"".join(lines))
            await self.writer.drain()
            done = due
            await asyncio.sleep(TICK)


@asynccontextmanager
async def daemon(folder: Path, port: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """A home that follows the feed: its process, the page's base address and the token."""
    command = [sys.executable, "-m", "dobby", "init", "--yes", "--workspace", str(folder)]
    await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
    config = folder / "config.toml"
    text = re.sub(r"(?m)^\[web\]\n?", "", config.read_text("utf-8"))
    config.write_text(text + f'\n[web]\nhost = "127.0.0.1"\nport = {_free()}\n', "utf-8")
    (folder / "drivers").mkdir(exist_ok=True)
    (folder / "drivers" / "bench.py").write_text(DRIVER, "utf-8")
    await _link(folder, port)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "dobby", "run", "--workspace", str(folder),
                                                   stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), LIMIT)).decode()
        found = re.search(r"(http://\S+)/#token=(\S+)", line)
        assert found, line
        yield process, found[1], found[2]
    finally:
        process.terminate()
        await process.wait()


async def _link(folder: Path, port: int) -> None:
    from dobby.store import Store

    store = await Store.open(folder / "dobby.db")
    await store.do("link_put", key="bench:hub", make="bench", name="Bench", host="127.0.0.1", port=port, model="",
                   path="", secret="{}", added="")
    await store.close()


def _free() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(found: Any) -> Any:
    """Ask until the answer is true."""
    async with asyncio.timeout(LIMIT):
        while True:
            if value := await found():
                return value
            await asyncio.sleep(0.1)


def renderers(parent: int) -> list[int]:
    """The renderers among the descendants of a process, the largest first."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    found, waiting = [], [parent]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        with contextlib.suppress(OSError):
            if b"--type=renderer" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.append(one)
    return sorted(found, key=rss, reverse=True)


def quantiles(milliseconds: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest."""
    cut = statistics.quantiles(milliseconds, n=100)
    return {"p50": round(cut[49], 1), "p95": round(cut[94], 1), "p99": round(cut[98], 1),
            "max": round(max(milliseconds), 1)}


async def known(base: str, token: str) -> dict[str, float]:
    """The changing value of each device as the home knows it."""
    home = await asyncio.to_thread(call, f"{base}/api/home", None, token)
    return {one["id"]: row["value"] for one in home["devices"] for row in one["traits"]
            if row["name"] in ("brightness", "power") and row["value"] is not None}


async def measured(page: Any, feed: Feed, base: str, token: str, pid: int) -> None:
    """The minute, and what it showed."""
    renderer = next(iter(renderers(os.getpid())), 0)  # this program starts no other browser
    heap = "() => performance.memory ? performance.memory.usedJSHeapSize / 2 ** 20 : 0"
    before = {"daemon": rss(pid), "page": rss(renderer) if renderer else 0.0, "heap": await page.evaluate(heap)}
    used, began = {"daemon": cpu(pid), "page": cpu(renderer) if renderer else 0.0}, time.monotonic()
    await page.evaluate(WATCH)
    skew = await page.evaluate("() => performance.timeOrigin + performance.now()") - time.time() * 1000
    await feed.run()
    took = time.monotonic() - began
    used = {"daemon": cpu(pid) - used["daemon"], "page": (cpu(renderer) if renderer else 0.0) - used["page"]}
    ended = time.monotonic()

    async def same() -> bool:
        shown = await page.evaluate(SHOWN)
        return bool(all(shown.get(device) == value for device, value in feed.last.items()))
    with contextlib.suppress(TimeoutError):
        await until(same)
    settled = time.monotonic() - ended
    shown, home = await page.evaluate(SHOWN), await known(base, token)
    seen = [row for row in await page.evaluate("() => window.benchSeen") if (row[0], int(row[1])) in feed.sent]
    first: dict[tuple[str, int], tuple[float, float]] = {}
    for device, number, at, frame in seen:
        first.setdefault((device, int(number)), (at, frame or at))
    delays = [(at - feed.sent[key] * 1000, frame - feed.sent[key] * 1000) for key, (at, frame) in first.items()]
    show(claim="page", devices=DEVICES, changes_per_s=round(len(feed.sent) / took), seconds=round(took, 1),
         changes=len(feed.sent), seen_one_by_one=len(first),
         lost_by_home=sum(home.get(device) != value for device, value in feed.last.items()),
         lost_by_page=sum(shown.get(device) != home.get(device) for device in feed.last), settled_s=round(settled, 2),
         to_page_ms=quantiles([one for one, _ in delays]), to_frame_ms=quantiles([one for _, one in delays]),
         clock_skew_ms=round(skew, 1), daemon_mib=[round(before["daemon"], 1), round(rss(pid), 1)],
         page_mib=[round(before["page"], 1), round(rss(renderer), 1) if renderer else 0.0],
         page_heap_mib=[round(before["heap"], 1), round(await page.evaluate(heap), 1)],
         daemon_cpu=round(used["daemon"] / took, 3), page_cpu=round(used["page"] / took, 3),
         aims={"lost_by_home": 0, "lost_by_page": 0, "to_frame_p95_ms": 250})


async def main() -> None:
    """The whole benchmark."""
    if CHROMIUM is None:
        show(claim="page", skipped="chromium is not installed (apt-get install chromium)")
        return
    from playwright.async_api import async_playwright

    feed = Feed()
    server = await asyncio.start_server(feed.visit, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        async with daemon(Path(folder) / "home", port) as (process, base, token), async_playwright() as play:
            async def whole() -> bool:
                return len(await known(base, token)) == DEVICES
            await until(whole)
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
            opening = time.monotonic()
            await page.goto(f"{base}/#token={token}")

            async def drawn() -> bool:
                return len(await page.evaluate(SHOWN)) >= DEVICES
            await until(drawn)
            for _ in range(3):
                await page.evaluate(PAINTED)
            show(claim="page", devices=DEVICES, opened_s=round(time.monotonic() - opening, 2))
            await measured(page, feed, base, token, process.pid)
            await browser.close()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
