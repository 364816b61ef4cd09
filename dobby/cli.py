"""The command line: demo, run, init, scan, pair, say, backup, restore, doctor.

Exit status 0, 1 (failed) or 2 (usage, configuration).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dobby import __version__
from dobby.errors import ConfigError, DobbyError

PROG = "dobby"


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; its exit status."""
    arguments = _parser().parse_args(argv)
    level = logging.DEBUG if arguments.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for noisy in ("aiohue", "soco", "zeroconf", "asyncio", "httpx2", "anthropic", "aiohomekit"):
        logging.getLogger(noisy).setLevel(max(level, logging.ERROR))
    try:
        status: int = arguments.command(arguments)
        return status
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except DobbyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROG, description="A house elf for real homes.")
    parser.add_argument("--version", action="version", version=f"{PROG} {__version__}")
    told = argparse.ArgumentParser(add_help=False)
    told.add_argument("--json", action="store_true", help="one line of JSON on stdout")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, does: Any, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, parents=parents)
        one.set_defaults(command=does)
        elsewhere = "a new one each time" if name == "demo" else "$DOBBY_WORKSPACE or here"
        one.add_argument("--workspace", type=Path, default=None, metavar="FOLDER",
                         help=f"the folder with SOUL.md, skills/, config.toml (default: {elsewhere})")
        one.add_argument("--verbose", action="store_true", help="say more on stderr")
        return one

    demo = add("demo", _demo, "Dobby living in a simulated home: no key, no hardware.")
    demo.add_argument("--headless", action="store_true", help="no chat in this terminal; run until stopped")
    demo.add_argument("--ready-json", action="store_true", help="one line of JSON when all is up (implies --headless)")
    demo.add_argument("--fresh", action="store_true", help="start with nothing paired, to find things yourself")
    demo.add_argument("--clock", choices=("real", "manual"), default="real", help="manual: time moves when told")
    demo.add_argument("--model", action="store_true", help="with a stand-in Messages API that is scripted over HTTP")
    demo.add_argument("--no-cameras", action="store_true", help="a home without cameras")
    demo.add_argument("--vision", action="store_true", help="with a toy vision model that knows only this home (asks "
                                                            "before it installs anything)")
    add("run", _run, "The daemon, until Ctrl-C or SIGTERM.").add_argument(
        "--clock", choices=("real", "manual"), default="real", help=argparse.SUPPRESS)
    init = add("init", _init, "Set Dobby up: asks for what is needed, scans, pairs, writes config.toml.")
    init.add_argument("--yes", action="store_true", help="take the defaults, ask nothing, look at no network")
    init.add_argument("--interface", default="", help="the interface of your home network, for --yes")
    init.add_argument("--pin", action="store_true", help="only ask for a PIN and print its hash for config.toml")
    scan = add("scan", _scan, "Look at the network and say what is there.", told)
    scan.add_argument("what", nargs="?", default="", help="only this (sonos, hue ...)")
    pair = add("pair", _pair, "Let a device into the home.", told)
    pair.add_argument("what", help="what to pair (hue, sonos, lock ...)")
    pair.add_argument("--pin", default="", help="the setup code, if it has one or shows one")
    say = add("say", _say, "Say something to the running daemon.", told)
    say.add_argument("text", nargs="+")
    add("backup", _backup, "The workspace in one file.").add_argument("file", nargs="?", type=Path, default=None)
    add("restore", _restore, "Take up a backup, from the next start on.").add_argument("file", type=Path)
    add("doctor", _doctor, "What is well and what is not.", told)
    return parser


def workspace(arguments: argparse.Namespace) -> Path:
    """The workspace that was named, or $DOBBY_WORKSPACE, or this folder."""
    folder: Path = arguments.workspace or Path(os.environ.get("DOBBY_WORKSPACE", "."))
    if not folder.is_dir():
        raise ConfigError([f"{folder} is not a folder. `dobby init --workspace {folder}` makes one."])
    return folder.resolve()


def _demo(arguments: argparse.Namespace) -> int:
    from dobby.demo import demo

    return asyncio.run(demo(arguments.workspace, fresh=arguments.fresh, manual_clock=arguments.clock == "manual",
                            model=arguments.model, cameras=not arguments.no_cameras, vision=arguments.vision,
                            ready_json=arguments.ready_json,
                            headless=arguments.headless or arguments.ready_json))


def _run(arguments: argparse.Namespace) -> int:
    return asyncio.run(_serve(workspace(arguments), arguments.clock == "manual"))


async def _serve(folder: Path, manual_clock: bool) -> int:
    from dobby.daemon import opened, until_told

    while True:
        async with opened(folder, manual_clock=manual_clock) as daemon:
            print(f"Dobby is up. Dashboard: {daemon.dashboard}/#token={daemon.token}", flush=True)
            if daemon.webhook:
                print(f"Webhooks: {daemon.webhook}", flush=True)
            for problem in (one for found in daemon.problems.values() for one in found):
                print(f"Not well: {problem}", file=sys.stderr)
            once_more = await until_told(daemon.again)
        if not once_more:
            return 0


def _backup(arguments: argparse.Namespace) -> int:
    from datetime import datetime

    from dobby.backup import pack

    now = datetime.now()
    target: Path = arguments.file or Path(f"dobby-{now:%Y-%m-%d-%H%M}.tar.gz")
    pack(workspace(arguments), target, now)
    size = target.stat().st_size // 1024 + 1
    print(f"{target} ({size} KB). It holds the keys of what is paired: keep it like a key. "
          "secrets.toml, drivers/ and pictures are not in it.")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from dobby.backup import stage

    about = stage(workspace(arguments), arguments.file)
    print(f"This backup was made at {about.get('made', '?')}. It is put in place when Dobby starts next; what "
          "stands there now is kept in a folder before-restore-...")
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from dobby.init import init, print_pin

    if arguments.pin:
        return print_pin()
    folder: Path = arguments.workspace or Path(os.environ.get("DOBBY_WORKSPACE", "."))
    return asyncio.run(init(folder, ask=not arguments.yes, interface=arguments.interface))


def _scan(arguments: argparse.Namespace) -> int:
    from dobby.init import scan

    answer = asyncio.run(scan(workspace(arguments), arguments.what, progress=not arguments.json))
    if arguments.json:
        print(json.dumps(answer))
        return 0
    needs = {"button": "can be paired (press its button)", "pin": "can be paired (needs its code)",
             "login": "can be paired (--pin user:password)", "nothing": "can be tried"}
    wanted = {one["host"] for one in answer["found"]} if arguments.what else None
    for one in answer["hosts"]:
        if wanted is None or one["address"] in wanted:
            state = "part of the home" if one["linked"] else needs.get(one["needs"], "") if one["make"] else ""
            name = f"{one['name'] or one['vendor'] or '-':.28}"
            print(f"{one['address']:<16} {one['what'] or '?':<28.28} {name:<28} {one['room']:<14} {state}".rstrip())
    if not answer["hosts"] or (wanted is not None and not wanted):
        print("Nothing that I know spoke up. Is network.interfaces set in config.toml?")
    return 0


def _pair(arguments: argparse.Namespace) -> int:
    from dobby.init import pair

    answer = asyncio.run(pair(workspace(arguments), arguments.what, arguments.pin))
    print(json.dumps(answer) if arguments.json else answer["reply"])
    return 0 if all(one["result"] == "confirmed" for one in answer["outcomes"]) and answer["outcomes"] else 1


def _say(arguments: argparse.Namespace) -> int:
    from dobby.client import call

    answer = asyncio.run(call(workspace(arguments), "POST", "/api/say", {"text": " ".join(arguments.text)}))
    print(json.dumps(answer) if arguments.json else answer["reply"])
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from dobby.doctor import report

    return asyncio.run(report(workspace(arguments), as_json=arguments.json))
