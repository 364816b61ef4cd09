"""DLNA beyond the laws: descriptions that lead elsewhere, events, what cannot pause, Sonos players left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web

from dobby.drivers import dlna as driver
from dobby.errors import Garbage, Refused
from dobby.home.device import Found
from dobby.wire.upnp import describe, didl, title_of
from tests.drivers.house import QUICK, until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.dlna import DESCRIPTION, UDN, Renderer, served, sighting

pytestmark = pytest.mark.anyio


async def _nothing(_trait: str) -> None:
    """Nobody asks."""


def test_a_renderer_is_known_by_its_udn_and_where_it_describes_itself() -> None:
    found = driver.claim(sighting(49494))
    assert found == Found(f"dlna:{UDN}", "dlna", "Parlour", HOST, 49494, model="Box", path="/some/where.xml",
                          why="it answers as a media renderer by UPnP")
    assert driver.claim(sighting(1, manufacturer="Sonos, Inc.")) is None
    assert driver.claim(sighting(1, manufacturer="")) is None  # its description could not be read
    assert driver.claim(sighting(1, udn="uuid:../../x")) is None
    assert driver.claim(replace(sighting(1), kind="urn:schemas-upnp-org:device:MediaServer:1")) is None


async def test_a_description_leads_nowhere_else() -> None:
    async def answer(_request: web.Request) -> web.Response:
        evil = DESCRIPTION.replace("<deviceList>", "<deviceList>", 1).replace(
            "/control/AVTransport", "http://192.0.2.1:1/take/over?x=1")
        return web.Response(text=evil, content_type="text/xml")

    app = web.Application()
    app.router.add_get("/some/where.xml", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        described = await describe(session, f"http://{HOST}:{port}/some/where.xml", "MediaRenderer")
        with pytest.raises(Garbage):
            await describe(session, f"http://{HOST}:{port}/some/where.xml", "MediaServer")
    await runner.cleanup()
    transport = described.services["AVTransport"]
    assert transport.control == f"http://{HOST}:{port}/take/over?x=1"
    assert transport.events == f"http://{HOST}:{port}/event/AVTransport"  # it named another port for these
    assert transport.scpd == f"http://{HOST}:{port}/some/scpd/AVTransport.xml"


async def test_an_event_is_followed_at_once(tmp_path: Path) -> None:
    box = Renderer()
    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(port), pipe, "", [], ("volume", 101), _nothing)
        async with kept(rig, tmp_path, settings=replace(QUICK, poll=3600, callbacks=HOST)) as house:
            await until(lambda: len(box.callbacks) == 2)
            box.volume = 20
            box.tell()
            await until(lambda: house.value("volume") == 50)
        assert not box.callbacks


async def test_what_cannot_pause_is_stopped_and_nothing_plays_out_of_nothing(tmp_path: Path) -> None:
    box = Renderer(loud=100, pauses=False)
    async with served(box) as port, piped((HOST, port)) as pipe:
        rig = rigged(sighting(port), pipe, "", [], ("volume", 101), _nothing)
        async with kept(rig, tmp_path) as house:
            nothing = await house.do("playing", True)
            assert nothing.error is not None
            assert "web address" in nothing.error.text
            strange = await house.do("play", "file:///etc/passwd")
            assert strange.error is not None
            assert strange.error.kind == "refused"
            assert not box.uri
            assert (await house.do("play", "http://music.invalid/Some Song.mp3")).result == "confirmed"
            await until(lambda: house.value("title") == "Some Song.mp3")
            assert (await house.do("playing", False)).result == "confirmed"
            assert box.state == "STOPPED"
            assert (await house.do("play")).result == "confirmed"


async def test_a_box_that_offers_no_control_is_told() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=DESCRIPTION.replace("AVTransport", "Nothing"), content_type="text/xml")

    app = web.Application()
    app.router.add_get("/some/where.xml", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    found = driver.claim(sighting(runner.addresses[0][1]))
    assert found is not None
    with pytest.raises(Refused, match="nothing"):
        async with driver.connect(found, {}, QUICK):
            pass
    await runner.cleanup()


def test_metadata_names_what_plays_and_escapes_it() -> None:
    metadata = didl("http://x.invalid/a?b=1&c=2", "Tom & <Jerry>", "video/mp4")
    assert title_of(ElementTree.fromstring(metadata)) == "Tom & <Jerry>"
    assert "object.item.videoItem" in metadata
    assert title_of(ElementTree.fromstring("<x/>")) == ""
