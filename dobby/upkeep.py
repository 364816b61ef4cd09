"""What runs for ever in an open house: links, post, eyes and ears, and the files that people change by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from dobby import memory_use
from dobby.agent.reflex import Reflex
from dobby.agent.shelf_watch import watch_shelf
from dobby.brains.claude import Claude
from dobby.discovery.ears import Ears
from dobby.discovery.hosts import Host
from dobby.eyes import tuning
from dobby.eyes.opening import let_in
from dobby.eyes.sights import Sights
from dobby.home.rests import Rests
from dobby.memory.embed import QUESTION_SECONDS, NoMeaning, Worker, available
from dobby.memory.memory import Memory
from dobby.messages import Letter
from dobby.parts import Parts
from dobby.skills import load_skills
from dobby.soul import read as read_soul
from dobby.state import Daemon
from dobby.tools.fence import clean
from dobby.web.feed import tell_changes
from dobby.words import Words

log = logging.getLogger(__name__)
FILES_EVERY = 2.0  # seconds between looks at SOUL.md and skills/
FIRST_LOOK = 5.0  # seconds after a start until the network is looked at
NAMES_SETTLE = 0.3  # seconds to let a hub bring all its devices before names are read anew


def start(daemon: Daemon, parts: Parts, heard: Ears) -> None:
    """Everything that runs for ever."""
    parts.run("links", daemon.links.run)
    parts.run("post", daemon.post.run)
    if watchman := daemon.gateway.agent.watchman:
        parts.run("watchman", watchman.run)
    parts.run("events", lambda: tell_changes(daemon.home, daemon.events))
    parts.run("names", lambda: _keep_names_ready(daemon))
    parts.run("files", lambda: _watch_files(daemon))
    parts.run("rests", Rests(daemon.home, daemon.store).run)
    parts.run("warm-up", lambda: _warm(daemon))
    parts.run("memory", lambda: _keep_memory(daemon))
    if daemon.history is not None:
        parts.run("readings", daemon.history.run)
        parts.run("old readings", daemon.history.keep_tidy)
    if sights := daemon.gateway.agent.house.sights:
        parts.run("untold", lambda: _once(sights.watch.take_up))
        parts.run("cameras", lambda: daemon.home.follow(sights.watch.link))
        parts.run("new cameras", lambda: _let_cameras_in(daemon, sights))
        parts.run("eyes", sights.watch.eyes.run)
        parts.run("tuning", lambda: tuning.nightly(sights))
        parts.run("pictures", lambda: sights.upkeep(daemon.config.eyes.keep_days, daemon.config.eyes.keep_mb))
    if daemon.vision is not None:
        parts.run("vision", daemon.vision.run)
    for name, work in (*heard.parts().items(), *(daemon.keeper.parts().items() if daemon.keeper else ())):
        parts.run(name, work)
    if daemon.reach.addresses:
        parts.run("newcomers", lambda: _greet(daemon))
    house = daemon.gateway.agent.house
    if learner := house.learner:
        parts.run("learned", lambda: watch_shelf(learner, daemon.config.owner(), lambda: house.words, daemon.post.tell))


async def _greet(daemon: Daemon) -> None:
    """Look around once after a start, then mention to the owner what is new, once and in a quiet moment."""
    newcomers, sweep, owner = daemon.newcomers, daemon.sweep, daemon.config.owner()
    if newcomers is None or sweep is None:
        return

    async def tell(host: Host) -> None:
        words = daemon.gateway.agent.house.words
        if owner.addresses:
            channel, to = owner.addresses[0].split(":", 1)
            text = words.say("net.newcomer", what=host.what() or words.say("net.unknown"),
                             name=clean(host.name() or host.vendor or "?", 60), host=host.address)
            await daemon.post.tell(Letter(f"new:{host.id}", channel, to, text, kind="alert"))
    await asyncio.sleep(FIRST_LOOK)
    await sweep.run()
    await sweep.settled()
    await newcomers.remember()
    await newcomers.run(lambda: not daemon.gateway.inbox.running(), tell)


async def _keep_memory(daemon: Daemon) -> None:
    """What people change in memory/ counts at once, and what was said is found later."""
    memory = daemon.gateway.agent.house.memory
    worker = Worker() if await asyncio.to_thread(available) else None
    try:
        while memory is not None:
            if worker is not None:
                try:
                    await memory.learn_meanings(worker.embed, lambda texts: worker.embed(texts, QUESTION_SECONDS),
                                                daemon.workspace / "vectors.npz")
                except NoMeaning as error:
                    log.warning("the model of meanings: %s", error)
            await _notice_files(daemon, memory)
    finally:
        if worker is not None:
            worker.stop()


async def _notice_files(daemon: Daemon, memory: Memory) -> None:
    """One look at memory/."""
    await asyncio.sleep(FILES_EVERY)
    if await memory.sync() and daemon.problems.get("memory") != memory.problems:
        daemon.problems["memory"] = memory.problems
        daemon.events.tell("health", {"problems": [one for found in daemon.problems.values() for one in found]})


async def _once(work: Callable[[], Awaitable[None]]) -> None:
    await work()
    await asyncio.Event().wait()


async def _let_cameras_in(daemon: Daemon, sights: Sights) -> None:
    """A camera that was let in by ONVIF is looked through from then on."""
    with daemon.home.listen() as changes:
        while True:
            for key, kept in list(daemon.links.kept.items()):
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
    folder = daemon.workspace
    if not daemon.files:
        daemon.files = await asyncio.to_thread(_stamps, folder)
    while True:
        await asyncio.sleep(FILES_EVERY)
        now = await asyncio.to_thread(_stamps, folder)
        if now == daemon.files:
            continue
        await reread(daemon)
        daemon.files = now


async def reread(daemon: Daemon) -> None:
    """SOUL.md and the skills as their files say now."""
    agent, folder = daemon.gateway.agent, daemon.workspace
    agent.soul, daemon.problems["soul"] = await asyncio.to_thread(read_soul, folder / "SOUL.md")
    agent.house.skills, problems = await asyncio.to_thread(load_skills, folder / "skills")
    if agent.house.teaching is not None:
        agent.house.strange = await agent.house.teaching.strange(agent.house.skills)
        agent.house.skills, clashes = await agent.house.teaching.sorted_out(agent.house.skills)
        problems += clashes
    daemon.problems["skills"] = problems
    agent.house.words = words = Words(daemon.config.home.language, address=agent.soul.address,
                                      dryness=agent.soul.dryness, name=agent.soul.name)
    reflex = Reflex(daemon.config.home.language, agent.house.skills, words, agent.reflex.people)
    await asyncio.to_thread(reflex.warm, daemon.home)
    agent.reflex = agent.house.reflex = reflex
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
