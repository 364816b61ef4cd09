"""The laws of tests/drivers/test_rigs.py over gmediarender; run by test_dlna.py where a network of its own is."""

from __future__ import annotations

import asyncio
import io
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from dobby.discovery.networks import Reach
from dobby.discovery.ssdp import Ssdp
from dobby.drivers import dlna as driver
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.house import QUICK, until
from tests.drivers.rig import Rig, kept, piped, rigged
from tests.drivers.test_rigs import (  # noqa: F401  # collected here again, over the rig below
    FAULTS,
    broken_and_mended,
    test_another_address_is_the_same_device,
    test_another_device_at_its_address_is_not_taken_for_it,
    test_closing_leaves_no_task_no_thread_no_socket,
    test_every_setting_is_confirmed_and_true,
    test_it_shows_its_devices_and_only_what_they_declared,
    test_the_dead_are_noticed_within_ten_seconds_as_the_daemon_is_set,
    test_what_is_out_of_range_never_reaches_the_wire,
)

pytestmark = pytest.mark.anyio

HERE, PORT = "10.77.0.1", 49494
UDN = "5f9ec1b3-ed59-1900-4530-00d0f81e2345"


@asynccontextmanager
async def music() -> AsyncIterator[str]:
    """The address of silence that comes as slowly as it is heard: nothing else slows a renderer without a speaker."""
    tape = io.BytesIO()
    with wave.open(tape, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(bytes(2 * 8000 * 600))

    async def play(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "audio/x-wav"})
        await stream.prepare(request)
        await stream.write(tape.getvalue()[:160_000])
        while True:
            await stream.write(bytes(1600))
            await asyncio.sleep(0.1)

    app = web.Application()
    app.router.add_get("/silence.wav", play)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HERE, 0).start()
    yield f"http://{HERE}:{runner.addresses[0][1]}/silence.wav"
    await runner.cleanup()


async def told(service: str, action: str) -> str:
    """What the renderer answers to an action, asked by hand."""
    kind = {"transport": "AVTransport", "control": "RenderingControl"}[service]
    body = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<u:{action} xmlns:u="urn:schemas-upnp-org:service:{kind}:1"><InstanceID>0</InstanceID>'
            f"<Channel>Master</Channel></u:{action}></s:Body></s:Envelope>")
    headers = {"SOAPAction": f'"urn:schemas-upnp-org:service:{kind}:1#{action}"', "Content-Type": "text/xml"}
    async with aiohttp.ClientSession() as session, session.post(
            f"http://{HERE}:{PORT}/upnp/control/render{service}1", data=body, headers=headers) as answer:
        return await answer.text()


def said(text: str, tag: str) -> str:
    """The words in a tag."""
    found = re.search(f"<{tag}>(.*?)</{tag}>", text)
    assert found is not None, text
    return found[1]


async def truth(trait: str) -> Value:
    """What the renderer itself shows."""
    if trait == "volume":
        return int(said(await told("control", "GetVolume"), "CurrentVolume"))
    if trait == "muted":
        return said(await told("control", "GetMute"), "CurrentMute") == "1"
    if trait == "play":
        return said(await told("transport", "GetMediaInfo"), "CurrentURI")
    return said(await told("transport", "GetTransportInfo"), "CurrentTransportState") == "PLAYING"


async def seen() -> Sighting:
    """gmediarender as SSDP shows it, once it answers."""
    heard: list[Sighting] = []
    ears = Ssdp(Reach((HERE,), (IPv4Network("10.77.0.0/24"),)), driver.TARGETS, heard.append)
    listening = asyncio.create_task(ears.watch())

    async def found() -> bool:
        if any(driver.claim(one) for one in heard):
            return True
        await asyncio.sleep(0.1)
        if not listening.done():
            ears.search()
        return False

    await until(found)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return next(one for one in heard if driver.claim(one))


@asynccontextmanager
async def rendering() -> AsyncIterator[Rig]:
    """gmediarender behind a pipe."""
    process = await asyncio.create_subprocess_exec(
        "gmediarender", "-I", "v0", "-p", str(PORT), "-u", UDN, "-f", "Parlour", "--gstout-audiosink=fakesink",
        "--logfile=/dev/null", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        sighting = await seen()
        async with music() as address, piped((HERE, sighting.port)) as pipe:
            settings: list[tuple[str, Value]] = [
                ("volume", 35), ("volume", 80), ("muted", True), ("muted", False), ("play", address),
                ("playing", False), ("playing", True)]
            yield rigged(sighting, pipe, "", settings, ("volume", 101), truth,
                         again=lambda: piped((HERE, sighting.port)))
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
async def rig(anyio_backend: str) -> AsyncIterator[Rig]:
    """gmediarender."""
    async with rendering() as rig:
        yield rig


@pytest.fixture
async def one(rig: Rig) -> Rig:
    """The same."""
    return rig


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_and_gone_when_it_is_gone(rig: Rig, tmp_path: Path, fault: str) -> None:
    await broken_and_mended(rig, tmp_path, fault)


async def test_it_is_found_by_its_own_words_and_its_events_are_followed(rig: Rig, tmp_path: Path) -> None:
    assert (rig.found.key, rig.found.name, rig.found.path) == (f"dlna:{UDN}", "Parlour", "/description.xml")
    rig.found = replace(rig.found, host=HERE, port=rig.sighting.port)
    found = driver.claim(await seen())
    assert found is not None
    rig.found = found
    async with kept(rig, tmp_path, settings=replace(QUICK, poll=3600, callbacks=HERE)) as house:
        before = house.home.reading(rig.device, "volume")
        assert before is not None
        body = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:SetVolume '
                'xmlns:u="urn:schemas-upnp-org:service:RenderingControl:1"><InstanceID>0</InstanceID><Channel>Master'
                "</Channel><DesiredVolume>12</DesiredVolume></u:SetVolume></s:Body></s:Envelope>")
        headers = {"SOAPAction": '"urn:schemas-upnp-org:service:RenderingControl:1#SetVolume"',
                   "Content-Type": "text/xml"}
        async with aiohttp.ClientSession() as session, session.post(
                f"http://{HERE}:{PORT}/upnp/control/rendercontrol1", data=body, headers=headers) as answer:
            assert answer.status == 200
        await until(lambda: house.value("volume") == 12)
