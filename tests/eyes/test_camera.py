"""Cameras as the eyes' process reads them: every kind of source, what breaks, and a server that is not ours."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from dobby.errors import DobbyError
from dobby.eyes.eyes import Eyes, NoPicture, Watched
from dobby.eyes.line import Note
from dobby.sim.house import CAMERA_PASSWORD, CAMERA_USER
from tests.sim.conftest import Sim, start, stop, until

pytestmark = pytest.mark.anyio
PATIENCE = {"down": 1.5, "frozen": 1.5, "dark": 0.8}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sim]:
    """A simulated home for its cameras."""
    running = start(tmp_path_factory.mktemp("street"))
    yield running
    stop(running)


@asynccontextmanager
async def looking(*cameras: Watched) -> AsyncIterator[tuple[Eyes, list[Note]]]:
    """Eyes that look, and what they say."""
    notes: list[Note] = []

    async def heard(note: Note) -> None:
        notes.append(note)

    eyes = Eyes(cameras, heard)
    task = asyncio.create_task(eyes.run())
    try:
        yield eyes, notes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def source(sim: Sim, key: str, name: str, **changes: Any) -> Watched:
    """A camera of the simulated home, read by one of its addresses."""
    camera = next(one for one in sim.ready["cameras"] if one["key"] == key)
    kinds = {"Two": (camera["url"], camera["sub_url"]), "Single": (camera["url"], ""), "Motion": (camera["mjpeg"], ""),
             "Still": (camera["snapshot"], ""), "Onvif": (f"onvif://{urlsplit(camera['onvif']).netloc}", "")}
    url, sub = kinds[name]
    return Watched(name, url, sub, **{"user": CAMERA_USER, "password": CAMERA_PASSWORD, "patience": PATIENCE} | changes)


def said(notes: list[Note], **wanted: object) -> list[Note]:
    """The messages whose heads hold this."""
    return [note for note in notes if all(note.head.get(key) == value for key, value in wanted.items())]


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a picture."""
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels.shape[1], pixels.shape[0]


async def test_every_kind_of_source_shows_the_truck(street: Sim, tmp_path: Path) -> None:
    names = ["Two", "Single", "Motion", "Still", "Onvif"]
    cameras = [source(street, "driveway", name, clips=str(tmp_path)) for name in names]
    async with looking(*cameras) as (eyes, notes):
        await until(lambda: all(said(notes, type="health", camera=name, state="up") for name in names), 30)
        for name in names:
            assert size((await eyes.look(name))[0])[0] >= 640
        await _learned(eyes, "Still", 3)  # the slowest: one picture a second
        begun = await street.ask("POST", "/camera", {"camera": "driveway", "event": "delivery_truck", "seed": 7})
        assert "error" not in begun
        await until(lambda: all(said(notes, type="event", camera=name, phase="picture") for name in names), 20)
        await until(lambda: bool(said(notes, camera="Two", phase="end")), 40)
        for name in names:
            note = said(notes, camera=name, phase="picture")[0]
            full, crop, before, small = note.blobs
            assert size(full) == ((1280, 720) if name in ("Two", "Single", "Onvif", "Still") else (640, 360))
            assert max(size(small)) <= 768
            assert size(before)[0] <= 768
            assert min(size(crop)) >= 16
            left, top, right, bottom = note.head["box"]
            assert 0 <= left < right <= 1, note.head
            assert 0 <= top < bottom <= 1, note.head
            least = 0.02 if name in ("Two", "Single", "Onvif") else 0.0  # of the picture; a still may have but its edge
            assert (right - left) * (bottom - top) > least, (name, note.head)
        clip = said(notes, camera="Two", phase="end")[0].head["clip"]
        assert (tmp_path / clip).stat().st_size > 10_000


async def _learned(eyes: Eyes, name: str = "Two", pictures: int = 8) -> None:
    """Some seconds of nothing, so that every detector knows its place; seen by pictures that follow one another."""
    for _ in range(pictures):
        before = await eyes.look(name)

        async def another(before: tuple[bytes, ...] = before) -> bool:
            return await eyes.look(name) != before
        await until(another)


async def test_no_password_is_said_anywhere(street: Sim, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = source(street, "garden", "Two", password="a-wrong-secret")
    gone = Watched("Gone", "rtsp://127.0.0.1:9/x", user="dobby", password="a-wrong-secret")
    async with looking(wrong, gone) as (eyes, notes):
        await until(lambda: bool(said(notes, camera="Two")) and bool(said(notes, camera="Gone")), 15)
        assert "refuses the name or password" in said(notes, camera="Two")[0].head["text"]
        assert "takes no connection" in said(notes, camera="Gone")[0].head["text"]
        with pytest.raises(NoPicture):
            await eyes.look("Gone")
    assert not any("a-wrong-secret" in str(note.head) for note in notes)
    captured = capfd.readouterr()
    assert "a-wrong-secret" not in captured.out + captured.err
    assert "a-wrong-secret" not in repr(gone) + repr(eyes.cameras)


@pytest.mark.parametrize(("fault", "state"), [("lies", "frozen"), ("black", "black"), ("dead", "down"),
                                              ("refuses", "down"), ("garbage", "down"), ("slow", "down")])
async def test_what_breaks_is_said_once_and_so_is_its_end(street: Sim, fault: str, state: str) -> None:
    async with looking(source(street, "garden", "Two")) as (_, notes):
        def states() -> list[str]:
            told = [str(note.head["state"]) for note in said(notes, type="health")]
            return [one for at, one in enumerate(told) if at == 0 or told[at - 1] != one]
        await until(lambda: states()[-1:] == ["up"], 20)
        try:
            await street.fault("garden", fault)
            await until(lambda: state in states(), 30)
        finally:
            await street.fault("garden", None)
        await until(lambda: states()[-1] == "up", 30)
        assert states().count(state) == 1


async def test_an_infrared_switch_is_one_note_and_no_event(street: Sim) -> None:
    async with looking(source(street, "garden", "Two")) as (eyes, notes):
        await until(lambda: bool(said(notes, state="up")), 20)
        await _learned(eyes)
        assert "error" not in await street.ask("POST", "/camera", {"camera": "garden", "event": "infrared_switch"})
        await until(lambda: bool(said(notes, type="mode", night=True)), 30)

        async def over() -> bool:
            return not (await street.ask("GET", "/camera"))["cameras"]["garden"]["playing"]
        await until(over, 40)
        assert not said(notes, type="event")
        assert len(said(notes, type="mode")) <= 2


async def test_a_change_of_size_in_the_middle_is_no_event(street: Sim) -> None:
    async with looking(source(street, "garden", "Two")) as (eyes, notes):
        await until(lambda: bool(said(notes, state="up")), 20)
        try:
            await street.fault("garden", "resize")
            await until(_asks(eyes, lambda width: width != 1280), 20)
        finally:
            await street.fault("garden", None)
        await until(_asks(eyes, lambda width: width == 1280), 20)
        assert not said(notes, type="event")


def _asks(eyes: Eyes, fits: Callable[[int], bool]) -> Callable[[], Any]:
    async def look() -> bool:
        try:
            return fits(size((await eyes.look("Two"))[0])[0])
        except NoPicture:
            return False
    return look


async def test_a_child_that_dies_is_an_error_of_run_and_a_new_run_looks_again(street: Sim) -> None:
    notes: list[Note] = []

    async def heard(note: Note) -> None:
        notes.append(note)

    eyes = Eyes([source(street, "garden", "Two")], heard)
    for _ in range(2):
        notes.clear()
        task = asyncio.create_task(eyes.run())
        await until(lambda: bool(said(notes, state="up")), 20)
        assert eyes.pid
        await asyncio.to_thread(subprocess.run, ["kill", "-9", str(eyes.pid)], check=True)
        with pytest.raises(DobbyError):
            await task


async def test_a_server_that_is_not_ours() -> None:
    server = Path(__file__).with_name("gst_server.py")
    known = await asyncio.to_thread(subprocess.run, ["/usr/bin/python3", "-c", "import gi; gi.require_version("
                                    "'GstRtspServer', '1.0'); from gi.repository import GstRtspServer"],
                                    capture_output=True, check=False)
    if known.returncode:
        pytest.skip("no GStreamer RTSP server here (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi)")
    process = await asyncio.create_subprocess_exec("/usr/bin/python3", str(server), stdin=asyncio.subprocess.PIPE,
                                                   stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    assert process.stdin
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        async with looking(Watched("Gst", url)) as (eyes, notes):
            await until(lambda: bool(said(notes, camera="Gst", state="up")), 20)
            assert size((await eyes.look("Gst"))[0]) == (640, 360)
    finally:
        process.stdin.close()
        await process.wait()


def test_the_eyes_cost_a_home_without_cameras_nothing() -> None:
    code = ("import sys, dobby.daemon, dobby.tools, dobby.agent.turn; from dobby.tools import all_tools; all_tools(); "
            "sys.exit(bool({'cv2', 'av', 'numpy', 'torch', 'transformers'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
