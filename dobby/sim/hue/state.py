"""What a bridge knows and remembers, and how a change reaches everybody who listens."""

import asyncio
from dataclasses import dataclass, field

from ..store import Store
from ..things import Thing
from .bulbs import Bulb, Json, event_features, features, obey
from .events import EventStream
from .resources import Tree, groups

STORED = ("name", "on", "brightness", "mirek", "xy")


@dataclass(slots=True)
class Bridge:
    """The state of one bridge and the things it carries."""

    tree: Tree
    store: Store
    keys: dict[str, str]
    hub: Thing
    events: EventStream = field(default_factory=EventStream)
    pressed_until: float = 0.0
    things: dict[str, Thing] = field(default_factory=dict)
    late: set[asyncio.Future[None]] = field(default_factory=set)

    def lies(self, bulb: Bulb) -> bool:
        """Whether an order to this bulb is only said to be done."""
        return self.things[bulb.rid].has("lies") or self.hub.has("lies")

    def keep(self) -> None:
        """Remember keys, names and states."""
        bulbs = {b.spec.key: {name: getattr(b, name) for name in STORED} for b in self.tree.bulbs.values()}
        rooms = {room.home_name: room.name for room in self.tree.rooms.values()}
        self.store.put("hue", {"keys": self.keys, "bulbs": bulbs, "rooms": rooms})


def change(bridge: Bridge, bulb: Bulb, order: Json) -> None:
    """Carry out an order and tell every listener what changed, groups included."""
    before, groups_before = features(bulb), {group["id"]: group for group in groups(bridge.tree)}
    obey(bulb, order)
    changed = event_features(before, bulb)
    if not changed:
        return
    bridge.keep()
    push_light(bridge, bulb, changed)
    for group in groups(bridge.tree):
        old = groups_before[group["id"]]
        parts = {name: group[name] for name in ("on", "dimming") if group[name] != old[name]}
        if parts:
            head = {name: group[name] for name in ("id", "id_v1", "owner", "type")}
            bridge.events.push(head | parts)


def push_light(bridge: Bridge, bulb: Bulb, changed: Json) -> None:
    """Send what changed about a light, as far as its fault and the bridge's let it through."""
    if bridge.hub.has("garbage"):
        bridge.events.push_rubbish()
        return
    if bridge.things[bulb.rid].has("garbage"):
        changed = {"dimming": "much", "color": 7}
    if bulb.rid in bridge.tree.unreachable:
        return
    owner = {"rid": bulb.device_rid, "rtype": "device"}
    head = {"id": bulb.rid, "id_v1": f"/lights/{bulb.number}", "owner": owner, "service_id": 0, "type": "light"}
    bridge.events.push(head | changed)
