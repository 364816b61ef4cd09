"""A front-door lock of its own: a lock mechanism and a battery (HAP R2)."""

import asyncio
from collections.abc import Callable

from pyhap.accessory import Accessory
from pyhap.accessory_driver import AccessoryDriver
from pyhap.const import CATEGORY_DOOR_LOCK

from ..announce import Announcer
from ..door import Door
from ..house import LOCK
from ..ids import Ids
from ..net import Address
from ..store import Store
from ..things import State, Thing, check_words, want_bool, want_number
from .server import HapServer, make_driver, open_behind

UNLOCKED, LOCKED = 0, 1
BOLT_SECONDS = 0.3


class Bolt(Accessory):  # type: ignore[misc]
    """The lock: the bolt follows its target after BOLT_SECONDS."""

    category = CATEGORY_DOOR_LOCK

    def __init__(self, driver: AccessoryDriver, name: str, serial: str, kept: State) -> None:
        super().__init__(driver, name)
        self.set_info_service("1.4.0", "Dobby & Daughters", "Bolt 2", serial)
        lock, battery = self.add_preload_service("LockMechanism"), self.add_preload_service("BatteryService")
        where = LOCKED if kept.get("locked", True) else UNLOCKED
        self.current = lock.configure_char("LockCurrentState", value=where)
        self.target = lock.configure_char("LockTargetState", value=where, setter_callback=self._turn)
        self.battery = battery.configure_char("BatteryLevel", value=kept.get("battery", 87))
        battery.configure_char("StatusLowBattery", value=0)
        battery.configure_char("ChargingState", value=2)
        self.turned: Callable[[], None] = lambda: None
        self._turning: asyncio.TimerHandle | None = None

    def _turn(self, target: int) -> None:
        if self._turning is not None:
            self._turning.cancel()
        self._turning = asyncio.get_running_loop().call_later(BOLT_SECONDS, self.arrive, target)

    def arrive(self, where: int) -> None:
        """The bolt is where it was to go."""
        self.current.set_value(where)
        self.turned()


async def open_lock(address: Address, ids: Ids, store: Store, announcer: Announcer) -> tuple[Door, list[Thing]]:
    """Start the lock."""
    key, name, _room = LOCK
    driver = await asyncio.to_thread(make_driver, key, address, ids, store, announcer)
    bolt = Bolt(driver, name, ids.digest(key)[:12].upper(), store.get("lock", {}))
    door = Door(HapServer(driver), address)
    thing = _thing(bolt, store)
    await open_behind(door, driver, bolt, thing, ids, announcer)
    return door, [thing]


def _thing(bolt: Bolt, store: Store) -> Thing:
    key, name, room = LOCK

    def read() -> State:
        return {"locked": bolt.current.value == LOCKED, "battery": bolt.battery.value}

    def write(state: State) -> None:
        check_words(state, read())
        if "battery" in state:
            bolt.battery.set_value(round(want_number(state, "battery", 0, 100)))
        if "locked" in state:
            where = LOCKED if want_bool(state, "locked") else UNLOCKED
            bolt.target.set_value(where)
            bolt.arrive(where)
        store.put("lock", read())

    bolt.turned = lambda: store.put("lock", read())
    return Thing(key, name, room, "homekit", "lock", "1", read, write)
