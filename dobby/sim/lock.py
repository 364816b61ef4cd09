"""A front-door lock behind HomeKit: a lock mechanism and a battery (HAP R2, by HAP-python)."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from pyhap import hap_handler, hsrp
from pyhap.accessory import Accessory
from pyhap.accessory_driver import AccessoryDriver, AccessoryMDNSServiceInfo
from pyhap.const import CATEGORY_DOOR_LOCK, HAP_SERVER_STATUS
from pyhap.hap_protocol import HAPServerProtocol

from .announce import Announcer
from .door import Door
from .house import HOMEKIT_PIN, LOCK
from .ids import HOMEKIT_OUI, Ids, colons
from .net import Address
from .store import Store
from .things import Fault, State, Thing, check_words, rubbish, wait_while_slow, want_bool, want_number

UNLOCKED, LOCKED = 0, 1
BOLT_SECONDS = 0.3


def full_width(number: int) -> bytes:
    """An SRP number as HomeKit hashes it: the generator in one byte, the session key in 64, the rest in 384.

    HAP-python drops leading zero bytes, so that about one pairing in eighty fails with the right PIN.
    """
    width = 1 if number < 256 else 64 if number.bit_length() <= 512 else 384
    return number.to_bytes(width, "big")


hsrp.long_to_bytes = hap_handler.long_to_bytes = full_width


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


class LockDriver(AccessoryDriver):  # type: ignore[misc]
    """HAP-python's driver with a thing whose faults it obeys; it never starts a server of its own."""

    thing: Thing

    def set_characteristics(self, chars_query: dict[str, Any], client_addr: Any) -> Any:
        """A write: refused with RESOURCE_BUSY, or only said to be done, where the fault says so."""
        written = [query for query in chars_query["characteristics"] if "value" in query]
        if written and self.thing.has("refuses"):
            status = HAP_SERVER_STATUS.RESOURCE_BUSY
            return {"characteristics": [{"aid": q["aid"], "iid": q["iid"], "status": status} for q in written]}
        if written and (self.thing.has("lies") or self.thing.has("garbage")):
            kept = [{k: v for k, v in query.items() if k != "value"} for query in chars_query["characteristics"]]
            chars_query = chars_query | {"characteristics": kept}
            if not any("ev" in query for query in kept):
                return None
        return super().set_characteristics(chars_query, client_addr)


class LockProtocol(HAPServerProtocol):  # type: ignore[misc]
    """One connection, slow or garbled when the lock is."""

    _waiting: list[bytes]

    def data_received(self, data: bytes) -> None:
        """Bytes from a controller; while the lock is slow they wait, in order."""
        waiting: list[bytes] = self.__dict__.setdefault("_waiting", [])
        if waiting or self.accessory_driver.thing.has("slow"):
            waiting.append(data)
            if len(waiting) == 1:
                self.__dict__["_late"] = asyncio.ensure_future(self._deliver(waiting))
        else:
            super().data_received(data)

    async def _deliver(self, waiting: list[bytes]) -> None:
        while waiting:
            await wait_while_slow(self.accessory_driver.thing)
            if not self.transport.is_closing():
                super().data_received(waiting[0])
            del waiting[0]

    def send_response(self, response: Any) -> None:
        """An answer, its body spoilt when the lock talks garbage; the handshake of a session stays whole."""
        if self.hap_crypto and self.accessory_driver.thing.has("garbage"):
            response.body = rubbish() or b"?"
            response.status_code, response.reason = 200, "OK"
        super().send_response(response)


class LockServer:
    """The accessory behind a door."""

    def __init__(self, driver: LockDriver) -> None:
        self._driver = driver

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Each visitor gets a HAP connection."""
        loop, http = asyncio.get_running_loop(), self._driver.http_server
        http.loop = loop
        return lambda: LockProtocol(loop, http.connections, self._driver)

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """Every open connection."""
        return [connection.transport for connection in self._driver.http_server.connections.values()]

    async def clean(self) -> None:
        """Nothing to free."""


async def open_lock(address: Address, ids: Ids, store: Store, announcer: Announcer) -> tuple[Door, list[Thing]]:
    """Start the lock."""
    key, name, _room = LOCK
    mac = ids.mac(HOMEKIT_OUI, key)
    driver = await asyncio.to_thread(_driver, address, store, announcer, mac)
    bolt = Bolt(driver, name, ids.digest(key)[:12].upper(), store.get("lock", {}))
    await asyncio.to_thread(driver.add_accessory, bolt)
    driver.state.setup_id = ids.digest("setup")[:4].upper()
    driver.state.set_accessories_hash(driver.accessories_hash)
    driver.aio_stop_event = asyncio.Event()
    driver.mdns_service_info = AccessoryMDNSServiceInfo(bolt, driver.state, driver.zeroconf_server)
    door = Door(LockServer(driver), address)
    driver.thing = _thing(driver, bolt, door, store, announcer)
    await door.open()
    await announcer.add(driver.mdns_service_info)
    return door, [driver.thing]


def _driver(address: Address, store: Store, announcer: Announcer, mac: str) -> LockDriver:
    return LockDriver(
        loop=announcer.zeroconf.zeroconf.loop,
        address=address.host,
        port=address.port,
        persist_file=str(store.folder / "homekit.state"),
        pincode=HOMEKIT_PIN.encode(),
        mac=colons(mac).upper(),
        async_zeroconf_instance=announcer.zeroconf,
        zeroconf_server=f"lock-{mac}.local.",
    )


def _thing(driver: LockDriver, bolt: Bolt, door: Door, store: Store, announcer: Announcer) -> Thing:
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

    async def faulted(fault: Fault | None) -> None:
        # pairing renews the record, so the one on the air is looked up each time
        info = driver.mdns_service_info
        if fault is not None and fault.name == "dead":
            door.cut()
            announcer.silence(info)
            return
        await door.open()
        if not announcer.speaks(info):
            await announcer.add(info)

    bolt.turned = lambda: store.put("lock", read())
    return Thing(key, name, room, "homekit", "lock", str(bolt.aid), read, write, faulted=faulted)
