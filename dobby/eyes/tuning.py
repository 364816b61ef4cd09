"""Tuning at night, the daemon's side: which clips, the search in a process of its own, what came of it told and undone.

A clip that a person called a false alarm must stay silent; one they called right or missed must not, nor may one that
was told lately and that nobody complained about. So the detector cannot make itself deaf.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dobby.children import bare_environment
from dobby.errors import DobbyError
from dobby.eyes.eyes import Watched
from dobby.eyes.sights import Sights
from dobby.messages import Letter
from dobby.store import Row, stamp

log = logging.getLogger(__name__)
SECONDS = 600.0  # of search for one camera
CLIPS = 40  # at most for one camera, the newest
UNCOMPLAINED = 12  # clips of told events without a complaint that are taken along
LOOK_BACK = timedelta(days=30)
NIGHTLY = 3  # the local hour at which it is done


@dataclass(frozen=True, slots=True)
class Change:
    """What tuning did for one camera: the parameters that changed, and clips that are right, before and after."""

    camera: str
    changed: dict[str, float]
    before: int
    after: int
    of: int


async def nightly(sights: Sights) -> None:
    """Tune every camera once a night, for ever; the night is the house's own."""
    store = sights.watch.store
    while True:
        now = sights.watch.local()
        if now.hour == NIGHTLY and await store.fact("eyes_tuned", "") != f"{now:%Y-%m-%d}":
            await store.set_fact("eyes_tuned", f"{now:%Y-%m-%d}")
            for change in await tune(sights):
                await _tell(sights, change)
        await asyncio.sleep(60.0)


async def tune(sights: Sights, seconds: float = SECONDS) -> list[Change]:
    """Search now, camera by camera, where labels are new; the changes that were kept. A search that fails is tried
    again the next night, and stops no other."""
    kept = []
    for camera in sights.cameras():
        try:
            change = await _tune(sights, camera, seconds)
        except (DobbyError, OSError, ValueError) as error:
            log.warning("tuning %s: %s", camera.name, error or type(error).__name__)
        else:
            kept += [change] if change is not None else []
    return kept


async def _tune(sights: Sights, camera: Watched, seconds: float) -> Change | None:
    """Search for one camera, unless all its labels were searched before: what the owner undid must not come back by
    itself."""
    rows = await _clips(sights, camera)
    labels = {row["event"]: row["label"] for row in rows if row["label"]}
    searched = await sights.watch.store.fact(f"camera_searched:{camera.name}", {})
    if labels.items() <= searched.items() or not {"false alarm", "missed"} & set(labels.values()):
        return None
    clips = [{"path": str(path), "real": row["label"] != "false alarm"} for row in rows
             if (path := await asyncio.to_thread(sights.file, row["clip"])) is not None]
    found = await _search({"clips": clips, "tuning": camera.tuning, "seconds": seconds,
                           "zones": camera.row()["zones"]}, seconds)
    await sights.watch.store.set_fact(f"camera_searched:{camera.name}", labels)
    return await _keep(sights, camera, found) if found["changed"] else None


async def _clips(sights: Sights, camera: Watched) -> list[Row]:
    """The events whose clips count: labelled ones, and told ones without a complaint."""
    since = stamp(sights.watch.local() - LOOK_BACK)
    rows = [row for row in await sights.watch.store.all("seen_since", since=since, camera=camera.name) if row["clip"]]
    labelled = [row for row in rows if row["label"]][-CLIPS:]
    fine = [row for row in rows if not row["label"] and json.loads(row["told"]) and row["subject"] != "nothing"]
    return [*labelled, *fine[-UNCOMPLAINED:]]


async def _search(task: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The search in a process of its own, niced; it is killed when it does not end in time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dobby.eyes.tune", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=bare_environment())
    try:
        async with asyncio.timeout(seconds * 2 + 30):
            answer, _ = await process.communicate(json.dumps(task).encode())
    except BaseException:  # too long, or the daemon closes: nothing of it stays
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise DobbyError(f"The tuning ended badly ({process.returncode}).")
    found: dict[str, Any] = json.loads(answer)
    return found


async def _keep(sights: Sights, camera: Watched, found: dict[str, Any]) -> Change:
    store = sights.watch.store
    change = Change(camera.name, found["changed"], found["before"], found["after"], found["of"])
    await store.do("eye_tuning_add", camera=camera.name, tuning=json.dumps(camera.tuning), made=stamp(
        sights.watch.local()), why=f"{change.after} of {change.of} clips right instead of {change.before}")
    await _set(sights, camera, camera.tuning | change.changed)
    return change


async def _set(sights: Sights, camera: Watched, tuning: dict[str, float]) -> None:
    camera.tuning = tuning
    await sights.watch.store.set_fact(f"camera_tuning:{camera.name}", tuning)
    sights.watch.eyes.change(camera.name)


async def undo(sights: Sights) -> str:
    """Take the last change back; the camera's name, "" when there is nothing to take back."""
    rows = await sights.watch.store.all("eye_tunings")
    camera = next((one for one in sights.cameras() if rows and one.name == rows[-1]["camera"]), None)
    if camera is None:
        return ""
    await _set(sights, camera, {key: float(value) for key, value in json.loads(rows[-1]["tuning"]).items()})
    await sights.watch.store.do("eye_tuning_undo", id=rows[-1]["id"])
    return camera.name


async def _tell(sights: Sights, change: Change) -> None:
    watch = sights.watch
    text = watch.words().say("sight.tuned", camera=change.camera, before=change.before, after=change.after,
                             count=change.of, what=", ".join(f"{k} {v:g}" for k, v in change.changed.items()))
    for person in watch.people:
        if person.role == "owner" and person.addresses:
            channel, to = person.addresses[0].split(":", 1)
            await watch.post.tell(Letter(f"tuned:{change.camera}:{stamp(watch.local())}", channel, to, text,
                                         kind="answer"))
