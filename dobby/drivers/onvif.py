"""Cameras that speak ONVIF, found by WS-Discovery. This link says what the camera is and whether it answers; the
pictures are the business of dobby/eyes, which is told the address and the login once the camera is part of the home.

Sources: ONVIF Core specification (device service, WS-UsernameToken), Profile S. Its login is "user:password".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp

from dobby.errors import Garbage, PairingError, Refused, Unreachable
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.vocabulary import REACHABLE
from dobby.wire import onvif

ANSWER_LIMIT = 256 * 1024
LOOK_EVERY = 20.0  # seconds between looks whether the camera answers


def claim(sighting: Sighting) -> Found | None:
    """A WS-Discovery answer of type NetworkVideoTransmitter with an endpoint of its own."""
    endpoint = "".join(c for c in sighting.facts.get("endpoint", "").lower() if c.isalnum() or c == "-")[:64]
    if sighting.kind != "onvif" or not endpoint:
        return None
    return Found(f"onvif:{endpoint}", "onvif", sighting.name, sighting.host, sighting.port, "login",
                 sighting.facts.get("hardware", ""), sighting.facts.get("location", ""),
                 "it answered a WS-Discovery probe for cameras")


async def _ask(session: aiohttp.ClientSession, found: Found, body: str, login: Secret) -> bytes:
    """One request to the device service, as long as need be; DeviceError when there is no good answer."""
    url = f"http://{found.host}:{found.port}/onvif/device_service"
    skew = timedelta(0)
    try:
        if login:
            skew = await _skew(session, url)
        request = onvif.envelope(body, login.get("user", ""), login.get("password", ""), datetime.now(UTC) + skew)
        async with session.post(url, data=request, headers={"Content-Type": "application/soap+xml"},
                                allow_redirects=False) as answer:
            return await _all(answer)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise Unreachable("It does not answer.") from None


async def _all(answer: aiohttp.ClientResponse) -> bytes:
    data = b""
    async for piece in answer.content.iter_chunked(65536):
        data += piece
        if len(data) > ANSWER_LIMIT:
            raise Garbage("Its answer has no end.")
    return data


async def _skew(session: aiohttp.ClientSession, url: str) -> timedelta:
    """How far the camera's clock is from ours; its check of the login goes by its own."""
    body = onvif.plain_body("GetSystemDateAndTime", onvif.DEVICE)
    async with session.post(url, data=onvif.envelope(body), allow_redirects=False) as answer:
        try:
            there = onvif.clock(await _all(answer))
        except onvif.NotOnvif:
            raise Garbage("Its answer made no sense.") from None
    return there - datetime.now(UTC) if there is not None else timedelta(0)


async def pair(found: Found, code: str) -> Secret:
    """Try the login ("user:password") on the camera; PairingError when it is refused."""
    user, colon, password = code.partition(":")
    if not colon or not user:
        raise PairingError('A camera wants "user:password".', "login")
    login = {"user": user, "password": password}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8.0)) as session:
        answer = await _ask(session, found, onvif.plain_body("GetDeviceInformation", onvif.DEVICE), login)
    try:
        onvif.tree(answer)
    except onvif.NotOnvif as error:
        raise PairingError(f"The camera did not take it: {error}.", "login") from None
    return login


class OnvifLink:
    """One camera, as far as it can be asked without looking through it."""

    def __init__(self, found: Found, session: aiohttp.ClientSession, login: Secret) -> None:
        self._found, self._session, self._login = found, session, login

    async def check(self) -> None:
        """DeviceError when the camera does not answer as one."""
        answer = await _ask(self._session, self._found, onvif.plain_body("GetDeviceInformation", onvif.DEVICE),
                            self._login)
        try:
            onvif.tree(answer)
        except onvif.NotOnvif as error:
            raise (Refused if "name or password" in str(error) else Garbage)(f"Its answer: {error}.") from None

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The camera, then whether it answers, for ever."""
        found = self._found
        yield Device(found.key, found.name or found.model or "Camera", "camera", found.room, "onvif", (REACHABLE,))
        while True:
            yield Reading(found.key, "reachable", True)
            await asyncio.sleep(LOOK_EVERY)
            await self.check()

    async def send(self, command: Command) -> None:
        """Nothing can be set on it here."""
        raise Refused(f"It cannot set {command.trait}.")


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one camera."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        link = OnvifLink(found, session, secret)
        await link.check()
        yield link


ABOUT = About(
    covers="cameras: both streams, stills, motion as a hint",
    credentials="name and password of the camera",
    updates="streams; events pulled", library="own, and PyAV (BSD-3-Clause) for the pictures",
    judged=("b: the simulated cameras are accepted by onvif-zeep-async and ffprobe", "a: GStreamer's RTSP server",),
    lacks="pan and tilt, sound")
DRIVER = Driver("onvif", "camera", LooksFor(), claim, connect, pair, ABOUT)
