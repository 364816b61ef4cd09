"""`/camera` on the control port: what can be played, what is playing, and playing it."""

import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from ..control import Json, Wrong, read_json
from ..things import nearest
from .camera import Wish, a_seed, iso
from .onvif import Device
from .scenes import EVENTS, Impossible

LONGEST = 3600.0


def describe(device: Device) -> Json:
    """A camera as the ready line and GET /camera show it; the password is CAMERA_PASSWORD of the house."""
    spec = device.camera.spec
    return {
        "key": spec.key,
        "name": spec.name,
        "room": spec.room,
        "serial": device.camera.serial,
        "url": f"rtsp://{device.rtsp}/main",
        "sub_url": f"rtsp://{device.rtsp}/sub",
        "onvif": device.at("device_service"),
        "snapshot": f"http://{device.page}/snapshot.jpg",
        "mjpeg": f"http://{device.page}/stream.mjpg",
        "user": device.gate.user,
    }


def add_control(app: web.Application, devices: Sequence[Device]) -> None:
    """Put GET and POST /camera into the control port."""
    by_key = {device.camera.spec.key: device for device in devices}

    async def listed(_request: web.Request) -> web.Response:
        keys = {device.camera.spec.place: key for key, device in by_key.items()}
        events = {
            event.name: {"about": event.about, "cameras": [keys[place] for place in event.places if place in keys],
                         "seconds": event.seconds}
            for event in EVENTS.values()
        }  # fmt: skip
        return web.json_response({"cameras": {key: _shown(one) for key, one in by_key.items()}, "events": events})

    async def wanted(request: web.Request) -> web.Response:
        body = await read_json(request)
        key = body.get("camera")
        if not isinstance(key, str) or key not in by_key:
            raise Wrong(f"no camera '{key}'{nearest(str(key), by_key)}", 404)
        return web.json_response(_play(by_key[key], _wish(body), body.get("queue") is True))

    app.router.add_get("/camera", listed)
    app.router.add_post("/camera", wanted)


def _shown(device: Device) -> Json:
    camera = device.camera
    camera.settle(time.time())
    playing = camera.playing
    viewers = camera.watchers + sum(len(stream.listeners) for stream in device.streams.values())
    return describe(device) | {
        "playing": playing.event if playing else None,
        "until": iso(playing.ends) if playing else None,
        "queued": [wish.event for wish in camera.waiting],
        "viewers": viewers,
    }


def _wish(body: Json) -> Wish:
    name = body.get("event")
    if not isinstance(name, str) or name not in EVENTS:
        raise Wrong(f"no event '{name}'{nearest(str(name), EVENTS)}", 404)
    seed, seconds, carrier = body.get("seed"), body.get("seconds"), body.get("carrier")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise Wrong(f"'seed' is a whole number from 0, not {seed!r}")
    if seconds is not None and not _is_length(seconds):
        raise Wrong(f"'seconds' is a number above 0 and up to {LONGEST:g}, not {seconds!r}")
    if carrier is not None and not isinstance(carrier, str):
        raise Wrong(f"'carrier' is FedEx or UPS, not {carrier!r}")
    return Wish(name, a_seed() if seed is None else seed, None if seconds is None else float(seconds), carrier)


def _is_length(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST


def _play(device: Device, wish: Wish, queue: bool) -> Json:
    camera, now = device.camera, time.time()
    camera.settle(now)
    said: Json = {"camera": camera.spec.key, "event": wish.event, "seed": wish.seed}
    if camera.playing is not None:
        if not queue:
            until = iso(camera.playing.ends)
            raise Wrong(f"{camera.playing.event} is playing on {camera.spec.key} until {until}; wait, or ask with"
                        " 'queue': true", 409)
        camera.waiting.append(wish)
        return said | {"queued": len(camera.waiting), "after": camera.playing.event, "free": iso(camera.playing.ends)}
    try:
        begun = camera.start(wish, now)
    except Impossible as reason:
        raise Wrong(f"{camera.spec.key}: {reason}", 409) from reason
    stops = {"stops": iso(begun.stops)} if begun.stops is not None else {}
    return said | {"began": iso(begun.began), **stops, "ends": iso(begun.ends)}
