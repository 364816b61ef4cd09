"""MQTT beyond the contract: what a broker remembers, devices that come and go, and what is hostile on it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from dobby.drivers import mqtt
from dobby.drivers.mqtt import ENTITIES_LIMIT, MqttLink
from dobby.errors import PairingError, Unreachable
from dobby.home.device import Command, Found, Outcome, Sighting
from dobby.home.home import Home
from dobby.home.verdict import Mint, Verdict, gatekeeper
from dobby.sim.door import Door
from dobby.sim.mqtt.broker import MqttServer
from dobby.sim.net import Address
from tests.drivers.house import QUICK, until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

LOGIN = {"user": "dobby", "password": "secret-1", "alarm_code": "4711"}


@dataclass(slots=True)
class Bench:
    """A broker of the test's own, a home that follows it, and what was published by Dobby."""

    server: MqttServer
    door: Door
    found: Found
    home: Home
    mint: Mint
    links: list[MqttLink] = field(default_factory=list)
    heard: list[tuple[str, str]] = field(default_factory=list)
    lost: list[BaseException] = field(default_factory=list)

    def say(self, topic: str, payload: object, *, retain: bool = True) -> None:
        """Publish as a device would."""
        self.server.publish(topic, payload if isinstance(payload, str | bytes) else json.dumps(payload), retain=retain)

    def announce(self, key: str, component: str = "switch", **config: Any) -> str:
        """A discovery message of a plug (or another thing); Dobby's id for it."""
        body = {"name": key, "uniq_id": key, "cmd_t": f"{key}/set", "stat_t": f"{key}/state"} | config
        self.say(f"homeassistant/{component}/{key}/config", body)
        return f"{self.found.key}/{key}"

    @asynccontextmanager
    async def followed(self, secret: dict[str, str] | None = None) -> AsyncIterator[MqttLink]:
        """A link that the home follows."""
        await self.server.settled()
        async with mqtt.connect(self.found, LOGIN if secret is None else secret, QUICK) as link:
            assert isinstance(link, MqttLink)
            following = asyncio.create_task(self._follow(link))
            try:
                yield link
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _follow(self, link: MqttLink) -> None:
        try:
            await self.home.follow(link)
        except Unreachable as error:
            self.lost.append(error)

    async def do(self, device: str, trait: str, value: Any) -> Outcome:
        """An order through the gate."""
        commands = [Command(device, trait, value)]
        return (await self.home.do(commands, self.mint(commands, Verdict("now"))))[0]

    async def shows(self, device: str, trait: str, value: Any) -> None:
        """Wait until the home shows a value."""
        await until(lambda: device in self.home.devices and self.home.reachable(device)
                    and self.home.value(device, trait) == value)


@pytest.fixture
async def bench(anyio_backend: str) -> AsyncIterator[Bench]:
    """A broker on a free port."""
    port = free_port()
    server = MqttServer(LOGIN["user"], LOGIN["password"])
    door = Door(server, Address("127.0.0.1", port))
    await door.open()
    mint, check = gatekeeper()
    bench = Bench(server, door, Found("mqtt:m", "mqtt", "m", "127.0.0.1", port, "login"), Home(check, patience=0.8),
                  mint)
    server.listen(lambda topic, text: bench.heard.append((topic, text)) if topic != "shellies/command" else None)
    try:
        yield bench
    finally:
        await door.close()


async def test_what_the_broker_remembers_is_shown_and_proves_nothing(bench: Bench) -> None:
    plug = bench.announce("plug")
    bench.say("plug/state", "ON")
    async with bench.followed():
        await bench.shows(plug, "on", True)
        outcome = await bench.do(plug, "on", True)
        assert (outcome.result, outcome.error and outcome.error.kind) == ("failed", "timeout")
        assert bench.heard == [("plug/set", "ON")]
        ordering = asyncio.create_task(bench.do(plug, "on", False))
        await until(lambda: ("plug/set", "OFF") in bench.heard)
        bench.say("plug/state", "OFF")
        assert (await ordering).result == "confirmed"


async def test_an_order_that_outlives_the_line_is_not_proven_by_memory(bench: Bench) -> None:
    plug = bench.announce("plug")
    bench.say("plug/state", "OFF")
    async with bench.followed():
        await bench.shows(plug, "on", False)
        bench.home.patience = 3.0
        ordering = asyncio.create_task(bench.do(plug, "on", True))
        await until(lambda: bool(bench.heard))
    bench.say("plug/state", "ON")  # while nobody listened: it may be from before the order as well
    async with bench.followed():
        assert (await ordering).result == "failed"
        assert bench.home.value(plug, "on") is True or await _comes(bench, plug)


async def _comes(bench: Bench, plug: str) -> bool:
    await bench.shows(plug, "on", True)
    return True


async def test_what_cannot_be_read_back_is_sent(bench: Bench) -> None:
    pump = bench.announce("pump", stat_t=None)
    async with bench.followed():
        await until(lambda: pump in bench.home.devices)
        assert (await bench.do(pump, "on", True)).result == "sent"


async def test_devices_come_change_and_go(bench: Bench) -> None:
    first = bench.announce("first")
    bench.say("first/state", "OFF")
    async with bench.followed():
        await bench.shows(first, "on", False)
        second = bench.announce("second")
        bench.say("second/state", "ON")
        await bench.shows(second, "on", True)
        bench.announce("second", name="Renamed")
        await until(lambda: bench.home.devices[second].name == "Renamed")
        bench.say("homeassistant/switch/second/config", "")
        await until(lambda: not bench.home.reachable(second))
        assert (await bench.do(second, "on", True)).result == "failed"
        assert bench.home.reachable(first)
        bench.announce("second")
        await until(lambda: bench.home.reachable(second))


async def test_who_is_off_line_is_out_of_reach_and_told_nothing(bench: Bench) -> None:
    plug = bench.announce("plug", avty_t="plug/lwt", pl_avail="Online", pl_not_avail="Offline")
    bench.say("plug/state", "OFF")
    bench.say("plug/lwt", "Offline")
    async with bench.followed():
        await until(lambda: plug in bench.home.devices and not bench.home.reachable(plug))
        outcome = await bench.do(plug, "on", True)
        assert outcome.error is not None
        assert outcome.error.kind == "unreachable"
        assert bench.heard == []
        bench.say("plug/lwt", "Online")
        await bench.shows(plug, "on", False)


async def test_what_was_noticed_is_over_after_its_delay(bench: Bench) -> None:
    motion = bench.announce("motion", "binary_sensor", dev_cla="motion", off_dly=0.2)
    async with bench.followed():
        await until(lambda: motion in bench.home.devices)
        bench.say("motion/state", "ON", retain=False)
        await bench.shows(motion, "motion", True)
        await bench.shows(motion, "motion", False)


async def test_the_line_that_breaks_is_told(bench: Bench) -> None:
    plug = bench.announce("plug")
    async with bench.followed():
        await until(lambda: plug in bench.home.devices)
        bench.door.cut()
        await until(lambda: bool(bench.lost))
        assert not bench.home.reachable(plug)
        with pytest.raises(Unreachable):
            async with mqtt.connect(bench.found, LOGIN, QUICK):
                pass


async def test_one_that_talks_rubbish_leaves_the_others_theirs(bench: Bench, caplog: Any) -> None:
    good, bad = bench.announce("good"), bench.announce("bad", val_tpl="{{ value_json.state }}")
    bench.announce("worse", val_tpl="{% for x in y %}{% endfor %}")
    bench.say("homeassistant/switch/worst/config", b"\x00\xff\xfe" * 1000)
    bench.say("homeassistant/light/x/config", "[" * 30000)
    async with bench.followed() as link:
        for rubbish in (b"\xff\xfe\x00", b"[1, 2]", b"{", b'{"state": {"a": 1}}', b"", b"x" * 300000, b"NaN"):
            bench.say("bad/state", rubbish, retain=False)
            bench.say("good/state", rubbish, retain=False)
        bench.say("good/state", "ON")
        await bench.shows(good, "on", True)
        assert bench.home.value(bad, "on") is None
        assert bench.home.devices.keys() == {good, bad}
        assert {"homeassistant/switch/worse/config", "homeassistant/switch/worst/config",
                "homeassistant/light/x/config"} <= link.problems.keys()
        bench.say("bad/state", {"state": "OFF"})
        await bench.shows(bad, "on", False)
    assert "worse" in caplog.text
    assert "\x00" not in caplog.text


async def test_ten_thousand_entities_are_not_all_taken(bench: Bench) -> None:
    plug = bench.announce("a-plug")
    bench.say("a-plug/state", "ON")
    await bench.server.settled()
    async with bench.followed() as link:
        await bench.shows(plug, "on", True)
        for device in range(ENTITIES_LIMIT // 200 + 2):
            bench.say(f"homeassistant/device/d{device}/config", {"dev": {"ids": [f"d{device}"], "name": "D"}, "o": {
                "name": "x"}, "cmps": {str(n): {"p": "button", "cmd_t": f"{device}/{n}", "uniq_id": f"{device}.{n}"}
                                       for n in range(200)}})
        await until(lambda: any("more than" in why for why in link.problems.values()), 60)
        bench.say("a-plug/state", "OFF")
        await until(lambda: bench.home.value(plug, "on") is False, 60)
        await until(lambda: len(bench.home.devices) >= ENTITIES_LIMIT - 1, 60)
        assert len(bench.home.devices) <= ENTITIES_LIMIT + 1


async def test_two_that_claim_to_be_one_are_one(bench: Bench) -> None:
    mine = bench.announce("mine")
    await bench.server.settled()
    async with bench.followed() as link:
        await until(lambda: mine in bench.home.devices)
        bench.say("homeassistant/switch/thief/config", {"name": "T", "uniq_id": "mine", "cmd_t": "thief/set"})
        await until(lambda: "homeassistant/switch/thief/config" in link.problems)
        await bench.do(mine, "on", True)
        assert bench.heard == [("mine/set", "ON")]


async def test_the_alarms_code_is_sent_and_never_logged(bench: Bench, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    panel = bench.announce("panel", "alarm_control_panel", code="REMOTE_CODE", cmd_tpl="{{ action }} {{ code }}")
    bench.say("panel/state", "armed_home")
    async with bench.followed() as link:
        await bench.shows(panel, "armed", "home")
        await bench.do(panel, "armed", "disarmed")
        assert bench.heard == [("panel/set", "DISARM 4711")]
        bench.say("panel/state", "gibberish 4711")
        await until(lambda: "panel" in link.problems)
    assert "DISARM 4711" not in caplog.text
    async with bench.followed({name: LOGIN[name] for name in ("user", "password")}):
        await until(lambda: bench.home.reachable(panel))
        outcome = await bench.do(panel, "armed", "disarmed")
        assert outcome.error is not None
        assert (outcome.error.kind, outcome.error.text) == ("refused", "It wants its code, and I was not given it.")


@pytest.mark.parametrize("code", ["", "dobby", "dobby:wrong", "somebody:secret-1", ":"])
async def test_a_wrong_login_is_told_with_what_to_do(bench: Bench, code: str) -> None:
    with pytest.raises(PairingError) as told:
        await mqtt.pair(bench.found, code)
    assert (told.value.hint, told.value.text) == ("login", mqtt.WANTS_LOGIN)
    assert await mqtt.pair(bench.found, "dobby:secret-1") == {"user": "dobby", "password": "secret-1"}


def test_a_broker_is_known_by_its_name_on_the_network() -> None:
    keys = {found.key for host in ("10.0.0.1", "10.0.0.2") if (found := mqtt.claim(
        Sighting("mdns", host, 1883, mqtt.SERVICE, "Mosquitto on attic", {})))}
    assert len(keys) == 1
    assert mqtt.claim(Sighting("mdns", "10.0.0.1", 1883, mqtt.SERVICE, "", {})) is None
    assert mqtt.claim(Sighting("mdns", "10.0.0.1", 1883, "_http._tcp.local.", "x", {})) is None
