"""The daemon: opens everything, runs it in one task group, closes everything. The one place where all parts meet."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import math
import os
import secrets as random_secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from dobby import config as configuration
from dobby import memory_use
from dobby.agent.inbox import Inbox
from dobby.agent.loop import Budget
from dobby.agent.receive import Gateway
from dobby.agent.reflex import Reflex
from dobby.agent.turn import Agent, address_book
from dobby.approvals import Approvals
from dobby.brains.claude import Claude
from dobby.channels import load_channels
from dobby.channels.channel import Context
from dobby.clock import Clock
from dobby.discovery.ears import Ears, ears
from dobby.discovery.links import Links, load_traits
from dobby.discovery.networks import Reach, reach
from dobby.drivers import load_drivers
from dobby.errors import DobbyError
from dobby.eyes import tuning
from dobby.eyes.opening import let_in, open_eyes, open_vision
from dobby.eyes.sights import Sights
from dobby.eyes.vision import Vision
from dobby.home.comfort import Hold, hold
from dobby.home.device import Device, Fault, Room, Settings
from dobby.home.home import Given, Held, Home
from dobby.home.verdict import gatekeeper
from dobby.learning.learner import Learner
from dobby.learning.shelf import Shelf
from dobby.parts import Part, Parts, running
from dobby.pictures import Pictures
from dobby.post import Door, Post
from dobby.settings import Config, Secrets
from dobby.skills import load_skills
from dobby.soul import read as read_soul
from dobby.store import Store
from dobby.tools import twins
from dobby.tools.hands import House
from dobby.tools.scout import NetworkScout
from dobby.watchman import Watchman
from dobby.web import server
from dobby.web.api import Api
from dobby.web.events import Events
from dobby.web.feed import tell_changes, turn_teller
from dobby.words import Words

log = logging.getLogger(__name__)
FILES_EVERY = 2.0  # seconds between looks at SOUL.md and skills/
NAMES_SETTLE = 0.3  # seconds to let a hub bring all its devices before names are read anew


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
    pictures: Pictures | None = None
    vision: Vision | None = None
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
                "pictures_sent_out_today": await self.store.fact(f"looks:{self.clock.now():%Y-%m-%d}", 0)}

    def idle(self) -> bool:
        """Whether nothing is being worked on."""
        sights = self.gateway.agent.house.sights
        return not self.gateway.inbox.running() and self.post.idle() and (sights is None or sights.watch.idle())


@asynccontextmanager
async def opened(workspace: Path, *, manual_clock: bool = False) -> AsyncIterator[Daemon]:
    """Open a workspace and run everything in it until the block ends. ConfigError and DobbyError say what is wrong."""
    memory_use.few_arenas()
    config = await asyncio.to_thread(configuration.load, workspace / "config.toml")
    secrets = await asyncio.to_thread(configuration.secrets, workspace)
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(workspace))
        store = await Store.open(workspace / "dobby.db")
        stack.push_async_callback(store.close)
        daemon, heard = await _assemble(workspace, config, secrets, store, Clock(manual=manual_clock))
        await _open_doors(daemon, secrets, stack)
        stack.callback(_leave_word(daemon).unlink, missing_ok=True)
        parts = await stack.enter_async_context(running())
        daemon.parts = parts.all
        stack.push_async_callback(daemon.gateway.inbox.close)
        stack.push_async_callback(daemon.gateway.agent.close)
        if sights := daemon.gateway.agent.house.sights:
            stack.push_async_callback(sights.watch.close)
        if daemon.vision is not None:
            stack.push_async_callback(daemon.vision.close)
        stack.callback(daemon.events.close)
        _start(daemon, parts, heard)
        await daemon.gateway.inbox.take_up()
        yield daemon


@contextmanager
def _alone(workspace: Path) -> Iterator[None]:
    """One Dobby a workspace, held by a lock on a file in it (given back by the kernel even after kill -9)."""
    with (workspace / ".dobby.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DobbyError(f"Another Dobby runs in {workspace}.", "Stop that one first.") from None
        yield


async def _assemble(workspace: Path, config: Config, secrets: Secrets, store: Store,
                    clock: Clock) -> tuple[Daemon, Ears]:
    """Every part, wired; nothing runs yet."""
    mint, check = gatekeeper()
    home = Home(check)
    await _restore(home, store)
    drivers, driver_problems = await asyncio.to_thread(load_drivers, [workspace / "drivers"])
    allowed = await asyncio.to_thread(reach, config.network)
    code = secrets.values.get("ALARM_CODE", "")
    shelf, settings = Shelf(workspace / "skills"), Settings(callbacks=config.network.callbacks)
    links = Links(home, store, [*drivers, shelf.driver()], allowed, settings, {"alarm_code": code} if code else {})
    known = frozenset(host for one in config.cameras if (host := urlsplit(one.url).hostname))
    heard = ears(allowed, drivers, links.saw, known)
    soul, soul_problems = await asyncio.to_thread(read_soul, workspace / "SOUL.md")
    skills, skill_problems = await asyncio.to_thread(load_skills, workspace / "skills")
    words = await asyncio.to_thread(Words, config.home.language, address=soul.address, dryness=soul.dryness,
                                    name=soul.name)
    house = House(home, store, Approvals(store, clock.now), clock, words, skills,
                  NetworkScout(links, heard.search), mint)
    zone = ZoneInfo(config.home.timezone)
    home.guard = lambda command, device: _held(hold(command, device, home, config.comfort,
                                                    clock.now().astimezone(zone)), device, house.words)
    house.learner = await _learner(shelf, house, links, settings, allowed)
    owner = config.owner()
    agent = Agent(house, address_book(config.persons(), owner), Reflex(config.home.language, skills, words), soul,
                  _brain(config, secrets), _budget(config), config.home.name, config.brain.daily_tokens,
                  search=config.brain.search)
    inbox = Inbox(store, agent.take)
    token = await store.fact("token") or random_secrets.token_urlsafe(24)
    await store.set_fact("token", token)
    post = Post(store, clock.now, {})
    agent.watchman = Watchman(home, store, config.persons(), post.tell, lambda: clock.now().astimezone(zone),
                              lambda: house.words)
    daemon = Daemon(workspace, config, store, home, links, Gateway(agent, inbox), post, Events(), clock, token, allowed)
    daemon.problems = {"drivers": driver_problems, "soul": soul_problems, "skills": skill_problems,
                       "network": list(allowed.problems), "learned": shelf.problems}
    return daemon, heard


async def _learner(shelf: Shelf, house: House, links: Links, settings: Settings, allowed: Reach) -> Learner:
    """What can be learned of what is on the network, and what was."""
    learner = Learner(shelf, house.home, house.store, links, settings, allowed.allows)
    await learner.open()

    async def no_longer(key: str) -> None:
        if key.startswith("learned:"):
            await learner.drop(key)
    links.on_forget = no_longer
    return learner


def _held(held: Hold | None, device: Device, words: Words) -> Held | None:
    """A comfort rule's no, in words."""
    if held is None:
        return None
    text = words.say(f"comfort.{held.key}", name=device.name, value=f"{held.value:g}", left=math.ceil(held.left))
    return Held(Fault("policy", text), held.left)


async def _restore(home: Home, store: Store) -> None:
    """What the home was when it was last open."""
    devices = [Device(row["id"], row["name"], row["kind"], row["room"], row["make"], load_traits(row["traits"]),
                      marks=tuple(json.loads(row["marks"])))
               for row in await store.all("devices")]
    given = {row["device"]: Given(row["name"], row["room"], tuple(json.loads(row["aliases"])),
                                  bool(row["in_everything"])) for row in await store.all("given")}
    rooms = [Room(row["name"], row["floor"], tuple(json.loads(row["aliases"]))) for row in await store.all("rooms")]
    home.restore(devices, given, rooms)
    home.told_apart(await twins.load(store))


def _brain(config: Config, secrets: Secrets) -> Claude | None:
    if not secrets.anthropic_api_key and not config.brain.base_url:
        return None
    return Claude(api_key=secrets.anthropic_api_key, base_url=config.brain.base_url, model=config.brain.model)


def _budget(config: Config) -> Budget:
    return Budget(config.brain.max_steps, config.brain.turn_tokens, config.brain.turn_seconds)


async def _open_doors(daemon: Daemon, secrets: Secrets, stack: AsyncExitStack) -> None:
    """The channels that the settings ask for, their webhook listener, and the dashboard."""
    twilio, agent, words = daemon.config.twilio, daemon.gateway.agent, daemon.gateway.agent.house.words
    key = await daemon.store.fact("pictures_key") or random_secrets.token_hex(32)
    await daemon.store.set_fact("pictures_key", key)
    base = "{0.scheme}://{0.netloc}".format(urlsplit(twilio.public_url))
    pictures = Pictures(daemon.workspace / "pictures", daemon.clock.now, base, bytes.fromhex(key))
    await _open_eyes(daemon, secrets, pictures)
    context = Context(daemon.config, secrets, daemon.gateway.receive, daemon.post.delivery, pictures.lend,
                      words.say("turn.repeat"))
    doors: dict[str, Door] = {}
    routes: list[web.RouteDef] = []
    for channel in load_channels():
        if channel.opens(daemon.config, secrets):
            door = await stack.enter_async_context(channel.open(context))
            doors |= dict.fromkeys(door.names, door)
            routes += door.routes
    daemon.post.doors = doors
    agent.on_letter = daemon.post.wake
    agent.on_turn = turn_teller(daemon.store, agent.house.approvals, daemon.gateway.inbox, daemon.events)
    api = Api(daemon.gateway, daemon.config.owner(), daemon.events, daemon.health, daemon.idle)
    settings = daemon.config.web
    names = (settings.host, "localhost") if settings.host.startswith("127.") else (settings.host,)
    hosts = frozenset((*(f"{name}:{settings.port}" for name in names), *settings.hosts))
    app = server.dashboard(api, daemon.token, hosts)
    daemon.dashboard = await stack.enter_async_context(server.listening(app, settings.host, settings.port))
    if routes:
        outside = server.outside(routes, pictures)
        daemon.webhook = await stack.enter_async_context(
            server.listening(outside, twilio.webhook_host, twilio.webhook_port))


async def _open_eyes(daemon: Daemon, secrets: Secrets, pictures: Pictures) -> None:
    """The cameras of the settings; those that speak ONVIF join when they are let in."""
    daemon.pictures = pictures
    house = daemon.gateway.agent.house
    await asyncio.to_thread(pictures.make)
    daemon.vision = open_vision(daemon.config, secrets, daemon.store, lambda: f"{daemon.clock.now():%Y-%m-%d}")
    house.sights = await open_eyes(daemon.config, secrets, daemon.store, daemon.post, pictures, str(pictures.clips),
                                   daemon.clock.now, lambda: house.words, daemon.vision,
                                   lambda seen: daemon.events.tell("seen", seen))


def _start(daemon: Daemon, parts: Parts, heard: Ears) -> None:
    """Everything that runs for ever."""
    parts.run("links", daemon.links.run)
    parts.run("post", daemon.post.run)
    if watchman := daemon.gateway.agent.watchman:
        parts.run("watchman", watchman.run)
    parts.run("events", lambda: tell_changes(daemon.home, daemon.events))
    parts.run("names", lambda: _keep_names_ready(daemon))
    parts.run("files", lambda: _watch_files(daemon))
    parts.run("warm-up", lambda: _warm(daemon))
    if sights := daemon.gateway.agent.house.sights:
        parts.run("untold", lambda: _once(sights.watch.take_up))
        parts.run("cameras", lambda: daemon.home.follow(sights.watch.link))
        parts.run("new cameras", lambda: _let_cameras_in(daemon, sights))
        parts.run("eyes", sights.watch.eyes.run)
        parts.run("tuning", lambda: tuning.nightly(sights))
        parts.run("pictures", lambda: sights.upkeep(daemon.config.eyes.keep_days, daemon.config.eyes.keep_mb))
    if daemon.vision is not None:
        parts.run("vision", daemon.vision.run)
    for name, work in heard.parts().items():
        parts.run(name, work)


async def _once(work: Callable[[], Awaitable[None]]) -> None:
    await work()
    await asyncio.Event().wait()


async def _let_cameras_in(daemon: Daemon, sights: Sights) -> None:
    """A camera that was let in by ONVIF is looked through from then on."""
    with daemon.home.listen() as changes:
        while True:
            for key, kept in daemon.links.kept.items():
                device = daemon.home.devices.get(key)
                if kept.found.make == "onvif" and device:
                    await let_in(sights, daemon.store, key, device.name, device.room,
                                 f"onvif://{kept.found.host}:{kept.found.port}", kept.secret,
                                 str(daemon.pictures.clips) if daemon.pictures else "")
            await changes.get()


async def _warm(daemon: Daemon) -> None:
    """What the first message would wait for, after ready: the grammar, then the model's SDK."""
    agent = daemon.gateway.agent
    await asyncio.to_thread(agent.reflex.warm, daemon.home)
    if isinstance(agent.brain, Claude):
        await agent.brain.warm()
    await asyncio.to_thread(memory_use.give_back)
    await asyncio.Event().wait()


async def _watch_files(daemon: Daemon) -> None:
    """SOUL.md and skills are read again when a person changed them."""
    agent, folder = daemon.gateway.agent, daemon.workspace
    if not daemon.files:
        daemon.files = await asyncio.to_thread(_stamps, folder)
    while True:
        await asyncio.sleep(FILES_EVERY)
        now = await asyncio.to_thread(_stamps, folder)
        if now == daemon.files:
            continue
        agent.soul, daemon.problems["soul"] = await asyncio.to_thread(read_soul, folder / "SOUL.md")
        agent.house.skills, daemon.problems["skills"] = await asyncio.to_thread(load_skills, folder / "skills")
        agent.house.words = words = Words(daemon.config.home.language, address=agent.soul.address,
                                          dryness=agent.soul.dryness, name=agent.soul.name)
        reflex = Reflex(daemon.config.home.language, agent.house.skills, words)
        await asyncio.to_thread(reflex.warm, daemon.home)
        agent.reflex = reflex
        daemon.files = now
        daemon.events.tell("health", {"problems": [one for found in daemon.problems.values() for one in found]})


def _stamps(folder: Path) -> dict[str, float]:
    paths = [folder / "SOUL.md", *sorted(folder.glob("skills/*/SKILL.md"))]
    return {str(path): path.stat().st_mtime for path in paths if path.exists()}


async def _keep_names_ready(daemon: Daemon) -> None:
    """After a change of names or devices the reflex reads them anew in a thread, before the next sentence does."""
    with daemon.home.listen() as changes:
        while True:
            change = await changes.get()
            if change is None or not change.trait:
                await asyncio.sleep(NAMES_SETTLE)
                while not changes.empty():
                    changes.get_nowait()
                await asyncio.to_thread(daemon.gateway.agent.reflex.warm, daemon.home)


def _leave_word(daemon: Daemon) -> Path:
    """run.json (0600): where the running daemon is reached, for the command line."""
    path = daemon.workspace / "run.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"dashboard": daemon.dashboard, "token": daemon.token, "pid": os.getpid()}, file)
    return path


async def until_told() -> None:
    """Wait for SIGINT or SIGTERM."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
