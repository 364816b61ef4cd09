"""Opens the whole home, keeps it open until it is told to stop or nobody is left, and closes it."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from .announce import open_announcer
from .camera.control import add_control, describe
from .camera.home import open_cameras
from .camera.onvif import Device
from .control import control_app
from .door import Door, web_door
from .handset.messages import Exchange
from .handset.phone import Phones
from .handset.server import open_twilio
from .homekit import open_home_bridge, open_lock
from .house import HOMEKIT_PIN, MQTT_PASSWORD, MQTT_USER, STRIPS
from .hue.bridge import open_bridge
from .ids import Ids
from .model.server import StandIn
from .mqtt.server import open_mqtt
from .net import Plan, make_plan
from .sonos.server import open_players
from .store import Store
from .wled.server import open_strip

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
TWILIO_SID = "ACsimulated0000000000000000000000"
TWILIO_TOKEN = "simulated-twilio-token"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    claimed: socket.socket
    network: IPv4Network
    state: Path
    webhook: str | None
    model: bool
    ready_json: bool
    linger: float
    cameras: bool = True


async def live(options: Options) -> None:
    """Be the home until SIGTERM or SIGINT, or until parent and visitors are gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = os.getppid()
    async with AsyncExitStack() as closing:
        plan = make_plan(options.claimed, options.network)
        doors, cameras = await open_home(plan, options, closing)
        if options.ready_json:
            sys.stdout.write(json.dumps(ready(plan, options, cameras)) + "\n")
            sys.stdout.flush()
        watch = asyncio.ensure_future(_watch(stop, doors, parent, options.linger))
        await stop.wait()
        watch.cancel()


def ready(plan: Plan, options: Options, cameras: list[Device]) -> dict[str, Any]:
    """The ready line."""
    return {
        "sim": f"http://{plan.control}",
        "network": str(plan.network),
        "twilio": f"http://{plan.twilio}",
        "model": f"http://{plan.model}" if options.model else None,
        "homekit_pin": HOMEKIT_PIN,
        "mqtt_login": f"{MQTT_USER}:{MQTT_PASSWORD}",
        "cameras": [describe(camera) for camera in cameras],
        "pid": os.getpid(),
    }


async def open_home(plan: Plan, options: Options, closing: AsyncExitStack) -> tuple[list[Door], list[Device]]:
    """Start every server; what must be closed again is pushed on `closing`. The doors, and the cameras."""
    store = Store(options.state)
    closing.callback(store.flush)
    ids = Ids(store.get("seed") or f"sim-{plan.number}")
    store.put("seed", ids.seed)
    announcer = open_announcer(plan.mdns)
    closing.push_async_callback(announcer.close)
    opened = await asyncio.gather(
        open_bridge(plan.hue, ids, store, announcer),
        open_lock(plan.lock, ids, store, announcer),
        open_home_bridge(plan.home_bridge, ids, store, announcer),
        open_mqtt(plan.mqtt, ids, store, announcer),
        *(open_strip(s, a, ids, store, announcer) for s, a in zip(STRIPS, plan.wled, strict=True)),
    )
    opened += await open_players(plan.sonos, ids, store, announcer, closing)
    doors = [door for door, _things in opened]
    things = {thing.key: thing for _door, group in opened for thing in group}
    cameras: list[Device] = []
    if options.cameras:
        gates, seen, cameras = await open_cameras(plan, ids, store, closing)
        doors += gates
        things |= {thing.key: thing for thing in seen}
    for door in doors:
        closing.push_async_callback(door.close)
    door, twilio = open_twilio(_exchange(), plan.twilio)
    closing.push_async_callback(twilio.close)
    closing.push_async_callback(door.close)
    await door.open()
    things[twilio.thing.key] = twilio.thing
    app = control_app(things)
    Phones(twilio, options.webhook, f"http://{plan.twilio}").add_routes(app)
    add_control(app, cameras)
    control = web_door(app, plan.control)
    await control.open()
    closing.push_async_callback(control.close)
    if options.model:
        model = web_door(StandIn().app(), plan.model)
        await model.open()
        closing.push_async_callback(model.close)
        doors.append(model)
    return [control, door, *doors], cameras


def _exchange() -> Exchange:
    return Exchange(os.environ.get("SIM_TWILIO_SID", TWILIO_SID), os.environ.get("SIM_TWILIO_TOKEN", TWILIO_TOKEN))


async def _watch(stop: asyncio.Event, doors: list[Door], parent: int, linger: float) -> None:
    """Set `stop` when the parent has gone and nobody has been here for `linger` seconds."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        busy = any(door.connected for door in doors)
        quiet = time.monotonic() - max(door.last_seen for door in doors)
        if os.getppid() != parent and not busy and quiet > linger:
            log.info("nobody is left; the home closes")
            stop.set()
            return
