"""What the benchmarks share: a demo in processes of its own, and its CPU and memory as the kernel counts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used, its own threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss(pid: int) -> float:
    """Resident memory of a process in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def call(url: str, body: object = None, token: str = "", method: str = "") -> Any:
    """One JSON call."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data, headers, method=method or ("GET" if body is None else "POST"))
    with urllib.request.urlopen(request, timeout=70) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def demo(*arguments: str) -> Iterator[dict[str, Any]]:
    """A demo's ready line, with `started` (seconds until it came)."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "dobby", "demo", "--ready-json", "--no-cameras", *arguments],
                               stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()) | {"started": time.monotonic() - began}
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def show(**figures: object) -> None:
    """One JSON line."""
    print(json.dumps(figures), flush=True)
