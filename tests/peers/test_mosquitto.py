"""Our MQTT driver over Debian's mosquitto: let in, read, driven, pushed, and the broker lost and back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from dobby.drivers.mqtt import DRIVER, SERVICE
from dobby.errors import PairingError
from dobby.home.device import Sighting
from tests.drivers.followed import Followed, followed
from tests.drivers.house import until
from tests.ports import free_port, listens

PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin"
BROKER, PASSWD = shutil.which("mosquitto", path=PATHS), shutil.which("mosquitto_passwd", path=PATHS)
pytestmark = [pytest.mark.anyio, pytest.mark.skipif(
    not BROKER or "DOBBY_PEERS" not in os.environ, reason="apart from the suite: sh scripts/peers")]

PLUG = {"name": None, "uniq_id": "plug", "cmd_t": "plug/set", "stat_t": "plug/state", "avty_t": "plug/lwt",
        "dev": {"ids": ["plug"], "name": "Kettle", "sa": "Kitchen", "cns": [["mac", "aa:bb:cc:00:11:22"]]}}
LAMP = {"name": "Lamp", "uniq_id": "lamp", "schema": "json", "cmd_t": "lamp/set", "stat_t": "lamp/state",
        "brightness": True}


async def run(*words: str | Path) -> None:
    """A program that must succeed."""
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0


async def settings(folder: Path) -> int:
    """Write a broker's settings: one login, what is retained kept in a file; its port."""
    port = free_port()
    assert PASSWD is not None
    await run(PASSWD, "-b", "-c", folder / "logins", "dobby", "secret-1")
    text = (f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/logins\nuser root\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n")
    await asyncio.to_thread((folder / "mosquitto.conf").write_text, text)
    return port


@asynccontextmanager
async def broker(folder: Path, port: int) -> AsyncIterator[Any]:
    """The broker while it runs."""
    assert BROKER is not None
    process = await asyncio.create_subprocess_exec(BROKER, "-c", folder / "mosquitto.conf",
                                                   stderr=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: listens(process, port))
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def gadgets(port: int) -> AsyncIterator[aiomqtt.Client]:
    """A plug and a lamp that announce themselves and obey."""
    async with aiomqtt.Client("127.0.0.1", port, username="dobby", password="secret-1") as client:
        for topic, payload in (("homeassistant/switch/plug/config", json.dumps(PLUG)), ("plug/lwt", "online"),
                               ("homeassistant/light/lamp/config", json.dumps(LAMP)), ("plug/state", "OFF"),
                               ("lamp/state", '{"state": "OFF"}')):
            await client.publish(topic, payload, retain=True)
        await client.subscribe("+/set")
        obeying = asyncio.create_task(_obey(client))
        try:
            yield client
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)


async def _obey(client: aiomqtt.Client) -> None:
    async for message in client.messages:
        await client.publish(str(message.topic).replace("/set", "/state"), message.payload, retain=True)


async def at_home(port: int) -> Followed:
    """Let in by the broker."""
    found = DRIVER.claim(Sighting("mdns", "127.0.0.1", port, SERVICE, "Mosquitto", {}))
    assert found is not None
    assert DRIVER.pair is not None
    for wrong in ("", "dobby:wrong"):
        with pytest.raises(PairingError):
            await DRIVER.pair(found, wrong)
    return followed(DRIVER, found, await DRIVER.pair(found, "dobby:secret-1"), patience=3)


async def test_devices_on_mosquitto_are_read_driven_and_survive_its_restart(tmp_path: Path) -> None:
    port = await settings(tmp_path)
    async with broker(tmp_path, port) as process, gadgets(port) as client:
        home = await at_home(port)
        async with home.connected():
            await until(lambda: {"Kettle", "Lamp"} <= {one.name for one in home.home.devices.values()})
            kettle = home.named("Kettle")
            assert (kettle.room, kettle.marks) == ("Kitchen", ("mqtt:plug", "mac:aabbcc001122"))
            for name, trait, value in (("Kettle", "on", True), ("Kettle", "on", False), ("Lamp", "on", True),
                                       ("Lamp", "brightness", 40)):
                assert (await home.do(name, trait, value)).result == "confirmed"
            await client.publish("plug/state", "ON", retain=True)
            await until(lambda: home.value("Kettle", "on") is True)
            await client.publish("plug/lwt", "offline", retain=True)
            await until(lambda: not home.reachable("Kettle"))
            await client.publish("plug/lwt", "online", retain=True)
            await until(lambda: home.reachable("Kettle"))
            process.terminate()
            await until(lambda: bool(home.lost))
            assert not home.reachable("Lamp")
    home.lost.clear()
    async with broker(tmp_path, port), gadgets(port), home.connected():
        await until(lambda: home.reachable("Lamp"))
        assert (await home.do("Lamp", "on", False)).result == "confirmed"
