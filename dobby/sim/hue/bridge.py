"""Starting a bridge: the things on it, their outside hands and their faults."""

import asyncio
import time

from ..announce import Announcer, service
from ..door import Door, live_or_die, web_door
from ..house import HUB_ROOM
from ..ids import Ids
from ..net import Address
from ..store import Store
from ..things import Fault, State, Thing
from .api import bridge_app
from .bulbs import Bulb, Invalid, check_order, features, order_from_truth, truth
from .resources import BRIDGE_MODEL, Tree, connectivity, make_tree
from .state import Bridge, change, push_light
from .tls import bridge_tls

LINK_SECONDS = 30.0


async def open_bridge(address: Address, ids: Ids, store: Store, announcer: Announcer) -> tuple[Door, list[Thing]]:
    """Start the bridge; returns its door and the things on it, the hub first."""
    bridge = _remembered(make_tree(ids), store)
    info = service(
        "_hue._tcp",
        f"Hue Bridge - {bridge.tree.bridge_id[-6:].upper()}",
        f"hue-{bridge.tree.bridge_id}",
        address,
        {"bridgeid": bridge.tree.bridge_id, "modelid": BRIDGE_MODEL},
    )
    tls = await asyncio.to_thread(bridge_tls, store.folder, bridge.tree.bridge_id)
    door = web_door(bridge_app(bridge), address, tls)

    async def faulted(fault: Fault | None) -> None:
        await live_or_die(fault, door, announcer, info)
        if fault is not None and fault.name == "garbage":
            bridge.events.push_rubbish()

    def press() -> None:
        bridge.pressed_until = time.monotonic() + LINK_SECONDS

    bridge.hub.faulted, bridge.hub.press = faulted, press
    bridge.things = {bulb.rid: _bulb_thing(bridge, bulb) for bulb in bridge.tree.bulbs.values()}
    await door.open()
    await announcer.add(info)
    return door, [bridge.hub, *bridge.things.values()]


def _remembered(tree: Tree, store: Store) -> Bridge:
    kept = store.get("hue", {"keys": {}, "bulbs": {}, "rooms": {}})
    for bulb in tree.bulbs.values():
        for name, value in kept["bulbs"].get(bulb.spec.key, {}).items():
            setattr(bulb, name, tuple(value) if name == "xy" else value)
    for room in tree.rooms.values():
        room.name = kept["rooms"].get(room.home_name, room.name)
    return Bridge(tree, store, kept["keys"], _hub_thing(tree, kept["keys"]))


def _hub_thing(tree: Tree, keys: dict[str, str]) -> Thing:
    return Thing("hue_bridge", tree.name, HUB_ROOM, "hue", "hub", tree.bridge_id, read=lambda: {"app_keys": len(keys)})


def _bulb_thing(bridge: Bridge, bulb: Bulb) -> Thing:
    def write(state: State) -> None:
        order = order_from_truth(bulb, state)
        try:
            check_order(bulb, order)
        except Invalid as error:
            raise ValueError(str(error)) from error
        change(bridge, bulb, order)

    async def faulted(fault: Fault | None) -> None:
        was = bulb.rid in bridge.tree.unreachable
        now = fault is not None and fault.name == "dead"
        (bridge.tree.unreachable.add if now else bridge.tree.unreachable.discard)(bulb.rid)
        if was != now:
            bridge.events.push(connectivity(bridge.tree, bulb))
        if was and not now:
            # a bulb that is back reports itself
            push_light(bridge, bulb, features(bulb))
        if fault is not None and fault.name == "garbage":
            push_light(bridge, bulb, {})

    kind = "plug" if bulb.spec.model == "plug" else "light"
    thing = Thing(
        bulb.spec.key, bulb.name, bulb.spec.room, "hue", kind, bulb.rid, read=lambda: truth(bulb), write=write
    )
    thing.hub = "hue_bridge"
    thing.faulted = faulted
    return thing
