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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from dobby import backup, memory_use
from dobby import config as configuration
from dobby.agent.aloud import aloud
from dobby.agent.enclosed import Enclosures
from dobby.agent.forgetting import take_along
from dobby.agent.inbox import Inbox
from dobby.agent.loop import Budget
from dobby.agent.planned import Runner
from dobby.agent.receive import Gateway
from dobby.agent.reflex import Reflex
from dobby.agent.turn import Agent, address_book
from dobby.approvals import Approvals
from dobby.brains.claude import Claude
from dobby.channels import load_channels
from dobby.channels.channel import Context
from dobby.channels.wyoming import people_of
from dobby.clock import Clock
from dobby.discovery.ears import Ears, ears
from dobby.discovery.hosts import Hosts
from dobby.discovery.links import Links, load_traits
from dobby.discovery.networks import Reach, reach
from dobby.discovery.newcomers import Newcomers
from dobby.discovery.sweep import Sweep
from dobby.discovery.visits import Visits
from dobby.drivers import load_drivers
from dobby.errors import ChannelError, DobbyError
from dobby.eyes.opening import open_eyes, open_vision
from dobby.history import History
from dobby.home.comfort import Hold, hold
from dobby.home.device import Device, Driver, Fault, Room, Settings, Sighting
from dobby.home.home import Given, Held, Home
from dobby.home.rests import Rests
from dobby.home.verdict import ERASE, TEACH, gatekeeper
from dobby.jobs.when import Place
from dobby.learning.learner import Learner
from dobby.learning.shelf import Shelf
from dobby.memory.erasing import erase
from dobby.memory.memory import Memory
from dobby.memory.nights import Nights
from dobby.parts import running
from dobby.pictures import Pictures
from dobby.post import Door, Post
from dobby.settings import Config, Secrets
from dobby.skills import load_skills
from dobby.soul import read as read_soul
from dobby.state import Daemon
from dobby.store import Store
from dobby.tasks import ended
from dobby.teaching import Teaching
from dobby.timekeeping import timekeeper
from dobby.tools import twins
from dobby.tools.hands import House
from dobby.tools.scout import NetworkScout
from dobby.upkeep import reread, start
from dobby.voice.opening import open_voice, sayable
from dobby.watchman import Watchman
from dobby.web import server
from dobby.web.api import Api
from dobby.web.care_api import CareApi
from dobby.web.events import Events
from dobby.web.feed import turn_teller
from dobby.web.logins import Logins
from dobby.web.logs import Lately, listening_in
from dobby.web.talk_api import letter_event
from dobby.words import Words

log = logging.getLogger(__name__)


@asynccontextmanager
async def opened(workspace: Path, *, manual_clock: bool = False) -> AsyncIterator[Daemon]:
    """Open a workspace and run everything in it until the block ends. ConfigError and DobbyError say what is wrong.

    A backup that was laid aside is put in place first. When the house cannot be opened with it, what was there before
    is put back and opened: a restore by the page must not end a house that nobody stands beside.
    """
    memory_use.few_arenas()
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(workspace))  # before anything is moved: another Dobby may have it open
        before = await asyncio.to_thread(backup.put_in_place, workspace, datetime.now())
        try:
            daemon = await stack.enter_async_context(_opened(workspace, manual_clock))
            if before is not None:
                log.warning("a backup was put in place; what stood there before is in %s", before.name)
        except Exception as error:  # whatever a backup from elsewhere brought along
            if before is None:
                raise
            log.exception("the backup that was put in place could not be opened; what was there before is put back")
            await asyncio.to_thread(backup.put_back, workspace, before)
            daemon = await stack.enter_async_context(_opened(workspace, manual_clock))
            daemon.problems["restore"] = [f"The backup could not be opened, and what was there before is back: {error}"]
        yield daemon


@asynccontextmanager
async def _opened(workspace: Path, manual_clock: bool) -> AsyncIterator[Daemon]:
    async with AsyncExitStack() as stack:
        config = await asyncio.to_thread(configuration.load, workspace / "config.toml")
        secrets = await asyncio.to_thread(configuration.secrets, workspace)
        store = await Store.open(workspace / "dobby.db")
        stack.push_async_callback(store.close)
        daemon, heard = await _assemble(workspace, config, secrets, store, Clock(manual=manual_clock))
        await _keep_time(daemon)
        await _open_doors(daemon, secrets, stack)
        if (memory := daemon.gateway.agent.house.memory) is not None:
            await memory.open()
            stack.push_async_callback(memory.close)
            daemon.problems["memory"] = memory.problems
        stack.callback(_leave_word(daemon).unlink, missing_ok=True)
        parts = await stack.enter_async_context(running())
        daemon.parts = parts.all
        stack.push_async_callback(daemon.gateway.inbox.close)
        stack.push_async_callback(daemon.gateway.agent.close)
        if daemon.keeper is not None:
            stack.push_async_callback(daemon.keeper.plans.close)
        if sights := daemon.gateway.agent.house.sights:
            stack.push_async_callback(sights.watch.close)
        if daemon.vision is not None:
            stack.push_async_callback(daemon.vision.close)
        if daemon.voice is not None:
            stack.push_async_callback(daemon.voice.close)
        stack.callback(daemon.events.close)
        start(daemon, parts, heard)
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
    local = ZoneInfo(config.home.timezone)
    links = Links(home, store, [*drivers, shelf.driver()], allowed, settings, {"alarm_code": code} if code else {})
    hosts = Hosts(allowed.allows, links.claim, clock.now)
    heard = _ears(config, allowed, drivers, links, hosts)
    newcomers = Newcomers(hosts, store, lambda: clock.now().astimezone(local))
    sweep = Sweep(allowed, hosts, clock.now, workspace / "scans.log", (config.web.port, config.twilio.webhook_port),
                  Visits(allowed, hosts, drivers, heard.saw))
    soul, soul_problems = await asyncio.to_thread(read_soul, workspace / "SOUL.md")
    skills, skill_problems = await asyncio.to_thread(load_skills, workspace / "skills")
    words = await asyncio.to_thread(Words, config.home.language, address=soul.address, dryness=soul.dryness,
                                    name=soul.name)
    house = House(home, store, Approvals(store, clock.now), clock, words, skills,
                  NetworkScout(links, heard.search, hosts, sweep, newcomers), mint)
    home.guard = lambda command, device: _held(hold(command, device, home, config.comfort,
                                                    clock.now().astimezone(local)), device, house.words)
    house.learner = await _learner(shelf, house, links, settings, allowed)
    _mind(house, workspace, config, lambda: clock.now().astimezone(local), lambda: reread(daemon))
    owner, house.people = config.owner(), config.persons()
    if house.teaching is not None:
        house.strange = await house.teaching.strange(skills)
        house.skills, clashes = await house.teaching.sorted_out(skills)
        skill_problems += clashes
    agent = Agent(house, address_book(config.persons(), owner) | people_of(config),
                  Reflex(config.home.language, house.skills, words), soul,
                  _brain(config, secrets), _budget(config), config.home.name, config.brain.daily_tokens,
                  search=config.brain.search)
    inbox = Inbox(store, agent.take)
    token = await store.fact("token") or random_secrets.token_urlsafe(24)
    await store.set_fact("token", token)
    post = Post(store, clock.now, {})
    agent.watchman = Watchman(home, store, config.persons(), post.tell, lambda: clock.now().astimezone(local),
                              lambda: house.words)
    daemon = Daemon(workspace, config, store, home, links, Gateway(agent, inbox), post, Events(), clock, token, allowed)
    daemon.newcomers, daemon.sweep = newcomers, sweep
    daemon.history = History(home, store, clock.now)
    daemon.problems = {"drivers": driver_problems, "soul": soul_problems, "skills": skill_problems,
                       "network": list(allowed.problems), "learned": shelf.problems}
    return daemon, heard


def _ears(config: Config, allowed: Reach, drivers: list[Driver], links: Links, hosts: Hosts) -> Ears:
    """Ears whose news reach both the links and the picture of the neighbourhood."""
    def saw(sighting: Sighting) -> None:
        links.saw(sighting)
        hosts.saw(sighting)
    hosts.on_news = links.met
    known = frozenset(host for one in config.cameras if (host := urlsplit(one.url).hostname))
    return ears(allowed, drivers, saw, known)


def _mind(house: House, workspace: Path, config: Config, now: Callable[[], datetime],
          again: Callable[[], Awaitable[None]]) -> None:
    """Memory and teaching. again: reads the skills anew."""
    house.memory = memory = Memory(workspace / "memory", workspace / "recall.db", house.store, now,
                                   [one.name for one in config.people], lambda: list(house.home.rooms))
    house.home.also_does(ERASE, lambda command: erase(command, memory, house.store, partial(take_along, house)))
    house.teaching = Teaching(workspace / "skills", house.store, again)
    house.home.also_does(TEACH, house.teaching.keep)


async def _learner(shelf: Shelf, house: House, links: Links, settings: Settings, allowed: Reach) -> Learner:
    """What can be learned of what is on the network, and what was."""
    learner = Learner(shelf, house.home, house.store, links, settings, allowed.elsewhere)
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
    await Rests(home, store).open()
    home.told_apart(await twins.load(store))


async def _keep_time(daemon: Daemon) -> None:
    """What is planned, and who is at home."""
    agent, home = daemon.gateway.agent, daemon.config.home
    place = Place(ZoneInfo(home.timezone), home.latitude, home.longitude)
    keeper = timekeeper(agent.house, daemon.config, daemon.clock, place, agent.house.scout.hosts, daemon.reach)
    keeper.plans.act = Runner(agent, keeper.plans, daemon.config.time.quiet).act
    if (memory := agent.house.memory) is not None:
        keeper.nights = Nights(memory, daemon.store, daemon.clock.now,
                               lambda: agent.think_alone if agent.brain is not None else None)
    if agent.house.teaching is not None:
        agent.house.teaching.renamed = keeper.plans.renamed
    agent.reflex.people = keeper.presence.names()
    await keeper.open()
    daemon.keeper = keeper


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
    daemon.voice = await open_voice(daemon.config, lambda: sayable(
        daemon.home, [one.phrases for one in agent.house.skills], agent.soul.name))
    context = Context(daemon.config, secrets, daemon.gateway.receive, daemon.post.delivery, pictures.lend,
                      words.say("turn.repeat"), partial(_answer, daemon),
                      lambda: frozenset(address for address in agent.people if address.startswith("phone:")),
                      lambda key: agent.house.words.say(key), daemon.voice,
                      partial(aloud, agent.house, daemon.config.owner(), daemon.voice.echo,
                              daemon.config.network.callbacks))
    doors: dict[str, Door] = {}
    routes: list[web.RouteDef] = []
    for channel in await asyncio.to_thread(load_channels):
        if channel.opens(daemon.config, secrets):
            door = await stack.enter_async_context(channel.open(context))
            doors |= dict.fromkeys(door.names, door)
            routes += door.routes
    daemon.post.doors = doors
    agent.enclosures = Enclosures(partial(_fetch, doors), daemon.voice.hearing, daemon.vision,
                                  lambda: daemon.clock.now().astimezone(ZoneInfo(daemon.config.home.timezone)))
    agent.on_letter = daemon.post.wake
    agent.on_turn = turn_teller(daemon.store, agent.house.approvals, daemon.gateway.inbox, daemon.events)
    lately = Lately((secrets.anthropic_api_key, secrets.twilio_auth_token, daemon.token, *secrets.values.values()))
    stack.enter_context(listening_in(lately))
    people = {one.name: one for one in daemon.config.persons()}
    names_of = {address: one.name for one in people.values() for address in one.addresses}
    api = Api(daemon.gateway, daemon.config.owner(), daemon.events, daemon.health, daemon.idle,
              daemon.keeper, lambda: reread(daemon),
              CareApi(daemon.workspace, daemon.clock.now, lately, daemon.again.set), daemon.history, names_of,
              daemon.voice)
    logins = Logins(daemon.store, daemon.token, api.owner, people, daemon.clock.now, daemon.post.tell,
                    lambda key, code: agent.house.words.say(key, code=code))
    await logins.open()
    daemon.post.on_tell = lambda letter: None if letter.key.startswith("code:") else daemon.events.tell(
        "letter", letter_event(letter, names_of.get(f"{letter.channel}:{letter.to}", "")))
    settings = daemon.config.web
    names = (settings.host, "localhost") if settings.host.startswith("127.") else (settings.host,)
    hosts = frozenset((*(f"{server.as_host(name)}:{settings.port}" for name in names), *settings.hosts))
    app = server.dashboard(api, logins, hosts)
    daemon.dashboard = await stack.enter_async_context(server.listening(app, settings.host, settings.port))
    if routes:
        outside = server.outside(routes, pictures)
        daemon.webhook = await stack.enter_async_context(
            server.listening(outside, twilio.webhook_host, twilio.webhook_port))


async def _fetch(doors: Mapping[str, Door], channel: str, url: str) -> bytes:
    """The bytes behind a link that came through a door."""
    fetch: Callable[[str], Awaitable[bytes]] | None = getattr(doors.get(channel), "fetch", None)
    if fetch is None:
        raise ChannelError("Nobody can fetch what came with it.", permanent=True)
    return await fetch(url)


async def _answer(daemon: Daemon, channel: str, message: int | str, seconds: float) -> str | None:
    """What was answered to a message, None when it takes longer than so many seconds."""
    if isinstance(message, str):
        row = await daemon.store.one("message_by_external", channel=channel, external=message)
        message = row["id"] if row else 0
    try:
        async with asyncio.timeout(seconds):
            await daemon.gateway.inbox.wait(message)
    except TimeoutError:
        return None
    turn = await daemon.store.one("turn_of_message", message=message)
    return turn["reply"] if turn else None


async def _open_eyes(daemon: Daemon, secrets: Secrets, pictures: Pictures) -> None:
    """The cameras of the settings; those that speak ONVIF join when they are let in."""
    daemon.pictures = pictures
    house = daemon.gateway.agent.house
    await asyncio.to_thread(pictures.make)
    daemon.vision = open_vision(daemon.config, secrets, daemon.store, lambda: f"{daemon.clock.now():%Y-%m-%d}")
    house.sights = await open_eyes(daemon.config, secrets, daemon.store, daemon.post, pictures, str(pictures.clips),
                                   daemon.clock.now, lambda: house.words, daemon.vision,
                                   lambda seen: daemon.events.tell("seen", seen))
    if house.sights is not None and house.presence is not None:
        house.sights.watch.home_of = house.presence.home


def _leave_word(daemon: Daemon) -> Path:
    """run.json (0600): where the running daemon is reached, for the command line."""
    path = daemon.workspace / "run.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"dashboard": daemon.dashboard, "token": daemon.token, "pid": os.getpid()}, file)
    return path


async def until_told(again: asyncio.Event) -> bool:
    """Wait for SIGINT or SIGTERM, or until `again` is set; whether to open once more."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    waiting = [asyncio.create_task(told.wait()), asyncio.create_task(again.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(*waiting)
    return not told.is_set()
