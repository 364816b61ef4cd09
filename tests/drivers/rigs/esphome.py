"""ESPHome's native API, served in plaintext with aioesphomeapi's own messages; tests/peers has the real firmware."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aioesphomeapi import api_pb2
from aioesphomeapi.core import MESSAGE_TYPE_TO_PROTO
from cryptography.exceptions import InvalidTag
from noise.connection import NoiseConnection

from dobby.drivers.esphome import SERVICE
from dobby.home.colors import rgb_to_xy
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

pb: Any = api_pb2  # its messages are made when it is imported
NUMBERS = {proto: number for number, proto in MESSAGE_TYPE_TO_PROTO.items()}
BATCH = 0.03  # seconds until states are told
MAC = "063569ABF679"
LAMP_KEY, METER_KEY = 11, 12


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


async def read_varint(reader: asyncio.StreamReader) -> int:
    """The next number."""
    value = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value
        shift += 7


def lamp_state(**values: Any) -> Any:
    """A lamp that is off."""
    return pb.LightStateResponse(**{"key": LAMP_KEY, "state": False, "brightness": 1.0, "color_mode": 35,
                                    "red": 1.0, "green": 1.0, "blue": 1.0, "color_temperature": 250.0,
                                    "effect": "None"} | values)


@dataclass(slots=True)
class Box:
    """A lamp that measures its power. way: "" or "lies"."""

    password: str = ""
    way: str = ""
    lamp: Any = field(default_factory=lamp_state)
    load: float = 1.5
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    inside: set[asyncio.Task[None]] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def entities(self) -> list[Any]:
        """What it has."""
        lamp = pb.ListEntitiesLightResponse(object_id="lamp", key=LAMP_KEY, name="Lamp", min_mireds=153,
                                            max_mireds=500, effects=["None", "Strobe"])
        lamp.supported_color_modes.extend([35, 11])
        meter = pb.ListEntitiesSensorResponse(object_id="load", key=METER_KEY, name="Load", device_class="power",
                                              unit_of_measurement="kW")
        words = pb.ListEntitiesTextSensorResponse(object_id="words", key=13, name="Words")
        return [lamp, meter, words, pb.ListEntitiesDoneResponse()]

    def tell(self, *messages: Any, to: asyncio.StreamWriter | None = None) -> None:
        """Messages to one visitor, or to all."""
        for message in messages:
            for writer in [to] if to else list(self.writers):
                writer.write(self.framed(message, writer))

    def framed(self, message: Any, writer: asyncio.StreamWriter) -> bytes:
        """A message as it goes out."""
        body = message.SerializeToString()
        return b"\0" + varint(len(body)) + varint(NUMBERS[type(message)]) + bytes(body)

    def states(self) -> list[Any]:
        """What it shows."""
        return [self.lamp, pb.SensorStateResponse(key=METER_KEY, state=self.load),
                pb.TextSensorStateResponse(key=13, state="ignore me")]

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        me = asyncio.current_task()
        assert me is not None
        self.inside.add(me)
        try:
            await self.listen(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.inside.discard(me)
            self.writers.discard(writer)
            writer.close()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take in messages until the client goes; whoever begins otherwise than in plaintext is hung up on."""
        while await reader.readexactly(1) == b"\0":
            length, number = await read_varint(reader), await read_varint(reader)
            await self.take(number, await reader.readexactly(length), writer)

    async def take(self, number: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        """One message."""
        message = MESSAGE_TYPE_TO_PROTO[number]()
        message.ParseFromString(body)
        self.asked.append(type(message).__name__)
        self.answer(message, writer)
        await writer.drain()

    def answer(self, ask: Any, writer: asyncio.StreamWriter) -> None:
        """What it says to a message."""
        match type(ask).__name__:
            case "HelloRequest":
                self.tell(pb.HelloResponse(api_version_major=1, api_version_minor=10, server_info="box",
                                           name="box"), to=writer)
            case "AuthenticationRequest":
                if ask.password != self.password:
                    self.tell(pb.AuthenticationResponse(invalid_password=True), to=writer)
            case "DeviceInfoRequest":
                mac = ":".join(MAC[i:i + 2] for i in range(0, 12, 2))
                self.tell(pb.DeviceInfoResponse(name="box", friendly_name="Desk", mac_address=mac,
                                                suggested_area="Study"), to=writer)
            case "ListEntitiesRequest":
                self.tell(*self.entities(), to=writer)
            case "SubscribeStatesRequest":
                self.writers.add(writer)
                self.tell(*self.states(), to=writer)
            case "PingRequest":
                self.tell(pb.PingResponse(), to=writer)
            case "DisconnectRequest":
                self.tell(pb.DisconnectResponse(), to=writer)
            case "LightCommandRequest" if not self.way:
                self.obey(ask)

    def obey(self, ask: Any) -> None:
        """Carry out, and tell within a batch."""
        change: dict[str, Any] = {name: getattr(ask, name) for name in (
            "state", "brightness", "color_mode", "color_temperature", "effect") if getattr(ask, f"has_{name}")}
        if ask.has_rgb:
            change |= {"red": ask.red, "green": ask.green, "blue": ask.blue}
        self.set(**change)

    def set(self, **change: Any) -> None:
        """A change, by an order or by hand."""
        for name, value in change.items():
            setattr(self.lamp, name, value)
        told = lamp_state()
        told.CopyFrom(self.lamp)
        asyncio.get_running_loop().call_later(BATCH, self.tell, told)


@dataclass(slots=True)
class Encrypted(Box):
    """The same behind Noise_NNpsk0. Source: esphome/components/api/api_frame_helper_noise.cpp: frames of 01, length,
    body; two hellos, a handshake, then messages of type and length (two bytes each) and body, sealed."""

    key: bytes = b""
    seals: dict[asyncio.StreamWriter, NoiseConnection] = field(default_factory=dict)

    def framed(self, message: Any, writer: asyncio.StreamWriter) -> bytes:
        """A message, sealed."""
        body = message.SerializeToString()
        head = NUMBERS[type(message)].to_bytes(2, "big") + len(body).to_bytes(2, "big")
        return framed(self.seals[writer].encrypt(head + body))

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Shake hands, then take in messages."""
        if await frame(reader) is None:  # plaintext
            writer.write(framed(b"\1Bad indicator byte"))
            return
        writer.write(framed(b"\1box\0" + MAC.lower().encode() + b"\0"))
        seal = NoiseConnection.from_name(b"Noise_NNpsk0_25519_ChaChaPoly_SHA256")
        seal.set_as_responder()
        seal.set_psks(self.key)
        seal.set_prologue(b"NoiseAPIInit\0\0")
        seal.start_handshake()
        try:
            seal.read_message((await frame(reader) or b"")[1:])
        except InvalidTag:
            writer.write(framed(b"\1Handshake MAC failure"))
            return
        writer.write(framed(b"\0" + seal.write_message()))
        self.seals[writer] = seal
        while (sealed := await frame(reader)) is not None:
            clear = seal.decrypt(sealed)
            await self.take(int.from_bytes(clear[:2], "big"), clear[4:], writer)


def framed(body: bytes) -> bytes:
    """A frame of the encrypted kind."""
    return b"\1" + len(body).to_bytes(2, "big") + body


async def frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame; None when it is of the plaintext kind."""
    if await reader.readexactly(1) != b"\1":
        return None
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


@asynccontextmanager
async def served(box: Box) -> AsyncIterator[int]:
    """The box on a free port."""
    server = await asyncio.start_server(box.visit, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(box.inside):
            task.cancel()
        await asyncio.gather(*box.inside, return_exceptions=True)


def sighting(port: int, **facts: str) -> Sighting:
    """What a box announces."""
    return Sighting("mdns", HOST, port, SERVICE, "box", {
        "mac": MAC.lower(), "friendly_name": "Desk", "version": "2026.6.5", "platform": "ESP32"} | facts)


@asynccontextmanager
async def _rig() -> AsyncIterator[Rig]:
    box = Box()

    async def truth(trait: str) -> Value:
        lamp = box.lamp
        held: dict[str, Value] = {
            "on": lamp.state, "brightness": lamp.brightness * 100, "color_temperature": 1e6 / lamp.color_temperature,
            "color": rgb_to_xy(lamp.red, lamp.green, lamp.blue), "effect": lamp.effect}
        return held[trait]

    async def hand(trait: str, value: Value) -> None:
        box.set(**{{"on": "state"}.get(trait, trait): value})

    def trouble(way: str) -> None:
        box.way = way

    settings: list[tuple[str, Value]] = [
        ("on", True), ("brightness", 37), ("color", {"x": 0.4, "y": 0.4}), ("color_temperature", 4000),
        ("effect", "Strobe"), ("on", False)]
    async with served(box) as port, piped((HOST, port)) as pipe:
        yield rigged(sighting(port), pipe, "/box", settings, ("brightness", 101), truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)), mute=True)


def lamp() -> Any:
    """A lamp with color and white."""
    return _rig()
