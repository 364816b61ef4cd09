"""What the simulated cameras draw: true labels, scenes that follow from their seed; and the pure parts of the wire."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import pytest

from dobby.sim.camera import rtp, rtsp
from dobby.sim.camera.auth import Gate
from dobby.sim.camera.cast import ASPECT, Actor, Light, Picture, Place
from dobby.sim.camera.draw import SUB, look_for, palette_for, render
from dobby.sim.camera.scenes import EVENTS, Impossible, Play, Standing, play, still

NEEDS = {"car_leaves": "car_parks", "parcel_taken": "parcel_left"}
CASES = [(name, place) for name, event in EVENTS.items() for place in event.places]


def begun(name: str, place: Place, seed: int = 5) -> Play:
    """An event, after what must have happened before it."""
    before = play(NEEDS[name], place, Standing(), seed, 0.0).script.after if name in NEEDS else Standing()
    return play(name, place, before, seed, 0.0)


def drawn(picture: Picture, seed: int = 0) -> Any:
    """A frame of the sub-stream."""
    return render(picture, SUB, np.random.default_rng(seed))


@pytest.mark.parametrize(("name", "place"), CASES)
def test_every_event_can_be_drawn_and_leaves_nobody_behind(name: str, place: Place) -> None:
    one = begun(name, place)
    pictures = [one.picture_at(one.seconds * share) for share in np.linspace(0, 0.99, 40)]
    seen = [actor for picture in pictures for actor in picture.actors if actor.box]
    assert bool(seen) == bool(one.script.parts)
    assert all(edge >= 0 for actor in seen for edge in actor.box or ())
    if one.stops is not None:
        stopped = one.picture_at(one.stops + 0.2).actors
        assert any(actor.box and not actor.moving for actor in stopped)
    for picture in pictures[::13]:
        assert drawn(picture).shape == (360, 640, 3)
    assert one.picture_at(one.ends).actors == still(place, one.script.after).actors


def test_what_stays_stays_until_it_is_taken() -> None:
    parked = play("car_parks", "driveway", Standing(), 1, 0.0).script.after
    assert [actor.look.kind for actor in still("driveway", parked).actors] == ["car_front"]
    with pytest.raises(Impossible, match="parked there already"):
        play("car_parks", "driveway", parked, 2, 0.0)
    assert play("car_leaves", "driveway", parked, 2, 0.0).script.after.car is None
    left = play("parcel_left", "front_door", Standing(), 1, 0.0)
    assert not any(actor.look.kind == "parcel" for actor in left.picture_at(3.0).actors)
    assert any(actor.look.kind == "parcel" for actor in left.picture_at(5.5).actors)
    with pytest.raises(Impossible, match="no parcel"):
        play("parcel_taken", "front_door", Standing(), 1, 0.0)
    night = play("infrared_switch", "garden", Standing(), 1, 0.0).script.after
    assert still("garden", night).light.infrared
    assert play("infrared_switch", "garden", night, 1, 0.0).script.after.light == "day"


def test_a_scene_follows_from_its_seed() -> None:
    one, same, other = (begun("person_walks", "garden", seed).picture_at(4.0) for seed in (5, 5, 6))
    assert one == same != other
    assert (drawn(one) == drawn(same)).all()
    assert (drawn(one, 1) != drawn(same, 2)).mean() > 0.3, "noise is new in every frame"


def test_an_event_can_be_shorter() -> None:
    usual, quick = (play("delivery_truck", "driveway", Standing(), 3, 100.0, seconds) for seconds in (None, 3.0))
    assert (usual.ends, quick.ends) == (112.0, 103.0)
    assert usual.picture_at(104.0).actors[-1].x == quick.picture_at(101.0).actors[-1].x
    assert (usual.stops, quick.stops) == (103.0, 100.75)


@pytest.mark.parametrize("carrier", ["FedEx", "UPS"])
def test_the_carrier_can_be_chosen(carrier: str) -> None:
    truck = play("delivery_truck", "driveway", Standing(), 3, 0.0, carrier=carrier).picture_at(5.0).actors[-1]
    assert truck.look.kind == carrier.lower()
    with pytest.raises(Impossible, match="no carrier"):
        play("cat", "driveway", Standing(), 3, 0.0, carrier=carrier)


@pytest.mark.parametrize("kind", sorted(ASPECT))
@pytest.mark.parametrize("infrared", [False, True])
def test_the_box_holds_what_is_drawn(kind: Any, infrared: bool) -> None:
    rng = np.random.default_rng(8)
    palette, light = palette_for("garden", rng), Light(noise=0, infrared=infrared)
    actor = Actor(look_for(kind, rng), 0.55, 0.9, 0.4, facing=-1, phase=0.3, moving=True)
    empty = drawn(Picture(palette, light=light)).astype(int)
    full = drawn(Picture(palette, (actor,), light)).astype(int)
    changed = np.abs(full - empty).max(axis=2) > 24
    left, top, right, bottom = actor.box or (0, 0, 0, 0)
    inside = changed[int(top * 360) : int(bottom * 360) + 1, int(left * 640) : int(right * 640) + 1]
    assert inside.sum() > 0.97 * changed.sum() - 40, "only the shadow may reach out"
    rows, columns = np.where(inside)
    assert rows.max() - rows.min() > 0.6 * 0.4 * 360
    assert columns.max() - columns.min() > 0.6 * inside.shape[1]


def test_the_carriers_look_different() -> None:
    hues = {}
    for carrier in ("fedex", "ups"):
        picture = begun("delivery_truck" if carrier == "fedex" else "ups_truck", "driveway").picture_at(5.0)
        left, top, right, bottom = picture.actors[-1].box or (0, 0, 0, 0)
        crop = drawn(picture)[int(top * 360) : int(bottom * 360), int(left * 640) : int(right * 640)]
        hsv = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV)
        strong = hsv[(hsv[..., 1] > 120) & (hsv[..., 2] > 60)][:, 0]
        hues[carrier] = {"purple": float((abs(strong.astype(int) - 137) < 12).mean()), "light": float(crop.mean())}
    assert hues["fedex"]["purple"] > 0.2 > hues["ups"]["purple"]
    assert hues["fedex"]["light"] > hues["ups"]["light"] + 40


def joined(payloads: Iterable[bytes]) -> list[bytes]:
    """NAL units out of RTP payloads, as a receiver puts them together (RFC 6184)."""
    nals: list[bytes] = []
    for payload in payloads:
        if payload[0] & 0x1F != 28:
            nals.append(payload)
        elif payload[1] & 0x80:
            nals.append(bytes([(payload[0] & 0xE0) | (payload[1] & 0x1F)]) + payload[2:])
        else:
            nals[-1] += payload[2:]
    return nals


def test_packets_carry_every_byte() -> None:
    rng = random.Random(3)
    nals = tuple(bytes([0x65]) + rng.randbytes(size) for size in (1, 1399, 1400, 2797, 50_000))
    parts = list(rtp.payloads(rtp.Unit(nals, True)))
    assert joined(parts) == list(nals)
    assert max(map(len, parts)) == rtp.LARGEST
    stream = b"".join(b"\x00\x00\x00\x01" + bytes([kind]) + b"abc" for kind in (0x67, 0x68, 0x06, 0x65))
    assert list(rtp.split(stream)) == [b"\x67abc", b"\x68abc", b"\x65abc"]
    sender = rtp.Sender(sequence=0xFFFF)
    packets = sender.pack(rtp.Unit(nals[-2:], True), 1000.0)
    assert [int.from_bytes(p[2:4], "big") for p in packets[:2]] == [0xFFFF, 0]
    assert [p[1] >> 7 for p in packets] == [0] * (len(packets) - 1) + [1]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_requests_may_come_in_any_pieces(size: int) -> None:
    wire = (b"OPTIONS rtsp://h/main RTSP/1.0\r\nCSeq: 1\r\n\r\n$\x01\x00\x04rtcp"
            b"SET_PARAMETER rtsp://h/main/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\na: ")
    buffer, requests = bytearray(), []
    for start in range(0, len(wire), size):
        buffer += wire[start : start + size]
        while (request := rtsp.take(buffer)) is not None:
            requests.append((request.method, request.path, request.headers["cseq"]))
    assert requests == [("OPTIONS", "/main", "1"), ("SET_PARAMETER", "/main", "2")]
    with pytest.raises(rtsp.Broken):
        rtsp.take(bytearray(b"GET / HTTP/1.1\r\n\r\n"))
    with pytest.raises(rtsp.Broken):
        rtsp.take(bytearray(b"x" * 20_000))


@pytest.mark.parametrize(("offer", "pair"), [
    ("RTP/AVP/TCP;unicast;interleaved=2-3", (2, 3)),
    ("RTP/AVP;unicast;client_port=4-5,RTP/AVP/TCP;unicast", (0, 1)),
    ("RTP/AVP;unicast;client_port=4-5", None), ("RTP/AVP/TCP;interleaved=x", None), ("", None),
])
def test_only_this_connection_is_a_transport(offer: str, pair: tuple[int, int] | None) -> None:
    assert rtsp.channels(offer) == pair


def test_a_nonce_of_somebody_else_opens_nothing() -> None:
    gate, other = Gate("r", "u", "p"), Gate("r", "u", "p")
    for header in (None, "", "Digest", "Digest username=u", "Basic eDp5", other.challenges()[0]):
        assert not gate.lets_in(header, "DESCRIBE")
    assert gate.lets_in("Basic dTpw", "GET")
