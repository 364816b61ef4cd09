"""One device seen through several hubs: the owner's word on what is one thing and what is not."""

from __future__ import annotations

import itertools
import json

from dobby.home.twins import OwnersWord
from dobby.store import Store
from dobby.tools.hands import Hands, House
from dobby.tools.schema import tool

FACT = "twins"
GUARDS = frozenset({"lock", "alarm", "garage"})  # no word of a person makes one of them pass for another


async def same_device(hands: Hands, first: str, second: str = "", same: bool = True) -> str:
    """Say that two devices (ids, of one kind) are one and the same thing, seen through two hubs; or, with same=false,
    that what is shown as one device (first) are several, as the person told you."""
    home = hands.house.home
    if hands.asker.person is None or hands.asker.person.role == "guest":
        return json.dumps({"error": "Guests do not rearrange the home."})
    devices = [home.devices.get(id_) for id_ in (first, second) if id_ or same]
    if None in devices or (same and first == second):
        return json.dumps({"error": "No such device id; look it up with home_state."})
    if same and not await join(hands.house, first, second):
        return json.dumps({"error": "They are of different kinds, of one hub, or guard the house: not to be joined."})
    if not same:
        await part(hands.house, first)
    return json.dumps({"devices": [id_ for id_ in (first, second) if id_ in home.devices], "ways": home.paths(first)})


async def join(house: House, first: str, second: str) -> bool:
    """Make two devices one from now on; False where they cannot be: of different kinds, two behind one hub, or such as
    guard the house."""
    home = house.home
    kinds = {home.devices[first].kind, home.devices[second].kind}
    if len(kinds) > 1 or kinds & GUARDS or _hubs(home.paths(first)) & _hubs(home.paths(second)):
        return False
    word = await load(house.store)
    pair = frozenset((first, second))
    apart = frozenset(frozenset(two) for two in itertools.product(home.paths(first), home.paths(second)))
    await _keep(house, OwnersWord(word.joined | {pair}, word.parted - apart))
    return True


def _hubs(ways: tuple[str, ...]) -> set[str]:
    return {way.partition("/")[0] for way in ways}


async def part(house: House, device: str) -> None:
    """Show every way to a device as a device of its own from now on."""
    word = await load(house.store)
    pairs = frozenset(frozenset(two) for two in itertools.combinations(house.home.paths(device), 2))
    await _keep(house, OwnersWord(word.joined - pairs, word.parted | pairs))


async def load(store: Store) -> OwnersWord:
    """What the owner said so far."""
    kept = await store.fact(FACT, {})
    return OwnersWord(*(frozenset(frozenset(pair) for pair in kept.get(name, ())) for name in ("joined", "parted")))


async def _keep(house: House, word: OwnersWord) -> None:
    await house.store.set_fact(FACT, {"joined": [sorted(pair) for pair in word.joined],
                                      "parted": [sorted(pair) for pair in word.parted]})
    house.home.told_apart(word)


TOOLS = (tool(same_device, risky=True),)
