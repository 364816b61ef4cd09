"""A process of Dobby's own that is asked over a pipe, one question at a time, and killed when it hangs; the next
question starts a new one. It gets nothing of the daemon's environment but what a program needs to run.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import NoReturn

from dobby.children import bare_environment
from dobby.errors import DobbyError
from dobby.wire.wyoming import DATA_LIMIT, GONE, Event, encode, receive


class NotHeard(DobbyError):
    """The ears (or the mouth) could not do it: why, and what would mend it."""


class Child:
    """The worker of dobby/voice/worker.py. module: what is run, for tests."""

    def __init__(self, module: str = "dobby.voice.worker") -> None:
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._one = asyncio.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Its process, None when there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def ask(self, event: Event, seconds: float) -> Event:
        """One question and its answer; NotHeard when there is none within the seconds, or the answer is an error."""
        async with self._one:
            if self._closed:
                raise NotHeard("The ears are closed.")
            try:
                async with asyncio.timeout(seconds):
                    answer = await self._ask(event)
            except TimeoutError:
                await self._kill()
                raise NotHeard("The ears took too long over it.") from None
            except GONE:
                await self._kill()
                raise NotHeard("The ears broke over it.") from None
            except asyncio.CancelledError:  # its answer would be taken for the next question's
                await asyncio.shield(self._kill())
                raise
        if answer.type == "error":
            raise NotHeard(str(answer.data.get("text", "")), str(answer.data.get("mend", "")))
        return answer

    async def _ask(self, event: Event) -> Event:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                env=bare_environment(), limit=DATA_LIMIT)
        if process.stdin is None or process.stdout is None:
            self._no_line()
        process.stdin.write(encode(event))
        await process.stdin.drain()
        return await receive(process.stdout)

    def _no_line(self) -> NoReturn:
        raise NotHeard("The ears have no line.")

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """End it."""
        self._closed = True
        await self._kill()
