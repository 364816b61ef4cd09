"""Who is called what: the home's names, found in a sentence by a look-up that does not grow with the home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dobby.agent.grammar import Bit, Grammar
from dobby.agent.text import Spelling, tokens, words
from dobby.home.device import Device, Room, View

LONGEST = 9  # words of one name


@dataclass(slots=True)
class Names:
    """The names of one state of the home. `found` maps a name without spaces to what it may mean.

    A device's name is kept whole ("full"), without its kind's noun ("kind": then the noun must be said elsewhere),
    without its room ("room") and without both ("both").
    """

    devices: Mapping[str, Device]
    rooms: Mapping[str, Room]
    found: dict[str, list[Bit]] = field(default_factory=dict)
    titles: dict[str, dict[str, str]] = field(default_factory=dict)  # joined title -> speaker -> its spelling
    effects: dict[str, dict[str, str]] = field(default_factory=dict)
    by_room: dict[str, list[str]] = field(default_factory=dict)
    by_kind: dict[str, list[str]] = field(default_factory=dict)
    floors: dict[str, list[str]] = field(default_factory=dict)
    spelling: Spelling = field(default_factory=lambda: Spelling(()))
    heard: frozenset[str] = frozenset()  # every word of every name
    written: dict[str, str] = field(default_factory=dict)  # folded word -> as the owner wrote it

    def at(self, joined: str) -> list[Bit]:
        """What a stretch of words, joined without spaces, can name."""
        return self.found.get(joined, [])

    def in_rooms(self, rooms: Iterable[str]) -> list[str]:
        """Devices in any of these rooms."""
        return [device for room in rooms for device in self.by_room.get(room, ())]


def _ways(text: str, grammar: Grammar) -> set[tuple[str, ...]]:
    """A name's words, also without a leading article, with commas kept and with "&" spelled out."""
    plain = tuple(words(text, grammar.language))
    ways = {plain, tuple(tokens(text, grammar.language))}
    spelled = next((one for one in grammar.ands if one.isalpha()), "and")
    ways |= {tuple(spelled if word == "&" else word for word in way) for way in ways}
    for way in list(ways):
        if len(way) > 1 and any(bit.type == "filler" for bit in grammar.phrase(way[:1])) and _tells(way[1:], grammar):
            ways.add(way[1:])
    return {way for way in ways if way}


def _tells(way: tuple[str, ...], grammar: Grammar) -> bool:
    """Whether a shortened name still says something of its own: "light" and "7" would be anybody's."""
    return bool(way) and not "".join(way).isdigit() and not grammar.phrase(way)


def _without_kind(way: tuple[str, ...], kind: str, grammar: Grammar) -> set[tuple[str, ...]]:
    """A name without the noun that says its kind, in front, behind or grown together."""
    left: set[tuple[str, ...]] = set()
    for size in (1, 2):
        if len(way) > size:
            if _says(grammar.phrase(way[-size:]), kind):
                left.add(way[:-size])
            if _says(grammar.phrase(way[:size]), kind):
                left.add(way[size:])
    if grammar.linking and way:
        for stem, _ in split(way[-1], grammar, kind):
            left.add((*way[:-1], stem))
    return {short for way in left if (short := _bare(way, grammar))}


def _bare(way: tuple[str, ...], grammar: Grammar) -> tuple[str, ...]:
    """Words without the small ones in front and behind: "de la mesilla" is "mesilla"."""
    small = [any(bit.type in ("filler", "in") for bit in grammar.phrase((word,))) for word in way]
    start = next((at for at, one in enumerate(small) if not one), len(way))
    end = next((at for at in range(len(way), start, -1) if not small[at - 1]), start)
    return way[start:end]


def _says(bits: Iterable[Bit], kind: str) -> bool:
    return any(bit.type == "kind" and bit.value == kind for bit in bits)


def split(word: str, grammar: Grammar, kind: str = "") -> list[tuple[str, Bit]]:
    """A grown-together word as (what stands in front, the kind's noun): kuchenlicht -> kuche, licht."""
    if not grammar.linking:
        return []
    found: list[tuple[str, Bit]] = []
    for cut in range(3, len(word) - 2):
        for bit in grammar.words.get(word[cut:], ()):
            if bit.type == "kind" and (not kind or bit.value == kind):
                found += [(stem, bit) for stem in _stems(word[:cut], grammar.linking)]
    return found


def _stems(front: str, linking: Iterable[str]) -> list[str]:
    cut = [front[: -len(link)] for link in linking if link and front.endswith(link) and len(front) - len(link) >= 3]
    return [front, *cut, front + "e"]


def _without_room(way: tuple[str, ...], room: tuple[str, ...]) -> tuple[str, ...]:
    if room and len(way) > len(room):
        if way[: len(room)] == room:
            return way[len(room) :]
        if way[-len(room) :] == room:
            return way[: -len(room)]
    return ()


def _called(device: Device, grammar: Grammar) -> Iterable[tuple[str, tuple[str, ...]]]:
    """(how, words) of everything that a device may be called."""
    room = tuple(words(device.room, grammar.language))
    for name in (device.name, *device.aliases):
        for way in _ways(name, grammar):
            yield "full", way
            for short in _without_kind(way, device.kind, grammar):
                if short != room and _tells(short, grammar):
                    yield "kind", short
                left = _without_room(short, room)
                if _tells(left, grammar):
                    yield "both", left
            left = _bare(_without_room(way, room), grammar)
            if _tells(left, grammar):
                yield "room", left


def gather(view: View, grammar: Grammar) -> Names:
    """The index of everything in this home that can be named."""
    names = Names(view.devices, view.rooms)
    calls: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    heard: set[str] = set()
    for device in view.devices.values():
        names.by_room.setdefault(device.room, []).append(device.id)
        names.by_kind.setdefault(device.kind, []).append(device.id)
        for how, way in _called(device, grammar):
            ids = calls["".join(way), how]
            if device.id not in ids:
                ids.append(device.id)
            heard.update(way)
        for trait in device.traits:
            known = {"play": names.titles, "effect": names.effects}.get(trait.name)
            if known is not None:
                for choice in trait.choices:
                    known.setdefault("".join(words(choice, grammar.language)), {})[device.id] = choice
        _spell(names, (device.name, *device.aliases), grammar)
    for (joined, how), ids in calls.items():
        names.found.setdefault(joined, []).append(Bit("device", tuple(ids), how))
    for room in view.rooms.values():
        _room(names, room, grammar, heard)
    names.heard = frozenset(heard)
    names.spelling = Spelling(heard)
    return names


def _room(names: Names, room: Room, grammar: Grammar, heard: set[str]) -> None:
    for name in (room.name, *room.aliases):
        for way in _ways(name, grammar):
            _keep(names, "".join(way), Bit("room", room.name))
            heard.update(way)
    _spell(names, (room.name, *room.aliases), grammar)
    if room.floor:
        names.floors.setdefault(room.floor, []).append(room.name)
        for way in _ways(room.floor, grammar):
            _keep(names, "".join(way), Bit("floor", room.floor))
            heard.update(way)
            for noun in grammar.floor:
                _keep(names, "".join((*way, noun)), Bit("floor", room.floor))


def _keep(names: Names, joined: str, bit: Bit) -> None:
    if bit not in names.found.setdefault(joined, []):
        names.found[joined].append(bit)


def _spell(names: Names, written: Iterable[str], grammar: Grammar) -> None:
    for name in written:
        names.written.setdefault("".join(words(name, grammar.language)), name)
        for one in name.split():
            names.written.setdefault("".join(words(one, grammar.language)), one)


_ORDERED = frozenset({"act", "carrier", "kind", "trait", "level", "all", "home", "here", "it", "something", "effect"})


def called(text: str, view: View, grammar: Grammar, names: Names) -> tuple[str, ...]:
    """The devices that a few words name as a whole: by name, or all of a kind ("cameras")."""
    said = words(text, grammar.language)
    kinds = {bit.value for bit in grammar.phrase(said) if bit.type == "kind"}
    whole = {id_ for bit in names.at("".join(said)) if bit.type == "device" and bit.how == "full" for id_ in bit.value}
    return tuple(id_ for id_, one in view.devices.items() if id_ in whole or one.kind in kinds)


def speaks_of(text: str, grammar: Grammar, names: Names) -> bool:
    """Whether any of these words is one of orders, or of a name of this home."""
    said = words(text, grammar.language)
    stretches = [said[at : at + size] for size in (1, 2, 3) for at in range(len(said) - size + 1)]
    meant = [{bit.type for bit in grammar.phrase(one)} for one in stretches]
    return any(types & _ORDERED and "filler" not in types for types in meant) or any(
        names.at("".join(one)) for one in stretches)
