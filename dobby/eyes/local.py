"""A vision model in a process of Dobby's own (see dobby/eyes/model.py): asked over a pipe, killed when it hangs.

generate() cannot be cancelled, so a deadline is a kill; the next glance starts the worker anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from dobby.eyes.caption import NoCaption, parse, pictures, request, rules
from dobby.eyes.line import LENGTH, LineBroken, decode_head, encode, head_size
from dobby.eyes.seen import Glance, Seen

START_LIMIT = 180.0  # seconds for loading a model, which may be gigabytes
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH", "HOME", "HF_HOME",
                  "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES")


class Local:
    """A model on this machine. model: a name on the hub or a folder."""

    name = "local"
    leaves = False

    def __init__(self, model: str, seconds: float = 20.0) -> None:
        self._model, self.seconds = model, seconds
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    async def warm(self) -> None:
        """Start the worker and have it load the model; NoCaption when it cannot."""
        await self._worker()

    async def see(self, glance: Glance) -> Seen:
        """Ask the model. Cancelled (its time is over) or broken, the worker is killed."""
        worker = await self._worker()
        shown = pictures(glance)
        head = {"type": "see", "rules": rules(glance), "request": request(glance), "labels": [s.label for s in shown],
                "seconds": self.seconds}
        try:
            answer = await _asked(worker, head, [one.jpeg for one in shown])
        except BaseException:  # whatever ended it, the worker's state is unknown now
            await self._kill()
            raise
        if "error" in answer:
            raise NoCaption(str(answer["error"]))
        return parse(str(answer.get("text", "")))

    async def _worker(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                environment = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "dobby.eyes.model", stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE, env=environment)
                try:
                    async with asyncio.timeout(START_LIMIT):
                        answer = await _asked(self._process, {"type": "load", "model": self._model}, [])
                except BaseException:  # not loaded, for whatever reason: not left behind half-way
                    await self._kill()
                    raise
                if "error" in answer:
                    await self._kill()
                    raise NoCaption(str(answer["error"]), str(answer.get("mend", "")))
            return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """End the worker."""
        await self._kill()


async def _asked(process: asyncio.subprocess.Process, head: Mapping[str, Any], blobs: list[bytes]) -> dict[str, Any]:
    """One question to the worker and its answer; NoCaption when it dies over it."""
    if process.stdin is None or process.stdout is None:
        raise NoCaption("The vision worker has no line.")
    try:
        process.stdin.write(encode(head, blobs))
        await process.stdin.drain()
        size = head_size(await process.stdout.readexactly(LENGTH.size))
        answer, _ = decode_head(await process.stdout.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError, LineBroken):
        raise NoCaption("The vision worker died over it.") from None
    return answer
