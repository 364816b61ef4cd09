"""The cameras as the daemon sees them: one child process looks, this end listens and asks for pictures.

The child gets a bare environment and its passwords over its stdin. When it dies, whoever runs `Eyes.run` starts it
again; the daemon and everything else goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dobby.children import bare_environment
from dobby.errors import DobbyError
from dobby.eyes.line import Note, encode, receive
from dobby.eyes.seen import Point, Zone

log = logging.getLogger(__name__)
LOOK_LIMIT = 12.0  # seconds for a picture of now


class NoPicture(DobbyError):
    """There is no picture of now; the text says why."""


@dataclass(slots=True)
class Watched:
    """A camera as it is told to the child, and how it is. state: "starting" until a first word came."""

    name: str
    url: str
    sub_url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    room: str = ""
    zones: tuple[Zone, ...] = ()  # those of the settings
    kept: tuple[Zone, ...] = ()  # parts to ignore that a person named
    tuning: dict[str, float] = field(default_factory=dict)
    patience: dict[str, float] = field(default_factory=dict)
    clips: str = ""
    id: str = ""  # its device id
    make: str = "camera"
    watching: bool = True
    state: str = "starting"
    trouble: str = ""
    busy: bool = False
    night: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the parts of its picture that have one."""
        return tuple(dict.fromkeys(zone.name for zone in self.zones if zone.kind == "watch"))

    def row(self) -> dict[str, Any]:
        """What the child needs to know."""
        return {"name": self.name, "url": self.url, "sub_url": self.sub_url, "user": self.user,
                "password": self.password, "zones": [zone_row(zone) for zone in (*self.zones, *self.kept)],
                "tuning": self.tuning, "patience": self.patience, "clips": self.clips}


def zone_row(zone: Zone) -> dict[str, Any]:
    """A zone as JSON."""
    return {"name": zone.name, "points": [list(point) for point in zone.points], "kind": zone.kind,
            "smallest": zone.smallest}


Heard = Callable[[Note], Awaitable[None]]


class Eyes:
    """All cameras. `heard` is awaited with each message of the child, in order."""

    def __init__(self, cameras: Sequence[Watched], heard: Heard) -> None:
        self.cameras: dict[str, Watched] = {one.name: one for one in cameras}
        self._some = asyncio.Event()
        self._heard = heard
        self._asks = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[bytes, ...]]] = {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The child's process id, 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    async def run(self) -> None:
        """Have the child look, until it dies or this is cancelled. Nothing is started before there is a camera."""
        while not self.cameras:
            self._some.clear()
            await self._some.wait()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dobby.eyes.process", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, env=bare_environment(), limit=1024 * 1024)
        self._process = process
        try:
            self._tell({"type": "open", "cameras": [one.row() for one in self.cameras.values()]})
            await self._listen(process)
        finally:
            self._process = None
            for ask in list(self._waiting.values()):
                if not ask.done():
                    ask.set_exception(NoPicture("The eyes are starting again."))
            await _end(process)
        raise DobbyError(f"The eyes' process ended ({process.returncode}).")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await self._hear(await receive(process.stdout))

    async def _hear(self, note: Note) -> None:
        if note.type != "look":
            try:
                await self._heard(note)
            except (KeyError, TypeError, ValueError):
                log.warning("the eyes said something without sense: %s", note.type)
            return
        ask = self._waiting.pop(int(note.head.get("ask", 0)), None)
        if ask is None or ask.done():
            return
        if note.blobs:
            ask.set_result(note.blobs)
        else:
            ask.set_exception(NoPicture(str(note.head.get("error", "There is none.")), str(note.head.get("mend", ""))))

    def _tell(self, head: Mapping[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise NoPicture("The eyes are not open.")
        self._process.stdin.write(encode(head))

    async def look(self, camera: str, draw: Sequence[Point] = ()) -> tuple[bytes, ...]:
        """A picture of now (JPEG) and a small one, a part of the first marked if its corners are given; NoPicture when
        there is none."""
        number = next(self._asks)
        ask = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._tell({"type": "look", "ask": number, "camera": camera, "draw": [list(point) for point in draw]})
            async with asyncio.timeout(LOOK_LIMIT):
                pictures: tuple[bytes, ...] = await ask
                return pictures
        except TimeoutError:
            raise NoPicture(f"{camera} gives no picture.", "Is the camera switched on?") from None
        finally:
            self._waiting.pop(number, None)

    def add(self, camera: Watched) -> None:
        """Look through one camera more."""
        self.cameras[camera.name] = camera
        self._some.set()
        with contextlib.suppress(NoPicture):
            self._tell({"type": "open", "cameras": [camera.row()]})

    def again(self) -> None:
        """End the child; whoever runs `run` starts another, which is told where the cameras are now."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def missed(self, camera: str, event: str) -> None:
        """Have the last half minute of a camera kept as a clip; its "clip" message comes when it is."""
        self._tell({"type": "missed", "camera": camera, "event": event})

    def change(self, camera: str) -> None:
        """Tell the child the zones and tuning that a camera has now; it is told anyway when it starts."""
        one = self.cameras[camera]
        with contextlib.suppress(NoPicture):
            self._tell({"type": "change", "camera": camera, "zones": one.row()["zones"],
                        "tuning": one.tuning})


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the child: its stdin closes, and what does not go then is killed."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            await process.wait()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
