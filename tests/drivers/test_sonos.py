"""Sonos beyond the contract: what "play" means, groups, events, and the switch in the owner's app."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Mapping
from dataclasses import replace

import pytest

from dobby.drivers import sonos
from dobby.errors import Garbage, PairingError, Refused
from dobby.home.device import Device, Outcome, Sighting
from dobby.home.traits import Value
from dobby.wire.lent import lending
from dobby.wire.sonos import Favourite, favourites, title_of, zones
from tests.drivers.house import QUICK, House, Street, until
from tests.stories.house import until as come_true

pytestmark = pytest.mark.anyio

STUDY, KITCHEN = "study_speaker", "kitchen_speaker"
DIDL = ('<DIDL-Lite xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" '
        'xmlns:r="urn:schemas-rinconnetworks-com:metadata-1-0/" '
        'xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/">{}</DIDL-Lite>')


@pytest.fixture(autouse=True)
async def apart(house: House) -> None:
    """Both players alone, silent, at thirty."""
    for key in (STUDY, KITCHEN):
        await house.sim.set(key, group=key)
    for key in (STUDY, KITCHEN):
        await house.sim.set(key, playing=False, volume=30)
        await until(lambda key=key: house.shows(key, "playing", False) and house.shows(key, "group", ""))


async def order(house: House, key: str, trait: str, value: Value = None) -> Outcome:
    (outcome,) = await house.do(house.order(key, trait, value))
    return outcome


async def test_play_something_is_the_last_queue_else_the_first_favourite(house: House) -> None:
    await house.sim.set(STUDY, uri=f"x-rincon-queue:{house.keys[STUDY].partition(':')[2]}#0")
    assert (await order(house, STUDY, "play")).result == "confirmed"
    assert (await house.sim.state_of(STUDY))["uri"].startswith("http://music.invalid/quiet-hours/")
    assert (await order(house, KITCHEN, "play")).read == "Jazz Radio"
    assert (await house.sim.state_of(KITCHEN))["uri"] == "x-rincon-mp3radio://radio.invalid/jazz"


async def test_the_queue_goes_on_and_back_and_says_where_it_ends(house: House) -> None:
    await house.sim.set(STUDY, uri=f"x-rincon-queue:{house.keys[STUDY].partition(':')[2]}#0")
    await order(house, STUDY, "play")
    assert [(await order(house, STUDY, step)).result for step in ("next", "next", "previous")] == ["confirmed"] * 3
    assert (await house.sim.state_of(STUDY))["uri"].endswith("/2.mp3")
    assert house.home.value(house.keys[STUDY], "title") == "Stairs at Night by The Quiet Hours"
    await order(house, STUDY, "next")
    beyond = await order(house, STUDY, "next")
    assert beyond.error is not None
    assert (beyond.error.kind, beyond.error.text) == ("refused", "There is no next track.")


@pytest.mark.parametrize("what", ["spotify:track:6rqhFgbbKwnb9MLmUQDhG6", "Dark Side of the Moon", "x-rincon:RINCON_1",
                                  "file:///etc/passwd"])
async def test_other_catalogues_are_refused_by_name(house: House, what: str) -> None:
    outcome = await order(house, STUDY, "play", what)
    assert outcome.error is not None
    assert outcome.error.kind == "refused"
    assert what[:20] in outcome.error.text
    assert "Jazz Radio" in outcome.error.text


async def test_nothing_to_play_is_said(house: House) -> None:
    await house.sim.set(KITCHEN, uri="")
    outcome = await order(house, KITCHEN, "playing", True)
    assert outcome.error is not None
    assert outcome.error.text == "There is nothing to play on it."
    assert (await order(house, KITCHEN, "playing", False)).result == "confirmed"  # silent is silent


async def test_a_follower_plays_what_its_leader_plays(house: House) -> None:
    study, kitchen = house.keys[STUDY], house.keys[KITCHEN]
    assert (await order(house, KITCHEN, "group", study)).result == "confirmed"
    assert (await house.sim.state_of(KITCHEN))["group"] == STUDY
    assert (await order(house, KITCHEN, "play", "Morning News")).result == "confirmed"  # goes to the leader
    await until(lambda: house.shows(STUDY, "play", "Morning News"))
    assert (await order(house, KITCHEN, "volume", 22)).result == "confirmed"  # stays with the player
    assert (await house.sim.state_of(STUDY))["volume"] == 30
    assert (await order(house, KITCHEN, "playing", False)).result == "confirmed"
    await until(lambda: house.shows(STUDY, "playing", False) and house.shows(STUDY, "group", study))
    assert (await order(house, KITCHEN, "group", "")).result == "confirmed"
    assert (await house.sim.state_of(KITCHEN))["group"] == KITCHEN
    await until(lambda: house.shows(STUDY, "group", "") and house.shows(KITCHEN, "group", ""))
    assert kitchen != study


async def test_a_leader_that_leaves_is_alone(house: House) -> None:
    await order(house, KITCHEN, "group", house.keys[STUDY])
    await until(lambda: house.shows(STUDY, "group", house.keys[STUDY]))
    assert (await order(house, STUDY, "group", "")).result == "confirmed"
    assert (await house.sim.state_of(KITCHEN))["group"] == KITCHEN


async def test_a_group_changed_behind_our_back_is_learned_before_the_music(house: House) -> None:
    async with house.street.connect(house.street.of("sonos")[1], replace(QUICK, poll=3600)) as link:
        await house.sim.set(KITCHEN, group=STUDY)
        await link.send(house.order(KITCHEN, "play", "Classic FM"))
    await until(lambda: house.shows(STUDY, "play", "Classic FM"))


async def test_an_album_goes_behind_the_queue_and_is_known_by_its_tracks(street: Street, house: House) -> None:
    """The simulated players have no favourite of this sort, so the link is given one."""
    async with street.connect(street.of("sonos")[0]) as link:
        link._favourites = [Favourite("Album", "http://music.invalid/album.mp3", "", queued=True)]
        watching = link.watch()
        async with asyncio.timeout(6):
            async for item in watching:
                if isinstance(item, Device):
                    continue
                if item.trait == "group":
                    await link.send(house.order(STUDY, "play", "Album"))
                if (item.trait, item.value) == ("play", "Album"):
                    break
        await watching.aclose()
    assert (await house.sim.state_of(STUDY))["uri"] == "http://music.invalid/album.mp3"


async def test_with_upnp_off_it_says_which_switch(house: House) -> None:
    found = next(one for one in house.street.of("sonos") if one.key == house.keys[STUDY])
    await house.sim.fault(STUDY, "upnp_off")
    outcome = await order(house, STUDY, "volume", 20)
    assert outcome.error is not None
    assert "Privacy & Security" in outcome.error.text
    assert outcome.error.kind == "refused"
    await until(lambda: not house.home.reachable(house.keys[STUDY]))
    with pytest.raises(PairingError, match="switch UPnP on"):
        await sonos.pair(found, "")
    with pytest.raises(Refused, match="switch UPnP on"):
        async with house.street.connect(found):
            pass
    await house.sim.fault(STUDY, None)
    await until(lambda: house.home.reachable(house.keys[STUDY]))


@pytest.mark.parametrize("callbacks", [True, False])
async def test_what_others_do_is_seen_at_once_with_callbacks_and_soon_without(street: Street, callbacks: bool) -> None:
    found = street.of("sonos")[0]
    settings = replace(QUICK, poll=30.0, callbacks=street.sim.host(1)) if callbacks else QUICK
    async with street.connect(found, settings) as link:
        watching, wanted = link.watch(), 41 + callbacks
        async with asyncio.timeout(6):
            async for item in watching:
                if not isinstance(item, Device) and item.trait == "volume":
                    if item.value == wanted:
                        break
                    await street.sim.set(STUDY, volume=wanted)
        await watching.aclose()


async def test_a_house_that_cannot_be_called_back_is_polled(street: Street) -> None:
    async with street.connect(street.of("sonos")[0], replace(QUICK, callbacks="192.0.2.1")) as link:
        watching, fetched = link.watch(), 0
        async with asyncio.timeout(6):
            async for item in watching:
                fetched += not isinstance(item, Device) and item.trait == "volume"
                if fetched > 1:
                    break
        await watching.aclose()


async def test_another_player_at_the_address_is_not_driven(street: Street) -> None:
    study, kitchen = street.of("sonos")
    with pytest.raises(Refused, match="Another player"):
        async with street.connect(replace(study, host=kitchen.host)):
            pass


def test_a_player_is_named_by_its_uid() -> None:
    for facts, name in (({"usn": "uuid:RINCON_A1::urn:x"}, ""), ({"udn": "uuid:RINCON_A1", "roomname": "Den"}, "")):
        found = sonos.claim(Sighting("ssdp", "10.0.0.9", 1400, sonos.TARGET, name, facts))
        assert found is not None
        assert found.key == "sonos:RINCON_A1"
    there = sonos.claim(Sighting("mdns", "10.0.0.9", 1443, sonos.SERVICE, "RINCON_A1@Den",
                                 {"location": "http://10.0.0.9:1401/xml/device_description.xml"}))
    assert there is not None
    assert (there.port, there.room, there.name) == (1401, "Den", "Den Sonos")
    elsewhere = sonos.claim(Sighting("mdns", "10.0.0.9", 1443, sonos.SERVICE, "RINCON_A1@Den",
                                     {"location": "http://10.0.0.1:80/"}))
    assert elsewhere is not None
    assert elsewhere.port == 1400


def test_hidden_players_and_several_groups() -> None:
    text = ('<ZoneGroupState><ZoneGroups><ZoneGroup Coordinator="A" ID="A:1">'
            '<ZoneGroupMember UUID="A" Location="http://10.0.0.2:1400/x" ZoneName="Den"/>'
            '<ZoneGroupMember UUID="B" Location="http://10.0.0.3:1400/x" ZoneName="Den" Invisible="1"/>'
            "</ZoneGroup></ZoneGroups></ZoneGroupState>")
    found = zones({"ZoneGroupState": text})
    assert [(zone.host, zone.coordinator, zone.hidden) for zone in found.values()] == [
        ("10.0.0.2", "A", False), ("10.0.0.3", "A", True)]
    rubbish: list[Mapping[str, str]] = [{}, {"ZoneGroupState": "<"}, {"ZoneGroupState": "<a/>"}]
    for answer in rubbish:
        with pytest.raises(Garbage):
            zones(answer)


def test_albums_are_queued_and_stations_are_sources() -> None:
    items = "".join(f"<item><dc:title>{title}</dc:title><res>{uri}</res><r:resMD/></item>" for title, uri in (
        ("Station", "x-sonosapi-stream:s1?sid=254"), ("Album", "x-rincon-cpcontainer:1004006calbum"), ("Shortcut", "")))
    assert [(one.title, one.queued) for one in favourites({"Result": DIDL.format(items)})] == [
        ("Station", False), ("Album", True)]


def test_titles() -> None:
    stream = "<item><r:streamContent>Artist - Song</r:streamContent><dc:title>x.mp3</dc:title></item>"
    assert title_of(DIDL.format(stream)) == "Artist - Song"
    assert title_of(DIDL.format("<item><dc:title>Song</dc:title><dc:creator>Someone</dc:creator></item>")) == (
        "Song by Someone")
    assert title_of("NOT_IMPLEMENTED") == ""


def clip(seconds: float) -> bytes:
    """A WAV file of quiet."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x00\x00" * int(16000 * seconds))
    return out.getvalue()


async def test_a_clip_is_played_in_between_and_what_played_goes_on(house: House) -> None:
    await order(house, KITCHEN, "play", "Classic FM")
    before = await house.sim.state_of(KITCHEN)
    async with lending("127.0.0.1", clip(0.4), "audio/wav", "wav") as url:
        said = await order(house, KITCHEN, "play", f"{url}#announce=0.4")
        assert (said.result, said.read) == ("confirmed", f"{url}#announce=0.4")

        async def again() -> bool:
            state = await house.sim.state_of(KITCHEN)
            return bool(state["uri"] == before["uri"] and state["playing"])
        await come_true(again)
    assert (await house.sim.state_of(KITCHEN))["volume"] == before["volume"]


async def test_a_queue_goes_on_where_it_was_and_silence_stays_silent(house: House) -> None:
    await house.sim.set(STUDY, uri=f"x-rincon-queue:{house.keys[STUDY].partition(':')[2]}#0")
    await order(house, STUDY, "play")
    await order(house, STUDY, "next")
    second = (await house.sim.state_of(STUDY))["uri"]
    await order(house, STUDY, "playing", False)
    async with lending("127.0.0.1", clip(0.2), "audio/wav", "wav") as url:
        assert (await order(house, STUDY, "play", f"{url}#announce=0.2")).result == "confirmed"

        async def again() -> bool:
            state = await house.sim.state_of(STUDY)
            return bool(state["uri"] == second and not state["playing"])
        await come_true(again)


async def test_who_starts_something_else_keeps_it(house: House) -> None:
    await order(house, KITCHEN, "play", "Classic FM")
    async with lending("127.0.0.1", clip(30.0), "audio/wav", "wav") as url:
        await order(house, KITCHEN, "play", f"{url}#announce=30.0")
        assert (await order(house, KITCHEN, "play", "Jazz Radio")).result == "confirmed"
    assert (await house.sim.state_of(KITCHEN))["uri"] == "x-rincon-mp3radio://radio.invalid/jazz"

