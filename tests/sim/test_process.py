"""The simulated home as a process: what it imports, announces, remembers, and when it ends."""

import asyncio
import json
import os
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from dobby.sim.net import claim

from .conftest import Sim, start, stop, until

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
SERVICES = ["_hue._tcp.local.", "_sonos._tcp.local.", "_wled._tcp.local.", "_hap._tcp.local."]


def test_it_shares_nothing_with_dobby_and_no_library_with_its_drivers() -> None:
    code = "import sys, dobby.sim.run; print('\\n'.join(sys.modules))"
    names = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    loaded = set(names.split())
    assert {name for name in loaded if name.startswith("dobby.") and not name.startswith("dobby.sim")} == set()
    forbidden = {"soco", "aiohue", "aiohomekit", "twilio", "anthropic", "hassil", "requests", "aiomqtt", "paho"}
    assert {name.split(".")[0] for name in loaded} & forbidden == set()


def test_the_truth_names_every_device(sim: Sim) -> None:
    devices = sim.call("GET", "/truth")["devices"]
    kinds = [device["kind"] for device in devices.values()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"hub": 3, "light": 15, "plug": 3, "speaker": 2, "lock": 1, "camera": 3,
                      "thermostat": 2, "shade": 2, "garage": 1, "alarm": 1, "pool": 1, "spa": 1, "fan": 1,
                      "vacuum": 1, "sensor": 6}
    assert all(device["native_id"] and device["room"] and device["state"] for device in devices.values())
    assert {device["hub"] for device in devices.values()} == {None, "hue_bridge", "home_bridge", "mqtt_broker"}


async def test_everything_is_announced_on_its_own_address(sim: Sim, anyio_backend: str) -> None:
    zeroconf = AsyncZeroconf(interfaces=[sim.host(1)], ip_version=IPVersion.V4Only)
    names: set[tuple[str, str]] = set()

    def seen(service_type: str, name: str, state_change: ServiceStateChange, **_: object) -> None:
        if state_change is not ServiceStateChange.Removed:
            names.add((service_type, name))

    browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICES, handlers=[seen])
    found: dict[str, dict[bytes, bytes | None]] = {}

    async def all_found() -> bool:
        for kind, name in list(names):
            info = AsyncServiceInfo(kind, name)
            if await info.async_request(zeroconf.zeroconf, 500):
                found.update({address: dict(info.properties) for address in info.parsed_addresses()})
        return {sim.host(n) for n in (10, 21, 22, 31, 32, 41)} <= set(found)

    try:
        await until(all_found)
    finally:
        await browser.async_cancel()
        await zeroconf.async_close()
    assert found[sim.host(10)][b"bridgeid"] == (await sim.native_id("hue_bridge")).encode()
    assert found[sim.host(31)][b"mac"] == (await sim.native_id("shelf_strip")).encode()


def test_a_home_restarted_is_the_same_home(tmp_path: Path) -> None:
    began = time.monotonic()
    first = start(tmp_path)
    assert time.monotonic() - began < 3
    devices = first.call("GET", "/truth")["devices"]
    for key, state in (("study_lamp", {"on": True, "brightness": 7}), ("front_door", {"locked": False})):
        first.call("POST", "/truth", {"device": key, "state": state})
    first.call("POST", "/truth", {"device": "kitchen_speaker", "state": {"volume": 3, "group": "study_speaker"}})
    assert stop(first) == 0
    second = start(tmp_path)
    try:
        again = second.call("GET", "/truth")["devices"]
        assert {key: d["native_id"] for key, d in again.items()} == {key: d["native_id"] for key, d in devices.items()}
        assert again["study_lamp"]["state"]["brightness"] == 7
        assert again["front_door"]["state"]["locked"] is False
        assert again["kitchen_speaker"]["state"]["volume"] == 3
        assert again["kitchen_speaker"]["state"]["group"] == "study_speaker"
    finally:
        stop(second)


def test_a_claim_made_elsewhere_is_taken_over(tmp_path: Path) -> None:
    claimed, network = claim()
    with claimed:
        given = ["--network", str(network), "--claim-fd", str(claimed.fileno())]
        process = subprocess.Popen(
            [sys.executable, "-m", "dobby.sim", "--ready-json", "--state", str(tmp_path), *given],
            stdout=subprocess.PIPE,
            pass_fds=[claimed.fileno()],
            cwd=ROOT,
        )
        assert process.stdout is not None
        with process.stdout:
            ready = json.loads(process.stdout.readline())
    assert ip_network(ready["network"]) == network
    with pytest.raises(OSError, match="no free network"):
        claim(network)[0].close()
    process.terminate()
    assert process.wait(10) == 0


async def test_it_ends_when_nobody_is_left(tmp_path: Path, anyio_backend: str) -> None:
    launch = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'dobby.sim', '--ready-json', '--linger',"
        f" '0.2', '--state', {str(tmp_path)!r}], stdout=subprocess.PIPE); print(p.stdout.readline().decode())"
    )
    parent = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", launch], cwd=ROOT, check=True, capture_output=True
    )
    pid = json.loads(parent.stdout)["pid"]

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"

    await until(gone)
