"""Shelly of the first generation over MQTT: what real ones announced, and the topics that their documents name, on a
broker that is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dobby.wire.mqtt.discovery import read
from dobby.wire.mqtt.shelly_first import announced
from tests.drivers.house import until
from tests.drivers.test_mqtt import Bench, bench

__all__ = ["bench"]
pytestmark = pytest.mark.anyio

# As their owners made them public; the last digits are not theirs.
DIMMER = {"id": "shellydimmer2-84CCA8AABBCC", "model": "SHDM-2", "mac": "84CCA8AABBCC", "ip": "192.168.0.114",
          "new_fw": False, "fw_ver": "20230510-082920/v1.13.1-gda6f9f2"}
DIMMED = {"ison": False, "source": "input", "has_timer": False, "timer_started": 0, "timer_duration": 0,
          "timer_remaining": 0, "mode": "white", "brightness": 100, "transition": 0}


def device(model: str, **more: Any) -> dict[str, Any]:
    """Another one, announced in the same way."""
    mac = f"84CCA8{sum(map(ord, model)):06X}"
    return DIMMER | {"id": f"{model.lower()}-{mac}", "model": model, "mac": mac} | more


class Shelly:
    """One on the broker, which does what it is told."""

    def __init__(self, bench: Bench, what: dict[str, Any]) -> None:
        self.bench, self.what, self.base = bench, what, f"shellies/{what['id']}"

    @property
    def id(self) -> str:
        """What Dobby calls it."""
        return f"{self.bench.found.key}/{self.what['id']}"

    def announce(self) -> None:
        """It comes up: everything but its announcement was told before anybody listened."""
        self.bench.say("shellies/announce", self.what, retain=False)

    def say(self, below: str, payload: object) -> None:
        """Told, and not kept by the broker, as it is set when it leaves the works."""
        self.bench.say(f"{self.base}/{below}" if below else self.base, payload, retain=False)

    def heard(self, topic: str, text: str) -> None:
        """An order to all, or to it."""
        match topic.removeprefix(self.base), text:
            case "shellies/command", "announce":
                self.announce()
            case "shellies/command", "update":
                self.update()
            case "/relay/0/command", _:
                self.say("relay/0", text)
            case "/light/0/set", _:
                wanted = json.loads(text)
                self.say("light/0/status", DIMMED | {"ison": wanted["turn"] == "on"} | {
                    name: value for name, value in wanted.items() if name == "brightness"})
            case "/roller/0/command/pos", _:
                self.say("roller/0", "close")
                self.say("roller/0/pos", text)
                self.say("roller/0", "stop")

    def update(self) -> None:
        """How it is."""
        for below, payload in (("online", "true"), ("relay/0", "off"), ("relay/0/power", "12.5"),
                               ("relay/0/energy", "90000"), ("light/0/status", DIMMED), ("light/0/power", "0.00"),
                               ("roller/0", "stop"), ("roller/0/pos", "100")):
            self.say(below, payload)


def joined(bench: Bench, *whats: dict[str, Any]) -> tuple[list[Shelly], list[tuple[str, str]]]:
    """These on the broker, and what is ordered there."""
    all_, ordered = [Shelly(bench, what) for what in whats], []

    def heard(topic: str, text: str) -> None:
        ordered.append((topic, text))
        for one in all_:
            one.heard(topic, text)

    bench.server.listen(heard)
    return all_, ordered


async def test_a_dimmer_a_plug_and_a_roller_are_found_read_and_driven(bench: Bench) -> None:
    (dimmer, plug, roller), _ = joined(bench, DIMMER, device("SHPLG-S"), device("SHSW-25", mode="roller"))
    async with bench.followed():
        lamp, socket, shade = dimmer.id, plug.id, roller.id
        await until(lambda: {lamp, socket, shade} <= set(bench.home.devices))
        await bench.shows(lamp, "brightness", 100)
        assert bench.home.devices[lamp].kind == "light"
        assert "mac:84cca8aabbcc" in bench.home.devices[lamp].marks
        assert (await bench.do(lamp, "brightness", 40)).result == "confirmed"
        assert (await bench.do(lamp, "on", False)).result == "confirmed"
        await bench.shows(socket, "power", 12.5)
        await bench.shows(socket, "energy", 1.5)
        assert (await bench.do(socket, "on", True)).result == "confirmed"
        assert (await bench.do(shade, "position", 30)).result == "confirmed"
        dimmer.say("online", "false")
        await until(lambda: not bench.home.reachable(lamp))
        assert bench.home.reachable(socket)


@pytest.mark.parametrize(("model", "shows"), [
    ("SHHT-1", {"temperature": ("21.5", 21.5), "humidity": ("48.0", 48.0), "battery": ("97", 97)}),
    ("SHWT-1", {"flood": ("true", True), "battery": ("97", 97)}), ("SHSM-01", {"smoke": ("true", True)}),
    ("SHDW-2", {"state": ("open", True)})])
async def test_what_sleeps_is_told_when_it_wakes(bench: Bench, model: str,
                                                 shows: dict[str, tuple[str, object]]) -> None:
    (one,), ordered = joined(bench, device(model))
    names = {"flood": "leak", "state": "opened"}
    async with bench.followed():
        await until(lambda: one.id in bench.home.devices)
        await until(lambda: ("shellies/command", "update") in ordered)
        for below, (told, value) in shows.items():
            one.say(f"sensor/{below}", told)
            await bench.shows(one.id, names.get(below, below), value)


def test_every_model_that_is_announced_can_be_read() -> None:
    for model in ("SHSW-1", "SHSW-L", "SHSW-PM", "SHSW-44", "SHPLG-1", "SHDM-1", "SHVIN-1", "SHEM", "SHEM-3", "SHDW-1"):
        configs = announced(json.dumps(device(model)))
        assert configs, model
        for topic, text in configs.items():
            found, problems = read(topic, text)
            assert found, topic
            assert not problems
    assert sum("/switch/" in topic for topic in announced(json.dumps(device("SHSW-44")))) == 4


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100000, '{"id": "a/#", "model": "SHSW-1"}',
                                  '{"id": "shelly-1", "model": 7}', '{"id": "shelly-1", "model": "SHNEW-9"}'])
def test_what_is_no_announcement_becomes_nothing(text: str) -> None:
    assert announced(text) == {}
