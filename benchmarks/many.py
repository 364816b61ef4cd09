"""1,000 devices through MQTT and through Home Assistant: seconds from connecting to the whole inventory (aim 3), MiB
more than with ten (aim 40), readings a second on one core (aim 2,000), and the reflex in such a home.

The broker is mosquitto (skipped where it is not installed), Home Assistant the double of the tests; the home that
follows is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from _house import show

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.drivers.hass_double import TOKEN, HassDouble, hass_double
from tests.drivers.test_home_assistant import box, registries, row, state

SIZES, READINGS = (10, 1000), 10_000
HERE = Path(__file__).parent
Burst = Callable[[int], Awaitable[None]]


async def measured(make: str, port: int, secret: dict[str, str], count: int, burst: Burst) -> dict[str, Any]:
    """One home, from connecting to the last reading."""
    home = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "_many_home.py"), make, "127.0.0.1", str(port), json.dumps(secret), str(count),
        str(READINGS), stdout=asyncio.subprocess.PIPE)
    assert home.stdout is not None
    found: dict[str, Any] = json.loads(await home.stdout.readline())
    assert json.loads(await home.stdout.readline())["ready"]
    await burst(count)
    told = json.loads(await home.stdout.readline())
    found |= {"readings_per_s": round(told["readings_per_s"]), "readings_per_cpu_s": round(READINGS / told["cpu_s"])}
    found |= json.loads(await home.stdout.readline())
    await home.wait()
    return found


@asynccontextmanager
async def broker(count: int) -> AsyncIterator[tuple[int, Burst]]:
    """A mosquitto with announcements of lamps that measure their power."""

    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
        process = await asyncio.create_subprocess_exec("mosquitto", "-c", str(config),
                                                       stderr=asyncio.subprocess.DEVNULL)
        try:
            client = await _connected(port)
            async with client:
                for n in range(count):
                    device = {"identifiers": [f"lamp-{n}"], "name": f"Lamp {n}"}
                    for kind, name, more in (("light", "on", {"command_topic": f"l/{n}/set", "schema": "json"}),
                                             ("sensor", "power", {"device_class": "power", "unit_of_measurement": "W",
                                                                  "value_template": "{{ value_json.power }}"})):
                        config_ = {"device": device, "unique_id": f"{name}-{n}", "state_topic": f"l/{n}"} | more
                        await client.publish(f"homeassistant/{kind}/{name}{n}/config", json.dumps(config_), retain=True)
                    await client.publish(f"l/{n}", json.dumps({"state": "ON", "power": 5}), retain=True)

                async def burst(size: int) -> None:
                    for at in range(READINGS):
                        await client.publish(f"l/{at % size}", json.dumps({"state": "ON", "power": 6 + at // size}))
                yield port, burst
        finally:
            process.terminate()
            await process.wait()


async def _connected(port: int) -> Any:
    import aiomqtt

    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return aiomqtt.Client("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("mosquitto did not open its port")


@asynccontextmanager
async def home_assistant(count: int) -> AsyncIterator[tuple[int, Burst]]:
    """The tests' double with lamps that measure their power."""
    devices = [box(f"d{n}", name=f"Lamp {n}") for n in range(count)]
    entities = [row(f"{kind}.x{n}", f"d{n}") for n in range(count) for kind in ("light", "sensor")]
    lamp = {"supported_color_modes": ["brightness"], "brightness": 128}
    meter = {"device_class": "power", "unit_of_measurement": "W"}
    states = {f"light.x{n}": state("on", **lamp) for n in range(count)} | {
        f"sensor.x{n}": state("5", **meter) for n in range(count)}
    answers = registries(devices, entities)
    async with hass_double() as double:
        double.states = states
        double.answers.update(answers)

        async def burst(size: int) -> None:
            for at in range(READINGS):
                await _set(double, f"sensor.x{at % size}", str(6 + at // size))
        yield double.port, burst


async def _set(double: HassDouble, entity: str, value: str) -> None:
    await double.set(entity, value)


async def main() -> None:
    """Both hubs, ten devices and a thousand."""
    for make, hub, secret in (("mqtt", broker, {}), ("home_assistant", home_assistant, {"token": TOKEN})):
        if make == "mqtt" and shutil.which("mosquitto") is None:
            show(claim="many devices", make=make, skipped="mosquitto is not installed (apt-get install mosquitto)")
            continue
        base = 0.0
        for count in SIZES:
            async with hub(count) as (port, burst):
                found = await measured(make, port, secret, count, burst)
            base = base or found["rss"]
            show(claim="many devices", make=make, devices=count, inventory_s=round(found["inventory_s"], 2),
                 more_mib=round(found["rss"] - base, 1), readings_per_s=found["readings_per_s"],
                 readings_per_cpu_s=found["readings_per_cpu_s"], order_ms=round(found["order_ms"], 2),
                 miss_ms=round(found["miss_ms"], 2), aims={"inventory_s": 3, "more_mib": 40, "readings_per_s": 2000})


if __name__ == "__main__":
    asyncio.run(main())
