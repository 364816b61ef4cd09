"""The resource tree of the bridge, made from its bulbs and rooms as a GET shows it."""

from dataclasses import dataclass, field

from ..house import LIGHTS, LIT, ROOMS
from ..ids import HUE_OUI, Ids, colons
from .bulbs import Bulb, Json, features

PRODUCTS = {
    "color": ("LCA001", "Hue color lamp", "sultan_bulb", "1.104.2"),
    "ambiance": ("LTA001", "Hue ambiance lamp", "sultan_bulb", "1.104.2"),
    "dim": ("LWA001", "Hue white lamp", "sultan_bulb", "1.104.2"),
    "plug": ("LOM001", "Hue Smart plug", "plug", "1.104.2"),
}
BRIDGE_MODEL = "BSB002"
BRIDGE_SOFTWARE = "1.66.1966060010"


@dataclass(slots=True)
class HueRoom:
    """A room with its grouped light; clients may rename it, `home_name` is what the house calls it."""

    rid: str
    group_rid: str
    number: int
    archetype: str
    home_name: str
    name: str


@dataclass(slots=True)
class Tree:
    """What the bridge knows; `extra` holds what clients made (geofence clients)."""

    bridge_id: str
    ids: Ids
    bulbs: dict[str, Bulb]
    rooms: dict[str, HueRoom]
    name: str = "Hue Bridge"
    unreachable: set[str] = field(default_factory=set)
    extra: dict[str, Json] = field(default_factory=dict)

    def room_bulbs(self, room: HueRoom) -> list[Bulb]:
        """The bulbs of a room."""
        return [bulb for bulb in self.bulbs.values() if bulb.spec.room == room.home_name]


def make_tree(ids: Ids) -> Tree:
    """The house's bulbs with everything on them derived from the seed."""
    mac = ids.mac(HUE_OUI, "hue")
    bulbs = {
        ids.uuid(f"light/{spec.key}"): Bulb(
            spec=spec,
            number=number,
            rid=ids.uuid(f"light/{spec.key}"),
            device_rid=ids.uuid(f"device/{spec.key}"),
            zigbee_rid=ids.uuid(f"zigbee/{spec.key}"),
            zigbee_mac=colons(f"{HUE_OUI}01{ids.digest(spec.key)[:8]}"),
            name=spec.name,
            on=spec.key in LIT,
            brightness=LIT.get(spec.key, 100.0),
        )
        for number, spec in enumerate(LIGHTS, 1)
    }
    lit = [room for room in ROOMS if any(spec.room == room.name for spec in LIGHTS)]
    rooms = [
        HueRoom(ids.uuid(f"room/{r.name}"), ids.uuid(f"group/{r.name}"), number, r.archetype, r.name, r.name)
        for number, r in enumerate(lit, 1)
    ]
    return Tree(mac[:6] + "fffe" + mac[6:], ids, bulbs, {room.rid: room for room in rooms})


def resources(tree: Tree) -> list[Json]:
    """Everything, as GET /clip/v2/resource lists it."""
    shown = [_bridge(tree), _bridge_device(tree), _bridge_home(tree)]
    for bulb in tree.bulbs.values():
        shown += [light(tree, bulb), device(bulb), connectivity(tree, bulb)]
    shown += [room_resource(tree, room) for room in tree.rooms.values()]
    return shown + groups(tree) + list(tree.extra.values())


def light(tree: Tree, bulb: Bulb) -> Json:
    """A light resource."""
    return {
        "id": bulb.rid,
        "id_v1": f"/lights/{bulb.number}",
        "owner": {"rid": bulb.device_rid, "rtype": "device"},
        "metadata": {"name": bulb.name, "archetype": bulb.spec.archetype, "function": "mixed"},
        "product_data": {"function": "mixed"},
        "identify": {},
        "service_id": 0,
        **features(bulb),
        **({"dimming_delta": {}} if bulb.dims else {}),
        **({"color_temperature_delta": {}} if bulb.tunes else {}),
        "dynamics": {"status": "none", "status_values": ["none"], "speed": 0.0, "speed_valid": False},
        "alert": {"action_values": ["breathe"]},
        "mode": "normal",
        "type": "light",
    }


def device(bulb: Bulb) -> Json:
    """The device that owns a light."""
    model, product, archetype, software = PRODUCTS[bulb.spec.model]
    return {
        "id": bulb.device_rid,
        "id_v1": f"/lights/{bulb.number}",
        "product_data": {
            "model_id": model,
            "manufacturer_name": "Signify Netherlands B.V.",
            "product_name": product,
            "product_archetype": archetype,
            "certified": True,
            "software_version": software,
            "hardware_platform_type": "100b-112",
        },
        "metadata": {"name": bulb.name, "archetype": bulb.spec.archetype},
        "identify": {},
        "services": [
            {"rid": bulb.zigbee_rid, "rtype": "zigbee_connectivity"},
            {"rid": bulb.rid, "rtype": "light"},
        ],
        "type": "device",
    }


def connectivity(tree: Tree, bulb: Bulb) -> Json:
    """Whether the bridge hears from a device."""
    return {
        "id": bulb.zigbee_rid,
        "id_v1": f"/lights/{bulb.number}",
        "owner": {"rid": bulb.device_rid, "rtype": "device"},
        "status": "connectivity_issue" if bulb.rid in tree.unreachable else "connected",
        "mac_address": bulb.zigbee_mac,
        "type": "zigbee_connectivity",
    }


def groups(tree: Tree) -> list[Json]:
    """Every grouped light, the whole home's last."""
    rooms = [
        _grouped(room.group_rid, room.number, {"rid": room.rid, "rtype": "room"}, tree.room_bulbs(room))
        for room in tree.rooms.values()
    ]
    owner = {"rid": tree.ids.uuid("bridge_home"), "rtype": "bridge_home"}
    return [*rooms, _grouped(tree.ids.uuid("group/home"), 0, owner, list(tree.bulbs.values()))]


def group_bulbs(tree: Tree, group_rid: str) -> list[Bulb] | None:
    """The bulbs behind a grouped light, None when there is no such group."""
    if group_rid == tree.ids.uuid("group/home"):
        return list(tree.bulbs.values())
    return next((tree.room_bulbs(room) for room in tree.rooms.values() if room.group_rid == group_rid), None)


def _grouped(rid: str, number: int, owner: Json, bulbs: list[Bulb]) -> Json:
    """On if any bulb is on; the brightness is the mean of those that are on."""
    lit = [bulb.brightness for bulb in bulbs if bulb.on and bulb.dims]
    return {
        "id": rid,
        "id_v1": f"/groups/{number}",
        "owner": owner,
        "on": {"on": any(bulb.on for bulb in bulbs)},
        "dimming": {"brightness": round(sum(lit) / len(lit), 2) if lit else 0.0},
        "dimming_delta": {},
        "color_temperature": {},
        "color_temperature_delta": {},
        "color": {},
        "alert": {"action_values": ["breathe"]},
        "dynamics": {},
        "type": "grouped_light",
    }


def room_resource(tree: Tree, room: HueRoom) -> Json:
    """A room, its devices and its grouped light."""
    return {
        "id": room.rid,
        "id_v1": f"/groups/{room.number}",
        "children": [{"rid": bulb.device_rid, "rtype": "device"} for bulb in tree.room_bulbs(room)],
        "services": [{"rid": room.group_rid, "rtype": "grouped_light"}],
        "metadata": {"name": room.name, "archetype": room.archetype},
        "type": "room",
    }


def _bridge(tree: Tree) -> Json:
    return {
        "id": tree.ids.uuid("bridge"),
        "owner": {"rid": tree.ids.uuid("device/bridge"), "rtype": "device"},
        "bridge_id": tree.bridge_id,
        "time_zone": {"time_zone": "Europe/Amsterdam"},
        "type": "bridge",
    }


def _bridge_device(tree: Tree) -> Json:
    return {
        "id": tree.ids.uuid("device/bridge"),
        "product_data": {
            "model_id": BRIDGE_MODEL,
            "manufacturer_name": "Signify Netherlands B.V.",
            "product_name": "Hue Bridge",
            "product_archetype": "bridge_v2",
            "certified": True,
            "software_version": BRIDGE_SOFTWARE,
        },
        "metadata": {"name": tree.name, "archetype": "bridge_v2"},
        "identify": {},
        "services": [{"rid": tree.ids.uuid("bridge"), "rtype": "bridge"}],
        "type": "device",
    }


def _bridge_home(tree: Tree) -> Json:
    return {
        "id": tree.ids.uuid("bridge_home"),
        "id_v1": "/groups/0",
        "children": [{"rid": rid, "rtype": "room"} for rid in tree.rooms],
        "services": [{"rid": tree.ids.uuid("group/home"), "rtype": "grouped_light"}],
        "type": "bridge_home",
    }
