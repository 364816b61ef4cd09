"""Google Cast beyond the laws: apps that come and go, addresses, old devices, and what pychromecast makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pychromecast
import pytest
from pychromecast.generated.cast_channel_pb2 import CastMessage

from dobby.errors import Garbage
from dobby.wire import cast
from tests.drivers.house import until
from tests.drivers.rig import HOST, kept, piped, rigged
from tests.drivers.rigs.cast import ID, QUEUE, SONG, Chromecast, served

pytestmark = pytest.mark.anyio
GUARD = 20  # seconds, against hanging only


async def truth(_trait: str) -> None:
    """Nobody asks."""


def drive(port: int) -> tuple[float, bool, str | None]:
    """What pychromecast does with the device, blocking: volume, mute, a song; what it read of it."""
    there = HOST, port, UUID(ID), "Google Home", "Kitchen"
    theirs = pychromecast.get_chromecast_from_host(there, tries=1, timeout=GUARD)
    try:
        theirs.wait(timeout=GUARD)
        theirs.set_volume(0.25, timeout=GUARD)
        theirs.set_volume_muted(True, timeout=GUARD)
        media = theirs.media_controller
        media.play_media(SONG, "audio/mpeg")
        media.block_until_active(timeout=GUARD)
        media.pause(timeout=GUARD)
        media.update_status()
        assert theirs.status is not None
        return theirs.status.volume_level, theirs.status.volume_muted, media.status.content_id
    finally:
        theirs.disconnect(timeout=GUARD)


async def test_a_client_that_is_not_ours_accepts_the_device() -> None:
    device = Chromecast()

    async with served(device) as port:
        level, muted, uri = await asyncio.to_thread(drive, port)
        assert (level, muted, uri) == (0.25, True, SONG)
        await until(lambda: device.state == "PAUSED")


def test_our_frames_are_theirs() -> None:
    ours = cast.Message("sender-dobby", "receiver-0", cast.RECEIVER, {"type": "GET_STATUS", "name": "Küche " * 60})
    theirs = CastMessage()
    theirs.ParseFromString(cast.encode(ours)[4:])
    assert (theirs.source_id, theirs.destination_id, theirs.namespace) == (ours.source, ours.destination, cast.RECEIVER)
    assert theirs.payload_type == theirs.STRING
    assert cast.decode(theirs.SerializeToString()) == ours
    theirs.payload_type, theirs.payload_binary = theirs.BINARY, b"\0\1"
    assert cast.decode(theirs.SerializeToString()) is None
    for spoilt in (b"?" * 40, b"\x0a\xff", b"", b"\x80" * 30, cast.encode(ours)[4:60]):
        with pytest.raises(Garbage):
            cast.decode(spoilt)


async def test_an_address_starts_the_default_app_and_nothing_is_resumed_where_nothing_was(tmp_path: Path) -> None:
    device = Chromecast()

    async with served(device) as port, piped((HOST, port)) as pipe:
        rig = rigged(device.sighting(), pipe, "", [], ("volume", 101), truth)
        async with kept(rig, tmp_path) as house:
            assert house.home.devices[rig.device].kind == "speaker"
            nothing = await house.do("playing", True)
            assert (nothing.result, nothing.error and nothing.error.kind) == ("failed", "refused")
            assert (await house.do("playing", False)).result == "confirmed"
            assert (await house.do("play", "spotify:track:1")).result == "failed"
            assert (await house.do("play", SONG)).result == "confirmed"
            assert (device.app["appId"], device.items) == ("CC1AD845", [SONG])
            await until(lambda: house.value("title") == "one.mp3")
            device.launch("233637DE")  # somebody starts another app
            device.everybody()
            await until(lambda: house.value("playing") is False and house.value("uri") == "")


async def test_next_and_previous_go_through_the_queue(tmp_path: Path) -> None:
    device = Chromecast()
    device.playing()

    async with served(device) as port, piped((HOST, port)) as pipe:
        rig = rigged(device.sighting(), pipe, "", [], ("volume", 101), truth)
        async with kept(rig, tmp_path) as house:
            await until(lambda: house.value("uri") == QUEUE[0])
            assert (await house.do("next")).result == "confirmed"
            assert device.items[device.item] == QUEUE[1]
            assert (await house.do("previous")).result == "confirmed"
            assert device.items[device.item] == QUEUE[0]
            for writer in device.writers:
                device.say(writer, "Tr@n$p0rt-0", "sender-dobby", "tp.heartbeat", {"type": "PING"})
            await until(lambda: device.pongs > 0)


async def test_an_old_one_with_the_televisions_volume_is_driven_without_either(tmp_path: Path) -> None:
    device = Chromecast()
    device.old = device.fixed = True
    device.playing()

    async with served(device) as port, piped((HOST, port)) as pipe:
        rig = rigged(device.sighting(), pipe, "", [], ("volume", 101), truth)
        async with kept(rig, tmp_path) as house:
            names = {trait.name for trait in house.home.devices[rig.device].traits}
            assert "playing" in names
            assert not names & {"volume", "muted"}
            assert (await house.do("playing", True)).result == "confirmed"
