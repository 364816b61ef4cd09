"""Tools about the household itself: what things are called, what happened lately, what waits for an answer."""

from __future__ import annotations

import json

from dobby.home.device import Room
from dobby.home.home import Given
from dobby.tools.fence import clean
from dobby.tools.hands import Hands, House
from dobby.tools.schema import tool

LATELY_LIMIT = 20
NAME_LIMIT = 80
NAMED_BY_MODEL = ("light", "speaker", "shade", "fan")  # nothing of these is asked about under a name a model gave


async def name_device(hands: Hands, device: str, name: str = "", room: str = "", alias: str = "") -> str:
    """Give a device (by id) a name, a room or a further alias, as the person asked for. Names and rooms of locks,
    outlets and the like are given on the page only."""
    home = hands.house.home
    if device not in home.devices:
        return json.dumps({"error": "No such device id; look it up with home_state."})
    if hands.asker.person is None or hands.asker.person.role == "guest":
        return json.dumps({"error": "Guests do not rename things."})
    if (name or room) and home.devices[device].kind not in NAMED_BY_MODEL:  # a question must name what the owner knows
        return json.dumps({"error": "This one is named on the page only; a further alias can be given here."})
    old = home.given(device)
    aliases = tuple(dict.fromkeys((*old.aliases, alias))) if alias else old.aliases
    await give(hands.house, device, Given(name or old.name, room or old.room, aliases, old.in_everything))
    shown = home.devices[device]
    return json.dumps({"id": device, "name": shown.name, "room": shown.room, "aliases": list(shown.aliases)})


async def give(house: House, device: str, given: Given) -> None:
    """Keep what the owner called a device, as one line of printable text each, then show it."""
    room = None if given.room is None else clean(given.room, NAME_LIMIT)
    aliases = tuple(dict.fromkeys(filter(None, (clean(one, NAME_LIMIT) for one in given.aliases))))
    given = Given(clean(given.name, NAME_LIMIT), room, aliases, given.in_everything)
    await house.store.do("given_put", device=device, name=given.name, room=given.room,
                               aliases=json.dumps(given.aliases), in_everything=given.in_everything)
    house.home.give(device, given)


async def name_room(hands: Hands, name: str, floor: str = "", alias: str = "") -> str:
    """Say on which floor a room is, or what else it is called, as the person asked for."""
    if hands.asker.person is None or hands.asker.person.role == "guest":
        return json.dumps({"error": "Guests do not rename things."})
    old = hands.house.home.rooms.get(name)
    if old is None:
        return json.dumps({"error": "There is no such room.", "rooms": list(hands.house.home.rooms)})
    aliases = tuple(dict.fromkeys((*old.aliases, alias))) if alias else old.aliases
    await describe_room(hands.house, Room(name, floor or old.floor, aliases))
    return json.dumps({"name": name, "floor": floor or old.floor, "aliases": list(aliases)})


async def describe_room(house: House, room: Room) -> None:
    """Keep what the owner said of a room, then know it."""
    await house.store.do("room_put", name=room.name, floor=room.floor, aliases=json.dumps(room.aliases))
    house.home.describe_room(room)


async def what_happened(hands: Hands, device: str = "") -> str:
    """What was commanded lately and why: when, who, through which mind, verdict, result. Optionally of one device."""
    rows = await hands.house.store.all("audit_lately", device=device, limit=LATELY_LIMIT)
    keys = ("at", "person", "source", "device", "trait", "value", "verdict", "result")
    return json.dumps([{key: row[key] for key in keys} for row in rows], ensure_ascii=False)


async def open_questions(hands: Hands) -> str:
    """The questions of the house that this person has not answered yet."""
    if hands.asker.person is None:
        return "[]"
    found = await hands.house.approvals.open(hands.asker.person.name)
    return json.dumps([{"id": one.id, "text": one.text, "expires": one.expires.isoformat()} for one in found])


TOOLS = (tool(name_device, risky=True), tool(name_room, risky=True), tool(what_happened), tool(open_questions))
