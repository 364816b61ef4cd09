"""An Apple TV of ours behind the doors of appletv_doors.py: what plays, the volume, power and apps, in the messages of
MRP and Companion. pyatv, which is not ours, is the driver's client and so its judge: it pairs, verifies, opens the
tunnel, keeps the state, and is told by push."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from pyatv.auth.hap_pairing import HapCredentials
from pyatv.protocols.companion.connection import FrameType
from pyatv.protocols.companion.server_auth import CompanionServerAuth, generate_keys, new_server_session
from pyatv.protocols.mrp import messages, protobuf
from pyatv.support import chacha20, opack

from dobby.home.device import Secret, Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, rigged
from tests.drivers.rigs.appletv_doors import AIRPLAY, NAME, Front

UID = "E510C430-B01D-45DF-B558-6EA6F8251069"
SERVER = b"5D797FD3-3538-427E-A47B-A32FC6CF3A6A"  # who pyatv's server halves say they are
APPS = {"com.apple.TVMusic": "Music", "com.example.films": "Films"}
TRACKS = (("Elf Song", "The House"), ("Socks", "The House"), ("Lamp", "The Lane"))
PLAY, PAUSE, NEXT, PREVIOUS = 1, 2, 5, 6  # Command of MRP's CommandInfo
AWAKE, ASLEEP = 3, 1
SLEEP, WAKE = 12, 13  # HID commands of Companion
AUTH = (FrameType.PS_Start, FrameType.PS_Next, FrameType.PV_Start, FrameType.PV_Next)


class Apple:
    """What is true of it. way: "lies" or "refuses" breaks its obedience; loud: whether the volume is its own;
    answers_power: whether it knows the question how it is, None when it says nothing to it; tells_apps: whether it says
    which apps it has while it sleeps."""

    def __init__(self) -> None:
        self.pin, self.second, self.seed = "1234", "0042", bytes(range(32))
        self.way, self.shown, self.loud, self.tells_apps = "", "", True, True
        self.answers_power: bool | None = True
        self.awake, self.playing, self.idle, self.track, self.volume = True, True, False, 0, 40.0
        self.launched: list[str] = []
        self.pressed: list[int] = []
        self.remotes: set[Remote] = set()
        self.companions: set[Companion] = set()

    def shows(self, pin: str) -> None:
        """On the screen."""
        self.shown = pin

    def remote(self, send: Callable[[Any], None]) -> Remote:
        """A visitor of MRP."""
        return Remote(self, send)

    def companion(self) -> Companion:
        """A visitor of Companion."""
        return Companion(self)

    def secret(self) -> Secret:
        """What a pairing gives."""
        keys = generate_keys(self.seed)
        own = HapCredentials(keys.auth_pub, secrets.token_bytes(32), SERVER, b"dobby-of-the-tests")
        return {"AirPlay": str(own), "Companion": str(own)}

    def sighting(self) -> Sighting:
        """As Dobby hears it."""
        return Sighting("mdns", HOST, 7000, "_airplay._tcp.local.", NAME, dict(AIRPLAY))

    def held(self, trait: str) -> Value:
        """What is true, in core units."""
        values: dict[str, Value] = {"on": self.awake, "playing": self.playing and not self.idle, "volume": self.volume}
        return values[trait]

    def hand(self, trait: str, value: Value) -> None:
        """Somebody with the remote control."""
        match trait, value:
            case "on", bool():
                self.awake = value
            case "playing", bool():
                self.playing = value
            case "volume", int() | float():
                self.volume = value
        self.tell()

    def tell(self) -> None:
        """To all who listen."""
        for remote in self.remotes:
            remote.tell()
        for companion in self.companions:
            companion.tell()


class Remote:
    """One visitor of MRP."""

    def __init__(self, apple: Apple, send: Callable[[Any], None]) -> None:
        self.apple, self.send = apple, send

    def gone(self) -> None:
        """It left."""
        self.apple.remotes.discard(self)

    def received(self, message: Any) -> None:
        """One message."""
        inner: Any = protobuf.extract_inner(message)
        match message.type:
            case protobuf.DEVICE_INFO_MESSAGE:
                self.send(self.card(protobuf.DEVICE_INFO_MESSAGE, message.identifier))
                return
            case protobuf.CLIENT_UPDATES_CONFIG_MESSAGE:
                self.apple.remotes.add(self)
                self.tell()
            case protobuf.SEND_COMMAND_MESSAGE:
                self.command(message, inner.command)
                return
            case protobuf.SET_VOLUME_MESSAGE if not self.apple.way:
                self.apple.hand("volume", round(inner.volume * 100, 1))
        if message.identifier:  # a question wants an answer, a ping too
            self.send(messages.create(protobuf.ProtocolMessage.UNKNOWN_MESSAGE, identifier=message.identifier))

    def command(self, message: Any, command: int) -> None:
        """Play and the like."""
        if self.apple.way == "refuses":
            self.send(messages.command_result(message.identifier, protobuf.SendError.NoCommandHandlers))
            return
        self.send(messages.command_result(message.identifier))
        if not self.apple.way:
            if command in (PLAY, PAUSE):
                self.apple.playing = command == PLAY
            else:
                self.apple.track = (self.apple.track + {NEXT: 1, PREVIOUS: -1}[command]) % len(TRACKS)
            self.apple.tell()

    def card(self, kind: int, identifier: str | None = None) -> Any:
        """Who it is, and whether it is awake."""
        message = messages.create(kind, identifier=identifier)
        told = protobuf.extract_inner(message)
        told.uniqueIdentifier = told.deviceUID = UID
        told.name, told.modelID, told.systemBuildVersion = NAME, "AppleTV14,1", "22K557"
        told.logicalDeviceCount, told.protocolVersion = int(self.apple.awake), 1
        return message

    def tell(self) -> None:
        """How it is now."""
        apple = self.apple
        self.send(self.card(protobuf.DEVICE_INFO_UPDATE_MESSAGE))
        volume = messages.create(protobuf.VOLUME_CONTROL_AVAILABILITY_MESSAGE)
        told = protobuf.extract_inner(volume)
        told.volumeControlAvailable = apple.loud
        told.volumeCapabilities = protobuf.VolumeCapabilities.Both
        self.send(volume)
        if apple.loud:
            level = messages.create(protobuf.VOLUME_DID_CHANGE_MESSAGE)
            told = protobuf.extract_inner(level)
            told.outputDeviceUID, told.volume = UID, apple.volume / 100
            self.send(level)
        if not apple.idle:
            self.send(self.state())
        front = messages.create(protobuf.SET_NOW_PLAYING_CLIENT_MESSAGE)
        protobuf.extract_inner(front).client.bundleIdentifier = "" if apple.idle else "com.apple.TVMusic"
        self.send(front)

    def state(self) -> Any:
        """What plays."""
        message = messages.create(protobuf.SET_STATE_MESSAGE)
        told, playing = protobuf.extract_inner(message), self.apple.playing
        told.playbackState = protobuf.PlaybackState.Playing if playing else protobuf.PlaybackState.Paused
        told.playbackQueue.location = 0
        item = told.playbackQueue.contentItems.add()
        item.identifier = str(self.apple.track)
        item.metadata.title, item.metadata.trackArtistName = TRACKS[self.apple.track]
        item.metadata.playbackRate = float(playing)
        told.playerPath.client.bundleIdentifier = "com.apple.TVMusic"
        told.playerPath.client.displayName = "Music"
        told.playerPath.player.identifier = "MediaRemote-DefaultPlayer"
        return message


class Companion(CompanionServerAuth, asyncio.Protocol):  # type: ignore[misc]  # pyatv is an extra
    """One visitor of Companion: frames of OPACK, sealed once verified."""

    def __init__(self, apple: Apple) -> None:
        super().__init__(NAME)
        self.apple, self.keys = apple, generate_keys(apple.seed)
        self.shows_code, self.buffer = False, b""
        self.cipher: Any = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """It came."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """It left, and its code with it."""
        self.transport = None
        self.apple.companions.discard(self)
        if self.shows_code:
            self.apple.shows("")

    def enable_encryption(self, output_key: bytes, input_key: bytes) -> None:
        """From the next frame on."""
        self.cipher = chacha20.Chacha20Cipher(output_key, input_key, nonce_length=12)

    def _m1_setup(self, pairing_data: Any) -> None:
        self.session, self.salt = new_server_session(self.keys, self.apple.second)
        self.shows_code = True
        self.apple.shows(self.apple.second)
        super()._m1_setup(pairing_data)

    def send_to_client(self, frame_type: FrameType, data: Any) -> None:
        """One frame."""
        if self.transport is None:
            return
        packed = opack.pack(data)
        head = bytes([frame_type.value]) + (len(packed) + 16 * bool(self.cipher)).to_bytes(3, "big")
        self.transport.write(head + (self.cipher.encrypt(packed, aad=head) if self.cipher else packed))

    def data_received(self, data: bytes) -> None:
        """Every frame that is whole."""
        self.buffer += data
        while len(self.buffer) >= 4 and len(self.buffer) >= (end := 4 + int.from_bytes(self.buffer[1:4], "big")):
            head, body, self.buffer = self.buffer[:4], self.buffer[4:end], self.buffer[end:]
            message, _ = opack.unpack(self.cipher.decrypt(body, aad=head) if self.cipher else body)
            if FrameType(head[0]) in AUTH:
                self.handle_auth_frame(FrameType(head[0]), message)
            else:
                self.received(message)

    def received(self, message: Any) -> None:
        """One request or event."""
        match message["_i"]:
            case "_interest":
                self.apple.companions.add(self)
                return
            case "FetchAttentionState" if self.apple.answers_power is None:
                return
            case "FetchAttentionState" if not self.apple.answers_power:
                self.answer(message, {"_em": "No request handler", "_ec": 58822})
                return
            case "FetchLaunchableApplicationsEvent" if not self.apple.tells_apps and not self.apple.awake:
                return
            case "_hidC" | "_launchApp" if self.apple.way == "refuses":
                self.answer(message, {"_em": "Not allowed", "_ec": 1})
                return
        answers = {"FetchAttentionState": {"state": AWAKE if self.apple.awake else ASLEEP},
                   "_sessionStart": {"_sid": 7}, "FetchLaunchableApplicationsEvent": APPS}
        self.answer(message, {"_c": answers.get(message["_i"], {})})
        if not self.apple.way:
            self.order(message["_i"], message["_c"])

    def order(self, what: str, content: Any) -> None:
        """What it does upon a request."""
        match what:
            case "_launchApp":
                self.apple.launched.append(content["_bundleID"])
            case "_hidC" if content["_hidC"] in (SLEEP, WAKE):
                self.apple.hand("on", content["_hidC"] == WAKE)
            case "_hidC" if content["_hBtS"] == 2:
                self.apple.pressed.append(content["_hidC"])

    def answer(self, message: Any, told: dict[str, Any]) -> None:
        """To a request."""
        self.send_to_client(FrameType.E_OPACK, {"_i": message["_i"], "_x": message["_x"], "_t": 3, **told})

    def tell(self) -> None:
        """Whether it is awake."""
        self.send_to_client(FrameType.E_OPACK, {"_i": "SystemStatus", "_x": 9, "_t": 1,
                                                "_c": {"state": AWAKE if self.apple.awake else ASLEEP}})


@asynccontextmanager
async def _rig(apple: Apple) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        return apple.held(trait)

    async def hand(trait: str, value: Value) -> None:
        apple.hand(trait, value)

    def trouble(way: str) -> None:
        apple.way = way

    settings: list[tuple[str, Value]] = [("playing", False), ("playing", True), ("volume", 65.0), ("on", False),
                                         ("on", True)]
    async with Front(apple) as front:
        yield rigged(apple.sighting(), front, "", settings, ("volume", 300), truth, hand=hand, trouble=trouble,
                     secret=apple.secret(), again=lambda: Front(apple))


def box() -> Any:
    """One that plays music on a loudspeaker of its own."""
    return _rig(Apple())
