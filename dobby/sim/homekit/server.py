"""What every HomeKit accessory of the home shares: HAP-python's engine behind a door, obeying faults."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from pyhap import hap_handler, hsrp
from pyhap.accessory import Accessory
from pyhap.accessory_driver import AccessoryDriver, AccessoryMDNSServiceInfo
from pyhap.const import HAP_SERVER_STATUS
from pyhap.hap_protocol import HAPServerProtocol

from ..announce import Announcer
from ..door import Door
from ..house import HOMEKIT_PIN
from ..ids import HOMEKIT_OUI, Ids, colons
from ..net import Address
from ..store import Store
from ..things import Fault, Thing, rubbish, wait_while_slow

Query = dict[str, Any]


def full_width(number: int) -> bytes:
    """An SRP number as HomeKit hashes it: the generator in one byte, the session key in 64, the rest in 384.

    HAP-python drops leading zero bytes, so that about one pairing in eighty fails with the right PIN.
    """
    width = 1 if number < 256 else 64 if number.bit_length() <= 512 else 384
    return number.to_bytes(width, "big")


hsrp.long_to_bytes = hap_handler.long_to_bytes = full_width


class HapDriver(AccessoryDriver):  # type: ignore[misc]
    """HAP-python's driver with a thing whose faults it obeys; it never starts a server of its own.

    `thing` is what stands behind the door (the lock, the bridge); `children` are the things on a bridge, by aid.
    """

    thing: Thing
    children: dict[int, Thing]

    def set_characteristics(self, chars_query: Query, client_addr: Any) -> Any:
        """Writes, each as the fault of its thing lets it: refused, only said to be done, or carried out late."""
        rest: list[Query] = []
        held: list[Query] = []
        for query in chars_query["characteristics"]:
            status = self._status(query)
            if status is not None:
                held.append({"aid": query["aid"], "iid": query["iid"], "status": status})
                continue
            rest.append(self._passed(query, client_addr))
        asked = [query for query in rest if len(query) > 2]  # more than aid and iid
        answer = super().set_characteristics(chars_query | {"characteristics": asked}, client_addr) if asked else None
        if not held:
            return answer
        fine = [{"aid": query["aid"], "iid": query["iid"], "status": 0} for query in rest]
        return {"characteristics": [*(answer["characteristics"] if answer else fine), *held]}

    def _faulty(self, query: Query, fault: str) -> bool:
        child = self.children.get(query["aid"])
        return self.thing.has(fault) or (child is not None and child.has(fault))

    def _status(self, query: Query) -> int | None:
        if "value" not in query:
            return None
        if self._faulty(query, "refuses"):
            return int(HAP_SERVER_STATUS.RESOURCE_BUSY)
        return int(HAP_SERVER_STATUS.SERVICE_COMMUNICATION_FAILURE) if self._faulty(query, "dead") else None

    def _passed(self, query: Query, client_addr: Any) -> Query:
        """What is carried out of a write now."""
        without = {key: value for key, value in query.items() if key != "value"}
        if "value" in query and (self._faulty(query, "lies") or self._faulty(query, "garbage")):
            return without
        child = self.children.get(query["aid"])
        if "value" in query and child is not None and child.has("slow"):
            late = asyncio.ensure_future(self._later(child, query, client_addr))
            self.__dict__.setdefault("late", set()).add(late)
            late.add_done_callback(self.__dict__["late"].discard)
            return without
        return query

    async def _later(self, child: Thing, query: Query, client_addr: Any) -> None:
        await wait_while_slow(child)
        super().set_characteristics({"characteristics": [query]}, client_addr)

    def get_characteristics(self, char_ids: list[str]) -> Any:
        """Reads; what a child that talks garbage says of itself is no value of any kind."""
        answer = super().get_characteristics(char_ids)
        for one in answer["characteristics"]:
            child = self.children.get(one["aid"])
            if child is not None and child.has("garbage") and "value" in one:
                one["value"] = "garbage"
        return answer


class HapProtocol(HAPServerProtocol):  # type: ignore[misc]
    """One connection, slow or garbled when what is behind the door is."""

    _waiting: list[bytes]

    def data_received(self, data: bytes) -> None:
        """Bytes from a controller; while it is slow they wait, in order."""
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
        """An answer, its body spoilt when it talks garbage; the handshake of a session stays whole."""
        if self.hap_crypto and self.accessory_driver.thing.has("garbage"):
            response.body = rubbish() or b"?"
            response.status_code, response.reason = 200, "OK"
        super().send_response(response)


class HapServer:
    """The accessory behind a door."""

    def __init__(self, driver: HapDriver) -> None:
        self._driver = driver

    async def make(self) -> Callable[[], asyncio.BaseProtocol]:
        """Each visitor gets a HAP connection."""
        loop, http = asyncio.get_running_loop(), self._driver.http_server
        http.loop = loop
        return lambda: HapProtocol(loop, http.connections, self._driver)

    def inside(self) -> Iterable[asyncio.BaseTransport | None]:
        """Every open connection."""
        return [connection.transport for connection in self._driver.http_server.connections.values()]

    async def clean(self) -> None:
        """Nothing to free."""


def make_driver(key: str, address: Address, ids: Ids, store: Store, announcer: Announcer) -> HapDriver:
    """The engine of one accessory or bridge; blocks, so call it in a thread. `key` names its keys on disk."""
    mac = ids.mac(HOMEKIT_OUI, key)
    driver = HapDriver(
        loop=announcer.zeroconf.zeroconf.loop,
        address=address.host,
        port=address.port,
        persist_file=str(store.folder / f"homekit-{key}.state"),
        pincode=HOMEKIT_PIN.encode(),
        mac=colons(mac).upper(),
        async_zeroconf_instance=announcer.zeroconf,
        zeroconf_server=f"{key.replace('_', '-')}-{mac}.local.",
    )
    driver.children = {}
    return driver


async def open_behind(door: Door, driver: HapDriver, accessory: Accessory, thing: Thing, ids: Ids,
                      announcer: Announcer) -> None:
    """Put an accessory (or a bridge) behind its door and announce it."""
    await asyncio.to_thread(driver.add_accessory, accessory)
    driver.thing = thing
    driver.state.setup_id = ids.digest(f"setup-{thing.key}")[:4].upper()
    driver.state.set_accessories_hash(driver.accessories_hash)
    driver.aio_stop_event = asyncio.Event()
    driver.mdns_service_info = AccessoryMDNSServiceInfo(accessory, driver.state, driver.zeroconf_server)

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

    thing.faulted = faulted
    await door.open()
    await announcer.add(driver.mdns_service_info)
