"""The page of a stranger: attacks over real sockets on a running house. None gets in, and the house goes on answering.

Each address below is a stranger's own, so that who guesses is not taken for the people of the house.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import socket
import sqlite3
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from dobby.errors import DobbyError
from dobby.web import server
from dobby.web.events import PAGES
from dobby.web.logins import CODE_TRIES, GUESSES
from dobby.web.server import CONNECTIONS_EACH
from tests.stories.house import House, until
from tests.web.visitors import (
    GUEST_ROOM,
    Answer,
    Visitor,
    code_for,
    connect,
    form,
    heard,
    home_with_a_guest_room,
    login,
    parse,
    place,
    raw,
    request,
)

pytestmark = pytest.mark.anyio
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HEAD = ("GET", "/")
SLOW, FLOOD, GUESSER, CODES = "127.0.0.61", "127.0.0.62", "127.0.0.63", "127.0.0.64"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module's house."""
    return "asyncio"


@dataclass(slots=True)
class Scene:
    """The house, its people at the page, and the slow visitors who came first and are still at it."""

    house: House
    owner: Visitor
    member: Visitor
    guest: Visitor
    slow: dict[str, asyncio.Task[Answer]]


async def dripping(house: House, head: str) -> Answer:
    """Send a head, then a byte now and then, until the house hangs up; what it said."""
    reader, writer = await connect(house, SLOW)
    writer.write(head.encode())
    hearing = asyncio.create_task(heard(reader))
    with contextlib.suppress(ConnectionError):
        while not hearing.done():
            writer.write(b"a")
            await writer.drain()
            await asyncio.wait([hearing], timeout=0.15)
    writer.close()
    return parse(await hearing)


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Scene]:
    """The house with everybody in it."""
    async with home_with_a_guest_room(tmp_path_factory.mktemp("strangers")) as house:
        post = ("Content-Length: 100000", "Content-Type: application/x-www-form-urlencoded")
        slow = {"login": request(house, "POST /login", *post) + "token=",
                "say": request(house, "POST /api/say", *post, key=house.ready["token"]) + '{"text": "'}
        tasks = {name: asyncio.create_task(dripping(house, head)) for name, head in slow.items()}
        robin, sam, alex = [await login(house, who) for who in ("Robin", "Sam", "Alex")]
        yield Scene(house, robin, sam, alex, tasks)
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.fixture
def house(scene: Scene) -> House:
    """The house alone."""
    return scene.house


async def lamp(house: House) -> bool:
    return bool((await house.state("desk_lamp"))["on"])


async def lamp_order(house: House) -> str:
    """The body of an order that would change the desk lamp."""
    device = await house.device("desk_lamp")
    return json.dumps([{"device": device["id"], "trait": "on", "value": not await lamp(house)}])


# --- another page in the same browser ---------------------------------------------------------------------------------

async def foreign(scene: Scene) -> list[str]:
    """Origins of other pages, some of which begin or end like ours."""
    ours = scene.house.ready["dashboard"]
    host = ours.partition("://")[2]
    return ["http://evil.com", "null", f"{ours}.evil.com", f"{ours}@evil.com", f"http://evil.com/{host}",
            f"http://evil.com#{host}", f"chrome-extension://{host}", f"{ours}/", f"http://evil{host}", "", host,
            f"{ours} http://evil.com", f"{ours},http://evil.com", ours.rpartition(":")[0] + ":8701"]


async def test_another_page_may_not_command_with_the_cookie(scene: Scene) -> None:
    was, order = await lamp(scene.house), await lamp_order(scene.house)
    for origin in await foreign(scene):
        for path, text in (("/api/commands", order), ("/api/say", '{"text": "turn the desk lamp off"}'),
                           ("/api/restart", "{}"), ("/api/logout", "{}")):
            answer = await raw(scene.house, request(scene.house, f"POST {path}", f"Origin: {origin}",
                                                    f"Cookie: dobby={scene.owner.key}", body=text))
            assert answer.status == 403, (origin, path)
            assert json.loads(answer.body)["error"]["code"] == "origin"
    assert await lamp(scene.house) is was


async def test_a_cookie_without_an_origin_changes_nothing(scene: Scene) -> None:
    was, order = await lamp(scene.house), await lamp_order(scene.house)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await raw(scene.house, request(scene.house, f"{method} /api/commands",
                                                f"Cookie: dobby={scene.owner.key}", body=order))
        assert answer.status == 403
    assert await lamp(scene.house) is was


async def test_two_origins_are_none_of_ours(scene: Scene) -> None:
    answer = await raw(scene.house, request(scene.house, "POST /api/stop", "Origin: http://evil.com",
                                            f"Origin: {scene.house.ready['dashboard']}",
                                            f"Cookie: dobby={scene.owner.key}", body="{}"))
    assert answer.status in (400, 403)


async def test_another_port_of_this_machine_has_the_cookie_and_gets_nothing(scene: Scene) -> None:
    for site in ("same-site", "cross-site"):
        for path in ("/api/home", "/api/network?what=hue", "/api/backup", "/api/events"):
            answer = await raw(scene.house, request(scene.house, f"GET {path}", f"Sec-Fetch-Site: {site}",
                                                    f"Cookie: dobby={scene.owner.key}"))
            assert answer.status == 403, (site, path)
    answer = await raw(scene.house, request(scene.house, "GET /api/me", "Sec-Fetch-Site: same-origin",
                                            f"Cookie: dobby={scene.owner.key}"))
    assert answer.status == 200


async def test_no_other_origin_is_ever_invited(scene: Scene) -> None:
    for method in ("OPTIONS", "GET", "POST"):
        answer = await raw(scene.house, request(
            scene.house, f"{method} /api/commands", "Origin: http://evil.com", "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization", key=scene.house.ready["token"]))
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_another_page_cannot_log_a_browser_in_as_somebody_else(scene: Scene) -> None:
    answer = await form(scene.house, "/login", {"token": scene.house.ready["token"]}, Origin="http://evil.com")
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


# --- another name for this address ------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/", "/login", "/api/home", "/api/events", "/app.css", "/nothing"])
async def test_dns_rebinding_finds_nobody(scene: Scene, path: str) -> None:
    port = place(scene.house)[1]
    for host in ("evil.com", f"evil.com:{port}", "localhost.evil.com"):
        answer = await raw(scene.house, request(scene.house, f"GET {path}", host=host, key=scene.house.ready["token"]))
        assert answer.status == 403, host
        assert json.loads(answer.body)["error"]["code"] == "host"


async def test_a_host_that_only_looks_like_ours_is_not(scene: Scene) -> None:
    name, port = place(scene.house)
    for host in (f"{name}:{port}@evil.com", f"evil.com@{name}:{port}", f"{name}", f"{name}:{port}1", f"{name}:0{port}",
                 f"{name}.:{port}", f"{name}:{port}.evil.com", f"{name}:8701", f"evil.com#{name}:{port}",
                 f"{name}:{port}, evil.com"):
        answer = await raw(scene.house, request(scene.house, "GET /api/home", host=host,
                                                key=scene.house.ready["token"]))
        assert answer.status in (400, 403), host
    for text in (request(scene.house, "GET /api/home", host="", key=scene.house.ready["token"]),
                 request(scene.house, "GET /api/home", "Host: evil.com", key=scene.house.ready["token"]),
                 f"GET /api/home HTTP/1.0\r\nAuthorization: Bearer {scene.house.ready['token']}\r\n\r\n"):
        assert (await raw(scene.house, text)).status in (400, 403), text
    answer = await raw(scene.house, request(scene.house, "GET http://evil.com/api/home", "X-Forwarded-Host: evil.com",
                                            "X-Forwarded-For: 10.0.0.1", key=scene.house.ready["token"]))
    assert answer.status in (200, 400, 403)
    assert b"evil" not in answer.body


# --- guessing ---------------------------------------------------------------------------------------------------------

async def test_guessing_the_token_ends_soon_and_locks_nobody_else_out(scene: Scene) -> None:
    token = scene.house.ready["token"]
    guesses = [token[:-1], token[1:], token.swapcase(), token + "x", f"{token} {token}"]
    guesses += [f"{token[:-2]}{n:02}" for n in range(GUESSES + 5)]
    said = [(await raw(scene.house, request(scene.house, "GET /api/home", key=one), GUESSER)).status for one in guesses]
    assert said[:GUESSES] == [401] * GUESSES
    assert set(said[GUESSES:]) == {429}
    by_form = request(scene.house, "POST /login", "Content-Type: application/x-www-form-urlencoded",
                      body=f"token={token}")
    assert (await raw(scene.house, by_form, GUESSER)).headers["location"] == "/login?slow", "not even the right one now"
    assert (await raw(scene.house, request(scene.house, "GET /api/home", key=token), GUESSER)).status == 200
    assert (await raw(scene.house, request(scene.house, "GET /api/home", key=token))).status == 200
    assert (await scene.member.api("GET", "/api/me"))[0] == 200


async def test_a_page_whose_session_ended_may_go_on_asking(scene: Scene) -> None:
    said = {(await raw(scene.house, request(scene.house, "GET /api/home", "Cookie: dobby=gone"),
                       "127.0.0.65")).status for _ in range(GUESSES + 3)}
    assert said == {401}


@pytest.mark.parametrize("key", ["\xff\xfe", "é" * 20, "\x7f", "a" * 7000, "' OR 1=1 --", "../../token", "%00"])
async def test_a_key_that_is_no_key_is_refused_not_tripped_over(scene: Scene, key: str) -> None:
    for header in (f"Authorization: Bearer {key}", f"Cookie: dobby={key}"):
        text = request(scene.house, "GET /api/home", header).encode("latin-1")
        assert (await raw(scene.house, text, "127.0.0.66")).status in (400, 401), header


async def test_guessing_a_code_ends_with_the_code(scene: Scene) -> None:
    code = await code_for(scene.house, "Sam")
    wrong = f"{(int(code) + 1) % 10 ** 6:06d}"
    kind = "Content-Type: application/x-www-form-urlencoded"
    for _ in range(CODE_TRIES):
        answer = await raw(scene.house, request(scene.house, "POST /login", kind, body=f"who=Sam&code={wrong}"), CODES)
        assert answer.headers["location"].startswith("/login?wrong")
    answer = await raw(scene.house, request(scene.house, "POST /login", kind, body=f"who=Sam&code={code}"))
    assert answer.headers["location"].startswith("/login?wrong"), "dead after five tries, from wherever"
    assert "set-cookie" not in answer.headers


async def test_the_answer_does_not_tell_whether_a_name_is_known(scene: Scene) -> None:
    kind = "Content-Type: application/x-www-form-urlencoded"
    seen = set()
    for who in ("Alex", "Nobody", "x" * 3000, ""):
        for line, body in (("POST /login/code", f"who={who}"), ("POST /login", f"who={who}&code=000000")):
            answer = await raw(scene.house, request(scene.house, line, kind, body=body), "127.0.0.67")
            location = answer.headers.pop("location").partition("#")[0]
            seen.add((line, answer.status, location if who else "", tuple(sorted(set(answer.headers) - {"date"}))))
    assert len({one for one in seen if one[2]}) == 2, seen


# --- keys that are not ------------------------------------------------------------------------------------------------

async def test_a_forged_cookie_opens_nothing(scene: Scene) -> None:
    key, folder = scene.owner.key, Path(scene.house.ready["workspace"])

    def hashes() -> list[str]:
        with contextlib.closing(sqlite3.connect(folder / "dobby.db")) as raw_:
            return [row[0] for row in raw_.execute("SELECT key FROM logins")]
    kept = await asyncio.to_thread(hashes)
    assert key not in kept, "the database holds hashes"
    tries = [key[:-1], key + "=", key.swapcase(), key[::-1], kept[0], "Robin", "owner", '"Robin"', "1", "true", "null",
             f"{key};{key}"]
    for at, one in enumerate(tries[:-1]):
        text = request(scene.house, "GET /api/me", f"Cookie: dobby={one}")
        answer = await raw(scene.house, text, f"127.0.1.{at + 1}")
        assert answer.status == 401, one


async def test_a_session_that_was_left_is_shut_and_its_open_line_is_cut(scene: Scene) -> None:
    sam = await login(scene.house, "Sam")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session, session.get(
            f"{scene.house.ready['dashboard']}/api/events", headers=sam.headers()) as stream:
        assert stream.status == 200
        await stream.content.readuntil(b"\n\n")
        assert await sam.api("POST", "/api/logout", {}) == (200, {"out": True})
        assert (await sam.api("GET", "/api/me"))[0] == 401
        reading = asyncio.create_task(stream.content.read())
        while not reading.done():
            await scene.house.hand("sofa_lamp", on=not (await scene.house.state("sofa_lamp"))["on"])
            await asyncio.wait([reading], timeout=0.15)
        assert b"sofa" not in (await reading).lower()


async def test_the_cookie_is_for_our_page_alone(scene: Scene) -> None:
    answer = await form(scene.house, "/login", {"token": scene.house.ready["token"]})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert scene.house.ready["token"] not in cookie


# --- files ------------------------------------------------------------------------------------------------------------

CLIMBS = ["/../../etc/passwd", "/..%2f..%2fguard.py", "/%2e%2e/%2e%2e/guard.py", "/app.css/../../guard.py",
          "/page/app.css",
          "//etc/passwd", "/..\\..\\dobby.db", "/%5c..%5cdobby.db", "/app.css%00.html", "/./app.css/.", "/guard.py",
          "/api/pictures/..%2f..%2fdobby.db", "/api/pictures/%2e%2e%2fsecrets.toml", "/api/pictures/..%252fdobby.db",
          "/api/pictures/../secrets.toml", "/api/cameras/..%2f..%2fsecrets.toml", "/api/cameras/%2fetc%2fpasswd",
          "/api/skills/..%2f..%2fSOUL.md/versions", "/api/skills/../memory/versions", "/api/turns/..%2f1",
          "/api/turns/1%00", "/api//home/..", "/login/../api/logs"]


async def test_no_path_leads_out_of_the_page(scene: Scene) -> None:
    secret = (Path(scene.house.ready["workspace"]) / "secrets.toml").name
    for path in CLIMBS:
        answer = await raw(scene.house, request(scene.house, f"GET {path}", key=scene.house.ready["token"]))
        assert answer.status in (400, 404) or (answer.status == 200 and path.endswith("versions")), path
        assert b"root:" not in answer.body, path
        assert b"SQLite" not in answer.body, path
        assert secret.encode() not in answer.body.replace(path.encode(), b""), path
        assert (await raw(scene.house, request(scene.house, f"GET {path}"))).status in (302, 400, 401, 404), path


async def test_no_path_leads_out_of_the_lent_pictures(scene: Scene) -> None:
    webhook = URL(scene.house.ready["webhook"]).origin()
    async with aiohttp.ClientSession() as session:
        for path in ("/pictures/..%2fdobby.db", "/pictures/%2e%2e%2fsecrets.toml?until=9999999999&sig=00",
                     "/pictures/x.jpg", "/pictures/../dobby.db", "/api/home", "/", "/login"):
            async with session.get(URL(f"{webhook}{path}", encoded=True), allow_redirects=False,
                                   headers={"Authorization": f"Bearer {scene.house.ready['token']}"}) as answer:
                assert answer.status == 404, path


async def test_no_skill_is_written_where_there_is_none(scene: Scene) -> None:
    folder = Path(scene.house.ready["workspace"])
    before = await asyncio.to_thread(lambda: sorted(map(str, folder.rglob("*.md"))))
    for name in ("..%2f..%2fSOUL.md", "%2e%2e", "..", "new-skill", "a%00b", "%2fetc%2fcron.d%2fx"):
        status, _ = await scene.owner.api("PUT", f"/api/skills/{name}", {"text": "---\nname: x\n---\nx"})
        assert status in (400, 404, 405), name
    assert await asyncio.to_thread(lambda: sorted(map(str, folder.rglob("*.md")))) == before


# --- too much, too slow -----------------------------------------------------------------------------------------------

async def endless(house: House, head: str, piece: bytes) -> Answer:
    """Send a head and then the same piece until the house hangs up or has answered."""
    reader, writer = await connect(house, "127.0.0.68")
    writer.write(head.encode())
    hearing = asyncio.create_task(heard(reader))
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not hearing.done() and sent < 64 * 2**20:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
            await asyncio.sleep(0)
    writer.close()
    await asyncio.wait([hearing], timeout=15)
    assert hearing.done()
    return parse(hearing.result())


@pytest.mark.parametrize("path", ["/api/say", "/login", "/api/restore", "/api/voice"])
async def test_an_endless_body_is_not_read_to_its_end(scene: Scene, path: str) -> None:
    piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    kind = f"Content-Type: {'audio/wav' if path == '/api/voice' else 'application/x-www-form-urlencoded'}"
    answer = await endless(scene.house, request(scene.house, f"POST {path}", kind, "Transfer-Encoding: chunked",
                                                key=scene.guest.key), piece)
    assert answer.status == {"/api/restore": 403}.get(path, 413)
    assert (await scene.house.api("GET", "/api/home"))[0] == 200


async def test_a_body_that_says_it_is_huge_is_not_waited_for(scene: Scene) -> None:
    for path, status in (("/login", 413), ("/api/say", 413)):
        text = request(scene.house, f"POST {path}", "Content-Length: 10000000000",
                       "Content-Type: application/x-www-form-urlencoded", key=scene.house.ready["token"])
        answer = await endless(scene.house, text, b"a" * 65536)
        assert answer.status == status, path


async def test_a_bomb_in_the_body_does_not_go_off(scene: Scene) -> None:
    bomb = await asyncio.to_thread(gzip.compress, b"\0" * (64 * 2**20))
    headers = {"Authorization": f"Bearer {scene.house.ready['token']}", "Content-Encoding": "gzip"}
    before = await asyncio.to_thread(resident, scene.house.ready["pid"])
    for path, kind, status in (("/api/say", "application/json", 413), ("/api/commands", "application/json", 413),
                               ("/login", "application/x-www-form-urlencoded", 413)):
        async with scene.house.web.post(scene.house.ready["dashboard"] + path, data=bomb,
                                        headers=headers | {"Content-Type": kind}) as answer:
            assert answer.status == status, path
    for encoding in ("deflate", "br", "zstd", "gzip, gzip", "nonsense"):
        text = request(scene.house, "POST /api/say", f"Content-Encoding: {encoding}", body="\x01broken",
                       key=scene.house.ready["token"])
        assert (await raw(scene.house, text)).status in (0, 400, 422), encoding
    assert await asyncio.to_thread(resident, scene.house.ready["pid"]) - before < 30


def resident(pid: int) -> float:
    """MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


async def test_huge_headers_and_deep_bodies_are_refused(scene: Scene) -> None:
    long = request(scene.house, "GET /login", "X-Long: " + "a" * 100_000)
    many = request(scene.house, "GET /login", *(f"X-{n}: a" for n in range(2000)))
    line = request(scene.house, "GET /login?" + "a" * 100_000)
    for text in (long, many, line):
        assert (await raw(scene.house, text)).status in (0, 400, 413, 414, 431)
    for body in ("[" * 100_000, '{"a":' * 30_000, '{"text": "' + "\\ud800" * 10 + '"}', "1" * 5000, "1e999", ""):
        text = request(scene.house, "POST /api/say", body=body, key=scene.house.ready["token"])
        assert (await raw(scene.house, text)).status == 422, body[:20]


async def test_one_address_cannot_take_every_seat(scene: Scene) -> None:
    taken = [await connect(scene.house, FLOOD) for _ in range(CONNECTIONS_EACH + 40)]
    try:
        refused = 0
        for reader, _ in taken[CONNECTIONS_EACH:]:
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
            refused += 1
        assert refused == 40
        assert (await raw(scene.house, request(scene.house, "GET /login"), "127.0.0.69")).status == 200
        assert (await scene.owner.api("GET", "/api/me"))[0] == 200
    finally:
        for _, writer in taken:
            writer.close()


async def test_open_lines_of_one_person_are_counted(scene: Scene) -> None:
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0, local_addr=("127.0.0.70", 0))))
        where = f"{scene.house.ready['dashboard']}/api/events"
        for _ in range(PAGES):
            stream = await stack.enter_async_context(session.get(where, headers=scene.guest.headers()))
            assert stream.status == 200
            await stream.content.readuntil(b"\n\n")
        async with session.get(where, headers=scene.guest.headers()) as more:
            assert more.status == 429
        async with session.get(where, headers=scene.member.headers()) as other:
            assert other.status == 200
        assert (await scene.guest.api("GET", "/api/home"))[0] == 200


# --- on the wire ------------------------------------------------------------------------------------------------------

SMUGGLED = "GET /api/home HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
TWOFOLD = [("Content-Length: 4", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", "Content-Length: 4"),
           ("Content-Length: 4", "Content-Length: 40"), ("Content-Length: +4",), ("Content-Length: 0x4",),
           ("Content-Length: 4, 4",), ("Content-Length: -1",), ("Content-Length : 4",),
           ("Transfer-Encoding : chunked",), ("Transfer-Encoding: xchunked",),
           ("Transfer-Encoding: chunked, identity",), ("Transfer-Encoding: \x0bchunked",),
           ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
           ("X-A: b", " folded: yes", "Content-Length: 4")]


@pytest.mark.parametrize("headers", TWOFOLD, ids=" & ".join)
async def test_no_second_request_is_smuggled_in(scene: Scene, headers: tuple[str, ...]) -> None:
    host = "{}:{}".format(*place(scene.house))
    hidden = SMUGGLED.format(host=host, token=scene.house.ready["token"])
    text = "\r\n".join(("POST /login HTTP/1.1", f"Host: {host}", "Content-Type: application/x-www-form-urlencoded",
                        *headers, "", "")) + f"0\r\n\r\n{hidden}"
    answer = await raw(scene.house, text)
    assert answer.status in (400, 501), answer
    assert answer.count == 1
    assert b"devices" not in answer.body


@pytest.mark.parametrize("line", ["GET /login HTTP/1.1\nHost: {host}\n\n",
                                  "GET /login HTTP/9.9\r\nHost: {host}\r\n\r\n",
                                  "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
                                  "GET /log\x01in HTTP/1.1\r\nHost: {host}\r\n\r\n", "{host}\r\n\r\n",
                                  "G<script>T / HTTP/1.1\r\nHost: {host}\r\n\r\n",
                                  "GET /login HTTP/1.1\r\nHost: {host}\r\nX-\x00: a\r\n\r\n",
                                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_what_is_no_http_gets_no_page(scene: Scene, line: str) -> None:
    answer = await raw(scene.house, line.format(host="{}:{}".format(*place(scene.house))).replace(
        "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
    assert answer.status in (0, 400, 401, 403, 405, 501), answer
    assert "text/html" not in answer.headers.get("content-type", "")


async def test_a_line_break_in_a_value_makes_no_header(scene: Scene) -> None:
    evil = "x%0d%0aSet-Cookie:%20dobby=evil%0d%0a%0d%0a<script>alert(1)</script>"
    kind = "Content-Type: application/x-www-form-urlencoded"
    for line, body in (("POST /login", f"who={evil}&code=1"), ("POST /login/code", f"who={evil}")):
        answer = await raw(scene.house, request(scene.house, line, kind, body=body), "127.0.0.71")
        assert answer.status == 302
        assert "set-cookie" not in answer.headers
        assert b"<script" not in answer.body
    answer = await raw(scene.house, request(scene.house, f"GET /api/turns/{evil}", key=scene.house.ready["token"]))
    assert answer.status == 404
    assert "set-cookie" not in answer.headers


async def test_no_web_socket_is_opened(scene: Scene) -> None:
    up = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    for origin, key, status in (("http://evil.com", scene.house.ready["token"], 403), ("", "", 401)):
        headers = (*up, *([f"Origin: {origin}"] if origin else []))
        text = request(scene.house, "GET /api/events", *headers, key=key).replace("Connection: close",
                                                                               "Connection: Upgrade, close")
        answer = await raw(scene.house, text)
        assert answer.status == status
        assert "sec-websocket-accept" not in answer.headers


async def test_other_methods_do_nothing(scene: Scene) -> None:
    for method in ("TRACE", "OPTIONS", "PATCH", "DELETE", "PROPFIND", "MOVE", "CONNECT", "PUT"):
        for path in ("/", "/login", "/api/home", "/api/stop"):
            answer = await raw(scene.house, request(scene.house, f"{method} {path}", "X-Echo: me"))
            assert answer.status in (302, 400, 401, 405), (method, path)
            assert b"X-Echo" not in answer.body
            answer = await raw(scene.house, request(scene.house, f"{method} {path}", key=scene.house.ready["token"]))
            assert answer.status in (400, 404, 405), (method, path)


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain",
                                  "application/x-www-form-urlencoded; charset=punycode",
                                  "application/x-www-form-urlencoded; charset=nonsense", ""])
async def test_a_body_of_another_kind_logs_nobody_in(scene: Scene, kind: str) -> None:
    token = "x" * 20
    bodies = {"multi": f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n--x--\r\n',
              "appli": f"token={token}", "text/": f"token={token}", "": f"token={token}"}
    answer = await raw(scene.house, request(scene.house, "POST /login", f"Content-Type: {kind}",
                                            body=bodies[kind[:5]]), "127.0.0.72")
    assert answer.status in (302, 400, 422)
    assert "set-cookie" not in answer.headers
    said = await raw(scene.house, request(scene.house, "POST /api/say", f"Content-Type: {kind}",
                                          body=json.dumps({"text": "hello"}), key=scene.guest.key))
    assert said.status in (200, 400, 422), "the body is read as JSON in UTF-8, whatever it says it is"


# --- what people and things are called --------------------------------------------------------------------------------

async def test_markup_stays_text_of_the_right_kind(scene: Scene) -> None:
    house, device = scene.house, await scene.house.device("desk_lamp")
    where = f"/api/devices/{URL.build(path=device['id']).raw_path.replace('/', '%2F')}"
    assert (await scene.owner.api("POST", where, {"name": MARKUP}))[0] == 200
    assert (await scene.owner.api("POST", "/api/memory", {"text": f"{MARKUP} likes tea"}))[0] == 200
    await scene.owner.api("POST", "/api/say", {"text": f"which lights are {MARKUP}"})
    await scene.owner.api("POST", "/api/rooms", {"name": MARKUP, "floor": MARKUP})
    for path in ("/api/home", "/api/memory", "/api/talk", "/api/turns", "/api/logs", "/api/health", "/api/skills",
                 "/api/plans", "/api/logins", "/api/me", "/api/charts", "/api/budget", f"/api/{MARKUP}",
                 "/api/turns/<script>", "/api/network?now=0"):
        text = request(house, f"GET {path.replace(' ', '%20')}", "Accept: text/html", key=house.ready["token"])
        answer = await raw(house, text)
        assert answer.headers["content-type"].startswith("application/json"), path
        assert answer.headers["x-content-type-options"] == "nosniff", path
    shown = (await scene.owner.api("GET", "/api/home"))[1]["devices"]
    assert any(MARKUP in one["name"] for one in shown), "as it was given, for the page to show as text"
    assert (await scene.owner.api("POST", where, {"name": "Desk Lamp"}))[0] == 200


async def test_every_answer_keeps_to_itself(scene: Scene) -> None:
    token = scene.house.ready["token"]
    for path, key in (("/", ""), ("/", token), ("/login", ""), ("/app.css", ""), ("/icon.svg", ""), ("/api/home", ""),
                      ("/api/home", token), ("/nothing", token), ("/api/backup", token)):
        answer = await raw(scene.house, request(scene.house, f"GET {path}", key=key))
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "python" not in answer.headers.get("server", "").lower()
    async with scene.house.web.get(f"{scene.house.ready['dashboard']}/api/events",
                                   headers={"Authorization": f"Bearer {token}"}) as stream:
        assert "frame-ancestors 'none'" in stream.headers["Content-Security-Policy"]
        assert stream.headers["X-Content-Type-Options"] == "nosniff"


# --- a backup from a stranger -----------------------------------------------------------------------------------------

def archive(name: str, kind: bytes = tarfile.REGTYPE, text: bytes = b"x", target: str = "") -> bytes:
    """A backup with one thing too many in it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for one, content in (("dobby-backup.json", b'{"dobby": 1}'), (name, text)):
            member = tarfile.TarInfo(one)
            member.size = len(content)
            if one == name:
                member.type, member.linkname = kind, target
                member.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


HOSTILE = {"up": archive("../evil"), "deep": archive("skills/../../evil"), "absolute": archive("/tmp/dobby-evil"),
           "link": archive("skills/x", tarfile.SYMTYPE, target="/etc/passwd"),
           "hard": archive("skills/x", tarfile.LNKTYPE, target="secrets.toml"),
           "device": archive("skills/x", tarfile.CHRTYPE), "pipe": archive("skills/x", tarfile.FIFOTYPE),
           "program": archive("drivers/evil.py"), "secrets": archive("secrets.toml"), "no gzip": b"hello",
           "empty": b"", "database": archive("dobby.db", text=b"SQLite format 3\0nonsense"),
           "half": archive("SOUL.md", text=bytes(range(256)) * 64)[:300]}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_backup_changes_nothing(scene: Scene, name: str) -> None:
    folder = Path(scene.house.ready["workspace"])

    def files() -> list[str]:
        return sorted(str(path) for path in folder.rglob("*") if "dobby.db" not in path.name)
    before = await asyncio.to_thread(files)
    async with scene.house.web.post(f"{scene.house.ready['dashboard']}/api/restore", data=HOSTILE[name],
                                    headers={"Authorization": f"Bearer {scene.house.ready['token']}"}) as answer:
        assert answer.status == 422
        assert (await answer.json())["error"]["code"] == "backup"
    assert await asyncio.to_thread(files) == before


# --- people who are not the owner -------------------------------------------------------------------------------------

OWNERS = [("GET", "/api/backup"), ("POST", "/api/restore"), ("POST", "/api/restart"), ("GET", "/api/logs"),
          ("GET", "/api/logins"), ("DELETE", "/api/logins/1"), ("POST", "/api/rooms"),
          ("PUT", "/api/skills/movie-night"),
          ("POST", "/api/devices/hue:1"), ("POST", "/api/eyes/x"), ("HEAD", "/api/backup"), ("HEAD", "/api/logs")]
HOUSEHOLD = [("GET", "/api/turns"), ("GET", "/api/turns/1"), ("GET", "/api/health"), ("GET", "/api/network"),
             ("GET", "/api/eyes"), ("GET", "/api/cameras/x"), ("GET", "/api/pictures/x.jpg"), ("GET", "/api/memory"),
             ("POST", "/api/memory"), ("GET", "/api/skills"), ("GET", "/api/plans"), ("DELETE", "/api/plans/1"),
             ("GET", "/api/budget"), ("GET", "/api/charts"), ("GET", "/api/history?device=x&trait=y")]


async def test_the_owners_addresses_are_the_owners(scene: Scene) -> None:
    for who, rows in ((scene.member, OWNERS), (scene.guest, OWNERS + HOUSEHOLD)):
        for method, path in rows:
            for more in ({}, {"Authorization": f"Bearer {who.key}", "Cookie": ""}):
                status, answer = await who.api(method, path, {} if method in ("POST", "PUT") else None, **more)
                assert status == 403, (method, path)
                assert method == "HEAD" or answer["error"]["code"] == "role"


async def test_a_guest_sees_the_shared_rooms_and_nothing_of_others(scene: Scene) -> None:
    shown = (await scene.guest.api("GET", "/api/home"))[1]["devices"]
    assert {one["room"] for one in shown} == {GUEST_ROOM}
    assert {one["kind"] for one in shown} <= {"light", "speaker"}
    assert shown
    everything = (await scene.owner.api("GET", "/api/home"))[1]["devices"]
    asked = (await scene.owner.api("POST", "/api/say", {"text": "unlock the front door"}))[1]["question"]
    assert (await scene.guest.api("GET", "/api/questions"))[1] == {"questions": []}
    for who in (scene.guest, scene.member):
        status, _ = await who.api("POST", f"/api/questions/{asked['id']}", {"answer": "yes", "pin": "2468"})
        assert status == 404
    assert (await scene.house.state("front_door"))["locked"]
    talk = (await scene.guest.api("GET", "/api/talk"))[1]
    assert {one["who"] for one in talk["turns"]} <= {"Alex"}
    assert talk["letters"] == []
    for device in (one for one in everything if one["room"] != GUEST_ROOM and one["kind"] in ("light", "lock")):
        order = [{"device": device["id"], "trait": "on" if device["kind"] == "light" else "locked", "value": False}]
        [outcome] = (await scene.guest.api("POST", "/api/commands", order))[1]["outcomes"]
        assert outcome["error"]["kind"] == "policy"


async def test_a_guests_line_tells_of_the_shared_rooms_only(scene: Scene) -> None:
    house, mine = scene.house, {one["id"] for one in (await scene.guest.api("GET", "/api/home"))[1]["devices"]}

    async def closed() -> bool:  # the lines of the test before are noticed to be gone when something is told
        await house.hand("sofa_lamp", on=not (await house.state("sofa_lamp"))["on"])
        status, _ = await scene.guest.api("GET", "/api/me")
        async with house.web.get(f"{house.ready['dashboard']}/api/events", headers=scene.guest.headers()) as line:
            return status == 200 and line.status == 200
    await until(closed)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session, session.get(
            f"{house.ready['dashboard']}/api/events", headers=scene.guest.headers()) as line:
        await line.content.readuntil(b"\n\n")
        await scene.owner.api("POST", "/api/say", {"text": "unlock the front door"})
        await scene.member.api("POST", "/api/say", {"text": "remember that the safe is behind the painting"})
        await code_for(house, "Robin")
        await house.hand("sofa_lamp", on=not (await house.state("sofa_lamp"))["on"])
        await scene.guest.api("POST", "/api/say", {"text": "turn the study lamp off"})
        await scene.guest.api("POST", "/api/say", {"text": "turn the study lamp on"})
        told: list[tuple[str, Any]] = []
        while not any(kind == "turn" and "lamp on" in data["text"] for kind, data in told):
            block = (await asyncio.wait_for(line.content.readuntil(b"\n\n"), 15)).decode()
            fields = dict(row.partition(": ")[::2] for row in block.splitlines() if row)
            if "event" in fields:
                told.append((fields["event"], json.loads(fields["data"])))
    assert {data["who"] for kind, data in told if kind in ("turn", "letter")} == {"Alex"}
    assert {data["device"] for kind, data in told if kind == "reading"} <= mine
    assert {data["id"] for kind, data in told if kind == "device"} <= mine
    assert all(data["open"] == [] for kind, data in told if kind == "question")
    assert {kind for kind, _ in told} <= {"turn", "reading", "device", "question", "letter", "hello"}
    assert "painting" not in json.dumps(told)


async def test_what_leaves_a_shared_room_leaves_the_guests_page(scene: Scene) -> None:
    lamp = next(one for one in (await scene.guest.api("GET", "/api/home"))[1]["devices"] if one["kind"] == "light")
    where = f"/api/devices/{lamp['id'].replace('/', '%2F')}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session, session.get(
            f"{scene.house.ready['dashboard']}/api/events", headers=scene.guest.headers()) as line:
        await line.content.readuntil(b"\n\n")
        assert (await scene.owner.api("POST", where, {"room": "Attic"}))[0] == 200
        block = b""
        while b"event: device" not in block:
            block = await asyncio.wait_for(line.content.readuntil(b"\n\n"), 15)
        assert json.loads(block.partition(b"data: ")[2]) == {"id": lamp["id"], "device": None}
        assert (await scene.owner.api("POST", where, {"room": lamp["room"]}))[0] == 200
        block = b""
        while b"event: device" not in block:
            block = await asyncio.wait_for(line.content.readuntil(b"\n\n"), 15)
        assert json.loads(block.partition(b"data: ")[2])["device"]["name"] == lamp["name"]


async def test_the_answer_to_anothers_message_is_not_given(scene: Scene) -> None:
    assert (await scene.owner.api("POST", "/api/say", {"text": "which lights are on?", "id": "7"}))[0] == 200
    status, answer = await scene.guest.api("POST", "/api/say", {"text": "hello", "id": "7"})
    assert status == 422
    assert "reply" not in answer


async def test_secrets_are_on_no_page(scene: Scene) -> None:
    folder = Path(scene.house.ready["workspace"])

    def secrets() -> list[str]:
        with contextlib.closing(sqlite3.connect(folder / "dobby.db")) as raw_:
            rows = [row[0] for row in raw_.execute("SELECT secret FROM links")]
            rows += [row[0] for row in raw_.execute("SELECT key FROM logins")]
            rows += [json.loads(row[0]) for row in raw_.execute("SELECT value FROM facts WHERE name = 'pictures_key'")]
        values = [str(value) for text in rows if text.startswith("{") for value in json.loads(text).values()]
        told = [line.partition('"')[2].rstrip('"') for line in (folder / "secrets.toml").read_text().splitlines()]
        hashed = [line.partition('"')[2].rstrip('"') for line in (folder / "config.toml").read_text().splitlines()
                  if line.startswith("pin_hash")]
        return [one for one in (*values, *rows, *told, *hashed) if len(one) > 5 and one != "{}"]
    known = [*await asyncio.to_thread(secrets), scene.house.ready["token"], scene.owner.key, scene.guest.key]
    assert len(known) > 8
    for path in ("/api/logs", "/api/home", "/api/health", "/api/turns", "/api/turns/1", "/api/talk", "/api/me", "/",
                 "/api/logins", "/api/memory", "/api/questions", "/api/plans", "/api/budget", "/api/charts", "/app.js",
                 "/api/network?now=0"):
        answer = await raw(scene.house, request(scene.house, f"GET {path}", key=scene.house.ready["token"]))
        assert answer.status in (200, 404), path
        assert [one for one in known if one.encode() in answer.body] == [], path


async def test_who_sends_a_header_a_minute_is_hung_up_on() -> None:
    async with server.listening(web.Application(), "127.0.0.1", 0, idle=0.5) as base:
        where = URL(base)
        for head in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
            reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(head)
            hearing = asyncio.create_task(heard(reader))
            with contextlib.suppress(ConnectionError):
                while not hearing.done():
                    writer.write(head[-1:])
                    await writer.drain()
                    await asyncio.wait([hearing], timeout=0.05)
            writer.close()
            assert await hearing == b""


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="a way of Linux's")
async def test_who_asks_for_much_and_reads_nothing_is_hung_up_on() -> None:
    gone = asyncio.Event()

    async def much(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"a" * 65536)
        finally:
            gone.set()
    app = web.Application()
    app.add_routes([web.get("/", much)])
    async with server.listening(app, "127.0.0.1", 0, stuck=0.5) as base:
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.setblocking(False)
            await asyncio.get_running_loop().sock_connect(line, (URL(base).host, URL(base).port))
            await asyncio.get_running_loop().sock_sendall(line, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(gone.wait(), 20)


async def test_an_address_of_ipv6_is_one_that_a_browser_may_ask() -> None:
    with contextlib.suppress(DobbyError):  # a machine without IPv6
        async with server.listening(web.Application(), "::1", 0) as base, aiohttp.ClientSession() as session:
            assert base.startswith("http://[::1]:")
            assert (await session.get(base)).status == 404
    assert server.as_host("127.0.0.1") == "127.0.0.1"


# --- at the end -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["login", "say"])
async def test_who_drips_is_hung_up_on(scene: Scene, name: str) -> None:
    assert (await asyncio.wait_for(scene.slow[name], 40)).status == 408


async def test_and_the_house_is_well(scene: Scene) -> None:
    assert (await scene.house.say("turn the desk lamp on"))["outcomes"][0]["result"] == "confirmed"
    _, health = await scene.house.api("GET", "/api/health")
    assert all(part["broke"] == 0 for part in health["parts"])
    _, logs = await scene.house.api("GET", "/api/logs")
    assert [line["text"] for line in logs["lines"] if "Traceback" in line["text"]] == []
