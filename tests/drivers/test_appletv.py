"""Apple TV, beyond the laws: pairing in several calls, one service or both, push, what nobody reads back, the extra."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from dobby.discovery.links import Links
from dobby.discovery.networks import Reach
from dobby.drivers import appletv as driver
from dobby.errors import DeviceError, PairingError, Refused, Unreachable
from dobby.home.device import Command, Found, Outcome, Reading, Secret, Settings
from dobby.home.home import Home
from dobby.home.verdict import PAIR, Verdict, gatekeeper
from dobby.store import Store
from dobby.wire.appletv import Pairings
from tests.drivers.house import DRIVERS, QUICK, until
from tests.drivers.rig import HOST, Kept, kept, rigged
from tests.drivers.rigs.appletv import APPS, Apple
from tests.drivers.rigs.appletv_doors import Front

pytestmark = pytest.mark.anyio
PUSHED = Settings(timeout=1.0, poll=3600)  # only what it tells by itself


async def truth(_trait: str) -> None:
    """Nobody asks."""


@asynccontextmanager
async def placed(apple: Apple) -> AsyncIterator[tuple[Front, Found]]:
    """It, at an address."""
    async with Front(apple) as front:
        found = driver.claim(replace(apple.sighting(), port=front.port))
        assert found is not None
        yield front, found


@asynccontextmanager
async def at_home(apple: Apple, folder: Path, settings: Settings = QUICK, secret: Secret | None = None
                  ) -> AsyncIterator[Kept]:
    """It, as part of a home."""
    async with Front(apple) as front:
        rig = rigged(apple.sighting(), front, "", [], ("volume", 300), truth, secret=secret or apple.secret())
        async with kept(rig, folder, settings=settings) as house:
            yield house


async def refused(pairings: Pairings, found: Found, code: str) -> DeviceError:
    """What pairing says instead of a secret."""
    with pytest.raises(DeviceError) as told:
        await pairings.pair(found, code)
    return told.value


async def opened(found: Found, secret: Secret) -> None:
    """Connect and go."""
    async with driver.connect(found, secret, QUICK):
        pass


async def test_two_codes_one_after_the_other_give_a_secret_that_opens_it() -> None:
    apple, pairings = Apple(), Pairings()
    async with placed(apple) as (front, found):
        assert found.needs == "pin"
        assert (await refused(pairings, found, "")).hint == "appletv_code"
        assert apple.shown == apple.pin
        assert (await refused(pairings, found, apple.pin)).hint == "appletv_second"
        assert apple.shown == apple.second
        secret = await pairings.pair(found, apple.second)
        assert set(secret) == {"AirPlay", "Companion"}
        await until(lambda: not apple.shown and not front.visits)
        await opened(found, secret)


async def test_it_is_let_in_by_a_yes_and_two_with_a_code(tmp_path: Path) -> None:
    apple, (mint, check) = Apple(), gatekeeper()
    home, store = Home(check), await Store.open(tmp_path / "dobby.db")
    links = Links(home, store, list(DRIVERS.values()), Reach((HOST,), (IPv4Network("127.0.0.0/8"),)), QUICK)
    running = asyncio.create_task(links.run())

    async def paired(key: str, code: str) -> Outcome:
        if code:
            links.keep_code(key, code)
        commands = [Command(key, PAIR, None)]
        (outcome,) = await home.do(commands, mint(commands, Verdict("now")))
        return outcome

    try:
        async with placed(apple) as (front, found):
            links.saw(replace(apple.sighting(), port=front.port))
            for code, hint in (("", "appletv_code"), (apple.pin, "appletv_second")):
                outcome = await paired(found.key, code)
                assert outcome.error is not None
                assert (outcome.error.kind, outcome.error.hint) == ("refused", hint)
            assert (await paired(found.key, apple.second)).result == "confirmed"
            assert home.reachable(found.key)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()


async def test_a_code_for_a_pairing_that_nobody_began_only_begins_one() -> None:
    apple, pairings = Apple(), Pairings(0.2)
    async with placed(apple) as (_, found):
        assert (await refused(pairings, found, "1234")).hint == "appletv_code"
        assert apple.shown == apple.pin
        await until(lambda: not apple.shown)


@pytest.mark.parametrize("first", ["", "1234"])
async def test_a_wrong_code_ends_it_and_a_new_one_is_shown_when_asked_again(first: str) -> None:
    apple, pairings = Apple(), Pairings()
    async with placed(apple) as (front, found):
        await refused(pairings, found, "")
        if first:
            await refused(pairings, found, first)
        told = await refused(pairings, found, "9999")
        assert isinstance(told, PairingError)
        assert (told.hint, "9999" in str(told)) == ("appletv_wrong", False)
        await until(lambda: not apple.shown and not front.visits)
        assert (await refused(pairings, found, "")).hint == "appletv_code"
        assert apple.shown == apple.pin


async def test_a_code_that_nobody_tells_leaves_nothing_behind() -> None:
    apple, pairings = Apple(), Pairings(0.1)
    async with placed(apple) as (front, found):
        tasks = asyncio.all_tasks()
        await refused(pairings, found, "")
        await until(lambda: not apple.shown and not front.visits and asyncio.all_tasks() <= tasks)


async def test_who_begins_again_ends_what_was_begun() -> None:
    apple, pairings = Apple(), Pairings()
    async with placed(apple) as (front, found):
        await refused(pairings, found, "")
        assert (await refused(pairings, found, "")).hint == "appletv_code"
        await until(lambda: len(front.visits) == 1)
        assert (await refused(pairings, found, apple.pin)).hint == "appletv_second"


async def test_one_that_lets_only_its_own_home_in_says_so() -> None:
    apple = Apple()
    async with placed(apple) as (front, found):
        front.airplay["acl"] = "1"
        assert (await refused(Pairings(), found, "")).hint == "appletv_locked"
        assert not apple.shown


async def test_another_one_at_the_address_is_not_paired() -> None:
    apple = Apple()
    async with placed(apple) as (front, found):
        front.airplay["deviceid"] = "A8:51:AB:0A:0B:0C"
        assert "Another device" in (await refused(Pairings(), found, "")).text
        assert not apple.shown


async def test_no_code_and_no_key_is_written_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    apple, pairings = Apple(), Pairings()
    async with placed(apple) as (_, found):
        for code in ("", apple.pin):
            await refused(pairings, found, code)
        secret = await pairings.pair(found, apple.second)
        await opened(found, secret)
    keys = [key for text in secret.values() for key in text.split(":") if len(key) > 20]
    assert len(keys) == 8
    assert not [one for one in (*keys, apple.second, f"PIN {apple.pin}") if one in caplog.text]


async def test_where_only_one_service_can_be_paired_the_other_is_not_missed(tmp_path: Path) -> None:
    apple, pairings = Apple(), Pairings()
    async with placed(apple) as (front, found):
        front.other["rpFl"] = "0x627B6"  # only devices of the same home
        await refused(pairings, found, "")
        secret = await pairings.pair(found, apple.pin)
        assert set(secret) == {"AirPlay"}
    async with at_home(apple, tmp_path, secret={"AirPlay": apple.secret()["AirPlay"]}) as house:
        traits = {trait.name for trait in house.home.devices[house.rig.device].traits}
        assert traits == {"playing", "next", "previous", "volume", "key", "title", "track"}
        assert (await house.do("playing", False)).result == "confirmed"


async def test_it_says_what_plays_in_which_app_and_goes_on_to_the_next(tmp_path: Path) -> None:
    apple = Apple()
    async with at_home(apple, tmp_path) as house:
        device = house.home.devices[house.rig.device]
        assert (device.name, device.kind, device.marks) == ("Living Room", "tv", ("mac:a851ab01020f",))
        assert [house.value(one) for one in ("title", "source", "playing", "on")] == [
            "The House: Elf Song", "Music", True, True]
        assert (await house.do("next")).result == "confirmed"
        assert house.value("title") == "The House: Socks"
        apple.idle = True
        apple.tell()
        await until(lambda: (house.value("title"), house.value("source"), house.value("playing")) == ("", None, False))
        outcome = await house.do("playing", True)
        assert outcome.error is not None
        assert outcome.error.kind == "refused"


async def test_an_app_and_a_key_are_sent_and_no_more_is_claimed(tmp_path: Path) -> None:
    apple = Apple()
    async with at_home(apple, tmp_path) as house:
        source = house.home.devices[house.rig.device].trait("source")
        assert source is not None
        assert set(source.choices) == set(APPS.values())
        assert (await house.do("source", "Films")).result == "sent"
        assert apple.launched == ["com.example.films"]
        assert (await house.do("key", "Up")).result == "sent"
        assert (await house.do("key", "VolumeDown")).result == "sent"
        assert apple.pressed == [1, 9]


async def test_it_tells_by_itself(tmp_path: Path) -> None:
    apple = Apple()
    async with at_home(apple, tmp_path, PUSHED) as house:
        apple.hand("playing", False)
        await until(lambda: house.value("playing") is False)
        apple.hand("on", False)
        await until(lambda: house.value("on") is False)
        apple.hand("volume", 12)
        await until(lambda: house.value("volume") == 12)


async def test_where_the_question_for_power_is_not_known_what_it_tells_counts(tmp_path: Path) -> None:
    apple = Apple()
    apple.answers_power = False
    async with at_home(apple, tmp_path) as house:
        assert house.value("on") is True
        assert (await house.do("on", False)).result == "confirmed"
        assert not apple.awake


@pytest.mark.full  # pyatv waits five seconds for that answer when it connects
async def test_where_the_question_for_power_gets_no_answer_nothing_is_claimed_of_it() -> None:
    apple = Apple()
    apple.answers_power = None
    async with placed(apple) as (_, found), driver.connect(
            found, apple.secret(), Settings(timeout=2.0, poll=0.3)) as link:
        heard: list[Reading] = []
        async with asyncio.timeout(20):
            async for item in link.watch():
                heard += [item] if isinstance(item, Reading) else []
                if len([one for one in heard if one.trait == "playing"]) > 2:  # the heartbeat goes on
                    break
    assert not [one for one in heard if one.trait == "on"]


async def test_one_that_sleeps_is_linked_and_says_which_apps_it_has_when_it_wakes(tmp_path: Path) -> None:
    apple = Apple()
    apple.awake, apple.tells_apps = False, False
    async with at_home(apple, tmp_path) as house:
        assert house.home.devices[house.rig.device].trait("source") is None
        assert (await house.do("on", True)).result == "confirmed"
        await until(lambda: house.home.devices[house.rig.device].trait("source") is not None)


async def test_a_volume_that_is_the_television_s_is_none_of_it(tmp_path: Path) -> None:
    apple = Apple()
    apple.loud = False
    async with at_home(apple, tmp_path) as house:
        assert house.home.devices[house.rig.device].trait("volume") is None
        apple.loud = True
        apple.tell()
        await until(lambda: house.home.devices[house.rig.device].trait("volume") is not None)
        await until(lambda: house.value("volume") == 40)


async def test_one_that_forgot_us_says_so_and_not_with_our_keys() -> None:
    apple = Apple()
    secret = apple.secret()
    apple.seed = bytes(reversed(apple.seed))
    async with placed(apple) as (front, found):
        with pytest.raises(Refused) as told:
            await opened(found, secret)
        assert told.value.hint == "appletv_forgot"
        assert told.value.__cause__ is None
        await until(lambda: not front.visits)


async def test_half_a_connection_is_none_and_leaves_nothing_behind() -> None:
    apple = Apple()
    async with placed(apple) as (front, found):
        front.ports[3] = 9  # what mDNS says of Companion is no more true
        with pytest.raises(Unreachable):
            await opened(found, apple.secret())
        await until(lambda: not front.visits)


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyatv", None)  # as where it is not installed
    apple = Apple()
    async with placed(apple) as (_, found):
        with pytest.raises(PairingError, match=r"pip install dobby\[appletv\]"):
            await Pairings().pair(found, "")
        with pytest.raises(Refused, match=r"pip install dobby\[appletv\]"):
            await opened(found, {})


def test_nothing_of_dobby_loads_the_library_by_itself() -> None:
    said = subprocess.run([sys.executable, "-c", "import sys; from dobby.drivers import load_drivers; load_drivers(); "
                           "print('pyatv' in sys.modules)"], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "False"


def test_only_an_apple_tv_that_can_be_driven_is_claimed() -> None:
    seen = Apple().sighting()
    found = driver.claim(seen)
    assert found is not None
    assert (found.key, found.port, found.needs, found.model) == ("appletv:a851ab01020f", 7000, "pin", "AppleTV14,1")
    for odd in ({"model": "AudioAccessory5,1"}, {"model": "Mac14,3"}, {"osvers": "8.4.7"}, {"osvers": "²"},
                {"deviceid": "../.."}, {"deviceid": "A8:51:AB:01:02"}):
        assert driver.claim(replace(seen, facts={**seen.facts, **odd})) is None
    assert driver.claim(replace(seen, kind="_raop._tcp.local.")) is None
