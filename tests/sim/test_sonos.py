"""The simulated Sonos players, judged by soco."""

import queue
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import soco
from soco import config
from soco.events import event_listener
from soco.exceptions import SoCoUPnPException

from .conftest import Sim

PATIENCE = 5.0


@pytest.fixture
def players(sim: Sim) -> Iterator[dict[str, Any]]:
    """Both players by room, found by SSDP, each alone in its group."""
    found = soco.discover(timeout=3, interface_addr=sim.host(1), household_id=household(sim))
    assert found
    rooms = {player.player_name: player for player in found}
    for key in ("study_speaker", "kitchen_speaker"):
        sim.call("POST", "/truth", {"device": key, "state": {"group": key, "playing": False, "volume": 18}})
    for player in found:
        player.zone_group_state.clear_cache()
    yield rooms
    for key in sim.call("GET", "/faults")["faults"]:
        sim.call("POST", "/faults", {"device": key, "fault": None})


def household(sim: Sim) -> str:
    """The household id of this home, so that another home on this machine is not taken for it."""
    return str(soco.SoCo(sim.host(21)).household_id)


def state(sim: Sim, key: str) -> Any:
    """What is true inside a player."""
    return sim.call("GET", "/truth")["devices"][key]["state"]


def wait(what: Any) -> None:
    """Wait for a condition, in a test that blocks."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_search_and_description(sim: Sim, players: dict[str, Any]) -> None:
    assert set(players) == {"Study", "Kitchen"}
    study = players["Study"]
    native = sim.call("GET", "/truth")["devices"]["study_speaker"]["native_id"]
    assert study.uid == native
    info = study.get_speaker_info()
    assert info["model_name"] == "Sonos One"
    assert info["mac_address"].replace("-", "").lower() in native.lower()


def test_volume_and_mute(sim: Sim, players: dict[str, Any]) -> None:
    players["Kitchen"].volume = 33
    assert state(sim, "kitchen_speaker")["volume"] == 33
    players["Kitchen"].mute = True
    assert players["Kitchen"].mute is True
    players["Kitchen"].mute = False
    assert players["Kitchen"].set_relative_volume(-3) == 30
    assert state(sim, "study_speaker")["volume"] == 18


def test_a_favourite_plays(sim: Sim, players: dict[str, Any]) -> None:
    kitchen = players["Kitchen"]
    favourites = {f.title: f for f in kitchen.music_library.get_sonos_favorites()}
    jazz = favourites["Jazz Radio"]
    kitchen.play_uri(jazz.resources[0].uri, jazz.resource_meta_data, start=True)
    wait(lambda: state(sim, "kitchen_speaker")["playing"])
    assert kitchen.get_current_transport_info()["current_transport_state"] == "PLAYING"
    assert kitchen.get_current_media_info()["channel"] == "Jazz Radio"
    assert state(sim, "kitchen_speaker")["uri"] == jazz.resources[0].uri
    kitchen.pause()
    assert not state(sim, "kitchen_speaker")["playing"]


def test_the_queue(sim: Sim, players: dict[str, Any]) -> None:
    study, kitchen = players["Study"], players["Kitchen"]
    assert [track.title for track in study.get_queue()] == ["Blue Lamp", "Stairs at Night", "Kettle"]
    study.play_from_queue(0)
    wait(lambda: state(sim, "study_speaker")["playing"])
    study.next()
    assert study.get_current_track_info()["title"] == "Stairs at Night"
    study.previous()
    assert study.get_current_track_info()["playlist_position"] == "1"
    study.stop()
    kitchen.clear_queue()
    assert kitchen.add_uri_to_queue("http://music.invalid/x.mp3") == 1
    assert kitchen.queue_size == 1


def test_play_without_a_source_is_701(sim: Sim, players: dict[str, Any]) -> None:
    kitchen = players["Kitchen"]
    kitchen.clear_queue()
    kitchen.avTransport.SetAVTransportURI(
        [("InstanceID", 0), ("CurrentURI", f"x-rincon-queue:{kitchen.uid}#0"), ("CurrentURIMetaData", "")]
    )
    with pytest.raises(SoCoUPnPException) as caught:
        kitchen.play()
    assert caught.value.error_code == "701"
    with pytest.raises(SoCoUPnPException):
        kitchen.avTransport.SetAVTransportURI(
            [("InstanceID", 0), ("CurrentURI", "gopher://x"), ("CurrentURIMetaData", "")]
        )


def test_join_and_unjoin(sim: Sim, players: dict[str, Any]) -> None:
    study, kitchen = players["Study"], players["Kitchen"]
    kitchen.join(study)
    assert state(sim, "kitchen_speaker")["group"] == "study_speaker"
    assert {player.player_name for player in study.group.members} == {"Study", "Kitchen"}
    assert not kitchen.is_coordinator
    study.play_uri("x-rincon-mp3radio://radio.invalid/news")
    wait(lambda: state(sim, "kitchen_speaker")["playing"])
    study.unjoin()
    wait(lambda: state(sim, "study_speaker")["group"] == "study_speaker")
    assert state(sim, "kitchen_speaker") == state(sim, "kitchen_speaker") | {
        "group": "kitchen_speaker", "playing": True, "uri": "x-rincon-mp3radio://radio.invalid/news",
    }  # fmt: skip


def test_events(sim: Sim, players: dict[str, Any]) -> None:
    config.EVENT_LISTENER_IP = "127.0.0.1"
    study = players["Study"]
    kinds = (study.renderingControl, study.avTransport, study.zoneGroupTopology)
    subscriptions = [kind.subscribe(requested_timeout=60) for kind in kinds]
    try:
        rendering, transport, zones = subscriptions
        first = rendering.events.get(timeout=PATIENCE).variables
        assert first["volume"]["Master"] == "18"
        assert "enqueued_transport_uri" in transport.events.get(timeout=PATIENCE).variables
        assert "zone_group_state" in zones.events.get(timeout=PATIENCE).variables
        sim.call("POST", "/truth", {"device": "study_speaker", "state": {"volume": 44}})
        assert rendering.events.get(timeout=PATIENCE).variables["volume"]["Master"] == "44"
        rendering.renew()
        study.play_uri("x-rincon-mp3radio://radio.invalid/jazz")
        seen = []
        while "PLAYING" not in seen:
            seen.append(transport.events.get(timeout=PATIENCE).variables["transport_state"])
        assert "TRANSITIONING" in seen
        with pytest.raises(queue.Empty):
            rendering.events.get(timeout=0.1)
    finally:
        for subscription in subscriptions:
            subscription.unsubscribe()
        thread = event_listener._listener_thread
        event_listener.stop()
        thread.server.server_close()


def test_upnp_switched_off_is_403(sim: Sim, players: dict[str, Any]) -> None:
    sim.call("POST", "/faults", {"device": "study_speaker", "fault": "upnp_off"})
    answer = requests.post(f"http://{sim.host(21)}:1400/MediaRenderer/AVTransport/Control", data="", timeout=2)
    assert answer.status_code == 403
    assert requests.get(f"http://{sim.host(21)}:1400/xml/device_description.xml", timeout=2).ok


@pytest.mark.parametrize("fault", ["lies", "refuses", "garbage", "slow", "dead"])
def test_faults(sim: Sim, players: dict[str, Any], fault: str) -> None:
    study, kitchen = players["Study"], players["Kitchen"]
    sim.call("POST", "/faults", {"device": "study_speaker", "fault": fault, "seconds": 5})
    wanted = [("InstanceID", 0), ("Channel", "Master"), ("DesiredVolume", 70)]
    try:
        study.renderingControl.SetVolume(wanted, timeout=0.3)
        said = "done"
    except (SoCoUPnPException, requests.RequestException):
        said = "refused"
    except Exception:
        said = "rubbish"
    assert said in {"lies": ("done",), "garbage": ("done", "rubbish")}.get(fault, ("refused",))
    assert state(sim, "study_speaker")["volume"] == 18
    kitchen.volume = 21
    assert kitchen.volume == 21


def test_a_dead_player_is_silent(sim: Sim, players: dict[str, Any]) -> None:
    sim.call("POST", "/faults", {"device": "study_speaker", "fault": "dead"})
    assert answers(sim) == {sim.host(22)}
    sim.call("POST", "/faults", {"device": "study_speaker", "fault": None})
    assert answers(sim) == {sim.host(21), sim.host(22)}


def answers(sim: Sim) -> set[str]:
    """Who answers a search from this home's network within half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sim.host(1)))
        asking.settimeout(0.1)
        search = b'M-SEARCH * HTTP/1.1\nHOST: 239.255.255.250:1900\nMAN: "ssdp:discover"\nMX: 1\nST: ssdp:all\n\n'
        asking.sendto(search, ("239.255.255.250", 1900))
        hosts, until = set(), time.monotonic() + 0.5
        while time.monotonic() < until:
            try:
                data, (host, _port) = asking.recvfrom(2000)
            except TimeoutError:
                continue
            assert b"Sonos" in data
            if host.startswith(sim.prefix + "."):
                hosts.add(host)
        return hosts
