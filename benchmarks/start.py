"""Claim: Dobby starts quickly and stays small. CPU and time to ready, resident memory idle, before and with the SDK.

Ratios: processor time to ready and idle memory against a bare process that only imports the SDK, in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request

from _house import call, cpu, demo, rss, show

BARE = ("import resource, anthropic; u = resource.getrusage(resource.RUSAGE_SELF);"
        "print(u.ru_utime + u.ru_stime, int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20)")


def main() -> None:
    """Print one line for a home without a model, one with."""
    bare_cpu, bare_rss = map(float, subprocess.check_output([sys.executable, "-c", BARE], text=True).split())
    for name, arguments in (("no model", ()), ("with the SDK", ("--model",))):
        with demo(*arguments) as house:
            pid, ready_cpu = house["pid"], cpu(house["pid"])
            quiet = settled(pid)
            before = cpu(pid)
            time.sleep(5)
            idle = (cpu(pid) - before) / 5
            again = restarted(house)
            show(benchmark="start", case=name, ready_s=round(house["started"], 2), cpu_to_ready_s=round(ready_cpu, 2),
                 idle_rss_mib=round(quiet, 1), idle_cpu_percent=round(idle * 100, 2),
                 bare_sdk_import_cpu_s=round(bare_cpu, 2), bare_sdk_rss_mib=round(bare_rss, 1),
                 cpu_ratio_to_bare_sdk=round(ready_cpu / bare_cpu, 2), rss_ratio_to_bare_sdk=round(quiet / bare_rss, 2),
                 devices=again)


def settled(pid: int) -> float:
    """Resident memory once warm-up is over: when half a second of processor time in a row was used no more."""
    last = cpu(pid)
    while True:
        time.sleep(1.5)
        now = cpu(pid)
        if now - last < 0.15:
            return rss(pid)
        last = now


def restarted(house: dict[str, str]) -> int:
    """How many devices the home has (a call that also proves that it is alive)."""
    try:
        return len(call(house["dashboard"] + "/api/home", token=house["token"])["devices"])
    except urllib.error.URLError:
        return -1


if __name__ == "__main__":
    main()
