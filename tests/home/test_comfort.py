"""Comfort and wear: limits and rests that hold whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

import pytest

from dobby.errors import Unreachable
from dobby.home import vocabulary as rows
from dobby.home.comfort import Hold, at_night, hold
from dobby.home.device import Command, Device, Fault, Reading
from dobby.home.home import Held, Home
from dobby.home.rests import STOPPED, Rests
from dobby.home.traits import Value
from dobby.home.verdict import Verdict, gatekeeper
from dobby.settings import ComfortSettings
from dobby.store import Store
from tests.stories.house import until

NOON, MIDNIGHT = datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 0, 30)
HEATING = Device("h", "Heating", "thermostat", "", "x", (rows.MODE, rows.TARGET))
SPA = Device("s", "Spa", "spa", "", "x", (rows.ON, rows.TARGET))
GARAGE = Device("g", "Garage", "garage", "", "x", (rows.OPEN,))
SPEAKER = Device("m", "Speaker", "speaker", "", "x", (rows.VOLUME,))


@dataclass
class Past:
    """Readings and when they changed."""

    values: dict[str, Value] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)

    def value(self, device: str, trait: str) -> Value:
        return self.values.get(trait)

    def since(self, device: str, trait: str) -> float | None:
        return self.ages.get(trait)


def held(device: Device, trait: str, value: Value, past: Past | None = None, now: datetime = NOON,
         **settings: float | str) -> Hold | None:
    comfort = ComfortSettings(**settings)  # type: ignore[arg-type]  # the settings' own fields
    return hold(Command(device.id, trait, value), device, past or Past(), comfort, now)


def test_warmth_has_an_end() -> None:
    assert held(HEATING, "target", 23.0, heat_max=22.0) == Hold("warm", 22.0)
    assert held(HEATING, "target", 22.0, heat_max=22.0) is None
    assert held(SPA, "target", 39.5, spa_max=39.0) == Hold("warm", 39.0)


def test_the_night_is_quiet() -> None:
    assert held(SPEAKER, "volume", 70, now=MIDNIGHT) == Hold("volume", 60.0)
    assert held(SPEAKER, "volume", 70, now=NOON) is None
    assert held(SPEAKER, "volume", 70, now=MIDNIGHT, night="") is None
    assert held(SPEAKER, "volume", 50, now=MIDNIGHT) is None


def test_what_wears_by_starting_rests() -> None:
    off = Past({"mode": "off"}, {"mode": 20.0})
    assert held(HEATING, "mode", "cool", off) == Hold("compressor", 180.0, 160.0)
    assert held(HEATING, "mode", "heat", off) is None
    assert held(HEATING, "mode", "cool", Past({"mode": "off"}, {"mode": 200.0})) is None
    assert held(HEATING, "mode", "cool", Past({"mode": "off"})) is None
    assert held(HEATING, "mode", "off", Past({"mode": "cool"}, {"mode": 1.0})) is None
    stopped = Past({"on": False}, {"on": 10.0})
    assert held(SPA, "on", True, stopped) == Hold("pump", 30.0, 20.0)
    assert held(SPA, "on", False, Past({"on": True}, {"on": 1.0})) is None
    assert held(GARAGE, "open", False, Past({"open": True}, {"open": 1.0})) == Hold("garage", 3.0, 2.0)
    assert held(GARAGE, "open", True, Past({"open": True}, {"open": 1.0})) is None


@pytest.mark.parametrize(("night", "now", "wanted"), [("22:00-07:00", "23:10", True), ("22:00-07:00", "06:59", True),
                                                      ("22:00-07:00", "07:00", False), ("13:00-15:00", "14:00", True)])
def test_night_may_cross_midnight(night: str, now: str, wanted: bool) -> None:
    assert at_night(night, time.fromisoformat(now)) is wanted


class Line:
    """A link whose device obeys at once."""

    def __init__(self) -> None:
        self.heard: list[Command] = []
        self.queue: asyncio.Queue[Device | Reading] = asyncio.Queue()

    async def watch(self):  # type: ignore[no-untyped-def]  # an async generator of what the home follows
        yield SPA
        yield Reading("s", "on", False)
        while True:
            item = await self.queue.get()
            if item is None:
                raise Unreachable("gone")
            yield item

    async def send(self, command: Command) -> None:
        self.heard.append(command)
        self.queue.put_nowait(Reading(command.device, command.trait, command.value))


@pytest.mark.anyio
async def test_a_rest_holds_over_a_restart_and_a_first_start_is_free(tmp_path: Path) -> None:
    store, command = await Store.open(tmp_path / "dobby.db"), Command("s", "on", True)
    try:
        async with running(store) as (home, line):
            assert home.since("s", "on") is None, "nobody saw it stop"
            for value in (True, False):
                line.queue.put_nowait(Reading("s", "on", value))
            await until(lambda: store.fact(STOPPED))
        kept = await store.fact(STOPPED)
        async with running(store) as (home, _):
            rest = hold(command, SPA, home, ComfortSettings(), NOON)
            assert rest
            assert (rest.key, 0 < rest.left <= 30) == ("pump", True)
        assert await store.fact(STOPPED) == kept, "the same stop, heard of again"
        await store.set_fact(STOPPED, {"s": ["on", "2026-01-01T00:00:00+00:00"]})
        async with running(store) as (home, _):
            assert hold(command, SPA, home, ComfortSettings(), NOON) is None
    finally:
        await store.close()


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[tuple[Home, Line]]:
    """A run of the home with its spa off, its stops kept."""
    home, line = Home(gatekeeper()[1]), Line()
    home.restore([SPA], {}, [])
    await Rests(home, store).open()
    keeping = asyncio.create_task(Rests(home, store).run())
    with home.listen() as changes:
        following = asyncio.create_task(home.follow(line))
        while home.value("s", "on") is not False:
            await changes.get()
    try:
        yield home, line
    finally:
        for task in (following, keeping):
            task.cancel()
        await asyncio.gather(following, keeping, return_exceptions=True)


@pytest.mark.anyio
@pytest.mark.parametrize(("wait", "result", "sent"), [(0.05, "confirmed", 1), (60.0, "failed", 0), (0.0, "failed", 0)])
async def test_a_short_rest_is_waited_for_and_a_long_one_is_told(wait: float, result: str, sent: int) -> None:
    mint, check = gatekeeper()
    resting = [Held(Fault("policy", "It rests."), wait)]
    home, line = Home(check, guard=lambda _command, _device: resting[0]), Line()
    following = asyncio.create_task(home.follow(line))
    with home.listen() as changes:
        while home.value("s", "on") is not False:
            await changes.get()
    commands = [Command("s", "on", True)]
    (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
    assert (outcome.result, len(line.heard)) == (result, sent)
    if sent == 0:
        assert outcome.error == Fault("policy", "It rests.")
        assert home.problem(commands[0]) == Fault("policy", "It rests.")
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
