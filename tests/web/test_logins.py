"""Coming in with a code, who is in, showing somebody out; first the keys and codes alone, then a whole house."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from dobby.messages import Letter, Person
from dobby.store import Store
from dobby.web.logins import (
    CALLS,
    CALLS_SECONDS,
    CODE_SECONDS,
    CODE_TRIES,
    CODES_AN_HOUR,
    GUESS_SECONDS,
    GUESSES,
    SESSION_DAYS,
    Logins,
)
from tests.stories.house import House, lived_in, until
from tests.web.visitors import PHONES, Visitor, code_for, form, login, restarted

pytestmark = pytest.mark.anyio
ANN, BEN, CY = Person("Ann", "owner", ("sms:+1",)), Person("Ben", "guest", ("sms:+2",)), Person("Cy", "member")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


@dataclass(slots=True)
class Rig:
    """Logins over a database, with the time and the post in the test's hands."""

    logins: Logins
    sent: list[Letter]
    day: datetime = datetime(2026, 5, 1, tzinfo=UTC)
    second: float = 1000.0

    def code(self) -> str:
        """The last code that was sent."""
        found = re.search(r"\d{6}", self.sent[-1].text)
        assert found
        return found[0]


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    """A rig, open."""
    store, sent = await Store.open(folder / "dobby.db"), []

    async def tell(letter: Letter) -> None:
        sent.append(letter)
    logins = Logins(store, "the-token", ANN, {one.name: one for one in (ANN, BEN, CY)}, lambda: one.day, tell,
                    lambda key, code: f"{key} {code}", lambda: one.second)
    one = Rig(logins, sent)
    await logins.open()
    try:
        yield one
    finally:
        await store.close()


async def test_a_code_goes_to_the_persons_own_phone_and_opens_one_door_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.logins.send_code("  bEN ")
        [letter] = one.sent
        assert (letter.channel, letter.to) == ("sms", "+2")
        assert await one.logins.enter("Ann", one.code()) is None, "it is Ben's"
        key = await one.logins.enter("ben", f" {one.code()} ")
        assert key is not None
        assert one.logins.who("", key) == BEN
        assert one.logins.who(key, "") == BEN
        assert await one.logins.enter("Ben", one.code()) is None


async def test_a_code_dies_of_age_of_wrong_tries_and_of_the_next_one(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.logins.send_code("Ben")
        one.second += CODE_SECONDS + 1
        assert await one.logins.enter("Ben", one.code()) is None
        await one.logins.send_code("Ben")
        for _ in range(CODE_TRIES):
            assert await one.logins.enter("Ben", "no") is None
        assert await one.logins.enter("Ben", one.code()) is None
        await one.logins.send_code("Ben")
        first = one.code()
        await one.logins.send_code("Ben")
        assert first == one.code() or await one.logins.enter("Ben", first) is None
        assert await one.logins.enter("Ben", one.code()) is not None


async def test_right_and_right_at_once_is_one_session(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.logins.send_code("Ben")
        keys = await asyncio.gather(*(one.logins.enter("Ben", one.code()) for _ in range(5)))
        assert len([key for key in keys if key]) == 1


async def test_nobody_is_sent_many_codes_and_strangers_none(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        for name in ("Nobody", "", "Cy", "Ben\n", "*", "%"):
            await one.logins.send_code(name)
        assert [letter.to for letter in one.sent] == ["+2"], "a name with a line break is still Ben's, Cy has no phone"
        for _ in range(10):
            await one.logins.send_code("Ben")
        assert len(one.sent) == CODES_AN_HOUR
        one.second += 3601
        await one.logins.send_code("Ben")
        assert len(one.sent) == CODES_AN_HOUR + 1


async def test_a_session_ends_of_itself_after_ninety_days_without_use(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        key, other = await one.logins.begin(BEN), await one.logins.begin(ANN)
        one.day += timedelta(days=SESSION_DAYS - 1)
        assert await one.logins.used(key)
        assert not await one.logins.used(key), "not written down at every step"
        one.day += timedelta(days=2)
        assert one.logins.who("", key) == BEN
        assert one.logins.who("", other) is None, "also without a restart"
        await one.logins.open()
        assert [row["person"] for row in await one.logins.store.all("logins")] == ["Ben"]
        assert one.logins.who("", key) == BEN
        assert one.logins.who("", other) is None


async def test_whoever_left_the_settings_is_out(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        key = await one.logins.begin(BEN)
        one.logins.people = {"Ann": ANN}
        assert one.logins.who("", key) is None
        one.logins.people = {"Ann": ANN, "Ben": Person("Ben", "member")}
        found = one.logins.who("", key)
        assert found is not None
        assert found.role == "member", "as the settings say now"


async def test_guesses_are_counted_by_address_and_forgotten(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        for n in range(GUESSES):
            assert not one.logins.barred("1.2.3.4")
            one.logins.wrong("1.2.3.4", f"guess {n}")
            one.logins.wrong("1.2.3.4", f"guess {n}")
        assert one.logins.barred("1.2.3.4")
        assert not one.logins.barred("1.2.3.5")
        one.second += GUESS_SECONDS + 1
        assert not one.logins.barred("1.2.3.4")
        said = [one.logins.too_many("1.2.3.4") for _ in range(CALLS + 1)]
        assert said == [False] * CALLS + [True]
        one.second += CALLS_SECONDS + 1
        assert not one.logins.too_many("1.2.3.4")


# --- a house ----------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[House]:
    """A lived-in house."""
    async with lived_in(tmp_path_factory.mktemp("logins")) as one:
        yield one


async def test_from_the_code_on_the_phone_to_the_page(house: House) -> None:
    code = await code_for(house, "Sam")
    answer = await form(house, "/login", {"who": "sam", "code": code})
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    sam = Visitor(house, answer.cookies["dobby"].value)
    status, me = await sam.api("GET", "/api/me")
    assert (status, me["name"], me["role"]) == (200, "Sam", "member")
    again = await form(house, "/login", {"who": "sam", "code": code})
    assert again.headers["Location"].startswith("/login?wrong")
    for path in ("/api/talk", "/api/health", "/api/logs"):
        _, shown = await house.api("GET", path)
        assert code not in str(shown), "a code is for its phone alone"


async def test_without_a_key_the_page_is_its_door(house: House) -> None:
    async with aiohttp.ClientSession() as session, session.get(house.ready["dashboard"]) as answer:
        assert answer.status == 200
        assert answer.url.path == "/login"
    async with aiohttp.ClientSession() as session, session.get(f"{house.ready['dashboard']}/api/home") as answer:
        assert answer.status == 401


async def test_the_owner_sees_who_is_in_and_shows_somebody_out(house: House) -> None:
    robin, sam = await login(house, "Robin"), await login(house, "Sam")
    rows = (await robin.api("GET", "/api/logins"))[1]["logins"]
    assert {one["person"] for one in rows} == {"Robin", "Sam"}
    assert all(set(one) == {"id", "person", "made", "used"} for one in rows)
    newest = max(one["id"] for one in rows)
    assert (await robin.api("DELETE", "/api/logins/x"))[0] == 404
    assert (await robin.api("DELETE", f"/api/logins/{newest}"))[0] == 200
    assert (await sam.api("GET", "/api/me"))[0] == 401
    assert (await robin.api("GET", "/api/me"))[0] == 200


async def test_a_session_outlives_a_restart_and_kill_9_and_the_database_holds_no_key(house: House) -> None:
    alex = await login(house, "Alex")
    gone = await login(house, "Alex")
    assert (await gone.api("POST", "/api/logout", {}))[0] == 200
    await restarted(house)
    assert (await alex.api("GET", "/api/me"))[1]["name"] == "Alex"
    await house.kill()
    await house.again()

    async def there() -> bool:
        return (await alex.api("GET", "/api/me"))[0] == 200
    await until(there)
    assert (await gone.api("GET", "/api/me"))[0] == 401

    def database() -> bytes:
        folder = Path(house.ready["workspace"])
        with contextlib.closing(sqlite3.connect(folder / "dobby.db")) as raw:
            raw.execute("PRAGMA wal_checkpoint(FULL)")
        return b"".join(path.read_bytes() for path in folder.glob("dobby.db*"))
    kept = await asyncio.to_thread(database)
    assert alex.key.encode() not in kept
    assert gone.key.encode() not in kept
    assert PHONES["Alex"].partition(":")[2].encode() in kept, "the database was looked at"
