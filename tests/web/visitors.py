"""Who comes to the page in these tests: people with a code from their phone, and strangers with a bare socket."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from tests.stories.house import House, lived_in, until

GUEST_ROOM = "Study"
USED = ("light", "lock")  # what these tests command; a hub that takes its time after a restart may come later
PHONES = {"Robin": "whatsapp:+15550100", "Sam": "whatsapp:+15550101", "Alex": "whatsapp:+15550102"}


@asynccontextmanager
async def home_with_a_guest_room(workspace: Path, *arguments: str) -> AsyncIterator[House]:
    """A demo in which the owner shares one room with Alex."""
    async with lived_in(workspace, *arguments) as house:
        config = workspace / "config.toml"
        text = await asyncio.to_thread(config.read_text, "utf-8")
        rooms = f'addresses = ["{PHONES["Alex"]}"]\nrooms = ["{GUEST_ROOM}"]'
        await asyncio.to_thread(config.write_text, text.replace(f'addresses = ["{PHONES["Alex"]}"]', rooms), "utf-8")
        await restarted(house)
        yield house


async def restarted(house: House) -> None:
    """Ask for a restart and wait until the house is there again."""
    word = Path(house.ready["workspace"]) / "run.json"

    def when() -> int:
        return word.stat().st_mtime_ns if word.exists() else 0
    before = await asyncio.to_thread(when)
    assert (await house.api("POST", "/api/restart"))[0] == 200

    async def new() -> bool:
        return await asyncio.to_thread(when) not in (0, before)
    await until(new)

    async def well() -> bool:
        _, home = await house.api("GET", "/api/home")
        return bool(home["devices"]) and all(one["reachable"] for one in home["devices"] if one["kind"] in USED)
    await until(well)


# --- people -----------------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class Visitor:
    """Somebody at the page with a session of their own, as a browser would be: cookie, Origin."""

    house: House
    key: str

    def headers(self) -> dict[str, str]:
        """What a browser sends along."""
        return {"Cookie": f"dobby={self.key}", "Origin": self.house.ready["dashboard"]}

    async def api(self, method: str, path: str, body: object = None, **more: str) -> tuple[int, Any]:
        """One call of the API."""
        where = URL(self.house.ready["dashboard"] + path, encoded=True)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session, session.request(
                method, where, json=body, headers=self.headers() | more) as answer:
            text = await answer.read()
            return answer.status, json.loads(text) if text and answer.content_type == "application/json" else text


async def form(house: House, path: str, fields: dict[str, str] | bytes, **headers: str) -> aiohttp.ClientResponse:
    """Send a form as the page's own, redirects not followed; the answer, read."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session, session.post(
            house.ready["dashboard"] + path, data=fields, allow_redirects=False,
            headers={"Origin": house.ready["dashboard"]} | headers) as answer:
        await answer.read()
        return answer


async def code_for(house: House, who: str) -> str:
    """Have a code sent to somebody's phone and read it there."""
    before = await house.last_id()
    assert (await form(house, "/login/code", {"who": who})).status == 302
    [text, *_] = await house.texts(1, before, PHONES[who])
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


async def login(house: House, who: str, code: str = "") -> Visitor:
    """Come in with a code."""
    answer = await form(house, "/login", {"who": who, "code": code or await code_for(house, who)})
    assert answer.headers["Location"] == "/", answer.headers
    return Visitor(house, answer.cookies["dobby"].value)


# --- strangers --------------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class Answer:
    """What came back on a bare socket: the first answer's status, headers (in small letters) and body; how many there
    were."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    count: int = 0


def place(house: House) -> tuple[str, int]:
    """Host and port of the dashboard."""
    found = urlsplit(house.ready["dashboard"])
    return found.hostname or "", found.port or 0


async def connect(house: House, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection, from an address of the stranger's choice."""
    host, port = place(house)
    return await asyncio.open_connection(host, port, local_addr=(source, 0))


async def raw(house: House, text: str | bytes, source: str = "127.0.0.1", limit: float = 15.0) -> Answer:
    """Say something over a bare socket and hear until the other side hangs up."""
    reader, writer = await connect(house, source)
    try:
        writer.write(text.encode() if isinstance(text, str) else text)
        return parse(await asyncio.wait_for(heard(reader), limit))
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side hangs up, gently or not."""
    found = b""
    try:
        while piece := await reader.read(65536):
            found += piece
    except ConnectionError:
        pass
    return found


def parse(given: bytes) -> Answer:
    """The first of the answers in what was heard; status 0 when there was none."""
    head, _, rest = given.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/"):
        return Answer(0)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    count = len(re.findall(rb"(?:^|\n|\})HTTP/1\.[01] \d{3} ", given))
    return Answer(int(lines[0].split()[1]), headers, rest, count)


def request(house: House, line: str, *headers: str, body: str = "", host: str | None = None, key: str = "") -> str:
    """A request as bytes on the wire would be: the line, Host (unless ""), what is added, and a goodbye."""
    where = "{}:{}".format(*place(house)) if host is None else host
    rows = [f"{line} HTTP/1.1", *([f"Host: {where}"] if where else []), *headers, "Connection: close"]
    rows += [f"Authorization: Bearer {key}"] if key else []
    rows += [f"Content-Length: {len(body.encode())}"] if body else []
    return "\r\n".join(rows) + "\r\n\r\n" + body
