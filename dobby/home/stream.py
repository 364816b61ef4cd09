"""One stream of readings out of push and poll, for drivers: fetches when push is silent, and hurries after a send.

A driver gives `fetch(device id or None for all)`; what the device says by itself is put in with `push`. After
`sent(command)` the device is fetched again and again, soon, until a reading shows the value or the eagerness ends; a
push that shows it saves the fetch. A fetch is stamped with the time it began, so an answer that was already under way
never proves a later command.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace

from dobby.errors import DeviceError, Unreachable
from dobby.home.device import Command, Device, Reading
from dobby.home.traits import Trait
from dobby.tasks import ended

EAGER = (0.05, 0.15, 0.35, 0.7, 1.4, 2.6, 4.0)  # seconds after a send to ask the device, until it shows the value

Fetch = Callable[[str | None], Awaitable[Iterable[Reading]]]


class Stream:
    """Readings of one link, pushed or fetched, in one queue."""

    def __init__(self, fetch: Fetch, *, poll: float, timeout: float) -> None:
        """poll: seconds between fetches of everything (and the heartbeat of the line); timeout: patience with one."""
        self._fetch, self._poll, self._timeout = fetch, poll, timeout
        self._queue: asyncio.Queue[Device | Reading | DeviceError] = asyncio.Queue()
        self._eager: set[asyncio.Task[None]] = set()
        self._pushed: dict[tuple[str, str], Reading] = {}
        self._now = asyncio.Event()
        self._open = False

    def push(self, item: Device | Reading) -> None:
        """A reading that the device sent by itself, or a device that is new or looks different now."""
        if isinstance(item, Reading):
            self._pushed[item.device, item.trait] = item
        self._queue.put_nowait(item)

    def hurry(self) -> None:
        """Something happened that push did not tell in full: fetch everything now."""
        self._now.set()

    def broken(self, error: DeviceError) -> None:
        """The line is lost: `readings` raises this."""
        self._queue.put_nowait(error)

    def sent(self, command: Command, trait: Trait | None) -> None:
        """A command left: look at the device soon and often until it shows the value (while somebody reads)."""
        if not self._open:
            return
        task = asyncio.get_running_loop().create_task(self._look(command, trait))
        self._eager.add(task)
        task.add_done_callback(self._eager.discard)

    async def _look(self, command: Command, trait: Trait | None) -> None:
        began = time.monotonic()
        for wait in EAGER:
            await asyncio.sleep(max(0.0, began + wait - time.monotonic()))
            pushed = self._pushed.get((command.device, command.trait))
            if pushed is not None and pushed.tick >= began and trait is not None and trait.shows(command.value,
                                                                                                pushed.value):
                return
            with contextlib.suppress(DeviceError, TimeoutError):
                readings = await self._fetched(command.device)
                if any(r.trait == command.trait and trait is not None and trait.shows(command.value, r.value)
                       for r in readings):
                    return

    async def _fetched(self, device: str | None) -> list[Reading]:
        tick = time.monotonic()
        async with asyncio.timeout(self._timeout):
            readings = [replace(reading, tick=tick) for reading in await self._fetch(device)]
        for reading in readings:
            self._queue.put_nowait(reading)
        return readings

    async def readings(self, devices: Iterable[Device] = ()) -> AsyncIterator[Device | Reading]:
        """The devices, then every reading; raises DeviceError when a fetch of everything fails or the line broke."""
        for device in devices:
            yield device
        self._open = True
        poller = asyncio.create_task(self._keep_polling())
        try:
            while True:
                item = await self._queue.get()
                if isinstance(item, DeviceError):
                    raise item
                yield item
        finally:
            self._open = False
            await ended(poller, *self._eager)

    async def _keep_polling(self) -> None:
        while True:
            try:
                await self._fetched(None)
            except DeviceError as error:
                self.broken(error)
                return
            except TimeoutError:
                self.broken(Unreachable("It did not answer in time."))
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._now.wait()
            self._now.clear()
