"""An OmniLogic controller with a pool and a spa that share a pump, in the words of its datagrams (as
python-omnilogic-local, Apache-2.0, and omnilogic-local-sdk, MIT, tell them; the shapes of the pool are our own).

python-omnilogic-local, which is not ours, takes it for one (tests/peers/test_omnilogic.py). It acknowledges whatever it
can read, sends a long answer block by block, each until it is acknowledged, and ignores what it does not want.
"""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, rigged, udp_piped

POOL, SPA, LAMP, OLD_LAMP, FALLS, FIRE, JETS, FEED, YARD, AIR = 1, 20, 11, 12, 13, 14, 24, 26, 27, 0
RESEND, BLOCK = 0.2, 900  # seconds (a real one: 2), bytes
MODES = ("heat", "cool", "auto")
Inside = Sequence[tuple[str, Any]]
PUMP = (("Max-Pump-Speed", 100), ("Min-Pump-Speed", 18), ("Max-Pump-RPM", 3450), ("Min-Pump-RPM", 600),
        ("Priming-Enabled", "no"), ("Vsp-Low-Pump-Speed", 40), ("Vsp-Medium-Pump-Speed", 60),
        ("Vsp-High-Pump-Speed", 100))
START = ("Operation", (("", "PEO_INIT"), ("Action", (("Action-Function", "ACT_FNC_STARTUP"), ("Action-Data1", 0)))))


def xml(tag: str, inside: Any) -> str:
    """An element of text, or of elements."""
    text = "".join(xml(*one) for one in inside) if isinstance(inside, list | tuple) else str(inside)
    return f"<{tag}>{text}</{tag}>\n" if tag else f"{text}\n"


def _called(number: int, name: str, *more: tuple[str, Any]) -> Inside:
    return (("System-Id", number), ("Name", name), *more)


def _filter(number: int) -> tuple[str, Inside]:
    return "Filter", (*_called(number, "Filter Pump"), ("Filter-Type", "FMT_VARIABLE_SPEED_PUMP"), *PUMP)


def _heater(number: int, *sources: tuple[int, str, str, str]) -> tuple[str, Inside]:
    rows = [("Operation", (("", "PEO_HEATER_EQUIPMENT"), ("Heater-Equipment", (
        *_called(one, name), ("Type", "PET_HEATER"), ("Heater-Type", kind), ("Enabled", "yes"),
        ("Min-Speed-For-Operation", 50), ("Sensor-System-Id", 17), ("SupportsCooling", cools)))))
        for one, name, kind, cools in sources]
    return "Heater", (("System-Id", number), ("Enabled", "yes"), ("Current-Set-Point", 84), ("SolarSetPoint", 86),
                      ("Min-Settable-Water-Temp", 65), ("Max-Settable-Water-Temp", 104), START, *rows)


def _relay(number: int, name: str, drives: str, kind: str = "RLY_HIGH_VOLTAGE_RELAY") -> tuple[str, Inside]:
    return "Relay", _called(number, name, ("Type", kind), ("Function", drives))


def _sensor(number: int, name: str, kind: str) -> tuple[str, Inside]:
    return "Sensor", _called(number, name, ("Type", kind), ("Units", "UNITS_FAHRENHEIT"))


def _body(number: int, name: str, kind: str, *more: tuple[str, Any]) -> tuple[str, Inside]:
    return "Body-of-water", _called(number, name, ("Type", kind), ("Supports-Spillover", "no"), *more)


CHLORINATOR = ("Chlorinator", (*_called(7, "Chlorinator"), ("Enabled", "yes"), ("Mode", "CHLOR_OP_MODE_TIMED"),
                               ("Timed-Percent", 50), ("SuperChlor-Timeout", 8), ("Cell-Type", "CELL_TYPE_T15"),
                               ("Dispenser-Type", "SALT_DISPENSING"), ("ORP-Timeout", 86400), START, (
    "Operation", (("", "PEO_CHLORINATOR_EQUIPMENT"), ("Chlorinator-Equipment", _called(
        8, "Chlorinator1", ("Type", "PET_CHLORINATOR"), ("Chlorinator-Type", "CHLOR_TYPE_MAIN_PANEL"),
        ("Enabled", "yes")))))))
CHEMISTRY = ("CSAD", (*_called(9, "pH"), ("Enabled", "yes"), ("Type", "ACID"), ("TargetValue", 7.5),
                      ("CalibrationValue", 0), ("PHLowAlarmLevel", 7), ("PHHighAlarmLevel", 8),
                      ("ORP-Target-Level", 650), ("ORP-Runtime-Level", 650), ("ORP-Low-Alarm-Level", 350),
                      ("ORP-High-Alarm-Level", 950), ("ORP-Forced-On-Time", 0), ("ORP-Forced-Enabled", "no"), START))
BODIES = (
    _body(POOL, "Pool", "BOW_POOL", _filter(3),
          _heater(4, (5, "Gas", "HTR_GAS", "no"), (6, "Heat Pump", "HTR_HEAT_PUMP", "yes")), CHLORINATOR, CHEMISTRY,
          _sensor(17, "WaterSensor", "SENSOR_WATER_TEMP"),
          ("ColorLogic-Light", _called(LAMP, "Pool Light", ("Type", "COLOR_LOGIC_UCL"), ("V2-Active", "yes"))),
          ("ColorLogic-Light", _called(OLD_LAMP, "Stairs", ("Type", "COLOR_LOGIC_4_0"))),
          _relay(FALLS, "Falls", "RLY_WATERFALL", "RLY_VALVE_ACTUATOR"), _relay(FIRE, "Fire Bowl", "RLY_FIREPIT")),
    _body(SPA, "Spa", "BOW_SPA", _filter(21), _heater(22, (23, "Gas", "HTR_GAS", "no")),
          ("Pump", (*_called(JETS, "Jets"), ("Type", "PMP_VARIABLE_SPEED_PUMP"), ("Function", "PMP_JETS"), *PUMP)),
          ("Pump", (*_called(FEED, "Feed"), ("Type", "PMP_SINGLE_SPEED"), ("Function", "PMP_ACCESSORY"), *PUMP))))


class Controller(asyncio.DatagramProtocol):
    """One controller. way: "lies" breaks its obedience; tells: whether it knows GetSysInfo; state: 1 is its usual mode,
    2 service; lose: kinds of messages that get lost once; deaf: how many that come to it do; cools: a pump that is
    switched off runs on; late: [] keeps the next telemetry back until it is asked for once more. heard, looks: messages
    and questions for telemetry that came."""

    def __init__(self, *, tells: bool = True, version: str = "R0502000") -> None:
        self.way, self.tells, self.state, self.version, self.checksum = "", tells, 1, version, 4711
        self.bodies, self.hua = list(BODIES), "00-1F-0A-2B-3C"
        self.lose: list[int] = []
        self.deaf = self.heard = self.looks = 0
        self.cools = False
        self.late: list[tuple[Any, bytes]] | None = None
        self.orders: list[tuple[str, list[int]]] = []
        self.rows: dict[int, tuple[str, dict[str, Any]]] = {number: (tag, dict(row)) for tag, number, row in START_ROWS}
        self._number = 100
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[tuple[Any, int], asyncio.Event] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    # --- what it says ---

    def configuration(self) -> bytes:
        """What there is."""
        backyard = (("", "MSP Configuration"), *_called(0, "Backyard"), _sensor(16, "AirSensor", "SENSOR_AIR_TEMP"),
                    _relay(YARD, "Yard Lights", "RLY_BACKYARD_LIGHT"), *self.bodies)
        whole = (("System", (("Msp-Vsp-Speed-Format", "Percent"), ("Units", "Standard"))), ("Backyard", backyard),
                 ("CHECKSUM", self.checksum))
        return f'<?xml version="1.0" encoding="UTF-8" ?>\n{xml("MSPConfig", whole)}'.encode()

    def telemetry(self) -> bytes:
        """How it is."""
        head = {"statusVersion": 11, "airTemp": 77, "state": self.state, "ConfigChksum": self.checksum,
                "mspVersion": self.version}
        rows = [("Backyard", 0, head), *((tag, number, row) for number, (tag, row) in self.rows.items())]
        told = "\n".join(f'<{tag} systemId="{number}" ' + " ".join(f'{key}="{said}"' for key, said in row.items())
                         + " />" for tag, number, row in rows)
        return f'<?xml version="1.0" encoding="UTF-8" ?>\n<STATUS version="1.11">\n{told}\n</STATUS>'.encode()

    def components(self) -> bytes:
        """What it is made of: its own board first, then many others."""
        boards = [("MSP", "MSP", self.hua), *((f"LSM{n}", "LSM", f"00-22-33-44-{n:02}") for n in range(9))]
        told = "".join(xml("Component", "".join(f'<Parameter name="{key}" dataType="string">{said}</Parameter>' for
                                                key, said in zip(("DevName", "Type", "HUA"), board, strict=True)))
                       for board in boards)
        return f'<?xml version="1.0" encoding="UTF-8"?><SysInfo>{told}</SysInfo>'.encode()

    # --- the wire ---

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One message of a client."""
        self.heard += 1
        if self.deaf:
            self.deaf -= 1
            return
        number, _, version, kind, speaker, _, packed, _ = struct.unpack(">IQ4sIBBBB", data[:24])
        assert (version, speaker, packed) == (b"1.19", 0, 0)
        assert data.endswith(b"\0")
        if kind == 0:
            if (waiting := self._waiting.get((addr, number))) is not None:
                waiting.set()
            return
        self._send(addr, number, 1002, b"", 0)
        root = ElementTree.fromstring(data[24:-1])
        values = [int(one.text or 0) for one in root.iter("{http://nextgen.hayward.com/api}Parameter")]
        name = root.findtext("{http://nextgen.hayward.com/api}Name", "")
        match kind:
            case 1:
                assert name == "RequestConfiguration"
                self._answer(addr, 1003, zlib.compress(self.configuration()), 1)
            case 300:
                self.looks += 1
                told = zlib.compress(self.telemetry())
                if self.late == []:
                    self.late.append((addr, told))
                    return
                for was, old in self.late or ():
                    self._answer(was, 1004, old, 0)
                self._answer(addr, 1004, told, 0)  # and yet packed, as a real one's
            case 411 if self.tells:
                assert name == "GetSysInfo"
                self._answer(addr, 1411, self.components() + b"\0", 0)
            case _ if kind != 411:
                self.orders.append((name, values))
                if not self.way and self.state == 1:
                    self.obey(kind, name, values)

    def _send(self, addr: Any, number: int, kind: int, payload: bytes, packed: int) -> None:
        if kind in self.lose:
            self.lose.remove(kind)
        elif self._transport is not None:
            self._transport.sendto(struct.pack(">IQ4sIBBBB", number, 1, b"1.19", kind, 3, 0, packed, 0) + payload, addr)

    def _answer(self, addr: Any, kind: int, payload: bytes, packed: int) -> None:
        frames = [(kind, payload, packed)]
        if len(payload) > BLOCK:
            pieces = [payload[at : at + BLOCK] for at in range(0, len(payload), BLOCK)]
            lead = "".join(f'<Parameter name="{name}" dataType="int">{value}</Parameter>' for name, value in (
                ("SourceOpId", kind), ("MsgSize", len(payload)), ("MsgBlockCount", len(pieces)), ("Type", 0)))
            frames = [(1998, f'<Response xmlns="http://nextgen.hayward.com/api"><Name>LeadMessage</Name><Parameters>'
                             f"{lead}</Parameters></Response>\0".encode(), packed),
                      *((1999, b"\0\0\0\7" + struct.pack(">I", at) + piece, packed) for at, piece in enumerate(pieces))]
        task = asyncio.get_running_loop().create_task(self._deliver(addr, frames))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, addr: Any, frames: list[tuple[int, bytes, int]]) -> None:
        """One after the other, each until it is acknowledged or six times."""
        for kind, payload, packed in frames:
            self._number += 1
            number, heard = self._number, asyncio.Event()
            self._waiting[addr, number] = heard
            for _ in range(6):
                self._send(addr, number, kind, payload, packed)
                try:
                    async with asyncio.timeout(RESEND):
                        await heard.wait()
                        break
                except TimeoutError:
                    continue
            del self._waiting[addr, number]
            if not heard.is_set():
                return

    # --- what it does ---

    def obey(self, kind: int, name: str, values: list[int]) -> None:
        """Carry an order out, if it is one for what stands there."""
        wanted = {164: ("SetUIEquipmentCmd", 10), 11: ("SetUIHeaterCmd", 3), 147: ("SetHeaterEnable", 3),
                  42: ("SetUIHeaterModeCmd", 3), 121: ("SetCHLOREnable", 2), 308: ("SetStandAloneLightShow", 13)}
        if kind != 9 and wanted.get(kind) != (name, len(values)):
            return
        number = 7 if kind == 121 else values[1]
        tag, row = self.rows.get(number, ("", {}))
        if not tag or PLACES.get(number, POOL) != values[0]:
            return
        match kind, tag:
            case 164, "Filter" if self.cools and not values[2]:
                row["filterState"] = 6
            case 164 | 9, "Filter" if values[2] == 0 or 18 <= values[2] <= 100:
                self.run(number, values[2])
            case 164, "Pump":
                row |= {"pumpState": int(values[2] > 0), "pumpSpeed": values[2]}
                row |= {"lastSpeed": values[2]} if values[2] else {}
            case 164, "Relay" | "ValveActuator":
                row["relayState" if tag == "Relay" else "valveActuatorState"] = values[2]
            case 164, "ColorLogic-Light" if row["lightState"] in (0, 6):
                row["lightState"] = 6 if values[2] else 0
            case 308, "ColorLogic-Light" if row["lightState"] in (0, 6):
                row |= dict(zip(("currentShow", "speed", "brightness"), values[2:5], strict=True), lightState=6)
            case 11, "VirtualHeater" if 65 <= values[2] <= 104:
                row["Current-Set-Point"] = values[2]
                self.checksum += 1  # the configuration holds it too
            case 147, "VirtualHeater":
                row["enable"] = values[2]
            case 42, "VirtualHeater":
                row["Mode"] = values[2]
            case 121, "Chlorinator":
                row["enable"] = values[1]
        self.rows[5][1]["heaterState"] = int(bool(self.rows[4][1]["enable"]) and bool(self.rows[3][1]["filterState"]))

    def run(self, number: int, speed: int) -> None:
        """A filter pump runs or stops, and with it the water."""
        self.rows[number][1].update(filterState=int(speed > 0), filterSpeed=speed, reportedFilterSpeed=speed,
                                    power=speed * 5)
        if speed:
            self.rows[number][1]["lastSpeed"] = speed
        self.rows[POOL if number == 3 else SPA][1].update(flow=255 if speed else 0, waterTemp=79 if speed else -1)

    def held(self, tail: str, trait: str) -> Value:
        """What is true of a device of it, in core units."""
        what, _, digits = tail.partition("-")
        number = int(digits)
        if what == "light":
            row = self.rows[number][1]
            values: dict[str, Value] = {"on": row["lightState"] == 6, "brightness": 20 * (row["brightness"] + 1),
                                        "effect": {0: "voodoo lounge", 11: "twilight"}.get(row["currentShow"])}
            return values[trait]
        pump, heater = self.rows[3 if number == POOL else 21][1], self.rows[4 if number == POOL else 22][1]
        match trait:
            case "on":
                return bool(pump["filterState"])
            case "speed":
                return int(pump["filterSpeed"])
            case "mode":
                return MODES[int(heater["Mode"])] if heater["enable"] else "off"
        return (int(heater["Current-Set-Point"]) - 32) / 1.8

    def sighting(self) -> Sighting:
        """What a visit tells."""
        return Sighting("visit", HOST, 10444, "omnilogic", "Pool controller",
                        {"hua": re.sub("-", "", self.hua).lower(), "mac": ""})


STILL = {"filterState": 0, "filterSpeed": 0, "valvePosition": 1, "whyFilterIsOn": 0, "fpOverride": 0,
         "reportedFilterSpeed": 0, "power": 0}
COLD = {"enable": 0, "SolarSetPoint": 86, "Mode": 0, "SilentMode": 0, "whyHeaterIsOn": 1}
DARK = {"lightState": 0, "currentShow": 0, "speed": 4, "brightness": 4, "specialEffect": 0}
START_ROWS: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("Relay", YARD, {"relayState": 0, "whyOn": 0}), ("BodyOfWater", POOL, {"waterTemp": -1, "flow": 0}),
    ("Filter", 3, {**STILL, "lastSpeed": 55}), ("VirtualHeater", 4, {"Current-Set-Point": 84, **COLD}),
    ("Heater", 5, {"heaterState": 0, "temp": 65535, "enable": 1, "priority": 0, "maintainFor": 24}),
    ("Heater", 6, {"heaterState": 0, "temp": 65535, "enable": 1, "priority": 1, "maintainFor": 24}),
    ("Chlorinator", 7, {"status": 68, "instantSaltLevel": 3100, "avgSaltLevel": 3050, "chlrAlert": 0, "chlrError": 0,
                        "scMode": 0, "operatingState": 2, "Timed-Percent": 50, "operatingMode": 1, "enable": 1}),
    ("CSAD", 9, {"ph": "7.4", "orp": 655, "status": 0, "mode": 1}), ("ColorLogic-Light", LAMP, DARK),
    ("ColorLogic-Light", OLD_LAMP, DARK), ("ValveActuator", FALLS, {"valveActuatorState": 0, "whyOn": 0}),
    ("Relay", FIRE, {"relayState": 0, "whyOn": 0}), ("BodyOfWater", SPA, {"waterTemp": -1, "flow": 0}),
    ("Filter", 21, {**STILL, "lastSpeed": 60}), ("VirtualHeater", 22, {"Current-Set-Point": 99, **COLD}),
    ("Heater", 23, {"heaterState": 0, "temp": 65535, "enable": 1, "priority": 0, "maintainFor": 24}),
    ("Pump", JETS, {"pumpState": 0, "pumpSpeed": 0, "lastSpeed": 70, "whyOn": 0}),
    ("Pump", FEED, {"pumpState": 0, "pumpSpeed": 0, "lastSpeed": 0, "whyOn": 0}))
PLACES = {YARD: 0, 21: SPA, 22: SPA, JETS: SPA, FEED: SPA}  # all else stands at the pool


@asynccontextmanager
async def served(controller: Controller, host: str = HOST, port: int = 0) -> AsyncIterator[int]:
    """The controller on a port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: controller,
                                                                             local_addr=(host, port))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        for task in list(controller.tasks):
            task.cancel()
        await asyncio.gather(*controller.tasks, return_exceptions=True)


@asynccontextmanager
async def rig_of(controller: Controller, tail: str, settings: list[tuple[str, Value]] | None = None,
                 wrong: tuple[str, Value] = ("on", 3)) -> AsyncIterator[Rig]:
    """One device of a controller behind a pipe."""
    async def truth(trait: str) -> Value:
        return controller.held(tail, trait)

    async def hand(trait: str, value: Value) -> None:
        if tail.startswith("light"):
            controller.rows[LAMP][1]["lightState"] = 6 if value else 0
        else:
            controller.run(3, 40 if value else 0)

    def trouble(way: str) -> None:
        controller.way = way

    async with served(controller) as port, udp_piped((HOST, port)) as pipe:
        yield rigged(controller.sighting(), pipe, f"/{tail}", settings or [], wrong, truth, hand=hand, trouble=trouble,
                     again=lambda: udp_piped((HOST, port)), mute=True)


def pool() -> Any:
    """A pool with a pump of all speeds, heating and cooling."""
    settings: list[tuple[str, Value]] = [
        ("on", True), ("speed", 62), ("target", 30.0), ("mode", "cool"), ("on", False)]
    return rig_of(Controller(), f"body-{POOL}", settings, ("target", 55))


def lamp() -> Any:
    """Its lamp with shows and levels."""
    settings: list[tuple[str, Value]] = [("on", True), ("effect", "twilight"), ("brightness", 60), ("on", False)]
    return rig_of(Controller(), f"light-{LAMP}", settings, ("effect", "strobe"))
