"""`dobby init`, `scan` and `pair`: set a workspace up, look at the network, let devices in."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import sys
import tomllib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dobby
from dobby import config as configuration
from dobby.approvals import hash_pin
from dobby.client import call, running
from dobby.daemon import opened
from dobby.discovery.ears import ears
from dobby.discovery.hosts import Hosts, as_row
from dobby.discovery.identify import claim, fits
from dobby.discovery.networks import own_networks, reach
from dobby.discovery.sweep import Sweep
from dobby.discovery.visits import Visits
from dobby.drivers import load_drivers
from dobby.errors import ConfigError, DobbyError
from dobby.home.device import Command, Found, Outcome, Sighting
from dobby.home.verdict import Approval
from dobby.policy import PAIR, Asker
from dobby.state import Daemon
from dobby.tasks import ended
from dobby.tools.hands import Hands

LOOK = 4.0  # seconds that a scan listens


async def let_in(daemon: Daemon, key: str, code: str = "") -> Outcome:
    """Pair one thing that was seen, as the owner who was asked and said yes; through the gate like any command."""
    agent, owner = daemon.gateway.agent, daemon.config.owner()
    turn = await agent.silent_turn(owner, "console", f"pair:{uuid.uuid4()}", "set-up")
    hands = Hands(agent.house, Asker(owner, "phrase"), turn, "set-up")
    if code:
        agent.house.scout.keep_code(key, code)
    asked = (await hands.do([Command(key, PAIR, None)], tool="pair")).question
    if asked is None:
        raise DobbyError("Pairing was not asked for.")
    done = await _yes(hands, asked)
    hands.questions.clear()
    await agent.end_silent_turn(hands, "")
    return done


async def _yes(hands: Hands, asked: Approval) -> Outcome:
    person = hands.asker.person
    if person is None:
        raise DobbyError("There is nobody to ask.")
    answered = await hands.house.approvals.answer(person, asked.id, True)
    return (await hands.accept(answered, asked.choices[0])).outcomes[0]


async def scan(workspace: Path, what: str, *, progress: bool) -> dict[str, list[dict[str, Any]]]:
    """What is on the network: from the running daemon, else by looking ourselves for some seconds. "found": what a
    driver knows; "hosts": everything, with the evidence."""
    if running(workspace) is not None:
        if progress:
            print("Looking...", file=sys.stderr)
        answer: dict[str, Any] = await call(workspace, "GET", f"/api/network?what={what}")
        return {"found": answer["found"], "hosts": answer["hosts"]}
    allowed = reach(configuration.load(workspace / "config.toml").network)
    if not allowed.addresses:
        known = ", ".join(f"{name} ({address})" for name, address, _ in own_networks()) or "none"
        raise ConfigError([*allowed.problems, f"{workspace}/config.toml: network.interfaces names no interface to look "
                                              f"at. Usable here: {known}."])
    drivers, _ = load_drivers([workspace / "drivers"])
    seen: dict[str, tuple[str, Found]] = {}

    def claimed(sighting: Sighting) -> tuple[str, Found] | None:
        found = claim(sighting, drivers, allowed)
        return (found[0].title, found[1]) if found else None

    hosts = Hosts(allowed.allows, claimed, lambda: datetime.now(UTC))

    def saw(sighting: Sighting) -> None:
        hosts.saw(sighting)
        found = claim(sighting, drivers, allowed)
        if found is not None and fits(what, *found) and found[1].key not in seen:
            seen[found[1].key] = (found[0].title, found[1])
            if progress:
                print(f"I see {found[0].title} at {found[1].host}...", file=sys.stderr)

    listening = [asyncio.create_task(work()) for work in ears(allowed, drivers, saw).parts().values()]
    visits = Visits(allowed, hosts, drivers, saw)
    sweep = asyncio.create_task(Sweep(allowed, hosts, lambda: datetime.now(UTC), workspace / "scans.log",
                                      visits=visits).run())
    await asyncio.wait([*listening, sweep], timeout=LOOK, return_when=asyncio.FIRST_EXCEPTION)
    await ended(*listening, sweep)
    return {"found": [{"key": one.key, "make": title, "name": one.name, "room": one.room, "host": one.host,
                       "needs": one.needs, "linked": False, "why": one.why} for title, one in seen.values()],
            "hosts": [dict(as_row(host, False)) for host in hosts.all()]}


async def pair(workspace: Path, what: str, code: str) -> dict[str, Any]:
    """Let the one thing that fits `what` into the running daemon's home; the API's answer."""
    found = [one for one in (await call(workspace, "GET", f"/api/network?what={what}"))["found"] if not one["linked"]]
    if not found:
        raise DobbyError(f"I see nothing new that fits {what!r}.", "`dobby scan` shows what is there.")
    if len({one["key"] for one in found}) > 1 and len({one["make"] for one in found}) > 1:
        raise DobbyError(f"More than one thing fits {what!r}: " + ", ".join(one["make"] for one in found) + ".")
    if found[0]["needs"] == "button":
        print("Press the link button now; I wait half a minute.", file=sys.stderr)
    commands = [{"device": one["key"], "trait": PAIR, "value": None} for one in found]
    asked = await call(workspace, "POST", "/api/commands", commands)
    answer: dict[str, Any] = await call(workspace, "POST", f"/api/questions/{asked['question']['id']}",
                                        {"answer": "yes"} | ({"pin": code} if code else {}))
    return answer


async def init(folder: Path, *, ask: bool, interface: str) -> int:
    """Make a workspace: ask for what is needed, write config.toml, look at the network, offer to pair what is there.

    Without asking, only an interface that was named is looked at: no network is touched unasked.
    """
    await asyncio.to_thread(_write, folder, ask, interface)
    async with opened(folder) as daemon:
        await _look_and_pair(daemon, ask)
    print(f"Done. `dobby run --workspace {folder}` starts Dobby; config.example.toml explains every setting.")
    return 0


def print_pin() -> int:
    """Ask for a PIN and print the line for config.toml; 0."""
    print(f"pin_hash = {_quoted(hash_pin(_pin()))}")
    return 0


def _pin() -> str:
    pin = _answer(getpass.getpass, "A PIN for doors, four to eight digits (empty for none): ")
    if pin and not (pin.isdecimal() and 4 <= len(pin) <= 8):
        raise ConfigError(["A PIN has four to eight digits."])
    return pin


def _write(folder: Path, ask: bool, interface: str) -> None:
    target = folder / "config.toml"
    if target.exists():
        raise ConfigError([f"{target} is there already. Edit it, or move it away to start over."])
    folder.mkdir(parents=True, exist_ok=True)
    _copy_shipped(folder)
    text = _settings(ask, interface)
    configuration.parse(tomllib.loads(text), str(target))
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)  # for the owner's eyes: four digits behind a hash are soon tried
    print(f"Wrote {target}.")


async def _look_and_pair(daemon: Daemon, ask: bool) -> None:
    if not daemon.reach.addresses:
        print("No interface was named, so I looked at no network. Name yours under [network] in config.toml.")
        return
    print("Looking at the network...")
    await asyncio.sleep(LOOK)
    for driver, found in daemon.links.seen(""):
        print(f"I see {driver.title} “{found.name}” at {found.host}.")
        if found.needs != "nothing" and not ask:
            print("  It needs a person; say “find my " + driver.make + "” to Dobby later.")
            continue
        if ask and not (await asyncio.to_thread(_ask, "  Let it in? (y/n)", "y")).lower().startswith("y"):
            continue
        code = ""
        if found.needs == "pin":
            code = await asyncio.to_thread(_ask, "  Its setup code", "")
        elif found.needs == "login":
            code = await asyncio.to_thread(_answer, getpass.getpass, "  Its user:password: ")
        elif found.needs == "button":
            print("  Press the link button now; I wait half a minute.")
        while True:
            outcome = await let_in(daemon, found.key, code)
            print("  It is part of the home now." if outcome.result == "confirmed"
                  else f"  That did not work: {outcome.error.text if outcome.error else 'no reason given'}")
            if found.needs != "pin" or outcome.result == "confirmed":
                break
            code = await asyncio.to_thread(_ask, "  The code that it shows, if it does", "")  # some show it only now
            if not code:
                break


def _copy_shipped(folder: Path) -> None:
    source = Path(dobby.__file__).parent.parent
    for name in ("SOUL.md", "skills", "memory/README.md"):  # of memory only its page: what is known is another home's
        target = folder / name
        if (source / name).exists() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            copy = shutil.copytree if (source / name).is_dir() else shutil.copy
            copy(source / name, target)


def _ask(question: str, default: str) -> str:
    shown = f"{question} [{default}]: " if default else f"{question}: "
    return _answer(input, shown).strip() or default


def _answer(read: Callable[[str], str], shown: str) -> str:
    try:
        return read(shown)
    except EOFError:
        raise DobbyError("Nobody answers here.", "`dobby init` wants a terminal; with --yes it asks nothing.") from None


def _settings(ask: bool, interface: str) -> str:
    """config.toml out of the answers, or out of the defaults."""
    here = own_networks()
    interface = interface or (here[0][0] if here and ask else "")

    def get(question: str, default: str) -> str:
        return _ask(question, default) if ask else default

    zone = get("Time zone", _local_zone())
    language = get(f"Language ({', '.join(configuration.LANGUAGES)})", "en")
    name = get("Your name", "Owner")
    number = get("Your WhatsApp number (+49..., empty for none)", "")
    pin = _pin() if ask else ""
    interface = get(f"Interface of your home network ({', '.join(one[0] for one in here) or 'none found'})", interface)
    lines = ["# Made by `dobby init`. Every key is explained in config.example.toml.", "[home]",
             f"timezone = {_quoted(zone)}", f"language = {_quoted(language)}", "", "[[people]]",
             f"name = {_quoted(name)}", 'role = "owner"']
    lines += [f"addresses = [{_quoted('whatsapp:' + number)}]"] if number else []
    lines += [f"pin_hash = {_quoted(hash_pin(pin))}"] if pin else []
    lines += ["", "[network]", f"interfaces = [{_quoted(interface)}]" if interface else "interfaces = []", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _local_zone() -> str:
    path = Path("/etc/localtime")
    parts = str(path.resolve()).split("zoneinfo/")
    return parts[1] if len(parts) == 2 else "UTC"
