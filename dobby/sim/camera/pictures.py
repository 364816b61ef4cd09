"""The camera's web server: a JPEG when asked and a stream of JPEGs, with the same user as RTSP."""

import asyncio
import time
from typing import Any

from aiohttp import web

from ..things import Thing, rubbish, wait_while_slow
from .auth import Gate
from .camera import Camera, View
from .stream import Studio

MJPEG_RATE = 5
BOUNDARY = "picture"
MAIN, SUB = (1280, 720), (640, 360)


def add_pictures(app: web.Application, camera: Camera, thing: Thing, gate: Gate, studio: Studio) -> None:
    """Put /snapshot.jpg and /stream.mjpg into the camera's web application."""

    async def jpeg(size: tuple[int, int]) -> bytes:
        view = camera.view(time.time())
        return await studio(_jpeg, view, (int(size[0] * view.scale), int(size[1] * view.scale)))

    async def snapshot(request: web.Request) -> web.StreamResponse:
        await wait_while_slow(thing)
        if thing.has("garbage"):
            return web.Response(body=rubbish(), content_type="image/jpeg")
        if refusal := refused(request, thing, gate):
            return refusal
        return web.Response(body=await jpeg(MAIN), content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def stream(request: web.Request) -> web.StreamResponse:
        await wait_while_slow(thing)
        if refusal := refused(request, thing, gate):
            return refusal
        answer = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}"})
        await answer.prepare(request)
        camera.watchers += 1
        try:
            while not thing.has("refuses"):
                await wait_while_slow(thing)
                body = rubbish() if thing.has("garbage") else await jpeg(SUB)
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
                await answer.write(head.encode() + body + b"\r\n")
                await asyncio.sleep(1 / MJPEG_RATE)
        except ConnectionError:
            pass  # the viewer has gone
        finally:
            camera.watchers -= 1
        return answer

    app.router.add_get("/snapshot.jpg", snapshot)
    app.router.add_get("/stream.mjpg", stream)


def refused(request: web.Request, thing: Thing, gate: Gate) -> web.Response | None:
    """401 with its challenges for who may not look, or when the camera refuses everybody."""
    if gate.lets_in(request.headers.get("Authorization"), request.method) and not thing.has("refuses"):
        return None
    answer = web.Response(status=401, text="Unauthorized")
    for challenge in gate.challenges(basic=True):
        answer.headers.add("WWW-Authenticate", challenge)
    return answer


def _jpeg(view: View, size: tuple[int, int]) -> Any:
    # late, and in the cameras' own thread: OpenCV loads when the first picture is asked for
    from .encode import jpeg_of

    return jpeg_of(view, size)
