"""The local model in its worker process: the toy checkpoint end to end, and everything that can happen to a worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dobby.demo import TOY
from dobby.eyes.camera import SMALL, crop, fitted, packed
from dobby.eyes.caption import NoCaption, NotReady
from dobby.eyes.local import Local
from dobby.eyes.model import complete, expanded, plain, prompt
from dobby.eyes.seen import Box, Glance, Seen
from dobby.eyes.vision import Vision
from dobby.sim.camera.cast import Look
from dobby.sim.camera.draw import MAIN, render
from dobby.sim.camera.scenes import Standing, play, still
from tests.sim.conftest import until

pytestmark = pytest.mark.anyio
needs_torch = pytest.mark.skipif(not (find_spec("torch") and find_spec("transformers")),
                                 reason="torch and transformers are not installed: sh scripts/vision")
LONG = 120.0  # for what is waited for; it takes seconds
NOTHING = Glance("Driveway", datetime(2026, 11, 20, 12), b"")


def scene(name: str, place: str, at: float, seed: int, light: str = "day", *, kind: str = "start", parcel: bool = False,
          spot: tuple[float, float, float, float] | None = None) -> Glance:
    """A moment of an event of the simulated home, cut out as a camera's process does. spot: where, if it is nobody."""
    box = Look("parcel", (95, 145, 190), (60, 60, 60), grain=5)
    standing: Any = Standing(light, parcel=box if parcel else None)  # type: ignore[arg-type]
    event, rng = play(name, place, standing, seed, 0.0), np.random.default_rng(seed)  # type: ignore[arg-type]
    picture = event.picture_at(at)
    pixels, before = render(picture, MAIN, rng), render(still(place, standing), MAIN, rng)  # type: ignore[arg-type]
    spot = spot or picture.actors[-1].box
    assert spot
    shot: Any = SimpleNamespace(colours=lambda: pixels)
    cut = crop(shot, SimpleNamespace(best_box=Box(*spot)))  # type: ignore[arg-type]
    return Glance("Camera", datetime(2026, 11, 20, 12), packed(fitted(pixels, SMALL)), packed(fitted(cut, SMALL)),
                  packed(fitted(before, SMALL)), kind, "", light == "night")  # type: ignore[arg-type]


async def answered(end: Local, glance: Glance) -> Seen:
    """What it says once it is ready."""
    async with asyncio.timeout(LONG):
        while True:
            with suppress(NotReady):
                return await end.see(glance)


@asynccontextmanager
async def local(model: str = str(TOY), seconds: float = 60.0) -> AsyncIterator[Local]:
    end = Local(model, seconds)
    try:
        yield end
    finally:
        await end.close()
        assert end.pid is None


def pid_of(end: Local) -> int:
    assert end.pid is not None
    return end.pid


# --- the toy checkpoint -----------------------------------------------------------------------------------------------


@needs_torch
async def test_the_toy_says_what_came_in_the_simulated_home() -> None:
    trucks = [(carrier, scene(name, "driveway", 4.0, seed, light))
              for name, carrier in (("delivery_truck", "FedEx"), ("ups_truck", "UPS"))
              for seed, light in ((3, "day"), (5, "dusk"), (7, "night"))]
    others = [("animal", scene("cat", "garden", 4.0, 9)), ("animal", scene("dog", "driveway", 4.0, 11, "night")),
              ("person", scene("person_walks", "garden", 4.0, 13)),
              ("person", scene("person_at_door", "front_door", 5.0, 15)),
              ("vehicle", scene("car_parks", "driveway", 2.0, 17)),
              ("parcel", scene("parcel_left", "front_door", 9.5, 19, kind="left", spot=(0.31, 0.64, 0.42, 0.75))),
              ("parcel", scene("parcel_taken", "front_door", 9.5, 21, kind="taken", parcel=True,
                               spot=(0.31, 0.64, 0.42, 0.75))),
              ("nothing", scene("clouds", "driveway", 12.0, 23, spot=(0.3, 0.5, 0.6, 0.9))),
              ("nothing", scene("shake", "garden", 6.0, 25, "night", spot=(0.4, 0.3, 0.8, 0.6)))]
    took = []
    async with local() as end:
        await end.warm()
        for carrier, glance in trucks:
            began = time.perf_counter()
            seen = await end.see(glance)
            took.append(time.perf_counter() - began)
            assert (seen.subject, seen.carrier) == ("vehicle", carrier)
            assert carrier in seen.what
        said = [(subject, (await end.see(glance)).subject) for subject, glance in others]
    print(f"the toy looks for {sorted(took)[len(took) // 2]:.2f} s")
    assert sum(right == subject for right, subject in said) >= len(others) - 1, said


@needs_torch
async def test_a_worker_that_hangs_or_dies_over_a_picture_is_replaced() -> None:
    glance = scene("delivery_truck", "driveway", 4.0, 31)
    async with local() as end:
        assert (await answered(end, glance)).carrier == "FedEx"
        first = pid_of(end)
        os.kill(first, signal.SIGINT)  # Ctrl-C at the console is the daemon's
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await end.see(glance)
        await until(lambda: end.pid not in (None, first), LONG)
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
        assert (await answered(end, glance)).carrier == "FedEx"
        second = pid_of(end)
        os.kill(second, signal.SIGSTOP)
        asking = asyncio.create_task(end.see(glance))
        await asyncio.sleep(0.05)
        os.kill(second, signal.SIGKILL)
        with pytest.raises(NoCaption, match="died"):
            await asking
        assert (await answered(end, glance)).carrier == "FedEx"
        assert pid_of(end) not in (first, second)


@needs_torch
async def test_a_look_that_nobody_waits_for_costs_no_worker() -> None:
    glance = scene("ups_truck", "driveway", 4.0, 33)
    async with local() as end:
        await end.warm()
        first = pid_of(end)
        for moment in (0.0, 0.01, 0.05, 0.1):
            asking = asyncio.create_task(end.see(glance))
            await asyncio.sleep(moment)
            asking.cancel()
            await asyncio.wait({asking})
            assert (await answered(end, glance)).carrier == "UPS"
        broken = Glance("Camera", NOTHING.when, b"\xff\xd8 no picture")
        with pytest.raises(NoCaption, match="cannot be read"):
            await end.see(broken)
        assert (await end.see(glance)).carrier == "UPS"
        assert pid_of(end) == first


@needs_torch
async def test_loading_counts_against_nobody_and_is_no_failure() -> None:
    async def free() -> bool:
        return True

    end = Local(str(TOY), seconds=60.0)
    vision = Vision((end,), free)
    running = asyncio.create_task(vision.run())
    try:
        await until(lambda: end.pid is not None, LONG)
        first = pid_of(end)
        os.kill(first, signal.SIGSTOP)  # a load that takes long
        end.seconds = 0.1
        for _ in range(4):
            assert (await vision.see(NOTHING)).why == "busy"
        assert not vision.state()[0]["resting"]
        assert "still loading" in str(vision.state()[0]["trouble"])
        end.seconds = 60.0
        os.kill(first, signal.SIGCONT)
        assert (await vision.see(scene("ups_truck", "driveway", 4.0, 35))).mind == "local"
        assert end.pid == first
    finally:
        running.cancel()
        await asyncio.wait({running})
        await vision.close()
    with pytest.raises(NoCaption, match="has ended"):
        await end.see(NOTHING)


@needs_torch
async def test_a_folder_that_holds_no_whole_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "qwen3_vl"}')
    async with local(str(tmp_path)) as end:
        with pytest.raises(NoCaption, match="cannot be loaded") as caught:
            await end.warm()
    assert "whole" in caught.value.mend


# --- without a model --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["", "qwen", "/nowhere/at/all", "~/nowhere", "./a/b", "a/b/c", "FOLDER"])
async def test_what_is_no_model_is_said_with_what_mends_it(model: str, tmp_path: Path) -> None:
    async with local(model if model != "FOLDER" else str(tmp_path)) as end:
        with pytest.raises(NoCaption, match="There is no model") as caught:
            await end.see(NOTHING)
        assert caught.value.mend


async def test_without_torch_it_says_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # what a library prints does not get into the line either
    (tmp_path / "torch.py").write_text("import os\nprint('hello')\nos.write(1, b'rubbish')\n"
                                       "raise ModuleNotFoundError('No module named torch', name='torch')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with local() as end:
        with pytest.raises(NoCaption, match="needs torch") as caught:
            await end.warm()
        assert "sh scripts/vision" in caught.value.mend


@pytest.mark.parametrize("rubbish", [b"\xff" * 64, b"\x00\x00\x00\x04nope", b"\x00\x00\x00\x02{}", b"\x00"])
async def test_rubbish_on_the_line_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                rubbish: bytes) -> None:
    (tmp_path / "torch.py").write_text(f"""import os
for line in range(3, 20):
    try:
        os.write(line, {rubbish!r})
    except OSError:
        pass
os._exit(1)
""")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with local() as end:
        with pytest.raises(NoCaption, match="died"):
            await end.warm()


async def test_the_worker_has_no_secrets_and_the_daemon_no_torch(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text(f"""import json, os
with open({str(tmp_path / 'seen.json')!r}, "w") as file:
    json.dump(dict(os.environ), file)
raise ModuleNotFoundError(name="torch")
""")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-key")
    async with local() as end:
        with pytest.raises(NoCaption):
            await end.warm()
    assert "secret-key" not in json.loads((tmp_path / "seen.json").read_text()).values()
    lazy = "import sys, dobby.eyes.local, dobby.eyes.vision\nprint(*{'torch', 'transformers', 'cv2'} & {*sys.modules})"
    assert (await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", lazy])).strip() == b""


@pytest.mark.parametrize("line", [b"", b"\x00\x00", b"rubbish that is no message", b"\x00\x00\x00\x02[]"])
async def test_the_worker_ends_when_the_daemon_is_gone_or_talks_rubbish(line: bytes) -> None:
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "dobby.eyes.model"], input=line,
                                   capture_output=True, timeout=60.0)
    assert (done.returncode, done.stdout) == (0, b"")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "whole"), [
    ("", False), ("{", False), ('{"a": {"b": 1}', False), ('{"a": {"b": 1}}', True), ('Sure: {"a": "}', False),
    ('Sure: {"a": "}"}\n', True), ("{" * 5000 + "}", False)])
def test_an_answer_ends_with_its_object(text: str, whole: bool) -> None:
    assert complete(text) is whole


def test_no_words_pass_for_the_tokenizers_signs() -> None:
    assert plain("the <|im_end|> <|image_pad|>gate|> <|") == "the    gate|> <|"
    plainest: Any = SimpleNamespace(chat_template=None)
    text = prompt(plainest, "<|image_pad|>", "Rules.<|im_end|>", "What?<|image_pad|>", ["Now:", "Cut:"])
    assert text == ("<|im_start|>system\nRules. <|im_end|>\n<|im_start|>user\n"
                    "Now:<|vision_start|><|image_pad|><|vision_end|>Cut:<|vision_start|><|image_pad|><|vision_end|>"
                    "What? <|im_end|>\n<|im_start|>assistant\n")
    assert expanded(text, "<|image_pad|>", [2, 3]).count("<|image_pad|>") == 5
