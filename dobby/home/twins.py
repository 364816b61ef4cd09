"""One home, one device: the same lamp seen through several hubs is one device with a preferred path. Pure.

Two sightings are one thing when they carry the same mark (a serial number, a MAC, an id that a hub passes on), never
because they have the same name. A mark that two things behind one hub share (the two relays of one box) joins nothing.
The owner can join what carries no marks, and part what was joined wrongly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dobby.home.device import Device

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


def twins(devices: Mapping[str, Device], word: OwnersWord) -> dict[str, tuple[str, ...]]:
    """The paths to each thing, the preferred one first, by the id of the preferred one."""
    leader = {id_: id_ for id_ in devices}

    def lead(id_: str) -> str:
        while leader[id_] != id_:
            id_ = leader[id_]
        return id_

    for one, other in _same(devices, word):
        leader[lead(one)] = lead(other)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in devices:
        groups[lead(id_)].append(id_)
    ordered = (sorted(group, key=lambda id_: near(devices[id_])) for group in groups.values())
    return {group[0]: tuple(group) for group in ordered}


def _same(devices: Mapping[str, Device], word: OwnersWord) -> Iterable[tuple[str, str]]:
    """Pairs that are one thing."""
    marked: defaultdict[str, list[str]] = defaultdict(list)
    for id_, device in devices.items():
        for mark in device.marks:
            marked[mark].append(id_)
    pairs = {frozenset(pair) for pair in word.joined if pair <= devices.keys()}
    for ids in marked.values():
        hubs = [id_.partition("/")[0] for id_ in ids]
        alone = [id_ for id_, hub in zip(ids, hubs, strict=True) if hubs.count(hub) == 1]
        pairs |= {frozenset((alone[0], other)) for other in alone[1:]} if len(alone) == len(ids) else set()
    for pair in pairs - word.parted:
        one, other = sorted(pair)
        yield one, other
