"""A running Dobby as the command line, the demo and tests see it: its parts, and how they are."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dobby.agent.receive import Gateway
from dobby.clock import Clock
from dobby.discovery.links import Links
from dobby.discovery.networks import Reach
from dobby.discovery.newcomers import Newcomers
from dobby.discovery.sweep import Sweep
from dobby.eyes.vision import Vision
from dobby.history import History
from dobby.home.home import Home
from dobby.parts import Part
from dobby.pictures import Pictures
from dobby.post import Post
from dobby.settings import Config
from dobby.store import Store
from dobby.timekeeping import Timekeeper
from dobby.voice.opening import Voice
from dobby.web.events import Events


@dataclass(slots=True)
class Daemon:
    """A running Dobby, as the command line, the demo and tests see it."""

    workspace: Path
    config: Config
    store: Store
    home: Home
    links: Links
    gateway: Gateway
    post: Post
    events: Events
    clock: Clock
    token: str
    reach: Reach
    problems: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    files: dict[str, float] = field(default_factory=dict)  # SOUL.md and skills as last read: path -> when changed
    newcomers: Newcomers | None = None
    sweep: Sweep | None = None
    keeper: Timekeeper | None = None
    pictures: Pictures | None = None
    vision: Vision | None = None
    history: History | None = None
    voice: Voice | None = None
    again: asyncio.Event = field(default_factory=asyncio.Event)  # set: close, and open once more
    dashboard: str = ""
    webhook: str = ""
    started: float = field(default_factory=time.monotonic)

    async def health(self) -> dict[str, Any]:
        """What is well and what is not, for doctor and the page."""
        dead = await self.store.all("letters_dead")
        agent = self.gateway.agent
        return {"parts": [{"name": p.name, "state": p.state, "broke": p.broke} for p in self.parts.values()],
                "links": [{"key": key, "name": kept.found.name, "make": kept.found.make, "state": kept.state}
                          for key, kept in self.links.kept.items()],
                "unreachable": [d.name for d in self.home.devices.values() if not self.home.reachable(d.id)],
                "problems": [problem for found in self.problems.values() for problem in found],
                "letters_not_sent": [{"to": row["recipient"], "error": row["error"]} for row in dead],
                "model": agent.brain.mind if agent.brain else None, "devices": len(self.home.devices),
                "cameras": [{"name": one.name, "state": one.state, "trouble": one.trouble, "watching": one.watching,
                             "busy": one.busy, "night": one.night} for one in
                            (agent.house.sights.cameras() if agent.house.sights else [])],
                "vision": self.vision.state() if self.vision else [],
                "voice": self.voice.state() if self.voice else None,
                "pictures_sent_out_today": await self.store.fact(f"looks:{self.clock.now():%Y-%m-%d}", 0)}

    def idle(self) -> bool:
        """Whether nothing is being worked on."""
        sights = self.gateway.agent.house.sights
        kept = self.keeper is None or self.keeper.idle()
        return kept and not self.gateway.inbox.running() and self.post.idle() and (
            sights is None or sights.watch.idle())
