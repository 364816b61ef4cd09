"""A vision model in a process of Dobby's own (see dobby/eyes/model.py): asked over a pipe, killed when it hangs.

Loading goes on in the background and counts against nobody's seconds: who asks meanwhile waits a moment, then hears
that it is still loading. generate() cannot be cancelled from outside: a worker that does not answer soon after nobody
waits for it any more is killed, which gives its memory back, and a new one loads.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from dobby.children import bare_environment
from dobby.eyes.caption import NoCaption, NotReady, parse, pictures, request, rules
from dobby.eyes.line import LineBroken, encode, receive
from dobby.eyes.seen import Glance, Seen

LOAD_LIMIT = 1800.0  # seconds for loading a model: gigabytes, and fetched when it is named for the first time
PATIENCE = 0.5  # of a glance's seconds are waited for a model that is still loading
GRACE = 1.0  # seconds that a worker has to end what nobody waits for any more
MODEL_VARIABLES = ("HOME", "HF_HOME", "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES")  # where models lie, and what runs them
Worker = asyncio.subprocess.Process


class Local:
    """A model on this machine. model: a name on the hub or a folder."""

    name = "local"
    leaves = False

    def __init__(self, model: str, seconds: float = 20.0) -> None:
        self._model, self.seconds = model, seconds
        self._worker: Worker | None = None
        self._readying: asyncio.Task[Worker] | None = None
        self._one = asyncio.Lock()  # one question on the line at a time
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The worker's process, None when there is none."""
        return self._worker.pid if self._worker is not None and self._worker.returncode is None else None

    async def warm(self) -> None:
        """Have the model loaded; NoCaption when it cannot be."""
        await self._within(None)

    async def see(self, glance: Glance) -> Seen:
        """Ask the model; NotReady while it loads, NoCaption when it does not answer sensibly."""
        until = time.monotonic() + self.seconds
        async with self._one:
            answer = await self._answer(glance, until)
        if "error" in answer:
            raise NoCaption(str(answer["error"]), str(answer.get("mend", "")))
        return parse(str(answer.get("text", "")))

    async def _answer(self, glance: Glance, until: float) -> Mapping[str, Any]:
        worker = await self._within(self.seconds * PATIENCE)
        shown = pictures(glance)
        head = {"type": "see", "rules": rules(glance), "request": request(glance), "labels": [s.label for s in shown],
                "seconds": max(0.0, until - time.monotonic())}
        try:
            return await _asked(worker, head, [one.jpeg for one in shown])
        except asyncio.CancelledError:
            self._ready_again(worker, GRACE)
            raise
        except NoCaption:  # it died, or what it says is no message: nothing that it says later can be trusted
            self._ready_again(worker, 0.0)
            raise

    async def close(self) -> None:
        """End the worker."""
        self._closed = True
        if self._readying is not None:
            self._readying.cancel()
            await asyncio.wait({self._readying})
        if self._worker is not None:
            await _kill(self._worker)

    async def _within(self, seconds: float | None) -> Worker:
        """A worker that waits for a question; NotReady when there is none within the seconds (None: however long)."""
        task = self._readying
        if self._closed:
            raise NoCaption("The vision worker has ended.")
        if task is None or (task.done() and not _well(task)):
            task = self._getting_ready(None, 0.0)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise NotReady(f"The vision model {self._model} is still loading.",
                           "A large one takes minutes, longer when it is fetched for the first time.")
        if task.cancelled():
            raise NoCaption("The vision worker has ended.")
        return task.result()

    def _ready_again(self, worker: Worker, grace: float) -> None:
        if not self._closed:
            self._getting_ready(worker, grace)

    def _getting_ready(self, old: Worker | None, grace: float) -> asyncio.Task[Worker]:
        self._readying = asyncio.create_task(self._ready(old, grace))
        self._readying.add_done_callback(_well)  # its failure is told to who asks; nobody may ask
        return self._readying

    async def _ready(self, old: Worker | None, grace: float) -> Worker:
        """The old worker, if it answers within the grace what it was asked; else a new one, with its model loaded."""
        if old is not None:
            if grace and await _ended(old, grace):
                return old
            await _kill(old)
        worker = self._worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dobby.eyes.model", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=bare_environment(*MODEL_VARIABLES))
        try:
            async with asyncio.timeout(LOAD_LIMIT):
                answer = await _asked(worker, {"type": "load", "model": self._model}, [])
            if "error" in answer:
                raise NoCaption(str(answer["error"]), str(answer.get("mend", "")))
        except TimeoutError:
            await _kill(worker)
            raise NoCaption(f"The vision model {self._model} did not load in time.") from None
        except BaseException:  # not loaded, for whatever reason: not left behind half-way
            await _kill(worker)
            raise
        return worker


def _well(task: asyncio.Task[Worker]) -> bool:
    """Whether a task that is done ended with a worker that lives."""
    return not task.cancelled() and task.exception() is None and task.result().returncode is None


async def _asked(worker: Worker, head: Mapping[str, Any], blobs: Sequence[bytes]) -> Mapping[str, Any]:
    """One question to the worker and its answer; NoCaption when it dies over it or talks rubbish."""
    if worker.stdin is None:
        raise NoCaption("The vision worker has no line.")
    try:
        worker.stdin.write(encode(head, blobs))
        await worker.stdin.drain()
        return await _answer(worker)
    except (asyncio.IncompleteReadError, ConnectionError, LineBroken):
        raise NoCaption("The vision worker died over it.") from None


async def _answer(worker: Worker) -> Mapping[str, Any]:
    if worker.stdout is None:
        raise NoCaption("The vision worker has no line.")
    return (await receive(worker.stdout)).head


async def _ended(worker: Worker, grace: float) -> bool:
    """Tell a worker that nobody waits any more; whether it came to an end with it."""
    try:
        async with asyncio.timeout(grace):
            if worker.stdin is not None:
                worker.stdin.write(encode({"type": "stop"}))
            await _answer(worker)
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, LineBroken):
        return False
    return True


async def _kill(worker: Worker) -> None:
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
    await worker.wait()
