"""`dobby demo`: a workspace of its own, the simulated home in a process of its own, and the daemon over it.

The simulated home survives kill -9 of the daemon; `dobby run --workspace W` opens the daemon again on the same ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import dobby
from dobby import config as configuration
from dobby.approvals import hash_pin
from dobby.channels.console import chat
from dobby.children import bare_environment
from dobby.daemon import opened, until_told
from dobby.errors import DobbyError
from dobby.home.home import Given
from dobby.init import let_in
from dobby.sim.house import CAMERA_PASSWORD
from dobby.sim.net import claim
from dobby.state import Daemon
from dobby.tasks import ended
from dobby.tools.household import give

OWNER = "whatsapp:+15550100"
PIN = "2468"
TWILIO_SID, TWILIO_TOKEN = "ACsimulated0000000000000000000000", "simulated-twilio-token"  # published on purpose
PORTS = (8700, 8701)  # dashboard and webhooks, at the first address of the demo's network
READY_LIMIT = 20.0  # seconds until every device of the simulated home must be there

CONFIG = """# The demo's settings. The PIN for the front door is {pin}.
[home]
name = "Larkspur House"
timezone = "Europe/Berlin"
latitude = 52.52
longitude = 13.40

[[people]]
name = "Robin"
role = "owner"
addresses = ["{owner}", "sms:+15550100"]
pin_hash = "{pin_hash}"

[[people]]
name = "Sam"
role = "member"
addresses = ["whatsapp:+15550101", "sms:+15550101"]
pin_hash = "{pin_hash}"

[[people]]
name = "Alex"
role = "guest"
addresses = ["whatsapp:+15550102"]

[comfort]
night = ""  # the demo sounds the same at any hour

[network]
simulated = true
simulated_network = "{network}"
callbacks = "{host}"

[web]
host = "{host}"
port = {web_port}

[twilio]
account_sid = "{sid}"
from = ["whatsapp:+15550199", "sms:+15550199"]
public_url = "http://{host}:{webhook_port}/twilio"
webhook_host = "{host}"
webhook_port = {webhook_port}
api_url = "{twilio}"
template_sid = "HXsimulated0000000000000000000000"
{brain}"""

CAMERA = """
[[cameras]]
name = "{name}"
url = "{url}"
sub_url = "{sub_url}"
user = "{user}"
room = "{room}"
serial = "{serial}"
"""
VISION = """
[vision]
ends = ["local"]
model = "{model}"
"""
TOY = Path(__file__).parent / "sim" / "toy"  # a checkpoint of our own making that knows only this home


@dataclass(frozen=True, slots=True)
class Place:
    """Where one demo lives: its claimed network and Dobby's own addresses in it."""

    claimed: socket.socket
    network: IPv4Network
    host: str
    web_port: int
    webhook_port: int

    @property
    def public_url(self) -> str:
        """The whole inbound Twilio address."""
        return f"http://{self.host}:{self.webhook_port}/twilio"


async def demo(workspace: Path | None, *, fresh: bool, manual_clock: bool, model: bool, cameras: bool, vision: bool,
               ready_json: bool, headless: bool) -> int:
    """Run the demo until the person leaves; 0."""
    folder = _folder(workspace)
    place = _place(folder)
    async with _simulated_home(folder, place, model, cameras) as sim:
        _furnish(folder, place, sim | ({"cameras": []} if fresh else {}), vision)
        first = once_more = True
        while once_more:
            async with opened(folder, manual_clock=manual_clock) as daemon:
                if first and not fresh:
                    await _settle_in(daemon, sim)
                if first and ready_json:
                    print(json.dumps(_ready(daemon, place, sim)), flush=True)
                elif not ready_json:
                    _greet(daemon, sim)
                once_more = await _until_left(daemon, headless)
            first = False
    return 0


def _folder(workspace: Path | None) -> Path:
    if workspace is None:
        return Path(tempfile.mkdtemp(prefix="dobby-demo-"))
    workspace.mkdir(parents=True, exist_ok=True)
    if (workspace / "pyproject.toml").exists():
        raise DobbyError(f"{workspace} is a checkout; a demo gets a folder of its own.", "Leave --workspace out.")
    return workspace.resolve()


def _place(folder: Path) -> Place:
    """The network this workspace had before, or a free one."""
    wanted: IPv4Network | None = None
    if (folder / "config.toml").exists():
        before = configuration.load(folder / "config.toml").network.simulated_network
        wanted = IPv4Network(before) if before else None
    try:
        claimed, network = _claim_with_free_ports(wanted)
    except OSError as error:
        raise DobbyError(f"The simulated home of {folder} cannot start ({error.strerror}).",
                         f"If it still runs, `dobby run --workspace {folder}` opens Dobby over it.") from None
    claimed.set_inheritable(True)
    if network.prefixlen == 32:  # macOS has no 127.77.x.y: one address, ports by claim
        step = (claimed.getsockname()[1] - 7077) * 100
        return Place(claimed, network, "127.0.0.1", 8700 + step, 8701 + step)
    return Place(claimed, network, str(network[1]), *PORTS)


def _claim_with_free_ports(wanted: IPv4Network | None) -> tuple[socket.socket, IPv4Network]:
    """A claimed network in which no daemon that outlived its home still holds Dobby's own ports."""
    passed_over: list[socket.socket] = []
    try:
        while True:
            claimed, network = claim(wanted)
            if wanted is not None or network.prefixlen == 32 or all(_free(str(network[1]), port) for port in PORTS):
                return claimed, network
            passed_over.append(claimed)
    finally:
        for one in passed_over:
            one.close()


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@asynccontextmanager
async def _simulated_home(folder: Path, place: Place, model: bool,
                          cameras: bool) -> AsyncIterator[dict[str, Any]]:
    """The simulated home's process, ended with the demo (but not with its sudden death)."""
    arguments = [sys.executable, "-m", "dobby.sim", "--network", str(place.network), "--claim-fd",
                 str(place.claimed.fileno()), "--state", str(folder / "simulated-home"), "--webhook", place.public_url,
                 "--ready-json", *(["--model"] if model else []), *([] if cameras else ["--no-cameras"])]
    with (folder / "simulated-home.log").open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *arguments, stdout=asyncio.subprocess.PIPE, stderr=errors, stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(place.claimed.fileno(),), start_new_session=True,
            env=bare_environment() | {"SIM_TWILIO_SID": TWILIO_SID, "SIM_TWILIO_TOKEN": TWILIO_TOKEN})
    place.claimed.close()
    try:
        if process.stdout is None:
            raise DobbyError("The simulated home has no voice.")
        line = await asyncio.wait_for(process.stdout.readline(), READY_LIMIT)
        if not line:
            raise DobbyError("The simulated home did not start.", f"See {folder / 'simulated-home.log'}.")
        yield json.loads(line)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 3.0)
        if process.returncode is None:
            process.kill()
            await process.wait()


def _furnish(folder: Path, place: Place, sim: dict[str, Any], vision: bool) -> None:
    """SOUL.md, skills/ and memory/ as shipped, settings and secrets of the demo; what is there already stays."""
    source = Path(dobby.__file__).parent.parent
    for name in ("SOUL.md", "skills", "memory/README.md"):
        target = folder / name
        if target.exists() or not (source / name).exists():
            continue
        target.parent.mkdir(exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target)
        else:
            shutil.copy(source / name, target)
    model = sim["model"]
    if not (folder / "config.toml").exists():
        (folder / "config.toml").write_text(CONFIG.format(
            pin=PIN, pin_hash=hash_pin(PIN), owner=OWNER, network=place.network, host=place.host, sid=TWILIO_SID,
            web_port=place.web_port, webhook_port=place.webhook_port, twilio=sim["twilio"],
            brain=f'\n[brain]\nbase_url = "{model}"\n' if model else "") + _cameras(sim, vision), "utf-8")
    if not (folder / "secrets.toml").exists():
        with os.fdopen(os.open(folder / "secrets.toml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f'twilio_auth_token = "{TWILIO_TOKEN}"\n'
                       + "".join(f'{configuration.camera_secret(one["name"]).lower()} = "{CAMERA_PASSWORD}"\n'
                                 for one in sim["cameras"])
                       + ('anthropic_api_key = "simulated-key"\n' if model else ""))


def _cameras(sim: dict[str, Any], vision: bool) -> str:
    """The cameras of the simulated home as settings."""
    rows = [CAMERA.format(**one) for one in sim["cameras"]]
    return "".join(rows) + (VISION.format(model=TOY) if vision and rows else "")


async def _settle_in(daemon: Daemon, sim: dict[str, Any]) -> None:
    """Let every device of the simulated home in, by the same question and answer as a person would, and wait for it."""
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.get(f"{sim['sim']}/truth") as response:
            truth: dict[str, Any] = (await response.json())["devices"]
        tails = {row["native_id"] for row in truth.values() if row["kind"] != "hub" and row.get("native_id")}
        asked: set[str] = set()
        codes = {"homekit": sim["homekit_pin"], "mqtt": sim["mqtt_login"]}
        try:
            async with asyncio.timeout(READY_LIMIT), asyncio.TaskGroup() as group:
                while not _all_there(daemon, tails):
                    for _, found in daemon.links.seen(""):
                        code = codes.get(found.make, "")
                        if found.key not in asked and found.key not in daemon.links.kept and (
                                code or found.needs != "login"):
                            asked.add(found.key)
                            if found.needs == "button":
                                await session.post(f"{sim['sim']}/button", json={"device": "hue_bridge"})
                            group.create_task(let_in(daemon, found.key, code))
                    await asyncio.sleep(0.05)
        except TimeoutError:
            print("Not every device of the simulated home spoke up in time; `dobby doctor` says which.",
                  file=sys.stderr)
    await _say_rooms(daemon, truth)


async def _say_rooms(daemon: Daemon, truth: dict[str, Any]) -> None:
    """What the owner of this home would have told: in which room the things stand that do not know it themselves."""
    rooms = {row["native_id"]: row["room"] for row in truth.values() if row.get("native_id") and row.get("room")}
    for id_, device in daemon.home.devices.items():
        room = rooms.get(_tail(id_), "")
        if not device.room and room and daemon.home.given(id_).room is None:
            await give(daemon.gateway.agent.house, id_, Given(room=room))


def _tail(id_: str) -> str:
    return id_.rpartition("/")[2] if "/" in id_ else id_.partition(":")[2]


def _all_there(daemon: Daemon, tails: set[str]) -> bool:
    here = {_tail(id_) for id_ in daemon.home.devices
            if daemon.home.reachable(id_) and any(
                daemon.home.reading(id_, trait.name) for trait in daemon.home.devices[id_].traits)}
    return tails - {"handset"} <= here


def _ready(daemon: Daemon, place: Place, sim: dict[str, Any]) -> dict[str, Any]:
    return {"dashboard": daemon.dashboard, "token": daemon.token, "webhook": place.public_url, "sim": sim["sim"],
            "model": sim["model"], "workspace": str(daemon.workspace), "owner": OWNER, "pid": os.getpid()}


def _greet(daemon: Daemon, sim: dict[str, Any]) -> None:
    count = len(daemon.home.devices)
    print(f"""Dobby is at home, in a simulated one ({count} devices, real protocols, nothing of yours).
  Dashboard:  {daemon.dashboard}/#token={daemon.token}
  Workspace:  {daemon.workspace}
  Outside hands (wall switches, faults, a phone): {sim['sim']}/truth
  The PIN for the front door is {PIN}.{_cameras_hint(sim)}
Try: "Dobby, it's sleepy time", "which lights are on?", "play jazz radio in the study", "unlock the front door", "undo".
"bye" or Ctrl-C ends it.""", flush=True)


def _cameras_hint(sim: dict[str, Any]) -> str:
    """How to have something happen before a camera, where there are some."""
    if not sim["cameras"]:
        return ""
    play = """'{"camera": "driveway", "event": "delivery_truck"}'"""
    return f"\n  Before a camera: curl -d {play} {sim['sim']}/camera   then \"what's happening outside?\""


async def _until_left(daemon: Daemon, headless: bool) -> bool:
    """Until the person leaves; whether Dobby is to be opened once more."""
    told = asyncio.create_task(until_told(daemon.again))
    tasks: set[asyncio.Task[Any]] = {told}
    if not headless:
        tasks.add(asyncio.create_task(chat(daemon.gateway, daemon.gateway.agent.soul.name)))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await ended(*pending)
    for task in done:
        task.result()
    return told in done and told.result()
