"""The fake Apple TV of pyatv's own repository (not ours), behind the doors of tests/drivers/rigs/appletv_doors.py, in a
process and an environment of its own: `python appletv_fake.py SOURCES DOORS`.

It understands the messages of MRP and Companion and notes them; that it then also plays, pauses and falls asleep, and
tells its volume, is added here. Writes one line of JSON with its ports, then one for each line that it reads.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any

SOURCES, DOORS = sys.argv[1:]
sys.path[0] = SOURCES  # its tests are a package of the same name as ours

companion: Any = importlib.import_module("tests.fake_device.companion")
mrp: Any = importlib.import_module("tests.fake_device.mrp")
protobuf: Any = importlib.import_module("pyatv.protocols.mrp.protobuf")
server: Any = importlib.import_module("pyatv.auth.server_auth")
spec = importlib.util.spec_from_file_location("doors", DOORS)
assert spec is not None
assert spec.loader is not None
doors: Any = importlib.util.module_from_spec(spec)
sys.modules["doors"] = doors
spec.loader.exec_module(doors)


class Player(mrp.FakeMrpState):  # type: ignore[misc]  # not ours
    """Plays and pauses when told to."""

    @property
    def last_button_pressed(self) -> str | None:
        """As noted."""
        return self._pressed

    @last_button_pressed.setter
    def last_button_pressed(self, pressed: str | None) -> None:
        self._pressed = pressed
        if pressed in ("play", "pause"):
            asyncio.get_running_loop().call_soon(self.plays, pressed == "play")

    def plays(self, on: bool) -> None:
        """It plays or not."""
        state = self.states[mrp.PLAYER_IDENTIFIER]
        state.playback_state = protobuf.PlaybackState.Playing if on else protobuf.PlaybackState.Paused
        state.playback_rate = float(on)
        self.update_state(mrp.PLAYER_IDENTIFIER)


class Sleeper(companion.FakeCompanionState):  # type: ignore[misc]  # not ours
    """Falls asleep when told to."""

    @property
    def powered_on(self) -> bool:
        """Whether it is awake."""
        return bool(self.system_status == companion.SystemStatus.Awake)

    @powered_on.setter
    def powered_on(self, on: bool) -> None:
        self.system_status = companion.SystemStatus.Awake if on else companion.SystemStatus.Asleep


class Remote(mrp.FakeMrpService):  # type: ignore[misc]  # not ours
    """One visitor of MRP, who comes through the tunnel instead of a port of its own."""

    def __init__(self, state: Player, send: Callable[[Any], None]) -> None:
        super().__init__(state, None, asyncio.get_running_loop())
        self.send_to_client = send

    def received(self, message: Any) -> None:
        """One message."""
        name = message.Type.Name(message.type).lower().replace("_message", "")
        getattr(self, f"handle_{name}")(message, protobuf.extract_inner(message))

    def handle_client_updates_config(self, message: Any, inner: Any) -> None:
        """It tells its volume too."""
        super().handle_client_updates_config(message, inner)
        self.state.volume_control(True)
        self.state.set_volume(self.state.volume, mrp.DEVICE_UID)

    def gone(self) -> None:
        """It left."""
        self.state.clients.remove(self)


class Companion(companion.FakeCompanionService):  # type: ignore[misc]  # not ours
    """One visitor of Companion, who may leave without a word."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It left."""
        super().connection_lost(exc)
        self.state.rti_session_uuid = None
        if self in self.state.rti_clients:
            self.state.rti_clients.remove(self)


class Fake:
    """What is behind the doors."""

    def __init__(self) -> None:
        self.pin, self.seed = str(server.PIN_CODE), server.PRIVATE_KEY
        self.player, self.sleeper = Player(), Sleeper()
        mrp.FakeMrpUseCases(self.player).example_music(paused=False, title="Elf Song", artist="The House",
                                                       app_name="Music")
        companion.FakeCompanionUseCases(self.sleeper).set_installed_apps({mrp.PLAYER_IDENTIFIER: "Music"})

    def remote(self, send: Callable[[Any], None]) -> Remote:
        """A visitor of MRP."""
        return Remote(self.player, send)

    def companion(self) -> Companion:
        """A visitor of Companion."""
        return Companion(self.sleeper)

    def shows(self, pin: str) -> None:
        """It always shows the same."""

    def held(self, trait: str) -> Any:
        """What is true."""
        playing = self.player.states[mrp.PLAYER_IDENTIFIER].playback_state == protobuf.PlaybackState.Playing
        return {"on": self.sleeper.powered_on, "playing": playing, "volume": round(self.player.volume * 100, 1),
                "key": self.sleeper.latest_button, "source": self.sleeper.active_app}[trait]

    def hand(self, trait: str, value: Any) -> None:
        """Somebody with the remote control."""
        match trait:
            case "on":
                self.sleeper.powered_on = value
            case "playing":
                self.player.plays(value)


async def main() -> None:
    """Until nobody asks any more."""
    fake, reader = Fake(), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with doors.Front(fake) as front:
        print(json.dumps({"port": front.port, "unicast": front.unicast}), flush=True)
        while line := await reader.readline():
            told: Any = None
            match json.loads(line):
                case ["truth", trait]:
                    told = fake.held(trait)
                case ["hand", trait, value]:
                    fake.hand(trait, value)
                case ["turn", way]:
                    await front.turn(way)
            print(json.dumps(told), flush=True)


asyncio.run(main())
