"""How fast sixty devices of twelve makes are named, and all hosts with their open ports found, beside nmap on the same
network in the same run; prints JSON lines. Needs user namespaces (the LAN lab of tests/lan) and, to compare, nmap."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS = 3


async def measure() -> None:
    """Inside the namespace: the three ways one after another, several times."""
    from dobby.discovery.sweep import PORTS
    from tests.lan.lab import HOME, MINE, WIRE, capturing, lab, path
    from tests.lan.makes import router, sixty
    from tests.lan.scenes import looking, times

    nmap = shutil.which("nmap", path=path())
    rows = sixty()
    async with lab() as street:
        await street.order("appear", devices=[router(), *rows])
        for round_ in range(ROUNDS):
            await forget_neighbours(WIRE)
            with tempfile.TemporaryDirectory() as folder, capturing() as heard:
                async with looking(Path(folder), WIRE) as one:
                    sweeping = asyncio.create_task(one.sweep.run())
                    named = await times(one.hosts, rows, one.began)
                    counted = await sweeping
                    swept = counted["milliseconds"] / 1000
                    mine = {host.address: sorted(host.ports) for host in one.hosts.all()}
            speak = [named[row["address"]] for row in rows if row["address"] in named and row.get("says") != "nothing"]
            say(claim="named", round=round_, devices=len(rows), makes=12, right=len(named),
                those_that_announce_s=round(max(speak), 3), all_s=round(max(named.values()), 3), packets_outside=len(
                    heard.outside()))
            if nmap is None:
                say(claim="nmap", skipped="no nmap here")
                continue
            ports = ",".join(map(str, PORTS))
            for claim, asked in (("hosts (-sn)", ["-sn"]), ("hosts and ports (-p)", ["-p", ports])):
                await forget_neighbours(WIRE)
                began = time.monotonic()
                text = await run(nmap, "-n", *asked, "-oG", "-", str(HOME))
                took = time.monotonic() - began
                theirs = set(re.findall(r"Host: (\S+)", text)) - {MINE}
                open_ = {host: sorted(int(port) for port in re.findall(r"(\d+)/open/", rest))
                         for host, rest in re.findall(r"Host: (\S+) .*Ports: (.*)", text)}
                same_ports = all(set(open_.get(host, ())) <= set(found) for host, found in mine.items())
                say(claim=claim, round=round_, dobby_s=round(swept, 3), nmap_s=round(took, 3),
                    times_faster=round(took / swept, 2), dobby_hosts=len(mine), nmap_hosts=len(theirs),
                    same_hosts=theirs == set(mine), **({"every_open_port_too": same_ports} if open_ else {}))


async def forget_neighbours(wire: str) -> None:
    """Everybody starts with an empty neighbour table."""
    await run("ip", "neigh", "flush", "dev", wire)


async def run(*command: str) -> str:
    """What a program says."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode()


def say(**row: Any) -> None:
    """One finding."""
    print(json.dumps({"benchmark": "discovery", **row}), flush=True)


def main() -> None:
    """Step into the namespace, and measure there."""
    from tests.lan.lab import path, reason

    if os.environ.get("DOBBY_IN_LAB"):
        asyncio.run(measure())
    elif reason():
        say(skipped=reason())
    else:
        raise SystemExit(subprocess.run(["unshare", "-Urn", sys.executable, __file__], cwd=ROOT, check=False, env={
            **os.environ, "PATH": path(), "DOBBY_IN_LAB": "1"}).returncode)


if __name__ == "__main__":
    main()
