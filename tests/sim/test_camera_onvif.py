"""ONVIF and WS-Discovery of the simulated cameras, judged by onvif-zeep-async, which reads by ONVIF's own WSDL."""

from __future__ import annotations

import asyncio
import datetime
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

import pytest

from dobby.sim.house import CAMERA_PASSWORD, CAMERA_USER

from .conftest import Sim, until
from .test_camera import daylight

__all__ = ["daylight"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("healed", "daylight")]

KEY = "driveway"
PROBE = (
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">'
    "<e:Header><w:MessageID>uuid:11111111-2222-3333-4444-555555555555</w:MessageID>"
    "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
    "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
    "<e:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></e:Body></e:Envelope>"
)


@asynccontextmanager
async def client(sim: Sim, password: str = CAMERA_PASSWORD) -> AsyncIterator[Any]:
    """A camera as onvif-zeep-async sees it."""
    onvif = pytest.importorskip("onvif", reason="onvif-zeep-async is not installed")
    camera = onvif.ONVIFCamera(sim.host(71), 8080, CAMERA_USER, password, no_cache=True, adjust_time=True)
    try:
        yield camera
    finally:
        await camera.close()


async def test_another_client_finds_its_way(sim: Sim) -> None:
    async with client(sim) as camera:
        await camera.update_xaddrs()
        assert (await camera.get_capabilities())["Media"]["XAddr"].startswith(f"http://{sim.host(71)}:8080/")
        device = await camera.create_devicemgmt_service()
        assert (await device.GetDeviceInformation()).SerialNumber == await sim.native_id(KEY)
        assert "onvif://www.onvif.org/name/Driveway" in [one.ScopeItem for one in await device.GetScopes()]
        media = await camera.create_media_service()
        profiles = await media.GetProfiles()
        sizes = {one.token: one.VideoEncoderConfiguration.Resolution.Width for one in profiles}
        assert sizes == {"main": 1280, "sub": 640}
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        uris = [(await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": token})).Uri for token in sizes]
        described = sim.ready["cameras"][0]
        assert uris == [described["url"], described["sub_url"]]
        assert (await media.GetVideoSources())[0].Resolution.Height == 720
        assert (await camera.get_snapshot("main"))[:2] == b"\xff\xd8"


async def test_motion_is_an_event(sim: Sim) -> None:
    async with client(sim) as camera:
        await camera.update_xaddrs()
        manager = await camera.create_pullpoint_manager(datetime.timedelta(seconds=60), lambda: None)
        service, said = manager.get_service(), []

        async def pull() -> None:
            answer = await service.PullMessages({"MessageLimit": 10, "Timeout": datetime.timedelta(seconds=3)})
            for message in answer.NotificationMessage:
                item = message.Message._value_1.Data.SimpleItem[0]
                said.append((message.Topic._value_1.rpartition("/")[2], item.Name, item.Value))

        await pull()
        assert said == [("Motion", "IsMotion", "false"), ("MotionAlarm", "State", "false")]
        await sim.ask("POST", "/camera", {"camera": KEY, "event": "person_walks", "seconds": 1})
        await pull()
        assert said[2:] == [("Motion", "IsMotion", "true"), ("MotionAlarm", "State", "true")]
        await pull()
        assert said[4] == ("Motion", "IsMotion", "false")
        subscription = await camera.create_subscription_service("PullPointSubscription")
        renewed = await subscription.Renew(camera.get_next_termination_time(datetime.timedelta(seconds=90)))
        assert renewed.TerminationTime > renewed.CurrentTime
        await manager.shutdown()


@pytest.mark.parametrize("wrong", ["password", "fault"])
async def test_who_may_not_is_told_so(sim: Sim, wrong: str) -> None:
    zeep = pytest.importorskip("zeep", reason="onvif-zeep-async is not installed")
    if wrong == "fault":
        await sim.fault(KEY, "refuses")
    async with client(sim, "guess" if wrong == "password" else CAMERA_PASSWORD) as camera:
        device = await camera.create_devicemgmt_service()
        if wrong == "password":
            assert (await device.authless_GetSystemDateAndTime()).DateTimeType == "NTP"
        with pytest.raises(zeep.exceptions.Fault) as caught:
            await device.GetDeviceInformation()
        assert [code.rpartition("}")[2] for code in map(str, caught.value.subcodes)] == ["NotAuthorized"]


class Asker(asyncio.DatagramProtocol):
    """Sends probes into the multicast group from one loopback address and collects the answers."""

    def __init__(self, host: str) -> None:
        self.answers: list[tuple[str, ElementTree.Element]] = []
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mouth.setblocking(False)
        self.mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
        self.mouth.bind((host, 0))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """An answer."""
        self.answers.append((addr[0], ElementTree.fromstring(data)))

    def found(self) -> dict[str, str]:
        """Addresses by who answered."""
        tag = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}XAddrs"
        return {host: tree.findtext(f".//{tag}", "") for host, tree in self.answers}


async def test_a_probe_finds_the_cameras_of_its_own_home_only(sim: Sim) -> None:
    loop = asyncio.get_running_loop()
    inside, outside, other = Asker(sim.host(1)), Asker("127.0.0.1"), Asker(sim.host(1))
    transports = [(await loop.create_datagram_endpoint(lambda one=one: one, sock=one.mouth))[0]  # type: ignore[misc]
                  for one in (inside, outside, other)]  # fmt: skip
    group = ("239.255.255.250", 3702)
    try:
        await sim.fault("garden", "dead")
        transports[1].sendto(PROBE.format(types="dn:NetworkVideoTransmitter").encode(), group)
        transports[2].sendto(PROBE.format(types="dn:Printer").encode(), group)
        transports[2].sendto(b"<no probe", group)
        transports[0].sendto(PROBE.format(types="dn:NetworkVideoTransmitter").encode(), group)
        # what was asked first would have been answered first
        await until(lambda: len(inside.answers) == 2)
        assert inside.found() == {
            sim.host(n): f"http://{sim.host(n)}:8080/onvif/device_service" for n in (71, 72)}
        assert "onvif://www.onvif.org/name/Front%20Door%20Camera" in "".join(inside.answers[1][1].itertext())
        assert (outside.answers, other.answers) == ([], [])
    finally:
        for transport in transports:
            transport.close()
