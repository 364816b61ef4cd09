"""A camera asked by ONVIF where its streams are, and whether it sees motion itself. Blocking: runs in its threads.

The camera's motion event is a hint: it wakes the decoder where there is only one stream, and is never the only trigger.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from dobby.eyes.lens import Address, Lost, http
from dobby.wire import onvif

ANSWER_LIMIT = 1024 * 1024
SOAP = "application/soap+xml; charset=utf-8"
SMALL = 800  # widest picture that serves as the small stream


@dataclass(frozen=True, slots=True)
class Asked:
    """What a camera said of itself: its streams, and where its events are ("" = nowhere)."""

    main: Address
    sub: Address | None
    events: str


def ask(address: Address) -> Asked:
    """Ask onvif://host:port where its streams are; Lost when it does not tell."""
    device = service(address)
    skew = _skew(device)
    try:
        found = onvif.services(_call(device, onvif.plain_body("GetServices", onvif.DEVICE,
                                                              "<IncludeCapability>false</IncludeCapability>"), skew))
        media = _here(device, found.get(onvif.MEDIA, device.url))
        profiles = onvif.profiles(_call(media, onvif.plain_body("GetProfiles", onvif.MEDIA), skew))
        if not profiles:
            raise Lost(f"{address.shown} has no video profile.")
        small = next((one for one in profiles[1:] if one.width <= SMALL), profiles[-1])
        main = _stream(media, profiles[0].token, skew)
        sub = _stream(media, small.token, skew) if small.token != profiles[0].token else None
    except onvif.NotOnvif as error:
        raise Lost(f"{address.shown}: {error}.", "Mend its name and password, or its settings for ONVIF.") from None
    events = found.get(onvif.EVENTS, "")
    return Asked(main, sub, _here(device, events).url if events else "")


def service(address: Address) -> Address:
    """The device service of onvif://host:port (the path that ONVIF names where none is given)."""
    parts = urlsplit(address.url)
    path = parts.path if len(parts.path) > 1 else "/onvif/device_service"
    return replace(address, url=urlunsplit(("http", parts.netloc.rpartition("@")[2], path, "", "")))


def _here(device: Address, url: str) -> Address:
    """An address that the camera named, but never another host's: the password goes nowhere else."""
    ours, theirs = urlsplit(device.url), urlsplit(url)
    if theirs.hostname != ours.hostname:
        theirs = theirs._replace(netloc=ours.netloc if theirs.scheme == "http" else (
            f"{ours.hostname}:{theirs.port}" if theirs.port else str(ours.hostname)))
    return replace(device, url=urlunsplit(theirs))


def _stream(media: Address, token: str, skew: timedelta) -> Address:
    found = _here(media, onvif.uri(_call(media, onvif.stream_body(token), skew)))
    if urlsplit(found.url).scheme not in ("rtsp", "rtsps"):
        raise Lost("The camera names a stream that is none.", "Give its RTSP address in config.toml instead.")
    return found


def _skew(device: Address) -> timedelta:
    """How far the camera's clock is from ours: its check of the digest goes by its own."""
    body = onvif.plain_body("GetSystemDateAndTime", onvif.DEVICE)
    try:
        with http(replace(device, user="", password=""), onvif.envelope(body), SOAP) as answer:
            there = onvif.clock(answer.read(ANSWER_LIMIT))
    except onvif.NotOnvif:
        there = None
    return (there - datetime.now(UTC)) if there is not None else timedelta(0)


def _call(to: Address, body: str, skew: timedelta, action: str = "") -> bytes:
    """One request, the password digested for the camera's own clock."""
    request = onvif.envelope(body, to.user, to.password, datetime.now(UTC) + skew, to.url, action)
    with http(to, request, SOAP) as answer:
        data: bytes = answer.read(ANSWER_LIMIT)
        return data


def motions(address: Address, events: str, told: Callable[[], None]) -> None:
    """Call `told` whenever the camera says that something moves, until its line breaks (Lost)."""
    device = service(address)
    skew = _skew(device)
    there = _here(device, events)
    create = onvif.plain_body("CreatePullPointSubscription", onvif.EVENTS,
                              "<InitialTerminationTime>PT10M</InitialTerminationTime>")
    pull = onvif.plain_body("PullMessages", onvif.EVENTS,
                            "<Timeout>PT5S</Timeout><MessageLimit>20</MessageLimit>")
    try:
        made = _call(there, create, skew, f"{onvif.EVENTS}/EventPortType/CreatePullPointSubscriptionRequest")
        point = _here(device, onvif.text(onvif.tree(made), "Address") or there.url)
        until = time.monotonic() + 540.0
        while time.monotonic() < until:
            if onvif.motion(_call(point, pull, skew, f"{onvif.EVENTS}/PullPointSubscription/PullMessagesRequest")):
                told()
    except onvif.NotOnvif as error:
        raise Lost(f"{address.shown}: its events cannot be had, {error}.") from None
