"""One home, one device: the same lamp seen through several hubs is one device with a preferred path. Pure.

Two sightings of one kind are one thing when they carry the same mark (a serial number, a MAC, an id that a hub passes
on), never because they have the same name. A mark that two things behind one hub share (the two relays of one box)
joins nothing. The owner can join what carries no marks, and part what was joined wrongly: what they parted never ends
up together by way of a third.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from dobby.home.device import Device
from dobby.home.traits import Trait

# how near a make is to the thing itself: its own protocol, a hub of many makes, a whole other system
DISTANCE: Mapping[str, int] = {"homekit": 1, "mqtt": 1, "esphome": 1, "home_assistant": 2}

Pair = frozenset[str]


@dataclass(frozen=True, slots=True)
class OwnersWord:
    """What the owner said about pairs of device ids: these are one, these are not."""

    joined: frozenset[Pair] = frozenset()
    parted: frozenset[Pair] = frozenset()


def near(device: Device) -> tuple[int, str]:
    """The order in which paths to one thing are preferred."""
    return DISTANCE.get(device.make, 0), device.id


def united(ways: Sequence[Device]) -> Device:
    """One thing as it is shown: as the preferred way to it has it, with the traits of all ways."""
    traits: dict[str, Trait] = {}
    for way in ways:
        for trait in way.traits:
            traits.setdefault(trait.name, trait)
    return replace(ways[0], traits=tuple(traits.values())) if len(ways) > 1 else ways[0]


def twins(devices: Mapping[str, Device], word: OwnersWord) -> dict[str, tuple[str, ...]]:
    """The paths to each thing, the preferred one first, by the id of the preferred one."""
    group: dict[str, tuple[str, ...]] = {id_: (id_,) for id_ in devices}
    for one, other in _same(devices, word):
        mine, its = group[one], group[other]
        if one in its or any(frozenset(two) in word.parted for two in product(mine, its)):
            continue
        both = tuple(sorted((*mine, *its), key=lambda id_: near(devices[id_])))
        group |= dict.fromkeys(both, both)
    return {ways[0]: ways for ways in group.values()}


def _same(devices: Mapping[str, Device], word: OwnersWord) -> Iterable[tuple[str, str]]:
    """Pairs that are one thing: those that the owner joined, then those of one mark and kind, the nearest first."""
    def order(id_: str) -> tuple[int, str]:
        return near(devices[id_])

    marked: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in sorted(devices, key=order):
        for mark in dict.fromkeys(devices[id_].marks):
            marked[mark].append(id_)
    alike: set[tuple[str, str]] = set()
    for ids in marked.values():
        if len({id_.partition("/")[0] for id_ in ids}) == len(ids):
            alike |= {(one, other) for one, other in combinations(ids, 2) if devices[one].kind == devices[other].kind}
    said = {(min(pair, key=order), max(pair, key=order)) for pair in word.joined if pair <= devices.keys()}
    for pairs in (said, alike):
        yield from sorted(pairs, key=lambda pair: (order(pair[0]), order(pair[1])))
