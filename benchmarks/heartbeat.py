"""A day in which nothing happens: 24 simulated hours of a living home with 200 devices, each with a reading a minute,
and plans that wait. Aims: 0 model calls, 0 messages, under 1 % of one core.

The whole daemon runs on a manual clock in this process; the model's address is a server that counts. The day's CPU is
what its readings and ticks took, and what the same daemon takes while it only idles, reckoned for 24 real hours.
"""

from __future__ import annotations

import asyncio
import json
import math
import resource
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent.parent))
from dobby.daemon import opened
from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, Reading
from dobby.home.traits import Value
from dobby.jobs.conditions import Condition
from dobby.jobs.job import Job
from dobby.jobs.when import WEEKDAYS, When
from dobby.state import Daemon

DEVICES, DAY, IDLE = 200, 24 * 60, 20.0  # devices, minutes, real seconds of idling that are measured
KINDS = (("light", (rows.ON, rows.BRIGHTNESS)), ("plug", (rows.ON, rows.POWER)),
         ("sensor", (rows.TEMPERATURE, rows.HUMIDITY)), ("thermostat", (rows.TARGET, rows.CURRENT)),
         ("garage", (rows.OPEN,)))
CONFIG = """
[home]
timezone = "Europe/Berlin"
latitude = 52.52
longitude = 13.40
[[people]]
name = "Robin"
role = "owner"
addresses = ["whatsapp:+15550100"]
[brain]
base_url = "http://127.0.0.1:{model}"
[web]
port = {port}
"""


class House:
    """A link whose readings this file says."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Reading] = asyncio.Queue()
        self.devices = [Device(f"bench:{at}", f"Thing {at}", KINDS[at % len(KINDS)][0], f"Room {at % 12}",  # type: ignore[arg-type]
                               "bench", KINDS[at % len(KINDS)][1]) for at in range(DEVICES)]

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The devices, then what is said."""
        for device in self.devices:
            yield device
        while True:
            yield await self.said.get()

    async def send(self, command: Command) -> None:
        """Nothing is sent in a day on which nothing happens."""
        raise AssertionError(command)

    def lives(self, minute: int) -> None:
        """What a home shows in one minute of a quiet day: warmth drifts, lamps and doors stay as they are."""
        for at, device in enumerate(self.devices):
            drift = math.sin(minute / 230 + at)
            values: dict[str, Value] = {"on": False, "power": round(2 + abs(drift), 1), "target": 20.0, "open": False,
                                        "temperature": round(21 + drift, 2), "current": round(20.5 + drift / 2, 2)}
            trait = device.traits[-1].name if device.traits[-1].name in values else device.traits[0].name
            self.said.put_nowait(Reading(device.id, trait, values[trait]))


def processor() -> float:
    """CPU seconds of this process and its children."""
    return sum(one.ru_utime + one.ru_stime for one in (resource.getrusage(resource.RUSAGE_SELF),
                                                       resource.getrusage(resource.RUSAGE_CHILDREN)))


async def plan(daemon: Daemon) -> None:
    """Plans that wait, as a home has them."""
    assert daemon.keeper is not None
    now, add = daemon.clock.now(), daemon.keeper.plans.add
    for at in range(4, DEVICES, 20):
        await add(Job("Robin", "owner", "", "tell", condition=Condition(
            "holds", f"bench:{at}", "open", "is", True, dwell=600, hours="22:00-06:00"), standing=True, made=now))
    for at in range(1, DEVICES, 20):
        done = Condition("finished", f"bench:{at}", dwell=120)
        await add(Job("Robin", "owner", "", "tell", condition=done, made=now))
    later = (now + timedelta(days=3)).date()
    await add(Job("Robin", "owner", "", "tell", When(date=later.isoformat(), clock="07:00"), made=now))
    await add(Job("Robin", "owner", "", "order", When(days=(WEEKDAYS[later.weekday()],), sun="sunset"), made=now,
                  commands=(Command("bench:0", "on", True),)))


async def day(daemon: Daemon, house: House) -> float:
    """Live through the day; the CPU seconds it took."""
    assert daemon.keeper is not None
    began = processor()
    with daemon.home.listen() as changes:
        for minute in range(DAY):
            house.lives(minute)
            await daemon.keeper.advance(daemon.clock.now() + timedelta(minutes=1))
            while not house.said.empty() or not daemon.keeper.idle():  # noqa: ASYNC110  # all of the loop is measured
                await asyncio.sleep(0)
            while not changes.empty():
                changes.get_nowait()
    return processor() - began


def workspace(folder: str, model: int) -> Path:
    """A house with an owner and a model's address."""
    Path(folder, "config.toml").write_text(CONFIG.format(model=model, port=0))
    Path(folder, "secrets.toml").touch(0o600)
    return Path(folder)


async def main() -> None:
    """One day."""
    asked: list[str] = []

    async def count(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({}, status=500)
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", count)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    model = runner.addresses[0][1]
    with tempfile.TemporaryDirectory() as folder:
        async with opened(workspace(folder, model), manual_clock=True) as daemon:
            house = House()
            following = asyncio.create_task(daemon.home.follow(house))
            while len(daemon.home.devices) < DEVICES:  # noqa: ASYNC110  # a turn or two of the loop
                await asyncio.sleep(0)
            await plan(daemon)
            house.lives(0)
            await asyncio.sleep(3.0)  # until what is warmed after the start is warm
            used = processor()
            await asyncio.sleep(IDLE)
            idling = (processor() - used) / IDLE
            spent = await day(daemon, house)
            letters = await daemon.store.all("letters_open") + await daemon.store.all("letters_dead")
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    await runner.cleanup()
    share = idling + spent / 86400
    print(json.dumps({"benchmark": "heartbeat", "devices": DEVICES, "simulated_hours": DAY / 60,
                      "readings": DEVICES * DAY, "model_calls": len(asked), "messages": len(letters),
                      "cpu_s_of_the_day": round(spent, 1), "idle_percent_of_a_core": round(idling * 100, 3),
                      "percent_of_a_core": round(share * 100, 3), "aim_percent": 1.0,
                      "ratio_to_aim": round(share * 100 / 1.0, 3)}), flush=True)


asyncio.run(main())
