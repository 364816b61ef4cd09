"""Claim: a camera with a small stream costs about two percent of a core, decoding included, and many at once lose
nothing. Processor time and memory of the eyes' process with one camera and with many, against decoding the same small
stream with PyAV and nothing else in the same run; and every event played before the cameras, seen by each that looks.

--cameras N (16), --minutes M (2; the claim is for 10).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from typing import Any

import aiohttp
from _house import cpu, rss, show

from dobby.eyes.eyes import Eyes, Watched
from dobby.eyes.line import Note
from dobby.sim.house import CAMERA_PASSWORD, CAMERA_USER

WARM = 15.0  # seconds until every stream is open and every place is known
EVENTS = ("delivery_truck", "person_walks")
BARE = """
import resource, sys, time, av
av.logging.set_level(av.logging.PANIC)
with av.open(sys.argv[1], options={"rtsp_transport": "tcp"}, timeout=(6, 8)) as file:
    stream = file.streams.video[0]
    stream.codec_context.thread_count = 1
    end, before = 0, None
    for packet in file.demux(stream):
        packet.decode()
        if before is None:
            before, end = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() + float(sys.argv[2])
        if time.monotonic() > end:
            break
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


async def main() -> None:
    """One camera, then many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dobby.sim", "--ready-json", "--state", folder, stdout=asyncio.subprocess.PIPE)
        assert home.stdout is not None
        ready = json.loads(await home.stdout.readline())
        try:
            bare = await decoding(ready, min(60.0, options.minutes * 60))
            one = await watched(ready, 1, min(1.0, options.minutes), folder)
            many = await watched(ready, options.cameras, options.minutes, folder)
        finally:
            home.terminate()
            await home.wait()
    show(claim="eyes_cameras", decode_only_cpu_s_per_hour=round(bare), one=one, many=many,
         quiet_ratio_to_decoding=round(one["quiet_cpu_s_per_camera_hour"] / bare, 2),
         memory_mib_per_further_camera=round((many["rss_mib"] - one["rss_mib"]) / max(1, options.cameras - 1), 1))


async def decoding(ready: dict[str, Any], seconds: float) -> float:
    """Processor seconds an hour to decode one small stream and do nothing with it."""
    url = ready["cameras"][0]["sub_url"].replace("rtsp://", f"rtsp://{CAMERA_USER}:{CAMERA_PASSWORD}@")
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", BARE, url, str(seconds)], check=True,
                                   stdout=subprocess.PIPE, text=True)
    return float(done.stdout) / seconds * 3600


async def watched(ready: dict[str, Any], count: int, minutes: float, folder: str) -> dict[str, Any]:
    """Cost of so many cameras: a quiet time, then events one after the other until the minutes are over."""
    notes: list[Note] = []

    async def heard(note: Note) -> None:
        notes.append(note)

    rows = ready["cameras"]
    cameras = [Watched(f"{rows[at % len(rows)]['key']} {at}", rows[at % len(rows)]["url"],
                       rows[at % len(rows)]["sub_url"], CAMERA_USER, CAMERA_PASSWORD, clips=folder)
               for at in range(count)]
    eyes = Eyes(cameras, heard)
    task = asyncio.create_task(eyes.run())
    await asyncio.sleep(WARM)
    quiet, busy = minutes * 30.0, minutes * 30.0
    before, began = cpu(eyes.pid), time.monotonic()
    await asyncio.sleep(quiet)
    quiet_cpu = (cpu(eyes.pid) - before) / (time.monotonic() - began)
    before, began = cpu(eyes.pid), time.monotonic()
    played = await play(ready, busy, {row["key"] for row in rows[: min(count, len(rows))]})
    busy_cpu = (cpu(eyes.pid) - before) / (time.monotonic() - began)
    found = {"cameras": count, "minutes": minutes, "rss_mib": round(rss(eyes.pid)),
             "quiet_cpu_s_per_camera_hour": round(quiet_cpu * 3600 / count),
             "busy_cpu_s_per_camera_hour": round(busy_cpu * 3600 / count), **lost(notes, played, cameras)}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return found


async def play(ready: dict[str, Any], seconds: float, keys: set[str]) -> list[tuple[str, float, float]]:
    """Play events until the time is over; (camera, began, ended) of each."""
    end, played, turn = time.monotonic() + seconds, [], 0
    async with aiohttp.ClientSession() as web:
        while time.monotonic() < end:
            event = EVENTS[turn % len(EVENTS)]
            turn += 1
            began = time.time()
            for key in keys:
                async with web.post(f"{ready['sim']}/camera", json={"camera": key, "event": event}) as answer:
                    if answer.status == 200:
                        played.append((key, began, began + 20.0))
            await asyncio.sleep(26.0)
    return played


def lost(notes: list[Note], played: list[tuple[str, float, float]], cameras: list[Watched]) -> dict[str, Any]:
    """How many of the events were seen by the cameras that looked, and what troubled them."""
    due = seen = 0
    for key, began, ended in played:
        for camera in cameras:
            if not camera.name.startswith(f"{key} "):
                continue
            due += 1
            seen += any(note.type == "event" and note.head["camera"] == camera.name and note.head["phase"] == "picture"
                        and began - 1 <= float(note.head["at"]) <= ended for note in notes)
    return {"events_due": due, "events_seen": seen,
            "troubles": sum(note.type == "trouble" for note in notes),
            "states_not_up": sum(note.type == "health" and note.head["state"] != "up" for note in notes)}


if __name__ == "__main__":
    asyncio.run(main())
