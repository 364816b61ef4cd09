"""The eyes' process: every camera with its threads, away from the daemon, which it tells what they saw.

Started by dobby/eyes/eyes.py as `python -m dobby.eyes.process`; speaks dobby/eyes/line.py on stdin and stdout. The
passwords of cameras come over stdin, never by argument or environment. It ends when stdin does.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import cv2

from dobby import memory_use
from dobby.eyes.camera import Camera, Spec
from dobby.eyes.change import Tuning
from dobby.eyes.health import Patience
from dobby.eyes.lens import Address, Lost
from dobby.eyes.line import encode, read
from dobby.eyes.seen import Zone

log = logging.getLogger(__name__)


class Line:
    """The way back to the daemon; any thread may speak."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def tell(self, head: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
        """Send a message; a daemon that is gone ends the process."""
        data = encode(head, blobs)
        with self._lock:
            try:
                self._out.write(data)
                self._out.flush()
            except OSError:
                os._exit(0)


def spec(row: Mapping[str, Any]) -> Spec:
    """A camera as the daemon describes it."""
    main = Address(row["url"], row.get("user", ""), row.get("password", ""))
    sub = Address(row["sub_url"], main.user, main.password) if row.get("sub_url") else None
    return Spec(row["name"], main, sub, zones(row.get("zones", ())), tuning(row), row.get("clips", ""),
                Patience(**row.get("patience", {})))


def zones(rows: Sequence[Mapping[str, Any]]) -> tuple[Zone, ...]:
    """Zones as the daemon describes them."""
    return tuple(Zone(row["name"], tuple((float(x), float(y)) for x, y in row["points"]), row["kind"],
                      float(row.get("smallest", 0.0))) for row in rows)


def tuning(row: Mapping[str, Any]) -> Tuning:
    """A detector's parameters as the daemon describes them."""
    return Tuning(**{key: float(value) for key, value in row.get("tuning", {}).items()})


def look(line: Line, camera: Camera | None, ask: int, draw: Sequence[Sequence[float]]) -> None:
    """Answer the wish for a picture of now."""
    try:
        if camera is None:
            raise Lost("There is no such camera.")
        line.tell({"type": "look", "ask": ask}, camera.look([(float(x), float(y)) for x, y in draw]))
    except Lost as error:
        line.tell({"type": "look", "ask": ask, "error": error.text, "mend": error.mend})
    except Exception as error:  # whatever broke, who asked gets an answer
        log.exception("look")
        line.tell({"type": "look", "ask": ask, "error": f"The picture could not be taken ({type(error).__name__})."})


def missed(line: Line, camera: Camera, event: str) -> None:
    """Keep what was just missed."""
    try:
        line.tell({"type": "clip", "camera": camera.spec.name, "event": event, "clip": camera.missed(event)})
    except Exception:  # a clip that cannot be written is one label fewer, nothing else
        log.exception("a missed clip")


def serve(stream: BinaryIO, line: Line) -> None:
    """Do what the daemon says until it is gone."""
    cameras: dict[str, Camera] = {}
    hands = ThreadPoolExecutor(4, thread_name_prefix="look")
    while (note := read(stream)) is not None:
        match note.type:
            case "open":
                for row in note.head["cameras"]:
                    cameras[row["name"]] = Camera(spec(row), line.tell)
                    cameras[row["name"]].start()
            case "look":
                hands.submit(look, line, cameras.get(note.head["camera"]), note.head["ask"], note.head.get("draw", ()))
            case "missed" if (camera := cameras.get(note.head["camera"])) is not None:
                hands.submit(missed, line, camera, str(note.head["event"]))
            case "change":
                if camera := cameras.get(note.head["camera"]):
                    camera.change(zones(note.head["zones"]), tuning(note.head))


def main() -> None:
    """Run until the daemon is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the console is the daemon's to deal with
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    memory_use.few_arenas()
    os.nice(5)  # an answer to a person comes first
    cv2.setNumThreads(1)
    try:
        serve(sys.stdin.buffer, Line(sys.stdout.buffer))
    finally:
        os._exit(0)  # threads may hang in a library that waits for a camera


if __name__ == "__main__":
    main()
