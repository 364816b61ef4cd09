"""The simulated cameras, judged by clients that are not ours: FFmpeg through PyAV, OpenCV and ffprobe, and aiohttp."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import pytest

from dobby.sim.house import CAMERA_PASSWORD, CAMERA_USER

from .conftest import Sim, start, stop, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed", "daylight")]

# what makes FFmpeg show the first picture at once: it does not need twenty of them to guess the rate
AT_ONCE = {"rtsp_transport": "tcp", "fpsprobesize": "0", "analyzeduration": "200000"}
PATIENCE = 8.0


@pytest.fixture
async def daylight(sim: Sim, anyio_backend: str) -> None:
    """Waits until nothing plays on any camera, and makes it day."""

    async def quiet() -> bool:
        return not any(one["playing"] for one in (await sim.ask("GET", "/camera"))["cameras"].values())

    await until(quiet, 15)
    for key in ("driveway", "door_camera", "garden"):
        await sim.set(key, night=False)


def url(sim: Sim, key: str, which: str = "sub_url", password: str = CAMERA_PASSWORD) -> str:
    """A stream's address with user and password."""
    one = next(camera for camera in sim.ready["cameras"] if camera["key"] == key)
    return str(one[which]).replace("rtsp://", f"rtsp://{CAMERA_USER}:{password}@")


def http(sim: Sim, key: str, what: str) -> str:
    """A page of a camera."""
    return str(next(camera for camera in sim.ready["cameras"] if camera["key"] == key)[what])


def frames(address: str, seconds: float = PATIENCE) -> Iterator[tuple[float, Any]]:
    """(time of the picture in Unix time, grey picture) until the stream ends or the time is over."""
    deadline = time.monotonic() + seconds
    with av.open(address, options=AT_ONCE, timeout=3.0) as stream:
        began = (stream.start_time_realtime or 0) / 1e6 if hasattr(stream, "start_time_realtime") else 0.0
        for packet in stream.demux(video=0):
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                decoded = []
            for frame in decoded:
                yield began + (frame.time or 0.0), frame.to_ndarray(format="gray")
            if time.monotonic() > deadline:
                return


def first(address: str, wanted: Callable[[Any], bool] = lambda _frame: True) -> Any:
    """The first picture that is as wanted."""
    for _at, frame in frames(address):
        if wanted(frame):
            return frame
    raise AssertionError(f"no such picture within {PATIENCE} s")


async def play(sim: Sim, camera: str, event: str, **more: Any) -> Any:
    """POST /camera, which must succeed."""
    answer = await sim.ask("POST", "/camera", {"camera": camera, "event": event} | more)
    assert "error" not in answer, answer
    return answer


@pytest.mark.parametrize(("which", "size", "rate"), [("url", (1280, 720), "10/1"), ("sub_url", (640, 360), "5/1")])
async def test_ffprobe_accepts_it(sim: Sim, which: str, size: tuple[int, int], rate: str) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe here")
    options = [word for name, value in AT_ONCE.items() for word in (f"-{name}", value)]
    command = ["ffprobe", "-v", "error", *options, "-show_streams", "-of", "json", url(sim, "garden", which)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    (stream,) = json.loads(done.stdout)["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", *size)
    assert stream["r_frame_rate"] == rate


async def test_opencv_plays_it(sim: Sim) -> None:
    def read() -> list[Any]:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 9000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
        capture = cv2.VideoCapture(url(sim, "garden", "url"), cv2.CAP_FFMPEG, limits)
        try:
            return [capture.read() for _ in range(5)]
        finally:
            capture.release()

    assert [(good, frame.shape) for good, frame in await asyncio.to_thread(read)] == [(True, (720, 1280, 3))] * 5


async def test_time_goes_on_and_noise_is_alive(sim: Sim) -> None:
    def read() -> list[tuple[float, Any]]:
        seen = frames(url(sim, "driveway"))
        return [next(seen) for _ in range(6)]

    pictures = await asyncio.to_thread(read)
    steps = np.diff([at for at, _ in pictures])
    assert np.allclose(steps, 0.2, atol=0.1)
    for (_, one), (_, other) in itertools.pairwise(pictures):
        assert 0.2 < np.abs(one.astype(int) - other).mean() < 8


async def test_what_is_shown_when_nothing_happens_is_shown_again(sim: Sim) -> None:
    def read() -> list[bytes]:
        with av.open(url(sim, "door_camera"), options=AT_ONCE, timeout=3.0) as stream:
            return [bytes(packet) for packet, _ in zip(stream.demux(video=0), range(23), strict=False)]

    packets = await asyncio.to_thread(read)
    assert packets[20:23] == packets[:3]
    assert len(set(packets)) == 20


async def test_a_truck_comes_and_the_truth_knows_it(sim: Sim) -> None:
    said = await play(sim, "driveway", "delivery_truck", seed=9, seconds=5)
    assert said["began"] < said["stops"] < said["ends"]

    async def stopped() -> bool:
        state = await sim.state_of("driveway")
        return [(one["carrier"], one["moving"]) for one in state["on_screen"]] == [("FedEx", False)]

    await until(stopped)
    (truck,) = (await sim.state_of("driveway"))["on_screen"]
    left, top, right, bottom = truck["box"]

    def white(frame: Any) -> bool:
        height, width = frame.shape
        crop = frame[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
        return float((crop > 190).mean()) > 0.3

    assert truck["what"] == "vehicle"
    await asyncio.to_thread(first, url(sim, "driveway", "url"), white)
    again = await sim.ask("POST", "/camera", {"camera": "driveway", "event": "cat"})
    assert "delivery_truck is playing" in again["error"]
    entry = (await sim.state_of("driveway"))["history"][-1]
    assert entry == entry | {"event": "delivery_truck", "carrier": "FedEx", "what": ["vehicle"], "from": said["began"]}


async def test_events_can_queue_and_impossible_ones_are_refused(sim: Sim) -> None:
    refused = await sim.ask("POST", "/camera", {"camera": "door_camera", "event": "parcel_taken"})
    assert "no parcel" in refused["error"]
    await play(sim, "door_camera", "parcel_left", seconds=0.4)
    assert (await play(sim, "door_camera", "parcel_taken", seconds=0.4, queue=True))["queued"] == 1

    async def both() -> bool:
        state = await sim.state_of("door_camera")
        return state["event"] is None and [one["event"] for one in state["history"][-2:]] == [
            "parcel_left", "parcel_taken"]

    await until(both)
    assert (await sim.state_of("door_camera"))["on_screen"] == []


async def test_wrong_wishes_are_errors(sim: Sim) -> None:
    for body, word in (
        ({"camera": "cellar", "event": "cat"}, "no camera"), ({"camera": "garden", "event": "elephant"}, "no event"),
        ({"camera": "garden", "event": "delivery_truck"}, "cannot be played here"),
        ({"camera": "garden", "event": "cat", "seconds": 0}, "seconds"),
        ({"camera": "garden", "event": "cat", "seed": "x"}, "seed"),
        ({"camera": "garden", "event": "cat", "carrier": "UPS"}, "no carrier"),
    ):
        assert word in (await sim.ask("POST", "/camera", body))["error"]
    listed = await sim.ask("GET", "/camera")
    assert listed["events"]["delivery_truck"]["cameras"] == ["driveway"]
    assert listed["cameras"]["garden"]["room"] == "Garden"


async def test_a_wrong_password_sees_nothing(sim: Sim) -> None:
    def look() -> None:
        with av.open(url(sim, "garden", password="guess"), options=AT_ONCE, timeout=3.0):
            pass

    with pytest.raises(av.error.HTTPUnauthorizedError):
        await asyncio.to_thread(look)
    async with aiohttp.ClientSession() as session:
        for path in ("snapshot", "mjpeg"):
            wrong = aiohttp.DigestAuthMiddleware(CAMERA_USER, "guess")
            async with session.get(http(sim, "garden", path), middlewares=(wrong,)) as answer:
                assert answer.status == 401


async def test_snapshot_and_motion_jpeg(sim: Sim) -> None:
    digest = aiohttp.DigestAuthMiddleware(CAMERA_USER, CAMERA_PASSWORD)
    basic = {"Authorization": aiohttp.encode_basic_auth(CAMERA_USER, CAMERA_PASSWORD)}
    async with aiohttp.ClientSession() as session:
        async with session.get(http(sim, "garden", "snapshot"), middlewares=(digest,)) as answer:
            picture = cv2.imdecode(np.frombuffer(await answer.read(), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (720, 1280, 3)
        async with session.get(http(sim, "garden", "mjpeg"), headers=basic) as answer:
            reader = aiohttp.MultipartReader.from_response(answer)
            for _ in range(3):
                part = await reader.next()
                assert isinstance(part, aiohttp.BodyPartReader)
                image = cv2.imdecode(np.frombuffer(await part.read(), np.uint8), cv2.IMREAD_COLOR)
                assert image is not None
                assert image.shape == (360, 640, 3)


async def test_night_is_grey_and_day_comes_back(sim: Sim) -> None:
    def grey() -> bool:
        with av.open(url(sim, "garden"), options=AT_ONCE, timeout=3.0) as stream:
            picture = next(stream.decode(video=0)).to_ndarray(format="bgr24").astype(int)
        return float(np.abs(picture[..., 0] - picture[..., 1]).mean()) < 4

    assert not await asyncio.to_thread(grey)
    await play(sim, "garden", "night", seconds=0.1)
    assert (await sim.state_of("garden"))["night"]
    assert await asyncio.to_thread(grey)


async def test_nobody_watching_costs_nothing_and_what_stays_survives(tmp_path: Path, anyio_backend: str) -> None:
    home = await asyncio.to_thread(start, tmp_path)
    try:
        await play(home, "door_camera", "parcel_left", seconds=0.1)

        async def over() -> bool:
            return (await home.state_of("door_camera"))["event"] is None

        await until(over)
        maps = Path(f"/proc/{home.ready['pid']}/maps")
        loaded = await asyncio.to_thread(lambda: maps.read_text() if maps.exists() else "")
        assert not [word for word in ("libx264", "libavcodec", "cv2.abi3", "_multiarray_umath") if word in loaded]
    finally:
        await asyncio.to_thread(stop, home)
    again = await asyncio.to_thread(start, tmp_path, "--no-cameras")
    assert again.ready["cameras"] == []
    assert "door_camera" not in (await again.ask("GET", "/truth"))["devices"]
    await asyncio.to_thread(stop, again)
    third = await asyncio.to_thread(start, tmp_path)
    try:
        (parcel,) = (await third.state_of("door_camera"))["on_screen"]
        assert (parcel["what"], parcel["moving"]) == ("parcel", False)
    finally:
        await asyncio.to_thread(stop, third)
