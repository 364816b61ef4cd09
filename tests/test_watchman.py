"""What readings mean for life and home, and who is told how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from dobby.home import vocabulary as rows
from dobby.home.device import Command, Device, DeviceKind, Reading
from dobby.home.home import Home
from dobby.home.traits import Trait, Value
from dobby.home.twins import OwnersWord
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
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def also(self, *devices: Device) -> Line:
        """Another line of the home, with these devices."""
        line = Line()
        self.tasks.append(asyncio.create_task(self.watchman.home.follow(line)))
        for device in devices:
            line.queue.put_nowait(device)
        return line

    async def shows(self, device: str, trait: str, value: Value) -> None:
        home = self.watchman.home
        with home.listen() as changes:
            async with asyncio.timeout(5):
                while home.value(device, trait) != value:
                    await changes.get()

    async def fence(self) -> None:
        """Wait until the watchman has seen all that was read so far: what comes after it is texted."""
        names = {letter.text for letter in self.letters}
        room = thing(f"fence{len(names)}", f"Fence {len(names)}", rows.SMOKE)
        self.also(room).queue.put_nowait(Reading(room.id, "smoke", True))
        async with asyncio.timeout(5), self.written:
            await self.written.wait_for(lambda: any(room.name in letter.text for letter in self.letters))

    async def settles(self, device: Device, trait: str, value: Value) -> None:
        self.reads(device, trait, value)
        await self.shows(device.id, trait, value)
        await self.fence()

    def told_of(self, device: Device, to: str = "+1") -> list[str]:
        return [letter.text for letter in self.letters if device.name in letter.text and letter.to == to]

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
    made.tasks += [asyncio.create_task(home.follow(line)), asyncio.create_task(made.watchman.run())]
    for device in (LEAK, FREEZER, HEATING):
        line.queue.put_nowait(device)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)
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


async def test_a_home_where_much_happens_starves_no_repeat(scene: Scene) -> None:
    async def chatter() -> None:
        for number in count():
            scene.reads(HEATING, "current", 20.0 + number % 2)
            await asyncio.sleep(0)

    scene.watchman.tick = 0.05
    scene.tasks.append(asyncio.create_task(chatter()))
    scene.reads(FREEZER, "temperature", -4.25)
    await scene.told(2)
    scene.now += AGAIN
    assert "Still: Freezer" in (await scene.told(4))[2][1]


HOW = "Say “got it” and I stop repeating it."
MARK = ("mac:001788010203",)
FAR = replace(thing("home_assistant:b/x", "Pump Leak", rows.LEAK), make="home_assistant", marks=MARK)
NEAR = replace(thing("hue:a/1", "Pump Leak", rows.LEAK), make="hue", marks=MARK)


async def test_water_that_only_another_way_shows_is_told(scene: Scene) -> None:
    near, far = scene.also(replace(NEAR, traits=(rows.BATTERY,))), scene.also(FAR)
    near.queue.put_nowait(Reading(NEAR.id, "battery", 80))
    await scene.shows(NEAR.id, "battery", 80)
    far.queue.put_nowait(Reading(FAR.id, "leak", True))
    assert (await scene.told(2))[0][1] == "Water! Pump Leak (Cellar) reports a leak."
    far.queue.put_nowait(Reading(FAR.id, "leak", False))
    assert (await scene.told(4))[2][1] == "Pump Leak is dry again."


async def test_water_by_one_way_is_water_though_the_preferred_one_says_no(scene: Scene) -> None:
    near, far = scene.also(NEAR), scene.also(FAR)
    near.queue.put_nowait(Reading(NEAR.id, "leak", False))
    await scene.shows(NEAR.id, "leak", False)
    far.queue.put_nowait(Reading(FAR.id, "leak", True))
    assert (await scene.told(2))[0][1] == "Water! Pump Leak (Cellar) reports a leak."
    near.queue.put_nowait(Reading(NEAR.id, "leak", True))
    near.queue.put_nowait(Reading(NEAR.id, "leak", False))
    await scene.fence()
    assert len(scene.told_of(NEAR)) == 1
    far.queue.put_nowait(Reading(FAR.id, "reachable", False))
    await scene.fence()
    assert scene.told_of(NEAR)[1:] == ["Pump Leak is dry again."], "only the way that says no answers now"


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_alarm_goes_on_and_ends_though_a_nearer_way_joins(scene: Scene, restarted: bool) -> None:
    far = scene.also(FAR)
    far.queue.put_nowait(Reading(FAR.id, "leak", True))
    await scene.told(2)
    near = scene.also(NEAR)
    near.queue.put_nowait(Reading(NEAR.id, "leak", True))
    await scene.fence()
    assert scene.watchman.home.lead(FAR.id) == NEAR.id
    if restarted:
        old = scene.tasks.pop(1)
        old.cancel()
        await asyncio.gather(old, return_exceptions=True)
        scene.watchman._open.clear()
        scene.tasks.append(asyncio.create_task(scene.watchman.run()))
        await scene.fence()
    assert [row["device"] for row in await scene.watchman.store.all("alarms_open") if row["kind"] == "leak"] == [FAR.id]
    scene.now += AGAIN
    await scene.watchman._due()
    assert scene.told_of(NEAR)[1:] == [f"Still: Water! Pump Leak (Cellar) reports a leak. {HOW}"]
    for line, device in ((near, NEAR), (far, FAR)):
        line.queue.put_nowait(Reading(device.id, "leak", False))
    await scene.shows(NEAR.id, "leak", False)
    await scene.fence()
    assert scene.told_of(NEAR)[2:] == ["Pump Leak is dry again."]
    assert [row for row in await scene.watchman.store.all("alarms_open") if row["kind"] == "leak"] == []


async def test_two_alarms_of_what_turns_out_to_be_one_end_as_one(scene: Scene) -> None:
    near, far = scene.also(replace(NEAR, marks=())), scene.also(FAR)
    for line, device in ((near, NEAR), (far, FAR)):
        line.queue.put_nowait(Reading(device.id, "leak", True))
    await scene.told(4)
    near.queue.put_nowait(NEAR)
    scene.now += AGAIN
    await scene.fence()
    await scene.watchman._due()
    assert len(scene.told_of(NEAR)) == 3, "repeated once"
    for line, device in ((near, NEAR), (far, FAR)):
        line.queue.put_nowait(Reading(device.id, "leak", False))
    await scene.shows(NEAR.id, "leak", False)
    await scene.fence()
    assert scene.told_of(NEAR)[3:] == ["Pump Leak is dry again."]
    assert [row for row in await scene.watchman.store.all("alarms_open") if row["kind"] == "leak"] == []


async def test_what_the_owner_parts_is_looked_at_again(scene: Scene) -> None:
    near, far = scene.also(NEAR), scene.also(replace(FAR, name="Other Leak"))
    near.queue.put_nowait(Reading(NEAR.id, "leak", False))
    await scene.shows(NEAR.id, "leak", False)
    far.queue.put_nowait(Reading(FAR.id, "leak", True))
    await scene.told(2)
    scene.watchman.home.told_apart(OwnersWord(parted=frozenset({frozenset((NEAR.id, FAR.id))})))
    await scene.fence()
    assert scene.told_of(NEAR)[1:] == ["Pump Leak is dry again."]
    assert len(scene.told_of(replace(FAR, name="Other Leak"))) == 1


async def test_what_flaps_is_told_twice_and_then_only_when_it_goes_on(scene: Scene) -> None:
    for _ in range(4):
        for value in (True, False):
            await scene.settles(LEAK, "leak", value)
    begins, over = "Water! Washer Leak (Cellar) reports a leak.", "Washer Leak is dry again."
    assert scene.told_of(LEAK) == scene.told_of(LEAK, "+2") == [begins, over] * 2
    await scene.settles(LEAK, "leak", True)
    assert len(scene.told_of(LEAK)) == 4
    assert len([row for row in await scene.watchman.store.all("alarms_open") if row["kind"] == "leak"]) == 1
    scene.now += AGAIN
    await scene.watchman._due()
    assert scene.told_of(LEAK)[4:] == [f"Still: {begins} {HOW}"]
    await scene.settles(LEAK, "leak", False)
    assert scene.told_of(LEAK)[5:] == [over]
    scene.now += timedelta(minutes=10)
    await scene.settles(LEAK, "leak", True)
    assert scene.told_of(LEAK)[6:] == [begins]
