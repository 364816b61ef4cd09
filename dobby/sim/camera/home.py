"""Opens the cameras of a home: RTSP, web and ONVIF for each, and one ear for WS-Discovery."""

from contextlib import AsyncExitStack

from aiohttp import web

from ..door import Door, web_door
from ..house import CAMERA_PASSWORD, CAMERA_USER, CAMERAS, CameraSpec
from ..ids import Ids
from ..net import Plan
from ..store import Store
from ..things import FAULTS, Fault, Thing
from .auth import Gate
from .camera import Camera
from .discovery import Discovery
from .onvif import Device, add_onvif
from .pictures import MAIN, SUB, add_pictures
from .stream import Stream, Studio
from .visitor import RtspServer

OUI = "0a5eca"  # locally administered: no maker's block
MAIN_RATE, SUB_RATE = 10, 5
CAMERA_FAULTS = FAULTS | {"resize", "black"}


async def open_cameras(
    plan: Plan, ids: Ids, store: Store, closing: AsyncExitStack
) -> tuple[list[Door], list[Thing], list[Device]]:
    """Start every camera; what must be closed again is pushed on `closing`, the doors are not."""
    studio = Studio()
    closing.callback(studio.close)
    doors: list[Door] = []
    devices: list[Device] = []
    for number, spec in enumerate(CAMERAS):
        device, pair = _camera(spec, plan, number, ids, store, studio)
        for door in pair:
            await door.open()
        doors += pair
        devices.append(device)
        # an event that ended while nobody looked is remembered
        closing.callback(device.camera.settle)
    discovery = Discovery(plan.network, devices)
    await discovery.open()
    closing.callback(discovery.close)
    return doors, [device.thing for device in devices], devices


def _camera(
    spec: CameraSpec, plan: Plan, number: int, ids: Ids, store: Store, studio: Studio
) -> tuple[Device, list[Door]]:
    camera, section = Camera(spec, ids.mac(OUI, spec.key)), f"camera/{spec.key}"
    if kept := store.get(section):
        camera.remember(kept)
    camera.changed = lambda: store.put(section, camera.remembered())
    thing = Thing(
        spec.key, spec.name, spec.room, "onvif", "camera", camera.serial, camera.truth, camera.hand,
        faults=CAMERA_FAULTS,
    )  # fmt: skip
    gate = Gate(f"Camera {camera.serial}", CAMERA_USER, CAMERA_PASSWORD)
    streams = {
        "/main": Stream(camera, "main", MAIN, MAIN_RATE, studio),
        "/sub": Stream(camera, "sub", SUB, SUB_RATE, studio),
    }
    rtsp = RtspServer(thing, gate, plan.cameras[number], streams)
    device = Device(camera, thing, gate, plan.camera_pages[number], plan.cameras[number], streams, ids.uuid(spec.key))
    app = web.Application()
    add_pictures(app, camera, thing, gate, studio)
    add_onvif(app, device)
    doors = [Door(rtsp, plan.cameras[number]), web_door(app, plan.camera_pages[number])]

    async def faulted(fault: Fault | None) -> None:
        camera.set_fault(fault)
        for door in doors:
            if fault is not None and fault.name == "dead":
                door.cut()
            else:
                await door.open()
        if fault is not None and fault.name == "refuses":
            rtsp.throw_out()

    thing.faulted = faulted
    return device, doors
