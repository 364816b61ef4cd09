"""The simulated MQTT home, judged by aiomqtt (paho): login, what is retained, commands, faults."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from .conftest import Sim, start, stop, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed")]


@dataclass
class Judge:
    """A client that listens to everything."""

    client: aiomqtt.Client
    retained: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)

    async def listen(self) -> None:
        """Keep what arrives."""
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes | bytearray)
            text = bytes(message.payload).decode("utf-8", "replace")
            if message.retain:
                self.retained[str(message.topic)] = text
            else:
                self.heard.append((str(message.topic), text))

    def config(self, topic: str) -> dict[str, Any]:
        """A discovery message, found by a part of its topic."""
        (text,) = [text for name, text in self.retained.items() if name.endswith("/config") and topic in name]
        body: dict[str, Any] = json.loads(text)
        return body

    async def hears(self, topic: str, *parts: str) -> None:
        """Wait for a message with these words."""
        await until(lambda: any(name == topic and all(part in text for part in parts) for name, text in self.heard))


@asynccontextmanager
async def judged(sim: Sim, password: str = "") -> AsyncIterator[Judge]:
    user, _, right = sim.ready["mqtt_login"].partition(":")
    async with aiomqtt.Client(sim.host(45), 1883, username=user, password=password or right, timeout=2) as client:
        judge = Judge(client)
        listening = asyncio.create_task(judge.listen())
        try:
            await client.subscribe("#")
            await until(lambda: sum(topic.endswith("/config") for topic in judge.retained) >= 31
                        and "valetudo/dusty/BatteryStateAttribute/level" in judge.retained)
            yield judge
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def judge(sim: Sim, anyio_backend: str) -> AsyncIterator[Judge]:
    """A judge who was let in."""
    async with judged(sim) as one:
        yield one


@pytest.mark.parametrize("login", [("dobby", "wrong"), (None, None), ("somebody", "simulated-mqtt-1883")])
async def test_nobody_comes_in_without_the_login(sim: Sim, login: tuple[str | None, str | None]) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(sim.host(45), 1883, username=login[0], password=login[1], timeout=2):
            pass


async def test_everything_is_announced_and_there(sim: Sim, judge: Judge) -> None:
    for topic, text in judge.retained.items():
        if not topic.endswith("/config"):
            continue
        body = json.loads(text)
        assert body.get("unique_id") or body.get("uniq_id")
        assert body.get("device") or body.get("dev")
        state = body.get("state_topic") or body.get("stat_t") or body.get("mode_state_topic")
        assert state is None or state in judge.retained, (topic, state)
        for row in body.get("availability", [{"topic": body.get("availability_topic") or body.get("avty_t")}]):
            assert judge.retained[row["topic"]] in ("online", "Online", "ready", '{"state": "online"}')
    devices = (await sim.ask("GET", "/truth"))["devices"]
    assert sum(one["hub"] == "mqtt_broker" for one in devices.values()) == 13


async def test_a_plug_obeys_and_tells(sim: Sim, judge: Judge) -> None:
    await sim.set("treadmill", on=True, power=750.0)
    body = judge.config(f"switch/{await sim.native_id('treadmill')}")
    await judge.client.publish(body["cmd_t"], "OFF")
    await judge.hears(body["stat_t"], '"POWER": "OFF"')
    assert (await sim.state_of("treadmill"))["on"] is False
    judge.heard.clear()  # the plug told its power when it was set up, too
    await judge.client.publish(body["cmd_t"], "ON")
    await judge.hears(body["stat_t"].replace("STATE", "SENSOR"), '"Power": 750.0')
    assert (await sim.state_of("treadmill"))["on"] is True
    judge.heard.clear()
    await judge.client.publish(body["cmd_t"], "PERHAPS")
    await judge.client.publish(body["cmd_t"], "ON")  # the broker keeps their order: after this one the other is over
    await judge.hears(body["stat_t"], '"POWER": "ON"')
    assert not any('"OFF"' in text for name, text in judge.heard if name == body["stat_t"])


async def test_pool_and_spa_share_a_topic_and_obey_for_themselves(sim: Sim, judge: Judge) -> None:
    await sim.set("pool", on=True, target=27.0, current=24.0, mode="off")
    await sim.set("spa", target=37.0)
    body = judge.config("climate/njspc/njspc-1-")
    await judge.client.publish(body["temperature_command_topic"], '{"id": 1, "setPoint": 29}')
    await judge.client.publish(body["mode_command_topic"], '{"id": 1, "mode": 1}')
    await judge.hears(body["action_topic"], '"val": 1')
    assert (await sim.state_of("pool")) == {"on": True, "mode": "heat", "target": 29.0, "current": 24.0}
    assert (await sim.state_of("spa"))["target"] == 37.0


async def test_the_light_of_the_pool_plays_a_show(sim: Sim, judge: Judge) -> None:
    body = judge.config("light/njspc")
    assert "Party" in body["effect_list"]
    await judge.client.publish(body["command_topic"], '{"id": 3, "isOn": true, "theme": "Party"}')
    await judge.hears(body["state_topic"], "Party", '"isOn": true')
    assert await sim.state_of("pool_light") == {"on": True, "effect": "Party"}


async def test_the_vacuum_cleaner_takes_its_time_home(sim: Sim, judge: Judge) -> None:
    body = judge.config("vacuum")
    await judge.client.publish(body["command_topic"], "START")
    await judge.hears(body["state_topic"], "cleaning")
    await judge.client.publish(body["command_topic"], "HOME")
    await judge.hears(body["state_topic"], "returning")
    await judge.hears(body["state_topic"], "docked")
    assert (await sim.state_of("dusty"))["task"] == "dock"


async def test_outside_hands_are_told(sim: Sim, judge: Judge) -> None:
    await sim.set("kitchen_window", open=True)
    await judge.hears("zigbee2mqtt/Kitchen Window", '"contact": false')
    await sim.set("freezer", temperature=-9.5)
    await judge.hears("zigbee2mqtt/Freezer", '"temperature": -9.5')
    await sim.set("kitchen_window", open=False)
    await sim.set("freezer", temperature=-18.0)
    for state in ({"power": 9999}, {"on": "yes"}, {"color": 1}):
        assert "error" in await sim.ask("POST", "/truth", {"device": "treadmill", "state": state})


@pytest.mark.parametrize("fault", ["dead", "slow", "lies", "refuses", "garbage"])
async def test_faults_of_one_thing(sim: Sim, judge: Judge, fault: str) -> None:
    await sim.set("washer", on=True)
    body = judge.config(f"switch/{await sim.native_id('washer')}")
    await sim.fault("washer", fault, seconds=5)
    judge.heard.clear()
    if fault != "dead":
        await judge.client.publish(body["cmd_t"], "OFF")
    match fault:
        case "dead":
            await sim.fault("washer", "dead")
            await judge.hears(body["avty_t"], "Offline")
            await judge.client.publish(body["cmd_t"], "OFF")
        case "lies":
            await judge.hears(body["stat_t"], '"POWER": "ON"')
        case "refuses":
            await judge.hears(f"{body['cmd_t']}/error", "refused")
            await judge.hears(body["stat_t"], '"POWER": "ON"')
        case "garbage":
            await until(lambda: any(topic == body["stat_t"] and "POWER" not in text for topic, text in judge.heard))
    assert (await sim.state_of("washer"))["on"] is True
    await sim.fault("washer", None)
    await judge.hears(body["avty_t"], "Online")
    await judge.client.publish(body["cmd_t"], "OFF")
    await judge.hears(body["stat_t"], '"POWER": "OFF"')


async def test_a_slow_thing_obeys_late(sim: Sim, judge: Judge) -> None:
    await sim.set("washer", on=True)
    body = judge.config(f"switch/{await sim.native_id('washer')}")
    await sim.fault("washer", "slow", seconds=0.3)
    await judge.client.publish(body["cmd_t"], "OFF")
    await judge.hears(body["stat_t"], '"POWER": "OFF"')


async def test_a_dead_broker_drops_everybody_and_comes_back(sim: Sim) -> None:
    async with judged(sim) as judge:
        await sim.fault("mqtt_broker", "dead")
        with pytest.raises(aiomqtt.MqttError):
            async for _message in judge.client.messages:
                pass
    with pytest.raises(aiomqtt.MqttError):
        async with judged(sim):
            pass
    await sim.fault("mqtt_broker", None)
    async with judged(sim) as judge:
        assert judge.retained


def test_states_are_kept_over_a_restart(tmp_path: Path) -> None:
    first = start(tmp_path, "--no-cameras")
    first.call("POST", "/truth", {"device": "spa", "state": {"target": 38.0, "on": True}})
    id_ = first.call("GET", "/truth")["devices"]["dusty"]["native_id"]
    stop(first)
    again = start(tmp_path, "--no-cameras")
    devices = again.call("GET", "/truth")["devices"]
    stop(again)
    assert devices["spa"]["state"]["target"] == 38.0
    assert devices["dusty"]["native_id"] == id_
