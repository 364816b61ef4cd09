"""A HomeKit bridge with what a house has beside light and music: heating, shades, the garage door, the alarm panel."""

import asyncio
from collections.abc import Callable
from typing import Any

from pyhap.accessory import Accessory, Bridge
from pyhap.accessory_driver import AccessoryDriver
from pyhap.const import (
    CATEGORY_ALARM_SYSTEM,
    CATEGORY_GARAGE_DOOR_OPENER,
    CATEGORY_THERMOSTAT,
    CATEGORY_WINDOW_COVERING,
)

from ..announce import Announcer
from ..door import Door
from ..house import HOMEKIT_THINGS, HUB_ROOM, HomeKitSpec
from ..ids import Ids
from ..net import Address
from ..store import Store
from ..things import State, Thing, check_words, want_bool, want_number
from .server import HapServer, make_driver, open_behind

MODES = ("off", "heat", "cool", "auto")
ARMED = ("home", "away", "night", "disarmed")
TRIGGERED = 4
STEP_SECONDS = 0.1  # a shade moves in steps, ten per cent each
DOOR_SECONDS = 1.0
ARMING_SECONDS = 0.5
OPEN, CLOSED, OPENING, CLOSING = 0, 1, 2, 3


class Fixture(Accessory):  # type: ignore[misc]
    """What every thing on the bridge has beside its own `read` (the state in the truth's words) and `put` (outside
    hands; ValueError for a state that it cannot have). `changed` is called when its state did."""

    def __init__(self, driver: AccessoryDriver, spec: HomeKitSpec, aid: int, serial: str) -> None:
        super().__init__(driver, spec.name, aid=aid)
        self.set_info_service("2.1.0", "Dobby & Daughters", spec.kind.capitalize(), serial)
        self.changed: Callable[[], None] = lambda: None
        self.thing: Thing | None = None
        self._under_way: asyncio.TimerHandle | None = None

    @property
    def available(self) -> bool:
        """Whether the bridge hears it."""
        return self.thing is None or not self.thing.has("dead")

    def later(self, seconds: float, what: Callable[..., None], *args: Any) -> None:
        """Do something in a while, instead of what was to be done before."""
        if self._under_way is not None:
            self._under_way.cancel()
        self._under_way = asyncio.get_running_loop().call_later(seconds, what, *args)

    def stay(self) -> None:
        """What was under way is not any more: a hand was quicker."""
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None


class Thermostat(Fixture):
    """Heats while the room is colder than the target; the room's temperature changes by outside hands only."""

    category = CATEGORY_THERMOSTAT

    def __init__(self, driver: AccessoryDriver, spec: HomeKitSpec, aid: int, serial: str, kept: State) -> None:
        super().__init__(driver, spec, aid, serial)
        service = self.add_preload_service("Thermostat", ["CurrentRelativeHumidity"])
        mode = MODES.index(kept.get("mode", "heat"))
        self.mode = service.configure_char("TargetHeatingCoolingState", value=mode, setter_callback=self._set)
        self.target = service.configure_char("TargetTemperature", value=kept.get("target", 20.5),
                                             setter_callback=self._set)
        self.current = service.configure_char("CurrentTemperature", value=kept.get("current", 20.0))
        self.humidity = service.configure_char("CurrentRelativeHumidity", value=kept.get("humidity", 45))
        self.doing = service.configure_char("CurrentHeatingCoolingState", value=0)
        service.configure_char("TemperatureDisplayUnits", value=0)
        self._set(None)

    def _set(self, _value: Any) -> None:
        heats = self.mode.value in (1, 3) and self.current.value < self.target.value
        cools = self.mode.value in (2, 3) and self.current.value > self.target.value + 1
        self.doing.set_value(1 if heats else 2 if cools else 0)
        self.changed()

    def read(self) -> State:
        """Mode, target, current, humidity."""
        return {"mode": MODES[self.mode.value], "target": self.target.value, "current": self.current.value,
                "humidity": self.humidity.value}

    def put(self, state: State) -> None:
        """A hand on its dial, or another weather."""
        if "mode" in state:
            if state["mode"] not in MODES:
                raise ValueError(f"'mode' is one of {', '.join(MODES)}, not {state['mode']!r}")
            self.mode.set_value(MODES.index(state["mode"]))
        for word, char, low, high in (("target", self.target, 10, 38), ("current", self.current, -40, 100),
                                      ("humidity", self.humidity, 0, 100)):
            if word in state:
                char.set_value(want_number(state, word, low, high))
        self._set(None)


class Shade(Fixture):
    """Moves to its target in steps."""

    category = CATEGORY_WINDOW_COVERING

    def __init__(self, driver: AccessoryDriver, spec: HomeKitSpec, aid: int, serial: str, kept: State) -> None:
        super().__init__(driver, spec, aid, serial)
        service = self.add_preload_service("WindowCovering", ["HoldPosition"])
        where = round(kept.get("position", 100))
        self.current = service.configure_char("CurrentPosition", value=where)
        self.target = service.configure_char("TargetPosition", value=where, setter_callback=self._go)
        self.state = service.configure_char("PositionState", value=2)
        service.configure_char("HoldPosition", value=False, setter_callback=self._hold)

    def _go(self, target: int) -> None:
        way = target - self.current.value
        self.state.set_value(2 if way == 0 else 1 if way > 0 else 0)
        if way == 0:
            self.changed()
            return
        self.later(STEP_SECONDS, self._step, target)

    def _step(self, target: int) -> None:
        way = target - self.current.value
        self.current.set_value(self.current.value + max(-10, min(10, way)))
        self._go(target)

    def _hold(self, held: Any) -> None:
        if held and self._under_way is not None:
            self._under_way.cancel()
            self._arrive(self.current.value)

    def _arrive(self, where: int) -> None:
        self.current.set_value(where)
        self.target.set_value(where)
        self.state.set_value(2)
        self.changed()

    def read(self) -> State:
        """Position (100 = open) and whether it moves."""
        return {"position": self.current.value, "moving": self.state.value != 2}

    def put(self, state: State) -> None:
        """A hand on the cord."""
        if "position" in state:
            self.stay()
            self._arrive(round(want_number(state, "position", 0, 100)))


class GarageDoor(Fixture):
    """Opens and closes in DOOR_SECONDS."""

    category = CATEGORY_GARAGE_DOOR_OPENER

    def __init__(self, driver: AccessoryDriver, spec: HomeKitSpec, aid: int, serial: str, kept: State) -> None:
        super().__init__(driver, spec, aid, serial)
        service = self.add_preload_service("GarageDoorOpener")
        where = OPEN if kept.get("position") == 100 else CLOSED
        self.current = service.configure_char("CurrentDoorState", value=where)
        self.target = service.configure_char("TargetDoorState", value=where, setter_callback=self._go)
        service.configure_char("ObstructionDetected", value=False)

    def _go(self, target: int) -> None:
        if self.current.value != target:
            self.current.set_value(OPENING if target == OPEN else CLOSING)
            self.later(DOOR_SECONDS, self._arrive, target)

    def _arrive(self, where: int) -> None:
        self.current.set_value(where)
        self.changed()

    def read(self) -> State:
        """Position (0 or 100) and whether it moves."""
        where = self.current.value
        return {"position": 0 if where == CLOSED else 100, "moving": where in (OPENING, CLOSING)}

    def put(self, state: State) -> None:
        """The button on the wall."""
        if "position" in state:
            where = CLOSED if want_number(state, "position", 0, 100) == 0 else OPEN
            self.stay()
            self.target.set_value(where)
            self._arrive(where)


class AlarmPanel(Fixture):
    """Arms after ARMING_SECONDS, disarms at once."""

    category = CATEGORY_ALARM_SYSTEM

    def __init__(self, driver: AccessoryDriver, spec: HomeKitSpec, aid: int, serial: str, kept: State) -> None:
        super().__init__(driver, spec, aid, serial)
        service = self.add_preload_service("SecuritySystem")
        where = ARMED.index(kept.get("armed", "disarmed"))
        self.current = service.configure_char("SecuritySystemCurrentState", value=where)
        self.target = service.configure_char("SecuritySystemTargetState", value=where, setter_callback=self._go)

    def _go(self, target: int) -> None:
        self.later(0.0 if ARMED[target] == "disarmed" else ARMING_SECONDS, self._arrive, target)

    def _arrive(self, where: int) -> None:
        self.current.set_value(where)
        self.changed()

    def read(self) -> State:
        """How it is armed, and whether it sounds."""
        shown = self.target.value if self.current.value == TRIGGERED else self.current.value
        return {"armed": ARMED[shown], "triggered": self.current.value == TRIGGERED}

    def put(self, state: State) -> None:
        """The keypad by the door, or a burglar."""
        if "armed" in state:
            if state["armed"] not in ARMED:
                raise ValueError(f"'armed' is one of {', '.join(ARMED)}, not {state['armed']!r}")
            self.stay()
            self.target.set_value(ARMED.index(state["armed"]))
            self._arrive(ARMED.index(state["armed"]))
        if "triggered" in state:
            self._arrive(TRIGGERED if want_bool(state, "triggered") else self.target.value)


MADE: dict[str, Callable[[AccessoryDriver, HomeKitSpec, int, str, State], Fixture]] = {
    "thermostat": Thermostat, "shade": Shade, "garage": GarageDoor, "alarm": AlarmPanel}


async def open_home_bridge(address: Address, ids: Ids, store: Store, announcer: Announcer) -> tuple[Door, list[Thing]]:
    """Start the bridge; its door and the things on it, the hub first."""
    key = "home_bridge"
    driver = await asyncio.to_thread(make_driver, key, address, ids, store, announcer)
    bridge = Bridge(driver, "Home Bridge")
    bridge.set_info_service("3.0.1", "Dobby & Daughters", "Bridge 1", ids.digest(key)[:12].upper())
    kept = store.get(key, {})
    things: list[Thing] = []
    for aid, spec in enumerate(HOMEKIT_THINGS, 2):
        fixture = MADE[spec.kind](driver, spec, aid, ids.digest(spec.key)[:12].upper(), kept.get(spec.key, {}))
        bridge.add_accessory(fixture)
        driver.children[aid] = fixture.thing = thing = _thing(fixture, spec, aid, key)
        things.append(thing)

        def keep() -> None:
            store.put(key, {one.key: one.read() for one in things})
        fixture.changed = keep
    hub = Thing(key, "Home Bridge", HUB_ROOM, "homekit", "hub", driver.state.mac.lower(),
                lambda: {"accessories": len(things), "paired": driver.state.paired})
    door = Door(HapServer(driver), address)
    await open_behind(door, driver, bridge, hub, ids, announcer)
    return door, [hub, *things]


def _thing(fixture: Fixture, spec: HomeKitSpec, aid: int, hub: str) -> Thing:
    def write(state: State) -> None:
        check_words(state, fixture.read())
        fixture.put(state)
        fixture.changed()
    return Thing(spec.key, spec.name, spec.room, "homekit", spec.kind, str(aid), fixture.read, write, hub=hub)
