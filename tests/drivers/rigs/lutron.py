"""A Lutron bridge and a processor, after public captures of real ones (test data of pylutron-caseta): TLS with client
certificates that the bridge signed itself, zones, occupancy, and the port that signs after a press of the button."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dobby.home.device import Sighting
from dobby.home.traits import Value
from dobby.wire.lutron import Trust
from tests.drivers.rig import HOST, Rig, piped, rigged

MAC = "a0:f6:fd:01:02:03"
SPEEDS = {0: "Off", 25: "Low", 50: "Medium", 75: "MediumHigh", 100: "High"}


class Authority:
    """Who signs certificates of one bridge."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = self._sign(self.name, self.key.public_key(), authority=True)

    def _sign(self, subject: x509.Name, public: Any, *, authority: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
                .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
                .not_valid_after(now + timedelta(days=30))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                .sign(self.key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return _pem(self.cert)

    def sign(self, request: str) -> str:
        """A certificate for a signing request."""
        asked = x509.load_pem_x509_csr(request.encode())
        return _pem(self._sign(asked.subject, asked.public_key()))

    def trust(self, name: str) -> Trust:
        """A key and certificate of its own making."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        return Trust(private.decode(), _pem(cert), self.pem)


def _pem(cert: x509.Certificate) -> str:
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def listening(trust: Trust) -> ssl.SSLContext:
    """The bridge's end: it shows its certificate and wants one that it signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=trust.ca)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(trust.cert + trust.key)
        file.flush()
        context.load_cert_chain(file.name)
    return context


@functools.cache
def authorities() -> tuple[Authority, Authority]:
    """Of the bridge, and of Lutron's apps that may ask for a signature."""
    return Authority("SmartBridge"), Authority("LAP")


def _device(number: int, area: str, name: str, kind: str, area_id: int, zone: int | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "href": f"/device/{number}", "Name": name, "FullyQualifiedName": [area, name], "Parent": {"href": "/project"},
        "SerialNumber": 1234 + number, "ModelNumber": "PD-6WCL-XX", "DeviceType": kind}
    if area_id:
        row["AssociatedArea"] = {"href": f"/area/{area_id}"}
    return row | ({"LocalZones": [{"href": f"/zone/{zone}"}]} if zone else {})


def _row(number: int, name: str, kind: str, area: int, what: str, light: bool) -> dict[str, Any]:
    return {"href": f"/zone/{number}", "Name": name, "ControlType": kind, "Category": {"Type": what, "IsLight": light},
            "AssociatedArea": {"href": f"/area/{area}"}, "SortOrder": 0}


DEVICES = [
    _device(1, "", "Smart Bridge", "SmartBridge", 0), _device(2, "Hallway", "Lights", "WallDimmer", 2, 1),
    _device(3, "Hallway", "Fan", "CasetaFanSpeedController", 2, 2),
    _device(4, "Living Room", "Occupancy Sensor", "RPSOccupancySensor", 3),
    _device(7, "Living Room", "Shade", "QsWirelessShade", 3, 6),
    _device(10, "Living Room", "Blinds", "SerenaTiltOnlyWoodBlind", 3, 3),
    _device(11, "Living Room", "Tree", "PlugInSwitch", 3, 7)]
AREAS = {2: "Hallway", 3: "Living Room"}
RA3_AREAS = {83: "Equipment Room", 547: "Primary Bath"}
RA3_ZONES = [_row(1361, "Vanities", "Dimmed", 547, "", True), _row(1393, "Vent", "Switched", 547, "ExhaustFan", False),
             _row(1377, "Ketra", "SpectrumTune", 547, "", True)]


class Bridge:
    """One bridge, or a processor. way: "lies" or "refuses" breaks its obedience; pressed: its button."""

    def __init__(self, *, processor: bool = False) -> None:
        self.processor, self.way, self.pressed = processor, "", asyncio.Event()
        self.zones: dict[str, dict[str, Any]] = (
            {"1361": {"Level": 0}, "1393": {"Level": 0, "SwitchedLevel": "Off"}, "1377": {"Level": 0}} if processor else
            {"1": {"Level": 0}, "2": {"FanSpeed": "Off"}, "3": {"Tilt": 50}, "6": {"Level": 100}, "7": {"Level": 0}})
        self.occupied = "Unoccupied"
        self.writers: dict[asyncio.StreamWriter, dict[str, str]] = {}  # the tag of each subscription, by its url

    def status(self, zone: str) -> dict[str, Any]:
        """What it tells of a zone."""
        return {"href": f"/zone/{zone}/status", "Zone": {"href": f"/zone/{zone}"}, "StatusAccuracy": "Good",
                **self.zones[zone]}

    def _areas(self) -> dict[str, Any]:
        named = RA3_AREAS if self.processor else AREAS
        return {"Areas": [{"href": f"/area/{id_}", "Name": name, "SortOrder": 0} for id_, name in named.items()]}

    def _occupancy(self) -> dict[str, Any]:
        if self.processor:
            return {"AreaStatuses": [{"href": "/area/547/status", "Level": 100, "OccupancyStatus": self.occupied,
                                      "CurrentScene": None},
                                     {"href": "/area/83/status", "OccupancyStatus": "Unknown", "CurrentScene": None}]}
        return {"OccupancyGroupStatuses": [
            {"href": "/occupancygroup/2/status", "OccupancyGroup": {"href": "/occupancygroup/2"},
             "OccupancyStatus": self.occupied}]}

    def held(self, url: str) -> tuple[str, Any] | None:
        """What is there: the type of the body, and the body."""
        product = "Lutron RadioRA 3 Project" if self.processor else "Lutron Smart Bridge Project"
        zone = url.split("/")[2] if url.startswith("/zone/") and url.endswith("/status") and url.count("/") == 3 else ""
        there: dict[str, tuple[str, Any]] = {
            "/area": ("MultipleAreaDefinition", self._areas()),
            "/project": ("OneProjectDefinition", {"Project": {"href": "/project", "Name": "Project",
                                                              "ProductType": product}}),
            "/server/1/status/ping": ("OnePingResponse", {"PingResponse": {"LEAPVersion": 1.115}})}
        if self.processor:
            sensed = [_device(5, "Primary Bath", "Sensor", "RPSOccupancySensor", 547)]
            there |= {f"/area/{id_}/associatedcontrolstation": ("", None) for id_ in RA3_AREAS}
            there |= {"/area/83/associatedzone": ("", None),
                      "/area/547/associatedzone": ("MultipleZoneDefinition", {"Zones": RA3_ZONES}),
                      "/device?where=IsThisDevice:true": ("MultipleDeviceDefinition", {"Devices": [
                          _device(104, "Equipment Room", "Enclosure Device 001", "RadioRa3Processor", 83)]}),
                      "/device?where=IsThisDevice:false": ("MultipleDeviceDefinition", {"Devices": sensed}),
                      "/area/status": ("MultipleAreaStatus", self._occupancy()),
                      "/zone/status": ("MultipleZoneStatus", {
                          "ZoneStatuses": [self.status(one) for one in self.zones]})}
        else:
            groups = [{"href": "/occupancygroup/1", "AssociatedAreas": [{"Area": {"href": "/area/2"}}]},
                      {"href": "/occupancygroup/2", "AssociatedAreas": [{"Area": {"href": "/area/3"}}],
                       "AssociatedSensors": [{"OccupancySensor": {"href": "/occupancysensor/1"}}]}]
            there |= {"/device": ("MultipleDeviceDefinition", {"Devices": DEVICES}), "/button": ("", {"Buttons": []}),
                      "/virtualbutton": ("", {"VirtualButtons": []}),
                      "/occupancygroup": ("MultipleOccupancyGroupDefinition", {"OccupancyGroups": groups}),
                      "/occupancygroup/status": ("MultipleOccupancyGroupStatus", self._occupancy()),
                      "/system/away/1/status": ("OneAwayStatus", {"AwayStatus": {"EnabledState": "Disabled"}})}
        if zone in self.zones:
            return "OneZoneStatus", {"ZoneStatus": self.status(zone)}
        return there.get(url)

    def answer(self, asked: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
        """The answer to one request."""
        kind, url = asked["CommuniqueType"], asked["Header"]["Url"]
        header = {"Url": url} | {name: asked["Header"][name] for name in ("ClientTag",) if name in asked["Header"]}

        def said(code: str, body: Any = None, type_: str = "") -> dict[str, Any]:
            return {"CommuniqueType": kind.replace("Request", "Response"),
                    "Header": header | {"StatusCode": code} | ({"MessageBodyType": type_} if type_ else {}),
                    **({"Body": body} if body is not None else {})}

        if kind == "CreateRequest":
            zone = url.split("/")[2]
            if zone not in self.zones:
                return said("404 NotFound")
            if self.way == "refuses":
                return said("400 BadRequest", {"Message": "not now"})
            if not self.way:
                self._obey(zone, asked["Body"]["Command"])
            return said("201 Created", {"ZoneStatus": self.status(zone)}, "OneZoneStatus")
        there = self.held(url)
        if there is None:
            return said("404 NotFound")
        if kind == "SubscribeRequest":
            tags[url] = asked["Header"]["ClientTag"]
        return said("204 NoContent" if there[1] is None else "200 OK", there[1], there[0])

    def _obey(self, zone: str, command: dict[str, Any]) -> None:
        match command:
            case {"CommandType": "GoToLevel", "Parameter": [{"Type": "Level", "Value": int(level)}]}:
                self.change(zone, Level=level)
            case {"CommandType": "GoToSpectrumTuningLevel", "SpectrumTuningLevelParameters": {"Level": int(level)}}:
                self.change(zone, Level=level)
            case {"CommandType": "GoToFanSpeed", "FanSpeedParameters": {"FanSpeed": str(speed)}}:
                self.change(zone, FanSpeed=speed)
            case {"CommandType": "GoToTilt", "TiltParameters": {"Tilt": int(tilt)}}:
                self.change(zone, Tilt=tilt)
            case {"CommandType": "Stop"}:
                pass
            case _:
                raise AssertionError(command)

    def change(self, zone: str, **values: Any) -> None:
        """A zone changed: a bridge tells everybody, a processor whoever subscribed."""
        self.zones[zone] |= values
        if self.processor:
            self._push("/zone/status", "MultipleZoneStatus", {"ZoneStatuses": [self.status(zone)]})
            return
        pushed = {"CommuniqueType": "ReadResponse", "Body": {"ZoneStatus": self.status(zone)},
                  "Header": {"MessageBodyType": "OneZoneStatus", "StatusCode": "200 OK", "Url": f"/zone/{zone}/status"}}
        for writer in self.writers:
            writer.write(json.dumps(pushed).encode() + b"\r\n")

    def enter(self, status: str) -> None:
        """Somebody came or left."""
        self.occupied = status
        self._push("/area/status" if self.processor else "/occupancygroup/status", "", self._occupancy())

    def _push(self, url: str, type_: str, body: Any) -> None:
        for writer, tags in self.writers.items():
            if url in tags:
                header = {"ClientTag": tags[url], "MessageBodyType": type_, "StatusCode": "200 OK", "Url": url}
                pushed = {"CommuniqueType": "ReadResponse", "Body": body, "Header": header}
                writer.write(json.dumps(pushed).encode() + b"\r\n")

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line of LEAP."""
        tags = self.writers[writer] = {}
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(json.loads(line), tags)).encode() + b"\r\n")
                await writer.drain()
        except (OSError, asyncio.CancelledError):  # asyncio logs a visitor that ends otherwise
            pass
        finally:
            del self.writers[writer]
            writer.close()

    async def ask_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line of LAP: it says who may what, and signs once its button was pressed."""
        def say(header: dict[str, Any], body: dict[str, Any]) -> None:
            writer.write(json.dumps({"Header": {"StatusCode": "200 OK", **header}, "Body": body}).encode() + b"\r\n")

        status = {"ContentType": "status;plurality=single"}
        try:
            say(status, {"Status": {"Permissions": ["Public"]}})
            await self.pressed.wait()
            say(status, {"Status": {"Permissions": ["Public", "PhysicalAccess"]}})
            asked = json.loads(await reader.readline())
            signed = authorities()[0].sign(asked["Body"]["Parameters"]["CSR"])
            say({"ClientTag": asked["Header"]["ClientTag"]},
                {"SigningResult": {"Certificate": signed, "RootCertificate": authorities()[0].pem}})
            await reader.read()
        except (OSError, ValueError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def sighting(self) -> Sighting:
        """What it announces."""
        facts = {"macaddr": MAC, "codever": "08.20.00f000", "devclass": "08050100", "systype": "SmartBridge"}
        return Sighting("mdns", HOST, 22, "_lutron._tcp.local.", "Lutron Status", facts)


@asynccontextmanager
async def served(bridge: Bridge) -> AsyncIterator[tuple[int, int]]:
    """The bridge on two free ports: LEAP and LAP."""
    own, lap = authorities()
    leap = await asyncio.start_server(bridge.visit, HOST, 0, ssl=listening(own.trust("SmartBridge0216F3D4")))
    door = await asyncio.start_server(bridge.ask_in, HOST, 0, ssl=listening(lap.trust("bridge")))
    try:
        yield leap.sockets[0].getsockname()[1], door.sockets[0].getsockname()[1]
    finally:
        for server in (leap, door):
            server.close()
        for writer in list(bridge.writers):
            writer.transport.abort()


def secret() -> dict[str, str]:
    """What pairing with it gave."""
    trust = authorities()[0].trust("Dobby")
    return {"key": trust.key, "cert": trust.cert, "ca": trust.ca}


def level(held: dict[str, Any], trait: str) -> Value:
    """What a zone holds, in core units."""
    if "FanSpeed" in held:
        number = next(number for number, name in SPEEDS.items() if name == held["FanSpeed"])
    else:
        number = held.get("Level", 0)
    tilt: int = held.get("Tilt", 50)
    known: dict[str, Value] = {"on": number > 0, "tilt": 100 - abs(tilt - 50) * 2}
    return known.get(trait, number)


@asynccontextmanager
async def _rig(bridge: Bridge, zone: str, settings: list[tuple[str, Value]],
               wrong: tuple[str, Value]) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        return level(bridge.zones[zone], trait)

    async def hand(trait: str, value: Value) -> None:
        number = value if not isinstance(value, bool) else 100 * value
        bridge.change(zone, **{"tilt": {"Tilt": number}}.get(trait, {"Level": number}))

    def trouble(way: str) -> None:
        bridge.way = way

    async with served(bridge) as (port, _), piped((HOST, port)) as pipe:
        yield rigged(bridge.sighting(), pipe, f"/zone-{zone}", settings, wrong, truth, secret=secret(), hand=hand,
                     trouble=trouble, again=lambda: piped((HOST, port)), nameless=True)


def dimmer() -> Any:
    """A dimmer of a Caseta bridge."""
    settings: list[tuple[str, Value]] = [("brightness", 40), ("on", False), ("on", True)]
    return _rig(Bridge(), "1", settings, ("brightness", 101))


def shade() -> Any:
    """A shade of a Caseta bridge."""
    return _rig(Bridge(), "6", [("position", 35), ("position", 100)], ("position", -1))


def vent() -> Any:
    """A switch of a processor."""
    return _rig(Bridge(processor=True), "1393", [("on", True), ("on", False)], ("on", "perhaps"))
