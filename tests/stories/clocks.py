"""For stories about time: words over the handset, the clock turned by hand, and what is planned meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.stories.house import OWNER, House, until

BERLIN = ZoneInfo("Europe/Berlin")


async def tell(house: House, text: str, sender: str = OWNER) -> str:
    """Say something by phone; the answer."""
    last = await house.last_id()
    await house.text(text, sender)
    return (await house.texts(1, last, sender))[0]


async def now(house: House) -> datetime:
    """What the home's clock shows, in Berlin."""
    _, clock = await house.api("GET", "/api/clock")
    return datetime.fromisoformat(clock["now"]).astimezone(BERLIN)


async def idle(house: House) -> bool:
    """Whether all that is due is done."""
    return bool((await house.api("GET", "/api/clock"))[1]["idle"])


async def to(house: House, moment: datetime) -> None:
    """Let time pass until this moment, and everything be done."""
    left = (moment - await now(house)).total_seconds()
    status, clock = await house.api("POST", "/api/clock", {"advance_s": left})
    assert status == 200, clock
    await until(lambda: idle(house))


def noon_after(moment: datetime) -> datetime:
    """The next noon of Berlin."""
    ahead = moment.astimezone(BERLIN).replace(hour=12, minute=0, second=0, microsecond=0)
    return ahead if ahead > moment else ahead + timedelta(days=1)


def change_after(moment: datetime) -> datetime:
    """Noon (local) of the next day on which the clocks change, some days ahead."""
    day = moment.astimezone(BERLIN).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=5)
    while day.utcoffset() == (day - timedelta(days=1)).utcoffset():
        day += timedelta(days=1)
    return day


async def passes(house: House, seconds: float) -> list[str]:
    """Time passes; what the phones received meanwhile."""
    last = await house.last_id()
    status, answer = await house.api("POST", "/api/clock", {"advance_s": seconds})
    assert status == 200, answer
    await until(lambda: idle(house))
    await until(lambda: arrived(house))
    return [row["body"] for row in await house.received(last)]


async def noon(house: House) -> None:
    """Let time pass until the next noon."""
    at = await now(house)
    await passes(house, (noon_after(at) - at).total_seconds())


async def arrived(house: House) -> bool:
    """Whether all that the provider took is on the phones: it hands over in its own time."""
    with contextlib.closing(sqlite3.connect(f"{house.ready['workspace']}/dobby.db")) as raw:
        (sent,) = raw.execute("SELECT count(*) FROM outbox WHERE state = 'sent' AND provider_id != ''").fetchone()
    return len(await house.received()) >= int(sent)


async def clean(house: House) -> None:
    """Nothing is planned any more."""
    _, found = await house.api("GET", "/api/plans")
    for one in found["plans"]:
        assert (await house.api("DELETE", f"/api/plans/{one['id']}"))[0] == 200


async def next_of(house: House, number: int = 0) -> datetime:
    """When a plan is due, in Berlin."""
    _, found = await house.api("GET", "/api/plans")
    return datetime.fromisoformat(found["plans"][number]["next"]).astimezone(BERLIN)


async def shows(house: House, key: str, trait: str, value: object) -> bool:
    """Whether Dobby has read a value."""
    return any(one["name"] == trait and one["value"] == value for one in (await house.device(key))["traits"])
