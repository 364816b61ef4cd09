"""Links: what they hand to a driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from dobby.discovery.links import Links
from dobby.discovery.networks import Reach
from dobby.home.device import Driver, Found, Link, LooksFor, Secret, Settings, Sighting
from dobby.home.home import Home
from dobby.home.verdict import gatekeeper
from dobby.store import Store

pytestmark = pytest.mark.anyio


async def test_the_hub_that_carries_most_of_a_home_comes_first(tmp_path: Path) -> None:
    drivers = [Driver(make, make, LooksFor(), lambda seen, make=make: Found(  # type: ignore[misc]  # a default binds it
        f"{make}:1", make, make, "127.0.0.1", 1) if seen.kind == make else None, _never) for make in (
            "wled", "powerview", "homekit", "lutron", "hue", "mqtt")]
    store = await Store.open(tmp_path / "dobby.db")
    links = Links(Home(gatekeeper()[1]), store, drivers, Reach(("127.0.0.1",), (IPv4Network("127.0.0.0/24"),)),
                  Settings())
    for driver in drivers:
        links.saw(Sighting("mdns", "127.0.0.1", 1, driver.make, "", {}))
    assert [found.make for _, found in links.seen("")] == ["mqtt", "lutron", "hue", "homekit", "powerview", "wled"]
    await store.close()


@asynccontextmanager
async def _never(_found: Found, _secret: Secret, _settings: Settings) -> AsyncIterator[Link]:
    await asyncio.Event().wait()
    yield  # type: ignore[misc]  # never reached


async def test_the_houses_own_secrets_reach_a_driver_and_are_not_kept_with_the_pairing(tmp_path: Path) -> None:
    got: asyncio.Queue[Secret] = asyncio.Queue()

    @asynccontextmanager
    async def connect(_found: Found, secret: Secret, _settings: Settings) -> AsyncIterator[Link]:
        got.put_nowait(secret)
        await asyncio.Event().wait()
        yield  # type: ignore[misc]  # never reached

    driver = Driver("made", "Made", LooksFor(), lambda _sighting: None, connect)
    store = await Store.open(tmp_path / "dobby.db")
    links = Links(Home(gatekeeper()[1]), store, [driver], Reach(("127.0.0.1",), (IPv4Network("127.0.0.0/24"),)),
                  Settings(), {"alarm_code": "4711"})
    running = asyncio.create_task(links.run())
    await asyncio.sleep(0)
    await links.accept(driver, Found("made:1", "made", "Made", "127.0.0.1", 1), {"key": "k"})
    assert await got.get() == {"alarm_code": "4711", "key": "k"}
    assert all("4711" not in row["secret"] for row in await store.all("links"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await store.close()
