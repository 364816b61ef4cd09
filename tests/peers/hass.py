"""A real Home Assistant 2024.3.3 with its demo integration, started for a test and let into by its own API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.ports import free_port

PYTHON = Path(os.environ.get("DOBBY_PEERS", "/nowhere")) / "home-assistant" / "bin" / "python"
CONFIG = """homeassistant: {{name: Peer, latitude: 0, longitude: 0, elevation: 0, unit_system: metric, time_zone: UTC}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
api:
websocket_api:
config:
onboarding:
{more}
"""
START_LIMIT = 90.0  # seconds


@dataclass(slots=True)
class RealHass:
    """One of them. token: a long-lived one, once it was let in."""

    folder: Path
    port: int
    more: str
    process: asyncio.subprocess.Process | None = None
    token: str = ""
    uuid: str = "0123456789abcdef0123456789abcdef"  # it makes its own when it announces itself, which it cannot here

    async def start(self) -> None:
        """Run it until it answers."""
        self.process = await asyncio.create_subprocess_exec(
            PYTHON, "-m", "homeassistant", "-c", self.folder, "--skip-pip", stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(START_LIMIT), aiohttp.ClientSession() as web:
            while True:
                with suppress(aiohttp.ClientError):
                    async with web.get(f"http://127.0.0.1:{self.port}/api/onboarding") as answer:
                        if answer.status == 200:
                            break
                assert self.process.returncode is None, "Home Assistant ended"
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End it, as a loss of power would."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def enter(self) -> None:
        """Make its first user and a long-lived token, rooms for two lamps."""
        base = f"http://127.0.0.1:{self.port}"
        async with aiohttp.ClientSession() as web:
            user = {"client_id": f"{base}/", "name": "D", "username": "d", "password": "d", "language": "en"}
            async with web.post(f"{base}/api/onboarding/users", json=user) as answer:
                code = (await answer.json())["auth_code"]
            form = {"client_id": f"{base}/", "grant_type": "authorization_code", "code": code}
            async with web.post(f"{base}/auth/token", data=form) as answer:
                access = (await answer.json())["access_token"]
            async with web.ws_connect(f"{base}/api/websocket", max_msg_size=0) as line:
                await line.receive_json()
                await line.send_json({"type": "auth", "access_token": access})
                await line.receive_json()
                self.token = await _ask(line, 1, "auth/long_lived_access_token", client_name="Dobby", lifespan=365)
                if "demo:" in self.more:
                    await _ask(line, 2, "config/entity_registry/update", entity_id="light.bed_light", area_id="kitchen")

    async def outside(self, service: str, entity: str, **data: Any) -> None:
        """Somebody uses Home Assistant's own page."""
        web = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"})
        domain, _, name = service.partition(".")
        async with web, web.post(f"http://127.0.0.1:{self.port}/api/services/{domain}/{name}",
                                 json={"entity_id": entity} | data) as answer:
            assert answer.status == 200

    async def state(self, entity: str) -> Any:
        """What it holds of an entity, by its REST API: (state, attributes)."""
        web = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"})
        async with web, web.get(f"http://127.0.0.1:{self.port}/api/states/{entity}") as answer:
            row = await answer.json()
            return row["state"], row["attributes"]


async def _ask(line: aiohttp.ClientWebSocketResponse, id_: int, type_: str, **fields: Any) -> Any:
    await line.send_json({"id": id_, "type": type_} | fields)
    while True:
        said = await line.receive_json()
        if said.get("id") == id_ and said["type"] == "result":
            assert said["success"], said
            return said["result"]


@asynccontextmanager
async def real_hass(folder: Path, more: str = "demo:") -> AsyncIterator[RealHass]:
    """A Home Assistant that has just been set up; `more` is YAML for its configuration."""
    port = free_port()
    await asyncio.to_thread((folder / "configuration.yaml").write_text, CONFIG.format(port=port, more=more))
    hass = RealHass(folder, port, more)
    try:
        await hass.start()
        await hass.enter()
        yield hass
    finally:
        await hass.stop()
