"""Tuning on labelled clips: better on all of them together, or nothing changes."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dobby.eyes.change import Tuning
from dobby.eyes.tune import Clip, frames, search, told

WIDE, HIGH, RATE = 320, 180, 5


def ground(seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.uniform(60, 190, (HIGH, WIDE)).astype(np.float32), (0, 0), 2.0)
    place: NDArray[np.float32] = (128 + (soft - soft.mean()) * 3).astype(np.float32)
    return place


def film(path: Path, seed: int, size: int, seconds: float = 9.0) -> Path:
    """Somebody (a dark box with a light head) walks through a textured place after 6 s."""
    rng, place = np.random.default_rng(seed + 100), ground(seed)
    with av.open(str(path), "w", format="matroska") as file:
        stream: Any = file.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt, stream.options = WIDE, HIGH, "yuv420p", {"preset": "ultrafast"}
        for number in range(int((6 + seconds) * RATE)):
            picture = place.copy()
            at = number / RATE - 6.0
            if at > 0 and size:
                x, foot = int(WIDE * (0.1 + 0.8 * at / seconds)), 150
                cv2.rectangle(picture, (x, foot - size), (x + size // 3, foot), 20.0, -1)
                cv2.rectangle(picture, (x, foot - size), (x + size // 3, foot - size * 3 // 4), 235.0, -1)
            picture += rng.normal(0, 2.0, picture.shape).astype(np.float32)
            gray = np.clip(picture, 0, 255).astype(np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="gray")))
        file.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clip]:
    folder = tmp_path_factory.mktemp("clips")
    return {"person": Clip(film(folder / "a.mkv", 1, 60), real=True),
            "cat": Clip(film(folder / "b.mkv", 2, 16), real=False),
            "nothing": Clip(film(folder / "c.mkv", 3, 0), real=False)}


def test_a_clip_is_read_at_the_pace_it_was_watched(clips: dict[str, Clip]) -> None:
    shots = list(frames(clips["nothing"].path))
    assert len(shots) == 15 * RATE
    assert shots[0].luma().shape == (HIGH, WIDE)


def test_what_cannot_be_read_has_no_frames(tmp_path: Path) -> None:
    (tmp_path / "x.mkv").write_bytes(b"rubbish")
    assert list(frames(tmp_path / "x.mkv")) == []
    assert list(frames(tmp_path / "none.mkv")) == []


def test_the_search_silences_what_was_a_false_alarm_and_stays_awake_for_people(clips: dict[str, Clip]) -> None:
    usual = Tuning(sensitivity=1.0)
    assert told(clips["person"], usual, ())
    assert told(clips["cat"], usual, ())
    tuned = search([clips["person"], clips["cat"]], usual, (), lambda: False)
    assert (tuned.before, tuned.after, tuned.of) == (1, 2, 2)
    assert told(clips["person"], tuned.tuning, ())
    assert not told(clips["cat"], tuned.tuning, ())


def test_nothing_changes_where_nothing_gets_better(clips: dict[str, Clip]) -> None:
    contrary = [clips["person"], Clip(clips["person"].path, real=False)]
    tries = iter(range(20))
    tuned = search(contrary, Tuning(), (), lambda: next(tries, None) is None)
    assert tuned.tuning == Tuning()
    assert (tuned.before, tuned.after) == (1, 1)
    assert search([clips["cat"]], Tuning(), (), lambda: True).tuning == Tuning()


@pytest.mark.anyio
async def test_the_process_takes_a_task_and_gives_what_changed(clips: dict[str, Clip]) -> None:
    task = {"clips": [{"path": str(one.path), "real": one.real} for one in (clips["person"], clips["cat"])],
            "tuning": {"sensitivity": 1.0}, "zones": [], "seconds": 60}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dobby.eyes.tune", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate(json.dumps(task).encode())
    found = json.loads(answer)
    assert (found["before"], found["after"]) == (1, 2)
    assert found["changed"]
