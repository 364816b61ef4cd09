"""One camera: what it sees now, what is being played, and what it has seen. No drawing, no sockets.

Time is Unix time throughout, so that truth, pictures and RTCP reports share one clock. Nothing here needs a timer: who
asks gets what is true at that moment, and `settle` moves on to the next event when one is over.
"""

import dataclasses
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..house import CameraSpec
from ..things import Fault, State, check_words, want_bool
from .cast import CARRIER, NAME, WHAT, Actor, Look, Picture, Weather
from .scenes import EVENTS, Impossible, Play, Standing, play, still

HISTORY = 50
SOON = 0.05  # what begins within this time has begun


@dataclass(frozen=True, slots=True)
class View:
    """What is to be filmed at a moment.

    `token` names what stays the same: as long as it does and nothing is `live`, packets may be sent again. `noise` is
    set when even the sensor noise must stand still (a frozen camera); `scale` is what the resolution is multiplied by.
    """

    picture: Picture
    token: object
    live: bool = False
    noise: int | None = None
    scale: float = 1.0


@dataclass(slots=True)
class Wish:
    """An event that waits for its turn."""

    event: str
    seed: int
    seconds: float | None
    carrier: str | None


@dataclass(slots=True)
class Camera:
    """A camera; `changed` is called when something is to be remembered."""

    spec: CameraSpec
    serial: str
    standing: Standing = field(default_factory=Standing)
    playing: Play | None = None
    waiting: list[Wish] = field(default_factory=list)
    history: deque[State] = field(default_factory=lambda: deque(maxlen=HISTORY))
    fault: Fault | None = None
    frozen: Picture | None = None
    watchers: int = 0
    changed: Callable[[], None] = lambda: None

    def start(self, wish: Wish, now: float) -> Play:
        """Play an event at once; Impossible when it cannot be."""
        self.settle(now)
        begun = play(wish.event, self.spec.place, self.standing, wish.seed, now, wish.seconds, wish.carrier)
        self.playing = begun
        self.history.append(_entry(begun))
        return begun

    def settle(self, now: float | None = None) -> None:
        """Leave events behind that are over (now, unless it is said), and begin those that waited for it."""
        now = time.time() if now is None else now
        while self.playing is not None and now >= self.playing.ends - SOON:
            self.standing, ended = self.playing.script.after, self.playing.ends
            self.playing = None
            while self.waiting and self.playing is None:
                wish = self.waiting.pop(0)
                try:
                    self.start(wish, ended)
                except Impossible as reason:
                    self.history.append({"event": wish.event, "from": iso(ended), "until": iso(ended), "what": [],
                                         "refused": str(reason)})
            self.changed()

    def scene(self, now: float) -> Picture:
        """What is really there."""
        self.settle(now)
        return self.playing.picture_at(now) if self.playing else still(self.spec.place, self.standing)

    def view(self, now: float) -> View:
        """What the camera films: what is there, seen through its faults."""
        picture, name = self.scene(now), self.fault.name if self.fault else None
        if name == "lies" and self.frozen is not None:
            return View(self.frozen, ("frozen", self.frozen), noise=1)
        if name == "black":
            return View(dataclasses.replace(picture, weather=Weather(cover=0.99)), "black")
        scale = 0.75 if name == "resize" else 1.0
        if self.playing is not None:
            return View(picture, (self.playing.event, self.playing.began, scale), True, scale=scale)
        return View(picture, (self.standing, scale), scale=scale)

    def set_fault(self, fault: Fault | None) -> None:
        """From now on; a camera that lies shows for ever what it saw at that moment."""
        self.frozen = self.view(time.time()).picture if fault is not None and fault.name == "lies" else None
        self.fault = fault

    def moving(self, now: float) -> bool:
        """Whether somebody moves: what the camera's own motion detector says."""
        return any(actor.moving and actor.box for actor in self.scene(now).actors)

    def truth(self) -> State:
        """The state words."""
        now = time.time()
        actors = self.scene(now).actors
        return {
            "event": self.playing.event if self.playing else None,
            "on_screen": [_seen(actor) for actor in actors if actor.box],
            "night": self.scene(now).light.infrared,
            "light": self.standing.light,
            "history": list(self.history),
        }

    def hand(self, state: State) -> None:
        """An outside hand: it gets dark or light."""
        check_words(state, ("night",))
        self.settle(time.time())
        if self.playing is not None:
            raise ValueError(f"{self.playing.event} is playing until {iso(self.playing.ends)}")
        self.standing = dataclasses.replace(self.standing, light="night" if want_bool(state, "night") else "day")
        self.changed()

    def remembered(self) -> dict[str, Any]:
        """What outlives a restart, as JSON."""
        return dataclasses.asdict(self.standing)

    def remember(self, kept: dict[str, Any]) -> None:
        """The other way round."""
        looks = {name: _look(kept[name]) if kept.get(name) else None for name in ("car", "parcel")}
        self.standing = Standing(kept.get("light", "day"), looks["car"], looks["parcel"])


def a_seed() -> int:
    """A seed nobody knows beforehand."""
    return random.randrange(1 << 31)


def iso(moment: float) -> str:
    """Unix time as aware ISO 8601."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _look(kept: dict[str, Any]) -> Look:
    words: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Look(**words)


def _seen(actor: Actor) -> State:
    kind = actor.look.kind
    return {
        "what": WHAT[kind],
        "name": NAME[kind],
        "carrier": CARRIER.get(kind),
        "box": [round(edge, 4) for edge in actor.box or ()],
        "moving": actor.moving,
    }


def _entry(begun: Play) -> State:
    kinds = [part.look.kind for part in begun.script.parts]
    left, right = begun.script.before.parcel, begun.script.after.parcel
    what = dict.fromkeys(WHAT[kind] for kind in kinds)
    if left != right:
        what["parcel"] = None
    return {
        "event": begun.event,
        "about": EVENTS[begun.event].about,
        "from": iso(begun.began),
        "stops": iso(begun.stops) if begun.stops is not None else None,
        "until": iso(begun.ends),
        "what": list(what),
        "carrier": next((CARRIER[kind] for kind in kinds if kind in CARRIER), None),
        "seed": begun.seed,
    }
