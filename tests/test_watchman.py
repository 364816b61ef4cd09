"""What readings mean for life and home, and who is told how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, DeviceKind, Reading
from dobby.home.home import Home
from dobby.home.traits import Trait, Value
from dobby.home.verdict import gatekeeper
from dobby.messages import Letter, Person
from dobby.store import Store
from dobby.watchman import AGAIN, TIMES, Watchman, danger
from dobby.words import Words

pytestmark = pytest.mark.anyio

WORDS = Words("en")  # read here, not in the loop
PEOPLE = (Person("Robin", "owner", ("whatsapp:+1",)), Person("Sam", "member", ("sms:+2",)),
          Person("Alex", "guest", ("sms:+3",)))


def thing(id_: str, name: str, *traits: Trait, kind: DeviceKind = "sensor") -> Device:
    return Device(id_, name, kind, "Cellar", "x", traits)


LEAK = thing("l", "Washer Leak", rows.LEAK, rows.LOW_BATTERY)
FREEZER = thing("f", "Freezer", rows.TEMPERATURE, rows.BATTERY)
PORCH = thing("p", "Porch Sensor", rows.TEMPERATURE)
HEATING = thing("h", "Heating", rows.CURRENT, kind="thermostat")


@pytest.mark.parametrize(("device", "trait", "value", "kind"), [
    (LEAK, "leak", True, "leak"), (LEAK, "leak", False, ""), (LEAK, "leak", None, ""), (LEAK, "low_battery", True, ""),
    (FREEZER, "temperature", -18.0, ""), (FREEZER, "temperature", -4, "thaw"), (PORCH, "temperature", 12.0, ""),
    (HEATING, "current", 3.5, "frost"), (HEATING, "current", 19.0, ""), (PORCH, "temperature", -15.0, "")])
def test_what_a_reading_means(device: Device, trait: str, value: Value, kind: str) -> None:
    assert danger(device, trait, value, ("freezer",)) == kind


class Line:
    """A link that says what it is told to."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Device | Reading] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[Device | Reading]:
        while True:
            yield await self.queue.get()

    async def send(self, command: Command) -> None:
        raise AssertionError


@dataclass
class Scene:
    """A watchman over a made home, and what he wrote."""

    watchman: Watchman
    line: Line
    letters: list[Letter] = field(default_factory=list)
    written: asyncio.Condition = field(default_factory=asyncio.Condition)
    now: datetime = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)

    async def post(self, letter: Letter) -> None:
        async with self.written:
            self.letters.append(letter)
            self.written.notify_all()

    async def told(self, count: int) -> list[tuple[str, str]]:
        async with asyncio.timeout(5), self.written:
            await self.written.wait_for(lambda: len(self.letters) >= count)
        return [(one.to, one.text) for one in self.letters]

    def reads(self, device: Device, trait: str, value: Value) -> None:
        self.line.queue.put_nowait(Reading(device.id, trait, value))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    _, check = gatekeeper()
    home, line, store = Home(check), Line(), await Store.open(tmp_path / "dobby.db")
    made = Scene(Watchman(home, store, PEOPLE, lambda letter: made.post(letter), lambda: made.now,
                          lambda: WORDS), line)
    tasks = [asyncio.create_task(home.follow(line)), asyncio.create_task(made.watchman.run())]
    for device in (LEAK, FREEZER, HEATING):
        line.queue.put_nowait(device)
    yield made
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()


async def test_residents_are_told_at_night_and_guests_are_not(scene: Scene) -> None:
    scene.reads(LEAK, "leak", True)
    assert await scene.told(2) == [("+1", "Water! Washer Leak (Cellar) reports a leak."),
                                   ("+2", "Water! Washer Leak (Cellar) reports a leak.")]
    assert {one.kind for one in scene.letters} == {"alarm"}
    scene.reads(LEAK, "leak", False)
    assert (await scene.told(4))[2:] == [("+1", "Washer Leak is dry again."), ("+2", "Washer Leak is dry again.")]


async def test_it_is_repeated_until_somebody_knows(scene: Scene) -> None:
    scene.reads(FREEZER, "temperature", -4.25)
    await scene.told(2)
    await scene.watchman._due()
    assert len(scene.letters) == 2, "not yet"
    scene.now += AGAIN
    await scene.watchman._due()
    assert "Still: Freezer (Cellar) is at -4.2 °C" in (await scene.told(4))[2][1]
    assert await scene.watchman.acknowledge(PEOPLE[2], "got it") == "", "a guest is not asked to see to it"
    assert "stop repeating" in await scene.watchman.acknowledge(PEOPLE[0], "Got it!")
    assert (await scene.told(5))[4] == ("+2", "Robin knows and sees to it.")
    scene.now += AGAIN * 2
    await scene.watchman._due()
    assert len(scene.letters) == 5
    assert await scene.watchman.acknowledge(PEOPLE[0], "got it") == ""


async def test_nobody_is_woken_for_ever(scene: Scene) -> None:
    scene.reads(HEATING, "current", 2.0)
    await scene.told(2)
    for _ in range(TIMES + 5):
        scene.now += AGAIN
        await scene.watchman._due()
    assert len(scene.letters) == 2 * TIMES


async def test_low_batteries_come_once_a_week_by_day_in_one_line(scene: Scene) -> None:
    scene.reads(LEAK, "low_battery", True)
    scene.reads(FREEZER, "battery", 9)
    with scene.watchman.home.listen() as changes:
        while scene.watchman.home.value("f", "battery") != 9:
            await changes.get()
    await scene.watchman._due()
    assert scene.letters == [], "not at three in the morning"
    scene.now = scene.now.replace(hour=10)
    await scene.watchman._due()
    await scene.watchman._due()
    assert await scene.told(1) == [("+1", "Low batteries: Washer Leak and Freezer.")]
    scene.now += timedelta(days=7)
    await scene.watchman._due()
    assert len(scene.letters) == 2
