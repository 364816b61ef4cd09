"""The simulated Twilio and handset, judged by Twilio's own SDK."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from .conftest import Sim, until

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed")]

SID, TOKEN = "ACsimulated0000000000000000000000", "simulated-twilio-token"
ROBIN, DOBBY = "whatsapp:+15550100", "whatsapp:+15550199"
PICTURE = b"\x89PNG not really"


class Detour(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's client, sent to loopback."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=1.0)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **more)


class Daemon:
    """The other end: a webhook, status callbacks, and a picture to fetch."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.seen: list[tuple[str, dict[str, str], bool]] = []

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> "Daemon":
        app = web.Application()
        app.router.add_post("/{tail:.*}", self.post)
        app.router.add_get("/picture", self.picture)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, self.host, 0)
        await site.start()
        self.port = self.runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def post(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        url = f"{self.base}{request.path}"
        valid = RequestValidator(TOKEN).validate(url, form, request.headers.get("X-Twilio-Signature", ""))
        self.seen.append((request.path, {k: str(v) for k, v in form.items()}, valid))
        return web.Response(status=204)

    async def picture(self, _request: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")


@pytest.fixture
async def daemon(sim: Sim, anyio_backend: str) -> AsyncIterator[Daemon]:
    """A webhook that the handset is aimed at."""
    async with Daemon(sim.host(1)) as listening:
        await sim.ask("POST", "/phone/webhook", {"url": f"{listening.base}/twilio"})
        yield listening


def client(sim: Sim, token: str = TOKEN) -> Any:
    """Twilio's SDK, aimed at the home."""
    return Client(SID, token, http_client=Detour(sim.ready["twilio"]))


async def send(sim: Sim, **what: Any) -> Any:
    """A message through the SDK."""
    return await asyncio.to_thread(lambda: client(sim).messages.create(**({"to": ROBIN, "from_": DOBBY} | what)))


async def received(sim: Sim, sid: str) -> list[Any]:
    """What the phones got of a message."""
    return [item for item in (await sim.ask("GET", "/phone?since=0"))["received"] if item["sid"] == sid]


async def test_a_text_with_a_picture_arrives_and_reports(sim: Sim, daemon: Daemon) -> None:
    sent = await send(
        sim, body="Good evening.", media_url=[f"{daemon.base}/picture"], status_callback=f"{daemon.base}/s"
    )
    assert sent.sid.startswith("MM")
    await until(lambda: [form["MessageStatus"] for _, form, _ in daemon.seen] == ["queued", "sent", "delivered"])
    assert all(valid for _, _, valid in daemon.seen)
    (text,) = await received(sim, sent.sid)
    assert (text["body"], text["to"], text["from"]) == ("Good evening.", ROBIN, DOBBY)
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert text["media"] == [{"content_type": "image/png", "size": len(PICTURE), "sha256": digest}]
    assert (await sim.ask("GET", f"/phone?since={text['id']}"))["received"] == []


async def test_what_was_sent_can_be_looked_up(sim: Sim, daemon: Daemon) -> None:
    sent = [(await send(sim, to="whatsapp:+15550777", body=f"text {n}")).sid for n in range(3)]
    listed = await asyncio.to_thread(lambda: client(sim).messages.list(to="whatsapp:+15550777", page_size=2))
    assert [message.sid for message in listed] == sent[::-1]
    one = await asyncio.to_thread(lambda: client(sim).messages(sent[0]).fetch())
    assert one.body == "text 0"
    assert one.date_created is not None


@pytest.mark.parametrize(
    ("what", "code"),
    [({"to": "whatsapp:12", "body": "x"}, 21211), ({}, 21602), ({"to": "+15550100", "body": "x"}, 21910),
     ({"body": "x" * 1601}, 21617)],
)  # fmt: skip
async def test_what_twilio_refuses(sim: Sim, what: Any, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        await send(sim, **what)
    assert caught.value.code == code


async def test_the_wrong_token(sim: Sim) -> None:
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(lambda: client(sim, "wrong").messages.create(to=ROBIN, from_=DOBBY, body="x"))
    assert (caught.value.status, caught.value.code) == (401, 20003)


async def test_outside_the_window_a_text_fails_and_a_template_arrives(sim: Sim, daemon: Daemon) -> None:
    await sim.fault("handset", "refuses", code=63016)
    stranger = "whatsapp:+15550888"
    await send(sim, to=stranger, body="hello", status_callback=f"{daemon.base}/s")
    await until(lambda: bool(daemon.seen) and daemon.seen[-1][1]["MessageStatus"] == "failed")
    assert daemon.seen[-1][1]["ErrorCode"] == "63016"
    template = await send(sim, to=stranger, content_sid="HX1", content_variables='{"1": "x"}')

    async def arrived() -> bool:
        return bool(await received(sim, template.sid))

    await until(arrived)
    await sim.ask("POST", "/phone", {"from": stranger, "body": "hi"})
    free = await send(sim, to=stranger, body="hello again")

    async def freed() -> bool:
        return bool(await received(sim, free.sid))

    await until(freed)


@pytest.mark.parametrize(("fault", "reached"), [("dead", False), ("slow", True), ("garbage", False),
                                                ("refuses", False), ("lost_answer", True)])  # fmt: skip
async def test_faults(sim: Sim, daemon: Daemon, fault: str, reached: bool) -> None:
    await sim.fault("handset", fault, seconds=1.2)
    try:
        said = (await send(sim, body=f"during {fault}")).sid
    except Exception:
        said = None
    assert said is None

    async def arrived() -> bool:
        return any(text["body"] == f"during {fault}" for text in (await sim.ask("GET", "/phone"))["received"])

    if reached:
        await until(arrived)
    else:
        await sim.fault("handset", None)
        assert not await arrived()


async def test_a_text_to_dobby_is_signed_and_may_be_repeated(sim: Sim, daemon: Daemon) -> None:
    media = [{"content_type": "image/png", "base64": base64.b64encode(PICTURE).decode()}]
    answer = await sim.ask("POST", "/phone", {"from": ROBIN, "body": "Dobby?", "media": media})
    assert answer["status"] == 204
    again = await sim.ask("POST", "/phone", {"from": ROBIN, "body": "Dobby?", "sid": answer["sid"]})
    assert again == answer
    (path, form, valid), (_, second, _) = daemon.seen
    assert valid
    assert path == "/twilio"
    assert form["MessageSid"] == second["MessageSid"] == answer["sid"]
    assert form["ProfileName"] == "Robin"
    assert form["NumMedia"] == "1"
    assert form["MediaUrl0"].startswith(sim.ready["twilio"])


async def test_a_webhook_that_is_gone_is_status_zero(sim: Sim, daemon: Daemon) -> None:
    await sim.ask("POST", "/phone/webhook", {"url": f"http://{sim.host(1)}:9/twilio"})
    assert (await sim.ask("POST", "/phone", {"from": ROBIN, "body": "anyone?"}))["status"] == 0
